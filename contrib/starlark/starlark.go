// Package starlark is a Weir plugin whose filters are Starlark functions, one per
// syscall, in a file that may be edited while the guest runs:
//
//	def openat(c, dirfd, pathname, flags, mode):
//	    if pathname.startswith("/etc/"):
//	        return EACCES
//
// It is a module of its own, so that Weir does not depend on Starlark. It knows what a
// plugin knows. Start with [Info]; values.go has what scripts see, README.md tells it to users.
package starlark

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "file", Value: "FILE", Help: "script with a function per syscall: def openat(c, dirfd, pathname, flags, mode)"},
	{Key: "steps", Value: "N", Help: "computation steps that a function may take (1000000)"},
	{Key: "reload", Value: "on|off", Help: "read the file again when it has changed (on)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "starlark",
		Summary: "filter syscalls by the functions of a Starlark script",
		Options: options,
		New:     func() plugin.Plugin { return new(filters) },
	}
}

// checkEvery is how often the file is looked at, at most.
const checkEvery = time.Second

// errorStatus is the exit status of a run that a failing script has ended.
const errorStatus = 124

type filters struct {
	host     *plugin.Host
	file     string
	steps    uint64
	reload   bool
	current  atomic.Pointer[script]
	counters counters
	broken   atomic.Bool // a function has failed: the next call ends the run

	mu        sync.Mutex // of loading
	stamp     stamp
	nextCheck atomic.Int64 // Unix nanoseconds
}

// stamp tells whether a file has changed.
type stamp struct {
	size int64
	time time.Time
}

// script is a loaded file.
type script struct {
	filter map[string]*starlark.Function // by syscall
	after  map[string]*starlark.Function // NAME_return
	every  *starlark.Function            // syscall(c)
}

// Install implements plugin.Plugin.
func (f *filters) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	f.host, f.file = h, args.Get("file", "")
	if f.file == "" {
		return errors.New("no script given: want file=FILE")
	}
	if f.steps, err = args.Uint("steps", 1_000_000); err != nil {
		return err
	}
	if f.reload, err = args.Bool("reload", true); err != nil {
		return err
	}
	f.counters.m = map[string]int64{}
	h.OnExit(func(plugin.ExitInfo) { f.counters.print(h) })
	if f.stamp, err = f.look(); err != nil {
		return err
	}
	s, err := f.load()
	if err != nil {
		return err
	}
	f.current.Store(s)
	// All calls: a new version of the file may have other functions.
	h.FilterSyscalls(plugin.AllSyscalls, f.filter)
	h.OnSyscallReturn(plugin.AllSyscalls, f.returned)
	return nil
}

func (f *filters) look() (stamp, error) {
	st, err := os.Stat(f.file)
	if err != nil {
		return stamp{}, err
	}
	return stamp{st.Size(), st.ModTime()}, nil
}

// thread makes a Starlark thread for one call of a function.
func (f *filters) thread(name string) *starlark.Thread {
	t := &starlark.Thread{Name: name, Print: func(_ *starlark.Thread, msg string) {
		fmt.Fprintln(f.host.Output(), msg)
	}}
	t.SetMaxExecutionSteps(f.steps)
	t.OnMaxSteps = func(t *starlark.Thread) {
		t.Cancel(fmt.Sprintf("no end after %d steps (steps= allows more)", f.steps))
	}
	return t
}

// load reads the file. Its errors begin with file, line and column.
func (f *filters) load() (*script, error) {
	text, err := os.ReadFile(f.file)
	if err != nil {
		return nil, err
	}
	dialect := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true}
	globals, err := starlark.ExecFileOptions(dialect, f.thread(f.file), f.file, text, f.predeclared())
	if err != nil {
		return nil, describe(err)
	}
	globals.Freeze() // functions run on several guest threads at a time
	s := &script{filter: map[string]*starlark.Function{}, after: map[string]*starlark.Function{}}
	for name, v := range globals {
		fn, ok := v.(*starlark.Function)
		if !ok || strings.HasPrefix(name, "_") {
			continue
		}
		base, isReturn := strings.CutSuffix(name, "_return")
		switch {
		case name == "syscall":
			s.every = fn
		case f.host.KnownSyscall(name):
			s.filter[name] = fn
		case isReturn && f.host.KnownSyscall(base):
			s.after[base] = fn
		default:
			return nil, fmt.Errorf("%s: %q is no syscall: a helper's name begins with _", fn.Position(), name)
		}
	}
	return s, nil
}

