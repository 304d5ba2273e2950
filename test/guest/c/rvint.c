// Integer instructions of RV64IM, Zba, Zbb and Zbs over all pairs of edge values.
//
// For each instruction there is a reference in plain C. Built for another machine, the program runs the references only
// and compares a hash of all results with the recorded one; so a translator that gets an instruction wrong cannot get its
// own reference wrong in the same way unnoticed. Built for riscv64, it runs the instruction itself, and where the hash
// differs it shows the first operands for which the instruction and the reference disagree.
//
// "rvint golden >rvint_golden.h", run natively, records the hashes.
// CFLAGS_riscv64: -march=rv64gc_zba_zbb_zbs
#include "check.h"
#include "rvint_golden.h"

typedef uint64_t u64;
typedef int64_t i64;
typedef uint32_t u32;
typedef int32_t i32;

static const u64 edge[] = {0, 1, 2, 3, 5, 7, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000,
	0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x123456789abcdef0, 0xfedcba9876543210, 0x5555555555555555,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xffffffff00000000, 0xffffffff7fffffff, 0xffffffff80000000,
	0xffffffffffff8000, 0xffffffffffffff80, 0xfffffffffffffffd, 0xfffffffffffffffe, 0xffffffffffffffff, 0x00ff00ff00ff0000,
	0x0100000001000000, 0x8040201008040201};
enum { EDGES = sizeof edge / sizeof edge[0] };

static u64 sext32(u64 x) { return (u64)(i64)(i32)(u32)x; }

static u64 mulhu_by_parts(u64 a, u64 b) {
	u64 al = (u32)a, ah = a >> 32, bl = (u32)b, bh = b >> 32;
	u64 mid = ah * bl + (al * bl >> 32), low = al * bh + (u32)mid;
	return ah * bh + (mid >> 32) + (low >> 32);
}

static u64 mulh_by_parts(u64 a, u64 b) { return mulhu_by_parts(a, b) - ((i64)a < 0 ? b : 0) - ((i64)b < 0 ? a : 0); }
static u64 mulhsu_by_parts(u64 a, u64 b) { return mulhu_by_parts(a, b) - ((i64)a < 0 ? b : 0); }

// Division a bit at a time, so that no machine's divide instruction is its own judge.
static u64 divide(u64 a, u64 b, u64 *rest) {
	u64 q = 0, r = 0;
	for (int i = 63; i >= 0; i--) {
		bool carry = r >> 63;
		r = r << 1 | (a >> i & 1);
		if (carry || r >= b) {
			r -= b;
			q |= (u64)1 << i;
		}
	}
	*rest = r;
	return q;
}

static u64 divu(u64 a, u64 b) {
	u64 r;
	return b == 0 ? ~(u64)0 : divide(a, b, &r);
}

static u64 remu(u64 a, u64 b) {
	u64 r;
	if (b == 0)
		return a;
	divide(a, b, &r);
	return r;
}

static u64 magnitude(u64 a) { return (i64)a < 0 ? -a : a; }

static u64 divs(u64 a, u64 b) {
	if (b == 0)
		return ~(u64)0;
	u64 q = divu(magnitude(a), magnitude(b));
	return (i64)(a ^ b) < 0 ? -q : q;
}

static u64 rems(u64 a, u64 b) {
	if (b == 0)
		return a;
	u64 r = remu(magnitude(a), magnitude(b));
	return (i64)a < 0 ? -r : r;
}

static u64 count_leading(u64 a, int bits) {
	int n = 0;
	while (n < bits && !(a >> (bits - 1 - n) & 1))
		n++;
	return (u64)n;
}

static u64 count_trailing(u64 a, int bits) {
	int n = 0;
	while (n < bits && !(a >> n & 1))
		n++;
	return (u64)n;
}

static u64 count_ones(u64 a, int bits) {
	int n = 0;
	for (int i = 0; i < bits; i++)
		n += (int)(a >> i & 1);
	return (u64)n;
}

static u64 rotate(u64 a, u64 n) { return (n & 63) == 0 ? a : a << (n & 63) | a >> (64 - (n & 63)); }
static u64 rotate32(u64 a, u64 n) { return sext32((n & 31) == 0 ? (u32)a : (u32)a << (n & 31) | (u32)a >> (32 - (n & 31))); }

