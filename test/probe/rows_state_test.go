//go:build linux

package probe

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

func TestRow_syscall_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var seen []string
		p := install(func(h *plugin.Host) {
			h.OnSyscall(plugin.AllSyscalls, func(c *plugin.Call) {
				if a, _ := c.VCPU().X(10); a != c.Arg(0) {
					t.Errorf("%s: a0 %#x, argument %#x", c.Name(), a, c.Arg(0))
				}
				if n, _ := c.VCPU().X(17); abi.Sysno(n) != c.Number() {
					t.Errorf("%s: a7 %d, number %d", c.Name(), n, c.Number())
				}
				seen = append(seen, c.Name())
			})
		})
		run(t, cfg, p, "map")
		if s := strings.Join(seen, " "); !strings.Contains(s, "mmap munmap") || !strings.HasSuffix(s, "exit_group") {
			t.Error(s)
		}
	})
}

// A filter answers a call that no kernel has.
func TestRow_syscall_filter_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		p := install(func(h *plugin.Host) {
			h.FilterSyscalls(plugin.Numbers(4096), func(c *plugin.Call) plugin.Verdict {
				if c.Arg(0) != 0x66CCFF {
					return plugin.Pass
				}
				return plugin.Return(0xFFCC66)
			})
		})
		if status, log := runAPI(t, cfg, p, "magic"); status != 0 {
			t.Errorf("status %d\n%s", status, log)
		}
		if status, _ := runAPI(t, cfg, install(func(*plugin.Host) {}), "magic"); status != 1 {
			t.Errorf("without a filter status %d", status)
		}
	})
}

func TestRow_syscall_ret_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var ret int64
		p := install(func(h *plugin.Host) {
			h.OnSyscallReturn(plugin.Numbers(4096), func(c *plugin.Call) {
				ret, _ = c.Result()
				c.SetResult(0xFFCC66)
			})
		})
		if status, _ := runAPI(t, cfg, p, "magic"); status != 0 || ret != abi.ENOSYS.Result() {
			t.Errorf("status %d, result was %d", status, ret)
		}
	})
}

// The registers are gdb's, and every one can be read.
func TestRow_get_registers(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		p := install(func(h *plugin.Host) {
			at(h, "probe_magic", plugin.ReadRegs, func(v *plugin.VCPU) {
				byFeature := map[string]int{}
				for i, r := range v.Registers() {
					byFeature[r.Feature]++
					if int(r.ID) != i || r.Bits != 64 && r.Bits != 32 {
						t.Errorf("register %d: %+v", i, r)
					}
					if _, err := v.Read(r.ID); err != nil {
						t.Errorf("%s: %v", r.Name, err)
					}
					if r.Alias != "" {
						a, _ := v.Reg(r.Alias)
						if b, err := v.Reg(r.Name); a != b || err != nil {
							t.Errorf("%s %#x, %s %#x, %v", r.Name, b, r.Alias, a, err)
						}
					}
				}
				if byFeature["org.gnu.gdb.riscv.cpu"] != 33 || byFeature["org.gnu.gdb.riscv.fpu"] != 32 || byFeature["org.gnu.gdb.riscv.csr"] < 3 {
					t.Errorf("%v", byFeature)
				}
			})
		})
		run(t, cfg, p, "magic", "1")
	})
}

// fpRegs runs the guest's FP function; with changed registers its status is 0.
func fpRegs(t *testing.T, cfg weir.Config, f func(v *plugin.VCPU)) (status int) {
	calls := 0
	p := install(func(h *plugin.Host) {
		at(h, "api_fp", plugin.WriteRegs, func(v *plugin.VCPU) {
			calls++
			f(v)
		})
	})
	status, _ = runAPI(t, cfg, p, "fp")
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	return status
}

// FP registers, rounding mode and flags are those of the moment.
func TestRow_read_register(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		fpRegs(t, cfg, func(v *plugin.VCPU) {
			for name, want := range map[string]uint64{
				"fa0": math.Float64bits(1.5), "f11": 0xffffffff<<32 | uint64(math.Float32bits(1.5)),
				"fflags": 8, "frm": 1, "fcsr": 1<<5 | 8, "t0": 2, "zero": 0,
			} {
				if x, err := v.Reg(name); err != nil || x != want {
					t.Errorf("%s is %#x (%v), want %#x", name, x, err, want)
				}
			}
			if x, err := v.F(10); err != nil || x != math.Float64bits(1.5) {
				t.Errorf("F(10) is %#x, %v", x, err)
			}
			if _, err := v.Reg("x32"); err != plugin.ErrNoRegister {
				t.Errorf("x32: %v", err)
			}
			if _, err := v.X(32); err != plugin.ErrNoRegister {
				t.Errorf("X(32): %v", err)
			}
		})
	})
}

