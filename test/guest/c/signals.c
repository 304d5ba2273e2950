// Signals: action flags, masks, pending and queued signals, waiting for them, interrupted and restarted calls, timers,
// what a handler sees of the context.
#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <sys/time.h>

static volatile sig_atomic_t count, order[64], ordered;

// Shared with children: whether the parent is about to block, and how many handlers have run.
static struct {
	atomic_int blocking, handled;
} *shared;
static siginfo_t info_seen;
static sigset_t mask_seen, context_mask;

static void on_plain(int sig) {
	count++;
	shared->handled++;
	if (ordered < 64)
		order[ordered++] = sig;
}

static void on_info(int sig, siginfo_t *info, void *context) {
	count++;
	if (ordered < 64)
		order[ordered++] = sig;
	info_seen = *info;
	sigprocmask(SIG_BLOCK, NULL, &mask_seen);
	context_mask = ((ucontext_t *)context)->uc_sigmask;
}

static void handle(int sig, void (*f)(int), int flags) {
	struct sigaction sa = {.sa_flags = flags};
	sa.sa_handler = f;
	OK(sigaction(sig, &sa, NULL));
}

static void handle_info(int sig, int flags) {
	struct sigaction sa = {.sa_flags = SA_SIGINFO | flags};
	sa.sa_sigaction = on_info;
	OK(sigaction(sig, &sa, NULL));
}

static sigset_t set_of(int a, int b) {
	sigset_t s;
	sigemptyset(&s);
	if (a)
		sigaddset(&s, a);
	if (b)
		sigaddset(&s, b);
	return s;
}

static void test_action(void) {
	struct sigaction sa = {.sa_flags = SA_RESTART | SA_NODEFER}, old;
	sa.sa_handler = on_plain;
	sa.sa_mask = set_of(SIGUSR2, SIGRTMIN + 3);
	OK(sigaction(SIGUSR1, &sa, &old));
	EQ((uintptr_t)old.sa_handler, (uintptr_t)SIG_DFL);
	OK(sigaction(SIGUSR1, NULL, &old));
	EQ((uintptr_t)old.sa_handler, (uintptr_t)on_plain);
	EQ(old.sa_flags & (SA_RESTART | SA_NODEFER | SA_SIGINFO | (int)SA_RESETHAND), SA_RESTART | SA_NODEFER);
	EQ(sigismember(&old.sa_mask, SIGUSR2), 1);
	EQ(sigismember(&old.sa_mask, SIGRTMIN + 3), 1);
	EQ(sigismember(&old.sa_mask, SIGUSR1), 0);
	FAILS(sigaction(SIGKILL, &sa, NULL), EINVAL);
	FAILS(sigaction(SIGSTOP, &sa, NULL), EINVAL);
	FAILS(sigaction(0, &sa, NULL), EINVAL);
	FAILS(sigaction(65, &sa, NULL), EINVAL);
	OK(sigaction(SIGKILL, NULL, &old));
	FAILS(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, 4), EINVAL); // wrong set size
	FAILS(syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, NULL, 8), EFAULT);
	FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &old.sa_mask, NULL, 4), EINVAL);
	FAILS(syscall(SYS_rt_sigprocmask, 77, &old.sa_mask, NULL, 8), EINVAL);

	// Plain delivery, the return value of kill, the handler runs before kill returns.
	count = 0;
	OK(kill(getpid(), SIGUSR1));
	EQ(count, 1);
	OK(raise(SIGUSR1));
	EQ(count, 2);
	OK(kill(getpid(), 0));
	FAILS(kill(getpid(), 65), EINVAL);
	FAILS(kill(0x3ffffffe, 0), ESRCH);

	handle(SIGUSR1, on_plain, (int)SA_RESETHAND);
	raise(SIGUSR1);
	OK(sigaction(SIGUSR1, NULL, &old));
	EQ((uintptr_t)old.sa_handler, (uintptr_t)SIG_DFL);
	signal(SIGUSR1, SIG_IGN);
	count = 0;
	raise(SIGUSR1);
	EQ(count, 0);
}

