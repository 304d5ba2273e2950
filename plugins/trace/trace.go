// Package trace writes what a guest's threads do over time, in the JSON format of Chrome's trace viewer, which
// ui.perfetto.dev and chrome://tracing show: the life of each thread, its system calls with arguments and results, when it
// waits in the host's kernel, signals, and, if asked for, in which functions it executes.
//
// A file is an array of events, written as they come (Trace Event Format, "JSON Array Format"); times are
// microseconds since the run began. After SIGKILL the last events and the end of the array are missing, which viewers do not mind. Each process and program of a run has a file of its own, see the package export. It shows
// a plugin that puts events of all kinds together by thread.
package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/export"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "file", Value: "PATH", Help: "the file to write (weir.trace.json); other processes add their ID to it"},
	{Key: "args", Value: "on|off", Help: "arguments and results of system calls (on)"},
	{Key: "functions", Value: "on|off", Help: "also the functions that threads execute; slow (off)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "trace",
		Summary: "a timeline of threads, system calls, waiting and signals for Perfetto and Chrome",
		Options: options,
		New:     func() plugin.Plugin { return new(tracer) },
	}
}

type tracer struct {
	host  *plugin.Host
	files *export.Files
	args  bool
	began time.Time
	log   atomic.Pointer[log] // of the present process and program
}

// log is one file.
type log struct {
	tracer *tracer
	pid    int

	mu      sync.Mutex
	out     plugin.OwnFile
	buf     bytes.Buffer
	any     bool // an event has been written
	closed  bool
	threads map[*plugin.VCPU]*thread
}

// thread is what is known of a thread. Its fields are of its own thread, but for the end of the process.
type thread struct {
	tid   int
	open  []slice // under way, outermost first
	code  string  // the function that it executes
	since float64
}

// slice is something with a duration.
type slice struct {
	name, cat string
	began     float64
	args      map[string]string
}

// event is an event of the file.
type event struct {
	Name  string            `json:"name"`
	Cat   string            `json:"cat,omitempty"`
	Phase string            `json:"ph"`
	TS    float64           `json:"ts"`
	Dur   *float64          `json:"dur,omitempty"`
	PID   int               `json:"pid"`
	TID   int               `json:"tid"`
	Scope string            `json:"s,omitempty"`
	Args  map[string]string `json:"args,omitempty"`
}

const flushAt = 64 << 10

// Install implements plugin.Plugin.
func (t *tracer) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	if t.args, err = args.Bool("args", true); err != nil {
		return err
	}
	functions, err := args.Bool("functions", false)
	if err != nil {
		return err
	}
	t.host, t.began = h, time.Now()
	if t.files, err = export.New(h, args.Get("file", "weir.trace.json")); err != nil {
		return err
	}
	if err = t.open(); err != nil {
		return err
	}
	h.OnThreadStart(func(v *plugin.VCPU) { t.cur().start(v) })
	h.OnThreadExit(func(v *plugin.VCPU) { t.cur().stop(v) })
	h.OnSyscall(plugin.AllSyscalls, t.enter, plugin.Priority(-1000))
	h.OnSyscallReturn(plugin.AllSyscalls, t.leave, plugin.Priority(-1000)) // what the guest gets
	h.OnBlocked(func(v *plugin.VCPU) { t.cur().begin(v, "blocked", "wait", nil) })
	h.OnResumed(func(v *plugin.VCPU) { t.cur().end(v, "wait", nil) })
	h.OnSignal(t.signal)
	if functions {
		h.OnTranslate(t.block)
	}
	h.OnFork(func(v *plugin.VCPU) {
		// Nothing of the parent's file is looked at: a thread of the parent's may have been in the middle of changing it.
		t.files.Forked()
		t.reopen()
		t.cur().start(v)
	})
	h.OnExec(func(*plugin.VCPU) {
		t.cur().close()
		t.files.Executed()
		t.reopen()
	})
	h.OnExit(func(i plugin.ExitInfo) { t.cur().exit(i) })
	return nil
}

func (t *tracer) cur() *log { return t.log.Load() }

// open begins a file. The lock of the one before may be held by a thread that a fork has left behind.
func (t *tracer) open() error {
	l := &log{tracer: t, pid: t.host.Target().PID, threads: make(map[*plugin.VCPU]*thread)}
	var err error
	if l.out, err = t.files.Open(""); err != nil {
		return err
	}
	l.buf.WriteString("[")
	l.write(&event{Name: "process_name", Phase: "M", PID: l.pid, TID: l.pid, Args: map[string]string{"name": t.host.Binary()}})
	l.flush()
	t.log.Store(l)
	return nil
}

func (t *tracer) reopen() {
	if err := t.open(); err != nil {
		fmt.Fprintf(t.host.Output(), "trace: %v\n", err)
		t.log.Store(&log{tracer: t, closed: true})
	}
}

// now is the time in microseconds.
func (t *tracer) now() float64 { return float64(time.Since(t.began)) / 1e3 }

// write appends an event, with mu held.
func (l *log) write(e *event) {
	if l.closed {
		return
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // there is nothing in an event that JSON does not have
	}
	if l.any {
		l.buf.WriteByte(',')
	}
	l.any = true
	l.buf.WriteByte('\n')
	l.buf.Write(b)
	if l.buf.Len() >= flushAt {
		l.flush()
	}
}

func (l *log) flush() {
	if _, err := l.out.Write(l.buf.Bytes()); err != nil {
		fmt.Fprintf(l.tracer.host.Output(), "trace: %v\n", err)
		l.closed = true
	}
	l.buf.Reset()
}

