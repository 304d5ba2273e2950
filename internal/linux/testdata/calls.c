// Calls that the programs of test/guest/c do not make: System V IPC, closing ranges of
// descriptors, waiting with masks and timeouts, listing descriptors, hwprobe.
#include "../../../test/guest/c/check.h"

#include <dirent.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <termios.h>

static void test_shm(void) {
	int id = shmget(IPC_PRIVATE, 3 * 4096 + 1, IPC_CREAT | 0600);
	CHECK(id >= 0);
	char *p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	p[3 * 4096] = 7;
	char *q = shmat(id, NULL, SHM_RDONLY);
	CHECK(q != (void *)-1 && q != p);
	EQ(q[3 * 4096], 7);
	struct shmid_ds ds;
	OK(shmctl(id, IPC_STAT, &ds));
	EQ(ds.shm_nattch, 2);
	EQ(ds.shm_segsz, 3 * 4096 + 1);
	pid_t child = fork();
	if (child == 0) {
		p[0] = 42;
		_exit(shmdt(p) != 0);
	}
	int status;
	EQ(waitpid(child, &status, 0), child);
	EQ(status, 0);
	EQ(q[0], 42);
	OK(shmdt(q));
	FAILS(shmdt(q), EINVAL);
	// The room is free again, and attaching at a fixed place works there.
	char *r = shmat(id, q, 0);
	CHECK(r == q);
	EQ(r[0], 42);
	FAILS((long)shmat(id, q, 0), EINVAL);
	FAILS((long)shmat(id, q + 1, 0), EINVAL);
	OK(shmdt(r));
	OK(shmdt(p));
	OK(shmctl(id, IPC_RMID, NULL));
	FAILS((long)shmat(id, NULL, 0), EINVAL);
}

static void test_sem(void) {
	int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0640);
	CHECK(id >= 0);
	union {
		int val;
		struct semid_ds *buf;
		unsigned short *array;
	} arg;
	struct semid_ds ds;
	memset(&ds, 0xff, sizeof ds);
	arg.buf = &ds;
	OK(semctl(id, 0, IPC_STAT, arg));
	EQ(ds.sem_nsems, 3);
	EQ(ds.sem_perm.mode & 0777, 0640);
	EQ(ds.sem_otime, 0);
	CHECK(ds.sem_ctime > 1600000000);
	ds.sem_perm.mode = 0600;
	OK(semctl(id, 0, IPC_SET, arg));
	OK(semctl(id, 0, IPC_STAT, arg));
	EQ(ds.sem_perm.mode & 0777, 0600);
	arg.val = 5;
	OK(semctl(id, 1, SETVAL, arg));
	EQ(semctl(id, 1, GETVAL), 5);
	unsigned short values[3] = {1, 2, 3};
	arg.array = values;
	OK(semctl(id, 0, SETALL, arg));
	memset(values, 0, sizeof values);
	OK(semctl(id, 0, GETALL, arg));
	EQ(values[2], 3);
	struct sembuf down = {0, -1, 0};
	OK(semop(id, &down, 1));
	struct timespec soon = {0, 20000000};
	FAILS(semtimedop(id, &down, 1, &soon), EAGAIN);
	arg.buf = (void *)8;
	FAILS(semctl(id, 0, IPC_STAT, arg), EFAULT);
	OK(semctl(id, 0, IPC_RMID));
}

static void test_msg(void) {
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	CHECK(id >= 0);
	struct {
		long type;
		char text[8];
	} m = {3, "message"}, in;
	OK(msgsnd(id, &m, 8, 0));
	struct msqid_ds ds;
	OK(msgctl(id, IPC_STAT, &ds));
	EQ(ds.msg_qnum, 1);
	FAILS(msgrcv(id, &in, 8, 4, IPC_NOWAIT), ENOMSG);
	EQ(msgrcv(id, &in, 8, 0, 0), 8);
	EQ(in.type, 3);
	EQ(strcmp(in.text, "message"), 0);
	OK(msgctl(id, IPC_RMID, NULL));

	struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 16};
	mqd_t mq = mq_open("/weir-test-calls", O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr);
	if (mq == (mqd_t)-1 && (errno == ENOSYS || errno == EACCES))
		return;
	CHECK(mq >= 0);
	OK(mq_unlink("/weir-test-calls"));
	char text[16];
	unsigned prio = 0;
	FAILS(mq_receive(mq, text, 16, &prio), EAGAIN);
	OK(mq_send(mq, "abc", 4, 9));
	EQ(mq_receive(mq, text, 16, &prio), 4);
	EQ(prio, 9);
	OK(mq_getattr(mq, &attr));
	EQ(attr.mq_msgsize, 16);
	OK(mq_close(mq));
}

static int listed(int want) {
	DIR *d = opendir("/proc/self/fd");
	int found = 0;
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		int fd = atoi(e->d_name);
		found += fd == want;
		CHECK(fcntl(fd, F_GETFD) >= 0); // every descriptor in the list is the guest's
	}
	closedir(d);
	return found;
}