static u64 reverse(u64 a) {
	u64 r = 0;
	for (int i = 0; i < 8; i++)
		r |= (a >> 8 * i & 0xff) << (56 - 8 * i);
	return r;
}

static u64 spread(u64 a) {
	u64 r = 0;
	for (int i = 0; i < 8; i++)
		if (a >> 8 * i & 0xff)
			r |= (u64)0xff << 8 * i;
	return r;
}

// name, instruction with %0 = rd, %1 = rs1, %2 = rs2, reference of a and b
#define TWO(X)                                                                                                                     \
	X(add, "add %0, %1, %2", a + b)                                                                                                \
	X(sub, "sub %0, %1, %2", a - b)                                                                                                \
	X(sll, "sll %0, %1, %2", a << (b & 63))                                                                                        \
	X(srl, "srl %0, %1, %2", a >> (b & 63))                                                                                        \
	X(sra, "sra %0, %1, %2", (u64)((i64)a >> (b & 63)))                                                                            \
	X(slt, "slt %0, %1, %2", (i64)a < (i64)b)                                                                                      \
	X(sltu, "sltu %0, %1, %2", a < b)                                                                                              \
	X(and, "and %0, %1, %2", a & b)                                                                                                \
	X(or, "or %0, %1, %2", a | b)                                                                                                  \
	X(xor, "xor %0, %1, %2", a ^ b)                                                                                                \
	X(addw, "addw %0, %1, %2", sext32(a + b))                                                                                      \
	X(subw, "subw %0, %1, %2", sext32(a - b))                                                                                      \
	X(sllw, "sllw %0, %1, %2", sext32((u32)a << (b & 31)))                                                                         \
	X(srlw, "srlw %0, %1, %2", sext32((u32)a >> (b & 31)))                                                                         \
	X(sraw, "sraw %0, %1, %2", (u64)(i64)((i32)(u32)a >> (b & 31)))                                                                \
	X(mul, "mul %0, %1, %2", a *b)                                                                                                 \
	X(mulh, "mulh %0, %1, %2", mulh_by_parts(a, b))                                                                                \
	X(mulhu, "mulhu %0, %1, %2", mulhu_by_parts(a, b))                                                                             \
	X(mulhsu, "mulhsu %0, %1, %2", mulhsu_by_parts(a, b))                                                                          \
	X(mulw, "mulw %0, %1, %2", sext32(a * b))                                                                                      \
	X(div, "div %0, %1, %2", divs(a, b))                                                                                           \
	X(divu, "divu %0, %1, %2", divu(a, b))                                                                                         \
	X(rem, "rem %0, %1, %2", rems(a, b))                                                                                           \
	X(remu, "remu %0, %1, %2", remu(a, b))                                                                                         \
	X(divw, "divw %0, %1, %2", sext32(divs(sext32(a), sext32(b))))                                                                 \
	X(divuw, "divuw %0, %1, %2", sext32(divu((u32)a, (u32)b)))                                                                     \
	X(remw, "remw %0, %1, %2", sext32(rems(sext32(a), sext32(b))))                                                                 \
	X(remuw, "remuw %0, %1, %2", sext32(remu((u32)a, (u32)b)))                                                                     \
	X(same_divu, "mv %0, %1; divu %0, %0, %2", divu(a, b))                                                                         \
	X(same_sub, "mv %0, %2; sub %0, %1, %0", a - b)                                                                                \
	X(beq, "li %0, 1; beq %1, %2, 1f; li %0, 0; 1:", a == b)                                                                       \
	X(bne, "li %0, 1; bne %1, %2, 1f; li %0, 0; 1:", a != b)                                                                       \
	X(blt, "li %0, 1; blt %1, %2, 1f; li %0, 0; 1:", (i64)a < (i64)b)                                                              \
	X(bge, "li %0, 1; bge %1, %2, 1f; li %0, 0; 1:", (i64)a >= (i64)b)                                                             \
	X(bltu, "li %0, 1; bltu %1, %2, 1f; li %0, 0; 1:", a < b)                                                                      \
	X(bgeu, "li %0, 1; bgeu %1, %2, 1f; li %0, 0; 1:", a >= b)                                                                     \
	X(add_uw, "add.uw %0, %1, %2", (u32)a + b)                                                                                     \
	X(sh1add, "sh1add %0, %1, %2", (a << 1) + b)                                                                                   \
	X(sh2add, "sh2add %0, %1, %2", (a << 2) + b)                                                                                   \
	X(sh3add, "sh3add %0, %1, %2", (a << 3) + b)                                                                                   \
	X(sh1add_uw, "sh1add.uw %0, %1, %2", ((u64)(u32)a << 1) + b)                                                                   \
	X(sh2add_uw, "sh2add.uw %0, %1, %2", ((u64)(u32)a << 2) + b)                                                                   \
	X(sh3add_uw, "sh3add.uw %0, %1, %2", ((u64)(u32)a << 3) + b)                                                                   \
	X(andn, "andn %0, %1, %2", a & ~b)                                                                                             \
	X(orn, "orn %0, %1, %2", a | ~b)                                                                                               \
	X(xnor, "xnor %0, %1, %2", ~(a ^ b))                                                                                           \
	X(min, "min %0, %1, %2", (i64)a < (i64)b ? a : b)                                                                              \
	X(max, "max %0, %1, %2", (i64)a > (i64)b ? a : b)                                                                              \
	X(minu, "minu %0, %1, %2", a < b ? a : b)                                                                                      \
	X(maxu, "maxu %0, %1, %2", a > b ? a : b)                                                                                      \
	X(rol, "rol %0, %1, %2", rotate(a, b))                                                                                         \
	X(ror, "ror %0, %1, %2", rotate(a, -b))                                                                                        \
	X(rolw, "rolw %0, %1, %2", rotate32(a, b))                                                                                     \
	X(rorw, "rorw %0, %1, %2", rotate32(a, -b))                                                                                    \
	X(bclr, "bclr %0, %1, %2", a & ~((u64)1 << (b & 63)))                                                                          \
	X(bset, "bset %0, %1, %2", a | (u64)1 << (b & 63))                                                                             \
	X(binv, "binv %0, %1, %2", a ^ (u64)1 << (b & 63))                                                                             \
	X(bext, "bext %0, %1, %2", a >> (b & 63) & 1)

