// Calls of which a C library has no function, or that few programs make: futexes of several words and of the second generation, memory
// of other processes, descriptors by pidfd, queued signals to threads, timers that signal a thread, userfaultfd, landlock, secret memory,
// cachestat, keys, memory policies, performance counters. What the host's kernel is without, or forbids, is not tested.
#include "check.h"

#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#define NR_pidfd_open 434
#define NR_pidfd_getfd 438
#define NR_futex_waitv 449
#define NR_cachestat 451
#define NR_futex_wake 454
#define NR_futex_wait 455
#define NR_futex_requeue 456
#define NR_memfd_secret 447

// absent tells that the last call failed because the host is without it or forbids it.
static bool absent(long r) { return r == -1 && (errno == ENOSYS || errno == EPERM || errno == EOPNOTSUPP); }

struct waitv {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
};

static bool flat; // guest addresses are the host's

static _Atomic uint32_t words[4];
static atomic_int ready;
static pid_t waiter_tid;

static void *waits_v(void *arg) {
	struct waitv v[3];
	for (int i = 0; i < 3; i++)
		v[i] = (struct waitv){.uaddr = (uintptr_t)&words[i], .flags = 2 /* FUTEX_32 */ | FUTEX_PRIVATE_FLAG};
	ready = 1;
	*(long *)arg = syscall(NR_futex_waitv, v, 3, 0, NULL, 0);
	return NULL;
}

static void *waits_2(void *arg) {
	ready = 1;
	*(long *)arg = syscall(NR_futex_wait, &words[0], 0UL, 1UL, 2U | FUTEX_PRIVATE_FLAG, NULL, 0);
	return NULL;
}

static void futexes(void) {
	struct waitv v = {.uaddr = (uintptr_t)&words[0], .val = 1, .flags = 2};
	long r = syscall(NR_futex_waitv, &v, 1, 0, NULL, 0);
	if (!absent(r)) {
		FAILS(syscall(NR_futex_waitv, &v, 1, 0, NULL, 0), EAGAIN);
		FAILS(syscall(NR_futex_waitv, &v, 0, 0, NULL, 0), EINVAL);
		struct timespec past = {1, 0};
		v.val = 0;
		FAILS(syscall(NR_futex_waitv, &v, 1, 0, &past, CLOCK_MONOTONIC), ETIMEDOUT);
		long result = -5;
		pthread_t t;
		ready = 0;
		pthread_create(&t, NULL, waits_v, &result);
		while (!ready)
			sched_yield();
		while (syscall(SYS_futex, &words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0)
			sched_yield();
		pthread_join(t, NULL);
		EQ(result, 1); // the index of the word
	}
	r = syscall(NR_futex_wake, &words[0], 1UL, 1, 2U | FUTEX_PRIVATE_FLAG);
	if (!absent(r)) {
		EQ(r, 0);
		FAILS(syscall(NR_futex_wait, &words[0], 1UL, 1UL, 2U, NULL, 0), EAGAIN);
		long result = -5;
		pthread_t t;
		ready = 0;
		pthread_create(&t, NULL, waits_2, &result);
		while (!ready)
			sched_yield();
		while (syscall(NR_futex_wake, &words[0], 1UL, 1, 2U | FUTEX_PRIVATE_FLAG) == 0)
			sched_yield();
		pthread_join(t, NULL);
		EQ(result, 0);
	}
}

static char shared[4096] = "of the parent";

static void memory_of_others(void) {
	int to[2], from[2];
	OK(pipe(to));
	OK(pipe(from));
	pid_t p = fork();
	char c = 0;
	if (p == 0) {
		strcpy(shared, "of the child");
		int fd = open("/dev/zero", O_RDONLY);
		(void)!write(from[1], &fd, sizeof fd);
		(void)!read(to[0], &c, 1);
		_exit(strcmp(shared, "from outside") == 0 ? 7 : 8);
	}
	int theirs;
	EQ(read(from[0], &theirs, sizeof theirs), sizeof theirs);
	char text[2][16] = {"", ""};
	struct iovec local[2] = {{text[0], 6}, {text[1], 10}}, remote = {shared, 13};
	long r = flat ? process_vm_readv(p, local, 2, &remote, 1, 0) : -1;
	if (flat && !absent(r)) {
		EQ(r, 13);
		EQ(memcmp(text[0], "of the", 6), 0);
		STR(text[1], " child");
		struct iovec mine = {"from outside", 13};
		EQ(process_vm_writev(p, &mine, 1, &remote, 1, 0), 13);
		STR(shared, "of the parent");
		remote.iov_base = (void *)8;
		EQ(process_vm_readv(p, local, 1, &remote, 1, 0), -1);
		EQ(errno, EFAULT);
	}
	int pidfd = (int)syscall(NR_pidfd_open, p, 0);
	OK(pidfd);
	int fd = (int)syscall(NR_pidfd_getfd, pidfd, theirs, 0);
	if (!absent(fd)) {
		OK(fd);
		text[0][0] = 1;
		EQ(read(fd, text[0], 1), 1);
		EQ(text[0][0], 0);
		FAILS(syscall(NR_pidfd_getfd, pidfd, 999, 0), EBADF);
		close(fd);
	}
	(void)!write(to[1], &c, 1);
	int status;
	EQ(waitpid(p, &status, 0), p);
	EQ(WEXITSTATUS(status), r == -1 ? 8 : 7);
	FAILS(syscall(NR_pidfd_getfd, pidfd, theirs, 0), ESRCH);
	close(pidfd);
}

static atomic_int got_value, got_tid, got_code;

static void handler(int sig, siginfo_t *info, void *ctx) {
	(void)sig, (void)ctx;
	got_code = info->si_code;
	got_tid = (int)syscall(SYS_gettid);
	got_value = info->si_value.sival_int;
}

static atomic_int stop_waiting;

static void *sleeps(void *arg) {
	(void)arg;
	waiter_tid = (pid_t)syscall(SYS_gettid);
	ready = 1;
	while (!stop_waiting)
		sleep_ms(1);
	return NULL;
}

static void signals_to_threads(void) {
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
	OK(sigaction(SIGRTMIN + 3, &a, NULL));
	pthread_t t;
	ready = 0;
	pthread_create(&t, NULL, sleeps, NULL);
	while (!ready)
		sleep_ms(1);
	siginfo_t info;
	memset(&info, 0, sizeof info);
	info.si_signo = SIGRTMIN + 3;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = 99;
	OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), waiter_tid, SIGRTMIN + 3, &info));
	while (got_value != 99)
		sleep_ms(1);
	EQ(got_tid, waiter_tid);
	EQ(got_code, SI_QUEUE);
	FAILS(syscall(SYS_rt_tgsigqueueinfo, getpid(), 0, SIGRTMIN + 3, &info), EINVAL);
	FAILS(syscall(SYS_rt_tgsigqueueinfo, getpid(), 1 << 30, SIGRTMIN + 3, &info), ESRCH);

	// A timer that signals just that thread.
	struct sigevent ev;
	memset(&ev, 0, sizeof ev);
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = SIGRTMIN + 3;
	ev.sigev_value.sival_int = 7;
	ev._sigev_un._tid = waiter_tid;
	timer_t timer;
	OK(timer_create(CLOCK_MONOTONIC, &ev, &timer));
	struct itimerspec when = {.it_value.tv_nsec = 1000000};
	got_tid = 0;
	OK(timer_settime(timer, 0, &when, NULL));
	while (got_value != 7)
		sleep_ms(1);
	EQ(got_tid, waiter_tid);
	EQ(got_code, SI_TIMER);
	OK(timer_delete(timer));
	ev._sigev_un._tid = 1 << 30;
	FAILS(timer_create(CLOCK_MONOTONIC, &ev, &timer), EINVAL);
	stop_waiting = 1;
	pthread_join(t, NULL);
}

