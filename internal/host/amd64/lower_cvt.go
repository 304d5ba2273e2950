package amd64

import (
	"math"

	"github.com/weir-emu/weir/internal/ir"
)

// ftoi converts to an integer. Signed kinds use the host's instruction, whose
// result for what does not fit is mended in a cold path; unsigned ones take their range from an
// integer comparison of the bits and leave the rest to the interpreter.
func (g *gen) ftoi(i *ir.Inst) {
	rd, a, kind := ix(i.Dst), fx(i.A), ir.IKind(i.Aux2)
	g.needBoxed(a, i.Ty)
	op := scalar(oCVTSD2SI, i.Ty)
	if i.Aux == ir.RTZ {
		op = scalar(oCVTTSD2SI, i.Ty)
	}
	w := kind != ir.KI32
	if kind == ir.KU32 || kind == ir.KU64 {
		g.boundU(a, i.Ty, kind, i.Aux == ir.RTZ)
	}
	x := g.fget(a, xmm14)
	d := g.intDst(rd)
	if i.Aux == ir.RDN || i.Aux == ir.RUP {
		// floor and ceil. Inexact counts only if the result fits, and that turns out only
		// after the conversion; what does not fit is left to the interpreter.
		imm := byte(i.Aux - ir.RDN + 1)
		if d != rax {
			g.take(rax)
		}
		g.round(i.Ty, xmm15, x, imm|8)
		g.fins(scalar(oCVTTSD2SI, i.Ty), w, rax, reg(xmm15))
		g.aluI(aCMP, w, reg(rax), 1)
		g.bail(ccO)
		g.round(i.Ty, xmm15, x, imm)
		g.ins(oMOV, w, d, reg(rax))
		if w {
			g.intDone(rd, d, resFull)
		} else {
			g.intDone(rd, d, resSx)
		}
		return
	}
	g.fins(op, w, d, reg(x))
	switch kind {
	case ir.KU64:
		g.intDone(rd, d, resFull)
		return
	case ir.KU32:
		g.intDone(rd, d, resSx)
		return
	}
	g.aluI(aCMP, w, reg(d), 1)
	c := cold{kind: coldFToI, site: g.jcc(ccO), wide: w, flag: i.Ty == ir.F32, reg: int8(x), dst: int8(d)}
	c.back = g.p
	g.cold = append(g.cold, c)
	if w {
		g.intDone(rd, d, resFull)
	} else {
		g.intDone(rd, d, resSx)
	}
}

// boundU bails out unless 0 <= a < 2^32 or 2^63. A number that only rounds to the limit
// is outside.
func (g *gen) boundU(a int, ty ir.Type, kind ir.IKind, trunc bool) {
	limit := uint64(math.Float64bits(1 << 63))
	if kind == ir.KU32 {
		limit = math.Float64bits(1 << 32)
		if !trunc {
			limit = math.Float64bits(1<<32 - 1)
		}
	}
	x := g.fget(a, xmm14)
	t := g.scratch()
	if ty == ir.F32 {
		l := math.Float32bits(1 << 63)
		if kind == ir.KU32 {
			l = math.Float32bits(1 << 32)
		}
		g.fins(oMOVQst, false, x, reg(t))
		g.aluI(aCMP, false, reg(t), int32(l))
	} else {
		g.fins(oMOVQst, true, x, reg(t))
		l := g.scratch()
		g.movi(l, int64(limit))
		g.alu(aCMP, true, t, reg(l))
	}
	g.bail(ccAE)
	g.inUse = 0
}

// coldFToI: the result is the smallest integer. Right if the number is negative; for a
// large one or a NaN it is the greatest.
func (g *gen) coldFToI(c *cold) {
	g.here(c.site)
	d := int(c.dst)
	op := oUCOMISD
	if c.flag {
		op = oUCOMISS
	}
	g.fop(oXORPS, xmm15, xmm15, reg(xmm15), false)
	g.fins(op, false, xmm15, reg(int(c.reg)))
	g.jccTo(ccAE, c.back) // 0 >= x
	if c.wide {
		g.movi(d, math.MaxInt64)
	} else {
		g.movi(d, math.MaxInt32)
	}
	g.jmpTo(c.back)
}

