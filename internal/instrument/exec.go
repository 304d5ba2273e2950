//go:build linux

package instrument

import (
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/callback"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// ringWords is the size of a thread's buffer for trace records: 4096 of them.
const ringWords = 4096 * 4

// Attach makes r see what e translates. It is called before guest code runs.
func (r *Registry) Attach(e *engine.Engine) {
	r.engine.Store(e)
	if len(r.table.Walk(plugin.EventTranslate)) > 0 || r.functions.any() {
		r.reinstrument()
	}
}

// reinstrument makes the engine ask the present translation callbacks from now on, and
// drops what was translated before.
func (r *Registry) reinstrument() {
	e := r.engine.Load()
	if e == nil {
		return
	}
	var f engine.Instrument
	if (len(r.table.Walk(plugin.EventTranslate)) > 0 || r.functions.any()) && !r.ended.Load() {
		f = r.translate
	}
	e.SetInstrument(f, r.full, r.flushed)
}

// flushed runs the flush callbacks; no guest code is executed.
func (r *Registry) flushed() {
	for _, e := range r.table.Walk(plugin.EventFlush) {
		if e.Live() {
			r.protect(e, func() { e.Func.(func())() })
		}
	}
}

// protect calls f, a callback of e, and ends the run if it panics.
func (r *Registry) protect(e *callback.Entry, f func()) {
	done := false
	defer r.caught(e, nil, &done)
	f()
	done = true
}

// callPlain calls a function of a plugin that belongs to no registration.
func (r *Registry) callPlain(p string, ev plugin.Event, f func()) {
	r.protect(&callback.Entry{Plugin: p, Event: ev}, f)
}

// quiesce waits until every callback under way has returned.
func (r *Registry) quiesce() {
	r.translating.Lock()
	//lint:ignore SA2001 whoever had it has returned
	r.translating.Unlock()
	if e := r.engine.Load(); e != nil {
		e.Quiesce()
	}
	for _, t := range r.vcpus.alive() {
		t.await()
	}
}

// blockState shows the registry as a plugin.BlockState.
type blockState struct{ r *Registry }

func (s blockState) Disasm(pc abi.Addr, code []byte) string {
	text, _ := s.r.cfg.Guest.Disasm(code, pc)
	return text
}
func (s blockState) Symbol(addr abi.Addr) (plugin.Symbol, bool) { return s.r.Symbol(addr) }
func (s blockState) HostAddr(addr abi.Addr) uintptr             { return s.r.hostAddr(addr) }

// translate shows a block to the translation callbacks and makes probes of what they ask for.
func (r *Registry) translate(b *ir.Block, code []byte) []engine.Probe {
	r.translating.RLock()
	defer r.translating.RUnlock()
	insns := describe(b, code)
	pb := plugin.NewBlock(insns, blockState{r})
	for _, e := range r.table.Walk(plugin.EventTranslate) {
		if e.Live() {
			done := pb.Open(e.Plugin)
			r.protect(e, func() { e.Func.(func(*plugin.Block))(pb) })
			done()
		}
	}
	reqs := pb.Requests()
	hooks := r.hookProbes(insns)
	if len(reqs)+len(hooks) == 0 {
		return nil
	}
	probes := append(hooks, make([]engine.Probe, len(reqs))...)
	for i := range reqs {
		q := &reqs[i]
		p := &probes[len(hooks)+i]
		p.Insn, p.RW, p.Value = q.Insn, uint8(q.RW), q.Value
		switch q.Kind {
		case plugin.RequestAdd:
			p.Kind, p.Off = engine.ProbeAdd, q.Counter.Offset()
		case plugin.RequestStore:
			p.Kind, p.Off = engine.ProbeStore, q.Counter.Offset()
		case plugin.RequestTrace:
			p.Kind, p.Trace = engine.ProbeTrace, q.Trace.ID()
		case plugin.RequestCall:
			p.Kind = engine.ProbeCall
			if op, v := q.Cond.Test(); op != 0 {
				p.If, p.Value, p.Off = ir.If(op), v, q.Counter.Offset()
			}
			if q.RW != 0 {
				p.Call = r.memCall(q)
			} else {
				p.Call = r.execCall(q)
			}
		}
	}
	return probes
}

// execCall makes the function that calls a callback before a block or an instruction.
func (r *Registry) execCall(q *plugin.Request) func(*engine.CPU, *engine.Access) {
	f, flags := q.Exec, q.Flags
	e := &callback.Entry{Plugin: q.Plugin, Event: plugin.EventInsnExec}
	if q.Insn < 0 {
		e.Event = plugin.EventBlockExec
	}
	return func(c *engine.CPU, _ *engine.Access) {
		x := c.Ext.(*thread)
		done := false
		defer r.caught(e, nil, &done)
		x.vcpu.Permit(flags)
		x.calls++
		f(x.vcpu)
		x.calls--
		x.vcpu.Permit(plugin.NoRegs)
		done = true
		x.settle(c)
	}
}

// memCall makes the function that calls a callback after a memory access.
func (r *Registry) memCall(q *plugin.Request) func(*engine.CPU, *engine.Access) {
	f, flags := q.Mem, q.Flags
	e := &callback.Entry{Plugin: q.Plugin, Event: plugin.EventMemory}
	return func(c *engine.CPU, a *engine.Access) {
		x := c.Ext.(*thread)
		done := false
		defer r.caught(e, nil, &done)
		x.vcpu.Permit(flags)
		x.calls++
		f(x.vcpu, plugin.NewAccess(a.Addr, plugin.MemInfo(a.Kind), a.Value, a.High))
		x.calls--
		x.vcpu.Permit(plugin.NoRegs)
		done = true
		x.settle(c)
	}
}

// attachThread gives a new thread its slot memory and trace buffer.
func (r *Registry) attachThread(t *linux.Task, x *thread) {
	if t.CPU == nil {
		return
	}
	area := r.slots.make(x.vcpu.Index())
	area.cpu.Store(t.CPU)
	words := area.words
	ring := words[plugin.SlotSize/8:]
	addr := hostsys.AddressOf(words)
	t.CPU.SetWords(words, addr, ring, addr+plugin.SlotSize)
	t.CPU.Ext = x
	x.cpu, x.ring = t.CPU, ring
}

// full empties the trace buffer of a CPU on its own thread.
func (r *Registry) full(c *engine.CPU) { r.deliver(c.Ext.(*thread), -1) }

// FlushMemTrace implements plugin.System.
func (r *Registry) FlushMemTrace(id uint32, v *plugin.VCPU) {
	for _, x := range r.vcpus.alive() {
		if x.vcpu == v && x.tid == hostsys.Gettid() {
			r.deliver(x, int(id))
		}
	}
}

// deliver hands the records of x to their traces: all, or those of trace only if that is not
// negative, of which the others stay.
func (r *Registry) deliver(x *thread, only int) {
	if x.cpu == nil || x.delivering {
		return
	}
	n := x.cpu.Records()
	if n == 0 {
		return
	}
	x.delivering = true
	defer func() { x.delivering = false }()
	list := plugin.Records(x.ring)[:n]
	traces := *r.traces.list.Load()
	mixed := len(traces) > 1 && slices.ContainsFunc(list, func(m plugin.MemRecord) bool { return m.Trace != list[0].Trace })
	if !mixed && (only < 0 || uint32(only) == list[0].Trace) {
		r.hand(&traces[list[0].Trace], x, list)
		x.cpu.ClearRecords()
		return
	}
	var rest []plugin.MemRecord
	for id := range traces {
		var part []plugin.MemRecord
		for i := range list {
			if list[i].Trace == uint32(id) {
				part = append(part, list[i])
			}
		}
		switch {
		case len(part) == 0:
		case only < 0 || only == id:
			r.hand(&traces[id], x, part)
		default:
			rest = append(rest, part...)
		}
	}
	x.cpu.ClearRecords()
	x.cpu.KeepRecords(copy(plugin.Records(x.ring), rest))
}

func (r *Registry) hand(t *trace, x *thread, list []plugin.MemRecord) {
	before := x.vcpu.SetAccess(plugin.NoRegs)
	r.callPlain(t.plugin, plugin.EventMemTrace, func() { t.f(x.vcpu, list) })
	x.vcpu.SetAccess(before)
}

// stopInstrumenting is for the end of the process: nothing is instrumented any more, and what is in
// the trace buffers of all threads is delivered.
func (r *Registry) stopInstrumenting() {
	if r.traces.list.Load() == nil && len(r.table.Walk(plugin.EventTranslate)) == 0 && !r.functions.any() {
		return
	}
	r.reinstrument()
	for _, x := range r.vcpus.alive() {
		r.deliver(x, -1)
	}
}
