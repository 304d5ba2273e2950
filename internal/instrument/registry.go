// Package instrument joins the plugin API with the Linux personality (and with
// the engine): it keeps what plugins registered, owns the enable words that
// decide whether anybody listens, calls the callbacks in their order, and is the
// border where a plugin's panic is caught. It knows no particular plugin.
// Start with [Registry].
package instrument

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// Config is what a Registry needs to know of the run.
type Config struct {
	Target plugin.Target
	Regs   []plugin.Reg // the guest's registers, in gdb's order
	Output io.Writer    // for plugins' reports
	Log    io.Writer    // for plugins' log lines and panics
}

// Registry holds the registered callbacks of a process. Walks use immutable
// snapshots, so registering and removing are safe at any time.
type Registry struct {
	cfg   Config
	hooks *linux.Hooks

	mu    sync.Mutex
	seq   uint64
	errs  map[string]error // first registration error of a plugin
	lists [plugin.NumEvents]atomic.Pointer[[]*entry]

	vcpus vcpuSet
}

// entry is one registration.
type entry struct {
	plugin string
	name   string
	event  plugin.Event
	prio   int
	seq    uint64
	set    numberSet
	cb     any
	dead   atomic.Bool
}

// New makes an empty registry whose callbacks hooks will call.
func New(cfg Config, hooks *linux.Hooks) *Registry {
	r := &Registry{cfg: cfg, hooks: hooks, errs: make(map[string]error)}
	empty := []*entry{}
	for i := range r.lists {
		r.lists[i].Store(&empty)
	}
	hooks.Entry, hooks.Filter, hooks.Return = r.syscallEntry, r.syscallFilter, r.syscallReturn
	hooks.ThreadStart, hooks.ThreadExit, hooks.Fork, hooks.Exit = r.threadStart, r.threadExit, r.fork, r.exit
	return r
}

// Install lets a plugin register its callbacks.
func (r *Registry) Install(name string, p plugin.Plugin, args plugin.Args) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("plugin %s: panic in Install: %v%s", name, x, panicSite())
		}
	}()
	if err := p.Install(plugin.NewHost(name, r), args); err != nil {
		return fmt.Errorf("plugin %s: %w", name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.errs[name]; err != nil {
		return fmt.Errorf("plugin %s: %w", name, err)
	}
	return nil
}

// Register implements plugin.System.
func (r *Registry) Register(p string, ev plugin.Event, s plugin.Set, cb any, o plugin.RegisterOptions) *plugin.Registration {
	set, err := newNumberSet(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if r.errs[p] == nil {
			r.errs[p] = err
		}
		return &plugin.Registration{Remover: r}
	}
	list := slices.Clone(*r.lists[ev].Load())
	e := &entry{plugin: p, name: o.Name, event: ev, prio: o.Priority, set: set, cb: cb}
	if i := slices.IndexFunc(list, func(x *entry) bool { return o.Name != "" && x.name == o.Name && x.plugin == p }); i >= 0 {
		// The same name again: replace in place, or remove.
		e.seq = list[i].seq
		list[i].dead.Store(true)
		list = slices.Delete(list, i, i+1)
	} else {
		r.seq++
		e.seq = r.seq
	}
	if !isNil(cb) {
		list = append(list, e)
		slices.SortStableFunc(list, func(a, b *entry) int {
			if a.prio != b.prio {
				return cmp.Compare(b.prio, a.prio)
			}
			return cmp.Compare(b.seq, a.seq) // the last registered is asked first
		})
	}
	r.lists[ev].Store(&list)
	r.enable()
	return &plugin.Registration{Remover: r, Entry: e}
}

// Remove implements plugin.Registration's Remover.
func (r *Registry) Remove(reg *plugin.Registration) {
	e, _ := reg.Entry.(*entry)
	if e == nil || e.dead.Swap(true) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(*r.lists[e.event].Load()), func(x *entry) bool { return x == e })
	r.lists[e.event].Store(&list)
	r.enable()
}

// enable recomputes the enable words from the lists.
func (r *Registry) enable() {
	for _, x := range []struct {
		ev  plugin.Event
		bit uint32
	}{
		{plugin.EventSyscall, linux.WantEntry},
		{plugin.EventSyscallFilter, linux.WantFilter},
		{plugin.EventSyscallReturn, linux.WantReturn},
	} {
		var sum numberSet
		for _, e := range *r.lists[x.ev].Load() {
			sum.add(&e.set)
		}
		for nr := range r.hooks.Enabled {
			w := &r.hooks.Enabled[nr]
			if sum.wordSet(nr) {
				w.Or(x.bit)
			} else {
				w.And(^x.bit)
			}
		}
	}
}

func isNil(cb any) bool {
	switch f := cb.(type) {
	case nil:
		return true
	case func(*plugin.Call) plugin.Verdict:
		return f == nil
	case func(*plugin.Call):
		return f == nil
	case func(*plugin.VCPU):
		return f == nil
	case func(plugin.ExitInfo):
		return f == nil
	}
	return false
}

// Target implements plugin.System.
func (r *Registry) Target() plugin.Target { return r.cfg.Target }

// Syscall implements plugin.System.
func (r *Registry) Syscall(name string) (abi.Sysno, bool) { return linux.SyscallByName(name) }

// SyscallName implements plugin.System.
func (r *Registry) SyscallName(nr abi.Sysno) (string, bool) { return linux.SyscallName(nr) }

// SyscallsWith implements plugin.System.
func (r *Registry) SyscallsWith(kind string) plugin.Set {
	return plugin.Numbers(linux.SyscallsWith(kind)...)
}

// Log implements plugin.System.
func (r *Registry) Log(p, text string) {
	if !r.cfg.Quiet {
		fmt.Fprintf(r.cfg.Log, "%s: %s\n", p, text)
	}
}

// Output implements plugin.System.
func (r *Registry) Output() io.Writer { return r.cfg.Output }
