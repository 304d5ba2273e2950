package plugintest

import (
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// walk runs the callbacks of an event with full access to t.
func walk[F any](t *Thread, ev plugin.Event, call func(F)) {
	defer t.vcpu.SetAccess(t.vcpu.SetAccess(plugin.SetPC))
	for _, e := range t.g.table.Walk(ev) {
		if e.Live() {
			call(e.Func.(F))
		}
	}
}

// Map tells of a mapping.
func (t *Thread) Map(m plugin.Mapping) {
	walk(t, plugin.EventMap, func(f func(*plugin.VCPU, plugin.Mapping)) { f(t.vcpu, m) })
}

// Unmap tells that memory was unmapped; libraries there are gone.
func (t *Thread) Unmap(addr abi.Addr, size uint64) {
	t.g.mu.Lock()
	t.g.libs = slices.DeleteFunc(t.g.libs, func(l plugin.Image) bool { return l.Start >= addr && l.End <= addr+size })
	t.g.mu.Unlock()
	walk(t, plugin.EventUnmap, func(f func(*plugin.VCPU, abi.Addr, uint64)) { f(t.vcpu, addr, size) })
}

// Library loads a shared library.
func (t *Thread) Library(im plugin.Image) {
	t.g.mu.Lock()
	t.g.libs = append(t.g.libs, im)
	t.g.mu.Unlock()
	walk(t, plugin.EventLibrary, func(f func(*plugin.VCPU, plugin.Image)) { f(t.vcpu, im) })
}

// Signal delivers a signal: the signal event, and the discontinuity if it has a handler.
func (t *Thread) Signal(s plugin.Signal) {
	walk(t, plugin.EventSignal, func(f func(*plugin.VCPU, plugin.Signal)) { f(t.vcpu, s) })
	if s.Handler == 0 {
		return
	}
	d := plugin.Discontinuity{Type: plugin.Interrupt, From: t.pc, To: s.Handler}
	if s.Fault {
		d.Type = plugin.Exception
	}
	t.Discontinuity(d)
}

// Discontinuity makes the thread go on at d.To.
func (t *Thread) Discontinuity(d plugin.Discontinuity) {
	t.pc = d.To
	walk(t, plugin.EventDiscontinuity, func(f func(*plugin.VCPU, plugin.Discontinuity)) { f(t.vcpu, d) })
}

// Blocked tells that the thread waits in the kernel, Resumed that it does not any more.
func (t *Thread) Blocked() { t.event(plugin.EventBlocked) }

// Resumed is the opposite of Blocked.
func (t *Thread) Resumed() { t.event(plugin.EventResumed) }

// Execve replaces the program: exit events for threads, the exec event, a start event for
// the main thread.
func (g *Guest) Execve(im plugin.Image) {
	for _, t := range g.alive() {
		if t != g.main {
			t.Exit()
		}
	}
	g.main.Exit()
	g.main = g.thread()
	g.mu.Lock()
	g.image, g.libs = im, nil
	g.mu.Unlock()
	g.Flush()
	g.main.event(plugin.EventExec)
	g.main.Start()
}

// alive returns the threads that have not ended.
func (g *Guest) alive() (list []*Thread) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.threads {
		if t != nil {
			list = append(list, t)
		}
	}
	return list
}

// SetImage says what the program is.
func (g *Guest) SetImage(im plugin.Image) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.image = im
}

// DefineSymbol adds a symbol to what the symbolizer knows.
func (g *Guest) DefineSymbol(s plugin.Symbol) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.symbols = append(g.symbols, s)
}

// DefineLine says where in the source code the instruction at addr is.
func (g *Guest) DefineLine(addr abi.Addr, l plugin.Line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines[addr] = l
}
