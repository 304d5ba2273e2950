// Package hotblocks finds the blocks of code that are executed most often, and prints them when the process ends:
//
//	collected 903 entries in the hash table
//	pc, tcount, icount, ecount
//	0x000000000041ed10, 1, 5, 66087
//
// which is address, number of translations, instructions, and executions, the hottest block first. An entry is an
// address and a length: where a block was translated with another length it is another entry. Each process of a
// tree prints its own; a forked child starts at zero, and execve starts anew with the new program.
//
// It shows translation events and counters that are compiled into blocks.
package hotblocks

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "inline", Value: "on|off", Help: "count inside the translated code, not by calling the plugin (on)"},
	{Key: "limit", Value: "N", Help: "print the N hottest blocks (20)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "hotblocks",
		Summary: "the blocks of code that are executed most often",
		Options: options,
		New:     func() plugin.Plugin { return &hot{table: make(map[key]*entry)} },
	}
}

// maxInline is how many blocks have a counter: memory for those is limited, and shared by all plugins.
const maxInline = 1 << 18

type hot struct {
	host   *plugin.Host
	inline bool
	limit  uint64

	mu    sync.Mutex
	table map[key]*entry
	made  int              // counters
	free  []plugin.Counter // of programs that are gone
}

type key struct {
	pc    abi.Addr
	insns int
}

// entry is a block, with one of two ways to count its executions.
type entry struct {
	translations int
	inline       bool
	counter      plugin.Counter
	calls        atomic.Uint64
}

func (e *entry) executions() uint64 {
	if e.inline {
		return e.counter.Sum()
	}
	return e.calls.Load()
}

// Install implements plugin.Plugin.
func (p *hot) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	p.host = h
	if p.inline, err = args.Bool("inline", true); err != nil {
		return err
	}
	if p.limit, err = args.Uint("limit", 20); err != nil {
		return err
	}
	h.OnTranslate(func(b *plugin.Block) {
		if e := p.entry(b); e.inline {
			b.Add(e.counter, 1)
		} else {
			b.OnExec(plugin.NoRegs, func(*plugin.VCPU) { e.calls.Add(1) })
		}
	})
	h.OnFork(func(*plugin.VCPU) { p.reset(false) })
	h.OnExec(func(*plugin.VCPU) { p.reset(true) })
	h.OnExit(func(plugin.ExitInfo) { p.print() })
	return nil
}

// entry returns the entry of a block that is translated now.
func (p *hot) entry(b *plugin.Block) *entry {
	k := key{b.PC(), b.Len()}
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.table[k]
	if e == nil {
		e = &entry{}
		if n := len(p.free); p.inline && n > 0 {
			e.inline, e.counter, p.free = true, p.free[n-1], p.free[:n-1]
		} else if p.inline && p.made < maxInline {
			e.inline, e.counter = true, plugin.NewCounter(p.host)
			p.made++
		}
		p.table[k] = e
	}
	e.translations++
	return e
}

// reset sets counts to zero; the blocks are forgotten too if another program runs now.
func (p *hot) reset(forget bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.table {
		e.calls.Store(0)
		if e.inline {
			e.counter.Reset()
			if forget {
				p.free = append(p.free, e.counter)
			}
		}
	}
	if forget {
		clear(p.table)
	}
}

func (p *hot) print() {
	type row struct {
		key
		translations int
		executions   uint64
	}
	p.mu.Lock()
	rows := make([]row, 0, len(p.table))
	for k, e := range p.table {
		rows = append(rows, row{k, e.translations, e.executions()})
	}
	p.mu.Unlock()
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.executions, a.executions), cmp.Compare(a.pc, b.pc), cmp.Compare(a.insns, b.insns))
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "collected %d entries in the hash table\npc, tcount, icount, ecount\n", len(rows))
	for i, r := range rows {
		if uint64(i) >= p.limit || r.executions == 0 {
			break
		}
		fmt.Fprintf(&b, "0x%016x, %d, %d, %d\n", r.pc, r.translations, r.insns, r.executions)
	}
	p.host.Output().Write(b.Bytes())
}
