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
	asked := h
	t.get(0, h[:])
	if h != asked && !p.Mem.Write(hdr, h[:]) { // the kernel's version, for one that it does not know
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