// The same with one source.
#define ONE(X)                                                                                                                     \
	X(addi_1, "addi %0, %1, 1", a + 1)                                                                                             \
	X(addi_m2048, "addi %0, %1, -2048", a - 2048)                                                                                  \
	X(addi_2047, "addi %0, %1, 2047", a + 2047)                                                                                    \
	X(addiw_0, "addiw %0, %1, 0", sext32(a))                                                                                       \
	X(addiw_m1, "addiw %0, %1, -1", sext32(a - 1))                                                                                 \
	X(addiw_2047, "addiw %0, %1, 2047", sext32(a + 2047))                                                                          \
	X(slti_m1, "slti %0, %1, -1", (i64)a < -1)                                                                                     \
	X(slti_2047, "slti %0, %1, 2047", (i64)a < 2047)                                                                               \
	X(sltiu_m1, "sltiu %0, %1, -1", a < ~(u64)0)                                                                                   \
	X(sltiu_1, "sltiu %0, %1, 1", a < 1)                                                                                           \
	X(andi_m16, "andi %0, %1, -16", a & ~(u64)15)                                                                                  \
	X(ori_m1, "ori %0, %1, -2048", a | -(u64)2048)                                                                                 \
	X(xori_m1, "xori %0, %1, -1", ~a)                                                                                              \
	X(slli_0, "slli %0, %1, 0", a)                                                                                                 \
	X(slli_1, "slli %0, %1, 1", a << 1)                                                                                            \
	X(slli_32, "slli %0, %1, 32", a << 32)                                                                                         \
	X(slli_63, "slli %0, %1, 63", a << 63)                                                                                         \
	X(srli_1, "srli %0, %1, 1", a >> 1)                                                                                            \
	X(srli_63, "srli %0, %1, 63", a >> 63)                                                                                         \
	X(srai_1, "srai %0, %1, 1", (u64)((i64)a >> 1))                                                                                \
	X(srai_63, "srai %0, %1, 63", (u64)((i64)a >> 63))                                                                             \
	X(slliw_31, "slliw %0, %1, 31", sext32((u32)a << 31))                                                                          \
	X(slliw_4, "slliw %0, %1, 4", sext32((u32)a << 4))                                                                             \
	X(srliw_0, "srliw %0, %1, 0", sext32(a))                                                                                       \
	X(srliw_31, "srliw %0, %1, 31", (u32)a >> 31)                                                                                  \
	X(sraiw_31, "sraiw %0, %1, 31", (u64)(i64)((i32)(u32)a >> 31))                                                                 \
	X(sraiw_3, "sraiw %0, %1, 3", (u64)(i64)((i32)(u32)a >> 3))                                                                    \
	X(zext_by_shifts, "slli %0, %1, 32; srli %0, %0, 32", (u32)a)                                                                  \
	X(sext_by_shifts, "slli %0, %1, 48; srai %0, %0, 48", (u64)(i64)(int16_t)a)                                                    \
	X(scaled_index, "slli %0, %1, 32; srli %0, %0, 29", (u64)(u32)a << 3)                                                          \
	X(lui, "lui %0, 0x80000; xor %0, %0, %1", sext32(0x80000000) ^ a)                                                              \
	X(clz, "clz %0, %1", count_leading(a, 64))                                                                                     \
	X(ctz, "ctz %0, %1", count_trailing(a, 64))                                                                                    \
	X(cpop, "cpop %0, %1", count_ones(a, 64))                                                                                      \
	X(clzw, "clzw %0, %1", count_leading((u32)a, 32))                                                                              \
	X(ctzw, "ctzw %0, %1", count_trailing((u32)a, 32))                                                                             \
	X(cpopw, "cpopw %0, %1", count_ones((u32)a, 32))                                                                               \
	X(sext_b, "sext.b %0, %1", (u64)(i64)(int8_t)a)                                                                                \
	X(sext_h, "sext.h %0, %1", (u64)(i64)(int16_t)a)                                                                               \
	X(zext_h, "zext.h %0, %1", (uint16_t)a)                                                                                        \
	X(rev8, "rev8 %0, %1", reverse(a))                                                                                             \
	X(orc_b, "orc.b %0, %1", spread(a))                                                                                            \
	X(rori_1, "rori %0, %1, 1", rotate(a, 63))                                                                                     \
	X(rori_63, "rori %0, %1, 63", rotate(a, 1))                                                                                    \
	X(roriw_1, "roriw %0, %1, 1", rotate32(a, 31))                                                                                 \
	X(roriw_31, "roriw %0, %1, 31", rotate32(a, 1))                                                                                \
	X(slli_uw_0, "slli.uw %0, %1, 0", (u32)a)                                                                                      \
	X(slli_uw_40, "slli.uw %0, %1, 40", (u64)(u32)a << 40)                                                                         \
	X(bclri_0, "bclri %0, %1, 0", a & ~(u64)1)                                                                                     \
	X(bclri_63, "bclri %0, %1, 63", a & ~((u64)1 << 63))                                                                           \
	X(bseti_63, "bseti %0, %1, 63", a | (u64)1 << 63)                                                                              \
	X(binvi_31, "binvi %0, %1, 31", a ^ (u64)1 << 31)                                                                              \
	X(bexti_63, "bexti %0, %1, 63", a >> 63)

