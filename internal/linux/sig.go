//go:build linux

package linux

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// The host kernel queues and orders the guest's signals: actions and masks are
// mirrored on the host, where a handler (internal/hostsys) notes one signal in
// the State and holds the others back. Here the guest's handler is called.
//
// Two kinds of signals are queued by Weir itself: 32 and 33, which the host
// process needs for itself, between threads of the guest; and the five of
// hardware faults, which are never blocked on the host, while the guest blocks them.

// sigInfo is siginfo_t (asm-generic/siginfo.h), the same on all 64-bit machines.
type sigInfo [128]byte

func (s *sigInfo) sig() abi.Signal     { return abi.Signal(binary.LittleEndian.Uint32(s[0:])) }
func (s *sigInfo) code() int32         { return int32(binary.LittleEndian.Uint32(s[8:])) }
func (s *sigInfo) setSig(v abi.Signal) { binary.LittleEndian.PutUint32(s[0:], uint32(v)) }
func (s *sigInfo) setCode(v int32)     { binary.LittleEndian.PutUint32(s[8:], uint32(v)) }
func (s *sigInfo) setAddr(v uint64)    { binary.LittleEndian.PutUint64(s[16:], v) }
func (s *sigInfo) setPid(pid, uid uint32) {
	binary.LittleEndian.PutUint32(s[16:], pid)
	binary.LittleEndian.PutUint32(s[20:], uid)
}

// Values of si_code (asm-generic/siginfo.h).
const (
	siUser   = 0
	siKernel = 0x80
	siQueue  = -1
	siTimer  = -2
	siTkill  = -6

	illIllOpc = 1
	busAdrAln = 1
	trapBrkpt = 1
)

// sigAction is a disposition, as rt_sigaction(2) sets it.
type sigAction struct {
	handler, flags, restorer, mask uint64
}

const (
	sigDfl = 0
	sigIgn = 1
)

// Flags of sigaction(2).
const (
	saNoCldStop     = 0x1
	saNoCldWait     = 0x2
	saSigInfo       = 0x4
	saExposeTagbits = 0x800
	saRestorer      = 0x04000000
	saOnStack       = 0x08000000
	saRestart       = 0x10000000
	saNoDefer       = 0x40000000
	saResetHand     = 0x80000000

	// saKnown is UAPI_SA_FLAGS (kernel/signal.c): other bits are cleared, so that
	// programs can probe for them.
	saKnown = saNoCldStop | saNoCldWait | saSigInfo | saExposeTagbits | saOnStack | saRestart | saNoDefer | saResetHand
)

func sigBit(s abi.Signal) uint64 { return 1 << (s - 1) }

// Sets of signals.
const (
	unblockable = 1<<(abi.SIGKILL-1) | 1<<(abi.SIGSTOP-1)

	// faultSignals are those of hardware faults: never blocked on the host.
	faultSignals = 1<<(abi.SIGSEGV-1) | 1<<(abi.SIGBUS-1) | 1<<(abi.SIGILL-1) | 1<<(abi.SIGFPE-1) | 1<<(abi.SIGTRAP-1)

	// ownSignals are reserved on the host and emulated.
	ownSignals = 1<<(hostsys.SigInternal-1) | 1<<(hostsys.SigGo-1)

	// Default actions (signal(7)); the rest terminates.
	defaultIgnore = 1<<(abi.SIGCHLD-1) | 1<<(abi.SIGURG-1) | 1<<(abi.SIGWINCH-1) | 1<<(abi.SIGCONT-1)
	defaultStop   = 1<<(abi.SIGSTOP-1) | 1<<(abi.SIGTSTP-1) | 1<<(abi.SIGTTIN-1) | 1<<(abi.SIGTTOU-1)
)

// ignored reports whether a is to drop sig.
func (a *sigAction) ignored(sig abi.Signal) bool {
	return a.handler == sigIgn || a.handler == sigDfl && defaultIgnore&sigBit(sig) != 0
}

