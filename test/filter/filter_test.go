//go:build linux

package filter

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var magic = plugin.Numbers(nrMagic)

// S-01: the filter is an event of its own; all events fit one 32-bit mask.
func TestS01OwnEvent(t *testing.T) {
	seen := map[plugin.Event]bool{}
	for e := range plugin.NumEvents {
		if seen[e] || e.String() == "" {
			t.Errorf("event %d is not distinct or has no name", e)
		}
		seen[e] = true
	}
	if plugin.NumEvents > 32 || plugin.EventSyscallFilter == plugin.EventSyscall || plugin.EventSyscallFilter == plugin.EventSyscallReturn {
		t.Errorf("%d events", plugin.NumEvents)
	}
}

// S-02: registering needs no instrumentation: the translated code is the same.
func TestS02NoInstrumentation(t *testing.T) {
	counts := func(ps ...plugin.Plugin) uint64 {
		r := run(t, config(ps...), "calls", "OUT", call(nrGetpid))
		if r.err != nil {
			t.Fatal(r.err)
		}
		return r.stats.Instructions
	}
	pass := filter(plugin.AllSyscalls, func(*plugin.Call) plugin.Verdict { return plugin.Pass })
	// The program's start differs by a few blocks from run to run.
	plain, filtered := min(counts(), counts(), counts()), min(counts(pass), counts(pass), counts(pass))
	if plain == 0 {
		t.Fatal("nothing was translated")
	}
	if diff := int64(filtered) - int64(plain); diff < -64 || diff > 64 {
		t.Errorf("%d guest instructions translated without a filter, %d with one", plain, filtered)
	}
}

// S-03: the callback gets vCPU, number and eight arguments, the last two zero here.
func TestS03Input(t *testing.T) {
	var got [plugin.NumArgs]uint64
	var nr abi.Sysno
	var index, tid int
	p := filter(magic, func(c *plugin.Call) plugin.Verdict {
		got, nr, index, tid = c.Args(), c.Number(), c.VCPU().Index(), c.VCPU().TID()
		return plugin.Return(0)
	})
	calls(t, []plugin.Plugin{p}, call(nrMagic, 1, 2, 3, 4, 5, "0xffffffffffffffff"))
	equal(t, "arguments", got, [8]uint64{1, 2, 3, 4, 5, ^uint64(0), 0, 0})
	equal(t, "number", nr, nrMagic)
	equal(t, "vCPU index", index, 0)
	if tid <= 0 {
		t.Errorf("tid %d", tid)
	}
}

// S-04: a verdict other than Pass means "handled, stop", Pass means "not mine".
func TestS04Verdict(t *testing.T) {
	p := filter(plugin.Numbers(nrMagic, nrMagic+1), func(c *plugin.Call) plugin.Verdict {
		if c.Number() == nrMagic {
			return plugin.Return(7)
		}
		return plugin.Pass
	})
	equal(t, "results", calls(t, []plugin.Plugin{p}, call(nrMagic), call(nrMagic+1)), []int64{7, errno(abi.ENOSYS)})
}

// S-05: the first that answers wins; later filters and the handler do not run.
func TestS05FirstTrueWins(t *testing.T) {
	asked := 0
	late := filter(plugin.Numbers(nrGetpid), func(*plugin.Call) plugin.Verdict { asked++; return plugin.Return(1) })
	early := filter(plugin.Numbers(nrGetpid), func(*plugin.Call) plugin.Verdict { return plugin.Return(2) })
	equal(t, "results", calls(t, []plugin.Plugin{late, early}, call(nrGetpid)), []int64{2})
	equal(t, "later filter asked", asked, 0)
}

// S-06: if all pass, or there is none, the handler runs with the call as it was.
func TestS06AllPass(t *testing.T) {
	n := 0
	pass := filter(plugin.Numbers(nrGetpid), func(*plugin.Call) plugin.Verdict { n++; return plugin.Pass })
	pid := int64(os.Getpid())
	equal(t, "with passing filters", calls(t, []plugin.Plugin{pass, pass}, call(nrGetpid)), []int64{pid})
	equal(t, "without", calls(t, nil, call(nrGetpid)), []int64{pid})
	if n != 2 {
		t.Errorf("filters asked %d times, want 2", n)
	}
}

