package plugintest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Result is what became of a syscall.
type Result struct {
	Verdict plugin.Verdict // of the filter that answered; Pass if none did
	By      string         // its plugin
	Value   int64          // what the guest gets in its result register
	Ran     bool           // the guest's kernel was asked, at the end or by Invoke

	// What the kernel was asked, or would have been: arguments, and the string
	// behind each argument of kind path.
	Args  [plugin.NumArgs]uint64
	Paths [plugin.NumABIArgs]string

	Hidden bool // a filter hid the call from return events
}

// Do makes a syscall. An argument is an integer, a string or a []byte; the last two are
// put in guest memory and passed by address. It panics for a name that
// the guest does not have.
//
// A call that ends the process runs the exit callbacks; one that a filter
// answers with Restart is made once, with Verdict Restart.
func (t *Thread) Do(name string, args ...any) Result {
	nr, ok := t.g.number(name)
	if !ok {
		panic("plugintest: Do of unknown syscall " + name + ": Define it first")
	}
	return t.DoNumber(nr, args...)
}

// DoNumber is Do for a number, which may be one that the guest does not have.
func (t *Thread) DoNumber(nr abi.Sysno, args ...any) Result {
	if len(args) > plugin.NumABIArgs {
		panic(fmt.Sprintf("plugintest: %d arguments: a syscall has up to %d", len(args), plugin.NumABIArgs))
	}
	c := &call{t: t, nr: nr}
	c.row, c.handler = t.g.lookup(nr)
	for i := range plugin.NumABIArgs {
		t.regs[regA0+i] = 0
	}
	for i, a := range args {
		c.args[i] = t.g.word(a)
		t.regs[regA0+i] = c.args[i]
	}
	t.regs[regA7] = uint64(nr)
	t.pc += 4
	c.pc = t.pc
	return c.dispatch()
}

// call is a syscall under way: plugin.CallState.
type call struct {
	t       *Thread
	nr      abi.Sysno
	row     *row
	handler func(*plugin.Call) int64
	args    [plugin.NumArgs]uint64
	pc      abi.Addr
	copies  [plugin.NumABIArgs]copied
	view    plugin.Call
	began   time.Time
	elapsed time.Duration
	ran     bool
	done    bool
	hidden  bool
	result  int64
	by      string
}

// copied is what was read, or set, behind an argument.
type copied struct {
	data  []byte
	str   bool
	known bool
	set   bool
	errno abi.Errno
}

// dispatch asks everybody in Weir's order.
func (c *call) dispatch() Result {
	t := c.t
	c.view.Bind(c, t.vcpu)
	defer t.vcpu.SetAccess(t.vcpu.SetAccess(plugin.SetPC))
	c.trace(plugin.EventSyscall)
	c.began = time.Now()
	v := c.filter()
	res := v.Value()
	switch v.Kind() {
	case plugin.VerdictPass:
		res = c.Invoke()
	case plugin.VerdictHandled:
		res = plugin.ResultHandled
	case plugin.VerdictRestart:
		res = plugin.ResultRestart
	case plugin.VerdictJump:
		t.pc, res = uint64(v.Value()), plugin.ResultHandled
	case plugin.VerdictExit:
		t.g.Exit(plugin.ExitInfo{Status: int(v.Value() & 0xff)})
	case plugin.VerdictKill:
		t.g.Exit(plugin.ExitInfo{Signal: abi.Signal(v.Value())})
	}
	if c.row.name == "exit_group" && v == plugin.Pass {
		t.g.Exit(plugin.ExitInfo{Status: int(c.args[0] & 0xff)})
	}
	c.elapsed = time.Since(c.began)
	if !t.g.Exited() {
		c.result, c.done = res, true
		if !c.hidden {
			c.trace(plugin.EventSyscallReturn)
		}
		switch c.result {
		case plugin.ResultRestart:
			t.pc -= 4
		case plugin.ResultHandled:
		default:
			t.regs[regA0] = uint64(c.result)
		}
	}
	r := Result{Verdict: v, By: c.by, Value: int64(t.regs[regA0]), Ran: c.ran, Args: c.args, Hidden: c.hidden}
	for i, a := range c.row.args {
		if a.Kind == "path" {
			r.Paths[i], _ = c.CString(i)
		}
	}
	return r
}