static void test_info(void) {
	handle_info(SIGUSR1, 0);
	OK(kill(getpid(), SIGUSR1));
	EQ(info_seen.si_signo, SIGUSR1);
	EQ(info_seen.si_code, SI_USER);
	EQ(info_seen.si_pid, getpid());
	EQ(info_seen.si_uid, getuid());
	EQ(sigismember(&mask_seen, SIGUSR1), 1);
	EQ(sigismember(&context_mask, SIGUSR1), 0);

	OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1));
	EQ(info_seen.si_code, SI_TKILL);
	EQ(info_seen.si_pid, getpid());
	FAILS(syscall(SYS_tgkill, getpid(), 0x3ffffffe, SIGUSR1), ESRCH);
	FAILS(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 65), EINVAL);
	FAILS(syscall(SYS_tgkill, -1, 1, SIGUSR1), EINVAL);

	union sigval value = {.sival_ptr = (void *)0x123456789abcdef0};
	OK(sigqueue(getpid(), SIGUSR1, value));
	EQ(info_seen.si_code, SI_QUEUE);
	EQ((uintptr_t)info_seen.si_value.sival_ptr, 0x123456789abcdef0);
	EQ(info_seen.si_pid, getpid());

	handle_info(SIGUSR1, SA_NODEFER);
	raise(SIGUSR1);
	EQ(sigismember(&mask_seen, SIGUSR1), 0);

	struct sigaction sa = {.sa_flags = SA_SIGINFO, .sa_mask = set_of(SIGTERM, SIGRTMAX)};
	sa.sa_sigaction = on_info;
	OK(sigaction(SIGUSR1, &sa, NULL));
	sigset_t block = set_of(SIGHUP, 0);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	raise(SIGUSR1);
	EQ(sigismember(&mask_seen, SIGTERM), 1);
	EQ(sigismember(&mask_seen, SIGRTMAX), 1);
	EQ(sigismember(&mask_seen, SIGHUP), 1);
	EQ(sigismember(&mask_seen, SIGINT), 0);
	EQ(sigismember(&context_mask, SIGHUP), 1);
	EQ(sigismember(&context_mask, SIGTERM), 0);
	sigset_t now;
	OK(sigprocmask(SIG_SETMASK, NULL, &now));
	EQ(sigismember(&now, SIGTERM), 0);
	EQ(sigismember(&now, SIGHUP), 1);
	OK(sigprocmask(SIG_UNBLOCK, &block, NULL));
}

static void on_change_mask(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)info;
	sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR2);
	count++;
}

static void test_context_mask(void) {
	// The mask in the context is the one after the handler.
	struct sigaction sa = {.sa_flags = SA_SIGINFO};
	sa.sa_sigaction = on_change_mask;
	OK(sigaction(SIGUSR1, &sa, NULL));
	raise(SIGUSR1);
	sigset_t now;
	OK(sigprocmask(SIG_BLOCK, NULL, &now));
	EQ(sigismember(&now, SIGUSR2), 1);
	OK(sigprocmask(SIG_UNBLOCK, &now, NULL));
}

