//go:build linux && (amd64 || arm64)

package hostsys

//lint:file-ignore U1000 the constants are for the assembly files

import (
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
)

// Constants for the assembly files (go_asm.h).
const (
	bias = cpu.Bias

	offPending   = cpu.OffPending
	offExit      = cpu.OffExit
	offDie       = cpu.OffDie
	offHostSP    = cpu.OffHostSP
	offEntry     = cpu.OffEntry
	offCodeLo    = cpu.OffCodeLo
	offCodeHi    = cpu.OffCodeHi
	offFaultRIP  = cpu.OffFaultRIP
	offFaultAddr = cpu.OffFaultAddr
	offFaultCode = cpu.OffFaultCode
	offFaultSig  = cpu.OffFaultSig
	offFaultErr  = cpu.OffFaultErr
	offRegs      = cpu.OffRegs
	offEflags    = cpu.OffEflags
	offSigCount  = cpu.OffSigCount
	offSigNo     = cpu.OffSigNo
	offSigInfo   = cpu.OffSigInfo

	exitFault = int(cpu.ExitFault)
	exitPoll  = int(cpu.ExitPoll)

	// offArea is the distance from a State to its hostArea.
	offArea = cpu.Size

	mxcsr = cpu.MXCSRDefault

	siTkill = -6
	siTimer = -2

	// goShared are signals that Go needs for itself.
	goShared = 1<<(sigURG-1) | 1<<(sigPROF-1)
)

// hostArea follows each State in memory: what this package keeps per guest
// thread. Handlers reach it from the State.
type hostArea struct {
	SysSP    uint64         // RSP inside safeSyscall while a call is under way, else 0
	UserSync uint64         // bit n: a user-sent signal n of the synchronous ones is in UserInfo
	Rewinds  uint64         // windows that were restarted
	Tid      uint64         // thread the State is bound to
	SkipURG  uint64         // the next SIGURG is not the guest's but for the Go runtime
	UserInfo [16][16]uint64 // siginfo by signal number
}

// area returns what follows a State made by NewState.
//
//go:nosplit
func area(st *cpu.State) *hostArea {
	return (*hostArea)(unsafe.Add(unsafe.Pointer(st), offArea))
}
