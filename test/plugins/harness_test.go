//go:build linux

// Package plugins tests the bundled plugins on real guests. Guests that do not fork run in the test's own process, by
// the library API, where plugins of the test can count beside the bundled ones; the others run under the weir
// command. The guest "exact" is written in assembly: what it executes is known to the instruction.
package plugins

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugins/bundled"
)

// result is how a guest ended.
type result struct {
	status int
	signal abi.Signal
	log    string // what plugins have reported and logged
	stats  weir.Stats
}

// bundle makes a bundled plugin of what -plugin takes: "NAME" or "NAME,key=value,...".
func bundle(t *testing.T, spec string) weir.Plugin {
	t.Helper()
	name, rest, _ := strings.Cut(spec, ",")
	args, err := plugin.ParseArgs(rest)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range bundled.Plugins() {
		if info.Name == name {
			return weir.Plugin{Name: name, Plugin: info.New(), Args: args}
		}
	}
	t.Fatalf("no bundled plugin %q", name)
	return weir.Plugin{}
}

// own makes a plugin of a function.
func own(name string, f func(h *plugin.Host)) weir.Plugin {
	return weir.Plugin{Name: name, Plugin: plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error { f(h); return nil })}
}

// counted are the sums of a run as a plugin of the test counts them, by an operation inside each instruction.
type counted struct {
	insns, loads, stores uint64
	blocks               uint64 // executions
}

// counter makes the plugin that counts c, at the end of the run.
func (c *counted) counter() weir.Plugin {
	return own("counter", func(h *plugin.Host) {
		board := plugin.NewScoreboard[counted](h)
		insns := plugin.FieldCounter(board, func(c *counted) *uint64 { return &c.insns })
		loads := plugin.FieldCounter(board, func(c *counted) *uint64 { return &c.loads })
		stores := plugin.FieldCounter(board, func(c *counted) *uint64 { return &c.stores })
		blocks := plugin.FieldCounter(board, func(c *counted) *uint64 { return &c.blocks })
		h.OnTranslate(func(b *plugin.Block) {
			b.Add(blocks, 1)
			for _, i := range b.Insns {
				i.Add(insns, 1)
				i.AddOnMem(plugin.MemRead, loads, 1)
				i.AddOnMem(plugin.MemWrite, stores, 1)
			}
		})
		h.OnExit(func(plugin.ExitInfo) {
			*c = counted{insns.Sum(), loads.Sum(), stores.Sum(), blocks.Sum()}
		})
	})
}

// run runs test/guest/c/PROG.c in this process. It must not fork.
func run(t *testing.T, cfg weir.Config, prog string, args []string, plugins ...weir.Plugin) result {
	t.Helper()
	return runFile(t, cfg, testenv.GuestC(t, prog), args, plugins...)
}

func runFile(t *testing.T, cfg weir.Config, path string, args []string, plugins ...weir.Plugin) (r result) {
	t.Helper()
	var log lockedBuffer
	cfg.Path, cfg.Args, cfg.Log, cfg.Plugins = path, args, &log, plugins
	proc, err := weir.Start(cfg)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	err = proc.Wait()
	var ee *weir.ExitError
	switch {
	case errors.As(err, &ee):
		r.status, r.signal = ee.Code, ee.Signal
	case err != nil:
		t.Fatal(err)
	}
	r.log, r.stats = log.String(), proc.Stats()
	return r
}

// command runs the weir binary with a program and returns what it printed on standard error, where reports go. A
// signal that kills it is a result like any status.
func command(t *testing.T, args ...string) (r result) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, testenv.Weir(t), args...)
	var out bytes.Buffer
	cmd.Stderr = &out
	err := cmd.Run()
	var ee *exec.ExitError
	if err != nil && !errors.As(err, &ee) || ctx.Err() != nil {
		t.Fatalf("weir %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	r.log, r.status = out.String(), cmd.ProcessState.ExitCode()
	if r.status < 0 {
		r.status = 0
		r.signal = abi.Signal(signalOf(cmd.ProcessState))
	}
	return r
}

// refuse checks that the command does not start with a plugin's arguments, and that it says why in one line.
func refuse(t *testing.T, spec, want string) {
	t.Helper()
	r := command(t, "-plugin", spec, testenv.GuestC(t, "exact"))
	if r.status == 0 || strings.Count(r.log, "\n") != 1 || !strings.Contains(r.log, want) {
		t.Errorf("-plugin %s: status %d, %q; want one line with %q", spec, r.status, r.log, want)
	}
}

// lockedBuffer is a log that several threads write to.
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