struct row {
	const char *name;
	u64 (*reference)(u64, u64);
	u64 (*run)(u64, u64);
	bool two;
};

#define REFERENCE(name, text, expression)                                                                                          \
	static u64 ref_##name(u64 a, u64 b) {                                                                                          \
		(void)b;                                                                                                                   \
		return (u64)(expression);                                                                                                  \
	}
TWO(REFERENCE)
ONE(REFERENCE)

#if defined(__riscv)
#define RUN(name, text, expression)                                                                                                \
	NOINLINE static u64 run_##name(u64 a, u64 b) {                                                                                 \
		u64 d;                                                                                                                     \
		__asm__ volatile(text : "=&r"(d) : "r"(a), "r"(b));                                                                        \
		return d;                                                                                                                  \
	}
#else
#define RUN(name, text, expression)                                                                                                \
	static u64 run_##name(u64 a, u64 b) { return ref_##name(a, b); }
#endif
TWO(RUN)
ONE(RUN)

static const struct row rows[] = {
#define ROW_TWO(name, text, expression) {#name, ref_##name, run_##name, true},
#define ROW_ONE(name, text, expression) {#name, ref_##name, run_##name, false},
	TWO(ROW_TWO) ONE(ROW_ONE)};
enum { ROWS = sizeof rows / sizeof rows[0] };

