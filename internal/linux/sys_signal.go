//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// hostUnblockable is never blocked on the host.
const hostUnblockable = hostsys.Unblockable

// how of rt_sigprocmask(2).
const (
	sigBlock   = 0
	sigUnblock = 1
	sigSetMask = 2

	sigsetSize = 8
)

// badFrame is what a broken signal frame earns.
func (t *Task) badFrame() { t.fault(abi.SIGSEGV, siKernel, 0) }

// hasRestorer reports whether the guest's struct sigaction has sa_restorer:
// all ABIs but riscv64's.
func (p *Process) hasRestorer() bool { return p.Guest.Arch != abi.RISCV64 }

func (t *Task) sysRtSigaction(signum int32, act, oact uint64, size uint64) int64 {
	p := t.Proc
	sig := abi.Signal(signum)
	if size != sigsetSize || signum < 1 || signum > int32(abi.SIGRTMAX) {
		return abi.EINVAL.Result()
	}
	var buf [32]byte
	n := 24
	if p.hasRestorer() {
		n = 32
	}
	le := binary.LittleEndian
	var new sigAction
	if act != 0 {
		if !t.read(act, buf[:n]) {
			return abi.EFAULT.Result()
		}
		new = sigAction{handler: le.Uint64(buf[0:]), flags: le.Uint64(buf[8:]), mask: le.Uint64(buf[n-8:]) &^ unblockable}
		known := uint64(saKnown)
		if p.hasRestorer() {
			known |= saRestorer
			new.restorer = le.Uint64(buf[16:])
		}
		new.flags &= known
		if unblockable&sigBit(sig) != 0 {
			return abi.EINVAL.Result()
		}
	}
	p.sigMu.Lock()
	old := p.actions[sig]
	if act != 0 {
		p.actions[sig] = new
		p.mirror(sig)
		p.tellSignals()
		if new.ignored(sig) {
			p.flushOwn(sig)
		}
	}
	p.sigMu.Unlock()
	if oact != 0 {
		le.PutUint64(buf[0:], old.handler)
		le.PutUint64(buf[8:], old.flags)
		le.PutUint64(buf[16:], old.restorer)
		le.PutUint64(buf[n-8:], old.mask)
		if !p.Mem.Write(oact, buf[:n]) {
			return abi.EFAULT.Result()
		}
	}
	return 0
}

// flushOwn drops a signal from Weir's own queues when it becomes ignored.
// Called with sigMu held.
func (p *Process) flushOwn(sig abi.Signal) {
	if (ownSignals|faultSignals)&sigBit(sig) == 0 {
		return
	}
	drop := func(q []sigInfo) []sigInfo {
		keep := q[:0]
		for i := range q {
			if q[i].sig() != sig {
				keep = append(keep, q[i])
			}
		}
		return keep
	}
	p.shared = drop(p.shared)
	for _, t := range p.Tasks() {
		t.emu = drop(t.emu)
	}
}

func (t *Task) sysRtSigprocmask(how int32, set, oset uint64, size uint64) int64 {
	if size != sigsetSize {
		return abi.EINVAL.Result()
	}
	old := t.mask
	if set != 0 {
		m, ok := t.readU64(set)
		if !ok {
			return abi.EFAULT.Result()
		}
		switch how {
		case sigBlock:
			m = old | m
		case sigUnblock:
			m = old &^ m
		case sigSetMask:
		default:
			return abi.EINVAL.Result()
		}
		t.Proc.noteBlocked(m)
		t.mask = m &^ unblockable
		if want := t.mask &^ hostUnblockable; want != t.hostMask {
			if t.hostFast(hostsys.SYS_RT_SIGPROCMASK, sigSetMask, t.put64(0, want), 0, 8, 0, 0) == resRestart {
				t.mask = old
				return resRestart
			}
			t.hostMask = want
		}
		t.noticeOwn()
	}
	if oset != 0 && !t.Proc.Mem.WriteU64(oset, old) {
		return abi.EFAULT.Result()
	}
	return 0
}

func (t *Task) sysRtSigpending(set uint64, size uint64) int64 {
	if size > sigsetSize {
		return abi.EINVAL.Result()
	}
	if r := t.hostFast(hostsys.SYS_RT_SIGPENDING, t.scratch, 8, 0, 0, 0, 0); r != 0 {
		return r
	}
	p := t.Proc
	p.sigMu.Lock()
	own := queued(t.emu) | queued(p.shared)
	p.sigMu.Unlock()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], (t.get64(0)|own)&t.mask)
	if !p.Mem.Write(set, b[:size]) {
		return abi.EFAULT.Result()
	}
	return 0
}

