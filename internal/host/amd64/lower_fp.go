package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

// canLowerFP reports whether there is code for an FP operation.
func (g *gen) canLowerFP(i *ir.Inst) bool {
	if i.Ty == ir.F16 {
		return false
	}
	switch i.Op {
	case ir.OpFLoad, ir.OpFStore, ir.OpFMin, ir.OpFMax, ir.OpFSgn, ir.OpFCmp, ir.OpFConst, ir.OpFMovToI, ir.OpFMovFromI:
		return true
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv, ir.OpFSqrt:
		return g.rmOK(i.Aux)
	case ir.OpFMulAdd:
		return g.feat.fma && g.rmOK(i.Aux)
	case ir.OpFToI:
		signed := ir.IKind(i.Aux2) == ir.KI32 || ir.IKind(i.Aux2) == ir.KI64
		return i.Aux == ir.RTZ || g.rmOK(i.Aux) || signed && g.feat.sse41 && (i.Aux == ir.RDN || i.Aux == ir.RUP)
	case ir.OpIToF:
		return i.Ty == ir.F64 && ir.IKind(i.Aux2) <= ir.KU32 || g.rmOK(i.Aux)
	case ir.OpFCvt:
		switch {
		case i.Ty == ir.F64 && ir.Type(i.Aux2) == ir.F32:
			return true
		case i.Ty == ir.F32 && ir.Type(i.Aux2) == ir.F64:
			return g.rmOK(i.Aux)
		}
		return false
	case ir.OpFRound:
		return g.feat.sse41 && (i.Aux <= ir.RUP || g.rmOK(i.Aux))
	}
	return false
}

// rmOK reports whether the host's control word rounds as rm demands.
func (g *gen) rmOK(rm uint8) bool {
	switch rm {
	case ir.RMDyn:
		return g.mode&host.ModeRMM == 0
	case ir.RNE:
		return g.mode&host.ModeDirected == 0
	}
	return false
}

// mayBail reports whether the code of i may leave to the interpreter, which must find
// the state from before the guest instruction.
func mayBail(i *ir.Inst) bool {
	switch i.Op {
	case ir.OpFMin, ir.OpFMax, ir.OpFToI, ir.OpIToF, ir.OpFCvt:
		return true
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv, ir.OpFSqrt, ir.OpFMulAdd, ir.OpFSgn, ir.OpFCmp, ir.OpFRound:
		return i.Ty == ir.F32
	}
	return false
}

// scalar is op for type ty.
func scalar(op opc, ty ir.Type) opc {
	if ty == ir.F32 {
		return sgl(op)
	}
	return op
}

func (g *gen) lowerFP(i *ir.Inst) {
	switch i.Op {
	case ir.OpFLoad:
		g.fload(i)
	case ir.OpFStore:
		g.fstore(i)
	case ir.OpFAdd:
		g.farith(i, oADDSD, true)
	case ir.OpFSub:
		g.farith(i, oSUBSD, false)
	case ir.OpFMul:
		g.farith(i, oMULSD, true)
	case ir.OpFDiv:
		g.farith(i, oDIVSD, false)
	case ir.OpFSqrt:
		rd, a := fx(i.Dst), fx(i.A)
		g.needBoxed(a, i.Ty)
		x := g.fget(a, xmm14)
		d := g.fdst(rd)
		if !g.feat.avx {
			g.fmov(d, x) // keeps the boxing
		}
		g.fop(scalar(oSQRTSD, i.Ty), d, x, reg(x), false)
		g.fdirty(rd, d, i.Ty, a)
	case ir.OpFMulAdd:
		g.fma(i)
	case ir.OpFMin, ir.OpFMax:
		g.fminmax(i)
	case ir.OpFSgn:
		g.fsgn(i)
	case ir.OpFCmp:
		g.fcmp(i)
	case ir.OpFToI:
		g.ftoi(i)
	case ir.OpIToF:
		g.itof(i)
	case ir.OpFCvt:
		g.fcvt(i)
	case ir.OpFRound:
		g.fround(i)
	case ir.OpFConst:
		d := g.fdst(fx(i.Dst))
		switch {
		case i.Imm == 0:
			g.fop(oXORPS, d, d, reg(d), false)
		case i.Imm == nan64:
			g.fins(oMOVSDld, false, d, ripAt(g.stubs.nan64))
		default:
			t := g.scratch()
			g.movi(t, i.Imm)
			g.fins(oMOVQ, true, d, reg(t))
		}
		g.fdone(fx(i.Dst), d, uint64(i.Imm)>>32 == 0xffffffff)
	case ir.OpFMovToI:
		g.fmovToI(i)
	case ir.OpFMovFromI:
		g.fmovFromI(i)
	default:
		panic("BUG: amd64: no code for " + ir.Ops[i.Op].Name)
	}
}

