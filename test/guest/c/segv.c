// Faults: SIGSEGV and SIGBUS with address and code, contexts that handlers change, alternate stacks, nested and fatal
// faults. Registers of the context are checked on riscv64 and amd64.
#include "arch.h"
#include "check.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/resource.h>

static size_t page;
static volatile int hits, last_signal, last_code;
static void *volatile last_address;
static volatile uintptr_t last_pc, last_sp;

static void on_fault(int sig, siginfo_t *info, void *context) {
	ucontext_t *uc = context;
	hits++;
	last_signal = sig;
	last_code = info->si_code;
	last_address = info->si_addr;
	last_pc = context_pc(uc);
	last_sp = context_sp(uc);
	if (info->si_signo != sig)
		check_fail(__FILE__, __LINE__, "si_signo is %d in the handler of %d", info->si_signo, sig);
	if (context_skip(uc))
		return;
	if (last_pc == (uintptr_t)info->si_addr) { // a jump to nowhere: return to the caller
		uintptr_t back = context_return(uc);
		context_pop(uc);
		context_set_pc(uc, back);
		return;
	}
	check_fail(__FILE__, __LINE__, "unexpected fault at pc %#lx, address %p", (long)last_pc, info->si_addr);
	_exit(1);
}

static void handle(int sig, void (*f)(int, siginfo_t *, void *), int flags) {
	struct sigaction sa = {.sa_flags = SA_SIGINFO | flags};
	sa.sa_sigaction = f;
	OK(sigaction(sig, &sa, NULL));
}

#define FAULT(access, sig, code, address)                                                                                          \
	do {                                                                                                                           \
		int before = hits;                                                                                                         \
		EQ(access, 0);                                                                                                             \
		EQ(hits, before + 1);                                                                                                      \
		EQ(last_signal, sig);                                                                                                      \
		EQ(last_code, code);                                                                                                       \
		EQ((uintptr_t)last_address, (uintptr_t)(address));                                                                         \
	} while (0)

static void test_codes(void) {
	unsigned char v;
	char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p[10] = 7;
	EQ(try_load(p + 10, &v), 1);
	EQ(v, 7);
	OK(mprotect(p + page, page, PROT_READ));
	OK(munmap(p + 2 * page, page));

	FAULT(try_load(NULL, &v), SIGSEGV, SEGV_MAPERR, NULL);
	EQ(last_pc, (uintptr_t)try_load_at);
	FAULT(try_store(NULL, 1), SIGSEGV, SEGV_MAPERR, NULL);
	EQ(last_pc, (uintptr_t)try_store_at);
	FAULT(try_load((void *)0x123, &v), SIGSEGV, SEGV_MAPERR, 0x123);
	FAULT(try_store(p + page + 77, 1), SIGSEGV, SEGV_ACCERR, p + page + 77);
	EQ(try_load(p + page + 77, &v), 1);
	FAULT(try_load(p + 2 * page, &v), SIGSEGV, SEGV_MAPERR, p + 2 * page);
	OK(mprotect(p, page, PROT_NONE));
	FAULT(try_load(p + 1, &v), SIGSEGV, SEGV_ACCERR, p + 1);
	FAULT(try_store(p + 2, 1), SIGSEGV, SEGV_ACCERR, p + 2);
	OK(mprotect(p, page, PROT_READ | PROT_WRITE));
	EQ(try_load(p + 10, &v), 1);
	EQ(v, 7);
	FAULT(try_store((void *)test_codes, 1), SIGSEGV, SEGV_ACCERR, test_codes); // program text
	OK(munmap(p, 2 * page));

}

static void test_jumps(void) {
	char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int before = hits;
	((void (*)(void))p)(); // not executable
	EQ(hits, before + 1);
	EQ(last_signal, SIGSEGV);
	EQ(last_code, SEGV_ACCERR);
	EQ(last_pc, (uintptr_t)p);
	OK(munmap(p, page));
	before = hits;
	((void (*)(void))(p + 64))(); // not mapped
	EQ(hits, before + 1);
	EQ(last_code, SEGV_MAPERR);
	EQ(last_pc, (uintptr_t)p + 64);
	EQ((uintptr_t)last_address, (uintptr_t)p + 64);
	void (*volatile nowhere)(void) = NULL;
	nowhere();
	EQ(hits, before + 2);
	EQ(last_code, SEGV_MAPERR);
	EQ(last_pc, 0);
}

