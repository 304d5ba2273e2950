//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/uapi"
)

// Waiting for descriptors. Where a call sets a signal mask while it waits, the host's does so:
// the host thread's mask mirrors the guest's, so it is as atomic as natively.

func pollRows() []Row {
	return []Row{
		fast(19, "eventfd2", "initval flags", hostsys.SYS_EVENTFD2, argfmt.Uint, argfmt.EventFDFlags).with(argfmt.FD),
		fast(20, "epoll_create1", "flags", hostsys.SYS_EPOLL_CREATE1, argfmt.EpollFlags).with(argfmt.FD),
		own(21, "epoll_ctl", "epfd op fd event", sysEpollCtl, argfmt.FD, argfmt.EpollOp, argfmt.FD, argfmt.EpollEventIn),
		own(22, "epoll_pwait", "epfd events maxevents timeout sigmask sigsetsize", sysEpollPwait, argfmt.FD, argfmt.EpollEventsOut, argfmt.Int, argfmt.Int, argfmt.SigsetIn, argfmt.Size),
		fast(26, "inotify_init1", "flags", hostsys.SYS_INOTIFY_INIT1, argfmt.InotifyFlags).with(argfmt.FD),
		own(27, "inotify_add_watch", "fd pathname mask", sysInotifyAddWatch, argfmt.FD, argfmt.Path, argfmt.InotifyMask),
		fast(28, "inotify_rm_watch", "fd wd", hostsys.SYS_INOTIFY_RM_WATCH, argfmt.FD, argfmt.Int),
		own(72, "pselect6", "nfds readfds writefds exceptfds timeout sigmask", sysPselect6, argfmt.Int, argfmt.FDSet, argfmt.FDSet, argfmt.FDSet, argfmt.TimespecInOut, argfmt.SigmaskArg),
		own(73, "ppoll", "fds nfds tmo_p sigmask sigsetsize", sysPpoll, argfmt.PollFDs, argfmt.Uint, argfmt.TimespecInOut, argfmt.SigsetIn, argfmt.Size),
		fast(85, "timerfd_create", "clockid flags", hostsys.SYS_TIMERFD_CREATE, argfmt.ClockID, argfmt.TimerFDFlags).with(argfmt.FD),
		fast(86, "timerfd_settime", "fd flags new_value old_value", hostsys.SYS_TIMERFD_SETTIME, argfmt.FD, argfmt.TimerFDFlags, argfmt.ItimerspecIn, argfmt.ItimerspecOut),
		fast(87, "timerfd_gettime", "fd curr_value", hostsys.SYS_TIMERFD_GETTIME, argfmt.FD, argfmt.ItimerspecOut),
		fast(262, "fanotify_init", "flags event_f_flags", hostsys.SYS_FANOTIFY_INIT, argfmt.Hex, argfmt.OpenFlags).with(argfmt.FD),
		pass(263, "fanotify_mark", "fanotify_fd flags mask dirfd pathname", hostsys.SYS_FANOTIFY_MARK, argfmt.FD, argfmt.Hex, argfmt.Hex, argfmt.DirFD, argfmt.Path),
		own(441, "epoll_pwait2", "epfd events maxevents timeout sigmask sigsetsize", sysEpollPwait2, argfmt.FD, argfmt.EpollEventsOut, argfmt.Int, argfmt.TimespecIn, argfmt.SigsetIn, argfmt.Size),
	}
}

// Places on the scratch page during a wait.
const (
	waitTimeout = 0
	waitMask    = 16
	waitSixth   = 24 // pselect6's struct of mask and size
	waitData    = 64
)

// sigmask reads the signal mask that a waiting call is to set; has is false if there
// is none.
func (t *Task) sigmask(addr, size uint64) (mask uint64, has bool, e abi.Errno) {
	if addr == 0 {
		return 0, false, 0
	}
	if size != sigsetSize {
		return 0, false, abi.EINVAL
	}
	mask, ok := t.readU64(addr)
	if !ok {
		return 0, false, abi.EFAULT
	}
	return mask &^ unblockable, true, 0
}

// wait runs a call that waits, until d, under a signal mask if has. call gets the host
// addresses of mask and timeout, 0 for none.
func (t *Task) wait(mask uint64, has bool, d deadline, call func(mask, timeout uintptr) int64) int64 {
	for {
		if has && t.ownReady(mask) {
			t.tempMask(mask)
			t.wakeSelf()
			return eintr
		}
		maskAt, timeout := uintptr(0), uintptr(0)
		if has {
			maskAt = t.put64(waitMask, mask&^hostUnblockable)
		}
		if d != never {
			timeout = t.putTimespec(waitTimeout, d.left())
		}
		r := call(maskAt, timeout)
		if r != eintr {
			return r
		}
		if t.pending() {
			if has {
				t.tempMask(mask)
			}
			return r
		}
	}
}

// timeLeft writes what is left of a timeout back, as the kernel does for ppoll and
// pselect6; it ignores a buffer that cannot be written.
func (t *Task) timeLeft(addr uint64, d deadline) {
	if addr == 0 || d == never {
		return
	}
	var b [16]byte
	left := d.left()
	le.PutUint64(b[0:], uint64(left/1e9))
	le.PutUint64(b[8:], uint64(left%1e9))
	t.Proc.Mem.Write(addr, b[:])
}

