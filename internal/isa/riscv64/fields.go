package riscv64

import "github.com/weir-emu/weir/internal/isa"

// Field resolves the field names of the RISC-V manual. A register with a prime
// is one of x8..x15 in three bits; "rd/rs1" is one field that is both.
func Field(name string) isa.Field {
	switch name {
	case "rd":
		return isa.Field{Width: 5, Slots: isa.SlotRd}
	case "rs1", "uimm": // the zimm of CSR instructions stands where rs1 does
		return isa.Field{Width: 5, Slots: isa.SlotRs1}
	case "rs2":
		return isa.Field{Width: 5, Slots: isa.SlotRs2}
	case "rs3":
		return isa.Field{Width: 5, Slots: isa.SlotRs3}
	case "rm":
		return isa.Field{Width: 3, Slots: isa.SlotRM}
	case "rd/rs1":
		return isa.Field{Width: 5, Slots: isa.SlotRd | isa.SlotRs1}
	case "rd'":
		return isa.Field{Width: 3, Slots: isa.SlotRd, Add: 8}
	case "rs1'":
		return isa.Field{Width: 3, Slots: isa.SlotRs1, Add: 8}
	case "rs2'":
		return isa.Field{Width: 3, Slots: isa.SlotRs2, Add: 8}
	case "rd'/rs1'":
		return isa.Field{Width: 3, Slots: isa.SlotRd | isa.SlotRs1, Add: 8}
	case "csr":
		return isa.Field{Width: 12}
	case "fm":
		return isa.Field{Width: 4, To: 8}
	case "pred":
		return isa.Field{Width: 4, To: 4}
	case "succ":
		return isa.Field{Width: 4, To: 0}
	case "aq":
		return isa.Field{Width: 1, To: 1}
	case "rl":
		return isa.Field{Width: 1, To: 0}
	}
	return isa.Field{}
}