static void test_bus(void) {
	int fd = memfd_create("bus", 0);
	unsigned char v;
	OK(ftruncate(fd, (off_t)(2 * page)));
	char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	EQ(try_store(p + page, 5), 1);
	FAULT(try_load(p + 2 * page + 3, &v), SIGBUS, BUS_ADRERR, p + 2 * page + 3);
	OK(ftruncate(fd, 100));
	FAULT(try_load(p + page, &v), SIGBUS, BUS_ADRERR, p + page);
	FAULT(try_store(p + page + 9, 1), SIGBUS, BUS_ADRERR, p + page + 9);
	EQ(try_load(p + 200, &v), 1);
	OK(ftruncate(fd, (off_t)(2 * page)));
	EQ(try_load(p + page, &v), 1);
	EQ(v, 0);
	OK(munmap(p, 3 * page));
	close(fd);
}

// Every general register reaches the handler and comes back changed.
#if defined(__riscv)
enum { FIRST = 5, LAST = 31 };
extern const char regs_at[];
uint64_t regs_out[32];
static uint64_t regs_in[32];
static double fp_in[32];
double fp_out[32];

#define EACH_FP(X)                                                                                                                 \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21)      \
	X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define EACH_REG(X)                                                                                                                \
	X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25)       \
	X(26) X(27) X(28) X(29) X(30) X(31)
#define SET(n) "li x" #n ", 1000 + " #n "\n"
#define SETF(n) "fcvt.d.l f" #n ", x" #n "\n"
#define SETF_LOW(n) "li t0, 2000 + " #n "\nfcvt.d.l f" #n ", t0\n"
#define SAVE(n) "sd x" #n ", 8*" #n "(ra)\n"
#define SAVEF(n) "fsd f" #n ", 8*" #n "(ra)\n"
void regs_fault(void);
__asm__(".text\n.balign 4\n.globl regs_fault, regs_at\n"
		"regs_fault: addi sp, sp, -208\n"
		"sd ra, 0(sp); sd s0, 8(sp); sd s1, 16(sp); sd s2, 24(sp); sd s3, 32(sp); sd s4, 40(sp); sd s5, 48(sp); sd s6, 56(sp)\n"
		"sd s7, 64(sp); sd s8, 72(sp); sd s9, 80(sp); sd s10, 88(sp); sd s11, 96(sp)\n"
		"fsd fs0, 104(sp); fsd fs1, 112(sp); fsd fs2, 120(sp); fsd fs3, 128(sp); fsd fs4, 136(sp); fsd fs5, 144(sp)\n"
		"fsd fs6, 152(sp); fsd fs7, 160(sp); fsd fs8, 168(sp); fsd fs9, 176(sp); fsd fs10, 184(sp); fsd fs11, 192(sp)\n" //
		EACH_FP(SETF_LOW)																								  //
		EACH_REG(SET) "fsflags x0\n"
		"regs_at: ld ra, 0(x0)\n"
		"la ra, regs_out\n" EACH_REG(SAVE) "la ra, fp_out\n" EACH_FP(SAVEF)
		"ld ra, 0(sp); ld s0, 8(sp); ld s1, 16(sp); ld s2, 24(sp); ld s3, 32(sp); ld s4, 40(sp); ld s5, 48(sp); ld s6, 56(sp)\n"
		"ld s7, 64(sp); ld s8, 72(sp); ld s9, 80(sp); ld s10, 88(sp); ld s11, 96(sp)\n"
		"fld fs0, 104(sp); fld fs1, 112(sp); fld fs2, 120(sp); fld fs3, 128(sp); fld fs4, 136(sp); fld fs5, 144(sp)\n"
		"fld fs6, 152(sp); fld fs7, 160(sp); fld fs8, 168(sp); fld fs9, 176(sp); fld fs10, 184(sp); fld fs11, 192(sp)\n"
		"addi sp, sp, 208\nret\n");

static uint32_t fcsr_in;

