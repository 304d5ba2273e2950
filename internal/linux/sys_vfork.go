//go:build linux

package linux

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// vfork makes a child process that runs in this process's memory until it executes a
// program or ends; the calling thread waits. The child is a process of its own
// to the host, on a thread borrowed from this one, so what it writes is seen by the
// parent, as posix_spawn(3) needs to report errors. It cannot load a guest program
// in place: execve is the host's, of Weir itself if need be.
func (t *Task) vfork(a *cloneArgs) int64 {
	const pass = cloneNamespaces | cloneParent | cloneIO | cloneFS | cloneFiles | cloneUntraced
	p := t.Proc
	switch {
	case p.vforked != nil: // the borrowed thread has no runtime around it to copy
		return abi.EAGAIN.Result()
	case a.flags&(cloneNewTime|cloneIntoCgroup|cloneSighand) != 0:
		return abi.EINVAL.Result()
	}
	p.forks.RLock()
	defer p.forks.RUnlock()
	if t.stale() {
		return resHandled
	}
	hostsys.Settle()
	v, err := hostsys.NewVfork()
	if err != nil {
		return abi.ENOMEM.Result()
	}
	child := &Task{Proc: p.borrow(v), mask: t.mask, alt: t.alt, epoch: t.epoch}
	child.Proc.main = child
	child.seccomp.Store(t.seccomp.Load())
	done := make(chan int64, 1)
	go child.borrowed(t, a, uintptr(a.flags&pass|a.exitSignal), done)
	event := cloneEvent(a)
	if t.wantsEvent(event) {
		t.vforkStop(event, &child.Proc.started, done)
	}
	pid := <-done
	v.Free()
	if pid > 0 && event == ptEventVfork && t.wantsEvent(ptEventVforkDone) {
		t.eventStop(ptEventVforkDone, uint64(pid))
	}
	if pid > 0 {
		return t.forkedParent(a, pid)
	}
	return pid
}

// vforkStop tells the tracer of the child as soon as there is one: it may want to see this before it lets the child go on.
func (t *Task) vforkStop(event uint32, started *atomic.Int32, done chan int64) {
	for {
		over := len(done) != 0
		if pid := started.Load(); pid != 0 {
			t.eventStop(event, uint64(pid))
			return
		}
		if over {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// borrow makes the Process of a vfork child.
func (p *Process) borrow(v *hostsys.Vfork) *Process {
	c := &Process{
		Guest: p.Guest, Mem: p.Mem, Engine: p.Engine, Hooks: p.Hooks, Cfg: p.Cfg, table: p.table,
		Prog: p.Prog, tasks: make(map[int]*Task), vforked: v, board: p.board, noBoard: p.board == nil, pidNS: p.pidNS,
	}
	c.cond.L = &c.mu
	c.rng.src = p.childRandom()
	p.sigMu.Lock()
	c.actions = p.actions
	p.sigMu.Unlock()
	p.limits.mu.Lock()
	c.limits.set, c.limits.val = p.limits.set, p.limits.val
	p.limits.mu.Unlock()
	return c
}

// borrowed is the goroutine of a vfork child: in this process up to Enter and from the child's
// end on, in the child between.
func (t *Task) borrowed(parent *Task, a *cloneArgs, flags uintptr, done chan<- int64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	hostsys.GrowStack()
	p := t.Proc
	v := p.vforked
	if t.makeScratch() != nil {
		done <- abi.ENOMEM.Result()
		return
	}
	// Signals of the parent process are not for the child's State.
	was := hostsys.SigMask()
	setHostMask(t, ^uint64(0))
	if t.bind() != nil {
		setHostMask(t, was)
		done <- abi.ENOMEM.Result()
		return
	}
	t.copyRegisters(parent, a)
	t.hostMask = t.mask &^ hostsys.Unblockable
	r := int64(v.Enter(flags, t.hostMask))
	if r == 0 {
		p.PID, t.TID = hostsys.Getpid(), hostsys.Gettid()
		p.tasks[t.TID] = t
		t.childState(a)
		if a.flags&cloneNewPID != 0 || parent.Proc.childNS {
			p.pidNS = 0
		}
		if p.board != nil {
			t.sit()
		}
		t.inheritTrace(parent.trace, cloneEvent(a))
		p.started.Store(int32(p.PID))
		t.forkEvents(parent)
		t.run()
		// Here the parent's process runs again.
		if f := p.Hooks.ThreadExit; f != nil {
			f(t)
		}
		if !t.left {
			v.Killed()
		}
		r = int64(v.Pid())
	}
	setHostMask(t, ^uint64(0))
	hostsys.Unbind(t.St)
	setHostMask(t, was)
	t.free()
	done <- r
}

// forkEvents tells hooks of the child's return from clone. The hooks' memory is the
// parent's too: to them the child is another thread, and no fork.
func (t *Task) forkEvents(parent *Task) {
	h := t.Proc.Hooks
	if h.ThreadStart != nil {
		h.ThreadStart(t)
	}
	pc := parent.cur
	if h.Return == nil || pc == nil || h.word(pc.Nr).Load()&WantReturn == 0 {
		return
	}
	c := &t.call
	c.start(t, pc.Nr, pc.Row, pc.Args, pc.PC)
	c.Done = true
	h.Return(c)
	t.finish(c, c.Result)
}

// endVfork ends a vfork child; it returns in the parent's process.
func (t *Task) endVfork(status int, sig abi.Signal) {
	t.left = true
	if v := t.Proc.vforked; sig != 0 {
		v.DieBySignal(int(sig))
	} else {
		v.Exit(status)
	}
}

// setHostMask sets the calling thread's mask by way of t's scratch page.
func setHostMask(t *Task, mask uint64) {
	raw(hostsys.SYS_RT_SIGPROCMASK, sigSetMask, t.put64(0, mask&^hostsys.Unblockable), 0, 8, 0, 0)
}
