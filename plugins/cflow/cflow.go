// Package cflow finds where the flow of control goes: branches that are taken, and where to, and instructions that
// fault. It prints the ten busiest places when the process ends:
//
//	collected 1789 control flow nodes in the hash table
//	  addr: 0x403c88 hexchar: ret (branch)
//	    branches 1280
//	      to 0x403d00 (640)
//	      to 0x403d24 (640)
//
// A node is an instruction that a block ends with. One that has failed, so that a signal handler of the guest ran, is a
// "sync fault"; if that was before the block's end, it is an "early exit" too, as is a block that another plugin's
// callback has left (its first instruction stands for it). What goes on at the next address is no branch; signals from
// outside are none either. Each process of a tree prints its own; a forked child starts at zero, and execve starts anew with
// the new program.
//
// It shows conditional callbacks: each block stores where it ends and which block is expected next, and the plugin is
// called only when another one comes. What jumps and loops do as expected is counted without a call.
package cflow

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "sort", Value: "hottest|early|exceptions", Help: "print the nodes with most branches, early exits or faults (hottest)"},
	{Key: "limit", Value: "N", Help: "print N nodes (10)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "cflow",
		Summary: "branches taken and where to, and instructions that fault",
		Options: options,
		New: func() plugin.Plugin {
			return &flow{nodes: make(map[abi.Addr]*node), edges: make(map[way]*edge), texts: make(map[abi.Addr]text)}
		},
	}
}

type flow struct {
	host  *plugin.Host
	sort  string
	limit uint64
	board *plugin.Scoreboard[place]

	mu    sync.Mutex
	nodes map[abi.Addr]*node
	edges map[way]*edge
	texts map[abi.Addr]text // of instructions that can become nodes
	made  int               // counters
	free  []plugin.Counter  // of programs that are gone
}

// place is where a thread is: the block that it executes.
type place struct {
	start abi.Addr // 0: the thread has executed nothing yet
	end   abi.Addr // its last instruction, 0 as long as that has not begun
	after abi.Addr // the address behind it
	next  abi.Addr // what is expected to be executed next
}

// text is an instruction as it is printed.
type text struct{ symbol, insn string }

type node struct {
	early, faults uint64

	// A node whose branch is expected to be taken counts how often it is executed; what else happened after it are edges.
	expects bool
	target  abi.Addr
	after   abi.Addr
	counter plugin.Counter
}

// maxCounters is how many nodes have a counter, as memory for those is limited.
const maxCounters = 1 << 18

type way struct{ from, to abi.Addr }

type edge struct {
	way
	count atomic.Uint64
}

// Install implements plugin.Plugin.
func (p *flow) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	p.sort = args.Get("sort", "hottest")
	if !slices.Contains([]string{"hottest", "early", "exceptions"}, p.sort) {
		return fmt.Errorf("sort=%s: want hottest, early or exceptions", p.sort)
	}
	if p.limit, err = args.Uint("limit", 10); err != nil {
		return err
	}
	p.host, p.board = h, plugin.NewScoreboard[place](h)
	start := plugin.FieldCounter(p.board, func(w *place) *uint64 { return &w.start })
	end := plugin.FieldCounter(p.board, func(w *place) *uint64 { return &w.end })
	after := plugin.FieldCounter(p.board, func(w *place) *uint64 { return &w.after })
	next := plugin.FieldCounter(p.board, func(w *place) *uint64 { return &w.next })
	h.OnTranslate(func(b *plugin.Block) {
		n := p.describe(b)
		pc, last := b.PC(), b.Insn(b.Len()-1)
		var before atomic.Pointer[edge] // a block is mostly come to from the same one
		b.OnExecIf(next.NE(pc), plugin.NoRegs, func(v *plugin.VCPU) {
			w := p.board.At(v)
			if w.start == 0 {
				return
			}
			if w.end == 0 {
				p.leave(w.start, pc)
				return
			}
			e := before.Load()
			if e == nil || e.from != w.end {
				e = p.edge(way{w.end, pc})
				before.Store(e)
			}
			e.count.Add(1)
		})
		b.Store(start, pc)
		b.Store(after, n.after)
		b.Store(end, 0)
		last.Store(end, last.PC())
		if n.expects {
			b.Store(next, n.target)
			last.Add(n.counter, 1)
		} else {
			b.Store(next, n.after)
		}
	})
	h.OnDiscontinuity(plugin.Exception|plugin.Interrupt, p.signal)
	h.OnThreadStart(func(v *plugin.VCPU) { *p.board.At(v) = place{} })
	h.OnFork(func(*plugin.VCPU) { p.reset(false) })
	h.OnExec(func(*plugin.VCPU) { p.reset(true) })
	h.OnExit(func(plugin.ExitInfo) { p.print() })
	return nil
}

