package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// fstate is what is known of FP slots in the block.
type fstate struct {
	dirty  uint64 // slots in registers that may hold a NaN that is not canonical yet
	single uint64 // those of dirty that hold a single
	boxed  uint64 // slots known to be NaN-boxed singles
}

func (g *gen) resetFP()                   { g.fstate = fstate{} }
func (g *gen) endTemps()                  {}
func (g *gen) flushFP()                   {}
func (g *gen) coldCanon(c *cold)          {}
func mayBail(i *ir.Inst) bool             { return false }
func (g *gen) canLowerFP(i *ir.Inst) bool { return false }
func (g *gen) lowerFP(i *ir.Inst)         { panic("BUG: amd64: operation " + ir.Ops[i.Op].Name) }

// vat is the home of an FP operand in memory. Temporaries share a 16-byte cell with
// the integer temporary of the same number.
func vat(r int) opn {
	if r < 64 {
		return mem(rbp, cpu.OffV+int32(r)*16-cpu.Bias)
	}
	return mem(rbp, cpu.OffTemps+int32(r-64)*16+8-cpu.Bias)
}

func (g *gen) checkRM() {}
