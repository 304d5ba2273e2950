//go:build linux

// Package debian runs Debian's riscv64 userland under weir: shell scripts, Python with its own tests, Perl, databases,
// compressors, TLS, git, a compiler, dpkg and apt. All are dynamic programs that find their libraries and each other by -L.
// What they must print is in testdata, as it was recorded where the programs run natively. Most of it takes minutes and runs with
// WEIR_TEST_LONG=1. Start with [run].
package debian

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// program is a run of a program of the root.
type program struct {
	args    []string // args[0] is its path in the root
	dir     string   // empty for a fresh folder
	stdin   string
	timeout time.Duration // when it counts as hung; 0 for five minutes
	all     bool          // it needs more than the small root
}

// result is how a program ended.
type result struct {
	out, errs string
	status    int // as a shell tells it: 128 + signal for a killed one
}

// long skips a test that is only for WEIR_TEST_LONG.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("WEIR_TEST_LONG") == "" {
		t.Skip("takes long; WEIR_TEST_LONG=1 runs it")
	}
}

// run runs a program under weir to its end.
func run(t *testing.T, p program) result {
	t.Helper()
	root := testenv.Userland(t, p.all)
	if p.timeout == 0 {
		p.timeout = 5 * time.Minute
	}
	if p.dir == "" {
		p.dir = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	command := append([]string{testenv.Weir(t), "-L", root, filepath.Join(root, p.args[0])}, p.args[1:]...)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = p.dir
	// Nothing of the machine's own environment: it is another system's.
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=" + p.dir, "TMPDIR=" + p.dir, "LC_ALL=C.UTF-8", "TERM=dumb",
		"GIT_CONFIG_NOSYSTEM=1", "DEBIAN_FRONTEND=noninteractive",
	}
	cmd.Stdin = strings.NewReader(p.stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	// A group of its own, so that whatever a hung program has started goes with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s: no end after %v\n%s%s", strings.Join(p.args, " "), p.timeout, tail(out.String()), tail(errs.String()))
	}
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", p.args[0], err)
	}
	ws := cmd.ProcessState.Sys().(syscall.WaitStatus)
	status := ws.ExitStatus()
	if ws.Signaled() {
		status = 128 + int(ws.Signal())
	}
	return result{out.String(), errs.String(), status}
}

// want runs a program that must succeed and print text.
func want(t *testing.T, p program, text string) {
	t.Helper()
	r := run(t, p)
	if r.status != 0 || r.out != text {
		t.Errorf("%s: status %d, %s\n%s", strings.Join(p.args, " "), r.status, difference(r.out, text), tail(r.errs))
	}
}

// difference tells where an output leaves the path.
func difference(got, want string) string {
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "line " + strings.TrimSpace(w[i]) + " is " + strings.TrimSpace(g[i])
		}
	}
	if len(g) != len(w) {
		return "the output has another length\n" + tail(got)
	}
	return "output as wanted"
}

// data returns a file of testdata, and its path.
func data(t *testing.T, name string) (text, path string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), path
}

// tail returns the end of a long output.
func tail(s string) string {
	const most = 3000
	if len(s) > most {
		return "...\n" + s[len(s)-most:]
	}
	return s
}
