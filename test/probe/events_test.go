//go:build linux

package probe

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// at registers f before the first instruction of a function of the guest.
func at(h *plugin.Host, fn string, flags plugin.Flags, f func(v *plugin.VCPU)) {
	h.OnTranslate(func(b *plugin.Block) {
		for _, i := range b.Insns {
			if s, ok := i.Symbol(); ok && s.Raw == fn && s.Addr == i.PC() {
				i.OnExec(flags, f)
			}
		}
	})
}

// Arguments can be read and written at the entry of a function, by every name, and the result with them.
func TestRegisters(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		calls := 0
		p := install(func(h *plugin.Host) {
			at(h, "probe_magic", plugin.WriteRegs, func(v *plugin.VCPU) {
				calls++
				a0, err := v.Reg("a0")
				x10, err2 := v.X(10)
				pc, _ := v.PC()
				if err != nil || err2 != nil || a0 != 41 || x10 != 41 || pc != mustSym(t, h, "probe_magic") {
					t.Errorf("a0 %d %v, x10 %d %v, pc %#x", a0, err, x10, err2, pc)
				}
				if err := v.SetReg("a0", 20); err != nil {
					t.Error(err)
				}
				if err := v.SetPC(0); err != plugin.ErrNoAccess {
					t.Errorf("SetPC: %v", err)
				}
			})
		})
		if status, log := run(t, cfg, p, "magic", "41"); status != 21 || calls != 1 {
			t.Errorf("status %d, %d calls\n%s", status, calls, log)
		}
	})
}

// Access is what was asked for, and none outside.
func TestFlags(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var got []string
		var last *plugin.VCPU
		p := install(func(h *plugin.Host) {
			for _, fl := range []plugin.Flags{plugin.NoRegs, plugin.ReadRegs, plugin.WriteRegs, plugin.SetPC} {
				at(h, "probe_magic", fl, func(v *plugin.VCPU) {
					last = v
					s := fmt.Sprint(int(fl))
					x, err := v.X(10)
					if err == nil {
						s += "r"
					}
					var b [1]byte
					if v.ReadMem(mustSym(t, h, "probe_data"), b[:]) == nil {
						s += "m"
					}
					if v.SetReg("a0", x) == nil {
						s += "w"
					}
					if v.WriteMem(mustSym(t, h, "probe_data"), b[:]) == nil {
						s += "W"
					}
					if pc, _ := v.PC(); v.SetPC(pc) == nil {
						s += "p"
					}
					got = append(got, s)
				})
			}
			h.OnExit(func(plugin.ExitInfo) {
				if _, err := last.X(1); err != plugin.ErrNoAccess {
					t.Errorf("in the exit event: %v", err)
				}
			})
		})
		run(t, cfg, p, "magic", "1")
		if s := strings.Join(got, " "); s != "0 1rm 2rmwW 3rmwWp" {
			t.Errorf("accesses %s", s)
		}
	})
}

// The pc moves: the instruction and what was registered after the callback do not happen.
func TestSetPC(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var n plugin.Counter
		var sum uint64
		p := install(func(h *plugin.Host) {
			n = plugin.NewCounter(h)
			h.OnTranslate(func(b *plugin.Block) {
				for _, i := range b.Insns {
					if i.PC() == mustSym(t, h, "probe_magic") {
						i.Add(n, 1)
						i.OnExec(plugin.SetPC, func(v *plugin.VCPU) {
							ra, _ := v.X(1)
							if err := v.SetReg("a0", 77); err != nil {
								t.Error(err)
							}
							if err := v.SetPC(ra); err != nil {
								t.Error(err)
							}
						})
						i.Add(n, 100)
					}
				}
			})
			h.OnExit(func(plugin.ExitInfo) { sum = n.Sum() })
		})
		if status, _ := run(t, cfg, p, "magic", "41"); status != 77 || sum != 1 {
			t.Errorf("status %d, counter %d", status, sum)
		}
	})
}

