package engine

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// sum adds 1..x1 into x2, then makes a system call.
var sum = code(
	insn(fAdd, 2, 2, 1),
	insn(fAddi, 1, 1, -1),
	insn(fBne, 1, 0, -2),
	insn(fEcall, 0, 0, 0),
)

func TestRunLoop(t *testing.T) {
	for _, one := range []bool{false, true} {
		c, _ := newFake(t, Config{OneInsnPerTB: one}, sum)
		c.s.X[1] = 1000
		if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 500500 || c.s.PC != fakeBase+16 {
			t.Errorf("one %v: %+v x2 = %d pc %#x", one, x, c.s.X[2], c.s.PC)
		}
		st := c.e.Stats()
		if want := map[bool]uint64{false: 2, true: 4}[one]; st.Translated != want || st.Insns != 4 {
			t.Errorf("one %v: %+v", one, st)
		}
		c.Close()
		c.Close()
	}
}

func TestExits(t *testing.T) {
	for _, c := range []struct {
		name string
		code []byte
		want Exit
		pc   uint64
	}{
		{"syscall", insn(fEcall, 0, 0, 0), Exit{Kind: Syscall}, fakeBase + 4},
		{"break", insn(fBreak, 0, 0, 0), Exit{Kind: Break}, fakeBase},
		{"illegal", insn(99, 0, 0, 0), Exit{Kind: Illegal}, fakeBase},
		{"unmapped load", insn(fLd, 1, 0, 8), Exit{Kind: Fault, Sig: 11, Code: 1, Addr: 8}, fakeBase},
		{"misaligned", code(insn(fAddi, 1, 1, 1), insn(fAmo, 3, 1, 2)), Exit{Kind: Align, Addr: 1}, fakeBase + 4},
		{"jump to nowhere", jmp(0, 0x7000), Exit{Kind: FetchFault, Addr: fakeBase + 0x1c000}, fakeBase + 0x1c000},
		{"indirect to nowhere", insn(fJr, 0, 0, 0), Exit{Kind: FetchFault}, 0},
		{"fence.i", code(insn(fFence, 0, 0, 0), insn(fEcall, 0, 0, 0)), Exit{Kind: Syscall}, fakeBase + 8},
	} {
		u, _ := newFake(t, Config{}, c.code)
		if x := u.Run(); x != c.want || u.s.PC != c.pc {
			t.Errorf("%s: %+v pc %#x, want %+v pc %#x", c.name, x, u.s.PC, c.want, c.pc)
		}
	}
}

func TestStep(t *testing.T) {
	c, m := newFake(t, Config{}, sum)
	c.s.X[1] = 1
	for _, pc := range []uint64{4, 8, 12} {
		if x := c.Step(); x.Kind != 0 || c.s.PC != fakeBase+pc {
			t.Fatalf("%+v pc %#x, want %#x", x, c.s.PC, fakeBase+pc)
		}
	}
	if x := c.Step(); x.Kind != Syscall || c.s.X[2] != 1 {
		t.Errorf("%+v x2 %d", x, c.s.X[2])
	}
	m.noExec[15] = true
	c.s.PC = fakeBase + 15*pageSize - 2
	if x := c.Step(); x.Kind != FetchFault || x.Addr != fakeBase+15*pageSize {
		t.Errorf("%+v", x)
	}
}

func TestPageBorder(t *testing.T) {
	c, m := newFake(t, Config{}, nil)
	const border = fakeBase + pageSize
	m.put(border-6, code(insn(fAddi, 1, 1, 1), insn(fAddi, 1, 1, 2), insn(fEcall, 0, 0, 0)))
	c.s.PC = border - 6
	if x := c.Run(); x.Kind != Syscall || c.s.X[1] != 3 {
		t.Fatalf("%+v x1 %d", x, c.s.X[1])
	}
	if !m.watched[0] || !m.watched[1] {
		t.Error("the page of the instruction's end is not watched")
	}
	// A write to either page drops the block.
	m.Store(c.s, border+1, 1, 10) // the immediate of the second instruction
	c.s.X[1], c.s.PC = 0, border-6
	if x := c.Run(); x.Kind != Syscall || c.s.X[1] != 11 {
		t.Errorf("after a change: %+v x1 %d", x, c.s.X[1])
	}
	m.noExec[1] = true
	c.e.Invalidate(border, border+1)
	c.s.PC = border - 6
	if x := c.Run(); x.Kind != FetchFault || x.Addr != border || c.s.PC != border-2 {
		t.Errorf("second half not executable: %+v pc %#x", x, c.s.PC)
	}
}

