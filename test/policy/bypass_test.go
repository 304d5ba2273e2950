//go:build linux

// Package policy tests that a policy holds: programs that try every way round it that we know of, the
// profiles that containers use, learning and the audit log, each with the weir binary as a user runs it.
package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// timeout is for a program that hangs.
const timeout = 5 * time.Minute

// output runs a command and returns what it printed, and its exit status.
func output(t *testing.T, dir string, env []string, command ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s: no end after %v\n%s", strings.Join(command, " "), timeout, buf.String())
	}
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return buf.String(), cmd.ProcessState.ExitCode()
}

func write(t *testing.T, name string, text any) string {
	t.Helper()
	b, ok := text.(string)
	if !ok {
		j, err := json.MarshalIndent(text, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		b = string(j)
	}
	if err := os.WriteFile(name, []byte(b), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// target is what the attacks are after.
type target struct {
	dir             string
	denied, allowed int // ports
	raced           atomic.Int64
}

// newTarget makes the folders of some attacks and listens at two ports.
func newTarget(t *testing.T, prog string, names []string) *target {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g := &target{dir: dir}
	copied := filepath.Join(dir, "prog")
	b, err := os.ReadFile(prog)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(copied, b, 0o755))
	for _, n := range names {
		for _, d := range []string{"secret", "open"} {
			sub := filepath.Join(dir, n, d)
			must(os.MkdirAll(sub, 0o755))
			must(os.Link(copied, filepath.Join(sub, "prog")))
			text := "public"
			if d == "secret" {
				text = "secret"
				must(os.Symlink("file", filepath.Join(sub, "link")))
			}
			must(os.WriteFile(filepath.Join(sub, "file"), []byte(text), 0o644))
		}
		if strings.HasPrefix(n, "sock") {
			c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, n, "secret", "sock"), Net: "unixgram"})
			must(err)
			t.Cleanup(func() { c.Close() })
		}
	}
	g.denied, g.allowed = g.listen(t, true), g.listen(t, false)
	return g
}

// listen listens at a port, TCP and UDP.
func (g *target) listen(t *testing.T, denied bool) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			l.Close()
			continue
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		})
		wg.Go(func() {
			b := make([]byte, 64)
			for {
				n, _, err := u.ReadFrom(b)
				if err != nil {
					return
				}
				if denied && string(b[:n]) == "race" {
					g.raced.Add(1)
				}
			}
		})
		t.Cleanup(func() { l.Close(); u.Close(); wg.Wait() })
		return port
	}
	t.Fatal("no port is free for TCP and UDP")
	return 0
}

// profile denies the secrets and the port. Each folder has a pattern of its own, without *, so
// that moving a folder above it would matter.
func (g *target) profile(t *testing.T, names []string) string {
	var paths []string
	for _, n := range names {
		paths = append(paths, filepath.Join(g.dir, n, "secret")+"/*")
	}
	return write(t, filepath.Join(t.TempDir(), "profile.json"), map[string]any{"weir": map[string]any{"rules": []any{
		map[string]any{"path": paths, "action": "deny"},
		map[string]any{"host": "127.0.0.1", "port": g.denied, "action": "deny"},
		map[string]any{"host": "127.0.0.2", "port": g.denied, "action": "deny"},
	}}})
}

// run makes the attacks and returns what came out of each.
func (g *target) run(t *testing.T, options []string, prog string, names []string, env ...string) map[string]string {
	t.Helper()
	command := append([]string{testenv.Weir(t)}, options...)
	command = append(command, prog, g.dir, strconv.Itoa(g.denied), strconv.Itoa(g.allowed))
	out, status := output(t, "/", env, append(command, names...)...)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, out)
	}
	results := map[string]string{}
	for line := range strings.Lines(out) {
		name, result, _ := strings.Cut(strings.TrimSpace(line), " ")
		results[name] = result
	}
	for _, n := range names {
		if results[n] == "" {
			t.Errorf("%s: no result\n%s", n, out)
		}
	}
	return results
}

// attacks asks a guest program for its attacks.
func attacks(t *testing.T, prog string) []string {
	out, _ := output(t, "/", nil, testenv.Weir(t), prog, "list")
	return strings.Fields(out)
}

// counted are attacks whose success only the test can see.
var counted = map[string]bool{"racesendto": true, "racesendmsg": true}

// Every attack works without a policy, which shows that it is one, and none with it.
func testBypass(t *testing.T, prog string) {
	names := attacks(t, prog)
	if len(names) < 10 {
		t.Fatalf("attacks %v", names)
	}
	free := newTarget(t, prog, names)
	var notHere []string
	results := free.run(t, nil, prog, names)
	for n, r := range results {
		switch {
		case r == "n/a":
			notHere = append(notHere, n)
		case r != "1" && !counted[n]:
			t.Errorf("%s: %s without a policy: it is no attack", n, r)
		}
	}
	if n := free.raced.Load(); n == 0 && results["racesendto"] != "" {
		t.Error("no datagram reached the port without a policy")
	}
	t.Logf("%d attacks; not possible on this machine: %v", len(names), notHere)
	for _, mode := range []string{"", "-jit=off"} {
		if mode != "" && os.Getenv("WEIR_TEST_LONG") == "" {
			break
		}
		held := newTarget(t, prog, names)
		options := []string{"-policy", held.profile(t, names)}
		if mode != "" {
			options = append(options, mode)
		}
		var env []string
		if os.Getenv("WEIR_TEST_LONG") != "" {
			env = append(env, "BYPASS_FLIPS=100000")
		}
		for n, r := range held.run(t, options, prog, names, env...) {
			if r != "0" && r != "n/a" {
				t.Errorf("%s: %s: got round the policy", n, r)
			}
		}
		if n := held.raced.Load(); n != 0 {
			t.Errorf("%d datagrams reached the denied port", n)
		}
	}
}

func TestBypassC(t *testing.T) {
	prog, err := testenv.BuildC(testenv.RISCV64, "test/policy/guest/bypass.c")
	if err != nil {
		t.Fatal(err)
	}
	testBypass(t, prog)
}

func TestBypassGo(t *testing.T) { testBypass(t, testenv.GuestGo(t, "test/policy/guest/goway")) }
