//go:build linux

// Package filter tests the syscall filter as a plugin author meets it: plugins are
// closures of the test, the guest is test/guest/c/filter.c, run inside the test's
// own process. Each requirement S-01 to S-35 has a test of that number.
package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// Guest syscall numbers used by the tests (asm-generic/unistd.h).
const (
	nrGetcwd    = 17
	nrOpenat    = 56
	nrClose     = 57
	nrRead      = 63
	nrWrite     = 64
	nrExitGroup = 94
	nrGetpid    = 172
	nrGetppid   = 173
	nrGetuid    = 174
	nrClone     = 220
	nrMagic     = 4096
)

// install makes a plugin of a function.
func install(f func(h *plugin.Host)) plugin.Plugin {
	return plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error { f(h); return nil })
}

// syncLog is a log that can be read while it is written.
type syncLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *syncLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *syncLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// result is what a guest run left.
type result struct {
	words []int64
	log   string
	err   error
	stats weir.Stats
}

// code returns the guest's exit status.
func (r result) code(t *testing.T) int {
	t.Helper()
	if r.err == nil {
		return 0
	}
	var ee *weir.ExitError
	if !errors.As(r.err, &ee) || ee.Signal != 0 {
		t.Fatalf("guest: %v", r.err)
	}
	return ee.Code
}

// run runs the guest's verb; "OUT" among args is replaced by the number of a pipe
// whose 64-bit words are returned.
func run(t *testing.T, cfg weir.Config, args ...string) result {
	t.Helper()
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(p[0])
	for i, a := range args {
		if a == "OUT" {
			args[i] = strconv.Itoa(p[1])
		}
	}
	var log bytes.Buffer
	cfg.Path, cfg.Args = testenv.GuestC(t, "filter"), args
	if cfg.Log == nil {
		cfg.Log = &log
	}
	proc, err := weir.Start(cfg)
	if err != nil {
		syscall.Close(p[1])
		return result{err: err, log: log.String()}
	}
	err = proc.Wait()
	syscall.Close(p[1])
	r := result{err: err, log: log.String(), stats: proc.Stats()}
	buf := make([]byte, 8*64)
	for {
		n, e := syscall.Read(p[0], buf)
		if e == syscall.EINTR {
			continue
		}
		if n <= 0 {
			return r
		}
		for i := 0; i+8 <= n; i += 8 {
			r.words = append(r.words, int64(binary.LittleEndian.Uint64(buf[i:])))
		}
	}
}

// calls runs the guest with these calls under plugins, which are named p0, p1 ...
// in the order of registration, and returns their results.
func calls(t *testing.T, plugins []plugin.Plugin, list ...string) []int64 {
	t.Helper()
	r := run(t, config(plugins...), append([]string{"calls", "OUT"}, list...)...)
	if r.err != nil {
		t.Fatalf("guest: %v\n%s", r.err, r.log)
	}
	if len(r.words) != len(list) {
		t.Fatalf("%d results for %d calls", len(r.words), len(list))
	}
	return r.words
}

func config(plugins ...plugin.Plugin) weir.Config {
	var cfg weir.Config
	for i, p := range plugins {
		cfg.Plugins = append(cfg.Plugins, weir.Plugin{Name: fmt.Sprintf("p%d", i), Plugin: p})
	}
	return cfg
}

func call(nr int, args ...any) string {
	var b strings.Builder
	fmt.Fprint(&b, nr)
	for _, a := range args {
		fmt.Fprintf(&b, ",%v", a)
	}
	return b.String()
}

// filter makes a plugin with one filter.
func filter(s plugin.Set, f func(c *plugin.Call) plugin.Verdict) plugin.Plugin {
	return install(func(h *plugin.Host) { h.FilterSyscalls(s, f) })
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s = %s, want %s", what, g, w)
	}
}

func errno(e abi.Errno) int64 { return -int64(e) }

// pipe makes a pipe that lives as long as the test.
func pipe(t *testing.T, p *[2]int) {
	t.Helper()
	if err := syscall.Pipe2(p[:], syscall.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(p[0]); syscall.Close(p[1]) })
}

func writeAll(fd int, b []byte) {
	for {
		if _, err := syscall.Write(fd, b); err != syscall.EINTR {
			return
		}
	}
}

// readAvailable returns what is in the pipe now.
func readAvailable(t *testing.T, p [2]int) string {
	t.Helper()
	b := make([]byte, 4096)
	for {
		n, err := syscall.Read(p[0], b)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return ""
		case err != nil:
			t.Fatal(err)
		default:
			return string(b[:n])
		}
	}
}
