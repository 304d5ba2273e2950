// The plugins of variants.go for qemu-user, API version 1 (qemu 4.2 to 8). The variable WEIR_BENCH_VARIANT selects one; the
// number of events is written to the file WEIR_BENCH_COUNT. Programs with several threads lose some of the counts, as inline
// operations of that version have one word for all of them.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The part of qemu's plugin interface that is used here (docs/devel/tcg-plugins).
typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGS };
enum { INLINE_ADD_U64 };
enum { MEM_RW = 3 };
typedef void tb_trans_cb(plugin_id, struct qemu_plugin_tb *);
typedef void exec_cb(unsigned vcpu, void *data);
typedef void mem_cb(unsigned vcpu, uint32_t info, uint64_t addr, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, tb_trans_cb *);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, exec_cb *, int flags, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int op, void *word, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, exec_cb *, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int op, void *word, uint64_t imm);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, mem_cb *, int flags, int rw, void *data);
void qemu_plugin_register_vcpu_mem_inline(struct qemu_plugin_insn *, int rw, int op, void *word, uint64_t imm);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static const char *variant;

static struct {
	uint64_t n;
	char pad[56];
} count[1024]; // by vCPU; inline operations use the first

// As many records as Weir's buffer has; values are not to be had in this version of the interface.
enum { RING = 4096 };
static __thread struct record {
	uint64_t pc, addr;
	uint32_t info;
} ring[RING];
static __thread unsigned fill;

static void on_exec(unsigned vcpu, void *data) { count[vcpu & 1023].n++; }
static void on_mem(unsigned vcpu, uint32_t info, uint64_t addr, void *data) { count[vcpu & 1023].n++; }

static void on_trace(unsigned vcpu, uint32_t info, uint64_t addr, void *data) {
	ring[fill] = (struct record){(uint64_t)(uintptr_t)data, addr, info};
	if (++fill == RING) {
		count[vcpu & 1023].n += fill;
		__asm__ volatile("" : : "r"(ring) : "memory");
		fill = 0;
	}
}

static bool is(const char *name) { return strcmp(variant, name) == 0; }

static void on_tb(plugin_id id, struct qemu_plugin_tb *tb) {
	size_t n = qemu_plugin_tb_n_insns(tb);
	if (is("blocks")) {
		qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &count[0].n, 1);
	} else if (is("insns by block")) {
		qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &count[0].n, n);
	} else if (is("call block")) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec, NO_REGS, NULL);
	}
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		if (is("insns")) {
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &count[0].n, 1);
		} else if (is("accesses")) {
			qemu_plugin_register_vcpu_mem_inline(insn, MEM_RW, INLINE_ADD_U64, &count[0].n, 1);
		} else if (is("trace")) {
			qemu_plugin_register_vcpu_mem_cb(insn, on_trace, NO_REGS, MEM_RW, (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn));
		} else if (is("call insn")) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_exec, NO_REGS, NULL);
		} else if (is("call access")) {
			qemu_plugin_register_vcpu_mem_cb(insn, on_mem, NO_REGS, MEM_RW, NULL);
		}
	}
}

static void at_exit(plugin_id id, void *data) {
	uint64_t n = fill;
	for (int i = 0; i < 1024; i++)
		n += count[i].n;
	FILE *f = fopen(getenv("WEIR_BENCH_COUNT"), "w");
	if (f) {
		fprintf(f, "%" PRIu64 "\n", n);
		fclose(f);
	}
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
	variant = getenv("WEIR_BENCH_VARIANT");
	if (variant == NULL || getenv("WEIR_BENCH_COUNT") == NULL)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
