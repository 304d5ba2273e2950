package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// atomic emits the atomic operations. They fault precisely like loads and
// stores; a misaligned address leaves with ExitAlign.
func (g *gen) atomic(i *ir.Inst) {
	rd, a := ix(i.Dst), ix(i.A)
	w := ir.Mem(i.Aux) == ir.M64
	if rd != 0 {
		g.kill(rd)
	}
	g.prep(a, true)
	bin := i.Op != ir.OpLR
	if bin {
		g.prep(ix(i.B), w)
	}
	if i.Op == ir.OpCas {
		g.prep(ix(i.C), w)
	}
	// Both scratch registers are needed: afterwards operands are constants, in pinned
	// registers or in memory.
	g.take(rax)
	g.take(rcx)
	ha := int(g.home[a])
	if g.pend.has(a) {
		ha = -1
		if g.sym[a].k != kConst {
			ha = int(g.sym[a].b)
		}
	}
	tmp := rcx
	if ha < 0 {
		g.copyTo(rcx, a, true)
		ha, tmp = rcx, rdx
	}
	o := mem(ha, 0)
	o.guest = true
	g.alignCheck(ha, w)

	res := resFull
	if !w {
		res = resSxt
	}
	// The result is in RAX, a 32-bit one with a zero upper half.
	switch i.Op {
	case ir.OpLR:
		g.fault()
		if w {
			g.ld(rax, o)
		} else {
			g.movsxd(rax, o)
		}
		g.st(off(cpu.OffResAddr), ha)
		g.st(off(cpu.OffResVal), rax)
		g.atomicDst(rd, res, true)
		return
	case ir.OpSC:
		g.sc(i, ha, tmp, o, w)
		g.atomicDst(rd, resPos, true)
		return
	case ir.OpCas:
		g.copyTo(rax, ix(i.B), w)
		t := g.borrow(tmp, ix(i.C), w)
		g.faultBorrowed(t)
		g.asm.lock()
		g.ins(oCMPXCHG, w, t, o)
		g.giveBack(t)
	case ir.OpAmoSwap:
		g.copyTo(rax, ix(i.B), w)
		g.fault()
		g.ins(oXCHG, w, rax, o)
	case ir.OpAmoAdd:
		g.copyTo(rax, ix(i.B), w)
		g.fault()
		g.asm.lock()
		if rd == 0 {
			g.aluMR(aADD, w, o, rax)
			return
		}
		g.ins(oXADD, w, rax, o)
	case ir.OpAmoAnd, ir.OpAmoOr, ir.OpAmoXor:
		n := aAND
		switch i.Op {
		case ir.OpAmoOr:
			n = aOR
		case ir.OpAmoXor:
			n = aXOR
		}
		if rd == 0 {
			g.copyTo(rax, ix(i.B), w)
			g.fault()
			g.asm.lock()
			g.aluMR(n, w, o, rax)
			return
		}
		g.amoLoop(ix(i.B), tmp, o, w, func(t int, ob opn) { g.alu(n, w, t, ob) })
	default:
		c := ccG
		switch i.Op {
		case ir.OpAmoMaxS:
			c = ccL
		case ir.OpAmoMinU:
			c = ccA
		case ir.OpAmoMaxU:
			c = ccB
		}
		g.amoLoop(ix(i.B), tmp, o, w, func(t int, ob opn) {
			g.alu(aCMP, w, t, ob)
			g.cmov(c, w, t, ob)
		})
	}
	g.atomicDst(rd, res, w)
}

// atomicDst moves the result in RAX to rd; w is false if it has to be sign-extended.
func (g *gen) atomicDst(rd, res int, w bool) {
	if rd == 0 {
		return
	}
	d := int(g.home[rd])
	if d < 0 {
		d = rax
	}
	if w {
		g.mov(d, rax)
	} else {
		g.movsxd(d, reg(rax))
	}
	g.done(rd, d, res)
}

// alignCheck leaves with ExitAlign if the address in h is misaligned.
func (g *gen) alignCheck(h int, w bool) {
	m := byte(3)
	if w {
		m = 7
	}
	g.insT(oTESTi8, false, 0, reg(h), 1)
	g.b1(m)
	c := g.snapshot(coldAlign)
	c.site = g.jcc(ccNE)
	c.reg = int8(h)
	g.cold = append(g.cold, c)
}

// borrow returns a register with a copy of v. It is tmp; RDX is borrowed from its slot,
// whose value waits in State.Scratch until giveBack.
func (g *gen) borrow(tmp, v int, w bool) int {
	if tmp == rdx {
		g.st(saveDX, rdx)
	}
	if v >= 0 {
		g.copyTo(tmp, v, w)
	}
	return tmp
}

func (g *gen) giveBack(t int) {
	if t == rdx {
		g.ld(rdx, saveDX)
	}
}

func (g *gen) faultBorrowed(t int) {
	g.faults.borrowed = t == rdx
	g.fault()
	g.faults.borrowed = false
}

func (g *gen) sc(i *ir.Inst, ha, tmp int, o opn, w bool) {
	t := g.borrow(tmp, ix(i.B), w)
	g.aluMR(aCMP, true, off(cpu.OffResAddr), ha)
	j := g.jcc8(ccNE)
	g.ld(rax, off(cpu.OffResVal))
	g.faultBorrowed(t)
	g.asm.lock()
	g.ins(oCMPXCHG, w, t, o)
	g.here8(j)
	g.setcc(ccNE, rax)
	g.ins(oMOVZX8, false, rax, reg(rax))
	g.movMI(off(cpu.OffResAddr), -1)
	g.giveBack(t)
}

// amoLoop replaces [o] by op([o], b) with a compare-and-swap loop and leaves the old
// value in RAX.
func (g *gen) amoLoop(b, tmp int, o opn, w bool, op func(t int, ob opn)) {
	var ob opn
	if c, ok := g.isConst(b); ok {
		g.movi(rax, c)
		g.st(saveT, rax)
		ob = saveT
	} else {
		ob = g.rm(b)
	}
	if tmp == rdx && !ob.mem && ob.r == rdx {
		g.st(saveT, rdx)
		ob = saveT
	}
	t := g.borrow(tmp, -1, w)
	g.faultBorrowed(t)
	g.ins(oMOV, w, rax, o)
	top := g.p
	g.ins(oMOV, w, t, reg(rax))
	op(t, ob)
	g.faultBorrowed(t)
	g.asm.lock()
	g.ins(oCMPXCHG, w, t, o)
	g.jcc8To(ccNE, top)
	g.giveBack(t)
}
