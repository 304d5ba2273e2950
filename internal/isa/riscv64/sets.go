package riscv64

import "github.com/weir-emu/weir/internal/isa"

// Sets is all instructions of the guest, by extension. Do not modify.
var Sets = []isa.Set{
	{Name: "I", Title: "base integer instructions, RV64", Rows: rowsI},
	{Name: "Zifencei", Title: "instruction-fetch fence", Rows: rowsZifencei},
	{Name: "Zicsr", Title: "control and status registers", Rows: rowsZicsr, Note: "User mode has fflags, frm, fcsr, cycle, time and instret; other registers are illegal instructions."},
	{Name: "M", Title: "multiplication and division", Rows: rowsM},
	{Name: "A", Title: "atomic instructions", Rows: rowsA},
	{Name: "F", Title: "single-precision floating point", Rows: rowsF},
	{Name: "D", Title: "double-precision floating point", Rows: rowsD},
	{Name: "C", Title: "compressed instructions", Rows: rowsC, Note: "The all-zero encoding is defined to be illegal; it is shown as unimp."},
	{Name: "Zba", Title: "address generation", Rows: rowsZba},
	{Name: "Zbb", Title: "basic bit manipulation", Rows: rowsZbb},
	{Name: "Zbc", Title: "carry-less multiplication", Rows: rowsZbc},
	{Name: "Zbs", Title: "single-bit instructions", Rows: rowsZbs},
	{Name: "Zicond", Title: "integer conditional operations", Rows: rowsZicond},
	{Name: "Zfhmin", Title: "minimal half-precision floating point", Rows: rowsZfhmin},
	{Name: "Zfa", Title: "additional floating-point instructions", Rows: rowsZfa, Note: "Without the half-precision forms, which need Zfh."},
	{Name: "Zacas", Title: "atomic compare and swap", Rows: rowsZacas},
	{Name: "Zawrs", Title: "wait on reservation set", Rows: rowsZawrs, Note: "They return at once."},
	{Name: "Zicbom", Title: "cache-block management", Rows: rowsZicbom, Note: "cbo.inval is an illegal instruction in user mode, as on Linux."},
	{Name: "Zicbop", Title: "cache-block prefetch", Rows: rowsZicbop},
	{Name: "Zicboz", Title: "cache-block zero", Rows: rowsZicboz, Note: "The block is 64 bytes."},
	{Name: "Zihintpause", Title: "pause hint", Rows: rowsZihintpause},
	{Name: "Zihintntl", Title: "non-temporal locality hints", Rows: rowsZihintntl},
	{Name: "Zcb", Title: "simple code-size instructions", Rows: rowsZcb},
	{Name: "Xweir", Title: "Weir's own", Rows: rowsWeir, Note: "Only the guest's vDSO may contain it; elsewhere it raises SIGILL."},
}

// Encode returns the encoding of a row whose free bits are those of fill, and
// its length in bytes. Some fillings are another, more special instruction, or
// reserved; generators of test programs decode the result and look.
func Encode(r *isa.Row, fill uint32) (raw uint32, n int) {
	mask, match, n, err := isa.Bits(r.Pattern, Field)
	if err != nil {
		panic("BUG: riscv64: " + err.Error())
	}
	raw = match | fill&^mask
	if n == 2 {
		raw &= 0xffff
	}
	return raw, n
}

// Decode returns the instruction encoded by raw as if it stood at pc; ok is
// false if it is none. Executing one may still be illegal, for example for a
// reserved rounding mode.
func Decode(raw uint32, pc uint64) (i isa.Inst, ok bool) {
	ok = decoder.Decode(raw, pc, &i)
	return i, ok
}
