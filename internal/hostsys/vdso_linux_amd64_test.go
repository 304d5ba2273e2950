//go:build linux && amd64

package hostsys

import (
	"encoding/binary"
	"testing"
	"unsafe"
)

// TestClocks compares the clocks of the vDSO with the kernel's.
func TestClocks(t *testing.T) {
	kernel := func(clock int) int64 {
		var ts [2]int64
		if r := rawSyscall(SYS_CLOCK_GETTIME, uintptr(clock), addr(&ts[0]), 0, 0, 0, 0); IsErr(r) {
			t.Fatalf("clock_gettime(%d): errno %d", clock, Errno(r))
		}
		return ts[0]*1e9 + ts[1]
	}
	for _, clock := range []int{0, 1, 4, 5, 6, 7, 11} {
		before := kernel(clock)
		sec, nsec, ok := ClockGettime(int32(clock))
		after := kernel(clock)
		if !ok {
			if clock < 2 {
				t.Errorf("clock %d is not offered", clock)
			}
			t.Logf("clock %d: not in this vDSO", clock)
			continue
		}
		if got := sec*1e9 + nsec; nsec < 0 || nsec >= 1e9 || got < before || got > after {
			t.Errorf("clock %d: %d.%09d is not in [%d, %d]", clock, sec, nsec, before, after)
		}
	}
	for _, clock := range []int32{2, 3, 8, 99, -1, -6} {
		if _, _, ok := ClockGettime(clock); ok {
			t.Errorf("clock %d is offered", clock)
		}
	}
}

func TestGetcpu(t *testing.T) {
	cpu, node, ok := Getcpu()
	if !ok {
		t.Skip("no getcpu in this vDSO")
	}
	var most uint32
	for range 100 { // the thread may be moved in between
		var c, n uint32
		rawSyscall(SYS_GETCPU, addr(&c), addr(&n), 0, 0, 0, 0)
		most = max(most, c)
		if c == cpu && n == node {
			return
		}
		cpu, node, _ = Getcpu()
	}
	t.Errorf("getcpu: CPU %d, node %d; the kernel says at most %d", cpu, node, most)
}

// TestDeepStack calls the vDSO with little room left on the stack: it must grow.
func TestDeepStack(t *testing.T) {
	done := make(chan bool)
	for depth := range 200 {
		go func() {
			done <- descend(depth)
		}()
		if !<-done {
			t.Fatal("a clock failed")
		}
	}
}

//go:noinline
func descend(depth int) bool {
	var pad [16]byte
	if depth > 0 {
		return descend(depth-1) && pad[depth%16] == 0
	}
	_, _, ok := ClockGettime(1)
	_, _, okCoarse := ClockGettime(6)
	return ok && (okCoarse || vdsoSymbols().clockGettime == 0)
}

// TestGNUHash counts the symbols of a table with two buckets, of which the last chain has three members.
func TestGNUHash(t *testing.T) {
	le := binary.LittleEndian
	var b []byte
	for _, w := range []uint32{2, 1, 1, 0, 0, 0, 1, 3, 2 | 1, 4 | 1, 6, 8, 10 | 1} {
		b = le.AppendUint32(b, w)
	}
	if n := gnuCount(uintptr(unsafe.Pointer(&b[0]))); n != 6 {
		t.Errorf("%d symbols, want 6", n)
	}
	var none [16 + 8 + 4]byte
	none[0], none[4], none[8] = 1, 1, 1
	if n := gnuCount(uintptr(unsafe.Pointer(&none[0]))); n != 0 {
		t.Errorf("empty table: %d symbols", n)
	}
}
