package riscv64

import "github.com/weir-emu/weir/internal/isa"

// Argument registers of the psABI (RISC-V ELF psABI, "Integer Calling Convention", "Hardware Floating-point Calling
// Convention"): a0-a7 and fa0-fa7, of which the first two of each return results.
var argRegs = [...]int{10, 11, 12, 13, 14, 15, 16, 17}

// goRegs are those of Go's ABIInternal (src/cmd/compile/abi-internal.md, "riscv64 architecture"), integer and FP alike:
// x10-x17, x8, x9, x18-x23.
var goRegs = [...]int{10, 11, 12, 13, 14, 15, 16, 17, 8, 9, 18, 19, 20, 21, 22, 23}

// regG is the goroutine (x27) in Go code; g.stack.hi is the second word.
const regG = 27

func cABI() isa.CallABI {
	return isa.CallABI{
		IntArgs: argRegs[:], FloatArgs: argRegs[:], IntResults: argRegs[:2], FloatResults: argRegs[:2],
		FloatInInt: true, MaxByValue: 16, TaskReg: -1,
	}
}

func goABI() isa.CallABI {
	return isa.CallABI{
		IntArgs: goRegs[:], FloatArgs: goRegs[:], IntResults: goRegs[:], FloatResults: goRegs[:],
		StackArgs: 8, // after the room for a return address
		TaskReg:   regG, StackHigh: 8,
	}
}
