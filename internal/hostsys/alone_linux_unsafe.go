//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// parkLeave, while not 0, makes parked threads end when they are released, instead of going on. What they need to go
// on is in their slots and on their stacks.
var parkLeave uint32

// Alone makes a system call while the calling thread is the only one of the process, as unshare(2) and setns(2) demand for
// user namespaces: all others are parked as for a fork, end, and are made again afterwards, as copies of the calling
// thread as to credentials, namespaces and shared tables. They must all be Go's, with no State. The call must not keep the calling
// thread from making threads, or this never ends. The calling thread is to be the process's first.
//
// The result is the call's; -EINVAL also if other threads cannot be parked or ended.
//
//go:nosplit
//go:noinline
func Alone(nr, a1, a2, a3 uintptr) uintptr {
	for !cas32p(&forkMu, 0, 1) {
		lockSleep()
	}
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&allMask)), uintptr(unsafe.Pointer(&forkMask)), 8, 0, 0)
	settle()
	for load32p(&reviverTid) != 0 { // it ends by itself
		lockSleep()
	}
	r := negErrno(einval)
	if gather() {
		self := uint32(rawSyscall(SYS_GETTID, 0, 0, 0, 0, 0, 0))
		if onlyParked(self) {
			gen := parkGen
			store32p(&parkLeave, 1)
			release()
			for listThreads() > 1 { // they are on their way
				forkTs[0], forkTs[1] = 0, 50000
				rawSyscall(SYS_NANOSLEEP, uintptr(unsafe.Pointer(&forkTs[0])), 0, 0, 0, 0, 0)
			}
			store32p(&parkLeave, 0)
			r = rawSyscall(nr, a1, a2, a3, 0, 0, 0)
			for i := range min(parkIdx, maxThreads) {
				s := slotAt(i)
				if uint32(s.Gen) != gen {
					continue
				}
				for int(revive(s)) < 0 { // EAGAIN: process limit or memory
					forkTs[0], forkTs[1] = 0, 1000000
					rawSyscall(SYS_NANOSLEEP, uintptr(unsafe.Pointer(&forkTs[0])), 0, 0, 0, 0, 0)
				}
			}
		} else {
			release()
		}
	}
	store32p(&forkMu, 0)
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&forkMask)), 0, 8, 0, 0)
	return r
}

// onlyParked reports whether all other threads are parked and Go's, and none is the process's first, which stays to the end.
//
//go:nosplit
func onlyParked(self uint32) bool {
	if uintptr(self) != rawSyscall(SYS_GETPID, 0, 0, 0, 0, 0, 0) {
		return false
	}
	n := listThreads()
	ownTIDs(n)
	for i := range n {
		if tid := threadAt(i); tid != self && !isParked(tid) {
			return false
		}
	}
	for i := range min(load32p(&parkIdx), maxThreads) {
		if s := slotAt(i); uint32(s.Gen) == parkGen && hasState(s) {
			return false
		}
	}
	return true
}

// hasState reports whether a parked thread runs guest code.
//
//go:nosplit
func hasState(s *parkSlot) bool { return s.State != 0 }
