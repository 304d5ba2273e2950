//go:build linux && (amd64 || arm64)

package hostsys

import (
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
)

//go:noescape
func safeSyscall(st *cpu.State, nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

func rawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr
func addrWindow() uintptr

// The restartable window: [winLo, winHi], winHi = address of the system call instruction.
var winLo, winHi uintptr

// findWindows looks for the system call instructions of the two windows.
func findWindows() bool {
	winLo, onceLo = addrWindow(), addrOnce()
	winHi, onceHi = findSyscall(winLo), findSyscall(onceLo)
	return winHi != 0 && onceHi != 0
}

// Syscall performs a system call on behalf of the guest, which may block. It is
// not performed, and the result is [ERestart], if st.Pending is set at the
// moment of the kernel entry. The goroutine counts as being in a system call.
//
// Arguments that point into Go memory must be kept alive by the caller.
//
//go:nosplit
//go:noinline
func Syscall(st *cpu.State, nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr {
	entersyscall()
	r := safeSyscall(st, nr, a1, a2, a3, a4, a5, a6)
	exitsyscall()
	return r
}

// SyscallFast is [Syscall] for calls that never block: the scheduler is not
// told, which saves some 20 ns.
//
//go:nosplit
func SyscallFast(st *cpu.State, nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr {
	return safeSyscall(st, nr, a1, a2, a3, a4, a5, a6)
}

// RawSyscall performs a system call of Weir's own that does not block. A fork by
// another thread may make it happen twice, once in the child, so it must have
// no effect that the guest can see.
//
//go:nosplit
func RawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr {
	return rawSyscall(nr, a1, a2, a3, a4, a5, a6)
}

// RawSyscallBlocking is [RawSyscall] for calls that may block.
//
//go:nosplit
//go:noinline
func RawSyscallBlocking(nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr {
	entersyscall()
	r := rawSyscall(nr, a1, a2, a3, a4, a5, a6)
	exitsyscall()
	return r
}

// Getpid returns the process ID. It is never cached: a fork or vfork changes it.
func Getpid() int { return int(rawSyscall(SYS_GETPID, 0, 0, 0, 0, 0, 0)) }

// Gettid returns the thread ID of the calling thread, uncached.
func Gettid() int { return int(rawSyscall(SYS_GETTID, 0, 0, 0, 0, 0, 0)) }

//go:linkname nanotime runtime.nanotime
func nanotime() int64

// addr is the address of something that does not move during a call.
//
//go:nosplit
func addr[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }
