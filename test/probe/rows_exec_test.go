//go:build linux

package probe

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// fibCalls is how often probe_fib is entered in "threads N M".
const fibCalls = 177

// entry calls f with the first instruction of probe_fib, and its block.
func entry(h *plugin.Host, f func(b *plugin.Block, i *plugin.Insn)) {
	h.OnTranslate(func(b *plugin.Block) {
		for _, i := range b.Insns {
			if s, ok := i.Symbol(); ok && s.Raw == "probe_fib" && s.Addr == i.PC() {
				f(b, i)
			}
		}
	})
}

// Each execution of a block calls once, before its first instruction.
func TestRow_tb_exec_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var order []string
		p := install(func(h *plugin.Host) {
			entry(h, func(b *plugin.Block, i *plugin.Insn) {
				i.OnExec(plugin.NoRegs, func(*plugin.VCPU) { order = append(order, "insn") })
				b.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) {
					if pc, err := v.PC(); err != nil || pc != mustSym(t, h, "probe_fib") {
						t.Errorf("pc %#x, %v", pc, err)
					}
					order = append(order, "block")
				})
			})
		})
		run(t, cfg, p, "threads", "1", "1")
		if s := strings.Join(order, " "); s != strings.TrimSpace(strings.Repeat("block insn ", fibCalls)) {
			t.Errorf("%d callbacks: %.60s", len(order), s)
		}
	})
}

func TestRow_insn_exec_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var pcs, begun []abi.Addr
		p := install(func(h *plugin.Host) {
			onCode(h, "probe_fib", func(b *plugin.Block) {
				for _, i := range b.Insns {
					pc := i.PC()
					i.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) {
						now, _ := v.PC()
						pcs, begun = append(pcs, now), append(begun, pc)
					})
				}
			})
		})
		run(t, cfg, p, "threads", "1", "1")
		if len(pcs) < 10*fibCalls || !slices.Equal(pcs, begun) {
			t.Errorf("%d callbacks, pcs as they should be: %v", len(pcs), slices.Equal(pcs, begun))
		}
	})
}

// conditions registers a callback for each comparison with 5, by add, which adds 1 to n first.
func conditions(t *testing.T, register func(b *plugin.Block, i *plugin.Insn, n plugin.Counter, c plugin.Cond, f func(*plugin.VCPU)), add func(b *plugin.Block, i *plugin.Insn, n plugin.Counter)) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var got [9]int
		p := install(func(h *plugin.Host) {
			n, huge := plugin.NewCounter(h), plugin.NewCounter(h)
			entry(h, func(b *plugin.Block, i *plugin.Insn) {
				add(b, i, n)
				// Words are compared as unsigned numbers.
				for k, c := range []plugin.Cond{n.EQ(5), n.NE(5), n.LT(5), n.LE(5), n.GT(5), n.GE(5), huge.LT(1 << 63), huge.GT(1), {}} {
					register(b, i, n, c, func(*plugin.VCPU) { got[k]++ })
				}
			})
			h.OnThreadStart(func(v *plugin.VCPU) { huge.Set(v, 1<<63) })
		})
		run(t, cfg, p, "threads", "1", "1")
		if want := [9]int{1, fibCalls - 1, 4, 5, fibCalls - 5, fibCalls - 4, 0, fibCalls, fibCalls}; got != want {
			t.Errorf("calls %v, want %v", got, want)
		}
	})
}

func TestRow_tb_exec_cond_cb(t *testing.T) {
	conditions(t, func(b *plugin.Block, _ *plugin.Insn, _ plugin.Counter, c plugin.Cond, f func(*plugin.VCPU)) {
		b.OnExecIf(c, plugin.NoRegs, f)
	}, func(b *plugin.Block, _ *plugin.Insn, n plugin.Counter) { b.Add(n, 1) })
}

func TestRow_insn_exec_cond_cb(t *testing.T) {
	conditions(t, func(_ *plugin.Block, i *plugin.Insn, _ plugin.Counter, c plugin.Cond, f func(*plugin.VCPU)) {
		i.OnExecIf(c, plugin.NoRegs, f)
	}, func(_ *plugin.Block, i *plugin.Insn, n plugin.Counter) { i.Add(n, 1) })
}

