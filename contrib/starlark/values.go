package starlark

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"go.starlark.net/starlark"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// errno is an error name in scripts; returned, it fails the call.
type errno abi.Errno

func (e errno) String() string        { return abi.Errno(e).Name() }
func (e errno) Type() string          { return "errno" }
func (e errno) Freeze()               {}
func (e errno) Truth() starlark.Bool  { return true }
func (e errno) Hash() (uint32, error) { return uint32(e), nil }

// outcome is a verdict that a function returns.
type outcome struct{ plugin.Verdict }

func (o outcome) Type() string          { return "verdict" }
func (o outcome) Freeze()               {}
func (o outcome) Truth() starlark.Bool  { return true }
func (o outcome) Hash() (uint32, error) { return uint32(o.Kind()), nil }

// verdict makes a verdict of a function's result: None lets the call pass, a number is its result.
func verdict(v starlark.Value) (plugin.Verdict, error) {
	switch x := v.(type) {
	case starlark.NoneType:
		return plugin.Pass, nil
	case outcome:
		return x.Verdict, nil
	}
	r, err := result(v)
	return plugin.Return(r), err
}

// result is a raw result: a number or an error.
func result(v starlark.Value) (int64, error) {
	switch x := v.(type) {
	case errno:
		return abi.Errno(x).Result(), nil
	case starlark.Int:
		if n, ok := x.Int64(); ok {
			return n, nil
		}
		if n, ok := x.Uint64(); ok {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("returned %s: want None, a number, an error such as EACCES, or exit(), kill(), restart()", v.Type())
}

// predeclared are the names that scripts have beside Starlark's own.
func (f *filters) predeclared() starlark.StringDict {
	d := starlark.StringDict{
		"exit": builtin("exit", func(args starlark.Tuple) (starlark.Value, error) {
			n, err := number(args, 0)
			return outcome{plugin.Exit(int(n))}, err
		}),
		"kill": builtin("kill", func(args starlark.Tuple) (starlark.Value, error) {
			if len(args) == 1 {
				if s, ok := starlark.AsString(args[0]); ok {
					if sig, ok := abi.SignalByName(s); ok {
						return outcome{plugin.Kill(sig)}, nil
					}
					return nil, fmt.Errorf("unknown signal %q", s)
				}
			}
			n, err := number(args, 0)
			return outcome{plugin.Kill(abi.Signal(n))}, err
		}),
		"restart": builtin("restart", func(starlark.Tuple) (starlark.Value, error) { return outcome{plugin.Restart}, nil }),
		"count":   builtin("count", f.count),
	}
	for e := abi.Errno(1); e < 140; e++ {
		if name := e.Name(); name != "" && name[0] == 'E' {
			d[name] = errno(e)
		}
	}
	return d
}

func builtin(name string, f func(args starlark.Tuple) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kw []starlark.Tuple) (starlark.Value, error) {
		if len(kw) > 0 {
			return nil, fmt.Errorf("%s takes no keyword arguments", name)
		}
		return f(args)
	})
}

// number is argument i as a 64-bit word.
func number(args starlark.Tuple, i int) (uint64, error) {
	if i >= len(args) {
		return 0, fmt.Errorf("want %d arguments, got %d", i+1, len(args))
	}
	switch x := args[i].(type) {
	case starlark.Int:
		if n, ok := x.Uint64(); ok {
			return n, nil
		}
		if n, ok := x.Int64(); ok {
			return uint64(n), nil
		}
	case errno:
		return uint64(abi.Errno(x).Result()), nil
	}
	return 0, fmt.Errorf("argument %d is %s: want a 64-bit number", i+1, args[i].Type())
}

// counters are what scripts count, printed at the end of each process. Globals of a
// script are frozen, since its functions run on several threads at a time.
type counters struct {
	mu sync.Mutex
	m  map[string]int64
}