static void test_pending(void) {
	handle(SIGUSR1, on_plain, 0);
	handle(SIGUSR2, on_plain, 0);
	handle(SIGRTMIN, on_plain, 0);
	handle(SIGRTMIN + 1, on_plain, 0);
	sigset_t all, old, pending;
	sigfillset(&all);
	OK(sigprocmask(SIG_SETMASK, &all, &old));
	OK(sigprocmask(SIG_BLOCK, NULL, &pending));
	EQ(sigismember(&pending, SIGKILL), 0); // cannot be blocked
	EQ(sigismember(&pending, SIGSTOP), 0);
	count = ordered = 0;
	raise(SIGUSR2);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1); // standard signals do not queue
	raise(SIGRTMIN + 1);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}); // real-time ones do
	EQ(count, 0);
	OK(sigpending(&pending));
	EQ(sigismember(&pending, SIGUSR1), 1);
	EQ(sigismember(&pending, SIGUSR2), 1);
	EQ(sigismember(&pending, SIGRTMIN), 1);
	EQ(sigismember(&pending, SIGRTMIN + 1), 1);
	EQ(sigismember(&pending, SIGHUP), 0);
	OK(sigprocmask(SIG_SETMASK, &old, NULL));
	EQ(count, 6);
	OK(sigpending(&pending));
	EQ(sigismember(&pending, SIGUSR1), 0);

	// Ignoring a signal discards the pending ones.
	sigset_t one = set_of(SIGUSR1, 0);
	OK(sigprocmask(SIG_BLOCK, &one, NULL));
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	OK(sigpending(&pending));
	EQ(sigismember(&pending, SIGUSR1), 0);
	handle(SIGUSR1, on_plain, 0);
	count = 0;
	OK(sigprocmask(SIG_UNBLOCK, &one, NULL));
	EQ(count, 0);
}

// BLOCK makes a call that blocks; until_blocked in another process waits until it does.
#define BLOCK(call)                                                                                                                \
	({                                                                                                                             \
		shared->blocking = 1;                                                                                                      \
		long block_r = (call);                                                                                                     \
		int block_e = errno;                                                                                                       \
		shared->blocking = 0;                                                                                                      \
		errno = block_e;                                                                                                           \
		block_r;                                                                                                                   \
	})

static void until_blocked(pid_t pid) {
	while (!shared->blocking)
		sleep_ms(1);
	until_asleep(pid, pid);
}

static pid_t start_child(void) {
	shared->blocking = shared->handled = 0;
	return fork();
}

// send_handled sends a signal to a process and waits until its handler has run.
static void send_handled(pid_t pid, int sig) {
	int before = shared->handled;
	kill(pid, sig);
	while (shared->handled == before)
		sleep_ms(1);
}

// interrupt sends a signal to a process that is in BLOCK until it is not: on a busy machine the first can come before the
// call.
static void interrupt(pid_t pid, int sig) {
	until_blocked(pid);
	while (shared->blocking) {
		kill(pid, sig);
		for (int i = 0; i < 1000 && shared->blocking; i++)
			sleep_ms(1);
	}
}

// kick makes a child that interrupts the parent.
static pid_t kick(int sig) {
	pid_t parent = getpid(), pid = start_child();
	if (pid == 0) {
		interrupt(parent, sig);
		_exit(0);
	}
	return pid;
}

static pid_t wait_for_child(pid_t pid) {
	pid_t r;
	while ((r = waitpid(pid, NULL, 0)) == -1 && errno == EINTR)
		continue;
	return r;
}

static void test_wait(void) {
	sigset_t set = set_of(SIGUSR1, SIGRTMIN + 2);
	siginfo_t info;
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	handle(SIGUSR1, on_plain, 0);
	count = 0;
	struct timespec none = {0, 0}, short_time = {0, 30 * 1000 * 1000};
	FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
	double start = seconds_now();
	FAILS(sigtimedwait(&set, &info, &short_time), EAGAIN);
	CHECK(seconds_now() - start >= 0.029);
	FAILS(sigtimedwait(&set, &info, &(struct timespec){0, -1}), EINVAL);

	sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = 10});
	sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = 11});
	raise(SIGUSR1);
	EQ(sigtimedwait(&set, &info, &none), SIGUSR1); // the lower number first
	EQ(info.si_code, SI_USER); // glibc turns SI_TKILL into this here
	EQ(sigwaitinfo(&set, &info), SIGRTMIN + 2);
	EQ(info.si_value.sival_int, 10);
	EQ(info.si_code, SI_QUEUE);
	EQ(sigwaitinfo(&set, NULL), SIGRTMIN + 2);
	FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
	EQ(count, 0);

	// A signal outside the set interrupts the wait.
	handle(SIGUSR2, on_plain, SA_RESTART);
	pid_t parent = getpid(), pid = start_child();
	if (pid == 0) {
		interrupt(parent, SIGUSR2);
		kill(parent, SIGUSR1);
		_exit(0);
	}
	FAILS(BLOCK(sigwaitinfo(&set, &info)), EINTR);
	CHECK(count >= 1);
	EQ(sigwaitinfo(&set, &info), SIGUSR1);
	EQ(info.si_pid, pid);
	EQ(info.si_code, SI_USER);
	EQ(wait_for_child(pid), pid);

	// sigsuspend swaps the mask for the wait only.
	count = 0;
	raise(SIGUSR1);
	EQ(count, 0);
	sigset_t empty;
	sigemptyset(&empty);
	FAILS(sigsuspend(&empty), EINTR);
	EQ(count, 1);
	sigset_t now;
	OK(sigprocmask(SIG_BLOCK, NULL, &now));
	EQ(sigismember(&now, SIGUSR1), 1);
	OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

