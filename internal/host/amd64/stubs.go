package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
)

// stubTable holds region offsets of the common code.
type stubTable struct {
	common   int
	chain    int
	indirect int
	retMiss  int
	callGo   int     // leave for a Go function; RCX = where to go on
	exit     [16]int // by cpu.Exit; RCX = guest pc

	// Constants for vector instructions, 16 bytes each.
	nan64, nan32 int
	sign64       int
	sign32       int
	abs64        int
	abs32        int
	box          int // ones in bits 63:32
	flags        int // 64 bytes: flagByte
}

// genStubs writes the code that all blocks share. Generated code is
// entered by a call, with RBP set up and the caller's return address on its stack.
func (g *gen) genStubs() host.Stubs {
	g.p = 0
	s := &g.stubs

	// What the sentinel of an empty private stack returns to: the guest returned to NoPC.
	empty := g.p
	g.ld(rsp, off(cpu.OffStackTop))
	g.movi(rcx, cpu.NoPC)
	toIndirect := g.jmp()

	enter := g.p
	g.st(off(cpu.OffHostSP), rsp)
	g.ins(oGrp15, false, 2, off(cpu.OffMXCSR)) // ldmxcsr
	for h, r := range g.vpins {
		if r >= 0 {
			g.fins(oMOVSDld, false, h, vat(int(r)))
		}
	}
	// No return address is odd: an empty private stack matches no proper return.
	g.ld(rax, off(cpu.OffStackTop))
	g.movi(rcx, int64(g.regionBase)+int64(empty))
	g.st(mem(rax, 0), rcx)
	g.movMI(mem(rax, 8), cpu.NoPC)
	g.ld(rsp, off(cpu.OffStackSP))
	for h, r := range g.pins {
		if r >= 0 {
			g.ld(h, at(int(r)))
		}
	}
	g.jmpM(off(cpu.OffExitArg))

	// Reasons that come with the guest pc in RCX fall into one tail.
	s.common = g.p
	g.st(off(cpu.OffStackSP), rsp)
	g.ins(oGrp15, false, 3, off(cpu.OffMXCSR)) // stmxcsr
	for h, r := range g.pins {
		if r >= 0 {
			g.st(at(int(r)), h)
		}
	}
	for h, r := range g.vpins {
		if r >= 0 {
			g.fins(oMOVSDst, false, h, vat(int(r)))
		}
	}
	// Go code wants round-to-nearest and masked exceptions; sticky flags do not matter to it.
	g.ld(rsp, off(cpu.OffHostSP))
	g.insT(0xf6, false, 0, off(cpu.OffMXCSR+1), 1) // test byte: rounding control
	g.b1(0x60)
	j := g.jcc8(ccNE)
	g.asm.ret()
	g.here8(j)
	g.movMI32(off(cpu.OffScratch+15*8), cpu.MXCSRDefault)
	g.ins(oGrp15, false, 2, off(cpu.OffScratch+15*8))
	g.asm.ret()

	for e := range cpu.ExitVDSO + 1 {
		s.exit[e] = g.p
		g.st(off(cpu.OffPC), rcx)
		g.movMI32(off(cpu.OffExit), int32(e))
		g.jmpTo(s.common)
	}

	s.chain = g.p
	g.popM(off(cpu.OffExitArg))
	g.movMI32(off(cpu.OffExit), int32(cpu.ExitChain))
	g.jmpTo(s.common)

	s.callGo = g.p
	g.st(off(cpu.OffExitArg), rcx)
	g.movMI32(off(cpu.OffExit), int32(cpu.ExitCall))
	g.jmpTo(s.common)

	s.retMiss = g.p
	g.ld(rsp, off(cpu.OffStackTop))
	g.insT(0x83, true, aCMP, off(cpu.OffPending), 1)
	g.b1(0)
	j = g.jcc8(ccNE)
	g.probe()
	j2 := g.jcc8(ccNE)
	g.jmpM(jumpCache(8))
	g.here8(j)
	g.aluI(aAND, true, reg(rcx), -2)
	g.jmpTo(s.exit[cpu.ExitPoll])
	g.here8(j2)
	s.indirect = g.p
	g.patch(toIndirect, s.indirect)
	g.aluI(aAND, true, reg(rcx), -2)
	g.jmpTo(s.exit[cpu.ExitIndirect])

	// The handler keeps all registers but RSP, which it has stored.
	fault := g.p
	g.ld(rsp, off(cpu.OffRegs+int32(regIndex[rsp])*8))
	g.movMI32(off(cpu.OffExit), int32(cpu.ExitFault))
	g.jmpTo(s.common)

	g.p = (g.p + 15) &^ 15
	konst := func(lo uint64) int {
		p := g.p
		g.d64(lo)
		g.d64(0)
		return p
	}
	s.nan64 = konst(nan64)
	s.nan32 = konst(nan32)
	s.sign64 = konst(1 << 63)
	s.sign32 = konst(1 << 31)
	s.abs64 = konst(1<<63 - 1)
	s.abs32 = konst(0xffffffff<<32 | (1<<31 - 1)) // keeps the boxing
	s.box = konst(0xffffffff << 32)
	s.flags = g.p
	for m := range 64 {
		g.b1(flagByte(m))
	}
	g.p = (g.p + 63) &^ 63
	return host.Stubs{Enter: g.regionBase + uintptr(enter), Fault: g.regionBase + uintptr(fault), End: g.p}
}

// Canonical NaNs (RISC-V unprivileged manual, 20.3), the single one boxed.
const (
	nan64 = 0x7ff8000000000000
	nan32 = 0xffffffff7fc00000
)