// count is count(NAME[, N]): it adds N, 1 by default, and returns the sum.
func (f *filters) count(args starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("count: want a name")
	}
	name, ok := starlark.AsString(args[0])
	if !ok {
		return nil, fmt.Errorf("count: the name is %s: want a string", args[0].Type())
	}
	by := int64(1)
	if len(args) > 1 {
		n, err := number(args, 1)
		if err != nil {
			return nil, err
		}
		by = int64(n)
	}
	f.counters.mu.Lock()
	defer f.counters.mu.Unlock()
	f.counters.m[name] += by
	return starlark.MakeInt64(f.counters.m[name]), nil
}

func (k *counters) print(h *plugin.Host) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for n := range k.m {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(h.Output(), "%s: %d\n", n, k.m[n])
	}
}

// call is a call as scripts see it: the first argument of their functions. It is good until
// the function returns.
type call struct {
	f *filters
	c *plugin.Call // nil once expired
}

func (f *filters) object(c *plugin.Call) *call { return &call{f, c} }

func (x *call) expire() { x.c = nil }

func (x *call) String() string        { return "call" }
func (x *call) Type() string          { return "call" }
func (x *call) Freeze()               {}
func (x *call) Truth() starlark.Bool  { return true }
func (x *call) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: call") }

// AttrNames implements starlark.HasAttrs.
func (x *call) AttrNames() []string {
	return []string{"args", "arg", "invoke", "mem", "name", "number", "pc", "regs", "result", "set_arg", "set_path", "set_reg", "text", "tid", "write"}
}

// Attr implements starlark.HasAttrs.
func (x *call) Attr(name string) (starlark.Value, error) {
	c := x.c
	if c == nil {
		return nil, fmt.Errorf("the call is over: its object cannot be kept")
	}
	switch name {
	case "name":
		return starlark.String(c.Name()), nil
	case "number":
		return starlark.MakeInt64(int64(c.Number())), nil
	case "tid":
		return starlark.MakeInt(c.VCPU().TID()), nil
	case "pc":
		return starlark.MakeUint64(c.PC()), nil
	case "result":
		if r, done := c.Result(); done {
			return starlark.MakeInt64(r), nil
		}
		return starlark.None, nil
	case "args":
		var l starlark.Tuple
		for _, a := range c.Args() {
			l = append(l, starlark.MakeUint64(a))
		}
		return l, nil
	case "text":
		return x.text(), nil
	case "regs":
		d := starlark.NewDict(40)
		for _, r := range c.VCPU().Registers() {
			if v, err := c.VCPU().Read(r.ID); err == nil {
				if err := d.SetKey(starlark.String(r.Name), starlark.MakeUint64(v)); err != nil {
					return nil, err
				}
			}
		}
		return d, nil
	case "invoke":
		return x.method(name, x.invoke), nil
	case "arg":
		return x.method(name, func(args starlark.Tuple) (starlark.Value, error) {
			i, err := number(args, 0)
			return starlark.MakeUint64(c.Arg(int(min(i, plugin.NumArgs)))), err
		}), nil
	case "set_arg":
		return x.method(name, func(args starlark.Tuple) (starlark.Value, error) {
			i, err := x.index(args)
			if err != nil {
				return nil, err
			}
			v, err := number(args, 1)
			if err == nil {
				c.SetArg(i, v)
			}
			return starlark.None, err
		}), nil
	case "set_path":
		return x.method(name, func(args starlark.Tuple) (starlark.Value, error) {
			i, err := x.index(args)
			if err != nil {
				return nil, err
			}
			s, ok := starlark.AsString(last(args))
			if !ok || len(args) != 2 {
				return nil, fmt.Errorf("set_path: want an index and a string")
			}
			c.SetPath(i, s)
			return starlark.None, nil
		}), nil
	case "set_reg":
		return x.method(name, func(args starlark.Tuple) (starlark.Value, error) {
			if len(args) != 2 {
				return nil, fmt.Errorf("set_reg: want a register and a number")
			}
			reg, ok := starlark.AsString(args[0])
			v, err := number(args, 1)
			if err == nil && ok {
				err = c.VCPU().SetReg(reg, v)
			}
			return starlark.None, err
		}), nil
	case "mem":
		return x.method(name, x.mem), nil
	case "write":
		return x.method(name, func(args starlark.Tuple) (starlark.Value, error) {
			at, err := number(args, 0)
			if err != nil {
				return nil, err
			}
			var b []byte
			switch d := last(args).(type) {
			case starlark.Bytes:
				b = []byte(d)
			case starlark.String:
				b = []byte(d)
			case starlark.Int:
				n, err := number(args, 1)
				if err != nil {
					return nil, err
				}
				b = binary.LittleEndian.AppendUint64(nil, n)
			default:
				return nil, fmt.Errorf("write: want an address and bytes, a string or a 64-bit number")
			}
			return starlark.None, c.VCPU().WriteMem(at, b)
		}), nil
	}
	return nil, nil // no such attribute
}

