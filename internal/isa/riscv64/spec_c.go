package riscv64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// rowsC is the compressed extension for RV64 with F and D (unprivileged
// manual, chapter "C"). Every instruction is short for a longer one and uses its
// semantics; disassembly shows the long form. Encodings that the manual calls
// hints execute as what they look like, which does nothing.
var rowsC = []isa.Row{
	// Quadrant 0.
	{"000 nzuimm[5:4|9:6|2|3] rd' 00; rs1=2", "c.addi4spn rd, rs1, imm | addi rd, rs1, imm", addi, 0, 0, 0},
	{"001 uimm[5:3] rs1' uimm[7:6] rd' 00", "c.fld frd, imm(rs1) | fld frd, imm(rs1)", fload, 0, ir.F64, 0},
	{"010 uimm[5:3] rs1' uimm[2|6] rd' 00", "c.lw rd, imm(rs1) | lw rd, imm(rs1)", load, 0, 0, uint8(ir.M32S)},
	{"011 uimm[5:3] rs1' uimm[7:6] rd' 00", "c.ld rd, imm(rs1) | ld rd, imm(rs1)", load, 0, 0, uint8(ir.M64)},
	{"101 uimm[5:3] rs1' uimm[7:6] rs2' 00", "c.fsd frs2, imm(rs1) | fsd frs2, imm(rs1)", fstore, 0, ir.F64, 0},
	{"110 uimm[5:3] rs1' uimm[2|6] rs2' 00", "c.sw rs2, imm(rs1) | sw rs2, imm(rs1)", store, 0, 0, uint8(ir.M32U)},
	{"111 uimm[5:3] rs1' uimm[7:6] rs2' 00", "c.sd rs2, imm(rs1) | sd rs2, imm(rs1)", store, 0, 0, uint8(ir.M64)},

	// Quadrant 1.
	{"000 imm[5] 00000 imm[4:0] 01", "c.nop imm | nop: imm=0", hint, 0, 0, 0},
	{"000 imm[5] rd/rs1!=0 imm[4:0] 01", "c.addi rd, imm | addi rd, rs1, imm", addi, 0, 0, 0},
	{"001 imm[5] rd/rs1!=0 imm[4:0] 01", "c.addiw rd, imm | sext.w rd, rs1: imm=0 | addiw rd, rs1, imm", addiw, 0, 0, 0},
	{"010 imm[5] rd imm[4:0] 01", "c.li rd, imm | c.li rd, imm: rd=0 | li rd, imm", addi, 0, 0, 0},
	{"011 nzimm[9] 00010 nzimm[4|6|8:7|5] 01; rd=2 rs1=2", "c.addi16sp rd, imm | addi rd, rs1, imm", addi, 0, 0, 0},
	{"011 nzimm[17] rd nzimm[16:12] 01", "c.lui rd, imm20 | c.lui rd, imm20: rd=0 | lui rd, imm20", lui, 0, 0, 0},
	{"100 shamt[5] 00 rd'/rs1' shamt[4:0] 01", "c.srli rd, shamt | c.srli64 rd: imm=0 | srli rd, rs1, shamt", aluImm, ir.OpShr, ir.I64, 0},
	{"100 shamt[5] 01 rd'/rs1' shamt[4:0] 01", "c.srai rd, shamt | c.srai64 rd: imm=0 | srai rd, rs1, shamt", aluImm, ir.OpSar, ir.I64, 0},
	{"100 imm[5] 10 rd'/rs1' imm[4:0] 01", "c.andi rd, imm | andi rd, rs1, imm", aluImm, ir.OpAnd, ir.I64, 0},
	{"100 0 11 rd'/rs1' 00 rs2' 01", "c.sub rd, rs2 | sub rd, rs1, rs2", alu, ir.OpSub, ir.I64, 0},
	{"100 0 11 rd'/rs1' 01 rs2' 01", "c.xor rd, rs2 | xor rd, rs1, rs2", alu, ir.OpXor, ir.I64, 0},
	{"100 0 11 rd'/rs1' 10 rs2' 01", "c.or rd, rs2 | or rd, rs1, rs2", alu, ir.OpOr, ir.I64, 0},
	{"100 0 11 rd'/rs1' 11 rs2' 01", "c.and rd, rs2 | and rd, rs1, rs2", alu, ir.OpAnd, ir.I64, 0},
	{"100 1 11 rd'/rs1' 00 rs2' 01", "c.subw rd, rs2 | subw rd, rs1, rs2", alu, ir.OpSub, ir.I32, 0},
	{"100 1 11 rd'/rs1' 01 rs2' 01", "c.addw rd, rs2 | addw rd, rs1, rs2", alu, ir.OpAdd, ir.I32, 0},
	{"101 imm[11|4|9:8|10|6|7|3:1|5] 01", "c.j target | j target", jal, 0, 0, 0},
	{"110 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "c.beqz rs1, target | beqz rs1, target", branch, 0, 0, uint8(ir.Eq)},
	{"111 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "c.bnez rs1, target | bnez rs1, target", branch, 0, 0, uint8(ir.Ne)},

	// Quadrant 2.
	{"000 shamt[5] rd/rs1 shamt[4:0] 10", "c.slli rd, shamt | c.slli64 rd: imm=0 | c.slli rd, shamt: rd=0 | slli rd, rs1, shamt", aluImm, ir.OpShl, ir.I64, 0},
	{"001 uimm[5] rd uimm[4:3|8:6] 10; rs1=2", "c.fldsp frd, imm(rs1) | fld frd, imm(rs1)", fload, 0, ir.F64, 0},
	{"010 uimm[5] rd!=0 uimm[4:2|7:6] 10; rs1=2", "c.lwsp rd, imm(rs1) | lw rd, imm(rs1)", load, 0, 0, uint8(ir.M32S)},
	{"011 uimm[5] rd!=0 uimm[4:3|8:6] 10; rs1=2", "c.ldsp rd, imm(rs1) | ld rd, imm(rs1)", load, 0, 0, uint8(ir.M64)},
	{"100 0 rs1!=0 00000 10", "c.jr rs1 | ret: rs1=1 | jr rs1", jalr, 0, 0, 0},
	{"100 0 rd rs2!=0 10", "c.mv rd, rs2 | c.mv rd, rs2: rd=0 | mv rd, rs2", add, 0, 0, 0},
	{"100 1 00000 00000 10", "c.ebreak | ebreak", exitAt, 0, 0, uint8(cpu.ExitBreak)},
	{"100 1 rs1!=0 00000 10; rd=1", "c.jalr rs1 | jalr rs1", jalr, 0, 0, 0},
	{"100 1 rd/rs1 rs2!=0 10", "c.add rd, rs2 | c.add rd, rs2: rd=0 | add rd, rs1, rs2", add, 0, 0, 0},
	{"101 uimm[5:3|8:6] rs2 10; rs1=2", "c.fsdsp frs2, imm(rs1) | fsd frs2, imm(rs1)", fstore, 0, ir.F64, 0},
	{"110 uimm[5:2|7:6] rs2 10; rs1=2", "c.swsp rs2, imm(rs1) | sw rs2, imm(rs1)", store, 0, 0, uint8(ir.M32U)},
	{"111 uimm[5:3|8:6] rs2 10; rs1=2", "c.sdsp rs2, imm(rs1) | sd rs2, imm(rs1)", store, 0, 0, uint8(ir.M64)},
}

// rowsZcb is the simple code-size instructions (chapter "Zc*").
var rowsZcb = []isa.Row{
	{"100 000 rs1' uimm[0|1] rd' 00", "c.lbu rd, imm(rs1) | lbu rd, imm(rs1)", load, 0, 0, uint8(ir.M8U)},
	{"100 001 rs1' 0 uimm[1] rd' 00", "c.lhu rd, imm(rs1) | lhu rd, imm(rs1)", load, 0, 0, uint8(ir.M16U)},
	{"100 001 rs1' 1 uimm[1] rd' 00", "c.lh rd, imm(rs1) | lh rd, imm(rs1)", load, 0, 0, uint8(ir.M16S)},
	{"100 010 rs1' uimm[0|1] rs2' 00", "c.sb rs2, imm(rs1) | sb rs2, imm(rs1)", store, 0, 0, uint8(ir.M8U)},
	{"100 011 rs1' 0 uimm[1] rs2' 00", "c.sh rs2, imm(rs1) | sh rs2, imm(rs1)", store, 0, 0, uint8(ir.M16U)},
	{"100 1 11 rd'/rs1' 11 000 01", "c.zext.b rd | zext.b rd, rs1", unary, ir.OpZExt8, ir.I64, 0},
	{"100 1 11 rd'/rs1' 11 001 01", "c.sext.b rd | sext.b rd, rs1", unary, ir.OpSExt8, ir.I64, 0},
	{"100 1 11 rd'/rs1' 11 010 01", "c.zext.h rd | zext.h rd, rs1", unary, ir.OpZExt16, ir.I64, 0},
	{"100 1 11 rd'/rs1' 11 011 01", "c.sext.h rd | sext.h rd, rs1", unary, ir.OpSExt16, ir.I64, 0},
	{"100 1 11 rd'/rs1' 11 100 01", "c.zext.w rd | zext.w rd, rs1", unary, ir.OpZExt32, ir.I64, 0},
	{"100 1 11 rd'/rs1' 11 101 01", "c.not rd | not rd, rs1", not, 0, 0, 0},
	{"100 1 11 rd'/rs1' 10 rs2' 01", "c.mul rd, rs2 | mul rd, rs1, rs2", alu, ir.OpMul, ir.I64, 0},
}
