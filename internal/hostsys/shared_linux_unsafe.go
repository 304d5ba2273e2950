//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

const rlimitFsize = 1

// memfdName is what the guest could see of a shared file, in a listing of somebody else's.
var memfdName = [...]byte{'m', 'e', 'm', 'o', 'r', 'y', 0}

// NewShared makes a file in memory of a size in bytes, for mappings that several processes share, and returns its
// descriptor, or a negated errno. Beyond the limit on the size of files it fails; the kernel would send a signal.
func NewShared(size int) int {
	var l rlimit
	rawSyscall(SYS_PRLIMIT64, 0, rlimitFsize, 0, addr(&l), 0, 0)
	const efbig, cloexec = 27, 1
	if l.Cur < uint64(size) {
		return -efbig
	}
	fd := rawSyscall(SYS_MEMFD_CREATE, uintptr(unsafe.Pointer(&memfdName)), cloexec, 0, 0, 0, 0)
	if IsErr(fd) {
		return -Errno(fd)
	}
	if r := rawSyscall(SYS_FTRUNCATE, fd, uintptr(size), 0, 0, 0, 0); IsErr(r) {
		CloseFD(int(fd))
		return -Errno(r)
	}
	return int(fd)
}

// FileSize is the size of a file in bytes, -1 if it has none. It moves the file's offset.
func FileSize(fd int) int64 {
	const seekEnd = 2
	if r := rawSyscall(SYS_LSEEK, uintptr(fd), 0, seekEnd, 0, 0, 0); !IsErr(r) {
		return int64(r)
	}
	return -1
}

// CloseFD is close(2).
func CloseFD(fd int) { rawSyscall(SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0) }

// KeepOverExec says whether a descriptor stays open over execve(2).
func KeepOverExec(fd int, keep bool) {
	const fSetfd = 2
	flags := uintptr(fdCloexec)
	if keep {
		flags = 0
	}
	rawSyscall(SYS_FCNTL, uintptr(fd), fSetfd, flags, 0, 0, 0)
}

// Alive reports whether there is a process with an ID, if only a zombie.
func Alive(pid int) bool {
	const esrch = 3
	return Errno(rawSyscall(SYS_KILL, uintptr(pid), 0, 0, 0, 0, 0)) != esrch
}

// BootTime is CLOCK_BOOTTIME in ns.
func BootTime() int64 {
	const clockBoottime = 7
	if sec, nsec, ok := ClockGettime(clockBoottime); ok {
		return sec*1e9 + nsec
	}
	var ts [2]int64
	rawSyscall(SYS_CLOCK_GETTIME, clockBoottime, addr(&ts), 0, 0, 0, 0)
	return ts[0]*1e9 + ts[1]
}
