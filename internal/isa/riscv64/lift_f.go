package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// Negations of a fused multiply-add (Inst.Aux2 of OpFMulAdd).
const (
	negAB = 1
	negC  = 2
)

// rounding checks the rounding mode of an instruction: a reserved static mode
// is illegal (rounding reports false), the dynamic one is checked at run time.
func rounding(b *ir.Block, i isa.Inst) bool {
	switch i.RM {
	case 5, 6:
		illegal(b, i)
		return false
	case ir.RMDyn:
		b.Emit(ir.Inst{Op: ir.OpCheckRM})
	}
	return true
}

// freg is the operand of FP register n.
func freg(n uint8) ir.Val { return ir.VBase + ir.Val(n) }

func fload(b *ir.Block, i isa.Inst) {
	b.Emit(ir.Inst{Op: ir.OpFLoad, Ty: i.Row.Ty, Dst: freg(i.Rd), A: ir.Val(i.Rs1), Imm: i.Imm})
}

func fstore(b *ir.Block, i isa.Inst) {
	b.Emit(ir.Inst{Op: ir.OpFStore, Ty: i.Row.Ty, A: ir.Val(i.Rs1), B: freg(i.Rs2), Imm: i.Imm})
}

// farith is frd = frs1 op frs2, rounded (fsqrt has no frs2).
func farith(b *ir.Block, i isa.Inst) {
	if !rounding(b, i) {
		return
	}
	r := ir.Inst{Op: i.Row.Op, Ty: i.Row.Ty, Dst: freg(i.Rd), A: freg(i.Rs1), Aux: i.RM}
	if i.Row.Op != ir.OpFSqrt {
		r.B = freg(i.Rs2)
	}
	b.Emit(r)
}

func fmulAdd(b *ir.Block, i isa.Inst) {
	if rounding(b, i) {
		b.Emit(ir.Inst{
			Op: ir.OpFMulAdd, Ty: i.Row.Ty, Dst: freg(i.Rd),
			A: freg(i.Rs1), B: freg(i.Rs2), C: freg(i.Rs3), Aux: i.RM, Aux2: i.Row.Aux,
		})
	}
}

// fbinary is frd = frs1 op frs2 without rounding.
func fbinary(b *ir.Block, i isa.Inst) {
	b.Op2(i.Row.Op, i.Row.Ty, freg(i.Rd), freg(i.Rs1), freg(i.Rs2))
}

func fsign(b *ir.Block, i isa.Inst) {
	b.Emit(ir.Inst{Op: ir.OpFSgn, Ty: i.Row.Ty, Dst: freg(i.Rd), A: freg(i.Rs1), B: freg(i.Rs2), Aux2: i.Row.Aux})
}

// fcompare may raise an exception, so it is executed also if rd is x0.
func fcompare(b *ir.Block, i isa.Inst) {
	b.Emit(ir.Inst{Op: ir.OpFCmp, Ty: i.Row.Ty, Dst: ir.Val(i.Rd), A: freg(i.Rs1), B: freg(i.Rs2), Aux: i.Row.Aux})
}

// ftoX is rd = op frs1 without rounding or exceptions.
func ftoX(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Op1(i.Row.Op, i.Row.Ty, ir.Val(i.Rd), freg(i.Rs1))
	}
}

// xtoF is frd = op rs1 without rounding.
func xtoF(b *ir.Block, i isa.Inst) { b.Op1(i.Row.Op, i.Row.Ty, freg(i.Rd), ir.Val(i.Rs1)) }

func ftoI(b *ir.Block, i isa.Inst) {
	if rounding(b, i) {
		b.Emit(ir.Inst{Op: ir.OpFToI, Ty: i.Row.Ty, Dst: ir.Val(i.Rd), A: freg(i.Rs1), Aux: i.RM, Aux2: i.Row.Aux})
	}
}

// itoF: a 32-bit integer is exact in double precision, whatever the mode.
func itoF(b *ir.Block, i isa.Inst) {
	if !rounding(b, i) {
		return
	}
	rm := i.RM
	if i.Row.Ty == ir.F64 && ir.IKind(i.Row.Aux) <= ir.KU32 {
		rm = ir.RNE
	}
	b.Emit(ir.Inst{Op: ir.OpIToF, Ty: i.Row.Ty, Dst: freg(i.Rd), A: ir.Val(i.Rs1), Aux: rm, Aux2: i.Row.Aux})
}

// fcvt converts from the type in Row.Aux; to a wider type that is exact.
func fcvt(b *ir.Block, i isa.Inst) {
	if !rounding(b, i) {
		return
	}
	rm := i.RM
	if i.Row.Ty > ir.Type(i.Row.Aux) { // F16 < F32 < F64
		rm = ir.RNE
	}
	b.Emit(ir.Inst{Op: ir.OpFCvt, Ty: i.Row.Ty, Dst: freg(i.Rd), A: freg(i.Rs1), Aux: rm, Aux2: i.Row.Aux})
}
