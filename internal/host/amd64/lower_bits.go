package amd64

import "github.com/weir-emu/weir/internal/ir"

// not2 is a op ^b or ^(a ^ b).
func (g *gen) not2(i *ir.Inst, rd, a int) {
	w := i.Ty == ir.I64
	b := g.srcB(i)
	if b.isC {
		b.c = ^b.c
		n := aAND
		switch i.Op {
		case ir.OpOrNot:
			n = aOR
		case ir.OpXorNot:
			n = aXOR
		}
		g.logic(n, rd, a, b, i.Ty)
		return
	}
	g.kill(rd)
	g.prep(a, w)
	g.prepB(b, w)
	if i.Op == ir.OpAndNot && g.feat.bmi1 {
		hb := g.reg(b.r)
		oa := g.rm(a)
		d := g.target(rd, oa)
		g.vex(oANDN, w, d, hb, oa)
		g.done(rd, d, resOf(i.Ty))
		return
	}
	// Work on a copy of b in RCX, which needs no other operand there.
	g.take(rcx)
	g.copyTo(rcx, b.r, w)
	g.ins(oGrp3, w, 2, reg(rcx))
	oa := g.rm(a)
	n := aAND
	switch i.Op {
	case ir.OpOrNot:
		n = aOR
	case ir.OpXorNot:
		n = aXOR
	}
	g.alu(n, w, rcx, oa)
	d := int(g.home[rd])
	if d < 0 {
		d = rcx
	}
	g.ins(oMOV, w, d, reg(rcx))
	g.done(rd, d, resOf(i.Ty))
}

func (g *gen) bit(op ir.Op, rd, a int, b src) {
	g.kill(rd)
	g.prep(a, true)
	g.prepB(b, false)
	if op == ir.OpBitTest {
		if b.isC {
			oa := g.rm(a)
			d := g.target(rd, oa)
			k := int(b.c & 63)
			g.movTo(d, oa, true)
			g.shI(sSHR, true, reg(d), k)
			g.aluI(aAND, false, reg(d), 1)
			g.done(rd, d, resPos)
			return
		}
		// bt with a memory operand would address beyond the word: use a register.
		ha := g.reg(a)
		hb := g.reg(b.r)
		d := g.target(rd, reg(ha))
		g.ins(oBT, true, hb, reg(ha))
		g.setcc(ccB, d)
		g.ins(oMOVZX8, false, d, reg(d))
		g.done(rd, d, resPos)
		return
	}
	x, n := oBTS, 5
	switch op {
	case ir.OpBitClr:
		x, n = oBTR, 6
	case ir.OpBitInv:
		x, n = oBTC, 7
	}
	if b.isC {
		oa := g.rm(a)
		d := g.target(rd, oa)
		g.movTo(d, oa, true)
		g.insT(oBTi, true, n, reg(d), 1)
		g.b1(byte(b.c & 63))
		g.done(rd, d, resFull)
		return
	}
	hb := g.reg(b.r)
	oa := g.rm(a)
	h := int(g.home[rd])
	if h == hb && (oa.mem || int(oa.r) != h) {
		s := g.scratch()
		g.movTo(s, oa, true)
		g.ins(x, true, hb, reg(s))
		g.mov(h, s)
		g.done(rd, h, resFull)
		return
	}
	d := g.target(rd, oa)
	if d == hb && (oa.mem || int(oa.r) != d) {
		panic("BUG: amd64: bit operation overwrites its count")
	}
	g.movTo(d, oa, true)
	g.ins(x, true, hb, reg(d))
	g.done(rd, d, resFull)
}

// czero is rd = (b take 0) ? a : 0.
func (g *gen) czero(take cc, rd, a int, b src) {
	g.kill(rd)
	if b.isC {
		if (b.c == 0) == (take == ccE) {
			g.copyOf(rd, a)
		} else {
			g.pendConst(rd, 0)
		}
		return
	}
	g.prep(a, true)
	g.prepB(b, true)
	// RAX is the result; what it held is written back first.
	g.take(rax)
	g.copyTo(rax, a, true)
	ob := g.rm(b.r)
	if ob.mem {
		g.aluI(aCMP, true, ob, 0)
	} else {
		g.ins(oTEST, true, int(ob.r), ob)
	}
	g.cmov(take^1, true, rax, at(0)) // slot 0 holds zero
	g.fixedDst(rd, resFull, true)
}

