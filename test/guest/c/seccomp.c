// seccomp(2) and prctl(PR_SET_SECCOMP): strict and filter mode, every action, inheritance by threads, fork, vfork and
// execve, synchronised threads, notifications to a supervisor, and what is refused. Filters are installed in children only.
#include "check.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifdef __riscv
#ifndef AUDIT_ARCH_RISCV64
#define AUDIT_ARCH_RISCV64 (243 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH AUDIT_ARCH_X86_64
#endif

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif
#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif

extern char **environ;
static char *self;

static long seccomp(unsigned op, unsigned long flags, void *args) {
	return syscall(SYS_seccomp, op, flags, args);
}

#define OFF(field) (unsigned)offsetof(struct seccomp_data, field)
#define LD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFF(field))
#define RET(v) BPF_STMT(BPF_RET | BPF_K, (unsigned)(v))
#define IF_EQ(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(v), 0, skip)

static void no_new_privs(void) {
	OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static struct sock_fprog fprog(struct sock_filter *f, size_t n) {
	return (struct sock_fprog){.len = (unsigned short)n, .filter = f};
}

#define PROG(list) fprog(list, sizeof list / sizeof *list)

// answer installs a filter: action for syscall nr, the rest is allowed; another architecture kills.
static long answer(long nr, unsigned action, unsigned long flags) {
	struct sock_filter f[] = {
		LD(arch), IF_EQ(ARCH, 4), LD(nr), IF_EQ(nr, 1), RET(action), RET(SECCOMP_RET_ALLOW), RET(SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog p = PROG(f);
	no_new_privs();
	return seccomp(SECCOMP_SET_MODE_FILTER, flags, &p);
}

// signalled wants a child to have died by a signal.
#define SIGNALLED(status, sig)                                                                                                     \
	do {                                                                                                                           \
		int signalled_st = (status);                                                                                               \
		CHECK(WIFSIGNALED(signalled_st));                                                                                          \
		EQ(WTERMSIG(signalled_st), sig);                                                                                           \
	} while (0)

static void refused(void *arg) {
	(void)arg;
	struct sock_filter allow[] = {RET(SECCOMP_RET_ALLOW)};
	struct sock_fprog p = PROG(allow);
	FAILS(seccomp(99, 0, NULL), EINVAL);
	FAILS(seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL), EINVAL);
	FAILS(seccomp(SECCOMP_SET_MODE_STRICT, 0, &p), EINVAL);
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 1UL << 31, &p), EINVAL);
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER, &p), EINVAL);
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, (void *)8), EFAULT);
	p.len = 0;
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EINVAL);
	p.len = 5000;
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EINVAL);
	p = PROG(allow);
	if (geteuid() == 0) { // without privileges the process must have given up getting any
		pid_t pid = fork();
		if (pid == 0) {
			check_failures = 0;
			OK(setuid(65534));
			FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EACCES);
			no_new_privs();
			OK(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p));
			_exit(check_failures);
		}
		int status;
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, 0);
	} else {
		FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EACCES);
	}
	no_new_privs();
	EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	p.filter = (void *)8;
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EFAULT);
	FAILS(prctl(PR_SET_SECCOMP, 7, 0, 0, 0), EINVAL);

	struct sock_filter no_return[] = {LD(nr)};
	p = PROG(no_return);
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EINVAL);
	struct sock_filter beyond[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)), RET(SECCOMP_RET_ALLOW)};
	p = PROG(beyond);
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EINVAL);
	struct sock_filter unaligned[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 1), RET(SECCOMP_RET_ALLOW)};
	p = PROG(unaligned);
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EINVAL);
	struct sock_filter outside[] = {BPF_JUMP(BPF_JMP | BPF_JA, 7, 0, 0), RET(SECCOMP_RET_ALLOW)};
	p = PROG(outside);
	FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p), EINVAL);
	EQ(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
}

static void available(void) {
	unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_USER_NOTIF,
		SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW};
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		OK(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]));
	unsigned odd = 0x12340000;
	FAILS(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &odd), EOPNOTSUPP);
	FAILS(seccomp(SECCOMP_GET_ACTION_AVAIL, 1, &actions[0]), EINVAL);
	FAILS(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, NULL), EFAULT);
	struct seccomp_notif_sizes sizes;
	memset(&sizes, 0, sizeof sizes);
	OK(seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes));
	EQ(sizes.seccomp_data, sizeof(struct seccomp_data));
	EQ(sizes.seccomp_notif, sizeof(struct seccomp_notif));
	EQ(sizes.seccomp_notif_resp, sizeof(struct seccomp_notif_resp));
}

