//go:build linux && (amd64 || arm64)

package hostsys

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// aloneVar makes the test program run aloneProgram instead of tests.
const aloneVar = "HOSTSYS_TEST_ALONE"

func TestMain(m *testing.M) {
	if os.Getenv(aloneVar) != "" {
		runtime.LockOSThread()
		aloneProgram()
	}
	os.Exit(m.Run())
}

// aloneProgram ends and remakes all other threads again and again, while they compute, sleep, collect garbage and read.
func aloneProgram() {
	if err := Init(); err != nil {
		panic(err)
	}
	if Gettid() != Getpid() {
		os.Exit(77) // the goroutine has left the first thread already
	}
	var work atomic.Int64
	for range 4 {
		go func() {
			for {
				_ = make([]byte, 4096)
				work.Add(1)
				if work.Load()%64 == 0 {
					time.Sleep(10 * time.Microsecond)
				}
			}
		}()
	}
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() {
		b := []byte{0}
		for {
			if n, err := r.Read(b); n != 1 || err != nil {
				panic(err)
			}
			work.Add(1)
		}
	}()
	for i := range 20 {
		if n := Alone(SYS_GETTID, 0, 0, 0); int(n) != Getpid() {
			panic(fmt.Sprint("the call gave ", int(n)))
		}
		for before := work.Load(); work.Load() < before+10; { // the others go on
			runtime.Gosched()
		}
		w.Write([]byte{byte(i)})
		if i%5 == 0 && !goWork(true) {
			panic("the runtime does not work")
		}
	}
	if n := Alone(SYS_UNSHARE, cloneFS, 0, 0); n != 0 { // nobody shares the working directory
		panic(fmt.Sprint("unshare: ", int(n)))
	}
	done := make(chan uintptr)
	go func() {
		runtime.LockOSThread()
		done <- Alone(SYS_GETTID, 0, 0, 0)
	}()
	if n := <-done; Errno(n) != einval {
		panic(fmt.Sprint("from another thread: ", int(n)))
	}
	fmt.Println("alone")
	os.Exit(0)
}

func TestAlone(t *testing.T) {
	mustInit(t)
	if foreign.n != 0 {
		t.Skip("a host with threads of its own in the process")
	}
	for range 10 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), aloneVar+"=1")
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 77 {
			continue
		}
		if err != nil || string(out) != "alone\n" {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	t.Fatal("never on the first thread")
}

func TestOwnTID(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := func(tid uint32) uint32 {
		taskPath(unsafe.Pointer(&ownTIDPath), tid, "/status\x00")
		return ownTID(tid)
	}
	if tid := uint32(Gettid()); own(tid) != tid {
		t.Errorf("%d is %d", tid, own(tid))
	}
	if n := own(1 << 30); n != 0 {
		t.Errorf("a thread that does not exist is %d", n)
	}
}
