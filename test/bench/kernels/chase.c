// Pointer chase through a random cycle that fits the second-level cache: pure load latency.
#define BENCH_NAME "chase"
#include "bench.h"

enum { LINKS = 16 * 1024 };
static void *links[LINKS];
static uint32_t order[LINKS];

NOINLINE static void *chase(void *start, uint64_t steps) {
	void **p = start;
	while (steps-- > 0)
		p = *p;
	return p;
}

static uint64_t kernel(int scale) {
	for (uint32_t i = 0; i < LINKS; i++)
		order[i] = i;
	for (uint32_t i = LINKS - 1; i > 0; i--) {
		uint32_t j = bench_random() % (i + 1), t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	for (uint32_t i = 0; i < LINKS; i++)
		links[order[i]] = &links[order[(i + 1) % LINKS]];
	void **end = chase(&links[order[0]], (uint64_t)scale * 1000003);
	return (uint64_t)(end - links);
}
