package engine

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
)

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
