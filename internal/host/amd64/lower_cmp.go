package amd64

import "github.com/weir-emu/weir/internal/ir"

// swapped is the condition for exchanged operands.
func (c cc) swapped() cc {
	switch c {
	case ccL:
		return ccG
	case ccGE:
		return ccLE
	case ccB:
		return ccA
	case ccAE:
		return ccBE
	}
	return c
}

var condCC = [...]cc{ir.Eq: ccE, ir.Ne: ccNE, ir.LtS: ccL, ir.GeS: ccGE, ir.LtU: ccB, ir.GeU: ccAE}

// prepCmp readies the operands of compare; it may emit code.
func (g *gen) prepCmp(a int, b src) (w bool) {
	w = true
	bsx := b.isC && isI32(b.c) || !b.isC && g.sx.has(b.r)
	if g.sx.has(a) && bsx && (g.pendSx(a) || !b.isC && g.pendSx(b.r)) {
		w = false
	}
	g.prep(a, w)
	g.prepB(b, w)
	return w
}

// compare sets the flags for a cond b and returns the condition to test.
// The operands are prepared, with width w from prepCmp.
func (g *gen) compare(cond ir.Cond, a int, b src, w bool) cc {
	c := condCC[cond]
	if k, ok := g.isConst(a); ok && !b.isC {
		a, b = b.r, src{isC: true, c: k, r: a}
		c = c.swapped()
		if k == 0 {
			switch c {
			case ccA: // 0 < b
				c = ccNE
			case ccBE: // 0 >= b
				c = ccE
			}
		}
	}
	if b.isC && isI32(b.c) {
		oa := g.rm(a)
		if b.c == 1 && (c == ccB || c == ccAE) {
			b.c = 0
			if c == ccB {
				c = ccE
			} else {
				c = ccNE
			}
		}
		if b.c == 0 && !oa.mem {
			g.ins(oTEST, w, int(oa.r), oa)
		} else {
			g.aluI(aCMP, w, oa, int32(b.c))
		}
		return c
	}
	ob := g.rmB(b, w)
	oa := g.rm(a)
	switch {
	case !oa.mem:
		g.alu(aCMP, w, int(oa.r), ob)
	case !ob.mem:
		g.aluMR(aCMP, w, oa, int(ob.r))
	default:
		h := g.scratch()
		g.ins(oMOV, w, h, oa)
		g.alu(aCMP, w, h, ob)
	}
	return c
}

func (g *gen) set(cond ir.Cond, rd, a int, b src) {
	g.kill(rd)
	w := g.prepCmp(a, b)
	d := int(g.home[rd])
	uses := func(r int) bool {
		return r >= 0 && g.regOf(r) == d
	}
	if d < 0 {
		// The comparison may need both scratch registers, and what they hold must
		// then be written back without changing the flags: by plain stores.
		for _, o := range g.owner {
			if o >= 0 && g.sym[o].k == kLin && !g.sym[o].plain() || o >= 0 && g.sym[o].k > kZx {
				g.mat(int(o))
			}
		}
		c := g.compare(cond, a, b, w)
		g.inUse = 0
		d = g.scratch()
		g.setcc(c, d)
		g.ins(oMOVZX8, false, d, reg(d))
		g.done(rd, d, resPos)
		return
	}
	early := !uses(a) && (b.isC || !uses(b.r))
	if early {
		g.zero(d)
	}
	c := g.compare(cond, a, b, w)
	g.setcc(c, d)
	if !early {
		g.ins(oMOVZX8, false, d, reg(d))
	}
	g.done(rd, d, resPos)
}
