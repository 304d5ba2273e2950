//go:build linux && amd64

package amd64

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

const (
	probeWords = 64
	probeRing  = 32 * eval.RecordWords
)

// probes is a machine with counters and a trace buffer.
type probes struct {
	*machine
	all  []uint64 // of generated code: counters, buffer
	init cpu.State
}

func newProbes(t *testing.T) *probes {
	p := &probes{machine: newMachine(t, host.Options{}), all: hostsys.MapWords((probeWords + probeRing) * 8)}
	if p.all == nil {
		t.Fatal("no memory")
	}
	p.words, p.ring = make([]uint64, probeWords), make([]uint64, probeRing)
	p.init.Slots = uint64(hostsys.AddressOf(p.all))
	p.init.TracePos = p.init.Slots + probeWords*8
	p.init.TraceEnd = p.init.TracePos + probeRing*8
	return p
}

// same runs b and compares counters and records too. What is behind the last record does not matter.
func (p *probes) same(t *testing.T, b *ir.Block) {
	t.Helper()
	copy(p.ring, p.all[probeWords:])
	p.check(t, b, &p.init, 0)
	n := probeRing - int(p.s.TraceEnd-p.s.TracePos)/8
	if !slices.Equal(p.all[:probeWords+n], slices.Concat(p.words, p.ring[:n])) {
		t.Fatalf("counters and %d words of records\n%x, want\n%x, %x\n%s", n, p.all, p.words, p.ring, b)
	}
	p.init.Sums, p.init.TracePos = p.s.Sums, p.s.TracePos
}

func op(op ir.Op, low uint32, high int32) ir.Inst {
	return ir.Inst{Op: op, Imm: ir.ProbeImm(low, high)}
}

// Each operation does what it says.
func TestProbeOps(t *testing.T) {
	p := newProbes(t)
	p.init.X[8], p.init.X[20] = p.guest()+64, 0x8877665544332211
	block := func(insts ...ir.Inst) *ir.Block {
		b := &ir.Block{PC: 0x1000, End: 0x1000}
		b.Insn(4)
		for _, i := range insts {
			b.Emit(i)
		}
		return b
	}
	const record = eval.RecordWords
	for _, tc := range []struct {
		b    *ir.Block
		good func() bool
	}{
		{block(op(ir.OpCount, 8, 5)), func() bool { return p.words[1] == 5 }},
		{block(op(ir.OpCount, 8, -7)), func() bool { return p.words[1] == ^uint64(1) }},
		{block(op(ir.OpCountSet, 16, 9)), func() bool { return p.words[2] == 9 }},
		{block(op(ir.OpCount, ir.InSums|3, 11)), func() bool { return p.init.Sums[3] == 11 }},
		{block(op(ir.OpCountHome, 24, 3)), func() bool { return p.init.Sums[3] == 0 && p.words[3] == 11 }},
		{
			block(ir.Inst{Op: ir.OpMov, Dst: ir.TBase, A: ir.X(20)}, ir.Inst{Op: ir.OpCount, A: ir.TBase, Imm: ir.ProbeImm(ir.InSums|4, 1)}, op(ir.OpTraceTake, 0, 2)),
			func() bool { return p.init.Sums[4] == 0 && p.init.TracePos == p.init.TraceEnd-30*record*8 },
		},
		{
			block(ir.Inst{Op: ir.OpTrace, A: ir.X(8), B: ir.X(20), Aux: 1 | uint8(ir.AccessStore), Imm: ir.ProbeImm(7, 1)}),
			func() bool {
				return slices.Equal(p.ring[record:2*record], []uint64{0x1000, 7<<32 | 1 | uint64(ir.AccessStore), p.guest() + 64, 0x2211})
			},
		},
		{
			block(ir.Inst{Op: ir.OpTrace, A: ir.X(20), B: ir.X(8), Aux: 3, Imm: ir.ProbeImm(0, 2)}),
			func() bool {
				return slices.Equal(p.ring[:record], []uint64{0x1000, 3, 0x8877665544332211, p.guest() + 64})
			},
		},
		{
			block(ir.Inst{Op: ir.OpTrace, A: ir.X(20), B: ir.X(20), Aux: 2}),
			func() bool {
				return p.ring[3*record-1] == 0x44332211 && p.init.TracePos == p.init.TraceEnd-29*record*8
			},
		},
	} {
		p.same(t, tc.b)
		if !tc.good() {
			t.Errorf("words %x, sums %x, ring %x after\n%s", p.words, p.init.Sums, p.ring, tc.b)
		}
	}
}

