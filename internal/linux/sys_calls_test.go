//go:build linux

package linux

import (
	"os/exec"
	"testing"

	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/testenv"
)

// TestCalls: testdata/calls.c passes natively, and in each mode.
func TestCalls(t *testing.T) {
	const file = "internal/linux/testdata/calls.c"
	native, err := testenv.BuildC(testenv.Native, file)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(native).CombinedOutput(); err != nil {
		t.Fatalf("natively: %v\n%s", err, out)
	}
	prog, err := testenv.BuildC(testenv.RISCV64, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range matrix {
		g.Path = prog
		if out, st := runGuest(t, g); !st.Success() {
			t.Errorf("jit %v window %v: %v\n%s", g.JIT, g.Window, st, out)
		}
	}
}

func TestIoctlPointer(t *testing.T) {
	for req, want := range map[uint32]bool{
		0x5401: true, 0x5413: true, 0x541b: true, 0x5421: true, 0x5451: false, 0x540e: false, 0x540b: false,
		0x80045430: true, 0x40049409: false, 0x8912: true, 0x5441: false, 0x4c00: false, 0x4c05: true,
	} {
		if ioctlPointer(req) != want {
			t.Errorf("%#x: pointer is %v", req, !want)
		}
	}
	for req, want := range map[uint32]uint64{0x5401: unknownSpan, 0x80045430: 4, 0xc0189436: 24} {
		if n := ioctlSpan(req); n != want {
			t.Errorf("%#x spans %d, want %d", req, n, want)
		}
	}
}

func TestSysvExtent(t *testing.T) {
	const maps = `10000-11000 rw-s 00000000 00:01 5                  /SYSV00000000 (deleted)
11000-12000 r--s 00001000 00:01 5                  /SYSV00000000 (deleted)
12000-13000 rw-s 00000000 00:01 5                  /SYSV00000000 (deleted)
20000-21000 rw-p 00000000 00:00 0
30000-31000 rw-s 00000000 00:01 6                  /SYSV00000001 (deleted)
32000-33000 rw-s 00001000 00:01 6                  /SYSV00000001 (deleted)
`
	for addr, want := range map[uint64]uint64{0x10000: 0x2000, 0x11000: 0, 0x12000: 0x1000, 0x20000: 0, 0x30000: 0x1000, 0x32000: 0} {
		if n := sysvExtent(maps, addr); n != want {
			t.Errorf("%#x: %#x, want %#x", addr, n, want)
		}
	}
}

func TestIsNumbers(t *testing.T) {
	for s, want := range map[string]bool{"0": true, "1023": true, "7f00a000-7f00b000": true, "12a": false, "fd": false, "1.5": false, "cafe": false} {
		if got := isNumbers(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestFcntlSize(t *testing.T) {
	for cmd, want := range map[uint32]int{0: 0, 4: 0, 5: 32, 7: 32, 8: 0, 15: 8, 17: 8, 36: 32, 38: 32, 39: 0, 1030: 0, 1034: 0, 1035: 8, 1038: 8, 1039: 0} {
		if n := fcntlSize(cmd); n != want {
			t.Errorf("%d: %d, want %d", cmd, n, want)
		}
	}
}

// TestCopiesReachTheKernel: what a filter has read or replaced is what the host's call
// gets, wherever it lies.
func TestCopiesReachTheKernel(t *testing.T) {
	tasks, addr := tracedTasks(t, "from memory\x00", 1)
	task := tasks[0]
	if err := task.makeScratch(); err != nil {
		t.Fatal(err)
	}
	get := func(c *Call, i, n int) string {
		t.Helper()
		m := marshal{t: task}
		at, e := m.arg(c, i)
		if e != 0 {
			t.Fatal(e)
		}
		b := make([]byte, n)
		if !readHost(at, b) {
			t.Fatal("the argument is not readable")
		}
		m.release()
		return string(b)
	}
	c := traced(task, "write", 1, addr, 11)
	if s := get(c, 1, 11); s != "from memory" {
		t.Errorf("without a copy: %q", s)
	}
	if b, e := c.In(1, 4); e != 0 || string(b) != "from" {
		t.Fatal(e)
	}
	task.Proc.Mem.Write(addr, []byte("FROM MEMORY"))
	if s := get(c, 1, 11); s != "from MEMORY" {
		t.Errorf("four bytes had been read: %q", s)
	}
	big := make([]byte, 3*scratchSize)
	for i := range big {
		big[i] = byte(i)
	}
	c.SetArg(2, uint64(len(big)))
	c.SetIn(1, big, false)
	if s := get(c, 1, len(big)); s != string(big) {
		t.Error("a long replacement")
	}
	c = traced(task, "mkdirat", 1<<64-100, addr, 0)
	c.SetIn(1, []byte("elsewhere"), true)
	if s := get(c, 1, 10); s != "elsewhere\x00" {
		t.Errorf("a replaced path: %q", s)
	}
	c = traced(task, "read", 0, 1<<40, 1)
	m := marshal{t: task}
	if _, e := m.arg(c, 1); e == 0 {
		t.Error("an address beyond the guest's is none")
	}
}

// readHost reads host memory.
func readHost(at uintptr, b []byte) bool {
	n, _ := hostsys.CopyIn(b, at)
	return n == len(b)
}
