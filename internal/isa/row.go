package isa

import (
	"strings"

	"github.com/weir-emu/weir/internal/ir"
)

// Row is one instruction: its encoding, its assembler syntax and its semantics.
// (It names an unnamed struct type so that tables may leave out field names.)
//
// Pattern is the encoding as the manual draws it, most significant bit first:
// tokens separated by single spaces.
//
//	0110011           bits that are as written
//	rd rs1 rm csr     a field the guest's [FieldFunc] knows
//	rd!=0             the same; the encoding with zero there is another instruction or reserved
//	imm[12|10:5]      pieces of the signed immediate, by the positions the bits have in it
//	uimm[5:3]         of an unsigned one (so is shamt)
//	nzimm[5]          of one that must not be zero as a whole
//
// After a semicolon follow fields the instruction implies: "; rs1=2".
//
// Syntax is the manual's assembler syntax, "sub rd, rs1, rs2". After " | " come
// the forms disassembly prefers, each with the conditions under which it holds:
// "addi rd, rs1, imm | nop: rd=0 rs1=0 imm=0 | li rd, imm: rs1=0". A form without
// conditions always holds. {name} within a mnemonic is a suffix that depends on
// the field.
//
// Lift emits the semantics; Op, Ty and Aux are its parameters.
type Row = struct {
	Pattern string
	Syntax  string
	Lift    LiftFunc
	Op      ir.Op
	Ty      ir.Type
	Aux     uint8
}

// LiftFunc appends the IR of an instruction. The caller has opened the
// instruction in b (ir.Block.Insn), so b.End is the address after it.
type LiftFunc func(b *ir.Block, i Inst)

// Set is the rows of one extension of the instruction set.
type Set struct {
	Name  string // as in the ISA string, "Zba"
	Title string // what it is, for the documentation
	Rows  []Row
	Note  string // what the documentation must say about it, or empty
}

// Inst is a decoded instruction. Fields the row does not have are zero.
type Inst struct {
	PC  uint64
	Imm int64  // immediate, sign-extended where the row says so; also CSR numbers and the like
	Row *Row   // what it is
	Raw uint32 // the encoding
	Len uint8  // bytes
	Rd  uint8  // register fields
	Rs1 uint8
	Rs2 uint8
	Rs3 uint8
	RM  uint8 // rounding mode
}

// Name returns the mnemonic of r in the manual's spelling.
func Name(r *Row) string {
	name, _, _ := strings.Cut(r.Syntax, " ")
	name, _, _ = strings.Cut(name, "{")
	return name
}
