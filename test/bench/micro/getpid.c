// The price of one system call: getpid in a loop, without libc's wrapper. Prints "getpid NANOSECONDS", wall time per call.
// The argument is the number of calls, default one million.
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline long getpid_raw(void) {
#if defined(__riscv)
	register long number __asm__("a7") = SYS_getpid;
	register long result __asm__("a0");
	__asm__ volatile("ecall" : "=r"(result) : "r"(number) : "memory");
	return result;
#elif defined(__x86_64__)
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getpid) : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long number __asm__("x8") = SYS_getpid;
	register long result __asm__("x0");
	__asm__ volatile("svc 0" : "=r"(result) : "r"(number) : "memory");
	return result;
#endif
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
	long calls = argc > 1 ? atol(argv[1]) : 1000000;
	if (calls < 1) {
		fprintf(stderr, "usage: %s [calls]\n", argv[0]);
		return 2;
	}
	long pid = getpid(), wrong = 0;
	double start = now();
	for (long i = 0; i < calls; i++)
		wrong += getpid_raw() != pid;
	double spent = now() - start;
	if (wrong != 0) {
		fprintf(stderr, "getpid: %ld wrong answers\n", wrong);
		return 1;
	}
	printf("getpid %.1f\n", spent / (double)calls);
	return 0;
}
