// Namespaces: by clone's flags, by unshare and by setns, of a program of one thread and of several; clone3 with a descriptor for the
// child, chosen IDs, a cgroup. Where the host does not let users make namespaces only the refusals are tested.
#include "check.h"

#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static pid_t clone_flags(unsigned long flags) {
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

static pid_t clone3_args(struct clone_args *a) {
	return (pid_t)syscall(SYS_clone3, a, sizeof *a);
}

static unsigned long inode(const char *path) {
	struct stat s;
	return stat(path, &s) == 0 ? s.st_ino : 0;
}

static void put(const char *path, const char *format, unsigned long v) {
	char text[64];
	snprintf(text, sizeof text, format, v);
	int fd = open(path, O_WRONLY);
	if (fd != -1) {
		EQ(write(fd, text, strlen(text)), strlen(text));
		close(fd);
	} else
		check_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
}

static void map_root(unsigned long uid, unsigned long gid) {
	put("/proc/self/setgroups", "deny", 0);
	put("/proc/self/uid_map", "0 %lu 1", uid);
	put("/proc/self/gid_map", "0 %lu 1", gid);
}

static void *adds(void *arg) {
	for (int i = 0; i < 1000; i++)
		atomic_fetch_add((atomic_int *)arg, 1);
	free(malloc(1 << 20));
	return NULL;
}

// works makes sure that threads, children, signals, memory and timers still do.
static void works(void) {
	atomic_int sum = 0;
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		EQ(pthread_create(&t[i], NULL, adds, &sum), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	EQ(sum, 4000);
	for (int i = 0; i < 3; i++) {
		pid_t p = fork();
		if (p == 0)
			_exit(i);
		int status;
		EQ(waitpid(p, &status, 0), p);
		EQ(WEXITSTATUS(status), i);
	}
	sleep_ms(2);
	char *m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(m, 1, 1 << 20);
	munmap(m, 1 << 20);
}

static void user(void *arg) {
	(void)arg;
	unsigned long uid = getuid(), gid = getgid(), was = inode("/proc/self/ns/user");
	pid_t pid = getpid(), tid = (pid_t)syscall(SYS_gettid);
	OK(unshare(CLONE_NEWUSER));
	EQ(getpid(), pid);
	EQ(syscall(SYS_gettid), tid);
	CHECK(inode("/proc/self/ns/user") != was);
	map_root(uid, gid);
	EQ(getuid(), 0);
	EQ(geteuid(), 0);
	EQ(getgid(), 0);
	works();
	OK(unshare(CLONE_NEWUSER)); // once more, from inside
	works();
}

static void all(void *arg) {
	(void)arg;
	unsigned long uid = getuid(), gid = getgid(), mnt = inode("/proc/self/ns/mnt"), net = inode("/proc/self/ns/net"), pidns = inode("/proc/self/ns/pid");
	OK(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID));
	map_root(uid, gid);
	CHECK(inode("/proc/self/ns/mnt") != mnt && inode("/proc/self/ns/net") != net);
	EQ(inode("/proc/self/ns/pid"), pidns);
	CHECK(inode("/proc/self/ns/pid_for_children") != pidns);
	OK(sethostname("inner", 5));
	struct utsname u;
	OK(uname(&u));
	STR(u.nodename, "inner");
	OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	OK(mount("none", "/tmp", "tmpfs", 0, NULL));
	OK(close(open("/tmp/inside", O_CREAT | O_WRONLY, 0600)));
	pid_t p = fork();
	if (p == 0) {
		check_failures = 0;
		EQ(getpid(), 1);
		EQ(access("/tmp/inside", F_OK), 0);
		OK(mount("proc", "/proc", "proc", 0, NULL));
		char self[32] = "";
		CHECK(readlink("/proc/self", self, sizeof self - 1) > 0);
		STR(self, "1");
		works();
		_exit(check_failures != 0);
	}
	int status;
	EQ(waitpid(p, &status, 0), p);
	EQ(status, 0);
}

static void *unshares(void *arg) {
	(void)arg;
	FAILS(unshare(CLONE_NEWUSER), EINVAL);
	return NULL;
}

static void several(void *arg) {
	(void)arg;
	pthread_t t;
	EQ(pthread_create(&t, NULL, unshares, NULL), 0);
	pthread_join(t, NULL);
	works();
	OK(unshare(CLONE_NEWUSER)); // now there is one
}

