package amd64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
)

// canLower reports whether there is code for i; otherwise its guest instruction is
// interpreted.
func (g *gen) canLower(i *ir.Inst) bool {
	switch i.Op {
	case ir.OpPopcnt:
		return g.feat.popcnt
	case ir.OpClMul, ir.OpClMulH, ir.OpClMulR:
		return g.feat.pclmul
	case ir.OpCasPair:
		return false
	case ir.OpSetFRM, ir.OpCounter:
		return false
	}
	if i.Op >= ir.OpFAdd && i.Op <= ir.OpFMovFromI || i.Op == ir.OpFLoad || i.Op == ir.OpFStore {
		return g.canLowerFP(i)
	}
	return true
}

// lower emits code for i. It reports whether that ends the block.
func (g *gen) lower(i *ir.Inst) bool {
	info := &ir.Ops[i.Op]
	if info.Pure() {
		rd := ix(i.Dst)
		if rd == 0 || !g.la.x.has(rd) || g.fold(i, info) {
			return false
		}
	}
	rd, a := ix(i.Dst), ix(i.A)
	switch i.Op {
	case ir.OpNop:
	case ir.OpInsn:
		g.pc = uint64(i.Imm)
		for m := g.pend[1]; m != 0; m &= m - 1 {
			g.unpend(64 + trailing(m))
		}
		g.sx[1], g.zx[1] = 0, 0
		g.endTemps()
	case ir.OpMov:
		g.copyOf(rd, a)
	case ir.OpSExt8:
		g.ext(oMOVSX8, true, rd, a, resSxt)
	case ir.OpSExt16:
		g.ext(oMOVSX16, true, rd, a, resSxt)
	case ir.OpSExt32:
		g.sext32(rd, a)
	case ir.OpZExt8:
		g.ext(oMOVZX8, false, rd, a, resPos)
	case ir.OpZExt16:
		g.ext(oMOVZX16, false, rd, a, resPos)
	case ir.OpZExt32:
		g.zext32(rd, a)
	case ir.OpAdd:
		b := g.srcB(i)
		if i.Ty == ir.I64 {
			g.addLin(rd, a, b)
		} else {
			g.bin(aADD, rd, a, b, i.Ty, true)
		}
	case ir.OpSub:
		b := g.srcB(i)
		switch c, ok := g.isConst(a); {
		case b.isC && b.c != -1<<63 && i.Ty == ir.I64:
			b.c = -b.c
			g.addLin(rd, a, b)
		case ok && c == 0 && !b.isC:
			g.neg(rd, b.r, i.Ty)
		default:
			g.bin(aSUB, rd, a, b, i.Ty, false)
		}
	case ir.OpAnd:
		g.logic(aAND, rd, a, g.srcB(i), i.Ty)
	case ir.OpOr:
		g.logic(aOR, rd, a, g.srcB(i), i.Ty)
	case ir.OpXor:
		g.logic(aXOR, rd, a, g.srcB(i), i.Ty)
	case ir.OpAndNot, ir.OpOrNot, ir.OpXorNot:
		g.not2(i, rd, a)
	case ir.OpShl, ir.OpShr, ir.OpSar, ir.OpRotL, ir.OpRotR:
		if b := g.srcB(i); b.isC {
			g.shiftI(i.Op, rd, a, int(b.c&63), i.Ty)
		} else {
			g.shiftV(i.Op, rd, a, b.r, i.Ty)
		}
	case ir.OpMul:
		g.mul(rd, a, g.srcB(i), i.Ty)
	case ir.OpMulHS, ir.OpMulHU, ir.OpMulHSU:
		g.mulHigh(i.Op, rd, a, g.srcB(i), i.Ty)
	case ir.OpDivS, ir.OpDivU, ir.OpRemS, ir.OpRemU:
		g.div(i.Op, rd, a, g.srcB(i), i.Ty)
	case ir.OpMinS:
		g.minmax(ccL, rd, a, g.srcB(i), i.Ty)
	case ir.OpMinU:
		g.minmax(ccB, rd, a, g.srcB(i), i.Ty)
	case ir.OpMaxS:
		g.minmax(ccG, rd, a, g.srcB(i), i.Ty)
	case ir.OpMaxU:
		g.minmax(ccA, rd, a, g.srcB(i), i.Ty)
	case ir.OpSet:
		g.set(ir.Cond(i.Aux), rd, a, g.srcB(i))
	case ir.OpShlAdd:
		g.shlAdd(rd, a, int(i.Aux), g.srcB(i), i.Ty)
	case ir.OpBitTest, ir.OpBitSet, ir.OpBitClr, ir.OpBitInv:
		g.bit(i.Op, rd, a, g.srcB(i))
	case ir.OpCZeroEqz:
		g.czero(ccNE, rd, a, g.srcB(i))
	case ir.OpCZeroNez:
		g.czero(ccE, rd, a, g.srcB(i))
	case ir.OpSelect:
		g.sel(rd, a, g.srcB(i), ix(i.C))
	case ir.OpClMul, ir.OpClMulH, ir.OpClMulR:
		g.clmul(i.Op, rd, a, g.srcB(i))
	case ir.OpClz, ir.OpCtz, ir.OpPopcnt:
		g.count(i.Op, rd, a, i.Ty)
	case ir.OpRev8:
		g.rev8(rd, a)
	case ir.OpOrcB:
		g.orcb(rd, a)

	case ir.OpLoad:
		g.load(i)
	case ir.OpStore:
		g.store(i)
	case ir.OpLR, ir.OpSC, ir.OpCas,
		ir.OpAmoSwap, ir.OpAmoAdd, ir.OpAmoAnd, ir.OpAmoOr, ir.OpAmoXor,
		ir.OpAmoMinS, ir.OpAmoMaxS, ir.OpAmoMinU, ir.OpAmoMaxU:
		g.atomic(i)
	case ir.OpFence:
		if i.Aux&1 != 0 {
			// Cheaper than mfence, and a full barrier too.
			g.lock1(aOR, mem(rsp, 0), 0)
		}
	case ir.OpGetFFlags:
		g.getFFlags(i)
	case ir.OpSetFFlags:
		g.setFFlags(a)
	case ir.OpGetFRM:
		if rd != 0 {
			g.kill(rd)
			d := g.target(rd, opn{mem: true})
			g.ins(oMOV, false, d, off(cpu.OffFRM))
			g.done(rd, d, resPos)
		}
	case ir.OpCheckRM:
		g.checkRM()

	case ir.OpBr:
		return g.br(i)
	case ir.OpJmp:
		g.jmpOp(i)
		return true
	case ir.OpJmpInd:
		g.jmpInd(i)
		return true
	case ir.OpExit:
		g.flushAll()
		g.exitPC(uint64(i.Imm), cpu.Exit(i.Aux))
		return true
	case ir.OpProbed:
	case ir.OpCount, ir.OpCountSet, ir.OpCountHome, ir.OpCall, ir.OpCallMem, ir.OpTrace, ir.OpTraceTake, ir.OpTraceRoom:
		g.instrument(i)
	default:
		g.lowerFP(i)
	}
	return false
}

// lock1 emits a locked operation of group 1 with an 8-bit constant on a 32-bit word.
func (g *gen) lock1(n int, m opn, v int8) {
	g.asm.lock()
	g.aluI(n, false, m, int32(v))
}
