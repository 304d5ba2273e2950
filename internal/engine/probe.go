package engine

import (
	"bytes"
	"math"
	"slices"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
)

// Instrumentation. Somebody is shown each new block and answers with probes, which become
// operations of its IR. A block with probes polls at its start only, has no side exits, and
// keeps its IR: whatever generated code leaves undone, because an instruction is
// not lowered, faulted, or code memory was reused during a call, is then done by interpreting the rest
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
	// methods of the engine but Run. State is exact, PC that of the instruction. If it
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
const maxRecords = 1024

// SetInstrument makes f see every block that is executed from now on; nil: nobody. full is called
// when a CPU's trace buffer has no room left, and must empty it. All translations
// are dropped, and flushed is called, unless nil, while no CPU executes guest code. The caller
// may be in a Probe's Call, and holds no lock that Memory takes.
func (e *Engine) SetInstrument(f Instrument, full func(*CPU), flushed func()) {
	e.Exclusive(func() {
		e.mu.Lock()
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

// inserter puts probes into the translator's block.
type inserter struct {
	t    *translator
	in   *instrumenter
	out  []ir.Inst
	temp ir.Val // next free temporary of the instruction
	cons ir.Val // temporary for constants, Zero if there is none yet
	pc   uint64
	base uint32
}

// insert rewrites tr.blk with probes in it; base is the number of the first call site.
func (t *translator) insert(in *instrumenter, probes []Probe, base uint32) {
	slices.SortStableFunc(probes, func(a, b Probe) int { return a.Insn - b.Insn })
	x := inserter{t: t, in: in, out: t.spare[:0], base: base}
	t.sites, t.starts = nil, nil
	old := t.blk.Insts
	room := 0 // records that there is room for
	for n, k := 0, 0; k < len(old); n++ {
		end := k + 1
		for end < len(old) && old[end].Op != ir.OpInsn {
			end++
		}
		x.begin(old[k:end])
		x.out = append(x.out, old[k])
		var before, after []Probe
		before, probes = split(probes, -1)
		if n == 0 {
			x.emit(ir.Inst{Op: ir.OpPoll})
		}
		mine, rest := split(probes, n)
		probes = rest
		if need := records(mine, old[k:end]); need > 0 {
			if room < need {
				// Ask for all that follows, or a good part of it.
				room = need
				for at, m := end, n+1; at < len(old) && room < maxRecords; m++ {
					to := at + 1
					for to < len(old) && old[to].Op != ir.OpInsn {
						to++
					}
					next, more := split(rest, m)
					room += records(next, old[at:to])
					at, rest = to, more
				}
				x.call(ir.Inst{Op: ir.OpTraceRoom, Imm: int64(room) << 32}, func(c *CPU, _ *Access) { in.full(c) })
			}
			room -= need
		}
		x.exec(before)
		for i := range mine {
			if mine[i].RW != 0 {
				after = append(after, mine[i])
			} else {
				x.exec(mine[i : i+1])
			}
		}
		t.starts = append(t.starts, uint16(len(x.out)))
		for _, op := range old[k+1 : end] {
			if len(after) == 0 || !ir.Ops[op.Op].Has(ir.EffRead|ir.EffWrite) || op.Op == ir.OpFence {
				x.emit(op)
			} else {
				x.access(op, after)
			}
		}
		k = end
	}
	t.spare, t.blk.Insts = old, x.out
}

// split returns the leading probes of instruction n, and the others.
func split(p []Probe, n int) (mine, rest []Probe) {
	k := 0
	for k < len(p) && p[k].Insn <= n {
		k++
	}
	return p[:k], p[k:]
}

// records is the number of records that the probes of an instruction can make.
func records(probes []Probe, ops []ir.Inst) (n int) {
	for i := range probes {
		if probes[i].Kind != ProbeTrace {
			continue
		}
		for _, op := range ops {
			e := ir.Ops[op.Op].Eff
			if op.Op == ir.OpFence {
				continue
			}
			if e&ir.EffRead != 0 && probes[i].RW&ProbeRead != 0 {
				n++
			}
			if e&ir.EffWrite != 0 && probes[i].RW&ProbeWrite != 0 {
				n++
			}
		}
	}
	return n
}

// begin notes which temporaries an instruction uses.
func (x *inserter) begin(ops []ir.Inst) {
	x.pc = uint64(ops[0].Imm)
	x.temp, x.cons = ir.TBase, ir.Zero
	for i := range ops {
		for _, v := range [...]ir.Val{ops[i].Dst, ops[i].A, ops[i].B, ops[i].C} {
			if v >= ir.TBase && v < ir.FBase {
				x.temp = max(x.temp, v+2) // it may be the first of a pair
			}
		}
	}
}

func (x *inserter) newTemp() ir.Val { x.temp++; return x.temp - 1 }

func (x *inserter) emit(i ir.Inst) { x.out = append(x.out, i) }

// call emits a call of f with a new number in the low half of the immediate.
func (x *inserter) call(i ir.Inst, f func(*CPU, *Access)) {
	i.Imm |= int64(x.base) + int64(len(x.t.sites))
	s := site{idx: len(x.out), pc: x.pc, call: f, mem: i.Op == ir.OpCallMem}
	if s.mem {
		s.kind = ir.Access(i.Aux)
	}
	x.t.sites = append(x.t.sites, s)
	x.emit(i)
}

// constant returns a temporary that holds v.
func (x *inserter) constant(v uint64) ir.Val {
	if x.cons == ir.Zero {
		x.cons = x.newTemp()
	}
	x.emit(ir.Inst{Op: ir.OpConst, Dst: x.cons, Imm: int64(v)})
	return x.cons
}

// exec emits probes before an instruction.
func (x *inserter) exec(probes []Probe) {
	for i := range probes {
		p := &probes[i]
		switch p.Kind {
		case ProbeAdd, ProbeStore:
			x.count(p, ir.Zero)
		case ProbeCall:
			a := ir.Zero
			if p.If != ir.IfAlways && p.Value != 0 {
				a = x.constant(p.Value)
			}
			x.call(ir.Inst{Op: ir.OpCall, A: a, Aux: uint8(p.If), Imm: int64(p.Off) << 32}, p.Call)
		}
	}
}

// count emits a counter operation that is skipped if skip is not zero.
func (x *inserter) count(p *Probe, skip ir.Val) {
	op, v := ir.OpCount, int64(p.Value)
	if p.Kind == ProbeStore {
		op = ir.OpCountSet
	}
	b := ir.Zero
	if v != int64(int32(v)) {
		b = x.constant(p.Value)
		v = 0
	}
	x.emit(ir.Inst{Op: op, A: skip, B: b, Imm: ir.ProbeImm(uint32(p.Off), int32(v))})
}

// after emits probes for an access that has been made.
func (x *inserter) after(probes []Probe, kind ir.Access, addr, value, skip ir.Val) {
	rw := uint8(ProbeRead)
	if kind&ir.AccessStore != 0 {
		rw = ProbeWrite
	}
	for i := range probes {
		p := &probes[i]
		if p.RW&rw == 0 {
			continue
		}
		switch p.Kind {
		case ProbeAdd, ProbeStore:
			x.count(p, skip)
		case ProbeCall:
			x.call(ir.Inst{Op: ir.OpCallMem, A: addr, B: value, C: skip, Aux: uint8(kind)}, p.Call)
		case ProbeTrace:
			x.emit(ir.Inst{Op: ir.OpTrace, A: addr, B: value, C: skip, Aux: uint8(kind), Imm: int64(p.Trace)})
		}
	}
}

// wanted reports whether a probe wants to know address and value of an access.
func wanted(probes []Probe, rw uint8) bool {
	return slices.ContainsFunc(probes, func(p Probe) bool { return p.RW&rw != 0 && p.Kind >= ProbeCall })
}

// address returns an operand that holds a+disp whatever happens to dst.
func (x *inserter) address(a ir.Val, disp int64, dst ir.Val) ir.Val {
	if disp == 0 && (a != dst || a == ir.Zero) {
		return a
	}
	t := x.newTemp()
	x.emit(ir.Inst{Op: ir.OpAdd, Dst: t, A: a, B: ir.Imm, Imm: disp})
	return t
}

// keep returns an operand with the value of v that a write of dst does not change.
func (x *inserter) keep(v, dst ir.Val) ir.Val {
	if v != dst || v == ir.Zero {
		return v
	}
	t := x.newTemp()
	x.emit(ir.Inst{Op: ir.OpMov, Dst: t, A: v})
	return t
}

// access emits a memory operation followed by probes.
func (x *inserter) access(op ir.Inst, probes []Probe) {
	switch op.Op {
	case ir.OpLoad, ir.OpLR:
		x.load(op, probes)
	case ir.OpStore:
		kind := sizeOf(ir.Mem(op.Aux)) | ir.AccessStore
		addr := ir.Zero
		if wanted(probes, ProbeWrite) {
			addr = x.address(op.A, op.Imm, ir.Imm)
			op.A, op.Imm = addr, 0
		}
		x.emit(op)
		x.after(probes, kind, addr, op.B, ir.Zero)
	case ir.OpFLoad, ir.OpFStore:
		x.float(op, probes)
	case ir.OpSC:
		a, b, d := x.keep(op.A, op.Dst), x.keep(op.B, op.Dst), x.newTemp()
		dst := op.Dst
		op.A, op.B, op.Dst = a, b, d
		x.emit(op)
		x.move(dst, d)
		x.after(probes, sizeOf(ir.Mem(op.Aux))|ir.AccessStore|ir.AccessAtomic, a, b, d)
	case ir.OpCas:
		x.cas(op, probes)
	case ir.OpCasPair:
		x.casPair(op, probes)
	default:
		if op.Op >= ir.OpAmoSwap && op.Op <= ir.OpAmoMaxU {
			x.amo(op, probes)
			return
		}
		x.emit(op)
	}
}

func (x *inserter) move(dst, v ir.Val) {
	if dst != ir.Zero {
		x.emit(ir.Inst{Op: ir.OpMov, Dst: dst, A: v})
	}
}

// sizeOf is the size and the sign of an access.
func sizeOf(m ir.Mem) ir.Access {
	a := [...]ir.Access{0, 0, 1, 1, 2, 2, 3}[m]
	if m == ir.M8S || m == ir.M16S || m == ir.M32S {
		a |= ir.AccessSigned
	}
	return a
}

func (x *inserter) load(op ir.Inst, probes []Probe) {
	kind := sizeOf(ir.Mem(op.Aux))
	if op.Op == ir.OpLR {
		kind |= ir.AccessAtomic
	}
	addr := ir.Zero
	if wanted(probes, ProbeRead) {
		addr = x.address(op.A, op.Imm, op.Dst)
		op.A, op.Imm = addr, 0
		if op.Dst == ir.Zero {
			op.Dst = x.newTemp()
		}
	}
	x.emit(op)
	x.after(probes, kind, addr, op.Dst, ir.Zero)
}

func (x *inserter) float(op ir.Inst, probes []Probe) {
	kind, rw, v := ir.Access(3), uint8(ProbeRead), op.Dst
	switch op.Ty {
	case ir.F16:
		kind = 1
	case ir.F32:
		kind = 2
	}
	if op.Op == ir.OpFStore {
		kind, rw, v = kind|ir.AccessStore, ProbeWrite, op.B
	}
	addr, value := ir.Zero, ir.Zero
	want := wanted(probes, rw)
	if want {
		addr = x.address(op.A, op.Imm, ir.Imm)
		op.A, op.Imm = addr, 0
	}
	x.emit(op)
	if want {
		value = x.newTemp()
		x.emit(ir.Inst{Op: ir.OpFMovToI, Ty: ir.F64, Dst: value, A: v})
	}
	x.after(probes, kind, addr, value, ir.Zero)
}

// amo reports a read-modify-write as a load and a store.
func (x *inserter) amo(op ir.Inst, probes []Probe) {
	dst, w := op.Dst, ir.Mem(op.Aux)
	op.A, op.B, op.Dst = x.keep(op.A, dst), x.keep(op.B, dst), x.newTemp()
	x.emit(op)
	x.move(dst, op.Dst)
	kind := sizeOf(w) | ir.AccessAtomic
	x.after(probes, kind, op.A, op.Dst, ir.Zero)
	value := op.B
	if wanted(probes, ProbeWrite) && op.Op != ir.OpAmoSwap {
		b := op.B
		if w == ir.M32S {
			b = x.newTemp()
			x.emit(ir.Inst{Op: ir.OpSExt32, Dst: b, A: op.B})
		}
		value = x.newTemp()
		x.emit(ir.Inst{Op: amoOps[op.Op-ir.OpAmoSwap], Dst: value, A: op.Dst, B: b})
	}
	x.after(probes, kind&^ir.AccessSigned|ir.AccessStore, op.A, value, ir.Zero)
}

// amoOps is what the atomic operations do, from OpAmoSwap on.
var amoOps = [...]ir.Op{
	ir.OpMov, ir.OpAdd, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpMinS, ir.OpMaxS, ir.OpMinU, ir.OpMaxU,
}

// cas reports a load, and a store if it stored.
func (x *inserter) cas(op ir.Inst, probes []Probe) {
	dst, w := op.Dst, ir.Mem(op.Aux)
	op.A, op.B, op.C, op.Dst = x.keep(op.A, dst), x.keep(op.B, dst), x.keep(op.C, dst), x.newTemp()
	x.emit(op)
	x.move(dst, op.Dst)
	skip := x.newTemp()
	ty := ir.I64
	if w == ir.M32S {
		ty = ir.I32
	}
	x.emit(ir.Inst{Op: ir.OpXor, Ty: ty, Dst: skip, A: op.Dst, B: op.B})
	kind := sizeOf(w) | ir.AccessAtomic
	x.after(probes, kind, op.A, op.Dst, ir.Zero)
	x.after(probes, kind&^ir.AccessSigned|ir.AccessStore, op.A, op.C, skip)
}

// casPair is cas of 16 bytes.
func (x *inserter) casPair(op ir.Inst, probes []Probe) {
	pair := func(v ir.Val) ir.Val {
		if v == ir.Zero {
			return v
		}
		t := x.newTemp()
		x.newTemp()
		x.emit(ir.Inst{Op: ir.OpMov, Dst: t, A: v})
		x.emit(ir.Inst{Op: ir.OpMov, Dst: t + 1, A: v + 1})
		return t
	}
	second := func(v ir.Val) ir.Val {
		if v == ir.Zero {
			return v
		}
		return v + 1
	}
	dst := op.Dst
	op.A = x.address(op.A, 0, op.A)
	op.B, op.C = pair(op.B), pair(op.C)
	op.Dst = x.newTemp()
	x.newTemp()
	x.emit(op)
	if dst != ir.Zero {
		x.move(dst, op.Dst)
		x.move(dst+1, op.Dst+1)
	}
	skip, t := x.newTemp(), x.newTemp()
	x.emit(ir.Inst{Op: ir.OpXor, Dst: skip, A: op.Dst, B: op.B})
	x.emit(ir.Inst{Op: ir.OpXor, Dst: t, A: op.Dst + 1, B: second(op.B)})
	x.emit(ir.Inst{Op: ir.OpOr, Dst: skip, A: skip, B: t})
	const kind = 4 | ir.AccessAtomic
	x.after(probes, kind, op.A, op.Dst, ir.Zero)
	x.after(probes, kind|ir.AccessStore, op.A, op.C, skip)
}

// hoistable reports whether an operation is an addition that may be done together with others
// of the same word, earlier than where it stands.
func hoistable(i *ir.Inst) bool {
	const most = math.MaxInt32 / (4 * maxInsns)
	return i.Op == ir.OpCount && i.A == ir.Zero && i.B == ir.Zero && i.High() <= most && i.High() >= -most
}

// barrier reports whether what was counted before an operation can be seen by it, or by whom it calls.
func barrier(op ir.Op) bool {
	return op == ir.OpCall || op == ir.OpCallMem || op == ir.OpTraceRoom || op == ir.OpCountSet
}

// hoist returns tr.blk for the code generator: between two barriers the additions to a word are made
// once, at the first place. Who leaves the block before its end takes back what was counted too early:
// see CPU.uncount.
func (t *translator) hoist() *ir.Block {
	in := t.blk.Insts
	out := t.jit.Insts[:0]
	type sum struct {
		off uint32
		n   int
	}
	var sums []sum
	place := 0 // where the sums of the segment go
	flush := func() {
		if len(sums) == 0 {
			return
		}
		ops := make([]ir.Inst, 0, len(sums))
		for _, s := range sums {
			ops = append(ops, ir.Inst{Op: ir.OpCount, Imm: ir.ProbeImm(s.off, int32(s.n))})
		}
		out = slices.Insert(out, place, ops...)
		sums = sums[:0]
	}
	for k := range in {
		i := &in[k]
		if hoistable(i) && len(sums) < 4*maxInsns {
			n := slices.IndexFunc(sums, func(s sum) bool { return s.off == i.Low() })
			if n < 0 {
				sums = append(sums, sum{i.Low(), 0})
				n = len(sums) - 1
			}
			sums[n].n += int(i.High())
			continue
		}
		if barrier(i.Op) {
			flush()
		}
		out = append(out, *i)
		if barrier(i.Op) || i.Op == ir.OpPoll {
			place = len(out)
		}
	}
	flush()
	t.jit = t.blk
	t.jit.Insts = out
	return &t.jit
}

// startOf returns the index in b.ir where instruction pc starts, its probes being done.
func (b *block) startOf(pc uint64) int {
	n := -1
	for i := range b.ir.Insts {
		if in := &b.ir.Insts[i]; in.Op == ir.OpInsn {
			n++
			if uint64(in.Imm) == pc {
				return int(b.pr.starts[n])
			}
		}
	}
	panic("BUG: engine: an instruction is not in its block")
}

// uncount takes back the additions of block b, from operation n on, that hoist has put in front.
func (c *CPU) uncount(b *block, n int) {
	for ; n < len(b.ir.Insts); n++ {
		i := &b.ir.Insts[n]
		if barrier(i.Op) {
			return
		}
		if hoistable(i) {
			c.ev.Words[i.Low()/8] -= uint64(int64(i.High()))
		}
	}
}

// exitBlock returns the instrumented block that generated code has just left before its end, or nil. The
// CPU is in the read side.
func (c *CPU) exitBlock() *block {
	off := c.s.ExitBlock
	if off == 0 {
		return nil
	}
	c.s.ExitBlock = 0
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.blockAt(off - 1)
}

// rest interprets block b from instruction State.PC on, whose probes before it have been executed. The CPU is outside
// of the read side.
func (c *CPU) rest(b *block) Exit {
	n := b.startOf(c.s.PC)
	c.uncount(b, n)
	c.enter()
	c.evb = b
	c.ev.Resume(b.ir, n)
	c.leave()
	return c.stopped()
}

// call calls the function that generated code wants, and reports whether to go on in that code. Else State.Exit
// is as the interpreter leaves it. The CPU is in the read side before and after.
func (c *CPU) call(m host.Mode) (again bool) {
	e, s := c.e, c.s
	p := (*e.sites.Load())[s.CallID]
	gen := e.gen.Load()
	s.PC = p.pc
	c.leaveForCall()
	if p.mem {
		v := s.CallValue
		if n := p.kind.Bytes(); n < 8 {
			v &= 1<<(8*n) - 1
		}
		c.acc = Access{Addr: s.CallAddr, Value: v, Kind: p.kind}
		p.call(c, &c.acc)
	} else {
		p.call(c, nil)
	}
	c.enter()
	switch {
	case s.PC != p.pc:
		s.Exit = cpu.ExitIndirect
		return false
	case e.gen.Load() != gen || host.ModeOf(s.FRM) != m:
		c.evb = p.b
		c.ev.Resume(p.b.ir, p.idx+1)
		return false
	}
	return true
}

// evalCall is eval.Machine.Call.
func (c *CPU) evalCall(i *ir.Inst, a *eval.Access) bool {
	p := &c.evb.pr.sites[i.Low()-c.evb.pr.siteBase]
	b := c.evb
	c.leaveForCall()
	p.call(c, a)
	c.enter()
	c.evb = b
	return c.s.PC == p.pc
}

// SetWords gives the CPU its slot memory, at host address words, and the memory for trace
// records, a multiple of their size at address ring.
func (c *CPU) SetWords(words []uint64, addr uintptr, ring []uint64, ringAddr uintptr) {
	c.ev.Words, c.ev.Ring = words, ring
	c.s.Slots = uint64(addr)
	c.s.TracePos = uint64(ringAddr)
	c.s.TraceEnd = c.s.TracePos + uint64(len(ring))*8
}

// Records is the number of trace records in the buffer.
func (c *CPU) Records() int {
	return len(c.ev.Ring)/eval.RecordWords - int(c.s.TraceEnd-c.s.TracePos)/(8*eval.RecordWords)
}

// ClearRecords empties the trace buffer. It belongs to the CPU's thread, or to Exclusive.
func (c *CPU) ClearRecords() { c.KeepRecords(0) }

// KeepRecords leaves the first n records in the trace buffer.
func (c *CPU) KeepRecords(n int) {
	c.s.TracePos = c.s.TraceEnd - uint64(len(c.ev.Ring)-n*eval.RecordWords)*8
}
