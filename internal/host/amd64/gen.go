package amd64

import (
	"fmt"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

// Host registers for pinned slots, the hottest slot first: those without a REX
// prefix make shorter code.
var pinGPR = [...]int8{rdx, rbx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15}

const numPinXMM = 14

// Integer operands are numbered 0-63 for slots and 64-127 for temporaries, FP
// operands likewise: index v of [ir.Val] v.
func ix(v ir.Val) int {
	if v < ir.VBase {
		return int(v)
	}
	return int(v - 64)
}

func fx(v ir.Val) int { return int(v - 64 - v>>7*64) }

// bset is a set of operand indices.
type bset [2]uint64

func (s *bset) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }
func (s *bset) add(i int)      { s[i>>6] |= 1 << (i & 63) }
func (s *bset) del(i int)      { s[i>>6] &^= 1 << (i & 63) }

func (s *bset) put(i int, on bool) {
	if on {
		s.add(i)
	} else {
		s.del(i)
	}
}

// live is the result of the backward pass for the point after an operation.
type live struct {
	x    bset   // integer operands whose value may be seen later, faults and exits included
	used uint64 // integer slots that a later operation of the block reads
}

// gen is the generator; it implements host.Backend.
type gen struct {
	asm
	pin        host.PinMap
	regionBase uintptr
	opt        host.Options
	feat       features
	stubs      stubTable

	home  [128]int8 // host register of an integer operand, -1: memory
	vhome [128]int8 // vector register of an FP operand, -1: memory
	pins  [16]int16 // slot pinned to a host register, -1: none
	vpins [16]int16

	// Translation of one block.
	blk   *ir.Block
	mode  host.Mode
	code  *host.Code
	start int // region offset of the block
	entry int // of its entry
	n     int // index of the operation
	pc    uint64
	lives []live
	lb    *live // before the operation
	la    *live // after it
	stop  int   // index of the first operation that is not compiled

	probed bool // the block is instrumented

	quietCmp int // comparison between getfflags and setfflags, see findQuiet
	quietEnd int // the setfflags

	syms          // symbolic state of integer operands
	fstate        // state of FP operands
	cold   []cold // what stands after the block's end
	snaps  []snapEnt
	exits  []exitSite
	faults faultWriter
}

// New returns a code generator for the guest whose register use pin describes.
func New(pin host.PinMap) host.Backend {
	g := &gen{pin: pin}
	g.assign(pin.X, pin.V)
	return g
}

// assign makes the map between slots and host registers.
func (g *gen) assign(x, v []uint8) {
	for i := range g.home {
		g.home[i], g.vhome[i] = -1, -1
	}
	for i := range g.pins {
		g.pins[i], g.vpins[i] = -1, -1
	}
	for i, s := range x {
		if i == len(pinGPR) {
			break
		}
		g.home[s] = pinGPR[i]
		g.pins[pinGPR[i]] = int16(s)
	}
	for i, s := range v {
		if i == numPinXMM {
			break
		}
		g.vhome[s] = int8(i)
		g.vpins[i] = int16(s)
	}
}

// Name implements host.Backend.
func (g *gen) Name() string { return "amd64" }

// Init implements host.Backend.
func (g *gen) Init(region []byte, base uintptr, o host.Options) (host.Stubs, error) {
	if len(region) < 1<<16 || len(region) > 1<<31-1 {
		return host.Stubs{}, fmt.Errorf("amd64: code region of %d bytes: want 64 KiB to 2 GiB", len(region))
	}
	g.asm = asm{b: region, gs: o.GSBase}
	g.regionBase = base
	g.opt = o
	x := g.pin.X
	if o.GoCode && len(g.pin.GoX) > 0 {
		x = g.pin.GoX
	}
	g.assign(x, g.pin.V)
	g.feat = features{}
	if !o.Baseline {
		g.feat = detect()
	}
	return g.genStubs(), nil
}

// MaxSize implements host.Backend. It allows for every pinned and unpinned
// register to be written back in front of every exit.
func (g *gen) MaxSize(b *ir.Block) int { return 4096 + 512*len(b.Insts) }

