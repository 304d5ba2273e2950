//go:build linux

package plugins

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// traceEvent has every field that may be in a file; those that must be there are pointers.
type traceEvent struct {
	Name *string           `json:"name"`
	Cat  string            `json:"cat"`
	Ph   *string           `json:"ph"`
	TS   *float64          `json:"ts"`
	Dur  *float64          `json:"dur"`
	PID  *int              `json:"pid"`
	TID  *int              `json:"tid"`
	S    string            `json:"s"`
	Args map[string]string `json:"args"`
}

// readTrace reads a trace file and takes nothing that the format does not allow; slices of a thread are nested.
func readTrace(t *testing.T, name string) (list []traceEvent) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(data, []byte("]\n")) { // killed
		data = append(data, "]\n"...)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("%s goes on after its end", name)
	}
	type slice struct{ from, to float64 }
	threads := map[int][]slice{}
	for _, e := range list {
		if e.Name == nil || *e.Name == "" || e.Ph == nil || e.TS == nil || e.PID == nil || e.TID == nil || *e.TS < 0 {
			t.Fatalf("%s: an event without a field: %+v", name, e)
		}
		if *e.PID != *list[0].PID {
			t.Errorf("%s: events of several processes", name)
		}
		switch *e.Ph {
		case "M":
			if *e.Name != "process_name" && *e.Name != "thread_name" || e.Args["name"] == "" {
				t.Errorf("%s: %+v", name, e)
			}
		case "i":
			if e.S != "t" && e.S != "p" || e.Dur != nil {
				t.Errorf("%s: %+v", name, e)
			}
		case "X":
			if e.Dur == nil || *e.Dur < 0 || e.S != "" {
				t.Fatalf("%s: %+v", name, e)
			}
			threads[*e.TID] = append(threads[*e.TID], slice{*e.TS, *e.TS + *e.Dur})
		default:
			t.Errorf("%s: phase %q", name, *e.Ph)
		}
	}
	const eps = 1e-3 // of rounding, in microseconds
	for tid, l := range threads {
		slices.SortStableFunc(l, func(a, b slice) int {
			switch {
			case a.from != b.from:
				return int(min(max((a.from-b.from)*1e9, -1), 1))
			case a.to > b.to:
				return -1
			}
			return 1
		})
		var open []slice
		for _, s := range l {
			for len(open) > 0 && open[len(open)-1].to <= s.from+eps {
				open = open[:len(open)-1]
			}
			if n := len(open); n > 0 && s.to > open[n-1].to+eps {
				t.Fatalf("%s: thread %d: %+v crosses %+v", name, tid, s, open[n-1])
			}
			open = append(open, s)
		}
	}
	return list
}

// count is how many events a trace has of a category, "" for all, and name, "" for all.
func count(list []traceEvent, cat, name string) (n int) {
	for _, e := range list {
		if (cat == "" || e.Cat == cat) && (name == "" || *e.Name == name) {
			n++
		}
	}
	return n
}

func TestTrace(t *testing.T) {
	for _, functions := range []string{"off", "on"} {
		file := filepath.Join(t.TempDir(), "t.json")
		var calls, threads, signals, waits atomic.Int64
		r := run(t, weir.Config{}, "probe", []string{"threads", "3", "20"}, bundle(t, "trace,file="+file+",functions="+functions), own("count", func(h *plugin.Host) {
			h.OnSyscall(plugin.AllSyscalls, func(*plugin.Call) { calls.Add(1) })
			h.OnThreadStart(func(*plugin.VCPU) { threads.Add(1) })
			h.OnSignal(func(*plugin.VCPU, plugin.Signal) { signals.Add(1) })
			h.OnBlocked(func(*plugin.VCPU) { waits.Add(1) })
		}))
		if r.status != 0 {
			t.Fatalf("%+v", r)
		}
		l := readTrace(t, file)
		if n := count(l, "syscall", ""); n == 0 || int64(n) != calls.Load() {
			t.Errorf("%d system calls, want %d", n, calls.Load())
		}
		if n := count(l, "thread", ""); n < 2 || int64(n) != threads.Load() || n != count(l, "", "thread_name") {
			t.Errorf("%d threads, want %d", n, threads.Load())
		}
		if n := count(l, "wait", ""); n == 0 || int64(n) != waits.Load() {
			t.Errorf("%d waits, want %d", n, waits.Load())
		}
		if n := count(l, "signal", ""); int64(n) != signals.Load() {
			t.Errorf("%d signals, want %d", n, signals.Load())
		}
		if n := count(l, "function", "probe_fib"); (n > 0) != (functions == "on") {
			t.Errorf("functions=%s: %d times in probe_fib", functions, n)
		}
		i := slices.IndexFunc(l, func(e traceEvent) bool { return *e.Name == "exit_group" })
		if i < 0 || l[i].Args["status"] != "0" || count(l, "process", "exit") != 1 {
			t.Errorf("no end: %+v", l[max(i, 0)])
		}
	}
}

// Every process and program has a file, also those that end by a signal.
func TestTraceProcesses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "t.json")
	r := command(t, "-plugin", "trace,file="+file, testenv.GuestC(t, "hooks"), "family")
	if r.status != 0 {
		t.Fatalf("%+v", r)
	}
	names, err := filepath.Glob(file + "*")
	if err != nil {
		t.Fatal(err)
	}
	killed, forks := 0, 0
	for _, n := range names {
		l := readTrace(t, n)
		for _, e := range l {
			if *e.Name == "exit" && e.Args["signal"] != "" {
				killed++
			}
			if e.Cat == "syscall" && strings.HasPrefix(*e.Name, "clone") && e.Args["result"] != "" {
				forks++
			}
		}
	}
	if len(names) != 4 || killed != 1 || forks != 2 {
		t.Errorf("%d files, %d killed, %d forks", len(names), killed, forks)
	}
	refuse(t, "trace,args=maybe", "args=maybe")
	refuse(t, "trace,file="+dir, dir)
}
