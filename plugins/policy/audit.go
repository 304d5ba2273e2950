package policy

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// auditor writes the audit log: a JSON object for each call, on a line of its own.
type auditor struct {
	out    plugin.OwnFile
	host   *plugin.Host
	denied bool // only calls that were not allowed, or that a rule logs

	mu      sync.Mutex
	pending map[*plugin.VCPU]*record // calls under way
}

// record is a line under construction.
type record struct {
	line []byte
	nr   abi.Sysno
}

func newAuditor(out plugin.OwnFile, h *plugin.Host, denied bool) *auditor {
	return &auditor{out: out, host: h, denied: denied, pending: map[*plugin.VCPU]*record{}}
}

// quote appends s as a JSON string.
func quote(b []byte, s string) []byte {
	q, _ := json.Marshal(s) // of a string there is no error
	return append(b, q...)
}

// describe begins a line, with the arguments as the guest gave them.
func (a *auditor) describe(c *plugin.Call) *record {
	b := append([]byte(`{"time":"`), time.Now().UTC().Format(time.RFC3339Nano)...)
	b = append(b, `","pid":`...)
	b = strconv.AppendInt(b, a.pid(c), 10)
	b = append(b, `,"tid":`...)
	b = strconv.AppendInt(b, int64(c.VCPU().TID()), 10)
	b = append(b, `,"syscall":`...)
	b = quote(b, c.Name())
	b = append(b, `,"args":{`...)
	for i := range plugin.NumABIArgs {
		x, ok := c.Decode(i)
		if !ok {
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = quote(b, x.Name)
		b = append(b, ':')
		b = quote(b, x.Text)
	}
	return &record{append(b, '}'), c.Number()}
}

// pid is the process ID; a child of vfork, which shares the plugin with its parent, has one of its own.
func (a *auditor) pid(c *plugin.Call) int64 {
	if nr, ok := a.host.Syscall("getpid"); ok {
		if pid := c.InvokeOther(nr); pid > 0 {
			return pid
		}
	}
	return int64(a.host.Target().PID)
}

// judged adds the decision. The line of a call that is made waits for its result.
func (a *auditor) judged(c *plugin.Call, r *record, v *verdict, out plugin.Verdict) plugin.Verdict {
	if a.denied && v.action == allow {
		return out
	}
	b := r.line
	if len(v.files) > 0 {
		b = append(b, `,"files":[`...)
		for i, f := range v.files {
			if i > 0 {
				b = append(b, ',')
			}
			b = quote(b, f.path)
		}
		b = append(b, ']')
	}
	b = append(b, `,"decision":"`...)
	b = append(b, v.action.String()...)
	b = append(b, '"')
	if v.rule != "" {
		b = append(b, `,"rule":`...)
		b = quote(b, v.rule)
	}
	r.line = b
	switch out.Kind() {
	case plugin.VerdictPass:
	case plugin.VerdictReturn:
		a.write(r, out.Value(), true)
		return out
	default:
		a.write(r, 0, false)
		return out
	}
	switch c.Name() {
	case "exit", "exit_group", "rt_sigreturn":
		a.write(r, 0, false)
	case "execve", "execveat":
		if v.native { // it does not come back
			a.write(r, 0, false)
			return out
		}
		res := c.Invoke()
		if res == plugin.ResultHandled {
			a.write(r, 0, true)
		} else {
			a.write(r, res, true)
		}
		return plugin.Return(res)
	default:
		a.mu.Lock()
		a.pending[c.VCPU()] = r
		a.mu.Unlock()
	}
	return out
}

// returned writes the line of a call that has been made. One that a signal interrupted is made
// again, and judged again.
func (a *auditor) returned(c *plugin.Call) {
	a.mu.Lock()
	r := a.pending[c.VCPU()]
	delete(a.pending, c.VCPU())
	a.mu.Unlock()
	if r == nil || r.nr != c.Number() || c.Restarted() {
		return
	}
	v, _ := c.Result()
	a.write(r, v, true)
}

func (a *auditor) write(r *record, result int64, has bool) {
	b := r.line
	if has {
		b = append(b, `,"result":`...)
		b = strconv.AppendInt(b, result, 10)
		if result < 0 && result >= -abi.MaxErrno {
			b = append(b, `,"errno":"`...)
			b = append(b, abi.Errno(-result).Name()...)
			b = append(b, '"')
		}
	}
	a.out.Write(append(b, '}', '\n'))
}
