// Storm on the address space: threads map, write, check, protect, move and unmap regions of their own, run freshly written
// code (where the machine is known) and read files into memory, all at the same time. No region may lose its contents or
// overlap another's.
#include "storm.h"

static size_t page;
static atomic_long rounds;

#if defined(__riscv)
static void write_function(uint32_t *p, int n) {
	p[0] = (uint32_t)n << 20 | 0x513; // addi a0, x0, n
	p[1] = 0x8067;                    // ret
}
#elif defined(__x86_64__)
static void write_function(uint32_t *p, int n) {
	unsigned char code[6] = {0xb8, (unsigned char)n, (unsigned char)(n >> 8), 0, 0, 0xc3};
	memcpy(p, code, 6);
}
#elif defined(__aarch64__)
static void write_function(uint32_t *p, int n) {
	p[0] = 0x52800000 | (uint32_t)n << 5; // mov w0, n
	p[1] = 0xd65f03c0;                    // ret
}
#endif

static void fill(uint64_t *p, size_t pages, uint64_t tag) {
	for (size_t i = 0; i < pages * page / 8; i += 64)
		p[i] = tag ^ (uint64_t)(uintptr_t)i;
}

static bool intact(const uint64_t *p, size_t pages, uint64_t tag) {
	for (size_t i = 0; i < pages * page / 8; i += 64)
		if (p[i] != (tag ^ (uint64_t)(uintptr_t)i))
			return false;
	return true;
}

static void *work(void *arg) {
	enum { SLOTS = 12 };
	struct {
		uint64_t *at;
		size_t pages;
		uint64_t tag;
	} slot[SLOTS] = {{0}};
	uint64_t random = 0x9e3779b97f4a7c15 + (uint64_t)(intptr_t)arg * 104729;
	while (storm_goes_on()) {
		int i = (int)(storm_random(&random) % SLOTS);
		if (slot[i].at == NULL) {
			slot[i].pages = 1 + storm_random(&random) % 32;
			slot[i].tag = (uint64_t)storm_random(&random) << 32 | (uint64_t)(intptr_t)arg;
			slot[i].at = mmap(NULL, slot[i].pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (slot[i].at == MAP_FAILED)
				DIE("mmap");
			if (slot[i].at[0] != 0 || slot[i].at[slot[i].pages * page / 8 - 1] != 0)
				check_fail(__FILE__, __LINE__, "new memory is not zero");
			fill(slot[i].at, slot[i].pages, slot[i].tag);
			continue;
		}
		if (!intact(slot[i].at, slot[i].pages, slot[i].tag))
			check_fail(__FILE__, __LINE__, "a region lost its contents");
		switch (storm_random(&random) % 6) {
		case 0: // gone
			OK(munmap(slot[i].at, slot[i].pages * page));
			slot[i].at = NULL;
			break;
		case 1: { // grown or shrunk, perhaps moved
			size_t pages = 1 + storm_random(&random) % 32;
			void *p = mremap(slot[i].at, slot[i].pages * page, pages * page, MREMAP_MAYMOVE);
			if (p == MAP_FAILED)
				DIE("mremap");
			slot[i].at = p;
			if (!intact(p, pages < slot[i].pages ? pages : slot[i].pages, slot[i].tag))
				check_fail(__FILE__, __LINE__, "mremap lost contents");
			slot[i].pages = pages;
			fill(p, pages, slot[i].tag);
			break;
		}
		case 2: // locked and opened again; the kernel agrees meanwhile
			OK(mprotect(slot[i].at, slot[i].pages * page, PROT_READ));
			if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, slot[i].at) != -1 || errno != EFAULT)
				check_fail(__FILE__, __LINE__, "a read-only page was written");
			if (!intact(slot[i].at, slot[i].pages, slot[i].tag))
				check_fail(__FILE__, __LINE__, "mprotect lost contents");
			OK(mprotect(slot[i].at, slot[i].pages * page, PROT_READ | PROT_WRITE));
			break;
		case 3: { // code
			int n = (int)(storm_random(&random) % 2000);
			uint32_t *code = mmap(NULL, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (code == MAP_FAILED)
				DIE("mmap");
			for (int k = 0; k < 2; k++) {
				write_function(code, n + k);
				__builtin___clear_cache((char *)code, (char *)(code + 2));
				int got = ((int (*)(void))(void *)code)();
				if (got != n + k)
					check_fail(__FILE__, __LINE__, "new code returned %d, not %d", got, n + k);
			}
			OK(munmap(code, page));
			break;
		}
		case 4: { // a file, shared and private
			int fd = memfd_create("storm", MFD_CLOEXEC);
			uint64_t word = slot[i].tag;
			if (fd == -1 || pwrite(fd, &word, 8, 0) != 8 || ftruncate(fd, (off_t)page) == -1)
				DIE("memfd");
			uint64_t *s = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *q = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
			close(fd);
			if (s == MAP_FAILED || q == MAP_FAILED)
				DIE("mmap");
			q[0]++;
			s[0] ^= 5;
			if (s[0] != (word ^ 5) || q[0] != word + 1)
				check_fail(__FILE__, __LINE__, "shared and private mappings are mixed up");
			OK(munmap(s, page));
			OK(munmap(q, page));
			break;
		}
		case 5: // a fixed mapping over the own region
			if (mmap(slot[i].at, slot[i].pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != slot[i].at)
				DIE("mmap");
			if (slot[i].at[0] != 0)
				check_fail(__FILE__, __LINE__, "a mapping that replaces another is not zero");
			fill(slot[i].at, slot[i].pages, slot[i].tag);
			break;
		}
		rounds++;
	}
	for (int i = 0; i < SLOTS; i++)
		if (slot[i].at != NULL) {
			if (!intact(slot[i].at, slot[i].pages, slot[i].tag))
				check_fail(__FILE__, __LINE__, "a region lost its contents");
			OK(munmap(slot[i].at, slot[i].pages * page));
		}
	return NULL;
}

int main(int argc, char **argv) {
	page = (size_t)sysconf(_SC_PAGESIZE);
	storm_start(argc, argv);
	storm_run(work);
	CHECK(rounds > 0);
	return done("storm_mmap");
}
