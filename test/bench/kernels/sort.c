// libc's qsort with a comparison function (calls through a pointer) and a heap sort (dependent loads, swaps).
#define BENCH_NAME "sort"
#include "bench.h"

enum { COUNT = 20000 };
static uint32_t values[COUNT];

static int compare(const void *a, const void *b) {
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void sift_down(uint32_t *v, size_t root, size_t n) {
	uint32_t sinking = v[root];
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && v[child] < v[child + 1])
			child++;
		if (v[child] <= sinking)
			break;
		v[root] = v[child];
	}
	v[root] = sinking;
}

NOINLINE static void heap_sort(uint32_t *v, size_t n) {
	for (size_t i = n / 2; i-- > 0;)
		sift_down(v, i, n);
	for (size_t end = n; end-- > 1;) {
		uint32_t greatest = v[0];
		v[0] = v[end];
		v[end] = greatest;
		sift_down(v, 0, end);
	}
}

static uint64_t kernel(int scale) {
	uint64_t sum = 0;
	for (int round = 0; round < scale * 2; round++) {
		for (int i = 0; i < COUNT; i++)
			values[i] = bench_random();
		if (round & 1)
			heap_sort(values, COUNT);
		else
			qsort(values, COUNT, sizeof values[0], compare);
		for (int i = 1; i < COUNT; i++)
			if (values[i - 1] > values[i])
				return 0xbad;
		sum = bench_mix(sum, values[round % COUNT]);
	}
	return sum;
}
