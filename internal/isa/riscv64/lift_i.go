package riscv64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// Instructions that only compute and whose destination is x0 are hints: they
// emit nothing.

// alu is rd = rs1 op rs2.
func alu(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Op2(i.Row.Op, i.Row.Ty, ir.Val(i.Rd), ir.Val(i.Rs1), ir.Val(i.Rs2))
	}
}

// aluImm is rd = rs1 op imm.
func aluImm(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.OpI(i.Row.Op, i.Row.Ty, ir.Val(i.Rd), ir.Val(i.Rs1), i.Imm)
	}
}

// unary is rd = op rs1.
func unary(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Op1(i.Row.Op, i.Row.Ty, ir.Val(i.Rd), ir.Val(i.Rs1))
	}
}

// move emits rd = rs, or nothing where that changes nothing.
func move(b *ir.Block, rd, rs uint8) {
	if rd != 0 && rd != rs {
		b.Op1(ir.OpMov, ir.I64, ir.Val(rd), ir.Val(rs))
	}
}

// add is alu with the cases that are moves.
func add(b *ir.Block, i isa.Inst) {
	switch {
	case i.Rs1 == 0:
		move(b, i.Rd, i.Rs2)
	case i.Rs2 == 0:
		move(b, i.Rd, i.Rs1)
	case i.Rd != 0:
		b.Op2(ir.OpAdd, ir.I64, ir.Val(i.Rd), ir.Val(i.Rs1), ir.Val(i.Rs2))
	}
}

// addi is aluImm with the cases that are moves (mv, li, nop).
func addi(b *ir.Block, i isa.Inst) {
	switch {
	case i.Rd == 0:
	case i.Rs1 == 0:
		b.Const(ir.Val(i.Rd), i.Imm)
	case i.Imm == 0:
		move(b, i.Rd, i.Rs1)
	default:
		b.OpI(ir.OpAdd, ir.I64, ir.Val(i.Rd), ir.Val(i.Rs1), i.Imm)
	}
}

// addiw is aluImm with the cases that are sign extension and constant.
func addiw(b *ir.Block, i isa.Inst) {
	switch {
	case i.Rd == 0:
	case i.Rs1 == 0:
		b.Const(ir.Val(i.Rd), i.Imm)
	case i.Imm == 0:
		b.Op1(ir.OpSExt32, ir.I64, ir.Val(i.Rd), ir.Val(i.Rs1))
	default:
		b.OpI(ir.OpAdd, ir.I32, ir.Val(i.Rd), ir.Val(i.Rs1), i.Imm)
	}
}

// setReg is rd = rs1 cond rs2.
func setReg(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Set(ir.Cond(i.Row.Aux), ir.Val(i.Rd), ir.Val(i.Rs1), ir.Val(i.Rs2), 0)
	}
}

// setImm is rd = rs1 cond imm.
func setImm(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Set(ir.Cond(i.Row.Aux), ir.Val(i.Rd), ir.Val(i.Rs1), ir.Imm, i.Imm)
	}
}

func lui(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Const(ir.Val(i.Rd), i.Imm)
	}
}

func auipc(b *ir.Block, i isa.Inst) {
	if i.Rd != 0 {
		b.Const(ir.Val(i.Rd), int64(i.PC)+i.Imm)
	}
}

// load accesses memory even if rd is x0.
func load(b *ir.Block, i isa.Inst) {
	b.Load(ir.Mem(i.Row.Aux), ir.Val(i.Rd), ir.Val(i.Rs1), i.Imm)
}

func store(b *ir.Block, i isa.Inst) {
	b.Store(ir.Mem(i.Row.Aux), ir.Val(i.Rs1), i.Imm, ir.Val(i.Rs2))
}

// isLink reports whether x is a link register of the calling convention.
func isLink(x uint8) bool { return x == 1 || x == 5 }

func jal(b *ir.Block, i isa.Inst) {
	h := ir.HintNone
	if isLink(i.Rd) {
		h = ir.HintCall
	}
	b.Jmp(i.PC+uint64(i.Imm), ir.Val(i.Rd), h)
}

// jalr's hint is the return-address stack table of the manual's JALR section.
func jalr(b *ir.Block, i isa.Inst) {
	h := ir.HintNone
	switch d, s := isLink(i.Rd), isLink(i.Rs1); {
	case d && s && i.Rd != i.Rs1:
		h = ir.HintCallRet
	case d:
		h = ir.HintCall
	case s:
		h = ir.HintRet
	}
	b.JmpInd(ir.Val(i.Rs1), i.Imm, ir.Val(i.Rd), h)
}

func branch(b *ir.Block, i isa.Inst) {
	b.Br(ir.Cond(i.Row.Aux), ir.Val(i.Rs1), ir.Val(i.Rs2), i.PC+uint64(i.Imm))
}

// Bits of fence's Imm: fm, predecessor and successor sets.
const (
	succR = 1 << 1
	predW = 1 << 4
)

// fence: only store-before-load order needs more than a TSO host gives. Device
// input and output do not exist in user mode.
func fence(b *ir.Block, i isa.Inst) {
	aux := uint8(0)
	if i.Imm&predW != 0 && i.Imm&succR != 0 {
		aux = 1
	}
	b.Emit(ir.Inst{Op: ir.OpFence, Aux: aux})
}

// fenceTSO orders everything except stores before loads.
func fenceTSO(b *ir.Block, _ isa.Inst) { b.Emit(ir.Inst{Op: ir.OpFence}) }

// exitAfter leaves with the pc after the instruction, exitAt at it.
func exitAfter(b *ir.Block, i isa.Inst) { b.Exit(i.Row.Aux, b.End) }

func exitAt(b *ir.Block, i isa.Inst) { b.Exit(i.Row.Aux, i.PC) }

func hint(*ir.Block, isa.Inst) {}

func illegal(b *ir.Block, i isa.Inst) { b.Exit(uint8(cpu.ExitIllegal), i.PC) }
