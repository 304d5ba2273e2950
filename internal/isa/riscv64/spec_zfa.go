package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// rowsZfa is additional floating-point instructions, single and double.
var rowsZfa = []isa.Row{
	{"11110 00 00001 rs1 000 rd 1010011", "fli.s frd, fli", fli, 0, ir.F32, 0},
	{"11110 01 00001 rs1 000 rd 1010011", "fli.d frd, fli", fli, 0, ir.F64, 0},
	{"00101 00 rs2 rs1 010 rd 1010011", "fminm.s frd, frs1, frs2", fbinary, ir.OpFMinM, ir.F32, 0},
	{"00101 00 rs2 rs1 011 rd 1010011", "fmaxm.s frd, frs1, frs2", fbinary, ir.OpFMaxM, ir.F32, 0},
	{"00101 01 rs2 rs1 010 rd 1010011", "fminm.d frd, frs1, frs2", fbinary, ir.OpFMinM, ir.F64, 0},
	{"00101 01 rs2 rs1 011 rd 1010011", "fmaxm.d frd, frs1, frs2", fbinary, ir.OpFMaxM, ir.F64, 0},
	{"01000 00 00100 rs1 rm rd 1010011", "fround.s frd, frs1, rm", fround, 0, ir.F32, 0},
	{"01000 00 00101 rs1 rm rd 1010011", "froundnx.s frd, frs1, rm", fround, 0, ir.F32, 1},
	{"01000 01 00100 rs1 rm rd 1010011", "fround.d frd, frs1, rm", fround, 0, ir.F64, 0},
	{"01000 01 00101 rs1 rm rd 1010011", "froundnx.d frd, frs1, rm", fround, 0, ir.F64, 1},
	{"11000 01 01000 rs1 001 rd 1010011", "fcvtmod.w.d rd, frs1, rtz", fcvtMod, 0, ir.F64, 0},
	{"10100 00 rs2 rs1 100 rd 1010011", "fleq.s rd, frs1, frs2", fcompare, 0, ir.F32, uint8(ir.FLeQ)},
	{"10100 00 rs2 rs1 101 rd 1010011", "fltq.s rd, frs1, frs2", fcompare, 0, ir.F32, uint8(ir.FLtQ)},
	{"10100 01 rs2 rs1 100 rd 1010011", "fleq.d rd, frs1, frs2", fcompare, 0, ir.F64, uint8(ir.FLeQ)},
	{"10100 01 rs2 rs1 101 rd 1010011", "fltq.d rd, frs1, frs2", fcompare, 0, ir.F64, uint8(ir.FLtQ)},
}
