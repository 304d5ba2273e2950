//go:build linux

package programs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// server is an HTTP server running under weir.
type server struct {
	cmd  *exec.Cmd
	base string
	out  *bufio.Reader
	errs *bytes.Buffer
}

// startServer starts the foreign server and reads from it where it listens.
func startServer(t *testing.T, options ...string) *server {
	t.Helper()
	weir, program := testenv.Weir(t), testenv.GuestGo(t, "test/guest/go/httpserver")
	s := &server{cmd: exec.Command(weir, append(options, program)...), errs: new(bytes.Buffer)}
	s.cmd.Stderr = s.errs
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(timeout, func() { s.cmd.Process.Kill() })
	t.Cleanup(func() {
		hung.Stop()
		s.cmd.Process.Kill()
		s.cmd.Wait()
	})
	s.out = bufio.NewReader(out)
	line, err := s.out.ReadString('\n')
	var port int
	if _, scan := fmt.Sscanf(line, "port %d\n", &port); err != nil || scan != nil {
		t.Fatalf("the server said %q (%v)\n%s", line, err, s.errs)
	}
	s.base = fmt.Sprintf("http://127.0.0.1:%d", port)
	return s
}

// quit ends the server and wants a clean end.
func (s *server) quit(t *testing.T) {
	t.Helper()
	r, err := http.Post(s.base+"/quit", "", nil)
	if err != nil {
		t.Fatalf("quit: %v\n%s", err, s.errs)
	}
	r.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	rest, _ := io.ReadAll(s.out)
	if err := s.cmd.Wait(); err != nil || len(rest) != 0 || s.errs.Len() != 0 {
		t.Errorf("the server ended with %v\n%s%s", err, rest, s.errs)
	}
}

// get gets a URL with the host's own client.
func get(client *http.Client, url string) (string, error) {
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, body)
	}
	return string(body), err
}

// TestHTTPForeignClient has foreign clients ask a foreign server.
func TestHTTPForeignClient(t *testing.T) {
	weir, program := testenv.Weir(t), testenv.GuestGo(t, "test/guest/go/httpserver")
	s := startServer(t)
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := range 3 {
				name := fmt.Sprintf("client%d-%d", c, i)
				r := run(t, job{command: []string{weir, program, "get", s.base + "/hello?name=" + name}})
				if want := "hello " + name + "\n"; r.status != 0 || r.both() != want {
					t.Errorf("client: status %d, %q, want %q", r.status, tail(r.both()), want)
				}
			}
		})
	}
	wg.Wait()
	r := run(t, job{command: []string{weir, program, "get", s.base + "/big/16777216"}})
	if r.status != 0 || r.errs != "" || r.out != strings.Repeat("0123456789abcdef", 1<<20) {
		t.Errorf("big body: status %d, %d bytes\n%s", r.status, len(r.out), tail(r.errs))
	}
	r = run(t, job{command: []string{weir, program, "get", s.base + "/big/none"}})
	if r.status != 1 || !strings.Contains(r.out, "400 Bad Request") {
		t.Errorf("bad request: status %d, %q", r.status, tail(r.both()))
	}
	r = run(t, job{command: []string{weir, program, "get", s.base + "/hits"}})
	if r.both() != "14\n" {
		t.Errorf("hits %q, want 14", r.both())
	}
	s.quit(t)
}

