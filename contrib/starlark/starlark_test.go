package starlark

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

func scriptFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "policy.star")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func guest(t *testing.T, text string, more ...string) (*plugintest.Guest, *filters) {
	t.Helper()
	g, f := plugintest.New(), new(filters)
	if err := g.Install("starlark", f, strings.Join(append([]string{"file=" + scriptFile(t, text)}, more...), ",")); err != nil {
		t.Fatal(err)
	}
	return g, f
}

func TestVerdicts(t *testing.T) {
	g, _ := guest(t, `
def _etc(path):
    return path.startswith("/etc/")

def openat(c, dfd, path, flags, mode):
    if dfd != -100 or c.arg(2) != flags:
        return EBADF
    if _etc(path):
        return EACCES
    if path == "/answer":
        return 42
    if path == "/other":
        c.set_path(1, "/real")
    if path == "/exit":
        return exit(3)
    if path == "/kill":
        return kill("SIGSYS")
    if path == "/again":
        return restart()
    if path == "/invoke":
        return c.invoke() + 7
    if path == "/getpid":
        return c.invoke("getpid")

def getpid(c):
    return 5

def getuid_return(c):
    return c.result + 1000

def getppid_return(c, *args):
    return None
`)
	g.Handle("openat", func(*plugin.Call) int64 { return 3 })
	g.Handle("getpid", func(*plugin.Call) int64 { return 77 })
	for _, tc := range []struct {
		path  string
		value int64
		kind  plugin.VerdictKind
		real  string
	}{
		{"/etc/passwd", abi.EACCES.Result(), plugin.VerdictReturn, ""},
		{"/tmp/x", 3, plugin.VerdictPass, "/tmp/x"},
		{"/answer", 42, plugin.VerdictReturn, ""},
		{"/other", 3, plugin.VerdictPass, "/real"},
		{"/invoke", 10, plugin.VerdictReturn, ""},
		{"/getpid", 77, plugin.VerdictReturn, ""},
	} {
		r := g.Do("openat", -100, tc.path, 1)
		if r.Value != tc.value || r.Verdict.Kind() != tc.kind || tc.real != "" && r.Paths[1] != tc.real {
			t.Errorf("%s: %+v", tc.path, r)
		}
	}
	if r := g.Do("openat", -100, "/again", 1); r.Verdict != plugin.Restart {
		t.Errorf("restart: %+v", r)
	}
	if r := g.Do("getpid"); r.Value != 5 || r.Ran {
		t.Errorf("getpid: %+v", r)
	}
	if r := g.Do("getuid"); r.Value != 1000 || !r.Ran {
		t.Errorf("return hook: %+v", r)
	}
	for path, want := range map[string]plugin.Verdict{"/exit": plugin.Exit(3), "/kill": plugin.Kill(abi.SIGSYS)} {
		g, _ := guest(t, `def openat(c, dfd, path, flags, mode): return exit(3) if path == "/exit" else kill(31)`)
		if r := g.Do("openat", -100, path, 0); r.Verdict != want {
			t.Errorf("%s: %v", path, r.Verdict)
		}
	}
}

func TestPrintCountMemory(t *testing.T) {
	g, _ := guest(t, `
def syscall(c):
    count(c.name)

def write(c, fd, buf, count_):
    print("write", fd, c.mem(buf, count_), c.tid)
    c.write(buf, "HELLO")
    count("bytes", count_)

def openat(c):
    print(c.text)

def getpid(c):
    print(c.regs["a7"], c.name, c.number == c.regs["a7"], len(c.args))
    c.set_reg("s2", 99)
`)
	at := g.Alloc([]byte("hello"))
	g.Do("write", 1, at, 5)
	var b [5]byte
	g.Do("openat", -100, "/x", 0)
	g.Do("getpid")
	if x := g.Main().VCPU(); x.ReadMem(at, b[:]) == nil {
		t.Error("memory is accessible outside of callbacks")
	}
	g.Exit(plugin.ExitInfo{})
	out := g.Output()
	for _, want := range []string{"write 1 hello 1000", `openat(-100, "/x", 0`, "172 getpid True 8", "bytes: 5\n", "getpid: 1\n", "openat: 1\n", "write: 1\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"def openat(c, dfd path):\n  pass", "policy.star:1:23: "},
		{"x = 1\nx = undefined_name", "policy.star:2:5: undefined: undefined_name"},
		{"def opneat(c): pass", `policy.star:1:1: "opneat" is no syscall`},
		{"def opneat_return(c): pass", `policy.star:1:1: "opneat_return" is no syscall`},
		{"x = 0\nwhile True:\n  x += 1", "policy.star:3:"},
		{"x = 0\nwhile True:\n  x += 1", "no end after 1000000 steps"},
		{"x = [][3]", "policy.star:1:7: "},
		{"x = exit()", "want 1 arguments"},
		{`x = kill("SIGNONE")`, `unknown signal "SIGNONE"`},
	} {
		err := plugintest.New().Install("starlark", new(filters), "file="+scriptFile(t, tc.text))
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
	for _, tc := range []struct{ args, want string }{
		{"", "want file=FILE"},
		{"file=/none", "no such file"},
		{"file=/none,steps=x", "want a number"},
		{"fiel=x", `unknown argument "fiel"`},
	} {
		err := plugintest.New().Install("starlark", new(filters), tc.args)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.args, err, tc.want)
		}
	}
}

