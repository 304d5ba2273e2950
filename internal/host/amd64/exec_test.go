package amd64

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/host/amd64/trampoline"
	"github.com/weir-emu/weir/internal/ir"
)

// testPin is the pin map of the tests: slots 1, 2, 8-17.
var testPin = host.PinMap{
	X: []uint8{10, 15, 11, 12, 14, 13, 2, 1, 8, 9, 16, 17, 5},
	V: []uint8{10, 11, 12, 13, 14, 15, 16, 17, 0, 1, 2, 3, 8, 9},
}

// machine runs blocks through generated code.
type machine struct {
	g      *gen
	s      *cpu.State
	region []byte
	stubs  host.Stubs
	mem    []byte // guest memory
	code   host.Code
	next   uint32
	gs     uint64 // guest base
	pinner runtime.Pinner
}

func mmap(tb testing.TB, n int, prot int) []byte {
	b, err := syscall.Mmap(-1, 0, n, prot, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { syscall.Munmap(b) })
	return b
}

func addrOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

func newMachine(tb testing.TB, o host.Options) *machine {
	rwx := syscall.PROT_READ | syscall.PROT_WRITE | syscall.PROT_EXEC
	m := &machine{g: New(testPin).(*gen), region: mmap(tb, 4<<20, rwx)}
	st := mmap(tb, cpu.Size, syscall.PROT_READ|syscall.PROT_WRITE)
	m.s = (*cpu.State)(unsafe.Pointer(&st[0]))
	m.s.Reset()
	stack := mmap(tb, 1<<16, syscall.PROT_READ|syscall.PROT_WRITE)
	m.s.StackLo = addrOf(stack) + 4096
	m.s.StackTop = addrOf(stack) + 1<<16 - 256
	m.s.StackSP = m.s.StackTop
	m.mem = mmap(tb, 1<<16, syscall.PROT_READ|syscall.PROT_WRITE)
	var err error
	m.stubs, err = m.g.Init(m.region, uintptr(addrOf(m.region)), o)
	if err != nil {
		tb.Fatal(err)
	}
	m.next = uint32(m.stubs.End)
	if o.GSBase {
		// The base makes guest addresses differ from host addresses.
		runtime.LockOSThread()
		m.gs = addrOf(m.mem) - 0x12340000
		const archPrctl, setGS = 158, 0x1001
		if _, _, e := syscall.RawSyscall(archPrctl, setGS, uintptr(m.gs), 0); e != 0 {
			tb.Fatal(e)
		}
		tb.Cleanup(func() {
			syscall.RawSyscall(archPrctl, setGS, 0, 0)
			runtime.UnlockOSThread()
		})
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

// run enters at region offset off and resolves a direct exit to its target.
func (m *machine) run(c host.Code, off uint32) {
	m.s.ExitArg = addrOf(m.region) + uint64(off)
	trampoline.Enter(uintptr(unsafe.Pointer(m.s))+cpu.Bias, m.stubs.Enter)
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

// reference interprets b on a copy of the registers and memory.
type reference struct {
	x    [64]uint64
	t    [64]uint64
	mem  []byte
	base uint64
	resA uint64
	resV uint64
	pc   uint64
	exit cpu.Exit
	arg  uint64
}

func (r *reference) get(v ir.Val, imm int64) uint64 {
	switch {
	case v == ir.Imm:
		return uint64(imm)
	case v == ir.Zero:
		return 0
	case v < ir.VBase:
		return r.x[v]
	}
	return r.t[v-ir.TBase]
}

func (r *reference) set(v ir.Val, x uint64) {
	switch {
	case v == ir.Zero:
	case v < ir.VBase:
		r.x[v] = x
	default:
		r.t[v-ir.TBase] = x
	}
}

func (r *reference) ptr(a uint64, n int) unsafe.Pointer {
	o := a - r.base
	if o > uint64(len(r.mem)-n) {
		panic(fmt.Sprintf("reference: address %#x", a))
	}
	return unsafe.Pointer(&r.mem[o])
}

func (r *reference) load(m ir.Mem, a uint64) uint64 {
	p := r.ptr(a, m.Bytes())
	switch m {
	case ir.M8S:
		return uint64(*(*int8)(p))
	case ir.M8U:
		return uint64(*(*uint8)(p))
	case ir.M16S:
		return uint64(*(*int16)(p))
	case ir.M16U:
		return uint64(*(*uint16)(p))
	case ir.M32S:
		return uint64(*(*int32)(p))
	case ir.M32U:
		return uint64(*(*uint32)(p))
	}
	return *(*uint64)(p)
}

func (r *reference) store(n int, a, v uint64) {
	p := r.ptr(a, n)
	switch n {
	case 1:
		*(*uint8)(p) = uint8(v)
	case 2:
		*(*uint16)(p) = uint16(v)
	case 4:
		*(*uint32)(p) = uint32(v)
	default:
		*(*uint64)(p) = v
	}
}

// run interprets until the block is left.
func (r *reference) run(b *ir.Block) {
	pc := b.PC
	for k := range b.Insts {
		i := &b.Insts[k]
		x, y, z := r.get(i.A, 0), r.get(i.B, i.Imm), uint64(0)
		info := &ir.Ops[i.Op]
		if info.C == ir.Int {
			z = r.get(i.C, 0)
		}
		switch {
		case i.Op == ir.OpNop, i.Op == ir.OpFence:
		case i.Op == ir.OpInsn:
			pc = uint64(i.Imm)
		case info.Pure():
			if i.Op == ir.OpConst {
				y = uint64(i.Imm)
			}
			r.set(i.Dst, ir.EvalInt(i.Op, i.Ty, i.Aux, x, y, z))
		case i.Op == ir.OpLoad:
			r.set(i.Dst, r.load(ir.Mem(i.Aux), x+uint64(i.Imm)))
		case i.Op == ir.OpStore:
			r.store(ir.Mem(i.Aux).Bytes(), x+uint64(i.Imm), r.get(i.B, 0))
		case i.Op >= ir.OpLR && i.Op <= ir.OpCas:
			n := ir.Mem(i.Aux).Bytes()
			if x%uint64(n) != 0 {
				r.pc, r.exit, r.arg = pc, cpu.ExitAlign, x
				return
			}
			r.atomic(i, x, r.get(i.B, 0), z)
		case i.Op == ir.OpBr:
			if ir.EvalInt(ir.OpSet, ir.I64, i.Aux, x, r.get(i.B, 0), 0) != 0 {
				r.pc, r.exit = uint64(i.Imm), cpu.ExitChain
				return
			}
		case i.Op == ir.OpJmp:
			r.set(i.Dst, b.End)
			r.pc, r.exit = uint64(i.Imm), cpu.ExitChain
			return
		case i.Op == ir.OpJmpInd:
			r.pc, r.exit = (x+uint64(i.Imm))&^1, cpu.ExitIndirect
			r.set(i.Dst, b.End)
			return
		case i.Op == ir.OpExit:
			r.pc, r.exit = uint64(i.Imm), cpu.Exit(i.Aux)
			return
		default:
			panic("reference: " + info.Name)
		}
	}
	r.pc, r.exit = b.End, cpu.ExitChain
}

func (r *reference) atomic(i *ir.Inst, a, y, z uint64) {
	m := ir.Mem(i.Aux)
	n := m.Bytes()
	if i.Op == ir.OpSC {
		if r.resA == a && r.load(m, a) == r.resV {
			r.store(n, a, y)
			r.set(i.Dst, 0)
		} else {
			r.set(i.Dst, 1)
		}
		r.resA = cpu.NoReservation
		return
	}
	old := r.load(m, a)
	if n == 4 {
		y = uint64(int32(y))
	}
	switch i.Op {
	case ir.OpLR:
		r.resA, r.resV = a, old
		r.set(i.Dst, old)
		return
	case ir.OpCas:
		r.set(i.Dst, old)
		if old == y {
			r.store(n, a, z)
		}
		return
	case ir.OpAmoAdd:
		y += old
	case ir.OpAmoAnd:
		y &= old
	case ir.OpAmoOr:
		y |= old
	case ir.OpAmoXor:
		y ^= old
	case ir.OpAmoMinS:
		y = uint64(min(int64(y), int64(old)))
	case ir.OpAmoMaxS:
		y = uint64(max(int64(y), int64(old)))
	case ir.OpAmoMinU:
		y = min(y, old)
	case ir.OpAmoMaxU:
		y = max(y, old)
	}
	r.store(n, a, y)
	r.set(i.Dst, old)
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

// blockText is b for failure messages.
func blockText(b *ir.Block) string {
	var s strings.Builder
	for _, i := range b.Insts {
		fmt.Fprintf(&s, "\t%s ty=%d d=%d a=%d b=%d c=%d aux=%d imm=%#x\n", ir.Ops[i.Op].Name, i.Ty, i.Dst, i.A, i.B, i.C, i.Aux, i.Imm)
	}
	return s.String()
}

// check runs b on the machine and on the reference and compares all that a guest can see.
func (m *machine) check(t *testing.T, b *ir.Block, x *[64]uint64) {
	t.Helper()
	ref := reference{x: *x, base: m.guest(), mem: append([]byte(nil), m.mem...), resA: cpu.NoReservation}
	m.s.X = *x
	m.s.ResAddr = cpu.NoReservation
	ref.run(b)
	c := m.compile(t, b, 0)
	m.run(c, c.Entry)
	bad := ""
	if m.s.PC != ref.pc || m.s.Exit != ref.exit {
		bad += fmt.Sprintf("pc %#x exit %v, want %#x %v\n", m.s.PC, m.s.Exit, ref.pc, ref.exit)
	}
	if ref.exit == cpu.ExitAlign && m.s.ExitArg != ref.arg {
		bad += fmt.Sprintf("exit argument %#x, want %#x\n", m.s.ExitArg, ref.arg)
	}
	for k := range ref.x {
		if m.s.X[k] != ref.x[k] {
			bad += fmt.Sprintf("x%d = %#x, want %#x (was %#x)\n", k, m.s.X[k], ref.x[k], x[k])
		}
	}
	if string(m.mem) != string(ref.mem) {
		bad += "memory differs\n"
	}
	if m.s.StackSP != m.s.StackTop && ref.exit != cpu.ExitChain {
		bad += "stack pointer moved\n"
	}
	m.s.StackSP = m.s.StackTop
	if bad != "" {
		t.Fatalf("%sblock:\n%scode: % x", bad, blockText(b), m.region[c.Entry:int(m.next)])
	}
}
