package amd64

import "github.com/weir-emu/weir/internal/ir"

// addr returns the operand of guest address [a+disp]. It may use a scratch
// register.
func (g *gen) addr(a int, disp int64) opn {
	o := g.addrOpn(a, disp)
	o.guest = true
	return o
}

func (g *gen) addrOpn(a int, disp int64) opn {
	if c, ok := g.isConst(a); ok {
		c += disp
		if isI32(c) {
			return opn{mem: true, base: -1, idx: -1, disp: int32(c)}
		}
		h := g.scratch()
		g.movi(h, c)
		return mem(h, 0)
	}
	if g.pend.has(a) && g.sym[a].k == kLin {
		s := g.sym[a]
		if n := s.c + disp; isI32(n) {
			s.c = n
			g.lockRefs(&s)
			return s.linOp()
		}
	}
	g.prep(a, true)
	h := g.reg(a)
	if isI32(disp) {
		return mem(h, int32(disp))
	}
	s := g.scratch()
	g.movi(s, disp)
	return opn{mem: true, base: int8(h), idx: int8(s)}
}

var loads = [...]struct {
	op  opc
	w   bool
	res int
}{
	ir.M8S:  {oMOVSX8, true, resSxt},
	ir.M8U:  {oMOVZX8, false, resPos},
	ir.M16S: {oMOVSX16, true, resSxt},
	ir.M16U: {oMOVZX16, false, resPos},
	ir.M32S: {oMOVSXD, true, resSxt},
	ir.M32U: {oMOV, false, resZx},
	ir.M64:  {oMOV, true, resFull},
}

func (g *gen) load(i *ir.Inst) {
	rd, m := ix(i.Dst), &loads[i.Aux]
	if rd != 0 {
		g.kill(rd)
	}
	o := g.addr(ix(i.A), i.Imm)
	d := g.loadTarget(rd)
	g.fault()
	g.ins(m.op, m.w, d, o)
	if rd != 0 {
		g.done(rd, d, m.res)
	}
}

// loadTarget is target for an instruction that can fault: the old value of r stays
// pending until it is over.
func (g *gen) loadTarget(r int) int {
	if r == 0 {
		return g.scratchOr(rax)
	}
	if h := int(g.home[r]); h >= 0 {
		return h
	}
	for h, o := range g.owner {
		if int(o) == r {
			return h
		}
	}
	return g.scratch()
}

// scratchOr returns a scratch register for a result that nobody wants.
func (g *gen) scratchOr(h int) int {
	if g.inUse == 3 {
		return h
	}
	return g.scratch()
}

func (g *gen) store(i *ir.Inst) {
	a, b, m := ix(i.A), ix(i.B), ir.Mem(i.Aux)
	n := m.Bytes()
	c, isC := g.isConst(b)
	isC = isC && (n < 8 || isI32(c))
	if !isC {
		g.prep(b, n == 8)
	}
	o := g.addr(a, i.Imm)
	if isC {
		g.fault()
		switch n {
		case 1:
			g.insT(oMOVi8, false, 0, o, 1)
			g.b1(byte(c))
		case 2:
			g.insT(oMOVi16, false, 0, o, 2)
			g.b2(byte(c), byte(c>>8))
		default:
			g.insT(oMOVi, n == 8, 0, o, 4)
			g.d32(int32(c))
		}
		return
	}
	v := g.reg(b)
	g.fault()
	switch n {
	case 1:
		g.ins(oMOVst8, false, v, o)
	case 2:
		g.ins(oMOVst16, false, v, o)
	default:
		g.ins(oMOVst, n == 8, v, o)
	}
}
