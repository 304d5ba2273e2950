//go:build linux

package linux

import (
	"encoding/binary"
	"runtime"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Flags of clone(2) (include/uapi/linux/sched.h).
const (
	cloneVM             = 0x100
	cloneFS             = 0x200
	cloneFiles          = 0x400
	cloneSighand        = 0x800
	clonePidfd          = 0x1000
	clonePtrace         = 0x2000
	cloneVfork          = 0x4000
	cloneParent         = 0x8000
	cloneThread         = 0x10000
	cloneNewNS          = 0x20000
	cloneSysVSem        = 0x40000
	cloneSetTLS         = 0x80000
	cloneParentSetTID   = 0x100000
	cloneChildClearTID  = 0x200000
	cloneDetached       = 0x400000
	cloneUntraced       = 0x800000
	cloneChildSetTID    = 0x1000000
	cloneNewCgroup      = 0x2000000
	cloneNewUTS         = 0x4000000
	cloneNewIPC         = 0x8000000
	cloneNewUser        = 0x10000000
	cloneNewPID         = 0x20000000
	cloneNewNet         = 0x40000000
	cloneIO             = 0x80000000
	cloneClearSighand   = 0x100000000
	cloneIntoCgroup     = 0x200000000
	cloneNewTime        = 0x80
	cloneExitSignalMask = 0xff

	cloneNamespaces = cloneNewNS | cloneNewCgroup | cloneNewUTS | cloneNewIPC | cloneNewUser | cloneNewPID | cloneNewNet
)

// cloneArgs is struct clone_args (clone3(2)) with the stack as a stack pointer.
type cloneArgs struct {
	flags      uint64 // without the exit signal
	pidfd      uint64
	childTID   uint64
	parentTID  uint64
	exitSignal uint64
	sp         uint64 // 0: the parent's
	tls        uint64
	setTID     []byte // array of int32
	cgroup     uint64
}

// checkClone is what the kernel refuses (kernel/fork.c, copy_process).
func checkClone(a *cloneArgs) abi.Errno {
	f := a.flags
	has := func(bits uint64) bool { return f&bits == bits }
	switch {
	case has(cloneNewNS | cloneFS), has(cloneNewUser | cloneFS),
		f&cloneThread != 0 && f&cloneSighand == 0,
		f&cloneSighand != 0 && f&cloneVM == 0,
		f&cloneThread != 0 && f&(cloneNewUser|cloneNewPID) != 0,
		has(clonePidfd | cloneDetached),
		has(cloneClearSighand | cloneSighand),
		has(cloneNewIPC | cloneSysVSem),
		f&clonePidfd != 0 && f&cloneParentSetTID != 0 && a.pidfd == a.parentTID:
		return abi.EINVAL
	case a.exitSignal > uint64(abi.SIGRTMAX):
		return abi.EINVAL
	}
	return 0
}

// sysClone is clone(2) with the argument order of most ABIs; x86 has the last two
// exchanged.
func (t *Task) sysClone(flags, sp, parentTID, a3, a4 uint64) int64 {
	tls, childTID := a3, a4
	if !t.Proc.Guest.Linux.Generic {
		tls, childTID = a4, a3
	}
	a := cloneArgs{
		flags: flags & 0xffffffff &^ cloneExitSignalMask, exitSignal: flags & cloneExitSignalMask,
		sp: sp, parentTID: parentTID, tls: tls, childTID: childTID, pidfd: parentTID,
	}
	if a.flags&(clonePidfd|cloneParentSetTID) == clonePidfd|cloneParentSetTID {
		return abi.EINVAL.Result() // they share an argument
	}
	return t.clone(&a)
}

// Sizes of struct clone_args (include/uapi/linux/sched.h).
const (
	cloneArgsSize0 = 64
	cloneArgsSize2 = 88

	maxPIDNSLevel = 32 // MAX_PID_NS_LEVEL, of include/linux/pid_namespace.h
)

func (t *Task) sysClone3(addr, size uint64) int64 {
	switch {
	case size > 4096:
		return abi.E2BIG.Result()
	case size < cloneArgsSize0:
		return abi.EINVAL.Result()
	}
	b := make([]byte, max(size, cloneArgsSize2))
	if !t.read(addr, b[:size]) {
		return abi.EFAULT.Result()
	}
	for _, c := range b[cloneArgsSize2:] {
		if c != 0 {
			return abi.E2BIG.Result()
		}
	}
	w := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	a := cloneArgs{flags: w(0), pidfd: w(1), childTID: w(2), parentTID: w(3), exitSignal: w(4), tls: w(7), cgroup: w(10)}
	stack, stackSize := w(5), w(6)
	const known = cloneNamespaces | cloneNewTime | cloneVM | cloneFS | cloneFiles | cloneSighand | clonePidfd | clonePtrace | cloneVfork |
		cloneParent | cloneThread | cloneSysVSem | cloneSetTLS | cloneParentSetTID | cloneChildClearTID | cloneUntraced |
		cloneChildSetTID | cloneIO | cloneClearSighand | cloneIntoCgroup
	switch {
	case a.flags&^uint64(known) != 0,
		(stack == 0) != (stackSize == 0),
		a.flags&(cloneThread|cloneParent) != 0 && a.exitSignal != 0,
		(w(8) == 0) != (w(9) == 0), w(9) > maxPIDNSLevel:
		return abi.EINVAL.Result()
	case stack != 0 && (stack+stackSize < stack || stack+stackSize > t.Proc.Mem.Limit()):
		return abi.EINVAL.Result()
	}
	if n := w(9); n != 0 {
		a.setTID = make([]byte, 4*n)
		if !t.read(w(8), a.setTID) {
			return abi.EFAULT.Result()
		}
	}
	if stack != 0 {
		a.sp = stack + stackSize
	}
	return t.clone(&a)
}

func (t *Task) clone(a *cloneArgs) int64 {
	if e := checkClone(a); e != 0 {
		return e.Result()
	}
	switch {
	case len(a.setTID) > 0 && a.flags&(cloneThread|cloneVM) != 0: // the host's threads are there already
		return abi.EPERM.Result()
	case a.flags&cloneIntoCgroup != 0 && hostsys.ReservedFD(int(int32(a.cgroup))):
		return abi.EBADF.Result()
	case a.flags&cloneThread != 0:
		r := t.newThread(a)
		t.cloned(a, r)
		return r
	}
	r := t.fork(a)
	if a.flags&cloneVM == 0 || !hostsys.CanVfork() {
		t.cloned(a, r)
	}
	return r
}

// cloned tells the tracer of a new thread or process.
func (t *Task) cloned(a *cloneArgs, id int64) {
	if e := cloneEvent(a); id > 0 && t.wantsEvent(e) {
		t.eventStop(e, uint64(id))
	}
}

// newThread makes a guest thread: a goroutine locked to a host thread of its own.
func (t *Task) newThread(a *cloneArgs) int64 {
	p := t.Proc
	if a.flags&(cloneNamespaces|cloneNewTime|cloneIntoCgroup) != 0 {
		return abi.EINVAL.Result()
	}
	// The epoch is the parent's: in the child of another thread's fork it does not exist either.
	child := &Task{Proc: p, mask: t.mask, epoch: t.epoch}
	if a.flags&cloneChildClearTID != 0 {
		child.clearTID = a.childTID
	}
	p.mu.Lock()
	if p.ended || p.plan != nil || t.stale() {
		p.mu.Unlock()
		t.dead.Store(true)
		return resHandled
	}
	p.starting++
	p.mu.Unlock()
	if p.vforked == nil {
		hostsys.Settle()
		hostsys.UseAllProcs()
	}
	ready := make(chan int64, 1)
	t.syncNoNewPrivs()
	var attrs *attributes
	if p.creds.Load() {
		attrs = t.noteAttributes()
	}
	var name [16]byte // of a thread of Go's it would be that of whoever made it
	raw(hostsys.SYS_PRCTL, prGetName, t.scratch, 0, 0, 0, 0)
	t.get(0, name[:])
	go child.begin(t, a, &name, attrs, ready)
	return <-ready
}

// begin is the start of a thread: it takes over what a thread inherits from its
// parent, which waits, and runs.
func (t *Task) begin(parent *Task, a *cloneArgs, name *[16]byte, attrs *attributes, ready chan<- int64) {
	runtime.LockOSThread()
	hostsys.GrowStack()
	p := t.Proc
	r := t.inherit(parent, a, name, attrs)
	p.mu.Lock()
	if t.epoch != hostsys.Epoch() {
		// Forked while this goroutine started: it does not exist in the child, where nobody counts it.
		p.mu.Unlock()
		if r > 0 {
			t.unbind()
		}
		ready <- resHandled
		return
	}
	p.starting--
	switch {
	case r > 0:
		t.seccomp.Store(parent.seccomp.Load())
		p.tasks[t.TID] = t
		t.inheritTrace(parent.trace, cloneEvent(a))
		p.tellTasks()
		if p.ended || p.plan != nil {
			t.dead.Store(true)
		}
	default:
		p.cond.Broadcast()
	}
	p.mu.Unlock()
	ready <- r
	if r > 0 {
		t.life()
	}
}

// inherit sets a new thread up while its parent waits. It returns the thread ID
// or an error.
func (t *Task) inherit(parent *Task, a *cloneArgs, name *[16]byte, attrs *attributes) int64 {
	p := t.Proc
	t.TID = hostsys.Gettid()
	if t.makeScratch() != nil {
		return abi.EAGAIN.Result()
	}
	if attrs != nil {
		if e := t.copyThreadAttributes(attrs); e != 0 {
			return e.Result()
		}
	} else {
		raw(hostsys.SYS_PRCTL, prSetName, t.put(0, name[:]), 0, 0, 0, 0)
	}
	// What a host thread of Go's shares with all others and this one shall not.
	if apart := ^a.flags & (cloneFS | cloneFiles | cloneSysVSem); apart != 0 {
		if r := raw(hostsys.SYS_UNSHARE, uintptr(apart), 0, 0, 0, 0, 0); r < 0 {
			return r
		}
	}
	// The mask comes before the State: from then on signals are the guest's.
	want := t.mask &^ hostsys.Unblockable
	raw(hostsys.SYS_RT_SIGPROCMASK, sigSetMask, t.put64(0, want), 0, 8, 0, 0)
	t.hostMask = want
	if t.bind() != nil {
		return abi.EAGAIN.Result()
	}
	t.copyRegisters(parent, a)
	if a.flags&cloneParentSetTID != 0 {
		p.Mem.WriteU32(a.parentTID, uint32(t.TID))
	}
	if a.flags&cloneChildSetTID != 0 {
		p.Mem.WriteU32(a.childTID, uint32(t.TID))
	}
	if a.flags&clonePidfd != 0 { // PIDFD_THREAD = O_EXCL, Linux 6.9
		fd := raw(hostsys.SYS_PIDFD_OPEN, uintptr(t.TID), 0x80, 0, 0, 0, 0)
		if fd < 0 {
			t.unbind()
			return abi.EINVAL.Result()
		}
		p.Mem.WriteU32(a.pidfd, uint32(fd))
	}
	return int64(t.TID)
}

// copyRegisters gives a child thread or process its registers: the parent's,
// result 0, and what clone sets.
func (t *Task) copyRegisters(parent *Task, a *cloneArgs) {
	g := t.Proc.Guest
	from, to := parent.St, t.St
	if from != to {
		from.FoldFlags()
		to.X, to.V, to.PC = from.X, from.V, from.PC
		to.FFlags = from.FFlags
		to.SetFRM(from.FRM)
	}
	to.X[g.RetReg] = 0
	if a.sp != 0 {
		to.X[g.SPReg] = a.sp
	}
	if a.flags&cloneSetTLS != 0 {
		to.X[g.TPReg] = a.tls
	}
}

// fork is every clone that makes a process.
func (t *Task) fork(a *cloneArgs) int64 {
	t.join()
	if a.flags&cloneVM != 0 && hostsys.CanVfork() {
		// Two processes that run at the same time in one memory would need two
		// emulators in one memory. Their usual case is a parent that waits for a
		// child, which vfork does. Where it cannot, on a host that is itself emulated,
		// a fork has to do: nothing waits, and the parent does not see what the child wrote.
		return t.vfork(a)
	}
	const pass = cloneNamespaces | cloneParent | cloneIO | cloneVfork | clonePtrace | cloneUntraced
	forks := &t.Proc.forks
	forks.Lock()
	defer forks.Unlock() // in the child as well
	if t.stale() {       // in the child of a fork that this one waited for
		return resHandled
	}
	t.Proc.Engine.BeforeFork()
	random := t.Proc.childRandom()
	var pid int64
	if late := a.flags & (cloneNewTime | cloneIntoCgroup); late != 0 || len(a.setTID) > 0 {
		args := hostsys.CloneArgs{Flags: a.flags&pass | late, ExitSignal: a.exitSignal, Cgroup: a.cgroup}
		if len(a.setTID) > 0 {
			args.SetTID, args.SetTIDSize = uint64(t.put(0, a.setTID)), uint64(len(a.setTID)/4)
		}
		pid = int64(hostsys.ForkClone3(t.St, &args))
	} else {
		pid = int64(hostsys.Fork(t.St, uintptr(a.flags&pass|a.exitSignal)))
	}
	switch {
	case pid == 0:
		t.Proc.rng.src = random
		t.forked(a)
		return 0
	case t.stale(): // in the child of another thread's fork
		return resHandled
	case pid < 0:
		return pid
	}
	return t.forkedParent(a, pid)
}

// forkedParent finishes a fork in the parent.
func (t *Task) forkedParent(a *cloneArgs, pid int64) int64 {
	p := t.Proc
	if a.flags&cloneParentSetTID != 0 {
		p.Mem.WriteU32(a.parentTID, uint32(pid))
	}
	if a.flags&clonePidfd != 0 {
		// The child cannot be reaped by others meanwhile, so the ID is its own.
		fd := raw(hostsys.SYS_PIDFD_OPEN, uintptr(pid), 0, 0, 0, 0, 0)
		if fd >= 0 {
			p.Mem.WriteU32(a.pidfd, uint32(fd))
		}
	}
	return pid
}

// forked makes the process of a forked child, on its only guest thread. The other
// guest threads leave by themselves, without traces.
func (t *Task) forked(a *cloneArgs) {
	p := t.Proc
	t.epoch = hostsys.Epoch()
	p.PID = hostsys.Getpid()
	t.TID = hostsys.Gettid()
	p.mu.Lock()
	clear(p.tasks)
	p.tasks[t.TID] = t
	p.main, p.plan, p.starting = t, nil, 0
	p.aio = nil // they are the parent's
	p.mu.Unlock()
	p.Engine.AfterForkChild(t.CPU)
	t.childState(a)
	if a.flags&cloneNewPID != 0 || p.childNS {
		p.pidNS, p.childNS = 0, false
	}
	if p.board != nil {
		t.sit()
	}
	from := t.trace // the parent's
	t.notTraced()
	t.inheritTrace(from, cloneEvent(a))
	if f := p.Hooks.Fork; f != nil {
		f(t)
	}
}

// childState is what differs between a process and its child.
func (t *Task) childState(a *cloneArgs) {
	p := t.Proc
	p.sigMu.Lock()
	t.emu, p.shared = nil, nil
	if a.flags&cloneClearSighand != 0 {
		for s := abi.Signal(1); s <= abi.SIGRTMAX; s++ {
			if p.actions[s].handler > sigIgn {
				p.actions[s] = sigAction{}
				p.mirror(s)
			}
		}
	}
	p.sigMu.Unlock()
	p.timers.forget()
	t.robust, t.clearTID = 0, 0
	if a.flags&cloneChildClearTID != 0 {
		t.clearTID = a.childTID
	}
	if a.flags&cloneVM == 0 { // a vfork child shares its parent's alternate stack only if it is no thread
		t.St.ResAddr = ^uint64(0)
	}
	t.copyRegisters(t, a)
	if a.flags&cloneChildSetTID != 0 {
		p.Mem.WriteU32(a.childTID, uint32(t.TID))
	}
}
