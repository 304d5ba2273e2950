package engine

import (
	"slices"

	"github.com/weir-emu/weir/internal/ir"
)

// inserter puts probes into the translator's block.
type inserter struct {
	t    *translator
	in   *instrumenter
	out  []ir.Inst
	temp ir.Val // next free temporary of the instruction
	cons ir.Val // temporary for constants, Zero if there is none yet
	pc   uint64
	base uint32
	room int // trace records that there is room for
}

// insert rewrites tr.blk with probes in it; base is the number of the first call site.
func (t *translator) insert(in *instrumenter, probes []Probe, base uint32) {
	slices.SortStableFunc(probes, func(a, b Probe) int { return a.Insn - b.Insn })
	x := inserter{t: t, in: in, out: t.spare[:0], base: base}
	t.sites, t.starts = nil, nil
	old := t.blk.Insts
	for n, k := 0, 0; k < len(old); n++ {
		end := k + 1
		for end < len(old) && old[end].Op != ir.OpInsn {
			end++
		}
		x.begin(old[k:end])
		x.out = append(x.out, old[k])
		var before, after []Probe
		before, probes = split(probes, -1)
		if n == 0 {
			x.emit(ir.Inst{Op: ir.OpProbed})
		}
		mine, rest := split(probes, n)
		probes = rest
		if need := records(mine, old[k:end]); need > 0 {
			if x.room < need {
				// Ask for all that follows, or a good part of it.
				room := need
				for at, m := end, n+1; at < len(old) && room < maxRecords; m++ {
					to := at + 1
					for to < len(old) && old[to].Op != ir.OpInsn {
						to++
					}
					next, more := split(rest, m)
					room += records(next, old[at:to])
					at, rest = to, more
				}
				x.call(ir.Inst{Op: ir.OpTraceRoom, Imm: int64(room) << 32}, func(c *CPU, _ *Access) { in.full(c) })
				x.room = room
			}
			x.room -= need
		}
		x.exec(before)
		for i := range mine {
			if mine[i].RW != 0 {
				after = append(after, mine[i])
			} else {
				x.exec(mine[i : i+1])
			}
		}
		t.starts = append(t.starts, uint16(len(x.out)))
		for _, op := range old[k+1 : end] {
			if len(after) == 0 || !ir.Ops[op.Op].Has(ir.EffRead|ir.EffWrite) || op.Op == ir.OpFence {
				x.emit(op)
			} else {
				x.access(op, after)
			}
		}
		k = end
	}
	t.spare, t.blk.Insts = old, x.out
}

// split returns the leading probes of instruction n, and the others.
func split(p []Probe, n int) (mine, rest []Probe) {
	k := 0
	for k < len(p) && p[k].Insn <= n {
		k++
	}
	return p[:k], p[k:]
}

// records is the number of records that the probes of an instruction can make.
func records(probes []Probe, ops []ir.Inst) (n int) {
	for i := range probes {
		if probes[i].Kind != ProbeTrace {
			continue
		}
		for _, op := range ops {
			e := ir.Ops[op.Op].Eff
			if op.Op == ir.OpFence {
				continue
			}
			if e&ir.EffRead != 0 && probes[i].RW&ProbeRead != 0 {
				n++
			}
			if e&ir.EffWrite != 0 && probes[i].RW&ProbeWrite != 0 {
				n++
			}
		}
	}
	return n
}

// begin notes which temporaries an instruction uses.
func (x *inserter) begin(ops []ir.Inst) {
	x.pc = uint64(ops[0].Imm)
	x.temp, x.cons = ir.TBase, ir.Zero
	for i := range ops {
		for _, v := range [...]ir.Val{ops[i].Dst, ops[i].A, ops[i].B, ops[i].C} {
			if v >= ir.TBase && v < ir.FBase {
				x.temp = max(x.temp, v+2) // it may be the first of a pair
			}
		}
	}
}

func (x *inserter) newTemp() ir.Val { x.temp++; return x.temp - 1 }

func (x *inserter) emit(i ir.Inst) { x.out = append(x.out, i) }

// call emits a call of f with a new number in the low half of the immediate.
func (x *inserter) call(i ir.Inst, f func(*CPU, *Access)) {
	x.room = 0 // the function may run other guest code
	i.Imm |= int64(x.base) + int64(len(x.t.sites))
	s := site{idx: len(x.out), pc: x.pc, call: f, mem: i.Op == ir.OpCallMem}
	if s.mem {
		s.kind = ir.Access(i.Aux)
	}
	x.t.sites = append(x.t.sites, s)
	x.emit(i)
}

// constant returns a temporary that holds v.
func (x *inserter) constant(v uint64) ir.Val {
	if x.cons == ir.Zero {
		x.cons = x.newTemp()
	}
	x.emit(ir.Inst{Op: ir.OpConst, Dst: x.cons, Imm: int64(v)})
	return x.cons
}

// exec emits probes before an instruction.
func (x *inserter) exec(probes []Probe) {
	for i := range probes {
		p := &probes[i]
		switch p.Kind {
		case ProbeAdd, ProbeStore:
			x.count(p, ir.Zero)
		case ProbeCall:
			a := ir.Zero
			if p.If != ir.IfAlways && p.Value != 0 {
				a = x.constant(p.Value)
			}
			x.call(ir.Inst{Op: ir.OpCall, A: a, Aux: uint8(p.If), Imm: int64(p.Off) << 32}, p.Call)
		}
	}
}

// count emits a counter operation that is skipped if skip is not zero.
func (x *inserter) count(p *Probe, skip ir.Val) {
	op, v := ir.OpCount, int64(p.Value)
	if p.Kind == ProbeStore {
		op = ir.OpCountSet
	}
	b := ir.Zero
	if v != int64(int32(v)) {
		b = x.constant(p.Value)
		v = 0
	}
	x.emit(ir.Inst{Op: op, A: skip, B: b, Imm: ir.ProbeImm(uint32(p.Off), int32(v))})
}

// after emits probes for an access that has been made.
func (x *inserter) after(probes []Probe, kind ir.Access, addr, value, skip ir.Val) {
	rw := uint8(ProbeRead)
	if kind&ir.AccessStore != 0 {
		rw = ProbeWrite
	}
	for i := range probes {
		p := &probes[i]
		if p.RW&rw == 0 {
			continue
		}
		switch p.Kind {
		case ProbeAdd, ProbeStore:
			x.count(p, skip)
		case ProbeCall:
			x.call(ir.Inst{Op: ir.OpCallMem, A: addr, B: value, C: skip, Aux: uint8(kind)}, p.Call)
		case ProbeTrace:
			x.emit(ir.Inst{Op: ir.OpTrace, A: addr, B: value, C: skip, Aux: uint8(kind), Imm: int64(p.Trace)})
		}
	}
}
