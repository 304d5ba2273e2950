// Floating point of RV64FD over pairs and triples of edge values, in every rounding mode, with the exception flags.
//
// As in rvint.c, each instruction has a reference that another machine computes: built natively, the program hashes the
// results and flags of the host's own IEEE 754 arithmetic (of x86, which like RISC-V detects tininess after rounding),
// with RISC-V's rules for NaN, minimum, maximum and conversions spelled out in C. Round to nearest, ties to maximum
// magnitude, which no other machine has, is checked on chosen values. "rvfp golden >rvfp_golden.h", run natively, records.
// CFLAGS_riscv64: -Wno-unused-function
// CFLAGS: -frounding-math -ffp-contract=off -fno-builtin
#include "check.h"
#include "rvfp_golden.h"

#include <fenv.h>
#include <math.h>

typedef uint64_t u64;
typedef int64_t i64;
typedef uint32_t u32;
typedef int32_t i32;

enum { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 };
enum { RNE, RTZ, RDN, RUP, RMM };

static const u64 edge_d[] = {0, 0x8000000000000000, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x8010000000000000,
	0x0010000000000001, 0x3ca0000000000000, 0x3fe0000000000000, 0x3fefffffffffffff, 0x3ff0000000000000, 0xbff0000000000000,
	0x3ff0000000000001, 0x3ff8000000000000, 0x4000000000000000, 0x4004000000000000, 0xc004000000000000, 0x4008000000000000,
	0x400921fb54442d18, 0x3fb999999999999a, 0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000200000, 0x41efffffffe00000,
	0x43e0000000000000, 0xc3e0000000000000, 0x43efffffffffffff, 0x36a0000000000000, 0x380fffffe0000000, 0x47efffffe0000000,
	0x47efffffefffffff, 0x47effffff0000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
	0x7ff8000000000000, 0xfff8000000000001, 0x7ff0000000000001, 0xfff4000000000000};
static const u32 edge_s[] = {0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x80800000, 0x00800001, 0x33800000, 0x3f000000,
	0x3f7fffff, 0x3f800000, 0xbf800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x40200000, 0xc0200000, 0x40400000, 0x40490fdb, 0x3dcccccd,
	0x4effffff, 0x4f000000, 0xcf000000, 0x4f7fffff, 0x5effffff, 0x5f000000, 0xdf000000, 0x5f7fffff, 0x20000000, 0x1fffffff, 0x7f7fffff,
	0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0xffa00000};
static const u64 edge_i[] = {0, 1, 2, 0xffffffffffffffff, 0x7fffffff, 0x80000000, 0xffffffff80000000, 0xffffffff, 0x100000000, 0x1000001,
	0x1000003, 0x20000000000001, 0x20000000000003, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0x7ffffffffffffc00,
	0x7fffffc000000000, 0xfffffffffffffbff, 0xffffff7fffffffff, 0x123456789abcdef0};
#define LENGTH(a) ((int)(sizeof(a) / sizeof(a)[0]))

struct out {
	u64 bits;
	u32 flags;
};

enum kind { DD, SS, D1, S1, DDD, SSS, II };

