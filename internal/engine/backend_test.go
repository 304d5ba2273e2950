package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// fakeBackend "compiles" a block to a record at its offset and runs records with
// the interpreter. It has links, a jump cache, a private stack of call/return pairs and polling like
// a real one, and notices when execution arrives at a wrong or overwritten block: the
// life of code memory is tested without a machine code generator, under the race
// detector.
type fakeBackend struct {
	t  testing.TB
	mu sync.Mutex
	// By region offset. What a new block overlaps is gone.
	codes  map[uint32]*fakeCode
	stacks map[*cpu.State]*[]fakeRet
	mem    *fakeMem
	wrong  atomic.Bool
}

type fakeCode struct {
	blk   ir.Block
	mode  host.Mode
	off   uint32
	size  uint32
	exits []host.Exit
	to    []atomic.Uint32 // present targets
	mem   bool            // still in code memory
}

// fakeRet is a pair on the private stack.
type fakeRet struct {
	pc   uint64
	code *fakeCode
}

const (
	fakeCodeBase  = 0x70000000
	fakeStubs     = 256
	fakeStackSize = 8
)

func (f *fakeBackend) Name() string { return "fake" }

func (f *fakeBackend) Init(region []byte, base uintptr, o host.Options) (host.Stubs, error) {
	if len(region) < 1024 {
		return host.Stubs{}, errors.New("region too small")
	}
	return host.Stubs{Enter: base, End: fakeStubs}, nil
}

func (f *fakeBackend) MaxSize(b *ir.Block) int { return 64 + 8*len(b.Insts) }

// Compile makes size depend on the number of operations. Every exit has a site and a stub of 4 bytes.
func (f *fakeBackend) Compile(b *ir.Block, m host.Mode, off uint32, c *host.Code) error {
	k := &fakeCode{blk: *b, mode: m, off: off, mem: true}
	k.blk.Insts = append([]ir.Inst(nil), b.Insts...)
	var targets []uint64
	for _, i := range b.Insts {
		switch i.Op {
		case ir.OpBr, ir.OpJmp:
			targets = append(targets, uint64(i.Imm))
		}
	}
	targets = append(targets, b.End)
	p := off + 8
	for _, t := range targets {
		k.exits = append(k.exits, host.Exit{Site: p, Stub: p + 4, Ret: p + 8, Target: t})
		p += 8
	}
	k.to = make([]atomic.Uint32, len(k.exits))
	for i := range k.exits {
		k.to[i].Store(k.exits[i].Stub)
	}
	k.size = p - off
	c.Size, c.Entry = int(k.size), off
	c.Exits = append(c.Exits[:0], k.exits...)
	c.Faults = append(c.Faults[:0], byte(b.PC))

	f.mu.Lock()
	defer f.mu.Unlock()
	for o := off &^ 15; o < off+k.size; o++ {
		if old := f.codes[o]; old != nil {
			old.mem = false
			delete(f.codes, o)
		}
	}
	for back := uint32(1); back < 2048 && back <= off; back++ { // a longer one before
		if old := f.codes[off-back]; old != nil {
			if old.off+old.size > off {
				old.mem = false
				delete(f.codes, off-back)
			}
			break
		}
	}
	f.codes[off] = k
	return nil
}

func (f *fakeBackend) patch(e host.Exit, to uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for back := uint32(0); back <= e.Site; back++ {
		k := f.codes[e.Site-back]
		if k == nil {
			continue
		}
		for i := range k.exits {
			if k.exits[i] == e {
				k.to[i].Store(to)
				return
			}
		}
		break
	}
	f.fail("patched a jump at %#x that is not there", e.Site)
}

func (f *fakeBackend) Link(e host.Exit, to uint32) {
	f.mu.Lock()
	k := f.codes[to]
	f.mu.Unlock()
	if k == nil || k.blk.PC != e.Target {
		f.fail("linked the exit to %#x to other code", e.Target)
	}
	f.patch(e, to)
}

