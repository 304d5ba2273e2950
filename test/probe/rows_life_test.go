//go:build linux

package probe

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

func TestRow_version(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var got int
		run(t, cfg, install(func(h *plugin.Host) { got = h.API() }), "magic", "1")
		if got != plugin.APIVersion || got < 1 {
			t.Errorf("version %d", got)
		}
	})
}

// Install runs before the guest, with the arguments in order; its error ends the run.
func TestRow_install(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var args plugin.Args
		ran := false
		p := plugin.InstallFunc(func(h *plugin.Host, a plugin.Args) error {
			args = a
			h.OnThreadStart(func(*plugin.VCPU) { ran = true })
			if h.Live() != 0 || h.Image() != (plugin.Image{}) {
				t.Errorf("%d threads, image %+v", h.Live(), h.Image())
			}
			return nil
		})
		given := plugin.Args{{Key: "a", Value: "1"}, {Key: "b", Value: "on"}, {Key: "a", Value: "2"}}
		status, _ := runGuest(t, cfg, "probe", []weir.Plugin{{Name: "p", Plugin: p, Args: given}}, "magic", "1")
		if status != 2 || !slices.Equal(args, given) || !ran {
			t.Errorf("status %d, arguments %v", status, args)
		}
		refuse := plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error {
			h.OnThreadStart(func(*plugin.VCPU) { t.Error("the guest runs") })
			return errors.New("no")
		})
		cfg.Path, cfg.Plugins = testenv.GuestC(t, "probe"), []weir.Plugin{{Name: "p", Plugin: refuse}}
		if _, err := weir.Start(cfg); err == nil || !strings.Contains(err.Error(), "plugin p: no") {
			t.Errorf("started: %v", err)
		}
	})
}

func TestRow_info_t(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		run(t, cfg, install(func(h *plugin.Host) {
			if x := h.Target(); x.Arch.String() != "riscv64" || x.Binary == "" {
				t.Errorf("%+v", x)
			}
			h.OnThreadStart(func(v *plugin.VCPU) {
				if pid := h.Target().PID; pid != os.Getpid() {
					t.Errorf("pid %d", pid)
				}
			})
		}), "magic", "1")
	})
}

// Each plugin has a Host of its own: what one does, reset for example, is not the other's.
func TestRow_id_t(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		hosts := map[string]*plugin.Host{}
		calls := 0
		keep := install(func(h *plugin.Host) {
			hosts[h.Name()] = h
			h.OnThreadStart(func(*plugin.VCPU) { calls++ })
		})
		gone := install(func(h *plugin.Host) {
			hosts[h.Name()] = h
			h.OnThreadStart(func(*plugin.VCPU) { calls += 10 })
			done := make(chan struct{})
			h.Reset(func() { close(done) })
			<-done
		})
		runGuest(t, cfg, "probe", []weir.Plugin{{Name: "one", Plugin: keep}, {Name: "two", Plugin: gone}}, "magic", "1")
		if len(hosts) != 2 || hosts["one"] == hosts["two"] || calls != 1 {
			t.Errorf("%v, %d calls", hosts, calls)
		}
	})
}

// withdrawal runs four threads in a hot loop, has withdraw called from one of them, and lets them end after it is done.
// No callback comes later than that.
func withdrawal(t *testing.T, cfg weir.Config, withdraw func(h *plugin.Host, done func())) {
	t.Helper()
	var over, late atomic.Bool
	var threads sync.Map
	var once sync.Once
	counted := func(h *plugin.Host, v *plugin.VCPU) {
		if over.Load() {
			late.Store(true)
		}
		threads.Store(v.Serial(), true)
		n := 0
		threads.Range(func(any, any) bool { n++; return true })
		if n == 4 {
			once.Do(func() {
				withdraw(h, func() { over.Store(true) })
			})
		}
	}
	// Another plugin ends the guest, some way into the time after.
	other := install(func(h *plugin.Host) {
		calls := 0
		var mu sync.Mutex
		at(h, "api_hot", plugin.WriteRegs, func(v *plugin.VCPU) {
			if !over.Load() {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls == 1000 {
				if err := v.WriteMem(mustSym(t, h, "api_stop"), []byte{1}); err != nil {
					t.Error(err)
				}
			}
		})
	})
	p := install(func(h *plugin.Host) {
		h.OnTranslate(func(b *plugin.Block) {
			if over.Load() {
				late.Store(true)
			}
			if s, ok := b.Insn(0).Symbol(); !ok || s.Raw != "api_hot" && s.Raw != "hot" {
				return
			}
			for _, i := range b.Insns {
				i.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) { counted(h, v) })
				i.OnMem(plugin.MemReadWrite, plugin.NoRegs, func(v *plugin.VCPU, _ plugin.Access) { counted(h, v) })
			}
		})
		h.OnSyscall(plugin.AllSyscalls, func(c *plugin.Call) {
			if over.Load() {
				late.Store(true)
			}
		})
	})
	status, log := runGuest(t, cfg, "api", []weir.Plugin{{Name: "other", Plugin: other}, {Name: "p", Plugin: p}}, "hot")
	if status != 0 || late.Load() || !over.Load() {
		t.Errorf("status %d, done %v, callbacks afterwards: %v\n%s", status, over.Load(), late.Load(), log)
	}
}

