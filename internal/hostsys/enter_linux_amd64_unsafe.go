//go:build linux && amd64

package hostsys

import "github.com/weir-emu/weir/internal/cpu"

//go:noescape
func enterJIT(st *cpu.State)

// Enter runs generated code at st.Entry until it returns. The calling goroutine
// counts as being in a system call meanwhile: the scheduler and the collector go
// on without it.
//
// The code is entered with RBP = address of st + [cpu.Bias] and RSP = st.HostSP,
// on the goroutine's stack, with a return address on top. It switches to the
// private stack itself and returns by loading RSP from st.HostSP and executing
// RET. RBP must then be as on entry and MXCSR [cpu.MXCSRDefault]; everything else
// may be clobbered. st must be bound to the calling thread. HostSP is 0 outside.
//
//go:nosplit
//go:noinline
func Enter(st *cpu.State) {
	entersyscall()
	enterJIT(st)
	exitsyscall()
}

// faultExit is where the handler sends faulting generated code.
//
//lint:ignore U1000 read by sigFault
var faultExit uintptr

// SetFaultExit registers the host address at which generated code goes on after
// a fault. There RBP is right, RSP is unspecified, and all other registers are as
// at the fault; the Fault fields, Regs, Eflags and Exit of the State are set. The code
// must save pinned vector registers and return as from any exit. Until it is
// called, faults in generated code go to Go's own handlers, which crash.
func SetFaultExit(addr uintptr) { faultExit = addr }

// SetGSBase sets the GS segment base of the calling thread
// (arch_prctl(2), ARCH_SET_GS), which Go leaves alone. It survives a fork in the thread that forks.
func SetGSBase(base uintptr) error {
	if r := rawSyscall(SYS_ARCH_PRCTL, archSetGS, base, 0, 0, 0, 0); IsErr(r) {
		return Error("arch_prctl(ARCH_SET_GS): errno " + itoa(Errno(r)))
	}
	return nil
}

const archSetGS = 0x1001
