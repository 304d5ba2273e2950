//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Credentials belong to threads, and a guest thread is a host thread: each call acts
// on the calling thread alone, and C libraries take care of the others, as natively.
// Threads that Go starts do not descend from the thread that asked, however: see
// copyThreadAttributes.

// thread runs a host call that changes what new threads inherit.
func (t *Task) thread(nr uintptr, a1, a2, a3, a4, a5 uintptr) int64 {
	t.Proc.creds.Store(true)
	return t.hostFast(nr, a1, a2, a3, a4, a5, 0)
}

func (t *Task) sysSetuid(uid uint32) int64 {
	return t.thread(hostsys.SYS_SETUID, uintptr(uid), 0, 0, 0, 0)
}

func (t *Task) sysSetgid(gid uint32) int64 {
	return t.thread(hostsys.SYS_SETGID, uintptr(gid), 0, 0, 0, 0)
}

func (t *Task) sysSetreuid(r, e uint32) int64 {
	return t.thread(hostsys.SYS_SETREUID, uintptr(r), uintptr(e), 0, 0, 0)
}

func (t *Task) sysSetregid(r, e uint32) int64 {
	return t.thread(hostsys.SYS_SETREGID, uintptr(r), uintptr(e), 0, 0, 0)
}

func (t *Task) sysSetresuid(r, e, s uint32) int64 {
	return t.thread(hostsys.SYS_SETRESUID, uintptr(r), uintptr(e), uintptr(s), 0, 0)
}

func (t *Task) sysSetresgid(r, e, s uint32) int64 {
	return t.thread(hostsys.SYS_SETRESGID, uintptr(r), uintptr(e), uintptr(s), 0, 0)
}

func (t *Task) sysSetfsuid(uid uint32) int64 {
	return t.thread(hostsys.SYS_SETFSUID, uintptr(uid), 0, 0, 0, 0)
}

func (t *Task) sysSetfsgid(gid uint32) int64 {
	return t.thread(hostsys.SYS_SETFSGID, uintptr(gid), 0, 0, 0, 0)
}

func (t *Task) sysGetuid() int64  { return t.hostFast(hostsys.SYS_GETUID, 0, 0, 0, 0, 0, 0) }
func (t *Task) sysGeteuid() int64 { return t.hostFast(hostsys.SYS_GETEUID, 0, 0, 0, 0, 0, 0) }
func (t *Task) sysGetgid() int64  { return t.hostFast(hostsys.SYS_GETGID, 0, 0, 0, 0, 0, 0) }
func (t *Task) sysGetegid() int64 { return t.hostFast(hostsys.SYS_GETEGID, 0, 0, 0, 0, 0, 0) }
func (t *Task) sysGetppid() int64 { return t.hostFast(hostsys.SYS_GETPPID, 0, 0, 0, 0, 0, 0) }
func (t *Task) sysSetsid() int64  { return t.hostFast(hostsys.SYS_SETSID, 0, 0, 0, 0, 0, 0) }
func (t *Task) sysGetpid() int64  { return int64(t.Proc.PID) }
func (t *Task) sysGettid() int64  { return int64(t.TID) }

func (t *Task) sysGetpgid(pid int32) int64 {
	return t.hostFast(hostsys.SYS_GETPGID, uintptr(pid), 0, 0, 0, 0, 0)
}

func (t *Task) sysGetsid(pid int32) int64 {
	return t.hostFast(hostsys.SYS_GETSID, uintptr(pid), 0, 0, 0, 0, 0)
}

func (t *Task) sysSetpgid(pid, pgid int32) int64 {
	return t.hostFast(hostsys.SYS_SETPGID, uintptr(pid), uintptr(pgid), 0, 0, 0, 0)
}

func (t *Task) sysGetresuid(r, e, s uint64) int64 { return t.getres(hostsys.SYS_GETRESUID, r, e, s) }

func (t *Task) sysGetresgid(r, e, s uint64) int64 { return t.getres(hostsys.SYS_GETRESGID, r, e, s) }

func (t *Task) getres(nr uintptr, addrs ...uint64) int64 {
	if r := t.hostFast(nr, t.scratch, t.scratch+8, t.scratch+16, 0, 0, 0); r != 0 {
		return r
	}
	for i, a := range addrs {
		if !t.Proc.Mem.WriteU32(a, uint32(t.get64(8*i))) {
			return abi.EFAULT.Result()
		}
	}
	return 0
}

const (
	maxGroups     = 65536 // NGROUPS_MAX
	scratchGroups = scratchSize / 4
)

// sysGetgroups and sysSetgroups use guest memory itself: lists can be longer than
// the scratch page, and nothing is checked before use.
func (t *Task) sysGetgroups(n int32, list uint64) int64 {
	if n > 0 {
		if list >= t.Proc.Mem.Limit() {
			return abi.EFAULT.Result()
		}
		t.Proc.Mem.UnwatchForWrite(list, 4*uint64(min(n, maxGroups)))
	}
	return t.hostFast(hostsys.SYS_GETGROUPS, uintptr(n), t.Proc.Mem.Host(list), 0, 0, 0, 0)
}

func (t *Task) sysSetgroups(n int32, list uint64) int64 {
	if n > 0 && list >= t.Proc.Mem.Limit() {
		return abi.EFAULT.Result()
	}
	return t.thread(hostsys.SYS_SETGROUPS, uintptr(n), t.Proc.Mem.Host(list), 0, 0, 0)
}

