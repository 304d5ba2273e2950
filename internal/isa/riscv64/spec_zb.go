package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// rowsZba is address generation.
var rowsZba = []isa.Row{
	{"0000100 rs2 rs1 000 rd 0111011", "add.uw rd, rs1, rs2 | zext.w rd, rs1: rs2=0", addUW, 0, 0, 0},
	{"0010000 rs2 rs1 010 rd 0110011", "sh1add rd, rs1, rs2", shiftAdd, 0, ir.I64, 1},
	{"0010000 rs2 rs1 100 rd 0110011", "sh2add rd, rs1, rs2", shiftAdd, 0, ir.I64, 2},
	{"0010000 rs2 rs1 110 rd 0110011", "sh3add rd, rs1, rs2", shiftAdd, 0, ir.I64, 3},
	{"0010000 rs2 rs1 010 rd 0111011", "sh1add.uw rd, rs1, rs2", shiftAdd, 0, ir.U32, 1},
	{"0010000 rs2 rs1 100 rd 0111011", "sh2add.uw rd, rs1, rs2", shiftAdd, 0, ir.U32, 2},
	{"0010000 rs2 rs1 110 rd 0111011", "sh3add.uw rd, rs1, rs2", shiftAdd, 0, ir.U32, 3},
	{"000010 shamt[5:0] rs1 001 rd 0011011", "slli.uw rd, rs1, shamt", slliUW, 0, 0, 0},
}

// rowsZbb is basic bit manipulation.
var rowsZbb = []isa.Row{
	{"0100000 rs2 rs1 111 rd 0110011", "andn rd, rs1, rs2", alu, ir.OpAndNot, ir.I64, 0},
	{"0100000 rs2 rs1 110 rd 0110011", "orn rd, rs1, rs2", alu, ir.OpOrNot, ir.I64, 0},
	{"0100000 rs2 rs1 100 rd 0110011", "xnor rd, rs1, rs2", alu, ir.OpXorNot, ir.I64, 0},
	{"0110000 00000 rs1 001 rd 0010011", "clz rd, rs1", unary, ir.OpClz, ir.I64, 0},
	{"0110000 00000 rs1 001 rd 0011011", "clzw rd, rs1", unary, ir.OpClz, ir.I32, 0},
	{"0110000 00001 rs1 001 rd 0010011", "ctz rd, rs1", unary, ir.OpCtz, ir.I64, 0},
	{"0110000 00001 rs1 001 rd 0011011", "ctzw rd, rs1", unary, ir.OpCtz, ir.I32, 0},
	{"0110000 00010 rs1 001 rd 0010011", "cpop rd, rs1", unary, ir.OpPopcnt, ir.I64, 0},
	{"0110000 00010 rs1 001 rd 0011011", "cpopw rd, rs1", unary, ir.OpPopcnt, ir.I32, 0},
	{"0000101 rs2 rs1 110 rd 0110011", "max rd, rs1, rs2", alu, ir.OpMaxS, ir.I64, 0},
	{"0000101 rs2 rs1 111 rd 0110011", "maxu rd, rs1, rs2", alu, ir.OpMaxU, ir.I64, 0},
	{"0000101 rs2 rs1 100 rd 0110011", "min rd, rs1, rs2", alu, ir.OpMinS, ir.I64, 0},
	{"0000101 rs2 rs1 101 rd 0110011", "minu rd, rs1, rs2", alu, ir.OpMinU, ir.I64, 0},
	{"0110000 00100 rs1 001 rd 0010011", "sext.b rd, rs1", unary, ir.OpSExt8, ir.I64, 0},
	{"0110000 00101 rs1 001 rd 0010011", "sext.h rd, rs1", unary, ir.OpSExt16, ir.I64, 0},
	{"0000100 00000 rs1 100 rd 0111011", "zext.h rd, rs1", unary, ir.OpZExt16, ir.I64, 0},
	{"0110000 rs2 rs1 001 rd 0110011", "rol rd, rs1, rs2", alu, ir.OpRotL, ir.I64, 0},
	{"0110000 rs2 rs1 001 rd 0111011", "rolw rd, rs1, rs2", alu, ir.OpRotL, ir.I32, 0},
	{"0110000 rs2 rs1 101 rd 0110011", "ror rd, rs1, rs2", alu, ir.OpRotR, ir.I64, 0},
	{"0110000 rs2 rs1 101 rd 0111011", "rorw rd, rs1, rs2", alu, ir.OpRotR, ir.I32, 0},
	{"011000 shamt[5:0] rs1 101 rd 0010011", "rori rd, rs1, shamt", aluImm, ir.OpRotR, ir.I64, 0},
	{"0110000 shamt[4:0] rs1 101 rd 0011011", "roriw rd, rs1, shamt", aluImm, ir.OpRotR, ir.I32, 0},
	{"001010000111 rs1 101 rd 0010011", "orc.b rd, rs1", unary, ir.OpOrcB, ir.I64, 0},
	{"011010111000 rs1 101 rd 0010011", "rev8 rd, rs1", unary, ir.OpRev8, ir.I64, 0},
}

// rowsZbc is carry-less multiplication.
var rowsZbc = []isa.Row{
	{"0000101 rs2 rs1 001 rd 0110011", "clmul rd, rs1, rs2", alu, ir.OpClMul, ir.I64, 0},
	{"0000101 rs2 rs1 011 rd 0110011", "clmulh rd, rs1, rs2", alu, ir.OpClMulH, ir.I64, 0},
	{"0000101 rs2 rs1 010 rd 0110011", "clmulr rd, rs1, rs2", alu, ir.OpClMulR, ir.I64, 0},
}

// rowsZbs is single-bit instructions.
var rowsZbs = []isa.Row{
	{"0100100 rs2 rs1 001 rd 0110011", "bclr rd, rs1, rs2", alu, ir.OpBitClr, ir.I64, 0},
	{"010010 shamt[5:0] rs1 001 rd 0010011", "bclri rd, rs1, shamt", aluImm, ir.OpBitClr, ir.I64, 0},
	{"0100100 rs2 rs1 101 rd 0110011", "bext rd, rs1, rs2", alu, ir.OpBitTest, ir.I64, 0},
	{"010010 shamt[5:0] rs1 101 rd 0010011", "bexti rd, rs1, shamt", aluImm, ir.OpBitTest, ir.I64, 0},
	{"0110100 rs2 rs1 001 rd 0110011", "binv rd, rs1, rs2", alu, ir.OpBitInv, ir.I64, 0},
	{"011010 shamt[5:0] rs1 001 rd 0010011", "binvi rd, rs1, shamt", aluImm, ir.OpBitInv, ir.I64, 0},
	{"0010100 rs2 rs1 001 rd 0110011", "bset rd, rs1, rs2", alu, ir.OpBitSet, ir.I64, 0},
	{"001010 shamt[5:0] rs1 001 rd 0010011", "bseti rd, rs1, shamt", aluImm, ir.OpBitSet, ir.I64, 0},
}

// rowsZicond is conditional zeroing.
var rowsZicond = []isa.Row{
	{"0000111 rs2 rs1 101 rd 0110011", "czero.eqz rd, rs1, rs2", alu, ir.OpCZeroEqz, ir.I64, 0},
	{"0000111 rs2 rs1 111 rd 0110011", "czero.nez rd, rs1, rs2", alu, ir.OpCZeroNez, ir.I64, 0},
}
