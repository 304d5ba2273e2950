//go:build linux && (amd64 || arm64)

package hostsys

import _ "unsafe" // for linkname

//go:linkname beforeExec syscall.runtime_BeforeExec
func beforeExec()

//go:linkname afterExec syscall.runtime_AfterExec
func afterExec()

// ignored are the signals that IgnoreOverExec changed, with what was installed.
var ignored struct {
	set uint64
	old [NumSig + 1]kernelAction
}

// IgnoreOverExec makes the program executed next start with sig ignored, also if sig is one that Weir always
// handles. [ExecFailed] takes it back.
func IgnoreOverExec(sig int) {
	ign := kernelAction{handler: sigIgn}
	if !IsErr(rawSyscall(SYS_RT_SIGACTION, uintptr(sig), addr(&ign), addr(&ignored.old[sig]), 8, 0, 0)) {
		ignored.set |= SigBit(sig)
	}
}

// BeforeExec is to be called before an execve(2) through [Syscall]: no thread is created meanwhile, which
// the kernel would let fail. A vfork child must not call it: it has one thread, and the lock
// behind it would be held by a process that is gone.
func BeforeExec() { beforeExec() }

// ExecFailed is to be called when that execve has returned. It is RestoreIgnored and the end of BeforeExec.
func ExecFailed() {
	afterExec()
	RestoreIgnored()
}

// RestoreIgnored takes back what IgnoreOverExec did.
func RestoreIgnored() {
	for sig := 1; sig <= NumSig; sig++ {
		if ignored.set&SigBit(sig) != 0 {
			rawSyscall(SYS_RT_SIGACTION, uintptr(sig), addr(&ignored.old[sig]), 0, 8, 0, 0)
		}
	}
	ignored.set = 0
}

// ExitProcess ends the process at once with the low byte of status.
func ExitProcess(status int) {
	for {
		rawSyscall(SYS_EXIT_GROUP, uintptr(status&0xff), 0, 0, 0, 0, 0)
	}
}
