//go:build linux

package hooks

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// caller calls guest functions by name.
type caller struct {
	t *testing.T
	h *plugin.Host
}

func (c caller) addr(name string) abi.Addr {
	s, ok := c.h.Symbolizer().Find(name)
	if !ok {
		c.t.Errorf("no symbol %s", name)
	}
	return s.Addr
}

func (c caller) call(v *plugin.VCPU, name string, want uint64, args ...uint64) {
	c.t.Helper()
	if r, err := v.Call(c.addr(name), args...); err != nil || r != want {
		c.t.Errorf("%s%v = %d, %v; want %d", name, args, r, err, want)
	}
}

// fails expects an error.
func (c caller) fails(v *plugin.VCPU, name string, want error, args ...uint64) {
	c.t.Helper()
	if r, err := v.Call(c.addr(name), args...); !errors.Is(err, want) {
		c.t.Errorf("%s%v = %d, %v; want %v", name, args, r, err, want)
	}
}

// place is a kind of callback from which functions are called.
type place struct {
	name string
	arg  string // of the guest
	set  func(h *plugin.Host, f func(v *plugin.VCPU))
	out  string
}

// inHere registers f for the instructions of hk_here.
func inHere(h *plugin.Host, f func(*plugin.Insn)) {
	h.OnTranslate(func(b *plugin.Block) {
		for _, i := range b.Insns {
			if s, ok := i.Symbol(); ok && s.Raw == "hk_here" {
				f(i)
			}
		}
	})
}

var places = []place{
	{"filter", "syscall", func(h *plugin.Host, f func(*plugin.VCPU)) {
		h.FilterSyscalls(plugin.Numbers(4096), func(c *plugin.Call) plugin.Verdict { f(c.VCPU()); return plugin.Return(5) })
	}, "5\n"},
	{"entry", "syscall", func(h *plugin.Host, f func(*plugin.VCPU)) {
		h.FilterSyscalls(plugin.Numbers(4096), func(c *plugin.Call) plugin.Verdict { return plugin.Return(int64(c.Arg(0))) })
		h.OnSyscall(plugin.Numbers(4096), func(c *plugin.Call) { f(c.VCPU()) })
	}, "3\n"},
	{"return", "syscall", func(h *plugin.Host, f func(*plugin.VCPU)) {
		h.FilterSyscalls(plugin.Numbers(4096), func(c *plugin.Call) plugin.Verdict { return plugin.Return(6) })
		h.OnSyscallReturn(plugin.Numbers(4096), func(c *plugin.Call) { f(c.VCPU()) })
	}, "6\n"},
	{"function", "here", func(h *plugin.Host, f func(*plugin.VCPU)) {
		h.OnFunction("hk_here", plugin.Watch{Entry: func(fr *plugin.Frame) { f(fr.VCPU()) }})
	}, "20\n"},
	{"function exit", "here", func(h *plugin.Host, f func(*plugin.VCPU)) {
		h.OnFunction("hk_here", plugin.Watch{Exit: func(fr *plugin.Frame) { f(fr.VCPU()) }})
	}, "20\n"},
	{"instruction", "here", func(h *plugin.Host, f func(*plugin.VCPU)) {
		inHere(h, func(i *plugin.Insn) { i.OnExec(plugin.SetPC, f) })
	}, "20\n"},
	{"memory", "here", func(h *plugin.Host, f func(*plugin.VCPU)) {
		inHere(h, func(i *plugin.Insn) {
			i.OnMem(plugin.MemReadWrite, plugin.SetPC, func(v *plugin.VCPU, _ plugin.Access) { f(v) })
		})
	}, "20\n"},
	{"thread start", "thread", func(h *plugin.Host, f func(*plugin.VCPU)) {
		h.OnThreadStart(func(v *plugin.VCPU) {
			if v.TID() != os.Getpid() && h.Live() > 1 { // on the main thread the C library has not begun
				f(v)
			}
		})
	}, "joined\n"},
}

// Functions can be called from everywhere, with system calls and signals in them, and calls in calls.
func TestCall(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		for _, p := range places {
			t.Run(p.name, func(t *testing.T) {
				calls, deep := 0, 0
				r := run(t, cfg, guest(t), install(func(h *plugin.Host) {
					c := caller{t, h}
					h.OnFunction("hk_fact", plugin.Watch{Entry: func(f *plugin.Frame) {
						if deep++; f.Arg(0) == 3 {
							c.call(f.VCPU(), "hk_add", 9, 4, 5) // within a call, or two
						}
					}})
					p.set(h, func(v *plugin.VCPU) {
						calls++
						before, _ := v.Reg("a0")
						pc, _ := v.PC()
						c.call(v, "hk_fact", 120, 5)
						c.call(v, "hk_nine", 285, 1, 2, 3, 4, 5, 6, 7, 8, 9)
						c.call(v, "getpid", uint64(os.Getpid()))
						if p.name != "thread start" { // there signals are still blocked
							c.call(v, "hk_raise", uint64(2*calls+10-1), 10)
							c.call(v, "hk_raise", uint64(2*calls+10), 10)
						}
						if after, _ := v.Reg("a0"); after != before {
							t.Errorf("a0 was %#x, is %#x", before, after)
						}
						if at, _ := v.PC(); at != pc {
							t.Errorf("the pc was %#x, is %#x", pc, at)
						}
					})
				}), p.arg)
				tail := ""
				if p.name != "thread start" {
					tail = fmt.Sprintf("got %d\n", 2*calls)
				}
				if calls == 0 || r.status != 0 || r.signal != 0 || r.out != p.out+tail {
					t.Errorf("%d calls, %+v, want %q", calls, r, p.out+tail)
				}
				if deep != 5*calls {
					t.Errorf("%d entries in %d calls", deep, calls)
				}
			})
		}
	})
}

