package engine

import (
	"testing"

	"github.com/weir-emu/weir/internal/ir"
)

// A block that is made when there is no room left has its probes as any other.
func TestProbesOfFullCache(t *testing.T) {
	c, _ := newFake(t, Config{TBSize: 200}, code(
		insn(fAddi, 1, 1, 1), jmp(0, 1),
		insn(fAddi, 1, 1, 1), jmp(0, 1),
		insn(fAddi, 1, 1, 1), jmp(0, 1),
		insn(fAddi, 1, 1, 1), insn(fEcall, 0, 0, 0)))
	var at []uint64
	c.e.SetInstrument(func(b *ir.Block, _ []byte) []Probe {
		pc := b.PC
		return []Probe{{Insn: -1, Kind: ProbeCall, Call: func(c *CPU, _ *Access) {
			if at = append(at, pc); c.s.PC != pc {
				t.Errorf("block %#x is called at %#x", pc, c.s.PC)
			}
		}}}
	}, nil, nil)
	for range 2 {
		c.s.PC = fakeBase
		if x := c.Run(); x.Kind != Syscall {
			t.Fatal(x)
		}
	}
	if len(at) != 8 || c.s.X[1] != 8 || c.e.Stats().Evicted == 0 {
		t.Errorf("calls at %#x, x1 = %d, %d evicted", at, c.s.X[1], c.e.Stats().Evicted)
	}
}

// An instrumented block is logged once, though it is read twice.
func TestLogOfInstrumentedBlock(t *testing.T) {
	asm, op, opt := 0, 0, 0
	count := func(n *int) func(uint64, string) { return func(uint64, string) { *n++ } }
	c, _ := newFake(t, Config{Log: Log{InAsm: count(&asm), Op: count(&op), OpOpt: count(&opt)}},
		code(insn(fAddi, 1, 1, 1), insn(fEcall, 0, 0, 0)))
	c.e.SetInstrument(func(*ir.Block, []byte) []Probe { return nil }, nil, nil)
	c.Run()
	if asm != 1 || op != 1 || opt != 1 {
		t.Errorf("logged %d, %d, %d times", asm, op, opt)
	}
}

// After Stop nothing is executed, neither what is left of the block nor the next Run.
func TestStop(t *testing.T) {
	c, _ := newFake(t, Config{}, code(insn(fAddi, 1, 1, 1), insn(fAddi, 1, 1, 1), insn(fAddi, 1, 1, 1), insn(fEcall, 0, 0, 0)))
	calls := 0
	c.e.SetInstrument(func(b *ir.Block, _ []byte) []Probe {
		stop := Probe{Insn: 1, Kind: ProbeCall, Call: func(c *CPU, _ *Access) { calls++; c.Stop() }}
		return []Probe{stop, stop}
	}, nil, nil)
	for range 2 {
		if x := c.Run(); x.Kind != Poll {
			t.Error(x)
		}
	}
	if calls != 1 || c.s.X[1] != 1 {
		t.Errorf("%d calls, x1 = %d", calls, c.s.X[1])
	}
}
