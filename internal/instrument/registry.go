//go:build linux

package instrument

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/callback"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/internal/mem"
	"github.com/weir-emu/weir/plugin"
)

// Config is what a Registry needs to know of the run.
type Config struct {
	Target plugin.Target
	Regs   []plugin.Reg // the guest's registers, in gdb's order
	Output io.Writer    // for plugins' reports
	Log    io.Writer    // for plugins' log lines and panics
	Quiet  bool         // no log lines of plugins; panics are reported all the same
	// Numbered are the indices in Regs of the integer and the FP registers by number.
	X, F  []int
	Guest *isa.Guest

	Program  func() string                             // real path of the loaded program
	OpenFile func(name string) (plugin.OwnFile, error) // for plugins' own use
	Meet     func(path string) (io.ReadWriteCloser, error)
}

// Registry holds the registered callbacks of a process and is the plugin.System of all
// its plugins.
type Registry struct {
	cfg   Config
	hooks *linux.Hooks
	table callback.Table

	mu   sync.Mutex
	errs map[string]error // first registration error of a plugin

	pid    atomic.Int64
	ended  atomic.Bool // the exit event has been told
	vcpus  vcpuSet
	slots  slots
	images images
	traces traces

	functions functions
	convs     [2]plugin.ABI // C's, Go's

	engine      atomic.Pointer[engine.Engine]
	translating sync.RWMutex // read-locked by translation callbacks

	clock  bool // somebody owns the clock; guarded by mu
	space  atomic.Pointer[mem.Space]
	binary atomic.Pointer[string] // the running program
}

// New makes an empty registry whose callbacks hooks will call.
func New(cfg Config, hooks *linux.Hooks) *Registry {
	r := &Registry{cfg: cfg, hooks: hooks, errs: make(map[string]error)}
	if g := cfg.Guest; g != nil {
		r.convs[0] = convention(&g.C, false, g.Bits, cfg.X, cfg.F)
		r.convs[1] = convention(&g.Go, true, g.Bits, cfg.X, cfg.F)
	}
	r.pid.Store(int64(cfg.Target.PID))
	r.table.Resolve = resolve
	r.table.Changed = r.enable
	hooks.Entry, hooks.Filter, hooks.Return = r.syscallEntry, r.syscallFilter, r.syscallReturn
	hooks.Loaded, hooks.Map, hooks.Unmap = r.loaded, r.mapped, r.unmapped
	hooks.Signal, hooks.Block, hooks.Discontinuity = r.signal, r.block, r.discontinuity
	hooks.Events.Or(linux.WantMap)
	hooks.ThreadStart, hooks.ThreadExit, hooks.Fork, hooks.Exit = r.threadStart, r.threadExit, r.fork, r.exit
	return r
}

// Install lets a plugin register its callbacks. Its errors name the plugin.
func (r *Registry) Install(name string, p plugin.Plugin, args plugin.Args) (err error) {
	done := false
	defer func() {
		if !done {
			err = fmt.Errorf("plugin %s: %s", name, failure(recover(), "Install"))
		}
	}()
	err = p.Install(plugin.NewHost(name, r), args)
	done = true
	if err == nil {
		r.mu.Lock()
		err = r.errs[name]
		r.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("plugin %s: %w", name, err)
	}
	return nil
}

// Register implements plugin.System. A set with an unknown name ends Install with an
// error, though the plugin itself does not see it; later it is logged.
func (r *Registry) Register(p string, ev plugin.Event, s plugin.Set, cb any, o plugin.RegisterOptions) *plugin.Registration {
	reg, err := r.table.Add(p, ev, s, cb, o)
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.errs[p] == nil {
			r.errs[p] = err
		}
		r.Log(p, err.Error())
	}
	return reg
}

func resolve(name string) (nr abi.Sysno, has, known bool) {
	nr, has = linux.SyscallByName(name)
	return nr, has, has || linux.KnownElsewhere(name)
}

// enable recomputes the enable words of an event. The last word stands for all
// numbers that have none of their own.
func (r *Registry) enable(ev plugin.Event) {
	var bit uint32
	switch ev {
	case plugin.EventSyscall:
		bit = linux.WantEntry
	case plugin.EventSyscallFilter:
		bit = linux.WantFilter
	case plugin.EventSyscallReturn:
		bit = linux.WantReturn
	case plugin.EventTranslate:
		r.reinstrument()
		return
	case plugin.EventSignal, plugin.EventBlocked, plugin.EventResumed, plugin.EventDiscontinuity:
		r.enableEvents(ev)
		return
	default:
		return
	}
	const last = linux.NumEnable - 1
	sum := r.table.Union(ev)
	for nr := range linux.NumEnable {
		want := nr != last && sum.Has(abi.Sysno(nr)) || nr == last && sum.HasFrom(last)
		switch w := &r.hooks.Enabled[nr]; {
		case want == (w.Load()&bit != 0):
		case want:
			w.Or(bit)
		default:
			w.And(^bit)
		}
	}
}

// Target implements plugin.System.
func (r *Registry) Target() plugin.Target {
	t := r.cfg.Target
	t.PID = int(r.pid.Load())
	if p := r.binary.Load(); p != nil {
		t.Binary = *p
	}
	return t
}

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
