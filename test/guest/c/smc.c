// Self-modifying code: write, run, rewrite, run again; patching a running loop; protection changes; one file mapped twice,
// writable and executable; code on a page with data; other threads.
// ONLY: riscv64
#include "check.h"

#include <pthread.h>

typedef uint32_t u32;

static size_t page;

// addi a0, x0, n; ret
static u32 li_a0(int n) { return (u32)n << 20 | 0x513; }
enum { RET = 0x00008067, ADDI_A0_A0_1 = 0x00150513, NOP = 0x13 };

static void sync_code(void *p, size_t n) { __builtin___clear_cache((char *)p, (char *)p + n); }
static void fence_i(void) { __asm__ volatile("fence.i" ::: "memory"); }

static int call(void *p) { return ((int (*)(void))p)(); }

static void *pages(size_t n, int prot) {
	void *p = mmap(NULL, n * page, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		DIE("mmap");
	return p;
}

static void test_rewrite(void) {
	u32 *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	for (int i = 0; i < 200; i++) {
		code[0] = li_a0(i);
		code[1] = RET;
		if (i & 1)
			sync_code(code, 8);
		else
			fence_i();
		EQ(call(code), i);
		EQ(call(code), i);
	}
	// Many functions on one page, one of them changed at a time.
	for (int i = 0; i < 64; i++) {
		code[2 * i] = li_a0(i);
		code[2 * i + 1] = RET;
	}
	sync_code(code, page);
	for (int round = 0; round < 20; round++) {
		int k = round * 13 % 64;
		code[2 * k] = li_a0(1000 + k);
		fence_i();
		for (int i = 0; i < 64; i++)
			EQ(call(code + 2 * i), i == k ? 1000 + i : i);
		code[2 * k] = li_a0(k);
		fence_i();
	}
	// Through every kind of store, among them ones that cross into the code from the page before.
	u32 *two = pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
	u32 *second = two + page / 4;
	second[0] = li_a0(1), second[1] = RET;
	fence_i();
	EQ(call(second), 1);
	*(volatile uint16_t *)((char *)second + 2) = (uint16_t)(li_a0(2) >> 16);
	fence_i();
	EQ(call(second), 2);
	*(volatile uint8_t *)((char *)second + 3) = (uint8_t)(li_a0(0x123) >> 24);
	fence_i();
	EQ(call(second), 0x122);
	uint64_t straddle = (uint64_t)li_a0(7) << 32 | 0x11223344;
	memcpy((char *)second - 4, &straddle, 8);
	fence_i();
	EQ(call(second), 7);
	__atomic_exchange_n(second, li_a0(8), __ATOMIC_SEQ_CST);
	fence_i();
	EQ(call(second), 8);
	double d;
	uint64_t both = (uint64_t)RET << 32 | li_a0(9);
	memcpy(&d, &both, 8);
	__asm__ volatile("fsd %0, (%1)" ::"f"(d), "r"(second) : "memory");
	fence_i();
	EQ(call(second), 9);
	// The kernel writes: read from a pipe, and a jump across the page border.
	int fds[2];
	OK(pipe(fds));
	u32 text[2] = {li_a0(10), RET};
	EQ(write(fds[1], text, 8), 8);
	EQ(read(fds[0], second, 8), 8);
	fence_i();
	EQ(call(second), 10);
	close(fds[0]), close(fds[1]);
	second[-1] = ADDI_A0_A0_1, second[-2] = li_a0(20), second[0] = ADDI_A0_A0_1, second[1] = RET;
	fence_i();
	EQ(call(second - 2), 22);
	second[0] = NOP;
	fence_i();
	EQ(call(second - 2), 21);
	// A 4-byte instruction across the border, half of it rewritten.
	uint16_t *half = (uint16_t *)second - 1;
	u32 insn = li_a0(30), ret = RET;
	memcpy(half, &insn, 4);
	memcpy(half + 2, &ret, 4);
	fence_i();
	EQ(call(half), 30);
	half[1] = (uint16_t)(li_a0(31) >> 16);
	fence_i();
	EQ(call(half), 31);
	munmap(code, page);
	munmap(two, 2 * page);
}

static void test_patch_itself(void) {
	// The loop adds 1 five times, then turns its own addition into one of 10 and adds five times more.
	u32 *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	extern const u32 patch_template[], patch_template_end[];
	size_t n = (size_t)((char *)patch_template_end - (char *)patch_template);
	for (int round = 0; round < 3; round++) {
		memcpy(code, patch_template, n);
		sync_code(code, n);
		EQ(((int (*)(u32))(void *)code)(0x00a50513 /* addi a0, a0, 10 */), 55);
	}
	munmap(code, page);
}
__asm__(".text\n.balign 4\n.option push\n.option norvc\n.option norelax\n"
		"patch_template: mv t0, a0\n"
		"li a0, 0\n"
		"li t1, 10\n"
		"li t2, 5\n"
		"1: addi a0, a0, 1\n"
		"addi t1, t1, -1\n"
		"bne t1, t2, 2f\n"
		"auipc t3, 0\n"
		"sw t0, -12(t3)\n"
		"fence.i\n"
		"2: bnez t1, 1b\n"
		"ret\n"
		"patch_template_end:\n.option pop\n");

static void test_protection(void) {
	u32 *code = pages(1, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 20; i++) {
		OK(mprotect(code, page, PROT_READ | PROT_WRITE));
		code[0] = li_a0(i);
		code[1] = RET;
		OK(mprotect(code, page, PROT_READ | PROT_EXEC));
		sync_code(code, 8);
		EQ(call(code), i);
	}
	// New memory at the old address.
	for (int i = 0; i < 20; i++) {
		OK(munmap(code, page));
		EQ((uintptr_t)mmap(code, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), (uintptr_t)code);
		code[0] = li_a0(100 + i);
		code[1] = RET;
		fence_i();
		EQ(call(code), 100 + i);
	}
	// Moved, dropped and replaced.
	u32 *moved = mremap(code, page, 2 * page, MREMAP_MAYMOVE);
	EQ(call(moved), 119);
	moved[0] = li_a0(7);
	fence_i();
	EQ(call(moved), 7);
	OK(madvise(moved, page, MADV_DONTNEED)); // zeros now
	moved[0] = li_a0(8);
	moved[1] = RET;
	fence_i();
	EQ(call(moved), 8);
	munmap(moved, 2 * page);
}

static void test_two_views(void) {
	int fd = memfd_create("code", 0);
	OK(ftruncate(fd, (off_t)page));
	u32 *w = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	u32 *x = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	CHECK(w != MAP_FAILED && x != MAP_FAILED);
	int wrong = 0;
	for (int i = 0; i < 50; i++) {
		w[0] = li_a0(i);
		w[1] = RET;
		sync_code(x, 8);
		wrong += call(x) != i;
	}
	EQ(wrong, 0);
	u32 insn = li_a0(99);
	EQ(pwrite(fd, &insn, 4, 0), 4); // through the file
	sync_code(x, 8);
	EQ(call(x), 99);
	// A file mapping that replaces the page.
	int other = memfd_create("other", 0);
	u32 text[2] = {li_a0(55), RET};
	EQ(write(other, text, 8), 8);
	EQ((uintptr_t)mmap(x, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, other, 0), (uintptr_t)x);
	EQ(call(x), 55);
	munmap(w, page);
	munmap(x, page);
	close(fd), close(other);
}

static void test_data_beside_code(void) {
	// A counter on the page of the code that counts it: no fence is needed for data, and it must not crawl.
	u32 *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	volatile uint64_t *counter = (void *)(code + 512);
	// 1: ld t0,0(a1); addi t0,t0,1; sd t0,0(a1); addi a0,a0,-1; bnez a0,1b; ret
	static const u32 loop[] = {0x0005b283, 0x00128293, 0x0055b023, 0xfff50513, 0xfe0518e3, RET};
	memcpy(code, loop, sizeof loop);
	fence_i();
	double begin = seconds_now();
	((void (*)(long, volatile uint64_t *))(void *)code)(20000, counter);
	EQ(*counter, 20000);
	CHECK(seconds_now() - begin < 20);
	munmap(code, page);
}

static void test_fork(void) {
	u32 *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	code[0] = li_a0(1), code[1] = RET;
	fence_i();
	EQ(call(code), 1);
	pid_t pid = fork();
	if (pid == 0) {
		code[0] = li_a0(2);
		fence_i();
		_exit(call(code) != 2);
	}
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	EQ(call(code), 1);
	munmap(code, page);
}

static u32 *shared_code;
static atomic_int generation, seen[2], stop;

static void *run_shared(void *arg) {
	int me = (int)(intptr_t)arg;
	while (!stop) {
		int g = generation;
		if (g != seen[me]) {
			fence_i();
			int r = call(shared_code);
			if (r != g)
				check_fail(__FILE__, __LINE__, "thread %d runs code %d in generation %d", me, r, g);
			seen[me] = g;
		}
	}
	return NULL;
}

static void test_threads(void) {
	shared_code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	shared_code[0] = li_a0(0), shared_code[1] = RET;
	pthread_t t[2];
	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, run_shared, (void *)i);
	for (int g = 1; g <= 100; g++) {
		shared_code[0] = li_a0(g);
		sync_code(shared_code, 8);
		generation = g;
		while (seen[0] != g || seen[1] != g)
			sched_yield();
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	EQ(seen[0], 100);
	munmap(shared_code, page);
}

int main(void) {
	page = (size_t)sysconf(_SC_PAGESIZE);
	test_rewrite();
	test_patch_itself();
	test_protection();
	test_two_views();
	test_data_beside_code();
	test_fork();
	test_threads();
	return done("smc");
}
