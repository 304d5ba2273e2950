package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// Kinds of CSR access in Row.Aux.
const (
	csrWrite = iota
	csrSet
	csrClear
)

// Control and status registers that user mode has.
const (
	csrFFlags  = 0x001
	csrFRM     = 0x002
	csrFCSR    = 0x003
	csrCycle   = 0xc00
	csrTime    = 0xc01
	csrInstret = 0xc02
)

// csrReg is an access with a register operand. Setting or clearing the bits in
// x0 does not write at all.
func csrReg(b *ir.Block, i isa.Inst) {
	src := ir.Val(i.Rs1)
	csrAccess(b, i, src, 0, i.Row.Aux == csrWrite || i.Rs1 != 0)
}

// csrImm is an access with a five-bit immediate.
func csrImm(b *ir.Block, i isa.Inst) {
	csrAccess(b, i, ir.Imm, int64(i.Rs1), i.Row.Aux == csrWrite || i.Rs1 != 0)
}

// csrAccess reads the register, writes it from src (or imm), and only then
// writes rd, which may be src.
func csrAccess(b *ir.Block, i isa.Inst, src ir.Val, imm int64, write bool) {
	switch i.Imm {
	case csrFFlags, csrFRM, csrFCSR:
	case csrCycle, csrTime, csrInstret: // read-only
		if write {
			illegal(b, i)
		} else if i.Rd != 0 {
			b.Emit(ir.Inst{Op: ir.OpCounter, Dst: ir.Val(i.Rd), Aux: uint8(i.Imm - csrCycle)})
		}
		return
	default:
		illegal(b, i)
		return
	}
	if !write {
		if i.Rd != 0 {
			readFCSR(b, i.Imm, ir.Val(i.Rd))
		}
		return
	}
	old := ir.Zero
	if i.Rd != 0 || i.Row.Aux != csrWrite {
		old = b.Temp()
		readFCSR(b, i.Imm, old)
	}
	val := src
	switch i.Row.Aux {
	case csrWrite:
		if src == ir.Imm {
			val = b.Temp()
			b.Const(val, imm)
		}
	case csrSet:
		val = b.Temp()
		b.Emit(ir.Inst{Op: ir.OpOr, Dst: val, A: old, B: src, Imm: imm})
	case csrClear:
		val = b.Temp()
		b.Emit(ir.Inst{Op: ir.OpAndNot, Dst: val, A: old, B: src, Imm: imm})
	}
	writeFCSR(b, i.Imm, val)
	if i.Rd != 0 {
		b.Op1(ir.OpMov, ir.I64, ir.Val(i.Rd), old)
	}
}

// readFCSR emits dst = the part of fcsr that csr names.
func readFCSR(b *ir.Block, csr int64, dst ir.Val) {
	switch csr {
	case csrFFlags:
		b.Emit(ir.Inst{Op: ir.OpGetFFlags, Dst: dst})
	case csrFRM:
		b.Emit(ir.Inst{Op: ir.OpGetFRM, Dst: dst})
	case csrFCSR:
		frm, flags := b.Temp(), b.Temp()
		b.Emit(ir.Inst{Op: ir.OpGetFRM, Dst: frm})
		b.OpI(ir.OpShl, ir.I64, frm, frm, 5)
		b.Emit(ir.Inst{Op: ir.OpGetFFlags, Dst: flags})
		b.Op2(ir.OpOr, ir.I64, dst, frm, flags)
	}
}

// writeFCSR emits the write of val; the operations mask it.
func writeFCSR(b *ir.Block, csr int64, val ir.Val) {
	if csr != csrFRM {
		b.Emit(ir.Inst{Op: ir.OpSetFFlags, A: val})
	}
	switch csr {
	case csrFRM:
		b.Emit(ir.Inst{Op: ir.OpSetFRM, A: val})
	case csrFCSR:
		frm := b.Temp()
		b.OpI(ir.OpShr, ir.I64, frm, val, 5)
		b.Emit(ir.Inst{Op: ir.OpSetFRM, A: frm})
	}
}
