package bpf

import (
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"unsafe"
)

// The host's kernel is the reference for the verifier and for the results.

const (
	sysSeccomp   = 317
	sysUnused    = 0x10000 // no system call, but a filter sees it
	retAllow     = 0x7fff0000
	retErrno     = 0x00050000
	prNoNewPrivs = 38
)

// onThread runs f on a thread that then ends, and with it the filters that f installs.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		f()
	}()
	<-done
}

// install gives the calling thread a filter.
func install(prog []Insn) syscall.Errno {
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, prNoNewPrivs, 1, 0, 0, 0, 0); e != 0 {
		return e
	}
	b := (&Program{prog}).Bytes()
	b = append(b, 0)
	fprog := struct {
		n   uint16
		ptr *byte
	}{uint16(len(prog)), &b[0]}
	_, _, e := syscall.RawSyscall(sysSeccomp, 1, 0, uintptr(unsafe.Pointer(&fprog)))
	return e
}

func needSeccomp(t *testing.T) {
	t.Helper()
	onThread(func() {
		if e := install([]Insn{stmt(classRET|srcK, retAllow)}); e != 0 {
			t.Skipf("this kernel has no seccomp filters: %v", e)
		}
	})
}

// randomInsn is an instruction that is valid more often than not, with rest instructions behind it.
func randomInsn(r *rand.Rand, rest int) Insn {
	codes := []uint16{
		classLD | modeABS, classLD | modeABS, classLD | modeIMM, classLDX | modeIMM, classLD | modeLEN, classLD | modeMEM, classLDX | modeMEM,
		classST, classSTX, classRET | srcK, classRET | retA, classMSC, classMSC | mscTXA, classJMP | jmpJA, classALU | opNEG,
	}
	in := Insn{Code: codes[r.IntN(len(codes))], K: r.Uint32() >> r.IntN(32)}
	switch r.IntN(3) {
	case 0:
		in.Code = classALU | uint16(r.IntN(11))<<4 | uint16(r.IntN(2))<<3
	case 1:
		in.Code = classJMP | uint16(r.IntN(5))<<4 | uint16(r.IntN(2))<<3
	}
	switch in.Code {
	case classLD | modeABS:
		in.K = uint32(r.IntN(17)) * 4
	case classLD | modeMEM, classLDX | modeMEM, classST, classSTX:
		in.K = uint32(r.IntN(3))
	case classJMP | jmpJA:
		in.K = uint32(r.IntN(rest + 1))
	}
	in.JT, in.JF = uint8(r.IntN(min(rest, 200)+1)), uint8(r.IntN(min(rest, 200)+1))
	return in
}

// TestVerifierIsKernels asks the kernel about programs that are never reached.
func TestVerifierIsKernels(t *testing.T) {
	needSeccomp(t)
	r := rand.New(rand.NewPCG(7, 7))
	accepted := 0
	for range 600 {
		n := 1 + r.IntN(4)
		prog := []Insn{stmt(classRET|srcK, retAllow)}
		for i := range n {
			prog = append(prog, randomInsn(r, n-1-i))
		}
		if r.IntN(4) != 0 {
			prog = append(prog, stmt(classRET|srcK, 0))
		}
		_, err := New(prog)
		onThread(func() {
			switch e := install(prog); {
			case e == 0 && err == nil:
				accepted++
			case (e == 0) != (err == nil):
				t.Errorf("%v: the kernel says %v, we say %v", prog, e, err)
			}
		})
	}
	if accepted < 50 || accepted > 550 {
		t.Errorf("%d of 600 programs were accepted: the mix is bad", accepted)
	}
}

// TestRunIsKernels compares results: the low 12 bits of what a random program returns become an errno.
func TestRunIsKernels(t *testing.T) {
	needSeccomp(t)
	r := rand.New(rand.NewPCG(5, 5))
	const archX86 = 0xc000003e
	for range 400 {
		// Only the unused number is judged by the random part, which ends at the tail.
		head := []Insn{
			stmt(classLD|modeABS, 0), jump(classJMP|jmpJEQ|srcK, sysUnused, 1, 0), stmt(classRET|srcK, retAllow),
			stmt(classLD|modeIMM, 5), stmt(classST, 0), stmt(classST, 1), stmt(classST, 2),
		}
		tail := []Insn{stmt(classALU|opAND|srcK, 0xfff), stmt(classALU|opOR|srcK, retErrno), stmt(classRET|retA, 0)}
		n := 4 + r.IntN(20)
		prog := head
		for i := range n {
			for {
				in := randomInsn(r, n-1-i)
				// The instruction pointer is not known, and 0, which division gives, would kill.
				if in.Code&7 == classRET || in.Code == classLD|modeABS && (in.K == 8 || in.K == 12) || in.Code == classALU|opDIV|srcX {
					continue
				}
				if known(in, n-i+len(tail)-1) {
					prog = append(prog, in)
					break
				}
			}
		}
		prog = append(prog, tail...)
		p, err := New(prog)
		if err != nil {
			t.Fatalf("%v: %v", prog, err)
		}
		args := [6]uint64{r.Uint64(), r.Uint64(), uint64(r.IntN(4)), r.Uint64() >> 40, r.Uint64(), 0}
		d := NewData(sysUnused, archX86, 0, args)
		want := min(p.Run(&d)&0xffff, 4095)
		onThread(func() {
			if e := install(prog); e != 0 {
				t.Errorf("%v: %v", prog, e)
				return
			}
			r, _, e := syscall.RawSyscall6(sysUnused, uintptr(args[0]), uintptr(args[1]), uintptr(args[2]), uintptr(args[3]), uintptr(args[4]), uintptr(args[5]))
			if int64(r) == -4095 { // no error to package syscall
				e = 4095
			}
			if uint32(e) != want {
				t.Errorf("%v: the kernel says %d, we say %d", prog, e, want)
			}
		})
	}
}
