//go:build linux

package instrument

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

var magic = plugin.Numbers(nrMagic)

func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		in   plugin.Verdict
		want linux.Verdict
		by   string
	}{
		{plugin.Pass, linux.Verdict{Action: linux.Pass}, ""},
		{plugin.Return(7), linux.Verdict{Action: linux.Answer, Value: 7}, "p"},
		{plugin.Fail(abi.EPERM), linux.Verdict{Action: linux.Answer, Value: -1}, "p"},
		{plugin.Handled, linux.Verdict{Action: linux.Handled}, "p"},
		{plugin.Restart, linux.Verdict{Action: linux.Restart}, "p"},
		{plugin.JumpTo(1 << 63), linux.Verdict{Action: linux.Jump, PC: 1 << 63}, "p"},
		{plugin.Exit(3), linux.Verdict{Action: linux.Exit, Value: 3}, "p"},
		{plugin.Kill(abi.SIGSYS), linux.Verdict{Action: linux.Kill, Value: 31}, "p"},
	} {
		f := newFixture()
		f.host("p").FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { return tc.in })
		c := newCall(newTask(1), nrMagic)
		v, _ := f.dispatch(c)
		if v != tc.want || c.Filtered != tc.by {
			t.Errorf("%v: %+v by %q, want %+v", tc.in, v, c.Filtered, tc.want)
		}
	}
}

func TestOrder(t *testing.T) {
	f := newFixture()
	var order []string
	for _, name := range []string{"A", "B"} {
		h := f.host(name)
		h.OnSyscall(magic, func(*plugin.Call) { order = append(order, "entry "+name) })
		h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { order = append(order, "filter "+name); return plugin.Pass })
		h.OnSyscallReturn(magic, func(c *plugin.Call) { order = append(order, "return "+name) })
		h.OnExit(func(plugin.ExitInfo) { order = append(order, "exit "+name) })
	}
	f.dispatch(newCall(newTask(1), nrMagic))
	f.hooks.Exit(0, 0)
	f.hooks.Exit(0, 0) // once
	if got := strings.Join(order, ","); got != "entry B,entry A,filter B,filter A,return B,return A,exit B,exit A" {
		t.Errorf("order %s", got)
	}
}

// Access is on during each walk and off outside; a call made from within a callback does
// not end it, and has a view of its own.
func TestAccessAndNesting(t *testing.T) {
	f := newFixture()
	f.cfg.Regs = nil
	task := newTask(7)
	var outer *plugin.Call
	depth := 0
	h := f.host("p")
	h.FilterSyscalls(plugin.Numbers(nrMagic, nrMagic+1), func(c *plugin.Call) plugin.Verdict {
		if _, err := c.VCPU().PC(); err != nil {
			t.Errorf("no access in a filter: %v", err)
		}
		if c.Number() == nrMagic+1 {
			depth++
			if c == outer {
				t.Error("the nested call has the outer call's view")
			}
			return plugin.Return(2)
		}
		outer = c
		inner := newCall(task, nrMagic+1)
		if v, _ := f.dispatch(inner); v.Value != 2 {
			t.Errorf("nested call: %+v", v)
		}
		if c.Number() != nrMagic {
			t.Errorf("the outer call became %d", c.Number())
		}
		if err := c.VCPU().SetPC(0x44); err != nil {
			t.Errorf("access is gone after the nested call: %v", err)
		}
		return plugin.Return(1)
	})
	c := newCall(task, nrMagic)
	for range 2 {
		if v, _ := f.dispatch(c); v.Value != 1 {
			t.Errorf("%+v", v)
		}
	}
	if depth != 2 || task.St.PC != 0x44 {
		t.Errorf("depth %d, pc %#x", depth, task.St.PC)
	}
	if _, err := outer.VCPU().PC(); err != plugin.ErrNoAccess {
		t.Errorf("access outside: %v", err)
	}
	if outer.VCPU().TID() != 7 {
		t.Errorf("tid %d", outer.VCPU().TID())
	}
}

func TestCallView(t *testing.T) {
	f := newFixture()
	task := newTask(1)
	c := newCall(task, nrMagic)
	c.Args, c.PC, c.Elapsed = [8]uint64{1, 2, 3, 4, 5, 6, 7, 8}, 0x1004, 9
	h := f.host("p")
	h.FilterSyscalls(magic, func(c *plugin.Call) plugin.Verdict {
		if c.Args() != [8]uint64{1, 2, 3, 4, 5, 6, 7, 8} || c.PC() != 0x1004 {
			t.Errorf("arguments %v at %#x", c.Args(), c.PC())
		}
		c.SetArg(0, 11)
		c.SetPath(1, "/new")
		c.SetBytes(2, []byte("data"))
		return plugin.Pass
	})
	h.FilterSyscalls(magic, func(c *plugin.Call) plugin.Verdict {
		b, err := c.Bytes(2, 4)
		if c.Arg(0) != 11 || c.Path(1) != "/new" || string(b) != "data" || err != nil {
			t.Errorf("the next filter sees %d %q %q %v", c.Arg(0), c.Path(1), b, err)
		}
		return plugin.Fail(abi.EPERM)
	}, plugin.Priority(-1))
	h.OnSyscallReturn(magic, func(c *plugin.Call) {
		if v, done := c.Result(); v != -1 || !done || c.FilteredBy() != "p" || c.Elapsed() != 9 || c.Errno() != abi.EPERM {
			t.Errorf("return: %d %v by %q", v, done, c.FilteredBy())
		}
		c.SetResult(5)
	})
	f.dispatch(c)
	if c.Result != 5 || c.Args[0] != 11 {
		t.Errorf("result %d, argument %d", c.Result, c.Args[0])
	}
}