// S-07: the plugin registered last is asked first, for every event.
func TestS07LastRegisteredFirst(t *testing.T) {
	var order []string
	mk := func(name string) plugin.Plugin {
		return install(func(h *plugin.Host) {
			h.OnSyscall(magic, func(*plugin.Call) { order = append(order, "entry "+name) })
			h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { order = append(order, "filter "+name); return plugin.Pass })
			h.OnSyscallReturn(magic, func(*plugin.Call) { order = append(order, "return "+name) })
			h.OnExit(func(plugin.ExitInfo) { order = append(order, "exit "+name) })
		})
	}
	calls(t, []plugin.Plugin{mk("A"), mk("B")}, call(nrMagic))
	equal(t, "order", strings.Join(order, ","), "entry B,entry A,filter B,filter A,return B,return A,exit B,exit A")
}

// S-08: registering the same name again replaces the callback and keeps its
// place; nil removes it. Without a name each registration is its own.
func TestS08Replace(t *testing.T) {
	var order []string
	note := func(s string) func(*plugin.Call) plugin.Verdict {
		return func(*plugin.Call) plugin.Verdict { order = append(order, s); return plugin.Pass }
	}
	p := install(func(h *plugin.Host) {
		h.FilterSyscalls(magic, note("old"), plugin.Named("x"))
		h.FilterSyscalls(magic, note("other"))
		h.FilterSyscalls(magic, note("gone"), plugin.Named("y"))
		h.FilterSyscalls(magic, note("new"), plugin.Named("x"))
		h.FilterSyscalls(magic, nil, plugin.Named("y"))
		h.FilterSyscalls(magic, note("second"))
	})
	calls(t, []plugin.Plugin{p}, call(nrMagic))
	equal(t, "order", strings.Join(order, ","), "second,other,new")
}

// S-09: nobody listening costs one test of an enable word: no call state is made.
func TestS09NoListenerNoCost(t *testing.T) {
	asked := 0
	p := filter(plugin.Numbers(nrGetppid), func(*plugin.Call) plugin.Verdict { asked++; return plugin.Pass })
	calls(t, []plugin.Plugin{p}, call(nrGetpid), call(nrGetuid), call(nrMagic))
	equal(t, "asked for other numbers", asked, 0)
}

// S-10, S-35: a filter registered while vCPUs run, from inside another callback,
// takes effect at the next call.
func TestS10TakesEffectNextCall(t *testing.T) {
	p := install(func(h *plugin.Host) {
		var once sync.Once
		h.OnSyscallReturn(magic, func(*plugin.Call) {
			once.Do(func() {
				h.FilterSyscalls(plugin.Numbers(nrGetpid), func(*plugin.Call) plugin.Verdict { return plugin.Return(11) })
			})
		})
	})
	got := calls(t, []plugin.Plugin{p}, call(nrGetpid), call(nrMagic), call(nrGetpid))
	equal(t, "results", got, []int64{int64(os.Getpid()), errno(abi.ENOSYS), 11})
}

// S-11: registers can be read and written during the filter, not afterwards.
func TestS11RegisterAccess(t *testing.T) {
	var v *plugin.VCPU
	p := filter(magic, func(c *plugin.Call) plugin.Verdict {
		v = c.VCPU()
		if x, err := v.Reg("s2"); err != nil || x != 102 {
			t.Errorf("s2 = %d, %v", x, err)
		}
		if x, err := v.Reg("x19"); err != nil || x != 103 {
			t.Errorf("x19 = %d, %v", x, err)
		}
		if err := v.SetReg("s4", 4444); err != nil {
			t.Error(err)
		}
		if _, err := v.Reg("nonsense"); err != plugin.ErrNoRegister {
			t.Errorf("unknown register: %v", err)
		}
		return plugin.Return(1)
	})
	r := run(t, config(p), "regs", "OUT", "4096")
	if r.err != nil || len(r.words) != 17 {
		t.Fatalf("%v %v", r.err, r.words)
	}
	equal(t, "s2-s4", r.words[:3], []int64{102, 103, 4444})
	if _, err := v.Reg("s2"); err != plugin.ErrNoAccess {
		t.Errorf("read outside a callback: %v", err)
	}
	if err := v.SetReg("s2", 1); err != plugin.ErrNoAccess {
		t.Errorf("write outside a callback: %v", err)
	}
	if err := v.ReadMem(0x10000, make([]byte, 1)); err != plugin.ErrNoAccess {
		t.Errorf("memory outside a callback: %v", err)
	}
}