func (f *fakeBackend) Unlink(e host.Exit) { f.patch(e, e.Stub) }

func (f *fakeBackend) Recover(s *cpu.State, faults []byte, off uint32) bool {
	return len(faults) == 1 && off == 1
}

func (f *fakeBackend) Disasm(code []byte, addr uintptr) string { return "code" }

func (f *fakeBackend) fail(format string, args ...any) {
	if !f.wrong.Swap(true) {
		f.t.Errorf(format, args...)
	}
}

func (f *fakeBackend) at(off uint32) *fakeCode {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.codes[off]
}

func (f *fakeBackend) inMemory(k *fakeCode) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return k.mem
}

func (f *fakeBackend) stack(s *cpu.State) *[]fakeRet {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stacks[s] == nil {
		f.stacks[s] = new([]fakeRet)
	}
	return f.stacks[s]
}

// enter is hostsys.Enter for fake code.
func (f *fakeBackend) enter(s *cpu.State) {
	m := eval.Machine{S: s, Mem: f.mem}
	stack := f.stack(s)
	if s.StackSP == s.StackTop {
		*stack = (*stack)[:0]
	}
	s.StackSP = s.StackTop - 8 // in use
	off := uint32(s.ExitArg - fakeCodeBase)
	for n := 0; ; n++ {
		k := f.at(off)
		if k == nil || k.blk.PC != s.PC || k.mode != host.ModeOf(s.FRM) {
			f.fail("arrived at offset %#x, pc %#x: %+v", off, s.PC, k)
			s.Exit = cpu.ExitIllegal
			return
		}
		if atomic.LoadUint32(&s.Kick)|atomic.LoadUint32(&s.Pending) != 0 {
			s.Exit = cpu.ExitPoll
			return
		}
		m.Run(&k.blk)
		last := &k.blk.Insts[len(k.blk.Insts)-1]
		switch s.Exit {
		case cpu.ExitFault:
			s.FaultRIP = fakeCodeBase + uint64(off) + 1
			return
		case cpu.ExitChain, cpu.ExitIndirect:
			if last.Op == ir.OpSetFRM || len(k.blk.Insts) > 1 && k.blk.Insts[len(k.blk.Insts)-2].Op == ir.OpSetFRM {
				s.Exit = cpu.ExitIndirect
				return
			}
		default:
			return
		}
		if s.Exit == cpu.ExitChain {
			if last.Op == ir.OpJmp && ir.Hint(last.Aux) == ir.HintCall && s.PC == uint64(last.Imm) && len(*stack) < fakeStackSize {
				*stack = append(*stack, fakeRet{k.blk.End, k})
			}
			if next, ok := f.take(k, s); ok {
				off = next
				continue
			}
			return
		}
		if ir.Hint(last.Aux) == ir.HintCall && len(*stack) < fakeStackSize {
			*stack = append(*stack, fakeRet{k.blk.End, k})
		}
		if ir.Hint(last.Aux) == ir.HintRet {
			if d := len(*stack); d > 0 && (*stack)[d-1].pc == s.PC {
				r := (*stack)[d-1]
				*stack = (*stack)[:d-1]
				if !f.inMemory(r.code) {
					f.fail("returned into code that is gone, pc %#x", s.PC)
					return
				}
				if next, ok := f.take(r.code, s); ok {
					off = next
					continue
				}
				return
			}
			*stack = (*stack)[:0]
		}
		j := s.JumpCache[cpu.JumpIndex(s.PC)]
		if j[0] != s.PC {
			s.Exit = cpu.ExitIndirect
			return
		}
		off = uint32(j[1] - fakeCodeBase)
	}
}

