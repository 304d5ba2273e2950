package engine

import (
	"bytes"
	"slices"

	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// Instrumentation. Somebody is shown each new block and answers with probes, which become
// operations of its IR. A block with probes has no side exits, and
// keeps its IR: whatever generated code leaves undone, because an instruction is
// not lowered, faulted, polled, or code memory was reused during a call, is then done by interpreting the rest
// of the block from there. So each probe is executed exactly once per execution of its
// instruction, in both engines.

// Access is a memory access that a probe is told of.
type Access = eval.Access

// ProbeKind is what a Probe does.
type ProbeKind uint8

// Kinds of probes.
const (
	ProbeAdd   ProbeKind = iota // word at Off += Value
	ProbeStore                  // word at Off = Value
	ProbeCall                   // Call is called, if If holds for the word at Off and Value
	ProbeTrace                  // a record for trace Trace
)

// Accesses that a Probe follows.
const (
	ProbeRead  = 1
	ProbeWrite = 2
)

// Probe is something to do when a block is executed. Probes of one place are done in
// order.
type Probe struct {
	Insn  int   // guest instruction by number; -1: before the first one and its probes
	RW    uint8 // ProbeRead, ProbeWrite: after such accesses of the instruction; 0: before it
	Kind  ProbeKind
	If    ir.If // ProbeCall with RW 0
	Off   int   // byte offset of the counter in CPU slot memory
	Value uint64
	Trace uint32
	// Call runs on the CPU's thread, outside of the read side: it may wait, and may call all
	// methods of the engine, Run only after CPU.Suspend. State is exact, PC that of the instruction. If it
	// changes PC execution goes on there. a is for memory accesses, valid during the call.
	Call func(c *CPU, a *Access)
}

// Instrument is asked about each new block. b is a copy, without side exits; code its bytes.
// No lock is held.
type Instrument func(b *ir.Block, code []byte) []Probe

// instrumenter is the current Instrument.
type instrumenter struct {
	f    Instrument
	full func(*CPU) // empties the CPU's trace buffer
}

// site is a place where generated code calls a Go function.
type site struct {
	b    *block
	idx  int // of the operation in b.ir
	pc   uint64
	kind ir.Access // of a memory access
	mem  bool
	call func(c *CPU, a *Access)
}

// maxRecords is the number of trace records that is made sure of at once. Trace buffers are
// larger.
const maxRecords = 256

// SetInstrument makes f see every block that is executed from now on; nil: nobody. full is called
// when a CPU's trace buffer has no room left, and must empty it. All translations
// are dropped, and flushed is called, unless nil, while no CPU executes guest code. The caller
// may be in a Probe's Call, and holds no lock that Memory takes.
func (e *Engine) SetInstrument(f Instrument, full func(*CPU), flushed func()) {
	e.Exclusive(func() {
		e.mu.Lock()
		e.round.Add(1)
		if f == nil {
			e.instr.Store(nil)
		} else {
			e.instr.Store(&instrumenter{f, full})
		}
		e.flush()
		e.mu.Unlock()
		if flushed != nil {
			flushed()
		}
	})
}

// Renew drops the translations of code in [start,end), and those being made, so that Instrument is asked about them again.
// The caller may be in a Probe's Call.
func (e *Engine) Renew(start, end uint64) {
	e.mu.Lock()
	if in := e.instr.Load(); in != nil {
		again := *in
		e.instr.Store(&again) // who has asked already notices
	}
	e.mu.Unlock()
	e.Invalidate(start, end)
}

// cut ends b behind its first conditional branch.
func cut(b *ir.Block) {
	br := slices.IndexFunc(b.Insts, func(i ir.Inst) bool { return i.Op == ir.OpBr })
	if br < 0 {
		return
	}
	for n := br + 1; n < len(b.Insts); n++ {
		if b.Insts[n].Op == ir.OpInsn {
			b.End = uint64(b.Insts[n].Imm)
			b.Insts = b.Insts[:n]
			break
		}
	}
	b.NInsn = 0
	for i := range b.Insts {
		if b.Insts[i].Op == ir.OpInsn {
			b.NInsn++
		}
	}
}

// ask lifts the code at pc and asks f about it, with tmu held, which it gives up meanwhile. The block
// is in tr.blk afterwards. again: the code or the instrumentation has changed, or another CPU has made the block.
func (e *Engine) ask(in *instrumenter, pc uint64, m host.Mode, n int) (probes []Probe, tracked bool, fault uint64, ok, again bool) {
	t := &e.tr
	if _, fault, ok = e.lift(pc, n, true); !ok {
		return nil, false, fault, false, false
	}
	cut(&t.blk)
	code := bytes.Clone(t.buf[:t.blk.End-pc])
	copied := t.blk
	copied.Insts = slices.Clone(t.blk.Insts)
	e.tmu.Unlock()
	probes = in.f(&copied, code)
	e.tmu.Lock()

	e.mu.Lock()
	e.pending = pendingRange{pc, pc + uint64(len(t.buf)), false}
	again = e.instr.Load() != in || e.tab.find(pc, m) != nil
	e.mu.Unlock()
	if again {
		return nil, false, 0, true, true
	}
	if tracked, fault, ok = e.lift(pc, n, false); !ok {
		return nil, false, fault, false, false
	}
	cut(&t.blk)
	return probes, tracked, 0, true, !bytes.Equal(code, t.buf[:t.blk.End-pc])
}