func (g *gen) fload(i *ir.Inst) {
	rd := fx(i.Dst)
	o := g.addr(ix(i.A), i.Imm)
	d := g.fdst(rd)
	g.fault()
	if i.Ty == ir.F64 {
		g.fins(oMOVSDld, false, d, o)
		g.fdone(rd, d, false)
		return
	}
	g.fins(oMOVSSld, false, d, o)
	g.fop(oORPS, d, d, ripAt(g.stubs.box), false)
	g.fdone(rd, d, true)
}

func (g *gen) fstore(i *ir.Inst) {
	b := fx(i.B)
	g.clean(b)
	o := g.addr(ix(i.A), i.Imm)
	x := g.fget(b, xmm15)
	op := oMOVSDst
	if i.Ty == ir.F32 {
		op = oMOVSSst
	}
	g.fault()
	g.fins(op, false, x, o)
}

func (g *gen) farith(i *ir.Inst, op opc, comm bool) {
	rd, a, b := fx(i.Dst), fx(i.A), fx(i.B)
	g.needBoxed(a, i.Ty)
	g.needBoxed(b, i.Ty)
	x := g.fget(a, xmm14)
	d := g.fdst(rd)
	o := g.frm(b)
	g.fop(scalar(op, i.Ty), d, x, o, comm)
	g.fdirty(rd, d, i.Ty, a, b)
}

// fma tests its result at once: RISC-V wants NV for infinity times zero plus a quiet NaN,
// which the host does not raise. In the cold path the product alone tells, so one
// factor is kept if the destination overwrites it. As compensation the result is known to
// be clean.
func (g *gen) fma(i *ir.Inst) {
	rd, a, b, c := fx(i.Dst), fx(i.A), fx(i.B), fx(i.C)
	for _, r := range [3]int{a, b, c} {
		g.needBoxed(r, i.Ty)
	}
	op := oFMADD132 + 0x20 // 231: d = x*y + d
	switch i.Aux2 & 3 {
	case 1: // -(a*b) + c
		op += 4
	case 2: // a*b - c
		op += 2
	case 3:
		op += 6
	}
	w := i.Ty == ir.F64
	d, h := g.fdst(rd), g.vhome[rd]
	if h >= 0 && h == g.vhome[b] {
		a, b = b, a
	}
	cold := cold{kind: coldFMA, flag: !w, dst: int8(d)}
	if h >= 0 && h == g.vhome[a] {
		g.fmov(xmm15, d)
		y := g.fget(b, xmm14)
		o := g.frm(c)
		if !o.mem && int(o.r) == d {
			o = reg(xmm15)
		}
		g.vex(op-0x10, w, d, y, o) // 213: d = y*d + c
		cold.reg, cold.o = xmm15, reg(y)
		if y == d {
			cold.o = reg(xmm15)
		}
	} else {
		x := g.fget(c, d)
		g.fmov(d, x)
		y := g.fget(a, xmm14)
		cold.reg, cold.o = int8(y), g.frm(b)
		g.vex(op, w, d, y, cold.o)
	}
	g.fins(scalar(oUCOMISD, i.Ty), false, d, reg(d))
	cold.site = g.jcc(ccP)
	cold.back = g.p
	var mask uint16
	for _, r := range [3]int{a, b, c} {
		if h := g.vhome[r]; h >= 0 && g.dirty>>r&1 != 0 && (g.single>>r&1 != 0) != w {
			mask |= 1<<h | g.cover[h]
		}
	}
	mask &^= 1 << d
	cold.dirty = uint64(mask)
	g.cold = append(g.cold, cold)
	g.fdone(rd, d, !w)
	g.markClean(mask)
}