func (t *Task) sysRtSigsuspend(set uint64, size uint64) int64 {
	if size != sigsetSize {
		return abi.EINVAL.Result()
	}
	mask, ok := t.readU64(set)
	if !ok {
		return abi.EFAULT.Result()
	}
	t.Proc.noteBlocked(mask)
	mask &^= unblockable
	for {
		if t.ownReady(mask) {
			t.tempMask(mask)
			t.wakeSelf()
			return eintr
		}
		r := t.host(hostsys.SYS_RT_SIGSUSPEND, t.put64(0, mask&^hostUnblockable), 8, 0, 0, 0, 0)
		if r != eintr {
			return r
		}
		if t.pending() {
			t.tempMask(mask)
			return r
		}
	}
}

// ownReady reports whether Weir's own queues have a signal that mask lets through.
func (t *Task) ownReady(mask uint64) bool {
	p := t.Proc
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	return (queued(t.emu)|queued(p.shared))&^mask != 0
}

func (t *Task) sysRtSigtimedwait(set, info, timeout uint64, size uint64) int64 {
	if size != sigsetSize {
		return abi.EINVAL.Result()
	}
	p := t.Proc
	want, ok := t.readU64(set)
	if !ok {
		return abi.EFAULT.Result()
	}
	want &^= unblockable
	deadline, errno := t.deadline(timeout)
	if errno != 0 {
		return errno.Result()
	}
	const infoOff, tsOff, setOff = 0, 128, 144
	for {
		p.sigMu.Lock()
		got, ok := t.dequeue(want)
		p.sigMu.Unlock()
		r := int64(got.sig())
		if !ok {
			ts := uintptr(0)
			if timeout != 0 {
				ts = t.putTimespec(tsOff, deadline.left())
			}
			r = t.host(hostsys.SYS_RT_SIGTIMEDWAIT, t.put64(setOff, want&^hostUnblockable), t.scratch+infoOff, ts, 8, 0, 0)
			if r == eintr && !t.pending() {
				continue
			}
			if r < 0 {
				if t.pending() && t.ownIn(want) {
					continue
				}
				return r
			}
			t.get(infoOff, got[:])
			hostsys.FixSiginfo((*[128]byte)(&got))
		}
		if info != 0 && !p.Mem.Write(info, got[:]) {
			return abi.EFAULT.Result()
		}
		return r
	}
}

// ownIn reports whether Weir's own queues have a signal of set.
func (t *Task) ownIn(set uint64) bool {
	p := t.Proc
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	return (queued(t.emu)|queued(p.shared))&set != 0
}

