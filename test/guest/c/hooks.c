// The guest of the tests of function hooks in test/hooks: it does what its first argument says.
// CFLAGS: -O2 -g -fno-ipa-cp -fno-ipa-sra -fno-ipa-icf -fno-ipa-ra

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOOK __attribute__((noinline, noipa))

struct pair {
	int a;
	double d;
};
struct big {
	long v[4];
};

volatile long sink;

HOOK long hk_add(int a, long b) { return a + b; }
HOOK double hk_mix(double d, float f, int n, const char *s, struct pair p, struct big b) {
	return d + f + n + strlen(s) + p.a + p.d + b.v[3];
}
HOOK long hk_nine(long a, long b, long c, long d, long e, long f, long g, long h, long i) {
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i;
}
HOOK struct big hk_big(long x) {
	struct big b = {{x, x + 1, x + 2, x + 3}};
	return b;
}
HOOK long hk_fact(long n) {
	if (n < 2)
		return 1;
	long below = hk_fact(n - 1);
	sink = below;
	return n * below;
}
HOOK long hk_target(long n) {
	sink = n;
	return n * 3;
}
HOOK long hk_tail(long n) { return hk_target(n + 1); }
// A loop whose first instruction may be the function's.
HOOK long hk_loop(const char *s) {
	long n = 0;
	do
		n += *s;
	while (*s++);
	return n;
}
HOOK size_t hk_strlen(const char *s) {
	size_t n = 0;
	while (s[n])
		n++;
	return n;
}
HOOK unsigned hk_narrow(signed char a, unsigned short b, unsigned c) { return a + b + c; }
HOOK float hk_half(float f) { return f / 2; }

static jmp_buf env;
HOOK void hk_throw(long n) {
	if (n == 0)
		longjmp(env, 1);
	hk_throw(n - 1);
	sink++;
}
HOOK long hk_catch(long n) {
	if (setjmp(env))
		return -1;
	hk_throw(n);
	sink += n * 3;
	return n;
}

static volatile sig_atomic_t got;
static void handler(int sig) { got++; }
HOOK long hk_raise(long n) {
	raise(SIGUSR1);
	return got + n;
}
HOOK long hk_exit(long n) {
	syscall(SYS_exit_group, n);
	return 0;
}
HOOK long hk_thread_exit(long n) {
	syscall(SYS_exit, n);
	return 0;
}
HOOK long hk_fork(long n) {
	pid_t pid = fork();
	if (pid == 0)
		return 7;
	int status = 0;
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}
HOOK long hk_exec(long n) {
	char *argv[] = {"hooks", "answer", NULL}, *envp[] = {NULL};
	execve("/proc/self/exe", argv, envp);
	return -1;
}
static volatile int stop;
HOOK long hk_wait(long n) {
	while (!stop)
		pause();
	return n;
}
HOOK long hk_spin(long n) {
	while (!stop)
		sink++;
	return n;
}
// Plugins call others from this one.
HOOK long hk_here(long n) {
	sink = n;
	return n;
}

static void *worker(void *arg) {
	long sum = 0;
	for (long i = 0; i < 200; i++)
		sum += hk_fact(5) + hk_add(i, (long)arg);
	return (void *)sum;
}

static void *exiting(void *arg) {
	hk_here(1);
	return NULL;
}

static void *ender(void *arg) {
	usleep(20000);
	exit(9);
}

int main(int argc, char **argv) {
	const char *what = argc > 1 ? argv[1] : "";
	signal(SIGUSR1, handler);
	if (!strcmp(what, "values")) {
		struct pair p = {5, 0.5};
		struct big b = {{1, 2, 3, 4}};
		long r = hk_add(-3, 10);
		double d = hk_mix(1.5, 2.5f, -7, "hello", p, b);
		struct big c = hk_big(10);
		printf("%ld %g %ld %ld %u %g\n", r, d, hk_nine(1, 2, 3, 4, 5, 6, 7, 8, 9), c.v[3], hk_narrow(-1, 65535, 4000000000u), hk_half(3));
		printf("%zu %zu\n", hk_strlen("twelve bytes"), hk_strlen(""));
	} else if (!strcmp(what, "nest")) {
		printf("%ld %ld %ld\n", hk_fact(5), hk_tail(4), hk_loop("abc"));
		printf("%ld %ld\n", hk_catch(3), hk_catch(0));
		for (int i = 0; i < 3; i++)
			sink += hk_catch(2);
		printf("%ld\n", hk_fact(3));
	} else if (!strcmp(what, "threads")) {
		pthread_t t[4];
		long sum = 0;
		void *r;
		for (long i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, worker, (void *)i);
		for (int i = 0; i < 4; i++) {
			pthread_join(t[i], &r);
			sum += (long)r;
		}
		printf("%ld\n", sum);
	} else if (!strcmp(what, "here")) {
		printf("%ld\n", hk_here(20));
		printf("got %d\n", got);
	} else if (!strcmp(what, "syscall")) {
		printf("%ld\n", syscall(4096, 3));
		printf("got %d\n", got);
	} else if (!strcmp(what, "thread")) {
		pthread_t t;
		pthread_create(&t, NULL, exiting, NULL);
		pthread_join(t, NULL);
		printf("joined\n");
	} else if (!strcmp(what, "ended")) {
		pthread_t t;
		pthread_create(&t, NULL, ender, NULL);
		hk_here(2);
		printf("not reached\n");
	} else if (!strcmp(what, "jump")) {
		if (setjmp(env))
			puts("caught"), fflush(stdout);
		else
			printf("%ld\n", hk_here(3));
		write(1, "after\n", 6);
	} else if (!strcmp(what, "jumpsys")) {
		if (setjmp(env))
			write(1, "caught\n", 7);
		else
			printf("%ld\n", syscall(4096, 4));
		write(1, "after\n", 6);
	} else if (!strcmp(what, "family")) { // a child that dies by a signal, one that exits, and another program
		int status;
		pid_t pid = fork();
		if (pid == 0) {
			hk_fact(3);
			abort();
		}
		waitpid(pid, &status, 0);
		pid = fork();
		if (pid == 0)
			exit(hk_fact(4) == 24 ? 3 : 4);
		waitpid(pid, &status, 0);
		hk_exec(hk_fact(2));
		return 1;
	} else if (!strcmp(what, "answer")) {
		hk_fact(2);
		printf("42\n");
	} else if (argc > 1) {
		return 2;
	}
	fflush(stdout);
	return 0;
}
