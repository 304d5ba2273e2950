//go:build linux

package instrument

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// indices returns "index/serial/tid" of the live vCPUs.
func indices(f *fixture) string {
	var s []string
	for _, v := range f.VCPUs() {
		s = append(s, fmt.Sprintf("%d/%d/%d", v.Index(), v.Serial(), v.TID()))
	}
	return strings.Join(s, " ")
}

func TestVCPUNumbers(t *testing.T) {
	f := newFixture()
	tasks := make([]*linux.Task, 4)
	for i := range tasks {
		tasks[i] = newTask(100 + i)
		f.hooks.ThreadStart(tasks[i])
	}
	if got := indices(f); got != "0/0/100 1/1/101 2/2/102 3/3/103" {
		t.Errorf("four threads: %s", got)
	}
	f.hooks.ThreadExit(tasks[1])
	f.hooks.ThreadExit(tasks[2])
	n := newTask(200)
	f.hooks.ThreadStart(n)
	if got := indices(f); got != "0/0/100 3/3/103 1/4/200" {
		t.Errorf("after two exits and a start: %s", got)
	}
	// execve: the main thread's task ends and starts anew.
	f.hooks.ThreadExit(tasks[0])
	f.hooks.ThreadStart(tasks[0])
	if got := indices(f); got != "3/3/103 1/4/200 0/5/100" {
		t.Errorf("after execve: %s", got)
	}
	f.hooks.ThreadExit(newTask(1)) // never heard of
	if got := indices(f); strings.Count(got, " ") != 2 {
		t.Errorf("after the exit of an unknown thread: %s", got)
	}
}

// A thread that was there before instrumentation gets its number at its first event.
func TestVCPULate(t *testing.T) {
	f := newFixture()
	index := -1
	f.host("p").OnSyscall(magic, func(c *plugin.Call) { index = c.VCPU().Index() })
	f.dispatch(newCall(newTask(5), nrMagic))
	if index != 0 || indices(f) != "0/0/5" {
		t.Errorf("index %d, live %s", index, indices(f))
	}
}

func TestThreadEvents(t *testing.T) {
	f := newFixture()
	h := f.host("p")
	var log []string
	note := func(s string) func(*plugin.VCPU) {
		return func(v *plugin.VCPU) {
			if _, err := v.PC(); err != nil {
				t.Errorf("%s: %v", s, err)
			}
			log = append(log, fmt.Sprintf("%s %d", s, v.TID()))
		}
	}
	h.OnThreadStart(note("start"))
	h.OnThreadExit(note("exit"))
	h.OnFork(note("fork"))
	h.OnExit(func(i plugin.ExitInfo) {
		log = append(log, fmt.Sprintf("end %d %v", i.Status, i.Signal == abi.SIGTERM))
	})
	a, b := newTask(1), newTask(2)
	f.hooks.ThreadStart(a)
	f.hooks.ThreadStart(b)
	f.hooks.ThreadExit(a)
	// In a forked child: the thread's ID changes, others are gone, its index stays.
	b.TID = 77
	f.hooks.Fork(b)
	if got := indices(f); got != "1/1/77" || f.Target().PID != 77 {
		t.Errorf("in the child: %s, pid %d", got, f.Target().PID)
	}
	c := newTask(78)
	f.hooks.ThreadStart(c)
	if got := indices(f); got != "1/1/77 0/2/78" {
		t.Errorf("a new thread in the child: %s", got)
	}
	f.hooks.Exit(0, abi.SIGTERM)
	f.hooks.ThreadExit(b) // because the process has ended: no event
	f.hooks.ThreadExit(c)
	if got := strings.Join(log, ", "); got != "start 1, start 2, exit 1, fork 77, start 78, end 0 true" {
		t.Errorf("events: %s", got)
	}
	if got := indices(f); got != "" {
		t.Errorf("at the end: %s", got)
	}
}