// enters joins the namespaces of a child.
static void enters(void *arg) {
	(void)arg;
	int to[2], from[2];
	OK(pipe(to));
	OK(pipe(from));
	unsigned long uid = getuid(), gid = getgid();
	pid_t p = clone_flags(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS);
	char c = 0;
	if (p == 0) {
		map_root(uid, gid);
		sethostname("child", 5);
		(void)!write(from[1], &c, 1);
		(void)!read(to[0], &c, 1);
		_exit(0);
	}
	EQ(read(from[0], &c, 1), 1);
	char path[64];
	int fds[3];
	const char *names[] = {"user", "mnt", "uts"};
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)p, names[i]);
		fds[i] = open(path, O_RDONLY);
		OK(fds[i]);
	}
	OK(setns(fds[0], CLONE_NEWUSER));
	OK(setns(fds[1], 0));
	OK(setns(fds[2], CLONE_NEWUTS));
	FAILS(setns(fds[2], CLONE_NEWNET), EINVAL);
	FAILS(setns(999, 0), EBADF);
	EQ(getuid(), 0);
	struct utsname u;
	OK(uname(&u));
	STR(u.nodename, "child");
	works();
	(void)!write(to[1], &c, 1);
	int status;
	EQ(waitpid(p, &status, 0), p);
	EQ(status, 0);
}

static void by_clone(void) {
	unsigned long uid = getuid(), gid = getgid();
	pid_t p = clone_flags(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP);
	if (p == 0) {
		check_failures = 0;
		map_root(uid, gid);
		EQ(getpid(), 1);
		EQ(syscall(SYS_gettid), 1);
		EQ(getppid(), 0);
		EQ(getuid(), 0);
		works();
		// An ID of its own choice.
		pid_t want = 4242;
		struct clone_args a = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&want, .set_tid_size = 1};
		pid_t q = clone3_args(&a);
		if (q == 0)
			_exit(getpid() == 4242 ? 7 : 8);
		EQ(q, 4242);
		int status;
		EQ(waitpid(q, &status, 0), q);
		EQ(WEXITSTATUS(status), 7);
		_exit(check_failures != 0);
	}
	int status;
	EQ(waitpid(p, &status, 0), p);
	EQ(status, 0);
	struct clone_args a = {.flags = CLONE_NEWUSER | 0x80 /* CLONE_NEWTIME */, .exit_signal = SIGCHLD};
	p = clone3_args(&a);
	if (p == 0)
		_exit(inode("/proc/self/ns/time") == inode("/proc/1/ns/time") && inode("/proc/1/ns/time") != 0);
	if (p != -1) { // a kernel can be without
		EQ(waitpid(p, &status, 0), p);
		EQ(status, 0);
	}
}

static void with_clone3(void) {
	int pidfd = -1;
	struct clone_args a = {.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
	pid_t p = clone3_args(&a);
	if (p == 0) {
		sleep_ms(1);
		_exit(9);
	}
	CHECK(p > 0 && pidfd >= 0);
	EQ(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	struct pollfd f = {.fd = pidfd, .events = POLLIN};
	EQ(poll(&f, 1, 60000), 1);
	siginfo_t info = {0};
	EQ(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED), 0);
	EQ(info.si_pid, p);
	EQ(info.si_status, 9);
	EQ(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0), -1);
	EQ(errno, ESRCH);
	close(pidfd);
	a = (struct clone_args){.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = 999};
	FAILS(clone3_args(&a), EBADF);
	a.cgroup = (unsigned)open("/", O_RDONLY | O_DIRECTORY);
	FAILS(clone3_args(&a), EBADF); // no cgroup
	close((int)a.cgroup);
	int fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY);
	if (fd != -1 && access("/sys/fs/cgroup/cgroup.procs", W_OK) == 0) {
		a.cgroup = (unsigned)fd;
		p = clone3_args(&a);
		if (p == 0)
			_exit(5);
		if (p > 0) {
			int status;
			EQ(waitpid(p, &status, 0), p);
			EQ(WEXITSTATUS(status), 5);
		}
	}
	close(fd);
	a = (struct clone_args){.exit_signal = SIGCHLD, .set_tid_size = 1};
	FAILS(clone3_args(&a), EINVAL);
	pid_t none = -1;
	a.set_tid = (uintptr_t)&none;
	FAILS(clone3_args(&a), EINVAL);
	FAILS(unshare(1), EINVAL);
}

static bool allowed(void) {
	pid_t p = clone_flags(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS);
	if (p == 0)
		_exit(0);
	if (p == -1)
		return false;
	int status;
	waitpid(p, &status, 0);
	return true;
}

int main(void) {
	with_clone3();
	if (allowed()) {
		by_clone();
		EQ(child_status(user, NULL), 0);
		EQ(child_status(all, NULL), 0);
		EQ(child_status(several, NULL), 0);
		EQ(child_status(enters, NULL), 0);
	}
	return done("namespaces");
}
