// The guest of the filter tests: it makes the syscalls that it is told to make and
// writes their raw results to a descriptor.
//
//   filter calls OUTFD CALL...   CALL is NR[,ARG...], ARG a number, s:TEXT (pointer to the
//                                text), b:N (pointer to N zero bytes) or r (last result)
//   filter race N OUTFD A B      N openat calls on a path that another thread flips between A,
//                                whose content is "secret", and B; writes how many times A
//                                was opened, B was, and neither, and how often it was flipped
//   filter pcs OUTFD NR          makes syscall NR and writes the address after its ecall
//   filter regs OUTFD NR         fills s2-s11 with known values, makes NR, writes s2-s11 and a0-a6
//   filter fork OUTFD            forks; parent and child exit with 0
//   filter thread OUTFD          creates and joins a thread
//   filter eintr OUTFD           a read is interrupted by a signal with SA_RESTART; a byte comes then
//   filter storm OUTFD T N       T threads open and close /dev/null N times each
//   filter seccomp NR ERRNO VERB...  confines itself by a seccomp filter that answers NR with ERRNO, and
//                                does what the rest says
//   filter spin MS               runs without syscalls for about MS milliseconds, then exits 0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long raw(long nr, const long *a) {
#ifdef __riscv
	register long a0 __asm__("a0") = a[0];
	register long a1 __asm__("a1") = a[1];
	register long a2 __asm__("a2") = a[2];
	register long a3 __asm__("a3") = a[3];
	register long a4 __asm__("a4") = a[4];
	register long a5 __asm__("a5") = a[5];
	register long a7 __asm__("a7") = nr;
	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
	return a0;
#else
	long r = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	return r == -1 ? -errno : r;
#endif
}

static void put(int fd, const long *v, int n) {
	if (write(fd, v, n * sizeof *v) != (ssize_t)(n * sizeof *v)) _exit(99);
}

static int calls(int argc, char **argv) {
	int fd = atoi(argv[0]);
	long res[64];
	int n = 0;
	for (int i = 1; i < argc && n < 64; i++, n++) {
		long a[6] = {0};
		char *p = argv[i];
		long nr = strtol(p, &p, 0);
		for (int k = 0; *p == ',' && k < 6; k++) {
			p++;
			char *end = strchrnul(p, ',');
			if (!strncmp(p, "s:", 2)) {
				a[k] = (long)strndup(p + 2, end - p - 2);
			} else if (!strncmp(p, "b:", 2)) {
				a[k] = (long)calloc(1, atol(p + 2));
			} else if (*p == 'r') {
				a[k] = n ? res[n - 1] : 0;
			} else {
				a[k] = (long)strtoull(p, NULL, 0);
			}
			p = end;
		}
		res[n] = raw(nr, a);
	}
	put(fd, res, n);
	return 0;
}

static char shared[256], path_a[256], path_b[256];
static volatile int stop;
static volatile long flips;

static void *flip(void *unused) {
	(void)unused;
	while (!stop) {
		memcpy(shared, path_a, sizeof shared);
		__asm__ volatile("" : : : "memory"); // or the compiler drops the first copy
		memcpy(shared, path_b, sizeof shared);
		__asm__ volatile("" : : : "memory");
		flips += 2;
	}
	return NULL;
}

static int race(long n, int fd, const char *a, const char *b) {
	long count[4] = {0};
	pthread_t t;
	strncpy(path_a, a, sizeof path_a - 1);
	strncpy(path_b, b, sizeof path_b - 1);
	memcpy(shared, path_b, sizeof shared);
	pthread_create(&t, NULL, flip, NULL);
	for (long i = 0; i < n; i++) {
		int f = open(shared, O_RDONLY);
		if (f < 0) {
			count[2]++;
			continue;
		}
		char c[7] = "";
		count[pread(f, c, 6, 0) == 6 && !memcmp(c, "secret", 6) ? 0 : 1]++;
		close(f);
	}
	stop = 1;
	pthread_join(t, NULL);
	count[3] = flips;
	put(fd, count, 4);
	return 0;
}

#ifdef __riscv
static int pcs(int fd, long nr) {
	long after;
	register long a0 __asm__("a0") = 0;
	register long a7 __asm__("a7") = nr;
	__asm__ volatile("la %1, 1f\n ecall\n1:" : "+r"(a0), "=&r"(after) : "r"(a7) : "memory");
	long v[2] = {after, a0};
	put(fd, v, 2);
	return 0;
}