func TestRow_write_register(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		status := fpRegs(t, cfg, func(v *plugin.VCPU) {
			for name, x := range map[string]uint64{"fa0": math.Float64bits(-1.5), "fflags": 0, "frm": 2} {
				if err := v.SetReg(name, x); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			for _, name := range []string{"pc", "zero"} {
				if err := v.SetReg(name, 1); err != plugin.ErrReadOnly {
					t.Errorf("%s: %v", name, err)
				}
			}
			if err := v.Write(1000, 1); err != plugin.ErrNoRegister {
				t.Errorf("register 1000: %v", err)
			}
		})
		if status != 0 {
			t.Errorf("status %d", status)
		}
	})
}

// The pc is set from instructions, accesses and syscalls: the bundled plugin does it, at the guest's word.
func TestRow_set_pc(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		status, log := runGuest(t, cfg, "api", []weir.Plugin{{Name: "setpc", Plugin: bundledPlugin(t, "setpc")}}, "setpc")
		if status != 0 || strings.Count(log, "jump to clean return") != 2 || strings.Count(log, "jump to clean exit") != 1 {
			t.Errorf("status %d\n%s", status, log)
		}
	})
}

// hiddenMem runs f in a function that gets a page that cannot be read and one that cannot be written.
func hiddenMem(t *testing.T, cfg weir.Config, f func(v *plugin.VCPU, none, readonly abi.Addr)) (status int) {
	calls := 0
	p := install(func(h *plugin.Host) {
		at(h, "api_hidden", plugin.WriteRegs, func(v *plugin.VCPU) {
			calls++
			a0, _ := v.X(10)
			a1, _ := v.X(11)
			f(v, a0, a1)
		})
	})
	status, _ = runAPI(t, cfg, p, "hidden")
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	return status
}

func TestRow_read_memory_vaddr(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		hiddenMem(t, cfg, func(v *plugin.VCPU, none, readonly abi.Addr) {
			b := make([]byte, 7)
			if err := v.ReadMem(none, b); err != nil || string(b) != "hidden\x00" {
				t.Errorf("an unreadable page: %q, %v", b, err)
			}
			big := make([]byte, 8192)
			if err := v.ReadMem(none, big); err != nil || string(big[:6]) != "hidden" {
				t.Errorf("two pages: %v", err)
			}
			if err := v.ReadMem(0, b); err != plugin.ErrFault {
				t.Errorf("address 0: %v", err)
			}
			if err := v.ReadMem(1<<63, b); err != plugin.ErrFault {
				t.Errorf("no guest address: %v", err)
			}
		})
	})
}

func TestRow_write_memory_vaddr(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		status := hiddenMem(t, cfg, func(v *plugin.VCPU, none, readonly abi.Addr) {
			if err := v.WriteMem(readonly, []byte("written\x00")); err != nil {
				t.Errorf("a read-only page: %v", err)
			}
			if err := v.WriteMem(none, []byte("x")); err != nil {
				t.Errorf("an unreadable page: %v", err)
			}
			if err := v.WriteMem(0, []byte("x")); err != plugin.ErrFault {
				t.Errorf("address 0: %v", err)
			}
		})
		if status != 0 {
			t.Errorf("the guest does not see what was written: status %d", status)
		}
	})
}

// Code that a plugin writes runs: the first call of the function found the old one.
func TestPatchedCodeRuns(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		args := plugin.Args{{Key: "target", Value: "13059002"}, {Key: "patch", Value: "1305a002"}}
		status, log := runGuest(t, cfg, "api", []weir.Plugin{{Name: "patch", Plugin: bundledPlugin(t, "patch"), Args: args}}, "patch")
		if status != 0 || !strings.HasPrefix(log, "patching: @0x") {
			t.Errorf("status %d\n%s", status, log)
		}
	})
}

// The self-checks of bundled plugins pass. (A run may be over before a reset is.)
func TestSelfChecks(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		for name, want := range map[string]string{"inline": "insn: ", "registers": "", "reset": "", "discons": "", "syscall": "syscall no.  calls  errors\n"} {
			if status, log := runGuest(t, cfg, "probe", []weir.Plugin{{Name: name, Plugin: bundledPlugin(t, name)}}, "work"); status != 0 || !strings.Contains(log, want) {
				t.Errorf("%s: status %d\n%s", name, status, log)
			}
		}
	})
}

