// As aslr.c, but a static program that runs wherever it is loaded. It relocates itself and needs no library, because cross
// toolchains often lack the start files for static PIE.
// ONLY: riscv64
// CFLAGS: -nostdlib -nostartfiles -ffreestanding -fno-builtin -fPIE -Wl,-pie,--no-dynamic-linker,-z,notext
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

extern Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tandi sp, sp, -16\n\tcall begin\n");

static long raw(long nr, long a, long b, long c, long d, long e, long f) {
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;
	register long a7 __asm__("a7") = nr;
	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
	return a0;
}
enum { SYS_write = 64, SYS_exit_group = 94, SYS_brk = 214, SYS_mmap = 222 };

static char out[512];
static size_t used;

// Pointers in initialised data: each needs a relocation.
static const char *const words[] = {"ok", "no memory", "not relocated"};
static char data[1 << 16] = {1};
static char zero[1 << 20];

static void text(const char *s) {
	while (*s)
		out[used++] = *s++;
}

static void address(const void *p) {
	text(" 0x");
	for (int shift = 60; shift >= 0; shift -= 4)
		out[used++] = "0123456789abcdef"[(uintptr_t)p >> shift & 15];
}

static void fill(char *p, size_t n) {
	for (size_t i = 0; i < n; i += 64)
		*(volatile char *)(p + i) = 1;
}

__attribute__((noreturn)) static void leave(int status) {
	out[used++] = '\n';
	raw(SYS_write, 1, (long)out, (long)used, 0, 0, 0);
	raw(SYS_exit_group, status, 0, 0, 0, 0, 0);
	__builtin_trap();
}

__attribute__((used, noreturn)) void begin(const long *arguments) {
	uintptr_t bias = (uintptr_t)&__ehdr_start;
	const Elf64_Rela *rela = NULL;
	size_t size = 0;
	for (const Elf64_Dyn *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_RELA)
			rela = (const void *)(bias + d->d_un.d_ptr);
		if (d->d_tag == DT_RELASZ)
			size = d->d_un.d_val;
	}
	for (size_t i = 0; i < size / sizeof *rela; i++)
		if (ELF64_R_TYPE(rela[i].r_info) == R_RISCV_RELATIVE)
			*(uintptr_t *)(bias + rela[i].r_offset) = bias + (uintptr_t)rela[i].r_addend;

	volatile const char *const volatile *relocated = (volatile const char *const volatile *)words;
	if ((uintptr_t)relocated[0] < bias || relocated[0][0] != 'o' || arguments[0] != 1)
		raw(SYS_exit_group, 3, 0, 0, 0, 0, 0);
	char stack[1 << 16];
	long brk = raw(SYS_brk, 0, 0, 0, 0, 0, 0);
	long top = raw(SYS_brk, brk + (1 << 16), 0, 0, 0, 0, 0);
	long map = raw(SYS_mmap, 0, 64 << 20, 3, 0x4022, -1, 0); // read, write; private, anonymous, no reserve
	if (top != brk + (1 << 16) || (map < 0 && map > -4096)) {
		text(words[1]);
		leave(1);
	}
	fill(stack, sizeof stack);
	fill(data, sizeof data);
	fill(zero, sizeof zero);
	fill((char *)brk, 1 << 16);
	fill((char *)map + (32 << 20), 1 << 20);
	text(words[0]);
	address((void *)begin);
	address(data);
	address(stack);
	address((void *)brk);
	address((void *)map);
	leave(0);
}
