package engine

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// The fake guest: four-byte instructions {op, a, b, c} at even addresses, to
// test the engine without a real one.
const (
	fAddi  = 1 + iota // xa = xb + int8(c)
	fAdd              // xa = xb + xc
	fBne              // if xa != xb goto pc + 4*int8(c)
	fJmp              // goto pc + 4*int16(b, c), link in xa
	fJr               // goto xa
	fEcall            // system call
	fLd               // xa = [xb + int8(c)]
	fSt               // [xb + int8(c)] = xa, 32 bits
	fFence            // fence.i
	fBreak
	fAmo   // xa = amoadd [xb], xc
	fCallR // goto xb, link in xa, as a call
	fRet   // goto xa, as a return
	fFadd  // va = vb + vc, dynamic rounding
	fSetRM // frm = xa
	fCycle // xa = cycle counter
)

func insn(op, a, b byte, c int) []byte { return []byte{op, a, b, byte(int8(c))} }

func jmp(a byte, n int) []byte { return []byte{fJmp, a, byte(n), byte(n >> 8)} }

func code(parts ...[]byte) (p []byte) {
	for _, x := range parts {
		p = append(p, x...)
	}
	return p
}

func fakeGuest() *isa.Guest {
	return &isa.Guest{
		MinInsn: 2, MaxInsn: 4, Lift: fakeLift,
		Disasm: func(code []byte, pc uint64) (string, int) { return "insn", 4 },
	}
}

func fakeLift(b *ir.Block, code []byte, max int) {
	page := b.PC / pageSize
	for n := 0; n < max && len(code) >= 4; n++ {
		if b.End/pageSize != page {
			return
		}
		pc := b.End
		op, xa, xb, xc := code[0], ir.X(int(code[1]&63)), ir.X(int(code[2]&63)), ir.X(int(code[3]&63))
		imm := int64(int8(code[3]))
		target := pc + uint64(4*imm)
		far := pc + uint64(4*int64(int16(binary.LittleEndian.Uint16(code[2:]))))
		code = code[4:]
		b.Insn(4)
		switch op {
		case fAddi:
			b.OpI(ir.OpAdd, ir.I64, xa, xb, imm)
		case fAdd:
			b.Op2(ir.OpAdd, ir.I64, xa, xb, xc)
		case fBne:
			b.Br(ir.Ne, xa, xb, target)
			return
		case fJmp:
			h := ir.HintNone
			if xa != ir.Zero {
				h = ir.HintCall
			}
			b.Jmp(far, xa, h)
		case fJr:
			b.JmpInd(xa, 0, ir.Zero, ir.HintNone)
		case fEcall:
			b.Exit(uint8(cpu.ExitSyscall), b.End)
		case fLd:
			b.Load(ir.M32S, xa, xb, imm)
		case fSt:
			b.Store(ir.M32U, xb, imm, xa)
		case fFence:
			b.Exit(uint8(cpu.ExitFenceI), b.End)
		case fBreak:
			b.Exit(uint8(cpu.ExitBreak), pc)
		case fAmo:
			b.Emit(ir.Inst{Op: ir.OpAmoAdd, Dst: xa, A: xb, B: xc, Aux: uint8(ir.M64)})
		case fCallR:
			b.JmpInd(xb, 0, xa, ir.HintCall)
		case fRet:
			b.JmpInd(xa, 0, ir.Zero, ir.HintRet)
		case fFadd:
			b.Emit(ir.Inst{Op: ir.OpCheckRM})
			b.Emit(ir.Inst{Op: ir.OpFAdd, Ty: ir.F64, Dst: xa + ir.VBase, A: xb + ir.VBase, B: xc + ir.VBase, Aux: ir.RMDyn})
		case fSetRM:
			b.Emit(ir.Inst{Op: ir.OpSetFRM, A: xa})
			b.Jmp(b.End, ir.Zero, ir.HintNone)
		case fCycle:
			b.Emit(ir.Inst{Op: ir.OpCounter, Dst: xa, Aux: ir.CounterCycle})
		default:
			b.Exit(uint8(cpu.ExitIllegal), pc)
		}
		if b.Ended() {
			return
		}
	}
}

// fakeMem is 64 KiB of memory at fakeBase for the interpreter.
type fakeMem struct {
	mu        sync.Mutex
	data      [16 * pageSize]byte
	noExec    [16]bool
	readOnly  [16]bool
	watched   [16]bool
	untracked bool
	e         *Engine
	hits      int    // writes to watched pages
	onFetch   func() // called once, after the next fetch of more than two bytes
}