func (g *gen) coldFMA(c *cold) {
	g.here(c.site)
	t := xmm15
	if int(c.dst) == t {
		t = xmm14
	}
	mul, ucomi := oMULSD, oUCOMISD
	if c.flag {
		mul, ucomi = sgl(mul), sgl(ucomi)
	}
	// Whatever else the product raises is taken back.
	g.ins(oGrp15, false, 3, saveT)
	g.vex(mul, false, t, int(c.reg), c.o)
	g.fins(ucomi, false, t, reg(t))
	j := g.jcc8(ccP)
	g.ins(oGrp15, false, 2, saveT)
	g.here8(j)
	c.dirty |= 1 << c.dst
	g.canonEach(c)
}

// fminmax: the host's instructions differ for zeros and NaNs. Equal operands go to a cold
// path, NaNs to the interpreter.
func (g *gen) fminmax(i *ir.Inst) {
	rd, a, b := fx(i.Dst), fx(i.A), fx(i.B)
	g.needBoxed(a, i.Ty)
	g.needBoxed(b, i.Ty)
	x := g.fget(a, xmm14)
	o := g.frm(b)
	if o.mem {
		g.fins(oMOVSDld, false, xmm15, o)
		o = reg(xmm15)
	}
	op, ucomi := oMINSD, oUCOMISD
	if i.Op == ir.OpFMax {
		op = oMAXSD
	}
	if i.Ty == ir.F32 {
		ucomi = oUCOMISS
	}
	g.fins(ucomi, false, x, o)
	c := g.snapshot(coldMinMax)
	c.site = g.jcc(ccE)
	d := g.fdst(rd)
	if d != x && d == int(o.r) && !g.feat.avx {
		// Without NaNs and equality the order of operands does not matter.
		g.ins(scalar(op, i.Ty), false, d, reg(x))
	} else {
		g.fop(scalar(op, i.Ty), d, x, o, true)
	}
	c.back = g.p
	c.reg, c.reg2, c.dst, c.flag = int8(x), o.r, int8(d), i.Op == ir.OpFMax
	g.cold = append(g.cold, c)
	g.fdone(rd, d, i.Ty == ir.F32)
}

func (g *gen) coldMinMax(c *cold) {
	g.here(c.site)
	j := g.jcc8(ccP)
	// Equal numbers are the same but for the sign of zero.
	op := oORPS
	if c.flag {
		op = oANDPS
	}
	g.fop(op, int(c.dst), int(c.reg), reg(int(c.reg2)), true)
	g.jmpTo(c.back)
	g.here8(j)
	g.restore(c)
	g.exitPC(c.pc, cpu.ExitInterp)
}

