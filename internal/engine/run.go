package engine

import (
	"fmt"
	"sync/atomic"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
)

// Host signals that a guest's access can cause.
const (
	sigBUS  = 7
	sigSEGV = 11
)

// execute is Run with generated code.
func (c *CPU) execute() Exit {
	e, s := c.e, c.s
	c.from = nil
run:
	for {
		if c.quit {
			return Exit{Kind: Poll}
		}
		m := host.ModeOf(s.FRM)
		c.enter()
		b := e.tab.find(s.PC, m)
		if b == nil {
			c.leave()
			if b, fault := e.translate(s.PC, m); b == nil {
				return Exit{Kind: FetchFault, Addr: fault}
			}
			continue // the block may be gone again
		}
		if m != c.mode {
			// Code of one mode must not get into that of another.
			c.forget()
			c.mode = m
			c.from = nil
		}
		c.follow(b)
		if e.cfg.Log.Exec != nil {
			e.cfg.Log.Exec(s, s.PC)
		}
		s.ExitArg = uint64(e.cfg.CodeBase) + uint64(b.entry)
		again := true
		for again {
			e.cfg.Enter(s)
			c.bringHome()
			again = s.Exit == cpu.ExitCall
			if again && !c.call(m) { // interpreted to the block's end, or sent elsewhere
				c.leave()
				if x := c.stopped(); x.Kind != 0 {
					return x
				}
				continue run
			}
		}

		// Host addresses in s mean something only until leave.
		var in *block // an instrumented block that was left in its middle
		if s.Exit == cpu.ExitFault {
			in = c.recover() // an overflow of the return stack becomes another exit
		}
		switch s.Exit {
		case cpu.ExitSyscall:
			c.leave()
			return Exit{Kind: Syscall}
		case cpu.ExitIndirect:
			c.from = nil
			c.indirect(m)
			c.leave()
			continue
		case cpu.ExitChain:
			c.chain()
			c.leave()
			continue
		case cpu.ExitFault:
			c.leave()
			if x := c.fault(in); x.Kind != 0 {
				return x
			}
		case cpu.ExitPoll:
			in = c.exitBlock()
			c.leave()
			if in != nil && atomic.LoadUint32(&s.Die) == 0 {
				// Probes of the branch that polls have been executed.
				if x := c.rest(in); x.Kind != 0 {
					return x
				}
			}
			if c.polled() {
				return Exit{Kind: Poll}
			}
		case cpu.ExitInterp:
			in = c.exitBlock()
			c.leave()
			if x := c.step(in); x.Kind != 0 {
				return x
			}
		default:
			if in = c.exitBlock(); in != nil {
				c.undo(in, in.startOf(s.PC))
			}
			c.leave()
			if x := c.stopped(); x.Kind != 0 {
				return x
			}
		}
		c.from = nil
	}
}

// chain finds the target of the direct jump that was left through.
func (c *CPU) chain() {
	e, s := c.e, c.s
	ret := uint32(s.ExitArg - uint64(e.cfg.CodeBase))
	e.mu.Lock()
	x := e.exitAt(ret)
	e.mu.Unlock()
	if x == nil {
		panic(fmt.Sprintf("BUG: engine: left generated code at unknown offset %#x", ret))
	}
	s.PC = x.Target
	c.from = x
}

// follow links the exit that was taken last to b, where it has led.
func (c *CPU) follow(b *block) {
	x := c.from
	c.from = nil
	if x == nil || c.e.cfg.NoChain {
		return
	}
	c.e.mu.Lock()
	if x.to == nil && x.Target == b.pc && x.from.mode == b.mode && !x.from.dead.Load() {
		c.e.link(x, b)
	}
	c.e.mu.Unlock()
}

// indirect enters the target of an indirect jump into the jump cache.
func (c *CPU) indirect(m host.Mode) {
	e, s := c.e, c.s
	if e.cfg.NoChain || host.ModeOf(s.FRM) != m {
		return
	}
	if b := e.tab.find(s.PC, m); b != nil {
		s.JumpCache[cpu.JumpIndex(b.pc)] = [2]uint64{b.pc, uint64(e.cfg.CodeBase) + uint64(b.entry)}
	}
}

// recover makes the state exact after a host fault. It returns the block if it is instrumented and one of its
// instructions has faulted.
func (c *CPU) recover() *block {
	e, s := c.e, c.s
	off := uint32(s.FaultRIP - uint64(e.cfg.CodeBase))
	e.mu.Lock()
	b := e.blockAt(off)
	e.mu.Unlock()
	if b == nil || s.FaultSig != sigSEGV && s.FaultSig != sigBUS || !e.cfg.Backend.Recover(s, b.faults, off-b.off) {
		panic(fmt.Sprintf("BUG: engine: host signal %d at offset %#x of generated code, address %#x", s.FaultSig, off, s.FaultAddr))
	}
	if b.pr == nil || s.Exit != cpu.ExitFault {
		return nil
	}
	return b
}

// step executes the instruction at State.PC by interpretation; in an instrumented block b, unless that is nil, all from
// there to the block's end.
func (c *CPU) step(b *block) Exit {
	if b != nil {
		return c.rest(b)
	}
	return c.Step()
}

// fault decides on a fault whose state is exact again, in the instrumented block in if that is not nil.
func (c *CPU) fault(in *block) Exit {
	s := c.s
	const siKernel = 0x80 // no address is known: it was not canonical
	s.FaultAddr -= s.Base
	write := s.FaultErr&2 != 0
	if s.FaultCode != siKernel && !c.e.mem.HandleFault(s.FaultAddr, write) {
		if s.FaultSig == sigSEGV {
			s.FaultCode = c.e.mem.FaultCode(s.FaultAddr)
		}
		if in != nil {
			c.undo(in, in.startOf(s.PC))
		}
		return Exit{Kind: Fault, Sig: uint8(s.FaultSig), Code: int32(s.FaultCode), Addr: s.FaultAddr}
	}
	// Interpret the instruction. One that writes to the page it is in would
	// otherwise be translated, protected and fault again and again.
	return c.step(in)
}
