package riscv64

import (
	"testing"

	"github.com/weir-emu/weir/internal/isa"
)

func TestRegisters(t *testing.T) {
	g := New()
	if len(g.Regs) != 68 {
		t.Fatalf("%d registers, want 68", len(g.Regs))
	}
	// Positions are gdb's numbers: 0-31 integer, 32 pc, 33-64 FP.
	for n, want := range map[int]isa.RegInfo{
		0:  {Name: "zero", Alias: "x0", Kind: isa.RegX, Slot: 0, Bits: 64, Feature: "org.gnu.gdb.riscv.cpu"},
		8:  {Name: "s0", Alias: "x8", Kind: isa.RegX, Slot: 8, Bits: 64, Feature: "org.gnu.gdb.riscv.cpu"},
		31: {Name: "t6", Alias: "x31", Kind: isa.RegX, Slot: 31, Bits: 64, Feature: "org.gnu.gdb.riscv.cpu"},
		32: {Name: "pc", Kind: isa.RegPC, Bits: 64, Feature: "org.gnu.gdb.riscv.cpu"},
		33: {Name: "ft0", Alias: "f0", Kind: isa.RegV, Slot: 0, Bits: 64, Feature: "org.gnu.gdb.riscv.fpu"},
		64: {Name: "ft11", Alias: "f31", Kind: isa.RegV, Slot: 31, Bits: 64, Feature: "org.gnu.gdb.riscv.fpu"},
		67: {Name: "fcsr", Kind: isa.RegCSR, Slot: 3, Bits: 32, Feature: "org.gnu.gdb.riscv.csr"},
	} {
		if g.Regs[n] != want {
			t.Errorf("register %d: %+v, want %+v", n, g.Regs[n], want)
		}
	}
	for name, slot := range map[string]int{"a7": g.SysnoReg, "a0": g.RetReg, "sp": g.SPReg, "tp": g.TPReg, "ra": g.LinkReg, "a5": g.ArgRegs[5], "a2": g.CallArgs[2]} {
		if g.Regs[slot].Name != name {
			t.Errorf("slot %d is %s, want %s", slot, g.Regs[slot].Name, name)
		}
	}
}
