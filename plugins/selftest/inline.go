package selftest

import (
	"sync/atomic"

	"github.com/weir-emu/weir/plugin"
)

// inlineEvery is how often a conditional callback is called: at each that many'th execution.
const inlineEvery = 100

// inlineCount counts one thing for a thread in several ways.
type inlineCount struct {
	called   uint64 // by a callback
	inline   uint64 // in the translation
	toCond   uint64 // since the conditional callback was called
	fired    uint64 // times it was called
	identity uint64 // of what is executed, set in the translation
}

type inlineCounts struct{ tb, insn, mem inlineCount }

// inlineThing is what is counted: blocks, instructions or accesses.
type inlineThing struct {
	name   string
	of     func(*inlineCounts) *inlineCount
	global atomic.Uint64

	inline, toCond, identity plugin.Counter
}

type inlinePlugin struct {
	host          *plugin.Host
	counts        *plugin.Scoreboard[inlineCounts]
	tb, insn, mem inlineThing
	ids           atomic.Uint64
	highest       atomic.Int64 // index of a thread that was seen
}

// inline counts blocks, instructions and accesses by callbacks, in the translation, and with
// conditional callbacks, and wants the same numbers. Each callback finds the word that was stored
// just before it.
func inline(h *plugin.Host, _ plugin.Args) error {
	p := &inlinePlugin{host: h, counts: plugin.NewScoreboard[inlineCounts](h)}
	p.tb = inlineThing{name: "tb", of: func(c *inlineCounts) *inlineCount { return &c.tb }}
	p.insn = inlineThing{name: "insn", of: func(c *inlineCounts) *inlineCount { return &c.insn }}
	p.mem = inlineThing{name: "mem", of: func(c *inlineCounts) *inlineCount { return &c.mem }}
	for _, t := range p.things() {
		field := func(f func(*inlineCount) *uint64) plugin.Counter {
			return plugin.FieldCounter(p.counts, func(c *inlineCounts) *uint64 { return f(t.of(c)) })
		}
		t.inline = field(func(c *inlineCount) *uint64 { return &c.inline })
		t.toCond = field(func(c *inlineCount) *uint64 { return &c.toCond })
		t.identity = field(func(c *inlineCount) *uint64 { return &c.identity })
	}
	h.OnTranslate(p.translate)
	h.OnFork(func(*plugin.VCPU) { // the parent's other threads were anywhere
		for _, c := range p.counts.All {
			*c = inlineCounts{}
		}
		for _, t := range p.things() {
			t.global.Store(0)
		}
	})
	h.OnExit(func(plugin.ExitInfo) { p.check() })
	return nil
}

func (p *inlinePlugin) things() [3]*inlineThing { return [3]*inlineThing{&p.tb, &p.insn, &p.mem} }

// executed is the callback for each execution of what has the identity id.
func (p *inlinePlugin) executed(v *plugin.VCPU, t *inlineThing, id uint64) {
	c := t.of(p.counts.At(v))
	if c.identity != id {
		p.host.Fail("%s: the word stored before a callback is %d, want %d", t.name, c.identity, id)
	}
	c.called++
	t.global.Add(1)
	for n := p.highest.Load(); n < int64(v.Index()) && !p.highest.CompareAndSwap(n, int64(v.Index())); n = p.highest.Load() {
	}
}

// condition is the conditional callback.
func (p *inlinePlugin) condition(v *plugin.VCPU, t *inlineThing, id uint64) {
	c := t.of(p.counts.At(v))
	if c.toCond != inlineEvery || c.identity != id {
		p.host.Fail("%s: conditional callback after %d executions, want %d (word %d, want %d)", t.name, c.toCond, inlineEvery, c.identity, id)
	}
	c.toCond = 0
	c.fired++
}

func (p *inlinePlugin) translate(b *plugin.Block) {
	id := p.ids.Add(1)
	b.Store(p.tb.identity, id)
	b.OnExec(plugin.NoRegs, func(v *plugin.VCPU) { p.executed(v, &p.tb, id) })
	b.Add(p.tb.inline, 1)
	b.Add(p.tb.toCond, 1)
	b.OnExecIf(p.tb.toCond.EQ(inlineEvery), plugin.NoRegs, func(v *plugin.VCPU) { p.condition(v, &p.tb, id) })
	for _, i := range b.Insns {
		id := p.ids.Add(1)
		i.Store(p.insn.identity, id)
		i.OnExec(plugin.NoRegs, func(v *plugin.VCPU) { p.executed(v, &p.insn, id) })
		i.Add(p.insn.inline, 1)
		i.Add(p.insn.toCond, 1)
		i.OnExecIf(p.insn.toCond.EQ(inlineEvery), plugin.NoRegs, func(v *plugin.VCPU) { p.condition(v, &p.insn, id) })

		i.StoreOnMem(plugin.MemReadWrite, p.mem.identity, id)
		i.OnMem(plugin.MemReadWrite, plugin.NoRegs, func(v *plugin.VCPU, _ plugin.Access) { p.executed(v, &p.mem, id) })
		i.AddOnMem(plugin.MemReadWrite, p.mem.inline, 1)
	}
}

// check prints and compares the counts. Threads that still run may be between two ways of counting.
func (p *inlinePlugin) check() {
	running := make(map[int]bool)
	if list := p.host.VCPUs(); len(list) > 1 {
		for _, v := range list {
			running[v.Index()] = true
		}
	}
	if n := int64(p.host.MaxVCPUs()); p.highest.Load() >= n {
		p.host.Fail("thread %d was seen, and there are %d", p.highest.Load(), n)
	}
	var r report
	for i, c := range p.counts.All {
		// A copy: what is compared is what is printed.
		tb, insn, mem := c.tb, c.insn, c.mem
		r.printf("cpu %d: tb (%d, %d, %d * %d + %d) | insn (%d, %d, %d * %d + %d) | mem (%d, %d)\n", i,
			tb.called, tb.inline, tb.fired, inlineEvery, tb.toCond, insn.called, insn.inline, insn.fired, inlineEvery, insn.toCond,
			mem.called, mem.inline)
		if running[i] {
			continue
		}
		for _, t := range p.things() {
			x := t.of(&inlineCounts{tb, insn, mem})
			if x.called != x.inline || t != &p.mem && (x.fired != x.called/inlineEvery || x.toCond != x.called%inlineEvery) {
				r.to(p.host.Output())
				p.host.Fail("cpu %d: %s: counted %d in callbacks, %d inline, %d * %d + %d by condition", i, t.name, x.called, x.inline, x.fired, inlineEvery, x.toCond)
			}
		}
	}
	for _, t := range p.things() {
		global := t.global.Load()
		var sum inlineCount
		for _, c := range p.counts.All {
			x := t.of(c)
			sum.called += x.called
			sum.inline += x.inline
			sum.fired += x.fired
			sum.toCond += x.toCond
		}
		cond := sum.fired*inlineEvery + sum.toCond
		r.printf("%s: %d\n%[1]s: %[3]d (per vcpu)\n%[1]s: %[4]d (per vcpu inline)\n", t.name, global, sum.called, sum.inline)
		if t != &p.mem {
			r.printf("%s: %d (cond cb)\n", t.name, cond)
		}
		if len(running) == 0 && (global == 0 || sum.called != global || sum.inline != global || t != &p.mem && cond != global) {
			r.to(p.host.Output())
			p.host.Fail("%s: counted %d in all, %d for threads, %d inline, %d by condition", t.name, global, sum.called, sum.inline, cond)
		}
	}
	r.to(p.host.Output())
}
