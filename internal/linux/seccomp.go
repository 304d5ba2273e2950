//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/linux/bpf"
)

// The guest's seccomp filters (seccomp(2)) are run here, over the guest's numbers and its
// architecture: on the host they would judge Weir's own calls. A task's state is inherited by threads and
// children and survives execve. Calls are judged after entry events and strace's line and before the filters of
// plugins, which stand in for the kernel behind it; see dispatch.go.

// Modes (include/uapi/linux/seccomp.h).
const (
	seccompStrict = 1
	seccompFilter = 2
)

// Results of filters: the action in the upper half, data in the lower.
const (
	secRetKillProcess = 0x80000000
	secRetKillThread  = 0x00000000
	secRetTrap        = 0x00030000
	secRetErrno       = 0x00050000
	secRetUserNotif   = 0x7fc00000
	secRetTrace       = 0x7ff00000
	secRetLog         = 0x7ffc0000
	secRetAllow       = 0x7fff0000
	secRetAction      = 0xffff0000
	secRetData        = 0x0000ffff
)

// seccompState is what a thread is confined by. It is never changed, only replaced.
type seccompState struct {
	mode uint8
	last *secFilter // the newest filter; mode seccompFilter only
}

// secFilter is a filter and those that were installed before it.
type secFilter struct {
	prog   *bpf.Program
	notify bool // its SECCOMP_RET_USER_NOTIF goes to a listener
	prev   *secFilter
}

// size is how many instructions a call can cost, by the kernel's count (seccomp_attach_filter).
func (f *secFilter) size() (n int) {
	for ; f != nil; f = f.prev {
		n += f.prog.Len() + 4
	}
	return n
}

// isAncestor reports whether f is nil or one of the filters of g.
func (f *secFilter) isAncestor(g *secFilter) bool {
	for ; g != f; g = g.prev {
		if g == nil {
			return false
		}
	}
	return true
}

// confined reports whether a seccomp mode is in force for t.
func (t *Task) confined() bool { return t.seccomp.Load() != nil }

// auditArch is AUDIT_ARCH_* of a guest (include/uapi/linux/audit.h): the ELF machine with marks for 64 bits and
// little-endian.
func auditArch(g *isa.Guest) uint32 {
	arch := uint32(g.ELFMachine) | 1<<30
	if g.Bits == 64 {
		arch |= 1 << 31
	}
	return arch
}

// runFilters asks every filter, the newest first; the action of the highest precedence wins, and of equal ones
// the newest (kernel/seccomp.c, seccomp_run_filters).
func (s *seccompState) runFilters(d *bpf.Data) (ret uint32, match *secFilter) {
	ret = secRetAllow
	for f := s.last; f != nil; f = f.prev {
		if r := f.prog.Run(d); int32(r&secRetAction) < int32(ret&secRetAction) {
			ret, match = r, f
		}
	}
	return ret, match
}

// judge applies t's seccomp mode to a call. If run is false the call is not to be executed and res is its result.
func (t *Task) judge(c *Call) (res int64, run bool) {
	s := t.seccomp.Load()
	again := t.again && t.continued == c.PC
	t.again = false
	if s.mode == seccompStrict {
		switch c.Nr {
		case 63, 64, 93, 139: // read, write, exit, rt_sigreturn
			return 0, true
		}
		return t.seccompKill(abi.SIGKILL), false
	}
	arch := auditArch(t.Proc.Guest)
	d := bpf.NewData(int32(c.Nr), arch, c.PC, [6]uint64(c.Args[:6]))
	ret, match := s.runFilters(&d)
	data := ret & secRetData
	switch ret & secRetAction {
	case secRetAllow, secRetLog:
		return 0, true
	case secRetErrno:
		c.final = true
		return -int64(min(data, abi.MaxErrno)), false
	case secRetTrace:
		if !t.wantsEvent(ptEventSeccomp) {
			return abi.ENOSYS.Result(), false
		}
		return t.seccompStop(c, data)
	case secRetUserNotif:
		if match == nil || !match.notify {
			return abi.ENOSYS.Result(), false
		}
		if again { // the supervisor is asked once, though Weir may have to begin the call anew
			return 0, true
		}
		return t.notifySupervisor(c)
	case secRetTrap:
		t.trapSyscall(int32(c.Nr), arch, int32(data), c.PC)
		return resHandled, false
	case secRetKillThread:
		return t.seccompKill(abi.SIGSYS), false
	}
	t.killProcess(abi.SIGSYS)
	return resHandled, false
}

// seccompKill ends the thread by a signal that no handler sees; the last thread takes the process with it.
func (t *Task) seccompKill(sig abi.Signal) int64 {
	p := t.Proc
	alone := true
	p.mu.Lock()
	for _, o := range p.tasks {
		alone = alone && (o == t || o.dead.Load())
	}
	alone = alone && p.starting == 0
	p.mu.Unlock()
	if alone {
		t.killProcess(sig)
		return resHandled
	}
	t.deathSig = sig
	t.dead.Store(true)
	return resHandled
}

// seccompStatus is the mode and the number of filters, as /proc tells them.
func (t *Task) seccompStatus() (mode, filters int) {
	s := t.seccomp.Load()
	if s == nil {
		return 0, 0
	}
	for f := s.last; f != nil; f = f.prev {
		filters++
	}
	return int(s.mode), filters
}

// sysSeccompCode is si_code SYS_SECCOMP (asm-generic/siginfo.h).
const sysSeccompCode = 1

