package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// rowsF is single-precision floating point.
var rowsF = []isa.Row{
	{"imm[11:0] rs1 010 rd 0000111", "flw frd, imm(rs1)", fload, 0, ir.F32, 0},
	{"imm[11:5] rs2 rs1 010 imm[4:0] 0100111", "fsw frs2, imm(rs1)", fstore, 0, ir.F32, 0},
	{"rs3 00 rs2 rs1 rm rd 1000011", "fmadd.s frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F32, 0},
	{"rs3 00 rs2 rs1 rm rd 1000111", "fmsub.s frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F32, negC},
	{"rs3 00 rs2 rs1 rm rd 1001011", "fnmsub.s frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F32, negAB},
	{"rs3 00 rs2 rs1 rm rd 1001111", "fnmadd.s frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F32, negAB | negC},
	{"0000000 rs2 rs1 rm rd 1010011", "fadd.s frd, frs1, frs2, rm", farith, ir.OpFAdd, ir.F32, 0},
	{"0000100 rs2 rs1 rm rd 1010011", "fsub.s frd, frs1, frs2, rm", farith, ir.OpFSub, ir.F32, 0},
	{"0001000 rs2 rs1 rm rd 1010011", "fmul.s frd, frs1, frs2, rm", farith, ir.OpFMul, ir.F32, 0},
	{"0001100 rs2 rs1 rm rd 1010011", "fdiv.s frd, frs1, frs2, rm", farith, ir.OpFDiv, ir.F32, 0},
	{"0101100 00000 rs1 rm rd 1010011", "fsqrt.s frd, frs1, rm", farith, ir.OpFSqrt, ir.F32, 0},
	{"0010000 rs2 rs1 000 rd 1010011", "fsgnj.s frd, frs1, frs2 | fmv.s frd, frs1: rs1=rs2", fsign, 0, ir.F32, 0},
	{"0010000 rs2 rs1 001 rd 1010011", "fsgnjn.s frd, frs1, frs2 | fneg.s frd, frs1: rs1=rs2", fsign, 0, ir.F32, 1},
	{"0010000 rs2 rs1 010 rd 1010011", "fsgnjx.s frd, frs1, frs2 | fabs.s frd, frs1: rs1=rs2", fsign, 0, ir.F32, 2},
	{"0010100 rs2 rs1 000 rd 1010011", "fmin.s frd, frs1, frs2", fbinary, ir.OpFMin, ir.F32, 0},
	{"0010100 rs2 rs1 001 rd 1010011", "fmax.s frd, frs1, frs2", fbinary, ir.OpFMax, ir.F32, 0},
	{"1010000 rs2 rs1 010 rd 1010011", "feq.s rd, frs1, frs2", fcompare, 0, ir.F32, uint8(ir.FEq)},
	{"1010000 rs2 rs1 001 rd 1010011", "flt.s rd, frs1, frs2", fcompare, 0, ir.F32, uint8(ir.FLt)},
	{"1010000 rs2 rs1 000 rd 1010011", "fle.s rd, frs1, frs2", fcompare, 0, ir.F32, uint8(ir.FLe)},
	{"1110000 00000 rs1 001 rd 1010011", "fclass.s rd, frs1", ftoX, ir.OpFClass, ir.F32, 0},
	{"1100000 00000 rs1 rm rd 1010011", "fcvt.w.s rd, frs1, rm", ftoI, 0, ir.F32, uint8(ir.KI32)},
	{"1100000 00001 rs1 rm rd 1010011", "fcvt.wu.s rd, frs1, rm", ftoI, 0, ir.F32, uint8(ir.KU32)},
	{"1100000 00010 rs1 rm rd 1010011", "fcvt.l.s rd, frs1, rm", ftoI, 0, ir.F32, uint8(ir.KI64)},
	{"1100000 00011 rs1 rm rd 1010011", "fcvt.lu.s rd, frs1, rm", ftoI, 0, ir.F32, uint8(ir.KU64)},
	{"1101000 00000 rs1 rm rd 1010011", "fcvt.s.w frd, rs1, rm", itoF, 0, ir.F32, uint8(ir.KI32)},
	{"1101000 00001 rs1 rm rd 1010011", "fcvt.s.wu frd, rs1, rm", itoF, 0, ir.F32, uint8(ir.KU32)},
	{"1101000 00010 rs1 rm rd 1010011", "fcvt.s.l frd, rs1, rm", itoF, 0, ir.F32, uint8(ir.KI64)},
	{"1101000 00011 rs1 rm rd 1010011", "fcvt.s.lu frd, rs1, rm", itoF, 0, ir.F32, uint8(ir.KU64)},
	{"1110000 00000 rs1 000 rd 1010011", "fmv.x.w rd, frs1", ftoX, ir.OpFMovToI, ir.F32, 0},
	{"1111000 00000 rs1 000 rd 1010011", "fmv.w.x frd, rs1", xtoF, ir.OpFMovFromI, ir.F32, 0},
}

// rowsD is double-precision floating point.
var rowsD = []isa.Row{
	{"imm[11:0] rs1 011 rd 0000111", "fld frd, imm(rs1)", fload, 0, ir.F64, 0},
	{"imm[11:5] rs2 rs1 011 imm[4:0] 0100111", "fsd frs2, imm(rs1)", fstore, 0, ir.F64, 0},
	{"rs3 01 rs2 rs1 rm rd 1000011", "fmadd.d frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F64, 0},
	{"rs3 01 rs2 rs1 rm rd 1000111", "fmsub.d frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F64, negC},
	{"rs3 01 rs2 rs1 rm rd 1001011", "fnmsub.d frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F64, negAB},
	{"rs3 01 rs2 rs1 rm rd 1001111", "fnmadd.d frd, frs1, frs2, frs3, rm", fmulAdd, 0, ir.F64, negAB | negC},
	{"0000001 rs2 rs1 rm rd 1010011", "fadd.d frd, frs1, frs2, rm", farith, ir.OpFAdd, ir.F64, 0},
	{"0000101 rs2 rs1 rm rd 1010011", "fsub.d frd, frs1, frs2, rm", farith, ir.OpFSub, ir.F64, 0},
	{"0001001 rs2 rs1 rm rd 1010011", "fmul.d frd, frs1, frs2, rm", farith, ir.OpFMul, ir.F64, 0},
	{"0001101 rs2 rs1 rm rd 1010011", "fdiv.d frd, frs1, frs2, rm", farith, ir.OpFDiv, ir.F64, 0},
	{"0101101 00000 rs1 rm rd 1010011", "fsqrt.d frd, frs1, rm", farith, ir.OpFSqrt, ir.F64, 0},
	{"0010001 rs2 rs1 000 rd 1010011", "fsgnj.d frd, frs1, frs2 | fmv.d frd, frs1: rs1=rs2", fsign, 0, ir.F64, 0},
	{"0010001 rs2 rs1 001 rd 1010011", "fsgnjn.d frd, frs1, frs2 | fneg.d frd, frs1: rs1=rs2", fsign, 0, ir.F64, 1},
	{"0010001 rs2 rs1 010 rd 1010011", "fsgnjx.d frd, frs1, frs2 | fabs.d frd, frs1: rs1=rs2", fsign, 0, ir.F64, 2},
	{"0010101 rs2 rs1 000 rd 1010011", "fmin.d frd, frs1, frs2", fbinary, ir.OpFMin, ir.F64, 0},
	{"0010101 rs2 rs1 001 rd 1010011", "fmax.d frd, frs1, frs2", fbinary, ir.OpFMax, ir.F64, 0},
	{"1010001 rs2 rs1 010 rd 1010011", "feq.d rd, frs1, frs2", fcompare, 0, ir.F64, uint8(ir.FEq)},
	{"1010001 rs2 rs1 001 rd 1010011", "flt.d rd, frs1, frs2", fcompare, 0, ir.F64, uint8(ir.FLt)},
	{"1010001 rs2 rs1 000 rd 1010011", "fle.d rd, frs1, frs2", fcompare, 0, ir.F64, uint8(ir.FLe)},
	{"1110001 00000 rs1 001 rd 1010011", "fclass.d rd, frs1", ftoX, ir.OpFClass, ir.F64, 0},
	{"1100001 00000 rs1 rm rd 1010011", "fcvt.w.d rd, frs1, rm", ftoI, 0, ir.F64, uint8(ir.KI32)},
	{"1100001 00001 rs1 rm rd 1010011", "fcvt.wu.d rd, frs1, rm", ftoI, 0, ir.F64, uint8(ir.KU32)},
	{"1100001 00010 rs1 rm rd 1010011", "fcvt.l.d rd, frs1, rm", ftoI, 0, ir.F64, uint8(ir.KI64)},
	{"1100001 00011 rs1 rm rd 1010011", "fcvt.lu.d rd, frs1, rm", ftoI, 0, ir.F64, uint8(ir.KU64)},
	{"1101001 00000 rs1 rm rd 1010011", "fcvt.d.w frd, rs1, rm | fcvt.d.w frd, rs1: rm=0", itoF, 0, ir.F64, uint8(ir.KI32)},
	{"1101001 00001 rs1 rm rd 1010011", "fcvt.d.wu frd, rs1, rm | fcvt.d.wu frd, rs1: rm=0", itoF, 0, ir.F64, uint8(ir.KU32)},
	{"1101001 00010 rs1 rm rd 1010011", "fcvt.d.l frd, rs1, rm", itoF, 0, ir.F64, uint8(ir.KI64)},
	{"1101001 00011 rs1 rm rd 1010011", "fcvt.d.lu frd, rs1, rm", itoF, 0, ir.F64, uint8(ir.KU64)},
	{"1110001 00000 rs1 000 rd 1010011", "fmv.x.d rd, frs1", ftoX, ir.OpFMovToI, ir.F64, 0},
	{"1111001 00000 rs1 000 rd 1010011", "fmv.d.x frd, rs1", xtoF, ir.OpFMovFromI, ir.F64, 0},
	{"01000 00 00001 rs1 rm rd 1010011", "fcvt.s.d frd, frs1, rm", fcvt, 0, ir.F32, uint8(ir.F64)},
	{"01000 01 00000 rs1 rm rd 1010011", "fcvt.d.s frd, frs1, rm | fcvt.d.s frd, frs1: rm=0", fcvt, 0, ir.F64, uint8(ir.F32)},
}

// rowsZfhmin is transfers and conversions of half precision.
var rowsZfhmin = []isa.Row{
	{"imm[11:0] rs1 001 rd 0000111", "flh frd, imm(rs1)", fload, 0, ir.F16, 0},
	{"imm[11:5] rs2 rs1 001 imm[4:0] 0100111", "fsh frs2, imm(rs1)", fstore, 0, ir.F16, 0},
	{"11100 10 00000 rs1 000 rd 1010011", "fmv.x.h rd, frs1", ftoX, ir.OpFMovToI, ir.F16, 0},
	{"11110 10 00000 rs1 000 rd 1010011", "fmv.h.x frd, rs1", xtoF, ir.OpFMovFromI, ir.F16, 0},
	{"01000 00 00010 rs1 rm rd 1010011", "fcvt.s.h frd, frs1, rm | fcvt.s.h frd, frs1: rm=0", fcvt, 0, ir.F32, uint8(ir.F16)},
	{"01000 10 00000 rs1 rm rd 1010011", "fcvt.h.s frd, frs1, rm", fcvt, 0, ir.F16, uint8(ir.F32)},
	{"01000 01 00010 rs1 rm rd 1010011", "fcvt.d.h frd, frs1, rm | fcvt.d.h frd, frs1: rm=0", fcvt, 0, ir.F64, uint8(ir.F16)},
	{"01000 10 00001 rs1 rm rd 1010011", "fcvt.h.d frd, frs1, rm", fcvt, 0, ir.F16, uint8(ir.F64)},
}
