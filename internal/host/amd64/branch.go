package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

// exitSite is a jump out of the block that waits for its stub.
type exitSite struct {
	site   int
	target uint64
}

// Kinds of code behind the end of a block.
const (
	coldDiv    = iota // zero divisor, overflow
	coldSide          // side exit that has values to write back
	coldExit          // leave with reason exit at pc
	coldAlign         // leave with ExitAlign, the address in reg
	coldMiss          // indirect call that missed the jump cache
	coldRet           // return that does not match the private stack
	coldCanon         // NaN found
	coldBail          // interpret the guest instruction
	coldMinMax        // equal operands or NaN
	coldFToI          // number that does not fit
	coldFMA           // NaN as result of a fused operation
	coldQuiet         // NaN in a comparison between saving and restoring the flags
	coldFlags         // MXCSR flags to clear
	coldCall          // call of Go code that is due
	coldData          // two words: pc, data
)

type cold struct {
	kind       uint8
	exit       cpu.Exit
	wide, flag bool
	reg        int8
	reg2       int8
	dst        int8
	site       int
	site2      int
	back       int
	pc         uint64
	data       uint64
	lo, hi     int // snapshot of pending values in gen.snaps
	dirty      uint64
	single     uint64
	o          opn
}

// snapEnt is a pending value as of the jump to the cold code.
type snapEnt struct {
	r int
	s sym
}

// snapshot returns cold code of a kind that brings the present guest state home.
func (g *gen) snapshot(kind uint8) cold {
	c := cold{kind: kind, pc: g.pc, lo: len(g.snaps), dirty: g.dirty, single: g.single}
	for m := g.pend[0]; m != 0; m &= m - 1 {
		r := trailing(m)
		if !g.sym[r].clean {
			g.snaps = append(g.snaps, snapEnt{r, g.sym[r]})
		}
	}
	c.hi = len(g.snaps)
	return c
}

// restore makes the snapshot the current state, and writes it back.
func (g *gen) restore(c *cold) {
	g.resetSyms()
	for _, e := range g.snaps[c.lo:c.hi] {
		g.setPend(e.r, e.s)
	}
	g.resetFP()
	g.dirty, g.single = c.dirty, c.single
	g.lb = &allLive
	g.la = &allLive
	g.flushAll()
}

var allLive = live{x: bset{^uint64(0), 0}}

func (g *gen) genCold() {
	for k := 0; k < len(g.cold); k++ {
		c := g.cold[k]
		switch c.kind {
		case coldDiv:
			g.coldDiv(&c)
		case coldSide:
			g.here(c.site)
			g.restore(&c)
			g.jumpTo(c.pc)
		case coldExit:
			g.here(c.site)
			g.exitPC(c.pc, c.exit)
		case coldAlign:
			g.here(c.site)
			g.st(off(cpu.OffExitArg), int(c.reg))
			g.restore(&c)
			g.exitPC(c.pc, cpu.ExitAlign)
		case coldMiss:
			g.here(c.site)
			g.faults.call(g.p, c.pc, 0, true)
			g.patch(g.call(), g.stubs.indirect)
			g.jmpTo(c.back)
		case coldRet:
			g.here(c.site)
			if c.reg != rcx {
				g.mov(rcx, int(c.reg))
			}
			g.jmpTo(g.stubs.retMiss)
		case coldCanon:
			g.coldCanon(&c)
		case coldMinMax:
			g.coldMinMax(&c)
		case coldFMA:
			g.coldFMA(&c)
		case coldFlags:
			g.coldFlags(&c)
		case coldQuiet:
			g.coldQuiet(&c)
		case coldFToI:
			g.coldFToI(&c)
		case coldCall:
			g.here(c.site)
			g.callGo(uint32(c.pc), c.back)
		case coldData:
			g.here(c.site)
			g.d64(c.pc)
			g.d64(c.data)
		case coldBail:
			g.here(c.site)
			g.restore(&c)
			g.exitPC(c.pc, cpu.ExitInterp)
		}
	}
}

