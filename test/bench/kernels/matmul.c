// Dense matrix product, doubles: strided loads, multiply-add. Whole numbers only, so that the sum is exact.
#define BENCH_NAME "matmul"
#include "bench.h"

enum { N = 160 };
static double a[N][N], b[N][N], c[N][N];

NOINLINE static void multiply(void) {
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			double sum = 0;
			for (int k = 0; k < N; k++)
				sum += a[i][k] * b[k][j];
			c[i][j] = sum;
		}
}

static uint64_t kernel(int scale) {
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = bench_random() % 64;
			b[i][j] = bench_random() % 64;
		}
	uint64_t sum = 0;
	for (int round = 0; round < scale * 2; round++) {
		multiply();
		for (int i = 0; i < N; i++)
			sum = bench_mix(sum, (uint64_t)c[i][(i * 7 + round) % N]);
		a[round % N][round * 3 % N] += 1;
	}
	return sum;
}