// inlines checks counters that are set and added to by two threads in the order of registration.
func inlines(t *testing.T, register func(b *plugin.Block, i *plugin.Insn, count, word plugin.Counter, see func(*plugin.VCPU))) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var sum uint64
		var wrong atomic.Uint64
		p := install(func(h *plugin.Host) {
			count, word := plugin.NewCounter(h), plugin.NewCounter(h)
			entry(h, func(b *plugin.Block, i *plugin.Insn) {
				register(b, i, count, word, func(v *plugin.VCPU) {
					if x := word.Get(v); x != 1<<40+7 {
						wrong.Store(x)
					}
				})
			})
			h.OnExit(func(plugin.ExitInfo) { sum = count.Sum() })
		})
		if run(t, cfg, p, "threads", "2", "3"); sum != 2*3*fibCalls || wrong.Load() != 0 {
			t.Errorf("counted %d, want %d; a word was %#x", sum, 2*3*fibCalls, wrong.Load())
		}
	})
}

func TestRow_tb_exec_inline_per_vcpu(t *testing.T) {
	inlines(t, func(b *plugin.Block, _ *plugin.Insn, count, word plugin.Counter, see func(*plugin.VCPU)) {
		b.Add(count, 1)
		b.Store(word, 1<<40)
		b.Add(word, 7)
		b.OnExec(plugin.NoRegs, see)
		b.Store(word, 3)
	})
}

func TestRow_insn_exec_inline_per_vcpu(t *testing.T) {
	inlines(t, func(_ *plugin.Block, i *plugin.Insn, count, word plugin.Counter, see func(*plugin.VCPU)) {
		i.Add(count, 1)
		i.Store(word, 1<<40)
		i.Add(word, 7)
		i.OnExec(plugin.NoRegs, see)
		i.Store(word, 3)
	})
}

// accesses notes the accesses of functions that begin with prefix in a run of the guest.
func accesses(t *testing.T, cfg weir.Config, guest, prefix string, rw plugin.MemRW, args ...string) (list []plugin.Access, inline uint64) {
	t.Helper()
	p := install(func(h *plugin.Host) {
		n := plugin.NewCounter(h)
		onCode(h, prefix, func(b *plugin.Block) {
			for _, i := range b.Insns {
				i.AddOnMem(rw, n, 1)
				i.OnMem(rw, plugin.NoRegs, func(_ *plugin.VCPU, a plugin.Access) { list = append(list, a) })
			}
		})
		h.OnExit(func(plugin.ExitInfo) { inline = n.Sum() })
	})
	if status, log := runGuest(t, cfg, guest, []weir.Plugin{{Name: "p", Plugin: p}}, args...); status != 0 {
		t.Fatalf("status %d\n%s", status, log)
	}
	return list, inline
}

// Accesses are told of after they have happened, when their result is in its register, and only if they do. An atomic
// operation is a load and a store.
func TestRow_mem_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		// The store of probe_store that faults is told of once, when it succeeds.
		list, _ := accesses(t, cfg, "probe", "probe_store", plugin.MemReadWrite, "fault")
		var got []string
		for _, a := range list {
			got = append(got, fmt.Sprint(a.Addr-list[0].Addr, a.Value(), a.IsStore()))
		}
		if s := strings.Join(got, "; "); s != "0 0 true; 8 1 true; 0 1 true; 8 2 true; 0 2 true; 8 3 true" {
			t.Errorf("accesses %s", s)
		}
		loads, _ := accesses(t, cfg, "probe", "probe_atomics", plugin.MemRead, "work")
		stores, _ := accesses(t, cfg, "probe", "probe_atomics", plugin.MemWrite, "work")
		both, _ := accesses(t, cfg, "probe", "probe_atomics", plugin.MemReadWrite, "work")
		atomics := 0
		for i, a := range both {
			if a.IsAtomic() && !a.IsStore() && i+1 < len(both) && both[i+1].IsAtomic() && both[i+1].IsStore() && both[i+1].Addr == a.Addr {
				atomics++
			}
		}
		if len(loads)+len(stores) != len(both) || atomics < 3*20*4 {
			t.Errorf("%d loads, %d stores, together %d; %d pairs of atomic operations", len(loads), len(stores), len(both), atomics)
		}
		// After the access: memory and the register have the value.
		checked := 0
		p := install(func(h *plugin.Host) {
			onCode(h, "probe_sum", func(b *plugin.Block) {
				for _, i := range b.Insns {
					dest := int(i.Bytes()[0])>>7 | int(i.Bytes()[1]&15)<<1 // of both forms of a load
					if i.Len() == 2 {
						dest = 8 + int(i.Bytes()[0])>>2&7
					}
					i.OnMem(plugin.MemRead, plugin.ReadRegs, func(v *plugin.VCPU, a plugin.Access) {
						if a.Size() != 8 {
							return
						}
						var b [8]byte
						x, err := v.X(dest)
						if err != nil || x != a.Value() || v.ReadMem(a.Addr, b[:]) != nil || le64(b) != a.Value() {
							t.Errorf("loaded %#x from %#x: x%d is %#x (%v), memory %x", a.Value(), a.Addr, dest, x, err, b)
						}
						checked++
					})
				}
			})
		})
		if run(t, cfg, p, "threads", "1", "1"); checked < 64 {
			t.Errorf("%d loads", checked)
		}
	})
}