func (g *gen) fsgn(i *ir.Inst) {
	rd, a, b := fx(i.Dst), fx(i.A), fx(i.B)
	g.needBoxed(a, i.Ty)
	g.needBoxed(b, i.Ty)
	sign, abs := g.stubs.sign64, g.stubs.abs64
	if i.Ty == ir.F32 {
		sign, abs = g.stubs.sign32, g.stubs.abs32
	}
	box := g.isBoxed(a)
	d := g.fdst(rd)
	if a == b && i.Aux2 == 0 { // a move
		x := g.fget(a, d)
		if a < 64 && g.dirty>>a&1 != 0 {
			ty := ir.F64
			if g.single>>a&1 != 0 {
				ty = ir.F32
			}
			if g.vhome[rd] >= 0 {
				g.fmov(d, x)
				if rd != a {
					g.fdirty(rd, d, ty, a)
					if !box {
						g.boxed[0] &^= 1 << rd
					}
				}
				return
			}
			g.clean(a)
		}
		g.fmov(d, x)
		if rd != a {
			g.fdone(rd, d, box)
		}
		return
	}
	g.clean(a)
	g.clean(b)
	x := g.fget(a, xmm14)
	switch {
	case a == b && i.Aux2 == 1:
		g.fop(oXORPS, d, x, ripAt(sign), false)
	case a == b:
		g.fop(oANDPS, d, x, ripAt(abs), false)
	default:
		y := g.fget(b, xmm15)
		switch i.Aux2 {
		case 0, 2:
			g.fop(oANDPS, xmm15, y, ripAt(sign), false)
		default: // ^b & sign
			if y != xmm15 {
				g.fmov(xmm15, y)
			}
			g.fop(oANDNPS, xmm15, xmm15, ripAt(sign), false)
		}
		if i.Aux2 == 2 {
			g.fop(oXORPS, xmm15, xmm15, reg(x), true)
		} else {
			g.fop(oANDPS, xmm14, x, ripAt(abs), false)
			g.fop(oORPS, xmm15, xmm15, reg(xmm14), true)
		}
		g.fmov(d, xmm15)
	}
	g.fdone(rd, d, i.Ty == ir.F32)
}

func (g *gen) fcmp(i *ir.Inst) {
	rd, a, b := ix(i.Dst), fx(i.A), fx(i.B)
	g.needBoxed(a, i.Ty)
	g.needBoxed(b, i.Ty)
	f := ir.FCond(i.Aux)
	quiet := g.n == g.quietCmp
	if f == ir.FEq && quiet {
		d := g.intDst(rd)
		g.quiet(scalar(oUCOMISD, i.Ty), g.fget(a, xmm14), g.frm(b), true)
		g.setcc(ccE, d)
		g.ins(oMOVZX8, false, d, reg(d))
		g.intDone(rd, d, resPos)
		return
	}
	if f == ir.FEq {
		x := g.fget(a, xmm14)
		op := scalar(oCMPSD, i.Ty)
		o := g.frm(b)
		if g.feat.avx {
			g.vexT(op, false, xmm15, x, o, 1)
		} else {
			g.fmov(xmm15, x)
			g.insT(op, false, xmm15, o, 1)
		}
		g.b1(0) // equal, quiet
		d := g.intDst(rd)
		g.fins(oMOVQst, false, xmm15, reg(d))
		g.aluI(aAND, false, reg(d), 1)
		g.intDone(rd, d, resPos)
		return
	}
	op := scalar(oCOMISD, i.Ty)
	c := ccA
	switch f {
	case ir.FLe:
		c = ccAE
	case ir.FLtQ:
		op = scalar(oUCOMISD, i.Ty)
	case ir.FLeQ:
		op, c = scalar(oUCOMISD, i.Ty), ccAE
	}
	d := g.intDst(rd)
	// b > a: false if unordered.
	y := g.fget(b, xmm14)
	if quiet {
		g.quiet(scalar(oUCOMISD, i.Ty), y, g.frm(a), false)
	} else {
		g.fins(op, false, y, g.frm(a))
	}
	g.setcc(c, d)
	g.ins(oMOVZX8, false, d, reg(d))
	g.intDone(rd, d, resPos)
}

// intDst is the integer register for the result of an operation without integer operands.
func (g *gen) intDst(rd int) int {
	if rd == 0 {
		return g.scratch()
	}
	g.kill(rd)
	return g.target(rd, opn{mem: true})
}

func (g *gen) intDone(rd, d, res int) {
	if rd != 0 {
		g.done(rd, d, res)
	}
}

func (g *gen) checkRM() {
	if g.mode&host.ModeRMM == 0 {
		return // the mode is known to be valid
	}
	g.flushAll()
	g.aluI(aCMP, false, off(cpu.OffFRM), ir.RMM)
	g.cold = append(g.cold, cold{kind: coldExit, exit: cpu.ExitIllegal, pc: g.pc, site: g.jcc(ccA)})
}
