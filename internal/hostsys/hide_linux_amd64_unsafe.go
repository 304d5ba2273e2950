//go:build linux && amd64

package hostsys

import "unsafe"

// HiddenFile is an open file of Weir's own, such as a log, under a descriptor that
// the guest does not see. It implements io.Writer.
type HiddenFile struct{ fd int32 }

// hidden are the descriptors of HiddenFiles; -1 = free.
var hidden = [...]int32{-1, -1, -1, -1}

// Hide duplicates fd to a high number that [IsHiddenFD] knows of. It is not
// safe for concurrent use.
func Hide(fd int) (*HiddenFile, error) {
	for i := range hidden {
		if hidden[i] >= 0 {
			continue
		}
		n := rawSyscall(SYS_FCNTL, uintptr(fd), fDupfdCloexec, hiddenTop-8, 0, 0, 0)
		if IsErr(n) { // a low limit on descriptors
			n = rawSyscall(SYS_FCNTL, uintptr(fd), fDupfdCloexec, 10, 0, 0, 0)
		}
		if IsErr(n) {
			return nil, Error("cannot duplicate descriptor " + itoa(fd) + " (errno " + itoa(Errno(n)) + ")")
		}
		hidden[i] = int32(n)
		return &HiddenFile{int32(n)}, nil
	}
	return nil, Error("too many hidden files")
}

// Close closes the file.
func (f *HiddenFile) Close() error {
	for i := range hidden {
		if hidden[i] == f.fd && f.fd >= 0 {
			hidden[i] = -1
			rawSyscall(SYS_CLOSE, uintptr(f.fd), 0, 0, 0, 0, 0)
			f.fd = -1
		}
	}
	return nil
}

// Write implements io.Writer with a plain write(2), which works on any thread and
// in forked children.
func (f *HiddenFile) Write(p []byte) (n int, err error) {
	for n < len(p) {
		r := RawSyscallBlocking(SYS_WRITE, uintptr(f.fd), uintptr(unsafe.Pointer(&p[n])), uintptr(len(p)-n), 0, 0, 0)
		switch {
		case Errno(r) == eINTR:
		case IsErr(r):
			return n, Error("write failed (errno " + itoa(Errno(r)) + ")")
		default:
			n += int(r)
		}
	}
	return n, nil
}

const eINTR = 4

// isHiddenFile reports whether fd belongs to a HiddenFile.
func isHiddenFile(fd int) bool {
	for _, h := range hidden {
		if int(h) == fd {
			return fd >= 0
		}
	}
	return false
}

// ExitProcess ends the process with a status, without running deferred functions.
func ExitProcess(status int) {
	for {
		rawSyscall(SYS_EXIT_GROUP, uintptr(status), 0, 0, 0, 0, 0)
	}
}
