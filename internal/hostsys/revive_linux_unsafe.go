//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// A child of fork that has one guest thread mostly executes a program or exits at once, and needs Go's other threads for
// neither. So they stay in their frames for a while, and a thread of the child's own, which is none of Go's, makes
// them when that while is over. Whatever wakes one of them before is not lost: they look
// at the word that they wait for when they go on. What needs them soon calls Settle.

// reviveDelay is a struct timespec: for how long a child does without Go's other threads.
var reviveDelay = [2]int64{0, 10e6}

// Values of reviveState.
const (
	reviveNone    = iota // nothing left to do
	revivePending        // threads are to be made
	reviveBusy           // some thread makes them
)

var (
	reviveState uint32
	reviverTid  uint32 // cleared by the kernel when the thread has ended
	lateRevive  bool   // forks leave the threads to the reviver

	reviverStack [4096]uint64
	reviverTLS   [32]uint64 // so that Go's assembly wrappers find a g: none
)

// reviver is what that thread does. It has no g.
//
//lint:ignore U1000 called by assembly
//go:nosplit
func reviver() {
	rawSyscall(SYS_NANOSLEEP, uintptr(unsafe.Pointer(&reviveDelay[0])), 0, 0, 0, 0, 0)
	if cas32p(&reviveState, revivePending, reviveBusy) {
		reviveAll()
	}
}

// reviveLater has the parked threads made by another thread, later. It returns false if there can be none.
//
//go:nosplit
func reviveLater() bool {
	if !canReviveLate || preemptAsked() { // a goroutine locked to its thread yields by way of another thread
		return false
	}
	store32p(&reviveState, revivePending)
	const top = unsafe.Sizeof(reviverStack) - 64
	if IsErr(startReviver(unsafe.Add(unsafe.Pointer(&reviverStack), top), unsafe.Add(unsafe.Pointer(&reviverTLS), 128))) {
		store32p(&reviveState, reviveNone)
		return false
	}
	return true
}

// reviveAll makes the threads that were parked in the parent. All signals are blocked.
//
//go:nosplit
func reviveAll() {
	forkNetpoll(false)
	reviveSlots()
	store32p(&reviveState, reviveNone)
}

// reviveSlots makes the thread of each slot of the gather before the fork.
//
//go:nosplit
func reviveSlots() {
	var ts [2]int64
	for i := range min(parkIdx, maxThreads) {
		s := slotAt(i)
		if uint32(s.Gen)+1 != parkGen {
			continue
		}
		for int(revive(s)) < 0 { // EAGAIN: process limit or memory
			ts[0], ts[1] = 0, 1000000
			rawSyscall(SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts[0])), 0, 0, 0, 0, 0)
		}
	}
}

// settle is Settle with all signals blocked.
//
//go:nosplit
func settle() {
	for {
		switch s := load32p(&reviveState); {
		case s == reviveNone:
			return
		case s == revivePending && cas32p(&reviveState, revivePending, reviveBusy):
			reviveAll()
		default:
			lockSleep()
		}
	}
}

// Settle makes Go's threads in a child of fork that did without them so far. It is for what is going to
// need them: without it that would wait some milliseconds.
//
//go:nosplit
func Settle() {
	if load32p(&reviveState) == reviveNone {
		return
	}
	var was uint64
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&allMask)), uintptr(unsafe.Pointer(&was)), 8, 0, 0)
	settle()
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&was)), 0, 8, 0, 0)
}
