//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// Threads that the kernel has made for io_uring belong to the process, but run no code of it and take no signals. A
// fork does not copy them, and cannot wait for them to park.

// workers is not 0 once there may be such threads.
var workers uint32

// MayHaveWorkers tells that the kernel may make threads in this process: io_uring is about to be used.
func MayHaveWorkers() {
	if load32p(&workers) == 0 {
		store32p(&workers, 1)
	}
}

// Buffers of isWorker; used by the thread that holds forkMu.
var (
	workerPath [40]byte
	workerName [16]byte
)

// isWorker reports whether a thread of this process is one of io_uring's, by its name: "iou-wrk-..." or "iou-sqp-...".
//
//go:nosplit
func isWorker(tid uint32) bool {
	if load32p(&workers) == 0 {
		return false
	}
	taskPath(unsafe.Pointer(&workerPath), tid, "/comm\x00")
	const atFdcwd = ^uintptr(99)
	fd := rawSyscall(SYS_OPENAT, atFdcwd, uintptr(unsafe.Pointer(&workerPath)), oCloexec, 0, 0, 0)
	if IsErr(fd) {
		return false
	}
	workerName[0] = 0
	rawSyscall(SYS_READ, fd, uintptr(unsafe.Pointer(&workerName)), unsafe.Sizeof(workerName), 0, 0, 0)
	rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	return workerName[0] == 'i' && workerName[1] == 'o' && workerName[2] == 'u' && workerName[3] == '-' &&
		(workerName[4] == 'w' || workerName[4] == 's')
}
