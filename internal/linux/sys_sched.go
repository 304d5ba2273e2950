//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Scheduling is the host's: thread IDs are the same. Structures are copied so that
// a kernel never writes where code was translated from.

func (t *Task) sysSchedYield() int64 { return t.hostFast(hostsys.SYS_SCHED_YIELD, 0, 0, 0, 0, 0, 0) }

func (t *Task) sysSchedSetparam(pid int32, param uint64) int64 {
	return t.withParam(hostsys.SYS_SCHED_SETPARAM, pid, 0, param)
}

func (t *Task) sysSchedSetscheduler(pid, policy int32, param uint64) int64 {
	return t.withParam(hostsys.SYS_SCHED_SETSCHEDULER, pid, policy, param)
}

// withParam runs a call with a struct sched_param, which is one int.
func (t *Task) withParam(nr uintptr, pid, policy int32, param uint64) int64 {
	v, ok := t.readU32(param)
	switch {
	case param == 0:
		return abi.EINVAL.Result()
	case !ok:
		return abi.EFAULT.Result()
	}
	at := t.put64(0, uint64(v))
	if nr == hostsys.SYS_SCHED_SETPARAM {
		return t.hostFast(nr, uintptr(pid), at, 0, 0, 0, 0)
	}
	return t.hostFast(nr, uintptr(pid), uintptr(policy), at, 0, 0, 0)
}

func (t *Task) sysSchedGetparam(pid int32, param uint64) int64 {
	if param == 0 {
		return abi.EINVAL.Result()
	}
	r := t.hostFast(hostsys.SYS_SCHED_GETPARAM, uintptr(pid), t.scratch, 0, 0, 0, 0)
	if r == 0 && !t.Proc.Mem.WriteU32(param, uint32(t.get64(0))) {
		return abi.EFAULT.Result()
	}
	return r
}

func (t *Task) sysSchedGetscheduler(pid int32) int64 {
	return t.hostFast(hostsys.SYS_SCHED_GETSCHEDULER, uintptr(pid), 0, 0, 0, 0, 0)
}

func (t *Task) sysSchedGetPriorityMax(policy int32) int64 {
	return t.hostFast(hostsys.SYS_SCHED_GET_PRIORITY_MAX, uintptr(policy), 0, 0, 0, 0, 0)
}

func (t *Task) sysSchedGetPriorityMin(policy int32) int64 {
	return t.hostFast(hostsys.SYS_SCHED_GET_PRIORITY_MIN, uintptr(policy), 0, 0, 0, 0, 0)
}

