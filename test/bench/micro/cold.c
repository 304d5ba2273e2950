// The price of code that runs once: 240000 instructions in 40000 or so basic blocks, straight on. Prints
// "cold NANOSECONDS", processor time per instruction, which under an emulator is the time to translate it, page faults on fresh
// code memory included.
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define REPEAT "20000"
#define INSNS 12 // per repetition

static uint64_t run(uint64_t *memory) {
	uint64_t result;
#if defined(__riscv)
	__asm__ volatile(
		".option push\n.option norvc\n"
		"mv a5, %1\nli a0, 0\nli a1, 0\nli a3, 0\nli a7, 0\n"
		".rept " REPEAT "\n"
		"addi a0, a0, 1\nxor a1, a1, a0\nslli a2, a0, 3\nadd a3, a3, a2\n"
		"ld a4, 8(a5)\nadd a4, a4, a1\nsd a4, 16(a5)\nandi a6, a4, 255\n"
		"beq a6, a0, 1f\naddi a7, a7, 1\n1:\nsltu a2, a4, a3\nj 2f\n2:\n"
		".endr\n"
		"add %0, a3, a7\n.option pop"
		: "=r"(result) : "r"(memory) : "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "memory");
#elif defined(__x86_64__)
	__asm__ volatile(
		"xor %%eax, %%eax\nxor %%ecx, %%ecx\nxor %%esi, %%esi\nxor %%edi, %%edi\n"
		".rept " REPEAT "\n"
		"add $1, %%rax\nxor %%rax, %%rcx\nlea (,%%rax,8), %%rdx\nadd %%rdx, %%rsi\n"
		"mov 8(%1), %%r8\nadd %%rcx, %%r8\nmov %%r8, 16(%1)\nmovzbl %%r8b, %%r9d\n"
		"cmp %%rax, %%r9\nje 1f\nadd $1, %%rdi\n1:\njmp 2f\n2:\n"
		".endr\n"
		"lea (%%rsi,%%rdi), %0"
		: "=r"(result) : "r"(memory) : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "memory", "cc");
#else
	(void)memory;
	result = 0;
#endif
	return result;
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(void) {
	static uint64_t memory[4] = {0, 1000};
	now();
	double start = now();
	volatile uint64_t result = run(memory);
	double spent = now() - start;
	printf("cold %.1f\n", spent / (20000.0 * INSNS));
	return result == 0;
}
