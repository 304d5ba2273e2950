package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// fstate is what is known of FP slots within the block.
//
// The host's NaNs are not the guest's: an arithmetic result in a register may be
// a NaN that is still to be made canonical ("dirty"). It is looked at when it becomes
// visible: stored, moved, at the block's end. As arithmetic on a NaN gives a NaN,
// a result that is found to be none answers for the operands it was computed
// from ("cover"), as long as these are unchanged.
type fstate struct {
	dirty  uint64 // slots in registers that may hold such a NaN
	single uint64 // those of dirty that hold a single
	boxed  [2]uint64
	cover  [numPinXMM]uint16 // by register: registers whose dirty values its own value answers for
}

func (g *gen) resetFP() { g.fstate = fstate{} }

// endTemps forgets the FP temporaries of a guest instruction.
func (g *gen) endTemps() { g.boxed[1] = 0 }

// vat is the home of an FP operand in memory. Temporaries share a 16-byte cell with
// the integer temporary of the same number.
func vat(r int) opn {
	if r < 64 {
		return mem(rbp, cpu.OffV+int32(r)*16-cpu.Bias)
	}
	return mem(rbp, cpu.OffTemps+int32(r-64)*16+8-cpu.Bias)
}

// fget returns a register that holds FP operand r, tmp if it has none.
func (g *gen) fget(r, tmp int) int {
	if h := int(g.vhome[r]); h >= 0 {
		return h
	}
	g.fins(oMOVSDld, false, tmp, vat(r))
	return tmp
}

// frm returns FP operand r as a register or memory operand.
func (g *gen) frm(r int) opn {
	if h := int(g.vhome[r]); h >= 0 {
		return reg(h)
	}
	return vat(r)
}

// fdst is the register to compute r's new value in.
func (g *gen) fdst(r int) int {
	if h := int(g.vhome[r]); h >= 0 {
		return h
	}
	return xmm15
}

func (g *gen) isBoxed(r int) bool { return g.boxed[r>>6]>>(r&63)&1 != 0 }

// fdone records the new value of r in register d, which needs no canonical form.
func (g *gen) fdone(r, d int, boxed bool) {
	if boxed {
		g.boxed[r>>6] |= 1 << (r & 63)
	} else {
		g.boxed[r>>6] &^= 1 << (r & 63)
	}
	if g.vhome[r] < 0 {
		g.fins(oMOVSDst, false, d, vat(r))
		return
	}
	g.dirty &^= 1 << r
	g.single &^= 1 << r
	for h := range g.cover {
		g.cover[h] &^= 1 << d
	}
	g.cover[d] = 0
}

// fdirty records an arithmetic result of type ty, computed from operands srcs.
func (g *gen) fdirty(r, d int, ty ir.Type, srcs ...int) {
	sgl := ty == ir.F32
	if g.vhome[r] < 0 {
		g.canonRegs(1<<d, sgl)
		g.fdone(r, d, sgl)
		return
	}
	var c uint16
	for _, s := range srcs {
		if h := g.vhome[s]; h >= 0 && g.dirty>>s&1 != 0 && (g.single>>s&1 != 0) == sgl {
			c |= 1<<h | g.cover[h]
		}
	}
	g.fdone(r, d, sgl)
	g.dirty |= 1 << r
	if sgl {
		g.single |= 1 << r
	}
	g.cover[d] = c &^ (1 << d)
}

// canonRegs makes the values of the registers in mask canonical; more than two are
// possible only where one of them answers for the others: then test has one or two.
func (g *gen) canonRegs(mask uint16, sgl bool) { g.canonTest(mask, mask, sgl) }

func (g *gen) canonTest(test, mask uint16, single bool) {
	a := trailing(uint64(test))
	b := a
	if t := test & (test - 1); t != 0 {
		b = trailing(uint64(t))
	}
	op := oUCOMISD
	if single {
		op = oUCOMISS
	}
	g.fins(op, false, a, reg(b))
	c := cold{kind: coldCanon, flag: single, dirty: uint64(mask), site: g.jcc(ccP)}
	c.back = g.p
	g.cold = append(g.cold, c)
}

func (g *gen) coldCanon(c *cold) {
	g.here(c.site)
	g.canonEach(c)
}

