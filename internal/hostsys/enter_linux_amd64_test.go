package hostsys

import (
	"bytes"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
)

func TestEnter(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := newCode(t)
	st := bound(t, c)
	defer free(st)
	st.Entry = uint64(c.emit(toStack, clobber(), incX(3), setExit(cpu.ExitSyscall), leave))
	for range 1000 {
		Enter(st)
	}
	if st.X[3] != 1000 || st.Exit != cpu.ExitSyscall {
		t.Errorf("X3 = %d, exit %v", st.X[3], st.Exit)
	}
	if st.HostSP != 0 {
		t.Error("HostSP is set outside generated code")
	}
	if boundState() != st {
		t.Error("Bound is another State")
	}
}

func TestStackLayout(t *testing.T) {
	mustInit(t)
	st, err := NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer FreeState(st)
	if st.StackTop%16 != 0 || st.StackSP != st.StackTop || st.StackTop-st.StackLo < 1<<19 {
		t.Errorf("stack %#x..%#x sp %#x", st.StackLo, st.StackTop, st.StackSP)
	}
	if _, f := Load64(uintptr(st.StackTop) + 256); f.Sig != 0 {
		t.Error("nothing mapped above the stack")
	}
	if f := Store8(uintptr(st.StackLo), 1); f.Sig != 0 {
		t.Error("stack not usable down to StackLo")
	}
	if f := Store8(uintptr(st.StackLo)-1, 1); f.Sig != int32(syscall.SIGSEGV) || f.Code != 2 {
		t.Errorf("below the stack: %+v", f)
	}
	if st.JumpCache[0][0] == 0 || st.JumpCache[5][0] != 0 || st.ResAddr != cpu.NoReservation {
		t.Error("not reset")
	}
}

// A collection must not wait for generated code, and the CPU profile's signals must not hurt it.
func TestCollectWhileRunning(t *testing.T) {
	c := newCode(t)
	loop := uint64(c.emit(pollLoop()))
	var buf bytes.Buffer
	pprof.StartCPUProfile(&buf)
	const threads = 3
	var states [threads]atomic.Pointer[cpu.State]
	done := make(chan uint64)
	for i := range threads {
		go func() {
			runtime.LockOSThread()
			st := bound(t, c)
			st.Entry = loop
			states[i].Store(st)
			Enter(st)
			n := st.X[1]
			if st.Exit != cpu.ExitPoll {
				n = 0
			}
			free(st)
			done <- n
		}()
	}
	for i := range states {
		for states[i].Load() == nil {
			time.Sleep(time.Millisecond)
		}
	}
	start := time.Now()
	for time.Since(start) < 400*time.Millisecond {
		x := make([][]byte, 100)
		for i := range x {
			x[i] = make([]byte, 10000)
		}
		runtime.GC()
		pprof.Lookup("goroutine").WriteTo(&bytes.Buffer{}, 2)
	}
	for i := range states {
		kickThread(states[i].Load(), 0)
	}
	for range threads {
		if n := <-done; n == 0 {
			t.Error("loop did not run or leave with ExitPoll")
		}
	}
	pprof.StopCPUProfile()
	if buf.Len() == 0 {
		t.Error("no profile")
	}
}

func BenchmarkEnter(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := newCode(b)
	st := bound(b, c)
	defer free(st)
	st.Entry = uint64(c.emit(toStack, leave))
	for range b.N {
		Enter(st)
	}
}