struct fault {
	int fd;
	char *page;
};

static void *answers(void *arg) {
	struct fault *f = arg;
	struct uffd_msg m;
	struct pollfd p = {.fd = f->fd, .events = POLLIN};
	if (poll(&p, 1, 60000) != 1 || read(f->fd, &m, sizeof m) != sizeof m)
		return NULL;
	EQ(m.event, UFFD_EVENT_PAGEFAULT);
	EQ(m.arg.pagefault.address & ~4095UL, (uintptr_t)f->page);
	static char content[4096] __attribute__((aligned(4096)));
	memset(content, 'u', sizeof content);
	struct uffdio_copy c = {.dst = (uintptr_t)f->page, .src = (uintptr_t)content, .len = 4096};
	OK(ioctl(f->fd, UFFDIO_COPY, &c));
	EQ(c.copy, 4096);
	return NULL;
}

static void user_faults(void) {
	struct fault f;
	f.fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (absent(f.fd))
		return;
	OK(f.fd);
	struct uffdio_api api = {.api = UFFD_API};
	OK(ioctl(f.fd, UFFDIO_API, &api));
	f.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register reg = {.range = {(uintptr_t)f.page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	OK(ioctl(f.fd, UFFDIO_REGISTER, &reg));
	pthread_t t;
	pthread_create(&t, NULL, answers, &f);
	EQ(f.page[100], 'u');
	pthread_join(t, NULL);
	OK(ioctl(f.fd, UFFDIO_UNREGISTER, &reg.range));
	close(f.fd);
	munmap(f.page, 4096);
}

static void *opens(void *arg) {
	*(int *)arg = open("out/f", O_RDONLY) == -1 ? errno : 0;
	return NULL;
}

static void *asks(void *arg) {
	OK(syscall(SYS_get_mempolicy, arg, NULL, 0, NULL, 0));
	return NULL;
}

static void rules(void *arg) {
	(void)arg;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return;
	mkdir("in", 0700);
	mkdir("out", 0700);
	close(open("in/f", O_CREAT | O_WRONLY, 0600));
	close(open("out/f", O_CREAT | O_WRONLY, 0600));
	struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE};
	int set = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	OK(set);
	struct landlock_path_beneath_attr beneath = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE, .parent_fd = open("in", O_PATH)};
	OK(syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0));
	OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	OK(syscall(SYS_landlock_restrict_self, set, 0));
	int fd = open("in/f", O_RDONLY);
	OK(fd);
	close(fd);
	FAILS(open("in/f", O_WRONLY), EACCES);
	FAILS(open("out/f", O_RDONLY), EACCES);
	pthread_t t;
	int error = 0;
	pthread_create(&t, NULL, opens, &error);
	pthread_join(t, NULL);
	EQ(error, EACCES);
	pid_t p = fork();
	if (p == 0)
		_exit(open("out/f", O_RDONLY) == -1 && errno == EACCES ? 3 : 4);
	int status;
	EQ(waitpid(p, &status, 0), p);
	EQ(WEXITSTATUS(status), 3);
}

