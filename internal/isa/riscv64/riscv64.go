// Package riscv64 is the RISC-V guest: RV64GC and the extensions in [Sets]. An
// instruction is one row in a spec_<ext>.go file; what it does is the function
// the row names, in lift_<ext>.go. The package knows no host, no memory and no
// operating system beyond the layout of Linux' frames and vDSO (linux.go,
// vdso.go). Start with [New] and spec_i.go.
package riscv64

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/isa"
)

// New returns the guest's descriptor.
func New() *isa.Guest {
	return &isa.Guest{
		Arch:       abi.RISCV64,
		ELFMachine: 243, // EM_RISCV
		Bits:       64,
		MinInsn:    2,
		MaxInsn:    4,

		Lift:    Lift,
		Disasm:  Disasm,
		Regs:    registers[:],
		ReadCSR: readCSR, WriteCSR: writeCSR,

		SysnoReg: regA7,
		ArgRegs:  [6]int{regA0, regA0 + 1, regA0 + 2, regA0 + 3, regA0 + 4, regA0 + 5},
		RetReg:   regA0,
		SPReg:    regSP,
		TPReg:    regTP,
		LinkReg:  regRA,
		CallArgs: [3]int{regA0, regA0 + 1, regA0 + 2},

		C: cABI(), Go: goABI(),
		FrameReg: regS0, FrameRA: -8, FrameUp: -16,
		DWARFInt: 0, DWARFFloat: 32,

		Linux: linuxABI(),
	}
}
