//go:build linux

package instrument

import (
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/callback"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// view returns the plugin's view of c; the common, un-nested one is part of the
// thread's own structure and costs no allocation.
func (r *Registry) view(c *linux.Call) (*plugin.Call, *thread) {
	t := r.thread(c.Task)
	if t.cur == c {
		return &t.call, t
	}
	if t.busy > 0 { // a callback has made the guest call again
		pc := new(plugin.Call)
		pc.Bind(callState{c}, t.vcpu)
		return pc, t
	}
	t.cur = c
	t.call.Bind(callState{c}, t.vcpu)
	return &t.call, t
}

func (r *Registry) syscallEntry(c *linux.Call) { r.trace(plugin.EventSyscall, c) }

func (r *Registry) syscallReturn(c *linux.Call) { r.trace(plugin.EventSyscallReturn, c) }

// trace runs the tracing callbacks of one event.
func (r *Registry) trace(ev plugin.Event, c *linux.Call) {
	list := r.table.Walk(ev)
	pc, t := r.view(c)
	before := t.enter()
	t.calls++
	for _, e := range list {
		if e.Wants(c.Nr) {
			if r.call(e, pc); t.settle(nil) {
				break
			}
		}
	}
	t.calls--
	t.leave(before)
}

func (r *Registry) call(e *callback.Entry, pc *plugin.Call) {
	done := false
	defer r.caught(e, pc, &done)
	e.Func.(func(*plugin.Call))(pc)
	done = true
}

// syscallFilter asks the filters in order until one does not pass. Access to
// registers and memory is on for the whole walk, so a filter that passes may
// still have changed what the next one sees (S-12).
func (r *Registry) syscallFilter(c *linux.Call) linux.Verdict {
	list := r.table.Walk(plugin.EventSyscallFilter)
	pc, t := r.view(c)
	before := t.enter()
	t.calls++
	defer func() { t.calls-- }()
	for _, e := range list {
		if !e.Wants(c.Nr) {
			continue
		}
		v := r.ask(e, pc)
		if t.settle(nil) {
			break
		}
		if v.Kind() != plugin.VerdictPass {
			c.Filtered = e.Plugin
			t.leave(before)
			return verdict(v)
		}
	}
	t.leave(before)
	return linux.Verdict{Action: linux.Pass}
}

func (r *Registry) ask(e *callback.Entry, pc *plugin.Call) (v plugin.Verdict) {
	done := false
	defer r.caught(e, pc, &done)
	v = e.Func.(func(*plugin.Call) plugin.Verdict)(pc)
	done = true
	return v
}

// verdict translates a verdict that does not pass.
func verdict(v plugin.Verdict) linux.Verdict {
	switch v.Kind() {
	case plugin.VerdictReturn:
		return linux.Verdict{Action: linux.Answer, Value: v.Value()}
	case plugin.VerdictHandled:
		return linux.Verdict{Action: linux.Handled}
	case plugin.VerdictRestart:
		return linux.Verdict{Action: linux.Restart}
	case plugin.VerdictJump:
		return linux.Verdict{Action: linux.Jump, PC: uint64(v.Value())}
	case plugin.VerdictExit:
		return linux.Verdict{Action: linux.Exit, Value: v.Value()}
	case plugin.VerdictKill:
		return linux.Verdict{Action: linux.Kill, Value: v.Value()}
	}
	return linux.Verdict{Action: linux.Pass}
}

// callState shows a linux.Call as a plugin.CallState.
type callState struct{ *linux.Call }

func (s callState) Number() abi.Sysno { return s.Nr }
func (s callState) Name() string      { return s.Call.Name() }
func (s callState) PC() abi.Addr      { return s.Call.PC }
func (s callState) Arg(i int) uint64  { return s.Args[i] }

func (s callState) CString(i int) (string, abi.Errno) { return s.Call.CString(i, linux.MaxPath) }

// Bytes checks the last byte first: a length that the guest made up must not become an
// allocation.
func (s callState) Bytes(i, n int) ([]byte, abi.Errno) {
	const small = 4096
	if n > small {
		if b, ok := s.Copied(i); !ok || len(b) < n {
			var last [1]byte
			if !s.Task.Proc.Mem.Read(s.Args[i]+uint64(n)-1, last[:]) {
				return nil, abi.EFAULT
			}
		}
	}
	return s.In(i, n)
}

func (s callState) SetBytes(i int, b []byte, isString bool) { s.SetIn(i, b, isString) }
func (s callState) Result() (int64, bool)                   { return s.Call.Result, s.Done }

func (s callState) FilteredBy() string     { return s.Filtered }
func (s callState) Elapsed() time.Duration { return s.Call.Elapsed }

// SetResult has an effect only where there is a result.
func (s callState) SetResult(v int64) {
	if s.Done {
		s.Call.Result = v
	}
}

func (s callState) InvokeOther(nr abi.Sysno, a [plugin.NumABIArgs]uint64) int64 {
	return s.Task.Invoke(nr, [8]uint64{a[0], a[1], a[2], a[3], a[4], a[5]})
}

func (s callState) Kind(i int) (string, bool) { return s.Call.Kind(i) }

func (s callState) Decode(i int) (plugin.Arg, bool) {
	a, ok := s.Call.Decode(i)
	return plugin.Arg{Name: a.Name, Kind: a.Kind, Value: a.Value, Text: a.Text}, ok
}
