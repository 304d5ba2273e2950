// Package eval interprets IR. It is the second engine (-jit=off), the executor
// of single instructions that a code generator leaves out, and the oracle
// that generated code is tested against: what it does is what the
// operations mean.
//
// The package must not know guests, hosts, address spaces or Linux: memory is
// what the [Memory] interface says. Integer semantics are [ir.EvalInt]'s,
// floating point internal/softfp's. Start with [Machine.Run].
package eval

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// Memory is guest memory as the interpreter sees it. An access that fails
// reports ok = false and describes the fault in s as the signal handler
// does for generated code: FaultSig, FaultCode and FaultAddr, the latter a guest
// address. It has then changed nothing else.
//
// Sizes are 1, 2, 4 or 8 bytes, values little-endian and zero-extended. A naturally aligned access is
// single-copy atomic. Any order of plain accesses that the host makes of plain
// accesses in program order is allowed.
type Memory interface {
	Load(s *cpu.State, addr uint64, size int) (v uint64, ok bool)
	Store(s *cpu.State, addr uint64, size int, v uint64) (ok bool)

	// CompareAndSwap stores new at addr, which is aligned to size (4 or 8), if
	// old is there, and returns what was there. It is sequentially consistent.
	// It may fault for lack of write permission even if it does not store.
	CompareAndSwap(s *cpu.State, addr uint64, size int, old, new uint64) (prev uint64, ok bool)
	// CompareAndSwapPair is the same for 16 bytes, low half first, aligned to 16.
	CompareAndSwapPair(s *cpu.State, addr uint64, old, new [2]uint64) (prev [2]uint64, ok bool)
}

// Machine runs blocks on one State. It belongs to one goroutine.
type Machine struct {
	S   *cpu.State
	Mem Memory

	// For instrumentation. Words is the memory at S.Slots, Ring the one whose end is
	// S.TraceEnd. Call is told of a call that is due, of access a for OpCallMem; S.PC is that of the instruction. It
	// returns false if execution shall not go on here, but at S.PC.
	Words []uint64
	Ring  []uint64
	Call  func(i *ir.Inst, a *Access) bool

	t  [64]uint64 // integer temporaries
	ft [64]uint64 // FP temporaries

	// fence is the target of the fence instruction: an atomic operation on
	// any variable orders everything before it with everything after it.
	fence uint32
}

// Run executes block b from its start until it is left, and sets S.PC and S.Exit
// as generated code does. The differences are: a direct jump or falling out of
// the block's end is ExitChain with PC = the target (ExitArg is not
// set), an indirect one always ExitIndirect; a fault is described
// completely, PC being the faulting instruction's. Run does not poll.
//
// The block must be verified ([ir.Block.Verify]); it is not changed and may be
// run by several machines at once.
func (m *Machine) Run(b *ir.Block) { m.run(b, 0, b.PC) }

// Resume executes the rest of block b, from operation n on. If that is within a guest
// instruction, its temporaries are what generated code has left in S.Temps.
func (m *Machine) Resume(b *ir.Block, n int) {
	pc := b.PC
	for k := n - 1; k >= 0; k-- {
		if b.Insts[k].Op == ir.OpInsn {
			pc = uint64(b.Insts[k].Imm)
			break
		}
	}
	for i, t := range &m.S.Temps {
		m.t[i], m.ft[i] = t[0], t[1]
	}
	m.run(b, n, pc)
}