// The process ends before an instruction, or after an access, and nothing more is executed.
func TestExit(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		for _, mem := range []bool{false, true} {
			var began, called uint64
			var ends []plugin.ExitInfo
			p := install(func(h *plugin.Host) {
				n := plugin.NewCounter(h)
				exit := func(v *plugin.VCPU) {
					if called++; called == 3 {
						if err := v.Exit(0x141); err != nil {
							t.Error(err)
						}
					}
				}
				h.OnTranslate(func(b *plugin.Block) {
					probed(b, func(i *plugin.Insn, fn string) {
						if fn != "probe_store" {
							return
						}
						if s, _ := i.Symbol(); s.Addr == i.PC() {
							if mem {
								i.OnMem(plugin.MemWrite, plugin.SetPC, func(v *plugin.VCPU, _ plugin.Access) { exit(v) })
							} else {
								i.OnExec(plugin.SetPC, exit)
							}
						}
						i.Add(n, 1)
					})
				})
				h.OnExit(func(i plugin.ExitInfo) { began, ends = n.Sum(), append(ends, i) })
			})
			status, log := run(t, cfg, p, "stores", "5")
			// store: sd; addi; sd; ret.
			want := uint64(2 * 4)
			if mem {
				want++
			}
			if status != 0x41 || called != 3 || began != want || !slices.Equal(ends, []plugin.ExitInfo{{Status: 0x41}}) {
				t.Errorf("mem %v: status %d, %d calls, %d instructions, ends %v\n%s", mem, status, called, began, ends, log)
			}
		}
	})
}

// A conditional callback comes when the counter says so, and not otherwise; order is that of registration.
func TestConditions(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var got [6]int
		var every, calls int
		p := install(func(h *plugin.Host) {
			n := plugin.NewCounter(h)
			m := plugin.NewCounter(h)
			h.OnTranslate(func(b *plugin.Block) {
				for _, i := range b.Insns {
					if s, ok := i.Symbol(); !ok || s.Raw != "probe_fib" || s.Addr != i.PC() {
						continue
					}
					i.OnExec(plugin.NoRegs, func(*plugin.VCPU) { calls++ })
					i.Add(n, 1)
					for k, c := range []plugin.Cond{n.EQ(5), n.NE(5), n.LT(5), n.LE(5), n.GT(5), n.GE(5)} {
						i.OnExecIf(c, plugin.NoRegs, func(*plugin.VCPU) { got[k]++ })
					}
					i.Add(m, 1<<40) // a constant that needs a register
					i.OnExecIf(m.GE(3<<40), plugin.NoRegs, func(*plugin.VCPU) { every++ })
					i.OnExecIf(m.GE(3<<40), plugin.ReadRegs, func(v *plugin.VCPU) { m.Set(v, 0) })
				}
			})
		})
		run(t, cfg, p, "threads", "1", "1")
		total := 177 // calls of fib(10)
		want := [6]int{1, total - 1, 4, 5, total - 5, total - 4}
		if got != want || every != total/3 || calls != total {
			t.Errorf("%v, want %v; every third %d of %d", got, want, every, calls)
		}
	})
}

// Store sets; on blocks and after accesses too.
func TestStores(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var a, b, c uint64
		p := install(func(h *plugin.Host) {
			x, y, z := plugin.NewCounter(h), plugin.NewCounter(h), plugin.NewCounter(h)
			h.OnTranslate(func(blk *plugin.Block) {
				for _, i := range blk.Insns {
					if s, ok := i.Symbol(); ok && s.Raw == "probe_fib" {
						blk.Store(x, 7)
						blk.Add(x, 1)
						i.Store(y, 1<<63)
						i.AddOnMem(plugin.MemWrite, z, 5)
						i.StoreOnMem(plugin.MemRead, z, 9)
					}
				}
			})
			h.OnExit(func(plugin.ExitInfo) { a, b, c = x.Sum(), y.Sum(), z.Sum() })
		})
		run(t, cfg, p, "fork")
		// The last access of fib is the load of its return address.
		if a != 8 || b != 1<<63 || c != 9 {
			t.Errorf("counters %d %#x %d", a, b, c)
		}
	})
}

