//go:build linux && (amd64 || arm64)

package hostsys

const (
	protRead          = 1
	protWrite         = 2
	mapShared         = 1
	mapPrivate        = 2
	mapAnonymous      = 0x20
	madvPopulateWrite = 23
	mapNoreserve      = 0x4000
)

// Mmap is mmap(2). The result is an address or a negated errno ([IsErr]).
func Mmap(addr, length uintptr, prot, flags, fd int, offset int64) uintptr {
	return rawSyscall(SYS_MMAP, addr, length, uintptr(prot), uintptr(flags), uintptr(fd), uintptr(offset))
}

// Munmap is munmap(2); the result is an errno.
func Munmap(addr, length uintptr) int {
	return Errno(rawSyscall(SYS_MUNMAP, addr, length, 0, 0, 0, 0))
}

// Mprotect is mprotect(2); the result is an errno.
func Mprotect(addr, length uintptr, prot int) int {
	return Errno(rawSyscall(SYS_MPROTECT, addr, length, uintptr(prot), 0, 0, 0))
}

// Mremap is mremap(2). The result is an address or a negated errno.
func Mremap(old, oldLen, newLen uintptr, flags int, to uintptr) uintptr {
	return rawSyscall(SYS_MREMAP, old, oldLen, newLen, uintptr(flags), to, 0)
}

// Madvise is madvise(2); the result is an errno.
func Madvise(addr, length uintptr, advice int) int {
	return Errno(rawSyscall(SYS_MADVISE, addr, length, uintptr(advice), 0, 0, 0))
}
