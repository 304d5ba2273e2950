//go:build linux

package filter

import (
	"slices"
	"sync"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Every thread starts once; those that end before the process do so once; vCPUs have
// numbers of their own; the end is told once, as the last.
func TestThreadEvents(t *testing.T) {
	var mu sync.Mutex
	count := map[string]int{}
	var indices []int
	var last string
	p := install(func(h *plugin.Host) {
		note := func(s string) {
			mu.Lock()
			count[s]++
			last = s
			mu.Unlock()
		}
		h.OnThreadStart(func(v *plugin.VCPU) {
			note("start")
			mu.Lock()
			indices = append(indices, v.Index())
			mu.Unlock()
		})
		h.OnThreadExit(func(*plugin.VCPU) { note("exit") })
		h.OnFork(func(*plugin.VCPU) { note("fork") })
		h.OnExit(func(plugin.ExitInfo) { note("end") })
		// All threads are alive at once.
		h.FilterSyscalls(plugin.Syscalls("clone"), func(c *plugin.Call) plugin.Verdict {
			note("clone")
			return plugin.Pass
		})
	})
	if r := run(t, config(p), "storm", "OUT", "3", "20"); r.err != nil {
		t.Fatal(r.err)
	}
	equal(t, "events", count, map[string]int{"clone": 3, "end": 1, "exit": 3, "start": 4})
	equal(t, "last", last, "end")
	slices.Sort(indices)
	if indices[0] != 0 || indices[len(indices)-1] > 3 {
		t.Errorf("indices %v", indices)
	}
}

// How the process ended is told: by status, by a signal, by a filter.
func TestExitInfo(t *testing.T) {
	for _, tc := range []struct {
		name string
		v    plugin.Verdict
		call string
		want plugin.ExitInfo
	}{
		{"status", plugin.Pass, call(nrExitGroup, 7), plugin.ExitInfo{Status: 7}},
		{"verdict", plugin.Exit(8), call(nrMagic), plugin.ExitInfo{Status: 8}},
		{"signal", plugin.Kill(abi.SIGTERM), call(nrMagic), plugin.ExitInfo{Signal: abi.SIGTERM}},
	} {
		var got []plugin.ExitInfo
		p := install(func(h *plugin.Host) {
			h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { return tc.v })
			h.OnExit(func(i plugin.ExitInfo) { got = append(got, i) })
		})
		run(t, config(p), "calls", "OUT", tc.call)
		equal(t, tc.name, got, []plugin.ExitInfo{tc.want})
	}
}

// EINTR of a filter or of a return event is what the guest gets: only a call that a signal
// interrupted is made again.
func TestInventedEINTR(t *testing.T) {
	asked := 0
	p := install(func(h *plugin.Host) {
		h.FilterSyscalls(plugin.Numbers(nrRead), func(c *plugin.Call) plugin.Verdict {
			if c.Arg(0) != 12345 {
				return plugin.Pass
			}
			asked++
			return plugin.Fail(abi.EINTR)
		})
		h.OnSyscallReturn(plugin.Numbers(nrGetpid), func(c *plugin.Call) { c.SetResult(errno(abi.EINTR)) })
	})
	got := calls(t, []plugin.Plugin{p}, call(nrRead, 12345, 0, 0), call(nrGetpid))
	equal(t, "results", got, []int64{errno(abi.EINTR), errno(abi.EINTR)})
	equal(t, "asked", asked, 1)
}

// A length that the guest has made up is an error to the filter, not an allocation.
func TestBytesOfAnyLength(t *testing.T) {
	var errs []error
	p := filter(plugin.Numbers(nrWrite), func(c *plugin.Call) plugin.Verdict {
		if c.Arg(0) != 12345 {
			return plugin.Pass
		}
		_, err := c.Bytes(1, int(c.Arg(2)))
		errs = append(errs, err)
		return plugin.Return(0)
	})
	calls(t, []plugin.Plugin{p},
		call(nrWrite, 12345, "b:64", 64),
		call(nrWrite, 12345, "b:64", 1<<29),
		call(nrWrite, 12345, "b:64", "0x7fffffffffffffff"),
		call(nrWrite, 12345, "b:64", "0xffffffffffffffff"),
		call(nrWrite, 12345, "0xfffffffffffff000", 8192))
	equal(t, "errors", errs, []error{nil, abi.EFAULT, abi.E2BIG, abi.EFAULT, abi.EFAULT})
}
