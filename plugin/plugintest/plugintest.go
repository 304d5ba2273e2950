// Package plugintest lets a plugin be tested without a guest: [New] makes a small
// fake guest in memory, [Guest.Install] installs plugins in it, [Guest.Do] makes a
// syscall as a guest thread would, and the [Result] says what became of it.
//
//	g := plugintest.New()
//	if err := g.Install("deny", deny.Info().New(), "rule=openat:path=/etc/*:EACCES"); err != nil { ... }
//	if r := g.Do("openat", -100, "/etc/passwd", 0); r.Value != abi.EACCES.Result() { ... }
//
// Callbacks are asked in the same order as in Weir, with the same sets, priorities
// and verdicts. The fake knows no CPU and no kernel: its syscalls are those of
// riscv64, they all return 0 unless [Guest.Handle] says otherwise, and a panic of
// a plugin is not caught. A Guest may be used by several goroutines, each with a
// [Thread] of its own. Code has no meaning here either: a test says what a block's
// instructions are and which memory they access ([Guest.Translate]), and has it
// executed ([Thread.Exec]). Start with [New].
package plugintest

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/callback"
	"github.com/weir-emu/weir/plugin"
)

// PID is the process ID of a new Guest.
const PID = 1000

// Guest is a fake guest process.
type Guest struct {
	table callback.Table

	mu       sync.Mutex
	rows     map[string]*row
	numbers  map[abi.Sysno]*row
	handlers map[string]func(*plugin.Call) int64
	errs     map[string]error
	log, out bytes.Buffer
	pid      int
	nextTID  int
	serial   uint64
	threads  []*Thread // by index; nil where a thread has ended
	memory   []byte
	main     *Thread
	exited   bool

	gen       atomic.Uint64 // of translations; see Block
	withdrawn sync.Map      // of plugins: the gen from which on they have no part in translations
	slots     [][]uint64    // scoreboard memory by vCPU index
	slotEnd   int
	traces    []trace
	image     plugin.Image
	libs      []plugin.Image
	symbols   []plugin.Symbol
	functions []guestFunction
	hooks     []*functionHook
	lines     map[abi.Addr]plugin.Line
	owner     string // of the clock
	now       int64  // the clock, ns
	files     map[string]*file
}

// row is a syscall of the fake guest.
type row struct {
	nr   abi.Sysno
	name string
	args []plugin.Arg
}

// New makes a guest process with one thread.
func New() *Guest {
	g := &Guest{
		rows: make(map[string]*row), numbers: make(map[abi.Sysno]*row),
		handlers: make(map[string]func(*plugin.Call) int64), errs: make(map[string]error),
		pid: PID, nextTID: PID, lines: make(map[abi.Addr]plugin.Line),
		slotEnd: 64, image: plugin.Image{Path: "/bin/guest", Base: textBase, Limit: textBase + 0x2000, Start: textBase, End: textBase + 0x1000, Entry: textBase},
	}
	g.table.Changed = func(e plugin.Event) {
		if e == plugin.EventTranslate {
			g.gen.Add(1)
		}
	}
	g.table.Resolve = func(name string) (abi.Sysno, bool, bool) {
		nr, ok := g.number(name)
		return nr, ok, ok || elsewhere(name)
	}
	for _, r := range table {
		g.Define(r.nr, r.name, r.args)
	}
	g.main = g.thread()
	return g
}

// Define adds a syscall to the guest, or replaces one. Args are its arguments as
// "NAME:KIND NAME:KIND ...", for example "dfd:dirfd path:path flags:flags".
func (g *Guest) Define(nr abi.Sysno, name, args string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := &row{nr: nr, name: name, args: parseRow(args)}
	g.rows[name], g.numbers[nr] = r, r
}

// Handle sets what the guest's kernel does for a syscall: f returns the raw result,
// with -4095 to -1 for errors. It sees the arguments as filters have changed
// them. Without a handler a syscall returns 0, one of an unknown number -ENOSYS.
func (g *Guest) Handle(name string, f func(*plugin.Call) int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rows[name] == nil {
		panic("plugintest: Handle of unknown syscall " + name + ": Define it first")
	}
	g.handlers[name] = f
}

// Install installs a plugin, with arguments as on the command line:
// "key=value,key=value". Its errors are those of Weir.
func (g *Guest) Install(name string, p plugin.Plugin, args string) error {
	a, err := plugin.ParseArgs(args)
	if err == nil {
		err = p.Install(g.Host(name), a)
	}
	if err == nil {
		g.mu.Lock()
		err = g.errs[name]
		g.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("plugin %s: %w", name, err)
	}
	return nil
}