static double as_d(u64 b) {
	double d;
	memcpy(&d, &b, 8);
	return d;
}
static float as_s(u64 b) {
	float f;
	u32 w = (u32)b;
	memcpy(&f, &w, 4);
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

static bool nan_d(u64 b) { return (b << 1) > 0xffe0000000000000; }
static bool nan_s(u64 b) { return (u32)b << 1 > 0xff000000u; }
static bool signaling_d(u64 b) { return nan_d(b) && !(b >> 51 & 1); }
static bool signaling_s(u64 b) { return nan_s(b) && !(b >> 22 & 1); }
static u64 canonical_d(double d) { return nan_d(of_d(d)) ? 0x7ff8000000000000 : of_d(d); }
static u64 canonical_s(float f) { return nan_s(of_s(f)) ? 0x7fc00000 : of_s(f); }

static u32 host_flags(void) {
	int e = fetestexcept(FE_ALL_EXCEPT);
	return (u32)((e & FE_INEXACT ? NX : 0) | (e & FE_UNDERFLOW ? UF : 0) | (e & FE_OVERFLOW ? OF : 0) | (e & FE_DIVBYZERO ? DZ : 0) |
		(e & FE_INVALID ? NV : 0));
}

static void host_mode(int mode) {
	static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
	fesetround(modes[mode]);
	feclearexcept(FE_ALL_EXCEPT);
}

// to_integer rounds the value of a double to an integer of a range, as FCVT does.
static struct out to_integer(double d, int mode, bool is_signed, int bits) {
	u64 least = is_signed ? -((u64)1 << (bits - 1)) : 0, most = is_signed ? ((u64)1 << (bits - 1)) - 1 : bits == 64 ? ~(u64)0 : 0xffffffff;
	struct out o = {0, 0};
	u64 b = of_d(d), sign = b >> 63;
	int exponent = (int)(b >> 52 & 0x7ff) - 1075;
	u64 fraction = (b & 0xfffffffffffff) | ((b >> 52 & 0x7ff) != 0 ? (u64)1 << 52 : 0);
	if ((b >> 52 & 0x7ff) == 0)
		exponent = -1074;
	bool huge = false;
	u64 whole = 0;
	if (nan_d(b)) {
		sign = 0;
		huge = true;
	} else if (exponent > 11)
		huge = true;
	else if (exponent >= 0)
		whole = fraction << exponent;
	else {
		int shift = -exponent > 63 ? 63 : -exponent;
		u64 rest = fraction & (((u64)1 << shift) - 1), half = (u64)1 << (shift - 1);
		if (-exponent > 63)
			rest = fraction != 0; // far below one half
		whole = fraction >> shift;
		bool up = mode == RNE ? rest > half || (rest == half && (whole & 1)) : mode == RDN ? sign && rest : mode == RUP ? !sign && rest
			: mode == RMM																				 ? rest >= half
																										 : false;
		o.flags = rest != 0 ? NX : 0;
		whole += up;
	}
	bool bad = huge || (sign ? (is_signed ? whole > (u64)1 << (bits - 1) : whole != 0) : whole > most);
	if (bad)
		o = (struct out){sign ? least : most, NV};
	else
		o.bits = sign ? -whole : whole;
	if (bits == 32)
		o.bits = (u64)(i64)(i32)(u32)o.bits;
	return o;
}

static u64 classify(u64 sign, u64 exponent, u64 most, u64 fraction, bool quiet) {
	if (exponent == most)
		return fraction == 0 ? (sign ? 1 << 0 : 1 << 7) : quiet ? 1 << 9 : 1 << 8;
	if (exponent == 0)
		return fraction == 0 ? (sign ? 1 << 3 : 1 << 4) : sign ? 1 << 2 : 1 << 5;
	return sign ? 1 << 1 : 1 << 6;
}

// least_d is fmin: a NaN loses against a number, -0 is less than 0.
static u64 least_d(u64 a, u64 b, bool greatest) {
	if (nan_d(a) && nan_d(b))
		return 0x7ff8000000000000;
	if (nan_d(a) || nan_d(b))
		return nan_d(a) ? b : a;
	i64 x = (i64)(a >> 63 ? ~a ^ (u64)1 << 63 : a), y = (i64)(b >> 63 ? ~b ^ (u64)1 << 63 : b);
	return (x < y) != greatest ? a : b;
}

static u64 least_s(u64 a, u64 b, bool greatest) {
	if (nan_s(a) && nan_s(b))
		return 0x7fc00000;
	if (nan_s(a) || nan_s(b))
		return nan_s(a) ? b : a;
	i32 x = (i32)(a >> 31 & 1 ? ~(u32)a ^ 0x80000000 : (u32)a), y = (i32)(b >> 31 & 1 ? ~(u32)b ^ 0x80000000 : (u32)b);
	return (x < y) != greatest ? a : b;
}

#define ARITH_D(e) (o.bits = canonical_d(e), o.flags = host_flags())
#define ARITH_S(e) (o.bits = canonical_s(e), o.flags = host_flags())
#define INF_TIMES_ZERO_D(a, b) ((((a) << 1) == 0xffe0000000000000 && ((b) << 1) == 0) || (((b) << 1) == 0xffe0000000000000 && ((a) << 1) == 0))
#define INF_TIMES_ZERO_S(a, b) (((u32)(a) << 1 == 0xff000000 && (u32)(b) << 1 == 0) || ((u32)(b) << 1 == 0xff000000 && (u32)(a) << 1 == 0))
#define FUSED_D(e) (ARITH_D(e), o.flags |= INF_TIMES_ZERO_D(a, b) ? NV : 0)
#define FUSED_S(e) (ARITH_S(e), o.flags |= INF_TIMES_ZERO_S(a, b) ? NV : 0)
#define SIGN_D ((u64)1 << 63)
#define SIGN_S ((u64)1 << 31)

// name, kind, instruction, reference (x, y, z are the operands as volatile doubles, p, q, r as floats, a, b, c as bits)
#define TABLE(X)                                                                                                                   \
	X(fadd_d, DD, "fadd.d %[f], %[x], %[y]", ARITH_D(x + y))                                                                       \
	X(fsub_d, DD, "fsub.d %[f], %[x], %[y]", ARITH_D(x - y))                                                                       \
	X(fmul_d, DD, "fmul.d %[f], %[x], %[y]", ARITH_D(x *y))                                                                        \
	X(fdiv_d, DD, "fdiv.d %[f], %[x], %[y]", ARITH_D(x / y))                                                                       \
	X(fsqrt_d, D1, "fsqrt.d %[f], %[x]", ARITH_D(host_sqrt(x)))                                                                    \
	X(fadd_s, SS, "fadd.s %[f], %[x], %[y]", ARITH_S(p + q))                                                                       \
	X(fsub_s, SS, "fsub.s %[f], %[x], %[y]", ARITH_S(p - q))                                                                       \
	X(fmul_s, SS, "fmul.s %[f], %[x], %[y]", ARITH_S(p *q))                                                                        \
	X(fdiv_s, SS, "fdiv.s %[f], %[x], %[y]", ARITH_S(p / q))                                                                       \
	X(fsqrt_s, S1, "fsqrt.s %[f], %[x]", ARITH_S(host_sqrtf(p)))                                                                   \
	X(fmadd_d, DDD, "fmadd.d %[f], %[x], %[y], %[z]", FUSED_D(fma(x, y, z)))                                                       \
	X(fmsub_d, DDD, "fmsub.d %[f], %[x], %[y], %[z]", FUSED_D(fma(x, y, -z)))                                                      \
	X(fnmsub_d, DDD, "fnmsub.d %[f], %[x], %[y], %[z]", FUSED_D(fma(-x, y, z)))                                                    \
	X(fnmadd_d, DDD, "fnmadd.d %[f], %[x], %[y], %[z]", FUSED_D(fma(-x, y, -z)))                                                   \
	X(fmadd_s, SSS, "fmadd.s %[f], %[x], %[y], %[z]", FUSED_S(fmaf(p, q, r)))                                                      \
	X(fmsub_s, SSS, "fmsub.s %[f], %[x], %[y], %[z]", FUSED_S(fmaf(p, q, -r)))                                                     \
	X(fnmsub_s, SSS, "fnmsub.s %[f], %[x], %[y], %[z]", FUSED_S(fmaf(-p, q, r)))                                                   \
	X(fnmadd_s, SSS, "fnmadd.s %[f], %[x], %[y], %[z]", FUSED_S(fmaf(-p, q, -r)))                                                  \
	X(fcvt_s_d, D1, "fcvt.s.d %[f], %[x]", ARITH_S((float)x))                                                                      \
	X(fcvt_d_s, S1, "fcvt.d.s %[f], %[x]", ARITH_D((double)p))                                                                     \
	X(fcvt_d_w, II, "fcvt.d.w %[f], %[i]", ARITH_D((double)(i32)n))                                                                \
	X(fcvt_d_wu, II, "fcvt.d.wu %[f], %[i]", ARITH_D((double)(i64)(u32)n))                                                         \
	X(fcvt_d_l, II, "fcvt.d.l %[f], %[i]", ARITH_D((double)(i64)n))                                                                \
	X(fcvt_d_lu, II, "fcvt.d.lu %[f], %[i]", ARITH_D(unsigned_to_d(n)))                                                            \
	X(fcvt_s_w, II, "fcvt.s.w %[f], %[i]", ARITH_S((float)(i32)n))                                                                 \
	X(fcvt_s_wu, II, "fcvt.s.wu %[f], %[i]", ARITH_S((float)(i64)(u32)n))                                                          \
	X(fcvt_s_l, II, "fcvt.s.l %[f], %[i]", ARITH_S((float)(i64)n))                                                                 \
	X(fcvt_s_lu, II, "fcvt.s.lu %[f], %[i]", ARITH_S(unsigned_to_s(n)))                                                            \
	X(fcvt_w_d, D1, "fcvt.w.d %[d], %[x]", o = to_integer(x, mode, true, 32))                                                      \
	X(fcvt_wu_d, D1, "fcvt.wu.d %[d], %[x]", o = to_integer(x, mode, false, 32))                                                   \
	X(fcvt_l_d, D1, "fcvt.l.d %[d], %[x]", o = to_integer(x, mode, true, 64))                                                      \
	X(fcvt_lu_d, D1, "fcvt.lu.d %[d], %[x]", o = to_integer(x, mode, false, 64))                                                   \
	X(fcvt_w_s, S1, "fcvt.w.s %[d], %[x]", o = to_integer((double)p, mode, true, 32))                                              \
	X(fcvt_wu_s, S1, "fcvt.wu.s %[d], %[x]", o = to_integer((double)p, mode, false, 32))                                           \
	X(fcvt_l_s, S1, "fcvt.l.s %[d], %[x]", o = to_integer((double)p, mode, true, 64))                                              \
	X(fcvt_lu_s, S1, "fcvt.lu.s %[d], %[x]", o = to_integer((double)p, mode, false, 64))                                           \
	X(fmin_d, DD, "fmin.d %[f], %[x], %[y]", o = MINMAX_D(false))                                                                  \
	X(fmax_d, DD, "fmax.d %[f], %[x], %[y]", o = MINMAX_D(true))                                                                   \
	X(fmin_s, SS, "fmin.s %[f], %[x], %[y]", o = MINMAX_S(false))                                                                  \
	X(fmax_s, SS, "fmax.s %[f], %[x], %[y]", o = MINMAX_S(true))                                                                   \
	X(feq_d, DD, "feq.d %[d], %[x], %[y]", o = ((struct out){!nan_d(a) && !nan_d(b) && x == y, QUIET_D}))                          \
	X(flt_d, DD, "flt.d %[d], %[x], %[y]", o = ((struct out){!nan_d(a) && !nan_d(b) && x < y, LOUD_D}))                            \
	X(fle_d, DD, "fle.d %[d], %[x], %[y]", o = ((struct out){!nan_d(a) && !nan_d(b) && x <= y, LOUD_D}))                           \
	X(feq_s, SS, "feq.s %[d], %[x], %[y]", o = ((struct out){!nan_s(a) && !nan_s(b) && p == q, QUIET_S}))                          \
	X(flt_s, SS, "flt.s %[d], %[x], %[y]", o = ((struct out){!nan_s(a) && !nan_s(b) && p < q, LOUD_S}))                            \
	X(fle_s, SS, "fle.s %[d], %[x], %[y]", o = ((struct out){!nan_s(a) && !nan_s(b) && p <= q, LOUD_S}))                           \
	X(fsgnj_d, DD, "fsgnj.d %[f], %[x], %[y]", o.bits = (a & ~SIGN_D) | (b & SIGN_D))                                              \
	X(fsgnjn_d, DD, "fsgnjn.d %[f], %[x], %[y]", o.bits = (a & ~SIGN_D) | (~b & SIGN_D))                                           \
	X(fsgnjx_d, DD, "fsgnjx.d %[f], %[x], %[y]", o.bits = a ^ (b & SIGN_D))                                                        \
	X(fsgnj_s, SS, "fsgnj.s %[f], %[x], %[y]", o.bits = (a & ~SIGN_S) | (b & SIGN_S))                                              \
	X(fsgnjn_s, SS, "fsgnjn.s %[f], %[x], %[y]", o.bits = (a & ~SIGN_S) | (~b & SIGN_S))                                           \
	X(fsgnjx_s, SS, "fsgnjx.s %[f], %[x], %[y]", o.bits = a ^ (b & SIGN_S))                                                        \
	X(fclass_d, D1, "fclass.d %[d], %[x]", o.bits = classify(a >> 63, a >> 52 & 0x7ff, 0x7ff, a & 0xfffffffffffff, a >> 51 & 1))   \
	X(fclass_s, S1, "fclass.s %[d], %[x]", o.bits = classify(a >> 31, a >> 23 & 0xff, 0xff, a & 0x7fffff, a >> 22 & 1))            \
	X(fmv_x_d, D1, "fmv.x.d %[d], %[x]", o.bits = a)                                                                               \
	X(fmv_x_w, S1, "fmv.x.w %[d], %[x]", o.bits = (u64)(i64)(i32)(u32)a)                                                           \
	X(fmv_d_x, II, "fmv.d.x %[f], %[i]", o.bits = n)

#define MINMAX_D(greatest) ((struct out){least_d(a, b, greatest), QUIET_D})
#define MINMAX_S(greatest) ((struct out){least_s(a, b, greatest), QUIET_S})
#define QUIET_D (signaling_d(a) || signaling_d(b) ? NV : 0)
#define QUIET_S (signaling_s(a) || signaling_s(b) ? NV : 0)
#define LOUD_D (nan_d(a) || nan_d(b) ? NV : 0)
#define LOUD_S (nan_s(a) || nan_s(b) ? NV : 0)

#if !defined(__riscv)
#if defined(__x86_64__)
static double host_sqrt(double x) {
	__asm__ volatile("sqrtsd %0, %0" : "+x"(x));
	return x;
}
static float host_sqrtf(float x) {
	__asm__ volatile("sqrtss %0, %0" : "+x"(x));
	return x;
}
#else
static double host_sqrt(double x) { return sqrt(x); }
static float host_sqrtf(float x) { return sqrtf(x); }
#endif

// Conversions of unsigned numbers, which x86 has not: halve the large ones, keeping a sticky bit.
static double unsigned_to_d(u64 n) {
	volatile double half = (double)(i64)(n >> 1 | (n & 1));
	return (i64)n >= 0 ? (double)(i64)n : half * 2;
}
static float unsigned_to_s(u64 n) {
	if ((i64)n >= 0)
		return (float)(i64)n;
	volatile float half = (float)(i64)(n >> 1 | (n & 1));
	return half * 2;
}

#define RUN(name, kind, text, reference)                                                                                           \
	static struct out run_##name(u64 a, u64 b, u64 c, int mode) {                                                                  \
		struct out o = {0, 0};                                                                                                     \
		volatile double x = as_d(a), y = as_d(b), z = as_d(c);                                                                     \
		volatile float p = as_s(a), q = as_s(b), r = as_s(c);                                                                      \
		volatile u64 n = a;                                                                                                        \
		(void)x, (void)y, (void)z, (void)p, (void)q, (void)r, (void)n;                                                             \
		host_mode(mode);                                                                                                           \
		reference;                                                                                                                 \
		fesetround(FE_TONEAREST);                                                                                                  \
		return o;                                                                                                                  \
	}
