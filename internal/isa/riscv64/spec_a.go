package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// rowsA is atomics. Acquire and release bits need nothing: every atomic
// operation of the IR is a full barrier.
var rowsA = []isa.Row{
	{"00010 aq rl 00000 rs1 010 rd 0101111", "lr.w{aqrl} rd, (rs1)", loadReserved, 0, 0, uint8(ir.M32S)},
	{"00011 aq rl rs2 rs1 010 rd 0101111", "sc.w{aqrl} rd, rs2, (rs1)", amo, ir.OpSC, 0, uint8(ir.M32S)},
	{"00001 aq rl rs2 rs1 010 rd 0101111", "amoswap.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoSwap, 0, uint8(ir.M32S)},
	{"00000 aq rl rs2 rs1 010 rd 0101111", "amoadd.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoAdd, 0, uint8(ir.M32S)},
	{"00100 aq rl rs2 rs1 010 rd 0101111", "amoxor.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoXor, 0, uint8(ir.M32S)},
	{"01100 aq rl rs2 rs1 010 rd 0101111", "amoand.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoAnd, 0, uint8(ir.M32S)},
	{"01000 aq rl rs2 rs1 010 rd 0101111", "amoor.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoOr, 0, uint8(ir.M32S)},
	{"10000 aq rl rs2 rs1 010 rd 0101111", "amomin.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMinS, 0, uint8(ir.M32S)},
	{"10100 aq rl rs2 rs1 010 rd 0101111", "amomax.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMaxS, 0, uint8(ir.M32S)},
	{"11000 aq rl rs2 rs1 010 rd 0101111", "amominu.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMinU, 0, uint8(ir.M32S)},
	{"11100 aq rl rs2 rs1 010 rd 0101111", "amomaxu.w{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMaxU, 0, uint8(ir.M32S)},
	{"00010 aq rl 00000 rs1 011 rd 0101111", "lr.d{aqrl} rd, (rs1)", loadReserved, 0, 0, uint8(ir.M64)},
	{"00011 aq rl rs2 rs1 011 rd 0101111", "sc.d{aqrl} rd, rs2, (rs1)", amo, ir.OpSC, 0, uint8(ir.M64)},
	{"00001 aq rl rs2 rs1 011 rd 0101111", "amoswap.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoSwap, 0, uint8(ir.M64)},
	{"00000 aq rl rs2 rs1 011 rd 0101111", "amoadd.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoAdd, 0, uint8(ir.M64)},
	{"00100 aq rl rs2 rs1 011 rd 0101111", "amoxor.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoXor, 0, uint8(ir.M64)},
	{"01100 aq rl rs2 rs1 011 rd 0101111", "amoand.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoAnd, 0, uint8(ir.M64)},
	{"01000 aq rl rs2 rs1 011 rd 0101111", "amoor.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoOr, 0, uint8(ir.M64)},
	{"10000 aq rl rs2 rs1 011 rd 0101111", "amomin.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMinS, 0, uint8(ir.M64)},
	{"10100 aq rl rs2 rs1 011 rd 0101111", "amomax.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMaxS, 0, uint8(ir.M64)},
	{"11000 aq rl rs2 rs1 011 rd 0101111", "amominu.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMinU, 0, uint8(ir.M64)},
	{"11100 aq rl rs2 rs1 011 rd 0101111", "amomaxu.d{aqrl} rd, rs2, (rs1)", amo, ir.OpAmoMaxU, 0, uint8(ir.M64)},
}

// rowsZacas is compare and swap.
var rowsZacas = []isa.Row{
	{"00101 aq rl rs2 rs1 010 rd 0101111", "amocas.w{aqrl} rd, rs2, (rs1)", amoCas, 0, 0, uint8(ir.M32S)},
	{"00101 aq rl rs2 rs1 011 rd 0101111", "amocas.d{aqrl} rd, rs2, (rs1)", amoCas, 0, 0, uint8(ir.M64)},
	{"00101 aq rl rs2 rs1 100 rd 0101111", "amocas.q{aqrl} rd, rs2, (rs1)", amoCasPair, 0, 0, uint8(ir.M64)},
}

// rowsZawrs is wait on reservation set: returning at once is always allowed.
var rowsZawrs = []isa.Row{
	{"000000001101 00000 000 00000 1110011", "wrs.nto", hint, 0, 0, 0},
	{"000000011101 00000 000 00000 1110011", "wrs.sto", hint, 0, 0, 0},
}