// Host returns the guest as the plugin of a name sees it, for registering
// callbacks directly.
func (g *Guest) Host(name string) *plugin.Host { return plugin.NewHost(name, system{g}) }

// Output returns what plugins have written to their Output.
func (g *Guest) Output() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.out.String()
}

// Log returns what plugins have logged: lines of "PLUGIN: TEXT".
func (g *Guest) Log() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.String()
}

// Do makes a syscall of the main thread; see [Thread.Do].
func (g *Guest) Do(name string, args ...any) Result { return g.main.Do(name, args...) }

// DoNumber makes a syscall of the main thread by number.
func (g *Guest) DoNumber(nr abi.Sysno, args ...any) Result { return g.main.DoNumber(nr, args...) }

// Main returns the main thread.
func (g *Guest) Main() *Thread { return g.main }

// Exit ends the process: exit callbacks run, once.
func (g *Guest) Exit(info plugin.ExitInfo) {
	g.mu.Lock()
	g.exited = true
	g.mu.Unlock()
	g.flushTraces()
	for _, e := range g.table.Walk(plugin.EventExit) {
		if e.Once() {
			e.Func.(func(plugin.ExitInfo))(info)
		}
	}
}

// Exited reports whether the process has ended.
func (g *Guest) Exited() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.exited
}

// BecomeChild makes the guest the child of a fork by the main thread: the other
// threads vanish, the process has another ID, fork callbacks run.
func (g *Guest) BecomeChild() {
	g.mu.Lock()
	g.nextTID++
	g.pid = g.nextTID
	for i, t := range g.threads {
		if t != g.main {
			g.threads[i] = nil
		}
	}
	g.main.vcpu.SetTID(g.pid)
	for _, t := range g.traces {
		clear(t.records)
	}
	g.mu.Unlock()
	g.main.event(plugin.EventFork)
}

// system shows a Guest as a plugin.System.
type system struct{ g *Guest }

func (s system) Target() plugin.Target {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	return plugin.Target{Arch: abi.RISCV64, Binary: "/bin/guest", PID: s.g.pid}
}

func (s system) Register(p string, e plugin.Event, set plugin.Set, cb any, o plugin.RegisterOptions) *plugin.Registration {
	r, err := s.g.table.Add(p, e, set, cb, o)
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	if err != nil && s.g.errs[p] == nil {
		s.g.errs[p] = err
	}
	return r
}

func (s system) Syscall(name string) (abi.Sysno, bool) { return s.g.number(name) }

func (s system) SyscallName(nr abi.Sysno) (string, bool) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	if r := s.g.numbers[nr]; r != nil {
		return r.name, true
	}
	return "", false
}

func (s system) SyscallsWith(kind string) plugin.Set {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	var nrs []abi.Sysno
	for nr, r := range s.g.numbers {
		for _, a := range r.args {
			if a.Kind == kind {
				nrs = append(nrs, nr)
				break
			}
		}
	}
	return plugin.Numbers(nrs...)
}

func (s system) Log(p, text string) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	s.g.log.WriteString(p + ": " + text + "\n")
}

func (s system) Output() io.Writer { return output(s) }

func (s system) VCPUs() (vs []*plugin.VCPU) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	for serial := range s.g.serial {
		for _, t := range s.g.threads {
			if t != nil && t.vcpu.Serial() == serial {
				vs = append(vs, t.vcpu)
			}
		}
	}
	return vs
}

type output struct{ g *Guest }

func (o output) Write(p []byte) (int, error) {
	o.g.mu.Lock()
	defer o.g.mu.Unlock()
	return o.g.out.Write(p)
}

func (g *Guest) number(name string) (abi.Sysno, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.rows[name]; r != nil {
		return r.nr, true
	}
	return 0, false
}

// lookup returns the row of a number; an unknown number has one without arguments.
func (g *Guest) lookup(nr abi.Sysno) (r *row, handler func(*plugin.Call) int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r = g.numbers[nr]; r == nil {
		return &row{nr: nr, name: "syscall_" + strconv.FormatInt(int64(nr), 10)}, func(*plugin.Call) int64 { return abi.ENOSYS.Result() }
	}
	return r, g.handlers[r.name]
}