func last(args starlark.Tuple) starlark.Value {
	if len(args) == 0 {
		return starlark.None
	}
	return args[len(args)-1]
}

func (x *call) method(name string, f func(args starlark.Tuple) (starlark.Value, error)) starlark.Value {
	return builtin(name, func(args starlark.Tuple) (starlark.Value, error) {
		if x.c == nil {
			return nil, fmt.Errorf("the call is over: its object cannot be kept")
		}
		return f(args)
	})
}

// index is the first argument as the index of an argument of the call.
func (x *call) index(args starlark.Tuple) (int, error) {
	i, err := number(args, 0)
	if err == nil && i >= plugin.NumABIArgs {
		err = fmt.Errorf("there is no argument %d: a syscall has 0 to %d", i, plugin.NumABIArgs-1)
	}
	return int(i), err
}

// maxMem is the most that c.mem reads, bytes.
const maxMem = 1 << 20

// mem is c.mem(ADDR[, N]): N bytes of guest memory, or without N a 64-bit word.
func (x *call) mem(args starlark.Tuple) (starlark.Value, error) {
	at, err := number(args, 0)
	if err != nil {
		return nil, err
	}
	n := uint64(8)
	if len(args) > 1 {
		if n, err = number(args, 1); err != nil {
			return nil, err
		}
	}
	if n > maxMem {
		return nil, fmt.Errorf("mem: %d bytes: at most %d", n, maxMem)
	}
	b := make([]byte, n)
	if err := x.c.VCPU().ReadMem(at, b); err != nil {
		return nil, fmt.Errorf("mem: no memory at %#x", at)
	}
	if len(args) == 1 {
		return starlark.MakeUint64(binary.LittleEndian.Uint64(b)), nil
	}
	return starlark.Bytes(b), nil
}

// arg is argument i as a function gets it: paths and strings as strings, what is signed as such, None for a
// string that cannot be read.
func (x *call) arg(i int) starlark.Value {
	kind, _ := x.c.Kind(i)
	v := x.c.Arg(i)
	switch kind {
	case "path", "string":
		s, err := x.c.CString(i)
		if err != nil {
			return starlark.None
		}
		return starlark.String(s)
	case "fd", "dirfd", "pid":
		return starlark.MakeInt64(int64(int32(v)))
	case "int":
		return starlark.MakeInt64(int64(v)) // the ABI extends shorter ones
	}
	return starlark.MakeUint64(v)
}

// invoke is c.invoke(), which makes the call now, or c.invoke(NAME, ARG...) for another one.
func (x *call) invoke(args starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return starlark.MakeInt64(x.c.Invoke()), nil
	}
	name, ok := starlark.AsString(args[0])
	nr, has := x.f.host.Syscall(name)
	if !ok || !has {
		return nil, fmt.Errorf("invoke: %s is no syscall of the guest", args[0])
	}
	var words []uint64
	for i := 1; i < len(args); i++ {
		w, err := number(args, i)
		if err != nil {
			return nil, err
		}
		words = append(words, w)
	}
	return starlark.MakeInt64(x.c.InvokeOther(nr, words...)), nil
}

// text is the call as strace would print it.
func (x *call) text() starlark.Value {
	s := x.c.Name() + "("
	for i := range plugin.NumABIArgs {
		a, ok := x.c.Decode(i)
		if !ok {
			break
		}
		if i > 0 {
			s += ", "
		}
		s += a.Text
	}
	return starlark.String(s + ")")
}