// A function that fails ends the run, and says where.
func TestFailing(t *testing.T) {
	for _, tc := range []struct{ body, want string }{
		{"  return [1]", "returned list: want None, a number"},
		{"  return c.nothing", "policy.star:2:11: call has no .nothing field"},
		{"  x = 0\n  while True: x += 1", "no end after 500 steps"},
		{"  return c.mem(1, 1 << 40)", "at most 1048576"},
		{"  return c.mem(1)", "policy.star:2:15: mem: no memory at 0x1"},
		{"  return c.set_arg(9, 1)", "there is no argument 9"},
	} {
		g, _ := guest(t, "def getpid(c):\n"+tc.body, "steps=500")
		r := g.Do("getpid")
		if r.Verdict != plugin.Exit(errorStatus) || !strings.Contains(g.Output(), tc.want) || !strings.Contains(g.Output(), "(in getpid)") {
			t.Errorf("%q: %v, output %q", tc.body, r.Verdict, g.Output())
		}
	}
	g, _ := guest(t, "def getpid_return(c):\n  return c.none")
	if r := g.Do("getpid"); r.Value != abi.EIO.Result() {
		t.Errorf("a return hook that fails: %+v", r)
	}
	if r := g.Do("getuid"); r.Verdict != plugin.Exit(errorStatus) {
		t.Errorf("the call after it: %v", r.Verdict)
	}
	// Kept for later, the object is of no use.
	g, _ = guest(t, "def getpid(c):\n  return 1\ndef getuid(c):\n  return c.invoke")
	if r := g.Do("getuid"); r.Verdict != plugin.Exit(errorStatus) {
		t.Errorf("a method as a result: %v", r.Verdict)
	}
}

// The file is read again when it has changed; one with an error is not taken.
func TestReload(t *testing.T) {
	g, f := guest(t, "def getpid(c): return 1")
	due := func() { f.nextCheck.Store(1) } // as if a second had passed
	rewrite := func(text string) {
		t.Helper()
		if err := os.WriteFile(f.file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(f.file, time.Time{}, f.stamp.time.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	get := func(want int64) {
		t.Helper()
		if r := g.Do("getpid"); r.Value != want {
			t.Errorf("getpid is %d, want %d\n%s", r.Value, want, g.Output())
		}
	}
	get(1)
	rewrite("def getpid(c): return 2")
	get(1) // not looked at yet
	due()
	get(2)
	rewrite("def getpid(c) return 3")
	due()
	get(2)
	if !strings.Contains(g.Output(), "policy.star:1:21: ") || !strings.Contains(g.Output(), "the version before stays") {
		t.Errorf("output %q", g.Output())
	}
	rewrite("def getuid(c): return 4")
	due()
	get(0)
	if r := g.Do("getuid"); r.Value != 4 {
		t.Errorf("getuid is %d", r.Value)
	}
	if err := os.Remove(f.file); err != nil {
		t.Fatal(err)
	}
	due()
	if r := g.Do("getuid"); r.Value != 4 {
		t.Errorf("getuid is %d without a file", r.Value)
	}
}

// The whole thing: the command, a real guest, the README's script.
func TestCommand(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "weir-starlark")
	if out, err := exec.Command("go", "build", "-o", bin, "./cmd/weir-starlark").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```python\n")
	text, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("README.md has no script")
	}
	run := func(args ...string) (string, int) {
		cmd := exec.Command(bin, args...)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	name, box := scriptFile(t, text), testenv.Busybox(t)
	out, status := run("-plugin", "starlark,file="+name, box, "cat", "/etc/passwd")
	if status != 1 || !strings.Contains(out, "Permission denied") || !strings.Contains(out, "refused /etc/passwd") || !strings.Contains(out, "refused: 1") {
		t.Errorf("status %d, output %q", status, out)
	}
	out, status = run("-plugin", "starlark,file="+name, box, "id", "-u")
	if status != 0 || !strings.Contains(out, "1000\n") {
		t.Errorf("status %d, output %q", status, out)
	}
	out, status = run("-plugin", "starlark,file="+scriptFile(t, "def getuid(c):\n  return c.oops"), box, "id", "-u")
	if status != errorStatus || !strings.Contains(out, "policy.star:2:11: ") {
		t.Errorf("status %d, output %q", status, out)
	}
	if out, _ := run("plugins"); !strings.Contains(out, "starlark: filter syscalls") || !strings.Contains(out, "policy: ") {
		t.Errorf("plugins: %q", out)
	}
}
