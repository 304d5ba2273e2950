package engine

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// For the code generator a block's probes are made cheaper. Its operations are cut in segments by barriers: within
// one, what is added to a counter is added at once at the start, and so is room for all trace records taken. Who
// leaves the block before its end takes back what was done too early: see CPU.undo.
//
// And the first counters that are used have a word in State.Sums, to which code adds; when code is left, the
// CPU adds it to the counter's word proper.

// barrier reports whether what was counted and recorded before an operation can be seen by it, or by whom it calls.
func barrier(op ir.Op) bool {
	return op == ir.OpCall || op == ir.OpCallMem || op == ir.OpTraceRoom || op == ir.OpCountSet
}

// segmentEnd returns the end of the segment that operation n is in: the index of the next barrier.
func segmentEnd(in []ir.Inst, n int) int {
	for n < len(in) && !barrier(in[n].Op) {
		n++
	}
	return n
}

// segmentStart returns the start of the segment that operation n is in, or that ends there.
func segmentStart(in []ir.Inst, n int) int {
	for n > 0 && !barrier(in[n-1].Op) {
		n--
	}
	return n
}

// hoistable reports whether an operation is an addition that may be done together with others
// of the same word, earlier than where it stands.
func hoistable(i *ir.Inst) bool {
	const most = math.MaxInt32 / (4 * maxInsns)
	return i.Op == ir.OpCount && i.A == ir.Zero && i.B == ir.Zero && i.High() <= most && i.High() >= -most
}

// takeable returns the number of records of a segment if they can be taken at once, else 0.
func takeable(seg []ir.Inst) (n int) {
	for k := range seg {
		if seg[k].Op == ir.OpTrace {
			if seg[k].C != ir.Zero {
				return 0
			}
			n++
		}
	}
	return n
}

// hoist returns tr.blk for the code generator.
func (t *translator) hoist() *ir.Block {
	in := t.blk.Insts
	out := t.jit.Insts[:0]
	for at := 0; at < len(in); {
		end := segmentEnd(in, at)
		if at == 0 {
			out = append(out, in[0], in[1]) // the first instruction, the mark
			at = 2
		}
		out = t.hoistSegment(out, in[at:end])
		for at = end; at < len(in) && barrier(in[at].Op); at++ {
			i := in[at]
			switch {
			case i.Op == ir.OpCountSet:
				out = t.home(out, i.Low())
			case i.Op == ir.OpCall && ir.If(i.Aux) != ir.IfAlways:
				out = t.home(out, uint32(i.High()))
			}
			out = append(out, i)
		}
	}
	t.jit = t.blk
	t.jit.Insts = out
	return &t.jit
}

// hoistSegment appends a segment to out.
func (t *translator) hoistSegment(out, seg []ir.Inst) []ir.Inst {
	records := takeable(seg)
	if records > 0 {
		out = append(out, ir.Inst{Op: ir.OpTraceTake, Imm: ir.ProbeImm(0, int32(records))})
	}
	first := len(out) // of the additions
	n := 0
	for k := range seg {
		i := seg[k]
		if i.Op == ir.OpCount {
			i.Imm = ir.ProbeImm(t.sum(i.Low()), i.High())
		}
		if !hoistable(&i) {
			continue
		}
		have := slices.IndexFunc(out[first:], func(o ir.Inst) bool { return o.Low() == i.Low() })
		if have < 0 {
			out = append(out, i)
			n++
			continue
		}
		o := &out[first+have]
		o.Imm = ir.ProbeImm(o.Low(), o.High()+i.High())
	}
	for k := range seg {
		i := seg[k]
		switch {
		case i.Op == ir.OpCount:
			if hoistable(&i) {
				continue
			}
			i.Imm = ir.ProbeImm(t.sum(i.Low()), i.High())
		case i.Op == ir.OpTrace && records > 0:
			i.Imm = ir.ProbeImm(i.Low(), int32(records))
			records--
		}
		out = append(out, i)
	}
	return out
}

// home appends what makes the counter at off complete, for an operation that looks at it.
func (t *translator) home(out []ir.Inst, off uint32) []ir.Inst {
	if n := t.sum(off); n&ir.InSums != 0 {
		out = append(out, ir.Inst{Op: ir.OpCountHome, Imm: ir.ProbeImm(off, int32(n&^ir.InSums))})
	}
	return out
}

// sum returns what OpCount has as Low for the counter at off: where it is in State.Sums if it is one of
// the first that were asked for, else off.
func (t *translator) sum(off uint32) uint32 {
	var list []uint32
	if p := t.sums.Load(); p != nil {
		list = *p
	}
	n := slices.Index(list, off)
	if n < 0 {
		if n = len(list); n == cpu.NumSums {
			return off
		}
		list = append(slices.Clone(list), off)
		t.sums.Store(&list)
	}
	return uint32(n) | ir.InSums
}

// undo takes back what generated code has done too early of operations n and later of block b. The State's sums are at home.
func (c *CPU) undo(b *block, n int) {
	in := b.ir.Insts
	end := segmentEnd(in, n)
	records := takeable(in[segmentStart(in, n):end]) > 0
	for ; n < end; n++ {
		i := &in[n]
		switch {
		case hoistable(i):
			c.ev.Words[i.Low()/8] -= uint64(int64(i.High()))
		case i.Op == ir.OpTrace && records:
			c.s.TracePos -= eval.RecordWords * 8
		}
	}
}

// bringHome adds State.Sums to the counters' own words. It follows each run of generated code.
func (c *CPU) bringHome() {
	list := c.e.tr.sums.Load()
	if list == nil {
		return
	}
	for n, off := range *list {
		if v := c.s.Sums[n]; v != 0 {
			c.ev.Words[off/8] += v
			c.s.Sums[n] = 0
		}
	}
}

// Settle makes the CPU's slot memory tell all that has been counted: if it is in generated code it is made to leave that for
// a moment. It may be called from any goroutine, with no lock held that a Probe's Call or Memory takes.
func (c *CPU) Settle() {
	if c.running.Load()&cpuIn == 0 || c.e.tr.sums.Load() == nil {
		return
	}
	for atomic.StoreUint32(&c.s.Kick, 1); c.running.Load()&cpuIn != 0 && atomic.LoadUint32(&c.s.Kick) != 0; {
		time.Sleep(20 * time.Microsecond)
	}
}
