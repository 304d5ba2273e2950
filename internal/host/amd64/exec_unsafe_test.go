//go:build linux && amd64

package amd64

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// testPin is the pin map of the tests: slots 1, 2, 8-17.
var testPin = host.PinMap{
	X: []uint8{10, 15, 11, 12, 14, 13, 2, 1, 8, 9, 16, 17, 5},
	V: []uint8{10, 11, 12, 13, 14, 15, 16, 17, 0, 1, 2, 3, 8, 9},
}

// machine runs blocks through generated code and through the interpreter.
type machine struct {
	g      *gen
	s      *cpu.State
	ref    cpu.State // the interpreter's
	region []byte
	stubs  host.Stubs
	mem    []byte // guest memory: memSize bytes, an inaccessible page, a read-only page
	start  []byte // contents before the run
	code   host.Code
	next   uint32
	gs     uint64 // guest base
	interp int    // blocks that left with ExitInterp

	// Of the interpreter: what is at Slots and TraceEnd of generated code's State.
	words, ring []uint64
}

const (
	memSize = 1 << 14
	page    = 4096
)

func mmap(tb testing.TB, n int, prot int) []byte {
	const private, anonymous = 2, 32
	p := hostsys.Mmap(0, uintptr(n), prot, private|anonymous, -1, 0)
	if hostsys.IsErr(p) {
		tb.Fatalf("mmap: errno %d", hostsys.Errno(p))
	}
	tb.Cleanup(func() { hostsys.Munmap(p, uintptr(n)) })
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&p))), n)
}

func addrOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

func newMachine(tb testing.TB, o host.Options) *machine {
	if err := hostsys.Init(); err != nil {
		tb.Fatal(err)
	}
	runtime.LockOSThread()
	tb.Cleanup(runtime.UnlockOSThread)
	m := &machine{g: New(testPin).(*gen), region: mmap(tb, 4<<20, 7)}
	st, err := hostsys.NewState()
	if err != nil {
		tb.Fatal(err)
	}
	hostsys.Bind(st)
	tb.Cleanup(func() { hostsys.Unbind(st); hostsys.FreeState(st) })
	m.s = st
	m.mem = mmap(tb, memSize+2*page, 3)
	for k, p := range []int{0, 1} {
		if e := hostsys.Mprotect(uintptr(addrOf(m.mem))+memSize+uintptr(k)*page, page, p); e != 0 {
			tb.Fatal(e)
		}
	}
	m.start = make([]byte, memSize)
	m.stubs, err = m.g.Init(m.region, uintptr(addrOf(m.region)), o)
	if err != nil {
		tb.Fatal(err)
	}
	m.next = uint32(m.stubs.End)
	st.CodeLo = addrOf(m.region)
	st.CodeHi = st.CodeLo + uint64(len(m.region))
	st.Entry = uint64(m.stubs.Enter)
	hostsys.SetFaultExit(m.stubs.Fault)
	if o.GSBase {
		// The base makes guest addresses differ from host addresses.
		m.gs = addrOf(m.mem) - 0x12340000
		if err := hostsys.SetGSBase(uintptr(m.gs)); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { hostsys.SetGSBase(0) })
	}
	return m
}

// guest is the guest address of the memory.
func (m *machine) guest() uint64 { return addrOf(m.mem) - m.gs }

func (m *machine) compile(tb testing.TB, b *ir.Block, mode host.Mode) host.Code {
	if int(m.next)+m.g.MaxSize(b) > len(m.region) {
		m.next = uint32(m.stubs.End)
	}
	if err := m.g.Compile(b, mode, m.next, &m.code); err != nil {
		tb.Fatal(err)
	}
	if m.code.Size > m.g.MaxSize(b) {
		tb.Fatalf("block of %d operations has %d bytes, more than MaxSize %d", len(b.Insts), m.code.Size, m.g.MaxSize(b))
	}
	c := m.code
	m.next += uint32(c.Size)
	return c
}

