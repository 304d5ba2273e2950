package plugintest

import (
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Insn is an instruction of a fake block. The zero Insn is a 4-byte instruction "nop".
type Insn struct {
	Text   string // its disassembly
	Bytes  []byte // its encoding
	Class  plugin.Class
	Target abi.Addr // where it jumps to; 0: it does not

	// Mem are the accesses it makes when it is executed. Loads and stores do nothing but be
	// reported: make them with [plugin.NewAccess].
	Mem []plugin.Access
}

// Block is guest code for [Thread.Exec].
type Block struct {
	g     *Guest
	pc    abi.Addr
	insns []Insn
	infos []plugin.InsnInfo
	gen   uint64 // of the guest, when it was translated
	done  bool
	reqs  []plugin.Request
}

// Code makes a block at pc, or where the block before it ended if pc is 0. Translation
// callbacks run when it is executed for the first time, and again after registrations changed.
func (g *Guest) Code(pc abi.Addr, insns ...Insn) *Block {
	if len(insns) == 0 {
		panic("plugintest: a block of no instructions")
	}
	if pc == 0 {
		pc = textBase
	}
	b := &Block{g: g, pc: pc, insns: insns}
	for i := range insns {
		in := &insns[i]
		if in.Bytes == nil {
			in.Bytes = []byte{0x13, 0, 0, 0}
		}
		if in.Text == "" {
			in.Text = "nop"
		}
		if in.Class == plugin.ClassUnknown {
			in.Class = plugin.ClassInt
		}
		b.infos = append(b.infos, plugin.InsnInfo{PC: pc, Bytes: in.Bytes, Class: in.Class, Target: in.Target, HasTarget: in.Target != 0})
		pc += abi.Addr(len(in.Bytes))
	}
	return b
}

// Translate makes a block and runs the translation callbacks for it.
func (g *Guest) Translate(pc abi.Addr, insns ...Insn) *Block {
	b := g.Code(pc, insns...)
	b.translate()
	return b
}

// translate runs the translation callbacks unless they have run since the last flush.
func (b *Block) translate() {
	gen := b.g.gen.Load()
	if b.done && b.gen == gen {
		return
	}
	pb := plugin.NewBlock(b.infos, b)
	for _, e := range b.g.table.Walk(plugin.EventTranslate) {
		if e.Live() {
			done := pb.Open(e.Plugin)
			e.Func.(func(*plugin.Block))(pb)
			done()
		}
	}
	b.done, b.gen, b.reqs = true, gen, pb.Requests()
}

// Disasm implements plugin.BlockState.
func (b *Block) Disasm(pc abi.Addr, _ []byte) string {
	i := slices.IndexFunc(b.infos, func(in plugin.InsnInfo) bool { return in.PC == pc })
	return b.insns[i].Text
}

// Symbol implements plugin.BlockState.
func (b *Block) Symbol(addr abi.Addr) (plugin.Symbol, bool) { return system{b.g}.Symbol(addr) }

// HostAddr implements plugin.BlockState.
func (b *Block) HostAddr(addr abi.Addr) uintptr { return uintptr(addr) }

// Exec executes a block: what plugins have registered on it happens in Weir's order. Afterwards
// the pc is behind its last instruction, unless a callback has changed it.
func (t *Thread) Exec(b *Block) {
	b.translate()
	t.pc = b.pc
	if !t.requests(b, func(r *plugin.Request) bool { return r.Insn < 0 }, nil) {
		return
	}
	for i := range b.insns {
		t.pc = b.infos[i].PC
		if !t.requests(b, func(r *plugin.Request) bool { return r.Insn == i && r.RW == 0 }, nil) {
			return
		}
		for _, a := range b.insns[i].Mem {
			dir := plugin.MemRead
			if a.IsStore() {
				dir = plugin.MemWrite
			}
			if !t.requests(b, func(r *plugin.Request) bool { return r.Insn == i && r.RW&dir != 0 }, &a) {
				return
			}
		}
	}
	last := b.infos[len(b.infos)-1]
	t.pc = last.PC + abi.Addr(len(last.Bytes))
}

// requests does what want selects; false if the pc was changed.
func (t *Thread) requests(b *Block, want func(*plugin.Request) bool, a *plugin.Access) bool {
	pc := t.pc
	for n := range b.reqs {
		r := &b.reqs[n]
		if !want(r) {
			continue
		}
		if gen, ok := t.g.withdrawn.Load(r.Plugin); ok && b.gen < gen.(uint64) {
			continue // its plugin is gone since the block was entered
		}
		switch r.Kind {
		case plugin.RequestAdd:
			r.Counter.Add(t.vcpu, r.Value)
		case plugin.RequestStore:
			r.Counter.Set(t.vcpu, r.Value)
		case plugin.RequestTrace:
			t.g.record(t, r.Trace.ID(), plugin.MemRecord{PC: t.pc, Addr: a.Addr, Value: a.Value(), Info: a.Info, Trace: r.Trace.ID()})
		case plugin.RequestCall:
			if op, v := r.Cond.Test(); op != 0 && !op.Holds(r.Counter.Get(t.vcpu), v) {
				continue
			}
			before := t.vcpu.SetAccess(r.Flags)
			if r.RW != 0 {
				r.Mem(t.vcpu, *a)
			} else {
				r.Exec(t.vcpu)
			}
			t.vcpu.SetAccess(before)
			if t.pc != pc || t.g.Exited() {
				return false
			}
		}
	}
	return true
}

// Flush drops all translations, as a full code cache does: flush callbacks run, and blocks are
// translated anew.
func (g *Guest) Flush() {
	g.gen.Add(1)
	for _, e := range g.table.Walk(plugin.EventFlush) {
		if e.Live() {
			e.Func.(func())()
		}
	}
}
