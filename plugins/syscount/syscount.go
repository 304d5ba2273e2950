// Package syscount counts syscalls and prints a table when the process ends:
// number, name, calls, errors and the time they took. Each process of a tree
// prints its own. It shows tracing events, which never change a call.
package syscount

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{{Key: "sort", Value: "calls|errors|time|number", Help: "order of the table (calls)"}}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "syscount",
		Summary: "count syscalls: number, name, calls, errors, time",
		Options: options,
		New:     func() plugin.Plugin { return new(counter) },
	}
}

// row counts one syscall.
type row struct {
	calls, errors, ns atomic.Uint64
}

// fast is how many numbers are counted without a lock.
const fast = 512

type counter struct {
	host  *plugin.Host
	order string
	rows  [fast]row
	mu    sync.Mutex
	rest  map[abi.Sysno]*row
}

// Install implements plugin.Plugin.
func (c *counter) Install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	c.host, c.order, c.rest = h, args.Get("sort", "calls"), make(map[abi.Sysno]*row)
	if !slices.Contains([]string{"calls", "errors", "time", "number"}, c.order) {
		return fmt.Errorf("sort=%s: want calls, errors, time or number", c.order)
	}
	// Calls are counted at entry, since not all return; their outcome at return.
	h.OnSyscall(plugin.AllSyscalls, func(call *plugin.Call) { c.row(call.Number()).calls.Add(1) })
	h.OnSyscallReturn(plugin.AllSyscalls, func(call *plugin.Call) {
		r := c.row(call.Number())
		if call.Restarted() { // it enters again, and is one call to the guest
			r.calls.Add(^uint64(0))
		}
		if call.Errno() != 0 {
			r.errors.Add(1)
		}
		r.ns.Add(uint64(call.Elapsed()))
	})
	h.OnFork(func(*plugin.VCPU) { c.reset() })
	h.OnExit(func(plugin.ExitInfo) { c.print() })
	return nil
}

func (c *counter) row(nr abi.Sysno) *row {
	if uint64(nr) < fast {
		return &c.rows[nr]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rest[nr]
	if r == nil {
		r = new(row)
		c.rest[nr] = r
	}
	return r
}

// reset starts a forked child's own count.
func (c *counter) reset() {
	for i := range c.rows {
		c.rows[i].calls.Store(0)
		c.rows[i].errors.Store(0)
		c.rows[i].ns.Store(0)
	}
	c.mu.Lock()
	clear(c.rest)
	c.mu.Unlock()
}

type line struct {
	nr                abi.Sysno
	calls, errors, ns uint64
}

func (c *counter) print() {
	var lines []line
	add := func(nr abi.Sysno, r *row) {
		if n := r.calls.Load(); n != 0 {
			lines = append(lines, line{nr, n, r.errors.Load(), r.ns.Load()})
		}
	}
	for i := range c.rows {
		add(abi.Sysno(i), &c.rows[i])
	}
	c.mu.Lock()
	for nr, r := range c.rest {
		add(nr, r)
	}
	c.mu.Unlock()
	slices.SortFunc(lines, func(a, b line) int {
		by := 0
		switch c.order {
		case "calls":
			by = cmp.Compare(b.calls, a.calls)
		case "errors":
			by = cmp.Compare(b.errors, a.errors)
		case "time":
			by = cmp.Compare(b.ns, a.ns)
		}
		return cmp.Or(by, cmp.Compare(a.nr, b.nr))
	})
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "number\tcalls\terrors\ttime\t  name\n")
	var total line
	for _, l := range lines {
		name, ok := c.host.SyscallName(l.nr)
		if !ok {
			name = fmt.Sprintf("syscall_%d", l.nr)
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%v\t  %s\n", l.nr, l.calls, l.errors, time.Duration(l.ns).Round(time.Microsecond), name)
		total.calls, total.errors, total.ns = total.calls+l.calls, total.errors+l.errors, total.ns+l.ns
	}
	fmt.Fprintf(w, "\t%d\t%d\t%v\t  total\n", total.calls, total.errors, time.Duration(total.ns).Round(time.Microsecond))
	w.Flush()
	c.host.Output().Write(b.Bytes())
}