static void on_regs(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)info;
	ucontext_t *uc = context;
	EQ(uc->uc_mcontext.__gregs[REG_PC], (uintptr_t)regs_at);
	for (int i = FIRST; i <= LAST; i++) {
		regs_in[i] = uc->uc_mcontext.__gregs[i];
		uc->uc_mcontext.__gregs[i] = (uint64_t)i * 0x0101010101010101;
	}
	for (int i = 0; i < 32; i++) {
		memcpy(&fp_in[i], &uc->uc_mcontext.__fpregs.__d.__f[i], 8);
		double v = 0.5 * i;
		memcpy(&uc->uc_mcontext.__fpregs.__d.__f[i], &v, 8);
	}
	fcsr_in = uc->uc_mcontext.__fpregs.__d.__fcsr;
	uc->uc_mcontext.__fpregs.__d.__fcsr = 0x15;
	uc->uc_mcontext.__gregs[REG_PC] += 4;
	// What the handler does to its own registers does not matter.
	__asm__ volatile("fcvt.d.l ft0, x0\nfcvt.d.l fs0, x0\nfsflags x0\n" ::: "ft0", "fs0");
}

static void test_registers(void) {
	handle(SIGSEGV, on_regs, 0);
	regs_fault();
	handle(SIGSEGV, on_fault, 0);
	uint32_t flags;
	__asm__ volatile("fsflags %0, x0" : "=r"(flags));
	EQ(flags, 0x15);
	EQ(fcsr_in & 0x1f, 0);
	for (int i = FIRST; i <= LAST; i++) {
		EQ(regs_in[i], 1000 + i);
		EQ(regs_out[i], (uint64_t)i * 0x0101010101010101);
	}
	for (int i = 0; i < 32; i++) {
		EQ(fp_in[i], 2000 + i);
		EQ(fp_out[i] * 2, i);
	}
}
#elif defined(__x86_64__)
static uint64_t regs_seen[4];

static void on_regs(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)info;
	ucontext_t *uc = context;
	static const int names[4] = {REG_R8, REG_R9, REG_R12, REG_RBX};
	for (int i = 0; i < 4; i++) {
		regs_seen[i] = (uint64_t)uc->uc_mcontext.gregs[names[i]];
		uc->uc_mcontext.gregs[names[i]] = 50 + i;
	}
	uc->uc_mcontext.gregs[REG_RIP] += 3; // the load below
}

static void test_registers(void) {
	handle(SIGSEGV, on_regs, 0);
	register uint64_t a __asm__("r8") = 1, b __asm__("r9") = 2, c __asm__("r12") = 3;
	uint64_t d = 4;
	__asm__ volatile("xor %%eax, %%eax\nmov (%%rax), %%rax" : "+r"(a), "+r"(b), "+r"(c), "+b"(d)::"rax", "memory");
	uint64_t got[4] = {a, b, c, d};
	handle(SIGSEGV, on_fault, 0);
	for (int i = 0; i < 4; i++) {
		EQ(regs_seen[i], i + 1);
		EQ(got[i], 50 + i);
	}
}
#else
static void test_registers(void) {}
#endif

static char alternate[64 * 1024] __attribute__((aligned(16)));
static sigjmp_buf recovered;
static volatile uintptr_t handler_sp;

static void on_overflow(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)info, (void)context;
	char here;
	handler_sp = (uintptr_t)&here;
	stack_t ss;
	OK(sigaltstack(NULL, &ss));
	EQ(ss.ss_flags, SS_ONSTACK);
	FAILS(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL), EPERM);
	siglongjmp(recovered, 1);
}

NOINLINE static int recurse(volatile int *depth) {
	volatile char waste[4096];
	waste[0] = (char)++*depth;
	if (*depth < 0)
		return 0;
	return recurse(depth) + waste[0];
}

static void *overflow(void *arg) {
	(void)arg;
	stack_t ss = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
	OK(sigaltstack(&ss, &old));
	EQ(old.ss_flags, SS_DISABLE);
	volatile int depth = 0;
	if (sigsetjmp(recovered, 1) == 0) {
		recurse(&depth);
		CHECK(!"the recursion ended");
	}
	CHECK(depth > 10);
	CHECK(handler_sp >= (uintptr_t)alternate && handler_sp < (uintptr_t)alternate + sizeof alternate);
	OK(sigaltstack(NULL, &old));
	EQ(old.ss_flags, 0);
	EQ((uintptr_t)old.ss_sp, (uintptr_t)alternate);
	EQ(old.ss_size, sizeof alternate);
	return NULL;
}

