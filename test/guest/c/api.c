// A guest of the plugin API's tests in test/probe, beside probe.c: what it does is made for one callback or another.
// ONLY: riscv64
// CFLAGS: -O1 -g
// CFLAGS_riscv64: -march=rv64gc

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAGIC = 4096 };

// The compiler knows nothing of what a function marked so does.
#define ALONE __attribute__((noipa))

long api_data[512] __attribute__((aligned(4096)));
volatile long api_stop;

// The functions that are jumped between take and return the same.
ALONE long api_from(long *p) { return (long)p == 1 ? 7 : 1; }
ALONE long api_to(long *p) { return 2; }
ALONE long api_load(long *p) { return *p + 5; }
ALONE void api_exit(void) { _exit(0); }

// setpc asks the plugin of this name to send it around.
static int setpc(void) {
	if (syscall(MAGIC, 1, api_from, api_to, 0) != 0 || api_from(NULL) != 2 || api_from(NULL) != 1)
		return 1;
	if (syscall(MAGIC, 1, 0, api_to, &api_data[3]) != 0 || api_load(&api_data[2]) != 5 || api_load(&api_data[3]) != 2 || api_load(&api_data[3]) != 5)
		return 2;
	syscall(MAGIC, 0, api_exit);
	return 3;
}

// api_value is patched: its first instruction is "addi a0, zero, 41".
__asm__(".text\n.option push\n.option norvc\n.globl api_value\n.type api_value, @function\n"
	"api_value: addi a0, zero, 41\n ret\n.size api_value, .-api_value\n.option pop");
long api_value(void);

// api_steps counts t0, t1 and t2 up one after the other, n times, and ft0 with them, as long as api_stop is 0; a0 is
// 0 if they are equal at the end.
__asm__(".text\n.option push\n.option norvc\n.globl api_steps\n.type api_steps, @function\n"
	"api_steps: li t0, 0\n li t1, 0\n li t2, 0\n fcvt.d.l ft1, zero\n li t4, 1\n fcvt.d.l ft0, t4\n la t3, api_stop\n"
	".globl api_loop\napi_loop: addi t0, t0, 1\n addi t1, t1, 1\n fadd.d ft1, ft1, ft0\n addi t2, t2, 1\n ld t4, 0(t3)\n beqz t4, api_loop\n"
	".globl api_loop_end\napi_loop_end: sub a0, t0, t1\n sub t4, t0, t2\n or a0, a0, t4\n ret\n"
	".size api_steps, .-api_steps\n.option pop");
long api_steps(void);

static volatile sig_atomic_t signals;
static void count(int sig) {
	if (++signals == 20)
		api_stop = 1;
}

// steps is api_steps interrupted by signals.
static int steps(void) {
	struct itimerspec often = {{0, 1000000}, {0, 1000000}};
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	timer_t timer;
	signal(SIGUSR1, count);
	timer_create(CLOCK_MONOTONIC, &e, &timer);
	timer_settime(timer, 0, &often, NULL);
	long differ = api_steps();
	timer_delete(timer);
	return (int)differ;
}

// api_fp is entered with known FP registers: fa0 is 1.5, fa1 a boxed single, frm 1, and the divide-by-zero flag set.
ALONE void api_fp(void) { __asm__ volatile("" ::: "memory"); }
static int fp(void) {
	long flags, frm, fa0;
	__asm__ volatile("fsflags zero\n"
			 "li t0, 1\n fcvt.d.l fa0, t0\n fcvt.d.l fa1, zero\n fdiv.d fa2, fa0, fa1\n" // DZ
			 "li t0, 3\n fcvt.d.l fa0, t0\n li t0, 2\n fcvt.d.l fa1, t0\n fdiv.d fa0, fa0, fa1\n"
			 "fcvt.s.d fa1, fa0\n fsrmi 1\n"
			 "call api_fp\n"
			 "frflags %0\n frrm %1\n fmv.x.d %2, fa0\n fsrmi 0\n"
			 : "=r"(flags), "=r"(frm), "=r"(fa0)::"t0", "ra", "fa0", "fa1", "fa2", "memory");
	// What the plugin has made of them: the flag is gone, frm is 2, fa0 -1.5.
	return flags == 0 && frm == 2 && fa0 == (long)0xbff8000000000000 ? 0 : (int)(1 + flags * 8 + frm);
}

// api_pair stores 16 bytes at once, by amocas.q a2 (and a3), a4 (and a5), (a0).
__asm__(".text\n.option push\n.option norvc\n.globl api_pair\n.type api_pair, @function\n"
	"api_pair: .4byte 0x28e5462f\n ret\n.size api_pair, .-api_pair\n.option pop");
void api_pair(long *p, long unused, long lo, long hi, long newlo, long newhi);

// api_hidden gets an address that cannot be read and one that cannot be written.
ALONE void api_hidden(char *none, char *readonly) { __asm__ volatile("" ::: "memory"); }
static int hidden(void) {
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(p, "hidden");
	mprotect(p, 4096, PROT_NONE);
	mprotect(p + 4096, 4096, PROT_READ);
	api_hidden(p, p + 4096);
	return strcmp(p + 4096, "written");
}

// api_hot runs until it is told to stop.
ALONE void api_hot(long *n) { ++*n; }
static void *hot(void *unused) {
	static __thread long n;
	while (!api_stop)
		api_hot(&n);
	return NULL;
}
static int hotThreads(void) {
	pthread_t t[3];
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, hot, NULL);
	hot(NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return 0;
}

int main(int argc, char **argv) {
	const char *what = argc > 1 ? argv[1] : "";
	if (!strcmp(what, "setpc"))
		return setpc();
	if (!strcmp(what, "patch")) {
		long first = api_value(), second = api_value();
		return first == 41 && second == 42 ? 0 : 1;
	}
	if (!strcmp(what, "steps"))
		return steps();
	if (!strcmp(what, "fp"))
		return fp();
	if (!strcmp(what, "pair")) {
		api_data[0] = 1, api_data[1] = 2;
		api_pair(api_data, 0, 1, 2, 3, 4);
		api_pair(api_data, 0, 9, 9, 5, 6);
		return api_data[0] == 3 && api_data[1] == 4 ? 0 : 1;
	}
	if (!strcmp(what, "hidden"))
		return hidden();
	if (!strcmp(what, "hot"))
		return hotThreads();
	if (!strcmp(what, "magic"))
		return syscall(MAGIC, 0x66CCFF) == 0xFFCC66 ? 0 : 1;
	return 0;
}