// Threads count for themselves; a thread that ends leaves its words to the next of its index.
func TestThreads(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		const threads, rounds = 6, 5
		var sum uint64
		var max, live, calls, blocked, resumed atomic.Int64
		p := install(func(h *plugin.Host) {
			n := plugin.NewCounter(h)
			at(h, "probe_fib", plugin.ReadRegs, func(v *plugin.VCPU) {
				calls.Add(1)
				n.Add(v, 1)
			})
			h.OnThreadStart(func(*plugin.VCPU) { live.Store(int64(h.Live())) })
			h.OnBlocked(func(*plugin.VCPU) { blocked.Add(1) })
			h.OnResumed(func(*plugin.VCPU) { resumed.Add(1) })
			h.OnExit(func(plugin.ExitInfo) { sum = n.Sum(); max.Store(int64(h.MaxVCPUs())) })
		})
		if status, log := run(t, cfg, p, "threads", fmt.Sprint(threads), fmt.Sprint(rounds)); status != 0 {
			t.Fatal(log)
		}
		if sum != threads*rounds*177 || calls.Load() != int64(sum) || max.Load() > threads+1 || max.Load() < 2 || blocked.Load() == 0 || blocked.Load() != resumed.Load() {
			t.Errorf("%d of %d calls, %d vCPUs, blocked %d resumed %d", sum, calls.Load(), max.Load(), blocked.Load(), resumed.Load())
		}
		var indices []int
		var serials []uint64
		p = install(func(h *plugin.Host) {
			n := plugin.NewCounter(h)
			at(h, "probe_fib", plugin.NoRegs, func(v *plugin.VCPU) { n.Add(v, 1) })
			h.OnThreadStart(func(v *plugin.VCPU) {
				indices, serials = append(indices, v.Index()), append(serials, v.Serial())
			})
			h.OnExit(func(plugin.ExitInfo) { sum = n.Sum() })
		})
		run(t, cfg, p, "series", "4")
		slices.Sort(serials)
		if len(slices.Compact(serials)) != 5 || sum != 4*177 {
			t.Errorf("indices %v serials %v, %d calls", indices, serials, sum)
		}
	})
}

// A forked child goes on counting from copies, and has its own end.
func TestFork(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		out, child := inChild(t)
		if !child {
			count := func(format string) (n int) {
				if _, s, ok := strings.Cut(out, "END "+format); ok {
					fmt.Sscan(s, &n)
				}
				return n
			}
			// Each call makes the same accesses; the child made 25.
			parent, child := count("exit 0: 15 calls, records"), count("exit 7: 40 calls, records")
			if strings.Count(out, "END fork\n") != 1 || strings.Count(out, "END exit") != 2 || parent == 0 || parent*25 != child*15 {
				t.Errorf("%d and %d records\n%s", parent, child, out)
			}
			return
		}
		p := install(func(h *plugin.Host) {
			n := plugin.NewCounter(h)
			records := 0
			tr := plugin.NewMemTrace(h, func(_ *plugin.VCPU, l []plugin.MemRecord) { records += len(l) })
			h.OnTranslate(func(b *plugin.Block) {
				probed(b, func(i *plugin.Insn, fn string) {
					if fn != "probe_fib" {
						return
					}
					i.TraceMem(plugin.MemReadWrite, tr)
					if s, _ := i.Symbol(); s.Addr == i.PC() {
						i.Add(n, 1)
					}
				})
			})
			h.OnFork(func(*plugin.VCPU) { fmt.Fprintln(h.Output(), "END fork") })
			h.OnExit(func(i plugin.ExitInfo) {
				fmt.Fprintf(h.Output(), "END exit %d: %d calls, records %d\n", i.Status, n.Sum(), records)
			})
		})
		run(t, cfg, p, "fork")
	})
}

// An execve keeps plugins and tells of the new program.
func TestExec(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		if _, child := inChild(t); !child {
			return
		}
		var got []string
		p := install(func(h *plugin.Host) {
			h.OnExec(func(*plugin.VCPU) { got = append(got, "exec") })
			h.OnThreadStart(func(*plugin.VCPU) { got = append(got, "start") })
			h.OnExit(func(i plugin.ExitInfo) { got = append(got, fmt.Sprint("exit ", i.Status)) })
			at(h, "probe_magic", plugin.NoRegs, func(*plugin.VCPU) { got = append(got, "magic") })
			h.OnThreadStart(func(*plugin.VCPU) {
				im := h.Image()
				if filepath.Base(im.Path) == "" || im.Start == 0 || im.End <= im.Start || im.Entry < im.Start || im.Entry >= im.End || h.Binary() != im.Path {
					t.Errorf("%+v, binary %s", im, h.Binary())
				}
			})
		})
		if status, log := run(t, cfg, p, "exec"); status != 42 {
			t.Errorf("status %d\n%s", status, log)
		}
		if s := strings.Join(got, "|"); s != "start|exec|start|magic|exit 42" {
			t.Errorf("%s", s)
		}
	})
}

