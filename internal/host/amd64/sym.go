package amd64

import (
	"math/bits"

	"github.com/weir-emu/weir/internal/cpu"
)

// Kinds of pending values. "b" and "i" are host registers.
const (
	kConst = iota // c
	kLin          // b + i<<sc + c; b or i may be absent
	kSx           // sign extension of the low half of b
	kZx           // zero extension of the low half of b
	kShl          // b << c
	kShr          // b >> c, logical
	kShlW         // sign extension of low half of b << c
	kShrW         // sign extension of (low half of b) >> c, logical; c > 0
)

// sym is the pending value of an operand that is not in its home.
//
// Invariants: a pending value refers to a pinned register only while the slot pinned
// there is at home in it, or is itself the pending operand. A scratch
// register is referred to by at most one pending value, its owner. So writing a
// pending value back never disturbs another.
type sym struct {
	k     uint8
	sc    uint8
	b, i  int8 // -1: absent
	z     bool // kSx: the upper half of b is zero
	clean bool // kLin of a scratch register alone: memory holds the value too
	c     int64
}

func (s *sym) refs(h int) bool { return int(s.b) == h || int(s.i) == h }

// plain reports whether the value is exactly that of host register b.
func (s *sym) plain() bool { return s.k == kLin && s.b >= 0 && s.i < 0 && s.c == 0 }

type syms struct {
	sym   [128]sym
	pend  bset     // operands whose value is in sym, not at home
	sx    bset     // values known to be sign-extended from 32 bits
	zx    bset     // values known to be zero-extended from 32 bits
	nref  [16]int8 // pending values that refer to a host register
	owner [2]int16 // operand whose pending value refers to RAX, RCX; -1: none
	inUse uint8    // scratch registers in use by the current operation: bit 0 RAX, bit 1 RCX
}

func (g *gen) resetSyms() {
	g.pend, g.sx, g.zx = bset{}, bset{}, bset{}
	g.sx.add(0)
	g.zx.add(0)
	g.nref = [16]int8{}
	g.owner = [2]int16{-1, -1}
	g.inUse = 0
}

// at is the home of an operand in memory.
func at(r int) opn {
	if r < 64 {
		return mem(rbp, int32(r)*8-cpu.Bias)
	}
	return mem(rbp, cpu.OffTemps+int32(r-64)*16-cpu.Bias)
}

// off is a field of the State.
func off(o int32) opn { return mem(rbp, o-cpu.Bias) }

func isScratch(h int) bool { return h == rax || h == rcx }

// setPend makes s the value of r. The caller has flushed what refers to r's home.
func (g *gen) setPend(r int, s sym) {
	g.unpend(r)
	g.pend.add(r)
	g.sym[r] = s
	if s.b >= 0 {
		g.nref[s.b]++
		if s.b <= rcx {
			g.owner[s.b] = int16(r)
		}
	}
	if s.i >= 0 {
		g.nref[s.i]++
		if s.i <= rcx {
			g.owner[s.i] = int16(r)
		}
	}
}

// unpend forgets the pending value of r: r is at home, or dead.
func (g *gen) unpend(r int) {
	if !g.pend.has(r) {
		return
	}
	g.pend.del(r)
	s := &g.sym[r]
	for _, h := range [2]int8{s.b, s.i} {
		if h >= 0 {
			g.nref[h]--
			if h <= rcx && g.owner[h] == int16(r) {
				g.owner[h] = -1
			}
		}
	}
}

// unsetFacts forgets what is known of r.
func (g *gen) facts(r int, sx, zx bool) {
	g.sx.put(r, sx)
	g.zx.put(r, zx)
}

// flushHost writes back, or drops if dead according to l, the pending values of
// operands other than keep that refer to host register h.
func (g *gen) flushHost(h, keep int, l *live) {
	if h < 0 || g.nref[h] == 0 {
		return
	}
	for w := range g.pend {
		for m := g.pend[w]; m != 0; m &= m - 1 {
			r := w<<6 | bits.TrailingZeros64(m)
			if r == keep || !g.sym[r].refs(h) {
				continue
			}
			if l.x.has(r) {
				g.mat(r)
				if g.pend.has(r) && g.sym[r].refs(h) { // still cached in h
					g.unpend(r)
				}
			} else {
				g.unpend(r)
			}
		}
	}
}

