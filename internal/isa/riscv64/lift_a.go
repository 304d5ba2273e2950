package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

func loadReserved(b *ir.Block, i isa.Inst) {
	b.Emit(ir.Inst{Op: ir.OpLR, Dst: ir.Val(i.Rd), A: ir.Val(i.Rs1), Aux: i.Row.Aux})
}

// amo is rd = [rs1]; [rs1] = op rs2; sc has the same operands.
func amo(b *ir.Block, i isa.Inst) {
	b.Emit(ir.Inst{Op: i.Row.Op, Dst: ir.Val(i.Rd), A: ir.Val(i.Rs1), B: ir.Val(i.Rs2), Aux: i.Row.Aux})
}

// amoCas compares with rd, which receives the old value.
func amoCas(b *ir.Block, i isa.Inst) {
	rd := ir.Val(i.Rd)
	b.Emit(ir.Inst{Op: ir.OpCas, Dst: rd, A: ir.Val(i.Rs1), B: rd, C: ir.Val(i.Rs2), Aux: i.Row.Aux})
}

// amoCasPair works on register pairs; odd registers are reserved.
func amoCasPair(b *ir.Block, i isa.Inst) {
	if i.Rd&1 != 0 || i.Rs2&1 != 0 {
		illegal(b, i)
		return
	}
	rd := ir.Val(i.Rd)
	b.Emit(ir.Inst{Op: ir.OpCasPair, Dst: rd, A: ir.Val(i.Rs1), B: rd, C: ir.Val(i.Rs2), Aux: i.Row.Aux})
}
