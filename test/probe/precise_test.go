//go:build linux

package probe

import (
	"bytes"
	"hash/maphash"
	"math"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// reference executes one instruction after the other.
var reference = weir.Config{Interpret: true, OneInsn: true}

// snapshot is the state of the guest in a callback.
type snapshot struct {
	what byte // b, i, m: of a block, an instruction, an access
	pc   abi.Addr
	hash uint64 // of all registers
}

// most is how many callbacks are compared.
const most = 30000

// trace runs "work" and returns the state in each callback of the guest's own functions. Registers with
// what differs from run to run are the same in all: addresses on the stack count from its pointer.
func trace(t *testing.T, cfg weir.Config, seed maphash.Seed) (list []snapshot) {
	t.Helper()
	p := install(func(h *plugin.Host) {
		var sp uint64
		state := func(v *plugin.VCPU, what byte) {
			if len(list) == most || sp == 0 {
				return
			}
			var b bytes.Buffer
			for _, r := range v.Registers() {
				x, err := v.Read(r.ID)
				if err != nil {
					t.Errorf("%s: %v", r.Name, err)
				}
				if d := x - sp; int64(d) < 1<<24 && int64(d) > -1<<24 {
					x = d
				}
				if r.Name != "tp" {
					for s := range 8 {
						b.WriteByte(byte(x >> (8 * s)))
					}
				}
			}
			pc, _ := v.PC()
			list = append(list, snapshot{what, pc, maphash.Bytes(seed, b.Bytes())})
		}
		at(h, "probe_all", plugin.WriteRegs, func(v *plugin.VCPU) {
			sp, _ = v.Reg("sp")
			// What the C library has left behind.
			for _, r := range v.Registers() {
				if strings.HasPrefix(r.Name, "t") && r.Name != "tp" || strings.HasPrefix(r.Name, "a") || strings.HasPrefix(r.Name, "f") {
					if err := v.Write(r.ID, 0); err != nil {
						t.Errorf("%s: %v", r.Name, err)
					}
				}
			}
		})
		onCode(h, "probe_", func(b *plugin.Block) {
			for _, i := range b.Insns {
				i.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) { state(v, 'i') })
				i.OnMem(plugin.MemReadWrite, plugin.ReadRegs, func(v *plugin.VCPU, _ plugin.Access) { state(v, 'm') })
			}
		})
	})
	if status, log := run(t, cfg, p, "work"); status != 0 || len(list) != most {
		t.Fatalf("status %d, %d callbacks\n%s", status, len(list), log)
	}
	return list
}

// In each callback all registers, FP and flags too, are what they are when one instruction is executed after the other.
func TestPreciseRegisters(t *testing.T) {
	seed := maphash.MakeSeed()
	want := trace(t, reference, seed)
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			got := trace(t, e.cfg, seed)
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("callback %d is %c at %#x, want %c at %#x; registers equal: %v", i, got[i].what, got[i].pc, want[i].what, want[i].pc, got[i].hash == want[i].hash)
				}
			}
		})
	}
}

// ints reads the integer registers but for those in except.
func ints(t *testing.T, v *plugin.VCPU, except ...int) (x [32]uint64) {
	t.Helper()
	for n := range x {
		var err error
		if x[n], err = v.X(n); err != nil {
			t.Error(err)
		}
	}
	for _, n := range except {
		x[n] = 0
	}
	return x
}

// In the events of a system call registers are those at its instruction, and the pc is behind it.
func TestPreciseInSyscalls(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var at [32]uint64
		var pc abi.Addr
		calls, waits := 0, 0
		p := install(func(h *plugin.Host) {
			check := func(v *plugin.VCPU, what string) {
				got := ints(t, v)
				if now, _ := v.PC(); now != pc+4 || got != at {
					t.Errorf("%s: pc %#x, instruction %#x; registers equal: %v", what, now, pc, got == at)
				}
			}
			h.OnTranslate(func(b *plugin.Block) {
				for _, i := range b.Insns {
					if i.Class() == plugin.ClassSyscall {
						i.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) {
							at = ints(t, v)
							pc, _ = v.PC()
						})
					}
				}
			})
			h.OnSyscall(plugin.AllSyscalls, func(c *plugin.Call) { calls++; check(c.VCPU(), c.Name()) })
			h.FilterSyscalls(plugin.AllSyscalls, func(c *plugin.Call) plugin.Verdict { check(c.VCPU(), c.Name()); return plugin.Pass })
			h.OnSyscallReturn(plugin.AllSyscalls, func(c *plugin.Call) {
				if c.Name() != "rt_sigreturn" { // that puts others there
					check(c.VCPU(), c.Name())
				}
			})
			h.OnBlocked(func(v *plugin.VCPU) { waits++; check(v, "blocked") })
			h.OnResumed(func(v *plugin.VCPU) { check(v, "resumed") })
		})
		for _, what := range []string{"map", "signal"} {
			if status, log := run(t, cfg, p, what); status != 0 {
				t.Error(log)
			}
		}
		if calls < 10 {
			t.Errorf("%d calls", calls)
		}
	})
}

