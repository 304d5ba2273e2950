//go:build linux

package instrument

import (
	"bytes"
	"sync"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// Guest syscall numbers used by the tests (asm-generic/unistd.h).
const (
	nrRead   = 63
	nrGetpid = 172
	nrMagic  = 4096
)

// fixture is a registry with hooks and a log, and no guest.
type fixture struct {
	*Registry
	hooks *linux.Hooks
	log   safeBuffer
	out   bytes.Buffer
}

// safeBuffer is a bytes.Buffer for several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func newFixture() *fixture {
	f := &fixture{hooks: new(linux.Hooks)}
	f.Registry = New(Config{Target: plugin.Target{Arch: abi.RISCV64, Binary: "/bin/x", PID: 100}, Output: &f.out, Log: &f.log}, f.hooks)
	return f
}

// host registers callbacks for a plugin.
func (f *fixture) host(name string) *plugin.Host { return plugin.NewHost(name, f.Registry) }

// newTask makes a task that has registers and nothing else.
func newTask(tid int) *linux.Task { return &linux.Task{TID: tid, St: new(cpu.State)} }

// newCall makes a call of a task.
func newCall(t *linux.Task, nr abi.Sysno) *linux.Call {
	return &linux.Call{Task: t, Nr: nr, Row: &linux.Row{Name: "fake"}}
}

// dispatch makes a call as the personality does: only what the enable word asks for. It
// returns the events in one word each and the verdict.
func (f *fixture) dispatch(c *linux.Call) (linux.Verdict, uint32) {
	i := uint64(c.Nr)
	if i >= linux.NumEnable-1 {
		i = linux.NumEnable - 1
	}
	want := f.hooks.Enabled[i].Load()
	if want&linux.WantEntry != 0 {
		f.hooks.Entry(c)
	}
	v := linux.Verdict{}
	if want&linux.WantFilter != 0 {
		v = f.hooks.Filter(c)
	}
	c.Done, c.Result = true, v.Value
	if want&linux.WantReturn != 0 {
		f.hooks.Return(c)
	}
	return v, want
}

// catchExit replaces the end of the process by a note.
func catchExit(t *testing.T) *int {
	t.Helper()
	status := -1
	exitProcess = func(n int) { status = n }
	t.Cleanup(func() { exitProcess = osExit })
	return &status
}

var osExit = exitProcess