// S-12: what a passing filter changed is seen by the next one and by the guest.
func TestS12ChangesOfPassingFilter(t *testing.T) {
	second := filter(magic, func(c *plugin.Call) plugin.Verdict {
		if x, _ := c.VCPU().Reg("s3"); x != 3333 {
			t.Errorf("second filter sees s3 = %d", x)
		}
		return plugin.Pass
	})
	first := filter(magic, func(c *plugin.Call) plugin.Verdict {
		if err := c.VCPU().SetReg("s3", 3333); err != nil {
			t.Error(err)
		}
		return plugin.Pass
	})
	r := run(t, config(second, first), "regs", "OUT", "4096")
	equal(t, "s3 in the guest", r.words[1], 3333)
	equal(t, "a0", r.words[10], errno(abi.ENOSYS))
}

// S-13: guest memory is readable and writable; failure is an error, not a crash.
func TestS13Memory(t *testing.T) {
	p := filter(magic, func(c *plugin.Call) plugin.Verdict {
		v := c.VCPU()
		s, err := v.CString(c.Arg(0), 100)
		if err != nil || s != "hello" {
			t.Errorf("string %q, %v", s, err)
		}
		if err := v.WriteMem(c.Arg(0), []byte("HELLO")); err != nil {
			t.Error(err)
		}
		b := make([]byte, 6)
		if err := v.ReadMem(c.Arg(0), b); err != nil || string(b) != "HELLO\x00" {
			t.Errorf("memory %q, %v", b, err)
		}
		if err := v.ReadMem(8, b); err != plugin.ErrFault {
			t.Errorf("unmapped read: %v", err)
		}
		if err := v.WriteMem(8, b); err != plugin.ErrFault {
			t.Errorf("unmapped write: %v", err)
		}
		if _, err := v.CString(8, 10); err == nil {
			t.Error("unmapped string is no error")
		}
		return plugin.Return(0)
	})
	calls(t, []plugin.Plugin{p}, call(nrMagic, "s:hello"))
}

// S-14: removing callbacks during the walk is safe, one's own included; the walk goes on.
func TestS14RemoveDuringWalk(t *testing.T) {
	var order []string
	var regs [3]*plugin.Registration
	p := install(func(h *plugin.Host) {
		for i := range regs {
			regs[i] = h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict {
				order = append(order, string(rune('a'+i)))
				if i == 2 { // asked first: removes itself and the next
					regs[2].Remove()
					regs[1].Remove()
					regs[1].Remove()
				}
				return plugin.Pass
			})
		}
	})
	calls(t, []plugin.Plugin{p}, call(nrMagic), call(nrMagic))
	equal(t, "order", strings.Join(order, ""), "caa")
}

