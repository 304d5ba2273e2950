//go:build linux

// Package programs runs whole programs under weir: the self-checking guest programs in every mode, with and without a
// syscall filter, Debian's busybox, Go's HTTP server and client, storms that are watched for leaks, and many starts under
// address space randomisation. It sees weir as a user does, as a binary. Start with [run] and matrix_test.go.
package programs

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// timeout is when a program counts as hung, unless a test says otherwise.
const timeout = 180 * time.Second

// long reports whether the slow combinations are to be tested as well.
func long() bool { return os.Getenv("WEIR_TEST_LONG") != "" }

// result is how a program ended.
type result struct {
	out, errs string
	status    int // exit status as a shell tells it: 128 + signal for a killed one
}

// both returns everything that the program printed.
func (r result) both() string { return r.out + r.errs }

// job is one program to run.
type job struct {
	command []string
	env     []string // added to the test's own
	stdin   string
	dir     string // empty for a fresh temporary folder, which is TMPDIR as well
	timeout time.Duration
}

// run runs a program to its end; one that hangs fails the test.
func run(t testing.TB, j job) result {
	t.Helper()
	if j.timeout == 0 {
		j.timeout = timeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.command[0], j.command[1:]...)
	tmp := t.TempDir()
	if cmd.Dir = j.dir; j.dir == "" {
		cmd.Dir = tmp
	}
	cmd.Env = append(append(os.Environ(), "TMPDIR="+tmp), j.env...)
	cmd.Stdin = strings.NewReader(j.stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	// A group of its own, so that whatever a hung program has started goes with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s: no end after %v\n%s%s", strings.Join(j.command, " "), j.timeout, tail(out.String()), tail(errs.String()))
	}
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", j.command[0], err)
	}
	return result{out.String(), errs.String(), status(cmd.ProcessState)}
}

// status returns the exit status of a process as a shell tells it.
func status(p *os.ProcessState) int {
	ws := p.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// tail returns the end of a long output.
func tail(s string) string {
	const most = 3000
	if len(s) > most {
		return "...\n" + s[len(s)-most:]
	}
	return s
}

// build builds a package of the module with go build and returns the program's path. It lives as long as the test run.
func build(t testing.TB, name, pkg string, args ...string) string {
	t.Helper()
	path, err := builder(name, pkg, args)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var built struct {
	sync.Mutex
	dir string
}

func builder(name, pkg string, args []string) (string, error) {
	built.Lock()
	defer built.Unlock()
	path := filepath.Join(built.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	root, err := testenv.Root()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", append(append([]string{"build", "-trimpath", "-o", path}, args...), pkg)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &buildError{cmd.Args, string(out), err}
	}
	return path, nil
}

type buildError struct {
	args []string
	out  string
	err  error
}

func (e *buildError) Error() string {
	return strings.Join(e.args, " ") + ": " + e.err.Error() + "\n" + e.out
}

// passFilter builds weir with a filter that passes everything, linked as weir is.
func passFilter(t testing.TB) string {
	t.Helper()
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	flags, err := exec.Command("make", "-s", "-C", root, "ldflags").Output()
	if err != nil {
		t.Fatalf("make ldflags: %v", err)
	}
	return build(t, "passfilter", "./test/programs/passfilter", "-ldflags="+strings.TrimSpace(string(flags)))
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "weir-programs-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		built.dir = dir
		return m.Run()
	}())
}
