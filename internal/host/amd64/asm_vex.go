package amd64

// vex writes op d, v, o in VEX.128 encoding; v is the second source (0 if the
// instruction has none), w is VEX.W.
func (a *asm) vex(op opc, w bool, d, v int, o opn) { a.vexT(op, w, d, v, o, 0) }

func (a *asm) vexT(op opc, w bool, d, v int, o opn, tail int) {
	if o.guest && a.gs {
		a.b1(0x65)
	}
	var pp byte
	switch op >> 16 {
	case 0x66:
		pp = 1
	case 0xf3:
		pp = 2
	case 0xf2:
		pp = 3
	}
	r := byte(^d>>3&1) << 7
	x, b := byte(0x40), byte(0x20)
	if o.mem {
		if o.idx >= 8 {
			x = 0
		}
		if o.base >= 8 {
			b = 0
		}
	} else if o.r >= 8 {
		b = 0
	}
	vv := byte(^v&15)<<3 | pp
	if x != 0 && b != 0 && !w && op&e3a == e0f {
		a.b2(0xc5, r|vv)
	} else {
		if w {
			vv |= 0x80
		}
		a.b2(0xc4, r|x|b|byte(op>>8&3))
		a.b1(vv)
	}
	a.b1(byte(op))
	a.modrm(d, o, tail)
}

// sgl is the single-precision form of a scalar double instruction.
func sgl(op opc) opc {
	switch op {
	case oUCOMISD:
		return oUCOMISS
	case oCOMISD:
		return oCOMISS
	case oROUNDSD:
		return oROUNDSS
	}
	return op&^(0xff<<16) | pF3
}

// fins writes a two-operand vector instruction (moves, comparisons), in VEX
// form when the host has it: mixing the two forms is slow.
func (g *gen) fins(op opc, w bool, d int, o opn) {
	if g.feat.avx {
		g.vex(op, w, d, 0, o)
	} else {
		g.ins(op, w, d, o)
	}
}

// fmov copies a whole vector register.
func (g *gen) fmov(d, s int) {
	if d != s {
		g.fins(oMOVAPS, false, d, reg(s))
	}
}

// fop writes d = a op o; without AVX d is written first, so o must not be d
// unless a is d too or swap allows exchanging the sources.
func (g *gen) fop(op opc, d, a int, o opn, swap bool) {
	if g.feat.avx {
		g.vex(op, false, d, a, o)
		return
	}
	if d != a && !o.mem && int(o.r) == d {
		if swap {
			g.ins(op, false, d, reg(a))
			return
		}
		g.fmov(xmm15, d)
		o = reg(xmm15)
	}
	g.fmov(d, a)
	g.ins(op, false, d, o)
}