// take goes through k's exit to s.PC: to the linked code, or out.
func (f *fakeBackend) take(k *fakeCode, s *cpu.State) (uint32, bool) {
	for i := range k.exits {
		if k.exits[i].Target != s.PC {
			continue
		}
		if to := k.to[i].Load(); to != k.exits[i].Stub {
			return to, true
		}
		s.Exit, s.ExitArg = cpu.ExitChain, fakeCodeBase+uint64(k.exits[i].Ret)
		s.PC = 0xdead // the engine has to find it
		return 0, false
	}
	f.fail("no exit of %#x to %#x", k.blk.PC, s.PC)
	return 0, false
}

// newFakeJIT makes an engine with a fake code generator and size bytes of code.
func newFakeJIT(t testing.TB, cfg Config, size int, p []byte) (*CPU, *fakeMem, *fakeBackend) {
	t.Helper()
	m := new(fakeMem)
	f := &fakeBackend{t: t, codes: map[uint32]*fakeCode{}, stacks: map[*cpu.State]*[]fakeRet{}, mem: m}
	cfg.Guest, cfg.Mem, cfg.Verify = fakeGuest(), m, true
	cfg.Backend, cfg.Code, cfg.CodeBase, cfg.Enter = f, make([]byte, size), fakeCodeBase, f.enter
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.e = e
	m.put(fakeBase, p)
	return newFakeJITCPU(e), m, f
}

func newFakeJITCPU(e *Engine) *CPU {
	s := new(cpu.State)
	s.Reset()
	s.StackTop = 1000
	s.PC = fakeBase
	return e.NewCPU(s)
}

func TestJITLoop(t *testing.T) {
	for _, one := range []bool{false, true} {
		c, _, _ := newFakeJIT(t, Config{OneInsnPerTB: one}, 1<<20, sum)
		for range 3 {
			c.s.PC, c.s.X[1], c.s.X[2] = fakeBase, 1000, 0
			if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 500500 || c.s.PC != fakeBase+16 {
				t.Fatalf("one %v: %+v x2 = %d pc %#x", one, x, c.s.X[2], c.s.PC)
			}
		}
		st := c.e.Stats()
		if want := map[bool]uint64{false: 2, true: 4}[one]; st.Translated != want || st.Links != want || st.Blocks != int(want) {
			t.Errorf("one %v: %+v", one, st)
		}
	}
	// Without links every block comes back.
	execs := 0
	c, _, _ := newFakeJIT(t, Config{Log: Log{Exec: func(*cpu.State, uint64) { execs++ }}}, 1<<20, sum)
	c.s.X[1] = 10
	c.Run()
	if st := c.e.Stats(); st.Links != 0 || execs != 11 {
		t.Errorf("%+v, %d executions", st, execs)
	}
}

// TestJITExits runs what TestExits and others do through the code generator.
func TestJITExits(t *testing.T) {
	for _, tc := range []struct {
		name string
		code []byte
		want Exit
		pc   uint64
	}{
		{"break", insn(fBreak, 0, 0, 0), Exit{Kind: Break}, fakeBase},
		{"illegal", insn(99, 0, 0, 0), Exit{Kind: Illegal}, fakeBase},
		{"unmapped load", insn(fLd, 1, 0, 8), Exit{Kind: Fault, Sig: 11, Code: 1, Addr: 8}, fakeBase},
		{"misaligned", code(insn(fAddi, 1, 1, 1), insn(fAmo, 3, 1, 2)), Exit{Kind: Align, Addr: 1}, fakeBase + 4},
		{"jump to nowhere", jmp(0, 0x7000), Exit{Kind: FetchFault, Addr: fakeBase + 0x1c000}, fakeBase + 0x1c000},
		{"indirect to nowhere", insn(fJr, 0, 0, 0), Exit{Kind: FetchFault}, 0},
		{"fence.i", code(insn(fFence, 0, 0, 0), insn(fEcall, 0, 0, 0)), Exit{Kind: Syscall}, fakeBase + 8},
	} {
		u, _, _ := newFakeJIT(t, Config{}, 1<<20, tc.code)
		if x := u.Run(); x != tc.want || u.s.PC != tc.pc {
			t.Errorf("%s: %+v pc %#x, want %+v pc %#x", tc.name, x, u.s.PC, tc.want, tc.pc)
		}
	}
}

