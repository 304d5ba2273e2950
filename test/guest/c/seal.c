// mseal, remap_file_pages and the limits on memory: RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK; calls that a kernel may not have.
#include "check.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef SYS_map_shadow_stack
#define SYS_map_shadow_stack 453
#endif

#define PAGE 4096UL

static char *map(size_t n, int prot) {
	char *p = mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		DIE("mmap");
	return p;
}

static long seal(void *p, size_t n) {
	return syscall(SYS_mseal, p, n, 0);
}

static void seals(void *arg) {
	(void)arg;
	char *p = map(8 * PAGE, PROT_READ | PROT_WRITE);
	p[0] = 'x';
	FAILS(syscall(SYS_mseal, p, PAGE, 1), EINVAL);
	FAILS(seal(p + 1, PAGE), EINVAL);
	FAILS(seal(p, (size_t)-1), EINVAL);
	OK(seal(p, 0));
	OK(munmap(p + 6 * PAGE, PAGE));
	FAILS(seal(p + 5 * PAGE, 3 * PAGE), ENOMEM); // a hole
	OK(mprotect(p + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	OK(seal(p + PAGE, 2 * PAGE));
	OK(seal(p + PAGE, PAGE)); // twice is no error

	FAILS(mprotect(p + PAGE, PAGE, PROT_READ), EPERM);
	FAILS(munmap(p + 2 * PAGE, PAGE), EPERM);
	FAILS(munmap(p, 4 * PAGE), EPERM);
	EQ(p[0], 'x'); // nothing of it was unmapped
	EQ((long)mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), -1);
	EQ(errno, EPERM);
	EQ((long)mremap(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), -1);
	EQ(errno, EPERM);
	EQ((long)mremap(p + PAGE, 2 * PAGE, PAGE, 0), -1);
	EQ(errno, EPERM);
	EQ((long)mremap(p + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE), -1);
	EQ(errno, EPERM);
	p[PAGE] = 'y'; // it can be written as before
	OK(madvise(p + PAGE, PAGE, MADV_DONTNEED)); // and so its contents dropped
	EQ(p[PAGE], 0);
	OK(mprotect(p, PAGE, PROT_READ)); // what is beside it is not sealed
	OK(munmap(p + 3 * PAGE, PAGE));

	char *r = map(PAGE, PROT_READ);
	OK(seal(r, PAGE));
	FAILS(madvise(r, PAGE, MADV_DONTNEED), EPERM);
	OK(madvise(r, PAGE, MADV_WILLNEED));
}

static void remaps(void) {
	int fd = open("pages", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char page[PAGE];
	for (int i = 0; i < 4; i++) {
		memset(page, 'a' + i, sizeof page);
		EQ(write(fd, page, sizeof page), PAGE);
	}
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	EQ(p[0], 'a');
	OK(remap_file_pages(p, PAGE, 0, 3, 0));
	EQ(p[0], 'd');
	EQ(p[PAGE], 'b');
	p[0] = 'z';
	EQ(p[3 * PAGE], 'z');
	FAILS(remap_file_pages(p, PAGE, PROT_READ, 3, 0), EINVAL);
	char *q = map(PAGE, PROT_READ);
	FAILS(remap_file_pages(q, PAGE, 0, 0, 0), EINVAL);
	munmap(p, 4 * PAGE);
	munmap(q, PAGE);
	close(fd);
}

static unsigned long vm_size(void) {
	char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	char *at = strstr(text, "VmSize:");
	return at != NULL ? strtoul(at + 7, NULL, 10) << 10 : 0;
}

static void limit_as(void *arg) {
	(void)arg;
	struct rlimit l, was;
	const size_t room = 64 << 20;
	CHECK(vm_size() > 0);
	OK(getrlimit(RLIMIT_AS, &was));
	l = (struct rlimit){vm_size() + room, was.rlim_max};
	OK(setrlimit(RLIMIT_AS, &l));
	EQ((long)mmap(NULL, 2 * room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -1);
	EQ(errno, ENOMEM);
	char *p = mmap(NULL, room / 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	EQ((long)mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -1);
	EQ((long)mremap(p, room / 2, 2 * room, MREMAP_MAYMOVE), -1);
	EQ(errno, ENOMEM);
	CHECK(mmap(p, room / 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p); // in place of itself
	CHECK(sbrk(2 * room) == (void *)-1);
	CHECK(malloc(2 * room) == NULL);
	OK(munmap(p, room / 2));
	// A child has the limit too.
	pid_t pid = fork();
	if (pid == 0)
		_exit(mmap(NULL, 2 * room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 0 : 1);
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	OK(setrlimit(RLIMIT_AS, &was));
	CHECK(mmap(NULL, 2 * room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void limit_data(void *arg) {
	(void)arg;
	struct rlimit l;
	const size_t much = 256 << 20;
	OK(getrlimit(RLIMIT_DATA, &l));
	l.rlim_cur = 64 << 20;
	OK(setrlimit(RLIMIT_DATA, &l));
	char *p = mmap(NULL, much, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); // it is not writable
	CHECK(p != MAP_FAILED);
	FAILS(mprotect(p, much, PROT_READ | PROT_WRITE), ENOMEM);
	OK(mprotect(p, 1 << 20, PROT_READ | PROT_WRITE));
	EQ((long)mmap(NULL, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -1);
	CHECK(mmap(NULL, much, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED); // it is not private
	CHECK(sbrk((long)much) == (void *)-1);
}

// limit_stack executes this program with a small stack.
static void limit_stack(void *self) {
	struct rlimit l;
	OK(getrlimit(RLIMIT_STACK, &l));
	l.rlim_cur = 1 << 20;
	OK(setrlimit(RLIMIT_STACK, &l));
	char *argv[] = {self, "deep", NULL};
	execv(self, argv);
	_exit(99);
}

NOINLINE static int deep(long bytes) {
	volatile char frame[4096];
	memset((void *)frame, 1, sizeof frame);
	return bytes <= 4096 ? frame[7] : deep(bytes - 4096) + frame[9] - 1;
}

int main(int argc, char **argv) {
	if (argc > 1) {
		if (deep(512 << 10) != 1)
			return 2;
		return deep(4 << 20) + 10; // beyond the limit
	}
	scratch_dir();
	errno = 0;
	if (seal(NULL, 0) == 0 || errno != ENOSYS) // since Linux 6.10
		EQ(child_status(seals, NULL), 0);
	remaps();
	EQ(child_status(limit_as, NULL), 0);
	EQ(child_status(limit_data, NULL), 0);
	int status = child_status(limit_stack, argv[0][0] == '/' ? argv[0] : realpath(argv[0], NULL));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
#ifdef __riscv
	CHECK(seal(NULL, 0) == 0);
	FAILS(syscall(SYS_map_shadow_stack, 0, 4096, 0), ENOSYS);
	FAILS(syscall(SYS_kexec_load, 0, 0, 0, 0), EPERM);
	FAILS(syscall(SYS_rseq, 0, 32, 0, 0), ENOSYS);
	// The C library is not told of rseq, and registers none.
	for (unsigned long *a = (unsigned long *)environ;; a++)
		if (*a == 0) {
			for (a++; a[0] != 0; a += 2)
				CHECK(a[0] != 27 && a[0] != 28); // AT_RSEQ_FEATURE_SIZE, AT_RSEQ_ALIGN
			break;
		}
#endif
	scratch_remove();
	return done("seal");
}
