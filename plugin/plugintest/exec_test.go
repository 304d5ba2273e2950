package plugintest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

func load(addr abi.Addr, v uint64) plugin.Access {
	return plugin.NewAccess(addr, plugin.NewMemInfo(8, false, false, false), v, 0)
}

func store(addr abi.Addr, v uint64) plugin.Access {
	return plugin.NewAccess(addr, plugin.NewMemInfo(4, true, false, true), v, 0)
}

// A block is executed in Weir's order, with what was registered on it.
func TestExec(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	n, mem := plugin.NewCounter(h), plugin.NewCounter(h)
	var got []string
	note := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
	h.OnTranslate(func(b *plugin.Block) {
		note("translate %#x %d", b.PC(), b.Len())
		b.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) {
			pc, err := v.PC()
			note("block %#x %v", pc, err)
			if v.SetReg("a0", 1) != plugin.ErrNoAccess {
				t.Error("a register was written")
			}
		})
		for _, i := range b.Insns {
			i.Add(n, 2)
			i.OnExecIf(n.GT(2), plugin.NoRegs, func(*plugin.VCPU) { note("cond") })
			i.AddOnMem(plugin.MemRead, mem, 10)
			i.OnMem(plugin.MemReadWrite, plugin.NoRegs, func(_ *plugin.VCPU, a plugin.Access) {
				note("mem %#x %d %d %v", a.Addr, a.Value(), a.Size(), a.IsStore())
			})
		}
	})
	b := g.Code(0x4000, plugintest.Insn{}, plugintest.Insn{Text: "amo", Class: plugin.ClassAtomic, Mem: []plugin.Access{load(8, 1), store(8, 2)}})
	g.Main().Exec(b)
	want := "translate 0x4000 2|block 0x4000 <nil>|cond|mem 0x8 1 8 false|mem 0x8 2 4 true"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	if n.Sum() != 4 || mem.Sum() != 10 {
		t.Errorf("counters %d %d", n.Sum(), mem.Sum())
	}
	v := g.Main().VCPU()
	v.SetAccess(plugin.ReadRegs)
	if pc, _ := v.PC(); pc != 0x4008 {
		t.Errorf("pc %#x", pc)
	}
}

// The pc stops what comes after it.
func TestExecJump(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	n := plugin.NewCounter(h)
	h.OnTranslate(func(b *plugin.Block) {
		b.Insn(1).OnExec(plugin.SetPC, func(v *plugin.VCPU) {
			if err := v.SetPC(0x9000); err != nil {
				t.Error(err)
			}
		})
		b.Insn(0).Add(n, 1)
		b.Insn(1).Add(n, 1)
		b.Insn(2).Add(n, 1)
	})
	g.Main().Exec(g.Code(0, plugintest.Insn{}, plugintest.Insn{}, plugintest.Insn{}))
	v := g.Main().VCPU()
	v.SetAccess(plugin.ReadRegs)
	if pc, _ := v.PC(); pc != 0x9000 || n.Sum() != 1 {
		t.Errorf("pc %#x, %d instructions", pc, n.Sum())
	}
}

// So does the end of the process.
func TestExecExit(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	n := plugin.NewCounter(h)
	var ends []plugin.ExitInfo
	h.OnExit(func(i plugin.ExitInfo) { ends = append(ends, i) })
	h.OnTranslate(func(b *plugin.Block) {
		b.Insn(0).Add(n, 1)
		b.Insn(1).OnExec(plugin.SetPC, func(v *plugin.VCPU) {
			if err := v.Exit(0x107); err != nil {
				t.Error(err)
			}
		})
		b.Insn(1).Add(n, 1)
	})
	g.Main().Exec(g.Code(0, plugintest.Insn{}, plugintest.Insn{}))
	if n.Sum() != 1 || !g.Exited() || len(ends) != 1 || ends[0] != (plugin.ExitInfo{Status: 7}) {
		t.Errorf("%d instructions, ended %v with %v", n.Sum(), g.Exited(), ends)
	}
}

// Translations are made anew when registrations change, and after a flush.
func TestRetranslation(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	translations, flushes := 0, 0
	h.OnFlush(func() { flushes++ })
	r := h.OnTranslate(func(*plugin.Block) { translations++ })
	b := g.Code(0, plugintest.Insn{})
	for _, step := range []func(){func() {}, func() {}, func() { g.Flush() }, func() { h.OnTranslate(func(*plugin.Block) {}) }} {
		step()
		g.Main().Exec(b)
	}
	if translations != 3 || flushes != 1 {
		t.Errorf("%d translations, %d flushes", translations, flushes)
	}
	r.Remove()
	g.Main().Exec(b)
	if translations != 3 {
		t.Error("translated for a callback that was removed")
	}
}

