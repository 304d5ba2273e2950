package ir

import (
	"errors"
	"fmt"

	"github.com/weir-emu/weir/internal/cpu"
)

// Verify checks that b is well formed:
//
//   - every operand has the class that its row demands, types and auxiliary
//     fields have values the row allows, unused fields are zero;
//   - a temporary is written before it is read, within its guest instruction;
//   - every operation belongs to a guest instruction, and instructions follow
//     one another without a gap up to End; NInsn counts them;
//   - nothing follows an operation that always leaves;
//   - faults are precise: nothing that may fault follows the write of a slot
//     or control register, or a side exit, of the same guest instruction.
func (b *Block) Verify() error {
	v := verifier{pc: b.PC}
	for n := range b.Insts {
		if err := v.inst(&b.Insts[n]); err != nil {
			return fmt.Errorf("block %#x, operation %d, %s: %w", b.PC, n, b.Insts[n], err)
		}
	}
	if v.pc != b.End || v.ninsn != b.NInsn {
		return fmt.Errorf("block %#x: %d instructions to %#x, but NInsn = %d and End = %#x", b.PC, v.ninsn, v.pc, b.NInsn, b.End)
	}
	return nil
}

// verifier is the state of Verify between two operations.
type verifier struct {
	pc      uint64 // end of the current guest instruction
	ninsn   int
	defined [2]uint64 // int and FP temporaries written in this instruction
	changed bool      // guest state changed in this instruction
	ended   bool
}

func (v *verifier) inst(i *Inst) error {
	if i.Op >= NumOps {
		return errors.New("unknown operation")
	}
	if v.ended {
		return errors.New("operation after the end of the block")
	}
	o := &Ops[i.Op]
	if i.Op == OpInsn {
		if uint64(i.Imm) != v.pc {
			return fmt.Errorf("instruction should be at %#x", v.pc)
		}
		if i.Aux == 0 {
			return errors.New("instruction of no length")
		}
		v.pc += uint64(i.Aux)
		v.ninsn++
		v.defined, v.changed = [2]uint64{}, false
		return nil
	}
	if v.ninsn == 0 {
		return errors.New("operation before the first instruction")
	}
	if !o.HasType(i.Ty) {
		return errors.New("type not allowed")
	}
	if err := checkAux(o.Aux, i.Aux); err != nil {
		return err
	}
	if err := checkAux(o.Aux2, i.Aux2); err != nil {
		return err
	}
	if o.Imm == ImmNone && i.Imm != 0 && i.A != Imm && i.B != Imm && i.C != Imm {
		return errors.New("immediate not used")
	}
	for _, f := range [...]struct {
		kind Operand
		v    Val
	}{{o.A, i.A}, {o.B, i.B}, {o.C, i.C}} {
		if err := v.read(f.kind, f.v); err != nil {
			return err
		}
	}
	if o.Has(EffFault) && v.changed {
		return errors.New("may fault after a change of the guest's state in the same instruction")
	}
	if o.Has(EffSetCSR | EffBranch) {
		v.changed = true
	}
	v.ended = o.Has(EffEnd)
	return v.write(o.Dst, i.Dst)
}

func (v *verifier) read(k Operand, x Val) error {
	if k == IntImm && x == Imm {
		return nil
	}
	if err := checkOperand(k, x); err != nil || k == None {
		return err
	}
	if !v.isDefined(x) || k == Pair && x != Zero && !v.isDefined(x+1) {
		return fmt.Errorf("%s is read before it is written", x)
	}
	return nil
}

func (v *verifier) write(k Operand, x Val) error {
	if k == IntImm || x == Imm {
		return errors.New("an immediate as destination")
	}
	if err := checkOperand(k, x); err != nil || k == None {
		return err
	}
	v.define(x)
	if k == Pair && x != Zero {
		v.define(x + 1)
	}
	return nil
}

func (v *verifier) isDefined(x Val) bool {
	switch {
	case !x.IsTemp():
		return true
	case x < FBase:
		return v.defined[0]>>(x-TBase)&1 != 0
	}
	return v.defined[1]>>(x-FBase)&1 != 0
}

func (v *verifier) define(x Val) {
	switch {
	case x == Zero:
	case !x.IsTemp():
		v.changed = true
	case x < FBase:
		v.defined[0] |= 1 << (x - TBase)
	default:
		v.defined[1] |= 1 << (x - FBase)
	}
}

func checkOperand(k Operand, x Val) error {
	switch k {
	case None:
		if x != 0 {
			return fmt.Errorf("operand %s not used", x)
		}
	case Int, IntImm:
		if x == Imm || x.IsFP() {
			return fmt.Errorf("%s is not an integer operand", x)
		}
	case FP:
		if !x.IsFP() {
			return fmt.Errorf("%s is not an FP operand", x)
		}
	case Pair:
		if x == Imm || x.IsFP() || x == VBase-1 || x == FBase-1 {
			return fmt.Errorf("%s is not the first of a pair of integer operands", x)
		}
	}
	return nil
}

var errAux = errors.New("auxiliary field out of range")

func checkAux(u AuxUse, v uint8) error {
	ok := true
	switch u {
	case AuxNone:
		ok = v == 0
	case AuxAtom:
		ok = Mem(v) == M32S || Mem(v) == M64
	case AuxRM:
		ok = v <= RMM || v == RMDyn
	case AuxExit:
		// The others are made by generated code itself.
		switch cpu.Exit(v) {
		case cpu.ExitSyscall, cpu.ExitBreak, cpu.ExitIllegal, cpu.ExitFenceI, cpu.ExitInterp, cpu.ExitVDSO, cpu.ExitIndirect:
		default:
			ok = false
		}
	case AuxShift, AuxNeg:
		ok = v <= 3
	case AuxFence, AuxExact:
		ok = v <= 1
	case AuxType:
		ok = Type(v) >= F16 && Type(v) <= F64
	case AuxLen:
	case AuxAccess:
		ok = Access(v)&AccessSize <= 4 && v < 1<<6
	default:
		ok = int(v) < len(u.names())
	}
	if !ok {
		return errAux
	}
	return nil
}