static void test_stack_overflow(void) {
	// Twice: after the first time the jump must have restored the mask and left the alternate stack.
	for (int round = 0; round < 2; round++) {
		handle(SIGSEGV, on_overflow, SA_ONSTACK);
		pthread_t thread;
		pthread_attr_t attr;
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, 256 * 1024);
		pthread_create(&thread, &attr, overflow, NULL);
		pthread_join(thread, NULL);
		handle(SIGSEGV, on_fault, 0);
	}
	stack_t small = {.ss_sp = alternate, .ss_size = 100};
	FAILS(sigaltstack(&small, NULL), ENOMEM);
	stack_t odd = {.ss_sp = alternate, .ss_size = sizeof alternate, .ss_flags = 0x70};
	FAILS(sigaltstack(&odd, NULL), EINVAL);
}

static volatile int depth_seen, nested_done;

static void on_nested(int sig, siginfo_t *info, void *context) {
	(void)sig;
	unsigned char v;
	if (++depth_seen < 5)
		EQ(try_load((char *)info->si_addr + 0x10, &v), 0);
	nested_done++;
	context_skip(context);
}

static void test_nested(void) {
	unsigned char v;
	handle(SIGSEGV, on_nested, SA_NODEFER);
	EQ(try_load((void *)0x10, &v), 0);
	EQ(depth_seen, 5);
	EQ(nested_done, 5);
	handle(SIGSEGV, on_fault, 0);
}

static void crash(void *unused) {
	(void)unused;
	unsigned char v;
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	try_load(NULL, &v);
}

static void crash_ignored(void *unused) {
	(void)unused;
	unsigned char v;
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_IGN); // a fault cannot be ignored
	try_load(NULL, &v);
}

static void crash_blocked(void *unused) {
	(void)unused;
	unsigned char v;
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	sigset_t set;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL); // nor blocked, though there is a handler
	try_load(NULL, &v);
}

static void on_crash_again(int sig) {
	(void)sig;
	unsigned char v;
	try_load((void *)8, &v);
}

static void crash_in_handler(void *unused) {
	(void)unused;
	unsigned char v;
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, on_crash_again);
	try_load(NULL, &v);
}

static volatile int code_seen;

static void on_sent(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)context;
	code_seen = info->si_code;
}

static void send_self(void *unused) {
	(void)unused;
	struct sigaction sa = {.sa_flags = SA_SIGINFO};
	sa.sa_sigaction = on_sent;
	sigaction(SIGSEGV, &sa, NULL);
	kill(getpid(), SIGSEGV); // sent, not faulted: the program goes on
	EQ(code_seen, SI_USER);
	sa.sa_handler = SIG_IGN;
	sa.sa_flags = 0;
	sigaction(SIGSEGV, &sa, NULL);
	kill(getpid(), SIGSEGV);
}

static void test_fatal(void) {
	void (*all[])(void *) = {crash, crash_ignored, crash_blocked, crash_in_handler};
	for (int i = 0; i < 4; i++) {
		int status = child_status(all[i], NULL);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
			check_fail(__FILE__, __LINE__, "crash %d: expected death by SIGSEGV, got status %#x", i, status);
		check_count++;
	}
	EQ(child_status(send_self, NULL), 0);
}

static void *fault_many(void *arg) {
	unsigned char v;
	long bad = 0;
	for (int i = 0; i < 500; i++)
		bad += try_load((char *)arg + i, &v) != 0;
	return (void *)bad;
}

static void test_threads(void) {
	pthread_t t[4];
	char *p = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, fault_many, p);
	for (int i = 0; i < 4; i++) {
		void *bad;
		pthread_join(t[i], &bad);
		EQ((long)bad, 0);
	}
	OK(munmap(p, page));
}

int main(void) {
	page = (size_t)sysconf(_SC_PAGESIZE);
	handle(SIGSEGV, on_fault, 0);
	handle(SIGBUS, on_fault, 0);
	test_codes();
	test_jumps();
	test_bus();
	test_registers();
	test_stack_overflow();
	test_nested();
	test_fatal();
	test_threads();
	return done("segv");
}
