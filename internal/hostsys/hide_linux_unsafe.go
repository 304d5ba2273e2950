//go:build linux && (amd64 || arm64)

package hostsys

import (
	"slices"
	"sync/atomic"
	"unsafe"
)

//go:noescape
func writeOnce(fd int, p unsafe.Pointer, n int) int
func addrOnce() uintptr

// The code before and at the system call instruction of writeOnce.
var onceLo, onceHi uintptr

// HiddenFile is a descriptor of Weir's own that the guest does not see, with a high number.
// Writes to it are blocking and each is one write(2), as long as the kernel takes all.
type HiddenFile struct{ fd int }

// hidden holds 1 + the descriptors of hidden files, in its first numHidden elements.
var (
	hidden    [40]atomic.Int32
	numHidden atomic.Int32
)

const einter = 4

// Hide duplicates fd to a number out of the guest's sight. The original may be closed or left to the guest.
func Hide(fd int) (*HiddenFile, error) { return HideFrom(fd, 0) }

// HideFrom is Hide with a number that is room lower than those of other hidden files, if it is free.
func HideFrom(fd, room int) (*HiddenFile, error) {
	n := rawSyscall(SYS_FCNTL, uintptr(fd), fDupfdCloexec, uintptr(max(3, hiddenLow()-room)), 0, 0, 0)
	if IsErr(n) {
		return nil, Error("no descriptor (errno " + itoa(Errno(n)) + ")")
	}
	for i := range hidden {
		if hidden[i].CompareAndSwap(0, int32(n)+1) {
			for m := numHidden.Load(); int(m) <= i && !numHidden.CompareAndSwap(m, int32(i)+1); {
				m = numHidden.Load()
			}
			return &HiddenFile{int(n)}, nil
		}
	}
	rawSyscall(SYS_CLOSE, n, 0, 0, 0, 0, 0)
	return nil, Error("too many hidden files")
}

// hiddenLow is the lowest number for hidden descriptors.
func hiddenLow() int { return max(3, min(hiddenTop, int(min(startNofile.Cur, hiddenTop)))-hiddenRoom) }

// Write writes p. A fork by another thread does not make it happen twice. Errors are of type [Error].
func (h *HiddenFile) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		n := h.write(p[done:])
		switch {
		case n == -einter:
		case n < 0:
			return done, Error("write: errno " + itoa(-n))
		default:
			done += n
		}
	}
	return len(p), nil
}

//go:nosplit
//go:noinline
func (h *HiddenFile) write(p []byte) int {
	entersyscall()
	n := writeOnce(h.fd, unsafe.Pointer(unsafe.SliceData(p)), len(p))
	exitsyscall()
	return n
}

// Fd returns the descriptor.
func (h *HiddenFile) Fd() uintptr { return uintptr(h.fd) }

// Close closes the descriptor.
func (h *HiddenFile) Close() error {
	for i := range hidden {
		if hidden[i].CompareAndSwap(int32(h.fd)+1, 0) {
			rawSyscall(SYS_CLOSE, uintptr(h.fd), 0, 0, 0, 0, 0)
		}
	}
	return nil
}

// Unhide leaves the hidden descriptor fd to the guest.
func Unhide(fd int) {
	for i := range hidden {
		hidden[i].CompareAndSwap(int32(fd)+1, 0)
	}
}

// HiddenFDs returns the descriptors that belong to Weir and the Go runtime. The guest must not see or
// close them.
func HiddenFDs() []int {
	l := []int{int(*netpollEp), int(*netpollEv)}
	for i := range hidden {
		if n := hidden[i].Load(); n != 0 {
			l = append(l, int(n)-1)
		}
	}
	return l
}

// ReservedFD reports whether fd is a hidden descriptor.
func ReservedFD(fd int) bool {
	if fd < 3 {
		return false
	}
	if isPollDescriptor(uintptr(fd)) {
		return true
	}
	for i := range numHidden.Load() {
		if hidden[i].Load() == int32(fd)+1 {
			return true
		}
	}
	return false
}

// VacateFD moves the runtime's descriptor with number fd elsewhere, so that the guest can have the number
// (dup2). It reports whether fd is now free of Weir; hidden files do not move.
func VacateFD(fd int) bool {
	if ReservedFD(fd) && isPollDescriptor(uintptr(fd)) {
		if !moveFD(fd, fd+1) {
			moveFD(fd, 3)
		}
	}
	return !ReservedFD(fd)
}

// OpenFDs returns the open descriptors of the process but the hidden ones, read from /proc/self/fd.
func OpenFDs() []int {
	l := numbersIn("/proc/self/fd\x00")
	return slices.DeleteFunc(l, func(fd int) bool {
		return ReservedFD(fd) || IsErr(rawSyscall(SYS_FCNTL, uintptr(fd), fGetfd, 0, 0, 0, 0)) // that of the listing
	})
}

// numbersIn lists the numeric names in a folder of /proc. dir ends in NUL.
func numbersIn(dir string) (list []int) {
	const atFdcwd, flags = ^uintptr(99), oDirectory | oCloexec
	fd := rawSyscall(SYS_OPENAT, atFdcwd, uintptr(unsafe.Pointer(unsafe.StringData(dir))), flags, 0, 0, 0)
	if IsErr(fd) {
		return nil
	}
	buf := make([]byte, 4096)
	for {
		n := rawSyscall(SYS_GETDENTS64, fd, addr(unsafe.SliceData(buf)), uintptr(len(buf)), 0, 0, 0)
		if n == 0 || IsErr(n) {
			break
		}
		for o := 0; o < int(n); { // struct linux_dirent64: d_reclen at 16, d_name at 19
			name := buf[o+19:]
			o += int(buf[o+16]) | int(buf[o+17])<<8
			v := 0
			if name[0] < '0' || name[0] > '9' {
				continue
			}
			for _, c := range name {
				if c < '0' || c > '9' {
					break
				}
				v = v*10 + int(c-'0')
			}
			list = append(list, v)
		}
	}
	rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	return list
}