// Signals are told of, and where execution goes.
func TestSignals(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var sigs []string
		disc := map[plugin.DiscontinuityType]int{}
		var handler, fault, store abi.Addr
		p := install(func(h *plugin.Host) {
			h.OnThreadStart(func(*plugin.VCPU) {
				handler, fault, store = mustSym(t, h, "probe_handler"), mustSym(t, h, "probe_fault"), mustSym(t, h, "probe_store")
			})
			h.OnSignal(func(_ *plugin.VCPU, s plugin.Signal) {
				sigs = append(sigs, fmt.Sprint(s.Signal, " ", s.Fault))
				if s.Handler != handler && s.Handler != fault {
					t.Errorf("handler %#x", s.Handler)
				}
				if s.Fault && s.Addr != mustSym(t, h, "probe_data") {
					t.Errorf("fault address %#x", s.Addr)
				}
			})
			h.OnDiscontinuity(plugin.AllDiscontinuities, func(v *plugin.VCPU, d plugin.Discontinuity) {
				disc[d.Type]++
				if pc, _ := v.PC(); pc != d.To {
					t.Errorf("%v: pc %#x, to %#x", d.Type, pc, d.To)
				}
				switch d.Type {
				case plugin.Interrupt:
					if d.To != handler {
						t.Errorf("interrupt to %#x", d.To)
					}
				case plugin.Exception:
					if d.To != fault || d.From < store || d.From > store+8 {
						t.Errorf("exception %#x to %#x", d.From, d.To)
					}
				}
			})
		})
		if status, log := run(t, cfg, p, "signal"); status != 0 {
			t.Fatal(log)
		}
		if fmt.Sprint(sigs) != "[SIGUSR1 false]" || disc[plugin.Interrupt] != 1 || disc[plugin.Exception] != 0 || disc[plugin.HostCall] < 3 {
			t.Errorf("%v %v", sigs, disc)
		}
		sigs = nil
		if status, log := run(t, cfg, p, "fault"); status != 0 {
			t.Fatal(log)
		}
		if len(sigs) != 3 || sigs[0] != "SIGSEGV true" || disc[plugin.Exception] != 3 {
			t.Errorf("%v %v", sigs, disc)
		}
	})
}

// An instruction that faults has begun each time, its access has happened once, and what follows it is not counted.
func TestFaultCounts(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var began, stored, calls uint64
		p := install(func(h *plugin.Host) {
			n, m := plugin.NewCounter(h), plugin.NewCounter(h)
			h.OnTranslate(func(b *plugin.Block) {
				probed(b, func(i *plugin.Insn, fn string) {
					if fn == "probe_store" {
						i.Add(n, 1)
						i.AddOnMem(plugin.MemReadWrite, m, 1)
						i.OnMem(plugin.MemWrite, plugin.NoRegs, func(*plugin.VCPU, plugin.Access) { calls++ })
					}
				})
			})
			h.OnExit(func(plugin.ExitInfo) { began, stored = n.Sum(), m.Sum() })
		})
		if status, log := run(t, cfg, p, "fault"); status != 0 {
			t.Fatal(log)
		}
		// store: sd; addi; sd; ret, with a fault in the first of three calls.
		if stored != 6 || calls != 6 || began%3 != 0 || began != 3*(began/3) || began < 15 || began > 18 {
			t.Errorf("%d instructions, %d stores, %d calls", began, stored, calls)
		}
	})
}

// Memory is told of when it is mapped and unmapped.
func TestMap(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		mapped := map[abi.Addr]uint64{}
		segments, unmapped := 0, 0
		p := install(func(h *plugin.Host) {
			h.OnMap(func(_ *plugin.VCPU, m plugin.Mapping) {
				mapped[m.Addr] = m.Size
				if m.Path == h.Image().Path {
					segments++
				}
			})
			h.OnUnmap(func(_ *plugin.VCPU, a abi.Addr, n uint64) {
				if mapped[a] == n && n == 8192 {
					unmapped++
				}
			})
		})
		if status, log := run(t, cfg, p, "map"); status != 0 || segments < 2 || unmapped != 1 {
			t.Errorf("status %d, %d segments, %d unmapped\n%s", status, segments, unmapped, log)
		}
	})
}

