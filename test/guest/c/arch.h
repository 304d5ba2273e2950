// What differs between the CPUs for programs about faults: the program counter and registers of a signal's context, and
// loads and stores whose faulting instruction can be stepped over.
#ifndef ARCH_H
#define ARCH_H

#include <stdint.h>
#include <ucontext.h>

// try_load reads a byte, try_store writes one; both return 1, or 0 when a handler has skipped the access by setting the
// program counter to fault_resume. The access itself is the instruction at the label in front.
int try_load(const volatile void *address, unsigned char *value);
int try_store(volatile void *address, unsigned char value);
extern const char try_load_at[], try_load_resume[], try_store_at[], try_store_resume[];

#if defined(__riscv)
__asm__(".text\n.balign 4\n"
		"try_load: li a2, 0\n"
		"try_load_at: lbu a3, 0(a0)\n"
		"sb a3, 0(a1)\n"
		"li a2, 1\n"
		"try_load_resume: mv a0, a2\n"
		"ret\n"
		"try_store: li a2, 0\n"
		"try_store_at: sb a1, 0(a0)\n"
		"li a2, 1\n"
		"try_store_resume: mv a0, a2\n"
		"ret\n"
		".globl try_load, try_store, try_load_at, try_load_resume, try_store_at, try_store_resume\n");

static inline uintptr_t context_pc(const ucontext_t *uc) { return uc->uc_mcontext.__gregs[REG_PC]; }
static inline void context_set_pc(ucontext_t *uc, uintptr_t pc) { uc->uc_mcontext.__gregs[REG_PC] = pc; }
static inline uintptr_t context_sp(const ucontext_t *uc) { return uc->uc_mcontext.__gregs[REG_SP]; }
// A jump to nowhere leaves the way back in the link register.
static inline uintptr_t context_return(const ucontext_t *uc) { return uc->uc_mcontext.__gregs[REG_RA]; }
static inline void context_pop(ucontext_t *uc) { (void)uc; }

#elif defined(__x86_64__)
__asm__(".text\n"
		"try_load: xor %eax, %eax\n"
		"try_load_at: movzbl (%rdi), %edx\n"
		"mov %dl, (%rsi)\n"
		"mov $1, %eax\n"
		"try_load_resume: ret\n"
		"try_store: xor %eax, %eax\n"
		"try_store_at: mov %sil, (%rdi)\n"
		"mov $1, %eax\n"
		"try_store_resume: ret\n"
		".globl try_load, try_store, try_load_at, try_load_resume, try_store_at, try_store_resume\n");

static inline uintptr_t context_pc(const ucontext_t *uc) { return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP]; }
static inline void context_set_pc(ucontext_t *uc, uintptr_t pc) { uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc; }
static inline uintptr_t context_sp(const ucontext_t *uc) { return (uintptr_t)uc->uc_mcontext.gregs[REG_RSP]; }
static inline uintptr_t context_return(const ucontext_t *uc) { return *(uintptr_t *)uc->uc_mcontext.gregs[REG_RSP]; }
static inline void context_pop(ucontext_t *uc) { uc->uc_mcontext.gregs[REG_RSP] += 8; }

#elif defined(__aarch64__)
__asm__(".text\n.balign 4\n"
		"try_load: mov w2, 0\n"
		"try_load_at: ldrb w3, [x0]\n"
		"strb w3, [x1]\n"
		"mov w2, 1\n"
		"try_load_resume: mov w0, w2\n"
		"ret\n"
		"try_store: mov w2, 0\n"
		"try_store_at: strb w1, [x0]\n"
		"mov w2, 1\n"
		"try_store_resume: mov w0, w2\n"
		"ret\n"
		".globl try_load, try_store, try_load_at, try_load_resume, try_store_at, try_store_resume\n");

static inline uintptr_t context_pc(const ucontext_t *uc) { return uc->uc_mcontext.pc; }
static inline void context_set_pc(ucontext_t *uc, uintptr_t pc) { uc->uc_mcontext.pc = pc; }
static inline uintptr_t context_sp(const ucontext_t *uc) { return uc->uc_mcontext.sp; }
static inline uintptr_t context_return(const ucontext_t *uc) { return uc->uc_mcontext.regs[30]; }
static inline void context_pop(ucontext_t *uc) { (void)uc; }
#endif

// context_skip resumes after try_load or try_store and reports whether the context was at one of them.
static inline int context_skip(ucontext_t *uc) {
	if (context_pc(uc) == (uintptr_t)try_load_at)
		context_set_pc(uc, (uintptr_t)try_load_resume);
	else if (context_pc(uc) == (uintptr_t)try_store_at)
		context_set_pc(uc, (uintptr_t)try_store_resume);
	else
		return 0;
	return 1;
}

#endif