func (m *machine) enter() { hostsys.Enter(m.s) }

// run enters at region offset off, resolves a direct exit to its target and
// recovers from faults.
func (m *machine) run(c host.Code, off uint32) {
	m.s.ExitArg = addrOf(m.region) + uint64(off)
	m.enter()
	if m.s.Exit == cpu.ExitFault {
		rip := uint32(m.s.FaultRIP - addrOf(m.region))
		if !m.g.Recover(m.s, c.Faults, rip-(m.next-uint32(c.Size))) {
			panic(fmt.Sprintf("no fault entry for %#x, faults % x", rip, c.Faults))
		}
		m.s.FaultAddr -= m.gs
	}
	if m.s.Exit == cpu.ExitChain {
		ret := uint32(m.s.ExitArg - addrOf(m.region))
		for _, e := range c.Exits {
			if e.Ret == ret {
				m.s.PC = e.Target
				return
			}
		}
		panic(fmt.Sprintf("no exit returns to %#x", ret))
	}
}

// ptr returns the guest memory at addr, or nil after describing the fault.
func (m *machine) ptr(s *cpu.State, addr uint64, size int, write bool) unsafe.Pointer {
	o := addr - m.guest()
	if o > memSize && o < memSize+page && o+uint64(size) > memSize+page {
		o = memSize + page - 1 // the tests do not straddle this border
	}
	switch {
	case o <= uint64(memSize-size), !write && o >= memSize+page && o <= memSize+2*page-uint64(size):
		return unsafe.Pointer(&m.mem[o])
	case o < memSize && o+uint64(size) > memSize:
		addr = m.guest() + memSize
	}
	s.FaultAddr, s.FaultSig = addr, 11
	return nil
}

// Load implements eval.Memory.
func (m *machine) Load(s *cpu.State, addr uint64, size int) (v uint64, ok bool) {
	p := m.ptr(s, addr, size, false)
	if p == nil {
		return 0, false
	}
	switch size {
	case 1:
		v = uint64(*(*uint8)(p))
	case 2:
		v = uint64(*(*uint16)(p))
	case 4:
		v = uint64(*(*uint32)(p))
	default:
		v = *(*uint64)(p)
	}
	return v, true
}

// Store implements eval.Memory.
func (m *machine) Store(s *cpu.State, addr uint64, size int, v uint64) bool {
	p := m.ptr(s, addr, size, true)
	if p == nil {
		return false
	}
	switch size {
	case 1:
		*(*uint8)(p) = uint8(v)
	case 2:
		*(*uint16)(p) = uint16(v)
	case 4:
		*(*uint32)(p) = uint32(v)
	default:
		*(*uint64)(p) = v
	}
	return true
}

// CompareAndSwap implements eval.Memory.
func (m *machine) CompareAndSwap(s *cpu.State, addr uint64, size int, old, v uint64) (uint64, bool) {
	if m.ptr(s, addr, size, true) == nil {
		return 0, false
	}
	prev, _ := m.Load(s, addr, size)
	if prev == old {
		m.Store(s, addr, size, v)
	}
	return prev, true
}

// CompareAndSwapPair implements eval.Memory.
func (m *machine) CompareAndSwapPair(s *cpu.State, addr uint64, old, v [2]uint64) (prev [2]uint64, ok bool) {
	if m.ptr(s, addr, 16, true) == nil {
		return prev, false
	}
	prev[0], _ = m.Load(s, addr, 8)
	prev[1], _ = m.Load(s, addr+8, 8)
	if prev == old {
		m.Store(s, addr, 8, v[0])
		m.Store(s, addr+8, 8, v[1])
	}
	return prev, true
}

// values are the edge cases of operands.
var values = []uint64{
	0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff,
	0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
	^uint64(0), ^uint64(1), ^uint64(0x7f), ^uint64(0x80), 0xffffffff80000000, 0xffffffff7fffffff,
	0x0001000000ff0100, 0x123456789abcdef0,
}

