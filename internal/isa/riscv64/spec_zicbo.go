package riscv64

import (
	"github.com/weir-emu/weir/internal/isa"
)

// CacheBlock is the size of a cache block in bytes for cbo instructions.
const CacheBlock = 64

// rowsZicbom is cache-block management. Linux lets user mode clean and flush
// (senvcfg.CBCFE) but not invalidate (CBIE is 0, so that cbo.inval is illegal:
// it could bring back data of others that was overwritten). Caches being coherent,
// clean and flush only fault where the block is not mapped.
var rowsZicbom = []isa.Row{
	{"000000000000 rs1 010 00000 0001111", "cbo.inval (rs1)", illegal, 0, 0, 0},
	{"000000000001 rs1 010 00000 0001111", "cbo.clean (rs1)", cboTouch, 0, 0, 0},
	{"000000000010 rs1 010 00000 0001111", "cbo.flush (rs1)", cboTouch, 0, 0, 0},
}

// rowsZicboz is zeroing of a cache block.
var rowsZicboz = []isa.Row{
	{"000000000100 rs1 010 00000 0001111", "cbo.zero (rs1)", cboZero, 0, 0, 0},
}

// rowsZicbop is prefetch hints, in the encoding space of ori.
var rowsZicbop = []isa.Row{
	{"imm[11:5] 00000 rs1 110 00000 0010011", "prefetch.i imm(rs1)", hint, 0, 0, 0},
	{"imm[11:5] 00001 rs1 110 00000 0010011", "prefetch.r imm(rs1)", hint, 0, 0, 0},
	{"imm[11:5] 00011 rs1 110 00000 0010011", "prefetch.w imm(rs1)", hint, 0, 0, 0},
}
