//go:build linux

package instrument

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/plugin"
)

// describe makes the instructions of a block, as plugins see them, of its IR.
func describe(b *ir.Block, code []byte) []plugin.InsnInfo {
	list := make([]plugin.InsnInfo, 0, b.NInsn)
	for k := 0; k < len(b.Insts); {
		end := k + 1
		for end < len(b.Insts) && b.Insts[end].Op != ir.OpInsn {
			end++
		}
		at, n := uint64(b.Insts[k].Imm)-b.PC, uint64(b.Insts[k].Aux)
		in := plugin.InsnInfo{PC: uint64(b.Insts[k].Imm), Bytes: code[at : at+n]}
		in.Class = plugin.ClassInt
		for i := range b.Insts[k+1 : end] {
			op := &b.Insts[k+1+i]
			if c := classOf(op); c < in.Class {
				in.Class = c
			}
			if op.Op == ir.OpJmp || op.Op == ir.OpBr {
				in.Target, in.HasTarget = uint64(op.Imm), true
			}
		}
		list = append(list, in)
		k = end
	}
	return list
}

// classOf is the class of an instruction that has op and nothing of a lower class.
func classOf(i *ir.Inst) plugin.Class {
	switch i.Op {
	case ir.OpExit:
		switch cpu.Exit(i.Aux) {
		case cpu.ExitSyscall, cpu.ExitVDSO:
			return plugin.ClassSyscall
		case cpu.ExitBreak:
			return plugin.ClassBreak
		case cpu.ExitFenceI:
			return plugin.ClassFence
		case cpu.ExitIllegal:
			return plugin.ClassUnknown
		}
		return plugin.ClassCSR
	case ir.OpJmp, ir.OpJmpInd:
		switch ir.Hint(i.Aux) {
		case ir.HintCall, ir.HintCallRet:
			return plugin.ClassCall
		case ir.HintRet:
			return plugin.ClassReturn
		}
		if i.Dst != ir.Zero {
			return plugin.ClassCall
		}
		return plugin.ClassJump
	case ir.OpBr:
		return plugin.ClassBranch
	case ir.OpFence:
		return plugin.ClassFence
	case ir.OpStore, ir.OpFStore:
		return plugin.ClassStore
	case ir.OpLoad, ir.OpFLoad:
		return plugin.ClassLoad
	case ir.OpGetFFlags, ir.OpSetFFlags, ir.OpGetFRM, ir.OpSetFRM, ir.OpCounter:
		return plugin.ClassCSR
	case ir.OpMul, ir.OpMulHS, ir.OpMulHU, ir.OpMulHSU, ir.OpDivS, ir.OpDivU, ir.OpRemS, ir.OpRemU:
		return plugin.ClassMulDiv
	}
	switch {
	case i.Op >= ir.OpLR && i.Op <= ir.OpCasPair:
		return plugin.ClassAtomic
	case i.Op >= ir.OpFAdd && i.Op <= ir.OpFMovFromI:
		return plugin.ClassFloat
	}
	return plugin.ClassInt
}
