package selftest

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var insnOptions = []plugin.Option{
	boolOption("inline", "count in the translated code, without calls"),
	boolOption("sizes", "print how many instructions of each size were translated, instead of counts"),
	{Key: "match", Value: "PREFIX", Help: "watch instructions whose disassembly begins so", Multi: true},
	boolOption("trace", "print a line for each execution of a matching instruction"),
}

// insnMatch is what is counted for a match argument, for each thread.
type insnMatch struct{ hits, last, distance uint64 }

// matching is an instruction of the guest that matches.
type matching struct {
	match int
	pc    abi.Addr
	text  string
	hits  atomic.Uint64
}

type insnPlugin struct {
	host          *plugin.Host
	inline, sizes bool
	trace         bool
	prefixes      []string
	count         plugin.Counter
	counts        *plugin.Scoreboard[uint64]
	matches       []*plugin.Scoreboard[insnMatch]
	mu            sync.Mutex
	found         map[matchKey]*matching
	bySize        [32]uint64 // guarded by mu
}

type matchKey struct {
	match int
	pc    abi.Addr
	text  string
}

// insn counts executed instructions.
func insn(h *plugin.Host, args plugin.Args) error {
	p := &insnPlugin{host: h, prefixes: args.All("match"), found: make(map[matchKey]*matching)}
	if err := bools(args, map[string]*bool{"inline": &p.inline, "sizes": &p.sizes, "trace": &p.trace}); err != nil {
		return err
	}
	p.counts = plugin.NewScoreboard[uint64](h)
	p.count = plugin.FieldCounter(p.counts, func(n *uint64) *uint64 { return n })
	for range p.prefixes {
		p.matches = append(p.matches, plugin.NewScoreboard[insnMatch](h))
	}
	h.OnTranslate(p.translate)
	h.OnExit(func(plugin.ExitInfo) { p.print() })
	return nil
}

func (p *insnPlugin) translate(b *plugin.Block) {
	for _, i := range b.Insns {
		if p.inline {
			i.Add(p.count, 1)
		} else {
			i.OnExec(plugin.NoRegs, func(v *plugin.VCPU) { p.count.Add(v, 1) })
		}
		if p.sizes {
			p.mu.Lock()
			p.bySize[i.Len()]++
			p.mu.Unlock()
		}
		if len(p.prefixes) == 0 {
			continue
		}
		text := i.String()
		for k, prefix := range p.prefixes {
			if strings.HasPrefix(text, prefix) {
				m := p.record(matchKey{k, i.PC(), text})
				i.OnExec(plugin.NoRegs, func(v *plugin.VCPU) { p.hit(v, m) })
			}
		}
	}
}

// record returns the one record of an instruction, however often it is translated.
func (p *insnPlugin) record(k matchKey) *matching {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.found[k]
	if m == nil {
		m = &matching{match: k.match, pc: k.pc, text: k.text}
		p.found[k] = m
	}
	return m
}

func (p *insnPlugin) hit(v *plugin.VCPU, m *matching) {
	hits := m.hits.Add(1)
	c, now := p.matches[m.match].At(v), p.count.Get(v)
	since := now - c.last
	c.hits++
	c.distance += since
	c.last = now
	if p.trace {
		var r report
		r.printf("0x%x, '%s', %d hits, cpu %d, %d match hits, Δ+%d since last match, %d avg insns/match\n",
			m.pc, m.text, hits, v.Index(), c.hits, since, c.distance/c.hits)
		r.to(p.host.Output())
	}
}

func (p *insnPlugin) print() {
	var r report
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sizes {
		for n, k := range p.bySize {
			if k != 0 {
				r.printf("len %d bytes: %d insns\n", n, k)
			}
		}
	} else {
		for i, n := range p.counts.All {
			r.printf("cpu %d insns: %d\n", i, *n)
		}
		r.printf("total insns: %d\n", p.count.Sum())
	}
	var list []*matching
	for _, m := range p.found {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *matching) int { return cmp.Or(cmp.Compare(a.pc, b.pc), cmp.Compare(a.text, b.text)) })
	for k, prefix := range p.prefixes {
		hits := uint64(0)
		for _, c := range p.matches[k].All {
			hits += c.hits
		}
		r.printf("Match: %s, hits %d\n", prefix, hits)
		for _, m := range list {
			if m.match == k {
				r.printf("  %x: %s (hits %d)\n", m.pc, m.text, m.hits.Load())
			}
		}
	}
	r.to(p.host.Output())
}
