//go:build linux

// Package probe tests instrumentation as a plugin author meets it: plugins are closures of the test, the guest
// is test/guest/c/probe.c, run inside the test's own process by every engine.
package probe

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugins/bundled"
)

// engines are the ways to execute guest code.
var engines = []struct {
	name string
	cfg  weir.Config
}{
	{"interp", weir.Config{Interpret: true}},
	{"jit", weir.Config{}},
	{"baseline", weir.Config{Baseline: true}},
	{"one", weir.Config{OneInsn: true}},
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

// run runs the guest under a plugin and returns its exit status and what was logged.
func run(t *testing.T, cfg weir.Config, p plugin.Plugin, args ...string) (status int, log string) {
	t.Helper()
	return runGuest(t, cfg, "probe", []weir.Plugin{{Name: "p", Plugin: p}}, args...)
}

// runAPI is run for the guest api.
func runAPI(t *testing.T, cfg weir.Config, p plugin.Plugin, args ...string) (status int, log string) {
	t.Helper()
	return runGuest(t, cfg, "api", []weir.Plugin{{Name: "p", Plugin: p}}, args...)
}

// runGuest runs a guest of test/guest/c under plugins.
func runGuest(t *testing.T, cfg weir.Config, guest string, plugins []weir.Plugin, args ...string) (status int, log string) {
	t.Helper()
	var buf lockedBuffer
	cfg.Path, cfg.Args, cfg.Log = testenv.GuestC(t, guest), args, io.MultiWriter(&buf, childLog{})
	cfg.Plugins = plugins
	proc, err := weir.Start(cfg)
	if err == nil {
		err = proc.Wait()
	}
	var ee *weir.ExitError
	switch {
	case err == nil:
	case errors.As(err, &ee) && ee.Signal == 0:
		status = ee.Code
	default:
		t.Fatalf("guest: %v\n%s", err, buf.String())
	}
	return status, buf.String()
}

// childLog is standard error in the processes of inChild.
type childLog struct{}

func (childLog) Write(p []byte) (int, error) {
	if os.Getenv(childMark) == "" {
		return len(p), nil
	}
	return os.Stderr.Write(p)
}

const childMark = "WEIR_PROBE_CHILD"

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// probed calls f for each instruction of a function probe_* of the guest.
func probed(b *plugin.Block, f func(i *plugin.Insn, fn string)) {
	for _, i := range b.Insns {
		if s, ok := i.Symbol(); ok && strings.HasPrefix(s.Raw, "probe_") {
			f(i, s.Raw)
		}
	}
}

func mustSym(t *testing.T, h *plugin.Host, name string) abi.Addr {
	t.Helper()
	s, ok := h.Symbolizer().Find(name)
	if !ok {
		t.Errorf("no symbol %s", name)
	}
	return s.Addr
}

// inChild runs the calling test in a process of its own, whose descriptors and exit a guest may have. It returns what
// that process has printed; in there it returns true instead.
func inChild(t *testing.T) (output string, child bool) {
	t.Helper()
	if os.Getenv(childMark) == t.Name() {
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
	cmd.Env = append(os.Environ(), childMark+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out), false
}

// bundledPlugin makes a bundled plugin.
func bundledPlugin(t *testing.T, name string) plugin.Plugin {
	t.Helper()
	for _, p := range bundled.Plugins() {
		if p.Name == name {
			return p.New()
		}
	}
	t.Fatalf("no bundled plugin %s", name)
	return nil
}