// trapSyscall makes the thread take SIGSYS before its next instruction (kernel/signal.c, force_sig_seccomp). Blocked
// or ignored, the signal kills.
func (t *Task) trapSyscall(nr int32, arch uint32, reason int32, pc uint64) {
	var info sigInfo
	info.setSig(abi.SIGSYS)
	info.setCode(sysSeccompCode)
	le.PutUint32(info[4:], uint32(reason))
	info.setAddr(pc)
	le.PutUint32(info[24:], uint32(nr))
	le.PutUint32(info[28:], arch)
	p := t.Proc
	p.sigMu.Lock()
	if a := &p.actions[abi.SIGSYS]; t.mask&sigBit(abi.SIGSYS) != 0 || a.handler == sigIgn {
		a.handler = sigDfl
		p.mirror(abi.SIGSYS)
		t.mask &^= sigBit(abi.SIGSYS)
	}
	enqueue(&t.emu, &info)
	p.sigMu.Unlock()
	t.noticeOwn()
}

// inheritSeccomp installs filters from outside, the oldest first, before the program starts.
func (t *Task) inheritSeccomp(filters []SeccompFilter) error {
	var last *secFilter
	for _, f := range filters {
		prog, err := bpf.New(bpf.Parse(f.Program))
		if err != nil {
			return err
		}
		last = &secFilter{prog: prog, notify: f.Notify, prev: last}
	}
	if last != nil {
		t.seccomp.Store(&seccompState{mode: seccompFilter, last: last})
	}
	return nil
}

// SeccompFilter is a seccomp filter of the guest's that a process starts with.
type SeccompFilter struct {
	Program []byte // struct sock_filter
	Notify  bool   // it has a listener
}

// seccompFilters are the filters in force, the oldest first.
func (t *Task) seccompFilters() (list []SeccompFilter) {
	if s := t.seccomp.Load(); s != nil {
		for f := s.last; f != nil; f = f.prev {
			list = append([]SeccompFilter{{f.prog.Bytes(), f.notify}}, list...)
		}
	}
	return list
}

// Notifications to a supervisor (SECCOMP_RET_USER_NOTIF) are the host kernel's. A host filter, the only one that
// Weir ever installs, lets every call pass but numbers that the host has not got: those of the guest's
// table plus notifyBase. Such a call waits for the supervisor, who reads and answers it by ioctl (see
// secNotifIoctl).
const notifyBase = 0x10000

// notifyContinue is the result that stands for SECCOMP_USER_NOTIF_FLAG_CONTINUE: to the host kernel the call cannot
// be continued, as it has not got it.
const notifyContinue = 0x5745_4952_434f_4e54

func (t *Task) notifySupervisor(c *Call) (res int64, run bool) {
	a := &c.Args
	t.continued = 0
	r := t.hostBlock(notifyBase+uintptr(c.Nr), uintptr(a[0]), uintptr(a[1]), uintptr(a[2]), uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
	if r == notifyContinue {
		t.continued = c.PC
		return 0, true
	}
	return r, false
}

// hostNotifyFilter is the host filter of notifyBase.
func hostNotifyFilter() []byte {
	prog, err := bpf.New([]bpf.Insn{
		{Code: 0x20, K: 0},                      // A = number
		{Code: 0x35, JT: 1, K: notifyBase},      // A >= notifyBase
		{Code: 0x06, K: secRetAllow},            //
		{Code: 0x35, JF: 1, K: notifyBase << 1}, // A >= 2 * notifyBase
		{Code: 0x06, K: secRetAllow},            //
		{Code: 0x06, K: secRetUserNotif},        //
	})
	if err != nil {
		panic("BUG: linux: " + err.Error())
	}
	return prog.Bytes()
}

// Requests of the listener's descriptor (include/uapi/linux/seccomp.h).
const (
	secNotifRecv = 0xc0502100
	secNotifSend = 0xc0182101
)

// secNotifIoctl is a supervisor's ioctl: what it reads is the guest's call, and what it answers is put as the host
// kernel can pass it on.
func (t *Task) secNotifIoctl(fd int, req uint32, addr uint64) int64 {
	const (
		idOff, valOff, errOff, flagsOff, sendSize = 0, 8, 16, 20, 24 // struct seccomp_notif_resp
		nrOff, archOff, ipOff, recvSize           = 16, 20, 24, 80   // struct seccomp_notif
		flagContinue                              = 1
	)
	b := make([]byte, recvSize)
	if req == secNotifSend {
		b = b[:sendSize]
	}
	if !t.read(addr, b) {
		return abi.EFAULT.Result()
	}
	if req == secNotifSend && le.Uint32(b[flagsOff:]) == flagContinue {
		if le.Uint32(b[errOff:]) != 0 || le.Uint64(b[valOff:]) != 0 {
			return abi.EINVAL.Result()
		}
		le.PutUint32(b[flagsOff:], 0)
		le.PutUint64(b[valOff:], notifyContinue)
	}
	m := marshal{t: t}
	defer m.release()
	at, e := m.put(b)
	if e != 0 {
		return e.Result()
	}
	r := t.hostBlock(hostsys.SYS_IOCTL, uintptr(fd), uintptr(req), at, 0, 0, 0)
	if req == secNotifSend || r < 0 {
		return r
	}
	hostsys.CopyIn(b, at)
	le.PutUint32(b[nrOff:], le.Uint32(b[nrOff:])-notifyBase)
	le.PutUint32(b[archOff:], auditArch(t.Proc.Guest))
	le.PutUint64(b[ipOff:], 0) // Weir's own
	if !t.Proc.Mem.Write(addr, b) {
		return abi.EFAULT.Result()
	}
	return r
}
