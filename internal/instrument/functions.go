//go:build linux

package instrument

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/callback"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/plugin"
)

// functions are the hooks of guest functions. A hooked function has a probe before its first instruction. One that
// is watched for its exit has, from its first execution on, also a probe before the instruction that it returns to: that probe
// finds the execution, which is an activation on its stack, by address and stack pointer. So nothing that the guest can see
// changes, and jumps out of functions do no harm.
type functions struct {
	mu      sync.Mutex // over changes of what follows
	list    []*funcHook
	entries atomic.Pointer[map[abi.Addr]*hooked]
	sites   atomic.Pointer[map[abi.Addr]bool] // where watched functions return to

	smu    sync.Mutex
	stacks map[stackID][]*activation
}

// funcHook is a registration.
type funcHook struct {
	plugin.FunctionHook
	e    *callback.Entry // for reports of panics
	dead atomic.Bool
}

// hooked is a function that hooks are for.
type hooked struct {
	sym   plugin.Symbol
	conv  *plugin.ABI
	goABI bool
	hooks []*funcHook
	exit  bool // a hook wants to know of exits
}

// activation is one execution of a function that is watched for its exit.
type activation struct {
	fn     *hooked
	ret    abi.Addr
	level  int    // calls by plugins that were under way on the thread
	height uint64 // of the stack: bytes from the stack pointer at entry to the stack's end
	hooks  []*funcHook
	frames []*plugin.Frame // of hooks, in order
}

// stackID names a stack: of a goroutine by the address of its descriptor, else by thread and the end of the memory it is in.
type stackID struct{ thread, end uint64 }

// HookFunction implements plugin.System.
func (r *Registry) HookFunction(p string, f plugin.FunctionHook) *plugin.Registration {
	if r.table.Retired(p) {
		return plugin.NewRegistration(nil)
	}
	h := &funcHook{FunctionHook: f, e: &callback.Entry{Plugin: p, Event: plugin.EventFunction}}
	fs := &r.functions
	fs.mu.Lock()
	fs.list = append(slices.Clone(fs.list), h)
	r.resolveHooks()
	fs.mu.Unlock()
	r.reinstrument()
	return plugin.NewRegistration(func() { r.unhook(func(o *funcHook) bool { return o == h }) })
}

// unhook removes the hooks that gone selects.
func (r *Registry) unhook(gone func(*funcHook) bool) {
	fs := &r.functions
	fs.mu.Lock()
	n := len(fs.list)
	fs.list = slices.DeleteFunc(slices.Clone(fs.list), func(h *funcHook) bool {
		if gone(h) {
			h.dead.Store(true)
			return true
		}
		return false
	})
	changed := len(fs.list) != n
	if changed {
		r.resolveHooks()
	}
	fs.mu.Unlock()
	if changed {
		r.reinstrument()
	}
}

// rehook finds the functions anew, after images have come or gone. What was translated of others stays.
func (r *Registry) rehook() {
	fs := &r.functions
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.list) > 0 {
		r.resolveHooks()
	}
}

// resolveHooks finds the functions that the hooks are for, with mu held.
func (r *Registry) resolveHooks() {
	fs := &r.functions
	entries := make(map[abi.Addr]*hooked)
	if len(fs.list) > 0 {
		for _, i := range r.images.all() {
			if i.Path == "" {
				continue
			}
			f := r.images.file(i)
			if f == nil {
				continue
			}
			add := func(h *funcHook, s plugin.Symbol) {
				t := entries[s.Addr]
				if t == nil {
					t = &hooked{sym: s, goABI: f.GoCode(s.Addr - i.Bias)}
					t.conv = &r.convs[b2i(t.goABI)]
					entries[s.Addr] = t
				}
				if !slices.Contains(t.hooks, h) {
					t.hooks = append(t.hooks, h)
					t.exit = t.exit || h.Exit != nil || h.Lost != nil
				}
			}
			for _, h := range fs.list {
				if name, ok := h.Literal(); ok {
					for _, s := range f.Named(name) {
						if s.Func && h.Selects(i.Path, s.Raw, f.Name(s.Raw)) {
							add(h, symbol(i, f, s))
						}
					}
					continue
				}
				for s := range f.Functions {
					if h.Selects(i.Path, s.Raw, f.Name(s.Raw)) {
						add(h, symbol(i, f, s))
					}
				}
			}
		}
	}
	fs.entries.Store(&entries)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// any reports whether there are hooks.
func (fs *functions) any() bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return len(fs.list) > 0
}

