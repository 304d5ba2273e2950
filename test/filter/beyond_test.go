//go:build linux

package filter

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// A filter changes arguments and lets the call go on.
func TestBeyondChangeArguments(t *testing.T) {
	real := filepath.Join(t.TempDir(), "real")
	if err := os.WriteFile(real, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := install(func(h *plugin.Host) {
		h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
			if c.Path(1) == "/weir-alias" {
				c.SetPath(1, real)
			}
			return plugin.Pass
		})
		h.FilterSyscalls(plugin.Syscalls("dup"), func(c *plugin.Call) plugin.Verdict {
			if c.Arg(0) == 4242 {
				c.SetArg(0, 0)
			}
			return plugin.Pass
		})
		h.FilterSyscalls(plugin.Syscalls("write"), func(c *plugin.Call) plugin.Verdict {
			if c.Arg(2) == 5 {
				b, err := c.Bytes(1, 5)
				if err != nil || string(b) != "lower" {
					t.Errorf("buffer %q, %v", b, err)
				}
				c.SetBytes(1, []byte("UPPER"))
			}
			return plugin.Pass
		})
	})
	out := filepath.Join(t.TempDir(), "out")
	got := calls(t, []plugin.Plugin{p},
		call(nrOpenat, -100, "s:/weir-alias", 0, 0),
		call(23, 4242), // dup
		call(nrOpenat, -100, "s:"+out, os.O_CREATE|os.O_WRONLY, 0o600),
		call(nrWrite, "r", "s:lower", 5))
	for i, v := range got {
		if v < 0 {
			t.Errorf("call %d failed: %d", i, v)
		}
	}
	if b, _ := os.ReadFile(out); string(b) != "UPPER" {
		t.Errorf("written %q, want UPPER", b)
	}
}

// A return event changes the result of a call that really ran.
func TestBeyondChangeResult(t *testing.T) {
	p := install(func(h *plugin.Host) {
		h.OnSyscallReturn(plugin.Syscalls("getpid"), func(c *plugin.Call) {
			if v, _ := c.Result(); v == int64(os.Getpid()) && c.FilteredBy() == "" {
				c.SetResult(v + 1)
			}
		})
	})
	equal(t, "result", calls(t, []plugin.Plugin{p}, call(nrGetpid)), []int64{int64(os.Getpid()) + 1})
}

// A filter calls the default handler itself, and that of another call.
func TestBeyondInvoke(t *testing.T) {
	p := install(func(h *plugin.Host) {
		h.FilterSyscalls(plugin.Syscalls("getppid"), func(c *plugin.Call) plugin.Verdict {
			return plugin.Return(c.Invoke() + 1000000)
		})
		h.FilterSyscalls(magic, func(c *plugin.Call) plugin.Verdict {
			return plugin.Return(c.InvokeOther(nrGetpid) + c.InvokeOther(nrClose, 99999))
		})
	})
	got := calls(t, []plugin.Plugin{p}, call(nrGetppid), call(nrMagic))
	equal(t, "results", got, []int64{int64(os.Getppid()) + 1000000, int64(os.Getpid()) + errno(abi.EBADF)})
}

// Filters are selected by sets of numbers or names; unknown names are refused.
func TestBeyondSets(t *testing.T) {
	var seen []string
	f := func(c *plugin.Call) plugin.Verdict { seen = append(seen, c.Name()); return plugin.Pass }
	s := plugin.Syscalls("getpid", "open", "fork").Or(plugin.Numbers(nrMagic, 1<<40)) // open and fork: other architectures only
	calls(t, []plugin.Plugin{filter(s, f)}, call(nrGetppid), call(nrGetpid), call(nrMagic), call(nrMagic+1))
	equal(t, "seen", seen, []string{"getpid", "syscall_4096"})

	r := run(t, config(filter(plugin.Syscalls("opneat"), f)), "spin", "0")
	if r.err == nil || !strings.Contains(r.err.Error(), `"opneat"`) || !strings.Contains(r.err.Error(), "p0") {
		t.Errorf("unknown name: %v", r.err)
	}
}

// Priorities order filters over the order of registration.
func TestBeyondPriority(t *testing.T) {
	var order []string
	p := install(func(h *plugin.Host) {
		for _, x := range []struct {
			name string
			prio int
		}{{"low", -1}, {"high", 10}, {"mid1", 0}, {"mid2", 0}} {
			h.FilterSyscalls(magic, func(*plugin.Call) plugin.Verdict { order = append(order, x.name); return plugin.Pass }, plugin.Priority(x.prio))
		}
	})
	calls(t, []plugin.Plugin{p}, call(nrMagic))
	equal(t, "order", order, []string{"high", "mid2", "mid1", "low"})
}

// Arguments are decoded: name, kind, text.
func TestBeyondDecodedArguments(t *testing.T) {
	var got []plugin.Arg
	p := filter(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
		if c.Path(1) != "/weir/none" {
			return plugin.Pass
		}
		for i := 0; ; i++ {
			a, ok := c.Decode(i)
			if !ok {
				break
			}
			a.Value = 0
			got = append(got, a)
		}
		return plugin.Pass
	})
	calls(t, []plugin.Plugin{p}, call(nrOpenat, -100, "s:/weir/none", os.O_RDWR|os.O_CREATE, 0o644))
	want := []string{"AT_FDCWD", `"/weir/none"`, "O_RDWR|O_CREAT", "0644"}
	names := []string{"dfd", "path", "flags", "mode"}
	if len(got) != 4 {
		t.Fatalf("decoded %v", got)
	}
	for i, a := range got {
		if a.Text != want[i] || a.Name == "" || a.Kind == "" {
			t.Errorf("argument %d: %+v, want text %s (like %s)", i, a, want[i], names[i])
		}
	}
	equal(t, "kind of the path", got[1].Kind, "path")
}

