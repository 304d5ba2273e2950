//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Clocks and sleeping.

func timeRows() []Row {
	return []Row{
		own(101, "nanosleep", "req rem", sysNanosleep, argfmt.TimespecIn, argfmt.TimespecLeft),
		fast(112, "clock_settime", "clockid tp", hostsys.SYS_CLOCK_SETTIME, argfmt.ClockID, argfmt.TimespecIn),
		own(113, "clock_gettime", "clockid tp", clockGettime, argfmt.ClockID, argfmt.TimespecOut),
		fast(114, "clock_getres", "clockid res", hostsys.SYS_CLOCK_GETRES, argfmt.ClockID, argfmt.TimespecOut),
		own(115, "clock_nanosleep", "clockid flags request remain", sysClockNanosleep, argfmt.ClockID, argfmt.TimerFlags, argfmt.TimespecIn, argfmt.TimespecLeft),
		fast(153, "times", "buf", hostsys.SYS_TIMES, argfmt.TmsOut),
		own(169, "gettimeofday", "tv tz", getTimeOfDay, argfmt.TimevalOut, argfmt.TimezoneOut),
		fast(170, "settimeofday", "tv tz", hostsys.SYS_SETTIMEOFDAY, argfmt.TimevalIn, argfmt.PtrIn),
		fast(171, "adjtimex", "buf", hostsys.SYS_ADJTIMEX, argfmt.PtrInOut),
		fast(266, "clock_adjtime", "clockid buf", hostsys.SYS_CLOCK_ADJTIME, argfmt.ClockID, argfmt.PtrInOut),
	}
}

const timerAbstime = 1

func sysNanosleep(t *Task, c *Call) int64 { return t.sleep(clockMonotonic, c.Args[0], c.Args[1]) }

func sysClockNanosleep(t *Task, c *Call) int64 {
	if uint32(c.Args[1])&timerAbstime == 0 {
		return t.sleep(int32(c.Args[0]), c.Args[2], c.Args[3])
	}
	var ts [16]byte
	if !t.read(c.Args[2], ts[:]) {
		return abi.EFAULT.Result()
	}
	if r, done := t.virtualSleep(int32(c.Args[0]), &ts, true); done {
		return r
	}
	return t.hostBlock(hostsys.SYS_CLOCK_NANOSLEEP, uintptr(c.Args[0]), uintptr(c.Args[1]), t.put(0, ts[:]), 0, 0, 0)
}

// sleep sleeps for a time of a clock. The kernel writes what is left when it is
// interrupted, and with that the sleep goes on if it was not for the guest.
func (t *Task) sleep(clock int32, req, rem uint64) int64 {
	const reqOff, remOff = 0, 16
	var ts [16]byte
	if !t.read(req, ts[:]) {
		return abi.EFAULT.Result()
	}
	if r, done := t.virtualSleep(clock, &ts, false); done {
		return r
	}
	at := t.put(reqOff, ts[:])
	for {
		r := t.host(hostsys.SYS_CLOCK_NANOSLEEP, uintptr(clock), 0, at, t.scratch+remOff, 0, 0)
		if r != eintr {
			return r
		}
		t.get(remOff, ts[:])
		if t.pending() {
			if rem != 0 && !t.Proc.Mem.Write(rem, ts[:]) {
				return abi.EFAULT.Result()
			}
			return r
		}
		t.put(reqOff, ts[:])
	}
}
