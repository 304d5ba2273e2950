//go:build linux && (amd64 || arm64)

package hostsys

import (
	"math/rand"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
)

// setMask sets the thread's mask whatever is pending.
func setMask(m uint64) { RawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, addr(&m), 0, 8, 0, 0) }

// siginfo is the start of siginfo_t for SI_QUEUE.
type siginfo struct {
	signo, errno, code, _ int32
	pid, uid              int32
	value                 uint64
	_                     [12]uint64
}

const rtSig = 44

func (s *siginfo) bytes() *[128]byte { return (*[128]byte)(unsafe.Pointer(s)) }

// Real-time signals race with reads in the window: every signal arrives in order with its payload,
// and no byte is lost.
func TestWindowRace(t *testing.T) {
	mustInit(t)
	const n = 20000
	if e := SetAction(rtSig, Catch, saRestart); e != 0 {
		t.Fatal(e)
	}
	defer SetAction(rtSig, Ignore, 0)
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[0])
	var tid, taken atomic.Int64
	type result struct {
		err      string
		rewinds  uint64
		restarts int
	}
	res := make(chan result, 1)
	ended := make(chan bool)
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		st := bound(t, nil)
		defer free(st)
		setSigmask(st, 0)
		defer setMask(^uint64(0))
		tid.Store(int64(Gettid()))
		buf := Mmap(0, pageSize, protRead|protWrite, mapPrivate|mapAnonymous, -1, 0)
		defer Munmap(buf, pageSize)
		var next byte
		var want uint64
		var out result
		fail := func(s string) { out.err = s; taken.Store(1 << 40); res <- out }
		for {
			r := Syscall(st, SYS_READ, uintptr(fds[0]), buf, 1, 0, 0, 0)
			switch {
			case r == ERestart:
				out.restarts++
			case r == 1:
				if b, _ := Load8(buf); b != next {
					fail("byte lost")
					return
				}
				next++
			case r == 0:
				if want != n {
					fail("signals missing: " + strconv.FormatUint(want, 10))
					return
				}
				out.rewinds = rewinds(st)
				res <- out
				return
			default:
				fail("read: " + strconv.Itoa(int(r)))
				return
			}
			for atomic.LoadUint32(&st.Pending) != 0 {
				var si siginfo
				if TakeSignal(st, si.bytes()) {
					if si.value != want || si.code != -1 || si.signo != rtSig {
						fail("signal lost or changed: want value " + strconv.FormatUint(want, 10) + ", got " + strconv.FormatUint(si.value, 10))
						return
					}
					want++
					taken.Store(int64(want))
				}
				setSigmask(st, 0)
			}
		}
	}()
	for tid.Load() == 0 {
		runtime.Gosched()
	}
	var sent atomic.Bool
	go func() {
		var b byte
		rnd := rand.New(rand.NewSource(1))
		for i := 0; !sent.Load(); i++ {
			syscall.Write(fds[1], []byte{b})
			b++
			for k := rnd.Intn(3000); k > 0; k-- {
				sink++
			}
			if i%64 == 0 {
				time.Sleep(50 * time.Microsecond)
			}
		}
		for taken.Load() < n {
			time.Sleep(time.Millisecond)
		}
		syscall.Close(fds[1])
	}()
	rnd := rand.New(rand.NewSource(2))
	pid := Getpid()
	for i := range n {
		si := &siginfo{signo: rtSig, code: -1, pid: int32(pid), value: uint64(i)}
		for {
			r := RawSyscall(SYS_RT_TGSIGQUEUEINFO, uintptr(pid), uintptr(tid.Load()), rtSig, addr(si), 0, 0)
			if r == 0 {
				break
			}
			if Errno(r) != int(syscall.EAGAIN) {
				t.Fatal(Errno(r))
			}
			time.Sleep(time.Millisecond)
		}
		for k := rnd.Intn(4000); k > 0; k-- {
			sink++
		}
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	sent.Store(true)
	r := <-res
	<-ended
	if r.err != "" {
		t.Fatal(r.err)
	}
	t.Logf("%d restarts, %d rewinds", r.restarts, r.rewinds)
}

