package eval

import (
	"sync/atomic"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// atomic executes an atomic memory operation. It returns ExitNone, or ExitFault
// or ExitAlign with nothing changed.
//
// A store-conditional succeeds if its address is the reserved one and memory
// holds the value that was read, as in generated code: a location that
// was changed and changed back in between is not noticed. It drops the reservation
// whatever happens, and does not touch memory if the address differs.
func (m *Machine) atomic(i *ir.Inst) cpu.Exit {
	s, w, addr := m.S, ir.Mem(i.Aux), m.int(i.A)
	size := w.Bytes()
	if i.Op == ir.OpCasPair {
		size = 16
	}
	if addr&uint64(size-1) != 0 {
		s.ExitArg = addr
		return cpu.ExitAlign
	}
	switch i.Op {
	case ir.OpLR:
		v, ok := m.load(w, addr)
		if !ok {
			return cpu.ExitFault
		}
		m.fenceAll() // LR may carry acquire and release
		s.ResAddr, s.ResVal = addr, v
		m.setInt(i.Dst, v)
		return cpu.ExitNone
	case ir.OpSC:
		held := s.ResAddr == addr
		if held {
			old, ok := m.Mem.CompareAndSwap(s, addr, size, truncate(w, s.ResVal), truncate(w, m.int(i.B)))
			if !ok {
				return cpu.ExitFault
			}
			held = extend(w, old) == extend(w, s.ResVal)
		}
		s.ResAddr = cpu.NoReservation
		m.setInt(i.Dst, b2u(!held))
		return cpu.ExitNone
	case ir.OpCas:
		old, ok := m.Mem.CompareAndSwap(s, addr, size, truncate(w, m.int(i.B)), truncate(w, m.int(i.C)))
		if !ok {
			return cpu.ExitFault
		}
		m.setInt(i.Dst, extend(w, old))
		return cpu.ExitNone
	case ir.OpCasPair:
		old, ok := m.Mem.CompareAndSwapPair(s, addr, m.pair(i.B), m.pair(i.C))
		if !ok {
			return cpu.ExitFault
		}
		if i.Dst != ir.Zero {
			m.setInt(i.Dst, old[0])
			m.setInt(i.Dst+1, old[1])
		}
		return cpu.ExitNone
	}
	return m.amo(i, w, addr)
}

// amo is a read-modify-write as a loop of compare-and-swap. The first guess is
// zero, so that write permission is checked before anything else and
// the value read comes from the exchange itself.
func (m *Machine) amo(i *ir.Inst, w ir.Mem, addr uint64) cpu.Exit {
	arg, size := extend(w, m.int(i.B)), w.Bytes()
	old, ok := m.Mem.CompareAndSwap(m.S, addr, size, 0, truncate(w, modify(i.Op, w, 0, arg)))
	for guess := uint64(0); ok && old != guess; {
		guess = old
		old, ok = m.Mem.CompareAndSwap(m.S, addr, size, guess, truncate(w, modify(i.Op, w, extend(w, guess), arg)))
	}
	if !ok {
		return cpu.ExitFault
	}
	m.setInt(i.Dst, extend(w, old))
	return cpu.ExitNone
}

// modify is the new value of memory. Operands are extended by w; as
// sign extension keeps the unsigned order too, 64-bit comparison serves both widths.
func modify(op ir.Op, w ir.Mem, old, arg uint64) uint64 {
	switch op {
	case ir.OpAmoSwap:
		return arg
	case ir.OpAmoAdd:
		return old + arg
	case ir.OpAmoAnd:
		return old & arg
	case ir.OpAmoOr:
		return old | arg
	case ir.OpAmoXor:
		return old ^ arg
	case ir.OpAmoMinS:
		return uint64(min(int64(old), int64(arg)))
	case ir.OpAmoMaxS:
		return uint64(max(int64(old), int64(arg)))
	case ir.OpAmoMinU:
		return min(old, arg)
	}
	return max(old, arg) // OpAmoMaxU
}

func (m *Machine) pair(v ir.Val) [2]uint64 {
	if v == ir.Zero {
		return [2]uint64{}
	}
	return [2]uint64{m.int(v), m.int(v + 1)}
}

// fenceAll orders all earlier accesses before all later ones.
func (m *Machine) fenceAll() { atomic.AddUint32(&m.fence, 1) }

// truncate zero-extends the low bytes of v that w covers.
func truncate(w ir.Mem, v uint64) uint64 {
	if w == ir.M64 {
		return v
	}
	return uint64(uint32(v))
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
