//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// flock is struct flock of fcntl(2).
type flock struct {
	typ, whence int16
	start, len  int64
	pid         int32
}

const (
	fSetlk = 6
	fWrlck = 1
	fUnlck = 2
)

func (h *HiddenFile) lock(typ int16) bool {
	l := flock{typ: typ}
	return !IsErr(rawSyscall(SYS_FCNTL, uintptr(h.fd), fSetlk, uintptr(unsafe.Pointer(&l)), 0, 0, 0))
}

// TryLock takes the record lock of the file (fcntl(2)), which belongs to the process; false if another
// process has it.
func (h *HiddenFile) TryLock() bool { return h.lock(fWrlck) }

// Unlock gives the lock back.
func (h *HiddenFile) Unlock() { h.lock(fUnlck) }

// ReadAll returns the whole content of the file, which must have been opened for reading too.
func (h *HiddenFile) ReadAll() ([]byte, error) {
	var all []byte
	buf := make([]byte, 64<<10)
	for {
		n := rawSyscall(SYS_PREAD64, uintptr(h.fd), addr(unsafe.SliceData(buf)), uintptr(len(buf)), uintptr(len(all)), 0, 0)
		switch {
		case IsErr(n) && Errno(n) == einter:
		case IsErr(n):
			return nil, Error("read: errno " + itoa(Errno(n)))
		case n == 0:
			return all, nil
		default:
			all = append(all, buf[:n]...)
		}
	}
}

// Truncate empties the file.
func (h *HiddenFile) Truncate() error {
	if n := rawSyscall(SYS_FTRUNCATE, uintptr(h.fd), 0, 0, 0, 0, 0); IsErr(n) {
		return Error("truncate: errno " + itoa(Errno(n)))
	}
	return nil
}