static u64 mix(u64 h, u64 v) { return (h ^ v) * 0x9e3779b97f4a7c15 ^ h >> 29; }

static u64 hash_of(const struct row *r, u64 (*f)(u64, u64)) {
	u64 h = 1;
	for (int i = 0; i < EDGES; i++)
		for (int k = 0; k < (r->two ? EDGES : 1); k++)
			h = mix(h, f(edge[i], edge[k]));
	return h;
}

static void check_row(const struct row *r) {
	u64 golden = 0;
	for (size_t i = 0; i < sizeof rvint_golden / sizeof rvint_golden[0]; i++)
		if (strcmp(rvint_golden[i].name, r->name) == 0)
			golden = rvint_golden[i].hash;
	check_count++;
	if (hash_of(r, r->run) == golden)
		return;
	for (int i = 0; i < EDGES; i++)
		for (int k = 0; k < (r->two ? EDGES : 1); k++) {
			u64 want = r->reference(edge[i], edge[k]), got = r->run(edge[i], edge[k]);
			if (got != want) {
				check_fail(__FILE__, __LINE__, "%s of %#" PRIx64 " and %#" PRIx64 ": expected %#" PRIx64 ", got %#" PRIx64, r->name,
					edge[i], edge[k], want, got);
				return;
			}
		}
	check_fail(__FILE__, __LINE__, "%s: the hash is not the recorded one, though instruction and reference agree", r->name);
}