static void test_interrupted(void) {
	int fds[2];
	char c;
	pid_t pid;
	OK(pipe(fds));

	handle(SIGUSR1, on_plain, 0);
	count = 0;
	pid = kick(SIGUSR1);
	FAILS(BLOCK(read(fds[0], &c, 1)), EINTR);
	CHECK(count >= 1);
	EQ(wait_for_child(pid), pid);

	// With SA_RESTART the read goes on after the handler; the child then writes.
	handle(SIGUSR1, on_plain, SA_RESTART);
	count = 0;
	pid_t parent = getpid();
	pid = start_child();
	if (pid == 0) {
		until_blocked(parent);
		for (int i = 0; i < 3; i++) {
			send_handled(parent, SIGUSR1);
			until_asleep(parent, parent);
		}
		_exit(write(fds[1], "x", 1) != 1);
	}
	EQ(BLOCK(read(fds[0], &c, 1)), 1);
	EQ(c, 'x');
	EQ(count, 3);
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);

	// nanosleep is interrupted always and tells the rest; an ignored signal does not disturb it.
	count = 0;
	pid = kick(SIGUSR1);
	struct timespec rest = {0, 0}, request = {100, 0};
	FAILS(BLOCK(nanosleep(&request, &rest)), EINTR);
	CHECK(rest.tv_sec >= 1 && rest.tv_sec <= 99 && rest.tv_nsec >= 0);
	EQ(wait_for_child(pid), pid);
	signal(SIGUSR1, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 3; i++) {
			sleep_ms(20);
			kill(parent, SIGUSR1);
		}
		_exit(0);
	}
	double start = seconds_now();
	OK(nanosleep(&(struct timespec){0, 150 * 1000 * 1000}, NULL));
	CHECK(seconds_now() - start >= 0.149);
	EQ(wait_for_child(pid), pid);

	// An absolute sleep; clock_nanosleep returns the error.
	handle(SIGUSR1, on_plain, SA_RESTART);
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += 100;
	pid = kick(SIGUSR1);
	EQ(BLOCK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)), EINTR);
	EQ(wait_for_child(pid), pid);

	// futex: restarts with SA_RESTART when it has no timeout, so only the wake ends it.
	int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	count = 0;
	pid = start_child();
	if (pid == 0) {
		until_blocked(parent);
		send_handled(parent, SIGUSR1);
		while (syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0)
			sleep_ms(5);
		_exit(0);
	}
	EQ(BLOCK(syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0)), 0);
	EQ(count, 1);
	EQ(wait_for_child(pid), pid);
	handle(SIGUSR1, on_plain, 0);
	pid = kick(SIGUSR1);
	FAILS(BLOCK(syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0)), EINTR);
	EQ(wait_for_child(pid), pid);

	// wait for a child, and calls that never restart: select, poll, epoll, a socket with a timeout.
	handle(SIGUSR1, on_plain, SA_RESTART);
	pid = kick(SIGUSR1);
	fd_set readable;
	FD_ZERO(&readable);
	FD_SET(fds[0], &readable);
	FAILS(BLOCK(select(fds[0] + 1, &readable, NULL, NULL, &(struct timeval){100, 0})), EINTR);
	EQ(wait_for_child(pid), pid);
	int pair[2];
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	OK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){100, 0}, sizeof(struct timeval)));
	pid = kick(SIGUSR1);
	FAILS(BLOCK(read(pair[0], &c, 1)), EINTR);
	EQ(wait_for_child(pid), pid);
	pid = kick(SIGUSR1);
	FAILS(BLOCK(pause()), EINTR);
	EQ(wait_for_child(pid), pid);
	close(pair[0]), close(pair[1]), close(fds[0]), close(fds[1]);
	munmap(word, 4096);
}

