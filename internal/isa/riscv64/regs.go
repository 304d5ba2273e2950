package riscv64

import "github.com/weir-emu/weir/internal/isa"

// Names of the calling convention.
var (
	xNames = [32]string{
		"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1",
		"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
		"s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
		"t3", "t4", "t5", "t6",
	}
	fNames = [32]string{
		"ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1",
		"fa0", "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7",
		"fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11",
		"ft8", "ft9", "ft10", "ft11",
	}
	xAliases = [32]string{
		"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
		"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "x31",
	}
	fAliases = [32]string{
		"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12", "f13", "f14", "f15",
		"f16", "f17", "f18", "f19", "f20", "f21", "f22", "f23", "f24", "f25", "f26", "f27", "f28", "f29", "f30", "f31",
	}
)

// Integer slots that the Linux ABI names.
const (
	regRA = 1
	regSP = 2
	regTP = 4
	regA0 = 10
	regA7 = 17
)

// registers is the list for debuggers and plugins, in the order of gdb's
// register numbers: x0-x31, pc, f0-f31, then the control registers.
func registers() []isa.RegInfo {
	const (
		featCPU = "org.gnu.gdb.riscv.cpu"
		featFPU = "org.gnu.gdb.riscv.fpu"
		featCSR = "org.gnu.gdb.riscv.csr"
	)
	regs := make([]isa.RegInfo, 0, 32+1+32+3)
	for n, name := range xNames {
		regs = append(regs, isa.RegInfo{Name: name, Alias: xAliases[n], Kind: isa.RegX, Slot: n, Bits: 64, Feature: featCPU})
	}
	regs = append(regs, isa.RegInfo{Name: "pc", Kind: isa.RegPC, Bits: 64, Feature: featCPU})
	for n, name := range fNames {
		regs = append(regs, isa.RegInfo{Name: name, Alias: fAliases[n], Kind: isa.RegV, Slot: n, Bits: 64, Feature: featFPU})
	}
	for _, c := range [...]struct {
		name string
		csr  int
	}{{"fflags", csrFFlags}, {"frm", csrFRM}, {"fcsr", csrFCSR}} {
		regs = append(regs, isa.RegInfo{Name: c.name, Kind: isa.RegCSR, Slot: c.csr, Bits: 32, Feature: featCSR})
	}
	return regs
}
