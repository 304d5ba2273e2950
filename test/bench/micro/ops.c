// The price of single operations of the kernel and of starting processes. "ops OPERATION [COUNT]" prints
// "OPERATION NANOSECONDS": elapsed time per operation, the least of five batches of COUNT each.
//
// An emulator that cannot execute a guest program itself is put before it by the variable OPS_EXEC, words divided by spaces.
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *child[16]; // command that does nothing
extern char **environ;

static void fail(const char *what) {
	perror(what);
	exit(1);
}

static void reap(pid_t pid) {
	int status;
	if (pid < 0)
		fail("fork");
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "ops: child ended with status %#x\n", status);
		exit(1);
	}
}

static void do_fork(long n) {
	while (n-- > 0) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		reap(pid);
	}
}

static void do_vfork(long n) {
	while (n-- > 0) {
		pid_t pid = vfork();
		if (pid == 0)
			_exit(0);
		reap(pid);
	}
}

static void do_spawn(long n) {
	while (n-- > 0) {
		pid_t pid;
		if (posix_spawn(&pid, child[0], NULL, NULL, child, environ) != 0)
			fail("posix_spawn");
		reap(pid);
	}
}

static void do_exec(long n) {
	while (n-- > 0) {
		pid_t pid = fork();
		if (pid == 0) {
			execv(child[0], child);
			_exit(1);
		}
		reap(pid);
	}
}

static volatile sig_atomic_t handled;
static void handler(int sig) { handled += sig == SIGUSR1; }

static void do_signal(long n) {
	signal(SIGUSR1, handler);
	handled = 0;
	for (long i = 0; i < n; i++)
		raise(SIGUSR1);
	if (handled != n) {
		fprintf(stderr, "ops: %ld signals of %ld handled\n", (long)handled, n);
		exit(1);
	}
}

// Two threads hand a byte to and fro.
static int there[2], back[2];
static long rounds;

static void *echo(void *unused) {
	char c;
	for (long i = 0; i < rounds; i++)
		if (read(there[0], &c, 1) != 1 || write(back[1], &c, 1) != 1)
			fail("echo");
	return unused;
}

static void do_pipe(long n) {
	pthread_t thread;
	char c = 'x';
	rounds = n;
	if (pipe(there) != 0 || pipe(back) != 0 || pthread_create(&thread, NULL, echo, NULL) != 0)
		fail("pipe");
	for (long i = 0; i < n; i++)
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			fail("pipe");
	pthread_join(thread, NULL);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
}

// Two threads wait for each other by futex.
static uint32_t turn;

static void hand_over(uint32_t mine) {
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine)
		if (syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1 - mine, NULL, NULL, 0) != 0 && errno != EAGAIN && errno != EINTR)
			fail("FUTEX_WAIT");
	__atomic_store_n(&turn, 1 - mine, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *partner(void *unused) {
	for (long i = 0; i < rounds; i++)
		hand_over(1);
	return unused;
}

static void do_futex(long n) {
	pthread_t thread;
	rounds = n;
	turn = 0;
	if (pthread_create(&thread, NULL, partner, NULL) != 0)
		fail("pthread_create");
	for (long i = 0; i < n; i++)
		hand_over(0);
	pthread_join(thread, NULL);
}

static void *nothing(void *unused) { return unused; }

static void do_thread(long n) {
	pthread_t thread;
	while (n-- > 0) {
		if (pthread_create(&thread, NULL, nothing, NULL) != 0)
			fail("pthread_create");
		pthread_join(thread, NULL);
	}
}

static void do_mmap(long n) {
	while (n-- > 0) {
		char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			fail("mmap");
		*p = 1;
		munmap(p, 65536);
	}
}

static void clock_loop(clockid_t id, long n) {
	struct timespec t, last = {0, 0};
	while (n-- > 0) {
		if (clock_gettime(id, &t) != 0)
			fail("clock_gettime");
		if (t.tv_sec < last.tv_sec || (t.tv_sec == last.tv_sec && t.tv_nsec < last.tv_nsec)) {
			fprintf(stderr, "ops: clock %d went back\n", (int)id);
			exit(1);
		}
		last = t;
	}
}

static void do_clock(long n) { clock_loop(CLOCK_MONOTONIC, n); }
static void do_coarse(long n) { clock_loop(CLOCK_MONOTONIC_COARSE, n); }
static void do_boottime(long n) { clock_loop(CLOCK_BOOTTIME, n); }

static void do_getcpu(long n) {
	while (n-- > 0)
		if (sched_getcpu() < 0)
			fail("sched_getcpu");
}

static const struct {
	const char *name;
	void (*run)(long);
	long count;
} ops[] = {
	{"fork", do_fork, 20},         {"vfork", do_vfork, 20},   {"spawn", do_spawn, 5},
	{"exec", do_exec, 5},          {"signal", do_signal, 3000}, {"pipe", do_pipe, 1000},
	{"futex", do_futex, 1000},     {"thread", do_thread, 50}, {"mmap", do_mmap, 500},
	{"clock", do_clock, 50000},    {"coarse", do_coarse, 50000}, {"boottime", do_boottime, 50000},
	{"getcpu", do_getcpu, 50000},
};

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
	if (argc == 2 && strcmp(argv[1], "null") == 0)
		return 0;
	size_t words = 0;
	char *emulator = getenv("OPS_EXEC");
	emulator = emulator ? strdup(emulator) : NULL;
	for (char *word = emulator ? strtok(emulator, " ") : NULL; word && words < 13; word = strtok(NULL, " "))
		child[words++] = word;
	child[words++] = argv[0];
	child[words++] = "null";
	for (size_t k = 0; argc > 1 && k < sizeof ops / sizeof *ops; k++) {
		if (strcmp(argv[1], ops[k].name) != 0)
			continue;
		long n = argc > 2 ? atol(argv[2]) : ops[k].count;
		double least = 1e300;
		ops[k].run(n / 10 + 1); // the code has been translated
		for (int batch = 0; batch < 5; batch++) {
			double start = now();
			ops[k].run(n);
			double spent = now() - start;
			if (spent < least)
				least = spent;
		}
		printf("%s %.1f\n", ops[k].name, least / (double)n);
		return 0;
	}
	fprintf(stderr, "usage: %s OPERATION [COUNT]\n", argv[0]);
	return 2;
}