// sel is rd = a != 0 ? b : c.
func (g *gen) sel(rd, a int, b src, c int) {
	g.kill(rd)
	g.prep(a, true)
	g.prepB(b, true)
	g.prep(c, true)
	g.take(rax)
	g.take(rcx)
	g.inUse = 1 << rax
	g.copyTo(rax, c, true)
	if k, ok := g.isConst(a); ok {
		if k != 0 {
			g.movTo(rax, g.rmB(b, true), true)
		}
		g.fixedDst(rd, resFull, true)
		return
	}
	ob := g.rmB(b, true)
	oa := g.rm(a)
	if oa.mem {
		g.aluI(aCMP, true, oa, 0)
	} else {
		g.ins(oTEST, true, int(oa.r), oa)
	}
	g.cmov(ccNE, true, rax, ob)
	g.fixedDst(rd, resFull, true)
}

func (g *gen) count(op ir.Op, rd, a int, ty ir.Type) {
	w := ty == ir.I64
	g.kill(rd)
	g.prep(a, w)
	switch {
	case op == ir.OpPopcnt:
		g.countOp(oPOPCNT, rd, a, w)
		return
	case op == ir.OpClz && g.feat.lzcnt:
		g.countOp(oLZCNT, rd, a, w)
		return
	case op == ir.OpCtz && g.feat.bmi1:
		g.countOp(oTZCNT, rd, a, w)
		return
	}
	width := 32
	if w {
		width = 64
	}
	g.take(rax)
	g.take(rcx)
	g.copyTo(rax, a, w)
	if op == ir.OpClz {
		// bsr gives the index of the top bit; the result for zero is supplied: (2*width-1) ^ (width-1) = width.
		g.movi(rcx, int64(2*width-1))
		g.ins(oBSR, w, rax, reg(rax))
		g.cmov(ccE, w, rax, reg(rcx))
		g.aluI(aXOR, false, reg(rax), int32(width-1))
	} else {
		g.movi(rcx, int64(width))
		g.ins(oBSF, w, rax, reg(rax))
		g.cmov(ccE, w, rax, reg(rcx))
	}
	g.fixedDst(rd, resPos, false)
}

func (g *gen) countOp(op opc, rd, a int, w bool) {
	oa := g.rm(a)
	d := g.target(rd, oa)
	g.ins(op, w, d, oa)
	g.done(rd, d, resPos)
}

func (g *gen) rev8(rd, a int) {
	g.kill(rd)
	g.prep(a, true)
	oa := g.rm(a)
	d := g.target(rd, oa)
	g.movTo(d, oa, true)
	g.bswap(d)
	g.done(rd, d, resFull)
}

// toXMM copies a prepared operand to a vector register.
func (g *gen) toXMM(x int, o opn) { g.fins(oMOVQ, true, x, o) }

func (g *gen) orcb(rd, a int) {
	g.kill(rd)
	g.prep(a, true)
	g.toXMM(xmm14, g.rm(a))
	g.fop(oXORPS, xmm15, xmm15, reg(xmm15), false)
	g.fop(oPCMPEQB, xmm14, xmm14, reg(xmm15), false)
	g.inUse = 0
	d := g.target(rd, opn{mem: true})
	g.fins(oMOVQst, true, xmm14, reg(d))
	g.ins(oGrp3, true, 2, reg(d))
	g.done(rd, d, resFull)
}

func (g *gen) clmul(op ir.Op, rd, a int, b src) {
	g.kill(rd)
	g.prep(a, true)
	g.prepB(b, true)
	g.toXMM(xmm14, g.rm(a))
	g.toXMM(xmm15, g.rmB(b, true))
	g.inUse = 0
	if g.feat.avx {
		g.vexT(oPCLMUL, false, xmm14, xmm14, reg(xmm15), 1)
	} else {
		g.insT(oPCLMUL, false, xmm14, reg(xmm15), 1)
	}
	g.b1(0)
	d := g.target(rd, opn{mem: true})
	g.inUse |= 1 << d & 3
	lo := -1
	if op == ir.OpClMulR {
		lo = g.scratch()
		g.fins(oMOVQst, true, xmm14, reg(lo))
	}
	if op != ir.OpClMul {
		if g.feat.avx {
			g.vexT(oPSRLDQ, false, 3, xmm14, reg(xmm14), 1)
		} else {
			g.insT(oPSRLDQ, false, 3, reg(xmm14), 1)
		}
		g.b1(8)
	}
	g.fins(oMOVQst, true, xmm14, reg(d))
	if lo >= 0 {
		// bits 126:63
		g.shI(sSHR, true, reg(lo), 63)
		g.lea(true, d, opn{mem: true, base: int8(lo), idx: int8(d), sc: 1})
	}
	g.done(rd, d, resFull)
}
