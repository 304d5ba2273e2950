package selftest

import "github.com/weir-emu/weir/plugin"

var bbOptions = []plugin.Option{
	boolOption("inline", "count in the translated code, without calls"),
	boolOption("idle", "print a thread's counts each time it waits in a syscall"),
}

type bbCount struct{ blocks, insns uint64 }

func (c *bbCount) line(r *report, name string) {
	r.printf("%s: bb's: %d, insns: %d\n", name, c.blocks, c.insns)
}

// bb counts executed blocks and the instructions in them.
func bb(h *plugin.Host, args plugin.Args) error {
	var inline, idle bool
	if err := bools(args, map[string]*bool{"inline": &inline, "idle": &idle}); err != nil {
		return err
	}
	counts := plugin.NewScoreboard[bbCount](h)
	blocks := plugin.FieldCounter(counts, func(c *bbCount) *uint64 { return &c.blocks })
	insns := plugin.FieldCounter(counts, func(c *bbCount) *uint64 { return &c.insns })
	h.OnTranslate(func(b *plugin.Block) {
		n := uint64(b.Len())
		if inline {
			b.Add(blocks, 1)
			b.Add(insns, n)
			return
		}
		b.OnExec(plugin.NoRegs, func(v *plugin.VCPU) {
			c := counts.At(v)
			c.blocks++
			c.insns += n
		})
	})
	if idle {
		h.OnBlocked(func(v *plugin.VCPU) {
			if c := counts.At(v); c.blocks != 0 {
				var r report
				r.printf("Idling ")
				c.line(&r, cpuName(v.Index()))
				r.to(h.Output())
			}
		})
	}
	h.OnExit(func(plugin.ExitInfo) {
		var r report
		for i, c := range counts.All {
			if c.blocks != 0 {
				c.line(&r, cpuName(i))
			}
		}
		total := bbCount{blocks.Sum(), insns.Sum()}
		total.line(&r, "Total")
		r.to(h.Output())
	})
	return nil
}