// calls calls a function through a register and directly, in a loop: x1 times, x2
// counts.
var calls = code(
	insn(fAddi, 10, 4, 32), // x4 = fakeBase; x10 = function
	insn(fCallR, 5, 10, 0),
	jmp(5, 6), // to the function
	insn(fAddi, 1, 1, -1),
	insn(fBne, 1, 0, -3),
	insn(fEcall, 0, 0, 0),
	insn(fBreak, 0, 0, 0),
	insn(fBreak, 0, 0, 0),
	insn(fAddi, 2, 2, 1), // function
	insn(fRet, 5, 0, 0),
)

func TestJITCalls(t *testing.T) {
	c, _, _ := newFakeJIT(t, Config{}, 1<<20, calls)
	c.s.X[1], c.s.X[4] = 100, fakeBase
	if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 200 {
		t.Errorf("%+v x2 = %d", x, c.s.X[2])
	}
}

// TestJITChange changes a function that is in the jump cache and on the private stack's way.
func TestJITChange(t *testing.T) {
	c, m, _ := newFakeJIT(t, Config{}, 1<<20, calls)
	for n := uint64(1); n < 5; n++ {
		m.Store(c.s, fakeBase+35, 1, n) // the immediate of the function's addition
		c.s.PC, c.s.X[1], c.s.X[2], c.s.X[4] = fakeBase, 3, 0, fakeBase
		if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 6*n {
			t.Errorf("%+v x2 = %d, want %d", x, c.s.X[2], 6*n)
		}
	}
}

// TestModes changes the rounding mode back and forth: code of one mode must never
// lead to that of another (fakeBackend.enter checks), and the mode counts.
func TestModes(t *testing.T) {
	prog := code(
		insn(fSetRM, 6, 0, 0),
		insn(fFadd, 3, 1, 2),
		insn(fCallR, 5, 10, 0),
		insn(fSetRM, 7, 0, 0),
		insn(fFadd, 4, 1, 2),
		insn(fCallR, 5, 10, 0),
		insn(fAddi, 1, 1, -1),
		insn(fBne, 1, 0, -7),
		insn(fEcall, 0, 0, 0),
		insn(fAddi, 2, 2, 1), // at 36
		insn(fRet, 5, 0, 0),
	)
	c, _, _ := newFakeJIT(t, Config{}, 1<<20, prog)
	c.s.X[1], c.s.X[6], c.s.X[7], c.s.X[10] = 50, 2, 3, fakeBase+36
	c.s.V[1][0], c.s.V[2][0] = 0x3ff0000000000000, 1 // 1 + the smallest number
	if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 100 {
		t.Fatalf("%+v x2 = %d", x, c.s.X[2])
	}
	if down, up := c.s.V[3][0], c.s.V[4][0]; down != 0x3ff0000000000000 || up != 0x3ff0000000000001 {
		t.Errorf("rounded down %#x, up %#x", down, up)
	}
	c.s.PC, c.s.X[1], c.s.X[6] = fakeBase, 50, 0
	if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 200 {
		t.Errorf("%+v x2 = %d", x, c.s.X[2])
	}
	c.s.PC, c.s.X[1], c.s.X[6] = fakeBase, 2, 5
	if x := c.Run(); x.Kind != Illegal {
		t.Errorf("reserved mode: %+v", x)
	}
}

// straight returns n blocks that jump from one to the next, each adding 1 to x2,
// then the loop over all x1 times.
func straight(n int) (p []byte) {
	for range n {
		p = append(p, insn(fAddi, 2, 2, 1)...)
		p = append(p, jmp(0, 1)...)
	}
	p = append(p, insn(fAddi, 1, 1, -1)...)
	p = append(p, insn(fBne, 1, 0, 2)...)
	p = append(p, insn(fEcall, 0, 0, 0)...)
	return append(p, jmp(0, -2*n-3)...)
}

