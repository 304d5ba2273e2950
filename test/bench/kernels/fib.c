// Doubly recursive Fibonacci: calls and returns. The scale repeats fib(30) and fib(31).
#define BENCH_NAME "fib"
#include "bench.h"

NOINLINE static uint64_t fib(uint64_t n) {
	// Without the barrier gcc unrolls the recursion into itself, and differently per machine.
	__asm__("" : "+r"(n));
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t kernel(int scale) {
	uint64_t sum = 0;
	for (int i = 0; i < scale; i++)
		sum = bench_mix(sum, fib(30 + (i & 1)));
	return sum;
}
