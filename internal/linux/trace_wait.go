//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/tree"
)

// Stops of tracees are no stops to the host: waits look for them on the board, before they wait for the host's. A
// stop that comes while a thread waits interrupts it: the call is then made again.

// tracer reports whether the process traces anything.
func (p *Process) tracer() bool {
	if p.board == nil {
		return false
	}
	for range p.board.Tracees(p.PID) {
		return true
	}
	return false
}

// Options and kinds of IDs of waits (include/uapi/linux/wait.h).
const (
	wnohang = 0x1
	wexited = 0x4
	wnowait = 0x1000000

	pidAll   = 0
	pidP     = 1
	pidPgid  = 2
	pidPidfd = 3
)

// Values of si_code of SIGCHLD.
const (
	cldExited  = 1
	cldKilled  = 2
	cldDumped  = 3
	cldTrapped = 4
)

// tracedWait is a wait, in terms of waitid(2), and what it has found.
type tracedWait struct {
	which, id, options int32

	pid    int
	status uint32
}

// info is the siginfo_t of what was found.
func (w *tracedWait) info() (s sigInfo) {
	s.setSig(abi.SIGCHLD)
	s.setPid(uint32(w.pid), 0)
	code, status := int32(cldTrapped), w.status>>8
	switch {
	case w.status&0x7f == 0:
		code = cldExited
	case w.status&0x7f != 0x7f:
		code, status = cldKilled, w.status&0x7f
	}
	s.setCode(code)
	le.PutUint32(s[24:], status)
	return s
}

// matches reports whether the wait is for a tracee.
func (w *tracedWait) matches(x tree.Tracee) bool {
	switch w.which {
	case pidAll:
		return true
	case pidP:
		return x.TID() == int(w.id)
	case pidPgid:
		return raw(hostsys.SYS_GETPGID, uintptr(x.PID()), 0, 0, 0, 0, 0) == int64(w.id)
	}
	return false
}

// waitTraced does a wait of a process that traces. ok is false if there is nothing of tracees to report and the host
// is to be asked, which is interrupted if there is; the caller ends that by clearing t.waits.
func (t *Task) waitTraced(w *tracedWait) (r int64, ok bool) {
	t.waits.Store(true) // before looking: a stop from now on interrupts
	for {
		found, some := t.lookFor(w)
		if found {
			t.waits.Store(false)
			return int64(w.pid), true
		}
		if !some || w.which == pidPidfd {
			return 0, false
		}
		// Children have a say too. Without any the host would not wait.
		r = raw(hostsys.SYS_WAITID, uintptr(w.which), uintptr(w.id), 0, uintptr(w.options|wnohang|wnowait|wexited), 0, 0)
		if r != abi.ECHILD.Result() {
			return 0, false
		}
		if w.options&wnohang != 0 {
			t.waits.Store(false)
			return 0, true
		}
		// Now and then it looks who was killed.
		t.put64(0, 0)
		at := t.put64(8, 200e6) - 8
		if r = t.host(hostsys.SYS_PPOLL, 0, 0, at, 0, 0, 0); r < 0 {
			t.waits.Store(false)
			return r, true
		}
	}
}

// lookFor looks for a tracee that the wait can report. some says whether there are tracees that it is for.
func (t *Task) lookFor(w *tracedWait) (found, some bool) {
	for x := range t.Proc.board.Tracees(t.Proc.PID) {
		if !w.matches(x) {
			continue
		}
		some = true
		s := x.State()
		killed := s == tree.TraceRunning && !hostsys.Alive(x.PID())
		switch {
		case s == tree.TraceStopped && !x.Reported():
			w.pid, w.status = x.TID(), x.Status()
			if w.options&wnowait == 0 {
				x.SetReported()
			}
			return true, true
		case s == tree.TraceGone, killed:
			w.pid, w.status = x.TID(), x.Status()
			if killed {
				w.status = uint32(abi.SIGKILL) // nothing else ends a process without a word
			}
			if w.options&wnowait == 0 {
				x.Free()
			}
			return true, true
		}
	}
	return false, some
}

// writesTracees is told that the process has opened the memory of another for writing. What it writes there, breakpoints
// of a debugger's most of all, the other does not see.
func (p *Process) writesTracees() {
	if p.board == nil {
		return
	}
	for x := range p.board.Tracees(p.PID) {
		x.SetWritten()
	}
}

// reaped forgets the tracees of a process whose end the host has reported.
func (p *Process) reaped(pid int) {
	for x := range p.board.Tracees(p.PID) {
		if x.PID() == pid {
			x.Free()
		}
	}
}

// noticeStops tells the process of stops of its tracees: by SIGCHLD, and threads that wait look again.
func (t *Task) noticeStops() {
	p := t.Proc
	if !p.tracer() {
		return
	}
	news := false
	for x := range p.board.Tracees(p.PID) {
		s := x.State()
		if s != tree.TraceStopped && s != tree.TraceGone || x.Told() {
			continue
		}
		x.SetTold()
		news = true
		var info sigInfo
		info.setSig(abi.SIGCHLD)
		info.setPid(uint32(x.TID()), 0)
		status, code := x.Status()>>8&0xff, int32(cldTrapped)
		if s == tree.TraceGone {
			code = cldExited
		}
		info.setCode(code)
		le.PutUint32(info[24:], status)
		p.postProcess(&info)
	}
	if !news {
		return
	}
	for _, o := range p.Tasks() {
		if o.waits.Load() {
			o.wake()
		}
	}
}
