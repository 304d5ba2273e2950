// Memory mapping: mmap, munmap, mprotect, mremap, madvise, msync, mincore, mlock, brk; results and error numbers.
#include "check.h"

#include <sys/resource.h>

static size_t page;

static void *anon(size_t pages, int prot) {
	void *p = mmap(NULL, pages * page, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		DIE("mmap");
	return p;
}

// readable asks the kernel, through write to a pipe, whether an address can be read.
static bool readable(const void *p) {
	static int fds[2] = {-1, -1};
	char c;
	if (fds[0] == -1 && pipe(fds) == -1)
		DIE("pipe");
	if (write(fds[1], p, 1) == 1)
		return read(fds[0], &c, 1) == 1;
	EQ(errno, EFAULT);
	return false;
}

// writable asks the kernel, through read, whether an address can be written.
static bool writable(void *p) {
	int fd = open("/dev/zero", O_RDONLY);
	bool ok = read(fd, p, 1) == 1;
	if (!ok)
		EQ(errno, EFAULT);
	close(fd);
	return ok;
}

static void test_anonymous(void) {
	char *p = anon(4, PROT_READ | PROT_WRITE);
	EQ((uintptr_t)p % page, 0);
	for (size_t i = 0; i < 4 * page; i += 64)
		EQ(p[i], 0);
	memset(p, 7, 4 * page);
	EQ(p[4 * page - 1], 7);
	OK(munmap(p + page, page));
	CHECK(readable(p + page - 1));
	CHECK(!readable(p + page));
	CHECK(readable(p + 2 * page));
	OK(munmap(p + page, page)); // a hole again: no error
	OK(munmap(p, 4 * page));
	CHECK(!readable(p));
	CHECK(!readable(p + 3 * page));

	FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(mmap(NULL, page, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL); // neither shared nor private
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0), EINVAL);
	FAILS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
	FAILS(mmap((void *)(page / 2), page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
	FAILS(mmap(NULL, (size_t)1 << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	FAILS(munmap(p + 1, page), EINVAL);
	FAILS(munmap(p, 0), EINVAL);
	FAILS(munmap((void *)-page, page), EINVAL); // beyond the user's half

	// A hint that is free is honoured, one that is taken is not, and the hint is rounded down to a page.
	char *hint = anon(2, PROT_READ);
	OK(munmap(hint, 2 * page));
	EQ((uintptr_t)mmap(hint, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), (uintptr_t)hint);
	char *other = mmap(hint, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(other != hint && other != MAP_FAILED);
	OK(munmap(hint, page));
	OK(munmap(other, page));

	// Length is rounded up.
	p = mmap(NULL, page + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p[2 * page - 1] = 1;
	OK(munmap(p, page + 1));
	CHECK(!readable(p + page));
}

static void test_fixed(void) {
	char *p = anon(3, PROT_READ | PROT_WRITE);
	memset(p, 1, 3 * page);
	EQ((uintptr_t)mmap(p + page, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), (uintptr_t)p + page);
	EQ(p[page], 0);
	EQ(p[page - 1], 1);
	EQ(p[2 * page], 1);
	FAILS(mmap(p + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	FAILS(mmap(p - page, 2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	EQ(p[0], 1);
	OK(munmap(p + page, page));
	EQ((uintptr_t)mmap(p + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), (uintptr_t)p + page);
	OK(munmap(p, 3 * page));
}

static void test_mprotect(void) {
	char *p = anon(5, PROT_READ | PROT_WRITE);
	p[0] = p[page] = 5;
	OK(mprotect(p + page, page, PROT_READ));
	CHECK(writable(p));
	CHECK(!writable(p + page));
	CHECK(readable(p + page));
	OK(mprotect(p, 3 * page, PROT_NONE));
	CHECK(!readable(p));
	CHECK(!readable(p + 2 * page));
	CHECK(readable(p + 3 * page));
	OK(mprotect(p, 3 * page, PROT_READ | PROT_WRITE));
	EQ(p[page], 5);
	OK(mprotect(p, 1, PROT_READ)); // the length is rounded up
	CHECK(!writable(p + page - 1));
	OK(mprotect(p, 0, PROT_READ));
	OK(mprotect(p, page, PROT_READ | PROT_WRITE));

	// A hole: the part before it is changed all the same.
	OK(munmap(p + 2 * page, page));
	FAILS(mprotect(p, 5 * page, PROT_READ), ENOMEM);
	CHECK(!writable(p));
	CHECK(!writable(p + page));
	CHECK(writable(p + 3 * page));
	FAILS(mprotect(p + 2 * page, page, PROT_READ), ENOMEM);
	FAILS(mprotect(p + 1, page, PROT_READ), EINVAL);
	FAILS(mprotect(p, page, 0x100), EINVAL);
	OK(munmap(p, 5 * page));
	FAILS(mprotect(p, page, PROT_READ), ENOMEM);
}

static void test_files(void) {
	int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0600);
	char text[64];
	OK(ftruncate(fd, (off_t)(2 * page + 100)));
	EQ(pwrite(fd, "first", 5, 0), 5);
	EQ(pwrite(fd, "second", 6, (off_t)page), 6);

	char *shared = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *tail = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page);
	CHECK(shared != MAP_FAILED && private != MAP_FAILED && tail != MAP_FAILED);
	EQ(memcmp(shared, "first", 5), 0);
	EQ(memcmp(tail, "second", 6), 0);
	EQ(shared[2 * page + 100], 0); // the rest of the last page is zero
	shared[page] = 'S';
	EQ(tail[0], 'S');
	EQ(pread(fd, text, 6, (off_t)page), 6);
	EQ(memcmp(text, "Second", 6), 0);
	private[0] = 'X';
	EQ(shared[0], 'f');
	EQ(pread(fd, text, 5, 0), 5);
	EQ(memcmp(text, "first", 5), 0);
	EQ(pwrite(fd, "FIRST", 5, 0), 5);
	EQ(shared[0], 'F');
	EQ(private[0], 'X');
	OK(msync(shared, 3 * page, MS_SYNC));
	OK(msync(shared, 3 * page, MS_ASYNC));
	FAILS(msync(shared + 1, page, MS_SYNC), EINVAL);
	FAILS(msync(shared, page, MS_SYNC | MS_ASYNC), EINVAL);
	FAILS(msync(shared, -page, MS_SYNC), ENOMEM);
	OK(close(fd));
	EQ(shared[1], 'I'); // the mapping outlives the descriptor
	OK(munmap(tail, page));
	FAILS(msync(tail, page, MS_SYNC), ENOMEM);

	fd = open("file", O_RDONLY);
	FAILS(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
	char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	p[0] = 1;
	OK(munmap(p, page));
	p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	FAILS(mprotect(p, page, PROT_READ | PROT_WRITE), EACCES);
	OK(munmap(p, page));
	FAILS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
	OK(close(fd));
	fd = open("file", O_WRONLY);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0), EACCES);
	OK(close(fd));
	fd = open(".", O_RDONLY | O_DIRECTORY);
	FAILS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0), ENODEV);
	OK(close(fd));
	OK(munmap(shared, 3 * page));
	OK(munmap(private, 3 * page));

	// Shared anonymous memory is shared with a child, private is not.
	atomic_int *s = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	atomic_int *q = anon(1, PROT_READ | PROT_WRITE);
	pid_t pid = fork();
	if (pid == 0) {
		*s = *q = 42;
		_exit(0);
	}
	EQ(waitpid(pid, NULL, 0), pid);
	EQ(*s, 42);
	EQ(*q, 0);

	fd = memfd_create("weir", MFD_CLOEXEC);
	OK(fd);
	OK(ftruncate(fd, (off_t)page));
	char *a = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *b = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	a[5] = 9;
	EQ(b[5], 9);
	OK(close(fd));
}

static void test_mremap(void) {
	char *p = anon(4, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 4; i++)
		p[(size_t)i * page] = (char)(i + 1);
	EQ((uintptr_t)mremap(p, 4 * page, 2 * page, 0), (uintptr_t)p);
	CHECK(!readable(p + 2 * page));
	EQ((uintptr_t)mremap(p, 2 * page, 3 * page, 0), (uintptr_t)p); // the room behind is free again
	EQ(p[page], 2);
	EQ(p[2 * page], 0);

	char *wall = mmap(p + 3 * page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	EQ((uintptr_t)wall, (uintptr_t)p + 3 * page);
	FAILS(mremap(p, 3 * page, 8 * page, 0), ENOMEM);
	char *q = mremap(p, 3 * page, 8 * page, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q != p);
	EQ(q[0], 1);
	EQ(q[page], 2);
	EQ(q[7 * page], 0);
	CHECK(!readable(p));

	char *target = anon(8, PROT_READ);
	EQ((uintptr_t)mremap(q, 8 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, target), (uintptr_t)target);
	EQ(target[page], 2);
	CHECK(writable(target));
	CHECK(!readable(q));
	FAILS(mremap(target, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, target + page), EINVAL); // overlaps
	FAILS(mremap(target + 1, page, page, 0), EINVAL);
	FAILS(mremap(target, page, 0, 0), EINVAL);
	FAILS(mremap(target, page, page, MREMAP_FIXED, q), EINVAL); // needs MAYMOVE
	FAILS(mremap(target, page, page, 0x80), EINVAL);
	FAILS(mremap(target, page, (size_t)1 << 50, MREMAP_MAYMOVE), EINVAL);
	FAILS(mremap(target, -page, page, 0), EINVAL); // shrinking unmaps what is beyond the user's half
	FAILS(mremap(q, page, 2 * page, MREMAP_MAYMOVE), EFAULT); // nothing there

	// DONTUNMAP leaves an empty mapping behind.
	target[0] = 1;
	char *moved = mremap(target, page, page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	CHECK(moved != MAP_FAILED);
	EQ(moved[0], 1);
	EQ(target[0], 0);
	OK(munmap(moved, page));
	OK(munmap(target, 8 * page));
	OK(munmap(wall, page));
}

static void test_advice(void) {
	char *p = anon(3, PROT_READ | PROT_WRITE);
	memset(p, 3, 3 * page);
	OK(madvise(p + page, page, MADV_DONTNEED));
	EQ(p[0], 3);
	EQ(p[page], 0);
	EQ(p[2 * page], 3);
	OK(madvise(p, 3 * page, MADV_WILLNEED));
	OK(madvise(p, 3 * page, MADV_SEQUENTIAL));
	OK(madvise(p, 3 * page, MADV_NORMAL));
	OK(madvise(p, 3 * page, MADV_FREE));
	FAILS(madvise(p + 1, page, MADV_NORMAL), EINVAL);
	FAILS(madvise(p, page, 9999), EINVAL);

	p[0] = 1;
	unsigned char resident[3] = {0};
	OK(mincore(p, 3 * page, resident));
	EQ(resident[0] & 1, 1);
	FAILS(mincore(p + 1, page, resident), EINVAL);
	FAILS(mincore(p, page, (unsigned char *)8), EFAULT);

	OK(madvise(p + 2 * page, page, MADV_DONTFORK));
	OK(madvise(p + page, page, MADV_WIPEONFORK));
	p[page] = 4;
	pid_t pid = fork();
	if (pid == 0) {
		int bad = 0;
		bad |= readable(p + 2 * page) ? 1 : 0;
		bad |= p[page] != 0 ? 2 : 0;
		bad |= p[0] != 1 ? 4 : 0;
		_exit(bad);
	}
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);

	OK(munmap(p + page, page));
	FAILS(mincore(p, 3 * page, resident), ENOMEM);
	FAILS(madvise(p, 3 * page, MADV_NORMAL), ENOMEM);

	OK(mlock(p, page));
	OK(munlock(p, page));
	FAILS(mlock(p + page, page), ENOMEM);
	FAILS(munlock(p + page, page), ENOMEM);
	OK(munlockall());
	FAILS(mlockall(0), EINVAL);
	OK(munmap(p, 3 * page));
}

static void test_break(void) {
	char *start = sbrk(0);
	CHECK(start != (void *)-1);
	EQ((uintptr_t)sbrk((intptr_t)(3 * page + 100)), (uintptr_t)start);
	memset(start, 1, 3 * page + 100);
	char *end = sbrk(0);
	EQ(end - start, 3 * page + 100);
	EQ((uintptr_t)sbrk(-(intptr_t)(2 * page)), (uintptr_t)end);
	EQ((uintptr_t)sbrk(0), (uintptr_t)end - 2 * page);
	EQ((uintptr_t)sbrk((intptr_t)(2 * page)), (uintptr_t)end - 2 * page);
	char *above = (char *)(((uintptr_t)start + page + 100 + page - 1) & ~(page - 1));
	EQ(above[0], 0); // pages given back come again as zeros
	EQ(start[0], 1);
	OK(brk(start));
	// The raw call reports the break it left, also when it does nothing.
	EQ(syscall(SYS_brk, 0), (long)(uintptr_t)start);
	EQ(syscall(SYS_brk, 16), (long)(uintptr_t)start);
	EQ(syscall(SYS_brk, (long)((uint64_t)1 << 60)), (long)(uintptr_t)start);
	EQ(syscall(SYS_brk, (uintptr_t)start + 1), (long)(uintptr_t)start + 1);
	OK(brk(start));
	struct rlimit limit;
	OK(getrlimit(RLIMIT_DATA, &limit));
}

// find_map looks an address up in /proc/self/maps and returns its permissions, "" when it is not mapped.
static const char *find_map(const void *p) {
	static char perms[5];
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	perms[0] = '\0';
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		uintptr_t from, to;
		char text[5];
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, text) == 3 && from <= (uintptr_t)p && (uintptr_t)p < to)
			strcpy(perms, text);
	}
	if (f != NULL)
		fclose(f);
	return perms;
}

static void test_maps(void) {
	char *p = anon(3, PROT_READ | PROT_WRITE);
	OK(mprotect(p + page, page, PROT_READ));
	OK(mprotect(p + 2 * page, page, PROT_NONE));
	STR(find_map(p), "rw-p");
	STR(find_map(p + page), "r--p");
	STR(find_map(p + 2 * page), "---p");
	STR(find_map((void *)test_maps), "r-xp");
	int local;
	STR(find_map(&local), "rw-p");
	OK(munmap(p, 3 * page));
	STR(find_map(p), "");
	p = mmap(NULL, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	STR(find_map(p), "r--s");
	OK(munmap(p, page));
}

static void test_many(void) {
	// Many mappings of changing protection, unmapped in another order.
	enum { N = 200 };
	char *p[N];
	for (int i = 0; i < N; i++) {
		p[i] = anon(1 + (size_t)i % 3, PROT_READ | PROT_WRITE);
		*(int *)p[i] = i;
		if (i % 2)
			OK(mprotect(p[i], page, PROT_READ));
	}
	for (int i = 0; i < N; i++) {
		int k = i * 77 % N;
		EQ(*(int *)p[k], k);
		OK(munmap(p[k], (1 + (size_t)k % 3) * page));
	}
	for (int i = 0; i < 100; i++) // the same again and again must not leak address space
		OK(munmap(anon(4096, PROT_NONE), 4096 * page));
	char *big = mmap(NULL, (size_t)8 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(big != MAP_FAILED);
	OK(mprotect(big + ((size_t)4 << 30), page, PROT_READ | PROT_WRITE));
	big[(size_t)4 << 30] = 1;
	OK(munmap(big, (size_t)8 << 30));
}

int main(void) {
	page = (size_t)sysconf(_SC_PAGESIZE);
	EQ(page, 4096);
	scratch_dir();
	test_anonymous();
	test_fixed();
	test_mprotect();
	test_files();
	test_mremap();
	test_advice();
	test_break();
	test_maps();
	test_many();
	scratch_remove();
	return done("mem");
}