func randValue(r *rand.Rand) uint64 {
	switch r.IntN(4) {
	case 0:
		return r.Uint64()
	case 1:
		return uint64(int32(r.Uint32()))
	}
	return values[r.IntN(len(values))]
}

// check runs b on the machine and on the interpreter and compares all that a
// guest can see. The registers are those of init, the rest of the state is the machine's.
func (m *machine) check(t *testing.T, b *ir.Block, init *cpu.State, mode host.Mode) {
	t.Helper()
	if err := b.Verify(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	copy(m.start, m.mem)
	ref := &m.ref
	*ref = *init
	ref.Reset()
	ref.SetFRM(init.FRM)
	(&eval.Machine{S: ref, Mem: m, Words: m.words, Ring: m.ring}).Run(b)
	want := append([]byte(nil), m.mem[:memSize]...)
	copy(m.mem[:memSize], m.start)

	s := m.s
	s.X, s.V, s.ResAddr, s.Exit = init.X, init.V, cpu.NoReservation, 0
	s.MXCSR, s.FFlags = cpu.MXCSRDefault, init.FFlags
	s.Sums, s.Slots, s.TracePos, s.TraceEnd = init.Sums, init.Slots, init.TracePos, init.TraceEnd
	s.SetFRM(init.FRM)
	s.StackSP = s.StackTop
	c := m.compile(t, b, mode)
	m.run(c, c.Entry)
	if s.Exit == cpu.ExitInterp {
		// The rest is up to the interpreter, which starts at an instruction.
		rest := *b
		for k, i := range b.Insts {
			if i.Op == ir.OpInsn && uint64(i.Imm) == s.PC {
				rest.Insts = b.Insts[k:]
			}
		}
		m.interp++
		(&eval.Machine{S: s, Mem: m}).Run(&rest)
	}
	s.FoldFlags()
	ref.FoldFlags()

	bad := ""
	if s.PC != ref.PC || s.Exit != ref.Exit {
		bad += fmt.Sprintf("pc %#x exit %v, want %#x %v\n", s.PC, s.Exit, ref.PC, ref.Exit)
	}
	if ref.Exit == cpu.ExitAlign && s.ExitArg != ref.ExitArg {
		bad += fmt.Sprintf("exit argument %#x, want %#x\n", s.ExitArg, ref.ExitArg)
	}
	if ref.Exit == cpu.ExitFault && s.FaultAddr != ref.FaultAddr {
		bad += fmt.Sprintf("fault address %#x, want %#x\n", s.FaultAddr, ref.FaultAddr)
	}
	for k := range ref.X {
		if s.X[k] != ref.X[k] {
			bad += fmt.Sprintf("x%d = %#x, want %#x (was %#x)\n", k, s.X[k], ref.X[k], init.X[k])
		}
	}
	for k := range ref.V {
		if s.V[k][0] != ref.V[k][0] {
			bad += fmt.Sprintf("v%d = %#x, want %#x (was %#x)\n", k, s.V[k][0], ref.V[k][0], init.V[k][0])
		}
	}
	if s.FFlags != ref.FFlags {
		bad += fmt.Sprintf("fflags %#x, want %#x\n", s.FFlags, ref.FFlags)
	}
	if s.ResAddr != ref.ResAddr {
		bad += fmt.Sprintf("reservation %#x, want %#x\n", s.ResAddr, ref.ResAddr)
	}
	if string(m.mem[:memSize]) != string(want) {
		bad += "memory differs\n"
	}
	if s.Sums != ref.Sums || s.TracePos != ref.TracePos {
		bad += fmt.Sprintf("sums %v, trace at %#x, want %v, %#x\n", s.Sums, s.TracePos, ref.Sums, ref.TracePos)
	}
	if s.StackSP != s.StackTop {
		bad += "stack pointer moved\n"
	}
	if bad != "" {
		t.Fatalf("%sblock:\n%s\ncode: % x", bad, b, m.region[c.Entry:int(m.next)])
	}
}