// S-15: entry event, strace line, filter, handler, strace result, return event, result register.
func TestS15Order(t *testing.T) {
	var r result
	var order []string
	trace := new(syncLog)
	cfg := config(install(func(h *plugin.Host) {
		h.OnSyscall(magic, func(c *plugin.Call) {
			_, done := c.Result()
			order = append(order, "entry")
			equal(t, "done at entry", done, false)
			if strings.Contains(trace.String(), "syscall_4096") {
				t.Error("strace's line is there at entry")
			}
		})
		h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict {
			order = append(order, "filter")
			if s := trace.String(); !strings.HasSuffix(s, "syscall_4096(0x4d, 0x0, 0x0, 0x0, 0x0, 0x0") {
				t.Errorf("strace's line is not there, or has a result, when the filter is asked:\n%s", s)
			}
			return plugin.Return(5)
		})
		h.OnSyscallReturn(magic, func(c *plugin.Call) {
			v, done := c.Result()
			a0, _ := c.VCPU().Reg("a0")
			order = append(order, "return")
			if s := trace.String(); !strings.Contains(s, "syscall_4096(0x4d, 0x0, 0x0, 0x0, 0x0, 0x0) = 5") {
				t.Errorf("strace's result is not there at return:\n%s", s)
			}
			equal(t, "result at return", v, 5)
			equal(t, "done at return", done, true)
			equal(t, "a0 before the result is written", a0, 77)
		})
	}))
	cfg.Strace, cfg.Log = true, trace
	r = run(t, cfg, "calls", "OUT", call(nrMagic, 77))
	equal(t, "order", order, []string{"entry", "filter", "return"})
	equal(t, "result", r.words, []int64{5})
}

// S-16: tracing sees filtered calls, with the filter's result.
func TestS16TracingSeesFiltered(t *testing.T) {
	var got int64
	var by string
	entries := 0
	tracer := install(func(h *plugin.Host) {
		h.OnSyscall(plugin.Numbers(nrGetpid), func(*plugin.Call) { entries++ })
		h.OnSyscallReturn(plugin.Numbers(nrGetpid), func(c *plugin.Call) { got, _ = c.Result(); by = c.FilteredBy() })
	})
	f := filter(plugin.Numbers(nrGetpid), func(*plugin.Call) plugin.Verdict { return plugin.Return(42) })
	cfg := config(tracer, f)
	cfg.Strace = true
	r := run(t, cfg, "calls", "OUT", call(nrGetpid))
	equal(t, "entries", entries, 1)
	equal(t, "result in the return event", got, 42)
	equal(t, "answered by", by, "p1")
	if !strings.Contains(r.log, "getpid() ") || !strings.Contains(r.log, "= 42") {
		t.Errorf("strace:\n%s", r.log)
	}
}

// S-17: a debugger's catch points come before the filter decides: entry events,
// which are what they rest on, fire for calls that a filter answers.
func TestS17EntryBeforeFilter(t *testing.T) {
	var order []string
	p := install(func(h *plugin.Host) {
		h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { order = append(order, "filter"); return plugin.Return(0) })
		h.OnSyscall(magic, func(*plugin.Call) { order = append(order, "catch entry") }, plugin.Priority(-100))
		h.OnSyscallReturn(magic, func(*plugin.Call) { order = append(order, "catch return") }, plugin.Priority(100))
	})
	calls(t, []plugin.Plugin{p}, call(nrMagic))
	equal(t, "order", order, []string{"catch entry", "filter", "catch return"})
}

// S-18: each verdict has its own value; nothing is left over from an earlier filter.
func TestS18FreshResult(t *testing.T) {
	second := filter(magic, func(c *plugin.Call) plugin.Verdict {
		if v, done := c.Result(); v != 0 || done {
			t.Errorf("a filter sees result %d, %v", v, done)
		}
		return plugin.Return(0)
	})
	first := filter(magic, func(c *plugin.Call) plugin.Verdict {
		c.SetResult(99) // has no effect before there is a result
		return plugin.Pass
	})
	equal(t, "result", calls(t, []plugin.Plugin{second, first}, call(nrMagic)), []int64{0})
}

// S-20: a result from -4095 to -1 is the guest's errno.
func TestS20ErrnoResults(t *testing.T) {
	p := filter(plugin.Numbers(nrMagic, nrMagic+1, nrMagic+2), func(c *plugin.Call) plugin.Verdict {
		switch c.Number() {
		case nrMagic:
			return plugin.Fail(abi.EDQUOT)
		case nrMagic + 1:
			return plugin.Return(-4095)
		}
		return plugin.Return(-4096)
	})
	equal(t, "results", calls(t, []plugin.Plugin{p}, call(nrMagic), call(nrMagic+1), call(nrMagic+2)), []int64{-122, -4095, -4096})
}