// kill prepares for a new value of r computed from operands that are still to be
// resolved: nothing else refers to r's home afterwards.
// An old value of r that is not among the operands is dropped.
func (g *gen) kill(r int) {
	if !g.lb.x.has(r) {
		g.unpend(r)
	}
	g.flushHost(int(g.home[r]), r, g.lb)
}

// scratch returns a scratch register and locks it for this operation.
func (g *gen) scratch() int {
	best := -1
	for h := rax; h <= rcx; h++ {
		if g.inUse>>h&1 != 0 {
			continue
		}
		if o := g.owner[h]; o < 0 {
			best = h
			break
		} else if best < 0 || g.sym[o].clean || !g.lb.x.has(int(o)) {
			best = h
		}
	}
	if best < 0 {
		panic("BUG: amd64: no scratch register left")
	}
	g.take(best)
	return best
}

// take locks scratch register h, writing back what it holds.
func (g *gen) take(h int) {
	g.inUse |= 1 << h
	g.evict(h)
}

func (g *gen) evict(h int) {
	o := g.owner[h]
	if o < 0 {
		return
	}
	r := int(o)
	if g.lb.x.has(r) || g.la.x.has(r) {
		g.mat(r)
	}
	if g.pend.has(r) && g.sym[r].refs(h) {
		g.unpend(r)
	}
}

// linOp is the memory operand that computes s.
func (s *sym) linOp() opn {
	o := opn{mem: true, base: s.b, idx: s.i, sc: s.sc, disp: int32(s.c)}
	if o.base < 0 && s.sc == 0 {
		o.base, o.idx = o.idx, -1
	}
	return o
}

// eval computes s into host register d; d may be one that s refers to.
func (g *gen) eval(d int, s *sym) {
	switch s.k {
	case kConst:
		g.movi(d, s.c)
	case kLin:
		o := s.linOp()
		switch {
		case o.base < 0 && o.idx < 0:
			g.movi(d, s.c)
		case o.idx < 0 && o.disp == 0:
			g.mov(d, int(o.base))
		case o.idx < 0 && int(o.base) == d:
			g.aluI(aADD, true, reg(d), o.disp)
		case o.base < 0 && o.disp == 0:
			g.mov(d, int(o.idx))
			g.shI(sSHL, true, reg(d), int(o.sc))
		case o.disp == 0 && o.sc == 0 && int(o.base) == d:
			g.alu(aADD, true, d, reg(int(o.idx)))
		case o.disp == 0 && o.sc == 0 && int(o.idx) == d:
			g.alu(aADD, true, d, reg(int(o.base)))
		default:
			g.lea(true, d, o)
		}
	case kSx:
		g.movsxd(d, reg(int(s.b)))
	case kZx:
		g.mov32(d, int(s.b))
	case kShl:
		g.mov(d, int(s.b))
		g.shI(sSHL, true, reg(d), int(s.c))
	case kShr:
		g.mov(d, int(s.b))
		g.shI(sSHR, true, reg(d), int(s.c))
	case kShlW:
		if int(s.b) != d {
			g.mov32(d, int(s.b))
		}
		g.shI(sSHL, false, reg(d), int(s.c))
		g.movsxd(d, reg(d))
	case kShrW:
		if int(s.b) != d {
			g.mov32(d, int(s.b))
		}
		g.shI(sSHR, false, reg(d), int(s.c))
	}
}