func TestRow_uninstall(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		withdrawal(t, cfg, func(h *plugin.Host, done func()) {
			h.Uninstall(func() {
				h.OnSyscall(plugin.AllSyscalls, func(*plugin.Call) { t.Error("registered after Uninstall") })
				done()
			})
			h.Uninstall(func() { t.Error("uninstalled twice") })
		})
	})
}

func TestRow_reset(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var anew atomic.Int64
		withdrawal(t, cfg, func(h *plugin.Host, done func()) {
			h.Reset(func() {
				at(h, "api_hot", plugin.NoRegs, func(*plugin.VCPU) { anew.Add(1) })
				done()
			})
		})
		if anew.Load() == 0 {
			t.Error("what was registered in the reset is not called")
		}
	})
}

// A flush is told when translations are dropped, with all threads stopped.
func TestRow_flush_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		flushes, blocks := 0, 0
		p := install(func(h *plugin.Host) {
			h.OnFlush(func() { flushes++ })
			h.OnTranslate(func(b *plugin.Block) {
				if s, ok := b.Insn(0).Symbol(); ok && s.Raw == "probe_magic" {
					blocks++
				}
			})
			at(h, "probe_magic", plugin.NoRegs, func(*plugin.VCPU) {
				before := flushes
				h.OnTranslate(func(*plugin.Block) {})
				if flushes == before {
					t.Error("registering for translations has not flushed")
				}
			})
		})
		if status, log := run(t, cfg, p, "magic", "1"); status != 2 || blocks == 0 {
			t.Errorf("status %d, %d blocks\n%s", status, blocks, log)
		}
	})
}

// Exit callbacks run once, newest first, in each process that ends, and not at execve (see TestExec).
func TestRow_atexit_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		out, child := inChild(t)
		if !child {
			if a, b := strings.Count(out, "EXIT third second first 0\n"), strings.Count(out, "EXIT third second first 7\n"); a != 1 || b != 1 || strings.Count(out, "EXIT") != 2 {
				t.Errorf("%s", out)
			}
			return
		}
		p := install(func(h *plugin.Host) {
			order := ""
			h.OnExit(func(i plugin.ExitInfo) { fmt.Fprintf(h.Output(), "EXIT%s first %d\n", order, i.Status) })
			h.OnExit(func(plugin.ExitInfo) { order += " second" })
			h.OnExit(func(plugin.ExitInfo) { order += " third" })
		})
		run(t, cfg, p, "fork")
	})
}

// A thread's start is told on the thread itself, before its first instruction, and its registers can be read.
func TestRow_init_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var mu sync.Mutex
		begun := map[uint64]int{} // by serial: 1 started, 2 has executed
		p := install(func(h *plugin.Host) {
			h.OnThreadStart(func(v *plugin.VCPU) {
				mu.Lock()
				defer mu.Unlock()
				if begun[v.Serial()] != 0 {
					t.Error("started late, or twice")
				}
				begun[v.Serial()] = 1
				if sp, err := v.Reg("sp"); err != nil || sp == 0 || len(v.Registers()) < 33 {
					t.Errorf("sp %#x, %v", sp, err)
				}
			})
			h.OnTranslate(func(b *plugin.Block) {
				b.OnExec(plugin.NoRegs, func(v *plugin.VCPU) {
					mu.Lock()
					defer mu.Unlock()
					if begun[v.Serial()] == 0 {
						t.Error("executed before it started")
					}
					begun[v.Serial()] = 2
				})
			})
		})
		run(t, cfg, p, "threads", "3", "1")
		if len(begun) != 4 {
			t.Errorf("%d threads", len(begun))
		}
	})
}

func TestRow_exit_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var exits, main atomic.Int64
		p := install(func(h *plugin.Host) {
			h.OnThreadExit(func(v *plugin.VCPU) {
				if exits.Add(1); v.Serial() == 0 {
					main.Add(1)
				}
			})
		})
		run(t, cfg, p, "threads", "3", "1")
		if exits.Load() != 3 || main.Load() != 0 {
			t.Errorf("%d exits, the main thread's %d", exits.Load(), main.Load())
		}
	})
}

// An index is free again when its thread has ended; a serial never.
func TestRow_index(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var mu sync.Mutex
		var indices, serials, tids []int
		ended := make(chan struct{}, 100)
		p := install(func(h *plugin.Host) {
			h.OnThreadStart(func(v *plugin.VCPU) {
				mu.Lock()
				defer mu.Unlock()
				indices, serials, tids = append(indices, v.Index()), append(serials, int(v.Serial())), append(tids, v.TID())
			})
			h.OnThreadExit(func(*plugin.VCPU) { ended <- struct{}{} })
			// A joined thread may still be on its way out when the next one is made.
			h.OnSyscall(plugin.Syscalls("clone", "clone3"), func(*plugin.Call) {
				mu.Lock()
				n := len(serials) - 1
				mu.Unlock()
				for len(ended) < n || h.Live() > 1 {
					time.Sleep(100 * time.Microsecond)
				}
			})
		})
		run(t, cfg, p, "series", "4")
		slices.Sort(tids)
		if fmt.Sprint(indices) != "[0 1 1 1 1]" || fmt.Sprint(serials) != "[0 1 2 3 4]" || len(slices.Compact(tids)) < 2 {
			t.Errorf("indices %v, serials %v, tids %v", indices, serials, tids)
		}
	})
}

