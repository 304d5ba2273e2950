// Control and status registers a program may use: fflags, frm, fcsr, cycle, time, instret; all access forms. Also the
// riscv_hwprobe and riscv_flush_icache system calls.
// ONLY: riscv64
#include "check.h"

#include <fenv.h>

typedef uint64_t u64;

#define CSR(text, value)                                                                                                           \
	({                                                                                                                             \
		u64 csr_r;                                                                                                                 \
		__asm__ volatile(text : "=r"(csr_r) : "r"((u64)(value)) : "memory");                                                       \
		csr_r;                                                                                                                     \
	})

static void test_fcsr(void) {
	CSR("csrrw %0, fcsr, %1", 0);
	EQ(CSR("csrrw %0, fcsr, %1", 0x7b), 0);
	EQ(CSR("csrr %0, fcsr", 0), 0x7b);
	EQ(CSR("csrr %0, frm", 0), 3);
	EQ(CSR("csrr %0, fflags", 0), 0x1b);
	EQ(CSR("csrrw %0, fcsr, %1", 0xffffffffffffff00), 0x7b); // other bits do not stick
	EQ(CSR("csrr %0, fcsr", 0), 0);
	EQ(CSR("csrrs %0, fflags, %1", 5), 0);
	EQ(CSR("csrrs %0, fflags, %1", 0x18), 5);
	EQ(CSR("csrrc %0, fflags, %1", 4), 0x1d);
	EQ(CSR("csrrs %0, fflags, x0", 0), 0x19);
	EQ(CSR("csrrwi %0, frm, 2", 0), 0);
	EQ(CSR("csrrsi %0, frm, 1", 0), 2);
	EQ(CSR("csrrci %0, frm, 2", 0), 3);
	EQ(CSR("csrrw %0, frm, %1", 0xf9), 1); // three bits
	EQ(CSR("csrr %0, frm", 0), 1);
	EQ(CSR("csrr %0, fcsr", 0), 0x39);
	EQ(CSR("fsrm %0, %1", 4), 1);
	EQ(CSR("frrm %0", 0), 4);
	EQ(CSR("fsflags %0, %1", 0xff), 0x19);
	EQ(CSR("frflags %0", 0), 0x1f);
	EQ(CSR("fscsr %0, %1", 0), 0x9f);
	EQ(CSR("frcsr %0", 0), 0);
	// frm may hold a reserved value as long as nothing uses it.
	EQ(CSR("csrrwi %0, frm, 5", 0), 0);
	EQ(CSR("csrrwi %0, frm, 0", 0), 5);

	// The flags of an instruction are visible right behind it, the rounding mode takes effect right away.
	double d;
	u64 f;
	__asm__ volatile("fsflags x0; fdiv.d %0, %2, %3; frflags %1; fsflags x0" : "=&f"(d), "=&r"(f) : "f"(1.0), "f"(3.0));
	EQ(f, 1);
	for (int mode = 0; mode < 4; mode++) {
		static const u64 third[4] = {0x3fd5555555555555, 0x3fd5555555555555, 0x3fd5555555555555, 0x3fd5555555555556};
		u64 bits;
		__asm__ volatile("fsrm %3; fdiv.d ft0, %1, %2; fsrmi 0; fmv.x.d %0, ft0" : "=r"(bits) : "f"(1.0), "f"(3.0), "r"(mode) : "ft0");
		EQ(bits, third[mode]);
	}
	// The library's view.
	fesetround(FE_UPWARD);
	EQ(fegetround(), FE_UPWARD);
	EQ(CSR("frrm %0", 0), 3);
	fesetround(FE_TONEAREST);
	feclearexcept(FE_ALL_EXCEPT);
	feraiseexcept(FE_OVERFLOW);
	EQ(CSR("frflags %0", 0) & 4, 4);
	feclearexcept(FE_ALL_EXCEPT);

	// A child process starts with the parent's state.
	CSR("fscsr %0, %1", 0x45);
	pid_t pid = fork();
	if (pid == 0)
		_exit(CSR("frcsr %0", 0) != 0x45);
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	EQ(CSR("fscsr %0, %1", 0), 0x45);
}

// Kernels since 6.6 let programs read time only, unless they are told otherwise; emulators let them read all three.
static void test_counters(void) {
	u64 c0 = CSR("rdcycle %0", 0), t0 = CSR("rdtime %0", 0), i0 = CSR("rdinstret %0", 0);
	double begin = seconds_now();
	volatile u64 x = 0;
	while (seconds_now() - begin < 0.03)
		for (int i = 0; i < 1000; i++)
			x += (u64)i;
	u64 c1 = CSR("rdcycle %0", 0), t1 = CSR("rdtime %0", 0), i1 = CSR("rdinstret %0", 0);
	CHECK(c1 > c0);
	CHECK(t1 > t0);
	CHECK(i1 > i0);
	u64 before = CSR("rdtime %0", 0);
	for (int i = 0; i < 1000; i++) {
		u64 now = CSR("rdtime %0", 0);
		if (now < before)
			check_fail(__FILE__, __LINE__, "time ran back from %" PRIu64 " to %" PRIu64, before, now);
		before = now;
	}
	CHECK(CSR("csrrs %0, cycle, x0", 0) >= c1); // the read-only form
}

struct pair {
	int64_t key;
	u64 value;
};

static void test_hwprobe(void) {
	// Keys: 0 vendor, 3 base behaviour (bit 0: IMA), 4 extensions (bit 0: FD, bit 1: C), unknown ones become -1.
	struct pair pairs[4] = {{3, 0}, {4, 0}, {0, 7}, {0x7fffffff, 5}};
	long r = syscall(258, pairs, 4, 0, NULL, 0);
	EQ(r, 0);
	if (r == 0) {
		EQ(pairs[0].value & 1, 1);
		EQ(pairs[1].value & 3, 3);
		EQ(pairs[3].key, -1);
		EQ(pairs[3].value, 0);
	}
	FAILS(syscall(258, pairs, 4, 0, NULL, 0x80), EINVAL);
	FAILS(syscall(258, (void *)8, 1, 0, NULL, 0), EFAULT);
	EQ(syscall(259, 0, 0, 0), 0); // riscv_flush_icache
	FAILS(syscall(259, 0, 0, 2), EINVAL);
}

int main(void) {
	test_fcsr();
	test_counters();
	test_hwprobe();
	return done("rvcsr");
}
