package eval

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// testMem is memory from 0x10000, read-only in its last part.
type testMem struct {
	data     [8192]byte
	accesses int
}

const (
	memBase = 0x10000
	memRO   = memBase + 4096 // reads only, from here
	memEnd  = memBase + 8192
)

func (m *testMem) at(s *cpu.State, addr uint64, size int, write bool) []byte {
	m.accesses++
	end := uint64(memEnd)
	code := int64(1)
	if write && addr+uint64(size) > memRO && addr < memEnd {
		code, end = 2, memRO
	}
	if addr < memBase || addr+uint64(size) > end || addr+uint64(size) < addr {
		s.FaultSig, s.FaultCode, s.FaultAddr = 11, code, addr
		return nil
	}
	return m.data[addr-memBase:][:size]
}

func (m *testMem) Load(s *cpu.State, addr uint64, size int) (uint64, bool) {
	p := m.at(s, addr, size, false)
	if p == nil {
		return 0, false
	}
	var b [8]byte
	copy(b[:], p)
	return binary.LittleEndian.Uint64(b[:]), true
}

func (m *testMem) Store(s *cpu.State, addr uint64, size int, v uint64) bool {
	p := m.at(s, addr, size, true)
	if p == nil {
		return false
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	copy(p, b[:])
	return true
}

func (m *testMem) CompareAndSwap(s *cpu.State, addr uint64, size int, old, new uint64) (uint64, bool) {
	if m.at(s, addr, size, true) == nil {
		return 0, false
	}
	prev, _ := m.Load(s, addr, size)
	if prev == old {
		m.Store(s, addr, size, new)
	}
	return prev, true
}

func (m *testMem) CompareAndSwapPair(s *cpu.State, addr uint64, old, new [2]uint64) ([2]uint64, bool) {
	if m.at(s, addr, 16, true) == nil {
		return [2]uint64{}, false
	}
	lo, _ := m.Load(s, addr, 8)
	hi, _ := m.Load(s, addr+8, 8)
	if prev := [2]uint64{lo, hi}; prev != old {
		return prev, true
	}
	m.Store(s, addr, 8, new[0])
	m.Store(s, addr+8, 8, new[1])
	return old, true
}

func newMachine() *Machine {
	s := new(cpu.State)
	s.Reset()
	return &Machine{S: s, Mem: new(testMem)}
}

// run executes one instruction given as text.
func run(t *testing.T, m *Machine, text string) {
	t.Helper()
	var b ir.Block
	if err := ir.ParseBlock(&b, "block 0x1000\ninsn.4 0x1000\n"+text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if err := b.Verify(); err != nil {
		t.Fatal(err)
	}
	m.S.PC, m.S.Exit = 0x1000, cpu.ExitNone
	m.Run(&b)
}

func TestControl(t *testing.T) {
	for _, c := range []struct {
		text   string
		exit   cpu.Exit
		pc, x1 uint64
	}{
		{"nop", cpu.ExitChain, 0x1004, 1},
		{"x1 = const #-1", cpu.ExitChain, 0x1004, math.MaxUint64},
		{"x0 = const #-1\nx1 = mov x0", cpu.ExitChain, 0x1004, 0},
		{"x1 = jmp.call 0x2000", cpu.ExitChain, 0x2000, 0x1004},
		{"x0 = jmp.none 0x2000", cpu.ExitChain, 0x2000, 1},
		{"x1 = jmpind.call x1, #0x1003", cpu.ExitIndirect, 0x1004, 0x1004},
		{"x0 = jmpind.ret x2, #1", cpu.ExitIndirect, 2, 1},
		{"br.ltu x1, x2, 0x3000", cpu.ExitChain, 0x3000, 1},
		{"br.geu x1, x2, 0x3000", cpu.ExitChain, 0x1004, 1},
		{"br.geu x1, x2, 0x3000\nx1 = const #9", cpu.ExitChain, 0x1004, 9},
		{"exit.syscall 0x1004", cpu.ExitSyscall, 0x1004, 1},
		{"exit.illegal 0x1000", cpu.ExitIllegal, 0x1000, 1},
		{"x1 = select x0, x2, x3", cpu.ExitChain, 0x1004, 3},
		{"x1 = select x1, #-7, x3", cpu.ExitChain, 0x1004, ^uint64(6)},
		{"t0 = add.i64 x2, #5\nx1 = shl.i64 t0, x2", cpu.ExitChain, 0x1004, 28},
		{"fence.1", cpu.ExitChain, 0x1004, 1},
	} {
		m := newMachine()
		for n := range 8 {
			m.S.X[n] = uint64(n)
		}
		run(t, m, c.text)
		if s := m.S; s.Exit != c.exit || s.PC != c.pc || s.X[1] != c.x1 || s.X[0] != 0 {
			t.Errorf("%s: exit %s pc %#x x1 %#x x0 %#x, want %s %#x %#x 0", c.text, s.Exit, s.PC, s.X[1], s.X[0], c.exit, c.pc, c.x1)
		}
	}
}

func TestMemory(t *testing.T) {
	for _, c := range []struct {
		text string
		want uint64
	}{
		{"x3 = load.m8s x1, #0", 0xffffffffffffff88},
		{"x3 = load.m8u x1, #0", 0x88},
		{"x3 = load.m16s x1, #0", 0xffffffffffff8788},
		{"x3 = load.m16u x1, #0", 0x8788},
		{"x3 = load.m32s x1, #0", 0xffffffff85868788},
		{"x3 = load.m32u x1, #0", 0x85868788},
		{"x3 = load.m64 x1, #0", 0x8182838485868788},
		{"x3 = load.m64 x4, #16", 0x8182838485868788},
		{"store.m8u x1, x2, #0", 0x81828384858687ef},
		{"store.m16u x1, x2, #0", 0x818283848586cdef},
		{"store.m32u x1, x2, #0", 0x8182838489abcdef},
		{"store.m64 x1, x2, #0", 0x0123456789abcdef},
		{"store.m64 x1, x0, #0", 0},
		{"fstore.f16 x1, v1, #0", 0x818283848586babe},
		{"fstore.f32 x1, v1, #0", 0x81828384cafebabe},
		{"fstore.f64 x1, v1, #0", 0xdeadbeefcafebabe},
		{"v2 = fload.f16 x1, #0\nx3 = fmovtoi.f64 v2", 0xffffffffffff8788},
		{"v2 = fload.f32 x1, #0\nx3 = fmovtoi.f64 v2", 0xffffffff85868788},
		{"v2 = fload.f64 x1, #0\nx3 = fmovtoi.f64 v2", 0x8182838485868788},
	} {
		m := newMachine()
		m.Mem.Store(m.S, memBase+8, 8, 0x8182838485868788)
		m.S.X[1], m.S.X[2], m.S.X[4] = memBase+8, 0x0123456789abcdef, memBase-8
		m.S.V[1][0] = 0xdeadbeefcafebabe
		run(t, m, c.text)
		got := m.S.X[3]
		if m.S.Exit != cpu.ExitChain {
			t.Errorf("%s: exit %s", c.text, m.S.Exit)
		}
		if c.text[0] == 's' || c.text[:2] == "fs" {
			got, _ = m.Mem.Load(m.S, memBase+8, 8)
		}
		if got != c.want {
			t.Errorf("%s: %#x, want %#x", c.text, got, c.want)
		}
	}
}

// TestFaults lets every operation that can fault do so, and looks for any
// change of the guest's state.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		text string
		addr uint64
		code int64
	}{
		{"x3 = load.m64 x1, #0", 0x500, 1},
		{"x3 = load.m64 x1, #-8", 0x4f8, 1},
		{"store.m8u x1, x2, #0", 0x500, 1},
		{"store.m8u x5, x2, #0", memRO, 2},
		{"v3 = fload.f32 x1, #4", 0x504, 1},
		{"fstore.f32 x5, v3, #4", memRO + 4, 2},
		{"x3 = lr.m64 x1", 0x500, 1},
		{"x3 = amoadd.m64 x1, x2", 0x500, 1},
		{"x3 = amoadd.m64 x5, x2", memRO, 2},
		{"x3 = cas.m32s x5, x2, x3", memRO, 2},
		{"x4 = caspair.m64 x5, x2, x6", memRO, 2},
	} {
		m := newMachine()
		for n := range m.S.X {
			m.S.X[n], m.S.V[n][0] = uint64(n)*3, uint64(n)*5
		}
		m.S.X[1], m.S.X[5] = 0x500, memRO
		before := *m.S
		run(t, m, "insn.4 0x1004\n"+c.text)
		s := m.S
		if s.Exit != cpu.ExitFault || s.PC != 0x1004 || s.FaultSig != 11 || s.FaultCode != c.code || s.FaultAddr != c.addr {
			t.Errorf("%s: exit %s pc %#x sig %d code %d addr %#x", c.text, s.Exit, s.PC, s.FaultSig, s.FaultCode, s.FaultAddr)
		}
		if s.X != before.X || s.V != before.V || s.ResAddr != before.ResAddr {
			t.Errorf("%s: the fault changed registers", c.text)
		}
	}
}