#if defined(__riscv)
// What does not fit the tables: memory accesses, jumps, x0, auipc, compressed forms.
static void test_memory(void) {
	static const u64 data[3] = {0x8182838485868788, 0x7172737475767778, 0xf1f2f3f4f5f6f7f8};
	u64 v;
#define LOAD(insn, offset, want)                                                                                                   \
	do {                                                                                                                           \
		__asm__ volatile(insn " %0, " #offset "(%1)" : "=r"(v) : "r"(data), "m"(data));                                            \
		EQ(v, want);                                                                                                               \
	} while (0)
	LOAD("lb", 0, 0xffffffffffffff88);
	LOAD("lbu", 0, 0x88);
	LOAD("lb", 8, 0x78);
	LOAD("lh", 0, 0xffffffffffff8788);
	LOAD("lhu", 0, 0x8788);
	LOAD("lh", 8, 0x7778);
	LOAD("lw", 0, 0xffffffff85868788);
	LOAD("lwu", 0, 0x85868788);
	LOAD("lw", 8, 0x75767778);
	LOAD("ld", 0, 0x8182838485868788);
	LOAD("ld", 16, 0xf1f2f3f4f5f6f7f8);
	// Misaligned accesses work for programs on Linux.
	LOAD("lh", 1, 0xffffffffffff8687);
	LOAD("lhu", 7, 0x7881);
	LOAD("lw", 5, 0x0000000078818283 & 0xffffffff);
	LOAD("lwu", 6, 0x77788182);
	LOAD("ld", 4, 0x7576777881828384);
	LOAD("ld", 1, 0x7881828384858687);
#define STORE(insn, offset, low, high)                                                                                             \
	do {                                                                                                                           \
		u64 m[2] = {0, 0};                                                                                                         \
		__asm__ volatile(insn " %0, " #offset "(%1)" ::"r"(0x1122334455667788), "r"(m) : "memory");                                \
		EQ(m[0], low);                                                                                                             \
		EQ(m[1], high);                                                                                                            \
	} while (0)
	STORE("sb", 0, 0x88, 0);
	STORE("sb", 7, 0x8800000000000000, 0);
	STORE("sh", 2, 0x77880000, 0);
	STORE("sh", 7, 0x8800000000000000, 0x77);
	STORE("sw", 4, 0x5566778800000000, 0);
	STORE("sw", 6, 0x7788000000000000, 0x5566);
	STORE("sd", 8, 0, 0x1122334455667788);
	STORE("sd", 3, 0x4455667788000000, 0x112233);
	// Offsets at both ends; base and destination the same register.
	static unsigned char field[4096 + 8];
	for (int i = 0; i < (int)sizeof field; i++)
		field[i] = (unsigned char)(i * 13 >> 3);
	unsigned char *middle = field + 2048;
	__asm__ volatile("lbu %0, -2048(%1)" : "=r"(v) : "r"(middle), "m"(field));
	EQ(v, field[0]);
	__asm__ volatile("lbu %0, 2047(%1)" : "=r"(v) : "r"(middle), "m"(field));
	EQ(v, field[4095]);
	v = (u64)data;
	__asm__ volatile("ld %0, 8(%0)" : "+r"(v) : "m"(data));
	EQ(v, data[1]);
	u64 m = 0;
	__asm__ volatile("sd %0, 0(%0)" ::"r"(&m) : "memory"); // stores its own base
	EQ(m, (u64)&m);
	__asm__ volatile("lw x0, 0(%0)" ::"r"(data)); // the access happens, the result goes nowhere
	__asm__ volatile("sd x0, 0(%0)" ::"r"(&m) : "memory");
	EQ(m, 0);
}

static void test_jumps(void) {
	u64 a, b;
	// jalr: the target register may be the link register; the lowest bit of the target is dropped.
	__asm__ volatile("la t1, 1f; addi t1, t1, 1\n.option push\n.option norvc\njalr t1, 0(t1)\n.option pop\n2: li %1, 0\n1: mv %0, t1\nla %1, 2b"
					 : "=&r"(a), "=&r"(b)::"t1");
	EQ(a, b);
	__asm__ volatile("la t1, 1f; addi t1, t1, -100; jalr x0, 100(t1); li %0, 1; j 2f; 1: li %0, 2; 2:" : "=r"(a)::"t1");
	EQ(a, 2);
	__asm__ volatile("jal t0, 1f; 3: li %0, 1; j 2f; 1: la %1, 3b; sub %0, %1, t0; 2:" : "=&r"(a), "=&r"(b)::"t0");
	EQ(a, 0);
	// Alternate link register and co-routine swap.
	__asm__ volatile("li %0, 0; jal t0, 1f; addi %0, %0, 1; j 2f; 1: addi %0, %0, 10; jr t0; 2:" : "=&r"(a)::"t0");
	EQ(a, 11);
	__asm__ volatile("mv t2, ra; li %0, 0; la ra, 1f; la t0, 1f; jalr ra, t0; addi %0, %0, 100; j 2f; 1: addi %0, %0, 1; ret; 2: mv ra, t2"
					 : "=&r"(a)::"t0", "t2", "ra");
	EQ(a, 101);
	// A loop with a branch backwards.
	__asm__ volatile("li %0, 0; li t0, 1000; 1: add %0, %0, t0; addi t0, t0, -1; bnez t0, 1b" : "=&r"(a)::"t0");
	EQ(a, 500500);
	__asm__ volatile("auipc %0, 0; 1: la %1, 1b; sub %0, %1, %0" : "=&r"(a), "=&r"(b));
	EQ(a, 4);
	__asm__ volatile("auipc %0, 0xfffff; 1: la %1, 1b; sub %0, %1, %0" : "=&r"(a), "=&r"(b));
	EQ(a, 4 + 4096);
}

static void test_zero(void) {
	u64 a;
	__asm__ volatile("addi x0, x0, 5; add x0, %1, %1; lui x0, 5; auipc x0, 1; mul x0, %1, %1; mv %0, x0" : "=r"(a) : "r"(3));
	EQ(a, 0);
	__asm__ volatile("sub %0, x0, %1" : "=r"(a) : "r"(3));
	EQ(a, -3);
	__asm__ volatile("sltu %0, x0, %1" : "=r"(a) : "r"(3));
	EQ(a, 1);
	__asm__ volatile("divu %0, %1, x0" : "=r"(a) : "r"(3));
	EQ(a, -1);
	__asm__ volatile("jal x0, 1f; 1: beq x0, x0, 2f; li %0, 9; 2:" : "=r"(a) : "0"(7));
	EQ(a, 7);
}

static void test_compressed(void) {
	u64 a, m[4] = {11, 22, 0xffffffff80000000, 44};
	register u64 *p __asm__("s1") = m;
	register u64 x __asm__("a5");
	__asm__ volatile("c.li %0, -32" : "=r"(a));
	EQ(a, -32);
	__asm__ volatile("c.lui %0, 0xfffe1" : "=r"(a));
	EQ(a, 0xfffffffffffe1000);
	__asm__ volatile("c.addi %0, -32" : "=r"(a) : "0"(5));
	EQ(a, -27);
	__asm__ volatile("c.addiw %0, 31" : "=r"(a) : "0"(0x7fffffff));
	EQ(a, sext32(0x8000001e));
	__asm__ volatile("c.slli %0, 63" : "=r"(a) : "0"(3));
	EQ(a, (u64)1 << 63);
#define C_ARITHMETIC(text, start, want)                                                                                            \
	do {                                                                                                                           \
		x = (u64)(start);                                                                                                          \
		register u64 y __asm__("a4") = 3;                                                                                          \
		__asm__ volatile(text : "+r"(x) : "r"(y));                                                                                 \
		EQ(x, (u64)(want));                                                                                                        \
	} while (0)
	C_ARITHMETIC("c.srli %0, 33", 0x8000000000000000, 0x40000000);
	C_ARITHMETIC("c.srai %0, 33", 0x8000000000000000, 0xffffffffc0000000);
	C_ARITHMETIC("c.andi %0, -8", 0xff, 0xf8);
	C_ARITHMETIC("c.sub %0, %1", 1, -2);
	C_ARITHMETIC("c.xor %0, %1", 5, 6);
	C_ARITHMETIC("c.or %0, %1", 4, 7);
	C_ARITHMETIC("c.and %0, %1", 6, 2);
	C_ARITHMETIC("c.subw %0, %1", 0x80000000, 0x7ffffffd);
	C_ARITHMETIC("c.addw %0, %1", 0x7fffffff, sext32(0x80000002));
	C_ARITHMETIC("c.mv %0, %1", 0, 3);
	C_ARITHMETIC("c.add %0, %1", 7, 10);
	__asm__ volatile("c.ld %0, 24(%1)" : "=r"(x) : "r"(p), "m"(m));
	EQ(x, 44);
	__asm__ volatile("c.lw %0, 16(%1)" : "=r"(x) : "r"(p), "m"(m));
	EQ(x, 0xffffffff80000000);
	x = 77;
	__asm__ volatile("c.sd %0, 8(%1)" ::"r"(x), "r"(p) : "memory");
	EQ(m[1], 77);
	__asm__ volatile("c.sw %0, 4(%1)" ::"r"(x), "r"(p) : "memory");
	EQ(m[0], (u64)77 << 32 | 11);
	__asm__ volatile("c.addi16sp sp, -512; c.sdsp %1, 504(sp); c.ldsp %0, 504(sp); c.swsp x0, 0(sp); c.addi16sp sp, 496; c.addi16sp sp, 16"
					 : "=&r"(a) : "r"(0x123456789) : "memory");
	EQ(a, 0x123456789);
	__asm__ volatile("c.addi4spn %0, sp, 1020; sub %0, %0, sp" : "=r"(x));
	EQ(x, 1020);
	__asm__ volatile("li %0, 1; mv s1, x0; c.beqz s1, 1f; li %0, 2; 1: c.bnez s1, 2f; addi %0, %0, 10; c.j 3f; 2: li %0, 5; 3:" : "=&r"(a)::"s1");
	EQ(a, 11);
}
#else
static void test_memory(void) {}
static void test_jumps(void) {}
static void test_zero(void) {}
static void test_compressed(void) {}
#endif

int main(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "golden") == 0) {
		printf("// Hashes of the reference results of rvint.c; recorded by \"rvint golden\".\n");
		printf("static const struct {\n\tconst char *name;\n\tuint64_t hash;\n} rvint_golden[] = {\n");
		for (int i = 0; i < ROWS; i++)
			printf("\t{\"%s\", 0x%016" PRIx64 "},\n", rows[i].name, hash_of(&rows[i], rows[i].reference));
		printf("};\n");
		return 0;
	}
	for (int i = 0; i < ROWS; i++)
		check_row(&rows[i]);
	test_memory();
	test_jumps();
	test_zero();
	test_compressed();
	return done("rvint");
}