// The log is for -d plugin, which an embedding program has not; output is always there.
func TestRow_outs(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		_, log := run(t, cfg, install(func(h *plugin.Host) {
			h.Log("one")
			h.OnExit(func(plugin.ExitInfo) {
				h.Logf("two %d", 2)
				h.Output().Write([]byte("three\n"))
			})
		}), "magic", "1")
		if log != "three\n" {
			t.Errorf("%q", log)
		}
	})
}

func TestRow_bool_parse(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		for text, want := range map[string]string{
			"b=on": "true", "b=yes": "true", "b=true": "true", "b": "true", "b=off": "false", "b=no": "false", "b=false": "false", "": "default",
			"b=maybe": "error", "b=": "error",
		} {
			args, err := plugin.ParseArgs(text)
			if err != nil {
				t.Fatal(err)
			}
			got := "default"
			for _, def := range []bool{true, false} {
				b, err := args.Bool("b", def)
				switch {
				case err != nil:
					got = "error"
				case b != def && b:
					got = "true"
				case b != def:
					got = "false"
				}
			}
			if got != want {
				t.Errorf("%q: %s, want %s", text, got, want)
			}
		}
	})
}

func TestRow_path_to_binary(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		run(t, cfg, install(func(h *plugin.Host) {
			first := h.Binary()
			h.OnThreadStart(func(*plugin.VCPU) {
				if h.Binary() != first || !strings.Contains(first, "probe") || h.Image().Path != first {
					t.Errorf("%s before, %s now, image %s", first, h.Binary(), h.Image().Path)
				}
			})
		}), "magic", "1")
	})
}

// image runs f with the image of the program, and the address of its first instruction.
func image(t *testing.T, f func(t *testing.T, im plugin.Image, first abi.Addr, h *plugin.Host)) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		run(t, cfg, install(func(h *plugin.Host) {
			var once sync.Once
			h.OnTranslate(func(b *plugin.Block) {
				once.Do(func() { f(t, h.Image(), b.PC(), h) })
			})
		}), "magic", "1")
	})
}

func TestRow_start_code(t *testing.T) {
	image(t, func(t *testing.T, im plugin.Image, first abi.Addr, h *plugin.Host) {
		_, addr := text(t, "probe")
		if im.Start == 0 || im.Start > addr || first < im.Start || len(h.Libraries()) != 0 {
			t.Errorf("%+v, .text at %#x, libraries %v", im, addr, h.Libraries())
		}
	})
}

func TestRow_end_code(t *testing.T) {
	image(t, func(t *testing.T, im plugin.Image, first abi.Addr, _ *plugin.Host) {
		code, addr := text(t, "probe")
		if im.End < addr+uint64(len(code)) || first >= im.End {
			t.Errorf("%+v, .text at %#x", im, addr)
		}
	})
}

func TestRow_entry_code(t *testing.T) {
	image(t, func(t *testing.T, im plugin.Image, first abi.Addr, h *plugin.Host) {
		if im.Entry != first || im.Entry != mustSym(t, h, "_start") {
			t.Errorf("entry %#x, executed first %#x", im.Entry, first)
		}
	})
}

func TestRow_request_time_control(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		take := install(func(h *plugin.Host) {
			if _, err := h.Clock(); err != nil {
				t.Error(err)
			}
		})
		late := install(func(h *plugin.Host) {
			if _, err := h.Clock(); err != plugin.ErrClockTaken {
				t.Errorf("the second owner: %v", err)
			}
		})
		// The guest sleeps for an hour, which takes no time.
		status, log := runGuest(t, cfg, "probe", []weir.Plugin{{Name: "a", Plugin: take}, {Name: "b", Plugin: late}}, "sleep")
		if status != 0 {
			t.Errorf("status %d\n%s", status, log)
		}
	})
}

// The guest's clock shows what the plugin sets, and does not go back.
func TestRow_update_ns(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var times []uint64
		p := install(func(h *plugin.Host) {
			c, err := h.Clock()
			if err != nil {
				t.Fatal(err)
			}
			h.OnSyscall(plugin.Syscalls("nanosleep", "clock_nanosleep"), func(*plugin.Call) {
				c.Set(5e9)
				c.Set(4e9)
				if c.Now() != 5e9 {
					t.Errorf("the clock shows %v", c.Now())
				}
			})
			h.OnSyscallReturn(plugin.Syscalls("clock_gettime"), func(c *plugin.Call) {
				var b [8]byte
				if c.VCPU().ReadMem(c.Arg(1), b[:]) == nil {
					times = append(times, le64(b))
				}
			})
		})
		run(t, cfg, p, "sleep")
		if len(times) != 2 || times[1]-times[0] != 3605 {
			t.Errorf("the guest saw %v", times)
		}
	})
}
