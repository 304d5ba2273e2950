package hostsys

import (
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
)

// movabs rax, v
func movRAX(v uintptr) []byte {
	return cat([]byte{0x48, 0xb8}, le32(int(uint32(v))), le32(int(uint32(v>>32))))
}

func TestFaults(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := newCode(t)
	st := bound(t, c)
	defer free(st)
	ro := twoPages(t, protRead) + pageSize
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Truncate(2 * pageSize)
	file := Mmap(0, 2*pageSize, protRead, 1, int(f.Fd()), 0)
	defer Munmap(file, 2*pageSize)
	f.Truncate(pageSize)

	hole := Mmap(0, pageSize, 0, mapPrivate|mapAnonymous, -1, 0)
	Munmap(hole, pageSize)
	SetFaultExit(c.emit(incX(9), leave))
	defer SetFaultExit(0)
	for _, k := range []struct {
		name      string
		rax       uintptr
		insn      []byte
		sig       syscall.Signal
		code      int64
		addr      bool // FaultAddr = rax
		write     bool
		ripBehind uint64
	}{
		{"load unmapped", hole, []byte{0x48, 0x8b, 0x08}, syscall.SIGSEGV, 1, true, false, 0},
		{"store read-only", ro, []byte{0x48, 0x89, 0x08}, syscall.SIGSEGV, 2, true, true, 0},
		{"load behind file", file + pageSize, []byte{0x48, 0x8b, 0x08}, syscall.SIGBUS, 2, true, false, 0},
		{"non-canonical", 1 << 63, []byte{0x48, 0x8b, 0x08}, syscall.SIGSEGV, SIKernel, false, false, 0},
		{"ud2", 0, []byte{0x0f, 0x0b}, syscall.SIGILL, 2, false, false, 0},
		{"div 0", 0, []byte{0x31, 0xd2, 0x31, 0xc9, 0xf7, 0xf1}, syscall.SIGFPE, 1, false, false, 0},
		{"int3", 0, []byte{0xcc}, syscall.SIGTRAP, SIKernel, false, false, 1},
	} {
		pre := cat(toStack, clobber(), movRAX(k.rax))
		entry := c.emit(pre, k.insn, []byte{0x0f, 0x0b})
		rip := uint64(entry) + uint64(len(pre)) + k.ripBehind
		if len(k.insn) == 6 {
			rip += 4 // the division
		}
		for range 20 {
			st.Entry = uint64(entry)
			st.Exit, st.FaultSig, st.X[9], st.FaultErr = cpu.ExitNone, 0, 0, 0
			Enter(st)
			if st.Exit != cpu.ExitFault || st.X[9] != 1 || st.FaultSig != uint64(k.sig) || st.FaultCode != k.code || st.FaultRIP != rip {
				t.Fatalf("%s: exit %v, stub runs %d, signal %d code %d rip %#x, want %#x", k.name, st.Exit, st.X[9], st.FaultSig, st.FaultCode, st.FaultRIP, rip)
			}
			if k.addr && (st.FaultAddr != uint64(k.rax) || st.FaultErr&2 != 0 != k.write) {
				t.Fatalf("%s: address %#x error %#x", k.name, st.FaultAddr, st.FaultErr)
			}
			const r9, rax = 1, 13
			if st.Regs[rax] != uint64(k.rax) && len(k.insn) != 6 || st.Regs[r9] != 0xdeadbeefdeadbeef {
				t.Fatalf("%s: rax %#x r9 %#x", k.name, st.Regs[rax], st.Regs[r9])
			}
			if nilDeref() == "" {
				t.Fatal("a nil dereference in Go code does not panic any more")
			}
		}
	}
}

// A deep recursion of generated code ends in the guard page.
func TestStackOverflow(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := newCode(t)
	st := bound(t, c)
	defer free(st)
	SetFaultExit(c.emit(leave))
	defer SetFaultExit(0)
	st.Entry = uint64(c.emit(toStack, []byte{0xe8, 0xfb, 0xff, 0xff, 0xff})) // call itself
	Enter(st)
	if st.Exit != cpu.ExitFault || st.FaultAddr >= st.StackLo || st.FaultAddr < st.StackLo-pageSize {
		t.Errorf("exit %v, address %#x, stack from %#x", st.Exit, st.FaultAddr, st.StackLo)
	}
}
