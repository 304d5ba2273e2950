package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/softfp"
)

// fli loads one of 32 constants, chosen by the rs1 field.
func fli(b *ir.Block, i isa.Inst) {
	v := softfp.Fli64(uint(i.Rs1))
	if i.Row.Ty == ir.F32 {
		v = 0xffffffff<<32 | uint64(softfp.Fli32(uint(i.Rs1)))
	}
	b.Emit(ir.Inst{Op: ir.OpFConst, Dst: freg(i.Rd), Imm: int64(v)})
}

func fround(b *ir.Block, i isa.Inst) {
	if rounding(b, i) {
		b.Emit(ir.Inst{Op: ir.OpFRound, Ty: i.Row.Ty, Dst: freg(i.Rd), A: freg(i.Rs1), Aux: i.RM, Aux2: i.Row.Aux})
	}
}

// fcvtMod may raise an exception, so it is executed also if rd is x0.
func fcvtMod(b *ir.Block, i isa.Inst) {
	b.Emit(ir.Inst{Op: ir.OpFCvtModW, Dst: ir.Val(i.Rd), A: freg(i.Rs1)})
}