func (g *gen) itof(i *ir.Inst) {
	rd, a, kind := fx(i.Dst), ix(i.A), ir.IKind(i.Aux2)
	w := kind == ir.KI64 || kind == ir.KU64
	g.prep(a, w)
	var o opn
	switch kind {
	case ir.KU32:
		t := g.scratchFor(a)
		g.copyTo(t, a, false)
		o, w = reg(t), true
	case ir.KU64:
		h := g.reg(a)
		g.ins(oTEST, true, h, reg(h))
		g.bail(ccS)
		o = reg(h)
	default:
		o = g.rm(a)
	}
	d := g.fdst(rd)
	op := scalar(oCVTSI2SD, i.Ty)
	v := d
	if i.Ty == ir.F32 {
		g.fins(oMOVSDld, false, d, ripAt(g.stubs.box))
	} else {
		g.fop(oXORPS, d, d, reg(d), false) // the rest of the register would be an input
	}
	if g.feat.avx {
		g.vex(op, w, d, v, o)
	} else {
		g.ins(op, w, d, o)
	}
	g.fdone(rd, d, i.Ty == ir.F32)
}

// scratchFor takes a scratch register to copy prepared operand a to: its own if it is
// in one that nobody needs any more.
func (g *gen) scratchFor(a int) int {
	if h := g.regOf(a); h >= 0 && isScratch(h) {
		g.inUse |= 1 << h
		t := g.scratch()
		g.inUse &^= 1 << h
		return t
	}
	return g.scratch()
}

func (g *gen) fcvt(i *ir.Inst) {
	rd, a := fx(i.Dst), fx(i.A)
	d := g.fdst(rd)
	if i.Ty == ir.F64 {
		g.needBoxed(a, ir.F32)
		x := g.fget(a, xmm14)
		if g.feat.avx {
			g.vex(oCVTSS2SD, false, d, x, reg(x))
		} else {
			g.ins(oCVTSS2SD, false, d, reg(x))
		}
		g.fdirty(rd, d, ir.F64)
		return
	}
	x := g.fget(a, xmm14)
	g.fins(oMOVSDld, false, xmm15, ripAt(g.stubs.box))
	if g.feat.avx {
		g.vex(oCVTSD2SS, false, d, xmm15, reg(x))
	} else {
		g.ins(oCVTSD2SS, false, xmm15, reg(x))
		g.fmov(d, xmm15)
	}
	g.fdirty(rd, d, ir.F32)
}

func (g *gen) fround(i *ir.Inst) {
	rd, a := fx(i.Dst), fx(i.A)
	g.needBoxed(a, i.Ty)
	x := g.fget(a, xmm14)
	d := g.fdst(rd)
	var imm byte
	switch i.Aux {
	case ir.RTZ:
		imm = 3
	case ir.RDN:
		imm = 1
	case ir.RUP:
		imm = 2
	case ir.RMDyn:
		imm = 4
	}
	if i.Aux2&1 == 0 {
		imm |= 8 // inexact is not raised
	}
	g.round(i.Ty, d, x, imm)
	g.fdirty(rd, d, i.Ty, a)
}

// round emits d = x rounded to an integral value as imm says.
func (g *gen) round(ty ir.Type, d, x int, imm byte) {
	op := scalar(oROUNDSD, ty)
	if g.feat.avx {
		g.vexT(op, false, d, x, reg(x), 1)
	} else {
		g.fmov(d, x)
		g.insT(op, false, d, reg(x), 1)
	}
	g.b1(imm)
}

func (g *gen) fmovToI(i *ir.Inst) {
	rd, a := ix(i.Dst), fx(i.A)
	if rd == 0 {
		return
	}
	g.clean(a)
	o := g.frm(a)
	d := g.intDst(rd)
	w := i.Ty == ir.F64
	if o.mem {
		g.ins(oMOV, w, d, o)
	} else {
		g.fins(oMOVQst, w, int(o.r), reg(d))
	}
	if w {
		g.done(rd, d, resFull)
	} else {
		g.done(rd, d, resSx)
	}
}

func (g *gen) fmovFromI(i *ir.Inst) {
	rd, a := fx(i.Dst), ix(i.A)
	d := g.fdst(rd)
	if c, ok := g.isConst(a); ok && c == 0 && i.Ty == ir.F64 {
		g.fop(oXORPS, d, d, reg(d), false)
		g.fdone(rd, d, false)
		return
	}
	w := i.Ty == ir.F64
	g.prep(a, w)
	g.fins(oMOVQ, w, d, g.rm(a))
	if !w {
		g.fop(oORPS, d, d, ripAt(g.stubs.box), false)
	}
	g.fdone(rd, d, !w)
}