static int regs(int fd, long nr) {
	long v[17];
	__asm__ volatile(
		"mv t0, %1\n mv a7, %0\n"
		"li s2, 102\n li s3, 103\n li s4, 104\n li s5, 105\n li s6, 106\n li s7, 107\n li s8, 108\n li s9, 109\n li s10, 110\n li s11, 111\n"
		"li a0, 200\n li a1, 201\n li a2, 202\n li a3, 203\n li a4, 204\n li a5, 205\n li a6, 206\n"
		"ecall\n"
		"sd s2, 0(t0)\n sd s3, 8(t0)\n sd s4, 16(t0)\n sd s5, 24(t0)\n sd s6, 32(t0)\n sd s7, 40(t0)\n sd s8, 48(t0)\n sd s9, 56(t0)\n"
		"sd s10, 64(t0)\n sd s11, 72(t0)\n sd a0, 80(t0)\n sd a1, 88(t0)\n sd a2, 96(t0)\n sd a3, 104(t0)\n sd a4, 112(t0)\n sd a5, 120(t0)\n sd a6, 128(t0)\n"
		: : "r"(nr), "r"(v)
		: "t0", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "memory");
	put(fd, v, 17);
	return 0;
}
#endif

static void *nothing(void *p) { return p; }

static int dofork(int fd) {
	pid_t p = fork();
	if (p == 0) _exit(0);
	int st = -1;
	waitpid(p, &st, 0);
	long v[2] = {p, st};
	put(fd, v, 2);
	return 0;
}

static int dothread(int fd) {
	pthread_t t;
	long v = pthread_create(&t, NULL, nothing, NULL);
	pthread_join(t, NULL);
	put(fd, &v, 1);
	return 0;
}

static int pipefd[2];

static void onalarm(int s) { (void)s; if (write(pipefd[1], "x", 1) != 1) _exit(98); }

static int eintr(int fd) {
	struct sigaction sa = {.sa_handler = onalarm, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &sa, NULL);
	if (pipe(pipefd)) return 97;
	struct itimerspec it = {.it_value.tv_nsec = 50 * 1000 * 1000};
	timer_t tm;
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	if (timer_create(CLOCK_MONOTONIC, &ev, &tm) || timer_settime(tm, 0, &it, NULL)) return 96;
	char b;
	long r = read(pipefd[0], &b, 1);
	put(fd, &r, 1);
	return 0;
}

static long storm_n;

static void *storm_thread(void *unused) {
	(void)unused;
	for (long i = 0; i < storm_n; i++) {
		int f = open("/dev/null", O_RDONLY);
		if (f < 0 || close(f)) return (void *)1;
	}
	return NULL;
}

static int storm(int fd, int threads, long n) {
	pthread_t t[64];
	long bad = 0;
	storm_n = n;
	for (int i = 0; i < threads && i < 64; i++) pthread_create(&t[i], NULL, storm_thread, NULL);
	for (int i = 0; i < threads && i < 64; i++) {
		void *r;
		pthread_join(t[i], &r);
		bad += r != NULL;
	}
	put(fd, &bad, 1);
	return bad != 0;
}

static int spin(long ms) {
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	volatile long x = 0;
	do {
		for (int i = 0; i < 100000; i++) x += i;
		clock_gettime(CLOCK_MONOTONIC, &b);
	} while ((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < ms);
	return 0;
}

static void confine(long nr, long error) {
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {.len = sizeof f / sizeof *f, .filter = f};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p)) _exit(98);
}

int main(int argc, char **argv) {
	if (argc > 4 && !strcmp(argv[1], "seccomp")) {
		confine(atol(argv[2]), atol(argv[3]));
		argc -= 3;
		argv += 3;
	}
	if (argc < 3) return 2;
	char *v = argv[1];
	if (!strcmp(v, "calls")) return calls(argc - 2, argv + 2);
	if (!strcmp(v, "race") && argc > 5) return race(atol(argv[2]), atoi(argv[3]), argv[4], argv[5]);
#ifdef __riscv
	if (!strcmp(v, "pcs") && argc > 3) return pcs(atoi(argv[2]), atol(argv[3]));
	if (!strcmp(v, "regs") && argc > 3) return regs(atoi(argv[2]), atol(argv[3]));
#endif
	if (!strcmp(v, "fork")) return dofork(atoi(argv[2]));
	if (!strcmp(v, "thread")) return dothread(atoi(argv[2]));
	if (!strcmp(v, "eintr")) return eintr(atoi(argv[2]));
	if (!strcmp(v, "storm") && argc > 4) return storm(atoi(argv[2]), atoi(argv[3]), atol(argv[4]));
	if (!strcmp(v, "spin")) return spin(atol(argv[2]));
	return 2;
}