// genExits writes the stubs of the direct jumps: a call tells the common stub which
// exit it was.
func (g *gen) genExits() {
	ex := g.code.Exits[:0]
	for _, e := range g.exits {
		stub := g.p
		g.patch(e.site, stub)
		g.patch(g.call(), g.stubs.chain)
		ex = append(ex, host.Exit{Site: uint32(e.site), Stub: uint32(stub), Ret: uint32(g.p), Target: e.target})
	}
	g.code.Exits = ex
}

// exitPC leaves with reason e; the guest state is home.
func (g *gen) exitPC(pc uint64, e cpu.Exit) {
	if g.probed {
		switch e {
		case cpu.ExitInterp, cpu.ExitAlign, cpu.ExitIllegal, cpu.ExitPoll:
			g.movMI32(off(cpu.OffExitBlock), int32(g.start)+1)
		}
	}
	g.movi(rcx, int64(pc))
	g.jmpTo(g.stubs.exit[e])
}

// A displacement that is patched while other threads run the code must not cross a
// boundary of patchAlign bytes, so that one store replaces it as a whole.
const patchAlign = 16

// padding returns how many bytes to insert for a displacement at p.
func padding(p int) int {
	if o := p & (patchAlign - 1); o > patchAlign-4 {
		return patchAlign - o
	}
	return 0
}

// jumpTo continues at guest address target; the guest state is home.
func (g *gen) jumpTo(target uint64) {
	if target == g.blk.PC {
		g.jmpTo(g.entry)
		return
	}
	g.nop(padding(g.p + 1))
	g.exits = append(g.exits, exitSite{g.jmp(), target})
}

// condJump jumps to guest address target if c. The comparison starts at from;
// padding goes in front of it, to leave it next to the jump.
func (g *gen) condJump(c cc, target uint64, from int) {
	if target == g.blk.PC {
		g.jccTo(c, g.entry)
		return
	}
	if n := padding(g.p + 2); n != 0 {
		copy(g.b[from+n:g.p+n], g.b[from:g.p])
		end := g.p + n
		g.p = from
		g.nop(n)
		g.p = end
	}
	g.exits = append(g.exits, exitSite{g.jcc(c), target})
}

// poll leaves with ExitPoll at the current instruction if the thread is wanted; the
// guest state is home.
func (g *gen) poll() {
	g.insT(0x83, true, aCMP, off(cpu.OffPending), 1)
	g.b1(0)
	g.cold = append(g.cold, cold{kind: coldExit, exit: cpu.ExitPoll, pc: g.pc, site: g.jcc(ccNE)})
}

// br emits a conditional branch. Backward ones poll; so do indirect jumps and
// backward calls. A path without any of them only moves forward, but for returns to
// where it has been called from, and therefore ends.
func (g *gen) br(i *ir.Inst) bool {
	a, b := ix(i.A), g.srcB(i)
	cond := ir.Cond(i.Aux)
	target := uint64(i.Imm)
	if c, ok := g.isConst(a); ok && b.isC {
		if ir.EvalInt(ir.OpSet, ir.I64, i.Aux, uint64(c), uint64(b.c), 0) == 0 {
			return false
		}
		g.flushAll()
		if target <= g.pc {
			g.poll()
		}
		g.jumpTo(target)
		return true
	}
	w := g.prepCmp(a, b)
	if target > g.pc && g.n+1 < g.stop {
		c := g.compare(cond, a, b, w)
		s := g.snapshot(coldSide)
		if s.lo == s.hi && s.dirty == 0 {
			g.exits = append(g.exits, exitSite{g.jccAligned(c), target})
			return false
		}
		s.pc = target
		s.site = g.jcc(c)
		g.cold = append(g.cold, s)
		return false
	}
	g.flushAll()
	if target <= g.pc {
		g.poll()
	}
	g.inUse = 0
	from := g.p
	g.condJump(g.compare(cond, a, b, w), target, from)
	return false
}