// Compile implements host.Backend.
func (g *gen) Compile(b *ir.Block, m host.Mode, off uint32, c *host.Code) error {
	if len(b.Insts) == 0 {
		return fmt.Errorf("amd64: empty block at %#x", b.PC)
	}
	g.blk, g.mode, g.code = b, m, c
	g.start = int(off)
	g.p = (int(off) + 15) &^ 15
	g.entry = g.p
	g.resetSyms()
	g.resetFP()
	g.quietCmp, g.quietEnd = -1, -1
	g.probed = len(b.Insts) > 1 && b.Insts[1].Op == ir.OpProbed
	g.cold = g.cold[:0]
	g.snaps = g.snaps[:0]
	g.exits = g.exits[:0]
	g.faults.reset(c.Faults[:0], g.start, b.PC)
	g.liveness()

	g.pc = b.PC
	ended := false
	for n := range g.stop {
		i := &b.Insts[n]
		g.n = n
		g.lb, g.la = &g.lives[n], &g.lives[n+1]
		g.inUse = 0
		if g.lower(i) {
			ended = true
			break
		}
	}
	if !ended {
		g.lb = &g.lives[g.stop]
		g.la = g.lb
		g.inUse = 0
		g.flushAll()
		if g.stop < len(b.Insts) {
			g.exitPC(g.pc, cpu.ExitInterp)
		} else {
			g.jumpTo(b.End)
		}
	}
	g.genCold()
	g.genExits()
	c.Size = g.p - g.start
	c.Entry = uint32(g.entry)
	c.Faults = g.faults.b
	return nil
}

// liveness walks the block backwards. It also finds the first guest instruction that
// has to be interpreted: the block is cut there.
func (g *gen) liveness() {
	insts := g.blk.Insts
	n := len(insts)
	if cap(g.lives) < n+1 {
		g.lives = make([]live, 2*n+64)
	}
	g.lives = g.lives[:n+1]
	g.stop = n
	all := bset{^uint64(0), 0}
	l := live{x: all}
	bad := false
	for k := n - 1; k >= 0; k-- {
		g.lives[k+1] = l
		i := &insts[k]
		switch i.Op {
		case ir.OpInsn:
			l.x[1] = 0
			if bad {
				g.stop = k + 1 + g.leading(k+1)
				bad = false
				l = live{x: all}
				for n := g.stop; n > k+1; n-- { // what instrumentation does in front of it
					g.lives[n] = l
					g.use(&l, ir.Ops[insts[n-1].Op].A, insts[n-1].A)
					g.use(&l, ir.Ops[insts[n-1].Op].B, insts[n-1].B)
				}
				g.lives[k+1] = l
				l.x[1] = 0
			}
			continue
		case ir.OpNop:
			continue
		}
		if !bad && !g.canLower(i) {
			bad = true
		}
		info := &ir.Ops[i.Op]
		switch info.Dst {
		case ir.Int:
			d := ix(i.Dst)
			l.x.del(d)
			if d < 64 {
				l.used &^= 1 << d
			}
		case ir.Pair:
			if i.Dst != ir.Zero {
				l.x.del(ix(i.Dst))
				l.x.del(ix(i.Dst) + 1)
			}
		}
		if info.Has(^(ir.EffRound | ir.EffFlags | ir.EffProbe)) || mayBail(i) {
			l.x[0] = ^uint64(0)
		}
		g.use(&l, info.A, i.A)
		g.use(&l, info.B, i.B)
		g.use(&l, info.C, i.C)
	}
	g.lives[0] = l
}

// leading is the number of operations from the k'th on that belong to instrumentation
// in front of a guest instruction.
func (g *gen) leading(k int) (n int) {
	for i := range g.blk.Insts[k:] {
		switch in := &g.blk.Insts[k+i]; {
		case in.Op.Probe():
			n = i + 1
		case in.Op != ir.OpConst || !in.Dst.IsTemp():
			return n
		}
	}
	return n
}

func (g *gen) use(l *live, kind ir.Operand, v ir.Val) {
	switch kind {
	case ir.Int, ir.IntImm:
		if v != ir.Imm && v != ir.Zero {
			r := ix(v)
			l.x.add(r)
			if r < 64 {
				l.used |= 1 << r
			}
		}
	case ir.Pair:
		if v != ir.Zero {
			for r := ix(v); r <= ix(v)+1; r++ {
				l.x.add(r)
				if r < 64 {
					l.used |= 1 << r
				}
			}
		}
	}
}

// features are the instruction set extensions that generated code may use.
type features struct {
	sse41, popcnt, pclmul, cx16 bool
	avx, fma, f16c              bool
	bmi1, bmi2, lzcnt           bool
}