func (t *Task) sysSchedRrGetInterval(pid int32, ts uint64) int64 {
	r := t.hostFast(hostsys.SYS_SCHED_RR_GET_INTERVAL, uintptr(pid), t.scratch, 0, 0, 0, 0)
	if r == 0 {
		var b [16]byte
		t.get(0, b[:])
		if !t.Proc.Mem.Write(ts, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

func (t *Task) sysSchedSetaffinity(pid int32, n uint32, mask uint64) int64 {
	b := make([]byte, min(n, scratchSize))
	if !t.read(mask, b) {
		return abi.EFAULT.Result()
	}
	return t.thread(hostsys.SYS_SCHED_SETAFFINITY, uintptr(pid), uintptr(len(b)), t.put(0, b), 0, 0)
}

func (t *Task) sysSchedGetaffinity(pid int32, n uint32, mask uint64) int64 {
	if n%8 != 0 {
		return abi.EINVAL.Result()
	}
	r := t.hostFast(hostsys.SYS_SCHED_GETAFFINITY, uintptr(pid), uintptr(min(n, scratchSize)), t.scratch, 0, 0, 0)
	if r <= 0 {
		return r
	}
	b := make([]byte, r)
	t.get(0, b)
	if !t.Proc.Mem.Write(mask, b) {
		return abi.EFAULT.Result()
	}
	return r
}

// Sizes of struct sched_attr (include/uapi/linux/sched/types.h).
const (
	schedAttrSize0 = 48
	schedAttrMax   = 4096
)

func (t *Task) sysSchedSetattr(pid int32, attr uint64, flags uint32) int64 {
	size, ok := t.readU32(attr)
	switch {
	case attr == 0:
		return abi.EINVAL.Result()
	case !ok:
		return abi.EFAULT.Result()
	case size == 0:
		size = schedAttrSize0
	case size < schedAttrSize0 || size > schedAttrMax:
		return abi.E2BIG.Result()
	}
	b := make([]byte, size)
	if !t.read(attr, b) {
		return abi.EFAULT.Result()
	}
	return t.hostFast(hostsys.SYS_SCHED_SETATTR, uintptr(pid), t.put(0, b), uintptr(flags), 0, 0, 0)
}

func (t *Task) sysSchedGetattr(pid int32, attr uint64, size, flags uint32) int64 {
	if attr == 0 || size < schedAttrSize0 || size > schedAttrMax {
		return abi.EINVAL.Result()
	}
	r := t.hostFast(hostsys.SYS_SCHED_GETATTR, uintptr(pid), t.scratch, uintptr(size), uintptr(flags), 0, 0)
	if r == 0 {
		var word [4]byte
		t.get(0, word[:])
		b := make([]byte, min(size, binary.LittleEndian.Uint32(word[:])))
		t.get(0, b)
		if !t.Proc.Mem.Write(attr, b) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

func (t *Task) sysGetpriority(which, who int32) int64 {
	return t.hostFast(hostsys.SYS_GETPRIORITY, uintptr(which), uintptr(who), 0, 0, 0, 0)
}

func (t *Task) sysSetpriority(which, who, prio int32) int64 {
	return t.hostFast(hostsys.SYS_SETPRIORITY, uintptr(which), uintptr(who), uintptr(prio), 0, 0, 0)
}

func (t *Task) sysGetcpu(cpu, node uint64) int64 {
	r := t.hostFast(hostsys.SYS_GETCPU, t.scratch, t.scratch+8, 0, 0, 0, 0)
	if r != 0 {
		return r
	}
	for i, at := range [2]uint64{cpu, node} {
		if at != 0 && !t.Proc.Mem.WriteU32(at, uint32(t.get64(8*i))) {
			return abi.EFAULT.Result()
		}
	}
	return 0
}

// Resource limits (prlimit(2)): struct rlimit is two 64-bit words.
const (
	rlimitStack  = 3
	rlimitCore   = 4
	rlimitNofile = 7
	rlimitAS     = 9
	rlimitData   = 2
	rlimitNproc  = 6
)

func (t *Task) sysPrlimit64(pid, resource int32, new, old uint64) int64 {
	p := t.Proc
	var b [16]byte
	newAt := uintptr(0)
	if new != 0 {
		if !t.read(new, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	if p.limits.keeps(resource) && (pid == 0 || int(pid) == p.PID) {
		return t.keptLimit(resource, new != 0, &b, old)
	}
	if new != 0 {
		newAt = t.put(0, b[:])
	}
	r := t.hostFast(hostsys.SYS_PRLIMIT64, uintptr(pid), uintptr(resource), newAt, t.scratch+16, 0, 0)
	if r == 0 && old != 0 {
		t.get(16, b[:])
		if !p.Mem.Write(old, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

// keptLimit is prlimit for a limit that Weir keeps.
func (t *Task) keptLimit(resource int32, set bool, b *[16]byte, old uint64) int64 {
	p := t.Proc
	le := binary.LittleEndian
	was := p.limits.get(resource, t.scratch)
	if set {
		privileged := raw(hostsys.SYS_GETEUID, 0, 0, 0, 0, 0, 0) == 0
		if e := p.limits.change(resource, [2]uint64{le.Uint64(b[0:]), le.Uint64(b[8:])}, privileged, t.scratch); e != 0 {
			return e.Result()
		}
		p.enforce(t.scratch)
		t.tell()
	}
	if old != 0 {
		le.PutUint64(b[0:], was[0])
		le.PutUint64(b[8:], was[1])
		if !p.Mem.Write(old, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	return 0
}

func (t *Task) sysGetrlimit(resource int32, addr uint64) int64 {
	return t.sysPrlimit64(0, resource, 0, addr)
}

func (t *Task) sysSetrlimit(resource int32, addr uint64) int64 {
	if addr == 0 {
		return abi.EFAULT.Result()
	}
	return t.sysPrlimit64(0, resource, addr, 0)
}

func (t *Task) sysGetrusage(who int32, addr uint64) int64 {
	r := t.hostFast(hostsys.SYS_GETRUSAGE, uintptr(who), t.scratch, 0, 0, 0, 0)
	if r == 0 {
		var b [rusageSize]byte
		t.get(0, b[:])
		if !t.Proc.Mem.Write(addr, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

// sysMembarrier passes on: guest threads are host threads, and translated code uses
// the host's own ordering.
func (t *Task) sysMembarrier(cmd int32, flags uint32, cpu int32) int64 {
	return t.hostFast(hostsys.SYS_MEMBARRIER, uintptr(cmd), uintptr(flags), uintptr(cpu), 0, 0, 0)
}