// Capabilities (capget(2)): a header of version and pid, and three 32-bit sets, twice
// for the versions in use.
const (
	capVersion1 = 0x19980330
	capHeader   = 8
	capData     = 24
	capData1    = 12
)

func (t *Task) sysCapget(hdr, data uint64) int64 { return t.capability(hostsys.SYS_CAPGET, hdr, data) }

func (t *Task) sysCapset(hdr, data uint64) int64 {
	t.Proc.creds.Store(true)
	return t.capability(hostsys.SYS_CAPSET, hdr, data)
}

func (t *Task) capability(nr uintptr, hdr, data uint64) int64 {
	p := t.Proc
	var h [capHeader]byte
	var d [capData]byte
	if !t.read(hdr, h[:]) {
		return abi.EFAULT.Result()
	}
	n := capData
	if binary.LittleEndian.Uint32(h[:]) == capVersion1 {
		n = capData1
	}
	at := t.put(0, h[:])
	dataAt := uintptr(0)
	if data != 0 {
		if nr == hostsys.SYS_CAPSET && !t.read(data, d[:n]) {
			return abi.EFAULT.Result()
		}
		dataAt = t.put(64, d[:])
	}
	r := t.hostFast(nr, at, dataAt, 0, 0, 0, 0)
	t.get(0, h[:])
	if r == abi.EINVAL.Result() && !p.Mem.Write(hdr, h[:]) { // the kernel's version
		return abi.EFAULT.Result()
	}
	if r == 0 && nr == hostsys.SYS_CAPGET && data != 0 {
		t.get(64, d[:])
		if !p.Mem.Write(data, d[:n]) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

// copyThreadAttributes gives a new thread what clone(2) would have copied from its
// parent. The host thread was made by some thread of Go's, which still has the
// process's original attributes: so whatever the parent could change, it can.
func (t *Task) copyThreadAttributes(theirs *attributes) abi.Errno {
	get := func(nr uintptr) (ids [3]uintptr) {
		raw(nr, t.scratch, t.scratch+8, t.scratch+16, 0, 0, 0)
		for i := range ids {
			ids[i] = uintptr(uint32(t.get64(8 * i)))
		}
		return ids
	}
	mine := [2][3]uintptr{get(hostsys.SYS_GETRESUID), get(hostsys.SYS_GETRESGID)}
	errno := abi.Errno(0)
	do := func(nr uintptr, a1, a2, a3 uintptr) {
		if r := raw(nr, a1, a2, a3, 0, 0, 0); r < 0 && errno == 0 {
			errno = abi.Errno(-r)
		}
	}
	// Scheduling needs privileges that credentials may take away, groups need those of the user.
	if theirs.affinity != nil {
		at := t.put(0, theirs.affinity)
		do(hostsys.SYS_SCHED_SETAFFINITY, 0, uintptr(len(theirs.affinity)), at)
	}
	raw(hostsys.SYS_PRCTL, prSetName, t.put(0, theirs.name[:]), 0, 0, 0, 0)
	if theirs.noNewPrivs {
		raw(hostsys.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0)
	}
	if g := theirs.groups; g != nil {
		at := raw(hostsys.SYS_MMAP, 0, uintptr(len(g)+1), 3, mapPrivate|mapAnonymous, ^uintptr(0), 0)
		if at > 0 {
			hostsys.CopyOut(uintptr(at), g)
			if mine[0] != theirs.ids[0] || mine[1] != theirs.ids[1] {
				do(hostsys.SYS_SETGROUPS, uintptr(len(g)/4), uintptr(at), 0)
			}
			raw(hostsys.SYS_MUNMAP, uintptr(at), uintptr(len(g)+1), 0, 0, 0, 0)
		}
	}
	if g := theirs.ids[1]; mine[1] != g {
		do(hostsys.SYS_SETRESGID, g[0], g[1], g[2])
	}
	if u := theirs.ids[0]; mine[0] != u {
		do(hostsys.SYS_SETRESUID, u[0], u[1], u[2])
	}
	return errno
}

// attributes of a thread that its children inherit.
type attributes struct {
	ids        [2][3]uintptr // real, effective, saved user and group IDs
	groups     []byte
	affinity   []byte
	name       [16]byte
	noNewPrivs bool
}

// noteAttributes notes t's present attributes for a child, on t's own thread.
func (t *Task) noteAttributes() *attributes {
	a := new(attributes)
	for k, nr := range [2]uintptr{hostsys.SYS_GETRESUID, hostsys.SYS_GETRESGID} {
		raw(nr, t.scratch, t.scratch+8, t.scratch+16, 0, 0, 0)
		for i := range 3 {
			a.ids[k][i] = uintptr(uint32(t.get64(8 * i)))
		}
	}
	if n := raw(hostsys.SYS_GETGROUPS, 0, 0, 0, 0, 0, 0); n >= 0 && n <= scratchGroups {
		if n = raw(hostsys.SYS_GETGROUPS, scratchGroups, t.scratch, 0, 0, 0, 0); n >= 0 {
			a.groups = make([]byte, 4*n)
			t.get(0, a.groups)
		}
	}
	if n := raw(hostsys.SYS_SCHED_GETAFFINITY, 0, scratchSize, t.scratch, 0, 0, 0); n > 0 {
		a.affinity = make([]byte, n)
		t.get(0, a.affinity)
	}
	raw(hostsys.SYS_PRCTL, prGetName, t.scratch, 0, 0, 0, 0)
	t.get(0, a.name[:])
	a.noNewPrivs = raw(hostsys.SYS_PRCTL, prGetNoNewPrivs, 0, 0, 0, 0, 0) == 1
	return a
}