#else
// The result comes from an integer or a floating-point register, whichever the instruction names; the other stays zero. A
// single must come boxed, with ones above.
#define RUN(name, kind, text, reference)                                                                                           \
	NOINLINE static struct out run_##name(u64 a, u64 b, u64 c, int mode) {                                                         \
		u64 d = 0, flags;                                                                                                          \
		bool single = (kind) == SS || (kind) == S1 || (kind) == SSS;                                                               \
		u64 box = single ? 0xffffffff00000000 : 0;                                                                                 \
		double f = as_d(0xdead000000000000);                                                                                       \
		__asm__ volatile("fsrm %[m]\nfsflags x0\n" text "\nfrflags %[flags]\nfsrmi 0\n"                                            \
						 : [f] "+f"(f), [d] "+r"(d), [flags] "=&r"(flags)                                                          \
						 : [x] "f"(as_d(a | box)), [y] "f"(as_d(b | box)), [z] "f"(as_d(c | box)), [i] "r"(a), [m] "r"((long)mode)); \
		if (of_d(f) != 0xdead000000000000)                                                                                         \
			d = of_d(f);                                                                                                           \
		if (sizeof(text) > 7 && single_result(text)) {                                                                             \
			if (d >> 32 != 0xffffffff)                                                                                             \
				check_fail(__FILE__, __LINE__, "%s: the result %#" PRIx64 " is not boxed", #name, d);                              \
			d &= 0xffffffff;                                                                                                       \
		}                                                                                                                          \
		return (struct out){d, (u32)flags};                                                                                        \
	}

