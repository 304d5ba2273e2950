//go:build linux

package instrument

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// thread is what instrumentation keeps per guest thread, in linux.Task.Ext.
type thread struct {
	vcpu *plugin.VCPU
	call plugin.Call // view of cur
	cur  *linux.Call
	busy int // walks of callbacks under way on this thread

	walks      atomic.Uint64 // even: outside of walks; odd: in one
	cpu        *engine.CPU
	ring       []uint64 // trace records
	tid        int      // of the host thread
	delivering bool

	task    *linux.Task
	level   int      // calls of guest functions under way
	calls   int      // callbacks under way that may call guest functions
	unwound bool     // such a function has left by longjmp, beyond the callback
	looped  abi.Addr // the hooked function whose own jump to its start is about to be executed
	skip    skipped
}

// await waits until the walk that t is in, if any, is over.
func (t *thread) await() {
	was := t.walks.Load()
	for was&1 != 0 && t.walks.Load() == was {
		time.Sleep(100 * time.Microsecond)
	}
}

// enter begins a walk of callbacks, leave ends it.
func (t *thread) enter() (before plugin.Flags) {
	if t.busy++; t.busy == 1 {
		t.walks.Add(1)
	}
	return t.vcpu.SetAccess(plugin.SetPC)
}

func (t *thread) leave(before plugin.Flags) {
	t.vcpu.SetAccess(before)
	if t.busy--; t.busy == 0 {
		t.walks.Add(1)
	}
}

// vcpuSet numbers the threads alive.
type vcpuSet struct {
	mu      sync.Mutex
	serial  uint64
	used    []bool // by index, as long as the highest ever used
	threads []*thread
}

// thread returns t's structure. It is made when the thread starts.
func (r *Registry) thread(t *linux.Task) *thread {
	if x, ok := t.Ext.(*thread); ok {
		return x
	}
	x := r.newThread(t)
	r.attachThread(t, x)
	return x
}

func (r *Registry) newThread(t *linux.Task) *thread {
	s := &r.vcpus
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.used, false)
	if i < 0 {
		i = len(s.used)
		s.used = append(s.used, false)
	}
	s.used[i] = true
	x := &thread{tid: t.TID, task: t, vcpu: plugin.NewVCPU(i, s.serial, t.TID, taskState{t, r})}
	s.serial++
	s.threads = append(s.threads, x)
	t.Ext = x
	return x
}

// alive returns the threads alive.
func (s *vcpuSet) alive() []*thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.threads)
}

// VCPUs implements plugin.System.
func (r *Registry) VCPUs() []*plugin.VCPU {
	var out []*plugin.VCPU
	for _, t := range r.vcpus.alive() {
		out = append(out, t.vcpu)
	}
	slices.SortFunc(out, func(a, b *plugin.VCPU) int { return cmp.Compare(a.Serial(), b.Serial()) })
	return out
}

// MaxVCPUs implements plugin.System.
func (r *Registry) MaxVCPUs() int {
	r.vcpus.mu.Lock()
	defer r.vcpus.mu.Unlock()
	return len(r.vcpus.used)
}

func (r *Registry) threadStart(t *linux.Task) {
	x := r.thread(t)
	r.vcpuEvent(plugin.EventThreadStart, t)
	x.unwound = false
}

// threadExit also runs for the threads that leave because the process ends; of those
// the exit event has told already.
func (r *Registry) threadExit(t *linux.Task) {
	if !r.ended.Load() {
		r.vcpuEvent(plugin.EventThreadExit, t)
	}
	x, ok := t.Ext.(*thread)
	if !ok {
		return
	}
	r.deliver(x, -1)
	r.functions.forgetStacks(func(id stackID) bool { return id.thread == x.vcpu.Serial()|1<<63 })
	if a := r.slots.area(x.vcpu.Index()); a != nil {
		a.cpu.Store(nil)
	}
	t.Ext = nil // after execve the same task starts again
	r.vcpus.mu.Lock()
	defer r.vcpus.mu.Unlock()
	r.vcpus.used[x.vcpu.Index()] = false
	r.vcpus.threads = slices.DeleteFunc(r.vcpus.threads, func(o *thread) bool { return o == x })
}

// fork runs in the child: only t is left of the parent's threads.
func (r *Registry) fork(t *linux.Task) {
	x := r.thread(t)
	x.vcpu.SetTID(t.TID)
	x.tid = t.TID
	if x.cpu != nil {
		x.cpu.ClearRecords()
	}
	r.pid.Store(int64(t.TID))
	r.slots.forget(x.vcpu.Index())
	r.vcpus.mu.Lock()
	r.vcpus.threads = []*thread{x}
	clear(r.vcpus.used)
	r.vcpus.used[x.vcpu.Index()] = true
	r.vcpus.mu.Unlock()
	r.vcpuEvent(plugin.EventFork, t)
}

func (r *Registry) vcpuEvent(ev plugin.Event, t *linux.Task) {
	walk(r, t, ev, func(f func(*plugin.VCPU), v *plugin.VCPU) { f(v) })
}

// exit runs the exit callbacks, once per process.
func (r *Registry) exit(status int, sig abi.Signal) {
	r.ended.Store(true)
	r.stopInstrumenting()
	for _, e := range r.table.Walk(plugin.EventExit) {
		if e.Once() {
			r.protect(e, func() { e.Func.(func(plugin.ExitInfo))(plugin.ExitInfo{Status: status, Signal: sig}) })
		}
	}
}

// taskState shows a task's registers and memory as a plugin.CPUState.
type taskState struct {
	*linux.Task
	r *Registry
}

func (s taskState) Registers() []plugin.Reg          { return s.r.cfg.Regs }
func (s taskState) ReadReg(r abi.Reg) (uint64, bool) { return s.Task.ReadReg(int(r)) }
func (s taskState) WriteReg(r abi.Reg, v uint64) bool {
	regs := s.r.cfg.Regs
	return int(r) < len(regs) && !regs[r].ReadOnly && s.Task.WriteReg(int(r), v)
}
func (s taskState) XReg(n int) (abi.Reg, bool)            { return s.r.numbered(s.r.cfg.X, n) }
func (s taskState) FReg(n int) (abi.Reg, bool)            { return s.r.numbered(s.r.cfg.F, n) }
func (s taskState) PC() abi.Addr                          { return s.St.PC }
func (s taskState) SetPC(pc abi.Addr)                     { s.St.PC = pc }
func (s taskState) EndProcess(status int)                 { s.Task.Exit(status) }
func (s taskState) ReadMem(addr abi.Addr, p []byte) bool  { return s.Proc.Mem.Peek(addr, p) }
func (s taskState) WriteMem(addr abi.Addr, p []byte) bool { return s.Proc.Mem.Poke(addr, p) }
func (s taskState) CString(a abi.Addr, n int) (string, abi.Errno) {
	b, e := s.Proc.Mem.ReadCString(a, n)
	return string(b), e
}
