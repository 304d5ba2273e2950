// Illegal instructions and breakpoints. On riscv64 a list of encodings that must not execute: unprivileged programs get
// SIGILL with ILL_ILLOPC and the address of the instruction. Elsewhere only the portable part runs.
// A body of an instruction list is a page of code with the encoding under test, followed by a return.
#include "arch.h"
#include "check.h"

static volatile int last_signal, last_code;
static void *volatile last_address;
static volatile uintptr_t last_pc;
static volatile int length;

static void on_signal(int sig, siginfo_t *info, void *context) {
	last_signal = sig;
	last_code = info->si_code;
	last_address = info->si_addr;
	last_pc = context_pc(context);
	context_set_pc(context, last_pc + (uintptr_t)length);
}

static void handle(int sig) {
	struct sigaction sa = {.sa_flags = SA_SIGINFO};
	sa.sa_sigaction = on_signal;
	OK(sigaction(sig, &sa, NULL));
}

static void undefined(void *unused) {
	(void)unused;
	signal(SIGILL, SIG_DFL);
#if defined(__riscv)
	__asm__ volatile("unimp");
#elif defined(__x86_64__)
	__asm__ volatile("ud2");
#else
	__asm__ volatile("udf 0");
#endif
}

#if defined(__riscv)

struct encoding {
	const char *what;
	uint32_t bits;
};

// Encodings reserved or privileged in RISC-V Unprivileged ISA 20240411. None of them has been given a meaning by one of
// the extensions of RVA23, and flq by none that Linux supports.
static const struct encoding illegal[] = {
	{"all zeros", 0x0000},
	{"c.addi4spn with zero immediate", 0x0004},
	{"c.lui x4, 0", 0x6201},
	{"c.addiw x0", 0x2005},
	{"c.lwsp x0", 0x4002},
	{"c.ldsp x0", 0x6002},
	{"c.jr x0", 0x8002},
	{"reserved in quadrant 0", 0x9000},
	{"reserved in quadrant 1", 0x9c7d},
	{"all ones", 0xffffffff},
	{"load, reserved width", 0x00007003},
	{"store, reserved width", 0x00004023},
	{"branch, reserved condition 2", 0x00002063},
	{"branch, reserved condition 3", 0x00003063},
	{"jalr, reserved funct3", 0x00001067},
	{"op-imm slli, reserved funct6", 0x80001013},
	{"slliw with shift 32", 0x0200101b},
	{"sraiw with shift 32", 0x4200501b},
	{"op, reserved funct7", 0x80000033},
	{"op-32, reserved funct3", 0x0000203b},
	{"op-imm-32, reserved funct3", 0x0000201b},
	{"lr.d with a source", 0x1010302f},
	{"amo, reserved width", 0x0000502f},
	{"amo, reserved operation", 0xf800302f},
	{"fadd.s, reserved static rounding 5", 0x00005053},
	{"fadd.d, reserved static rounding 6", 0x02006053},
	{"fsgnj.s, reserved", 0x20003053},
	{"fsqrt.d with a second source", 0x5a107053},
	{"fcvt.s.d, reserved source", 0x40a07053},
	{"fmv.x.d with a second source", 0xe2100053},
	{"fp load of 128 bits", 0x00004007},
	{"system, reserved", 0x00004073},
	{"csrrw to cycle", 0xc0001073},
	{"csrrsi to time", 0xc010e073},
	{"csrr sstatus", 0x10002073},
	{"csrr mstatus", 0x30002073},
	{"csrr satp", 0x18002073},
	{"csrr of no register", 0x5c002073},
	{"sret", 0x10200073},
	{"mret", 0x30200073},
	{"sfence.vma", 0x12000073},
	{"ecall with rd", 0x000000f3},
	{"custom-0", 0x0000000b},
	{"custom-3", 0x0000007b},
	{"reserved major opcode", 0x0000006b},
};

