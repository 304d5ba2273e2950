// Newer extensions by their encodings, since older assemblers do not know the names: Zicond, Zfa, Zacas.
// ONLY: riscv64
#include "check.h"

#include <pthread.h>
#include <setjmp.h>

typedef uint64_t u64;
typedef int64_t i64;
typedef uint32_t u32;

enum { NX = 1, NV = 16 };

static sigjmp_buf missing;

static void on_illegal(int sig) {
	(void)sig;
	siglongjmp(missing, 1);
}

static void extension(const char *name, void (*test)(void)) {
	check_count++;
	if (sigsetjmp(missing, 1) == 0)
		test();
	else
		check_fail(__FILE__, __LINE__, "%s: illegal instruction", name);
}

static double as_d(u64 b) {
	double d;
	memcpy(&d, &b, 8);
	return d;
}
static float as_s(u32 b) {
	float f;
	memcpy(&f, &b, 4);
	return f;
}
static u64 of_d(double d) {
	u64 b;
	memcpy(&b, &d, 8);
	return b;
}
static u32 of_s(float f) {
	u32 b;
	memcpy(&b, &f, 4);
	return b;
}

static u32 take_flags(void) {
	u32 f;
	__asm__ volatile("fsflags %0, x0" : "=r"(f));
	return f;
}

// czero.eqz is 0000111 rs2 rs1 101 rd 0110011, czero.nez has funct3 111.
static u64 czero_eqz(u64 a, u64 b) {
	u64 d;
	__asm__ volatile(".insn r 0x33, 5, 0x07, %0, %1, %2" : "=r"(d) : "r"(a), "r"(b));
	return d;
}
static u64 czero_nez(u64 a, u64 b) {
	u64 d;
	__asm__ volatile(".insn r 0x33, 7, 0x07, %0, %1, %2" : "=r"(d) : "r"(a), "r"(b));
	return d;
}

static void test_zicond(void) {
	static const u64 values[] = {0, 1, 0xffffffff00000000, 0x8000000000000000, 0xffffffffffffffff};
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 5; k++) {
			EQ(czero_eqz(values[i], values[k]), values[k] == 0 ? 0 : values[i]);
			EQ(czero_nez(values[i], values[k]), values[k] != 0 ? 0 : values[i]);
		}
	u64 d = 5; // the destination is the condition, then the value
	__asm__ volatile(".insn r 0x33, 5, 0x07, %0, %1, %0" : "+r"(d) : "r"(77));
	EQ(d, 77);
	__asm__ volatile(".insn r 0x33, 7, 0x07, %0, %0, %1" : "+r"(d) : "r"(1));
	EQ(d, 0);
}

