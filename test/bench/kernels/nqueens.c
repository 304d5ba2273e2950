// N queens by bit masks: recursion, branches that cannot be predicted.
#define BENCH_NAME "nqueens"
#include "bench.h"

NOINLINE static uint64_t place(uint32_t all, uint32_t columns, uint32_t down, uint32_t up) {
	if (columns == all)
		return 1;
	uint64_t count = 0;
	for (uint32_t free = all & ~(columns | down | up); free != 0;) {
		uint32_t spot = free & -free;
		free ^= spot;
		count += place(all, columns | spot, (down | spot) << 1, (up | spot) >> 1);
	}
	return count;
}

static uint64_t kernel(int scale) {
	uint64_t sum = 0;
	for (int i = 0; i < scale; i++)
		sum = bench_mix(sum, place((1u << (11 + i % 2)) - 1, 0, 0, 0));
	return sum;
}
