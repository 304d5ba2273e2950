//go:build linux && amd64

package amd64

import (
	"math/rand/v2"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

// configs are the code variants every execution test runs with.
var configs = []struct {
	name string
	opt  host.Options
}{
	{"full", host.Options{}},
	{"baseline", host.Options{Baseline: true}},
	{"gs", host.Options{GSBase: true}},
	{"nopairing", host.Options{NoPairing: true}},
}

// Operand classes: zero, RDX, other pinned, unpinned, temporary.
var (
	dsts = []ir.Val{10, 15, 12, 20, 21, ir.TBase}
	srcs = []ir.Val{0, 10, 15, 12, 20, 21, ir.TBase}
)

func pureOps() (ops []ir.Op) {
	for op := range ir.NumOps {
		if ir.Ops[op].Pure() {
			ops = append(ops, op)
		}
	}
	return
}

func types(info *ir.OpInfo) (ty []ir.Type) {
	for t := ir.I64; t <= ir.U32; t++ {
		if info.HasType(t) {
			ty = append(ty, t)
		}
	}
	return
}

// TestOps runs each integer operation with each combination of operand classes.
func TestOps(t *testing.T) {
	for _, cfg := range configs[:2] {
		t.Run(cfg.name, func(t *testing.T) {
			m := newMachine(t, cfg.opt)
			r := rand.New(rand.NewPCG(1, 2))
			for _, op := range pureOps() {
				info := &ir.Ops[op]
				for _, ty := range types(info) {
					for _, d := range dsts {
						for _, a := range srcs {
							bs := append([]ir.Val{ir.Imm, ir.Imm}, srcs...)
							if info.B == ir.None {
								bs = bs[:1]
							}
							for _, b := range bs {
								m.oneOp(t, r, op, ty, d, a, b)
							}
						}
					}
				}
			}
		})
	}
}

func (m *machine) oneOp(t *testing.T, r *rand.Rand, op ir.Op, ty ir.Type, d, a, y ir.Val) {
	info := &ir.Ops[op]
	x := m.randRegs(r)
	var b ir.Block
	b.Reset(0x10000)
	b.Insn(4)
	b.Temp()
	b.Emit(ir.Inst{Op: ir.OpMov, Dst: ir.TBase, A: 22})
	if r.IntN(2) == 0 {
		// The temporary as a pending sum.
		b.Emit(ir.Inst{Op: ir.OpAdd, Dst: ir.TBase, A: ir.TBase, B: ir.Imm, Imm: 5})
	}
	i := ir.Inst{Op: op, Ty: ty, Dst: d}
	if info.A != ir.None {
		i.A = a
	}
	switch {
	case info.B == ir.None:
		if info.Imm == ir.ImmVal {
			i.Imm = int64(randValue(r))
		}
	default:
		i.B = y
		if y == ir.Imm {
			i.Imm = int64(randValue(r))
		}
	}
	if info.C != ir.None {
		i.C = srcs[r.IntN(len(srcs))]
	}
	switch info.Aux {
	case ir.AuxCond:
		i.Aux = uint8(r.IntN(6))
	case ir.AuxShift:
		i.Aux = uint8(r.IntN(4))
	}
	b.Emit(i)
	if d >= ir.TBase {
		b.Emit(ir.Inst{Op: ir.OpMov, Dst: 23, A: d})
	}
	b.Exit(uint8(cpu.ExitSyscall), b.End)
	if m.interpreted(&b) {
		return
	}
	m.check(t, &b, x, 0)
}

// interpreted reports whether the backend leaves an operation of b to the interpreter.
func (m *machine) interpreted(b *ir.Block) bool {
	for k := range b.Insts {
		if !m.g.canLower(&b.Insts[k]) {
			return true
		}
	}
	return false
}

// randBlock makes a block of n random operations. Slots 2 and 25 hold guest
// addresses, slot 26 a small index.
func randBlock(r *rand.Rand, ops []ir.Op, n int) *ir.Block {
	var b ir.Block
	b.Reset(0x10000 + uint64(r.IntN(64))*4)
	faulty := r.IntN(4) == 0
	slots := []ir.Val{1, 5, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21}
	if r.IntN(2) == 0 {
		slots = []ir.Val{10, 15, 20, 21} // dependencies
	}
	mems := []ir.Mem{ir.M8S, ir.M8U, ir.M16S, ir.M16U, ir.M32S, ir.M32U, ir.M64}
	for range n {
		b.Insn(4)
		slot := func() ir.Val {
			if r.IntN(16) == 0 {
				return 0
			}
			return slots[r.IntN(len(slots))]
		}
		nt := 0
		src := func() ir.Val {
			if nt > 0 && r.IntN(2) == 0 {
				return ir.TBase + ir.Val(r.IntN(nt))
			}
			return slot()
		}
		pure := func(d ir.Val) {
			op := ops[r.IntN(len(ops))]
			info := &ir.Ops[op]
			ty := types(info)
			i := ir.Inst{Op: op, Ty: ty[r.IntN(len(ty))], Dst: d}
			if info.A != ir.None {
				i.A = src()
			}
			if info.B != ir.None {
				i.B = src()
				if r.IntN(3) == 0 {
					i.B = ir.Imm
				}
			}
			if info.C != ir.None {
				i.C = src()
			}
			if i.B == ir.Imm || info.Imm == ir.ImmVal {
				i.Imm = int64(randValue(r))
				if r.IntN(2) == 0 {
					i.Imm = int64(r.IntN(64))
				}
			}
			switch info.Aux {
			case ir.AuxCond:
				i.Aux = uint8(r.IntN(6))
			case ir.AuxShift:
				i.Aux = uint8(r.IntN(4))
			}
			b.Emit(i)
		}
		addr := func() (ir.Val, int64) {
			base := []ir.Val{2, 25}[r.IntN(2)]
			if faulty && r.IntN(4) == 0 {
				base = []ir.Val{16, 27, 28}[r.IntN(3)]
			}
			switch r.IntN(5) {
			case 0:
				d := b.Temp()
				nt++
				b.OpI(ir.OpAdd, ir.I64, d, base, 64)
				return d, -8
			case 1:
				d := slot()
				if d == 0 {
					break
				}
				b.OpI(ir.OpAdd, ir.I64, d, base, 128)
				b.Insn(4)
				nt = 0
				return d, 16
			case 2:
				d := slots[r.IntN(len(slots))]
				b.Emit(ir.Inst{Op: ir.OpShlAdd, Dst: d, A: 26, B: base, Aux: 3})
				b.Insn(4)
				nt = 0
				return d, 8
			case 3:
				d, e := slots[r.IntN(len(slots))], slots[r.IntN(len(slots))]
				b.OpI(ir.OpShl, ir.I64, d, 26, 3)
				b.Op2(ir.OpAdd, ir.I64, e, d, base)
				b.Insn(4)
				nt = 0
				return e, 8
			}
			return base, int64(r.IntN(256))
		}
		switch k := r.IntN(20); {
		case k < 11:
			pure(slot())
		case k < 13:
			for range 1 + r.IntN(3) {
				d := b.Temp()
				pure(d)
				nt++
			}
			pure(slot())
		case k < 15:
			a, d := addr()
			b.Load(mems[r.IntN(7)], slot(), a, d)
		case k < 17:
			a, d := addr()
			b.Store(mems[r.IntN(7)], a, d, src())
		case k < 18:
			b.Br(ir.Cond(r.IntN(6)), src(), src(), 0x10002+uint64(r.IntN(256))*4) // never the block itself
		default:
			a, d := addr()
			d &^= 7
			x := ir.TBase + ir.Val(nt)
			b.Temp()
			b.OpI(ir.OpAdd, ir.I64, x, a, d&^7)
			if r.IntN(8) == 0 {
				b.OpI(ir.OpOr, ir.I64, x, x, 2)
			}
			m := []ir.Mem{ir.M32S, ir.M64}[r.IntN(2)]
			op := ir.OpLR + ir.Op(r.IntN(int(ir.OpCas-ir.OpLR)+1))
			i := ir.Inst{Op: op, Dst: slot(), A: x, Aux: uint8(m)}
			if op != ir.OpLR {
				i.B = src()
			}
			if op == ir.OpCas {
				i.C = src()
			}
			b.Emit(i)
		}
	}
	switch r.IntN(5) {
	case 0:
		b.Jmp(0x20000, ir.Val(r.IntN(2)*20), ir.HintNone)
	case 1:
		b.JmpInd([]ir.Val{12, 21}[r.IntN(2)], int64(r.IntN(9))-4, []ir.Val{0, 1, 20}[r.IntN(3)], ir.HintNone)
	case 2:
		b.Br(ir.Cond(r.IntN(6)), 10, 20, 0x8000+uint64(r.IntN(2))<<16)
	case 3:
		b.Exit(uint8(cpu.ExitSyscall), b.End)
	}
	return &b
}

// randRegs are registers for randBlock.
func (m *machine) randRegs(r *rand.Rand) *cpu.State {
	s := new(cpu.State)
	for k := 1; k < 64; k++ {
		s.X[k] = randValue(r)
	}
	s.X[2] = m.guest() + 1024
	s.X[25] = m.guest() + 4096
	s.X[26] = uint64(r.IntN(8))
	s.X[16] = m.guest() + memSize + 2048
	s.X[27] = m.guest() + memSize - uint64(r.IntN(300))
	s.X[28] = m.guest() + memSize + page + 1024 // read-only
	return s
}

// TestBlocks runs random blocks in all code variants.
func TestBlocks(t *testing.T) {
	n := 20000
	if testing.Short() {
		n = 3000
	}
	for _, cfg := range configs {
		t.Run(cfg.name, func(t *testing.T) {
			m := newMachine(t, cfg.opt)
			r := rand.New(rand.NewPCG(3, 4))
			var ops []ir.Op
			for _, op := range pureOps() {
				if m.g.canLower(&ir.Inst{Op: op}) {
					ops = append(ops, op)
				}
			}
			for k := range memSize {
				m.mem[k] = byte(r.Uint32())
			}
			for range n {
				x := m.randRegs(r)
				m.check(t, randBlock(r, ops, 1+r.IntN(12)), x, 0)
			}
		})
	}
}