// wait_for waits for the handler of a signal to have run n times.
static void wait_for(int sig, int n) {
	sigset_t block = set_of(sig, 0), before;
	OK(sigprocmask(SIG_BLOCK, &block, &before));
	while (count < n)
		sigsuspend(&before);
	OK(sigprocmask(SIG_SETMASK, &before, NULL));
}

static void test_timers(void) {
	handle_info(SIGALRM, 0);
	count = 0;
	EQ(alarm(100), 0);
	unsigned left = alarm(0);
	CHECK(left >= 50 && left <= 100);
	struct itimerval timer = {{0, 20000}, {0, 20000}}, old;
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	wait_for(SIGALRM, 3);
	EQ(info_seen.si_code, SI_KERNEL);
	OK(getitimer(ITIMER_REAL, &old));
	EQ(old.it_interval.tv_usec, 20000);
	CHECK(old.it_value.tv_usec <= 20000);
	OK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, &old));
	FAILS(setitimer(77, &timer, NULL), EINVAL);
	FAILS(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 1000000}}, NULL), EINVAL);

	// A processor timer interrupts a loop without system calls.
	handle(SIGVTALRM, on_plain, 0);
	count = 0;
	OK(setitimer(ITIMER_VIRTUAL, &(struct itimerval){{0, 0}, {0, 20000}}, NULL));
	volatile long spin = 0;
	while (count == 0)
		spin++;
	CHECK(spin > 0);

	handle_info(SIGRTMIN + 5, 0);
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 5};
	event.sigev_value.sival_ptr = (void *)0x1122334455667788;
	timer_t id;
	OK(timer_create(CLOCK_MONOTONIC, &event, &id));
	count = 0;
	struct itimerspec its = {{0, 0}, {100, 20 * 1000 * 1000}}, now;
	OK(timer_settime(id, 0, &its, NULL));
	OK(timer_gettime(id, &now));
	CHECK(now.it_value.tv_sec >= 1 && now.it_value.tv_sec <= 100);
	its.it_value.tv_sec = 0;
	OK(timer_settime(id, 0, &its, NULL));
	wait_for(SIGRTMIN + 5, 1);
	EQ(info_seen.si_code, SI_TIMER);
	EQ((uintptr_t)info_seen.si_value.sival_ptr, 0x1122334455667788);
	EQ(info_seen.si_overrun, 0);

	// Overruns while the signal is blocked.
	sigset_t set = set_of(SIGRTMIN + 5, 0);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	its.it_interval.tv_nsec = its.it_value.tv_nsec = 5 * 1000 * 1000;
	OK(timer_settime(id, 0, &its, NULL));
	sleep_ms(60);
	siginfo_t info;
	EQ(sigwaitinfo(&set, &info), SIGRTMIN + 5);
	CHECK(info.si_overrun >= 5);
	CHECK(timer_getoverrun(id) >= 5);
	OK(timer_delete(id));
	while (sigtimedwait(&set, &info, &(struct timespec){0, 0}) > 0)
		continue;
	OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	FAILS(timer_settime(id, 0, &its, NULL), EINVAL);
	FAILS(timer_create(99, &event, &id), EINVAL);
}

static pthread_t main_thread;
static volatile pthread_t handled_by;

static void on_thread(int sig) {
	(void)sig;
	handled_by = pthread_self();
	count++;
}