static void test_encodings(void) {
	uint16_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < sizeof illegal / sizeof illegal[0]; i++) {
		const struct encoding *e = &illegal[i];
		length = (e->bits & 3) == 3 ? 4 : 2;
		uint16_t *p = code;
		*p++ = 0x0001; // c.nop
		uint16_t *at = p;
		*p++ = (uint16_t)e->bits;
		if (length == 4)
			*p++ = (uint16_t)(e->bits >> 16);
		*p++ = 0x8082; // ret
		__builtin___clear_cache((char *)code, (char *)p);
		last_signal = 0;
		((void (*)(void))code)();
		check_count += 2;
		if (last_signal != SIGILL || last_code != ILL_ILLOPC)
			check_fail(__FILE__, __LINE__, "%s (%#x): expected SIGILL code 1, got signal %d code %d", e->what, e->bits, last_signal, last_code);
		else if (last_address != at || last_pc != (uintptr_t)at)
			check_fail(__FILE__, __LINE__, "%s (%#x): expected address %p, got %p, pc %#lx", e->what, e->bits, (void *)at, last_address, (long)last_pc);
	}
	munmap(code, 4096);
}

static void test_reserved_rounding(void) {
	// A reserved dynamic rounding mode makes the instruction that would use it illegal, and only that.
	length = 4;
	last_signal = 0;
	for (long mode = 5; mode <= 7; mode++) {
		uint64_t pc;
		__asm__ volatile("fsrm %[m]\nla %[pc], 1f\n.option push\n.option norvc\n1: fadd.d ft0, ft0, ft0, dyn\n.option pop\nfsgnj.d ft1, ft0, ft0\nfsrmi 0"
						 : [pc] "=&r"(pc)
						 : [m] "r"(mode)
						 : "ft0", "ft1", "memory");
		EQ(last_signal, SIGILL);
		EQ(last_pc, pc);
		last_signal = 0;
	}
}

static void test_breakpoints(void) {
	uint64_t pc;
	length = 4;
	__asm__ volatile("la %0, 1f\n.option push\n.option norvc\n1: ebreak\n.option pop" : "=&r"(pc)::"memory");
	EQ(last_signal, SIGTRAP);
	EQ(last_code, TRAP_BRKPT);
	EQ((uintptr_t)last_address, pc);
	EQ(last_pc, pc);
	length = 2;
	last_signal = 0;
	__asm__ volatile("la %0, 1f\n1: c.ebreak" : "=&r"(pc)::"memory");
	EQ(last_signal, SIGTRAP);
	EQ((uintptr_t)last_address, pc);
	EQ(last_pc, pc);
}

static void test_hints(void) {
	// Hints and fences do nothing, they are not illegal.
	last_signal = 0;
	length = 4;
	__asm__ volatile(".4byte 0x00000013\n" // nop
					 ".4byte 0x0100000f\n" // pause
					 ".4byte 0x0ff0000f\n" // fence
					 ".4byte 0x8330000f\n" // fence.tso
					 ".4byte 0x0000100f\n" // fence.i
					 ".4byte 0x00001013\n" // slli x0, x0, 0
					 ".2byte 0x0001\n"	   // c.nop
					 ".2byte 0x0005\n"	   // c.nop 1
					 ".2byte 0x4001\n"	   // c.li x0, 0
					 ".2byte 0x8002 | 5<<2\n" // c.mv x0, t0
					 ".2byte 0x0002\n"	   // c.slli x0, 0
					 ".4byte 0x00c06013\n" // ori x0, x0, 12: prefetch space
					 ".4byte 0x00000033\n" // add x0, x0, x0
					 ::: "memory");
	EQ(last_signal, 0);
}

#else
static void test_encodings(void) {}
static void test_reserved_rounding(void) {}
static void test_breakpoints(void) {}
static void test_hints(void) {}
#endif

static void breakpoint(void *unused) {
	(void)unused;
	signal(SIGTRAP, SIG_DFL);
#if defined(__riscv)
	__asm__ volatile("ebreak");
#elif defined(__x86_64__)
	__asm__ volatile("int3");
#else
	__asm__ volatile("brk 0");
#endif
}

int main(void) {
	handle(SIGILL);
	handle(SIGTRAP);
#if defined(__x86_64__)
	length = 2;
	__asm__ volatile("ud2");
	EQ(last_signal, SIGILL);
	EQ((uintptr_t)last_address, last_pc);
#endif
	test_encodings();
	test_reserved_rounding();
	test_breakpoints();
	test_hints();
	int status = child_status(undefined, NULL);
	CHECK(WIFSIGNALED(status));
	EQ(WTERMSIG(status), SIGILL);
	status = child_status(breakpoint, NULL);
	CHECK(WIFSIGNALED(status));
	EQ(WTERMSIG(status), SIGTRAP);
	return done("ill");
}
