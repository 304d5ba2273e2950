package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// Instrumentation. Counters and trace records are written by a few instructions in place. A
// call of Go code leaves with ExitCall, all guest state being home, and comes back to the
// instruction behind; the callee may have changed any of it.

// recordSize is the size of a trace record in bytes.
const recordSize = 32

// instrument emits an instrumentation operation.
func (g *gen) instrument(i *ir.Inst) {
	switch i.Op {
	case ir.OpCount, ir.OpCountSet:
		g.count64(i)
	case ir.OpCountHome:
		sum, m := off(cpu.OffSums+i.High()*8), g.word(int32(i.Low()))
		h := g.scratch()
		g.ld(h, sum)
		g.aluMR(aADD, true, m, h)
		g.movMI(sum, 0)
	case ir.OpCall:
		g.settle()
		if ir.If(i.Aux) == ir.IfAlways {
			g.callGo(i.Low(), -1)
			g.settled()
			return
		}
		c := cold{kind: coldCall, pc: uint64(i.Low()), site: g.jcc(g.compareWord(i))}
		g.coldGo(c)
	case ir.OpCallMem:
		g.saveTo(off(cpu.OffCallAddr), ix(i.A))
		g.saveTo(off(cpu.OffCallValue), ix(i.B))
		g.settle()
		over := g.skipIf(ix(i.C))
		g.callGo(i.Low(), -1)
		g.skipEnd(over)
		g.settled()
	case ir.OpTrace:
		g.trace(i)
	case ir.OpTraceTake:
		g.aluI(aADD, true, off(cpu.OffTracePos), i.High()*recordSize)
	case ir.OpTraceRoom:
		g.settle()
		h := g.scratch()
		g.ld(h, off(cpu.OffTraceEnd))
		g.alu(aSUB, true, h, off(cpu.OffTracePos))
		g.aluI(aCMP, true, reg(h), i.High()*recordSize)
		g.coldGo(cold{kind: coldCall, pc: uint64(i.Low()), site: g.jcc(ccB)})
	}
}

// coldGo lets c call Go code; the state is home before and after.
func (g *gen) coldGo(c cold) {
	c.back = g.p
	g.cold = append(g.cold, c)
	g.settled()
}

// settle brings all state home, temporaries that are still needed too.
func (g *gen) settle() {
	g.flushAll()
	for m := g.pend[1]; m != 0; m &= m - 1 {
		if r := 64 + trailing(m); g.la.x.has(r) {
			g.mat(r)
		}
	}
	g.inUse = 0
}

// settled forgets what is known: Go code has run.
func (g *gen) settled() {
	g.resetSyms()
	g.resetFP()
}

// callGo calls function id; it goes on at region offset back, or here if that is negative.
func (g *gen) callGo(id uint32, back int) {
	g.lea(true, rcx, ripAt(g.p))
	at := g.p - 4
	g.movMI32(off(cpu.OffCallID), int32(id))
	g.jmpTo(g.stubs.callGo)
	if back < 0 {
		back = g.p
	}
	g.patch(at, back)
}

// word is the memory of a counter at an offset, its base loaded to a scratch register.
func (g *gen) word(off32 int32) opn {
	h := g.scratch()
	g.ld(h, off(cpu.OffSlots))
	return mem(h, off32)
}

// compareWord compares a counter with operand A.
func (g *gen) compareWord(i *ir.Inst) cc {
	m := g.word(i.High())
	a := ix(i.A)
	if c, ok := g.isConst(a); ok && isI32(c) {
		g.aluI(aCMP, true, m, int32(c))
	} else {
		g.prep(a, true)
		g.aluMR(aCMP, true, m, g.reg(a))
	}
	switch ir.If(i.Aux) {
	case ir.IfEq:
		return ccE
	case ir.IfNe:
		return ccNE
	case ir.IfLt:
		return ccB
	case ir.IfLe:
		return ccBE
	case ir.IfGt:
		return ccA
	}
	return ccAE
}

// skipIf jumps to where skipEnd is called if temporary r is not zero; the temporary's value is
// taken from memory, so that no register is needed.
func (g *gen) skipIf(r int) (site int) {
	if c, ok := g.isConst(r); ok && c == 0 {
		return 0
	}
	g.mat(r)
	g.aluI(aCMP, true, at(r), 0)
	return g.jcc8(ccNE)
}

