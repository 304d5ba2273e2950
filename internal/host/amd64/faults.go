package amd64

import (
	"encoding/binary"

	"github.com/weir-emu/weir/internal/cpu"
)

// faultWriter builds Code.Faults: the block's guest pc, then per entry, in no
// particular order of importance but by rising code offset within the hot and the cold part,
//
//	varint  offset of the instruction minus that of the entry before
//	uvarint (guest pc minus that of the block) << 3 | flags
//	if fPend: count, then per pending value: slot, kind|scale<<4, base+1|(index+1)<<... , varint c
//	if fFP:   two uvarints: slots that may hold a NaN to be made canonical, those of them that are single
//	if fCall: varint target minus the block's pc; with fPend set instead: the target is in RCX
type faultWriter struct {
	b        []byte
	pc       uint64
	start    int // region offset of the block
	last     int
	borrowed bool // RDX is in use by an atomic operation, its value in State.Scratch[0]
}

const (
	fPend = 1
	fFP   = 2
	fCall = 4
)

// kSaved marks a slot whose value is in State.Scratch[0]; only in fault tables.
const kSaved = 15

func (f *faultWriter) reset(b []byte, start int, pc uint64) {
	*f = faultWriter{b: b, start: start, pc: pc}
}

func (f *faultWriter) begin(off int, pc uint64, flags uint64) {
	if len(f.b) == 0 {
		f.b = binary.AppendUvarint(f.b, f.pc)
	}
	f.b = binary.AppendVarint(f.b, int64(off-f.last))
	f.last = off
	f.b = binary.AppendUvarint(f.b, (pc-f.pc)<<3|flags)
}

// fault records that the next instruction may fault.
func (g *gen) fault() {
	f := &g.faults
	flags := uint64(0)
	n := byte(0)
	for m := g.pend[0]; m != 0; m &= m - 1 {
		if !g.sym[trailing(m)].clean {
			n++
		}
	}
	if f.borrowed && g.pins[rdx] >= 0 {
		n++
	}
	if n > 0 {
		flags |= fPend
	}
	if g.dirty != 0 {
		flags |= fFP
	}
	f.begin(g.p-g.start, g.pc, flags)
	if n > 0 {
		f.b = append(f.b, n)
		if f.borrowed && g.pins[rdx] >= 0 {
			f.b = append(f.b, byte(g.pins[rdx]), kSaved, 0, 0, 0)
		}
		for m := g.pend[0]; m != 0; m &= m - 1 {
			r := trailing(m)
			s := &g.sym[r]
			if s.clean {
				continue
			}
			f.b = append(f.b, byte(r), s.k|s.sc<<4, byte(s.b+1), byte(s.i+1))
			f.b = binary.AppendVarint(f.b, s.c)
		}
	}
	if g.dirty != 0 {
		f.b = binary.AppendUvarint(f.b, g.dirty)
		f.b = binary.AppendUvarint(f.b, g.single)
	}
}

// call records an instruction of a call sequence, at position p, that overflows the private
// stack.
func (f *faultWriter) call(p int, pc, target uint64, ind bool) {
	flags := uint64(fCall)
	if ind {
		flags |= fPend
	}
	f.begin(p-f.start, pc, flags)
	if !ind {
		f.b = binary.AppendVarint(f.b, int64(target-f.pc))
	}
}

// Order of the host registers in State.Regs.
var regIndex = [16]uint8{
	rax: 13, rcx: 14, rdx: 12, rbx: 11, rsp: 15, rbp: 10, rsi: 9, rdi: 8,
	r8: 0, r9: 1, r10: 2, r11: 3, r12: 4, r13: 5, r14: 6, r15: 7,
}

// guardSize bounds how far below StackLo an overflow can touch.
const guardSize = 4096