func (c *call) trace(ev plugin.Event) {
	for _, e := range c.t.g.table.Walk(ev) {
		if e.Wants(c.nr) {
			e.Func.(func(*plugin.Call))(&c.view)
		}
	}
}

func (c *call) filter() plugin.Verdict {
	for _, e := range c.t.g.table.Walk(plugin.EventSyscallFilter) {
		if !e.Wants(c.nr) {
			continue
		}
		if v := e.Func.(func(*plugin.Call) plugin.Verdict)(&c.view); v.Kind() != plugin.VerdictPass {
			c.by = e.Plugin
			return v
		}
	}
	return plugin.Pass
}

// Resolve fails: the fake has no files.
func (c *call) Resolve(int) (plugin.File, abi.Errno) { return plugin.File{}, abi.ENOSYS }

// Addresses fails: the fake has no sockets.
func (c *call) Addresses() ([]plugin.Address, abi.Errno) { return nil, abi.ENOSYS }

func (c *call) Number() abi.Sysno { return c.nr }
func (c *call) Name() string      { return c.row.name }
func (c *call) PC() abi.Addr      { return c.pc }
func (c *call) Arg(i int) uint64  { return c.args[i] }

func (c *call) SetArg(i int, v uint64) {
	c.args[i] = v
	if i < len(c.copies) {
		c.copies[i] = copied{}
	}
}

func (c *call) CString(i int) (string, abi.Errno) {
	g := &c.copies[i]
	if !g.known || !g.set && !g.str {
		s, e := c.t.CString(c.args[i], 4096)
		*g = copied{data: []byte(s), str: true, known: true, errno: e}
	}
	return string(g.data), g.errno
}

func (c *call) Bytes(i, n int) ([]byte, abi.Errno) {
	g := &c.copies[i]
	if !g.set && (!g.known || len(g.data) < n) {
		c.t.g.mu.Lock()
		b := c.t.g.at(c.args[i], n)
		data := append([]byte(nil), b...)
		c.t.g.mu.Unlock()
		if b == nil {
			return nil, abi.EFAULT
		}
		copy(data, g.data) // what was read before stays
		*g = copied{data: data, known: true}
	}
	if len(g.data) < n {
		return nil, abi.EFAULT
	}
	return g.data[:n], 0
}

func (c *call) SetBytes(i int, b []byte, isString bool) {
	c.copies[i] = copied{data: b, str: isString, known: true, set: true}
}

func (c *call) Kind(i int) (string, bool) {
	if i >= len(c.row.args) {
		return "", false
	}
	return c.row.args[i].Kind, true
}

// Decode is simpler than Weir's: strings are quoted, all else is a decimal number.
func (c *call) Decode(i int) (plugin.Arg, bool) {
	if i >= len(c.row.args) {
		return plugin.Arg{}, false
	}
	a := c.row.args[i]
	a.Value, a.Text = c.args[i], strconv.FormatInt(int64(c.args[i]), 10)
	if a.Kind == "path" || a.Kind == "string" {
		if s, e := c.CString(i); e == 0 {
			a.Text = strconv.Quote(s)
		}
	}
	return a, true
}

func (c *call) Result() (int64, bool)  { return c.result, c.done }
func (c *call) FilteredBy() string     { return c.by }
func (c *call) Elapsed() time.Duration { return c.elapsed }
func (c *call) Hide()                  { c.hidden = true }

// SetResult has an effect only where there is a result.
func (c *call) SetResult(v int64) {
	if c.done {
		c.result = v
	}
}

func (c *call) Invoke() int64 {
	c.ran = true
	if c.handler == nil {
		return 0
	}
	return c.handler(&c.view)
}

func (c *call) InvokeOther(nr abi.Sysno, args [plugin.NumABIArgs]uint64) int64 {
	o := &call{t: c.t, nr: nr, pc: c.pc}
	copy(o.args[:], args[:])
	o.row, o.handler = c.t.g.lookup(nr)
	o.view.Bind(o, c.t.vcpu)
	return o.Invoke()
}

// parseRow reads "NAME:KIND NAME:KIND ...".
func parseRow(args string) (list []plugin.Arg) {
	for _, f := range strings.Fields(args) {
		name, kind, ok := strings.Cut(f, ":")
		if !ok {
			panic("plugintest: argument " + f + ": want NAME:KIND")
		}
		list = append(list, plugin.Arg{Name: name, Kind: kind})
	}
	return list
}