// TestEviction runs code that does not fit into the code cache.
func TestEviction(t *testing.T) {
	for _, size := range []int{40 << 10, 80 << 10, 300 << 10} {
		const n = 1900
		c, _, _ := newFakeJIT(t, Config{}, size, straight(n))
		for range 3 {
			c.s.PC, c.s.X[1], c.s.X[2] = fakeBase, 5, 0
			if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 5*n {
				t.Fatalf("size %d: %+v x2 = %d", size, x, c.s.X[2])
			}
		}
		st := c.e.Stats()
		if size < 64<<10 && st.Evicted < n || size > 256<<10 && st.Evicted != 0 {
			t.Errorf("size %d: %+v", size, st)
		}
		if st.Translated-st.Evicted != uint64(st.Blocks) {
			t.Errorf("size %d: %+v does not add up", size, st)
		}
	}
	if _, err := New(Config{Guest: fakeGuest(), Backend: &fakeBackend{}, Code: make([]byte, 2048), Enter: func(*cpu.State) {}}); !errors.Is(err, ErrCodeTooSmall) {
		t.Errorf("tiny code cache: %v", err)
	}
	if _, err := New(Config{Guest: fakeGuest(), Backend: &fakeBackend{}, TBSize: 100}); err == nil {
		t.Error("tiny TBSize: no error")
	}
}

// TestInvalidateLinks drops blocks that others jump to, and ones that jump.
func TestInvalidateLinks(t *testing.T) {
	c, _, _ := newFakeJIT(t, Config{}, 1<<20, straight(20))
	run := func(x1 uint64) {
		t.Helper()
		c.s.PC, c.s.X[1], c.s.X[2] = fakeBase, x1, 0
		if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 20*x1 {
			t.Fatalf("%+v x2 = %d", x, c.s.X[2])
		}
	}
	run(3)
	before := c.e.Stats()
	for i := uint64(0); i < 20; i += 3 {
		c.e.Invalidate(fakeBase+8*i+7, fakeBase+8*i+8)
	}
	if st := c.e.Stats(); st.Invalidated != 7 || st.Blocks != before.Blocks-7 {
		t.Errorf("%+v, then %+v", before, st)
	}
	run(3)
	if st := c.e.Stats(); st.Translated != before.Translated+7 || st.Blocks != before.Blocks {
		t.Errorf("%+v, then %+v", before, st)
	}
	c.e.Invalidate(0, 1<<63)
	if st := c.e.Stats(); st.Blocks != 0 {
		t.Errorf("%+v", st)
	}
	run(3)
	c.e.Flush()
	run(2)
	stops := c.e.Stats().Stops
	c.e.Invalidate(fakeBase+8*pageSize, fakeBase+9*pageSize)
	c.e.Invalidate(fakeBase, fakeBase)
	if st := c.e.Stats(); st.Stops != stops {
		t.Error("the world was stopped for a range without code")
	}
}

// TestEvictionForgets evicts code that is in a jump cache or will be returned to.
func TestEvictionForgets(t *testing.T) {
	const far = fakeBase + 2*pageSize
	c, m, _ := newFakeJIT(t, Config{}, 40<<10, calls)
	m.put(far, straight(1500))
	m.put(fakeBase+pageSize, code(
		jmp(5, 2),
		insn(fBreak, 0, 0, 0),
		insn(fEcall, 0, 0, 0), // the function
		insn(fRet, 5, 0, 0),
	))
	fill := func() {
		t.Helper()
		s := *c.s
		before := c.e.Stats().Evicted
		c.s.PC, c.s.X[1], c.s.X[2] = far, 1, 0
		if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 1500 || c.e.Stats().Evicted == before {
			t.Fatalf("%+v x2 = %d, %+v", x, c.s.X[2], c.e.Stats())
		}
		c.s.X, c.s.PC = s.X, s.PC
	}
	for range 3 {
		c.s.PC, c.s.X[1], c.s.X[2], c.s.X[4] = fakeBase, 5, 0, fakeBase
		if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 10 {
			t.Fatalf("%+v x2 = %d", x, c.s.X[2])
		}
		fill()
		c.s.PC = fakeBase + pageSize
		if x := c.Run(); x.Kind != Syscall {
			t.Fatalf("%+v", x)
		}
		fill()
		if x := c.Run(); x.Kind != Break {
			t.Fatalf("%+v", x)
		}
	}
}