// Recover implements host.Backend.
func (g *gen) Recover(s *cpu.State, faults []byte, off uint32) bool {
	t := tableReader{b: faults}
	pc := t.uvarint()
	at := int64(0)
	for len(t.b) > 0 && !t.bad {
		at += t.varint()
		h := t.uvarint()
		hit := at == int64(off)
		ipc := pc + h>>3
		if h&fCall != 0 {
			target := uint64(0)
			if h&fPend == 0 {
				target = pc + uint64(t.varint())
			} else {
				target = s.Regs[regIndex[rcx]] &^ 1
			}
			if hit {
				s.PC = target
				s.StackSP = s.StackTop
				s.Exit = cpu.ExitIndirect
				return true
			}
			continue
		}
		var v [64]uint64
		var set uint64
		if h&fPend != 0 {
			for n := t.byte(); n > 0; n-- {
				r, x := t.value(s, hit)
				v[r&63] = x
				set |= 1 << (r & 63)
			}
		}
		var dirty, single uint64
		if h&fFP != 0 {
			dirty, single = t.uvarint(), t.uvarint()
		}
		if !hit || t.bad {
			continue
		}
		for ; set != 0; set &= set - 1 {
			r := trailing(set)
			s.X[r] = v[r]
		}
		for ; dirty != 0; dirty &= dirty - 1 {
			canonical(&s.V[trailing(dirty)][0], single>>trailing(dirty)&1 != 0)
		}
		s.PC = ipc
		return true
	}
	// The call of an exit stub.
	if s.FaultAddr < s.StackLo && s.FaultAddr >= s.StackLo-guardSize {
		if p := s.FaultRIP - uint64(g.regionBase); p < uint64(len(g.b)) && g.b[p] == 0xe8 {
			s.StackSP = s.StackTop
			s.ExitArg = s.FaultRIP + 5
			s.Exit = cpu.ExitChain
			return true
		}
	}
	return false
}

// canonical replaces a NaN.
func canonical(p *uint64, single bool) {
	if single {
		if *p&0x7fffffff > 0x7f800000 {
			*p = nan32
		}
	} else if *p&(1<<63-1) > 0x7ff<<52 {
		*p = nan64
	}
}

// tableReader reads a fault table.
type tableReader struct {
	b   []byte
	bad bool
}

func (t *tableReader) byte() byte {
	if len(t.b) == 0 {
		t.bad = true
		return 0
	}
	x := t.b[0]
	t.b = t.b[1:]
	return x
}

func (t *tableReader) uvarint() uint64 {
	x, n := binary.Uvarint(t.b)
	if n <= 0 {
		t.bad = true
		t.b = nil
		return 0
	}
	t.b = t.b[n:]
	return x
}

func (t *tableReader) varint() int64 {
	x, n := binary.Varint(t.b)
	if n <= 0 {
		t.bad = true
		t.b = nil
		return 0
	}
	t.b = t.b[n:]
	return x
}

// value reads one pending value and evaluates it over the host registers at
// the fault.
func (t *tableReader) value(s *cpu.State, eval bool) (r byte, x uint64) {
	r = t.byte()
	k := t.byte()
	bi, ii := t.byte(), t.byte()
	c := t.varint()
	if !eval || t.bad || bi > 16 || ii > 16 {
		return r, 0
	}
	var b, i uint64
	if bi > 0 {
		b = s.Regs[regIndex[bi-1]]
	}
	if ii > 0 {
		i = s.Regs[regIndex[ii-1]]
	}
	switch k & 15 {
	case kConst:
		x = uint64(c)
	case kLin:
		x = b + i<<(k>>4) + uint64(c)
	case kSx:
		x = uint64(int32(b))
	case kZx:
		x = uint64(uint32(b))
	case kShl:
		x = b << c
	case kShr:
		x = b >> c
	case kShlW:
		x = uint64(int32(b) << c)
	case kShrW:
		x = uint64(int32(uint32(b) >> c))
	case kSaved: // the first of the list: the others see the register's real value
		x = s.Scratch[0]
		s.Regs[regIndex[rdx]] = x
	}
	return r, x
}