func TestAlign(t *testing.T) {
	for _, text := range []string{
		"x3 = lr.m32s x1", "x3 = sc.m64 x1, x2", "x3 = amoswap.m64 x1, x2", "x3 = cas.m64 x1, x2, x4", "x4 = caspair.m64 x2, x2, x4",
	} {
		m := newMachine()
		m.S.X[1], m.S.X[2] = memBase+2, memBase+8
		m.S.X[3] = 77
		run(t, m, text)
		want := uint64(memBase + 2)
		if text[1] == '4' {
			want = memBase + 8
		}
		if s := m.S; s.Exit != cpu.ExitAlign || s.PC != 0x1000 || s.ExitArg != want || s.X[3] != 77 || m.Mem.(*testMem).accesses != 0 {
			t.Errorf("%s: exit %s pc %#x arg %#x", text, s.Exit, s.PC, s.ExitArg)
		}
	}
}

func TestCSR(t *testing.T) {
	m := newMachine()
	m.S.X[1], m.S.X[2] = 0xffff, 0xfb
	m.S.MXCSR |= 1 // invalid, still pending in the host's word
	run(t, m, "x3 = getfflags")
	if m.S.X[3] != 16 {
		t.Errorf("fflags = %#x", m.S.X[3])
	}
	m.S.MXCSR |= 1
	run(t, m, "setfflags x0\nx3 = getfflags")
	if m.S.X[3] != 0 {
		t.Errorf("fflags after clearing = %#x", m.S.X[3])
	}
	run(t, m, "setfflags x1\nsetfrm x2\nx3 = getfflags\nx4 = getfrm")
	if m.S.X[3] != 31 || m.S.X[4] != 3 || m.S.MXCSR>>13&3 != 2 {
		t.Errorf("fflags %#x frm %#x mxcsr %#x", m.S.X[3], m.S.X[4], m.S.MXCSR)
	}
	run(t, m, "checkrm\nx5 = const #1")
	if m.S.Exit != cpu.ExitChain || m.S.X[5] != 1 {
		t.Errorf("checkrm left with frm 3: %s", m.S.Exit)
	}
	run(t, m, "setfrm x1")
	run(t, m, "checkrm\nx5 = const #2")
	if m.S.Exit != cpu.ExitIllegal || m.S.PC != 0x1000 || m.S.X[5] != 1 {
		t.Errorf("checkrm with frm 7: %s pc %#x", m.S.Exit, m.S.PC)
	}
}