// Signals to the process that land on Go's threads reach the guest thread, or stay with the
// kernel while it blocks them.
func TestProcessDirected(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustInit(t)
	const sig = 45
	SetAction(sig, Catch, saRestart)
	defer SetAction(sig, Ignore, 0)
	old := SigMask()
	setMask(SigBit(sig))
	defer setMask(old)
	st := bound(t, nil)
	defer free(st)
	stop := make(chan bool)
	for range 3 { // Go threads that are easy targets
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					time.Sleep(20 * time.Microsecond)
				}
			}
		}()
	}
	defer close(stop)
	pid := uintptr(Getpid())
	const n = 200
	for i := range n {
		si := &siginfo{signo: sig, code: -1, pid: int32(pid), value: uint64(i)}
		if r := RawSyscall(SYS_RT_SIGQUEUEINFO, pid, sig, addr(si), 0, 0, 0); r != 0 {
			t.Fatal(Errno(r))
		}
		if i%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	time.Sleep(10 * time.Millisecond)
	if st.Pending != 0 {
		t.Error("a blocked signal was delivered")
	}
	seen := map[uint64]bool{}
	for deadline := time.Now().Add(5 * time.Second); len(seen) < n && time.Now().Before(deadline); {
		setSigmask(st, 0)
		var si siginfo
		if TakeSignal(st, si.bytes()) {
			if seen[si.value] || si.code != -1 {
				t.Fatalf("%+v again or changed", si)
			}
			seen[si.value] = true
		}
	}
	if len(seen) != n {
		for i := range uint64(n) {
			if !seen[i] {
				t.Errorf("signal %d of %d is missing; State %d %d", i, n, st.SigNo, st.SigCount)
			}
		}
	}
}

// SIGSEGV and its like, sent by somebody, are no faults.
func TestUserSentFaultSignal(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustInit(t)
	st := bound(t, nil)
	defer free(st)
	for _, sig := range []int{sigSEGV, sigBUS, sigILL, sigFPE, sigTRAP} {
		RawSyscall(SYS_TGKILL, uintptr(Getpid()), uintptr(Gettid()), uintptr(sig), 0, 0, 0)
		if st.Pending != 1 {
			t.Errorf("signal %d: not pending", sig)
		}
		if r := SyscallFast(st, SYS_GETPID, 0, 0, 0, 0, 0, 0); r != ERestart {
			t.Errorf("call executed with a signal pending: %d", r)
		}
		var si siginfo
		if !TakeSignal(st, si.bytes()) || si.signo != int32(sig) || si.code != siTkill || si.pid != int32(Getpid()) {
			t.Errorf("signal %d: %+v", sig, si)
		}
		if TakeSignal(st, si.bytes()) || st.Pending != 0 {
			t.Errorf("signal %d: twice", sig)
		}
	}
	// to the process: some thread of Go's may get it
	for range 50 {
		RawSyscall(SYS_KILL, uintptr(Getpid()), sigSEGV, 0, 0, 0, 0)
		for deadline := time.Now().Add(time.Second); atomic.LoadUint32(&st.Pending) == 0 && time.Now().Before(deadline); {
			time.Sleep(10 * time.Microsecond)
		}
		var si siginfo
		if !TakeSignal(st, si.bytes()) || si.signo != sigSEGV {
			t.Fatalf("%+v", si)
		}
	}
}

// A guest's SIGURG and SIGPROF are the guest's and still serve Go.
func TestSharedSignals(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustInit(t)
	st := bound(t, nil)
	defer free(st)
	old := SigMask()
	defer setMask(old)
	setMask(0)
	for _, sig := range []int{sigURG, sigPROF} {
		if e := SetAction(sig, Catch, saRestart); e != 0 {
			t.Fatal(e)
		}
		// The Go runtime's own may come in between, so some are merged.
		got := 0
		for range 100 {
			RawSyscall(SYS_TGKILL, uintptr(Getpid()), uintptr(Gettid()), uintptr(sig), 0, 0, 0)
			for st.Pending != 0 {
				var si siginfo
				if TakeSignal(st, si.bytes()) && si.signo == int32(sig) {
					got++
				}
				setSigmask(st, 0)
			}
		}
		if got < 90 {
			t.Errorf("signal %d: %d of 100", sig, got)
		}
		runtime.GC()
		if e := SetAction(sig, Default, 0); e != 0 {
			t.Fatal(e)
		}
	}
	for st.Pending != 0 {
		TakeSignal(st, new(siginfo).bytes())
		setSigmask(st, 0)
	}
	RawSyscall(SYS_TGKILL, uintptr(Getpid()), uintptr(Gettid()), sigURG, 0, 0, 0)
	if st.Pending != 0 {
		t.Error("SIGURG still caught")
	}
	// What a default SIGPROF would do to this process was not tried; Go needs it back.
	sigaction(sigPROF, goAction[sigPROF])
}

