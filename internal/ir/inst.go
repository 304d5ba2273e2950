// Package ir is the intermediate representation between guests and hosts: a
// flat array of small fixed-size operations. Guest registers are operands in
// their own right (slots of cpu.State); temporaries live within one guest
// instruction sequence of a block. Semantics of every operation is defined once
// (optable.go, ir/eval); guests produce IR, hosts consume it, neither sees the
// other. The package knows no guest, no host, no Linux. Start with [Inst],
// [Block] and the list in op.go.
package ir

// Val is an operand: a guest register slot, a temporary or Imm.
type Val uint8

// Operand ranges.
const (
	Zero  Val = 0   // reads zero; writes are dropped
	VBase Val = 64  // 64..127: FP slots, cpu.State.V[v-64]
	TBase Val = 128 // 128..191: integer temporaries
	FBase Val = 192 // 192..254: FP temporaries
	Imm   Val = 255 // the operand is Inst.Imm
)

// X is the operand of integer slot n (0 <= n < 64).
func X(n int) Val { return Val(n) }

// V is the operand of FP slot n (0 <= n < 64).
func V(n int) Val { return VBase + Val(n) }

// IsFP reports whether v is an FP slot or temporary.
func (v Val) IsFP() bool { return v >= VBase && v < TBase || v >= FBase && v != Imm }

// IsTemp reports whether v is a temporary.
func (v Val) IsTemp() bool { return v >= TBase && v != Imm }

// Inst is one operation, 16 bytes. Which fields count, and how, is in the row
// of its Op.
type Inst struct {
	Op   Op
	Ty   Type
	Dst  Val
	A    Val
	B    Val
	C    Val
	Aux  uint8 // Cond, FCond, Mem, rounding mode, Hint, cpu.Exit ...
	Aux2 uint8 // IKind, source type, negations
	Imm  int64
}

// Block is straight-line guest code with one entry; side exits are OpBr in its
// middle. Its memory is reused from one translation to the next.
type Block struct {
	PC    uint64 // guest address of the first instruction
	End   uint64 // guest address after the last instruction: where it falls through to
	NInsn int    // guest instructions
	Insts []Inst
	ntemp uint8
	nftmp uint8
}

// Reset empties b for a translation that starts at pc.
func (b *Block) Reset(pc uint64) {
	b.PC, b.End, b.NInsn = pc, pc, 0
	b.Insts = b.Insts[:0]
	b.ntemp, b.nftmp = 0, 0
}

// Insn starts the guest instruction at b.End, n bytes long, and frees the
// temporaries of the one before: a temporary never outlives its instruction.
func (b *Block) Insn(n int) {
	b.Insts = append(b.Insts, Inst{Op: OpInsn, Imm: int64(b.End), Aux: uint8(n)})
	b.End += uint64(n)
	b.NInsn++
	b.ntemp, b.nftmp = 0, 0
}

// Temp returns a new integer temporary of the current instruction.
func (b *Block) Temp() Val {
	v := TBase + Val(b.ntemp)
	b.ntemp++
	return v
}

// FTemp returns a new FP temporary of the current instruction.
func (b *Block) FTemp() Val {
	v := FBase + Val(b.nftmp)
	b.nftmp++
	return v
}

// Emit appends an operation.
func (b *Block) Emit(i Inst) { b.Insts = append(b.Insts, i) }

// Const emits dst = v.
func (b *Block) Const(dst Val, v int64) { b.Emit(Inst{Op: OpConst, Dst: dst, Imm: v}) }

// Op2 emits dst = a op y in width ty.
func (b *Block) Op2(op Op, ty Type, dst, a, y Val) {
	b.Emit(Inst{Op: op, Ty: ty, Dst: dst, A: a, B: y})
}

// OpI emits dst = a op imm in width ty.
func (b *Block) OpI(op Op, ty Type, dst, a Val, imm int64) {
	b.Emit(Inst{Op: op, Ty: ty, Dst: dst, A: a, B: Imm, Imm: imm})
}

// Op1 emits dst = op a.
func (b *Block) Op1(op Op, ty Type, dst, a Val) { b.Emit(Inst{Op: op, Ty: ty, Dst: dst, A: a}) }

// Set emits dst = a cond y.
func (b *Block) Set(c Cond, dst, a, y Val, imm int64) {
	b.Emit(Inst{Op: OpSet, Dst: dst, A: a, B: y, Aux: uint8(c), Imm: imm})
}

// Load emits dst = [base+disp].
func (b *Block) Load(m Mem, dst, base Val, disp int64) {
	b.Emit(Inst{Op: OpLoad, Dst: dst, A: base, Aux: uint8(m), Imm: disp})
}

// Store emits [base+disp] = v.
func (b *Block) Store(m Mem, base Val, disp int64, v Val) {
	b.Emit(Inst{Op: OpStore, A: base, B: v, Aux: uint8(m), Imm: disp})
}

// Br emits a side exit to target when a cond y holds.
func (b *Block) Br(c Cond, a, y Val, target uint64) {
	b.Emit(Inst{Op: OpBr, A: a, B: y, Aux: uint8(c), Imm: int64(target)})
}

// Jmp emits a jump to target; link (or Zero) receives b.End.
func (b *Block) Jmp(target uint64, link Val, h Hint) {
	b.Emit(Inst{Op: OpJmp, Dst: link, Aux: uint8(h), Imm: int64(target)})
}

// JmpInd emits a jump to (a + disp) &^ 1; link (or Zero) receives b.End.
func (b *Block) JmpInd(a Val, disp int64, link Val, h Hint) {
	b.Emit(Inst{Op: OpJmpInd, Dst: link, A: a, Aux: uint8(h), Imm: disp})
}

// Exit emits leaving with reason e (a cpu.Exit) and PC = pc.
func (b *Block) Exit(e uint8, pc uint64) { b.Emit(Inst{Op: OpExit, Aux: e, Imm: int64(pc)}) }

// Ended reports whether the last operation leaves the block unconditionally.
func (b *Block) Ended() bool {
	if len(b.Insts) == 0 {
		return false
	}
	switch b.Insts[len(b.Insts)-1].Op {
	case OpJmp, OpJmpInd, OpExit:
		return true
	}
	return false
}