// describe makes one line of a Starlark error: where, and what.
func describe(err error) error {
	var ee *starlark.EvalError
	if errors.As(err, &ee) {
		pos := ""
		for i := range ee.CallStack { // the innermost place in a script
			if p := ee.CallStack.At(i).Pos; p.IsValid() && p.Filename() != "<builtin>" {
				pos = p.String() + ": "
				break
			}
		}
		return errors.New(pos + strings.ReplaceAll(ee.Msg, "\n", " "))
	}
	return errors.New(strings.ReplaceAll(err.Error(), "\n", " "))
}

// check loads the file again if it has changed. A new version with an error is
// reported and the old one stays.
func (f *filters) check() {
	if !f.reload {
		return
	}
	now, next := time.Now().UnixNano(), f.nextCheck.Load()
	if now < next || !f.nextCheck.CompareAndSwap(next, now+int64(checkEvery)) || next == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	st, err := f.look()
	if err != nil || st == f.stamp {
		return // while an editor replaces it there may be none
	}
	f.stamp = st
	s, err := f.load()
	if err != nil {
		fmt.Fprintf(f.host.Output(), "weir: starlark: %v (the version before stays in force)\n", err)
		return
	}
	f.current.Store(s)
	f.host.Log("read " + f.file + " again")
}

func (f *filters) filter(c *plugin.Call) plugin.Verdict {
	if f.broken.Load() {
		return plugin.Exit(errorStatus)
	}
	f.check()
	s := f.current.Load()
	name := c.Name()
	v := plugin.Pass
	if fn := s.filter[name]; fn != nil {
		v = f.ask(fn, c, true)
	}
	if s.every != nil && v == plugin.Pass {
		v = f.ask(s.every, c, false)
	}
	return v
}

func (f *filters) returned(c *plugin.Call) {
	s := f.current.Load()
	fn := s.after[c.Name()]
	if fn == nil {
		return
	}
	x := f.object(c)
	defer x.expire()
	res, err := starlark.Call(f.thread(c.Name()+"_return"), fn, f.arguments(fn, x, true), nil)
	if err == nil && res != starlark.None {
		var r int64
		if r, err = result(res); err == nil {
			c.SetResult(r)
		}
	}
	if err != nil {
		f.failed(c, err)
		f.broken.Store(true)
		c.SetResult(abi.EIO.Result())
	}
}

// ask calls a function and makes a verdict of what it returns.
func (f *filters) ask(fn *starlark.Function, c *plugin.Call, withArgs bool) plugin.Verdict {
	x := f.object(c)
	defer x.expire()
	res, err := starlark.Call(f.thread(c.Name()), fn, f.arguments(fn, x, withArgs), nil)
	if err == nil {
		var v plugin.Verdict
		if v, err = verdict(res); err == nil {
			return v
		}
	}
	f.failed(c, err)
	// A filter that fails must not let through what it may have wanted to stop.
	return plugin.Exit(errorStatus)
}

func (f *filters) failed(c *plugin.Call, err error) {
	fmt.Fprintf(f.host.Output(), "weir: starlark: %v (in %s)\n", describe(err), c.Name())
}

// arguments are the call object and as many decoded arguments as the function takes.
func (f *filters) arguments(fn *starlark.Function, x *call, decoded bool) starlark.Tuple {
	args := starlark.Tuple{x}
	if !decoded {
		return args
	}
	for i := range plugin.NumABIArgs {
		if len(args) >= fn.NumParams() && !fn.HasVarargs() {
			break
		}
		if _, ok := x.c.Kind(i); !ok {
			break
		}
		args = append(args, x.arg(i))
	}
	return args
}
