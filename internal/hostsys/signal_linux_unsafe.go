//go:build linux && (amd64 || arm64)

package hostsys

import (
	"sync/atomic"
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
)

func addrHandlers() (fault, guest, park, restorer uintptr)

// kernelAction is struct kernel_sigaction of rt_sigaction(2).
type kernelAction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

const (
	saNoCldStop = 1
	saNoCldWait = 2
	saSiginfo   = 4
	saOnStack   = 0x08000000
	saRestart   = 0x10000000

	sigDfl = 0
	sigIgn = 1

	sigBlock   = 0
	sigSetmask = 2
)

var (
	goHandler [NumSig + 1]uintptr      // what the Go runtime had installed, for chaining
	goAction  [NumSig + 1]kernelAction // the same, whole
	goKnown   uint64                   // signals for which the two are filled in

	//lint:ignore U1000 read by sigGuest
	holdBack = GuestSignals
	//lint:ignore U1000 read by sigGuest: what threads of Go's may block
	goBlocks = ^uint64(goShared)
)

// sigaction installs a and remembers what Go had.
func sigaction(sig int, a kernelAction) int {
	first := goKnown&SigBit(sig) == 0
	if first && goHandler[sig] == 0 {
		// Our handler may run, and chain, before the call has returned the old action. The
		// runtime has the same handler for all signals.
		goHandler[sig] = goHandler[sigSEGV]
	}
	var old kernelAction
	if r := rawSyscall(SYS_RT_SIGACTION, uintptr(sig), addr(&a), addr(&old), 8, 0, 0); IsErr(r) {
		return Errno(r)
	}
	if first {
		goHandler[sig], goAction[sig] = old.handler, old
		goKnown |= SigBit(sig)
	}
	return 0
}

// ownAction is an action that runs one of our handlers with every signal blocked.
func ownAction(handler uintptr, flags uint64) kernelAction {
	_, _, _, restorer := addrHandlers()
	return kernelAction{handler, flags | saSiginfo | saOnStack | saRestorer, restorer, ^uint64(0)}
}

// SetAction sets the host's action for a signal that the guest can see. flags may have
// SA_NOCLDSTOP, SA_NOCLDWAIT and SA_RESTART, whose effect is the kernel's own.
// A default action that the guest blocks must be caught, and performed by the caller when it
// takes the signal: as long as nothing is caught there are threads of Go's that do not block it, so that it
// would take effect there.
//
// A call that SA_RESTART applies to is not restarted by the kernel if it went
// through [Syscall]: the result is [ERestart].
//
// SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP are always handled: faults in generated
// code end up in the State, those sent by kill(2) and its kin are queued as if
// caught; SetAction does nothing for them, nor for SIGKILL, SIGSTOP and the reserved ones. SIGURG and
// SIGPROF, when caught, are shown to the Go runtime as well, which uses them for
// preemption and profiles; uncaught SIGURG stays with Go (its default is to be ignored).
// The result is an errno.
func SetAction(sig int, d Disposition, flags uint64) int {
	if sig < 1 || sig > NumSig || Unblockable&SigBit(sig) != 0 {
		return 0
	}
	flags &= saNoCldStop | saNoCldWait | saRestart
	maskNew()
	switch {
	case d == Catch:
		_, h, _, _ := addrHandlers()
		if e := sigaction(sig, ownAction(h, flags)); e != 0 {
			return e
		}
		maskGo()
		return 0
	case sig == sigURG, sig == sigPROF && KeepProfile:
		if goKnown&SigBit(sig) == 0 {
			return 0 // never replaced
		}
		return sigaction(sig, goAction[sig])
	case d == Ignore:
		return sigaction(sig, kernelAction{sigIgn, flags, 0, 0})
	}
	return sigaction(sig, kernelAction{sigDfl, flags, 0, 0})
}

// ReleaseSignals gives the Go runtime back the signals that SetAction took, when no guest is left.
func ReleaseSignals() {
	unmaskNew()
	for sig := 1; sig <= NumSig; sig++ {
		if goKnown&^Unblockable&SigBit(sig) != 0 {
			rawSyscall(SYS_RT_SIGACTION, uintptr(sig), addr(&goAction[sig]), 0, 8, 0, 0)
		}
	}
}

// FixSiginfo corrects the si_code of a siginfo_t that the guest's thread received by rt_sigtimedwait(2): a signal
// that came to a thread of Go's before that blocked it, and was handed back, has it encoded.
func FixSiginfo(info *[128]byte) {
	p := (*int32)(unsafe.Pointer(&info[8]))
	*p = fixCode(*p)
}

// TakeSignal copies the signal queued in st, if any, to info (a siginfo_t) and
// clears Pending. It must be called on the bound thread. Afterwards the guest's
// signals are still blocked on the host thread: rt_sigprocmask(2) lets the next one in. User-sent
// SIGSEGV and its like come first; they are not held back, so a second
// one of the same number replaces the first, as in the kernel.
func TakeSignal(st *cpu.State, info *[128]byte) bool {
	atomic.StoreUint32(&st.Pending, 0)
	a := area(st)
	ok := false
	if m := atomic.LoadUint64(&a.UserSync); m != 0 {
		for sig := range a.UserInfo {
			if m>>sig&1 != 0 {
				// Bit first: a signal that comes in between sets it again.
				atomic.AndUint64(&a.UserSync, ^uint64(1<<sig))
				*info = *(*[128]byte)(unsafe.Pointer(&a.UserInfo[sig]))
				ok = true
				break
			}
		}
	} else if atomic.LoadUint64(&st.SigNo) != 0 {
		*info = *(*[128]byte)(unsafe.Pointer(&st.SigInfo))
		atomic.StoreUint64(&st.SigNo, 0)
		ok = true
	}
	if atomic.LoadUint64(&a.UserSync)|atomic.LoadUint64(&st.SigNo) != 0 {
		atomic.StoreUint32(&st.Pending, 1)
	}
	return ok
}

// SigMask returns the calling thread's host mask.
func SigMask() uint64 {
	var m uint64
	rawSyscall(SYS_RT_SIGPROCMASK, sigBlock, 0, addr(&m), 8, 0, 0)
	return m
}

// Kick interrupts the thread tid of this process: if the caller has set Pending in its State before, a
// blocking [Syscall] returns [ERestart], or EINTR if it is one that the kernel never restarts; else it goes on, or
// returns EINTR likewise. Generated code does not notice; it polls Pending and Kick.
func Kick(tid int) {
	rawSyscall(SYS_TGKILL, uintptr(Getpid()), uintptr(tid), SigInternal, 0, 0, 0)
}

// DieBySignal ends the process by sig with the default action, so that its parent sees
// the signal in the wait status. It returns only if the signal does not end processes.
func DieBySignal(sig int) {
	a := kernelAction{}
	rawSyscall(SYS_RT_SIGACTION, uintptr(sig), addr(&a), 0, 8, 0, 0)
	m := SigMask() &^ SigBit(sig)
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, addr(&m), 0, 8, 0, 0)
	rawSyscall(SYS_TGKILL, uintptr(Getpid()), uintptr(Gettid()), uintptr(sig), 0, 0, 0)
}
