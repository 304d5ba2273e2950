// Spectral norm of an infinite matrix by power iteration: floating-point division in an inner loop.
#define BENCH_NAME "spectral"
#include "bench.h"

enum { N = 260 };

static inline double entry(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

NOINLINE static void times(const double *v, double *out, bool transposed) {
	for (int i = 0; i < N; i++) {
		double sum = 0;
		for (int j = 0; j < N; j++)
			sum += (transposed ? entry(j, i) : entry(i, j)) * v[j];
		out[i] = sum;
	}
}

static uint64_t kernel(int scale) {
	static double u[N], v[N], t[N];
	for (int i = 0; i < N; i++)
		u[i] = 1;
	for (int round = 0; round < scale * 6; round++) {
		times(u, t, false);
		times(t, v, true);
		times(v, t, false);
		times(t, u, true);
		// Keep the vector from overflowing when the scale is large.
		double most = 0;
		for (int i = 0; i < N; i++)
			most = u[i] > most ? u[i] : most;
		for (int i = 0; i < N; i++)
			u[i] /= most;
	}
	times(u, t, false);
	times(t, v, true);
	double uv = 0, uu = 0;
	for (int i = 0; i < N; i++) {
		uv += u[i] * v[i];
		uu += u[i] * u[i];
	}
	return (uint64_t)llrint(sqrt(uv / uu) * 1e9);
}