// TestDroppedExits drops a block that jumps to another, lets its code memory be reused,
// and then drops the other: the former jump must not be touched any more.
func TestDroppedExits(t *testing.T) {
	const far = fakeBase + 2*pageSize
	prog := code(insn(fBne, 1, 0, 2), insn(fEcall, 0, 0, 0), insn(fAddi, 2, 2, 1), insn(fEcall, 0, 0, 0))
	// The cache has two segments; the straight code fills a bit more than one.
	c, m, f := newFakeJIT(t, Config{}, 66<<10, prog)
	m.put(far, straight(1200))
	run := func(pc, x1 uint64) {
		t.Helper()
		c.s.PC, c.s.X[1] = pc, x1
		if x := c.Run(); x.Kind != Syscall {
			t.Fatalf("%+v", x)
		}
	}
	run(fakeBase, 0)
	run(far, 1)
	if len(c.e.segs) != 2 || c.e.seg != 1 {
		t.Fatalf("%d segments, filling %d", len(c.e.segs), c.e.seg)
	}
	run(fakeBase, 1)
	run(fakeBase, 1)
	x := &c.e.tab.find(fakeBase, 0).exits[0]
	if x.to == nil || x.to.off < x.from.off+32<<10 {
		t.Fatal("not linked into the other segment")
	}
	c.e.Invalidate(fakeBase, fakeBase+4)
	m.put(far+3*pageSize, straight(1200))
	run(far+3*pageSize, 1)
	if c.e.seg != 0 || c.e.tab.find(fakeBase+8, 0) == nil {
		t.Fatal("the first segment was not reused, or the second was too")
	}
	c.e.Invalidate(fakeBase, fakeBase+pageSize)
	if f.wrong.Load() {
		t.Error("see above")
	}
}

// TestChangeDuringTranslation changes code between the time it is read and the time its
// translation is there.
func TestChangeDuringTranslation(t *testing.T) {
	for _, jit := range []bool{false, true} {
		for _, flush := range []bool{false, true} {
			p := code(insn(fAddi, 1, 1, 1), insn(fEcall, 0, 0, 0))
			c, m := newFake(t, Config{}, p)
			if jit {
				c, m, _ = newFakeJIT(t, Config{}, 1<<20, p)
			}
			m.onFetch = func() {
				m.data[3] = 5
				if flush {
					c.e.Flush()
				} else {
					c.e.Invalidate(fakeBase+3, fakeBase+4)
				}
			}
			if x := c.Run(); x.Kind != Syscall || c.s.X[1] != 5 {
				t.Errorf("jit %v flush %v: %+v x1 = %d, want 5", jit, flush, x, c.s.X[1])
			}
		}
	}
}

