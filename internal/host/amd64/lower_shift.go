package amd64

import "github.com/weir-emu/weir/internal/ir"

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