static void strict_allowed(void *arg) {
	int *pipes = arg;
	char c = 'x';
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) != 0)
		_exit(9);
	(void)!write(pipes[1], &c, 1);
	(void)!read(pipes[0], &c, 1);
	syscall(SYS_exit, c == 'x' ? 42 : 1);
}

static void strict_refused(void *arg) {
	(void)arg;
	if (seccomp(SECCOMP_SET_MODE_STRICT, 0, NULL) != 0)
		_exit(9);
	syscall(SYS_getpid);
	syscall(SYS_exit, 1);
}

static void errnos(void *arg) {
	(void)arg;
	EQ(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	OK(answer(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, 0));
	EQ(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
	FAILS(syscall(SYS_getppid), ENOTTY);
	CHECK(syscall(SYS_getpid) > 0);
	// Of equal actions the newest filter's counts, else the stricter action.
	OK(answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV, 0));
	FAILS(syscall(SYS_getppid), EXDEV);
	OK(answer(SYS_getppid, SECCOMP_RET_LOG, 0));
	FAILS(syscall(SYS_getppid), EXDEV);
	OK(answer(SYS_gettid, SECCOMP_RET_ERRNO | 0, 0));
	EQ(syscall(SYS_gettid), 0);
	OK(answer(SYS_getuid, SECCOMP_RET_ERRNO | EINTR, 0)); // an errno with a meaning of its own
	FAILS(syscall(SYS_getuid), EINTR);
	OK(answer(SYS_geteuid, SECCOMP_RET_ERRNO | 0xffff, 0)); // the largest errno
	errno = 0;
	EQ(syscall(SYS_geteuid), -1);
	EQ(errno, 4095);
	OK(answer(SYS_getgid, SECCOMP_RET_TRACE | 7, 0)); // nobody traces
	FAILS(syscall(SYS_getgid), ENOSYS);
	OK(answer(SYS_getegid, SECCOMP_RET_USER_NOTIF, 0)); // nobody listens
	FAILS(syscall(SYS_getegid), ENOSYS);
	OK(answer(SYS_umask, SECCOMP_RET_LOG, 0));
	CHECK(syscall(SYS_umask, 022) >= 0);
	FAILS(seccomp(SECCOMP_SET_MODE_STRICT, 0, NULL), EINVAL);
	// Other numbers are judged too.
	OK(answer(1000, SECCOMP_RET_ERRNO | EXDEV, 0));
	FAILS(syscall(1000), EXDEV);
	FAILS(syscall(1001), ENOSYS);
}

// arguments makes a decision by all halves of an argument, by arithmetic and by memory.
static void arguments(void *arg) {
	(void)arg;
	struct sock_filter f[] = {
		LD(nr),
		IF_EQ(SYS_getpriority, 9),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFF(args[3]) + 4), // high half
		BPF_STMT(BPF_ST, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFF(args[5])),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 3),
		BPF_STMT(BPF_LDX | BPF_MEM, 3),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_A, 0),
		RET(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = PROG(f);
	no_new_privs();
	OK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0));
	FAILS(syscall(SYS_getpriority, 0, 0, 0, 5UL << 32 | 99, 0, 7), 26);
}

static void kill_process(void *arg) {
	OK(answer(SYS_getppid, *(unsigned *)arg, 0));
	signal(SIGSYS, SIG_IGN);
	syscall(SYS_getppid);
}

static volatile sig_atomic_t sys_count;
static siginfo_t sys_info;

static void on_sys(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)context;
	sys_info = *info;
	sys_count++;
}

static void trap(void *arg) {
	(void)arg;
	struct sigaction sa = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
	OK(sigaction(SIGSYS, &sa, NULL));
	OK(answer(SYS_getppid, SECCOMP_RET_TRAP | 0x1234, 0));
	for (int i = 1; i <= 3; i++) {
		syscall(SYS_getppid);
		EQ(sys_count, i);
	}
	EQ(sys_info.si_signo, SIGSYS);
	EQ(sys_info.si_code, SYS_SECCOMP);
	EQ(sys_info.si_errno, 0x1234);
	EQ(sys_info.si_syscall, SYS_getppid);
	EQ(sys_info.si_arch, ARCH);
	CHECK(sys_info.si_call_addr != NULL);
	// Blocked, it kills.
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	if (check_failures != 0)
		_exit(1);
	syscall(SYS_getppid);
}

