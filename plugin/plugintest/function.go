package plugintest

import (
	"cmp"
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// guestFunction is a function of the fake guest.
type guestFunction struct {
	sym plugin.Symbol
	f   func(t *Thread, args []uint64) uint64
}

// functionHook is what a plugin has registered for functions.
type functionHook struct {
	plugin.FunctionHook
	plugin string
}

// functionSize is the size of each fake function, and the distance of their addresses.
const functionSize = 0x40

// returnTo is where fake functions return to.
const returnTo = textBase + 0x10

// Function gives the guest a function, which f stands for, with integer arguments and result. It returns its address, at which
// plugins find its symbol. [Thread.CallFunction] calls it, and plugins do with [plugin.VCPU.Call].
func (g *Guest) Function(name string, f func(t *Thread, args []uint64) uint64) abi.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	addr := abi.Addr(textBase + 0x100 + len(g.functions)*functionSize)
	sym := plugin.Symbol{Name: name, Raw: name, Addr: addr, Size: functionSize, Image: g.image.Path}
	g.functions = append(g.functions, guestFunction{sym, f})
	g.symbols = append(g.symbols, sym)
	return addr
}

// conv is the convention of fake functions: the argument registers, without floating point.
var conv = plugin.ABI{Word: 8, IntArgs: []abi.Reg{0, 1, 2, 3, 4, 5, 6, 7}, IntResults: []abi.Reg{0, 1}}

// CallFunction calls a function of the guest's, as guest code would: entry, replacement and exit as plugins have asked for. Strings
// and bytes are passed by address. It panics for a function that does not exist, and for more than eight arguments.
func (t *Thread) CallFunction(name string, args ...any) uint64 {
	t.g.mu.Lock()
	i := slices.IndexFunc(t.g.functions, func(f guestFunction) bool { return f.sym.Name == name })
	t.g.mu.Unlock()
	if i < 0 {
		panic("plugintest: no function " + name)
	}
	for n, a := range args {
		t.regs[n] = t.g.word(a)
	}
	return t.execute(i, true)
}

// execute runs function i with the arguments in the registers.
func (t *Thread) execute(i int, replace bool) uint64 {
	g := t.g
	g.mu.Lock()
	fn := g.functions[i]
	hooks := slices.Clone(g.hooks)
	g.mu.Unlock()
	saved, pc := t.regs, t.pc
	defer func() { t.regs, t.pc = saved, pc }()
	access := t.vcpu.SetAccess(plugin.SetPC)
	defer t.vcpu.SetAccess(access)
	t.calls++
	defer func() { t.calls-- }()

	t.pc = fn.sym.Addr
	var exits []func()
	var instead func()
	depth := t.depth
	for _, h := range hooks {
		if !h.Selects(fn.sym.Image, fn.sym.Raw, fn.sym.Name) {
			continue
		}
		f := plugin.NewFrame(t.vcpu, system{g}, fn.sym, &conv, returnTo, stackTop-abi.Addr(depth*16), depth)
		if h.Exit != nil {
			exits = append(exits, func() { f.Returned(t.vcpu); h.Exit(f) })
			t.depth = depth + 1
		}
		if h.Entry != nil {
			if h.Entry(f); f.Over() {
				instead = func() {}
				break
			}
		}
		if h.Replace != nil && replace && instead == nil {
			instead = func() { h.Replace(f) }
		}
	}
	if instead != nil {
		instead()
	} else {
		t.regs[regA0] = fn.f(t, slices.Clone(t.regs[:8]))
	}
	t.depth = depth
	t.pc = returnTo
	for _, f := range slices.Backward(exits) {
		f()
	}
	return t.regs[regA0]
}

// stackTop is where the stack of fake threads begins; it has no memory.
const stackTop = 0x7fff0000

// HookFunction implements plugin.System.
func (s system) HookFunction(p string, f plugin.FunctionHook) *plugin.Registration {
	h := &functionHook{f, p}
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	s.g.hooks = append(s.g.hooks, h)
	return plugin.NewRegistration(func() {
		s.g.mu.Lock()
		defer s.g.mu.Unlock()
		s.g.hooks = slices.DeleteFunc(slices.Clone(s.g.hooks), func(o *functionHook) bool { return o == h })
	})
}

// Call implements plugin.CPUState.
func (t *Thread) Call(addr abi.Addr, args []uint64, original bool) (uint64, error) {
	t.g.mu.Lock()
	i := slices.IndexFunc(t.g.functions, func(f guestFunction) bool { return f.sym.Addr == addr })
	t.g.mu.Unlock()
	if i < 0 || t.calls == 0 {
		return 0, plugin.ErrNoCall
	}
	saved := t.regs
	defer func() { t.regs = saved }()
	copy(t.regs[:8], args)
	return t.execute(i, !original), nil
}

// Callers implements plugin.CPUState: there is no stack.
func (t *Thread) Callers(pcs []abi.Addr) int {
	pcs[0] = t.pc
	return 1
}

// Function implements plugin.System: nothing is known of the source.
func (s system) Function(abi.Addr) (plugin.Function, bool) { return plugin.Function{}, false }

// Lines implements plugin.System.
func (s system) Lines(plugin.Image) (list []plugin.LineRange) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	for addr, l := range s.g.lines {
		list = append(list, plugin.LineRange{Addr: addr, End: addr + 1, Line: l})
	}
	slices.SortFunc(list, func(a, b plugin.LineRange) int { return cmp.Compare(a.Addr, b.Addr) })
	return list
}

// Functions implements plugin.System.
func (s system) Functions(plugin.Image) []plugin.Symbol {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	return slices.Clone(s.g.symbols)
}