static void test_close_range(void) {
	EQ(listed(1), 1);
	int fd = dup(1);
	EQ(dup2(fd, 900), 900);
	EQ(listed(900), 1);
	OK(syscall(SYS_close_range, 500, 0xffffffffu, 4)); // CLOSE_RANGE_CLOEXEC
	EQ(fcntl(900, F_GETFD), FD_CLOEXEC);
	OK(syscall(SYS_close_range, 500, 0xffffffffu, 0));
	FAILS(fcntl(900, F_GETFD), EBADF);
	EQ(fcntl(fd, F_GETFD), 0);
	FAILS(syscall(SYS_close_range, 9, 8, 0), EINVAL);
	FAILS(syscall(SYS_close_range, 5000, 6000, 99), EINVAL);
	// Every number can be had, and closed.
	for (int i = 990; i < 1024; i++) {
		EQ(dup2(fd, i), i);
		EQ(fcntl(i, F_GETFD), 0);
	}
	for (int i = 990; i < 1024; i++) {
		OK(close(i));
		FAILS(close(i), EBADF);
		FAILS(write(i, "x", 1), EBADF);
		FAILS(dup(i), EBADF);
	}
	OK(close(fd));
}

static atomic_int handled;
static void handler(int sig) { handled = sig; }

static void test_masks(void) {
	struct sigaction sa = {.sa_handler = handler};
	OK(sigaction(SIGUSR1, &sa, NULL));
	sigset_t block, none, was;
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	OK(sigprocmask(SIG_BLOCK, &block, &was));
	int ep = epoll_create1(0);
	struct epoll_event ev;
	struct timespec long_time = {10, 0};
	// A signal that is pending comes in at once when the call unblocks it.
	for (int how = 0; how < 4; how++) {
		handled = 0;
		kill(getpid(), SIGUSR1);
		EQ(handled, 0);
		switch (how) {
		case 0:
			FAILS(ppoll(NULL, 0, &long_time, &none), EINTR);
			break;
		case 1:
			FAILS(pselect(0, NULL, NULL, NULL, &long_time, &none), EINTR);
			break;
		case 2:
			FAILS(epoll_pwait(ep, &ev, 1, 10000, &none), EINTR);
			break;
		case 3:
			FAILS(sigsuspend(&none), EINTR);
			break;
		}
		EQ(handled, SIGUSR1);
		sigset_t now;
		sigprocmask(SIG_SETMASK, NULL, &now);
		EQ(sigismember(&now, SIGUSR1), 1);
	}
	// Blocked, it does not.
	handled = 0;
	kill(getpid(), SIGUSR1);
	struct timespec soon = {0, 30000000};
	EQ(ppoll(NULL, 0, &soon, &block), 0);
	EQ(epoll_pwait(ep, &ev, 1, 10, &block), 0);
	EQ(handled, 0);
	int sfd = signalfd(-1, &block, SFD_NONBLOCK);
	struct signalfd_siginfo info;
	EQ(read(sfd, &info, sizeof info), sizeof info);
	EQ(info.ssi_signo, SIGUSR1);
	EQ(info.ssi_pid, getpid());
	FAILS(read(sfd, &info, sizeof info), EAGAIN);
	OK(sigprocmask(SIG_SETMASK, &was, NULL));
	OK(close(ep));
	OK(close(sfd));
	FAILS(syscall(SYS_ppoll, NULL, 0, NULL, &none, 4), EINVAL);
	struct timespec bad = {0, 1000000000};
	FAILS(ppoll(NULL, 0, &bad, NULL), EINVAL);
	FAILS(syscall(SYS_ppoll, (void *)8, 1, &soon, NULL, 8), EFAULT);
}

static void test_epoll(void) {
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int fds[400];
	for (int i = 0; i < 400; i++) {
		fds[i] = eventfd(1, 0);
		struct epoll_event ev = {.events = EPOLLIN, .data.u64 = 0x1122334400000000u + (unsigned)i};
		OK(epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev));
	}
	FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &(struct epoll_event){0}), EEXIST);
	FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, 1023, &(struct epoll_event){0}), EBADF);
	FAILS(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], (void *)8), EFAULT);
	struct epoll_event got[400];
	memset(got, 0xff, sizeof got);
	int n = epoll_wait(ep, got, 400, 0);
	CHECK(n > 0 && n <= 400);
	for (int i = 0; i < n; i++) {
		EQ(got[i].events, EPOLLIN);
		EQ(got[i].data.u64 >> 32, 0x11223344);
		CHECK((unsigned)got[i].data.u64 < 400);
	}
	if (n < 400)
		EQ(got[n].events, 0xffffffff); // no more than said is written
	EQ(epoll_wait(ep, got, 1, 0), 1);
	FAILS(epoll_wait(ep, got, 0, 0), EINVAL);
	FAILS(epoll_wait(ep, (void *)8, 4, 0), EFAULT);
	for (int i = 0; i < 400; i++) {
		OK(epoll_ctl(ep, EPOLL_CTL_DEL, fds[i], NULL));
		OK(close(fds[i]));
	}
	struct timespec t0, t1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	EQ(epoll_wait(ep, got, 1, 30), 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	CHECK((t1.tv_sec - t0.tv_sec) * 1000000000L + t1.tv_nsec - t0.tv_nsec >= 30000000);
	OK(close(ep));
}