// describe keeps what may be printed of a block, its end and what can fault, and returns the node.
func (p *flow) describe(b *plugin.Block) (last node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, i := range b.Insns {
		switch end := n == b.Len()-1; {
		case end:
			x := p.node(i.PC())
			x.after = i.PC() + uint64(i.Len())
			if to, ok := i.Target(); ok && !x.expects && (i.Class() != plugin.ClassBranch || to <= i.PC()) && to != x.after {
				p.expect(x, to)
			}
			last = *x
		case n == 0:
		default:
			switch i.Class() {
			case plugin.ClassLoad, plugin.ClassStore, plugin.ClassAtomic:
			default:
				continue
			}
		}
		s, _ := i.Symbol()
		p.texts[i.PC()] = text{cmp.Or(s.Name, "?"), strings.ReplaceAll(i.String(), "\t", " ")}
	}
	return last
}

// expect gives a node a counter, if there is one.
func (p *flow) expect(x *node, to abi.Addr) {
	if n := len(p.free); n > 0 {
		x.counter, p.free = p.free[n-1], p.free[:n-1]
	} else if p.made < maxCounters {
		x.counter = plugin.NewCounter(p.host)
		p.made++
	} else {
		return
	}
	x.expects, x.target = true, to
}

func (p *flow) edge(w way) *edge {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.edges[w]
	if e == nil {
		e = &edge{way: w}
		p.edges[w] = e
	}
	return e
}

// node returns the node at pc.
func (p *flow) node(pc abi.Addr) *node {
	n := p.nodes[pc]
	if n == nil {
		n = &node{}
		p.nodes[pc] = n
	}
	return n
}

// leave is an early exit of a block at from.
func (p *flow) leave(from, to abi.Addr) {
	p.edge(way{from, to}).count.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.node(from).early++
}

// signal is the begin of a signal handler, to which no branch leads.
func (p *flow) signal(v *plugin.VCPU, d plugin.Discontinuity) {
	w := p.board.At(v)
	inside := w.start != 0 && w.start <= d.From && d.From < w.after // of the block under way
	if done := w.end != 0; done && w.next != d.From && w.end != d.From && !(d.Type == plugin.Exception && inside) {
		p.edge(way{w.end, d.From}).count.Add(1) // the branch was taken, though nothing has been executed there
	}
	if d.Type == plugin.Exception {
		if inside && d.From != w.end {
			p.leave(d.From, d.To)
		} else {
			p.edge(way{d.From, d.To}).count.Add(1)
		}
		p.mu.Lock()
		p.node(d.From).faults++
		p.mu.Unlock()
	}
	w.next = d.To // the handler's first block follows
}

// reset sets counts to zero; everything is forgotten if another program runs now.
func (p *flow) reset(forget bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.nodes {
		n.early, n.faults = 0, 0
		if n.expects {
			n.counter.Reset()
			if forget {
				p.free = append(p.free, n.counter)
			}
		}
	}
	for _, e := range p.edges {
		e.count.Store(0)
	}
	if forget {
		clear(p.nodes)
		clear(p.edges)
		clear(p.texts)
	}
}

// count is a way that was taken n times.
type count struct {
	to abi.Addr
	n  uint64
}

// counts returns the branches of each node.
func (p *flow) counts() map[abi.Addr][]count {
	out := make(map[abi.Addr][]count)
	other := make(map[abi.Addr]uint64) // what happened instead of what was expected
	for w, e := range p.edges {
		n := e.count.Load()
		if n == 0 {
			continue
		}
		x := p.node(w.from)
		if other[w.from] += n; w.to != x.after { // else it went on behind a branch, which is none taken
			out[w.from] = append(out[w.from], count{w.to, n})
		}
	}
	for pc, x := range p.nodes {
		if !x.expects {
			continue
		}
		if n := x.counter.Sum(); n > other[pc] {
			out[pc] = append(out[pc], count{x.target, n - other[pc]})
		}
	}
	return out
}

func (p *flow) print() {
	type row struct {
		pc abi.Addr
		node
		branches uint64
		ways     []count
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*row
	for pc, ways := range p.counts() {
		r := &row{pc: pc, node: *p.nodes[pc], ways: ways}
		for _, c := range ways {
			r.branches += c.n
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *row) int {
		by := 0
		switch p.sort {
		case "early":
			by = cmp.Compare(b.early, a.early)
		case "exceptions":
			by = cmp.Compare(b.faults, a.faults)
		}
		return cmp.Or(by, cmp.Compare(b.branches, a.branches), cmp.Compare(a.pc, b.pc))
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "collected %d control flow nodes in the hash table\n", len(p.nodes))
	for _, r := range list[:min(uint64(len(list)), p.limit)] {
		kind := "branch"
		if r.faults != 0 {
			kind = "sync fault"
		}
		t, ok := p.texts[r.pc]
		if !ok {
			t = text{"?", "?"}
		}
		fmt.Fprintf(&b, "  addr: 0x%x %s: %s (%s)\n", r.pc, t.symbol, t.insn, kind)
		if r.early != 0 {
			fmt.Fprintf(&b, "    early exits %d\n", r.early)
		}
		fmt.Fprintf(&b, "    branches %d\n", r.branches)
		slices.SortFunc(r.ways, func(x, y count) int { return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.to, y.to)) })
		for _, c := range r.ways {
			fmt.Fprintf(&b, "      to 0x%x (%d)\n", c.to, c.n)
		}
	}
	p.host.Output().Write(b.Bytes())
}
