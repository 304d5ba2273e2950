//go:build linux && amd64

package amd64

import (
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

// program runs blocks as an engine does: it links direct exits, fills the jump cache,
// and counts what it sees. blocks maps guest pc to IR.
type program struct {
	*machine
	t      testing.TB
	blocks map[uint64]*ir.Block
	codes  map[uint64]host.Code
	offs   map[uint64]uint32 // start of the block's code
	exits  map[cpu.Exit]int
	nolink bool
}

func newProgram(t testing.TB, o host.Options, blocks ...*ir.Block) *program {
	p := &program{
		machine: newMachine(t, o), t: t, blocks: map[uint64]*ir.Block{}, codes: map[uint64]host.Code{},
		offs: map[uint64]uint32{}, exits: map[cpu.Exit]int{},
	}
	for _, b := range blocks {
		if err := b.Verify(); err != nil {
			t.Fatal(err)
		}
		p.blocks[b.PC] = b
	}
	return p
}

func (p *program) get(pc uint64) host.Code {
	if c, ok := p.codes[pc]; ok {
		return c
	}
	b := p.blocks[pc]
	if b == nil {
		p.t.Fatalf("no block at %#x", pc)
	}
	p.offs[pc] = p.next
	c := p.compile(p.t, b, 0)
	c.Exits = append([]host.Exit(nil), c.Exits...)
	c.Faults = append([]byte(nil), c.Faults...)
	p.codes[pc] = c
	return c
}

// exec runs from pc until an exit that is not a link, a miss or an overflow.
func (p *program) exec(pc uint64) {
	s := p.s
	s.PC = pc
	for range 10_000_000 {
		c := p.get(s.PC)
		s.ExitArg = addrOf(p.region) + uint64(c.Entry)
		p.enter()
		if s.Exit == cpu.ExitFault {
			rip := uint32(s.FaultRIP - addrOf(p.region))
			ok := false
			for pc, off := range p.offs {
				if rip >= off && rip < off+uint32(p.codes[pc].Size) {
					ok = p.g.Recover(s, p.codes[pc].Faults, rip-off)
				}
			}
			if !ok {
				p.t.Fatalf("fault at %#x not recovered", rip)
			}
			p.exits[cpu.ExitFault]++
		}
		p.exits[s.Exit]++
		switch s.Exit {
		case cpu.ExitChain:
			ret := uint32(s.ExitArg - addrOf(p.region))
			for pc := range p.codes {
				for _, e := range p.codes[pc].Exits {
					if e.Ret == ret {
						s.PC = e.Target
						if !p.nolink {
							p.g.Link(e, p.get(e.Target).Entry)
						}
					}
				}
			}
		case cpu.ExitIndirect:
			c := p.get(s.PC)
			s.JumpCache[s.PC>>1&(cpu.JumpCacheLen-1)] = [2]uint64{s.PC, addrOf(p.region) + uint64(c.Entry)}
		default:
			return
		}
	}
	p.t.Fatal("program does not end")
}

func blk(pc uint64, f func(b *ir.Block)) *ir.Block {
	b := new(ir.Block)
	b.Reset(pc)
	b.Insn(4)
	f(b)
	return b
}

// fib is the doubly recursive function: x10 = fib(x10), return address in x1, stack in x2.
func fib() []*ir.Block {
	return []*ir.Block{
		blk(0x1000, func(b *ir.Block) { b.Jmp(0x2000, 1, ir.HintCall) }),
		blk(0x1004, func(b *ir.Block) { b.Exit(uint8(cpu.ExitSyscall), b.End) }),
		blk(0x2000, func(b *ir.Block) { b.Const(11, 2); b.Insn(4); b.Br(ir.LtU, 10, 11, 0x3000) }),
		blk(0x2008, func(b *ir.Block) {
			b.OpI(ir.OpSub, ir.I64, 2, 2, 24)
			b.Insn(4)
			b.Store(ir.M64, 2, 0, 1)
			b.Insn(4)
			b.Store(ir.M64, 2, 8, 10)
			b.Insn(4)
			b.OpI(ir.OpSub, ir.I64, 10, 10, 1)
			b.Insn(4)
			b.Jmp(0x2000, 1, ir.HintCall)
		}),
		blk(0x201c, func(b *ir.Block) {
			b.Load(ir.M64, 20, 2, 8)
			b.Insn(4)
			b.Store(ir.M64, 2, 16, 10)
			b.Insn(4)
			b.OpI(ir.OpSub, ir.I64, 10, 20, 2)
			b.Insn(4)
			b.Const(21, 0x2000)
			b.Insn(4)
			b.JmpInd(21, 0, 1, ir.HintCall)
		}),
		blk(0x2030, func(b *ir.Block) {
			b.Load(ir.M64, 20, 2, 16)
			b.Insn(4)
			b.Op2(ir.OpAdd, ir.I64, 10, 10, 20)
			b.Insn(4)
			b.Load(ir.M64, 1, 2, 0)
			b.Insn(4)
			b.OpI(ir.OpAdd, ir.I64, 2, 2, 24)
			b.Insn(4)
			b.JmpInd(1, 0, 0, ir.HintRet)
		}),
		blk(0x3000, func(b *ir.Block) { b.JmpInd(1, 0, 0, ir.HintRet) }),
	}
}

func TestLink(t *testing.T) {
	for _, cfg := range configs {
		for _, nolink := range []bool{false, true} {
			p := newProgram(t, cfg.opt, fib()...)
			p.nolink = nolink
			p.s.X[2] = p.guest() + memSize
			p.s.X[10] = 15
			p.exec(0x1000)
			if p.s.X[10] != 610 || p.s.Exit != cpu.ExitSyscall || p.s.X[2] != p.guest()+memSize {
				t.Errorf("%s: fib(15) = %d, exit %v", cfg.name, p.s.X[10], p.s.Exit)
			}
			if p.s.StackSP != p.s.StackTop {
				t.Errorf("%s: %d bytes left on the private stack", cfg.name, p.s.StackTop-p.s.StackSP)
			}
			if !nolink && p.exits[cpu.ExitChain] > 10 || nolink && p.exits[cpu.ExitChain] < 1000 {
				t.Errorf("%s: %d exits to link", cfg.name, p.exits[cpu.ExitChain])
			}
			limit := 2
			if cfg.opt.NoPairing {
				limit = 5 // the returns too
			}
			if n := p.exits[cpu.ExitIndirect]; n == 0 || n > limit {
				t.Errorf("%s: %d misses of the jump cache", cfg.name, n)
			}
		}
	}
}

// Unlink leads the jump back to its stub, for code that is linked and has run.
func TestUnlink(t *testing.T) {
	p := newProgram(t, host.Options{}, fib()...)
	p.s.X[2] = p.guest() + memSize
	run := func() int {
		n := p.exits[cpu.ExitChain]
		p.s.X[10] = 10
		p.exec(0x1000)
		if p.s.X[10] != 55 {
			t.Errorf("fib(10) = %d", p.s.X[10])
		}
		return p.exits[cpu.ExitChain] - n
	}
	first := run()
	if n := run(); n != 0 {
		t.Errorf("linked code left %d times", n)
	}
	for _, c := range p.codes {
		for _, e := range c.Exits {
			p.g.Unlink(e)
		}
	}
	if n := run(); n != first {
		t.Errorf("unlinked code left %d times, at first %d", n, first)
	}
}

// A mismatch empties the private stack; what is deeper goes through the jump cache.
func TestReturnMismatch(t *testing.T) {
	p := newProgram(t, host.Options{},
		blk(0x1000, func(b *ir.Block) { b.Jmp(0x2000, 1, ir.HintCall) }),
		blk(0x1004, func(b *ir.Block) { b.Exit(uint8(cpu.ExitBreak), b.PC) }),
		blk(0x2000, func(b *ir.Block) { b.Jmp(0x3000, 20, ir.HintCall) }),
		blk(0x2004, func(b *ir.Block) { b.Exit(uint8(cpu.ExitBreak), b.PC) }),
		blk(0x3000, func(b *ir.Block) { b.OpI(ir.OpAdd, ir.I64, 20, 1, 0x100); b.Insn(4); b.JmpInd(20, 0, 0, ir.HintRet) }),
		blk(0x1104, func(b *ir.Block) { b.JmpInd(19, 0, 0, ir.HintRet) }), // on an empty stack
		blk(0x4000, func(b *ir.Block) { b.Exit(uint8(cpu.ExitSyscall), b.End) }),
	)
	p.s.X[19] = 0x4001 // bit 0 is ignored
	p.exec(0x1000)
	if p.s.Exit != cpu.ExitSyscall || p.s.PC != 0x4004 || p.s.StackSP != p.s.StackTop {
		t.Errorf("exit %v at %#x, %d bytes on the stack", p.s.Exit, p.s.PC, p.s.StackTop-p.s.StackSP)
	}
	// A return to address 0 does not match the empty stack either.
	p.s.X[19] = 0
	p.blocks[0] = blk(0, func(b *ir.Block) { b.Exit(uint8(cpu.ExitIllegal), 0) })
	p.exec(0x1104)
	if p.s.Exit != cpu.ExitIllegal {
		t.Errorf("return to 0: exit %v at %#x", p.s.Exit, p.s.PC)
	}
}

// TestStackOverflow recurses deeper than the private stack, from every alignment and
// with every kind of call, linked and not.
func TestStackOverflow(t *testing.T) {
	const depth = 200_000
	for _, ind := range []bool{false, true} {
		for _, nolink := range []bool{false, true} {
			for skew := uint64(0); skew < 16; skew += 8 {
				call := func(b *ir.Block) {
					b.OpI(ir.OpAdd, ir.I64, 20, 20, 1)
					b.Insn(4)
					b.Br(ir.GeU, 20, 21, 0x3000)
					b.Insn(4)
					if ind {
						b.JmpInd(22, 0, 1, ir.HintCall)
					} else {
						b.Jmp(0x2000, 1, ir.HintCall)
					}
				}
				p := newProgram(t, host.Options{},
					blk(0x2000, call),
					blk(0x3000, func(b *ir.Block) { b.Exit(uint8(cpu.ExitSyscall), b.End) }))
				p.nolink = nolink
				p.s.StackTop -= skew
				p.s.StackSP = p.s.StackTop
				n := uint64(depth)
				p.s.X[21], p.s.X[22] = n, 0x2000
				p.exec(0x2000)
				if p.s.Exit != cpu.ExitSyscall || p.s.X[20] != n || p.s.X[1] != 0x200c {
					t.Errorf("indirect %v, unlinked %v, skew %d: exit %v, depth %d, ra %#x", ind, nolink, skew, p.s.Exit, p.s.X[20], p.s.X[1])
				}
				if p.exits[cpu.ExitFault] == 0 {
					t.Errorf("indirect %v, unlinked %v: the stack did not overflow", ind, nolink)
				}
			}
		}
	}
}

// TestPoll: every kind of loop notices the poll words, with all state exact.
func TestPoll(t *testing.T) {
	inc := func(b *ir.Block) { b.OpI(ir.OpAdd, ir.I64, 20, 20, 1); b.Insn(4) }
	loops := []struct {
		name   string
		blocks []*ir.Block
		pc     uint64 // where it stops
	}{
		{"branch to itself", []*ir.Block{blk(0x1000, func(b *ir.Block) { inc(b); b.Br(ir.Eq, 10, 10, 0x1000) })}, 0x1004},
		{"branch", []*ir.Block{
			blk(0x1000, func(b *ir.Block) { inc(b); b.Br(ir.Ne, 10, 11, 0x1100) }),
			blk(0x1100, func(b *ir.Block) { b.Br(ir.Ne, 10, 11, 0x1000) }),
		}, 0x1100},
		{"jump", []*ir.Block{
			blk(0x1000, func(b *ir.Block) { inc(b); b.Jmp(0x1100, 0, ir.HintNone) }),
			blk(0x1100, func(b *ir.Block) { b.Jmp(0x1000, 0, ir.HintNone) }),
		}, 0x1100},
		{"call", []*ir.Block{blk(0x1000, func(b *ir.Block) { inc(b); b.Jmp(0x1000, 1, ir.HintCall) })}, 0x1004},
		{"indirect", []*ir.Block{blk(0x1000, func(b *ir.Block) { inc(b); b.JmpInd(12, 0, 0, ir.HintNone) })}, 0x1004},
		{"indirect call", []*ir.Block{blk(0x1000, func(b *ir.Block) { inc(b); b.JmpInd(12, 0, 1, ir.HintCall) })}, 0x1004},
		{"return", []*ir.Block{blk(0x1000, func(b *ir.Block) { inc(b); b.JmpInd(12, 0, 0, ir.HintRet) })}, 0x1000},
	}
	for _, l := range loops {
		for _, word := range []string{"pending", "kick"} {
			p := newProgram(t, host.Options{}, l.blocks...)
			p.s.X[10], p.s.X[11], p.s.X[12] = 5, 6, 0x1000
			p.s.X[1] = 77
			if word == "kick" {
				p.s.Kick = 1
			} else {
				p.s.Pending = 1
			}
			p.exec(0x1000)
			if p.s.Exit != cpu.ExitPoll || p.s.PC != l.pc || p.s.X[20] == 0 || p.s.X[20] > 2 || p.s.X[1] != 77 {
				t.Errorf("%s, %s: exit %v at %#x after %d rounds, ra %d", l.name, word, p.s.Exit, p.s.PC, p.s.X[20], p.s.X[1])
			}
		}
	}
}

// TestMXCSR: generated code sees the guest's control word and sticky flags, Go code
// its own rounding.
func TestMXCSR(t *testing.T) {
	div := blk(0x1000, func(b *ir.Block) {
		b.Emit(ir.Inst{Op: ir.OpFDiv, Ty: ir.F64, Dst: ir.V(10), A: ir.V(11), B: ir.V(12), Aux: ir.RMDyn})
		b.Exit(uint8(cpu.ExitSyscall), b.End)
	})
	p := newProgram(t, host.Options{}, div)
	one, three := 1.0, 3.0
	want := map[uint32]uint64{0: 0x3fd5555555555555, 3: 0x3fd5555555555556}
	for frm, w := range want {
		p.s.MXCSR = cpu.MXCSRDefault
		p.s.SetFRM(frm)
		p.s.V[11][0], p.s.V[12][0] = 0x3ff0000000000000, 0x4008000000000000
		p.exec(0x1000)
		if p.s.V[10][0] != w {
			t.Errorf("frm %d: 1/3 = %#x, want %#x", frm, p.s.V[10][0], w)
		}
		if one/three != 0x1.5555555555555p-2 {
			t.Errorf("frm %d: the host's rounding changed", frm)
		}
		p.s.FoldFlags()
		if p.s.FFlags != 1 {
			t.Errorf("frm %d: flags %#x", frm, p.s.FFlags)
		}
	}
}

func BenchmarkEnter(b *testing.B) {
	p := newProgram(b, host.Options{}, blk(0x1000, func(b *ir.Block) { b.Exit(uint8(cpu.ExitSyscall), b.End) }))
	c := p.get(0x1000)
	for range b.N {
		p.s.ExitArg = addrOf(p.region) + uint64(c.Entry)
		p.enter()
	}
}

func BenchmarkCompile(b *testing.B) {
	p := newProgram(b, host.Options{}, fib()...)
	n := 0
	var c host.Code
	for range b.N {
		for _, x := range p.blocks {
			if err := p.g.Compile(x, 0, p.next, &c); err != nil {
				b.Fatal(err)
			}
			n += x.NInsn
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Minsn/s")
}