static void files(void) {
	int fd = (int)syscall(NR_memfd_secret, O_CLOEXEC);
	if (!absent(fd)) {
		OK(fd);
		OK(ftruncate(fd, 4096));
		char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(p != MAP_FAILED);
		strcpy(p, "secret");
		STR(p, "secret");
		munmap(p, 4096);
		close(fd);
	}
	fd = open("cached", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char data[16384];
	EQ(write(fd, data, sizeof data), sizeof data);
	struct {
		uint64_t off, len;
	} range = {0, sizeof data};
	struct {
		uint64_t cache, dirty, writeback, evicted, recently;
	} stat = {0};
	long r = syscall(NR_cachestat, fd, &range, &stat, 0);
	if (!absent(r)) {
		EQ(r, 0);
		CHECK(stat.cache + stat.evicted >= 1 && stat.cache <= 4);
		FAILS(syscall(NR_cachestat, fd, &range, &stat, 1), EINVAL);
		FAILS(syscall(NR_cachestat, 999, &range, &stat, 0), EBADF);
	}
	close(fd);
}

static void keys(void) {
	long ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	if (absent(ring))
		return;
	CHECK(ring > 0);
	long key = syscall(SYS_add_key, "user", "guest-test", "payload", 7, KEY_SPEC_SESSION_KEYRING);
	if (absent(key) || (key == -1 && errno == EDQUOT))
		return;
	CHECK(key > 0);
	char text[32] = "";
	EQ(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text), 7);
	STR(text, "payload");
	EQ(syscall(SYS_request_key, "user", "guest-test", NULL, 0), key);
	OK(syscall(SYS_keyctl, KEYCTL_UPDATE, key, "other", 5));
	EQ(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text), 5);
	CHECK(syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof text) > 0);
	OK(syscall(SYS_keyctl, KEYCTL_REVOKE, key));
	FAILS(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text), EKEYREVOKED);
}

static void policies(void) {
	int mode = -1;
	unsigned long nodes[16] = {0};
	long r = syscall(SYS_get_mempolicy, &mode, nodes, 1024, NULL, 0);
	if (absent(r))
		return;
	EQ(r, 0);
	EQ(mode, MPOL_DEFAULT);
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	nodes[0] = 1;
	OK(syscall(SYS_mbind, p, 8192, MPOL_BIND, nodes, 64, 0));
	memset(p, 1, 8192);
	OK(syscall(SYS_get_mempolicy, &mode, nodes, 1024, p, MPOL_F_ADDR));
	EQ(mode, MPOL_BIND);
	EQ(nodes[0], 1);
	OK(syscall(SYS_set_mempolicy, MPOL_PREFERRED, nodes, 64));
	OK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0));
	EQ(mode, MPOL_PREFERRED);
	pthread_t t;
	mode = -1;
	pthread_create(&t, NULL, asks, &mode);
	pthread_join(t, NULL);
	EQ(mode, MPOL_PREFERRED);
	OK(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0));
	if (!flat)
		return;
	void *pages[2] = {p, p + 4096};
	int status[2] = {-1, -1};
	EQ(syscall(SYS_move_pages, 0, 2, pages, NULL, status, 0), 0);
	EQ(status[0], 0);
	EQ(status[1], 0);
	munmap(p, 8192);
}

static void counters(void) {
	struct perf_event_attr a;
	memset(&a, 0, sizeof a);
	a.type = PERF_TYPE_SOFTWARE;
	a.size = sizeof a;
	a.config = PERF_COUNT_SW_TASK_CLOCK;
	a.exclude_kernel = 1;
	int fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
	if (fd == -1) {
		CHECK(errno == EACCES || errno == EPERM || errno == ENOSYS || errno == ENOENT);
		return;
	}
	for (volatile int i = 0; i < 100000; i++)
		continue;
	uint64_t n = 0;
	EQ(read(fd, &n, 8), 8);
	CHECK(n > 0);
	OK(ioctl(fd, PERF_EVENT_IOC_RESET, 0));
	close(fd);
}

int main(void) {
	scratch_dir();
	const char *list = getenv("GUEST_TEST_MISSING");
	flat = list == NULL || strstr(list, "aio") == NULL; // guest addresses are the host's
	futexes();
	memory_of_others();
	signals_to_threads();
	EQ(child_status(rules, NULL), 0);
	files();
	policies();
	counters();
	if (flat) {
		user_faults();
		keys();
	}
	scratch_remove();
	return done("calls");
}
