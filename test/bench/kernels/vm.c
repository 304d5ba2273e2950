// A bytecode interpreter, switch dispatch over a register machine: indirect jumps that depend on data. The program it
// runs is a prime sieve followed by a Collatz count.
#define BENCH_NAME "vm"
#include "bench.h"

enum op { CONST, MOVE, ADD, ADDI, MUL, SHR1, ANDI, LOAD, STORE, LESS, JUMP, JZ, JNZ, HALT };

struct insn {
	uint8_t op, a, b, c;
	int32_t imm;
};

enum { CELLS = 4096 };
static int64_t cells[CELLS];

NOINLINE static int64_t interpret(const struct insn *code, int64_t seed) {
	int64_t r[16] = {0};
	r[15] = seed;
	const struct insn *pc = code;
	for (;;) {
		const struct insn *in = pc++;
		switch ((enum op)in->op) {
		case CONST: r[in->a] = in->imm; break;
		case MOVE: r[in->a] = r[in->b]; break;
		case ADD: r[in->a] = r[in->b] + r[in->c]; break;
		case ADDI: r[in->a] = r[in->b] + in->imm; break;
		case MUL: r[in->a] = r[in->b] * r[in->c]; break;
		case SHR1: r[in->a] = r[in->b] >> 1; break;
		case ANDI: r[in->a] = r[in->b] & in->imm; break;
		case LOAD: r[in->a] = cells[r[in->b] & (CELLS - 1)]; break;
		case STORE: cells[r[in->b] & (CELLS - 1)] = r[in->a]; break;
		case LESS: r[in->a] = r[in->b] < r[in->c]; break;
		case JUMP: pc = code + in->imm; break;
		case JZ: if (r[in->a] == 0) pc = code + in->imm; break;
		case JNZ: if (r[in->a] != 0) pc = code + in->imm; break;
		case HALT: return r[0];
		}
	}
}

static const struct insn program[] = {
	// r1 = i, r2 = limit, r3 = zero, r4 = flag, r5 = j, r0 = result
	/* 0 */ {CONST, 1, 0, 0, 0}, {CONST, 2, 0, 0, CELLS}, {CONST, 3, 0, 0, 1},
	/* 3 clear: */ {STORE, 3, 1, 0, 0}, {ADDI, 1, 1, 0, 1}, {LESS, 4, 1, 2, 0}, {JNZ, 4, 0, 0, 3},
	/* 7 */ {CONST, 3, 0, 0, 0}, {CONST, 1, 0, 0, 2},
	/* 9 sieve: */ {LOAD, 4, 1, 0, 0}, {JZ, 4, 0, 0, 18},
	/* 11 */ {ADDI, 0, 0, 0, 1}, {MUL, 5, 1, 1, 0}, {LESS, 4, 5, 2, 0}, {JZ, 4, 0, 0, 18},
	/* 15 strike: */ {STORE, 3, 5, 0, 0}, {ADD, 5, 5, 1, 0}, {JUMP, 0, 0, 0, 13},
	/* 18 next: */ {ADDI, 1, 1, 0, 1}, {LESS, 4, 1, 2, 0}, {JNZ, 4, 0, 0, 9},
	// r6 = n, r7 = steps, r8 = 3
	/* 21 */ {CONST, 1, 0, 0, 1}, {CONST, 8, 0, 0, 3}, {CONST, 2, 0, 0, 400},
	/* 24 collatz: */ {ADD, 6, 1, 15, 0}, {CONST, 7, 0, 0, 0},
	/* 26 step: */ {ADDI, 9, 6, 0, -1}, {JZ, 9, 0, 0, 35}, {ADDI, 7, 7, 0, 1}, {ANDI, 4, 6, 0, 1}, {JZ, 4, 0, 0, 33},
	/* 31 */ {MUL, 6, 6, 8, 0}, {ADDI, 6, 6, 0, 1},
	/* 33 */ {JNZ, 4, 0, 0, 26}, {SHR1, 6, 6, 0, 0},
	/* 35 */ {JNZ, 9, 0, 0, 26}, {ADD, 0, 0, 7, 0}, {ADDI, 1, 1, 0, 1}, {LESS, 4, 1, 2, 0}, {JNZ, 4, 0, 0, 24},
	/* 40 */ {HALT, 0, 0, 0, 0},
};

static uint64_t kernel(int scale) {
	uint64_t sum = 0;
	for (int i = 0; i < scale * 6; i++)
		sum = bench_mix(sum, (uint64_t)interpret(program, i + 1));
	return sum;
}