func le64(b [8]byte) (x uint64) {
	for i := range b {
		x |= uint64(b[i]) << (8 * i)
	}
	return x
}

func TestRow_mem_inline_per_vcpu(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		for _, rw := range []plugin.MemRW{plugin.MemRead, plugin.MemWrite, plugin.MemReadWrite} {
			if list, n := accesses(t, cfg, "probe", "probe_", rw, "work"); n == 0 || n != uint64(len(list)) {
				t.Errorf("%d inline, %d callbacks", n, len(list))
			}
		}
	})
}

// What a callback may do is what it was registered with, at blocks, instructions and accesses alike.
func TestRow_cb_flags(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		got := map[string]bool{}
		p := install(func(h *plugin.Host) {
			try := func(where string, fl plugin.Flags) func(v *plugin.VCPU) {
				return func(v *plugin.VCPU) {
					pc, e1 := v.PC()
					x, e2 := v.X(10)
					var b [1]byte
					e3 := v.ReadMem(mustSym(t, h, "probe_data"), b[:])
					_, e4 := v.Reg("a0")
					read := fmt.Sprint(e1 == nil, e2 == nil, e3 == nil, e4 == nil)
					e5, e6 := v.SetReg("a0", x), v.WriteMem(mustSym(t, h, "probe_data"), b[:])
					got[fmt.Sprint(where, fl, " ", read, " ", e5 == nil, e6 == nil, " ", v.SetPC(pc) == nil)] = true
					for _, e := range []error{e1, e2, e3, e4, e5, e6} {
						if e != nil && e != plugin.ErrNoAccess {
							t.Error(e)
						}
					}
				}
			}
			entry(h, func(b *plugin.Block, i *plugin.Insn) {
				for _, fl := range []plugin.Flags{plugin.NoRegs, plugin.ReadRegs, plugin.WriteRegs, plugin.SetPC} {
					b.OnExec(fl, try("block", fl))
					i.OnExec(fl, try("insn", fl))
				}
			})
			onCode(h, "probe_fib", func(b *plugin.Block) {
				for _, i := range b.Insns {
					for _, fl := range []plugin.Flags{plugin.NoRegs, plugin.ReadRegs, plugin.WriteRegs, plugin.SetPC} {
						i.OnMem(plugin.MemReadWrite, fl, func(v *plugin.VCPU, _ plugin.Access) { try("mem", fl)(v) })
					}
				}
			})
		})
		run(t, cfg, p, "threads", "1", "1")
		for _, where := range []string{"block", "insn", "mem"} {
			for _, want := range []string{
				"0 false false false false false false false", "1 true true true true false false false",
				"2 true true true true true true false", "3 true true true true true true true",
			} {
				if !got[where+want] {
					t.Errorf("not seen: %s", where+want)
				}
			}
		}
		if len(got) != 12 {
			t.Errorf("%v", got)
		}
	})
}

// kinds compares what f says of the accesses of probe_narrow with want, sorted and each once.
func kinds(t *testing.T, want string, f func(a plugin.Access) any) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		list, _ := accesses(t, cfg, "probe", "probe_narrow", plugin.MemReadWrite, "work")
		seen := map[string]bool{}
		for _, a := range list {
			seen[fmt.Sprint(f(a))] = true
		}
		var all []string
		for s := range seen {
			all = append(all, s)
		}
		slices.Sort(all)
		if got := strings.Join(all, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestRow_mem_size_shift(t *testing.T) {
	kinds(t, "1 2 4", func(a plugin.Access) any {
		if v := a.Value(); a.Size() < 8 && v>>(8*a.Size()) != 0 {
			t.Errorf("value %#x of %d bytes", v, a.Size())
		}
		return a.Size()
	})
}

// byInsn compares what f says of the accesses of an instruction with what its text says.
func byInsn(t *testing.T, f func(a plugin.Access) bool, want func(mnemonic string) bool) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var n [2]int
		p := install(func(h *plugin.Host) {
			onCode(h, "probe_", func(b *plugin.Block) {
				for _, i := range b.Insns {
					if c := i.Class(); c != plugin.ClassLoad && c != plugin.ClassStore {
						continue
					}
					text, yes := i.String(), want(i.Mnemonic())
					i.OnMem(plugin.MemReadWrite, plugin.NoRegs, func(_ *plugin.VCPU, a plugin.Access) {
						if f(a) != yes {
							t.Errorf("%s: %v", text, f(a))
						}
						if yes {
							n[1]++
						} else {
							n[0]++
						}
					})
				}
			})
		})
		if run(t, cfg, p, "work"); n[0] < 100 || n[1] < 100 {
			t.Errorf("%d accesses are not so, %d are", n[0], n[1])
		}
	})
}

