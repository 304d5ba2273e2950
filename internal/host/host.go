// Package host is the seam between the engine and the machine code generators:
// the Backend interface, what a compiled block consists of, and the options that
// change code. It knows no guest and no Linux; backends live in internal/host/<arch>
// and are chosen by internal/machine. Start with [Backend].
package host

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// Mode are the properties of generated code that are part of a translation's
// key: the same guest pc is translated once per mode in use, and code of
// one mode only jumps to code of the same mode.
type Mode uint8

// Mode bits.
const (
	// ModeRMM: the guest's dynamic rounding mode is RMM or invalid, which hosts do not have;
	// dynamically rounded FP operations leave with ExitInterp.
	ModeRMM Mode = 1 << iota
	// ModeDirected: the guest's dynamic rounding mode is RTZ, RDN or RUP, so that the host's
	// control word is not round-to-nearest; operations with static RNE leave with ExitInterp.
	ModeDirected
)

// ModeOf returns the mode for a guest rounding mode (State.FRM, RISC-V frm
// encoding). The engine asks for it whenever it looks code up: an operation
// that changes FRM always leaves generated code.
func ModeOf(frm uint32) Mode {
	switch {
	case frm == ir.RNE:
		return 0
	case frm < ir.RMM:
		return ModeDirected
	}
	return ModeRMM
}

// PinMap lists a guest's register slots, most used first. A backend keeps as many
// of them as it can in host registers; the choice changes speed only.
type PinMap struct {
	X []uint8 // integer slots
	V []uint8 // FP slots

	// GoX is X for programs of the Go compiler, which hands registers out in another
	// order than compilers of C. Empty: as X.
	GoX []uint8
}

// Options change what a backend emits; fixed for the life of the region.
type Options struct {
	// GSBase: guest memory is addressed through a segment or base register
	// instead of directly (guest_base != 0).
	GSBase bool
	// Baseline: use only the host's baseline instruction set (x86-64-v1), whatever the CPU has.
	Baseline bool
	// NoPairing turns host call/return pairing off.
	NoPairing bool
	// GoCode: the program was made by the Go compiler; see PinMap.GoX.
	GoCode bool
}

// Stubs are host addresses of the region's common code.
type Stubs struct {
	Enter uintptr // loads the pinned registers and the private stack, jumps to the address in State.ExitArg
	Fault uintptr // where the fault handler resumes: saves pinned registers, leaves
	End   int     // bytes of the region used by stubs
}

// Exit is a direct jump out of a block that the engine can link.
type Exit struct {
	Site   uint32 // region offset of the 4-byte displacement to patch
	Stub   uint32 // region offset of the stub the unlinked jump goes to
	Ret    uint32 // region offset that State.ExitArg (minus region base) holds on ExitChain from this stub
	Target uint64 // guest pc
}

// Code is the result of compiling one block. Slices are reused by the next
// Compile: the engine copies what it keeps.
type Code struct {
	Size   int    // bytes written
	Entry  uint32 // region offset of the entry
	Exits  []Exit
	Faults []byte // compact table of the accesses that can fault, for Recover
}

// Backend generates code for one host. It is used under the engine's
// translation lock except for Recover, which may run on any thread.
type Backend interface {
	Name() string

	// Init writes the common stubs at the start of region, which is mapped
	// writable and executable at address base. It may be called again, with other
	// options, when all code has been given up and no thread is in the region.
	Init(region []byte, base uintptr, o Options) (Stubs, error)

	// Compile writes code for b at region offset off; there are at least
	// MaxSize(b) bytes. An operation that the backend does not lower becomes an
	// exit with ExitInterp at its guest instruction.
	Compile(b *ir.Block, m Mode, off uint32, c *Code) error

	// MaxSize is an upper bound of the code size of b.
	MaxSize(b *ir.Block) int

	// Link points the jump at e.Site to the code at region offset to; Unlink
	// points it back to its stub. Both are atomic with respect to threads
	// that run the code.
	Link(e Exit, to uint32)
	Unlink(e Exit)

	// Recover completes s after ExitFault inside a block: faults is the
	// block's Code.Faults, off the region offset of State.FaultRIP minus the block's start.
	// s.Regs holds the host registers at the fault, and the fault stub has stored the pinned ones. On success s has all guest registers
	// as they are before the faulting instruction, and s.PC is its pc.
	// ok is false if the table has no such access: a bug.
	//
	// When the fault was an overflow of the private stack, no guest instruction faulted:
	// Recover empties that stack and replaces s.Exit by ExitIndirect (go on at s.PC) or
	// ExitChain (as if the stub had been left), which the engine then handles as ever.
	Recover(s *cpu.State, faults []byte, off uint32) (ok bool)

	// Disasm returns the host code as text for -d out_asm.
	Disasm(code []byte, addr uintptr) string
}