func (t *Task) sysSigaltstack(ss, old uint64) int64 {
	p := t.Proc
	sp := t.St.X[p.Guest.SPReg]
	was := t.alt
	wasFlags := was.state(sp)
	le := binary.LittleEndian
	var b [24]byte
	if ss != 0 {
		if !t.read(ss, b[:]) {
			return abi.EFAULT.Result()
		}
		if e := t.setAltStack(altStack{sp: le.Uint64(b[0:]), flags: le.Uint32(b[8:]), size: le.Uint64(b[16:])}, sp); e != 0 {
			return e.Result()
		}
	}
	if old != 0 {
		clear(b[:])
		le.PutUint64(b[0:], was.sp)
		le.PutUint32(b[8:], wasFlags)
		le.PutUint64(b[16:], was.size)
		if !p.Mem.Write(old, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	return 0
}

// setAltStack is kernel/signal.c, do_sigaltstack, at stack pointer sp.
func (t *Task) setAltStack(a altStack, sp uint64) abi.Errno {
	if t.alt.size != 0 && t.alt.holds(sp) {
		return abi.EPERM
	}
	switch a.flags &^ ssAutoDisarm {
	case ssDisable:
		a.sp, a.size = 0, 0
	case 0, ssOnStack:
		if a == t.alt {
			return 0
		}
		if a.size < minSigStkSz {
			return abi.ENOMEM
		}
	default:
		return abi.EINVAL
	}
	t.alt = a
	return 0
}

// wakeSelf makes the run loop look at the signals.
func (t *Task) wakeSelf() { t.noticeOwn() }

func (t *Task) sysKill(pid int32, sig int32) int64 {
	if isOwn(sig) {
		self := int32(t.Proc.PID)
		pgrp := int32(raw(hostsys.SYS_GETPGID, 0, 0, 0, 0, 0, 0))
		if pid == self || pid == 0 || pid == -pgrp {
			info := t.userInfo(abi.Signal(sig), siUser)
			t.Proc.postProcess(&info)
			return 0
		}
		return t.hostFast(hostsys.SYS_KILL, uintptr(pid), 0, 0, 0, 0, 0)
	}
	if sig == int32(abi.SIGSTOP) && pid > 0 && t.stopOther(int(pid)) {
		return 0
	}
	return t.hostFast(hostsys.SYS_KILL, uintptr(pid), uintptr(sig), 0, 0, 0, 0)
}

// isOwn reports whether sig is one that Weir delivers itself.
func isOwn(sig int32) bool {
	return sig >= 1 && sig <= int32(abi.SIGRTMAX) && ownSignals&sigBit(abi.Signal(sig)) != 0
}

// userInfo is the siginfo of kill(2) and its kin.
func (t *Task) userInfo(sig abi.Signal, code int32) (info sigInfo) {
	info.setSig(sig)
	info.setCode(code)
	info.setPid(uint32(t.Proc.PID), uint32(raw(hostsys.SYS_GETUID, 0, 0, 0, 0, 0, 0)))
	return info
}

func (t *Task) sysTkill(tid int32, sig int32) int64 {
	if isOwn(sig) && tid > 0 {
		if o := t.Proc.task(int(tid)); o != nil {
			info := t.userInfo(abi.Signal(sig), siTkill)
			t.postTo(o, &info)
			return 0
		}
		sig = 0
	}
	if sig == int32(abi.SIGSTOP) && t.stopOther(int(tid)) {
		return 0
	}
	return t.hostFast(hostsys.SYS_TKILL, uintptr(tid), uintptr(sig), 0, 0, 0, 0)
}

func (t *Task) sysTgkill(tgid, tid int32, sig int32) int64 {
	if isOwn(sig) && tid > 0 {
		if o := t.Proc.task(int(tid)); o != nil && int(tgid) == t.Proc.PID {
			info := t.userInfo(abi.Signal(sig), siTkill)
			t.postTo(o, &info)
			return 0
		}
		sig = 0
	}
	if sig == int32(abi.SIGSTOP) && t.stopOther(int(tid)) {
		return 0
	}
	return t.hostFast(hostsys.SYS_TGKILL, uintptr(tgid), uintptr(tid), uintptr(sig), 0, 0, 0)
}

// postTo posts to another task or to t itself.
func (t *Task) postTo(o *Task, info *sigInfo) {
	if o != t {
		o.post(info)
		return
	}
	p := t.Proc
	p.sigMu.Lock()
	if a := &p.actions[info.sig()]; !a.ignored(info.sig()) {
		enqueue(&t.emu, info)
	}
	p.sigMu.Unlock()
	t.noticeOwn()
}

// readInfo reads a siginfo that a process wants to send (rt_sigqueueinfo(2)).
func (t *Task) readInfo(addr uint64, sig int32, other bool) (info sigInfo, errno abi.Errno) {
	if !t.read(addr, info[:]) {
		return info, abi.EFAULT
	}
	info.setSig(abi.Signal(sig))
	// Only the kernel may claim to be the kernel or kill(2).
	if c := info.code(); other && (c >= 0 || c == siTkill) {
		return info, abi.EPERM
	}
	return info, 0
}

func (t *Task) sysRtSigqueueinfo(pid int32, sig int32, addr uint64) int64 {
	info, e := t.readInfo(addr, sig, int(pid) != t.Proc.PID)
	if e != 0 {
		return e.Result()
	}
	if isOwn(sig) && int(pid) == t.Proc.PID {
		t.Proc.postProcess(&info)
		return 0
	}
	return t.hostFast(hostsys.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), t.put(0, info[:]), 0, 0, 0)
}

func (t *Task) sysRtTgsigqueueinfo(tgid, tid int32, sig int32, addr uint64) int64 {
	info, e := t.readInfo(addr, sig, int(tgid) != t.Proc.PID)
	if e != 0 {
		return e.Result()
	}
	if isOwn(sig) && int(tgid) == t.Proc.PID {
		if o := t.Proc.task(int(tid)); o != nil {
			t.postTo(o, &info)
			return 0
		}
		return abi.ESRCH.Result()
	}
	return t.hostFast(hostsys.SYS_RT_TGSIGQUEUEINFO, uintptr(tgid), uintptr(tid), uintptr(sig), t.put(0, info[:]), 0, 0)
}

func (t *Task) sysRtSigreturn() int64 { return t.sigreturn() }

// sysRestartSyscall answers as the kernel does when nothing is to be restarted: the host
// kernel restarts its own calls.
func (t *Task) sysRestartSyscall() int64 { return eintr }
