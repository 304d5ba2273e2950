//go:build linux && amd64

package hostsys

import "runtime"

// What this package knows of the Go runtime's threads on amd64: FS points to m.tls[1], of whose words
// only the first is used without cgo, and m.procid lies in front.

const archGetFS = 0x1003 // arch_prctl(2)

// procidOff is FS base - address of m.procid.
var procidOff uintptr

func getSlot4() uintptr

// checkThread checks the spare words and finds m.procid.
func checkThread() error {
	if getSlot() != 0 || getSlot4() != 0 {
		return &InitError{What: "the spare thread-local words of this Go runtime are in use (" + runtime.Version() + ")"}
	}
	if !findProcid() {
		return &InitError{What: "m.procid of this Go runtime was not found (" + runtime.Version() + ")"}
	}
	return nil
}

// findProcid looks for the thread ID in front of m.tls.
func findProcid() bool {
	var fs uintptr
	if IsErr(rawSyscall(SYS_ARCH_PRCTL, archGetFS, addr(&fs), 0, 0, 0, 0)) || fs == 0 {
		return false
	}
	tid := uint64(Gettid())
	for off := uintptr(16); off < 256; off += 8 {
		if *(*uint64)(hostPointer(fs - off)) == tid {
			procidOff = off
			return true
		}
	}
	return false
}

// setProcid tells the runtime the ID of the calling thread.
//
//go:nosplit
func setProcid(tid uint64) {
	var fs uintptr
	rawSyscall(SYS_ARCH_PRCTL, archGetFS, addr(&fs), 0, 0, 0, 0)
	*(*uint64)(hostPointer(fs - procidOff)) = tid
}

// mayBeEmulated would make Init look for an emulator's threads.
const mayBeEmulated = false

// The interrupted registers in a ucontext (arch/x86/include/uapi/asm/sigcontext.h).
const (
	ucPC     = 168
	ucResult = 144 // rax
	ucArg3   = 136 // rdx

	saRestorer = 0x04000000 // the kernel insists on a restorer
)

const (
	epollData  = 4 // struct epoll_event is packed
	oDirectory = 0o200000
)