func TestKick(t *testing.T) {
	c := newCode(t)
	loop := uint64(c.emit(pollLoop()))
	var state atomic.Pointer[cpu.State]
	var tid atomic.Int64
	back := make(chan cpu.Exit)
	again := make(chan bool)
	go func() {
		runtime.LockOSThread()
		st := bound(t, c)
		st.Entry = loop
		tid.Store(int64(Gettid()))
		state.Store(st)
		for range again {
			runCode(st)
			atomic.StoreUint32(&st.Kick, 0)
			back <- st.Exit
		}
		// a blocking call
		var fds [2]int
		syscall.Pipe(fds[:])
		r := Syscall(st, SYS_READ, uintptr(fds[0]), uintptr(st.StackLo), 1, 0, 0, 0)
		if r != ERestart {
			back <- cpu.ExitNone
			return
		}
		free(st)
		back <- cpu.ExitSyscall
	}()
	var total time.Duration
	const n = 200
	for range n {
		again <- true
		st := state.Load()
		for st == nil {
			st = state.Load()
		}
		start := time.Now()
		kickThread(st, 0)
		if e := <-back; e != cpu.ExitPoll {
			t.Fatal(e)
		}
		total += time.Since(start)
	}
	t.Logf("kick to answer: %v", total/n)
	st := state.Load()
	close(again)
	time.Sleep(20 * time.Millisecond)
	atomic.StoreUint32(&st.Pending, 1)
	Kick(int(tid.Load()))
	select {
	case e := <-back:
		if e != cpu.ExitSyscall {
			t.Error("the call was not interrupted with ERestart")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the call was not interrupted")
	}
}

func TestIgnoreAndDefault(t *testing.T) {
	mustInit(t)
	const sig = 46
	SetAction(sig, Ignore, 0)
	RawSyscall(SYS_KILL, uintptr(Getpid()), sig, 0, 0, 0, 0)
	// A default action must kill: in a child process.
	if pid := Fork(nil, sigCHLD); pid == 0 {
		SetAction(sig, Default, 0)
		setMask(0)
		RawSyscall(SYS_KILL, uintptr(Getpid()), sig, 0, 0, 0, 0)
		ExitProcess(3)
	} else if ws := waitFor(t, int(pid)); !ws.Signaled() || ws.Signal() != sig {
		t.Errorf("status %#x", ws)
	}
	if pid := Fork(nil, sigCHLD); pid == 0 {
		DieBySignal(int(syscall.SIGTERM))
		ExitProcess(3)
	} else if ws := waitFor(t, int(pid)); !ws.Signaled() || ws.Signal() != syscall.SIGTERM {
		t.Errorf("status %#x", ws)
	}
}

// Signals ignored over exec are so in the program executed, and handled again if exec fails.
func TestIgnoreOverExec(t *testing.T) {
	mustInit(t)
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	path := append([]byte(sh), 0)
	var fds [2]int
	syscall.Pipe(fds[:])
	args := [][]byte{path, []byte("-c\x00"), []byte("cat /proc/self/status\x00")}
	argv := []uintptr{addr(&args[0][0]), addr(&args[1][0]), addr(&args[2][0]), 0}
	envp := []uintptr{0}
	IgnoreOverExec(sigSEGV)
	var a kernelAction
	RawSyscall(SYS_RT_SIGACTION, sigSEGV, 0, addr(&a), 8, 0, 0)
	if a.handler != sigIgn {
		t.Error("not ignored")
	}
	beforeExec()
	ExecFailed()
	if nilDeref() == "" {
		t.Error("the handler of SIGSEGV is not back")
	}
	pid := Fork(nil, sigCHLD)
	if pid == 0 {
		RawSyscall(SYS_DUP3, uintptr(fds[1]), 1, 0, 0, 0, 0)
		IgnoreOverExec(sigSEGV)
		BeforeExec()
		RawSyscall(SYS_EXECVE, addr(&path[0]), addr(&argv[0]), addr(&envp[0]), 0, 0, 0)
		ExitProcess(9)
	}
	syscall.Close(fds[1])
	var out []byte
	for {
		var buf [4096]byte
		n, err := syscall.Read(fds[0], buf[:])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			break
		}
		out = append(out, buf[:n]...)
	}
	syscall.Close(fds[0])
	waitFor(t, int(pid))
	_, rest, _ := strings.Cut(string(out), "SigIgn:\t")
	line, _, _ := strings.Cut(rest, "\n")
	m, err := strconv.ParseUint(line, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	if m&SigBit(sigSEGV) == 0 {
		t.Errorf("ignored: %#x", m)
	}
	runtime.KeepAlive(args)
}

func waitFor(t testing.TB, pid int) syscall.WaitStatus {
	t.Helper()
	if pid < 0 {
		t.Fatalf("fork: errno %d", -pid)
	}
	var ws syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &ws, syscall.WALL, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return ws
	}
}
