//go:build linux

package linux

import (
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// VirtualClock is the guest's time when somebody else than the host decides about it. The zero
// VirtualClock is off.
type VirtualClock struct {
	on         atomic.Bool
	real, mono int64        // what the clocks showed at the start, ns
	now        atomic.Int64 // since then, ns
}

// Start takes over from the host's clock, once.
func (c *VirtualClock) Start() {
	c.real = time.Now().UnixNano()
	sec, nsec, _ := hostsys.ClockGettime(clockMonotonic)
	c.mono = sec*1e9 + nsec
	c.on.Store(true)
}

// Now is the time since Start in nanoseconds.
func (c *VirtualClock) Now() int64 { return c.now.Load() }

// Set moves the clock to ns since Start, unless it is there already.
func (c *VirtualClock) Set(ns int64) {
	for {
		old := c.now.Load()
		if ns <= old || c.now.CompareAndSwap(old, ns) {
			return
		}
	}
}

// Clocks of clock_gettime(2) that the virtual clock stands for.
const (
	clockRealtime = 0
	clockRaw      = 4
	clockRealCrs  = 5
	clockMonoCrs  = 6
	clockBoottime = 7
	clockTAI      = 11
)

// base is what a clock showed at the start; false for clocks that stay the host's.
func (c *VirtualClock) base(clock int32) (int64, bool) {
	if !c.on.Load() {
		return 0, false
	}
	switch clock {
	case clockRealtime, clockRealCrs, clockTAI:
		return c.real, true
	case clockMonotonic, clockRaw, clockMonoCrs, clockBoottime:
		return c.mono, true
	}
	return 0, false
}

func clockGettime(t *Task, c *Call) int64 {
	v := &t.Proc.Hooks.Clock
	base, ok := v.base(int32(c.Args[0]))
	if !ok {
		return t.pass(c, hostsys.SYS_CLOCK_GETTIME, (*Task).hostFast)
	}
	return t.putTime(c.Args[1], base+v.Now(), 1)
}

func getTimeOfDay(t *Task, c *Call) int64 {
	v := &t.Proc.Hooks.Clock
	base, ok := v.base(clockRealtime)
	if !ok || c.Args[0] == 0 || c.Args[1] != 0 {
		return t.pass(c, hostsys.SYS_GETTIMEOFDAY, (*Task).hostFast)
	}
	return t.putTime(c.Args[0], base+v.Now(), 1000)
}

// putTime writes a struct timespec, or timeval with unit 1000.
func (t *Task) putTime(addr uint64, ns, unit int64) int64 {
	return t.putPair(addr, ns/1e9, ns%1e9/unit)
}

// putPair writes two 64-bit words.
func (t *Task) putPair(addr uint64, x, y int64) int64 {
	var b [16]byte
	le.PutUint64(b[0:], uint64(x))
	le.PutUint64(b[8:], uint64(y))
	if !t.Proc.Mem.Write(addr, b[:]) {
		return abi.EFAULT.Result()
	}
	return 0
}

// virtualSleep moves the virtual clock instead of sleeping, if there is one.
func (t *Task) virtualSleep(clock int32, ts *[16]byte, absolute bool) (r int64, done bool) {
	v := &t.Proc.Hooks.Clock
	base, ok := v.base(clock)
	if !ok {
		return 0, false
	}
	sec, nsec := int64(le.Uint64(ts[0:])), int64(le.Uint64(ts[8:]))
	if sec < 0 || nsec < 0 || nsec >= 1e9 {
		return abi.EINVAL.Result(), true
	}
	const most = 1 << 32 // seconds
	d := min(sec, most)*1e9 + nsec
	if absolute {
		v.Set(d - base)
	} else {
		v.Set(v.Now() + d)
	}
	return 0, true
}