static void *thread_dies(void *arg) {
	(void)arg;
	syscall(SYS_getppid);
	atomic_store((atomic_int *)arg, 1);
	return NULL;
}

static void *thread_judged(void *arg) {
	FAILS(syscall(SYS_getppid), EXDEV);
	atomic_store((atomic_int *)arg, 1);
	return NULL;
}

// threads: a killed thread leaves the others alone, and a new one inherits.
static void threads(void *arg) {
	(void)arg;
	atomic_int ran = 0;
	pthread_t th;
	OK(answer(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0));
	EQ(pthread_create(&th, NULL, thread_dies, &ran), 0);
	EQ(pthread_join(th, NULL), 0);
	EQ(ran, 0);
}

static void inherited(void *arg) {
	(void)arg;
	atomic_int ran = 0;
	pthread_t th;
	OK(answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV, 0));
	EQ(pthread_create(&th, NULL, thread_judged, &ran), 0);
	EQ(pthread_join(th, NULL), 0);
	EQ(ran, 1);
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		check_failures = 0;
		FAILS(syscall(SYS_getppid), EXDEV);
		_exit(check_failures);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	pid = vfork();
	if (pid == 0) {
		errno = 0;
		_exit(syscall(SYS_getppid) == -1 && errno == EXDEV ? 0 : 1);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	char *argv[] = {self, "judged", NULL};
	pid = fork();
	if (pid == 0) {
		execv(self, argv);
		_exit(99);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	EQ(posix_spawn(&pid, self, NULL, NULL, argv, environ), 0); // vfork and execve
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}

static atomic_int stage;

static void *waits(void *arg) {
	atomic_store((atomic_int *)arg, (int)syscall(SYS_gettid));
	while (atomic_load(&stage) == 0)
		sched_yield();
	errno = 0;
	long r = syscall(SYS_getppid);
	return (void *)(intptr_t)(r == -1 ? errno : 0);
}

static void *confines_itself(void *arg) {
	OK(answer(SYS_gettid, SECCOMP_RET_ERRNO | 1, 0));
	return waits(arg);
}

// synchronised: a filter for all threads, refused if one has another.
static void synchronised(void *arg) {
	(void)arg;
	atomic_int tid = 0;
	pthread_t th;
	void *result;
	EQ(pthread_create(&th, NULL, waits, &tid), 0);
	while (atomic_load(&tid) == 0)
		sched_yield();
	OK(answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV, SECCOMP_FILTER_FLAG_TSYNC));
	atomic_store(&stage, 1);
	EQ(pthread_join(th, &result), 0);
	EQ((intptr_t)result, EXDEV);

	atomic_store(&stage, 0);
	tid = 0;
	EQ(pthread_create(&th, NULL, confines_itself, &tid), 0);
	while (atomic_load(&tid) == 0)
		sched_yield();
	CHECK(answer(SYS_getuid, SECCOMP_RET_ERRNO | EXDEV, SECCOMP_FILTER_FLAG_TSYNC) > 0);
	FAILS(answer(SYS_getuid, SECCOMP_RET_ERRNO | EXDEV, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH), ESRCH);
	CHECK((long)syscall(SYS_getuid) >= 0);
	atomic_store(&stage, 1);
	EQ(pthread_join(th, &result), 0);
	EQ((intptr_t)result, EXDEV);
}

// notified: the parent supervises its child's calls.
static void send_fd(int socket, int fd) {
	char c = 'f', control[CMSG_SPACE(sizeof fd)] = {0};
	struct iovec iov = {&c, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(h), &fd, sizeof fd);
	EQ(sendmsg(socket, &m, 0), 1);
}