func sysPpoll(t *Task, c *Call) int64 {
	n := uint64(uint32(c.Args[1]))
	d, e := t.deadline(c.Args[2])
	if e != 0 {
		return e.Result()
	}
	mask, has, e := t.sigmask(c.Args[3], c.Args[4])
	if e != 0 {
		return e.Result()
	}
	fds, e := t.addr(c.Args[0])
	if e != 0 {
		return e.Result()
	}
	t.Proc.Mem.UnwatchForWrite(c.Args[0], 8*n)
	r := t.wait(mask, has, d, func(mask, timeout uintptr) int64 {
		return t.host(hostsys.SYS_PPOLL, fds, uintptr(n), timeout, mask, 8, 0)
	})
	if r != resRestart {
		t.timeLeft(c.Args[2], d)
	}
	return r
}

func sysPselect6(t *Task, c *Call) int64 {
	d, e := t.deadline(c.Args[4])
	if e != 0 {
		return e.Result()
	}
	var mask uint64
	has := false
	if c.Args[5] != 0 {
		var b [16]byte
		if !t.read(c.Args[5], b[:]) {
			return abi.EFAULT.Result()
		}
		if mask, has, e = t.sigmask(le.Uint64(b[:]), le.Uint64(b[8:])); e != 0 {
			return e.Result()
		}
	}
	var sets [3]uintptr
	for i := range sets {
		if sets[i], e = t.addr(c.Args[1+i]); e != 0 {
			return e.Result()
		}
		t.Proc.Mem.UnwatchForWrite(c.Args[1+i], 8*uint64(uint32(c.Args[0])/64+1))
	}
	r := t.wait(mask, has, d, func(mask, timeout uintptr) int64 {
		sixth := uintptr(0)
		if mask != 0 {
			t.put64(waitSixth+8, 8)
			sixth = t.put64(waitSixth, uint64(mask))
		}
		return t.host(hostsys.SYS_PSELECT6, uintptr(c.Args[0]), sets[0], sets[1], sets[2], timeout, sixth)
	})
	if r != resRestart {
		t.timeLeft(c.Args[4], d)
	}
	return r
}

const epollCtlDel = 2

func sysEpollCtl(t *Task, c *Call) int64 {
	if hostsys.ReservedFD(int(int32(c.Args[0]))) || hostsys.ReservedFD(int(int32(c.Args[2]))) {
		return abi.EBADF.Result()
	}
	at := uintptr(0)
	if int32(c.Args[1]) != epollCtlDel {
		l := t.layout()
		var b, h [uapi.EpollSize]byte
		if !t.read(c.Args[3], b[:l.EpollLen()]) {
			return abi.EFAULT.Result()
		}
		uapi.EpollEvents(h[:], hostLayout(), b[:], l, 1)
		at = t.put(waitData, h[:])
	}
	return t.hostFast(hostsys.SYS_EPOLL_CTL, uintptr(c.Args[0]), uintptr(c.Args[1]), uintptr(c.Args[2]), at, 0, 0)
}

// maxEpoll is how many events one call returns at most: what fits on the scratch page. There
// may always be fewer than asked for.
const maxEpoll = (scratchSize - waitData) / uapi.EpollSize

func sysEpollPwait(t *Task, c *Call) int64 {
	d := never
	if ms := int32(c.Args[3]); ms >= 0 {
		d = now() + deadline(ms)*1e6
	}
	return t.epollWait(c, d, int32(c.Args[3]) == 0)
}

func sysEpollPwait2(t *Task, c *Call) int64 {
	d, e := t.deadline(c.Args[3])
	if e != 0 {
		return e.Result()
	}
	return t.epollWait(c, d, false)
}

// epollWait waits until d; poll says not at all.
func (t *Task) epollWait(c *Call, d deadline, poll bool) int64 {
	if hostsys.ReservedFD(int(int32(c.Args[0]))) {
		return abi.EBADF.Result()
	}
	n := int32(c.Args[2])
	if n > maxEpoll {
		n = maxEpoll
	}
	mask, has, e := t.sigmask(c.Args[4], c.Args[5])
	if e != 0 {
		return e.Result()
	}
	if c.Args[1] >= t.Proc.Mem.Limit() {
		return abi.EFAULT.Result()
	}
	at := t.scratch + waitData
	r := t.wait(mask, has, d, func(mask, _ uintptr) int64 {
		ms := int64(-1)
		switch {
		case poll:
			ms = 0
		case d != never:
			ms = (d.left() + 999_999) / 1e6 // rounded up, so as not to return early
		}
		return t.host(hostsys.SYS_EPOLL_PWAIT, uintptr(c.Args[0]), at, uintptr(n), uintptr(min(ms, 1<<31-1)), mask, 8)
	})
	if r <= 0 {
		return r
	}
	var src, dst [maxEpoll * uapi.EpollSize]byte
	hl, gl := hostLayout(), t.layout()
	hostsys.CopyIn(src[:int(r)*hl.EpollLen()], at)
	uapi.EpollEvents(dst[:], gl, src[:], hl, int(r))
	if !t.Proc.Mem.Write(c.Args[1], dst[:int(r)*gl.EpollLen()]) {
		return abi.EFAULT.Result()
	}
	return r
}

func sysInotifyAddWatch(t *Task, c *Call) int64 {
	fd, e := fdArg(c, 0)
	if e != 0 {
		return e.Result()
	}
	m := marshal{t: t}
	defer m.release()
	f, e := m.lookup(c, 1)
	if e != 0 {
		return e.Result()
	}
	return t.hostBlock(hostsys.SYS_INOTIFY_ADD_WATCH, fd, f.addr, uintptr(c.Args[2]), 0, 0, 0)
}