func TestSelfModifying(t *testing.T) {
	// Overwrites the instruction at "target" in its own page, then runs it, twice.
	prog := code(
		insn(fSt, 1, 2, 0),
		jmp(0, 1),
		insn(fAddi, 3, 3, 1), // target
		insn(fEcall, 0, 0, 0),
	)
	c, m := newFake(t, Config{}, prog)
	for n := range 5 {
		c.s.PC, c.s.X[3] = fakeBase, 0
		p := insn(fAddi, 3, 3, 40+n)
		c.s.X[1] = uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24
		c.s.X[2] = fakeBase + 8
		if x := c.Run(); x.Kind != Syscall || c.s.X[3] != uint64(40+n) {
			t.Fatalf("round %d: %+v x3 = %d", n, x, c.s.X[3])
		}
	}
	if m.hits < 5 {
		t.Errorf("only %d writes noticed", m.hits)
	}
}

func TestFenceI(t *testing.T) {
	c, m := newFake(t, Config{}, code(insn(fAddi, 3, 3, 1), insn(fEcall, 0, 0, 0), insn(fFence, 0, 0, 0), jmp(0, -3)))
	m.untracked = true
	run := func(pc uint64) uint64 {
		c.s.PC, c.s.X[3] = pc, 0
		if x := c.Run(); x.Kind != Syscall {
			t.Fatalf("%+v", x)
		}
		return c.s.X[3]
	}
	if got := run(fakeBase); got != 1 {
		t.Fatalf("x3 = %d", got)
	}
	m.put(fakeBase, insn(fAddi, 3, 3, 2))
	if got := run(fakeBase); got != 1 {
		t.Errorf("without fence.i: x3 = %d, want the old code's 1", got)
	}
	if got := run(fakeBase + 8); got != 2 {
		t.Errorf("after fence.i: x3 = %d, want 2", got)
	}
	m.put(fakeBase, insn(fAddi, 3, 3, 3))
	c.e.SyncCode()
	if got := run(fakeBase); got != 3 {
		t.Errorf("after SyncCode: x3 = %d, want 3", got)
	}
}

func TestInterrupt(t *testing.T) {
	c, _ := newFake(t, Config{}, jmp(0, 0)) // an endless loop
	done := make(chan Exit)
	go func() { done <- c.Run() }()
	time.Sleep(10 * time.Millisecond)
	c.Interrupt()
	if x := <-done; x.Kind != Poll || c.s.PC != fakeBase {
		t.Errorf("%+v pc %#x", x, c.s.PC)
	}
	go func() { done <- c.Run() }()
	select {
	case x := <-done:
		t.Errorf("the interrupt has a second effect: %+v", x)
	case <-time.After(10 * time.Millisecond):
	}
	atomic.StoreUint32(&c.s.Pending, 1)
	if x := <-done; x.Kind != Poll {
		t.Errorf("%+v", x)
	}
	if x := c.Run(); x.Kind != Poll {
		t.Errorf("pending at entry: %+v", x)
	}
}

// TestExclusive checks that no CPU makes progress while the world is stopped, and that
// all do again afterwards.
func TestExclusive(t *testing.T) {
	c0, _ := newFake(t, Config{}, code(insn(fAddi, 1, 1, 1), jmp(0, -1)))
	e := c0.e
	cpus := []*CPU{c0, newFakeCPU(e), newFakeCPU(e)}
	var wg sync.WaitGroup
	for _, c := range cpus {
		wg.Go(func() { c.Run() })
	}
	for range 50 {
		time.Sleep(time.Millisecond)
		e.Exclusive(func() {
			var before [3]uint64
			for i, c := range cpus {
				before[i] = c.s.X[1]
			}
			e.Invalidate(fakeBase, fakeBase+8)
			time.Sleep(100 * time.Microsecond)
			for i, c := range cpus {
				if c.s.X[1] != before[i] {
					t.Errorf("cpu %d ran in Exclusive", i)
				}
			}
		})
	}
	for i, c := range cpus {
		c.Interrupt()
		defer func() {
			if c.s.X[1] == 0 {
				t.Errorf("cpu %d did not run", i)
			}
		}()
	}
	wg.Wait()
	if st := e.Stats(); st.Stops < 50 || st.Invalidated < 40 {
		t.Errorf("%+v", st)
	}
}

