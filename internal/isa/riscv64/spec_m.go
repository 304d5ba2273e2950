package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// rowsM is integer multiplication and division.
var rowsM = []isa.Row{
	{"0000001 rs2 rs1 000 rd 0110011", "mul rd, rs1, rs2", alu, ir.OpMul, ir.I64, 0},
	{"0000001 rs2 rs1 001 rd 0110011", "mulh rd, rs1, rs2", alu, ir.OpMulHS, ir.I64, 0},
	{"0000001 rs2 rs1 010 rd 0110011", "mulhsu rd, rs1, rs2", alu, ir.OpMulHSU, ir.I64, 0},
	{"0000001 rs2 rs1 011 rd 0110011", "mulhu rd, rs1, rs2", alu, ir.OpMulHU, ir.I64, 0},
	{"0000001 rs2 rs1 100 rd 0110011", "div rd, rs1, rs2", alu, ir.OpDivS, ir.I64, 0},
	{"0000001 rs2 rs1 101 rd 0110011", "divu rd, rs1, rs2", alu, ir.OpDivU, ir.I64, 0},
	{"0000001 rs2 rs1 110 rd 0110011", "rem rd, rs1, rs2", alu, ir.OpRemS, ir.I64, 0},
	{"0000001 rs2 rs1 111 rd 0110011", "remu rd, rs1, rs2", alu, ir.OpRemU, ir.I64, 0},
	{"0000001 rs2 rs1 000 rd 0111011", "mulw rd, rs1, rs2", alu, ir.OpMul, ir.I32, 0},
	{"0000001 rs2 rs1 100 rd 0111011", "divw rd, rs1, rs2", alu, ir.OpDivS, ir.I32, 0},
	{"0000001 rs2 rs1 101 rd 0111011", "divuw rd, rs1, rs2", alu, ir.OpDivU, ir.I32, 0},
	{"0000001 rs2 rs1 110 rd 0111011", "remw rd, rs1, rs2", alu, ir.OpRemS, ir.I32, 0},
	{"0000001 rs2 rs1 111 rd 0111011", "remuw rd, rs1, rs2", alu, ir.OpRemU, ir.I32, 0},
}
