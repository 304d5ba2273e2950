//go:build linux && amd64

package amd64

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

var doubles = []uint64{
	0, 1 << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x4000000000000000, 0x3fe0000000000000, 0x3ff8000000000000,
	0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xfff4000000000000,
	0x7ff8000000001234, 1, 0x800fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0x3fefffffffffffff,
	0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000, 0xc1e0000000000000, 0xc1e0000000100000, 0xc1e0000000200000,
	0x41efffffffe00000, 0x41effffffff00000, 0x41f0000000000000, 0x43e0000000000000, 0xc3e0000000000000, 0x43dfffffffffffff,
	0x43f0000000000000, 0x43efffffffffffff, 0xbfe0000000000000, 0x4340000000000000, 0x36a0000000000000, 0x47efffffe0000000,
	0x47effffff0000000, 0x380fffffc0000000,
}

var singles = []uint32{
	0, 1 << 31, 0x3f800000, 0xbf800000, 0x40000000, 0x3f000000, 0x3fc00000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
	0x7f800001, 0xffa00000, 0x7fc01234, 1, 0x807fffff, 0x00800000, 0x7f7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001,
	0x4f7fffff, 0x4f800000, 0x5f000000, 0xdf000000, 0x5f7fffff, 0x5f800000, 0xbf000000, 0x4b000000,
}

func randFloat(r *rand.Rand) uint64 {
	switch r.IntN(8) {
	case 0, 1:
		return doubles[r.IntN(len(doubles))]
	case 2, 3, 4:
		return 0xffffffff<<32 | uint64(singles[r.IntN(len(singles))])
	case 5:
		return math.Float64bits(float64(r.IntN(2000)-1000) / 8)
	case 6:
		return 0xffffffff<<32 | uint64(math.Float32bits(float32(r.IntN(2000)-1000)/8))
	}
	return r.Uint64()
}

