// Asynchronous I/O by the raw system calls: libaio's contexts, whose ring the kernel maps into the process, and io_uring, whose
// rings are mapped by the program. The variable GUEST_TEST_MISSING names what the host or the mode cannot do: aio, io_uring;
// filtered says that a plugin filters system calls.
#include "check.h"

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/uio.h>

static bool missing(const char *what) {
	const char *list = getenv("GUEST_TEST_MISSING");
	return list != NULL && strstr(list, what) != NULL;
}

// The head of a context's ring (fs/aio.c), which libaio reads without a system call.
struct ring {
	unsigned id, nr, head, tail, magic, compat, incompat, header;
};

static void libaio(void) {
	aio_context_t ctx = 0;
	FAILS(syscall(SYS_io_setup, 0, &ctx), EINVAL);
	FAILS(syscall(SYS_io_setup, 8, (void *)8), EFAULT);
	OK(syscall(SYS_io_setup, 8, &ctx));
	CHECK(ctx != 0);
	FAILS(syscall(SYS_io_setup, 8, &ctx), EINVAL); // it must be 0
	struct ring *ring = (struct ring *)ctx;
	EQ(ring->magic, 0xa10a10a1);
	CHECK(ring->nr >= 8);
	EQ(ring->header, sizeof *ring);

	char maps[1 << 16];
	int fd = open("/proc/self/maps", O_RDONLY);
	ssize_t n = 0, k;
	while ((k = read(fd, maps + n, sizeof maps - 1 - (size_t)n)) > 0)
		n += k;
	maps[n] = 0;
	close(fd);
	char want[32];
	snprintf(want, sizeof want, "%08lx-", (unsigned long)ctx);
	CHECK(strstr(maps, want) != NULL);

	fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	OK(fd);
	int event = eventfd(0, EFD_NONBLOCK);
	static char out[4096], in[4096], in2[100];
	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (char)(i * 7);
	struct iocb w = {.aio_data = 1, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (unsigned)fd, .aio_buf = (uintptr_t)out, .aio_nbytes = sizeof out};
	w.aio_flags = IOCB_FLAG_RESFD;
	w.aio_resfd = (unsigned)event;
	struct iocb *list[2] = {&w};
	EQ(syscall(SYS_io_submit, ctx, 1, list), 1);
	struct io_event events[4];
	EQ(syscall(SYS_io_getevents, ctx, 1, 4, events, NULL), 1);
	EQ(events[0].data, 1);
	EQ(events[0].obj, (uintptr_t)&w);
	EQ(events[0].res, sizeof out);
	uint64_t count = 0;
	EQ(read(event, &count, 8), 8);
	EQ(count, 1);

	struct iovec iov = {in2, sizeof in2};
	struct iocb r = {.aio_data = 2, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (unsigned)fd, .aio_buf = (uintptr_t)in, .aio_nbytes = sizeof in};
	struct iocb v = {.aio_data = 3, .aio_lio_opcode = IOCB_CMD_PREADV, .aio_fildes = (unsigned)fd, .aio_buf = (uintptr_t)&iov, .aio_nbytes = 1, .aio_offset = 4000};
	list[0] = &r, list[1] = &v;
	EQ(syscall(SYS_io_submit, ctx, 2, list), 2);
	struct timespec t = {60, 0};
	EQ(syscall(SYS_io_pgetevents, ctx, 2, 4, events, &t, NULL), 2);
	EQ(events[0].data + events[1].data, 5);
	EQ(events[0].data == 2 ? events[0].res : events[1].res, sizeof in);
	EQ(events[0].data == 3 ? events[0].res : events[1].res, 96);
	EQ(memcmp(in, out, sizeof in), 0);
	EQ(memcmp(in2, out + 4000, 96), 0);

	// Nothing comes: a timeout, and with a signal mask.
	t = (struct timespec){0, 1000000};
	EQ(syscall(SYS_io_getevents, ctx, 1, 4, events, &t), 0);
	sigset_t set;
	sigfillset(&set);
	struct {
		sigset_t *set;
		size_t size;
	} usig = {&set, 8};
	EQ(syscall(SYS_io_pgetevents, ctx, 1, 4, events, &t, &usig), 0);
	usig.size = 7;
	FAILS(syscall(SYS_io_pgetevents, ctx, 1, 4, events, &t, &usig), EINVAL);

	w.aio_fildes = 9999;
	list[0] = &w;
	FAILS(syscall(SYS_io_submit, ctx, 1, list), EBADF);
	FAILS(syscall(SYS_io_submit, ctx, 1, (void *)8), EFAULT);
	FAILS(syscall(SYS_io_submit, 0x1234, 1, list), EINVAL);
	EQ(syscall(SYS_io_submit, ctx, 0, list), 0);
	OK(syscall(SYS_io_destroy, ctx));
	FAILS(syscall(SYS_io_destroy, ctx), EINVAL);
	unsigned char resident;
	FAILS(mincore(ring, 4096, &resident), ENOMEM); // the ring is gone
	close(fd);
	close(event);
}

