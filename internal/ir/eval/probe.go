package eval

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// Access is a memory access that instrumentation is told of.
type Access struct {
	Addr  uint64
	Value uint64 // zero-extended
	High  uint64 // upper half of a value of 16 bytes
	Kind  ir.Access
}

// A trace record is four words: pc; ir.Access in the low half and the number of the trace in the upper; address; value.
const RecordWords = 4

// probe executes an instrumentation operation of the instruction at pc. It returns
// false if S.PC has been changed.
func (m *Machine) probe(i *ir.Inst, pc uint64) bool {
	s := m.S
	switch i.Op {
	case ir.OpCount:
		if m.int(i.A) == 0 {
			w := &s.Sums[i.Low()%cpu.NumSums]
			if i.Low()&ir.InSums == 0 {
				w = &m.Words[i.Low()/8]
			}
			*w += m.int(i.B) + uint64(int64(i.High()))
		}
		return true
	case ir.OpCountSet:
		if m.int(i.A) == 0 {
			m.Words[i.Low()/8] = m.int(i.B) + uint64(int64(i.High()))
		}
		return true
	case ir.OpCountHome:
		w := &s.Sums[i.High()]
		m.Words[i.Low()/8] += *w
		*w = 0
		return true
	case ir.OpTrace:
		if m.int(i.C) == 0 {
			at := len(m.Ring) - int(s.TraceEnd-s.TracePos)/8 - int(i.High())*RecordWords
			copy(m.Ring[at:], []uint64{pc, uint64(i.Low())<<32 | uint64(i.Aux), m.int(i.A), m.value(i)})
			if i.High() == 0 {
				s.TracePos += RecordWords * 8
			}
		}
		return true
	case ir.OpTraceTake:
		s.TracePos += uint64(i.High()) * RecordWords * 8
		return true
	case ir.OpTraceRoom:
		if s.TraceEnd-s.TracePos >= uint64(i.High())*RecordWords*8 {
			return true
		}
		s.PC = pc
		return m.Call(i, nil)
	case ir.OpCall:
		if c := ir.If(i.Aux); c != ir.IfAlways && !c.Holds(m.Words[i.High()/8], m.int(i.A)) {
			return true
		}
		s.PC = pc
		return m.Call(i, nil)
	}
	if m.int(i.C) != 0 { // OpCallMem
		return true
	}
	a := Access{Addr: m.int(i.A), Value: m.value(i), Kind: ir.Access(i.Aux)}
	if a.Kind.Bytes() == 16 && i.B != ir.Zero {
		a.High = m.int(i.B + 1)
	}
	s.PC = pc
	return m.Call(i, &a)
}

// value is operand B of an access, zero-extended.
func (m *Machine) value(i *ir.Inst) uint64 {
	v := m.int(i.B)
	if n := ir.Access(i.Aux).Bytes(); n < 8 {
		v &= 1<<(8*n) - 1
	}
	return v
}