static void test_select(void) {
	int p[2];
	OK(pipe(p));
	fd_set in, out;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(p[0], &in);
	FD_SET(p[1], &out);
	struct timeval tv = {1, 0};
	EQ(select(p[1] + 1, &in, &out, NULL, &tv), 1);
	CHECK(!FD_ISSET(p[0], &in) && FD_ISSET(p[1], &out));
	EQ(write(p[1], "x", 1), 1);
	FD_SET(p[0], &in);
	EQ(select(p[1] + 1, &in, NULL, NULL, NULL), 1);
	CHECK(FD_ISSET(p[0], &in));
	int n = 0;
	OK(ioctl(p[0], FIONREAD, &n));
	EQ(n, 1);
	struct winsize ws;
	FAILS(ioctl(p[0], TIOCGWINSZ, &ws), ENOTTY);
	FAILS(ioctl(p[0], FIONREAD, (void *)8), EFAULT);
	struct pollfd pf[2] = {{p[0], POLLIN, 0}, {1022, POLLIN, 0}};
	EQ(poll(pf, 2, 0), 2);
	EQ(pf[0].revents, POLLIN);
	EQ(pf[1].revents, POLLNVAL);
	struct timespec ts = {3, 0};
	EQ(syscall(SYS_ppoll, pf, 1, &ts, NULL, 8), 1);
	CHECK(ts.tv_sec == 2 && ts.tv_nsec > 500000000); // what is left
	OK(close(p[0]));
	OK(close(p[1]));
}

static void test_timerfd(void) {
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec its = {{0, 0}, {0, 5000000}}, old;
	OK(timerfd_settime(fd, 0, &its, &old));
	EQ(old.it_value.tv_nsec, 0);
	uint64_t ticks = 0;
	EQ(read(fd, &ticks, 8), 8);
	EQ(ticks, 1);
	OK(timerfd_gettime(fd, &old));
	FAILS(timerfd_gettime(fd, (void *)8), EFAULT);
	OK(close(fd));
}

static void test_vm(void) {
	char a[16] = "0123456789abcde", b[16] = "";
	struct iovec local[2] = {{b, 4}, {b + 8, 4}}, remote = {a + 2, 8};
	EQ(process_vm_readv(getpid(), local, 2, &remote, 1, 0), 8);
	EQ(memcmp(b, "2345\0\0\0\0" "6789", 12), 0);
	remote.iov_base = (void *)8;
	FAILS(process_vm_readv(getpid(), local, 2, &remote, 1, 0), EFAULT);
	uint32_t word = 0;
	EQ(syscall(454, &word, 1, 1, 2 /* FUTEX2_SIZE_U32 */) == 0 || errno == ENOSYS, 1);
}

#ifdef __riscv
static void test_riscv(void) {
	struct {
		int64_t key;
		uint64_t value;
	} pairs[] = {{3, 0}, {4, 0}, {7, 0}, {1000, 5}};
	OK(syscall(258, pairs, 4, 0, NULL, 0));
	EQ(pairs[0].value & 1, 1);            // IMA
	EQ(pairs[1].value & 3, 3);            // FD, C
	CHECK(pairs[2].value > 1ULL << 31);   // highest address
	EQ(pairs[3].key, -1);
	EQ(pairs[3].value, 0);
	FAILS(syscall(258, pairs, 4, 0, NULL, 99), EINVAL);
	FAILS(syscall(258, (void *)8, 1, 0, NULL, 0), EFAULT);
	uint64_t cpus = ~0ULL;
	pairs[0].key = 4;
	pairs[0].value = 3;
	OK(syscall(258, pairs, 1, 8, &cpus, 1));
	CHECK(cpus != 0);
	pairs[0].value = 1ULL << 63;
	OK(syscall(258, pairs, 1, 8, &cpus, 1));
	EQ(cpus, 0);
	OK(syscall(259, 0, 0, 0));
	FAILS(syscall(259, 0, 0, 8), EINVAL);
	FAILS(syscall(38, -100, "a", -100, "b"), ENOSYS); // renameat is not on riscv64
	FAILS(syscall(1000), ENOSYS);
	FAILS(syscall(-1), ENOSYS);
}
#endif

int main(void) {
	test_shm();
	test_sem();
	test_msg();
	test_close_range();
	test_masks();
	test_epoll();
	test_select();
	test_timerfd();
	test_vm();
#ifdef __riscv
	test_riscv();
#endif
	return done("calls");
}