// thread returns the thread of v, with mu held; nil once the file is closed.
func (l *log) thread(v *plugin.VCPU) *thread {
	if l.closed {
		return nil
	}
	x := l.threads[v]
	if x == nil {
		x = &thread{tid: v.TID()}
		l.threads[v] = x
		l.write(&event{Name: "thread_name", Phase: "M", PID: l.pid, TID: x.tid, Args: map[string]string{"name": "thread " + strconv.Itoa(x.tid)}})
	}
	return x
}

// start begins the life of a thread.
func (l *log) start(v *plugin.VCPU) { l.begin(v, "thread", "thread", nil) }

// stop ends it, and what is under way.
func (l *log) stop(v *plugin.VCPU) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.thread(v); x != nil {
		l.unwind(x, l.tracer.now())
		delete(l.threads, v)
	}
}

// unwind ends everything that is under way on a thread.
func (l *log) unwind(x *thread, now float64) {
	l.endCode(x, now)
	for n := len(x.open) - 1; n >= 0; n-- {
		l.finish(x, x.open[n], now)
	}
	x.open = nil
}

func (l *log) begin(v *plugin.VCPU, name, cat string, args map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.thread(v); x != nil {
		now := l.tracer.now()
		l.endCode(x, now)
		x.open = append(x.open, slice{name, cat, now, args})
	}
}

// end finishes the innermost slice of a category, and what is within it.
func (l *log) end(v *plugin.VCPU, cat string, args map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.thread(v)
	if x == nil {
		return
	}
	now := l.tracer.now()
	for n := len(x.open) - 1; n >= 0; n-- {
		if x.open[n].cat != cat {
			continue
		}
		l.endCode(x, now)
		for k := len(x.open) - 1; k > n; k-- {
			l.finish(x, x.open[k], now)
		}
		s := x.open[n]
		if s.args == nil {
			s.args = args
		} else {
			for k, v := range args {
				s.args[k] = v
			}
		}
		l.finish(x, s, now)
		x.open = x.open[:n]
		return
	}
}

func (l *log) finish(x *thread, s slice, now float64) {
	dur := now - s.began
	l.write(&event{Name: s.name, Cat: s.cat, Phase: "X", TS: s.began, Dur: &dur, PID: l.pid, TID: x.tid, Args: s.args})
}

// endCode finishes the function that a thread was in.
func (l *log) endCode(x *thread, now float64) {
	if x.code != "" {
		l.finish(x, slice{x.code, "function", x.since, nil}, now)
		x.code = ""
	}
}

// close ends everything and the file.
func (l *log) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeLocked()
}

func (l *log) closeLocked() {
	if l.closed {
		return
	}
	now := l.tracer.now()
	for _, x := range l.threads {
		l.unwind(x, now)
	}
	l.buf.WriteString("\n]\n")
	l.flush()
	l.out.Close()
	l.closed = true
}

func (l *log) exit(i plugin.ExitInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	args := map[string]string{"status": strconv.Itoa(i.Status)}
	if i.Signal != 0 {
		args = map[string]string{"signal": i.Signal.Name()}
	}
	l.write(&event{Name: "exit", Cat: "process", Phase: "i", Scope: "p", TS: l.tracer.now(), PID: l.pid, TID: l.pid, Args: args})
	l.closeLocked()
}

func (t *tracer) enter(c *plugin.Call) {
	var args map[string]string
	if t.args {
		args = make(map[string]string)
		for i := 0; ; i++ {
			a, ok := c.Decode(i)
			if !ok {
				break
			}
			args[a.Name] = a.Text
		}
	}
	t.cur().begin(c.VCPU(), c.Name(), "syscall", args)
}

func (t *tracer) leave(c *plugin.Call) {
	var args map[string]string
	if t.args {
		v, _ := c.Result()
		args = map[string]string{"result": strconv.FormatInt(v, 10)}
		switch e := c.Errno(); {
		case c.Restarted():
			args["result"] = "restarted"
		case e != 0:
			args["result"] = e.Name()
		}
		if p := c.FilteredBy(); p != "" {
			args["filtered by"] = p
		}
	}
	t.cur().end(c.VCPU(), "syscall", args)
}

func (t *tracer) signal(v *plugin.VCPU, s plugin.Signal) {
	l := t.cur()
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.thread(v)
	if x == nil {
		return
	}
	args := map[string]string{"code": strconv.Itoa(int(s.Code)), "handler": "default"}
	if s.Handler != 0 {
		args["handler"] = t.place(s.Handler)
	}
	if s.Fault {
		args["address"] = fmt.Sprintf("%#x", s.Addr)
		if pc, err := v.PC(); err == nil {
			args["at"] = t.place(pc)
		}
	}
	l.write(&event{Name: s.Signal.Name(), Cat: "signal", Phase: "i", Scope: "t", TS: t.now(), PID: l.pid, TID: x.tid, Args: args})
}

// place names an address.
func (t *tracer) place(addr abi.Addr) string {
	if s, ok := t.host.Symbolizer().At(addr); ok {
		return s.Name
	}
	return fmt.Sprintf("%#x", addr)
}

// block has a thread's function noted when it changes.
func (t *tracer) block(b *plugin.Block) {
	name := t.place(b.PC())
	if s, ok := b.Insn(0).Symbol(); ok {
		name = s.Name
	}
	b.OnExec(plugin.NoRegs, func(v *plugin.VCPU) {
		l := t.cur()
		l.mu.Lock()
		defer l.mu.Unlock()
		if x := l.thread(v); x != nil && x.code != name {
			now := t.now()
			l.endCode(x, now)
			x.code, x.since = name, now
		}
	})
}
