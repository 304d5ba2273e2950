// The solar system by a symplectic integrator: dependent floating point with square root and division. Data and
// algorithm as in the well-known benchmark of that name. The energy is printed rounded: fused multiply-add, which riscv64
// has and baseline x86-64 has not, changes the last digits.
#define BENCH_NAME "nbody"
#include "bench.h"

enum { BODIES = 5 };
struct body {
	double x[3], v[3], mass;
};

static const double sun_mass = 4 * 3.141592653589793 * 3.141592653589793, year = 365.24;

static void set(struct body *b, double x, double y, double z, double vx, double vy, double vz, double mass) {
	*b = (struct body){{x, y, z}, {vx * year, vy * year, vz * year}, mass * sun_mass};
}

NOINLINE static void advance(struct body *b, double dt, int steps) {
	while (steps-- > 0) {
		for (int i = 0; i < BODIES; i++)
			for (int j = i + 1; j < BODIES; j++) {
				double d[3], square = 0;
				for (int k = 0; k < 3; k++) {
					d[k] = b[i].x[k] - b[j].x[k];
					square += d[k] * d[k];
				}
				double pull = dt / (square * sqrt(square));
				for (int k = 0; k < 3; k++) {
					b[i].v[k] -= d[k] * b[j].mass * pull;
					b[j].v[k] += d[k] * b[i].mass * pull;
				}
			}
		for (int i = 0; i < BODIES; i++)
			for (int k = 0; k < 3; k++)
				b[i].x[k] += dt * b[i].v[k];
	}
}

static double energy(const struct body *b) {
	double e = 0;
	for (int i = 0; i < BODIES; i++) {
		e += 0.5 * b[i].mass * (b[i].v[0] * b[i].v[0] + b[i].v[1] * b[i].v[1] + b[i].v[2] * b[i].v[2]);
		for (int j = i + 1; j < BODIES; j++) {
			double x = b[i].x[0] - b[j].x[0], y = b[i].x[1] - b[j].x[1], z = b[i].x[2] - b[j].x[2];
			e -= b[i].mass * b[j].mass / sqrt(x * x + y * y + z * z);
		}
	}
	return e;
}

static uint64_t kernel(int scale) {
	struct body b[BODIES];
	set(&b[0], 0, 0, 0, 0, 0, 0, 1);
	set(&b[1], 4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694, 0.00769901118419740425,
		-0.0000690460016972063023, 0.000954791938424326609);
	set(&b[2], 8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411021, 0.00499852801234917238,
		0.0000230417297573763929, 0.000285885980666130812);
	set(&b[3], 12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618, 0.00237847173959480950,
		-0.0000296589568540237556, 0.0000436624404335156298);
	set(&b[4], 15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322, 0.00162824170038242295,
		-0.0000951592254519715870, 0.0000515138902046611451);
	double momentum[3] = {0};
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			momentum[k] += b[i].v[k] * b[i].mass;
	for (int k = 0; k < 3; k++)
		b[0].v[k] = -momentum[k] / sun_mass;
	advance(b, 0.01, scale * 60000);
	return (uint64_t)(int64_t)llrint(energy(b) * 1e8);
}
