package riscv64

import "github.com/weir-emu/weir/internal/isa"

// Integer slots that the Linux ABI names.
const (
	regRA = 1
	regSP = 2
	regTP = 4
	regS0 = 8
	regA0 = 10
	regA7 = 17
)

// Features of gdb's target description.
const (
	featCPU = "org.gnu.gdb.riscv.cpu"
	featFPU = "org.gnu.gdb.riscv.fpu"
	featCSR = "org.gnu.gdb.riscv.csr"
)

// fRegs is where the FP registers start in registers.
const fRegs = 33

// registers is the list for debuggers and plugins, in the order of gdb's
// register numbers: x0-x31, pc, f0-f31, then the control registers. It is
// written out so that the start of the program need not make it.
var registers = [...]isa.RegInfo{
	{Name: "zero", Alias: "x0", Kind: isa.RegX, Slot: 0, Bits: 64, Feature: featCPU},
	{Name: "ra", Alias: "x1", Kind: isa.RegX, Slot: 1, Bits: 64, Feature: featCPU},
	{Name: "sp", Alias: "x2", Kind: isa.RegX, Slot: 2, Bits: 64, Feature: featCPU},
	{Name: "gp", Alias: "x3", Kind: isa.RegX, Slot: 3, Bits: 64, Feature: featCPU},
	{Name: "tp", Alias: "x4", Kind: isa.RegX, Slot: 4, Bits: 64, Feature: featCPU},
	{Name: "t0", Alias: "x5", Kind: isa.RegX, Slot: 5, Bits: 64, Feature: featCPU},
	{Name: "t1", Alias: "x6", Kind: isa.RegX, Slot: 6, Bits: 64, Feature: featCPU},
	{Name: "t2", Alias: "x7", Kind: isa.RegX, Slot: 7, Bits: 64, Feature: featCPU},
	{Name: "s0", Alias: "x8", Kind: isa.RegX, Slot: 8, Bits: 64, Feature: featCPU},
	{Name: "s1", Alias: "x9", Kind: isa.RegX, Slot: 9, Bits: 64, Feature: featCPU},
	{Name: "a0", Alias: "x10", Kind: isa.RegX, Slot: 10, Bits: 64, Feature: featCPU},
	{Name: "a1", Alias: "x11", Kind: isa.RegX, Slot: 11, Bits: 64, Feature: featCPU},
	{Name: "a2", Alias: "x12", Kind: isa.RegX, Slot: 12, Bits: 64, Feature: featCPU},
	{Name: "a3", Alias: "x13", Kind: isa.RegX, Slot: 13, Bits: 64, Feature: featCPU},
	{Name: "a4", Alias: "x14", Kind: isa.RegX, Slot: 14, Bits: 64, Feature: featCPU},
	{Name: "a5", Alias: "x15", Kind: isa.RegX, Slot: 15, Bits: 64, Feature: featCPU},
	{Name: "a6", Alias: "x16", Kind: isa.RegX, Slot: 16, Bits: 64, Feature: featCPU},
	{Name: "a7", Alias: "x17", Kind: isa.RegX, Slot: 17, Bits: 64, Feature: featCPU},
	{Name: "s2", Alias: "x18", Kind: isa.RegX, Slot: 18, Bits: 64, Feature: featCPU},
	{Name: "s3", Alias: "x19", Kind: isa.RegX, Slot: 19, Bits: 64, Feature: featCPU},
	{Name: "s4", Alias: "x20", Kind: isa.RegX, Slot: 20, Bits: 64, Feature: featCPU},
	{Name: "s5", Alias: "x21", Kind: isa.RegX, Slot: 21, Bits: 64, Feature: featCPU},
	{Name: "s6", Alias: "x22", Kind: isa.RegX, Slot: 22, Bits: 64, Feature: featCPU},
	{Name: "s7", Alias: "x23", Kind: isa.RegX, Slot: 23, Bits: 64, Feature: featCPU},
	{Name: "s8", Alias: "x24", Kind: isa.RegX, Slot: 24, Bits: 64, Feature: featCPU},
	{Name: "s9", Alias: "x25", Kind: isa.RegX, Slot: 25, Bits: 64, Feature: featCPU},
	{Name: "s10", Alias: "x26", Kind: isa.RegX, Slot: 26, Bits: 64, Feature: featCPU},
	{Name: "s11", Alias: "x27", Kind: isa.RegX, Slot: 27, Bits: 64, Feature: featCPU},
	{Name: "t3", Alias: "x28", Kind: isa.RegX, Slot: 28, Bits: 64, Feature: featCPU},
	{Name: "t4", Alias: "x29", Kind: isa.RegX, Slot: 29, Bits: 64, Feature: featCPU},
	{Name: "t5", Alias: "x30", Kind: isa.RegX, Slot: 30, Bits: 64, Feature: featCPU},
	{Name: "t6", Alias: "x31", Kind: isa.RegX, Slot: 31, Bits: 64, Feature: featCPU},
	{Name: "pc", Kind: isa.RegPC, Bits: 64, Feature: featCPU},
	{Name: "ft0", Alias: "f0", Kind: isa.RegV, Slot: 0, Bits: 64, Feature: featFPU},
	{Name: "ft1", Alias: "f1", Kind: isa.RegV, Slot: 1, Bits: 64, Feature: featFPU},
	{Name: "ft2", Alias: "f2", Kind: isa.RegV, Slot: 2, Bits: 64, Feature: featFPU},
	{Name: "ft3", Alias: "f3", Kind: isa.RegV, Slot: 3, Bits: 64, Feature: featFPU},
	{Name: "ft4", Alias: "f4", Kind: isa.RegV, Slot: 4, Bits: 64, Feature: featFPU},
	{Name: "ft5", Alias: "f5", Kind: isa.RegV, Slot: 5, Bits: 64, Feature: featFPU},
	{Name: "ft6", Alias: "f6", Kind: isa.RegV, Slot: 6, Bits: 64, Feature: featFPU},
	{Name: "ft7", Alias: "f7", Kind: isa.RegV, Slot: 7, Bits: 64, Feature: featFPU},
	{Name: "fs0", Alias: "f8", Kind: isa.RegV, Slot: 8, Bits: 64, Feature: featFPU},
	{Name: "fs1", Alias: "f9", Kind: isa.RegV, Slot: 9, Bits: 64, Feature: featFPU},
	{Name: "fa0", Alias: "f10", Kind: isa.RegV, Slot: 10, Bits: 64, Feature: featFPU},
	{Name: "fa1", Alias: "f11", Kind: isa.RegV, Slot: 11, Bits: 64, Feature: featFPU},
	{Name: "fa2", Alias: "f12", Kind: isa.RegV, Slot: 12, Bits: 64, Feature: featFPU},
	{Name: "fa3", Alias: "f13", Kind: isa.RegV, Slot: 13, Bits: 64, Feature: featFPU},
	{Name: "fa4", Alias: "f14", Kind: isa.RegV, Slot: 14, Bits: 64, Feature: featFPU},
	{Name: "fa5", Alias: "f15", Kind: isa.RegV, Slot: 15, Bits: 64, Feature: featFPU},
	{Name: "fa6", Alias: "f16", Kind: isa.RegV, Slot: 16, Bits: 64, Feature: featFPU},
	{Name: "fa7", Alias: "f17", Kind: isa.RegV, Slot: 17, Bits: 64, Feature: featFPU},
	{Name: "fs2", Alias: "f18", Kind: isa.RegV, Slot: 18, Bits: 64, Feature: featFPU},
	{Name: "fs3", Alias: "f19", Kind: isa.RegV, Slot: 19, Bits: 64, Feature: featFPU},
	{Name: "fs4", Alias: "f20", Kind: isa.RegV, Slot: 20, Bits: 64, Feature: featFPU},
	{Name: "fs5", Alias: "f21", Kind: isa.RegV, Slot: 21, Bits: 64, Feature: featFPU},
	{Name: "fs6", Alias: "f22", Kind: isa.RegV, Slot: 22, Bits: 64, Feature: featFPU},
	{Name: "fs7", Alias: "f23", Kind: isa.RegV, Slot: 23, Bits: 64, Feature: featFPU},
	{Name: "fs8", Alias: "f24", Kind: isa.RegV, Slot: 24, Bits: 64, Feature: featFPU},
	{Name: "fs9", Alias: "f25", Kind: isa.RegV, Slot: 25, Bits: 64, Feature: featFPU},
	{Name: "fs10", Alias: "f26", Kind: isa.RegV, Slot: 26, Bits: 64, Feature: featFPU},
	{Name: "fs11", Alias: "f27", Kind: isa.RegV, Slot: 27, Bits: 64, Feature: featFPU},
	{Name: "ft8", Alias: "f28", Kind: isa.RegV, Slot: 28, Bits: 64, Feature: featFPU},
	{Name: "ft9", Alias: "f29", Kind: isa.RegV, Slot: 29, Bits: 64, Feature: featFPU},
	{Name: "ft10", Alias: "f30", Kind: isa.RegV, Slot: 30, Bits: 64, Feature: featFPU},
	{Name: "ft11", Alias: "f31", Kind: isa.RegV, Slot: 31, Bits: 64, Feature: featFPU},
	{Name: "fflags", Kind: isa.RegCSR, Slot: csrFFlags, Bits: 32, Feature: featCSR},
	{Name: "frm", Kind: isa.RegCSR, Slot: csrFRM, Bits: 32, Feature: featCSR},
	{Name: "fcsr", Kind: isa.RegCSR, Slot: csrFCSR, Bits: 32, Feature: featCSR},
}

// xName and fName are the calling convention's names of x and f registers.
func xName(n uint8) string { return registers[n].Name }

func fName(n uint8) string { return registers[fRegs+int(n)].Name }