static void *hold_signal(void *ready) {
	sigset_t set = set_of(SIGUSR2, 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	*(atomic_int *)ready = 1;
	while (count == 0)
		sleep_ms(1);
	return NULL;
}

static void test_threads(void) {
	// A signal for the process goes to the thread that does not block it.
	main_thread = pthread_self();
	handle(SIGUSR2, on_thread, 0);
	sigset_t set = set_of(SIGUSR2, 0);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	count = 0;
	static atomic_int ready;
	pthread_t t;
	pthread_create(&t, NULL, hold_signal, &ready);
	while (!ready)
		sleep_ms(1);
	OK(kill(getpid(), SIGUSR2));
	pthread_join(t, NULL);
	EQ(count, 1);
	CHECK(pthread_equal(handled_by, t));
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	EQ(count, 1);
	EQ(pthread_kill(main_thread, SIGUSR2), 0);
	EQ(count, 2);
	CHECK(pthread_equal(handled_by, main_thread));
}

static sigjmp_buf jump;

static void on_jump(int sig) {
	siglongjmp(jump, sig);
}

static void on_nest(int sig) {
	order[ordered++] = sig;
	if (sig == SIGUSR1)
		raise(SIGUSR2);
	order[ordered++] = -sig;
}

static void test_nesting(void) {
	handle(SIGUSR1, on_nest, 0);
	handle(SIGUSR2, on_nest, 0);
	ordered = 0;
	raise(SIGUSR1);
	EQ(ordered, 4);
	EQ(order[0], SIGUSR1);
	EQ(order[1], SIGUSR2);
	EQ(order[2], -SIGUSR2);
	EQ(order[3], -SIGUSR1);

	handle(SIGUSR1, on_jump, 0);
	for (int i = 0; i < 3; i++) {
		int sig = sigsetjmp(jump, 1);
		if (sig == 0) {
			raise(SIGUSR1);
			CHECK(!"raise returned");
		}
		EQ(sig, SIGUSR1);
	}
	sigset_t now;
	OK(sigprocmask(SIG_BLOCK, NULL, &now));
	EQ(sigismember(&now, SIGUSR1), 0);
}

static char alternate[32 * 1024] __attribute__((aligned(16)));
static volatile uintptr_t where;

static void on_where(int sig) {
	char here;
	(void)sig;
	where = (uintptr_t)&here;
	count++;
}

static void test_alternate_stack(void) {
	stack_t ss = {.ss_sp = alternate, .ss_size = sizeof alternate};
	OK(sigaltstack(&ss, NULL));
	handle(SIGUSR1, on_where, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(where >= (uintptr_t)alternate && where < (uintptr_t)alternate + sizeof alternate);
	handle(SIGUSR1, on_where, 0);
	raise(SIGUSR1);
	CHECK(!(where >= (uintptr_t)alternate && where < (uintptr_t)alternate + sizeof alternate));
	ss.ss_flags = SS_DISABLE;
	OK(sigaltstack(&ss, NULL));
	handle(SIGUSR1, on_where, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(!(where >= (uintptr_t)alternate && where < (uintptr_t)alternate + sizeof alternate));
}

static void die_of(void *sig) {
	signal((int)(intptr_t)sig, SIG_DFL);
	raise((int)(intptr_t)sig);
}

static void test_default_actions(void) {
	const int fatal[] = {SIGHUP, SIGINT, SIGTERM, SIGKILL, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMAX, SIGVTALRM};
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
		int status = child_status(die_of, (void *)(intptr_t)fatal[i]);
		CHECK(WIFSIGNALED(status));
		EQ(WTERMSIG(status), fatal[i]);
	}
	static const int harmless[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		EQ(child_status(die_of, (void *)(intptr_t)harmless[i]), 0);
}

int main(void) {
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_action();
	test_info();
	test_context_mask();
	test_pending();
	test_wait();
	test_interrupted();
	test_timers();
	test_threads();
	test_nesting();
	test_alternate_stack();
	test_default_actions();
	return done("signals");
}
