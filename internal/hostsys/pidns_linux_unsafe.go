//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// In a PID namespace of its own a process can see the /proc of an outer one, which lists its threads by other numbers than
// the process knows them by.

// otherPIDs is not 0 once that may be so.
var otherPIDs uint32

// OtherPIDs tells that this process or its children may be in another PID namespace than /proc shows.
func OtherPIDs() { store32p(&otherPIDs, 1) }

// ownTIDs turns the first n of threadTids, as listThreads has found them, into the numbers that the process knows.
//
//go:nosplit
func ownTIDs(n int) {
	if load32p(&otherPIDs) == 0 {
		return
	}
	for i := range n {
		p := (*uint32)(unsafe.Add(unsafe.Pointer(&threadTids), 4*i))
		taskPath(unsafe.Pointer(&ownTIDPath), *p, "/status\x00")
		*p = ownTID(*p)
	}
}

// Buffers of ownTID; used by the thread that holds forkMu.
var (
	ownTIDPath [40]byte
	ownTIDText [1024]byte
)

// ownTID is the number by which the process knows a thread that /proc lists as tid, 0 if the thread is gone: the last
// number of the line NSpid of its status, whose path is in ownTIDPath. Calls are not nested deeper, for builds with instrumentation.
//
//go:nosplit
func ownTID(tid uint32) uint32 {
	const atFdcwd = ^uintptr(99)
	fd := rawSyscall(SYS_OPENAT, atFdcwd, uintptr(unsafe.Pointer(&ownTIDPath)), oCloexec, 0, 0, 0)
	if IsErr(fd) {
		return 0
	}
	n := rawSyscall(SYS_READ, fd, uintptr(unsafe.Pointer(&ownTIDText)), unsafe.Sizeof(ownTIDText), 0, 0, 0)
	rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	if IsErr(n) {
		return 0
	}
	at := func(i uintptr) byte { return *(*byte)(unsafe.Add(unsafe.Pointer(&ownTIDText), i)) }
	const key = "\nNSpid:"
	for i := uintptr(0); i+uintptr(len(key)) < n; i++ {
		k := uintptr(0)
		for k < uintptr(len(key)) && at(i+k) == key[k] {
			k++
		}
		if k < uintptr(len(key)) {
			continue
		}
		v, last := uint32(0), uint32(0)
		for j := i + k; j < n; j++ {
			switch c := at(j); {
			case c >= '0' && c <= '9':
				v = v*10 + uint32(c-'0')
				last = v
			case c == '\n':
				return last
			default:
				v = 0
			}
		}
		return last
	}
	return tid // a kernel without PID namespaces
}

// taskPath writes "/proc/self/task/TID" and a suffix, with its NUL, to p.
//
//go:nosplit
func taskPath(p unsafe.Pointer, tid uint32, suffix string) {
	const prefix = "/proc/self/task/"
	n := uintptr(0)
	for i := range len(prefix) {
		*(*byte)(unsafe.Add(p, n)) = prefix[i]
		n++
	}
	digits := uintptr(1)
	for v := tid / 10; v != 0; v /= 10 {
		digits++
	}
	for i := digits; i > 0; i-- {
		*(*byte)(unsafe.Add(p, n+i-1)) = byte('0' + tid%10)
		tid /= 10
	}
	n += digits
	for i := range len(suffix) {
		*(*byte)(unsafe.Add(p, n)) = suffix[i]
		n++
	}
}