// randFP makes a block of n random operations, mostly FP ones.
func randFP(r *rand.Rand, n int, can func(*ir.Inst) bool) *ir.Block {
	var b ir.Block
	b.Reset(0x10000)
	slots := []ir.Val{10, 11, 9, 18, 19} // two of them not pinned
	if r.IntN(2) == 0 {
		slots = append(slots, 0, 1, 2, 3, 8, 12, 13, 20)
	}
	ints := []ir.Val{0, 10, 15, 20, 21}
	for range n {
		b.Insn(4)
		nt := 0
		fp := func() ir.Val {
			if nt > 0 && r.IntN(3) == 0 {
				return ir.FBase + ir.Val(r.IntN(nt))
			}
			return ir.VBase + slots[r.IntN(len(slots))]
		}
		in := func() ir.Val { return ints[r.IntN(len(ints))] }
		mem := func() (ir.Val, int64) {
			base := []ir.Val{2, 25, 2, 25, 16, 27, 28}[r.IntN(7)]
			return base, int64(r.IntN(32)) * 8
		}
		emit := func(dst ir.Val) {
		again:
			op := ir.OpFAdd + ir.Op(r.IntN(int(ir.OpFMovFromI-ir.OpFAdd)+1))
			if r.IntN(2) == 0 {
				op = ir.OpFAdd + ir.Op(r.IntN(6))
			}
			info := &ir.Ops[op]
			i := ir.Inst{Op: op, Dst: dst}
			if info.Dst == ir.Int {
				i.Dst = in()
			}
			if info.HasType(ir.F64) {
				i.Ty = []ir.Type{ir.F32, ir.F64}[r.IntN(2)]
			}
			for _, o := range []struct {
				k ir.Operand
				v *ir.Val
			}{{info.A, &i.A}, {info.B, &i.B}, {info.C, &i.C}} {
				switch o.k {
				case ir.FP:
					*o.v = fp()
				case ir.Int:
					*o.v = in()
				}
			}
			if op == ir.OpFSgn && r.IntN(2) == 0 {
				i.B = i.A
			}
			switch info.Aux {
			case ir.AuxRM:
				i.Aux = []uint8{ir.RMDyn, ir.RDN, ir.RNE, ir.RTZ, uint8(r.IntN(5))}[r.IntN(5)]
			case ir.AuxFCond:
				i.Aux = uint8(r.IntN(5))
			}
			switch info.Aux2 {
			case ir.AuxNeg, ir.AuxKind:
				i.Aux2 = uint8(r.IntN(4))
			case ir.AuxSgn:
				i.Aux2 = uint8(r.IntN(3))
			case ir.AuxExact:
				i.Aux2 = uint8(r.IntN(2))
			case ir.AuxType:
				i.Aux2 = uint8(ir.F32 + ir.F64 - i.Ty)
			}
			if op == ir.OpFConst {
				i.Imm = int64(randFloat(r))
				if i.Ty == ir.F32 {
					i.Imm |= -1 << 32
				}
			}
			if !can(&i) && r.IntN(64) != 0 {
				goto again
			}
			b.Emit(i)
		}
		ty := []ir.Type{ir.F32, ir.F64}[r.IntN(2)]
		switch r.IntN(13) {
		case 12:
			b.Emit(ir.Inst{Op: ir.OpGetFFlags, Dst: 20})
			b.Insn(4)
			b.Emit(ir.Inst{Op: ir.OpFCmp, Ty: ty, Dst: in(), A: fp(), B: fp(), Aux: uint8(r.IntN(5))})
			b.Insn(4)
			b.Emit(ir.Inst{Op: ir.OpSetFFlags, A: 20})
		case 10:
			b.Emit(ir.Inst{Op: ir.OpGetFFlags, Dst: in()})
		case 11:
			b.Emit(ir.Inst{Op: ir.OpSetFFlags, A: in()})
		case 0:
			a, d := mem()
			b.Emit(ir.Inst{Op: ir.OpFLoad, Ty: ty, Dst: fp(), A: a, Imm: d})
		case 1:
			a, d := mem()
			b.Emit(ir.Inst{Op: ir.OpFStore, Ty: ty, A: a, B: fp(), Imm: d})
		case 2:
			b.Br(ir.Cond(r.IntN(6)), in(), in(), 0x20000)
		case 3:
			t := b.FTemp()
			b.Emit(ir.Inst{Op: ir.OpFMovFromI, Ty: ty, Dst: t, A: in()})
			nt++
			emit(fp())
		default:
			emit(ir.VBase + slots[r.IntN(len(slots))])
		}
	}
	if r.IntN(2) == 0 {
		b.Exit(uint8(cpu.ExitSyscall), b.End)
	}
	return &b
}

// TestFP runs random FP blocks in all rounding modes; results, flags and faults are
// softfp's through the interpreter.
func TestFP(t *testing.T) {
	n := 20000
	if testing.Short() {
		n = 4000
	}
	for _, cfg := range configs[:3] {
		t.Run(cfg.name, func(t *testing.T) {
			m := newMachine(t, cfg.opt)
			r := rand.New(rand.NewPCG(5, 6))
			for range n {
				x := m.randRegs(r)
				for k := range x.V {
					x.V[k][0] = randFloat(r)
				}
				for k := 0; k < memSize; k += 8 {
					if r.IntN(16) == 0 {
						m.Store(&m.ref, m.guest()+uint64(k), 8, randFloat(r))
					}
				}
				x.FFlags = uint32(r.IntN(32))
				if r.IntN(2) == 0 {
					x.FRM = uint32(r.IntN(5))
				}
				m.g.mode = host.ModeOf(x.FRM)
				m.check(t, randFP(r, 1+r.IntN(8), m.g.canLower), x, m.g.mode)
			}
			t.Logf("%d of %d blocks left to the interpreter", m.interp, n)
		})
	}
}
