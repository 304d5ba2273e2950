//go:build linux && (amd64 || arm64)

package hostsys

// Commands of membarrier(2).
const (
	membarrierPrivate  = 1 << 3 // PRIVATE_EXPEDITED
	membarrierRegister = 1 << 4 // REGISTER_PRIVATE_EXPEDITED
)

// CanBarrier reports whether [Barrier] may be called.
func CanBarrier() bool { return membarrier(membarrierRegister) && membarrier(membarrierPrivate) }

// Barrier makes every thread of the process execute a full memory barrier between its
// beginning and its end (membarrier(2)): of two threads that each write one word and then read
// the other's, one sees what the other wrote, though only one of them has a barrier, this one,
// in between.
func Barrier() {
	// A process is registered once; whether a forked child is, depends on the kernel.
	if !membarrier(membarrierPrivate) && !CanBarrier() {
		panic("BUG: hostsys: no membarrier")
	}
}

func membarrier(cmd uintptr) bool { return rawSyscall(SYS_MEMBARRIER, cmd, 0, 0, 0, 0, 0) == 0 }