// S-21: Restart executes the instruction again, filters included; Handled and JumpTo leave the registers.
func TestS21SpecialResults(t *testing.T) {
	tries := 0
	p := filter(magic, func(c *plugin.Call) plugin.Verdict {
		if tries++; tries < 4 {
			return plugin.Restart
		}
		return plugin.Return(int64(tries))
	})
	equal(t, "restarted", calls(t, []plugin.Plugin{p}, call(nrMagic)), []int64{4})

	handled := filter(magic, func(c *plugin.Call) plugin.Verdict {
		if err := c.VCPU().SetReg("a0", 1234); err != nil {
			t.Error(err)
		}
		return plugin.Handled
	})
	equal(t, "handled", calls(t, []plugin.Plugin{handled}, call(nrMagic, 55)), []int64{1234})

	jump := filter(magic, func(c *plugin.Call) plugin.Verdict { return plugin.JumpTo(c.PC()) })
	equal(t, "jump", calls(t, []plugin.Plugin{jump}, call(nrMagic, 55)), []int64{55})
}

// S-22: an ordinary result overwrites the result register even if the filter wrote it.
func TestS22ResultWins(t *testing.T) {
	p := filter(magic, func(c *plugin.Call) plugin.Verdict {
		if err := c.VCPU().SetReg("a0", 1); err != nil {
			t.Error(err)
		}
		return plugin.Return(2)
	})
	equal(t, "result", calls(t, []plugin.Plugin{p}, call(nrMagic)), []int64{2})
}

// S-23: the pc in a filter is already after the syscall instruction.
func TestS23PC(t *testing.T) {
	var pc, reg uint64
	p := filter(magic, func(c *plugin.Call) plugin.Verdict {
		pc = c.PC()
		reg, _ = c.VCPU().Reg("pc")
		return plugin.Return(0)
	})
	r := run(t, config(p), "pcs", "OUT", "4096")
	if r.err != nil || len(r.words) != 2 {
		t.Fatalf("%v %v", r.err, r.words)
	}
	equal(t, "pc", []uint64{pc, reg}, []uint64{uint64(r.words[0]), uint64(r.words[0])})
}

// S-24: arguments are captured first: changing registers does not change what filters and handler get.
func TestS24ArgumentsCaptured(t *testing.T) {
	tracer := install(func(h *plugin.Host) {
		h.OnSyscall(plugin.Numbers(nrClose), func(c *plugin.Call) {
			if err := c.VCPU().SetReg("a0", 1); err != nil {
				t.Error(err)
			}
		})
	})
	var seen uint64
	f := filter(plugin.Numbers(nrClose), func(c *plugin.Call) plugin.Verdict { seen = c.Arg(0); return plugin.Pass })
	got := calls(t, []plugin.Plugin{tracer, f}, call(nrClose, 77777))
	equal(t, "argument", seen, 77777)
	equal(t, "result", got, []int64{errno(abi.EBADF)})
}

// S-25: a call that never returns has entry and filter but no return event; a
// fork returns in parent and child, a thread only in its creator.
func TestS25NoReturn(t *testing.T) {
	var mu sync.Mutex
	count := map[string]int{}
	p := install(func(h *plugin.Host) {
		note := func(s string) { mu.Lock(); count[s]++; mu.Unlock() }
		h.OnSyscall(plugin.Syscalls("exit_group"), func(*plugin.Call) { note("entry") })
		h.FilterSyscalls(plugin.Syscalls("exit_group"), func(*plugin.Call) plugin.Verdict { note("filter"); return plugin.Pass })
		h.OnSyscallReturn(plugin.Syscalls("exit_group"), func(*plugin.Call) { note("return") })
		h.OnSyscallReturn(plugin.Syscalls("clone", "clone3"), func(c *plugin.Call) {
			if v, _ := c.Result(); v > 0 {
				note("clone")
			}
		})
	})
	if r := run(t, config(p), "thread", "OUT"); r.err != nil {
		t.Fatal(r.err)
	}
	equal(t, "events", count, map[string]int{"entry": 1, "filter": 1, "clone": 1})
}

