// Shared by the benchmark kernels. Every kernel is a function of a scale: twice the scale is about twice the work.
// Scale 100, the default, takes about 0.3-0.5 s natively at -O2 on a 2020s x86 server core. Each program prints one line,
// "NAME CHECKSUM", which must be the same on every machine.
#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

// A small generator (xorshift64*, Vigna 2014), the same on every machine.
static uint64_t bench_seed = 0x9e3779b97f4a7c15;

static inline uint32_t bench_random(void) {
	bench_seed ^= bench_seed >> 12;
	bench_seed ^= bench_seed << 25;
	bench_seed ^= bench_seed >> 27;
	return (uint32_t)((bench_seed * 0x2545f4914f6cdd1d) >> 32);
}

// bench_mix folds one value into a checksum.
static inline uint64_t bench_mix(uint64_t sum, uint64_t v) {
	sum ^= v + 0x9e3779b97f4a7c15 + (sum << 6) + (sum >> 2);
	return sum;
}

// kernel does the work of the given scale and returns a checksum.
static uint64_t kernel(int scale);

int main(int argc, char **argv) {
	int scale = argc > 1 ? atoi(argv[1]) : 100;
	if (scale < 1 || scale > 100000) {
		fprintf(stderr, "usage: %s [scale 1..100000]\n", argv[0]);
		return 2;
	}
	printf("%s %016" PRIx64 "\n", BENCH_NAME, kernel(scale));
	return 0;
}

#endif