#define FLI(n)                                                                                                                    \
	do {                                                                                                                           \
		double d;                                                                                                                  \
		float f;                                                                                                                   \
		__asm__ volatile(".insn r 0x53, 0, 0x79, %0, x" #n ", x1" : "=f"(d));                                                      \
		EQ(of_d(d), of_d(wide[n]));                                                                                                \
		__asm__ volatile(".insn r 0x53, 0, 0x78, %0, x" #n ", x1" : "=f"(f));                                                      \
		EQ(of_s(f), of_s(narrow[n]));                                                                                              \
	} while (0)

// Two sources: funct7, funct3; the result in a floating-point or an integer register.
#define FP2(f7, f3, type, a, b)                                                                                                    \
	({                                                                                                                             \
		type r_;                                                                                                                   \
		__asm__ volatile(".insn r 0x53, " #f3 ", " #f7 ", %0, %1, %2" : "=f"(r_) : "f"(a), "f"(b));                                \
		r_;                                                                                                                        \
	})
#define CMP2(f7, f3, a, b)                                                                                                         \
	({                                                                                                                             \
		u64 r_;                                                                                                                    \
		__asm__ volatile(".insn r 0x53, " #f3 ", " #f7 ", %0, %1, %2" : "=r"(r_) : "f"(a), "f"(b));                                \
		r_;                                                                                                                        \
	})
#define FP1(f7, rs2, f3, type, a)                                                                                                  \
	({                                                                                                                             \
		type r_;                                                                                                                   \
		__asm__ volatile(".insn r 0x53, " #f3 ", " #f7 ", %0, %1, " #rs2 : "=f"(r_) : "f"(a));                                     \
		r_;                                                                                                                        \
	})

static void test_zfa(void) {
	const double wide[32] = {-1, 0x1p-1022, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75,
		0.875, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 32768, 65536, __builtin_inf(), as_d(0x7ff8000000000000)};
	float narrow[32];
	for (int i = 0; i < 31; i++)
		narrow[i] = i == 1 ? 0x1p-126f : (float)wide[i];
	narrow[31] = as_s(0x7fc00000);
	FLI(0); FLI(1); FLI(2); FLI(3); FLI(4); FLI(5); FLI(6); FLI(7); FLI(8); FLI(9); FLI(10); FLI(11); FLI(12); FLI(13); FLI(14); FLI(15);
	FLI(16); FLI(17); FLI(18); FLI(19); FLI(20); FLI(21); FLI(22); FLI(23); FLI(24); FLI(25); FLI(26); FLI(27); FLI(28); FLI(29); FLI(30); FLI(31);

	// fminm and fmaxm: a NaN wins.
	double nan = as_d(0x7ff8000000000000), snan = as_d(0x7ff0000000000001);
	take_flags();
	EQ(of_d(FP2(0x15, 2, double, 1.0, 2.0)), of_d(1.0));
	EQ(of_d(FP2(0x15, 3, double, 1.0, 2.0)), of_d(2.0));
	EQ(of_d(FP2(0x15, 2, double, 0.0, -0.0)), of_d(-0.0));
	EQ(of_d(FP2(0x15, 3, double, -0.0, 0.0)), of_d(0.0));
	EQ(of_d(FP2(0x15, 2, double, nan, 2.0)), of_d(nan));
	EQ(of_d(FP2(0x15, 3, double, 1.0, as_d(0xfff8000000000055))), of_d(nan));
	EQ(take_flags(), 0);
	EQ(of_d(FP2(0x15, 2, double, 1.0, snan)), of_d(nan));
	EQ(take_flags(), NV);
	EQ(of_s(FP2(0x14, 2, float, -1.0f, 2.0f)), of_s(-1.0f));
	EQ(of_s(FP2(0x14, 3, float, as_s(0x7fc00000), 2.0f)), 0x7fc00000);

	// fround and froundnx, static modes 0 to 4 and dynamic.
	static const struct {
		double from, to[5];
	} rounds[] = {{2.5, {2, 2, 2, 3, 3}}, {-2.5, {-2, -2, -3, -2, -3}}, {3.5, {4, 3, 3, 4, 4}}, {0.25, {0, 0, 0, 1, 0}},
		{-0.25, {-0.0, -0.0, -1, -0.0, -0.0}}, {0x1.8p51, {0x1.8p51, 0x1.8p51, 0x1.8p51, 0x1.8p51, 0x1.8p51}},
		{0x1.0000000000001p51, {0x1p51, 0x1p51, 0x1p51, 0x1.0000000000002p51, 0x1.0000000000002p51}},
		{0x1.fffffffffffffp52, {0x1.fffffffffffffp52, 0x1.fffffffffffffp52, 0x1.fffffffffffffp52, 0x1.fffffffffffffp52, 0x1.fffffffffffffp52}},
		{1e300, {1e300, 1e300, 1e300, 1e300, 1e300}}, {-0.0, {-0.0, -0.0, -0.0, -0.0, -0.0}}};
	for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
		double a = rounds[i].from;
		const double *want = rounds[i].to;
		take_flags();
		EQ(of_d(FP1(0x21, x4, 0, double, a)), of_d(want[0]));
		EQ(of_d(FP1(0x21, x4, 1, double, a)), of_d(want[1]));
		EQ(of_d(FP1(0x21, x4, 2, double, a)), of_d(want[2]));
		EQ(of_d(FP1(0x21, x4, 3, double, a)), of_d(want[3]));
		EQ(of_d(FP1(0x21, x4, 4, double, a)), of_d(want[4]));
		EQ(take_flags(), 0); // fround never raises inexact
		for (int frm = 0; frm < 5; frm++) {
			__asm__ volatile("fsrm %0" ::"r"(frm));
			EQ(of_d(FP1(0x21, x5, 7, double, a)), of_d(want[frm]));
			EQ(take_flags(), want[frm] != a ? NX : 0);
			if (i < 5) // those that are singles too
				EQ(of_s(FP1(0x20, x4, 7, float, (float)a)), of_s((float)want[frm]));
			EQ(take_flags(), 0);
		}
		__asm__ volatile("fsrmi 0");
		take_flags();
	}
	EQ(of_d(FP1(0x21, x4, 0, double, snan)), of_d(nan));
	EQ(take_flags(), NV);
	EQ(of_d(FP1(0x21, x5, 0, double, as_d(0xfff8000000000001))), of_d(nan));
	EQ(of_d(FP1(0x21, x5, 0, double, -__builtin_inf())), of_d(-__builtin_inf()));
	EQ(take_flags(), 0);

	// fcvtmod.w.d: modulo 2^32, towards zero, signed result.
	static const struct {
		u64 from;
		i64 to;
		u32 flags;
	} mods[] = {{0, 0, 0}, {0x3ff8000000000000 /* 1.5 */, 1, NX}, {0xbff8000000000000 /* -1.5 */, -1, NX},
		{0x41dfffffffc00000 /* 2^31-1 */, 0x7fffffff, 0}, {0x41e0000000000000 /* 2^31 */, -0x80000000LL, NV},
		{0x41f0000000000000 /* 2^32 */, 0, NV}, {0x41f0000000100000 /* 2^32+1 */, 1, NV}, {0xc1e0000000000000 /* -2^31 */, -0x80000000LL, 0},
		{0xc1e0000000200000 /* -2^31-1 */, 0x7fffffff, NV}, {0x7ff0000000000000, 0, NV}, {0x7ff8000000000000, 0, NV},
		{0x4340000000000001 /* 2^53+2 */, 2, NV}, {0x4530000000000001 /* beyond 2^84 */, 0, NV}, {1, 0, NX}};
	for (size_t i = 0; i < sizeof mods / sizeof mods[0]; i++) {
		u64 d;
		take_flags();
		__asm__ volatile(".insn r 0x53, 1, 0x61, %0, %1, x8" : "=r"(d) : "f"(as_d(mods[i].from)));
		EQ(d, mods[i].to);
		EQ(take_flags(), mods[i].flags);
	}

	// fleq and fltq are quiet.
	take_flags();
	EQ(CMP2(0x51, 4, 1.0, 1.0), 1);
	EQ(CMP2(0x51, 5, 1.0, 1.0), 0);
	EQ(CMP2(0x51, 5, -1.0, 1.0), 1);
	EQ(CMP2(0x51, 4, nan, 1.0), 0);
	EQ(CMP2(0x51, 5, 1.0, nan), 0);
	EQ(take_flags(), 0);
	EQ(CMP2(0x51, 5, snan, 1.0), 0);
	EQ(take_flags(), NV);
	EQ(CMP2(0x50, 4, 1.0f, 2.0f), 1);
	EQ(CMP2(0x50, 5, 2.0f, 1.0f), 0);
}

// amocas.w, .d, .q: 00101 aq rl rs2 rs1 010/011/100 rd 0101111. rd holds the expected and gets the old value.
static u64 cas_d(u64 *p, u64 expected, u64 desired) {
	__asm__ volatile(".insn r 0x2f, 3, 0x17, %0, %1, %2" : "+r"(expected) : "r"(p), "r"(desired) : "memory");
	return expected;
}
static u64 cas_w(u32 *p, u64 expected, u64 desired) {
	__asm__ volatile(".insn r 0x2f, 2, 0x14, %0, %1, %2" : "+r"(expected) : "r"(p), "r"(desired) : "memory");
	return expected;
}

static u64 shared_counter;
static struct {
	u64 low, high;
} wide_counter __attribute__((aligned(16)));

static bool cas_q(u64 *low, u64 *high, u64 new_low, u64 new_high) {
	register u64 el __asm__("a2") = *low, eh __asm__("a3") = *high, nl __asm__("a4") = new_low, nh __asm__("a5") = new_high;
	__asm__ volatile(".insn r 0x2f, 4, 0x17, a2, %2, a4" : "+r"(el), "+r"(eh) : "r"(&wide_counter), "r"(nl), "r"(nh) : "memory");
	bool same = el == *low && eh == *high;
	*low = el;
	*high = eh;
	return same;
}

static void *contend(void *arg) {
	u64 low = 0, high = 0;
	for (int i = 0; i < 5000; i++) {
		u64 seen = 0, old;
		while ((old = cas_d(&shared_counter, seen, seen + 1)) != seen)
			seen = old;
		while (!cas_q(&low, &high, low + 1, high - 1))
			continue;
	}
	return arg;
}

static void test_zacas(void) {
	u64 d = 5;
	EQ(cas_d(&d, 5, 9), 5);
	EQ(d, 9);
	EQ(cas_d(&d, 5, 7), 9);
	EQ(d, 9);
	u32 w[2] = {0x80000000, 0x55555555};
	EQ(cas_w(w, 0x1234567880000000, 0xffffffff00000001), 0xffffffff80000000); // compares 32 bits, extends the sign
	EQ(w[0], 1);
	EQ(w[1], 0x55555555);
	EQ(cas_w(w, 2, 3), 1);
	EQ(w[0], 1);
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, contend, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	EQ(shared_counter, 20000);
	EQ(wide_counter.low, 20000);
	EQ(wide_counter.high, -20000);
}

int main(void) {
	signal(SIGILL, on_illegal);
	extension("Zicond", test_zicond);
	extension("Zfa", test_zfa);
	extension("Zacas", test_zacas);
	return done("rvext");
}
