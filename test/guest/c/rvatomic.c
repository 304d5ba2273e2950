// Atomic instructions: load-reserved and store-conditional, every AMO in both widths with all orderings, contention
// between threads, message passing and mutual exclusion under the weak memory model.
// ONLY: riscv64
#include "check.h"

#include <pthread.h>

typedef uint64_t u64;
typedef int64_t i64;
typedef uint32_t u32;

static u64 sext32(u64 x) { return (u64)(i64)(int32_t)(u32)x; }

#define AMO(name, text, old, operand, want)                                                                                        \
	do {                                                                                                                           \
		u64 memory[3] = {0x1111, (u64)(old), 0x2222}, got;                                                                         \
		__asm__ volatile(text " %0, %1, (%2)" : "=&r"(got) : "r"((u64)(operand)), "r"(&memory[1]) : "memory");                     \
		EQ(got, (u64)(old));                                                                                                       \
		EQ(memory[1], (u64)(want));                                                                                                \
		EQ(memory[0], 0x1111);                                                                                                     \
		EQ(memory[2], 0x2222);                                                                                                     \
	} while (0)
// The old value comes sign-extended; the upper half of the memory stays.
#define AMOW(name, text, old, operand, want)                                                                                       \
	do {                                                                                                                           \
		u64 memory = 0xaaaaaaaa00000000 | (u32)(old), got;                                                                         \
		__asm__ volatile(text " %0, %1, (%2)" : "=&r"(got) : "r"((u64)(operand)), "r"(&memory) : "memory");                        \
		EQ(got, sext32((u64)(old)));                                                                                               \
		EQ(memory, 0xaaaaaaaa00000000 | (u32)(want));                                                                              \
	} while (0)
#define ORDERINGS(CASE, text, old, operand, want)                                                                                  \
	do {                                                                                                                           \
		CASE(, text, old, operand, want);                                                                                          \
		CASE(, text ".aq", old, operand, want);                                                                                    \
		CASE(, text ".rl", old, operand, want);                                                                                    \
		CASE(, text ".aqrl", old, operand, want);                                                                                  \
	} while (0)

static void test_amo(void) {
	static const u64 v[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
		0xffffffffffffffff, 0x123456789abcdef0};
	for (int i = 0; i < 11; i++)
		for (int k = 0; k < 11; k++) {
			u64 a = v[i], b = v[k];
			u32 x = (u32)a, y = (u32)b;
			ORDERINGS(AMO, "amoswap.d", a, b, b);
			ORDERINGS(AMO, "amoadd.d", a, b, a + b);
			ORDERINGS(AMO, "amoand.d", a, b, a &b);
			ORDERINGS(AMO, "amoor.d", a, b, a | b);
			ORDERINGS(AMO, "amoxor.d", a, b, a ^ b);
			ORDERINGS(AMO, "amomin.d", a, b, (i64)a < (i64)b ? a : b);
			ORDERINGS(AMO, "amomax.d", a, b, (i64)a > (i64)b ? a : b);
			ORDERINGS(AMO, "amominu.d", a, b, a < b ? a : b);
			ORDERINGS(AMO, "amomaxu.d", a, b, a > b ? a : b);
			ORDERINGS(AMOW, "amoswap.w", x, b, y);
			ORDERINGS(AMOW, "amoadd.w", x, b, x + y);
			ORDERINGS(AMOW, "amoand.w", x, b, x &y);
			ORDERINGS(AMOW, "amoor.w", x, b, x | y);
			ORDERINGS(AMOW, "amoxor.w", x, b, x ^ y);
			ORDERINGS(AMOW, "amomin.w", x, b, (int32_t)x < (int32_t)y ? x : y);
			ORDERINGS(AMOW, "amomax.w", x, b, (int32_t)x > (int32_t)y ? x : y);
			ORDERINGS(AMOW, "amominu.w", x, b, x < y ? x : y);
			ORDERINGS(AMOW, "amomaxu.w", x, b, x > y ? x : y);
		}
	// Registers that coincide, and x0.
	u64 memory = 5, r = 3;
	__asm__ volatile("amoadd.d %0, %0, (%1)" : "+r"(r) : "r"(&memory) : "memory");
	EQ(r, 5);
	EQ(memory, 8);
	r = (u64)&memory;
	__asm__ volatile("amoswap.d %0, %0, (%0)" : "+r"(r)::"memory");
	EQ(r, 8);
	EQ(memory, (u64)&memory);
	__asm__ volatile("amoor.d x0, %0, (%1)" ::"r"(7), "r"(&memory) : "memory");
	EQ(memory, (u64)&memory | 7);
	__asm__ volatile("amoswap.d %0, x0, (%1)" : "=&r"(r) : "r"(&memory) : "memory");
	EQ(memory, 0);
	u32 half[2] = {1, 2}; // a word in the upper half
	__asm__ volatile("amoadd.w %0, %1, (%2)" : "=&r"(r) : "r"(40), "r"(&half[1]) : "memory");
	EQ(half[0], 1);
	EQ(half[1], 42);
}