// A signal that interrupts a loop finds its registers as they are between two blocks, and never within one; so does the
// return from its handler.
func TestPreciseInSignals(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		inLoop, returns := 0, 0
		p := install(func(h *plugin.Host) {
			starts := map[abi.Addr]bool{}
			n := plugin.NewCounter(h)
			h.OnTranslate(func(b *plugin.Block) {
				starts[b.PC()] = true
				b.Add(n, 1) // a block that nobody listens to may be left where it jumps
			})
			// check looks at the counters of api_steps at pc.
			check := func(v *plugin.VCPU, pc abi.Addr, what string) bool {
				lo, hi := mustSym(t, h, "api_loop"), mustSym(t, h, "api_loop_end")
				if pc < lo || pc >= hi {
					return false
				}
				if !starts[pc] {
					t.Errorf("%s in a block, at loop+%d", what, pc-lo)
				}
				x := ints(t, v)
				t0, t1, t2 := x[5], x[6], x[7]
				done := func(off abi.Addr) (n uint64) { // the instruction at off has been executed in this round
					if pc-lo > off {
						n = 1
					}
					return n
				}
				f, err := v.F(1)
				base := t0 - done(0)
				if err != nil || t1 != base+done(4) || t2 != base+done(12) || f != math.Float64bits(float64(base+done(8))) {
					t.Errorf("%s at loop+%d: t0 %d, t1 %d, t2 %d, ft1 %#x", what, pc-lo, t0, t1, t2, f)
				}
				return true
			}
			h.OnSignal(func(v *plugin.VCPU, s plugin.Signal) {
				if pc, _ := v.PC(); check(v, pc, "signal") {
					inLoop++
				}
			})
			h.OnDiscontinuity(plugin.AllDiscontinuities, func(v *plugin.VCPU, d plugin.Discontinuity) {
				switch d.Type {
				case plugin.Interrupt:
					check(v, d.From, "interrupt")
				case plugin.HostCall:
					if check(v, d.To, "return") {
						returns++
					}
				}
			})
		})
		if status, log := runAPI(t, cfg, p, "steps"); status != 0 || inLoop < 5 || returns < 5 {
			t.Errorf("status %d, %d signals in the loop, %d returns\n%s", status, inLoop, returns, log)
		}
	})
}

// countInsns counts the instructions of a run inline, whose functions want selects: with what callbacks count
// in between, if they are asked for.
func countInsns(t *testing.T, cfg weir.Config, guest string, want func(symbol string) bool, call bool, args ...string) (inline, called uint64) {
	t.Helper()
	p := install(func(h *plugin.Host) {
		n := plugin.NewCounter(h)
		sb := plugin.NewScoreboard[uint64](h)
		h.OnTranslate(func(b *plugin.Block) {
			for _, i := range b.Insns {
				if s, _ := i.Symbol(); !want(s.Raw) {
					continue
				}
				i.Add(n, 1)
				if call {
					i.OnExec(plugin.NoRegs, func(v *plugin.VCPU) { *sb.At(v)++ })
				}
			}
		})
		h.OnExit(func(plugin.ExitInfo) {
			inline = n.Sum()
			for _, c := range sb.All {
				called += *c
			}
		})
	})
	cfg.Path, cfg.Args, cfg.Plugins = guest, args, []weir.Plugin{{Name: "p", Plugin: p}}
	proc, err := weir.Start(cfg)
	if err == nil {
		err = proc.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
	return inline, called
}

// A program's instructions are as many with generated code, counted in there or in callbacks, as in the interpreter: all
// of a C program from its first to its last, and a function of a Go program whose runtime is never twice the same.
func TestInstructionCount(t *testing.T) {
	for _, g := range []struct {
		name, path string
		want       func(symbol string) bool
		args       []string
	}{
		{"c", testenv.GuestC(t, "probe"), func(string) bool { return true }, []string{"work"}},
		{"go", testenv.GuestGo(t, "test/guest/go/counted"), func(s string) bool { return s == "main.work" }, []string{"quiet"}},
	} {
		t.Run(g.name, func(t *testing.T) {
			want, called := countInsns(t, weir.Config{Interpret: true}, g.path, g.want, true, g.args...)
			if want < 10_000 || called != want {
				t.Fatalf("interpreter: %d inline, %d in callbacks", want, called)
			}
			for _, e := range engines {
				for _, call := range []bool{false, true} {
					got, called := countInsns(t, e.cfg, g.path, g.want, call, g.args...)
					if got != want || call && called != want {
						t.Errorf("%s: %d inline, %d in callbacks, want %d", e.name, got, called, want)
					}
				}
			}
		})
	}
}
