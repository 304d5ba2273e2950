//go:build linux && arm64

package hostsys

import (
	"sync"
	"unsafe"
)

//go:noescape
func vforkProbe(word *uint64) uintptr

// CanVfork reports whether a vfork child shares this process's memory. Under an emulator (qemu-aarch64 makes a fork of
// a vfork) it does not, and [Vfork] cannot work. It is tried once.
var CanVfork = sync.OnceValue(func() bool {
	p := rawSyscall(SYS_MMAP, 0, pageSize, protRead|protWrite, mapPrivate|mapAnonymous, ^uintptr(0), 0)
	if IsErr(p) {
		return false
	}
	shared := probeVfork((*uint64)(hostPointer(p)))
	rawSyscall(SYS_MUNMAP, p, pageSize, 0, 0, 0, 0)
	return shared
})

//go:nosplit
func probeVfork(word *uint64) bool {
	const wall = 0x40000000 // __WALL: the child has no exit signal
	mask := allMask
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&allMask)), uintptr(unsafe.Pointer(&mask)), 8, 0, 0)
	pid := vforkProbe(word)
	if !IsErr(pid) {
		for rawSyscall(SYS_WAIT4, pid, 0, wall, 0, 0, 0) == negErrno(einter) {
		}
	}
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&mask)), 0, 8, 0, 0)
	return *word == 1
}