// single_result tells from its text whether an instruction writes a single.
static bool single_result(const char *text) {
	const char *dot = strchr(text, '.');
	return dot != NULL && dot[1] == 's' && strstr(text, "%[f]") != NULL;
}
#endif

TABLE(RUN)

static const struct row {
	const char *name;
	enum kind kind;
	struct out (*run)(u64, u64, u64, int);
} rows[] = {
#define ROW(name, kind, text, reference) {#name, kind, run_##name},
	TABLE(ROW)};

static u64 mix(u64 h, struct out o) {
	h = (h ^ o.bits) * 0x9e3779b97f4a7c15 ^ h >> 29;
	return (h ^ o.flags) * 0xd1342543de82ef95 ^ h >> 31;
}

static u64 hash_of(const struct row *r, int mode) {
	u64 h = 1;
	switch (r->kind) {
	case D1:
		for (int i = 0; i < LENGTH(edge_d); i++)
			h = mix(h, r->run(edge_d[i], 0, 0, mode));
		break;
	case S1:
		for (int i = 0; i < LENGTH(edge_s); i++)
			h = mix(h, r->run(edge_s[i], 0, 0, mode));
		break;
	case II:
		for (int i = 0; i < LENGTH(edge_i); i++)
			h = mix(h, r->run(edge_i[i], 0, 0, mode));
		break;
	case DD:
		for (int i = 0; i < LENGTH(edge_d); i++)
			for (int k = 0; k < LENGTH(edge_d); k++)
				h = mix(h, r->run(edge_d[i], edge_d[k], 0, mode));
		break;
	case SS:
		for (int i = 0; i < LENGTH(edge_s); i++)
			for (int k = 0; k < LENGTH(edge_s); k++)
				h = mix(h, r->run(edge_s[i], edge_s[k], 0, mode));
		break;
	case DDD:
		for (int i = 0; i < LENGTH(edge_d); i += 2)
			for (int k = 0; k < LENGTH(edge_d); k += 3)
				for (int l = 0; l < LENGTH(edge_d); l++)
					h = mix(h, r->run(edge_d[i], edge_d[k], edge_d[l], mode));
		break;
	case SSS:
		for (int i = 0; i < LENGTH(edge_s); i += 2)
			for (int k = 0; k < LENGTH(edge_s); k += 3)
				for (int l = 0; l < LENGTH(edge_s); l++)
					h = mix(h, r->run(edge_s[i], edge_s[k], edge_s[l], mode));
		break;
	}
	return h;
}

#if defined(__riscv)
#define ONE_D(text, a)                                                                                                             \
	({                                                                                                                             \
		double one_r;                                                                                                              \
		__asm__ volatile("fsflags x0\n" text : "=f"(one_r) : "f"(as_d(a)), "f"(as_d(a)));                                          \
		of_d(one_r);                                                                                                               \
	})
#define TO_INT(text, a)                                                                                                            \
	({                                                                                                                             \
		u64 int_r;                                                                                                                 \
		__asm__ volatile("fsflags x0\n" text : "=r"(int_r) : "f"(a));                                                              \
		int_r;                                                                                                                     \
	})

static u32 flags_now(void) {
	u32 f;
	__asm__ volatile("frflags %0" : "=r"(f));
	return f;
}

static void test_boxing(void) {
	// An operand that is not boxed counts as the canonical NaN.
	u64 d;
	__asm__ volatile("fmv.d.x ft0, %1; fmv.w.x ft1, %2; fadd.s ft2, ft0, ft1; fmv.x.d %0, ft2" : "=r"(d) : "r"(0x3f800000), "r"(0x3f800000) : "ft0", "ft1", "ft2");
	EQ(d, 0xffffffff7fc00000);
	__asm__ volatile("fmv.d.x ft0, %1; fclass.s %0, ft0" : "=r"(d) : "r"(0xfffffffe3f800000) : "ft0");
	EQ(d, 1 << 9);
	__asm__ volatile("fmv.d.x ft0, %1; fsgnj.s ft1, ft0, ft0; fmv.x.d %0, ft1" : "=r"(d) : "r"(0x000000003f800000) : "ft0", "ft1");
	EQ(d, 0xffffffff7fc00000);
	__asm__ volatile("fmv.d.x ft0, %1; fmv.w.x ft1, x0; fsgnjn.s ft1, ft0, ft1; fmv.x.d %0, ft1" : "=r"(d) : "r"(0x000000003f800000) : "ft0", "ft1");
	EQ(d, 0xffffffffffc00000);
	__asm__ volatile("fmv.d.x ft0, %1; feq.s %0, ft0, ft0" : "=r"(d) : "r"(0x3f800000) : "ft0");
	EQ(d, 0);
	__asm__ volatile("fmv.d.x ft0, %1; fcvt.w.s %0, ft0" : "=r"(d) : "r"(0x3f800000) : "ft0");
	EQ(d, 0x7fffffff);
	__asm__ volatile("fmv.d.x ft0, %1; fcvt.d.s ft0, ft0; fmv.x.d %0, ft0" : "=r"(d) : "r"(0x3f800000) : "ft0");
	EQ(d, 0x7ff8000000000000);
	__asm__ volatile("fmv.d.x ft0, %1; fmv.w.x ft1, %2; fmin.s ft0, ft0, ft1; fmv.x.d %0, ft0" : "=r"(d) : "r"(0x40000000), "r"(0x40400000) : "ft0", "ft1");
	EQ(d, 0xffffffff40400000);
	// Moves and stores take the bits as they are, loads box.
	__asm__ volatile("fmv.d.x ft0, %1; fmv.x.w %0, ft0" : "=r"(d) : "r"(0x1234567880000001) : "ft0");
	EQ(d, 0xffffffff80000001);
	u32 w[2] = {0x3f800000, 0x80000005};
	__asm__ volatile("flw ft0, 4(%1); fmv.x.d %0, ft0" : "=r"(d) : "r"(w), "m"(w) : "ft0");
	EQ(d, 0xffffffff80000005);
	__asm__ volatile("fmv.d.x ft0, %1; fsw ft0, 0(%0)" ::"r"(w), "r"(0x1234567800000001) : "ft0", "memory");
	EQ(w[0], 1);
	EQ(w[1], 0x80000005);
	u64 m[2] = {0, 0x8000000000000001};
	__asm__ volatile("fld ft0, 8(%0); fsd ft0, 0(%0); fsd ft0, 7(%0)" ::"r"(m) : "ft0", "memory");
	EQ(m[0], 0x0100000000000001);
	EQ(m[1], 0x8080000000000000);
	__asm__ volatile("fmv.w.x ft0, %1; fmv.x.d %0, ft0" : "=r"(d) : "r"(0x5555555540000000) : "ft0");
	EQ(d, 0xffffffff40000000);
}

