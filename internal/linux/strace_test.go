//go:build linux

package linux

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/mem"
)

// tracedTasks makes a process with tasks that make no calls by themselves, and memory at addr.
func tracedTasks(t *testing.T, data string, tids ...int) (tasks []*Task, addr uint64) {
	t.Helper()
	sp, err := mem.New(mem.Config{Window: true, Reserve: 1 << 24})
	if err != nil {
		t.Fatal(err)
	}
	addr, e := sp.Map(0, 4096, mem.ProtRead|mem.ProtWrite, mapPrivate|mapAnonymous, -1, 0)
	if e != 0 || !sp.Write(addr, []byte(data)) {
		t.Fatal("no memory", e)
	}
	p := &Process{Mem: sp, Guest: &isa.Guest{Linux: isa.LinuxABI{Generic: true}}}
	for _, tid := range tids {
		tasks = append(tasks, &Task{Proc: p, TID: tid})
	}
	return tasks, addr
}

// traced is a call of t about to be printed.
func traced(t *Task, name string, args ...uint64) *Call {
	nr, ok := SyscallByName(name)
	if !ok {
		nr = 9999
	}
	c := new(Call)
	var a [8]uint64
	copy(a[:], args)
	c.start(t, nr, generic.row(nr), a, 0)
	return c
}

func (c *Call) finishAs(r int64) *Call {
	c.Result, c.Done = r, true
	return c
}

