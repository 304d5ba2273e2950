package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// shiftAdd is rd = (rs1 << Aux) + rs2, rs1 zero-extended first if Ty is U32.
func shiftAdd(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Emit(ir.Inst{Op: ir.OpShlAdd, Ty: i.Row.Ty, Dst: ir.Val(i.Rd), A: ir.Val(i.Rs1), B: ir.Val(i.Rs2), Aux: i.Row.Aux})
	}
}

// addUW is rd = zext32(rs1) + rs2.
func addUW(b *ir.Block, i isa.Inst) {
	switch {
	case i.Rd == 0:
	case i.Rs2 == 0:
		b.Op1(ir.OpZExt32, ir.I64, ir.Val(i.Rd), ir.Val(i.Rs1))
	default:
		b.Emit(ir.Inst{Op: ir.OpShlAdd, Ty: ir.U32, Dst: ir.Val(i.Rd), A: ir.Val(i.Rs1), B: ir.Val(i.Rs2)})
	}
}

// slliUW is rd = zext32(rs1) << shamt.
func slliUW(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		rd := ir.Val(i.Rd)
		b.Op1(ir.OpZExt32, ir.I64, rd, ir.Val(i.Rs1))
		b.OpI(ir.OpShl, ir.I64, rd, rd, i.Imm)
	}
}

// not is c.not: it has no immediate of its own.
func not(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.OpI(ir.OpXor, ir.I64, ir.Val(i.Rd), ir.Val(i.Rs1), -1)
	}
}