func TestAfterForkChild(t *testing.T) {
	c, _ := newFake(t, Config{}, sum)
	other := newFakeCPU(c.e)
	other.running.Store(cpuIn) // a thread that no longer exists
	c.e.AfterForkChild(c)
	c.e.Exclusive(func() {})
	c.s.X[1] = 3
	if x := c.Run(); x.Kind != Syscall || c.s.X[2] != 6 {
		t.Errorf("%+v x2 %d", x, c.s.X[2])
	}
}

// TestHammer lets CPUs run while others change, invalidate and flush code.
func TestHammer(t *testing.T) {
	for _, one := range []bool{false, true} {
		c0, m := newFake(t, Config{OneInsnPerTB: one, TBSize: 400}, sum)
		e := c0.e
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
					switch (n + i) % 4 {
					case 0:
						e.Invalidate(fakeBase, fakeBase+4)
					case 1:
						e.Flush()
					case 2:
						e.Exclusive(func() {})
					case 3:
						m.Store(s, fakeBase+8, 1, fBne)
					}
					time.Sleep(20 * time.Microsecond)
				}
			})
		}
		for i := range 4 {
			c := c0
			if i > 0 {
				c = newFakeCPU(e)
			}
			wg.Go(func() {
				for n := uint64(1); n <= 300; n++ {
					c.s.PC, c.s.X[1], c.s.X[2] = fakeBase, n, 0
					if x := c.Run(); x.Kind != Syscall || c.s.X[2] != n*(n+1)/2 {
						t.Errorf("n %d: %+v x2 = %d", n, x, c.s.X[2])
						return
					}
				}
				c.Close()
			})
		}
		wg.Wait()
		close(stop)
		bg.Wait()
	}
}

func TestLog(t *testing.T) {
	var out []string
	log := func(kind string) func(uint64, string) {
		return func(pc uint64, text string) { out = append(out, kind+text) }
	}
	execs := 0
	c, _ := newFake(t, Config{
		Log: Log{InAsm: log("in "), Op: log("op "), OpOpt: log("opt "), Exec: func(s *cpu.State, pc uint64) { execs++ }},
		Passes: []func(*ir.Block){func(b *ir.Block) {
			for i := range b.Insts {
				if b.Insts[i].Op == ir.OpAdd && b.Insts[i].B == ir.Imm {
					b.Insts[i].Imm *= 2
				}
			}
		}},
	}, code(insn(fAddi, 1, 1, 21), insn(fEcall, 0, 0, 0)))
	c.Run()
	enc := func(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
	want := fmt.Sprintf("in 0x10000:  %08x  insn\n0x10004:  %08x  insn\n", enc(insn(fAddi, 1, 1, 21)), enc(insn(fEcall, 0, 0, 0)))
	if c.s.X[1] != 42 || execs != 1 || len(out) != 3 || out[0] != want ||
		!strings.Contains(out[1], "x1 = add.i64 x1, #21") || !strings.Contains(out[2], "opt ") || !strings.Contains(out[2], "x1 = add.i64 x1, #42") {
		t.Errorf("x1 = %d, %d executions, %q", c.s.X[1], execs, out)
	}
}

func TestKindString(t *testing.T) {
	if Syscall.String() != "syscall" || Kind(0).String() != "kind?" || Illegal.String() != "illegal" {
		t.Error("names of kinds")
	}
}

func BenchmarkInterpret(b *testing.B) {
	c, _ := newFake(b, Config{}, sum)
	c.e.cfg.Verify = false
	b.ReportAllocs()
	for range b.N {
		c.s.PC, c.s.X[1] = fakeBase, 1000
		c.Run()
	}
	b.ReportMetric(3000*float64(b.N)/b.Elapsed().Seconds()/1e6, "Minsns/s")
}
