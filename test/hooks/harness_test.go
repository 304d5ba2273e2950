//go:build linux

// Package hooks tests what plugins do with guest functions by name: watching, replacing and calling them. Plugins are
// closures of the test; the guests are test/guest/c/hooks.c and test/guest/go/hooks.
package hooks

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

var engines = []struct {
	name string
	cfg  weir.Config
}{
	{"interp", weir.Config{Interpret: true}},
	{"jit", weir.Config{}},
}

// each runs f as a subtest for every engine.
func each(t *testing.T, f func(t *testing.T, cfg weir.Config)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { f(t, e.cfg) })
	}
}

// install makes a plugin of a function.
func install(f func(h *plugin.Host)) plugin.Plugin {
	return plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error { f(h); return nil })
}

// result is what became of a guest.
type result struct {
	status int
	signal abi.Signal
	out    string
}

// run runs a guest program under a plugin. What it writes to its standard output is kept from the test's.
func run(t *testing.T, cfg weir.Config, path string, p plugin.Plugin, args ...string) (r result) {
	t.Helper()
	var out journal
	stdout := install(func(h *plugin.Host) {
		h.FilterSyscalls(plugin.Syscalls("write"), func(c *plugin.Call) plugin.Verdict {
			if c.Arg(0) != 1 {
				return plugin.Pass
			}
			b, err := c.Bytes(1, int(c.Arg(2)))
			if err != nil {
				return plugin.Pass
			}
			out.add(string(b))
			return plugin.Return(int64(len(b)))
		})
	})
	cfg.Path, cfg.Args, cfg.Log = path, args, os.Stderr
	cfg.Plugins = []weir.Plugin{{Name: "stdout", Plugin: stdout}, {Name: "p", Plugin: p}}
	proc, err := weir.Start(cfg)
	if err == nil {
		err = proc.Wait()
	}
	r.out = strings.Join(out.lines, "")
	var ee *weir.ExitError
	switch {
	case err == nil:
	case errors.As(err, &ee):
		r.status, r.signal = ee.Code, ee.Signal
	default:
		t.Fatalf("guest: %v", err)
	}
	return r
}

func guest(t *testing.T) string {
	t.Helper()
	return testenv.GuestC(t, "hooks")
}

// want runs the C guest and checks what it prints.
func want(t *testing.T, cfg weir.Config, p plugin.Plugin, arg string, out string) {
	t.Helper()
	if r := run(t, cfg, guest(t), p, arg); r.status != 0 || r.signal != 0 || r.out != out {
		t.Errorf("%s: %+v, want %q", arg, r, out)
	}
}

// journal collects lines from several threads.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(s string) {
	j.mu.Lock()
	j.lines = append(j.lines, s)
	j.mu.Unlock()
}

func (j *journal) check(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(j.lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// inChild runs the calling test in a process of its own, whose descriptors and exit a guest may have. It returns what
// that process has printed; in there it returns true instead.
func inChild(t *testing.T) (output string, child bool) {
	t.Helper()
	const mark = "WEIR_HOOKS_CHILD"
	if os.Getenv(mark) == t.Name() {
		return "", true
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var run []string
	for part := range strings.SplitSeq(t.Name(), "/") {
		run = append(run, "^"+part+"$")
	}
	cmd := exec.Command(exe, "-test.run="+strings.Join(run, "/"), "-test.timeout=300s")
	cmd.Env = append(os.Environ(), mark+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out), false
}
