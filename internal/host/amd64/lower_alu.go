package amd64

import (
	"github.com/weir-emu/weir/internal/ir"
)

// src is operand B: a constant or an operand index.
type src struct {
	isC bool
	c   int64
	r   int
}

func (g *gen) srcB(i *ir.Inst) src {
	if i.B == ir.Imm {
		return src{isC: true, c: i.Imm}
	}
	r := ix(i.B)
	c, ok := g.isConst(r)
	return src{ok, c, r}
}

func (g *gen) prepB(b src, w bool) {
	if !b.isC {
		g.prep(b.r, w)
	}
}

// rmB resolves operand B; a constant goes to a scratch register.
func (g *gen) rmB(b src, w bool) opn {
	if !b.isC {
		return g.rm(b.r)
	}
	h := g.scratch()
	if !w {
		b.c = int64(uint32(b.c))
	}
	g.movi(h, b.c)
	return reg(h)
}

// regB is rmB with the result in a register.
func (g *gen) regB(b src, w bool) int {
	if !b.isC {
		return g.reg(b.r)
	}
	return int(g.rmB(b, w).r)
}

// pendSx reports whether r's value is the pending sign extension of a register.
func (g *gen) pendSx(r int) bool { return g.pend.has(r) && g.sym[r].k == kSx }

func resOf(ty ir.Type) int {
	switch ty {
	case ir.I32:
		return resSx
	case ir.U32:
		return resZx
	}
	return resFull
}

// movTo copies a resolved operand to d.
func (g *gen) movTo(d int, o opn, w bool) {
	if o.mem || int(o.r) != d {
		g.ins(oMOV, w, d, o)
	}
}

// fold handles integer operations of known operands.
func (g *gen) fold(i *ir.Inst, info *ir.OpInfo) bool {
	var v [3]int64
	for k, o := range [3]struct {
		kind ir.Operand
		v    ir.Val
	}{{info.A, i.A}, {info.B, i.B}, {info.C, i.C}} {
		if o.kind == ir.None {
			continue
		}
		if o.v == ir.Imm {
			v[k] = i.Imm
			continue
		}
		c, ok := g.isConst(ix(o.v))
		if !ok {
			return false
		}
		v[k] = c
	}
	if i.Op == ir.OpConst {
		v[1] = i.Imm
	}
	g.pendConst(ix(i.Dst), int64(ir.EvalInt(i.Op, i.Ty, i.Aux, uint64(v[0]), uint64(v[1]), uint64(v[2]))))
	return true
}

// copyOf makes rd a copy of a, whose facts it keeps.
func (g *gen) copyOf(rd, a int) {
	sx, zx := g.sx.has(a), g.zx.has(a)
	if rd == a {
		return
	}
	g.addLin(rd, a, src{isC: true})
	if g.la.x.has(rd) {
		g.facts(rd, sx, zx)
	}
}

// lin returns the value of r as a sum of registers, if it is one.
func (g *gen) lin(r int) (sym, bool) {
	if c, ok := g.isConst(r); ok {
		return sym{k: kLin, b: -1, i: -1, c: c}, true
	}
	if g.pend.has(r) {
		if g.sym[r].k != kLin {
			g.mat(r)
		}
		if g.pend.has(r) {
			return g.sym[r], true
		}
	}
	if h := g.home[r]; h >= 0 {
		return sym{k: kLin, b: h, i: -1}, true
	}
	return sym{}, false
}

// sum adds two sums, if base + index*scale + displacement can hold the result.
func sum(x, y sym) (s sym, ok bool) {
	s = sym{k: kLin, b: -1, i: -1, c: x.c + y.c}
	if !isI32(s.c) || !isI32(x.c) || !isI32(y.c) {
		return s, false
	}
	for _, t := range [4]struct {
		h  int8
		sc uint8
	}{{x.b, 0}, {x.i, x.sc}, {y.b, 0}, {y.i, y.sc}} {
		switch {
		case t.h < 0:
		case t.sc == 0 && s.b < 0:
			s.b = t.h
		case s.i < 0:
			s.i, s.sc = t.h, t.sc
		case s.sc == 0 && s.b < 0:
			s.b, s.i, s.sc = s.i, t.h, t.sc
		default:
			return s, false
		}
	}
	return s, true
}

