package riscv64

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// cboTouch faults as the access of the cache block would.
func cboTouch(b *ir.Block, i isa.Inst) {
	b.Load(ir.M8U, ir.Zero, ir.Val(i.Rs1), 0)
}

// cboZero stores zeros to the naturally aligned block around rs1. A block does
// not cross a page, so the first store faults or none does.
func cboZero(b *ir.Block, i isa.Inst) {
	base := b.Temp()
	b.OpI(ir.OpAnd, ir.I64, base, ir.Val(i.Rs1), -CacheBlock)
	for off := int64(0); off < CacheBlock; off += 8 {
		b.Store(ir.M64, base, off, ir.Zero)
	}
}
