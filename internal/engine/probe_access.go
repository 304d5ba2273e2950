package engine

import (
	"slices"

	"github.com/weir-emu/weir/internal/ir"
)

// wanted reports whether a probe wants to know address and value of an access.
func wanted(probes []Probe, rw uint8) bool {
	return slices.ContainsFunc(probes, func(p Probe) bool { return p.RW&rw != 0 && p.Kind >= ProbeCall })
}

// address returns an operand that holds a+disp whatever happens to dst.
func (x *inserter) address(a ir.Val, disp int64, dst ir.Val) ir.Val {
	if disp == 0 && (a != dst || a == ir.Zero) {
		return a
	}
	t := x.newTemp()
	x.emit(ir.Inst{Op: ir.OpAdd, Dst: t, A: a, B: ir.Imm, Imm: disp})
	return t
}

// keep returns an operand with the value of v that a write of dst does not change.
func (x *inserter) keep(v, dst ir.Val) ir.Val {
	if v != dst || v == ir.Zero {
		return v
	}
	t := x.newTemp()
	x.emit(ir.Inst{Op: ir.OpMov, Dst: t, A: v})
	return t
}

// access emits a memory operation followed by probes.
func (x *inserter) access(op ir.Inst, probes []Probe) {
	switch op.Op {
	case ir.OpLoad, ir.OpLR:
		x.load(op, probes)
	case ir.OpStore:
		kind := sizeOf(ir.Mem(op.Aux)) | ir.AccessStore
		addr := ir.Zero
		if wanted(probes, ProbeWrite) {
			addr = x.address(op.A, op.Imm, ir.Imm)
			op.A, op.Imm = addr, 0
		}
		x.emit(op)
		x.after(probes, kind, addr, op.B, ir.Zero)
	case ir.OpFLoad, ir.OpFStore:
		x.float(op, probes)
	case ir.OpSC:
		a, b, d := x.keep(op.A, op.Dst), x.keep(op.B, op.Dst), x.newTemp()
		dst := op.Dst
		op.A, op.B, op.Dst = a, b, d
		x.emit(op)
		x.move(dst, d)
		x.after(probes, sizeOf(ir.Mem(op.Aux))|ir.AccessStore|ir.AccessAtomic, a, b, d)
	case ir.OpCas:
		x.cas(op, probes)
	case ir.OpCasPair:
		x.casPair(op, probes)
	default:
		if op.Op >= ir.OpAmoSwap && op.Op <= ir.OpAmoMaxU {
			x.amo(op, probes)
			return
		}
		x.emit(op)
	}
}

func (x *inserter) move(dst, v ir.Val) {
	if dst != ir.Zero {
		x.emit(ir.Inst{Op: ir.OpMov, Dst: dst, A: v})
	}
}

// sizeOf is the size and the sign of an access.
func sizeOf(m ir.Mem) ir.Access {
	a := [...]ir.Access{0, 0, 1, 1, 2, 2, 3}[m]
	if m == ir.M8S || m == ir.M16S || m == ir.M32S {
		a |= ir.AccessSigned
	}
	return a
}

func (x *inserter) load(op ir.Inst, probes []Probe) {
	kind := sizeOf(ir.Mem(op.Aux))
	if op.Op == ir.OpLR {
		kind |= ir.AccessAtomic
	}
	addr := ir.Zero
	if wanted(probes, ProbeRead) {
		addr = x.address(op.A, op.Imm, op.Dst)
		op.A, op.Imm = addr, 0
		if op.Dst == ir.Zero {
			op.Dst = x.newTemp()
		}
	}
	x.emit(op)
	x.after(probes, kind, addr, op.Dst, ir.Zero)
}

func (x *inserter) float(op ir.Inst, probes []Probe) {
	kind, rw, v := ir.Access(3), uint8(ProbeRead), op.Dst
	switch op.Ty {
	case ir.F16:
		kind = 1
	case ir.F32:
		kind = 2
	}
	if op.Op == ir.OpFStore {
		kind, rw, v = kind|ir.AccessStore, ProbeWrite, op.B
	}
	addr, value := ir.Zero, ir.Zero
	want := wanted(probes, rw)
	if want {
		addr = x.address(op.A, op.Imm, ir.Imm)
		op.A, op.Imm = addr, 0
	}
	x.emit(op)
	if want {
		value = x.newTemp()
		x.emit(ir.Inst{Op: ir.OpFMovToI, Ty: ir.F64, Dst: value, A: v})
	}
	x.after(probes, kind, addr, value, ir.Zero)
}