static int receive_fd(int socket) {
	char c, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&c, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	int fd = -1;
	if (recvmsg(socket, &m, 0) == 1 && CMSG_FIRSTHDR(&m) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

static void *notified_thread(void *arg) {
	EQ(syscall(SYS_umask, 3), 77);
	return arg;
}

static void notified(void) {
	int pair[2], status;
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid_t pid = fork();
	if (pid == 0) {
		check_failures = 0;
		int fd = (int)answer(SYS_umask, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
		OK(fd);
		if (fd >= 0) {
			FAILS(answer(SYS_getuid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER), EBUSY);
			send_fd(pair[1], fd);
			close(fd);
			FAILS(syscall(SYS_umask, 1, 2, 3, 4, 5, 6UL << 32), EXDEV); // answered with an error
			EQ(syscall(SYS_umask, 2), 4711);                       // with a value
			pthread_t th;
			EQ(pthread_create(&th, NULL, notified_thread, NULL), 0);
			EQ(pthread_join(th, NULL), 0);
			CHECK(syscall(SYS_umask, 022) >= 0 && syscall(SYS_umask, 4) == 022); // continued, twice
			int extra = (int)syscall(SYS_umask, 5);                              // a descriptor was added
			char c = 0;
			EQ(read(extra, &c, 1), 1);
			EQ(c, 'q');
		}
		_exit(check_failures);
	}
	close(pair[1]);
	int fd = receive_fd(pair[0]);
	CHECK(fd >= 0);
	for (int i = 0; fd >= 0 && i < 6; i++) {
		struct seccomp_notif n;
		struct seccomp_notif_resp r;
		memset(&n, 0, sizeof n);
		memset(&r, 0, sizeof r);
		struct pollfd p = {.fd = fd, .events = POLLIN};
		EQ(poll(&p, 1, 60000), 1);
		EQ(p.revents, POLLIN);
		OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n));
		EQ(n.data.nr, SYS_umask);
		EQ(n.data.arch, ARCH);
		if (i != 2)
			EQ(n.pid, pid);
		OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id));
		r.id = n.id;
		switch (i) {
		case 0:
			EQ(n.data.args[0], 1);
			EQ(n.data.args[4], 5);
			EQ(n.data.args[5], 6UL << 32);
			r.error = -EXDEV;
			break;
		case 1:
			EQ(n.data.args[0], 2);
			r.val = 4711;
			break;
		case 2:
			EQ(n.data.args[0], 3);
			r.val = 77;
			break;
		case 3:
			r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
			r.val = 1;
			FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r), EINVAL);
			r.val = 0;
			break;
		case 4:
			r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
			break;
		case 5: {
			int ends[2];
			OK(pipe(ends));
			EQ(write(ends[1], "q", 1), 1);
			struct seccomp_notif_addfd add = {.id = n.id, .srcfd = (unsigned)ends[0]};
			int got = ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
			OK(got);
			r.val = got;
			close(ends[0]);
			close(ends[1]);
			break;
		}
		}
		OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r));
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	EQ(poll(&p, 1, 60000), 1);
	EQ(p.revents, POLLHUP); // nobody is left to supervise
	close(fd);
	close(pair[0]);
}

// proc wants /proc/self/status to tell the mode and the number of filters.
static void proc_status(void *arg) {
	(void)arg;
	OK(answer(SYS_getppid, SECCOMP_RET_ERRNO | 1, 0));
	OK(answer(SYS_getppid, SECCOMP_RET_ERRNO | 1, 0));
	char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);
	CHECK(n > 0);
	text[n > 0 ? n : 0] = 0;
	CHECK(strstr(text, "\nSeccomp:\t2\n") != NULL);
	CHECK(strstr(text, "\nSeccomp_filters:\t2\n") != NULL);
	CHECK(strstr(text, "\nNoNewPrivs:\t1\n") != NULL);
	close(fd);
}

// too_much: the instructions of all filters together are limited.
static void too_much(void *arg) {
	(void)arg;
	static struct sock_filter f[4096];
	for (int i = 0; i < 4096; i++)
		f[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	struct sock_fprog p = PROG(f);
	no_new_privs();
	int n = 0;
	while (n < 20 && seccomp(SECCOMP_SET_MODE_FILTER, 0, &p) == 0)
		n++;
	EQ(errno, ENOMEM);
	CHECK(n >= 3 && n < 20);
}

int main(int argc, char **argv) {
	self = argv[0];
	if (argc > 1) {
		FAILS(syscall(SYS_getppid), EXDEV);
		EQ(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
		return check_failures;
	}
	int pipes[2];
	OK(pipe(pipes));
	available();
	EQ(child_status(refused, NULL), 0);
	EQ(WEXITSTATUS(child_status(strict_allowed, pipes)), 42);
	SIGNALLED(child_status(strict_refused, NULL), SIGKILL);
	EQ(child_status(errnos, NULL), 0);
	EQ(child_status(arguments, NULL), 0);
	unsigned deadly[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, 0x11110000, 0x80010000};
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		SIGNALLED(child_status(kill_process, &deadly[i]), SIGSYS);
	SIGNALLED(child_status(trap, NULL), SIGSYS);
	EQ(child_status(threads, NULL), 0);
	EQ(child_status(inherited, NULL), 0);
	EQ(child_status(synchronised, NULL), 0);
	notified();
	EQ(child_status(proc_status, NULL), 0);
	EQ(child_status(too_much, NULL), 0);
	return done("seccomp");
}