const fakeBase = 0x10000

func (m *fakeMem) in(addr uint64, n int) bool {
	return addr >= fakeBase && addr+uint64(n) <= fakeBase+uint64(len(m.data)) && addr+uint64(n) > addr
}

func (m *fakeMem) fault(s *cpu.State, addr uint64, code int64) {
	s.FaultSig, s.FaultCode, s.FaultAddr = sigSEGV, code, addr
}

func (m *fakeMem) Load(s *cpu.State, addr uint64, size int) (uint64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.in(addr, size) {
		m.fault(s, addr, 1)
		return 0, false
	}
	var b [8]byte
	copy(b[:size], m.data[addr-fakeBase:])
	return binary.LittleEndian.Uint64(b[:]), true
}

func (m *fakeMem) write(s *cpu.State, addr uint64, size int, f func(p []byte)) bool {
	m.mu.Lock()
	if !m.in(addr, size) {
		m.mu.Unlock()
		m.fault(s, addr, 1)
		return false
	}
	page := (addr - fakeBase) / pageSize
	if m.readOnly[page] {
		m.mu.Unlock()
		m.fault(s, addr, 2)
		return false
	}
	f(m.data[addr-fakeBase:][:size])
	if m.watched[page] {
		m.watched[page] = false
		m.hits++
		m.e.Invalidate(fakeBase+page*pageSize, fakeBase+(page+1)*pageSize)
	}
	m.mu.Unlock()
	return true
}

func (m *fakeMem) Store(s *cpu.State, addr uint64, size int, v uint64) bool {
	return m.write(s, addr, size, func(p []byte) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		copy(p, b[:])
	})
}

func (m *fakeMem) CompareAndSwap(s *cpu.State, addr uint64, size int, old, new uint64) (prev uint64, ok bool) {
	ok = m.write(s, addr, size, func(p []byte) {
		if size == 4 {
			prev = uint64(binary.LittleEndian.Uint32(p))
		} else {
			prev = binary.LittleEndian.Uint64(p)
		}
		if prev != old {
			return
		}
		if size == 4 {
			binary.LittleEndian.PutUint32(p, uint32(new))
		} else {
			binary.LittleEndian.PutUint64(p, new)
		}
	})
	return prev, ok
}

func (m *fakeMem) CompareAndSwapPair(s *cpu.State, addr uint64, old, new [2]uint64) (prev [2]uint64, ok bool) {
	ok = m.write(s, addr, 16, func(p []byte) {
		prev = [2]uint64{binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:])}
		if prev == old {
			binary.LittleEndian.PutUint64(p, new[0])
			binary.LittleEndian.PutUint64(p[8:], new[1])
		}
	})
	return prev, ok
}

func (m *fakeMem) Fetch(pc uint64, buf []byte) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for n < len(buf) && m.in(pc+uint64(n), 1) && !m.noExec[(pc+uint64(n)-fakeBase)/pageSize] {
		buf[n] = m.data[pc+uint64(n)-fakeBase]
		n++
	}
	if f := m.onFetch; f != nil && n > 2 {
		m.onFetch = nil
		f()
	}
	return n
}

func (m *fakeMem) WatchCode(start, end uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p := start / pageSize; p <= (end-1)/pageSize; p++ {
		if !m.readOnly[p-fakeBase/pageSize] && !m.untracked {
			m.watched[p-fakeBase/pageSize] = true
		}
	}
	return !m.untracked
}

func (m *fakeMem) HandleFault(addr uint64, write bool) bool { return false }

func (m *fakeMem) FaultCode(addr uint64) int64 {
	if m.in(addr, 1) {
		return 2
	}
	return 1
}

// put writes code without telling the engine.
func (m *fakeMem) put(addr uint64, p []byte) {
	m.mu.Lock()
	copy(m.data[addr-fakeBase:], p)
	m.mu.Unlock()
}

// newFake makes an interpreting engine with one CPU at pc fakeBase.
func newFake(t testing.TB, cfg Config, p []byte) (*CPU, *fakeMem) {
	t.Helper()
	m := new(fakeMem)
	cfg.Guest, cfg.Mem, cfg.Verify = fakeGuest(), m, true
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.e = e
	m.put(fakeBase, p)
	return newFakeCPU(e), m
}

func newFakeCPU(e *Engine) *CPU {
	s := new(cpu.State)
	s.Reset()
	s.PC = fakeBase
	return e.NewCPU(s)
}