// TestReturnToDropped returns, by the private stack, into the rest of a block that was
// dropped meanwhile.
func TestReturnToDropped(t *testing.T) {
	prog := code(
		jmp(5, 3),
		insn(fAddi, 3, 3, 1), // 4
		insn(fBreak, 0, 0, 0),
		insn(fEcall, 0, 0, 0), // 12: the function
		insn(fRet, 5, 0, 0),
	)
	c, m, f := newFakeJIT(t, Config{}, 1<<20, prog)
	for n := range 3 {
		c.s.PC, c.s.X[3] = fakeBase, 0
		if x := c.Run(); x.Kind != Syscall {
			t.Fatalf("%+v", x)
		}
		if n > 0 && len(*f.stack(c.s)) != 1 {
			t.Fatal("no pair on the private stack")
		}
		m.Store(c.s, fakeBase+7, 1, uint64(10+n)) // what follows the call
		if x := c.Run(); x.Kind != Break || c.s.X[3] != uint64(10+n) {
			t.Errorf("round %d: %+v x3 = %d", n, x, c.s.X[3])
		}
	}
}

// TestJITHammer runs calls and loops on four CPUs in a tiny code cache while
// others drop, flush, stop and change.
func TestJITHammer(t *testing.T) {
	for _, one := range []bool{false, true} {
		c0, m, f := newFakeJIT(t, Config{OneInsnPerTB: one}, 40<<10, calls)
		e := c0.e
		const far = fakeBase + 2*pageSize
		m.put(far, straight(1500))
		var wg, bg sync.WaitGroup
		stop := make(chan struct{})
		for i := range 2 {
			bg.Go(func() {
				s := new(cpu.State)
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					switch (n + i) % 5 {
					case 0:
						e.Invalidate(fakeBase, fakeBase+4)
					case 1:
						e.Flush()
					case 2:
						e.Exclusive(func() { e.Invalidate(far, far+pageSize) })
					case 3:
						m.Store(s, fakeBase+32, 1, fAddi)
					case 4:
						e.SyncCode()
					}
					time.Sleep(50 * time.Microsecond)
				}
			})
		}
		for i := range 4 {
			c := c0
			if i > 0 {
				c = newFakeJITCPU(e)
			}
			wg.Go(func() {
				defer c.Close()
				for n := uint64(1); n <= 40; n++ {
					c.s.PC, c.s.X[1], c.s.X[2], c.s.X[4] = fakeBase, 10*n, 0, fakeBase
					want := 20 * n
					if n%4 == 0 {
						c.s.PC, c.s.X[1], want = far, 2, 3000
					}
					if x := c.Run(); x.Kind != Syscall || c.s.X[2] != want {
						t.Errorf("n %d: %+v x2 = %d, want %d", n, x, c.s.X[2], want)
						return
					}
					if f.wrong.Load() {
						return
					}
				}
			})
		}
		wg.Wait()
		close(stop)
		bg.Wait()
		if st := e.Stats(); st.Evicted == 0 || st.Invalidated == 0 || st.Links == 0 {
			t.Errorf("not much happened: %+v", st)
		}
	}
}

func TestJITInterrupt(t *testing.T) {
	c, _, _ := newFakeJIT(t, Config{}, 1<<20, jmp(0, 0))
	done := make(chan Exit)
	go func() { done <- c.Run() }()
	time.Sleep(10 * time.Millisecond)
	c.e.Exclusive(func() {}) // the kick for this is not an interrupt
	c.Interrupt()
	if x := <-done; x.Kind != Poll || c.s.PC != fakeBase {
		t.Errorf("%+v pc %#x", x, c.s.PC)
	}
}

func TestLogCode(t *testing.T) {
	var asm, pieces []string
	c, _, _ := newFakeJIT(t, Config{Log: Log{
		OutAsm: func(pc uint64, text string) { asm = append(asm, fmt.Sprintf("%#x %s", pc, text)) },
		Code:   func(addr uintptr, size int, pc uint64) { pieces = append(pieces, fmt.Sprintf("%#x %#x", addr, pc)) },
	}}, 1<<20, sum)
	c.s.X[1] = 1
	c.Run()
	if len(asm) != 2 || asm[0] != "0x10000 code" || len(pieces) != 2 || pieces[0] != "0x70000100 0x10000" {
		t.Errorf("%q %q", asm, pieces)
	}
}
