// Package isa is what every guest instruction set has in common: instruction
// rows (the manual's encoding, the assembler syntax and the semantics, once),
// the pattern compiler that turns rows into a decoder, and the Guest descriptor
// through which the rest of Weir sees a guest. It knows no host, no Linux and
// no memory. Start with [Row] and [Guest].
package isa

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// Guest describes one guest architecture. Function fields rather than an
// interface: a guest is data, made once by its package's New function.
type Guest struct {
	Arch       abi.Arch
	ELFMachine uint16 // e_machine
	Bits       int    // width of registers and addresses, 32 or 64
	MinInsn    int    // shortest instruction, bytes
	MaxInsn    int    // longest instruction, bytes

	// Lift appends to b (already Reset to pc) the IR of the guest code at pc.
	// code holds the bytes from pc on, as many as may be executed; Lift stops
	// after max instructions, at a block end, or where code ends within an
	// instruction (without a single whole instruction b.NInsn stays 0: the
	// caller raises the fetch fault). An unknown instruction becomes
	// OpExit(ExitIllegal). No allocation beyond b's growth.
	Lift func(b *ir.Block, code []byte, max int)

	// Disasm returns the text of the instruction at pc in objdump's syntax, and its
	// length; an unknown one is shown as data, its length at least MinInsn.
	Disasm func(code []byte, pc uint64) (text string, n int)

	// ReadCSR and WriteCSR access a control register by its RegInfo.Slot; false
	// if there is none of that number, or it cannot be written.
	ReadCSR  func(s *cpu.State, slot int) (uint64, bool)
	WriteCSR func(s *cpu.State, slot int, v uint64) bool

	Regs []RegInfo // all registers a plugin or debugger can see, in gdb's order

	// Calling conventions of the Linux syscall ABI and of procedure calls, as
	// integer slots.
	SysnoReg int    // number
	ArgRegs  [6]int // arguments
	RetReg   int    // result
	SPReg    int    // stack pointer
	TPReg    int    // thread pointer
	LinkReg  int    // return address, or -1
	CallArgs [3]int // first three procedure-call arguments (signal handlers)

	C  CallABI // of the psABI
	Go CallABI // of the Go compiler, ABIInternal

	// FrameReg is the slot of the frame pointer of functions that keep one, the frame's return address and the caller's frame pointer being
	// at FrameRA and FrameUp, in bytes from it; -1 if there is none. DWARFInt and DWARFFloat are the DWARF numbers of integer and FP
	// slot 0.
	FrameReg, FrameRA, FrameUp int
	DWARFInt, DWARFFloat       int

	Linux LinuxABI
}

// Narrow cuts v to the width of the guest's registers.
func (g *Guest) Narrow(v uint64) uint64 {
	if g.Bits == 32 {
		return v & 0xffffffff
	}
	return v
}

// RegKind says where a register lives in cpu.State.
type RegKind uint8

// Register kinds.
const (
	RegX   RegKind = iota // State.X[Slot]
	RegV                  // State.V[Slot]
	RegPC                 // State.PC
	RegCSR                // control register; Slot is the guest's own number
)

// RegInfo describes one visible register.
type RegInfo struct {
	Name    string // ABI name, "a0"
	Alias   string // architectural name, "x10", or empty
	Kind    RegKind
	Slot    int
	Bits    int
	Feature string // gdb feature, "org.gnu.gdb.riscv.cpu"
}

// LinuxABI is what the Linux personality must know of an architecture beyond
// registers. All sizes in bytes.
type LinuxABI struct {
	// Generic says that syscall numbers and structures are those of the
	// asm-generic table (riscv64, arm64).
	Generic bool
	// ARMOpenFlags says that four flags of open(2) have arm's values (arch/arm64/include/uapi/asm/fcntl.h).
	ARMOpenFlags bool

	HWCap, HWCap2 uint64
	Platform      string // AT_PLATFORM, empty for none

	// Mcontext is the machine part of ucontext_t: its size, its alignment, and
	// its offset in ucontext_t is the kernel's (after uc_sigmask and padding).
	McontextSize   int
	McontextOffset int // of uc_mcontext in struct ucontext
	FrameAlign     int // of the stack pointer in a handler

	// PRStatus and PRFPReg are where in it the register sets NT_PRSTATUS and NT_PRFPREG of ptrace(2) and
	// core dumps are, which have the same layout: first byte and end.
	PRStatus, PRFPReg [2]int

	// SaveMcontext writes s to mc, LoadMcontext reads it back (rt_sigreturn);
	// it reports false for contents the kernel refuses.
	SaveMcontext func(s *cpu.State, mc []byte)
	LoadMcontext func(s *cpu.State, mc []byte) bool

	// SigreturnCode is what the kernel's vDSO trampoline contains:
	// li a7,139; ecall on riscv64.
	SigreturnCode []byte

	// VDSO builds the guest's vDSO ELF image.
	VDSO func() VDSO

	// CPUInfo is the paragraph of /proc/cpuinfo on processor n, with the empty
	// line at its end.
	CPUInfo func(n int) string

	// HWProbe answers a key of riscv_hwprobe(2) for any set of processors; ok is
	// false for a key that is unknown here. nil on guests without that call.
	HWProbe func(key int64) (value uint64, ok bool)

	// CheckELFFlags tells whether an ELF e_flags value can run, with the reason if not.
	CheckELFFlags func(flags uint32) error
}

// VDSO is a guest vDSO image, shared: callers must not modify it. Where it needs
// the clock or the processor number it executes an instruction of Weir's own,
// which leaves with cpu.ExitVDSO.
type VDSO struct {
	Image     []byte // ELF shared object; the loader pads it to whole pages
	Sigreturn uint64 // offset of __vdso_rt_sigreturn
	Return    uint64 // offset of a private instruction alone, for functions that Weir itself calls to return to
}