// probes returns the probes for the hooks in a block, which come before those of others.
func (r *Registry) hookProbes(insns []plugin.InsnInfo) (list []engine.Probe) {
	fs := &r.functions
	var entries map[abi.Addr]*hooked
	var sites map[abi.Addr]bool
	if p := fs.entries.Load(); p != nil {
		entries = *p
	}
	if p := fs.sites.Load(); p != nil {
		sites = *p
	}
	if len(entries)+len(sites) == 0 {
		return nil
	}
	for k := range insns {
		in := &insns[k]
		place := k
		if k == 0 {
			place = -1 // before counters of the block
		}
		// A place that a function returns to may be the first instruction of another.
		if sites[in.PC] {
			list = append(list, engine.Probe{Insn: place, Kind: engine.ProbeCall, Call: r.returned})
		}
		if t := entries[in.PC]; t != nil {
			list = append(list, engine.Probe{Insn: place, Kind: engine.ProbeCall, Call: func(c *engine.CPU, _ *engine.Access) { r.entered(c, t) }})
		}
		if in.HasTarget && in.Target < in.PC && (in.Class == plugin.ClassJump || in.Class == plugin.ClassBranch) {
			if t := entries[in.Target]; t != nil && in.PC-in.Target < t.sym.Size {
				target := in.Target
				list = append(list, engine.Probe{Insn: place, Kind: engine.ProbeCall, Call: func(c *engine.CPU, _ *engine.Access) { c.Ext.(*thread).looped = target }})
			}
		}
	}
	return list
}

// stackOf returns which stack x is on, and its height at the stack pointer sp.
func (r *Registry) stackOf(x *thread, conv *isa.CallABI, sp uint64) (id stackID, height uint64) {
	st, space := x.task.St, x.task.Proc.Mem
	if conv.TaskReg >= 0 {
		if g := st.X[conv.TaskReg]; g != 0 {
			if end, ok := space.ReadU64(g + uint64(conv.StackHigh)); ok && end >= sp {
				return stackID{thread: g, end: 0}, end - sp
			}
		}
	}
	id = stackID{thread: x.vcpu.Serial() | 1<<63}
	if a, ok := space.Lookup(sp - 1); ok {
		id.end = a.End
	}
	return id, id.end - sp
}

// entered runs when a hooked function is about to be executed.
func (r *Registry) entered(c *engine.CPU, t *hooked) {
	x := c.Ext.(*thread)
	g := x.task.Proc.Guest
	st := x.task.St
	sp, ret := st.X[g.SPReg], st.X[g.LinkReg]
	looped := x.looped == t.sym.Addr
	x.looped = 0
	skip := x.skip == (skipped{t.sym.Addr, sp})
	if skip {
		x.skip = skipped{}
	}
	conv := &g.C
	if t.goABI {
		conv = &g.Go
	}
	fs := &r.functions
	depth := 0
	var act *activation
	if t.exit {
		id, height := r.stackOf(x, conv, sp)
		fs.smu.Lock()
		list := fs.stacks[id]
		list, gone := drop(list, x.level, height)
		if n := len(list); n > 0 {
			switch top := list[n-1]; {
			case top.height != height || top.level != x.level:
			case looped && top.fn.sym.Addr == t.sym.Addr && top.ret == ret:
				// A loop whose first instruction is the function's, or a function of Go's that has got more stack.
				fs.put(id, list)
				fs.smu.Unlock()
				r.lost(x, gone)
				return
			case top.ret != ret || top.fn.sym.Addr == t.sym.Addr:
				list, gone = list[:n-1], append(gone, top)
			}
		}
		act = &activation{fn: t, ret: ret, level: x.level, height: height}
		depth = len(list)
		fs.put(id, append(list, act))
		fs.smu.Unlock()
		r.lost(x, gone)
		r.addSite(ret)
	} else if looped {
		return
	}
	var replace *funcHook
	var replaceFrame *plugin.Frame
	for _, h := range t.hooks {
		if h.dead.Load() {
			continue
		}
		f := plugin.NewFrame(x.vcpu, r, t.sym, t.conv, ret, sp, depth)
		if act != nil && (h.Exit != nil || h.Lost != nil) {
			act.hooks, act.frames = append(act.hooks, h), append(act.frames, f)
		}
		if h.Replace != nil {
			if replace == nil && !skip {
				replace, replaceFrame = h, f
			}
			continue
		}
		if h.Entry != nil && !r.hookCall(c, x, h, h.Entry, f) {
			return
		}
		if f.Over() {
			st.PC = ret
		}
		if st.PC != t.sym.Addr {
			return
		}
	}
	if replace != nil {
		if r.hookCall(c, x, replace, replace.Replace, replaceFrame) && st.PC == t.sym.Addr {
			st.PC = ret
		}
	}
}

