//go:build linux && (amd64 || arm64)

package hostsys

import (
	"runtime"
	"unsafe"
)

//go:linkname signalIgnore os/signal.signal_ignore
func signalIgnore(sig uint32)

// What the runtime gives its new threads as signal mask: initSigmask without the signals that
// sigtable says are wanted everywhere (runtime/signal_unix.go, minitSignalMask). Both are found in
// the runtime's code.
var (
	initSigmask *uint64  // runtime.initSigmask
	sigtable    *sigTabT // runtime.sigtable

	startMask = SigMask() // of the process at its start

	newMasked bool              // maskNew is done
	goMasked  bool              // maskGo is done
	sigFlags  [NumSig + 1]int32 // the flags in sigtable that maskNew has changed

	// Threads of Go's that block the guest's signals since maskGo asked for it. At the length,
	// as in the beginning, nobody asks.
	maskIdx  = uint32(maxMaskTids)
	maskTids [maxMaskTids]uint32
)

// sigTabT is the runtime's type of that name.
type sigTabT struct {
	flags int32
	name  string
}

const (
	maxMaskTids = 64

	// runtime._SigKill, _SigThrow and _SigUnblock: with one of them a signal is unblocked on
	// each thread (blockableSig).
	sigUnblockable = 1<<1 | 1<<2 | 1<<7
)

// locateMask reports whether the variables were found. LockOSThread calls startTemplateThread,
// that calls newm, which copies initSigmask after a call of allocm. signal_ignore calls
// sigignore, which takes sigtable's address.
func locateMask() bool {
	lock, ignore := runtime.LockOSThread, signalIgnore
	pc := callTarget(funcPC(unsafe.Pointer(&lock)), "runtime.startTemplateThread")
	_, after := findCall(callTarget(pc, "runtime.newm"), "runtime.allocm")
	initSigmask = (*uint64)(loadedVar(after))
	sigtable = (*sigTabT)(takenAddr(callTarget(funcPC(unsafe.Pointer(&ignore)), "runtime.sigignore")))
	if initSigmask == nil || sigtable == nil || sigEntry(sigCHLD).name != "SIGCHLD: child status has changed" {
		return false
	}
	var always uint64
	for sig := 1; sig <= NumSig; sig++ {
		if sigEntry(sig).flags&sigUnblockable != 0 {
			always |= SigBit(sig)
		}
	}
	return *initSigmask&^always == startMask&^always
}

func funcPC(f unsafe.Pointer) uintptr { return **(**uintptr)(f) }

func callTarget(pc uintptr, name string) uintptr {
	target, _ := findCall(pc, name)
	return target
}

func sigEntry(sig int) *sigTabT {
	return (*sigTabT)(unsafe.Add(unsafe.Pointer(sigtable), uintptr(sig)*unsafe.Sizeof(sigTabT{})))
}

// maskNew makes the threads that Go starts from now on block the guest's signals. In sigtable it
// changes the flags of signals that the guest owns, which Go's handler does not see any more.
func maskNew() {
	if newMasked {
		return
	}
	newMasked = true
	*initSigmask |= holdBack & goBlocks
	for sig := 1; sig <= NumSig; sig++ {
		e := sigEntry(sig)
		sigFlags[sig] = e.flags
		if holdBack&goBlocks&SigBit(sig) != 0 {
			e.flags &^= sigUnblockable
		}
	}
}

// unmaskNew undoes that.
func unmaskNew() {
	if !newMasked {
		return
	}
	newMasked, goMasked = false, false
	*initSigmask = startMask
	for sig := 1; sig <= NumSig; sig++ {
		sigEntry(sig).flags = sigFlags[sig]
	}
}

// maskGo makes all of Go's threads block the guest's signals: the kernel would give them
// signals that are for the process as a whole and that the guest's threads block. It returns when all do.
func maskGo() {
	if goMasked {
		return
	}
	goMasked = true
	maskNew()
	Settle()
	pid, self := Getpid(), Gettid()
	store32p(&maskIdx, 0)
	var wait []int
next:
	for _, tid := range numbersIn("/proc/self/task\x00") {
		for i := range guestTids {
			if load32p(&guestTids[i]) == uint32(tid) {
				continue next
			}
		}
		if tid != self && !isForeign(uint32(tid)) && uint32(tid) != load32p(&reviverTid) && len(wait) < maxMaskTids {
			wait = append(wait, tid)
		}
	}
	for try := 0; len(wait) > 0 && try < 1000; try++ {
		left := wait[:0]
		for _, tid := range wait {
			// Again now and then: a thread that a fork parks at this moment takes the two
			// signals for one.
			sig := uintptr(0)
			if try%100 == 0 {
				sig = SigInternal
			}
			if !hasAnswered(tid) && !IsErr(rawSyscall(SYS_TGKILL, uintptr(pid), uintptr(tid), sig, 0, 0, 0)) {
				left = append(left, tid)
			}
		}
		wait = left
		if len(wait) > 0 {
			ts := [2]int64{0, 20000}
			rawSyscall(SYS_NANOSLEEP, addr(&ts), 0, 0, 0, 0, 0)
		}
	}
	store32p(&maskIdx, maxMaskTids)
}

func hasAnswered(tid int) bool {
	for i := range min(load32p(&maskIdx), maxMaskTids) {
		if load32p(&maskTids[i]) == uint32(tid) {
			return true
		}
	}
	return false
}
