package engine

import (
	"math"
	"slices"

	"github.com/weir-emu/weir/internal/ir"
)

// hoistable reports whether an operation is an addition that may be done together with others
// of the same word, earlier than where it stands.
func hoistable(i *ir.Inst) bool {
	const most = math.MaxInt32 / (4 * maxInsns)
	return i.Op == ir.OpCount && i.A == ir.Zero && i.B == ir.Zero && i.High() <= most && i.High() >= -most
}

// barrier reports whether what was counted before an operation can be seen by it, or by whom it calls.
func barrier(op ir.Op) bool {
	return op == ir.OpCall || op == ir.OpCallMem || op == ir.OpTraceRoom || op == ir.OpCountSet
}

// hoist returns tr.blk for the code generator: between two barriers the additions to a word are made
// once, at the first place. Who leaves the block before its end takes back what was counted too early:
// see CPU.uncount.
func (t *translator) hoist() *ir.Block {
	in := t.blk.Insts
	out := t.jit.Insts[:0]
	type sum struct {
		off uint32
		n   int
	}
	var sums []sum
	place := 0 // where the sums of the segment go
	flush := func() {
		if len(sums) == 0 {
			return
		}
		ops := make([]ir.Inst, 0, len(sums))
		for _, s := range sums {
			ops = append(ops, ir.Inst{Op: ir.OpCount, Imm: ir.ProbeImm(s.off, int32(s.n))})
		}
		out = slices.Insert(out, place, ops...)
		sums = sums[:0]
	}
	for k := range in {
		i := &in[k]
		if hoistable(i) && len(sums) < 4*maxInsns {
			n := slices.IndexFunc(sums, func(s sum) bool { return s.off == i.Low() })
			if n < 0 {
				sums = append(sums, sum{i.Low(), 0})
				n = len(sums) - 1
			}
			sums[n].n += int(i.High())
			continue
		}
		if barrier(i.Op) {
			flush()
		}
		out = append(out, *i)
		if barrier(i.Op) || i.Op == ir.OpPoll {
			place = len(out)
		}
	}
	flush()
	t.jit = t.blk
	t.jit.Insts = out
	return &t.jit
}

// uncount takes back the additions of block b, from operation n on, that hoist has put in front.
func (c *CPU) uncount(b *block, n int) {
	for ; n < len(b.ir.Insts); n++ {
		i := &b.ir.Insts[n]
		if barrier(i.Op) {
			return
		}
		if hoistable(i) {
			c.ev.Words[i.Low()/8] -= uint64(int64(i.High()))
		}
	}
}