static void test_reserved(void) {
	u64 memory = 0x80000000, old, failed;
	__asm__ volatile("lr.d %0, (%2); sc.d %1, %3, (%2)" : "=&r"(old), "=&r"(failed) : "r"(&memory), "r"(77) : "memory");
	EQ(old, 0x80000000);
	EQ(failed, 0);
	EQ(memory, 77);
	__asm__ volatile("sc.d %0, %2, (%1)" : "=&r"(failed) : "r"(&memory), "r"(88) : "memory"); // no reservation is left
	CHECK(failed != 0);
	EQ(memory, 77);
	memory = 0xffffffff80000000;
	__asm__ volatile("lr.w.aq %0, (%2); sc.w.rl %1, %3, (%2)" : "=&r"(old), "=&r"(failed) : "r"(&memory), "r"(0x123456789) : "memory");
	EQ(old, 0xffffffff80000000);
	EQ(failed, 0);
	EQ(memory, 0xffffffff23456789);
	__asm__ volatile("lr.d.aqrl %0, (%2); sc.d.aqrl %1, %0, (%2)" : "=&r"(old), "=&r"(failed) : "r"(&memory) : "memory"); // the same value
	EQ(failed, 0);
	// A second SC after a successful one fails; one to another address too.
	u64 other = 1;
	__asm__ volatile("lr.d %0, (%2); sc.d %1, %0, (%3)" : "=&r"(old), "=&r"(failed) : "r"(&memory), "r"((char *)&other) : "memory");
	if (failed == 0)
		check_fail(__FILE__, __LINE__, "sc.d to an address that is not reserved succeeded");
	EQ(other, 1);
	// sc into x0 and lr into x0.
	__asm__ volatile("1: lr.d x0, (%1); sc.d %0, %2, (%1); bnez %0, 1b" : "=&r"(failed) : "r"(&memory), "r"(3) : "memory");
	EQ(memory, 3);
	// The reservation does not survive a signal handler that stores, nor does the program get stuck.
	int tries = 0;
	do {
		__asm__ volatile("lr.d %0, (%2); addi %0, %0, 1; sc.d %1, %0, (%2)" : "=&r"(old), "=&r"(failed) : "r"(&memory) : "memory");
		tries++;
	} while (failed != 0 && tries < 1000);
	EQ(memory, 4);
}

enum { THREADS = 4, ROUNDS = 100000 };
static u64 by_amo, by_lrsc, bits;
static u32 by_amo_w, by_lrsc_w;
static u64 lock, guarded[4];

static void *contend(void *arg) {
	u64 me = (u64)arg, t, f;
	for (int i = 0; i < ROUNDS; i++) {
		__asm__ volatile("amoadd.d x0, %0, (%1)" ::"r"(1), "r"(&by_amo) : "memory");
		__asm__ volatile("amoadd.w x0, %0, (%1)" ::"r"(1), "r"(&by_amo_w) : "memory");
		__asm__ volatile("1: lr.d %0, (%2); addi %0, %0, 1; sc.d %1, %0, (%2); bnez %1, 1b" : "=&r"(t), "=&r"(f) : "r"(&by_lrsc) : "memory");
		__asm__ volatile("1: lr.w %0, (%2); addi %0, %0, 1; sc.w %1, %0, (%2); bnez %1, 1b" : "=&r"(t), "=&r"(f) : "r"(&by_lrsc_w) : "memory");
		__asm__ volatile("amoxor.d x0, %0, (%1)" ::"r"((u64)1 << (me * 16 + (u64)i % 16)), "r"(&bits) : "memory");
		if (i % 16 == 0) {
			// A spin lock: acquire with amoswap.aq, release with amoswap.rl.
			do
				__asm__ volatile("amoswap.d.aq %0, %1, (%2)" : "=&r"(t) : "r"(1), "r"(&lock) : "memory");
			while (t != 0);
			for (int k = 0; k < 4; k++)
				guarded[k]++;
			__asm__ volatile("amoswap.d.rl x0, x0, (%0)" ::"r"(&lock) : "memory");
		}
	}
	return NULL;
}