func TestResetAndUninstall(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	var calls []string
	h.OnThreadStart(func(*plugin.VCPU) { calls = append(calls, "first") })
	h.Reset(func() {
		h.OnThreadStart(func(*plugin.VCPU) { calls = append(calls, "second") })
	})
	g.Thread()
	h.Uninstall(func() { calls = append(calls, "gone") })
	h.Uninstall(func() { calls = append(calls, "again") })
	h.OnThreadStart(func(*plugin.VCPU) { calls = append(calls, "late") })
	g.Thread()
	if !slices.Equal(calls, []string{"second", "gone"}) {
		t.Errorf("calls %v", calls)
	}
}

// Records come in batches, the rest at the end of the thread and the process.
func TestMemTrace(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	var batches []int
	var last plugin.MemRecord
	tr := plugin.NewMemTrace(h, func(v *plugin.VCPU, list []plugin.MemRecord) {
		batches = append(batches, len(list))
		last = list[len(list)-1]
	})
	h.OnTranslate(func(b *plugin.Block) { b.Insn(0).TraceMem(plugin.MemWrite, tr) })
	b := g.Code(0x4000, plugintest.Insn{Mem: []plugin.Access{load(8, 1), store(16, 2)}})
	for range 70 {
		g.Main().Exec(b)
	}
	th := g.Thread()
	th.Exec(b)
	th.Exit()
	g.Exit(plugin.ExitInfo{})
	if !slices.Equal(batches, []int{64, 1, 6}) || last.PC != 0x4000 || last.Addr != 16 || last.Value != 2 || last.Size() != 4 || !last.IsStore() {
		t.Errorf("%v %+v", batches, last)
	}
}

func TestExecutionEvents(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	var got []string
	note := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
	h.OnMap(func(_ *plugin.VCPU, m plugin.Mapping) { note("map %#x %s", m.Addr, m.Path) })
	h.OnUnmap(func(_ *plugin.VCPU, a abi.Addr, n uint64) { note("unmap %#x %d", a, n) })
	h.OnLibrary(func(_ *plugin.VCPU, i plugin.Image) { note("library %s %d", i.Path, len(h.Libraries())) })
	h.OnSignal(func(_ *plugin.VCPU, s plugin.Signal) { note("signal %v", s.Signal) })
	h.OnDiscontinuity(plugin.Exception, func(_ *plugin.VCPU, d plugin.Discontinuity) { note("%v %#x", d.Type, d.To) })
	h.OnBlocked(func(*plugin.VCPU) { note("blocked") })
	h.OnResumed(func(*plugin.VCPU) { note("resumed") })
	h.OnExec(func(*plugin.VCPU) { note("exec %s", h.Image().Path) })
	h.OnThreadStart(func(v *plugin.VCPU) { note("start %d", v.Serial()) })
	m := g.Main()
	m.Map(plugin.Mapping{Addr: 0x1000, Path: "/x"})
	m.Library(plugin.Image{Path: "/lib/x.so", Start: 0x1000, End: 0x2000})
	m.Unmap(0x1000, 0x1000)
	m.Signal(plugin.Signal{Signal: abi.SIGUSR1, Handler: 0x5000})
	m.Signal(plugin.Signal{Signal: abi.SIGSEGV, Handler: 0x6000, Fault: true})
	m.Blocked()
	m.Resumed()
	g.Execve(plugin.Image{Path: "/bin/other"})
	want := "map 0x1000 /x|library /lib/x.so 1|unmap 0x1000 4096|signal SIGUSR1|signal SIGSEGV|exception 0x6000|blocked|resumed|exec /bin/other|start 1"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	if len(h.Libraries()) != 0 {
		t.Error("a library is left")
	}
}

func TestSymbolizer(t *testing.T) {
	g := plugintest.New()
	g.DefineSymbol(plugin.Symbol{Name: "main()", Raw: "_Zmain", Addr: 0x4000, Size: 8})
	g.DefineLine(0x4004, plugin.Line{File: "main.c", Line: 7})
	s := g.Host("p").Symbolizer()
	y, ok := s.At(0x4007)
	if _, late := s.At(0x4008); !ok || late || y.Name != "main()" {
		t.Errorf("%+v", y)
	}
	if y, ok := s.Find("_Zmain"); !ok || y.Addr != 0x4000 {
		t.Errorf("%+v", y)
	}
	if l, ok := s.Line(0x4004); !ok || l.Line != 7 {
		t.Errorf("%+v", l)
	}
}

func TestClock(t *testing.T) {
	g := plugintest.New()
	c, err := g.Host("p").Clock()
	if err != nil {
		t.Fatal(err)
	}
	c.Set(time.Second)
	c.Set(time.Millisecond)
	if c.Now() != time.Second {
		t.Errorf("the clock shows %v", c.Now())
	}
	if _, err := g.Host("q").Clock(); err != plugin.ErrClockTaken {
		t.Errorf("a second owner: %v", err)
	}
}