// S-25, fork: the child has a return event with result 0.
func TestS25ForkReturnsTwice(t *testing.T) {
	var p [2]int
	pipe(t, &p)
	pl := install(func(h *plugin.Host) {
		h.OnSyscallReturn(plugin.Syscalls("clone"), func(c *plugin.Call) {
			v, _ := c.Result()
			b := []byte{'P'}
			if v == 0 {
				b[0] = 'C'
			}
			writeAll(p[1], b)
		})
	})
	if r := run(t, config(pl), "fork", "OUT"); r.err != nil {
		t.Fatal(r.err)
	}
	got := readAvailable(t, p)
	if strings.Count(got, "P") != 1 || strings.Count(got, "C") != 1 || len(got) != 2 {
		t.Errorf("return events %q, want one P and one C", got)
	}
}

// S-26: an interrupted and restarted call is dispatched again; the interrupted try is named so.
func TestS26Restarted(t *testing.T) {
	var asked, restarted, ended atomic.Int64
	p := install(func(h *plugin.Host) {
		on := func(c *plugin.Call) bool { return c.Arg(2) == 1 }
		h.FilterSyscalls(plugin.Syscalls("read"), func(c *plugin.Call) plugin.Verdict {
			if on(c) {
				asked.Add(1)
			}
			return plugin.Pass
		})
		h.OnSyscallReturn(plugin.Syscalls("read"), func(c *plugin.Call) {
			if !on(c) {
				return
			}
			if c.Restarted() {
				restarted.Add(1)
			} else {
				ended.Add(1)
			}
		})
	})
	r := run(t, config(p), "eintr", "OUT")
	equal(t, "read", r.words, []int64{1})
	if asked.Load() < 2 || restarted.Load() != asked.Load()-1 || ended.Load() != 1 {
		t.Errorf("asked %d, restarted %d, ended %d", asked.Load(), restarted.Load(), ended.Load())
	}
}

// S-27: calls through the vDSO reach a filter that wants them.
func TestS27VDSOCallsAreSeen(t *testing.T) {
	var n atomic.Int64
	p := filter(plugin.Syscalls("clock_gettime"), func(*plugin.Call) plugin.Verdict { n.Add(1); return plugin.Pass })
	if r := run(t, config(p), "spin", "5"); r.err != nil {
		t.Fatal(r.err)
	}
	if n.Load() < 2 {
		t.Errorf("the filter saw %d clock_gettime calls", n.Load())
	}
}

// S-31, S-32 and S-29, S-30 are about builds: see TestS29S30S31 in build_test.go.

// S-32: the filter is part of the API version that is declared.
func TestS32APIVersion(t *testing.T) {
	if plugin.APIVersion < 1 {
		t.Errorf("API version %d", plugin.APIVersion)
	}
}

// S-34: filters of several vCPUs run at the same time, may block, and hold no lock of Weir's.
func TestS34Concurrent(t *testing.T) {
	var inside, most atomic.Int64
	p := filter(plugin.Syscalls("openat", "close"), func(*plugin.Call) plugin.Verdict {
		n := inside.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(200 * time.Microsecond)
		inside.Add(-1)
		return plugin.Pass
	})
	q := install(func(h *plugin.Host) {
		// A second guest thread makes calls while the first one's filter sleeps.
		h.FilterSyscalls(plugin.Syscalls("futex"), func(*plugin.Call) plugin.Verdict { return plugin.Pass })
	})
	if r := run(t, config(p, q), "storm", "OUT", "4", "50"); r.err != nil {
		t.Fatal(r.err)
	}
	if most.Load() < 2 {
		t.Errorf("at most %d filters ran at once", most.Load())
	}
}

// S-35: registering is allowed inside any callback.
func TestS35RegisterInside(t *testing.T) {
	p := install(func(h *plugin.Host) {
		var once sync.Once
		h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict {
			once.Do(func() {
				h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { return plugin.Return(35) })
				h.OnSyscall(magic, func(*plugin.Call) {})
			})
			return plugin.Pass
		})
	})
	equal(t, "results", calls(t, []plugin.Plugin{p}, call(nrMagic), call(nrMagic)), []int64{errno(abi.ENOSYS), 35})
}