func (g *gen) jccAligned(c cc) int {
	g.nop(padding(g.p + 2))
	return g.jcc(c)
}

// jmpOp emits direct jumps and calls.
func (g *gen) jmpOp(i *ir.Inst) {
	link, target := ix(i.Dst), uint64(i.Imm)
	g.flushAll()
	if target <= g.pc {
		g.poll()
	}
	if link != 0 {
		g.pendConst(link, int64(g.blk.End))
		g.flushInts()
	}
	if link == 0 || ir.Hint(i.Aux) != ir.HintCall || g.opt.NoPairing {
		g.jumpTo(target)
		return
	}
	g.faults.call(g.p, g.pc, target, false)
	g.pushRet(link)
	g.nop(padding(g.p + 1))
	g.faults.call(g.p, g.pc, target, false)
	site := g.call()
	if target == g.blk.PC {
		g.patch(site, g.entry)
	} else {
		g.exits = append(g.exits, exitSite{site, target})
	}
	g.lea(true, rsp, mem(rsp, 8))
	g.jumpTo(g.blk.End)
}

// pushRet pushes the guest return address, which the link register holds.
func (g *gen) pushRet(link int) {
	if h := int(g.home[link]); h >= 0 {
		g.push(h)
	} else {
		g.pushM(at(link))
	}
}

// jmpInd emits indirect jumps, calls and returns.
func (g *gen) jmpInd(i *ir.Inst) {
	a, link, hint := ix(i.A), ix(i.Dst), ir.Hint(i.Aux)
	if g.opt.NoPairing || hint == ir.HintCall && link == 0 {
		hint = ir.HintNone
	}
	g.flushAll()
	if hint == ir.HintRet && link == 0 && i.Imm == 0 {
		h := int(g.home[a])
		if h < 0 {
			h = rcx
			g.ld(rcx, at(a))
		}
		g.aluMR(aCMP, true, mem(rsp, 8), h)
		g.cold = append(g.cold, cold{kind: coldRet, reg: int8(h), site: g.jcc(ccNE)})
		g.asm.ret()
		return
	}
	g.poll()
	switch h := int(g.home[a]); {
	case h < 0:
		g.ld(rcx, at(a))
		if i.Imm != 0 {
			g.aluI(aADD, true, reg(rcx), int32(i.Imm))
		}
	case i.Imm != 0:
		g.lea(true, rcx, mem(h, int32(i.Imm)))
	default:
		g.mov(rcx, h)
	}
	g.inUse = 1 << rcx
	if link != 0 {
		g.pendConst(link, int64(g.blk.End))
		g.flushInts()
	}
	if hint != ir.HintCall {
		g.probe()
		g.jccTo(ccNE, g.stubs.indirect)
		g.jmpM(jumpCache(8))
		return
	}
	g.faults.call(g.p, g.pc, 0, true)
	g.pushRet(link)
	g.probe()
	c := cold{kind: coldMiss, pc: g.pc, site: g.jcc(ccNE)}
	g.faults.call(g.p, g.pc, 0, true)
	g.callM(jumpCache(8))
	c.back = g.p
	g.cold = append(g.cold, c)
	g.lea(true, rsp, mem(rsp, 8))
	g.jumpTo(g.blk.End)
}

// jumpCache is word o of the entry whose index probe left in RAX.
func jumpCache(o int32) opn {
	return opn{mem: true, base: rbp, idx: rax, sc: 3, disp: cpu.OffJumpCache - cpu.Bias + o}
}

// probe looks the guest address in RCX up in the jump cache: equal if found. An odd
// address is never found; the miss stub clears bit 0.
func (g *gen) probe() {
	g.mov32(rax, rcx)
	g.aluI(aAND, false, reg(rax), (cpu.JumpCacheLen-1)<<1)
	g.alu(aCMP, true, rcx, jumpCache(0))
}