// canonEach makes all registers in c.dirty canonical and goes back.
func (g *gen) canonEach(c *cold) {
	op, nan := oUCOMISD, g.stubs.nan64
	if c.flag {
		op, nan = oUCOMISS, g.stubs.nan32
	}
	for m := c.dirty; m != 0; m &= m - 1 {
		h := trailing(m)
		g.fins(op, false, h, reg(h))
		j := g.jcc8(ccNP)
		g.fins(oMOVSDld, false, h, ripAt(nan))
		g.here8(j)
	}
	g.jmpTo(c.back)
}

// clean makes the value of r canonical, and another one at the same cost.
func (g *gen) clean(r int) {
	if r >= 64 || g.dirty>>r&1 == 0 {
		return
	}
	sgl := g.single>>r&1 != 0
	h := uint16(1) << g.vhome[r]
	test := h
	same := g.dirty &^ g.single
	if sgl {
		same = g.dirty & g.single
	}
	same &^= 1 << r
	for m := same; m != 0; m &= m - 1 {
		if o := g.vhome[trailing(m)]; g.cover[g.vhome[r]]>>o&1 == 0 {
			test |= 1 << o
			break
		}
	}
	g.cleanTest(test, sgl)
}

// cleanTest tests the registers in test and marks all they answer for clean.
func (g *gen) cleanTest(test uint16, sgl bool) {
	mask := test
	for m := test; m != 0; m &= m - 1 {
		mask |= g.cover[trailing(uint64(m))]
	}
	for m := mask; m != 0; m &= m - 1 {
		h := trailing(uint64(m))
		s := g.vpins[h]
		if g.dirty>>s&1 == 0 || (g.single>>s&1 != 0) != sgl {
			mask &^= 1 << h
		}
	}
	g.canonTest(test, mask, sgl)
	g.markClean(mask)
}

func (g *gen) markClean(mask uint16) {
	for m := mask; m != 0; m &= m - 1 {
		h := trailing(uint64(m))
		g.dirty &^= 1 << g.vpins[h]
		g.single &^= 1 << g.vpins[h]
		g.cover[h] = 0
	}
	for h := range g.cover {
		g.cover[h] &^= mask
	}
}

// flushFP makes all FP registers canonical.
func (g *gen) flushFP() {
	for g.dirty != 0 {
		sgl := g.single != 0
		same := g.dirty
		if sgl {
			same &= g.single
		}
		var covered uint16
		for m := same; m != 0; m &= m - 1 {
			covered |= g.cover[g.vhome[trailing(m)]]
		}
		var test uint16
		for m := same; m != 0; m &= m - 1 {
			if h := g.vhome[trailing(m)]; covered>>h&1 == 0 {
				test |= 1 << h
				if test&(test-1) != 0 {
					break
				}
			}
		}
		if test == 0 { // cannot be: the newest of them is not covered
			test = 1 << g.vhome[trailing(same)]
		}
		g.cleanTest(test, sgl)
	}
}

// bail leaves to the interpreter, at the start of the guest instruction, if c. Nothing of the
// instruction has taken effect then.
func (g *gen) bail(c cc) {
	s := g.snapshot(coldBail)
	s.site = g.jcc(c)
	g.cold = append(g.cold, s)
}

// needBoxed bails out if single operand r is not NaN-boxed.
func (g *gen) needBoxed(r int, ty ir.Type) {
	if ty != ir.F32 || g.isBoxed(r) {
		return
	}
	if r < 64 && g.dirty>>r&1 != 0 {
		g.clean(r) // a double: an operand NaN that looks boxed may have come through
	}
	g.boxed[r>>6] |= 1 << (r & 63)
	h := int(g.vhome[r])
	switch {
	case h < 0:
		m := vat(r)
		m.disp += 4
		g.aluI(aCMP, false, m, -1)
		g.bail(ccNE)
	case g.feat.sse41:
		g.fins(oPTEST, false, h, ripAt(g.stubs.box))
		g.bail(ccAE)
	default:
		t := g.scratch()
		g.fins(oMOVQst, true, h, reg(t))
		g.shI(sSAR, true, reg(t), 32)
		g.aluI(aCMP, false, reg(t), -1)
		g.bail(ccNE)
		g.inUse = 0
	}
}
