// Storm of signals: threads send each other real-time signals with numbered payloads while they compute, fault, sleep, write
// to pipes and take interval timers. No queued signal may get lost or change its payload, no computation, system call
// result or floating-point state may suffer.
#include "arch.h"
#include "storm.h"

#include <sys/time.h>

static pthread_t threads[256];
static atomic_long sent, received, sent_sum, received_sum, alarms, faults;
static atomic_int ready, finished;

static void on_queued(int sig, siginfo_t *info, void *context) {
	(void)context;
	if (sig != SIGRTMIN + 1 || info->si_code != SI_QUEUE || info->si_pid != getpid())
		check_fail(__FILE__, __LINE__, "signal %d, code %d, from %d", sig, info->si_code, info->si_pid);
	received++;
	received_sum += info->si_value.sival_int;
	// The interrupted code must not notice what a handler does to registers and errno.
	volatile double x = 1.5;
	for (int i = 0; i < 5; i++)
		x = x * 1.1 + i;
}

static void on_alarm(int sig) {
	(void)sig;
	alarms++;
}

static void on_fault(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)info;
	faults++;
	if (!context_skip(context)) {
		check_fail(__FILE__, __LINE__, "fault at %#lx", (long)context_pc(context));
		_exit(1);
	}
}

NOINLINE static uint64_t compute(uint64_t seed) {
	uint64_t x = seed;
	double d = 1;
	for (int i = 0; i < 2000; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		d = d * 0.5 + (double)(x >> 60);
	}
	return x ^ (uint64_t)(d * 1048576);
}

static void *work(void *arg) {
	int me = (int)(intptr_t)arg;
	uint64_t random = 88172645463325252 + (uint64_t)me * 7919, want = compute(42);
	int fds[2];
	OK(pipe(fds));
	ready++;
	while (ready < storm_threads)
		sched_yield();
	while (storm_goes_on()) {
		int to = (int)(storm_random(&random) % (uint32_t)storm_threads), payload = (int)(storm_random(&random) & 0xffff);
		union sigval value = {.sival_int = payload};
		if (pthread_sigqueue(threads[to], SIGRTMIN + 1, value) == 0) {
			sent++;
			sent_sum += payload;
		} // otherwise the queue is full, which is no loss
		if (compute(42) != want)
			check_fail(__FILE__, __LINE__, "a computation was disturbed");
		char text[64], back[64];
		memset(text, me, sizeof text);
		ssize_t n = write(fds[1], text, sizeof text);
		if (n != (ssize_t)sizeof text)
			check_fail(__FILE__, __LINE__, "write returned %zd, errno %d", n, errno);
		size_t got = 0;
		while (got < sizeof back) {
			n = read(fds[0], back + got, sizeof back - got);
			if (n > 0)
				got += (size_t)n;
			else if (n == 0 || errno != EINTR) {
				check_fail(__FILE__, __LINE__, "read returned %zd, errno %d", n, errno);
				break;
			}
		}
		if (memcmp(text, back, sizeof text) != 0)
			check_fail(__FILE__, __LINE__, "a pipe changed its contents");
		unsigned char v;
		if (storm_random(&random) % 8 == 0 && try_load((void *)8, &v) != 0)
			check_fail(__FILE__, __LINE__, "a load from nowhere worked");
		if (storm_random(&random) % 16 == 0) {
			struct timespec t = {0, 100000};
			if (nanosleep(&t, NULL) == -1 && errno != EINTR)
				check_fail(__FILE__, __LINE__, "nanosleep: errno %d", errno);
		}
	}
	// Stay until every signal has a thread to go to.
	finished++;
	while (finished < storm_threads)
		sched_yield();
	close(fds[0]), close(fds[1]);
	return NULL;
}

int main(int argc, char **argv) {
	storm_start(argc, argv);
	struct sigaction sa = {.sa_flags = SA_SIGINFO | SA_RESTART};
	sa.sa_sigaction = on_queued;
	OK(sigaction(SIGRTMIN + 1, &sa, NULL));
	sa.sa_flags = SA_SIGINFO;
	sa.sa_sigaction = on_fault;
	OK(sigaction(SIGSEGV, &sa, NULL));
	sa.sa_flags = SA_RESTART;
	sa.sa_handler = on_alarm;
	OK(sigaction(SIGALRM, &sa, NULL));
	struct itimerval timer = {{0, 2000}, {0, 2000}};
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	for (intptr_t i = 0; i < storm_threads; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
			DIE("pthread_create");
	for (int i = 0; i < storm_threads; i++)
		pthread_join(threads[i], NULL);
	timer = (struct itimerval){{0, 0}, {0, 0}};
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	EQ(received, sent);
	EQ(received_sum, sent_sum);
	CHECK(sent > 0);
	CHECK(alarms > 0);
	CHECK(faults > 0);
	return done("storm_signals");
}