// mat writes the pending value of r to its home. An operand at home in memory may
// afterwards be pending still, as clean copy in a scratch register.
func (g *gen) mat(r int) {
	if !g.pend.has(r) {
		return
	}
	s := g.sym[r]
	if d := int(g.home[r]); d >= 0 {
		g.unpend(r)
		g.eval(d, &s)
		return
	}
	switch {
	case s.clean:
		return
	case s.plain():
		g.st(at(r), int(s.b))
		if isScratch(int(s.b)) {
			g.sym[r].clean = true
		} else {
			g.unpend(r)
		}
		return
	case s.k == kConst && isI32(s.c):
		g.unpend(r)
		g.movMI(at(r), int32(s.c))
		return
	}
	d := int(s.b)
	if !isScratch(d) {
		d = int(s.i)
	}
	saved := g.inUse
	if !isScratch(d) {
		d = g.scratch()
	}
	g.unpend(r)
	g.eval(d, &s)
	g.st(at(r), d)
	g.inUse = saved
	if saved>>d&1 == 0 {
		g.setPend(r, sym{k: kLin, b: int8(d), i: -1, clean: true})
	}
}

// flushAll brings all guest state home, as block borders want it. A pending value
// is live there: one that is redefined before anything can see it has been dropped.
func (g *gen) flushAll() {
	g.flushInts()
	g.flushFP()
}

func (g *gen) flushInts() {
	// What sits in scratch registers goes first, so that they are free for the others.
	for _, o := range g.owner {
		if o >= 0 && o < 64 {
			g.mat(int(o))
		}
	}
	for m := g.pend[0]; m != 0; m &= m - 1 {
		g.mat(trailing(m))
	}
}

func trailing(m uint64) int { return bits.TrailingZeros64(m) }

// isConst returns the value of r if it is known.
func (g *gen) isConst(r int) (int64, bool) {
	if r == 0 {
		return 0, true
	}
	if g.pend.has(r) && g.sym[r].k == kConst {
		return g.sym[r].c, true
	}
	return 0, false
}

// prep makes r readable with rm or reg: at home, a constant, or plainly in a
// register. If w is false only its low half is needed.
func (g *gen) prep(r int, w bool) {
	if !g.pend.has(r) {
		return
	}
	s := &g.sym[r]
	switch s.k {
	case kConst:
		return
	case kLin:
		if s.plain() {
			return
		}
	case kSx, kZx:
		if !w {
			return
		}
	}
	g.mat(r)
}

// rm returns prepared operand r as a register or memory operand. A constant and
// a large one alike goes to a scratch register.
func (g *gen) rm(r int) opn {
	if c, ok := g.isConst(r); ok {
		h := g.scratch()
		g.movi(h, c)
		return reg(h)
	}
	if g.pend.has(r) {
		h := int(g.sym[r].b)
		if h <= rcx {
			g.inUse |= 1 << h
		}
		return reg(h)
	}
	if h := int(g.home[r]); h >= 0 {
		return reg(h)
	}
	return at(r)
}

// reg returns a host register that holds prepared operand r.
func (g *gen) reg(r int) int {
	o := g.rm(r)
	if !o.mem {
		return int(o.r)
	}
	h := g.scratch()
	g.ld(h, o)
	g.setPend(r, sym{k: kLin, b: int8(h), i: -1, clean: true})
	return h
}

// rmUsed is rm, but loads a memory operand that the block reads again.
func (g *gen) rmUsed(r int) opn {
	o := g.rm(r)
	if o.mem && r < 64 && g.la.used>>r&1 != 0 && g.inUse == 0 && (g.owner[0] < 0 || g.owner[1] < 0) {
		return reg(g.reg(r))
	}
	return o
}

// copyTo copies prepared operand r to host register d, w or its low half only.
func (g *gen) copyTo(d, r int, w bool) {
	if c, ok := g.isConst(r); ok {
		if !w {
			c = int64(uint32(c))
		}
		g.movi(d, c)
		return
	}
	saved := g.inUse
	o := g.rm(r)
	g.inUse = saved // the copy suffices
	if !o.mem && int(o.r) == d {
		return
	}
	g.ins(oMOV, w, d, o)
}