func TestRow_mem_is_sign_extended(t *testing.T) {
	byInsn(t, func(a plugin.Access) bool { return a.IsSigned() && a.Size() < 8 }, func(m string) bool {
		return m == "lb" || m == "lh" || m == "lw"
	})
}

func TestRow_mem_is_big_endian(t *testing.T) {
	kinds(t, "false", func(a plugin.Access) any { return a.IsBigEndian() })
}

func TestRow_mem_is_store(t *testing.T) {
	byInsn(t, func(a plugin.Access) bool { return a.IsStore() }, func(m string) bool {
		return m[0] == 's' || strings.HasPrefix(m, "fs")
	})
}

// Values of all sizes: the guest adds up what the plugin sees it load; 16 bytes are one access.
func TestRow_mem_get_value(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var sum, want uint64
		p := install(func(h *plugin.Host) {
			onCode(h, "probe_sum", func(b *plugin.Block) {
				for _, i := range b.Insns {
					i.OnMem(plugin.MemRead, plugin.NoRegs, func(_ *plugin.VCPU, a plugin.Access) {
						if k := (a.Addr - mustSym(t, h, "probe_data")) / 8; k < 64 {
							sum += a.Value() * (k + 1)
						}
					})
					if i.Class() == plugin.ClassReturn {
						i.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) { want, _ = v.X(10) })
					}
				}
			})
			at(h, "probe_sum", plugin.WriteRegs, func(v *plugin.VCPU) {
				sum = 0
				for k := range abi.Addr(64) {
					if err := v.WriteMem(mustSym(t, h, "probe_data")+8*k, []byte{byte(k), 1, 2, 3, 4, 5, 6, byte(200 - k)}); err != nil {
						t.Error(err)
					}
				}
			})
		})
		if run(t, cfg, p, "threads", "1", "1"); sum != want || sum == 0 {
			t.Errorf("loaded values add up to %#x, the guest says %#x", sum, want)
		}
		list, n := accesses(t, cfg, "api", "api_pair", plugin.MemReadWrite, "pair")
		var got []string
		for _, a := range list {
			lo, hi := a.Value128()
			got = append(got, fmt.Sprint(a.Size(), lo, hi, a.IsStore(), a.IsAtomic()))
		}
		// The second one compares unequal and stores nothing.
		if s := strings.Join(got, "; "); s != "16 1 2 false true; 16 3 4 true true; 16 3 4 false true" || n != 3 {
			t.Errorf("%s; %d inline", s, n)
		}
	})
}

func TestRow_scoreboard_new(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		type record struct {
			calls uint64
			index [3]int32
		}
		var total uint64
		p := install(func(h *plugin.Host) {
			sb := plugin.NewScoreboard[record](h)
			at(h, "probe_fib", plugin.NoRegs, func(v *plugin.VCPU) {
				r := sb.At(v)
				if r.calls != 0 && r.index[2] != int32(v.Index()) {
					t.Errorf("a record of vCPU %d is used by %d", r.index[2], v.Index())
				}
				r.calls++
				r.index[2] = int32(v.Index())
			})
			h.OnExit(func(plugin.ExitInfo) {
				for _, r := range sb.All {
					total += r.calls
				}
			})
		})
		if run(t, cfg, p, "threads", "5", "2"); total != 5*2*fibCalls {
			t.Errorf("%d calls", total)
		}
	})
}

// What is freed can be allocated again, is zero then, and the code that used it is gone.
func TestRow_scoreboard_free(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		p := install(func(h *plugin.Host) {
			sb := plugin.NewScoreboard[[1000]uint64](h)
			c := plugin.FieldCounter(sb, func(a *[1000]uint64) *uint64 { return &a[999] })
			reg := h.OnTranslate(func(b *plugin.Block) { b.Add(c, 1) })
			calls := 0
			at(h, "probe_fib", plugin.NoRegs, func(v *plugin.VCPU) {
				if calls++; calls == 5 {
					if c.Get(v) == 0 {
						t.Error("nothing was counted")
					}
					reg.Remove()
					sb.Free()
					sb = plugin.NewScoreboard[[1000]uint64](h)
				}
				if calls > 6 && sb.At(v)[999] > 1 { // the block that was under way may have added to it
					t.Error("a record is not zero")
				}
			})
		})
		run(t, cfg, p, "threads", "1", "1")
		// More than there is room for, if nothing were given back.
		run(t, cfg, install(func(h *plugin.Host) {
			for range 10 {
				plugin.NewScoreboard[[plugin.SlotSize / 2]byte](h).Free()
			}
		}), "map")
	})
}

