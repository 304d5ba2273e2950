package selftest

import (
	"fmt"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// What the guest asks for in the first argument of the magic syscall.
const (
	setpcNow    = 0 // go on at the second argument
	setpcTarget = 1 // go on at the third argument when the instruction at the second is reached, or after a load from the fourth
)

// setpcState is a thread's order, and what is to come next.
type setpcState struct {
	source, target, addr abi.Addr
	next                 abi.Addr // where the thread must go on, if jumped is not 0
	jumped               uint64
}

// setpc lets the guest ask, with the magic syscall, to be sent elsewhere: from a syscall, from before
// an instruction, and from a load. It checks that execution goes on there and nowhere else, and that
// what was ordered came about.
func setpc(h *plugin.Host, _ plugin.Args) error {
	states := plugin.NewScoreboard[setpcState](h)
	say := func(text string) { fmt.Fprintln(h.Output(), text) }
	goTo := func(s *setpcState, pc abi.Addr) {
		s.source, s.target, s.addr = 0, 0, 0
		s.next, s.jumped = pc, 1
	}
	h.FilterSyscalls(plugin.Numbers(magic), func(c *plugin.Call) plugin.Verdict {
		s := states.At(c.VCPU())
		switch c.Arg(0) {
		case setpcNow:
			say("Magic syscall detected, jump to clean exit")
			goTo(s, c.Arg(1))
			return plugin.JumpTo(c.Arg(1))
		case setpcTarget:
			say("Magic syscall detected, set target_pc / target_vaddr")
			s.source, s.target, s.addr = c.Arg(1), c.Arg(2), c.Arg(3)
			if s.target == 0 || (s.source == 0) == (s.addr == 0) {
				h.Fail("the guest wants to go to 0x%x from instruction 0x%x or load 0x%x: want a target and one of them", s.target, s.source, s.addr)
			}
			return plugin.Return(0)
		}
		say("Unknown magic syscall argument, ignoring")
		return plugin.Pass
	})
	h.OnTranslate(func(b *plugin.Block) {
		for _, i := range b.Insns {
			pc := i.PC()
			i.OnExec(plugin.SetPC, func(v *plugin.VCPU) {
				s := states.At(v)
				if s.jumped != 0 {
					if s.jumped = 0; pc != s.next {
						h.Fail("execution was to go on at 0x%x, and did at 0x%x", s.next, pc)
					}
				}
				if s.source == pc {
					say("Marker insn detected, jump to clean return")
					jump(h, v, s.target)
					goTo(s, s.target)
				}
			})
			i.OnMem(plugin.MemRead, plugin.SetPC, func(v *plugin.VCPU, a plugin.Access) {
				if s := states.At(v); s.addr != 0 && s.addr == a.Addr {
					say("Marker mem access detected, jump to clean return")
					jump(h, v, s.target)
					goTo(s, s.target)
				}
			})
		}
	})
	h.OnThreadStart(func(v *plugin.VCPU) { *states.At(v) = setpcState{} })
	h.OnSignal(func(v *plugin.VCPU, _ plugin.Signal) { states.At(v).jumped = 0 }) // its handler comes between
	h.OnExit(func(plugin.ExitInfo) {
		for i, s := range states.All {
			if s.target != 0 {
				h.Fail("thread %d has not come to instruction 0x%x or load 0x%x, from which to go to 0x%x", i, s.source, s.addr, s.target)
			}
		}
	})
	return nil
}

func jump(h *plugin.Host, v *plugin.VCPU, pc abi.Addr) {
	if err := v.SetPC(pc); err != nil {
		h.Fail("going to 0x%x: %v", pc, err)
	}
}
