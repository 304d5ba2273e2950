//go:build linux

package instrument

import (
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// AllocSlot implements plugin.System.
func (r *Registry) AllocSlot(size int) (int, error) { return r.slots.alloc(size) }

// FreeSlot implements plugin.System: no translation uses the memory any more when it is
// given back.
func (r *Registry) FreeSlot(off, size int) {
	r.reinstrument()
	r.slots.release(off, size)
}

// Slot implements plugin.System. What the index's thread has counted so far is there.
func (r *Registry) Slot(index int) []uint64 {
	a := r.slots.area(index)
	if a == nil {
		if index < 0 || index >= r.MaxVCPUs() {
			return nil
		}
		a = r.slots.make(index)
	}
	if c := a.cpu.Load(); c != nil {
		c.Settle()
	}
	return a.words
}

// numbered returns register n of a list of indices.
func (r *Registry) numbered(list []int, n int) (abi.Reg, bool) {
	if n < 0 || n >= len(list) {
		return 0, false
	}
	return abi.Reg(list[n]), true
}

// Withdraw implements plugin.System. The work is done on a goroutine of its own, which may wait
// for every guest thread.
func (r *Registry) Withdraw(p string, forever bool, done func()) {
	if r.table.Retire(p, forever) {
		return
	}
	go func() {
		r.table.Withdraw(p) // and drops translations if they are the plugin's
		r.unhook(func(h *funcHook) bool { return h.e.Plugin == p })
		r.quiesce()
		if done != nil {
			r.callPlain(p, plugin.EventWithdrawn, done)
		}
	}()
}

// traces are the MemTraces, by number.
type traces struct {
	mu   sync.Mutex
	list atomic.Pointer[[]trace]
}

type trace struct {
	plugin string
	f      func(*plugin.VCPU, []plugin.MemRecord)
}

// NewMemTrace implements plugin.System.
func (r *Registry) NewMemTrace(p string, f func(*plugin.VCPU, []plugin.MemRecord)) uint32 {
	r.traces.mu.Lock()
	defer r.traces.mu.Unlock()
	var list []trace
	if l := r.traces.list.Load(); l != nil {
		list = append(list, *l...)
	}
	list = append(list, trace{p, f})
	r.traces.list.Store(&list)
	return uint32(len(list) - 1)
}
