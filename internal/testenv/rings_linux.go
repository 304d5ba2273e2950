package testenv

import "syscall"

// hasRings reports whether the host lets processes use io_uring: a kernel can be without, and containers forbid it.
func hasRings() bool {
	const ioUringSetup = 425 // on every architecture
	_, _, e := syscall.Syscall(ioUringSetup, 8, 0, 0)
	return e == syscall.EFAULT
}