// A filter chooses that tracing does not see the call.
func TestBeyondHide(t *testing.T) {
	returns := 0
	cfg := config(install(func(h *plugin.Host) {
		h.FilterSyscalls(magic, func(c *plugin.Call) plugin.Verdict { c.Hide(); return plugin.Return(3) })
		h.OnSyscallReturn(magic, func(*plugin.Call) { returns++ })
	}))
	r := run(t, cfg, "calls", "OUT", call(nrMagic))
	equal(t, "result", r.words, []int64{3})
	equal(t, "return events", returns, 0)
}

// A filter ends the process with a status or by a signal.
func TestBeyondExitAndKill(t *testing.T) {
	r := run(t, config(filter(magic, func(*plugin.Call) plugin.Verdict { return plugin.Exit(33) })), "calls", "OUT", call(nrMagic))
	equal(t, "status", r.code(t), 33)
	r = run(t, config(filter(magic, func(*plugin.Call) plugin.Verdict { return plugin.Kill(abi.SIGSYS) })), "calls", "OUT", call(nrMagic))
	if r.err == nil || r.err.Error() != "guest killed by SIGSYS" {
		t.Errorf("killed: %v", r.err)
	}
}

// A second guest thread flips the path between check and use; none gets by.
func TestDecodeOnceRace(t *testing.T) {
	n := int64(100000)
	if testing.Short() {
		n = 10000
	}
	dir := t.TempDir()
	denied, open := filepath.Join(dir, "denied"), filepath.Join(dir, "opened")
	for name, text := range map[string]string{denied: "secret", open: "public"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := filter(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
		if strings.Contains(c.Path(1), "denied") {
			return plugin.Fail(abi.EACCES)
		}
		return plugin.Pass
	})
	// On a busy machine the flipping thread may not run at all during a round.
	var bypassed, opened, refused, flips int64
	for range 50 {
		r := run(t, config(p), "race", fmt.Sprint(n), "OUT", denied, open)
		if r.err != nil || len(r.words) != 4 {
			t.Fatalf("%v %v\n%s", r.err, r.words, r.log)
		}
		bypassed, opened, refused, flips = bypassed+r.words[0], opened+r.words[1], refused+r.words[2], flips+r.words[3]
		if opened > 0 && refused > 0 && flips >= n {
			break
		}
	}
	t.Logf("%d flips: bypassed %d, opened %d, refused %d", flips, bypassed, opened, refused)
	equal(t, "bypasses", bypassed, 0)
	if opened == 0 || refused == 0 || flips < n {
		t.Error("no race took place")
	}
}

// The guest's own seccomp filters come after the entry event and before the filters, which stand in for the kernel
// behind them. What a filter makes of the arguments is not judged again.
func TestSeccompBeforeFilters(t *testing.T) {
	var entered, asked []abi.Sysno
	var results []int64
	p := install(func(h *plugin.Host) {
		set := plugin.Numbers(nrGetppid, nrMagic)
		h.OnSyscall(set, func(c *plugin.Call) { entered = append(entered, c.Number()) })
		h.FilterSyscalls(set, func(c *plugin.Call) plugin.Verdict {
			asked = append(asked, c.Number())
			return plugin.Return(5)
		})
		h.OnSyscallReturn(set, func(c *plugin.Call) {
			v, _ := c.Result()
			results = append(results, v)
		})
	})
	r := run(t, config(p), "seccomp", strconv.Itoa(nrGetppid), strconv.Itoa(int(abi.EXDEV)), "calls", "OUT", call(nrGetppid), call(nrMagic))
	if r.err != nil {
		t.Fatalf("%v\n%s", r.err, r.log)
	}
	equal(t, "results", r.words, []int64{errno(abi.EXDEV), 5})
	equal(t, "entry events", entered, []abi.Sysno{nrGetppid, nrMagic})
	equal(t, "filters asked", asked, []abi.Sysno{nrMagic})
	equal(t, "return events", results, []int64{errno(abi.EXDEV), 5})
}

// Requests by way of rings would get past filters, so there are no rings while anything is filtered.
func TestNoRingsBesideFilters(t *testing.T) {
	const nrIoSetup, nrIoSubmit, nrUringSetup, nrUringEnter, nrUringRegister = 0, 2, 425, 426, 427
	list := []string{
		call(nrIoSetup, 8, "b:8"), call(nrIoSubmit, 1, 0, 0), call(nrUringSetup, 8, "b:120"),
		call(nrUringEnter, 0, 0, 0, 0), call(nrUringRegister, 0, 8, 0, 0),
	}
	perm := errno(abi.EPERM)
	p := filter(magic, func(*plugin.Call) plugin.Verdict { return plugin.Pass })
	equal(t, "with a filter of another call", calls(t, []plugin.Plugin{p}, list...), []int64{perm, perm, perm, perm, perm})
	tracer := install(func(h *plugin.Host) { h.OnSyscall(magic, func(*plugin.Call) {}) })
	if got := calls(t, []plugin.Plugin{tracer}, list...); got[0] != 0 || got[1] == perm {
		t.Errorf("with a tracer only: %v", got)
	}
	r := run(t, config(), "seccomp", strconv.Itoa(nrGetppid), "1", "calls", "OUT", call(nrUringSetup, 8, "b:120"))
	if r.err != nil {
		t.Fatal(r.err)
	}
	equal(t, "with a seccomp filter", r.words, []int64{perm})
}
