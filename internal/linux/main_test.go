//go:build linux

package linux

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/machine"
	"github.com/weir-emu/weir/internal/mem"
	"github.com/weir-emu/weir/internal/testenv"
)

// The main thread of a guest has the process ID.
func init() { runtime.LockOSThread() }

// guestRun is how the test binary, run again, runs a guest.
type guestRun struct {
	Path    string
	Argv    []string
	JIT     bool
	Window  bool
	Sysroot string
	Catch   bool
	Seccomp []SeccompFilter
	Board   int
	Deny    bool
}

// matrix are the ways in which every guest program must behave the same.
var matrix = []guestRun{{JIT: true}, {}, {JIT: true, Window: true}, {Window: true}}

const guestEnv = "WEIR_TEST_GUEST"

func TestMain(m *testing.M) {
	if err := hostsys.Init(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if spec := os.Getenv(guestEnv); spec != "" {
		var g guestRun
		if err := json.Unmarshal([]byte(spec), &g); err != nil {
			panic(err)
		}
		g.run()
	}
	os.Exit(m.Run())
}

func (g *guestRun) run() {
	guest, err := machine.GuestByName("riscv64", "")
	if err != nil {
		panic(err)
	}
	leave := func(status int, sig abi.Signal) {
		if sig != 0 {
			hostsys.DieBySignal(int(sig))
		}
		hostsys.ExitProcess(status)
	}
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, guestEnv+"=") {
			env = append(env, e)
		}
	}
	env = append(env, testenv.Missing(g.Window, false))
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cfg := &Config{
		Guest: guest, Mem: mem.Config{Window: g.Window}, Sysroot: g.Sysroot, CatchFatal: g.Catch, Exit: leave, Seccomp: g.Seccomp, DenyNative: g.Deny, Board: g.Board,
		NewEngine: func(sp *mem.Space) (*engine.Engine, error) {
			ec := engine.Config{Guest: guest, Mem: sp, Options: host.Options{GSBase: sp.Base() != 0}}
			if g.JIT {
				ec.Backend = machine.NewBackend(guest.Arch)
			}
			return engine.New(ec)
		},
		Reexec: func(path string, argv, envp []string, confined []SeccompFilter, board int) (string, []string, []string) {
			n := *g
			n.Path, n.Argv, n.Seccomp, n.Board = path, argv, confined, max(board, 0)
			spec, _ := json.Marshal(n)
			return self, []string{self}, append(envp, guestEnv+"="+string(spec))
		},
	}
	p, err := New(cfg, g.Path, g.Argv, env)
	if err != nil {
		fmt.Fprintln(os.Stderr, "weir:", err)
		os.Exit(126)
	}
	status, sig, err := p.Run()
	if err != nil {
		panic(err)
	}
	leave(status, sig)
}

// runGuest runs a guest program in a process of its own.
func runGuest(t testing.TB, g guestRun) (out string, state *os.ProcessState) {
	t.Helper()
	if len(g.Argv) == 0 {
		g.Argv = []string{g.Path}
	}
	spec, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), guestEnv+"="+string(spec))
	b, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Errorf("%s did not end in time", g.Path)
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState
}