// addLin makes rd the sum of a and b, 64 bits, pending if possible.
func (g *gen) addLin(rd, a int, b src) {
	for try := range 2 {
		x, ok := g.lin(a)
		if !ok {
			break
		}
		y := sym{k: kLin, b: -1, i: -1, c: b.c}
		if !b.isC {
			if y, ok = g.lin(b.r); !ok {
				break
			}
			if x, ok = g.lin(a); !ok { // lin(b) may have written a back
				break
			}
		}
		s, ok := sum(x, y)
		if ok && g.tryPend(rd, s, resFull) {
			return
		}
		if try == 0 {
			g.mat(a)
			if !b.isC {
				g.mat(b.r)
			}
			continue
		}
		if !ok {
			break
		}
		g.kill(rd)
		if x, ok = g.lin(a); !ok {
			break
		}
		if !b.isC {
			if y, ok = g.lin(b.r); !ok {
				break
			}
		}
		if s, ok = sum(x, y); !ok {
			break
		}
		g.lockRefs(&s)
		o := opn{mem: true}
		if s.b >= 0 && isScratch(int(s.b)) {
			o = reg(int(s.b))
		} else if s.i >= 0 && isScratch(int(s.i)) {
			o = reg(int(s.i))
		}
		d := g.target(rd, o)
		g.eval(d, &s)
		g.done(rd, d, resFull)
		return
	}
	if b.isC && isI32(b.c) && !g.pend.has(a) && g.home[a] < 0 {
		// A memory operand: load it and let the constant wait.
		if rd == a && b.c != 0 && rd < 64 && g.la.used>>rd&1 == 0 {
			g.aluI(aADD, true, at(a), int32(b.c))
			g.facts(rd, false, false)
			return
		}
		g.kill(rd)
		d := g.target(rd, opn{mem: true})
		g.ld(d, at(a))
		g.done(rd, d, resFull)
		if b.c != 0 && g.la.x.has(rd) {
			g.inUse = 0
			g.tryPend(rd, sym{k: kLin, b: int8(d), i: -1, c: b.c}, resFull)
		}
		return
	}
	g.bin(aADD, rd, a, b, ir.I64, true)
}

// operands makes both operands readable in their width, a constant on the right if the
// operation commutes.
func (g *gen) operands(a int, b src, w, comm bool) (int, src) {
	if c, ok := g.isConst(a); ok && comm && !b.isC {
		a, b = b.r, src{isC: true, c: c, r: a}
	}
	if !w && b.isC {
		b.c = int64(int32(b.c))
	}
	g.prep(a, w)
	g.prepB(b, w)
	return a, b
}

// bin emits a two-operand arithmetic operation.
func (g *gen) bin(n, rd, a int, b src, ty ir.Type, comm bool) {
	w := ty == ir.I64
	res := resOf(ty)
	g.kill(rd)
	a, b = g.operands(a, b, w, comm)
	if b.isC && isI32(b.c) {
		oa := g.rmUsed(a)
		if oa.mem && rd == a && w && rd < 64 && g.la.used>>rd&1 == 0 {
			g.aluI(n, true, oa, int32(b.c))
			g.facts(rd, false, false)
			return
		}
		d := g.target(rd, oa)
		if n == aADD && !oa.mem && int(oa.r) != d {
			g.lea(w, d, mem(int(oa.r), int32(b.c)))
		} else {
			g.movTo(d, oa, w)
			if n == aXOR && b.c == -1 {
				g.ins(oGrp3, w, 2, reg(d))
			} else {
				g.aluI(n, w, reg(d), int32(b.c))
			}
		}
		g.done(rd, d, res)
		return
	}
	ob := g.rmB(b, w)
	oa := g.rm(a)
	h := int(g.home[rd])
	if h >= 0 && !ob.mem && int(ob.r) == h && (oa.mem || int(oa.r) != h) {
		if comm {
			oa, ob = ob, oa
		} else {
			s := g.scratch()
			g.movTo(s, oa, w)
			g.alu(n, w, s, ob)
			g.ins(oMOV, w, h, reg(s))
			g.done(rd, h, res)
			return
		}
	}
	if comm && oa.mem && !ob.mem {
		oa, ob = ob, oa
	}
	d := g.target(rd, oa)
	if n == aADD && !oa.mem && !ob.mem && int(oa.r) != d {
		g.lea(w, d, opn{mem: true, base: oa.r, idx: ob.r})
	} else {
		g.movTo(d, oa, w)
		g.alu(n, w, d, ob)
	}
	g.done(rd, d, res)
}

