// The Mandelbrot set: short floating-point loops with an exit that depends on the data. No fused multiply-add, since a
// rounding that differs would change the escape counts.
// CFLAGS: -ffp-contract=off
#define BENCH_NAME "mandelbrot"
#include "bench.h"

enum { SIZE = 160, LIMIT = 200 };

NOINLINE static int escape(double re, double im) {
	double x = 0, y = 0;
	for (int n = 0; n < LIMIT; n++) {
		double xx = x * x, yy = y * y;
		if (xx + yy > 4)
			return n;
		y = 2 * x * y + im;
		x = xx - yy + re;
	}
	return LIMIT;
}

static uint64_t kernel(int scale) {
	uint64_t sum = 0;
	for (int round = 0; round < scale; round++)
		for (int i = 0; i < SIZE; i++)
			for (int j = 0; j < SIZE; j++)
				sum = bench_mix(sum, (uint64_t)escape(-2 + 2.5 * j / SIZE + round * 1e-4, -1.25 + 2.5 * i / SIZE));
	return sum;
}
