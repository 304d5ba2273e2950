// Shared by the self-checking guest programs. A program makes its checks, all of them even after a failure, and ends with
// "return done(NAME)": it prints "ok NAME" and exits 0, or has printed a line "file:line: what, expected, got" for every
// failed check and exits 1. The kernel is the reference: every program that is not specific to a CPU passes natively.
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static atomic_int check_failures;
static atomic_long check_count;

__attribute__((format(printf, 3, 4))) static void check_fail(const char *file, int line, const char *format, ...) {
	// One write, so that lines of several threads and processes stay whole.
	char text[512];
	int n = snprintf(text, sizeof text, "%s:%d: ", file, line);
	va_list args;
	va_start(args, format);
	n += vsnprintf(text + n, sizeof text - (size_t)n - 1, format, args);
	va_end(args);
	if (n > (int)sizeof text - 2)
		n = (int)sizeof text - 2;
	text[n++] = '\n';
	(void)!write(1, text, (size_t)n);
	check_failures++;
}

// CHECK wants a condition to hold.
#define CHECK(cond)                                                                                                                \
	do {                                                                                                                           \
		check_count++;                                                                                                             \
		if (!(cond))                                                                                                               \
			check_fail(__FILE__, __LINE__, "%s does not hold", #cond);                                                             \
	} while (0)

// EQ wants two integers to be equal.
#define EQ(got, want)                                                                                                              \
	do {                                                                                                                           \
		check_count++;                                                                                                             \
		long long check_got = (long long)(got), check_want = (long long)(want);                                                    \
		if (check_got != check_want)                                                                                               \
			check_fail(__FILE__, __LINE__, "%s: expected %lld (%#llx), got %lld (%#llx)", #got, check_want,                        \
				(unsigned long long)check_want, check_got, (unsigned long long)check_got);                                         \
	} while (0)

// OK wants a call not to return -1.
#define OK(call)                                                                                                                   \
	do {                                                                                                                           \
		check_count++;                                                                                                             \
		if ((long)(call) == -1)                                                                                                    \
			check_fail(__FILE__, __LINE__, "%s: expected success, got %s", #call, strerror(errno));                                \
	} while (0)

// FAILS wants a call to return -1 and set errno.
#define FAILS(call, want)                                                                                                          \
	do {                                                                                                                           \
		check_count++;                                                                                                             \
		errno = 0;                                                                                                                 \
		long check_r = (long)(call);                                                                                               \
		int check_e = errno;                                                                                                       \
		if (check_r != -1 || check_e != (want))                                                                                    \
			check_fail(__FILE__, __LINE__, "%s: expected -1 with %s, got %ld with %s", #call, strerrorname_np(want), check_r,      \
				check_e ? strerrorname_np(check_e) : "no error");                                                                  \
	} while (0)

// STR wants two strings to be equal.
#define STR(got, want)                                                                                                             \
	do {                                                                                                                           \
		check_count++;                                                                                                             \
		const char *check_s = (got), *check_w = (want);                                                                            \
		if (check_s == NULL || strcmp(check_s, check_w) != 0)                                                                      \
			check_fail(__FILE__, __LINE__, "%s: expected \"%s\", got \"%s\"", #got, check_w, check_s ? check_s : "(null)");        \
	} while (0)

// DIE gives up when going on would make no sense.
#define DIE(what)                                                                                                                  \
	do {                                                                                                                           \
		check_fail(__FILE__, __LINE__, "%s: %s", what, strerror(errno));                                                           \
		exit(1);                                                                                                                   \
	} while (0)

// done ends a program.
static inline int done(const char *name) {
	if (check_failures != 0) {
		printf("FAILED %s: %d of %ld checks\n", name, (int)check_failures, (long)check_count);
		return 1;
	}
	if (check_count == 0) {
		printf("FAILED %s: it checked nothing\n", name);
		return 1;
	}
	printf("ok %s\n", name);
	return 0;
}

static inline double seconds_now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void sleep_ms(long ms) {
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		continue;
}

// until_asleep waits until a thread of the process pid has slept for some time without a break, in the blocking call that it was
// about to make.
static inline void until_asleep(pid_t pid, pid_t tid) {
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
	for (int asleep = 0; asleep < 15; sleep_ms(2)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof text - 1);
		close(fd);
		if (n <= 0)
			return; // it has ended
		text[n] = 0;
		const char *state = strrchr(text, ')'); // proc(5): pid (comm) state
		asleep = state != NULL && state[2] == 'S' ? asleep + 1 : 0;
	}
}

// child_status runs f in a forked child and returns the wait status. A child ends with the number of its failed checks.
static inline int child_status(void (*f)(void *), void *arg) {
	fflush(NULL);
	pid_t pid = fork();
	if (pid == -1)
		DIE("fork");
	if (pid == 0) {
		check_failures = 0;
		f(arg);
		_exit(check_failures);
	}
	int status;
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			DIE("waitpid");
	return status;
}

// scratch_dir makes an empty folder and makes it the working directory; scratch_remove removes it with its files.
static char scratch_path[256];

static inline void scratch_dir(void) {
	const char *tmp = getenv("TMPDIR");
	snprintf(scratch_path, sizeof scratch_path, "%s/weir-guest-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(scratch_path) == NULL || chdir(scratch_path) == -1)
		DIE("scratch folder");
}

#include <ftw.h>

static int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
	(void)st, (void)type, (void)at;
	return remove(path);
}

static inline void scratch_remove(void) {
	if (chdir("/") == -1 || nftw(scratch_path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS) == -1)
		DIE("removing the scratch folder");
}

#endif
