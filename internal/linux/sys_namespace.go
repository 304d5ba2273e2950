//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Namespaces. To the kernel they belong to threads, and a process of several threads must not change its user namespace. A guest
// of one thread is several of the host's, so these move along: they end, the call is made, and they are made again
// (hostsys.Alone). Namespaces of PIDs and of time are for children, and threads cannot be made once they are others: those
// are changed last, by the guest's thread alone.

// forChildren are the namespaces that only children of the caller will be in.
const forChildren = cloneNewPID | cloneNewTime

// sharing are the flags of unshare(2) about what threads share.
const sharing = cloneFS | cloneFiles | cloneSysVSem

func sysUnshare(t *Task, c *Call) int64 {
	flags := c.Args[0]
	const known = cloneNamespaces | cloneNewTime | sharing | cloneThread | cloneSighand | cloneVM
	if flags&^known != 0 {
		return abi.EINVAL.Result()
	}
	if !t.only() {
		if flags&(cloneNewUser|cloneThread|cloneSighand|cloneVM) != 0 {
			return abi.EINVAL.Result()
		}
		return t.thread(hostsys.SYS_UNSHARE, uintptr(flags), 0, 0, 0, 0)
	}
	flags &^= cloneThread | cloneSighand | cloneVM // nothing is shared
	r := t.alone(hostsys.SYS_UNSHARE, uintptr(flags&^uint64(forChildren)), 0, flags&^uint64(forChildren))
	if late := flags & forChildren; r == 0 && late != 0 {
		r = t.childNamespace(late, hostsys.SYS_UNSHARE, uintptr(late), 0)
	}
	return r
}

func sysSetns(t *Task, c *Call) int64 {
	fd, e := fdArg(c, 0)
	if e != 0 {
		return e.Result()
	}
	kind := c.Args[1]
	if !t.only() {
		return t.thread(hostsys.SYS_SETNS, fd, uintptr(kind), 0, 0, 0)
	}
	if kind == 0 { // a file of /proc/PID/ns says what it is
		const nsGetNstype = 0xb703
		r := raw(hostsys.SYS_IOCTL, fd, nsGetNstype, 0, 0, 0, 0)
		if r <= 0 {
			return t.hostFast(hostsys.SYS_SETNS, fd, 0, 0, 0, 0, 0)
		}
		kind = uint64(r)
	}
	r := t.alone(hostsys.SYS_SETNS, fd, uintptr(kind&^uint64(forChildren)), kind&^uint64(forChildren))
	if late := kind & forChildren; r == 0 && late != 0 {
		r = t.childNamespace(late, hostsys.SYS_SETNS, fd, uintptr(late))
	}
	return r
}

// only reports whether t is the process's only thread, its first.
func (t *Task) only() bool {
	p := t.Proc
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.vforked == nil && t.TID == p.PID && len(p.tasks) == 1 && p.starting == 0
}

// alone makes a call about some flags without other threads; none means that there is nothing to do.
func (t *Task) alone(nr, a1, a2 uintptr, flags uint64) int64 {
	p := t.Proc
	if flags == 0 {
		return 0
	}
	if p.childNS { // the others could not be made again
		if flags&(cloneNewUser|cloneNewNS) != 0 {
			return abi.EINVAL.Result()
		}
		return t.hostFast(nr, a1, a2, 0, 0, 0, 0)
	}
	p.forks.Lock()
	defer p.forks.Unlock()
	if t.stale() {
		return resHandled
	}
	return int64(hostsys.Alone(nr, a1, a2, 0))
}

// childNamespace changes namespaces that children will be in.
func (t *Task) childNamespace(flags uint64, nr, a1, a2 uintptr) int64 {
	r := t.hostFast(nr, a1, a2, 0, 0, 0, 0)
	if r == 0 {
		t.Proc.childNS = true
		hostsys.OtherPIDs()
	}
	return r
}

// forAll is a call about the calling thread that threads made later inherit. Those come from the host's other threads, so in a guest
// of one thread it is made for all of them. If they cannot be made again, it is made for the one.
func forAll(t *Task, nr uintptr, a1, a2, a3, a4, a5, a6 uintptr) int64 {
	p := t.Proc
	if !t.only() || p.childNS {
		return t.hostFast(nr, a1, a2, a3, a4, a5, a6)
	}
	p.forks.Lock()
	defer p.forks.Unlock()
	if t.stale() {
		return resHandled
	}
	return int64(hostsys.Alone(nr, a1, a2, a3))
}