func TestStrace(t *testing.T) {
	tasks, addr := tracedTasks(t, "hello, world\x00", 100, 101)
	a, b := tasks[0], tasks[1]
	var out bytes.Buffer
	s := NewStrace(&out, false)

	c := traced(a, "write", 1, addr, 5)
	s.Call(c)
	s.Result(c.finishAs(5))
	c = traced(a, "read", 0, addr, 12)
	s.Call(c)
	if got := out.String(); !strings.HasSuffix(got, "\nread(0, ") {
		t.Errorf("a call under way is not to be seen: %q", got)
	}
	d := traced(b, "openat", 1<<64-100, addr, 0, 0)
	s.Call(d)
	s.Result(c.finishAs(5))
	s.Result(d.finishAs(abi.ENOENT.Result()))
	var info [128]byte
	info[0], info[8] = 11, 1
	s.Signal(b, info[:])
	c = traced(a, "nothing", 1, 2, 3)
	s.Call(c)
	s.Result(c.finishAs(abi.ENOSYS.Result()))
	c = traced(a, "getpid")
	c.Filtered = "fake"
	s.Call(c)
	s.Result(c.finishAs(7))
	c = traced(a, "execve", addr, 0, 0)
	s.Call(c)
	s.Executed(a)
	s.Call(c)
	s.Executing(a)
	s.Result(c.finishAs(abi.ENOENT.Result()))
	c = traced(a, "clone", 0x11)
	s.Call(c)
	s.Result(c.finishAs(0)) // in the child
	s.Call(d)
	s.Result(d)
	s.Result(c.finishAs(102))
	c = traced(a, "rt_sigreturn")
	s.Call(c)
	s.Result(c.finishAs(resHandled))
	c = traced(a, "exit_group", 3)
	s.Call(c)
	s.Exited(a, 3, 0)
	c = traced(b, "ppoll", 0, 0, 0, 0, 0)
	s.Call(c)
	s.Exited(b, 0, abi.SIGKILL)

	want := `write(1, "hello", 5) = 5
read(0,  <unfinished ...>
[pid   101] openat(AT_FDCWD, "hello, world", O_RDONLY <unfinished ...>
[pid   100] <... read resumed>"hello", 12) = 5
[pid   101] <... openat resumed>) = -1 ENOENT (No such file or directory)
[pid   101] --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---
[pid   100] syscall_9999(0x1, 0x2, 0x3, 0x0, 0x0, 0x0) = -1 ENOSYS (Function not implemented)
[pid   100] getpid() = 7 (by plugin fake)
[pid   100] execve("hello, world", NULL, NULL) = 0
[pid   100] execve("hello, world", NULL, NULL <unfinished ...>
[pid   100] <... execve resumed>) = -1 ENOENT (No such file or directory)
[pid   100] clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
[pid   101] openat(AT_FDCWD, "hello, world", O_RDONLY) = -1 ENOENT (No such file or directory)
[pid   100] <... clone resumed>) = 102
[pid   100] rt_sigreturn() = ?
[pid   100] exit_group(3) = ?
[pid   100] +++ exited with 3 +++
[pid   101] ppoll(NULL, 0, NULL, NULL, 0 <unfinished ...>) = ?
[pid   101] +++ killed by SIGKILL +++
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(s.next) != 0 {
		t.Errorf("%d calls are still under way", len(s.next))
	}
}

// TestStraceResumed: the trace goes on where that of the program before ended.
func TestStraceResumed(t *testing.T) {
	tasks, _ := tracedTasks(t, "x", 100)
	var out bytes.Buffer
	s := NewStrace(&out, true)
	c := traced(tasks[0], "getpid")
	for range 2 {
		s.Call(c)
		s.Result(c.finishAs(7))
	}
	want := "[pid   100] <... execve resumed>) = 0\n[pid   100] getpid() = 7\n[pid   100] getpid() = 7\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestStraceProcesses: processes that share a trace, each with its copy of the printer, see each other's open lines.
func TestStraceProcesses(t *testing.T) {
	tasks, addr := tracedTasks(t, "x", 100, 101)
	var out bytes.Buffer
	parent := NewStrace(&out, false)
	c := traced(tasks[0], "wait4", 1<<64-1, 0, 0, 0)
	parent.Call(c)
	child := &Strace{w: &out, first: parent.first, next: map[*Task]int{}, all: parent.all}
	d := traced(tasks[1], "write", 1, addr, 1)
	child.Call(d)
	child.Result(d.finishAs(1))
	child.Exited(tasks[1], 0, 0)
	parent.Result(c.finishAs(101))
	want := `wait4(-1,  <unfinished ...>
[pid   101] write(1, "x", 1) = 1
[pid   101] +++ exited with 0 +++
[pid   100] <... wait4 resumed>NULL, 0, NULL) = 101
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// One that was killed while it wrote does not stop the others.
	atomic.StoreUint64(&parent.all[straceLock], 1)
	parent.Call(c)
	parent.Result(c)
	if n := strings.Count(out.String(), "\n"); n != 5 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

// TestThreadStrace: each thread's lines are whole, in the order of the writer.
func TestThreadStrace(t *testing.T) {
	tasks, addr := tracedTasks(t, "x", 100, 101)
	a, b := tasks[0], tasks[1]
	var out bytes.Buffer
	s := NewThreadStrace(&out)
	c, d := traced(a, "read", 0, addr, 1), traced(b, "getpid")
	s.Call(c)
	s.Call(d)
	s.Result(c.finishAs(1))
	s.Result(d.finishAs(7))
	var info [128]byte
	info[0] = 15
	s.Signal(b, info[:])
	s.Exited(b, 0, abi.SIGTERM)
	want := `read(0, getpid("x", 1) = 1
) = 7
--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=0, si_uid=0} ---
+++ killed by SIGTERM +++
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no room") }

// TestStraceBroken: a trace that cannot be written does not disturb the program.
func TestStraceBroken(t *testing.T) {
	tasks, addr := tracedTasks(t, "x", 100)
	s := NewStrace(brokenWriter{}, false)
	for range 3 {
		c := traced(tasks[0], "write", 1, addr, 1)
		s.Call(c)
		s.Result(c.finishAs(1))
	}
	if len(s.buf) != 0 {
		t.Errorf("%d bytes are kept for ever", len(s.buf))
	}
}

// TestDecodeCall: what filters and JSON events see of a call.
func TestDecodeCall(t *testing.T) {
	tasks, addr := tracedTasks(t, "/etc/passwd\x00", 100)
	c := traced(tasks[0], "openat", 1<<64-100, addr, 0o2000000, 0)
	v, ok := c.Decode(1)
	if !ok || v.Name != "pathname" || v.Kind != "path" || v.Str != "/etc/passwd" || v.Text != `"/etc/passwd"` {
		t.Errorf("%+v, %v", v, ok)
	}
	// Read once: a change in memory after the decoding is not seen.
	tasks[0].Proc.Mem.Write(addr, []byte("/etc/shadow\x00"))
	if v, _ = c.Decode(1); v.Str != "/etc/passwd" {
		t.Errorf("decoded again: %q", v.Str)
	}
	if v, _ = c.Decode(2); v.Text != "O_RDONLY|O_CLOEXEC" {
		t.Errorf("flags: %q", v.Text)
	}
	for _, i := range []int{-1, 4, 8} {
		if _, ok := c.Decode(i); ok {
			t.Errorf("openat has an argument %d", i)
		}
		if _, ok := c.Kind(i); ok {
			t.Errorf("openat's argument %d has a kind", i)
		}
	}
	if k, ok := c.Kind(0); !ok || k != "dirfd" {
		t.Errorf("kind of argument 0: %q", k)
	}
	c.start(tasks[0], -1, generic.row(-1), [8]uint64{}, 0)
	if n := c.Name(); n != "syscall_-1" {
		t.Errorf("syscall -1 is called %q", n)
	}
}