// mirror gives the host the disposition that makes it behave as the guest
// asked. Called with sigMu held.
func (p *Process) mirror(sig abi.Signal) {
	if (ownSignals|faultSignals|unblockable)&sigBit(sig) != 0 {
		return
	}
	a := &p.actions[sig]
	d := hostsys.Catch
	switch {
	case a.handler == sigIgn && (p.traced == 0 || sig == abi.SIGCHLD):
		d = hostsys.Ignore
	case a.handler == sigIgn:
		hostsys.SetAction(int(sig), hostsys.Catch, saRestart)
		return
	case a.handler == sigDfl:
		d = hostsys.Default
		if p.traced > 0 && sig != abi.SIGCHLD || p.everBlocked&sigBit(sig) != 0 || p.Cfg.CatchFatal && (defaultIgnore|defaultStop)&sigBit(sig) == 0 {
			hostsys.SetAction(int(sig), hostsys.Catch, a.flags&(saNoCldStop|saNoCldWait)|saRestart)
			return
		}
	}
	hostsys.SetAction(int(sig), d, a.flags&(saNoCldStop|saNoCldWait|saRestart))
}

// noteBlocked is told of each mask that a thread sets. A signal that the guest blocks
// must wait, but on the host it is blocked on guest threads only: one of Go's
// would perform the default action. So it is caught from then on, and those threads hand it on.
//
// The mask of all signals is what C libraries and Go's runtime set for a moment, while they make a thread or a
// process; whoever waits for signals leaves out the libraries' own (sigfillset(3)).
func (p *Process) noteBlocked(mask uint64) {
	if mask == ^uint64(0) {
		return
	}
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	fresh := mask &^ (p.everBlocked | unblockable | ownSignals | faultSignals)
	p.everBlocked |= fresh
	for ; fresh != 0; fresh &= fresh - 1 {
		sig := abi.Signal(bits.TrailingZeros64(fresh) + 1)
		if p.actions[sig].handler == sigDfl {
			p.mirror(sig)
		}
	}
}

// resetActions is what execve does: handlers become the default, ignored
// signals stay ignored.
func (p *Process) resetActions() {
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	for s := abi.Signal(1); s <= abi.SIGRTMAX; s++ {
		a := &p.actions[s]
		if *a == (sigAction{}) {
			continue
		}
		caught := a.handler > sigIgn
		*a = sigAction{handler: a.handler}
		if caught {
			a.handler = sigDfl
			p.mirror(s)
		}
	}
}

// signals takes what signals are pending and arranges for their handlers to run. It
// decides about an interrupted syscall: EINTR if a handler runs, else the call is
// made again.
func (t *Task) signals() {
	ran := false
	for !t.gone() {
		var ok bool
		if t.info, ok = t.takeSignal(); !ok {
			if t.restore && !ran { // no handler: the temporary mask ends here
				t.mask, t.restore = t.saved, false
			}
			if t.syncMask() {
				break
			}
			continue
		}
		if t.deliver(&t.info, false) {
			ran = true
		}
	}
	if t.eintr {
		t.eintr = false
		pc := t.St.PC
		if !ran {
			t.St.X[t.Proc.Guest.RetReg] = t.eintrRet
			t.restartSyscall()
		}
		t.hostCallOver(pc)
	}
}

// restartSyscall puts the pc back to the syscall instruction.
func (t *Task) restartSyscall() {
	t.St.PC -= syscallLen(t.Proc.Guest)
	t.again = true
}

