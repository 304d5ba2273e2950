package selftest

import (
	"fmt"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var disconsOptions = []plugin.Option{
	{Key: "abort", Value: "on|off", Help: "end the run at the first mismatch, rather than print it (on)"},
	boolOption("trace-all", "print each instruction that is executed"),
}

// disconsState is where a thread has been and where it must go on.
type disconsState struct {
	last     uint64 // the instruction begun last
	after    uint64 // the one behind it, if follows is not 0
	follows  uint64 // that one is sure to be the next
	to       abi.Addr
	redirect plugin.DiscontinuityType // not 0: the next instruction must be at to
}

// discons compares what discontinuities tell with the instructions that are executed before and
// after them.
func discons(h *plugin.Host, args plugin.Args) error {
	var trace bool
	if err := bools(args, map[string]*bool{"trace-all": &trace}); err != nil {
		return err
	}
	abort, err := args.Bool("abort", true)
	if err != nil {
		return err
	}
	states := plugin.NewScoreboard[disconsState](h)
	last := plugin.FieldCounter(states, func(s *disconsState) *uint64 { return &s.last })
	after := plugin.FieldCounter(states, func(s *disconsState) *uint64 { return &s.after })
	follows := plugin.FieldCounter(states, func(s *disconsState) *uint64 { return &s.follows })
	check := func(what string, v *plugin.VCPU, t plugin.DiscontinuityType, want, got abi.Addr) {
		if want == got {
			return
		}
		text := fmt.Sprintf("Discon %s PC mismatch on VCPU %d\nExpected:      %x\nEncountered:   %x\nExecuted Last: %x\nEvent type:    %v\n",
			what, v.Index(), want, got, states.At(v).last, t)
		if abort {
			h.Fail("%s", text)
		}
		fmt.Fprint(h.Output(), text)
	}
	h.OnDiscontinuity(plugin.AllDiscontinuities, func(v *plugin.VCPU, d plugin.Discontinuity) {
		s := states.At(v)
		switch {
		case d.Type == plugin.HostCall:
			check("source", v, d.Type, s.last, d.From)
		case d.Type == plugin.Exception && d.From == s.last: // it began, and failed
		case s.redirect != 0: // one after the other, with no instruction between
			check("source", v, d.Type, s.to, d.From)
		case s.follows != 0:
			check("source", v, d.Type, s.after, d.From)
		}
		s.to, s.redirect, s.follows = d.To, d.Type, 0
	})
	h.OnTranslate(func(b *plugin.Block) {
		for k, i := range b.Insns {
			pc := i.PC()
			inner := uint64(0)
			if k+1 < b.Len() {
				inner = 1
			}
			i.Store(last, pc)
			i.Store(after, pc+abi.Addr(i.Len()))
			i.Store(follows, inner)
			i.OnExec(plugin.NoRegs, func(v *plugin.VCPU) {
				if s := states.At(v); s.redirect != 0 {
					check("target", v, s.redirect, s.to, pc)
					s.redirect = 0
				}
				if trace {
					fmt.Fprintf(h.Output(), "Exec insn at %x on VCPU %d\n", pc, v.Index())
				}
			})
		}
	})
	h.OnThreadStart(func(v *plugin.VCPU) { *states.At(v) = disconsState{} })
	return nil
}