// Records do not move when threads come.
func TestRow_scoreboard_find(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		p := install(func(h *plugin.Host) {
			sb := plugin.NewScoreboard[uint64](h)
			var first *uint64
			h.OnThreadStart(func(v *plugin.VCPU) {
				if first == nil {
					first = sb.At(v)
				}
				if sb.At(v) != sb.Index(v.Index()) || sb.Index(v.Index()+100) != nil || sb.Index(-1) != nil {
					t.Error("At and Index differ")
				}
			})
			h.OnExit(func(plugin.ExitInfo) {
				if sb.Index(0) != first {
					t.Error("a record has moved")
				}
			})
		})
		run(t, cfg, p, "threads", "40", "1")
	})
}

// counterMethods tests one method of a counter in a callback.
func counterMethods(t *testing.T, f func(t *testing.T, c plugin.Counter, v *plugin.VCPU)) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		calls := 0
		p := install(func(h *plugin.Host) {
			type two struct{ other, count uint64 }
			sb := plugin.NewScoreboard[two](h)
			c := plugin.FieldCounter(sb, func(x *two) *uint64 { return &x.count })
			entry(h, func(_ *plugin.Block, i *plugin.Insn) {
				i.Store(c, 40)
				i.OnExec(plugin.NoRegs, func(v *plugin.VCPU) {
					calls++
					f(t, c, v)
					if sb.At(v).other != 0 {
						t.Error("the field beside is not 0")
					}
				})
			})
		})
		if run(t, cfg, p, "threads", "1", "1"); calls != fibCalls {
			t.Errorf("%d calls", calls)
		}
	})
}

func TestRow_scoreboard_u64(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var a, b uint64
		p := install(func(h *plugin.Host) {
			x, y := plugin.NewCounter(h), plugin.NewCounter(h)
			entry(h, func(blk *plugin.Block, _ *plugin.Insn) {
				blk.Add(x, 1)
				blk.Add(y, 3)
			})
			h.OnExit(func(plugin.ExitInfo) { a, b = x.Sum(), y.Sum() })
		})
		if run(t, cfg, p, "threads", "1", "1"); a != fibCalls || b != 3*fibCalls {
			t.Errorf("%d, %d", a, b)
		}
	})
}

func TestRow_scoreboard_u64_in_struct(t *testing.T) {
	counterMethods(t, func(t *testing.T, c plugin.Counter, v *plugin.VCPU) {
		if c.Get(v) != 40 {
			t.Errorf("the field is %d", c.Get(v))
		}
	})
}

func TestRow_u64_add(t *testing.T) {
	counterMethods(t, func(t *testing.T, c plugin.Counter, v *plugin.VCPU) {
		if c.Add(v, 2); c.Get(v) != 42 {
			t.Errorf("%d", c.Get(v))
		}
	})
}

func TestRow_u64_get(t *testing.T) {
	counterMethods(t, func(t *testing.T, c plugin.Counter, v *plugin.VCPU) {
		if a, b := c.Get(v), c.Get(v); a != 40 || b != 40 {
			t.Errorf("%d, %d", a, b)
		}
	})
}

func TestRow_u64_set(t *testing.T) {
	counterMethods(t, func(t *testing.T, c plugin.Counter, v *plugin.VCPU) {
		if c.Set(v, 1<<63); c.Get(v) != 1<<63 {
			t.Errorf("%d", c.Get(v))
		}
		if c.Reset(); c.Get(v) != 0 {
			t.Errorf("%d after Reset", c.Get(v))
		}
	})
}

// The sum is over all indices that there have been, of threads that have ended too.
func TestRow_u64_sum(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		var sum uint64
		p := install(func(h *plugin.Host) {
			c := plugin.NewCounter(h)
			h.OnThreadStart(func(v *plugin.VCPU) { c.Add(v, 1) })
			h.OnExit(func(plugin.ExitInfo) { sum = c.Sum() })
		})
		if run(t, cfg, p, "series", "5"); sum != 6 {
			t.Errorf("%d", sum)
		}
	})
}