// takeSignal returns the next signal to deliver.
func (t *Task) takeSignal() (info sigInfo, ok bool) {
	if hostsys.TakeSignal(t.St, (*[128]byte)(&info)) {
		t.hostMask |= hostsys.GuestSignals
		if info.isAttention() {
			t.attend(&info)
			return info, false
		}
		sig := info.sig()
		if faultSignals&sigBit(sig)&t.mask == 0 {
			return info, true
		}
		t.Proc.sigMu.Lock()
		enqueue(&t.emu, &info)
		t.Proc.sigMu.Unlock()
	}
	t.Proc.sigMu.Lock()
	defer t.Proc.sigMu.Unlock()
	return t.dequeue(^t.mask)
}

// enqueue adds a signal to a queue: standard signals are there once.
func enqueue(q *[]sigInfo, info *sigInfo) {
	if info.sig() < 32 && queued(*q)&sigBit(info.sig()) != 0 {
		return
	}
	*q = append(*q, *info)
}

// queued is the set of signals in a queue.
func queued(q []sigInfo) (set uint64) {
	for i := range q {
		set |= sigBit(q[i].sig())
	}
	return set
}

// dequeue takes the lowest-numbered signal of set from Weir's own queues, the
// thread's before the process's. Called with sigMu held.
func (t *Task) dequeue(set uint64) (info sigInfo, ok bool) {
	for _, q := range [2]*[]sigInfo{&t.emu, &t.Proc.shared} {
		if len(*q) == 0 {
			continue
		}
		have := queued(*q) & set
		if have == 0 {
			continue
		}
		want := abi.Signal(bits.TrailingZeros64(have) + 1)
		i := slices.IndexFunc(*q, func(s sigInfo) bool { return s.sig() == want })
		info = (*q)[i]
		*q = slices.Delete(*q, i, i+1)
		return info, true
	}
	return info, false
}

// syncMask gives the host thread the guest's mask. It reports false if a signal
// came in between, which must be taken first.
func (t *Task) syncMask() bool {
	want := t.mask &^ hostsys.Unblockable
	if want != t.hostMask {
		at := t.put64(0, want)
		if t.hostFast(hostsys.SYS_RT_SIGPROCMASK, sigSetMask, at, 0, 8, 0, 0) == resRestart {
			return false
		}
		t.hostMask = want
	}
	t.noticeOwn()
	return !t.pending()
}

// noticeOwn makes the run loop look at Weir's own queues if they have something
// that the mask lets through.
func (t *Task) noticeOwn() {
	p := t.Proc
	p.sigMu.Lock()
	if (len(t.emu)|len(p.shared)) != 0 && (queued(t.emu)|queued(p.shared))&^t.mask != 0 {
		atomic.StoreUint32(&t.St.Pending, 1)
	}
	p.sigMu.Unlock()
}

// tempMask is called after a host call that waited under a temporary signal mask (sigsuspend,
// ppoll, pselect6, epoll_pwait) has returned EINTR: the handler
// runs under that mask, and rt_sigreturn restores the old one.
func (t *Task) tempMask(mask uint64) {
	t.saved, t.restore = t.mask, true
	t.mask = mask &^ unblockable
}

// deliver acts on a signal, of a fault of t's own or not: it reports whether a handler was arranged for.
func (t *Task) deliver(info *sigInfo, fault bool) bool {
	p := t.Proc
	sig := info.sig()
	if sig < 1 || sig > abi.SIGRTMAX {
		return false
	}
	if t.trace != nil && sig != abi.SIGKILL && !t.goPreempts(info) {
		if !t.signalStop(info) {
			return false
		}
		sig = info.sig()
	}
	p.sigMu.Lock()
	a := p.actions[sig]
	if a.handler > sigIgn && a.flags&saResetHand != 0 {
		p.actions[sig].handler = sigDfl
		p.mirror(sig)
		p.tellSignals()
	}
	p.sigMu.Unlock()
	if a.ignored(sig) {
		return false
	}
	if pr := p.Hooks.Print; pr != nil {
		pr.Signal(t, info[:])
	}
	if f := p.Cfg.Signal; f != nil {
		f(t, info[:], a.handler)
	}
	if t.wants(WantSignal) {
		s, code, addr := signalInfo(info)
		t.Proc.Hooks.Signal(t, s, code, addr, a.handler, fault)
	}
	if a.handler == sigDfl {
		t.defaultAction(sig)
		return false
	}
	from := t.St.PC
	if t.eintr { // with a handler the call has failed
		t.eintr = false
		t.hostCallOver(from)
	}
	if !t.pushFrame(info, &a) {
		if sig == abi.SIGSEGV {
			t.killProcess(abi.SIGSEGV)
			return false
		}
		return t.fault(abi.SIGSEGV, siKernel, 0)
	}
	t.mask |= a.mask
	if a.flags&saNoDefer == 0 {
		t.mask |= sigBit(sig)
	}
	t.mask &^= unblockable
	if fault {
		t.discontinuity(DiscException, from)
	} else {
		t.discontinuity(DiscInterrupt, from)
	}
	return true
}