func (g *gen) skipEnd(site int) {
	if site != 0 {
		g.here8(site)
	}
}

func (g *gen) count64(i *ir.Inst) {
	a, b := ix(i.A), ix(i.B)
	if _, ok := g.isConst(a); !ok {
		g.mat(a)
	}
	v := -1
	if b != 0 {
		g.prep(b, true)
		v = g.reg(b)
	}
	var m opn
	if n := i.Low() &^ ir.InSums; n != i.Low() {
		m = off(cpu.OffSums + int32(n)*8)
	} else {
		m = g.word(int32(n))
	}
	over := g.skipIf(a)
	if i.Op == ir.OpCountSet {
		if v < 0 {
			g.movMI(m, i.High())
		} else {
			g.st(m, v)
		}
	} else if v >= 0 {
		g.aluMR(aADD, true, m, v)
	}
	if i.High() != 0 && (i.Op == ir.OpCount || v >= 0) {
		g.aluI(aADD, true, m, i.High())
	}
	g.skipEnd(over)
}

// saveTo stores operand r to m.
func (g *gen) saveTo(m opn, r int) {
	g.prep(r, true)
	if c, ok := g.isConst(r); ok && isI32(c) {
		g.movMI(m, int32(c))
	} else {
		g.st(m, g.reg(r))
	}
	g.inUse = 0
}

// copied returns a host register with the value of operand r: the one it is in, or a scratch register with a
// copy, so that a sum need not go to its home.
func (g *gen) copied(r int) int {
	if g.pend.has(r) && g.sym[r].k == kLin && !g.sym[r].plain() {
		s := g.sym[r]
		saved := g.inUse
		g.lockRefs(&s)
		if g.inUse != 3 {
			h := g.scratch()
			g.inUse = saved | 1<<h
			g.eval(h, &s)
			return h
		}
		g.inUse = saved
	}
	g.prep(r, true)
	return g.reg(r)
}

// trace writes a record: pc, kind of access and number of the trace, address, value.
func (g *gen) trace(i *ir.Inst) {
	a, b, c := ix(i.A), ix(i.B), ix(i.C)
	if _, ok := g.isConst(c); !ok {
		g.mat(c)
	}
	g.prep(b, true)
	ra := g.copied(a)
	h := g.scratch()
	g.ld(h, off(cpu.OffTracePos))
	d := -i.High() * recordSize // where the record is
	g.st(mem(h, d+16), ra)
	g.inUse = 1 << h
	g.traceValue(b, ir.Access(i.Aux).Bytes(), mem(h, d+24))
	g.fins(oMOVUPSld, false, xmm15, ripAt(g.p))
	g.cold = append(g.cold, cold{kind: coldData, site: g.p - 4, pc: g.pc, data: uint64(i.Low())<<32 | uint64(i.Aux)})
	g.fins(oMOVUPSst, false, xmm15, mem(h, d))
	if d != 0 {
		return
	}
	over := g.skipIf(c)
	g.aluI(aADD, true, reg(h), recordSize)
	g.st(off(cpu.OffTracePos), h)
	g.skipEnd(over)
}

// traceValue stores the low n bytes of operand b to m, zero-extended.
func (g *gen) traceValue(b, n int, m opn) {
	if v, ok := g.isConst(b); ok && n < 8 {
		v &= 1<<(8*n) - 1
		if isI32(v) {
			g.movMI(m, int32(v))
			return
		}
		h := g.scratch()
		g.movi(h, v)
		g.st(m, h)
		return
	}
	v := 0
	switch n {
	case 1, 2, 4:
		saved := g.inUse
		o := g.rm(b)
		g.inUse = saved // the copy suffices
		v = g.scratch()
		switch n {
		case 1:
			g.ins(oMOVZX8, false, v, o)
		case 2:
			g.ins(oMOVZX16, false, v, o)
		default:
			g.ins(oMOV, false, v, o)
		}
	default:
		if c, ok := g.isConst(b); ok && isI32(c) {
			g.movMI(m, int32(c))
			return
		}
		v = g.reg(b)
	}
	g.st(m, v)
}
