package plugin

import (
	"fmt"

	"github.com/weir-emu/weir/abi"
)

// Verdict is what a filter decides about a syscall. The zero value is [Pass].
type Verdict struct {
	kind  VerdictKind
	value int64
}

// VerdictKind tells verdicts apart.
type VerdictKind uint8

// Kinds of verdicts.
const (
	VerdictPass VerdictKind = iota
	VerdictReturn
	VerdictHandled
	VerdictRestart
	VerdictJump
	VerdictExit
	VerdictKill
)

// Verdicts without a value.
var (
	// Pass: not mine. The next filter is asked; if all pass, Weir's own handler
	// runs with the call's arguments as they are now.
	Pass = Verdict{}
	// Handled: the filter has written the guest's registers itself; the result
	// register and the pc stay as they are.
	Handled = Verdict{kind: VerdictHandled}
	// Restart: the guest executes the syscall instruction again, and filters are
	// asked again. A filter that always answers Restart spins.
	Restart = Verdict{kind: VerdictRestart}
)

// Return answers the call with result v: a raw kernel result, where -4095 to -1
// are errno values of the guest.
func Return(v int64) Verdict { return Verdict{VerdictReturn, v} }

// Fail answers the call with an error.
func Fail(e abi.Errno) Verdict { return Verdict{VerdictReturn, -int64(e)} }

// JumpTo abandons the call: the guest continues at pc, the result register
// stays as it is.
func JumpTo(pc abi.Addr) Verdict { return Verdict{VerdictJump, int64(pc)} }

// Exit ends the guest's process with a status, as exit_group(2) would.
func Exit(code int) Verdict { return Verdict{VerdictExit, int64(code)} }

// Kill ends the guest's process by a signal.
func Kill(s abi.Signal) Verdict { return Verdict{VerdictKill, int64(s)} }

// Kind returns the kind of v.
func (v Verdict) Kind() VerdictKind { return v.kind }

// Value returns the result, pc, status or signal of v.
func (v Verdict) Value() int64 { return v.value }

// String returns v as it is written in Go: "Pass", "Return(3)", "Fail(EACCES)".
func (v Verdict) String() string {
	switch v.kind {
	case VerdictPass:
		return "Pass"
	case VerdictReturn:
		if v.value < 0 && v.value >= -abi.MaxErrno {
			return "Fail(" + abi.Errno(-v.value).Name() + ")"
		}
		return fmt.Sprintf("Return(%d)", v.value)
	case VerdictHandled:
		return "Handled"
	case VerdictRestart:
		return "Restart"
	case VerdictJump:
		return fmt.Sprintf("JumpTo(%#x)", uint64(v.value))
	case VerdictExit:
		return fmt.Sprintf("Exit(%d)", v.value)
	case VerdictKill:
		return "Kill(" + abi.Signal(v.value).Name() + ")"
	}
	return fmt.Sprintf("verdict %d", v.kind)
}
