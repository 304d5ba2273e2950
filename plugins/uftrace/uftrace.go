// Package uftrace records function calls with times, as a directory "uftrace.data" in the working directory that
// the program uftrace reads (uftrace replay, report, graph, dump --chrome ...). The guest need not be compiled for
// it: calls and returns are seen by their instructions. A directory of an earlier run is renamed to
// uftrace.data.old; forked children and programs that they execute add to the directory of their parent.
//
// It shows counters that tell a callback what has happened before it, so that only blocks which are really
// entered by a call or a return cost one. Start with translate; stack.go decides which function a
// thread is in, data.go writes the files.
package uftrace

import (
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{
	{Key: "dir", Value: "PATH", Help: "directory to write (uftrace.data)"},
	{Key: "trace-privilege-level", Value: "on|off", Help: "accepted because QEMU's plugin has it: programs have one level (off)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "uftrace",
		Summary: "record function calls in the form that uftrace reads, in uftrace.data",
		Options: options,
		New:     func() plugin.Plugin { return new(tracer) },
	}
}

// tracer is the plugin.
type tracer struct {
	host *plugin.Host
	data *data
	how  plugin.Counter // the vCPU has executed a jump of this kind last: jumped, called, returned
	from plugin.Counter // the address after the call, if it was one

	mu      sync.Mutex
	threads []*thread // by vCPU index
}

// Install implements plugin.Plugin.
func (t *tracer) Install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	if _, err := args.Bool("trace-privilege-level", false); err != nil {
		return err
	}
	var err error
	if t.data, err = openData(h, args.Get("dir", dirName)); err != nil {
		return err
	}
	t.host, t.how, t.from = h, plugin.NewCounter(h), plugin.NewCounter(h)
	started := false
	h.OnThreadStart(func(v *plugin.VCPU) {
		if !started { // on the main thread, while there is no other
			started = true
			t.data.session()
		}
		t.start(v)
	})
	h.OnExec(func(*plugin.VCPU) { t.data.session() })
	h.OnLibrary(func(_ *plugin.VCPU, im plugin.Image) { t.data.library(im) })
	h.OnTranslate(t.translate)
	h.OnDiscontinuity(plugin.Interrupt|plugin.Exception, t.handler)
	h.OnThreadExit(t.threadExit)
	h.OnFork(t.fork)
	h.OnExit(t.exit)
	return nil
}

// thread is what is known of a guest thread.
type thread struct {
	mu    sync.Mutex // the end of the process comes from another thread
	tid   int
	known bool // has a line in task.txt
	ended bool
	stack stack
	buf   []byte // records
}

// thread returns the state of v. Only the thread itself, and the end of the process, use it.
func (t *tracer) thread(v *plugin.VCPU) *thread {
	t.mu.Lock()
	defer t.mu.Unlock()
	for v.Index() >= len(t.threads) {
		t.threads = append(t.threads, nil)
	}
	x := t.threads[v.Index()]
	if x == nil {
		x = &thread{tid: v.TID()}
		x.stack.emit = func(exit bool, depth int, fn abi.Addr) { t.record(x, exit, depth, fn) }
		t.threads[v.Index()] = x
	}
	return x
}

// start notes the function that a thread begins with, if it begins with one.
func (t *tracer) start(v *plugin.VCPU) {
	x := t.thread(v)
	x.mu.Lock()
	defer x.mu.Unlock()
	t.how.Set(v, 0)
	pc, _ := v.PC()
	if s, ok := t.host.Symbolizer().At(pc); ok && s.Addr == pc {
		sp, _ := v.Reg("sp")
		x.stack.call(pc, sp, 0)
	}
}

// translate has jumps note what they are, and blocks look whether a function begins or goes on with them.
func (t *tracer) translate(b *plugin.Block) {
	pc := b.PC()
	first := b.Insn(0)
	s, ok := first.Symbol()
	entry := ok && s.Addr == pc
	least := uint64(called)
	if entry {
		least = jumped
	}
	b.OnExecIf(t.how.GE(least), plugin.ReadRegs, func(v *plugin.VCPU) { t.land(v, pc, entry) })
	b.Store(t.how, 0)

	last := b.Insn(b.Len() - 1)
	switch last.Class() {
	case plugin.ClassCall:
		last.Store(t.from, last.PC()+abi.Addr(last.Len()))
		last.Store(t.how, called)
	case plugin.ClassReturn:
		last.Store(t.how, returned)
	case plugin.ClassJump:
		if to, ok := last.Target(); ok {
			if s, ok := t.host.Symbolizer().At(to); !ok || s.Addr != to {
				return // within a function
			}
		}
		last.Store(t.how, jumped)
	}
}

// land is called where a thread arrives by a jump, a call or a return: with a jump only at the beginning of a function.
func (t *tracer) land(v *plugin.VCPU, pc abi.Addr, entry bool) {
	sp, _ := v.Reg("sp")
	x := t.thread(v)
	x.mu.Lock()
	defer x.mu.Unlock()
	switch t.how.Get(v) {
	case called:
		if entry || !t.data.stub(pc) {
			x.stack.call(pc, sp, t.from.Get(v))
		} else {
			x.stack.silent(pc, sp, t.from.Get(v))
		}
	case returned:
		x.stack.ret(pc, sp)
	case jumped:
		x.stack.jump(pc, sp)
	}
}

// handler is called when a thread goes on in a signal handler, as if that was called.
func (t *tracer) handler(v *plugin.VCPU, d plugin.Discontinuity) {
	if t.how.Get(v) != 0 { // the signal came before the block that the jump leads to
		s, ok := t.host.Symbolizer().At(d.From)
		if entry := ok && s.Addr == d.From; entry || t.how.Get(v) >= called {
			t.land(v, d.From, entry)
		}
		t.how.Set(v, 0)
	}
	ra, _ := v.X(1)
	sp, _ := v.Reg("sp")
	x := t.thread(v)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stack.handler(d.To, sp, ra)
}

// threadExit closes the functions that a thread is in.
func (t *tracer) threadExit(v *plugin.VCPU) {
	x := t.thread(v)
	t.finish(x)
	t.mu.Lock()
	t.threads[v.Index()] = nil
	t.mu.Unlock()
}

// finish closes all functions of x and writes what is left.
func (t *tracer) finish(x *thread) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stack.unwind()
	t.flush(x)
	x.ended = true
}

// fork goes on, in the child, with the functions that the thread is in; what happened before the parent writes.
func (t *tracer) fork(v *plugin.VCPU) {
	old := t.thread(v)
	t.mu.Lock()
	clear(t.threads)
	t.mu.Unlock()
	x := t.thread(v)
	x.stack.frames = append(x.stack.frames, old.stack.frames...)
	x.stack.depth = old.stack.depth
	t.data.forked(x.tid)
	x.known = true
}

// exit writes what is left of all threads.
func (t *tracer) exit(info plugin.ExitInfo) {
	for _, v := range t.host.VCPUs() {
		t.finish(t.thread(v))
	}
	t.data.finish(info)
}
