// Time: clocks and their order, sleeping, processor time, resource usage.
#include "check.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>

static int64_t nanoseconds(clockid_t clock) {
	struct timespec t;
	OK(clock_gettime(clock, &t));
	CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// By the thread's clock: an emulator may have threads of its own in the process.
static void burn(double seconds) {
	volatile long x = 0;
	for (int64_t until = nanoseconds(CLOCK_THREAD_CPUTIME_ID) + (int64_t)(seconds * 1e9); nanoseconds(CLOCK_THREAD_CPUTIME_ID) < until;)
		for (int i = 0; i < 10000; i++)
			x++;
}

static void test_clocks(void) {
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI};
	for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
		int64_t before = nanoseconds(clocks[i]);
		for (int k = 0; k < 2000; k++) {
			int64_t now = nanoseconds(clocks[i]);
			if (now < before && clocks[i] != CLOCK_REALTIME)
				check_fail(__FILE__, __LINE__, "clock %d ran back by %ld ns", clocks[i], (long)(before - now));
			before = now;
		}
		struct timespec r;
		OK(clock_getres(clocks[i], &r));
		CHECK(r.tv_sec == 0 && r.tv_nsec > 0 && r.tv_nsec <= 100000000);
	}
	struct timespec t;
	FAILS(clock_gettime(999, &t), EINVAL);
	FAILS(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8), EFAULT);
	FAILS(clock_getres(999, &t), EINVAL);
	OK(clock_getres(CLOCK_MONOTONIC, NULL));

	// The vDSO, where there is one, and the system call tell the same time.
	for (int i = 0; i < 100; i++) {
		int64_t a = nanoseconds(CLOCK_MONOTONIC);
		OK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
		int64_t b = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec, c = nanoseconds(CLOCK_MONOTONIC);
		CHECK(a <= b && b <= c);
	}
	struct timeval tv;
	int64_t a = nanoseconds(CLOCK_REALTIME);
	OK(gettimeofday(&tv, NULL));
	int64_t b = ((int64_t)tv.tv_sec * 1000000 + tv.tv_usec) * 1000;
	CHECK(llabs(b - a) < 2000000000);
	time_t seconds = time(NULL);
	CHECK(llabs(seconds - tv.tv_sec) <= 2);
	CHECK(seconds > 1600000000);
	CHECK(nanoseconds(CLOCK_BOOTTIME) >= nanoseconds(CLOCK_MONOTONIC) - 1000000000);

	clockid_t own;
	EQ(clock_getcpuclockid(getpid(), &own), 0);
	CHECK(nanoseconds(own) > 0);
	struct timex tx = {0};
	CHECK(adjtimex(&tx) >= 0);
	CHECK(tx.tick > 0);
}

static void test_sleep(void) {
	struct timespec t = {0, 20 * 1000 * 1000};
	int64_t before = nanoseconds(CLOCK_MONOTONIC);
	OK(nanosleep(&t, NULL));
	CHECK(nanoseconds(CLOCK_MONOTONIC) - before >= 20 * 1000 * 1000);
	before = nanoseconds(CLOCK_MONOTONIC);
	EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t), 0);
	CHECK(nanoseconds(CLOCK_MONOTONIC) - before >= 20 * 1000 * 1000);
	static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME};
	for (int i = 0; i < 3; i++) {
		OK(clock_gettime(clocks[i], &t));
		int64_t until = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec + 20 * 1000 * 1000;
		t = (struct timespec){until / 1000000000, until % 1000000000};
		EQ(clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL), 0);
		CHECK(nanoseconds(clocks[i]) >= until);
	}
	t = (struct timespec){1, 0};
	EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0); // long past
	t = (struct timespec){0, 1000000000};
	FAILS(nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){-1, 0};
	FAILS(nanosleep(&t, NULL), EINVAL);
	EQ(clock_nanosleep(999, 0, &t, NULL), EINVAL);
	EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &(struct timespec){0, 1}, NULL), EINVAL);
	FAILS(syscall(SYS_nanosleep, (void *)8, NULL), EFAULT);
	t = (struct timespec){0, 0};
	OK(nanosleep(&t, NULL));
}

static void test_processor_time(void) {
	struct rusage before, after, children;
	struct tms tms0, tms1;
	OK(getrusage(RUSAGE_SELF, &before));
	clock_t t0 = times(&tms0);
	CHECK(t0 != (clock_t)-1);
	int64_t thread = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
	burn(0.1);
	OK(getrusage(RUSAGE_SELF, &after));
	times(&tms1);
	int64_t spent = ((int64_t)after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000 +
		after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
	CHECK(spent >= 80000);
	CHECK(tms1.tms_utime + tms1.tms_stime - tms0.tms_utime - tms0.tms_stime >= 5);
	CHECK(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - thread >= 80000000);
	CHECK(after.ru_maxrss > 100);
	CHECK(clock() > 0);
	OK(getrusage(RUSAGE_THREAD, &after));
	FAILS(getrusage(99, &after), EINVAL);

	// Sleeping costs none.
	int64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
	sleep_ms(100);
	CHECK(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu < 90000000);

	pid_t pid = fork();
	if (pid == 0) {
		burn(0.06);
		_exit(0);
	}
	int status;
	EQ(wait4(pid, &status, 0, &children), pid);
	CHECK(children.ru_utime.tv_sec * 1000000 + children.ru_utime.tv_usec + children.ru_stime.tv_sec * 1000000 + children.ru_stime.tv_usec >= 40000);
	OK(getrusage(RUSAGE_CHILDREN, &after));
	CHECK(after.ru_utime.tv_sec * 1000000 + after.ru_utime.tv_usec + after.ru_stime.tv_sec * 1000000 + after.ru_stime.tv_usec >= 40000);
	times(&tms1);
	CHECK(tms1.tms_cutime + tms1.tms_cstime >= 3);
}

static void test_calendar(void) {
	// libc only, but it reads time zone files and the environment.
	setenv("TZ", "UTC0", 1);
	tzset();
	time_t t = 86400 * 365;
	struct tm tm;
	localtime_r(&t, &tm);
	EQ(tm.tm_year, 71);
	EQ(tm.tm_mon, 0);
	EQ(tm.tm_mday, 1);
	EQ(mktime(&tm), t);
}

int main(void) {
	test_clocks();
	test_sleep();
	test_processor_time();
	test_calendar();
	return done("time");
}
