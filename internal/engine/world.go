package engine

import (
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/internal/hostsys"
)

// Threads and the code cache.
//
// A CPU is in the read side from CPU.enter to CPU.leave. In the read side the
// world does not stop: no block is dropped, no code memory reused, no other
// thread writes the CPU's jump cache. So a CPU may look blocks up without a lock, run
// them, and make sense of the host addresses it left at. It must not wait for
// anything there but Engine.mu. Entering and leaving is one store each, see gate.
//
// Whoever drops blocks stops the world first: it sets stopping, kicks the CPUs in
// the read side, and waits until each has left. Blocks are added and linked
// without stopping.
//
// The interpreter needs no such care to drop blocks, as they are collected:
// there, CPUs are in the read side while they run (so that Exclusive
// works), look blocks up under mu and find dropped ones by a mark.
//
// Order of locks: Engine.tmu (held over a translation, Memory is called
// under it), then Memory's own, then Engine.mu. Nothing of Memory is called with
// mu held, so Memory may call Invalidate with its locks held.

// stopState is how far stopping the world has come; guarded by Engine.mu.
type stopState struct {
	owned   bool // a thread is stopping the world or has stopped it
	stopped bool // no CPU is in the read side
	shared  bool // stopped by Exclusive: whoever holds mu may drop blocks
}

// CPU.running is a sum of cpuIn, in the read side, and of the within of a block: a call was made in it, or
// its rest is being interpreted. Whether it has been finished then, Quiesce must know.
const (
	cpuOut = 0
	cpuIn  = 1
)

// gate is CPU.running. Where the host allows it a CPU writes it without a barrier, of which each would cost it more
// than a hundred instructions of the guest, and who stops the world has a barrier executed on all threads instead.
type gate struct {
	v     uint64
	plain bool
}

// Load may be called by anybody.
func (g *gate) Load() uint64 { return atomic.LoadUint64(&g.v) }

// Store is for the CPU's own thread. On amd64 what was written before is written before for all threads.
func (g *gate) Store(v uint64) {
	if g.plain {
		g.v = v
		return
	}
	atomic.StoreUint64(&g.v, v)
}

// barrier stands between a store to a word that CPUs read behind a store to their gate, and reading gates.
func (e *Engine) barrier() {
	if e.plain {
		hostsys.Barrier()
	}
}

// within is the part of CPU.running that means b, an instrumented block.
func within(b *block) uint64 { return (b.pr.round + 1) * 2 }

// enter joins the read side.
func (c *CPU) enter() { c.enterWithin(cpuOut) }

// leave ends the read side.
func (c *CPU) leave() { c.leaveWithin(cpuOut) }

// enterWithin is enter when the CPU is within a block.
func (c *CPU) enterWithin(w uint64) {
	for {
		c.running.Store(w | cpuIn)
		if !c.e.stopping.Load() {
			return
		}
		c.leaveWithin(w)
		c.e.waitWorld()
	}
}

// leaveWithin is leave when the CPU stays within a block.
func (c *CPU) leaveWithin(w uint64) {
	c.running.Store(w)
	if c.e.stopping.Load() {
		c.e.mu.Lock()
		c.e.cond.Broadcast()
		c.e.mu.Unlock()
	}
}

// waitWorld waits until the world is not stopped.
func (e *Engine) waitWorld() {
	e.mu.Lock()
	for e.stop.owned {
		e.cond.Wait()
	}
	e.mu.Unlock()
}

// stopWorld stops the world, with mu held. The caller is not in the read side. It
// returns false, with nothing to resume, if Exclusive has stopped it already.
func (e *Engine) stopWorld() (resume bool) {
	for e.stop.owned {
		if e.stop.shared {
			return false
		}
		e.cond.Wait()
	}
	e.stop.owned = true
	e.stopping.Store(true)
	e.barrier()
	e.stats.Stops++
	for e.kickRunning() {
		e.cond.Wait()
	}
	e.stop.stopped = true
	return true
}

// kickRunning tells all CPUs in the read side to leave and reports whether
// there are any.
func (e *Engine) kickRunning() (any bool) {
	for _, c := range e.cpus {
		if c.running.Load()&cpuIn != 0 {
			any = true
			atomic.StoreUint32(&c.s.Kick, 1)
		}
	}
	return any
}

// resumeWorld undoes stopWorld, with mu held.
func (e *Engine) resumeWorld() {
	e.stop = stopState{}
	e.stopping.Store(false)
	e.cond.Broadcast()
}

// Quiesce waits until no CPU is any more within a block that was made before the last SetInstrument: no probe's
// function that is not in use now is under way, or will be called. The caller is not in one.
func (e *Engine) Quiesce() {
	e.mu.Lock()
	cpus := append([]*CPU(nil), e.cpus...)
	round := e.round.Load()
	e.mu.Unlock()
	e.barrier()
	old := func(running uint64) bool { w := running / 2; return w != 0 && w <= round }
	for _, c := range cpus {
		for old(c.running.Load()) || old(c.outer.Load()) {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// Exclusive calls f while no CPU executes guest code. CPUs that are outside of
// Run, or in it but not executing, go on until they want to execute. f may call
// Invalidate and Flush but neither Run nor Exclusive; the caller must be outside of
// Run and hold no lock that Memory takes.
func (e *Engine) Exclusive(f func()) {
	e.mu.Lock()
	for e.stop.owned {
		e.cond.Wait()
	}
	e.stopWorld()
	e.stop.shared = true
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.resumeWorld()
		e.mu.Unlock()
	}()
	f()
}

// AfterForkChild is for a child process in which only the thread of c exists: the
// other CPUs are forgotten. The caller is outside of Run. Code stays valid, since the cache is
// copied on write. Not to be called while threads of other CPUs still end in
// the child; those call Close themselves.
func (e *Engine) AfterForkChild(c *CPU) {
	e.mu.Lock()
	e.cpus = append(e.cpus[:0], c)
	if e.stop.owned {
		e.resumeWorld()
	}
	e.noteTo.Store(e.hints)
	e.forked = true
	e.mu.Unlock()
}