func TestCounters(t *testing.T) {
	m := newMachine()
	run(t, m, "x1 = counter.time\nx2 = counter.cycle\nx3 = counter.instret\nx4 = counter.time")
	x := &m.S.X
	if x[4] < x[1] || x[3] < x[2] || x[1] < TimebaseHz || x[2]/100 < x[1] || x[2]/100-x[1] > 10*TimebaseHz {
		t.Errorf("counters %d", x[1:5])
	}
}

// TestAllOps runs every operation of the table once on ordinary operands: none
// is unknown to the interpreter, and each writes its destination.
func TestAllOps(t *testing.T) {
	for op := ir.OpNop; op < ir.NumOps; op++ {
		o := &ir.Ops[op]
		if op == ir.OpInsn {
			continue
		}
		for ty := ir.I64; ty <= ir.F64; ty++ {
			if !o.HasType(ty) {
				continue
			}
			i := ir.Inst{Op: op, Ty: ty}
			val := func(k ir.Operand, x, v int) ir.Val {
				switch k {
				case ir.None:
					return 0
				case ir.FP:
					return ir.V(v)
				}
				return ir.X(x)
			}
			i.Dst, i.A, i.B, i.C = val(o.Dst, 20, 20), val(o.A, 1, 1), val(o.B, 2, 2), val(o.C, 4, 3)
			if o.Aux == ir.AuxMem || o.Aux == ir.AuxAtom {
				i.Aux = uint8(ir.M64)
			}
			if o.Aux2 == ir.AuxType {
				i.Aux2 = uint8(ir.F32)
				if ty == ir.F32 {
					i.Aux2 = uint8(ir.F64)
				}
			}
			if op == ir.OpExit {
				i.Aux = uint8(cpu.ExitSyscall)
			}
			m := newMachine()
			m.Words, m.Ring = make([]uint64, 8), make([]uint64, 8)
			m.Call = func(*ir.Inst, *Access) bool { return true }
			m.S.TracePos, m.S.TraceEnd = 1000, 1064
			m.S.X[1], m.S.X[2] = memBase, 3
			for n := range 4 {
				m.S.V[n][0] = box(ty, 0x3ff8000000000000>>(64-8*fpBytes(ty)))
			}
			const mark = 0xfeedfacefeedface
			m.S.X[20], m.S.V[20][0] = mark, mark
			var b ir.Block
			b.Reset(0x1000)
			b.Insn(4)
			b.Emit(i)
			if err := b.Verify(); err != nil {
				t.Fatal(err)
			}
			m.Run(&b)
			if m.S.Exit == cpu.ExitNone || m.S.Exit == cpu.ExitFault {
				t.Errorf("%s: exit %s", i, m.S.Exit)
			}
			if (o.Dst == ir.Int || o.Dst == ir.Pair) && m.S.X[20] == mark || o.Dst == ir.FP && m.S.V[20][0] == mark {
				t.Errorf("%s: destination not written", i)
			}
		}
	}
}

func BenchmarkALU(b *testing.B) {
	m := newMachine()
	var blk ir.Block
	blk.Reset(0x1000)
	for range 10 {
		blk.Insn(4)
		blk.OpI(ir.OpAdd, ir.I64, ir.X(1), ir.X(1), 1)
		blk.Insn(4)
		blk.Op2(ir.OpXor, ir.I64, ir.X(2), ir.X(2), ir.X(1))
	}
	b.ReportAllocs()
	for range b.N {
		m.Run(&blk)
	}
	b.ReportMetric(20*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mops/s")
}

func BenchmarkLoadStore(b *testing.B) {
	m := newMachine()
	m.S.X[1] = memBase
	var blk ir.Block
	blk.Reset(0x1000)
	for range 10 {
		blk.Insn(4)
		blk.Load(ir.M64, ir.X(2), ir.X(1), 8)
		blk.Insn(4)
		blk.Store(ir.M64, ir.X(1), 8, ir.X(2))
	}
	b.ReportAllocs()
	for range b.N {
		m.Run(&blk)
	}
	b.ReportMetric(20*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mops/s")
}