// waits counts how often a run of the guest waits.
func waits(t *testing.T, cfg weir.Config) (blocked, resumed int) {
	p := install(func(h *plugin.Host) {
		in := false
		h.OnBlocked(func(v *plugin.VCPU) {
			if blocked++; in {
				t.Error("blocked twice")
			}
			in = true
			if pc, err := v.PC(); err != nil || pc == 0 {
				t.Errorf("pc %#x, %v", pc, err)
			}
		})
		h.OnResumed(func(*plugin.VCPU) {
			if resumed++; !in {
				t.Error("resumed without having been blocked")
			}
			in = false
		})
	})
	if status, log := run(t, cfg, p, "fork"); status != 0 {
		t.Fatal(log)
	}
	return blocked, resumed
}

func TestRow_idle_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		if _, child := inChild(t); !child {
			return
		}
		if blocked, _ := waits(t, cfg); blocked == 0 {
			t.Error("waiting for a child is not told of")
		}
	})
}

func TestRow_resume_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		if _, child := inChild(t); !child {
			return
		}
		if blocked, resumed := waits(t, cfg); blocked != resumed {
			t.Errorf("blocked %d times, resumed %d times", blocked, resumed)
		}
	})
}

// Each kind of discontinuity comes alone when it is asked for alone; from and to are what is executed before and after.
func TestRow_discon_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		for _, tc := range []struct {
			types plugin.DiscontinuityType
			want  string
		}{
			{plugin.Interrupt, "true false false"},
			{plugin.Exception, "false true false"},
			{plugin.HostCall, "false false true"},
			{plugin.AllDiscontinuities, "true true true"},
		} {
			seen := map[plugin.DiscontinuityType]bool{}
			var last, to abi.Addr
			p := install(func(h *plugin.Host) {
				h.OnDiscontinuity(tc.types, func(v *plugin.VCPU, d plugin.Discontinuity) {
					seen[d.Type], to = true, d.To
					if d.Type != plugin.Interrupt && d.From != last {
						t.Errorf("%v from %#x, executed %#x", d.Type, d.From, last)
					}
				})
				h.OnTranslate(func(b *plugin.Block) {
					for _, i := range b.Insns {
						pc := i.PC()
						i.OnExec(plugin.NoRegs, func(*plugin.VCPU) {
							if to != 0 && to != pc && tc.types == plugin.AllDiscontinuities { // else some are not told
								t.Errorf("to %#x, executed %#x", to, pc)
							}
							last, to = pc, 0
						})
					}
				})
			})
			for _, what := range []string{"signal", "fault"} {
				last, to = 0, 0
				if status, log := run(t, cfg, p, what); status != 0 {
					t.Fatal(log)
				}
			}
			if s := fmt.Sprint(seen[plugin.Interrupt], seen[plugin.Exception], seen[plugin.HostCall]); s != tc.want {
				t.Errorf("%v: %s, want %s", tc.types, s, tc.want)
			}
		}
	})
}

func TestRow_for_each(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		most := 0
		p := install(func(h *plugin.Host) {
			var mu sync.Mutex
			at(h, "api_hot", plugin.WriteRegs, func(v *plugin.VCPU) {
				mu.Lock()
				defer mu.Unlock()
				list := h.VCPUs()
				if most = max(most, len(list)); !slices.Contains(list, v) || !slices.IsSortedFunc(list, func(a, b *plugin.VCPU) int { return int(a.Serial()) - int(b.Serial()) }) {
					t.Errorf("the thread itself is not among %v, or they are not sorted", list)
				}
				if len(list) == 4 {
					v.WriteMem(mustSym(t, h, "api_stop"), []byte{1})
				}
			})
		})
		if runAPI(t, cfg, p, "hot"); most != 4 {
			t.Errorf("%d threads at most", most)
		}
	})
}

func TestRow_num_vcpus(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		p := install(func(h *plugin.Host) {
			highest := 0
			h.OnThreadStart(func(v *plugin.VCPU) {
				highest = max(highest, v.Index()+1)
				if h.MaxVCPUs() != highest || h.Live() < 1 || h.Live() > highest {
					t.Errorf("%d vCPUs, %d live, highest index %d", h.MaxVCPUs(), h.Live(), highest-1)
				}
			})
			h.OnExit(func(plugin.ExitInfo) {
				if h.MaxVCPUs() != highest || highest < 2 {
					t.Errorf("%d vCPUs at the end, highest index %d", h.MaxVCPUs(), highest-1)
				}
			})
		})
		run(t, cfg, p, "series", "3")
	})
}
