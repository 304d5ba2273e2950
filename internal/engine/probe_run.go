package engine

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// startOf returns the index in b.ir where instruction pc starts, its probes being done.
func (b *block) startOf(pc uint64) int {
	n := -1
	for i := range b.ir.Insts {
		if in := &b.ir.Insts[i]; in.Op == ir.OpInsn {
			n++
			if uint64(in.Imm) == pc {
				return int(b.pr.starts[n])
			}
		}
	}
	panic("BUG: engine: an instruction is not in its block")
}

// exitBlock returns the instrumented block that generated code has just left before its end, or nil. The
// CPU is in the read side.
func (c *CPU) exitBlock() *block {
	off := c.s.ExitBlock
	if off == 0 {
		return nil
	}
	c.s.ExitBlock = 0
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.blockAt(off - 1)
}

// rest interprets block b from instruction State.PC on, whose probes before it have been executed. The CPU is outside
// of the read side.
func (c *CPU) rest(b *block) Exit {
	n := b.startOf(c.s.PC)
	c.undo(b, n)
	c.resume(b, n)
	return c.stopped()
}

// resume interprets block b from operation n on. The CPU is outside of the read side meanwhile, and afterwards: a store
// to code stops the world.
func (c *CPU) resume(b *block, n int) {
	c.leaveWithin(within(b))
	c.evb = b
	c.ev.Resume(b.ir, n)
	c.leave()
}

// call calls the function that generated code wants, and reports whether to go on in that code. Else State.Exit
// is as the interpreter leaves it. The CPU is in the read side before and after.
func (c *CPU) call(m host.Mode) (again bool) {
	e, s := c.e, c.s
	p := (*e.sites.Load())[s.CallID]
	gen := e.gen.Load()
	s.PC = p.pc
	w := within(p.b)
	c.leaveWithin(w)
	if p.mem {
		v := s.CallValue
		if n := p.kind.Bytes(); n < 8 {
			v &= 1<<(8*n) - 1
		}
		c.acc = Access{Addr: s.CallAddr, Value: v, Kind: p.kind}
		p.call(c, &c.acc)
	} else {
		p.call(c, nil)
	}
	c.enterWithin(w)
	switch {
	case s.PC != p.pc || c.quit || c.moved:
		c.moved = false
		s.Exit = cpu.ExitIndirect
		return false
	case e.gen.Load() != gen || host.ModeOf(s.FRM) != m:
		c.resume(p.b, p.idx+1)
		c.enter()
		return false
	}
	return true
}

// evalCall is eval.Machine.Call. The interpreter is in the read side, but not where it stands in for
// generated code.
func (c *CPU) evalCall(i *ir.Inst, a *eval.Access) bool {
	b := c.evb
	p := &b.pr.sites[i.Low()-b.pr.siteBase]
	if !c.e.Interpreting() {
		p.call(c, a)
	} else {
		w := within(b)
		c.leaveWithin(w)
		p.call(c, a)
		c.enterWithin(w)
	}
	c.evb = b
	if c.moved {
		c.moved = false
		return false
	}
	return c.s.PC == p.pc && !c.quit
}

// Abandon says, in a Probe's Call, that execution does not go on where the probe is, even if the pc is still
// that one: the State is another.
func (c *CPU) Abandon() { c.moved = true }

// Suspend lets a Probe's Call, or whatever else is called while guest code waits for it, call Run, before the
// function returned puts everything back that the Run under way needs. The guest's registers are the caller's to keep.
func (c *CPU) Suspend() (resume func()) {
	s := c.s
	var (
		ev, evb, acc, from, mode = c.ev, c.evb, c.acc, c.from, c.mode
		exit, arg, temps         = s.Exit, s.ExitArg, s.Temps
		running, outer           = c.running.Load(), c.outer.Load()
	)
	if running != cpuOut && (outer == cpuOut || running < outer) {
		c.outer.Store(running)
	}
	return func() {
		c.ev, c.evb, c.acc, c.from = ev, evb, acc, from
		s.Exit, s.ExitArg, s.Temps = exit, arg, temps
		if c.mode != mode {
			c.forget()
			c.mode = mode
		}
		if !c.e.Interpreting() {
			s.StackSP = s.StackTop // what the outer Run has put there may be overwritten
		}
		c.running.Store(running)
		c.outer.Store(outer)
		c.Interrupt() // what the inner Run was told, the outer one may have to know
	}
}

// SetWords gives the CPU its slot memory, at host address words, and the memory for trace
// records, a multiple of their size at address ring.
func (c *CPU) SetWords(words []uint64, addr uintptr, ring []uint64, ringAddr uintptr) {
	c.ev.Words, c.ev.Ring = words, ring
	c.s.Slots = uint64(addr)
	c.s.TracePos = uint64(ringAddr)
	c.s.TraceEnd = c.s.TracePos + uint64(len(ring))*8
}

// Records is the number of trace records in the buffer.
func (c *CPU) Records() int {
	return len(c.ev.Ring)/eval.RecordWords - int(c.s.TraceEnd-c.s.TracePos)/(8*eval.RecordWords)
}

// ClearRecords empties the trace buffer. It belongs to the CPU's thread, or to Exclusive.
func (c *CPU) ClearRecords() { c.KeepRecords(0) }

// KeepRecords leaves the first n records in the trace buffer.
func (c *CPU) KeepRecords(n int) {
	c.s.TracePos = c.s.TraceEnd - uint64(len(c.ev.Ring)-n*eval.RecordWords)*8
}