func (m *Machine) run(b *ir.Block, start int, pc uint64) {
	s := m.S
	insts := b.Insts
	for n := start; n < len(insts); n++ {
		i := &insts[n]
		switch i.Op {
		case ir.OpNop:
		case ir.OpInsn:
			pc = uint64(i.Imm)

		case ir.OpConst:
			m.setInt(i.Dst, uint64(i.Imm))
		case ir.OpMov:
			m.setInt(i.Dst, m.int(i.A))
		case ir.OpSelect:
			m.setInt(i.Dst, ir.EvalInt(ir.OpSelect, ir.I64, 0, m.int(i.A), m.intImm(i), m.int(i.C)))

		case ir.OpLoad:
			v, ok := m.load(ir.Mem(i.Aux), m.int(i.A)+uint64(i.Imm))
			if !ok {
				m.leave(cpu.ExitFault, pc)
				return
			}
			m.setInt(i.Dst, v)
		case ir.OpStore:
			if !m.Mem.Store(s, m.int(i.A)+uint64(i.Imm), ir.Mem(i.Aux).Bytes(), m.int(i.B)) {
				m.leave(cpu.ExitFault, pc)
				return
			}
		case ir.OpFLoad:
			v, ok := m.Mem.Load(s, m.int(i.A)+uint64(i.Imm), fpBytes(i.Ty))
			if !ok {
				m.leave(cpu.ExitFault, pc)
				return
			}
			m.setFP(i.Dst, box(i.Ty, v))
		case ir.OpFStore:
			if !m.Mem.Store(s, m.int(i.A)+uint64(i.Imm), fpBytes(i.Ty), m.fp(i.B)) {
				m.leave(cpu.ExitFault, pc)
				return
			}

		case ir.OpLR, ir.OpSC, ir.OpAmoSwap, ir.OpAmoAdd, ir.OpAmoAnd, ir.OpAmoOr, ir.OpAmoXor, ir.OpAmoMinS,
			ir.OpAmoMaxS, ir.OpAmoMinU, ir.OpAmoMaxU, ir.OpCas, ir.OpCasPair:
			if e := m.atomic(i); e != cpu.ExitNone {
				m.leave(e, pc)
				return
			}
		case ir.OpFence:
			m.fenceAll()

		case ir.OpGetFFlags:
			s.FoldFlags()
			m.setInt(i.Dst, uint64(s.FFlags))
		case ir.OpSetFFlags:
			s.FoldFlags()
			s.FFlags = uint32(m.int(i.A)) & 31
		case ir.OpGetFRM:
			m.setInt(i.Dst, uint64(s.FRM))
		case ir.OpSetFRM:
			s.SetFRM(uint32(m.int(i.A)))
		case ir.OpCheckRM:
			if s.FRM > ir.RMM {
				m.leave(cpu.ExitIllegal, pc)
				return
			}
		case ir.OpCounter:
			m.setInt(i.Dst, Counter(i.Aux))

		case ir.OpJmp:
			m.setInt(i.Dst, b.End)
			m.leave(cpu.ExitChain, uint64(i.Imm))
			return
		case ir.OpJmpInd:
			to := (m.int(i.A) + uint64(i.Imm)) &^ 1
			m.setInt(i.Dst, b.End)
			m.leave(cpu.ExitIndirect, to)
			return
		case ir.OpBr:
			if ir.Cond(i.Aux).Holds(m.int(i.A), m.int(i.B)) {
				m.leave(cpu.ExitChain, uint64(i.Imm))
				return
			}
		case ir.OpExit:
			m.leave(cpu.Exit(i.Aux), uint64(i.Imm))
			return

		case ir.OpProbed:
		case ir.OpCount, ir.OpCountSet, ir.OpCountHome, ir.OpCall, ir.OpCallMem, ir.OpTrace, ir.OpTraceTake, ir.OpTraceRoom:
			if !m.probe(i, pc) {
				s.Exit = cpu.ExitIndirect
				return
			}

		default:
			if i.Op >= ir.OpFAdd && i.Op <= ir.OpFMovFromI {
				m.float(i)
				continue
			}
			m.setInt(i.Dst, ir.EvalInt(i.Op, i.Ty, i.Aux, m.int(i.A), m.intImm(i), 0))
		}
	}
	m.leave(cpu.ExitChain, b.End)
}

func (m *Machine) leave(e cpu.Exit, pc uint64) { m.S.Exit, m.S.PC = e, pc }

// int reads an integer operand other than Imm.
func (m *Machine) int(v ir.Val) uint64 {
	if v < ir.VBase {
		return m.S.X[v&63]
	}
	return m.t[v&63]
}

// intImm reads operand B, which may be Imm.
func (m *Machine) intImm(i *ir.Inst) uint64 {
	if i.B == ir.Imm {
		return uint64(i.Imm)
	}
	return m.int(i.B)
}

func (m *Machine) setInt(v ir.Val, x uint64) {
	if v >= ir.VBase {
		m.t[v&63] = x
	} else if v != ir.Zero {
		m.S.X[v&63] = x
	}
}

// fp reads the 64 bits of an FP operand.
func (m *Machine) fp(v ir.Val) uint64 {
	if v < ir.TBase {
		return m.S.V[v&63][0]
	}
	return m.ft[v&63]
}

func (m *Machine) setFP(v ir.Val, x uint64) {
	if v < ir.TBase {
		m.S.V[v&63][0] = x
	} else {
		m.ft[v&63] = x
	}
}

func (m *Machine) load(w ir.Mem, addr uint64) (uint64, bool) {
	v, ok := m.Mem.Load(m.S, addr, w.Bytes())
	return extend(w, v), ok
}

// extend gives a loaded or atomically exchanged value the extension of w.
func extend(w ir.Mem, v uint64) uint64 {
	switch w {
	case ir.M8S:
		return uint64(int8(v))
	case ir.M8U:
		return uint64(uint8(v))
	case ir.M16S:
		return uint64(int16(v))
	case ir.M16U:
		return uint64(uint16(v))
	case ir.M32S:
		return uint64(int32(v))
	case ir.M32U:
		return uint64(uint32(v))
	}
	return v
}
