//go:build linux

package linux

import (
	"encoding/binary"
	"math"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// deadline is a point of CLOCK_MONOTONIC in nanoseconds. Relative timeouts of
// blocking calls become one, so that the time left is right when a call is made again
// after an interruption that the guest does not see.
type deadline int64

const (
	never          deadline = math.MaxInt64
	clockMonotonic          = 1
)

// now is the present.
func now() deadline {
	sec, nsec, _ := hostsys.ClockGettime(clockMonotonic)
	return deadline(sec*1e9 + nsec)
}

// monotonicDeadline is the deadline of a relative struct timespec.
func monotonicDeadline(ts []byte) (deadline, abi.Errno) {
	sec, nsec := int64(binary.LittleEndian.Uint64(ts)), int64(binary.LittleEndian.Uint64(ts[8:]))
	if sec < 0 || nsec < 0 || nsec >= 1e9 {
		return 0, abi.EINVAL
	}
	n := now()
	if sec > (math.MaxInt64-int64(n))/1e9-2 {
		return never, 0
	}
	return n + deadline(sec*1e9+nsec), 0
}

// deadline reads a relative struct timespec; never if addr is 0.
func (t *Task) deadline(addr uint64) (deadline, abi.Errno) {
	if addr == 0 {
		return never, 0
	}
	var ts [16]byte
	if !t.read(addr, ts[:]) {
		return 0, abi.EFAULT
	}
	return monotonicDeadline(ts[:])
}

// left is the time until d, not negative, in nanoseconds.
func (d deadline) left() int64 { return max(0, int64(d-now())) }

// put writes d as an absolute struct timespec.
func (d deadline) put(ts []byte) {
	binary.LittleEndian.PutUint64(ts, uint64(int64(d)/1e9))
	binary.LittleEndian.PutUint64(ts[8:], uint64(int64(d)%1e9))
}

// putTimespec puts ns nanoseconds as a struct timespec on the scratch page.
func (t *Task) putTimespec(off int, ns int64) uintptr {
	t.put64(off+8, uint64(ns%1e9))
	return t.put64(off, uint64(ns/1e9))
}