static u64 data, flag;

static void *producer(void *arg) {
	for (u64 i = 1; i <= ROUNDS / 4; i++) {
		__asm__ volatile("sd %0, (%1); fence w, w; sd %0, (%2)" ::"r"(i), "r"(&data), "r"(&flag) : "memory");
	}
	return arg;
}

static void *consumer(void *arg) {
	u64 f, d, wrong = 0;
	do {
		__asm__ volatile("ld %0, (%2); fence r, r; ld %1, (%3)" : "=&r"(f), "=&r"(d) : "r"(&flag), "r"(&data) : "memory");
		wrong += d < f;
	} while (f < ROUNDS / 4);
	EQ(wrong, 0);
	return arg;
}

// Store buffering: with full fences both threads cannot miss the other's store.
static u64 sb_x, sb_y, sb_r[2];
static pthread_barrier_t barrier;

static void *store_buffer(void *arg) {
	u64 me = (u64)arg;
	for (int i = 0; i < 2000; i++) {
		pthread_barrier_wait(&barrier);
		u64 *mine = me ? &sb_y : &sb_x, *theirs = me ? &sb_x : &sb_y, r;
		__asm__ volatile("sd %1, (%2); fence rw, rw; ld %0, (%3)" : "=&r"(r) : "r"(1), "r"(mine), "r"(theirs) : "memory");
		sb_r[me] = r;
		pthread_barrier_wait(&barrier);
		if (me == 0) {
			if (sb_r[0] == 0 && sb_r[1] == 0)
				check_fail(__FILE__, __LINE__, "round %d: both threads missed the other's store", i);
			sb_x = sb_y = 0;
		}
	}
	return NULL;
}

static void run_all(int n, void *(*f)(void *)) {
	pthread_t t[THREADS];
	for (u64 i = 0; i < (u64)n; i++)
		pthread_create(&t[i], NULL, f, (void *)i);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void test_contention(void) {
	run_all(THREADS, contend);
	EQ(by_amo, THREADS * ROUNDS);
	EQ(by_amo_w, THREADS * ROUNDS);
	EQ(by_lrsc, THREADS * ROUNDS);
	EQ(by_lrsc_w, THREADS * ROUNDS);
	EQ(bits, 0); // every bit was flipped an even number of times: 100000 / 16 = 6250
	for (int k = 0; k < 4; k++)
		EQ(guarded[k], THREADS * (ROUNDS / 16));
	pthread_t t[2];
	pthread_create(&t[0], NULL, producer, NULL);
	pthread_create(&t[1], NULL, consumer, NULL);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	run_all(2, store_buffer);
}

static void *aba(void *arg) {
	// Stores the value that is there already: a reservation must not outlive it on hardware; translators may compare
	// values instead. Either way the loop below ends and the sum is right.
	for (int i = 0; i < 1000; i++)
		__asm__ volatile("amoadd.d x0, x0, (%0)" ::"r"(arg) : "memory");
	return NULL;
}

static void test_same_value(void) {
	static u64 word;
	pthread_t t;
	pthread_create(&t, NULL, aba, &word);
	u64 v, f;
	for (int i = 0; i < 1000; i++)
		__asm__ volatile("1: lr.d %0, (%2); addi %0, %0, 1; sc.d %1, %0, (%2); bnez %1, 1b" : "=&r"(v), "=&r"(f) : "r"(&word) : "memory");
	pthread_join(t, NULL);
	EQ(word, 1000);
}

int main(void) {
	test_amo();
	test_reserved();
	test_contention();
	test_same_value();
	return done("rvatomic");
}