// fault delivers a signal of a hardware fault to the thread that caused it. If it
// is blocked or ignored the process is killed (kernel/signal.c, force_sig_info).
func (t *Task) fault(sig abi.Signal, code int32, addr uint64) bool {
	var info sigInfo
	info.setSig(sig)
	info.setCode(code)
	info.setAddr(addr)
	p := t.Proc
	if f := p.Cfg.Exception; f != nil {
		f(t, sig, code, addr)
	}
	p.sigMu.Lock()
	if t.mask&sigBit(sig) != 0 || p.actions[sig].handler == sigIgn {
		p.actions[sig].handler = sigDfl
		p.tellSignals()
		t.mask &^= sigBit(sig)
	}
	p.sigMu.Unlock()
	return t.deliver(&info, true)
}

// defaultAction performs the default action of a signal that the host did not
// perform itself.
func (t *Task) defaultAction(sig abi.Signal) {
	if defaultStop&sigBit(sig) == 0 {
		t.killProcess(sig)
		return
	}
	if t.trace != nil {
		t.groupStop(sig)
		return
	}
	// The host stops the process by the same signal: so a shell is told which, and
	// an orphaned process group is not stopped.
	p := t.Proc
	p.sigMu.Lock()
	hostsys.SetAction(int(sig), hostsys.Default, 0)
	raw(hostsys.SYS_TGKILL, uintptr(p.PID), uintptr(t.TID), uintptr(sig), 0, 0, 0)
	raw(hostsys.SYS_RT_SIGPROCMASK, sigUnblock, t.put64(0, sigBit(sig)), 0, 8, 0, 0)
	raw(hostsys.SYS_RT_SIGPROCMASK, sigBlock, t.put64(0, sigBit(sig)), 0, 8, 0, 0)
	p.mirror(sig)
	p.sigMu.Unlock()
}

// killProcess ends the process by a signal.
func (t *Task) killProcess(sig abi.Signal) {
	t.traceEnd(uint32(sig))
	t.Proc.end(t, 0, sig)
	t.dead.Store(true)
}

// post queues a signal for t inside Weir, from any thread.
func (t *Task) post(info *sigInfo) {
	p := t.Proc
	p.sigMu.Lock()
	a := &p.actions[info.sig()]
	drop := a.ignored(info.sig()) && p.traced == 0
	if !drop {
		enqueue(&t.emu, info)
	}
	p.sigMu.Unlock()
	if !drop {
		t.wake()
	}
}

// postProcess queues a process-directed signal inside Weir and wakes a thread
// that takes it.
func (p *Process) postProcess(info *sigInfo) {
	p.sigMu.Lock()
	a := &p.actions[info.sig()]
	drop := a.ignored(info.sig()) && p.traced == 0
	if !drop {
		enqueue(&p.shared, info)
	}
	p.sigMu.Unlock()
	if drop {
		return
	}
	// Masks of other threads are theirs to read: let every thread look.
	for _, t := range p.Tasks() {
		t.wake()
	}
}