// Random blocks do the same in code and by interpretation, faults included.
func TestProbeBlocks(t *testing.T) {
	p := newProbes(t)
	r := rand.New(rand.NewPCG(1, 2))
	slot := func() ir.Val { return ir.X([]int{1, 2, 8, 9, 10, 15, 20, 21}[r.IntN(8)]) }
	dst := func() ir.Val { return ir.X([]int{1, 2, 8, 10, 15, 20, 21}[r.IntN(7)]) } // the address stays
	for range 4000 {
		for _, x := range []int{1, 2, 8, 9, 10, 15, 20, 21} {
			p.init.X[x] = randValue(r)
		}
		p.init.X[9] = p.guest() + uint64(r.IntN(memSize+page)) // may fault
		if p.init.TraceEnd-p.init.TracePos < 16*recordSize {
			p.init.TracePos = p.init.TraceEnd - probeRing*8
		}
		b := &ir.Block{PC: 0x1000, End: 0x1000}
		// Records are taken first or put behind the others, as the engine does it; a taken one that a fault leaves
		// alone keeps what was there.
		taken, records := r.IntN(2) == 0, int32(0)
		for range 1 + r.IntN(8) {
			b.Insn(4)
			skip := ir.Zero
			if r.IntN(3) == 0 {
				skip = b.Temp() // it is no slot
				b.Emit(ir.Inst{Op: ir.OpAnd, Dst: skip, A: slot(), B: ir.Imm, Imm: 1})
			}
			low := []uint32{uint32(r.IntN(probeWords)) * 8, ir.InSums | uint32(r.IntN(cpu.NumSums))}[r.IntN(2)]
			switch r.IntN(9) {
			case 0:
				b.Emit(op(ir.OpCount, low, int32(r.Uint32())))
			case 1:
				b.Emit(ir.Inst{Op: ir.OpCount, A: skip, B: slot(), Imm: ir.ProbeImm(low, int32(r.IntN(3)-1))})
			case 2:
				b.Emit(ir.Inst{Op: ir.OpCountSet, A: skip, B: slot(), Imm: ir.ProbeImm(uint32(r.IntN(probeWords))*8, int32(r.IntN(2)))})
			case 3:
				b.Emit(op(ir.OpCountHome, uint32(r.IntN(probeWords))*8, int32(r.IntN(cpu.NumSums))))
			case 4:
				if taken && records == 0 {
					records = int32(1 + r.IntN(4))
					b.Emit(op(ir.OpTraceTake, 0, records))
				}
			case 5, 6:
				// As an access of an instruction: address, operation, record.
				a, v := b.Temp(), dst()
				b.Emit(ir.Inst{Op: ir.OpAdd, Dst: a, A: slot(), B: ir.Imm, Imm: int64(r.IntN(64))})
				if r.IntN(2) == 0 {
					a = ir.X(9)
					b.Emit(ir.Inst{Op: ir.OpLoad, Dst: v, A: a, Aux: uint8(ir.M64)})
				}
				high, size := int32(0), uint8(r.IntN(4))
				if taken && records == 0 {
					continue
				}
				if taken {
					high, skip = records, ir.Zero
					records--
				}
				b.Emit(ir.Inst{Op: ir.OpTrace, A: a, B: v, C: skip, Aux: size, Imm: ir.ProbeImm(uint32(r.IntN(2)), high)})
			case 7:
				b.Emit(ir.Inst{Op: ir.OpAdd, Dst: dst(), A: slot(), B: slot()})
			case 8:
				b.Emit(ir.Inst{Op: ir.OpConst, Dst: dst(), Imm: int64(randValue(r))})
			}
		}
		p.same(t, b)
	}
}