// target chooses the register to compute r's new value in: its home, or a scratch
// register. a is the resolved first operand, whose scratch register may be
// reused; the caller copies a to the target and works in place.
func (g *gen) target(r int, a opn) int {
	if h := int(g.home[r]); h >= 0 {
		return h
	}
	if !a.mem && isScratch(int(a.r)) {
		h := int(a.r)
		o := int(g.owner[h])
		switch {
		case o < 0:
			return h
		case o == r || !g.la.x.has(o) || g.sym[o].clean:
			g.unpend(o)
			return h
		case g.inUse == 3:
			g.evict(h)
			return h
		}
	}
	if g.inUse == 3 {
		panic("BUG: amd64: both scratch registers in use")
	}
	return g.scratch()
}

// What a host register holds after an operation.
const (
	resFull = iota // the 64-bit result
	resSx          // the low half is to be sign-extended; the upper half is zero
	resZx          // zero-extended 32-bit result
	resPos         // a number below 2^31
	resSxt         // a sign-extended 32-bit result
)

// done records that host register d (from target) holds r's new value.
func (g *gen) done(r, d, res int) {
	g.unpend(r)
	g.facts(r, res == resSx || res == resPos || res == resSxt, res == resZx || res == resPos)
	if r == 0 || !g.la.x.has(r) {
		return
	}
	s := sym{k: kLin, b: int8(d), i: -1}
	if res == resSx {
		s.k, s.z = kSx, true
	}
	if int(g.home[r]) == d && res != resSx {
		return
	}
	if isScratch(d) && g.owner[d] >= 0 {
		panic("BUG: amd64: result in a scratch register that is in use")
	}
	g.setPend(r, s)
}

// pendVal gives r the pending value s, which refers only to registers that
// canRef allows.
func (g *gen) pendVal(r int, s sym, res int) {
	g.flushHost(int(g.home[r]), r, g.la)
	g.unpend(r)
	g.facts(r, res == resSx || res == resPos || res == resSxt, res == resZx || res == resPos)
	if r == 0 || !g.la.x.has(r) {
		return
	}
	g.setPend(r, s)
	if s.plain() && int(g.home[r]) == int(s.b) {
		g.unpend(r)
	}
}

func (g *gen) pendConst(r int, c int64) {
	res := resFull
	switch {
	case c == int64(int32(c)) && c >= 0:
		res = resPos
	case isI32(c):
		res = resSxt
	case c == int64(uint32(c)):
		res = resZx
	}
	g.pendVal(r, sym{k: kConst, b: -1, i: -1, c: c}, res)
}

// canRef reports whether a new pending value of r may refer to host register h.
// It drops a dead operand that stands in the way.
func (g *gen) canRef(r int, h int8) bool {
	if h < 0 {
		return true
	}
	if isScratch(int(h)) {
		o := int(g.owner[h])
		if o < 0 || o == r {
			return true
		}
		if g.la.x.has(o) && !g.sym[o].clean {
			return false
		}
		return true // the caller's pendVal takes the register over, see steal
	}
	p := int(g.pins[h])
	if p == r || !g.pend.has(p) {
		return true
	}
	return !g.la.x.has(p)
}

// steal detaches host register h from an operand that canRef found dead or
// clean, so that r may refer to it.
func (g *gen) steal(r int, h int8) {
	if h < 0 {
		return
	}
	if isScratch(int(h)) {
		if o := int(g.owner[h]); o >= 0 && o != r {
			g.unpend(o)
		}
		return
	}
	if p := int(g.pins[h]); p != r && g.pend.has(p) {
		g.unpend(p)
	}
}

// lockRefs keeps the scratch registers that s refers to from being taken.
func (g *gen) lockRefs(s *sym) {
	for _, h := range [2]int8{s.b, s.i} {
		if h >= 0 && h <= rcx {
			g.inUse |= 1 << h
		}
	}
}

// tryPend is pendVal if s may be referred to; it reports whether it did.
func (g *gen) tryPend(r int, s sym, res int) bool {
	if !g.canRef(r, s.b) || !g.canRef(r, s.i) {
		return false
	}
	if s.b >= 0 && s.i >= 0 && isScratch(int(s.b)) && isScratch(int(s.i)) {
		return false
	}
	g.steal(r, s.b)
	g.steal(r, s.i)
	g.lockRefs(&s)
	g.unpend(r)
	g.pendVal(r, s, res)
	return true
}