// amo reports a read-modify-write as a load and a store.
func (x *inserter) amo(op ir.Inst, probes []Probe) {
	dst, w := op.Dst, ir.Mem(op.Aux)
	op.A, op.B, op.Dst = x.keep(op.A, dst), x.keep(op.B, dst), x.newTemp()
	x.emit(op)
	x.move(dst, op.Dst)
	kind := sizeOf(w) | ir.AccessAtomic
	x.after(probes, kind, op.A, op.Dst, ir.Zero)
	value := op.B
	if wanted(probes, ProbeWrite) && op.Op != ir.OpAmoSwap {
		b := op.B
		if w == ir.M32S {
			b = x.newTemp()
			x.emit(ir.Inst{Op: ir.OpSExt32, Dst: b, A: op.B})
		}
		value = x.newTemp()
		x.emit(ir.Inst{Op: amoOps[op.Op-ir.OpAmoSwap], Dst: value, A: op.Dst, B: b})
	}
	x.after(probes, kind&^ir.AccessSigned|ir.AccessStore, op.A, value, ir.Zero)
}

// amoOps is what the atomic operations do, from OpAmoSwap on.
var amoOps = [...]ir.Op{
	ir.OpMov, ir.OpAdd, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpMinS, ir.OpMaxS, ir.OpMinU, ir.OpMaxU,
}

// cas reports a load, and a store if it stored.
func (x *inserter) cas(op ir.Inst, probes []Probe) {
	dst, w := op.Dst, ir.Mem(op.Aux)
	op.A, op.B, op.C, op.Dst = x.keep(op.A, dst), x.keep(op.B, dst), x.keep(op.C, dst), x.newTemp()
	x.emit(op)
	x.move(dst, op.Dst)
	skip := x.newTemp()
	ty := ir.I64
	if w == ir.M32S {
		ty = ir.I32
	}
	x.emit(ir.Inst{Op: ir.OpXor, Ty: ty, Dst: skip, A: op.Dst, B: op.B})
	kind := sizeOf(w) | ir.AccessAtomic
	x.after(probes, kind, op.A, op.Dst, ir.Zero)
	x.after(probes, kind&^ir.AccessSigned|ir.AccessStore, op.A, op.C, skip)
}

// casPair is cas of 16 bytes.
func (x *inserter) casPair(op ir.Inst, probes []Probe) {
	pair := func(v ir.Val) ir.Val {
		if v == ir.Zero {
			return v
		}
		t := x.newTemp()
		x.newTemp()
		x.emit(ir.Inst{Op: ir.OpMov, Dst: t, A: v})
		x.emit(ir.Inst{Op: ir.OpMov, Dst: t + 1, A: v + 1})
		return t
	}
	second := func(v ir.Val) ir.Val {
		if v == ir.Zero {
			return v
		}
		return v + 1
	}
	dst := op.Dst
	op.A = x.address(op.A, 0, op.A)
	op.B, op.C = pair(op.B), pair(op.C)
	op.Dst = x.newTemp()
	x.newTemp()
	x.emit(op)
	if dst != ir.Zero {
		x.move(dst, op.Dst)
		x.move(dst+1, op.Dst+1)
	}
	skip, t := x.newTemp(), x.newTemp()
	x.emit(ir.Inst{Op: ir.OpXor, Dst: skip, A: op.Dst, B: op.B})
	x.emit(ir.Inst{Op: ir.OpXor, Dst: t, A: op.Dst + 1, B: second(op.B)})
	x.emit(ir.Inst{Op: ir.OpOr, Dst: skip, A: skip, B: t})
	const kind = 4 | ir.AccessAtomic
	x.after(probes, kind, op.A, op.Dst, ir.Zero)
	x.after(probes, kind|ir.AccessStore, op.A, op.C, skip)
}
