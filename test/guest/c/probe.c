// The guest of the instrumentation tests in test/probe: it does what its first argument says. What is in functions called
// probe_* executes the same instructions and accesses in every run.
// CFLAGS: -O1 -g -fno-inline

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

long probe_data[64] __attribute__((aligned(4096)));
int probe_words[64];
unsigned char probe_bytes[256];
double probe_doubles[16] = {1.5, 2.25, 3.125};
float probe_floats[16] = {1.5f, 2.25f};
long probe_atomic_long;
int probe_atomic_int;
volatile long probe_sink;

long probe_sum(const long *p, long n) {
	long s = 0;
	for (long i = 0; i < n; i++)
		s += p[i] * (i + 1);
	return s;
}

void probe_fill(long seed) {
	for (long i = 0; i < 64; i++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		probe_data[i] = seed;
		probe_words[i] = (int)(seed >> 7);
		probe_bytes[i] = (unsigned char)(seed >> 33);
		((short *)probe_bytes)[64 + i] = (short)(seed >> 13);
	}
}

long probe_narrow(void) {
	long s = 0;
	for (int i = 0; i < 64; i++) {
		s += (signed char)probe_bytes[i];
		s ^= probe_bytes[i + 1];
		s += ((short *)probe_bytes)[64 + i];
		s ^= ((unsigned short *)probe_bytes)[64 + i];
		s += probe_words[i];
		s ^= (unsigned)probe_words[i];
	}
	return s;
}

double probe_float(void) {
	double s = 0;
	float f = 1;
	for (int i = 0; i < 16; i++) {
		s += probe_doubles[i] * i;
		f = f * 0.5f + probe_floats[i];
		probe_doubles[(i + 5) & 15] = s / (i + 1);
		probe_floats[(i + 3) & 15] = f;
	}
	return s + f;
}

long probe_atomics(void) {
	long s = 0;
	for (int i = 1; i <= 20; i++) {
		s += __atomic_fetch_add(&probe_atomic_long, i, __ATOMIC_SEQ_CST);
		s ^= __atomic_fetch_or(&probe_atomic_int, i << 3, __ATOMIC_RELAXED);
		s += __atomic_exchange_n(&probe_atomic_int, -i, __ATOMIC_SEQ_CST);
		long want = probe_atomic_long;
		s += __atomic_compare_exchange_n(&probe_atomic_long, &want, want * 3, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
	return s;
}

long probe_fib(long n) { return n < 2 ? n : probe_fib(n - 1) + probe_fib(n - 2); }

long probe_divide(long a, long b) { return a / b + a % b; }

// probe_magic returns what it is given; tests jump around in it.
long probe_magic(long x) { return x + 1; }

static long probe_all(void) {
	long s = 0;
	for (int round = 0; round < 3; round++) {
		probe_fill(round + 1);
		s += probe_sum(probe_data, 64);
		s ^= probe_narrow();
		s += (long)probe_float();
		s ^= probe_atomics();
		s += probe_fib(11);
		for (int i = 1; i < 10; i++)
			s += probe_divide(s, i);
	}
	return s;
}

static void *thread(void *rounds) {
	long s = 0;
	for (long i = 0; i < (long)rounds; i++)
		s += probe_fib(10) + probe_sum(probe_data, 64);
	probe_sink = s;
	return NULL;
}

static void threads(int n, long rounds) {
	pthread_t t[64];
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, thread, (void *)rounds);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static volatile sig_atomic_t signals;

void probe_handler(int sig) { signals++; }

void probe_fault(int sig, siginfo_t *info, void *context) {
	signals++;
	mprotect((void *)((uintptr_t)info->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE);
}

// probe_store writes to p; the page may be read-only the first time.
void probe_store(long *p, long v) {
	p[0] = v;
	p[1] = v + 1;
}

static int faults(void) {
	struct sigaction a = {.sa_sigaction = probe_fault, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &a, NULL);
	for (int i = 0; i < 3; i++) {
		mprotect(probe_data, 4096, PROT_READ);
		probe_store(probe_data, i);
	}
	return signals == 3 && probe_data[1] == 3 ? 0 : 1;
}

int main(int argc, char **argv) {
	const char *what = argc > 1 ? argv[1] : "work";
	if (!strcmp(what, "work")) {
		probe_sink = probe_all();
	} else if (!strcmp(what, "threads")) {
		threads(atoi(argv[2]), atol(argv[3]));
	} else if (!strcmp(what, "series")) { // one thread after the other
		for (int i = 0; i < atoi(argv[2]); i++)
			threads(1, 1);
	} else if (!strcmp(what, "fork")) {
		probe_sink = probe_fib(5);
		if (fork() == 0) {
			probe_sink = probe_fib(6);
			return 7;
		}
		int status;
		wait(&status);
		return status == 7 << 8 ? 0 : 1;
	} else if (!strcmp(what, "signal")) {
		signal(SIGUSR1, probe_handler);
		raise(SIGUSR1);
		return signals == 1 ? 0 : 1;
	} else if (!strcmp(what, "fault")) {
		return faults();
	} else if (!strcmp(what, "stores")) {
		for (long i = 0; i < atol(argv[2]); i++)
			probe_store(probe_data, i);
	} else if (!strcmp(what, "exec")) {
		execl(argv[0], argv[0], "magic", "41", NULL);
		return 9;
	} else if (!strcmp(what, "magic")) {
		return (int)probe_magic(atol(argv[2]));
	} else if (!strcmp(what, "sleep")) {
		struct timespec before, after, long_time = {3600, 0};
		clock_gettime(CLOCK_MONOTONIC, &before);
		nanosleep(&long_time, NULL);
		clock_gettime(CLOCK_MONOTONIC, &after);
		return after.tv_sec - before.tv_sec == 3600 && after.tv_nsec == before.tv_nsec ? 0 : 1;
	} else if (!strcmp(what, "spawn")) { // another program, by vfork
		pid_t pid;
		int status = -1;
		if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0)
			return 9;
		waitpid(pid, &status, 0);
		return status;
	} else if (!strcmp(what, "map")) {
		void *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		munmap(p, 8192);
	} else if (!strcmp(what, "spin")) { // until the first byte of probe_data is set from outside
		while (!*(volatile long *)probe_data)
			probe_sink = probe_fib(3);
	}
	return 0;
}
