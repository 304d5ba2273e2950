//go:build linux

package linux

import (
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Task is one guest thread: a goroutine locked to its host thread, whose thread
// ID is the guest's. Fields belong to that goroutine unless they say otherwise.
type Task struct {
	Proc *Process
	St   *cpu.State
	CPU  *engine.CPU
	TID  int

	Ext any // what instrumentation keeps per thread

	call   Call
	cur    *Call // the call whose handler runs
	inCall bool

	// mask is the guest's signal mask; hostMask what the host thread has
	// blocked, as far as known.
	mask, hostMask uint64
	saved          uint64 // mask to restore, if restore
	restore        bool
	eintr          bool   // the last syscall returned EINTR; undecided whether to restart it
	eintrRet       uint64 // the result register before that
	alt            altStack
	info           sigInfo   // the signal being delivered
	frame          []byte    // room for a signal frame
	emu            []sigInfo // thread-directed signals that Weir delivers itself; guarded by Proc.sigMu

	clearTID uint64 // CLONE_CHILD_CLEARTID address
	robust   uint64 // head of the robust futex list

	abandoned bool // see Abandon
	depth     int  // of CallGuest

	seccomp    atomic.Pointer[seccompState] // any thread; stored with Proc.mu held; nil: not confined
	again      bool                         // the next syscall may be the last one, restarted
	continued  uint64                       // pc of the last call that a supervisor let go on
	noNewPrivs atomic.Bool                  // any thread: to be set on the host; see syncNoNewPrivs

	dead     atomic.Bool // any thread: the task shall leave
	status   int         // of exit(2)
	deathSig abi.Signal  // instead of status: what killed the thread alone
	left     bool        // a vfork child has ended by itself
	scratch  uintptr     // host page for arguments of host calls
	epoch    uint32

	trace *trace      // nil: nobody traces the thread
	waits atomic.Bool // any thread: it is in a wait that may be for tracees

	fresh    bool // a program was loaded that has not started
	reloaded bool // not for the first time
}

const (
	scratchSize = 8192
	pathOff     = 4096 // the half of the scratch page where paths go
)

// gone reports whether the task must leave its run loop.
func (t *Task) gone() bool {
	return t.dead.Load() || atomic.LoadUint32(&t.St.Die) != 0 || t.Proc.vforked != nil && t.Proc.vforked.Parent()
}

// vanish makes t leave from any thread: the next syscall is not executed, a
// blocking one is interrupted, and guest code is left.
func (t *Task) vanish() {
	t.dead.Store(true)
	t.wake()
}

// wake makes t look at its signals: out of guest code and blocking calls.
func (t *Task) wake() {
	atomic.StoreUint32(&t.St.Pending, 1)
	t.CPU.Interrupt()
	hostsys.Kick(t.TID)
}

// put copies p to the scratch page at off and returns its host address.
func (t *Task) put(off int, p []byte) uintptr {
	at := t.scratch + uintptr(off)
	hostsys.CopyOut(at, p)
	return at
}

// get copies from the scratch page.
func (t *Task) get(off int, p []byte) { hostsys.CopyIn(p, t.scratch+uintptr(off)) }

// put64 and get64 are put and get for one word.
func (t *Task) put64(off int, v uint64) uintptr {
	at := t.scratch + uintptr(off)
	hostsys.Store64(at, v)
	return at
}

func (t *Task) get64(off int) uint64 {
	v, _ := hostsys.Load64(t.scratch + uintptr(off))
	return v
}

// host runs a host syscall through the restartable window. resRestart means
// that it was not executed because a signal is pending.
func (t *Task) host(nr uintptr, a1, a2, a3, a4, a5, a6 uintptr) int64 {
	if !t.wants(WantBlock) {
		return int64(hostsys.Syscall(t.St, nr, a1, a2, a3, a4, a5, a6))
	}
	block := t.Proc.Hooks.Block
	block(t, true)
	r := int64(hostsys.Syscall(t.St, nr, a1, a2, a3, a4, a5, a6))
	block(t, false)
	return r
}

// hostFast is host for calls that do not block.
func (t *Task) hostFast(nr uintptr, a1, a2, a3, a4, a5, a6 uintptr) int64 {
	return int64(hostsys.SyscallFast(t.St, nr, a1, a2, a3, a4, a5, a6))
}

// hostBlock is host for calls that can wait without a timeout of their own to
// account for: an EINTR that no guest signal caused is tried again.
func (t *Task) hostBlock(nr uintptr, a1, a2, a3, a4, a5, a6 uintptr) int64 {
	for {
		r := t.host(nr, a1, a2, a3, a4, a5, a6)
		if r != eintr || t.pending() {
			return r
		}
	}
}

// raw runs a host syscall outside the window: only for Weir's own needs, never
// for what the guest can see, as it may run twice over a fork.
func raw(nr uintptr, a1, a2, a3, a4, a5, a6 uintptr) int64 {
	return int64(hostsys.RawSyscall(nr, a1, a2, a3, a4, a5, a6))
}

// pending reports whether a signal waits to be taken or the task shall leave.
func (t *Task) pending() bool { return atomic.LoadUint32(&t.St.Pending) != 0 }

const eintr = -4
