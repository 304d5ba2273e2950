//go:build linux

package probe

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/plugin"
)

// counts is what a run of "work" showed, counted in every way there is.
type counts struct {
	inline, called, summed uint64 // instructions
	loads, stores          uint64 // accesses
	calledMem              uint64
	tracedMem              uint64
	callHash, traceHash    uint64 // over all accesses in order
	byClass                [plugin.NumClasses]uint64
	blocks                 uint64
}

func (c *counts) check(t *testing.T) {
	t.Helper()
	if c.inline == 0 || c.inline != c.called || c.inline != c.summed {
		t.Errorf("instructions: inline %d, called %d, per block %d", c.inline, c.called, c.summed)
	}
	if m := c.loads + c.stores; m == 0 || m != c.calledMem || m != c.tracedMem || c.callHash != c.traceHash {
		t.Errorf("accesses: inline %d+%d, called %d, traced %d; hashes %x %x", c.loads, c.stores, c.calledMem, c.tracedMem, c.callHash, c.traceHash)
	}
	sum := uint64(0)
	for _, n := range c.byClass {
		sum += n
	}
	if sum != c.inline {
		t.Errorf("classes sum up to %d of %d", sum, c.inline)
	}
}

// countWork counts a run of "work" in the guest's probe_ functions. What is not asked for is equal to the
// rest, so that check can be used.
func countWork(t *testing.T, cfg weir.Config, call, trace bool) *counts {
	t.Helper()
	c := new(counts)
	ch, th := fnv.New64a(), fnv.New64a()
	var cbase, tbase uint64
	note := func(h hash.Hash64, base *uint64, pc, addr, value uint64, info plugin.MemInfo) {
		// The stack is elsewhere in each run.
		if *base == 0 && addr>>32 != 0 {
			*base = addr
		}
		for _, p := range [...]*uint64{&addr, &value} {
			if d := *p - *base; *base != 0 && int64(d) < 1<<24 && int64(d) > -1<<24 {
				*p = d
			}
		}
		var b [32]byte
		for i, v := range [...]uint64{pc, addr, value, uint64(info)} {
			binary.LittleEndian.PutUint64(b[8*i:], v)
		}
		h.Write(b[:])
	}
	p := install(func(h *plugin.Host) {
		inline, summed, blocks := plugin.NewCounter(h), plugin.NewCounter(h), plugin.NewCounter(h)
		type mem struct{ loads, stores uint64 }
		sb := plugin.NewScoreboard[mem](h)
		loads := plugin.FieldCounter(sb, func(m *mem) *uint64 { return &m.loads })
		stores := plugin.FieldCounter(sb, func(m *mem) *uint64 { return &m.stores })
		classes := plugin.NewScoreboard[[plugin.NumClasses]uint64](h)
		tr := plugin.NewMemTrace(h, func(_ *plugin.VCPU, list []plugin.MemRecord) {
			c.tracedMem += uint64(len(list))
			for i := range list {
				note(th, &tbase, list[i].PC, list[i].Addr, list[i].Value, list[i].Info)
			}
		})
		h.OnTranslate(func(b *plugin.Block) {
			n := uint64(0)
			probed(b, func(i *plugin.Insn, _ string) {
				n++
				i.Add(inline, 1)
				i.Add(plugin.FieldCounter(classes, func(a *[plugin.NumClasses]uint64) *uint64 { return &a[i.Class()] }), 1)
				i.AddOnMem(plugin.MemRead, loads, 1)
				i.AddOnMem(plugin.MemWrite, stores, 1)
				if call {
					i.OnExec(plugin.NoRegs, func(*plugin.VCPU) { c.called++ })
					pc := i.PC()
					i.OnMem(plugin.MemReadWrite, plugin.NoRegs, func(_ *plugin.VCPU, a plugin.Access) {
						c.calledMem++
						note(ch, &cbase, pc, a.Addr, a.Value(), a.Info)
					})
				}
				if trace {
					i.TraceMem(plugin.MemReadWrite, tr)
				}
			})
			if n > 0 {
				b.Add(summed, n)
				b.Add(blocks, 1)
			}
		})
		h.OnExit(func(plugin.ExitInfo) {
			c.inline, c.summed, c.loads, c.stores, c.blocks = inline.Sum(), summed.Sum(), loads.Sum(), stores.Sum(), blocks.Sum()
			for _, r := range classes.All {
				for i, n := range r {
					c.byClass[i] += n
				}
			}
		})
	})
	if status, log := run(t, cfg, p, "work"); status != 0 {
		t.Fatalf("status %d\n%s", status, log)
	}
	c.callHash, c.traceHash = ch.Sum64(), th.Sum64()
	if !call {
		c.called, c.calledMem, c.callHash = c.inline, c.loads+c.stores, c.traceHash
	}
	if !trace {
		c.tracedMem, c.traceHash = c.loads+c.stores, c.callHash
	}
	c.check(t)
	return c
}

// Every way of counting gives the same numbers, values and order, in every engine.
func TestCountsAgree(t *testing.T) {
	var want *counts
	var hashed uint64
	for _, e := range engines {
		for mode := range 4 {
			call, trace := mode&1 != 0, mode&2 != 0
			t.Run(fmt.Sprintf("%s/call=%v,trace=%v", e.name, call, trace), func(t *testing.T) {
				got := countWork(t, e.cfg, call, trace)
				if want == nil {
					want = got
					return
				}
				if got.inline != want.inline || got.loads != want.loads || got.stores != want.stores || got.byClass != want.byClass {
					t.Errorf("%+v\nwant %+v", got, want)
				}
				if mode > 0 && hashed == 0 {
					hashed = got.callHash
				}
				if mode > 0 && hashed != got.callHash {
					t.Errorf("accesses differ: %x, want %x", got.callHash, hashed)
				}
			})
		}
	}
}