// hookCall calls a callback of a hook; false if the thread goes on elsewhere, or ends.
func (r *Registry) hookCall(c *engine.CPU, x *thread, h *funcHook, f func(*plugin.Frame), frame *plugin.Frame) bool {
	done := false
	defer r.caught(h.e, nil, &done)
	before := x.vcpu.SetAccess(plugin.SetPC)
	x.calls++
	f(frame)
	x.calls--
	x.vcpu.SetAccess(before)
	done = true
	return !x.settle(c)
}

// drop takes the activations off a stack whose part of it is in use by others.
func drop(list []*activation, level int, height uint64) (rest, gone []*activation) {
	n := len(list)
	for n > 0 && (list[n-1].level > level || list[n-1].level == level && list[n-1].height > height) {
		n--
	}
	return list[:n:n], slices.Clone(list[n:])
}

// put sets the activations of a stack, with smu held.
func (fs *functions) put(id stackID, list []*activation) {
	if len(list) == 0 {
		delete(fs.stacks, id)
		return
	}
	if fs.stacks == nil {
		fs.stacks = make(map[stackID][]*activation)
	}
	fs.stacks[id] = list
}

// lost tells of activations that will not return.
func (r *Registry) lost(x *thread, gone []*activation) {
	for _, a := range slices.Backward(gone) {
		for i, h := range a.hooks {
			if h.Lost != nil && !h.dead.Load() {
				before := x.vcpu.SetAccess(plugin.NoRegs)
				r.protect(h.e, func() { h.Lost(a.frames[i]) })
				x.vcpu.SetAccess(before)
			}
		}
	}
}

// addSite makes a place that a function returns to known.
func (r *Registry) addSite(ret abi.Addr) {
	fs := &r.functions
	if p := fs.sites.Load(); p != nil && (*p)[ret] {
		return
	}
	fs.mu.Lock()
	var sites map[abi.Addr]bool
	if p := fs.sites.Load(); p != nil {
		sites = maps.Clone(*p)
	} else {
		sites = make(map[abi.Addr]bool)
	}
	sites[ret] = true
	fs.sites.Store(&sites)
	fs.mu.Unlock()
	if e := r.engine.Load(); e != nil {
		e.Renew(ret, ret+1)
	}
}

// returned runs where a watched function may have returned to.
func (r *Registry) returned(c *engine.CPU, _ *engine.Access) {
	x := c.Ext.(*thread)
	g, st := x.task.Proc.Guest, x.task.St
	sp, pc := st.X[g.SPReg], st.PC
	for _, conv := range [2]*isa.CallABI{&g.C, &g.Go} {
		id, height := r.stackOf(x, conv, sp)
		fs := &r.functions
		fs.smu.Lock()
		list := fs.stacks[id]
		if len(list) == 0 {
			fs.smu.Unlock()
			continue
		}
		list, gone := drop(list, x.level, height)
		fs.put(id, list)
		fs.smu.Unlock()
		r.lost(x, gone)
		for {
			fs.smu.Lock()
			list := fs.stacks[id]
			n := len(list) - 1
			if n < 0 || list[n].level != x.level || list[n].height != height || list[n].ret != pc {
				fs.smu.Unlock()
				break
			}
			a := list[n]
			fs.put(id, list[:n:n])
			fs.smu.Unlock()
			for i := len(a.hooks) - 1; i >= 0; i-- {
				h := a.hooks[i]
				if h.Exit == nil || h.dead.Load() {
					continue
				}
				a.frames[i].Returned(x.vcpu)
				if !r.hookCall(c, x, h, h.Exit, a.frames[i]) || st.PC != pc {
					return
				}
			}
		}
	}
}

// forgetStacks drops the activations of a thread that has ended; all of them for an image that has been replaced.
func (fs *functions) forgetStacks(of func(stackID) bool) {
	fs.smu.Lock()
	defer fs.smu.Unlock()
	maps.DeleteFunc(fs.stacks, func(id stackID, _ []*activation) bool { return of(id) })
}
