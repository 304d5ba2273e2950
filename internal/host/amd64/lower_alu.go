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

// bin emits a two-operand arithmetic operation.
func (g *gen) bin(n, rd, a int, b src, ty ir.Type, comm bool) {
	w := ty == ir.I64
	res := resOf(ty)
	g.kill(rd)
	if c, ok := g.isConst(a); ok && comm && !b.isC {
		a, b = b.r, src{isC: true, c: c, r: a}
	}
	if !w && b.isC {
		b.c = int64(int32(b.c))
	}
	g.prep(a, w)
	g.prepB(b, w)
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

// rotate emits rd = a | b if they are the two shifts of a rotation.
func (g *gen) rotate(rd, a, b int) bool {
	if !g.pend.has(a) || !g.pend.has(b) || a == b {
		return false
	}
	x, y := g.sym[a], g.sym[b]
	if x.k == kShr || x.k == kShrW {
		x, y = y, x
	}
	w := true
	switch {
	case x.b != y.b:
		return false
	case x.k == kShl && y.k == kShr && x.c+y.c == 64:
	case x.k == kShlW && y.k == kShrW && x.c+y.c == 32:
		w = false
	default:
		return false
	}
	if !g.canRef(rd, x.b) {
		return false
	}
	src := int(x.b)
	if isScratch(src) {
		return false
	}
	g.steal(rd, x.b)
	g.flushHost(int(g.home[rd]), rd, g.la)
	d := g.target(rd, opn{mem: true})
	g.rorI(d, reg(src), int(y.c), w)
	res := resFull
	if !w {
		res = resSx
	}
	g.done(rd, d, res)
	return true
}

// rorI emits d = o rotated right by k.
func (g *gen) rorI(d int, o opn, k int, w bool) {
	if g.feat.bmi2 && (o.mem || int(o.r) != d) {
		g.vexT(oRORX, w, d, 0, o, 1)
		g.b1(byte(k))
		return
	}
	g.movTo(d, o, w)
	g.shI(sROR, w, reg(d), k)
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

// shiftI emits shifts and rotations by a constant.
func (g *gen) shiftI(op ir.Op, rd, a, k int, ty ir.Type) {
	w := ty == ir.I64
	width := 64
	if !w {
		width = 32
	}
	k &= width - 1
	if k == 0 {
		switch ty {
		case ir.I32:
			g.sext32(rd, a)
		case ir.U32:
			g.zext32(rd, a)
		default:
			g.copyOf(rd, a)
		}
		return
	}
	if op == ir.OpRotL {
		op, k = ir.OpRotR, width-k
	}
	switch op {
	case ir.OpRotR:
		g.kill(rd)
		g.prep(a, w)
		oa := g.rm(a)
		d := g.target(rd, oa)
		g.rorI(d, oa, k, w)
		g.done(rd, d, resOf(ty))
		return
	case ir.OpShl:
		if g.shlPend(rd, a, k, ty) {
			return
		}
		g.shiftEager(sSHL, rd, a, k, w, w && k >= 32, resOf(ty))
	case ir.OpShr:
		if w && g.shiftPair(rd, a, k, false) || g.shrPend(rd, a, k, ty) {
			return
		}
		res := resOf(ty)
		if w && k > 32 || !w {
			res = resPos
		}
		g.shiftEager(sSHR, rd, a, k, w, false, res)
	case ir.OpSar:
		if w && g.shiftPair(rd, a, k, true) {
			return
		}
		switch {
		case w:
			res := resFull
			if k >= 32 || g.sx.has(a) {
				res = resSxt
			}
			g.shiftEager(sSAR, rd, a, k, true, false, res)
		case ty == ir.U32 || g.pendSx(a):
			g.shiftEager(sSAR, rd, a, k, false, false, resOf(ty))
		case g.sx.has(a):
			g.shiftEager(sSAR, rd, a, k, true, false, resSxt)
		default:
			g.kill(rd)
			g.prep(a, false)
			oa := g.rm(a)
			d := g.target(rd, oa)
			g.movsxd(d, oa)
			g.shI(sSAR, true, reg(d), k)
			g.done(rd, d, resSxt)
		}
	}
}

func (g *gen) shiftEager(n, rd, a, k int, w, low bool, res int) {
	g.kill(rd)
	g.prep(a, w && !low)
	oa := g.rm(a)
	d := g.target(rd, oa)
	g.movTo(d, oa, w && !low)
	g.shI(n, w, reg(d), k)
	g.done(rd, d, res)
}

func (g *gen) shlPend(rd, a, k int, ty ir.Type) bool {
	switch ty {
	case ir.I64:
		g.prep(a, k < 32)
		h := g.regOf(a)
		if h < 0 {
			return false
		}
		if k <= 3 {
			return g.tryPend(rd, sym{k: kLin, b: -1, i: int8(h), sc: uint8(k)}, resFull)
		}
		return g.tryPend(rd, sym{k: kShl, b: int8(h), i: -1, c: int64(k)}, resFull)
	case ir.I32:
		g.prep(a, false)
		h := g.regOf(a)
		return h >= 0 && g.tryPend(rd, sym{k: kShlW, b: int8(h), i: -1, c: int64(k)}, resSxt)
	}
	return false
}

func (g *gen) shrPend(rd, a, k int, ty ir.Type) bool {
	if ty == ir.U32 {
		return false
	}
	g.prep(a, ty == ir.I64)
	h := g.regOf(a)
	if h < 0 {
		return false
	}
	kind, res := uint8(kShr), resFull
	if ty == ir.I32 {
		kind, res = kShrW, resPos
	} else if k > 32 {
		res = resPos
	}
	return g.tryPend(rd, sym{k: kind, b: int8(h), i: -1, c: int64(k)}, res)
}

// shiftPair turns a left shift followed by a right shift by k into an extension.
func (g *gen) shiftPair(rd, a, k int, signed bool) bool {
	if !g.pend.has(a) || g.sym[a].k != kShl {
		return false
	}
	s := g.sym[a]
	sa := int(s.c)
	if !g.canRef(rd, s.b) {
		return false
	}
	var op opc
	w := signed
	switch {
	case sa == 32 && !signed && k >= 29:
		op = oMOV
	case sa == 32 && signed && k >= 32:
		op = oMOVSXD
	case sa == 48 && k >= 48 && signed:
		op = oMOVSX16
	case sa == 48 && k >= 48:
		op = oMOVZX16
	case sa == 56 && k >= 56 && signed:
		op = oMOVSX8
	case sa == 56 && k >= 56:
		op = oMOVZX8
	default:
		return false
	}
	if sa == 32 && k == 32 && signed {
		return g.tryPend(rd, sym{k: kSx, b: s.b, i: -1}, resSxt)
	}
	src := reg(int(s.b))
	g.steal(rd, s.b)
	g.lockRefs(&s)
	g.flushHost(int(g.home[rd]), rd, g.la)
	d := g.target(rd, src)
	if op == oMOV {
		g.mov32(d, int(src.r))
	} else {
		g.ins(op, w, d, src)
	}
	n := sSHR
	if signed {
		n = sSAR
	}
	switch {
	case k > sa:
		g.shI(n, w, reg(d), k-sa)
		res := resPos
		if signed {
			res = resSxt
		}
		g.done(rd, d, res)
	case k < sa:
		g.done(rd, d, resZx)
		g.inUse = 0
		if g.la.x.has(rd) {
			g.tryPend(rd, sym{k: kLin, b: -1, i: int8(d), sc: uint8(sa - k)}, resFull)
		}
	case signed:
		g.done(rd, d, resSxt)
	case sa == 32:
		g.done(rd, d, resZx)
	default:
		g.done(rd, d, resPos)
	}
	return true
}

// shiftV emits shifts and rotations by a variable count.
func (g *gen) shiftV(op ir.Op, rd, a, b int, ty ir.Type) {
	w := ty == ir.I64
	g.kill(rd)
	g.prep(a, w)
	g.prep(b, false)
	var n int
	var x opc
	switch op {
	case ir.OpShl:
		n, x = sSHL, oSHLX
	case ir.OpShr:
		n, x = sSHR, oSHRX
	case ir.OpSar:
		n, x = sSAR, oSARX
	case ir.OpRotL:
		n = sROL
	case ir.OpRotR:
		n = sROR
	}
	if x != 0 && g.feat.bmi2 {
		cnt := g.reg(b)
		oa := g.rm(a)
		d := g.target(rd, oa)
		g.vex(x, w, d, cnt, oa)
		g.done(rd, d, resOf(ty))
		return
	}
	g.take(rcx)
	g.copyTo(rcx, b, false)
	oa := g.rm(a)
	d := int(g.home[rd])
	if d < 0 {
		d = rax
		g.take(rax)
	}
	g.movTo(d, oa, w)
	g.shCL(n, w, reg(d))
	g.done(rd, d, resOf(ty))
}

// shlAdd is rd = (a << k) + b.
func (g *gen) shlAdd(rd, a, k int, b src, ty ir.Type) {
	if ty == ir.U32 {
		// The shifted operand is zero-extended: only worth a shortcut if it is already.
		if !g.zx.has(a) || g.pendSx(a) {
			g.kill(rd)
			g.prep(a, false)
			g.prepB(b, true)
			h := g.scratch0(a)
			g.copyTo(h, a, false)
			if l := g.regOf(a); l >= 0 && isScratch(l) {
				g.inUse &^= 1 << l
			}
			g.shlAddReg(rd, h, k, b)
			return
		}
	}
	x, ok := g.lin(a)
	if ok && !b.isC {
		var y sym
		if y, ok = g.lin(b.r); ok {
			x, ok = g.lin(a)
		}
		if ok && x.b >= 0 && x.i < 0 && x.c == 0 {
			if s, ok := sum(sym{k: kLin, b: -1, i: x.b, sc: uint8(k)}, y); ok && g.tryPend(rd, s, resFull) {
				return
			}
		}
	}
	g.kill(rd)
	g.prep(a, true)
	g.prepB(b, true)
	h := g.reg(a)
	g.shlAddReg(rd, h, k, b)
}

// scratch0 takes a scratch register other than the one prepared operand a is in,
// if it is in one at all.
func (g *gen) scratch0(a int) int {
	if h := g.regOf(a); h >= 0 && isScratch(h) {
		g.inUse |= 1 << h
		s := g.scratch()
		return s
	}
	return g.scratch()
}

func (g *gen) shlAddReg(rd, h, k int, b src) {
	if b.isC && isI32(b.c) {
		d := g.target(rd, reg(h))
		g.lea(true, d, opn{mem: true, base: -1, idx: int8(h), sc: uint8(k), disp: int32(b.c)})
		g.done(rd, d, resFull)
		return
	}
	ob := g.rmB(b, true)
	if ob.mem {
		s := h
		if !isScratch(h) || g.owner[h] >= 0 {
			s = g.scratch()
		}
		if k == 0 {
			g.mov(s, h)
		} else {
			g.lea(true, s, opn{mem: true, base: -1, idx: int8(h), sc: uint8(k)})
		}
		g.alu(aADD, true, s, ob)
		d := g.target(rd, reg(s))
		g.mov(d, s)
		g.done(rd, d, resFull)
		return
	}
	d := g.target(rd, reg(h))
	g.lea(true, d, opn{mem: true, base: ob.r, idx: int8(h), sc: uint8(k)})
	g.done(rd, d, resFull)
}

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