func TestRegisterAndRemoveInside(t *testing.T) {
	f := newFixture()
	h := f.host("p")
	var once sync.Once
	var regs [2]*plugin.Registration
	n := 0
	regs[0] = h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { n++; return plugin.Pass })
	regs[1] = h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict {
		once.Do(func() {
			regs[0].Remove()
			regs[1].Remove()
			h.FilterSyscalls(plugin.Numbers(nrGetpid), func(*plugin.Call) plugin.Verdict { return plugin.Return(11) })
		})
		return plugin.Pass
	})
	task := newTask(1)
	f.dispatch(newCall(task, nrMagic))
	if _, want := f.dispatch(newCall(task, nrMagic)); want != 0 || n != 0 {
		t.Errorf("removed filters: enable word %#x, asked %d times", want, n)
	}
	if v, _ := f.dispatch(newCall(task, nrGetpid)); v.Value != 11 {
		t.Errorf("the new filter: %+v", v)
	}
}

func TestPanics(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(h *plugin.Host, boom func())
		run  func(f *fixture)
		want string
	}{
		{"filter", func(h *plugin.Host, boom func()) {
			h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { boom(); return plugin.Pass })
		}, nil, "syscall filter of fake"},
		{"entry", func(h *plugin.Host, boom func()) { h.OnSyscall(magic, func(*plugin.Call) { boom() }) }, nil, "syscall of fake"},
		{"return", func(h *plugin.Host, boom func()) { h.OnSyscallReturn(magic, func(*plugin.Call) { boom() }) }, nil, "syscall return of fake"},
		{
			"start", func(h *plugin.Host, boom func()) { h.OnThreadStart(func(*plugin.VCPU) { boom() }) },
			func(f *fixture) { f.hooks.ThreadStart(newTask(1)) }, "thread start",
		},
		{
			"fork", func(h *plugin.Host, boom func()) { h.OnFork(func(*plugin.VCPU) { boom() }) },
			func(f *fixture) { f.hooks.Fork(newTask(1)) }, "fork",
		},
		{
			"exit", func(h *plugin.Host, boom func()) { h.OnExit(func(plugin.ExitInfo) { boom() }) },
			func(f *fixture) { f.hooks.Exit(0, 0) }, "exit",
		},
	} {
		for what, boom := range map[string]func(){
			": boom two lines":   func() { panic("boom\ntwo lines") },
			": nil function":     func() { panic(fmt.Errorf("nil function")) },
			": runtime error: ":  func() { var p *int; *p = 1 },
			"runtime.Goexit in ": func() { runtime.Goexit() },
		} {
			status := catchExit(t)
			f := newFixture()
			tc.do(f.host("mine"), boom)
			done := make(chan struct{})
			go func() { // for Goexit
				defer close(done)
				if tc.run != nil {
					tc.run(f)
				} else {
					f.dispatch(newCall(newTask(1), nrMagic))
				}
			}()
			<-done
			got := f.log.String()
			want := "weir: plugin mine: panic in " + tc.want + what
			if what[0] != ':' {
				want = "weir: plugin mine: " + what + tc.want
			}
			if *status != PanicStatus || !strings.HasPrefix(got, want) || !strings.Contains(got, " at syscall_test.go:") || strings.Count(got, "\n") != 1 {
				t.Errorf("%s, %s: status %d, report %q", tc.name, what, *status, got)
			}
		}
	}
}

// Threads make calls while callbacks come and go: for the race detector. A filter that is always
// there is never missed.
func TestConcurrent(t *testing.T) {
	f := newFixture()
	h := f.host("p")
	h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { return plugin.Return(1) }, plugin.Named("policy"))
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			task := newTask(i + 1)
			f.hooks.ThreadStart(task)
			defer f.hooks.ThreadExit(task)
			c := newCall(task, nrMagic)
			for !stop.Load() {
				if v, _ := f.dispatch(c); v.Value != 1 {
					t.Errorf("a call slipped through: %+v", v)
					return
				}
			}
		})
	}
	for range 300 {
		h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { return plugin.Return(1) }, plugin.Named("policy"))
		r := h.OnSyscall(magic, func(*plugin.Call) {})
		h.VCPUs()
		r.Remove()
	}
	stop.Store(true)
	wg.Wait()
	if n := len(h.VCPUs()); n != 0 {
		t.Errorf("%d threads left", n)
	}
}

// What one passing filter costs, on top of a call that nobody listens to.
func BenchmarkFilterPass(b *testing.B) {
	for _, n := range []int{1, 2, 8} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := newFixture()
			for range n {
				f.host("p").FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { return plugin.Pass })
			}
			c := newCall(newTask(1), nrMagic)
			b.ReportAllocs()
			for b.Loop() {
				f.hooks.Filter(c)
			}
		})
	}
}

// A filter for other numbers that share the last enable word.
func BenchmarkFilterOtherNumber(b *testing.B) {
	f := newFixture()
	f.host("p").FilterSyscalls(plugin.Numbers(nrMagic+1), func(*plugin.Call) plugin.Verdict { return plugin.Pass })
	c := newCall(newTask(1), nrMagic)
	for b.Loop() {
		f.hooks.Filter(c)
	}
}

func BenchmarkRegister(b *testing.B) {
	f := newFixture()
	for b.Loop() {
		f.host("p").FilterSyscalls(plugin.AllSyscalls, func(*plugin.Call) plugin.Verdict { return plugin.Pass }).Remove()
	}
}
