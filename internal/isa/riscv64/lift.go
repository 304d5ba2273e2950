package riscv64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// How far a block goes on behind a conditional branch. Branches backwards or
// far ahead end a block, because what follows them is less likely to run; one
// that skips a few instructions becomes a side exit.
var (
	// MaxSideExits is the number of conditional branches in a block, the last
	// one included. 1 ends every block at its first conditional branch.
	MaxSideExits = 4
	// SideExitReach is the longest forward branch, in bytes, behind which a
	// block goes on.
	SideExitReach = uint64(64)
)

const pageSize = 4096

// Lift is isa.Guest.Lift. A block does not go on in the next page (its last
// instruction may reach into it), so that invalidating a page finds its blocks.
func Lift(b *ir.Block, code []byte, limit int) { lift(&decoder, b, code, limit) }

func lift(dec *isa.Decoder, b *ir.Block, code []byte, limit int) {
	page := b.PC / pageSize
	branches := 0
	var i isa.Inst
	for b.NInsn < limit && b.End/pageSize == page {
		raw, n := fetch(code)
		if n == 0 {
			return
		}
		code = code[n:]
		pc := b.End
		b.Insn(n)
		if !dec.Decode(raw, pc, &i) {
			b.Exit(uint8(cpu.ExitIllegal), pc)
			return
		}
		before := len(b.Insts)
		i.Row.Lift(b, i)
		if len(b.Insts) == before {
			continue
		}
		switch last := &b.Insts[len(b.Insts)-1]; last.Op {
		case ir.OpJmp, ir.OpJmpInd, ir.OpExit:
			return
		case ir.OpBr:
			branches++
			if branches >= MaxSideExits || uint64(last.Imm)-b.End > SideExitReach {
				return
			}
		}
		if i.Raw&0x7f == opSystem && endsBlock(&i) {
			return
		}
	}
}

const opSystem = 0x73

// endsBlock reports whether a CSR instruction writes frm: the code after it
// runs in another rounding mode, for which it may have to be translated
// differently.
func endsBlock(i *isa.Inst) bool {
	return (i.Imm == csrFRM || i.Imm == csrFCSR) && (i.Row.Aux == csrWrite || i.Rs1 != 0)
}

// fetch returns the encoding at the start of code and its length, 0 if code
// ends within it. Encodings of 48 bits and more are taken as 32: they are
// illegal all the same.
func fetch(code []byte) (raw uint32, n int) {
	if len(code) < 2 {
		return 0, 0
	}
	raw = uint32(code[0]) | uint32(code[1])<<8
	if raw&3 != 3 {
		return raw, 2
	}
	if len(code) < 4 {
		return 0, 0
	}
	return raw | uint32(code[2])<<16 | uint32(code[3])<<24, 4
}
