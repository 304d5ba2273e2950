package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// sticky leaves the exceptions in the host's control word in RAX, in the guest's order. It
// takes both scratch registers.
func (g *gen) sticky() {
	g.ins(oGrp15, false, 3, saveT) // stmxcsr
	g.ins(oMOV, false, rax, saveT)
	g.aluI(aAND, false, reg(rax), 0x3f)
	g.lea(true, rcx, ripAt(g.stubs.flags))
	g.ins(oMOVZX8, false, rax, opn{mem: true, base: rcx, idx: rax})
}

func (g *gen) getFFlags(i *ir.Inst) {
	rd := ix(i.Dst)
	if rd == 0 {
		return
	}
	g.findQuiet(i)
	g.kill(rd)
	g.take(rax)
	g.take(rcx)
	g.sticky()
	g.alu(aOR, false, rax, off(cpu.OffFFlags))
	g.fixedDst(rd, resPos, false)
}

// findQuiet looks for a comparison between this read of the flags and a write that
// restores them, which is how compilers spell a comparison without exceptions. Only
// a NaN raises anything there, so that the flags have to be restored in its cold path only.
func (g *gen) findQuiet(i *ir.Inst) {
	cmp := -1
	for n := g.n + 1; n < g.stop; n++ {
		j := &g.blk.Insts[n]
		switch {
		case j.Op == ir.OpInsn:
		case j.Op == ir.OpFCmp && cmp < 0 && j.Dst != i.Dst:
			cmp = n
		case j.Op == ir.OpSetFFlags && cmp >= 0 && j.A == i.Dst:
			g.quietCmp, g.quietEnd = cmp, n
			return
		default:
			return
		}
	}
}

// quiet emits the comparison of a with b that findQuiet found: the flags are those
// of ucomis, or equal and not above for an unordered eq.
func (g *gen) quiet(op opc, a int, b opn, eq bool) {
	g.fins(op, false, a, b)
	c := cold{kind: coldQuiet, flag: eq, site: g.jcc(ccP)}
	c.back = g.p
	g.cold = append(g.cold, c)
}

func (g *gen) coldQuiet(c *cold) {
	g.here(c.site)
	g.ins(oGrp15, false, 2, saveT) // the control word as getFFlags saw it
	if c.flag {
		g.ins(oTEST, true, rsp, reg(rsp)) // not equal
	}
	g.jmpTo(c.back)
}

// setFFlags clears the host's flags only if the new value lacks one of them, because
// loading the control word is slow: the usual case is code that restores flags
// around a comparison that has raised none.
func (g *gen) setFFlags(a int) {
	if g.n == g.quietEnd {
		return
	}
	g.prep(a, false)
	g.take(rax)
	g.take(rcx)
	g.sticky()
	g.copyTo(rcx, a, false)
	g.aluI(aAND, false, reg(rcx), 31)
	g.ins(oMOVst, false, rcx, off(cpu.OffFFlags))
	g.ins(oGrp3, false, 2, reg(rcx))
	g.ins(oTEST, false, rcx, reg(rax))
	c := cold{kind: coldFlags, site: g.jcc(ccNE)}
	c.back = g.p
	g.cold = append(g.cold, c)
}

func (g *gen) coldFlags(c *cold) {
	g.here(c.site)
	g.aluI(aAND, false, saveT, ^0x3f)
	g.ins(oGrp15, false, 2, saveT) // ldmxcsr
	g.jmpTo(c.back)
}

// flagByte is MXCSR's IE DE ZE OE UE PE (bits 0-5) as fflags NX UF OF DZ NV (bits 0-4).
func flagByte(m int) byte {
	return byte(m>>5&1 | m>>4&1<<1 | m>>3&1<<2 | m>>2&1<<3 | m&1<<4)
}
