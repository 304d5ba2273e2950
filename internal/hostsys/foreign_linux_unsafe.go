//go:build linux && (amd64 || arm64)

package hostsys

import (
	"runtime"
	"unsafe"
)

// Threads that neither Go nor Weir has made. An emulator of user programs (qemu-aarch64) has one, which shows up
// among ours and blocks every signal, so that a fork must not wait for it.
var foreign struct {
	unknown int // threads that do not park and whose IDs are still to be learnt
	n       uint32
	tids    [8]uint32
}

// findForeign counts the threads that the runtime does not know, and learns their IDs by parking all others.
func findForeign() {
	here := len(numbersIn("/proc/self/task\x00"))
	// All of the runtime's threads, also those about to be made.
	ours, _ := runtime.ThreadCreateProfile(nil)
	if here > ours {
		learnForeign(here - ours)
	}
}

//go:nosplit
func learnForeign(unknown int) {
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&allMask)), uintptr(unsafe.Pointer(&forkMask)), 8, 0, 0)
	self := uint32(rawSyscall(SYS_GETTID, 0, 0, 0, 0, 0, 0))
	foreign.unknown = unknown
	ok := gather()
	foreign.unknown = 0
	if ok {
		noteForeign(self)
		release()
	}
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&forkMask)), 0, 8, 0, 0)
}

// noteForeign learns the IDs of the threads that are not parked. In a forked child no other thread has been made
// when it is called.
//
//go:nosplit
func noteForeign(self uint32) {
	foreign.n = 0
	n := listThreads()
	ownTIDs(n)
	for i := range n {
		tid := threadAt(i)
		if tid != self && !isParked(tid) && int(foreign.n) < len(foreign.tids) {
			*foreignAt(foreign.n) = tid
			foreign.n++
		}
	}
}

//go:nosplit
func isForeign(tid uint32) bool {
	for i := range foreign.n {
		if *foreignAt(i) == tid {
			return true
		}
	}
	return false
}

//go:nosplit
func foreignAt(i uint32) *uint32 { return (*uint32)(unsafe.Add(unsafe.Pointer(&foreign.tids), 4*i)) }