// Time is the plugin's: an hour's sleep takes no time and is exact.
func TestClock(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var c *plugin.Clock
		p := install(func(h *plugin.Host) {
			var err error
			if c, err = h.Clock(); err != nil {
				t.Error(err)
			}
			if _, err := h.Clock(); err != plugin.ErrClockTaken {
				t.Errorf("claimed again: %v", err)
			}
		})
		if status, log := run(t, cfg, p, "sleep"); status != 0 {
			t.Errorf("status %d\n%s", status, log)
		}
		if c.Now() != time.Hour {
			t.Errorf("the clock shows %v", c.Now())
		}
	})
}

// Reset removes all a plugin has, and it may begin anew; after Uninstall it is gone. Other threads run meanwhile.
func TestResetAndUninstall(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var mu sync.Mutex
		var got []string
		note := func(s string) {
			mu.Lock()
			defer mu.Unlock()
			if len(got) == 0 || got[len(got)-1] != s {
				got = append(got, s)
			}
		}
		release := func(v *plugin.VCPU, h *plugin.Host) {
			if err := v.WriteMem(mustSym(t, h, "probe_data"), []byte{1}); err != nil {
				t.Error(err)
			}
		}
		var flushes atomic.Int64
		p := install(func(h *plugin.Host) {
			var once sync.Once
			h.OnFlush(func() { flushes.Add(1) })
			at(h, "probe_fib", plugin.NoRegs, func(*plugin.VCPU) {
				note("first")
				once.Do(func() {
					h.Reset(func() {
						note("reset")
						var again sync.Once
						at(h, "probe_fib", plugin.WriteRegs, func(v *plugin.VCPU) {
							note("second")
							again.Do(func() {
								release(v, h)
								h.Uninstall(func() { note("gone") })
								h.Uninstall(func() { note("twice") })
							})
						})
					})
				})
			})
		})
		status, log := run(t, cfg, p, "spin")
		mu.Lock()
		defer mu.Unlock()
		s := strings.Join(got, "|")
		if status != 0 || s != "first|reset|second|gone" && s != "first|reset|second" || flushes.Load() == 0 {
			t.Errorf("status %d: %s, %d flushes\n%s", status, s, flushes.Load(), log)
		}
	})
}

// Registering on translations works while the guest runs, from any goroutine, and so does removing.
func TestRegisterAtRunTime(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		calls := make(chan struct{}, 1)
		p := install(func(h *plugin.Host) {
			started := false
			h.OnThreadStart(func(v *plugin.VCPU) {
				if started {
					return
				}
				started = true
				go func() {
					for range 20 {
						r := h.OnTranslate(func(b *plugin.Block) {
							b.OnExec(plugin.NoRegs, func(*plugin.VCPU) {
								select {
								case calls <- struct{}{}:
								default:
								}
							})
						})
						<-calls
						r.Remove()
						select {
						case <-calls:
						default:
						}
					}
					at(h, "probe_fib", plugin.WriteRegs, func(v *plugin.VCPU) {
						if err := v.WriteMem(mustSym(t, h, "probe_data"), []byte{1}); err != nil {
							t.Error(err)
						}
					})
				}()
			})
		})
		if status, log := run(t, cfg, p, "spin"); status != 0 {
			t.Errorf("status %d\n%s", status, log)
		}
	})
}

// Names and lines of the program.
func TestSymbolizer(t *testing.T) {
	p := install(func(h *plugin.Host) {
		h.OnThreadStart(func(*plugin.VCPU) {
			s := h.Symbolizer()
			y, ok := s.Find("probe_fib")
			in, ok2 := s.At(y.Addr + 2)
			l, ok3 := s.Line(y.Addr)
			if !ok || !ok2 || !ok3 || in != y || y.Size == 0 || filepath.Base(l.File) != "probe.c" || l.Line == 0 {
				t.Errorf("%+v %+v %+v", y, in, l)
			}
			if d, ok := s.At(mustSym(t, h, "probe_data") + 8); !ok || d.Raw != "probe_data" {
				t.Errorf("data is in %+v", d)
			}
		})
	})
	run(t, weir.Config{}, p, "magic", "1")
}