// TestHTTPHostClient has the host ask a foreign server: concurrently, over connections that are kept, with big bodies in
// both directions.
func TestHTTPHostClient(t *testing.T) {
	for _, options := range [][]string{nil, {"-jit=off"}, {"-window"}} {
		t.Run(strings.Join(append([]string{"weir"}, options...), ""), func(t *testing.T) {
			s := startServer(t, options...)
			client := &http.Client{Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
			defer client.CloseIdleConnections()

			var reused, fresh atomic.Int64
			trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
				if i.Reused {
					reused.Add(1)
				} else {
					fresh.Add(1)
				}
			}}
			const workers, rounds = 12, 15
			var wg sync.WaitGroup
			for c := range workers {
				wg.Go(func() {
					for i := range rounds {
						req, err := http.NewRequest("GET", fmt.Sprintf("%s/hello?name=%d.%d", s.base, c, i), nil)
						if err != nil {
							t.Error(err)
							return
						}
						r, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
						if err != nil {
							t.Error(err)
							return
						}
						body, err := io.ReadAll(r.Body)
						r.Body.Close()
						if want := fmt.Sprintf("hello %d.%d\n", c, i); err != nil || string(body) != want {
							t.Errorf("got %q, %v, want %q", body, err, want)
						}
					}
				})
			}
			wg.Wait()
			if fresh.Load() > workers || reused.Load()+fresh.Load() != workers*rounds {
				t.Errorf("%d new connections, %d reused, want at most %d new", fresh.Load(), reused.Load(), workers)
			}

			size := 8 << 20
			if len(options) > 0 && options[0] == "-jit=off" {
				size = 1 << 18
			}
			rnd := rand.NewChaCha8([32]byte{1})
			body := make([]byte, size)
			rnd.Read(body)
			for range 2 {
				r, err := client.Post(s.base+"/hash", "application/octet-stream", bytes.NewReader(body))
				if err != nil {
					t.Fatalf("%v\n%s", err, s.errs)
				}
				got, err := io.ReadAll(r.Body)
				r.Body.Close()
				if want := fmt.Sprintf("%d %x\n", size, sha256.Sum256(body)); err != nil || string(got) != want {
					t.Errorf("hash of a big body: %q, %v, want %q", got, err, want)
				}
			}
			got, err := get(client, fmt.Sprintf("%s/big/%d", s.base, 2*size))
			if err != nil || got != strings.Repeat("0123456789abcdef", 2*size/16) {
				t.Errorf("big answer: %d bytes, %v, want %d", len(got), err, 2*size)
			}
			if got, err := get(client, s.base+"/hits"); err != nil || got != fmt.Sprintln(workers*rounds+3) {
				t.Errorf("hits %q, %v, want %d", got, err, workers*rounds+3)
			}
			client.CloseIdleConnections()
			s.quit(t)
		})
	}
}

// TestHTTPServerDiesBySignal wants a foreign server to end as a native one does when it gets a signal.
func TestHTTPServerDiesBySignal(t *testing.T) {
	s := startServer(t)
	if got, err := get(http.DefaultClient, s.base+"/hello?name=x"); err != nil || got != "hello x\n" {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := s.cmd.Wait()
	if s.cmd.ProcessState == nil || status(s.cmd.ProcessState) != 128+2 {
		t.Errorf("the server ended with %v, want death by SIGINT\n%s", err, s.errs)
	}
}

// TestGoTestExec runs the tests of a package of one's own as a user would: go test -exec weir. One test passes, and of the
// failing one the report must come through.
func TestGoTestExec(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/own\n\ngo 1.26\n",
		"own.go": `package own

import "runtime"

func Arch() string { return runtime.GOARCH }
`,
		"own_test.go": `package own

import (
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

func TestArch(t *testing.T) {
	if Arch() != "riscv64" {
		t.Fatal(Arch())
	}
}

func TestNet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err == nil {
			c.Write([]byte("hello"))
			c.Close()
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if n, err := c.Read(b); err != nil || string(b[:n]) != "hello" {
		t.Fatal(string(b[:n]), err)
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	l2, _ := net.Listen("tcp", "127.0.0.1:0")
	l2.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := l2.Accept(); !os.IsTimeout(err) {
		t.Fatal(err)
	}
}

func TestExec(t *testing.T) {
	if os.Getenv("OWN_CHILD") != "" {
		println("child", Arch())
		os.Exit(7)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestExec$")
	cmd.Env = append(os.Environ(), "OWN_CHILD=1")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 7 || string(out) != "child riscv64\n" {
		t.Fatal(err, string(out))
	}
	// A native program of the machine.
	if out, err := exec.Command("/bin/sh", "-c", "echo native; exit 3").CombinedOutput(); string(out) != "native\n" || err == nil {
		t.Fatal(err, string(out))
	}
}

func TestSignal(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	syscall.Kill(os.Getpid(), syscall.SIGHUP)
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("no signal")
	}
}

func TestTime(t *testing.T) {
	start := time.Now()
	n := 0
	tick := time.NewTicker(5 * time.Millisecond)
	for range 10 {
		<-tick.C
		n++
	}
	if d := time.Since(start); d < 45*time.Millisecond || d > 5*time.Second {
		t.Fatal(d)
	}
}

func TestFails(t *testing.T) { t.Error("this one is to fail") }
`,
	} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	j := job{
		command: []string{"go", "test", "-v", "-count=1", "-exec", testenv.Weir(t), "."}, dir: dir, timeout: 3 * time.Minute,
		env: []string{"GOOS=linux", "GOARCH=riscv64", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"},
	}
	r := run(t, j)
	if r.status != 1 {
		t.Errorf("go test ended with status %d, want 1", r.status)
	}
	for _, want := range []string{
		"--- PASS: TestArch", "--- PASS: TestNet", "--- PASS: TestExec", "--- PASS: TestSignal", "--- PASS: TestTime",
		"--- FAIL: TestFails", "this one is to fail",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(tail(r.both()))
	}
}
