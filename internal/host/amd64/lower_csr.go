package amd64

import "github.com/weir-emu/weir/internal/cpu"

// sticky leaves the exceptions in the host's control word in RAX, in the guest's order. It
// takes both scratch registers.
func (g *gen) sticky() {
	g.ins(oGrp15, false, 3, saveT) // stmxcsr
	g.ins(oMOV, false, rax, saveT)
	g.aluI(aAND, false, reg(rax), 0x3f)
	g.lea(true, rcx, ripAt(g.stubs.flags))
	g.ins(oMOVZX8, false, rax, opn{mem: true, base: rcx, idx: rax})
}

func (g *gen) getFFlags(rd int) {
	if rd == 0 {
		return
	}
	g.kill(rd)
	g.take(rax)
	g.take(rcx)
	g.sticky()
	g.alu(aOR, false, rax, off(cpu.OffFFlags))
	g.fixedDst(rd, resPos, false)
}

// setFFlags clears the host's flags only if the new value lacks one of them, because
// loading the control word is slow: the usual case is code that restores flags
// around a comparison that has raised none.
func (g *gen) setFFlags(a int) {
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