// logic is bin for and, or, xor, which keep extended values extended, and for
// the rotations made of two shifts.
func (g *gen) logic(n, rd, a int, b src, ty ir.Type) {
	if ty == ir.I64 && !b.isC && n != aAND && g.rotate(rd, a, b.r) {
		return
	}
	if ty != ir.I64 {
		g.bin(n, rd, a, b, ty, true)
		return
	}
	bsx := b.isC && isI32(b.c) || !b.isC && g.sx.has(b.r)
	bzx := b.isC && b.c == int64(uint32(b.c)) || !b.isC && g.zx.has(b.r)
	asx, azx := g.sx.has(a), g.zx.has(a)
	if n == aAND && b.isC && b.c >= 0 && b.c <= 1<<31-1 {
		if b.c == 0xff || b.c == 0xffff {
			op := oMOVZX8
			if b.c == 0xffff {
				op = oMOVZX16
			}
			g.ext(op, false, rd, a, resPos)
			return
		}
		g.bin(n, rd, a, b, ir.U32, true)
		if g.la.x.has(rd) {
			g.facts(rd, true, true)
		}
		return
	}
	switch {
	case asx && bsx && (g.pendSx(a) || !b.isC && g.pendSx(b.r)):
		g.bin(n, rd, a, b, ir.I32, true)
	case n == aAND && (azx || bzx) && !(b.isC && !isI32(b.c)):
		g.bin(n, rd, a, b, ir.U32, true)
		if g.la.x.has(rd) {
			g.facts(rd, azx && asx || bzx && bsx, true)
		}
	default:
		g.bin(n, rd, a, b, ir.I64, true)
		if g.la.x.has(rd) {
			g.facts(rd, asx && bsx, azx && bzx)
		}
	}
}

// ext emits a move with extension of the low part of a.
func (g *gen) ext(op opc, w bool, rd, a, res int) {
	g.kill(rd)
	g.prep(a, false)
	oa := g.rm(a)
	d := g.target(rd, oa)
	g.ins(op, w, d, oa)
	g.done(rd, d, res)
}

func (g *gen) sext32(rd, a int) {
	if g.sx.has(a) {
		if g.pendSx(a) && g.home[rd] >= 0 && rd != a {
			s := g.sym[a]
			if g.tryPend(rd, s, resSxt) {
				return
			}
		}
		g.copyOf(rd, a)
		return
	}
	if g.pend.has(a) {
		s := g.sym[a]
		if s.k == kLin && !s.plain() {
			// A 32-bit sum.
			g.kill(rd)
			if g.pend.has(a) && g.sym[a] == s {
				g.lockRefs(&s)
				o := opn{mem: true}
				if s.b >= 0 {
					o = reg(int(s.b))
				}
				d := g.target(rd, o)
				g.lea(false, d, s.linOp())
				g.done(rd, d, resSx)
				return
			}
		}
	}
	g.prep(a, false)
	if h := g.regOf(a); h >= 0 {
		if g.tryPend(rd, sym{k: kSx, b: int8(h), i: -1}, resSxt) {
			return
		}
	}
	g.ext(oMOVSXD, true, rd, a, resSxt)
}

func (g *gen) zext32(rd, a int) {
	if g.zx.has(a) && !g.pendSx(a) {
		g.copyOf(rd, a)
		return
	}
	if g.pendSx(a) && g.sym[a].z {
		b := g.sym[a].b
		if g.tryPend(rd, sym{k: kLin, b: b, i: -1}, resZx) {
			return
		}
	}
	g.ext(oMOV, false, rd, a, resZx)
}

// regOf returns the register that prepared operand r is in, or -1.
func (g *gen) regOf(r int) int {
	if r == 0 {
		return -1
	}
	if g.pend.has(r) {
		if s := &g.sym[r]; s.k != kConst {
			return int(s.b)
		}
		return -1
	}
	return int(g.home[r])
}