// A ring of io_uring, as liburing keeps it.
struct uring {
	int fd;
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

static long enter(struct uring *u, unsigned submit, unsigned wait, unsigned flags) {
	return syscall(SYS_io_uring_enter, u->fd, submit, wait, flags, NULL, 8);
}

static struct io_uring_sqe *next_sqe(struct uring *u) {
	_Atomic unsigned *tail = (_Atomic unsigned *)(u->sq + u->p.sq_off.tail);
	unsigned mask = *(unsigned *)(u->sq + u->p.sq_off.ring_mask), i = atomic_load(tail) & mask;
	((unsigned *)(u->sq + u->p.sq_off.array))[i] = i;
	memset(&u->sqes[i], 0, sizeof *u->sqes);
	return &u->sqes[i];
}

static void push(struct uring *u) {
	atomic_fetch_add((_Atomic unsigned *)(u->sq + u->p.sq_off.tail), 1);
}

static bool pop(struct uring *u, struct io_uring_cqe *out) {
	_Atomic unsigned *head = (_Atomic unsigned *)(u->cq + u->p.cq_off.head), *tail = (_Atomic unsigned *)(u->cq + u->p.cq_off.tail);
	unsigned mask = *(unsigned *)(u->cq + u->p.cq_off.ring_mask), h = atomic_load(head);
	if (h == atomic_load(tail))
		return false;
	*out = ((struct io_uring_cqe *)(u->cq + u->p.cq_off.cqes))[h & mask];
	atomic_store(head, h + 1);
	return true;
}

static void *writes(void *arg) {
	sleep_ms(1);
	EQ(write(*(int *)arg, "pipe", 4), 4);
	return NULL;
}

static void uring(void) {
	struct uring u;
	memset(&u, 0, sizeof u);
	FAILS(syscall(SYS_io_uring_setup, 8, NULL), EFAULT);
	FAILS(syscall(SYS_io_uring_setup, 0, &u.p), EINVAL);
	u.fd = (int)syscall(SYS_io_uring_setup, 8, &u.p);
	OK(u.fd);
	if (u.fd < 0)
		return;
	EQ(u.p.sq_entries, 8);
	EQ(u.p.cq_entries, 16);
	size_t sq = u.p.sq_off.array + u.p.sq_entries * sizeof(unsigned), cq = u.p.cq_off.cqes + u.p.cq_entries * sizeof(struct io_uring_cqe);
	u.sq = mmap(NULL, sq, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u.fd, IORING_OFF_SQ_RING);
	u.cq = mmap(NULL, cq, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u.fd, IORING_OFF_CQ_RING);
	u.sqes = mmap(NULL, u.p.sq_entries * sizeof *u.sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u.fd, IORING_OFF_SQES);
	CHECK(u.sq != MAP_FAILED && u.cq != MAP_FAILED && (void *)u.sqes != MAP_FAILED);

	struct io_uring_cqe c = {0};
	struct io_uring_sqe *e = next_sqe(&u);
	e->opcode = IORING_OP_NOP;
	e->user_data = 77;
	push(&u);
	EQ(enter(&u, 1, 1, IORING_ENTER_GETEVENTS), 1);
	CHECK(pop(&u, &c));
	EQ(c.user_data, 77);
	EQ(c.res, 0);
	CHECK(!pop(&u, &c));

	int fd = open("ring", O_RDWR | O_CREAT | O_TRUNC, 0600);
	OK(fd);
	static char out[8192], in[8192];
	memset(out, 'r', sizeof out);
	struct iovec iov = {out, sizeof out};
	e = next_sqe(&u);
	e->opcode = IORING_OP_WRITEV, e->fd = fd, e->addr = (uintptr_t)&iov, e->len = 1, e->flags = IOSQE_IO_LINK, e->user_data = 1;
	push(&u);
	e = next_sqe(&u);
	e->opcode = IORING_OP_READ, e->fd = fd, e->addr = (uintptr_t)in, e->len = sizeof in, e->user_data = 2;
	push(&u);
	EQ(enter(&u, 2, 2, IORING_ENTER_GETEVENTS), 2);
	CHECK(pop(&u, &c));
	EQ(c.user_data, 1);
	EQ(c.res, sizeof out);
	CHECK(pop(&u, &c));
	EQ(c.user_data, 2);
	EQ(c.res, sizeof in);
	EQ(memcmp(in, out, sizeof in), 0);

	// A read that has to wait for another thread, with a registered buffer.
	int ends[2];
	OK(pipe(ends));
	static char buffer[4096];
	struct iovec reg = {buffer, sizeof buffer};
	OK(syscall(SYS_io_uring_register, u.fd, IORING_REGISTER_BUFFERS, &reg, 1));
	e = next_sqe(&u);
	e->opcode = IORING_OP_READ_FIXED, e->fd = ends[0], e->addr = (uintptr_t)buffer, e->len = 100, e->user_data = 3;
	push(&u);
	EQ(enter(&u, 1, 0, 0), 1);
	pthread_t th;
	EQ(pthread_create(&th, NULL, writes, &ends[1]), 0);
	EQ(enter(&u, 0, 1, IORING_ENTER_GETEVENTS), 0);
	EQ(pthread_join(th, NULL), 0);
	CHECK(pop(&u, &c));
	EQ(c.user_data, 3);
	EQ(c.res, 4);
	EQ(memcmp(buffer, "pipe", 4), 0);
	OK(syscall(SYS_io_uring_register, u.fd, IORING_UNREGISTER_BUFFERS, NULL, 0));

	// A request that the kernel's workers run, threads of the process that take no signals; a fork while there are some.
	e = next_sqe(&u);
	e->opcode = IORING_OP_READ, e->fd = ends[0], e->addr = (uintptr_t)in, e->len = 4, e->flags = IOSQE_ASYNC, e->user_data = 4;
	push(&u);
	EQ(enter(&u, 1, 0, 0), 1);
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(7);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(WEXITSTATUS(status), 7);
	EQ(write(ends[1], "fork", 4), 4);
	EQ(enter(&u, 0, 1, IORING_ENTER_GETEVENTS), 0);
	CHECK(pop(&u, &c));
	EQ(c.user_data, 4);
	EQ(c.res, 4);
	EQ(memcmp(in, "fork", 4), 0);

	// A timeout with the extended argument and a signal mask.
	if (u.p.features & IORING_FEAT_EXT_ARG) {
		sigset_t set;
		sigfillset(&set);
		struct __kernel_timespec t = {.tv_nsec = 1000000};
		struct io_uring_getevents_arg arg = {.sigmask = (uintptr_t)&set, .sigmask_sz = 8, .ts = (uintptr_t)&t};
		FAILS(syscall(SYS_io_uring_enter, u.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof arg), ETIME);
	}
	FAILS(syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 8), EOPNOTSUPP);
	close(fd);
	close(ends[0]);
	close(ends[1]);
	munmap(u.sq, sq);
	munmap(u.cq, cq);
	munmap(u.sqes, u.p.sq_entries * sizeof *u.sqes);
	close(u.fd);
}

int main(void) {
	scratch_dir();
	if (missing("filtered") && !missing("aio")) { // requests would get past the filter
		aio_context_t ctx = 0;
		FAILS(syscall(SYS_io_setup, 8, &ctx), EPERM);
		struct io_uring_params p = {0};
		FAILS(syscall(SYS_io_uring_setup, 8, &p), EPERM);
		scratch_remove();
		return done("aio");
	}
	if (missing("aio")) {
		aio_context_t ctx = 0;
		FAILS(syscall(SYS_io_setup, 8, &ctx), ENOSYS);
	} else {
		libaio();
	}
	if (!missing("io_uring")) {
		uring();
	} else if (missing("aio")) {
		struct io_uring_params p = {0};
		FAILS(syscall(SYS_io_uring_setup, 8, &p), ENOSYS);
	}
	scratch_remove();
	return done("aio");
}
