package engine

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// fakeBackend "compiles" a block to a record at its offset and runs records with
// the interpreter. It has links, a jump cache, a private stack of call/return pairs and polling like
// a real one, and notices when execution arrives at a wrong or overwritten block: the
// life of code memory is tested without a machine code generator, under the race
// detector.
type fakeBackend struct {
	t  testing.TB
	mu sync.Mutex
	// By region offset. What a new block overlaps is gone.
	codes  map[uint32]*fakeCode
	stacks map[*cpu.State]*[]fakeRet
	mem    *fakeMem
	wrong  atomic.Bool
}

type fakeCode struct {
	blk   ir.Block
	mode  host.Mode
	off   uint32
	size  uint32
	exits []host.Exit
	to    []atomic.Uint32 // present targets
	mem   bool            // still in code memory
}

// fakeRet is a pair on the private stack.
type fakeRet struct {
	pc   uint64
	code *fakeCode
}

const (
	fakeCodeBase  = 0x70000000
	fakeStubs     = 256
	fakeStackSize = 8
)

func (f *fakeBackend) Name() string { return "fake" }

func (f *fakeBackend) Init(region []byte, base uintptr, o host.Options) (host.Stubs, error) {
	if len(region) < 1024 {
		return host.Stubs{}, errors.New("region too small")
	}
	return host.Stubs{Enter: base, End: fakeStubs}, nil
}

func (f *fakeBackend) MaxSize(b *ir.Block) int { return 64 + 8*len(b.Insts) }

// Compile makes size depend on the number of operations. Every exit has a site and a stub of 4 bytes.
func (f *fakeBackend) Compile(b *ir.Block, m host.Mode, off uint32, c *host.Code) error {
	k := &fakeCode{blk: *b, mode: m, off: off, mem: true}
	k.blk.Insts = append([]ir.Inst(nil), b.Insts...)
	var targets []uint64
	for _, i := range b.Insts {
		switch i.Op {
		case ir.OpBr, ir.OpJmp:
			targets = append(targets, uint64(i.Imm))
		}
	}
	targets = append(targets, b.End)
	p := off + 8
	for _, t := range targets {
		k.exits = append(k.exits, host.Exit{Site: p, Stub: p + 4, Ret: p + 8, Target: t})
		p += 8
	}
	k.to = make([]atomic.Uint32, len(k.exits))
	for i := range k.exits {
		k.to[i].Store(k.exits[i].Stub)
	}
	k.size = p - off
	c.Size, c.Entry = int(k.size), off
	c.Exits = append(c.Exits[:0], k.exits...)
	c.Faults = append(c.Faults[:0], byte(b.PC))

	f.mu.Lock()
	defer f.mu.Unlock()
	for o := off &^ 15; o < off+k.size; o++ {
		if old := f.codes[o]; old != nil {
			old.mem = false
			delete(f.codes, o)
		}
	}
	for back := uint32(1); back < 2048 && back <= off; back++ { // a longer one before
		if old := f.codes[off-back]; old != nil {
			if old.off+old.size > off {
				old.mem = false
				delete(f.codes, off-back)
			}
			break
		}
	}
	f.codes[off] = k
	return nil
}

func (f *fakeBackend) patch(e host.Exit, to uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for back := uint32(0); back <= e.Site; back++ {
		k := f.codes[e.Site-back]
		if k == nil {
			continue
		}
		for i := range k.exits {
			if k.exits[i] == e {
				k.to[i].Store(to)
				return
			}
		}
		break
	}
	f.fail("patched a jump at %#x that is not there", e.Site)
}

func (f *fakeBackend) Link(e host.Exit, to uint32) {
	f.mu.Lock()
	k := f.codes[to]
	f.mu.Unlock()
	if k == nil || k.blk.PC != e.Target {
		f.fail("linked the exit to %#x to other code", e.Target)
	}
	f.patch(e, to)
}

func (f *fakeBackend) Unlink(e host.Exit) { f.patch(e, e.Stub) }

func (f *fakeBackend) Recover(s *cpu.State, faults []byte, off uint32) bool {
	return len(faults) == 1 && off == 1
}

func (f *fakeBackend) Disasm(code []byte, addr uintptr) string { return "code" }

func (f *fakeBackend) fail(format string, args ...any) {
	if !f.wrong.Swap(true) {
		f.t.Errorf(format, args...)
	}
}

func (f *fakeBackend) at(off uint32) *fakeCode {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.codes[off]
}

func (f *fakeBackend) inMemory(k *fakeCode) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return k.mem
}