// Where the guest's state is not its own there are no calls, nor to what is no code of C's.
func TestNoCall(t *testing.T) {
	n := 0
	want(t, weir.Config{}, install(func(h *plugin.Host) {
		c := caller{t, h}
		h.OnMap(func(v *plugin.VCPU, _ plugin.Mapping) { n++; c.fails(v, "hk_add", plugin.ErrNoCall) })
		h.OnSignal(func(v *plugin.VCPU, _ plugin.Signal) { n++; c.fails(v, "hk_add", plugin.ErrNoCall) })
		inHere(h, func(i *plugin.Insn) {
			i.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) { n++; c.fails(v, "hk_add", plugin.ErrNoAccess) })
		})
		depth := 0
		h.OnFunction("hk_here", plugin.Watch{Entry: func(f *plugin.Frame) {
			if depth++; depth < 300 {
				switch _, err := f.VCPU().Call(f.Symbol().Addr, 1); {
				case err == nil:
				case depth != 201 || !errors.Is(err, plugin.ErrNoCall):
					t.Errorf("depth %d: %v", depth, err)
				default:
					n++
				}
			}
		}})
	}), "here", "20\ngot 0\n")
	if n < 4 {
		t.Errorf("%d refusals", n)
	}
}

// A thread, a process or the program may end within a call.
func TestEndInCall(t *testing.T) {
	if _, child := inChild(t); !child { // execve closes what the test has open
		return
	}
	each(t, func(t *testing.T, cfg weir.Config) {
		for _, tc := range []struct {
			arg, fn string
			want    result
		}{
			{"here", "hk_exit", result{status: 5}},
			{"syscall", "hk_exit", result{status: 5}},
			{"thread", "hk_thread_exit", result{out: "joined\n"}},
			{"ended", "hk_wait", result{status: 9}},
			{"ended", "hk_spin", result{status: 9}},
			{"here", "abort", result{signal: abi.SIGABRT}},
			{"here", "hk_exec", result{out: "42\n"}},
			{"syscall", "hk_exec", result{out: "42\n"}},
		} {
			t.Run(tc.arg+" "+tc.fn, func(t *testing.T) {
				var calls, after atomic.Int64
				r := run(t, cfg, guest(t), install(func(h *plugin.Host) {
					c := caller{t, h}
					f := func(v *plugin.VCPU) {
						calls.Add(1)
						c.fails(v, tc.fn, plugin.ErrExited, 5)
						c.fails(v, "hk_add", plugin.ErrExited, 5)
						after.Add(1)
					}
					h.OnFunction("hk_here", plugin.Watch{Entry: func(fr *plugin.Frame) { f(fr.VCPU()) }})
					h.FilterSyscalls(plugin.Numbers(4096), func(c *plugin.Call) plugin.Verdict {
						f(c.VCPU())
						return plugin.Exit(77)
					})
				}), tc.arg)
				if r != tc.want || calls.Load() != 1 || after.Load() != 1 {
					t.Errorf("%+v, %d calls, %d ended; want %+v", r, calls.Load(), after.Load(), tc.want)
				}
			})
		}
	})
}

// A longjmp beyond the call leaves nothing of what the callback was for.
func TestJumpOutOfCall(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		for _, arg := range []string{"jump", "jumpsys"} {
			calls := 0
			want(t, cfg, install(func(h *plugin.Host) {
				c := caller{t, h}
				f := func(v *plugin.VCPU) {
					calls++
					c.fails(v, "hk_throw", plugin.ErrUnwound, 4)
					c.fails(v, "hk_add", plugin.ErrUnwound, 4)
				}
				h.OnFunction("hk_here", plugin.Watch{Entry: func(fr *plugin.Frame) { f(fr.VCPU()) }})
				h.FilterSyscalls(plugin.Numbers(4096), func(c *plugin.Call) plugin.Verdict {
					f(c.VCPU())
					return plugin.Return(1)
				})
			}), arg, "caught\nafter\n")
			if calls != 1 {
				t.Errorf("%s: %d calls", arg, calls)
			}
			// A jump that stays within the call does no harm.
			want(t, cfg, install(func(h *plugin.Host) {
				c := caller{t, h}
				h.OnFunction("hk_here", plugin.Watch{Entry: func(fr *plugin.Frame) { c.call(fr.VCPU(), "hk_catch", ^uint64(0), 3) }})
			}), "here", "20\ngot 0\n")
		}
	})
}

// A fork within a call returns from it in both processes.
func TestForkInCall(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			out, child := inChild(t)
			if !child {
				if strings.Count(out, "result 7 <nil>\n") != 2 || strings.Count(out, "result 20 <nil>\n") != 0 {
					t.Errorf("%s", out)
				}
				return
			}
			cfg := e.cfg
			cfg.Path, cfg.Args = guest(t), []string{"here"}
			cfg.Plugins = []weir.Plugin{{Name: "p", Plugin: install(func(h *plugin.Host) {
				c := caller{t, h}
				h.OnFunction("hk_here", plugin.Watch{Entry: func(f *plugin.Frame) {
					r, err := f.VCPU().Call(c.addr("hk_fork"))
					fmt.Fprintf(h.Output(), "result %d %v\n", r, err)
					if r == 7 && os.Getpid() != h.Target().PID {
						t.Error("wrong process")
					}
					f.VCPU().Call(c.addr("hk_exit"), 7)
				}})
			})}}
			p, err := weir.Start(cfg)
			if err == nil {
				err = p.Wait()
			}
			var ee *weir.ExitError
			if !errors.As(err, &ee) || ee.Code != 7 {
				t.Error(err)
			}
		})
	}
}