static void test_rounding(void) {
	// Static modes do not depend on frm, dynamic does.
	static const struct {
		u64 value;
		i64 want[5];
	} halves[] = {{0x4004000000000000 /* 2.5 */, {2, 2, 2, 3, 3}}, {0xc004000000000000 /* -2.5 */, {-2, -2, -3, -2, -3}},
		{0x400c000000000000 /* 3.5 */, {4, 3, 3, 4, 4}}, {0x3fe0000000000000 /* 0.5 */, {0, 0, 0, 1, 1}},
		{0xbfe0000000000000 /* -0.5 */, {0, 0, -1, 0, -1}}, {0x3fdfffffffffffff /* just below 0.5 */, {0, 0, 0, 1, 0}},
		{0x4003333333333333 /* 2.4 */, {2, 2, 2, 3, 2}}, {0x43dfffffffffffff, {0x7ffffffffffffc00, 0x7ffffffffffffc00, 0x7ffffffffffffc00, 0x7ffffffffffffc00, 0x7ffffffffffffc00}}};
	for (int i = 0; i < LENGTH(halves); i++) {
		double v = as_d(halves[i].value);
		for (int frm = 0; frm < 5; frm++) {
			__asm__ volatile("fsrm %0" ::"r"(frm));
			EQ(TO_INT("fcvt.l.d %0, %1, rne", v), halves[i].want[0]);
			EQ(TO_INT("fcvt.l.d %0, %1, rtz", v), halves[i].want[1]);
			EQ(TO_INT("fcvt.l.d %0, %1, rdn", v), halves[i].want[2]);
			EQ(TO_INT("fcvt.l.d %0, %1, rup", v), halves[i].want[3]);
			EQ(TO_INT("fcvt.l.d %0, %1, rmm", v), halves[i].want[4]);
			EQ(TO_INT("fcvt.l.d %0, %1, dyn", v), halves[i].want[frm]);
		}
	}
	__asm__ volatile("fsrmi 0");

	// Arithmetic: 1 + 2^-53 is a tie between 1 and the next double.
	static const u64 tie[5] = {0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000001, 0x3ff0000000000001};
	for (int frm = 0; frm < 5; frm++) {
		double r;
		__asm__ volatile("fsrm %3\nfsflags x0\nfadd.d %0, %1, %2" : "=f"(r) : "f"(1.0), "f"(as_d(0x3ca0000000000000)), "r"(frm));
		EQ(of_d(r), tie[frm]);
		EQ(flags_now(), NX);
	}
#define TIE(mode, want)                                                                                                            \
	do {                                                                                                                           \
		double r;                                                                                                                  \
		__asm__ volatile("fsrmi 1\nfadd.d %0, %1, %2, " mode : "=f"(r) : "f"(1.0), "f"(as_d(0x3ca0000000000000)));                 \
		EQ(of_d(r), want);                                                                                                         \
		__asm__ volatile("fsrmi 3\nfsub.d %0, %1, %2, " mode : "=f"(r) : "f"(-1.0), "f"(as_d(0x3ca0000000000000)));                \
		EQ(of_d(r) ^ SIGN_D, mode[1] == 'd' ? tie[3] : mode[1] == 'u' ? tie[2] : (u64)(want));                                     \
	} while (0)
	TIE("rne", tie[0]);
	TIE("rtz", tie[1]);
	TIE("rdn", tie[2]);
	TIE("rup", tie[3]);
	TIE("rmm", tie[4]);
	__asm__ volatile("fsrmi 0");

	// Ties to maximum magnitude in all the operations that round.
	double d;
	float f;
	__asm__ volatile("fmul.s %0, %1, %2, rmm" : "=f"(f) : "f"(as_s(0x3f800001)), "f"(1.5f)); // a tie: odd + half
	EQ(of_s(f), 0x3fc00002);
	__asm__ volatile("fmul.s %0, %1, %2, rne" : "=f"(f) : "f"(as_s(0x3f800001)), "f"(1.5f));
	EQ(of_s(f), 0x3fc00002);
	__asm__ volatile("fadd.s %0, %1, %2, rmm" : "=f"(f) : "f"(1.0f), "f"(as_s(0x33800000)));
	EQ(of_s(f), 0x3f800001);
	__asm__ volatile("fsub.s %0, %1, %2, rmm" : "=f"(f) : "f"(-1.0f), "f"(as_s(0x33800000)));
	EQ(of_s(f), 0xbf800001);
	__asm__ volatile("fadd.s %0, %1, %2, rmm" : "=f"(f) : "f"(1.0f), "f"(as_s(0x337fffff))); // just below the tie
	EQ(of_s(f), 0x3f800000);
	__asm__ volatile("fcvt.s.d %0, %1, rmm" : "=f"(f) : "f"(as_d(0x3ff0000010000000)));
	EQ(of_s(f), 0x3f800001);
	__asm__ volatile("fcvt.s.l %0, %1, rmm" : "=f"(f) : "r"(0x1000001));
	EQ(of_s(f), 0x4b800001);
	__asm__ volatile("fcvt.s.l %0, %1, rne" : "=f"(f) : "r"(0x1000001));
	EQ(of_s(f), 0x4b800000);
	__asm__ volatile("fcvt.d.l %0, %1, rmm" : "=f"(d) : "r"(0x20000000000001));
	EQ(of_d(d), 0x4340000000000001);
	__asm__ volatile("fcvt.d.lu %0, %1, rmm" : "=f"(d) : "r"(0xfffffffffffffc00));
	EQ(of_d(d), 0x43f0000000000000);
	__asm__ volatile("fmadd.d %0, %1, %1, %2, rmm" : "=f"(d) : "f"(1.0), "f"(as_d(0x3ca0000000000000)));
	EQ(of_d(d), 0x3ff0000000000001);
	__asm__ volatile("fdiv.d %0, %1, %2, rmm" : "=f"(d) : "f"(as_d(0x0000000000000003)), "f"(2.0)); // 1.5 of the least subnormal
	EQ(of_d(d), 2);
	__asm__ volatile("fdiv.d %0, %1, %2, rmm" : "=f"(d) : "f"(as_d(0x0000000000000001)), "f"(2.0));
	EQ(of_d(d), 1);
	__asm__ volatile("fdiv.d %0, %1, %2, rne" : "=f"(d) : "f"(as_d(0x0000000000000001)), "f"(2.0));
	EQ(of_d(d), 0);
	// Overflow by mode.
	static const u64 most[5] = {0x7ff0000000000000, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000000};
	for (int frm = 0; frm < 5; frm++) {
		__asm__ volatile("fsrm %2\nfsflags x0\nfadd.d %0, %1, %1" : "=f"(d) : "f"(as_d(0x7fefffffffffffff)), "r"(frm));
		EQ(of_d(d), most[frm]);
		EQ(flags_now(), OF | NX);
	}
	__asm__ volatile("fsrmi 0");
}

