package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

func (g *gen) neg(rd, a int, ty ir.Type) {
	w := ty == ir.I64
	g.kill(rd)
	g.prep(a, w)
	oa := g.rm(a)
	d := g.target(rd, oa)
	g.movTo(d, oa, w)
	g.ins(oGrp3, w, 3, reg(d))
	g.done(rd, d, resOf(ty))
}

func (g *gen) mul(rd, a int, b src, ty ir.Type) {
	w := ty == ir.I64
	g.kill(rd)
	a, b = g.operands(a, b, w, true)
	if b.isC && isI32(b.c) {
		oa := g.rm(a)
		d := g.target(rd, oa)
		if isI8(b.c) {
			g.insT(oIMULi8, w, d, oa, 1)
			g.b1(byte(b.c))
		} else {
			g.insT(oIMULi, w, d, oa, 4)
			g.d32(int32(b.c))
		}
		g.done(rd, d, resOf(ty))
		return
	}
	ob := g.rmB(b, w)
	oa := g.rm(a)
	if h := int(g.home[rd]); oa.mem && !ob.mem || h >= 0 && !ob.mem && int(ob.r) == h {
		oa, ob = ob, oa
	}
	d := g.target(rd, oa)
	g.movTo(d, oa, w)
	g.ins(oIMUL, w, d, ob)
	g.done(rd, d, resOf(ty))
}

// Words of State.Scratch that keep a pinned register over an instruction with
// fixed operands.
var (
	saveDX = off(cpu.OffScratch)
	saveT  = off(cpu.OffScratch + 8)
)

// axcx loads a into RAX and b into RCX, both of which are taken.
func (g *gen) axcx(a int, b src, w bool) {
	g.prep(a, w)
	g.prepB(b, w)
	// A value in the other register would be overwritten: bring both home first.
	g.take(rax)
	g.take(rcx)
	g.copyTo(rax, a, w)
	if !b.isC {
		g.copyTo(rcx, b.r, w)
		return
	}
	if !w {
		b.c = int64(uint32(b.c))
	}
	g.movi(rcx, b.c)
}

// fixedDst is the target of a result that is in RAX.
func (g *gen) fixedDst(rd, res int, w bool) {
	d := int(g.home[rd])
	if d < 0 {
		d = rax
	} else {
		g.ins(oMOV, w, d, reg(rax))
	}
	g.done(rd, d, res)
}

func (g *gen) mulHigh(op ir.Op, rd, a int, b src, ty ir.Type) {
	w := ty == ir.I64
	g.kill(rd)
	g.axcx(a, b, w)
	if !w {
		// The high half of a 32-bit product: multiply in 64 bits.
		ext := func(h int, signed bool) {
			if signed {
				g.movsxd(h, reg(h))
			} else {
				g.mov32(h, h)
			}
		}
		ext(rax, op != ir.OpMulHU)
		ext(rcx, op == ir.OpMulHS)
		g.ins(oIMUL, true, rax, reg(rcx))
		g.shI(sSHR, true, reg(rax), 32)
		g.fixedDst(rd, resOf(ty), false)
		return
	}
	if op == ir.OpMulHSU {
		// high(s*u) = high(u*u) - (a < 0 ? b : 0)
		g.st(saveT, rax)
		g.shI(sSAR, true, reg(rax), 63)
		g.alu(aAND, true, rax, reg(rcx))
		g.ins(oXCHG, true, rax, saveT)
	}
	n := 4
	if op == ir.OpMulHS {
		n = 5
	}
	dx := g.home[rd] == rdx
	if !dx {
		g.st(saveDX, rdx)
	}
	g.ins(oGrp3, true, n, reg(rcx))
	if op == ir.OpMulHSU {
		g.alu(aSUB, true, rdx, saveT)
	}
	if dx {
		g.done(rd, rdx, resFull)
		return
	}
	g.mov(rax, rdx)
	g.ld(rdx, saveDX)
	g.fixedDst(rd, resFull, true)
}

// div emits division and remainder with RISC-V's results for a zero divisor
// and for overflow, which the host would trap.
func (g *gen) div(op ir.Op, rd, a int, b src, ty ir.Type) {
	w := ty == ir.I64
	signed := op == ir.OpDivS || op == ir.OpRemS
	rem := op == ir.OpRemS || op == ir.OpRemU
	g.kill(rd)
	g.axcx(a, b, w)
	dx := g.home[rd] == rdx
	if !dx {
		g.st(saveDX, rdx)
	}
	c := cold{kind: coldDiv, wide: w, flag: rem, site2: -1}
	g.ins(oTEST, w, rcx, reg(rcx))
	c.site = g.jcc(ccE)
	if signed {
		g.aluI(aCMP, w, reg(rcx), -1)
		c.site2 = g.jcc(ccE)
		if w {
			g.b1(0x48)
		}
		g.b1(0x99) // cdq, cqo
		g.ins(oGrp3, w, 7, reg(rcx))
	} else {
		g.zero(rdx)
		g.ins(oGrp3, w, 6, reg(rcx))
	}
	if rem {
		g.mov(rax, rdx)
	}
	c.back = g.p
	g.cold = append(g.cold, c)
	if !dx {
		g.ld(rdx, saveDX)
	}
	g.fixedDst(rd, resOf(ty), w)
}

func (g *gen) coldDiv(c *cold) {
	g.here(c.site)
	if !c.flag {
		g.movi(rax, -1)
		if !c.wide {
			g.mov32(rax, rax)
		}
	} else if !c.wide {
		g.mov32(rax, rax)
	}
	g.jmpTo(c.back)
	if c.site2 >= 0 {
		g.here(c.site2)
		if c.flag {
			g.zero(rax)
		} else {
			g.ins(oGrp3, c.wide, 3, reg(rax))
		}
		g.jmpTo(c.back)
	}
}

func (g *gen) minmax(keep cc, rd, a int, b src, ty ir.Type) {
	w := ty == ir.I64
	g.kill(rd)
	g.prep(a, w)
	g.prepB(b, w)
	ob := reg(g.regB(b, w))
	oa := g.rm(a)
	if h := int(g.home[rd]); h >= 0 && int(ob.r) == h {
		if oa.mem {
			t := g.scratch()
			g.ins(oMOV, w, t, oa)
			oa = reg(t)
		}
		oa, ob = ob, oa
	}
	d := g.target(rd, oa)
	g.movTo(d, oa, w)
	g.alu(aCMP, w, d, ob)
	g.cmov(keep.opposite(), w, d, ob)
	g.done(rd, d, resOf(ty))
}

// opposite is the condition under which the second operand replaces the first,
// given the one under which the first is kept.
func (c cc) opposite() cc {
	switch c {
	case ccL:
		return ccG
	case ccG:
		return ccL
	case ccB:
		return ccA
	}
	return ccB
}
