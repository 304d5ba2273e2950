//go:build linux

package plugins

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

// pprof runs go tool pprof on a file.
func pprof(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"tool", "pprof", "-symbolize=none"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("go tool pprof %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// total is the sum of a profile, as pprof says.
func total(t *testing.T, file, index string) string {
	t.Helper()
	m := regexp.MustCompile(`Total samples = (\S+)|of (\S+) total`).FindStringSubmatch(pprof(t, "-top", "-unit=count", "-sample_index="+index, file))
	if m == nil {
		t.Fatalf("%s: no total", file)
	}
	return m[1] + m[2]
}

// Every instruction is in the profile, and the stacks are those of the source.
func TestProfile(t *testing.T) {
	for _, cfg := range []weir.Config{{}, {Interpret: true}} {
		file := filepath.Join(t.TempDir(), "p.pprof")
		var c counted
		if r := run(t, cfg, "probe", []string{"work"}, bundle(t, "profile,period=500,file="+file), c.counter()); r.status != 0 {
			t.Fatalf("%+v", r)
		}
		if got, want := total(t, file, "instructions"), fmt.Sprint(c.insns); got != want {
			t.Errorf("%s instructions, want %s", got, want)
		}
		traces := pprof(t, "-traces", "-lines", file)
		if !regexp.MustCompile(`probe_fib \S*/probe\.c:\d+\n\s+probe_fib \S*/probe\.c:\d+\n(\s+probe_fib .*\n)*\s+probe_all \S*/probe\.c:\d+\n(\s+probe_all .*\n)*\s+main \S*/probe\.c:\d+\n\s+__libc_start_call_main`).MatchString(traces) {
			t.Errorf("no such stack in\n%.3000s", traces)
		}
	}
}

// Threads, and time; Go.
func TestProfileTime(t *testing.T) {
	dir := t.TempDir()
	for i, spec := range []string{"by=time,period=300", "period=2000,depth=20"} {
		file := filepath.Join(dir, fmt.Sprint(i))
		var c counted
		if r := run(t, weir.Config{}, "probe", []string{"threads", "3", "300"}, bundle(t, "profile,file="+file+","+spec), c.counter()); r.status != 0 {
			t.Fatalf("%+v", r)
		}
		if top := pprof(t, "-top", "-cum", file); !strings.Contains(top, "probe_fib") || !strings.Contains(top, " thread\n") {
			t.Errorf("%s:\n%s", spec, top)
		}
	}
	file := filepath.Join(dir, "go")
	if r := runFile(t, weir.Config{}, testenv.GuestGo(t, "test/guest/go/hooks"), nil, bundle(t, "profile,period=200,file="+file)); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	if traces := pprof(t, "-traces", file); !regexp.MustCompile(`main\.deep\n\s+main\.deep\n[^|]*sync\.\(\*WaitGroup\)\.Go\.func1\n\s+runtime\.goexit`).MatchString(traces) {
		t.Errorf("no stack of main.deep in\n%.3000s", traces)
	}
}

// Every process and program has a file.
func TestProfileProcesses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p")
	if r := command(t, "-plugin", "profile,period=50,file="+file, testenv.GuestC(t, "hooks"), "family"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	names, err := filepath.Glob(file + "*")
	if err != nil || len(names) != 4 {
		t.Fatalf("%q, %v", names, err)
	}
	for _, n := range names {
		if top := pprof(t, "-top", n); !strings.Contains(top, "Type: instructions") {
			t.Errorf("%s:\n%s", n, top)
		}
	}
	refuse(t, "profile,by=luck", "by=luck")
	refuse(t, "profile,period=0", "period=0")
}