static void test_flags(void) {
	// Flags add up until they are cleared; the ones of the program survive a system call and other modes.
	double d;
	u32 f;
	__asm__ volatile("fsflags x0\nfdiv.d %0, %1, %2" : "=f"(d) : "f"(1.0), "f"(0.0));
	EQ(flags_now(), DZ);
	__asm__ volatile("fdiv.d %0, %1, %2" : "=f"(d) : "f"(1.0), "f"(3.0));
	EQ(flags_now(), DZ | NX);
	__asm__ volatile("fsqrt.d %0, %1" : "=f"(d) : "f"(-1.0));
	EQ(flags_now(), DZ | NX | NV);
	EQ(of_d(d), 0x7ff8000000000000);
	getpid();
	EQ(flags_now(), DZ | NX | NV);
	__asm__ volatile("fmul.d %0, %1, %1" : "=f"(d) : "f"(as_d(0x0010000000000001)));
	EQ(flags_now(), DZ | NX | NV | UF);
	__asm__ volatile("fmul.d %0, %1, %1" : "=f"(d) : "f"(as_d(0x7fefffffffffffff)));
	EQ(flags_now(), 0x1f);
	__asm__ volatile("fsflags %0, %1" : "=r"(f) : "r"(0xffffffe2)); // only five bits
	EQ(f, 0x1f);
	EQ(flags_now(), 2);
	__asm__ volatile("fsflagsi 0");
	EQ(flags_now(), 0);
	// Moves, loads, sign injection and fclass raise nothing, not even with a signaling NaN.
	__asm__ volatile("fsgnj.d %0, %1, %1; fclass.d t0, %1; fmv.x.d t0, %1" : "=f"(d) : "f"(as_d(0x7ff0000000000001)) : "t0");
	EQ(flags_now(), 0);
	EQ(of_d(d), 0x7ff0000000000001);
	__asm__ volatile("fadd.d %0, %1, %1" : "=f"(d) : "f"(as_d(0x7ff8000000000123)));
	EQ(flags_now(), 0);
	EQ(of_d(d), 0x7ff8000000000000); // payloads are not kept
	__asm__ volatile("fadd.d %0, %1, %1" : "=f"(d) : "f"(as_d(0xfff0000000000123)));
	EQ(flags_now(), NV);
	EQ(of_d(d), 0x7ff8000000000000);
	__asm__ volatile("fsflagsi 0");
	// A subnormal result that is exact is no underflow; tininess is judged after rounding.
	__asm__ volatile("fmul.d %0, %1, %2" : "=f"(d) : "f"(as_d(0x0010000000000000)), "f"(0.5));
	EQ(flags_now(), 0);
	EQ(of_d(d), 0x0008000000000000);
	__asm__ volatile("fmul.d %0, %1, %2" : "=f"(d) : "f"(as_d(0x0010000000000000)), "f"(as_d(0x3fefffffffffffff)));
	EQ(of_d(d), 0x0010000000000000);
	EQ(flags_now(), NX | UF); // 53 bits with an unbounded exponent hold it exactly: it is tiny
	__asm__ volatile("fsflagsi 0\nfmul.d %0, %1, %2" : "=f"(d) : "f"(as_d(0x0010000002000000)), "f"(as_d(0x3feffffffc000000)));
	EQ(of_d(d), 0x0010000000000000);
	EQ(flags_now(), NX); // those 53 bits round up to the least normal: it is not
	__asm__ volatile("fsflagsi 0");
}
#endif