func (f *fakeBackend) stack(s *cpu.State) *[]fakeRet {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stacks[s] == nil {
		f.stacks[s] = new([]fakeRet)
	}
	return f.stacks[s]
}

// enter is hostsys.Enter for fake code.
func (f *fakeBackend) enter(s *cpu.State) {
	m := eval.Machine{S: s, Mem: f.mem}
	stack := f.stack(s)
	if s.StackSP == s.StackTop {
		*stack = (*stack)[:0]
	}
	s.StackSP = s.StackTop - 8 // in use
	off := uint32(s.ExitArg - fakeCodeBase)
	for n := 0; ; n++ {
		k := f.at(off)
		if k == nil || k.blk.PC != s.PC || k.mode != host.ModeOf(s.FRM) {
			f.fail("arrived at offset %#x, pc %#x: %+v", off, s.PC, k)
			s.Exit = cpu.ExitIllegal
			return
		}
		if atomic.LoadUint32(&s.Kick)|atomic.LoadUint32(&s.Pending) != 0 {
			s.Exit = cpu.ExitPoll
			return
		}
		m.Run(&k.blk)
		last := &k.blk.Insts[len(k.blk.Insts)-1]
		switch s.Exit {
		case cpu.ExitFault:
			s.FaultRIP = fakeCodeBase + uint64(off) + 1
			return
		case cpu.ExitChain, cpu.ExitIndirect:
			if last.Op == ir.OpSetFRM || len(k.blk.Insts) > 1 && k.blk.Insts[len(k.blk.Insts)-2].Op == ir.OpSetFRM {
				s.Exit = cpu.ExitIndirect
				return
			}
		default:
			return
		}
		if s.Exit == cpu.ExitChain {
			if last.Op == ir.OpJmp && ir.Hint(last.Aux) == ir.HintCall && s.PC == uint64(last.Imm) && len(*stack) < fakeStackSize {
				*stack = append(*stack, fakeRet{k.blk.End, k})
			}
			if next, ok := f.take(k, s); ok {
				off = next
				continue
			}
			return
		}
		if ir.Hint(last.Aux) == ir.HintCall && len(*stack) < fakeStackSize {
			*stack = append(*stack, fakeRet{k.blk.End, k})
		}
		if ir.Hint(last.Aux) == ir.HintRet {
			if d := len(*stack); d > 0 && (*stack)[d-1].pc == s.PC {
				r := (*stack)[d-1]
				*stack = (*stack)[:d-1]
				if !f.inMemory(r.code) {
					f.fail("returned into code that is gone, pc %#x", s.PC)
					return
				}
				if next, ok := f.take(r.code, s); ok {
					off = next
					continue
				}
				return
			}
			*stack = (*stack)[:0]
		}
		j := s.JumpCache[cpu.JumpIndex(s.PC)]
		if j[0] != s.PC {
			s.Exit = cpu.ExitIndirect
			return
		}
		off = uint32(j[1] - fakeCodeBase)
	}
}

// take goes through k's exit to s.PC: to the linked code, or out.
func (f *fakeBackend) take(k *fakeCode, s *cpu.State) (uint32, bool) {
	for i := range k.exits {
		if k.exits[i].Target != s.PC {
			continue
		}
		if to := k.to[i].Load(); to != k.exits[i].Stub {
			return to, true
		}
		s.Exit, s.ExitArg = cpu.ExitChain, fakeCodeBase+uint64(k.exits[i].Ret)
		s.PC = 0xdead // the engine has to find it
		return 0, false
	}
	f.fail("no exit of %#x to %#x", k.blk.PC, s.PC)
	return 0, false
}

// newFakeJIT makes an engine with a fake code generator and size bytes of code.
func newFakeJIT(t testing.TB, cfg Config, size int, p []byte) (*CPU, *fakeMem, *fakeBackend) {
	t.Helper()
	m := new(fakeMem)
	f := &fakeBackend{t: t, codes: map[uint32]*fakeCode{}, stacks: map[*cpu.State]*[]fakeRet{}, mem: m}
	cfg.Guest, cfg.Mem, cfg.Verify = fakeGuest(), m, true
	cfg.Backend, cfg.Code, cfg.CodeBase, cfg.Enter = f, make([]byte, size), fakeCodeBase, f.enter
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.e = e
	m.put(fakeBase, p)
	return newFakeJITCPU(e), m, f
}

func newFakeJITCPU(e *Engine) *CPU {
	s := new(cpu.State)
	s.Reset()
	s.StackTop = 1000
	s.PC = fakeBase
	return e.NewCPU(s)
}
