//go:build linux && (amd64 || arm64)

package hostsys

import (
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
)

// vforkRig is a borrowed thread that runs vfork children.
type vforkRig struct {
	jobs chan func(v *Vfork, st *cpu.State)
	done chan int
}

func newVforkRig(t testing.TB, c *codeBuf) *vforkRig {
	if !CanVfork() {
		t.Skip("vfork does not share memory here (an emulator)")
	}
	r := &vforkRig{make(chan func(*Vfork, *cpu.State)), make(chan int)}
	go func() {
		runtime.LockOSThread()
		v, err := NewVfork()
		if err != nil {
			t.Error(err)
		}
		defer v.Free()
		st := bound(t, c)
		defer free(st)
		for job := range r.jobs {
			job(v, st)
			r.done <- v.Pid()
		}
	}()
	t.Cleanup(func() { close(r.jobs) })
	return r
}

func (r *vforkRig) run(job func(v *Vfork, st *cpu.State)) int {
	r.jobs <- job
	return <-r.done
}

//go:noinline
func deepStack(n int) int {
	var b [256]byte
	b[n&255] = byte(n)
	if n == 0 {
		return int(b[0])
	}
	return deepStack(n-1) + int(b[n&255])
}

func TestVfork(t *testing.T) {
	c := newCode(t)
	truePath, err := exec.LookPath("true")
	if err != nil {
		t.Skip("no true")
	}
	cstr := func(s string) uintptr { // static memory, so that addresses stay valid
		p := Mmap(0, pageSize, protRead|protWrite, mapPrivate|mapAnonymous, -1, 0)
		CopyOut(p, append([]byte(s), 0))
		return p
	}
	good, bad := cstr(truePath), cstr("/nonexistent")
	argv := Mmap(0, pageSize, protRead|protWrite, mapPrivate|mapAnonymous, -1, 0)
	Store64(argv, uint64(good))
	envp := argv + 16
	rig := newVforkRig(t, c)
	echo := make(chan int)
	go func() {
		for v := range echo {
			echo <- 2 * v
		}
	}()
	defer close(echo)
	stop := make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				_ = make([]byte, 1<<16)
				runtime.GC()
			}
		}
	}()
	defer close(stop)
	var shared struct{ pid, twice, errno int }
	n := 90
	if testing.Short() {
		n = 15
	}
	for i := range n {
		shared.pid, shared.twice, shared.errno = 0, 0, 0
		pid := rig.run(func(v *Vfork, st *cpu.State) {
			if r := v.Enter(sigCHLD, 0); r != 0 {
				t.Errorf("vfork: errno %d", Errno(r))
				return
			}
			shared.pid = Getpid()
			_ = deepStack(200 + i%300) // moves the stack
			echo <- 21
			shared.twice = <-echo
			if i%20 == 0 {
				runtime.GC()
			}
			switch i % 3 {
			case 0:
				v.Exec(good, argv, envp)
			case 1:
				v.Exit(7)
			case 2:
				r := v.Exec(bad, argv, envp)
				if !v.Parent() {
					shared.errno = Errno(r)
					v.Exit(127)
				}
			}
			if !v.Parent() || Getpid() == shared.pid {
				t.Error("not back in the parent")
			}
		})
		if pid <= 0 || pid != shared.pid || shared.twice != 42 || pid == Getpid() {
			t.Fatalf("%d: pid %d %+v", i, pid, shared)
		}
		if i%3 == 2 && shared.errno != int(syscall.ENOENT) {
			t.Errorf("errno of the failed exec: %d", shared.errno)
		}
		if ws := waitFor(t, pid); ws.ExitStatus() != []int{0, 7, 127}[i%3] {
			t.Fatalf("%d: status %#x", i, ws)
		}
	}
}

// A child that is killed while it runs guest code, or in a system call, does not harm the parent.
func TestVforkKilled(t *testing.T) {
	c := newCode(t)
	loop := uint64(c.emit(pollLoop()))
	rig := newVforkRig(t, c)
	for i := range 20 {
		var child atomic.Int64
		var result int
		go func() {
			for child.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(3 * time.Millisecond)
			syscall.Kill(int(child.Load()), syscall.SIGKILL)
		}()
		pid := rig.run(func(v *Vfork, st *cpu.State) {
			st.Entry = loop
			st.Pending = 0
			if r := v.Enter(sigCHLD, 0); r != 0 {
				t.Errorf("vfork: errno %d", Errno(r))
				return
			}
			child.Store(int64(Getpid()))
			if hasCode && i%2 == 0 {
				runCode(st)
				if st.Exit == cpu.ExitPoll {
					result = 1
				}
			} else {
				ts := Mmap(0, pageSize, protRead|protWrite, mapPrivate|mapAnonymous, -1, 0)
				Store64(ts, 100)
				if Syscall(st, SYS_NANOSLEEP, ts, 0, 0, 0, 0, 0) == ERestart {
					result = 1
				}
			}
			if !v.Parent() {
				ExitProcess(3)
			}
			v.Killed()
		})
		if result != 1 || pid != int(child.Load()) {
			t.Fatalf("result %d pid %d", result, pid)
		}
		if ws := waitFor(t, pid); !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
			t.Fatalf("status %#x", ws)
		}
		runtime.GC()
	}
}

func BenchmarkVfork(b *testing.B) {
	rig := newVforkRig(b, newCode(b))
	for range b.N {
		pid := rig.run(func(v *Vfork, st *cpu.State) {
			if v.Enter(sigCHLD, 0) == 0 {
				v.Exit(0)
			}
		})
		waitFor(b, pid)
	}
}

// What a child does to descriptors of its own leaves the parent's record of the poller alone; hidden files stay.
func TestVforkVacate(t *testing.T) {
	rig := newVforkRig(t, newCode(t))
	h, err := Hide(1)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, flags := range []uintptr{0, cloneFiles} {
		before := HiddenFDs()
		var poller, hidden, other bool
		pid := rig.run(func(v *Vfork, _ *cpu.State) {
			if r := v.Enter(sigCHLD|flags, 0); r != 0 {
				t.Errorf("vfork: errno %d", Errno(r))
				return
			}
			poller, hidden, other = v.VacateFD(before[0]), v.VacateFD(int(h.Fd())), v.VacateFD(1)
			v.Exit(0)
		})
		waitFor(t, pid)
		if !poller || hidden || !other {
			t.Errorf("flags %#x: poller %v, hidden file %v, another %v", flags, poller, hidden, other)
		}
		if moved := HiddenFDs()[0] != before[0]; moved != (flags != 0) {
			t.Errorf("flags %#x: the poller moved: %v", flags, moved)
		}
	}
}