int main(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "golden") == 0) {
		printf("// Hashes of the reference results of rvfp.c, one for each of RNE, RTZ, RDN, RUP; recorded by \"rvfp golden\".\n");
		printf("static const struct {\n\tconst char *name;\n\tuint64_t hash[4];\n} rvfp_golden[] = {\n");
		for (int i = 0; i < LENGTH(rows); i++) {
			printf("\t{\"%s\", {", rows[i].name);
			for (int mode = 0; mode < 4; mode++)
				printf("%s0x%016" PRIx64, mode > 0 ? ", " : "", hash_of(&rows[i], mode));
			printf("}},\n");
		}
		printf("};\n");
		return 0;
	}
	for (int i = 0; i < LENGTH(rows); i++)
		for (int mode = 0; mode < 4; mode++) {
			u64 want = 0, got = hash_of(&rows[i], mode);
			for (int k = 0; k < LENGTH(rvfp_golden); k++)
				if (strcmp(rvfp_golden[k].name, rows[i].name) == 0)
					want = rvfp_golden[k].hash[mode];
			check_count++;
			if (got != want)
				check_fail(__FILE__, __LINE__, "%s in rounding mode %d: results and flags differ from the recorded ones", rows[i].name, mode);
		}
#if defined(__riscv)
	test_boxing();
	test_rounding();
	test_flags();
#endif
	return done("rvfp");
}
