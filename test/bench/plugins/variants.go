package main

import (
	"fmt"
	"os"

	"github.com/weir-emu/weir/plugin"
)

// A variant is a way to instrument.
type variant struct {
	name    string
	calls   bool // each event calls Go
	install func(h *plugin.Host, t *tally)
}

// tally is what happened, by vCPU where events come from several threads.
type tally struct {
	sums []func() uint64
}

// counter makes a counter of h's that is part of the tally.
func (t *tally) counter(h *plugin.Host) plugin.Counter {
	c := plugin.NewCounter(h)
	t.sums = append(t.sums, c.Sum)
	return c
}

// board makes a word per vCPU for Go code that is part of the tally.
func (t *tally) board(h *plugin.Host) *plugin.Scoreboard[uint64] {
	s := plugin.NewScoreboard[uint64](h)
	t.sums = append(t.sums, func() (n uint64) {
		for _, w := range s.All {
			n += *w
		}
		return n
	})
	return s
}

func (t *tally) sum() (n uint64) {
	for _, f := range t.sums {
		n += f()
	}
	return n
}

// eachInsn registers f for each instruction.
func eachInsn(h *plugin.Host, f func(i *plugin.Insn)) {
	h.OnTranslate(func(b *plugin.Block) {
		for _, i := range b.Insns {
			f(i)
		}
	})
}

var variants = []variant{
	{name: "none"},
	{name: "listener", install: func(h *plugin.Host, _ *tally) { h.OnTranslate(func(*plugin.Block) {}) }},
	{name: "filter", install: func(h *plugin.Host, t *tally) {
		s := t.board(h)
		h.FilterSyscalls(plugin.AllSyscalls, func(c *plugin.Call) plugin.Verdict { *s.At(c.VCPU())++; return plugin.Pass })
	}},
	{name: "blocks", install: func(h *plugin.Host, t *tally) {
		c := t.counter(h)
		h.OnTranslate(func(b *plugin.Block) { b.Add(c, 1) })
	}},
	{name: "insns by block", install: func(h *plugin.Host, t *tally) {
		c := t.counter(h)
		h.OnTranslate(func(b *plugin.Block) { b.Add(c, uint64(b.Len())) })
	}},
	{name: "insns", install: func(h *plugin.Host, t *tally) {
		c := t.counter(h)
		eachInsn(h, func(i *plugin.Insn) { i.Add(c, 1) })
	}},
	{name: "accesses", install: func(h *plugin.Host, t *tally) {
		c := t.counter(h)
		eachInsn(h, func(i *plugin.Insn) { i.AddOnMem(plugin.MemReadWrite, c, 1) })
	}},
	{name: "trace", install: func(h *plugin.Host, t *tally) {
		s := t.board(h)
		trace := plugin.NewMemTrace(h, func(v *plugin.VCPU, l []plugin.MemRecord) { *s.At(v) += uint64(len(l)) })
		eachInsn(h, func(i *plugin.Insn) { i.TraceMem(plugin.MemReadWrite, trace) })
	}},
	{name: "call block", calls: true, install: func(h *plugin.Host, t *tally) {
		s := t.board(h)
		f := func(v *plugin.VCPU) { *s.At(v)++ }
		h.OnTranslate(func(b *plugin.Block) { b.OnExec(plugin.NoRegs, f) })
	}},
	{name: "call insn", calls: true, install: func(h *plugin.Host, t *tally) {
		s := t.board(h)
		f := func(v *plugin.VCPU) { *s.At(v)++ }
		eachInsn(h, func(i *plugin.Insn) { i.OnExec(plugin.NoRegs, f) })
	}},
	{name: "call access", calls: true, install: func(h *plugin.Host, t *tally) {
		s := t.board(h)
		f := func(v *plugin.VCPU, _ plugin.Access) { *s.At(v)++ }
		eachInsn(h, func(i *plugin.Insn) { i.OnMem(plugin.MemReadWrite, plugin.NoRegs, f) })
	}},
}

// names lists the variants that have a plugin.
func names() (list []string) {
	for _, v := range variants[1:] {
		list = append(list, v.name)
	}
	return list
}

// byName finds a variant.
func byName(name string) *variant {
	for i := range variants {
		if variants[i].name == name {
			return &variants[i]
		}
	}
	return nil
}

func calls(name string) bool { return byName(name).calls }

// info is the plugin of the emulator that the command starts.
func info(name string) plugin.Info {
	v := byName(name)
	if v == nil {
		fmt.Fprintf(os.Stderr, "bench-plugins: no variant %q\n", name)
		os.Exit(2)
	}
	return plugin.Info{
		Name: "bench", Summary: "what bench-plugins measures", Always: v.install != nil,
		New: func() plugin.Plugin {
			return plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error {
				var t tally
				h.OnExit(func(plugin.ExitInfo) {
					if err := os.WriteFile(os.Getenv(envCount), fmt.Appendln(nil, t.sum()), 0o600); err != nil {
						fmt.Fprintln(os.Stderr, err)
					}
				})
				v.install(h, &t)
				return nil
			})
		},
	}
}
