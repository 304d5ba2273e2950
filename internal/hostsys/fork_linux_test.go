//go:build linux && (amd64 || arm64)

package hostsys

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
)

// goWork uses what a child needs of the runtime: memory, goroutines, timers, blocking calls, the
// collector. Only if gc is set, the collector is forced.
func goWork(gc bool) bool {
	ch := make(chan int)
	for i := range 10 {
		go func() { ch <- len(make([]byte, 1000*i)) }()
	}
	sum := 0
	for range 10 {
		sum += <-ch
	}
	if sum != 45000 {
		return false
	}
	if !gc {
		return true
	}
	runtime.GC()
	time.Sleep(time.Millisecond)
	var p [2]int
	if syscall.Pipe(p[:]) != nil {
		return false
	}
	go func() { time.Sleep(2 * time.Millisecond); syscall.Write(p[1], []byte("x")) }()
	var b [1]byte
	n := -1
	for n < 0 {
		n, _ = syscall.Read(p[0], b[:])
	}
	syscall.Close(p[0])
	syscall.Close(p[1])
	runtime.GC()
	return n == 1
}

// Forks with guest threads in generated code, in blocking reads and in Go code with a lock held,
// while the collector works: in the child they vanish, the runtime works and no call is made twice.
func TestForkGuests(t *testing.T) {
	c := newCode(t)
	loop := uint64(c.emit(pollLoop()))
	var alive, received atomic.Int64
	var lock sync.Mutex
	guarded := 0
	var fds [2]int
	syscall.Pipe(fds[:])
	var states []*cpu.State
	var tids []int
	var stop atomic.Bool
	guest := func(kind string) {
		runtime.LockOSThread()
		st := bound(t, c)
		st.Entry = loop
		lock.Lock()
		states = append(states, st)
		tids = append(tids, Gettid())
		lock.Unlock()
		alive.Add(1)
		for atomic.LoadUint32(&st.Die) == 0 && !stop.Load() {
			switch kind {
			case "code":
				runCode(st)
			case "read":
				if Syscall(st, SYS_READ, uintptr(fds[0]), uintptr(st.StackLo), 1, 0, 0, 0) == 1 {
					received.Add(1)
				}
			case "go":
				lock.Lock()
				guarded++
				_ = make([]byte, 3000)
				guarded--
				lock.Unlock()
				time.Sleep(20 * time.Microsecond)
			}
		}
		free(st)
		alive.Add(-1)
	}
	kinds := []string{"code", "read", "read", "go", "go"}
	for _, k := range kinds {
		go guest(k)
	}
	for alive.Load() < int64(len(kinds)) {
		time.Sleep(time.Millisecond)
	}
	stopChurn := make(chan bool)
	go func() { // threads come and go
		for {
			select {
			case <-stopChurn:
				return
			case <-time.After(time.Millisecond):
				d := make(chan bool)
				go func() { runtime.LockOSThread(); d <- true }()
				<-d
			}
		}
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	st := bound(t, c)
	defer free(st)
	epoch := Epoch()
	sent := int64(0)
	n := 100
	if testing.Short() {
		n = 20
	}
	start := time.Now()
	var inFork time.Duration
	for i := range n {
		t0 := time.Now()
		pid := Fork(st, sigCHLD)
		if pid == 0 {
			ok := Epoch() == epoch+1 && Getpid() == Gettid() && area(st).Tid == uint64(Gettid())
			if !ok {
				ExitProcess(2)
			}
			for dl := time.Now().Add(20 * time.Second); alive.Load() != 0; {
				if time.Now().After(dl) {
					ExitProcess(3)
				}
				time.Sleep(200 * time.Microsecond)
			}
			lock.Lock()
			if guarded != 0 {
				ExitProcess(4)
			}
			lock.Unlock()
			if !goWork(i%4 == 0) {
				ExitProcess(5)
			}
			ExitProcess(7)
		}
		inFork += time.Since(t0)
		if Syscall(st, SYS_WRITE, uintptr(fds[1]), uintptr(st.StackLo), 1, 0, 0, 0) != 1 {
			t.Fatal("write")
		}
		sent++
		if i%10 == 0 {
			runtime.GC()
		}
		if ws := waitFor(t, int(pid)); !ws.Exited() || ws.ExitStatus() != 7 {
			t.Fatalf("child %d: status %#x", i, ws)
		}
	}
	t.Logf("%d forks, %v each, %v of it in Fork; %d gathers repeated", n, time.Since(start)/time.Duration(n), inFork/time.Duration(n), forkRetries)
	for dl := time.Now().Add(5 * time.Second); received.Load() != sent; {
		if time.Now().After(dl) {
			t.Fatalf("%d bytes sent, %d received", sent, received.Load())
		}
		time.Sleep(time.Millisecond)
	}
	close(stopChurn)
	stop.Store(true)
	for i, g := range states {
		atomic.StoreUint32(&g.Pending, 1)
		kickThread(g, tids[i])
	}
	for dl := time.Now().Add(5 * time.Second); alive.Load() != 0; {
		if time.Now().After(dl) {
			t.Fatal("guest threads do not end")
		}
		time.Sleep(time.Millisecond)
	}
	syscall.Close(fds[0])
	syscall.Close(fds[1])
}

// A child forks in turn.
func TestForkNested(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustInit(t)
	st := bound(t, nil)
	defer free(st)
	for range 3 {
		pid := Fork(st, sigCHLD)
		if pid != 0 {
			if ws := waitFor(t, int(pid)); ws.ExitStatus() != 4 {
				t.Fatalf("status %#x", ws)
			}
			continue
		}
		depth := 0
		for ; depth < 3; depth++ {
			if !goWork(true) {
				ExitProcess(99)
			}
			pid := Fork(st, sigCHLD)
			if pid == 0 {
				continue
			}
			var ws syscall.WaitStatus
			for {
				if _, err := syscall.Wait4(int(pid), &ws, 0, nil); err != syscall.EINTR {
					break
				}
			}
			ExitProcess(ws.ExitStatus() + 1)
		}
		ExitProcess(1)
	}
}

func TestForkFlags(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustInit(t)
	if r := Fork(nil, cloneVM|sigCHLD); Errno(r) != einval {
		t.Errorf("CLONE_VM: %d", int(r))
	}
	// no exit signal: only visible with __WALL; shared descriptors: the poller's get new numbers
	before := HiddenFDs()
	pid := Fork(nil, cloneFiles)
	if pid == 0 {
		after := HiddenFDs()
		if after[0] == before[0] || after[1] == before[1] || !goWork(true) {
			ExitProcess(1)
		}
		ExitProcess(7)
	}
	if _, err := syscall.Wait4(int(pid), nil, 0, nil); err != syscall.ECHILD {
		t.Errorf("a child without exit signal was waited for: %v", err)
	}
	if ws := waitFor(t, int(pid)); ws.ExitStatus() != 7 {
		t.Errorf("status %#x", ws)
	}
	if !goWork(true) {
		t.Error("parent")
	}
}

// What is written to a hidden file is written once, however a fork hits the writer.
func TestHiddenFileOnce(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustInit(t)
	var fds [2]int
	syscall.Pipe(fds[:])
	h, err := Hide(fds[1])
	if err != nil {
		t.Fatal(err)
	}
	if !ReservedFD(int(h.Fd())) || int(h.Fd()) < 40 {
		t.Errorf("descriptor %d", h.Fd())
	}
	syscall.Close(fds[1])
	const lines = 3000
	started, done := make(chan bool), make(chan bool)
	go func() {
		runtime.LockOSThread()
		st := bound(t, nil)
		defer free(st)
		close(started)
		for range lines {
			h.Write([]byte("line\n"))
		}
		close(done)
	}()
	var text strings.Builder
	reading, read := make(chan bool), make(chan bool)
	go func() { // a guest thread as well: the child's copy must not read
		runtime.LockOSThread()
		st := bound(t, nil)
		defer free(st)
		close(reading)
		var buf [4096]byte
		for atomic.LoadUint32(&st.Die) == 0 {
			n := int(Syscall(st, SYS_READ, uintptr(fds[0]), uintptr(st.StackLo), uintptr(len(buf)), 0, 0, 0))
			if n == 0 {
				break
			}
			if n > 0 {
				CopyIn(buf[:n], uintptr(st.StackLo))
				text.Write(buf[:n])
			}
		}
		close(read)
	}()
	st := bound(t, nil)
	defer free(st)
	<-started
	<-reading
	forks := 0
	for ; forks < 60; forks++ {
		select {
		case <-done:
		default:
			pid := Fork(st, sigCHLD)
			if pid == 0 {
				time.Sleep(time.Millisecond) // the copy of the writer ends at Die
				ExitProcess(0)
			}
			waitFor(t, int(pid))
		}
	}
	<-done
	h.Close()
	<-read
	if n := strings.Count(text.String(), "line\n"); n != lines || text.Len() != 5*lines {
		t.Errorf("%d lines, %d bytes, want %d lines; %d forks", n, text.Len(), lines, forks)
	}
}
