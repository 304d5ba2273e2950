//go:build linux

package linux

import (
	"math/bits"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Pins hold the objects that calls have been judged by. A filter that decides about a path must
// decide about the very file that the call then works on: the file is opened once with
// O_PATH, its real path read from that descriptor, and the call made on the descriptor. The
// guest must not get at the descriptor meanwhile, so it is one of a fixed set of numbers that
// are Weir's from before the guest's first instruction: no call of the guest accepts them, not
// even one that was under way.

// numPins is how many objects can be held at a time, by all threads. A call holds up to three
// for some microseconds; one that blocks in opening a FIFO holds its own that long.
const numPins = 24

// perCall is how many a call may need at a time. It asks for all of them before it takes the
// first, so that calls do not wait for each other.
const perCall = 3

// minPins is how many there are at least: what execve holds, and enough that calls seldom wait.
const minPins = 10

// pins are the descriptors; nil until EnablePins.
var pins *pinSet

type pinSet struct {
	fds  [numPins]int
	idle int // what unused ones refer to
	used atomic.Uint32
	free atomic.Int32 // how many are not promised to a call
	gone atomic.Int32 // how many the guest has got
}

// EnablePins takes the descriptors. It is called before the guest runs.
func EnablePins() error {
	if pins != nil {
		return nil
	}
	p := &pinSet{}
	fd := raw(hostsys.SYS_EVENTFD2, 0, oCloexec, 0, 0, 0, 0)
	if fd < 0 {
		return abi.Errno(-fd)
	}
	defer closeFD(int(fd))
	idle, err := hostsys.Hide(int(fd))
	if err != nil {
		return err
	}
	p.idle = int(idle.Fd())
	for i := range p.fds {
		h, err := hostsys.HideFrom(int(fd), numPins)
		if err != nil {
			return err
		}
		p.fds[i] = int(h.Fd())
	}
	p.free.Store(numPins - 2) // an execve under way holds two beyond its call
	pins = p
	return nil
}

// pin is a held descriptor; 0 for none.
type pin int

func (p pin) fd() uintptr { return uintptr(pins.fds[p-1]) }

// path is a path by which the thread's host calls reach the object.
func (p pin) path() string { return "/proc/thread-self/fd/" + strconv.Itoa(pins.fds[p-1]) }

// hold moves fd, which is closed, to a descriptor of Weir's.
func hold(fd int) (pin, abi.Errno) {
	defer closeFD(fd)
	return holdCopy(fd)
}

// holdCopy is hold of a descriptor that stays open.
func holdCopy(fd int) (pin, abi.Errno) {
	for {
		i := bits.TrailingZeros32(^pins.used.Load())
		if i >= numPins {
			return 0, abi.ENFILE // BUG: more than promised
		}
		bit := uint32(1) << i
		if pins.used.Or(bit)&bit != 0 {
			continue
		}
		if r := raw(hostsys.SYS_DUP3, uintptr(fd), uintptr(pins.fds[i]), oCloexec, 0, 0, 0); r < 0 {
			pins.used.And(^bit)
			if r == abi.EBADF.Result() { // above the limit that the guest has set
				return 0, abi.EMFILE
			}
			return 0, abi.Errno(-r)
		}
		return pin(i + 1), 0
	}
}

// promise waits until perCall pins are free and reserves them.
func promise() abi.Errno { return reserve(perCall) }

func reserve(k int32) abi.Errno {
	for began := time.Now(); ; {
		n := pins.free.Load()
		switch {
		case n >= k:
			if pins.free.CompareAndSwap(n, n-k) {
				return 0
			}
		case time.Since(began) > 10*time.Second:
			return abi.ENFILE
		default:
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// yieldPin lets the guest have the number fd of a pin, for good: a new number for the pin would be one that calls of
// the guest may be under way to. In a vfork child with descriptors of its own the number stays Weir's: the parent's one is not the
// guest's. It reports whether fd is free of pins.
func yieldPin(fd int, shared bool) bool {
	if pins == nil {
		return false
	}
	i := slices.Index(pins.fds[:], fd)
	if i < 0 {
		return false
	}
	if pins.gone.Add(1) > numPins-minPins || reserve(1) != 0 {
		pins.gone.Add(-1)
		return false
	}
	for began := time.Now(); pins.used.Or(1<<i)&(1<<i) != 0; time.Sleep(20 * time.Microsecond) {
		if taken := !hostsys.ReservedFD(fd); taken || time.Since(began) > 10*time.Second {
			pins.free.Add(1)
			pins.gone.Add(-1)
			return taken
		}
	}
	if shared {
		hostsys.Unhide(fd)
		closeFD(fd) // the call may fail yet
	}
	return true
}

// release lets go of the object.
func (p pin) release() {
	if p != 0 {
		raw(hostsys.SYS_DUP3, uintptr(pins.idle), p.fd(), oCloexec, 0, 0, 0)
		pins.used.And(^(uint32(1) << (p - 1)))
	}
}

// realPath is the kernel's name of the object: its present absolute path, without links, or
// something without a slash at its start for what has none.
func (t *Task) realPath(p pin) (string, abi.Errno) {
	return t.readLink(atFdCwdHost, p.path())
}

// pinStat returns the type and permissions of the object and its number of names.
func (t *Task) pinStat(p pin) (mode uint32, links uint32, e abi.Errno) {
	empty := t.put(0, []byte{0})
	if r := raw(hostsys.SYS_STATX, p.fd(), empty, atEmptyPath, 0x7ff, t.scratch+64, 0); r < 0 {
		return 0, 0, abi.Errno(-r)
	}
	var b [64]byte // struct statx: stx_nlink at 16, stx_mode at 28
	t.get(64, b[:])
	return uint32(le.Uint16(b[28:])), le.Uint32(b[16:]), 0
}
