//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/bpf"
)

// Operations and flags of seccomp(2) (include/uapi/linux/seccomp.h).
const (
	secSetModeStrict  = 0
	secSetModeFilter  = 1
	secGetActionAvail = 2
	secGetNotifSizes  = 3

	secFlagTsync        = 1 << 0
	secFlagLog          = 1 << 1
	secFlagSpecAllow    = 1 << 2
	secFlagNewListener  = 1 << 3
	secFlagTsyncESRCH   = 1 << 4
	secFlagWaitKillable = 1 << 5
	secFlagsKnown       = 1<<6 - 1
)

// maxSeccompPath is MAX_INSNS_PER_PATH, the most instructions of all filters of a thread.
const maxSeccompPath = 1 << 18 / bpf.InsnSize

func sysSeccomp(t *Task, c *Call) int64 {
	op, flags, args := uint32(c.Args[0]), c.Args[1], c.Args[2]
	switch op {
	case secSetModeStrict:
		if flags != 0 || args != 0 {
			return abi.EINVAL.Result()
		}
		r := t.seccompSetStrict()
		t.tell()
		return r
	case secSetModeFilter:
		return t.seccompSetFilter(flags, args)
	case secGetActionAvail:
		if flags != 0 {
			return abi.EINVAL.Result()
		}
		action, ok := t.readU32(args)
		if !ok {
			return abi.EFAULT.Result()
		}
		switch action {
		case secRetKillProcess, secRetKillThread, secRetTrap, secRetErrno, secRetUserNotif, secRetTrace, secRetLog, secRetAllow:
			return 0
		}
		return abi.EOPNOTSUPP.Result()
	case secGetNotifSizes:
		if flags != 0 {
			return abi.EINVAL.Result()
		}
		sizes := [6]byte{0: 80, 2: 24, 4: 64} // struct seccomp_notif_sizes: three 16-bit words
		if !t.Proc.Mem.Write(args, sizes[:]) {
			return abi.EFAULT.Result()
		}
		return 0
	}
	return abi.EINVAL.Result()
}

// prctlSetSeccomp is prctl(PR_SET_SECCOMP).
func (t *Task) prctlSetSeccomp(mode, filter uint64) int64 {
	switch mode {
	case seccompStrict:
		r := t.seccompSetStrict()
		t.tell()
		return r
	case seccompFilter:
		return t.seccompSetFilter(0, filter)
	}
	return abi.EINVAL.Result()
}

func (t *Task) seccompSetStrict() int64 {
	p := t.Proc
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := t.seccomp.Load(); s != nil && s.mode != seccompStrict {
		return abi.EINVAL.Result()
	}
	t.seccomp.Store(&seccompState{mode: seccompStrict})
	return 0
}

func (t *Task) seccompSetFilter(flags, args uint64) int64 {
	switch {
	case flags&^uint64(secFlagsKnown) != 0,
		flags&secFlagTsync != 0 && flags&secFlagNewListener != 0 && flags&secFlagTsyncESRCH == 0,
		flags&secFlagWaitKillable != 0 && flags&secFlagNewListener == 0:
		return abi.EINVAL.Result()
	}
	var fprog [16]byte // struct sock_fprog: a 16-bit length and a pointer
	if !t.read(args, fprog[:]) {
		return abi.EFAULT.Result()
	}
	n := int(le.Uint16(fprog[:]))
	if n == 0 || n > bpf.MaxInsns {
		return abi.EINVAL.Result()
	}
	t.syncNoNewPrivs()
	if raw(hostsys.SYS_PRCTL, prGetNoNewPrivs, 0, 0, 0, 0, 0) != 1 && !t.capable(capSysAdmin) {
		return abi.EACCES.Result()
	}
	b := make([]byte, n*bpf.InsnSize)
	if !t.Proc.Mem.Read(le.Uint64(fprog[8:]), b) {
		return abi.EFAULT.Result()
	}
	prog, err := bpf.New(bpf.Parse(b))
	if err != nil {
		return abi.EINVAL.Result()
	}
	r := t.attachSeccomp(&secFilter{prog: prog}, flags)
	t.tell()
	return r
}

// attachSeccomp installs a filter for t, or for all threads. Threads that are being made take their state over
// under the same lock.
func (t *Task) attachSeccomp(f *secFilter, flags uint64) int64 {
	p := t.Proc
	p.mu.Lock()
	defer p.mu.Unlock()
	old := t.seccomp.Load()
	if old != nil {
		if old.mode != seccompFilter {
			return abi.EINVAL.Result()
		}
		f.prev = old.last
	}
	if f.prog.Len()+f.prev.size() > maxSeccompPath {
		return abi.ENOMEM.Result()
	}
	if flags&secFlagTsync != 0 {
		for _, o := range p.tasks {
			s := o.seccomp.Load()
			if o == t || s == nil || s.mode == seccompFilter && s.last.isAncestor(f.prev) {
				continue
			}
			if flags&secFlagTsyncESRCH != 0 {
				return abi.ESRCH.Result()
			}
			return int64(o.TID)
		}
	}
	r := int64(0)
	if flags&secFlagNewListener != 0 {
		if r = t.newListener(flags); r < 0 {
			return r
		}
		f.notify = true
	}
	state := &seccompState{mode: seccompFilter, last: f}
	t.seccomp.Store(state)
	if flags&secFlagTsync != 0 {
		noNewPrivs := raw(hostsys.SYS_PRCTL, prGetNoNewPrivs, 0, 0, 0, 0, 0) == 1
		for _, o := range p.tasks {
			o.seccomp.Store(state)
			if noNewPrivs && o != t {
				o.noNewPrivs.Store(true)
			}
		}
	}
	return r
}

// newListener makes a listener of the host's. The host's filter must be on every thread, since Go's make the
// guest's later ones.
func (t *Task) newListener(flags uint64) int64 {
	prog := hostNotifyFilter()
	m := marshal{t: t}
	defer m.release()
	at, e := m.put(prog)
	if e != 0 {
		return e.Result()
	}
	var fprog [16]byte
	binary.LittleEndian.PutUint16(fprog[:], uint16(len(prog)/bpf.InsnSize))
	binary.LittleEndian.PutUint64(fprog[8:], uint64(at))
	fp, e := m.put(fprog[:])
	if e != 0 {
		return e.Result()
	}
	how := secFlagNewListener | secFlagTsync | secFlagTsyncESRCH | flags&secFlagWaitKillable
	return raw(hostsys.SYS_SECCOMP, secSetModeFilter, uintptr(how), fp, 0, 0, 0)
}

// syncNoNewPrivs gives the host thread the no_new_privs that another thread's SECCOMP_FILTER_FLAG_TSYNC has set.
func (t *Task) syncNoNewPrivs() {
	if t.noNewPrivs.Swap(false) {
		t.Proc.creds.Store(true)
		raw(hostsys.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0)
	}
}

const capSysAdmin = 21

// capable reports whether the calling thread has a capability (below 32).
func (t *Task) capable(capability int) bool {
	var h [capHeader]byte
	le.PutUint32(h[:], 0x20080522) // _LINUX_CAPABILITY_VERSION_3
	t.put(0, h[:])
	if raw(hostsys.SYS_CAPGET, t.scratch, t.scratch+64, 0, 0, 0, 0) != 0 {
		return false
	}
	return uint32(t.get64(64))>>capability&1 != 0
}
