package engine

import (
	"slices"
	"sync/atomic"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// CPU runs one guest thread. Its methods, Interrupt apart, belong to the goroutine
// that is locked to the thread.
type CPU struct {
	Ext any // what instrumentation keeps per CPU; set before Run

	e       *Engine
	s       *cpu.State
	ev      eval.Machine
	running gate          // cpuIn or not, and within
	outer   atomic.Uint64 // within of the oldest block with a call under way that runs guest code itself; see Suspend
	moved   bool          // see Abandon
	evb     *block        // that ev runs
	acc     Access        // for the call under way
	attn    atomic.Bool   // Interrupt was called
	quit    bool          // Stop was called
	mode    host.Mode     // of the jump cache and the return stack
	from    *exit         // the exit that was taken last, to be linked
	steps   [stepsLen]*step
	cache   *[cacheLen]*block // the interpreter's blocks by pc
}

// step is a lifted single instruction.
type step struct {
	pc  uint64
	raw [16]byte // what Fetch has returned at pc
	n   int
	blk ir.Block
}

const (
	stepsLen       = 32
	cacheLen       = 4096
	defaultIRBytes = 64 << 20
)

// NewCPU adds a CPU with state s. With a code generator s must come from
// hostsys, with its private stack set up.
func (e *Engine) NewCPU(s *cpu.State) *CPU {
	c := &CPU{e: e, s: s, running: gate{plain: e.plain}}
	c.ev = eval.Machine{S: s, Mem: e.mem, Call: c.evalCall}
	if e.Interpreting() {
		c.cache = new([cacheLen]*block)
	} else {
		s.Entry = uint64(e.stubs.Enter)
		s.CodeLo = uint64(e.cfg.CodeBase)
		s.CodeHi = s.CodeLo + uint64(len(e.cfg.Code))
		s.StackSP = s.StackTop
	}
	e.mu.Lock()
	e.cpus = append(e.cpus, c)
	e.mu.Unlock()
	return c
}

// Close removes the CPU; its State may be freed afterwards.
func (c *CPU) Close() {
	e := c.e
	e.mu.Lock()
	if i := slices.Index(e.cpus, c); i >= 0 {
		e.cpus = slices.Delete(e.cpus, i, i+1)
	}
	e.mu.Unlock()
}

// State returns the CPU's state.
func (c *CPU) State() *cpu.State { return c.s }

// Interrupt makes Run return with Poll soon, or the next Run at once. It may be
// called from any goroutine.
func (c *CPU) Interrupt() {
	c.attn.Store(true)
	atomic.StoreUint32(&c.s.Kick, 1)
}

// Stop, called by a probe's function, makes Run return with Poll as soon as the function has returned, and
// the next Run at once: nothing more is executed. It belongs to the CPU's thread.
func (c *CPU) Stop() {
	c.quit = true
	c.Interrupt()
}

// forget drops every host address of generated code that the CPU may hold.
func (c *CPU) forget() {
	if c.e.Interpreting() {
		return
	}
	c.s.ClearJumpCache()
	c.s.StackSP = c.s.StackTop
}

// renew is forget for a forked child, where the jump cache is the parent's memory still.
func (c *CPU) renew() {
	if !c.e.own || !dropJumpCache(c.s) {
		c.forget()
	}
	c.s.StackSP = c.s.StackTop
}

// Run executes guest code from State.PC until something happens that the
// engine does not handle. The return value says what; the State is exact then.
func (c *CPU) Run() Exit {
	if c.e.Interpreting() {
		return c.interpret()
	}
	return c.execute()
}

// polled handles Pending and Kick outside the read side, and reports whether Run shall return.
func (c *CPU) polled() bool {
	// Kick first: who stops the world sets stopping before Kick, so that
	// enter sees it if this store wipes a new Kick.
	atomic.StoreUint32(&c.s.Kick, 0)
	return c.attn.Swap(false) || atomic.LoadUint32(&c.s.Pending) != 0
}

// Step executes a single guest instruction by interpretation. It returns
// the zero Exit unless there is something to handle.
func (c *CPU) Step() Exit {
	var raw [16]byte
	pc, g := c.s.PC, c.e.guest
	n := c.e.mem.Fetch(pc, raw[:min(g.MaxInsn, len(raw))])
	slot := &c.steps[pc>>1%stepsLen]
	if *slot == nil {
		*slot = new(step)
	}
	p := *slot
	if p.pc != pc || p.n != n || p.raw != raw {
		p.pc, p.n, p.raw = pc, n, raw
		p.blk.Reset(pc)
		g.Lift(&p.blk, raw[:n], 1)
	}
	if p.blk.NInsn == 0 {
		return Exit{Kind: FetchFault, Addr: pc + uint64(n)}
	}
	c.ev.Run(&p.blk)
	return c.stopped()
}

// stopped turns State.Exit, as the interpreter leaves it, into an Exit; the zero Exit
// means to go on.
func (c *CPU) stopped() Exit {
	s := c.s
	switch s.Exit {
	case cpu.ExitChain, cpu.ExitIndirect:
		return Exit{}
	case cpu.ExitSyscall:
		return Exit{Kind: Syscall}
	case cpu.ExitVDSO:
		return Exit{Kind: VDSO}
	case cpu.ExitFault:
		return Exit{Kind: Fault, Sig: uint8(s.FaultSig), Code: int32(s.FaultCode), Addr: s.FaultAddr}
	case cpu.ExitAlign:
		return Exit{Kind: Align, Addr: s.ExitArg}
	case cpu.ExitBreak:
		return Exit{Kind: Break}
	case cpu.ExitFenceI:
		c.e.SyncCode()
		return Exit{}
	}
	// ExitInterp here would be an instruction that asks the interpreter to ask
	// the interpreter.
	return Exit{Kind: Illegal}
}

// interpret is Run without generated code. The CPU is in the read side while it
// runs, but for translations and waits.
func (c *CPU) interpret() Exit {
	e, s := c.e, c.s
	if c.quit {
		return Exit{Kind: Poll}
	}
	c.enter()
	for {
		if atomic.LoadUint32(&s.Pending)|atomic.LoadUint32(&s.Kick) != 0 || e.stopping.Load() {
			c.leave()
			if c.polled() || c.quit {
				return Exit{Kind: Poll}
			}
			c.enter()
		}
		slot := &c.cache[s.PC>>1%cacheLen]
		b := *slot
		if b == nil || b.pc != s.PC || b.dead.Load() {
			c.leave()
			var fault uint64
			if b, fault = e.lookupIR(s.PC); b == nil {
				return Exit{Kind: FetchFault, Addr: fault}
			}
			*slot = b
			c.enter()
		}
		if e.cfg.Log.Exec != nil {
			e.cfg.Log.Exec(s, s.PC)
		}
		c.evb = b
		c.ev.Run(b.ir)
		if b.pr != nil && c.running.Load() != cpuIn {
			c.running.Store(cpuIn) // within it no more
		}
		if s.Exit == cpu.ExitChain || s.Exit == cpu.ExitIndirect {
			continue
		}
		c.leave()
		if x := c.stopped(); x.Kind != 0 {
			return x
		}
		c.enter()
	}
}

// lookupIR finds or makes the interpreter's block at pc.
func (e *Engine) lookupIR(pc uint64) (b *block, fault uint64) {
	e.mu.Lock()
	b = e.tab.find(pc, 0)
	e.mu.Unlock()
	if b == nil {
		b, fault = e.translate(pc, 0)
	}
	return b, fault
}
