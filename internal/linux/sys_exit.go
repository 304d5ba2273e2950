//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

func (t *Task) sysExit(status int32) int64 {
	p := t.Proc
	t.status = int(status) & 0xff
	t.traceEnd(uint32(t.status) << 8)
	p.mu.Lock()
	last := len(p.tasks) == 1 && p.starting == 0 && p.plan == nil
	p.mu.Unlock()
	if last && t.isMain() {
		t.Proc.end(t, t.status, 0)
	}
	t.dead.Store(true)
	return resHandled
}

func (t *Task) sysExitGroup(status int32) int64 {
	t.exitGroup(int(status))
	return resHandled
}

// Exit ends the process from a callback on t's thread, which executes nothing more.
func (t *Task) Exit(status int) {
	t.exitGroup(status)
	t.CPU.Stop()
}

// exitGroup ends the process with the low byte of status.
func (t *Task) exitGroup(status int) {
	t.traceEnd(uint32(status) & 0xff << 8)
	t.Proc.end(t, status&0xff, 0)
	t.dead.Store(true)
}

// Words of robust and priority-inheritance futexes (include/uapi/linux/futex.h).
const (
	futexWaiters   = 0x80000000
	futexOwnerDied = 0x40000000
	futexTIDMask   = 0x3fffffff

	robustListLimit = 2048
	robustHeadSize  = 24
)

// releaseFutexes is the kernel's mm_release for a thread that ends: robust futexes
// get FUTEX_OWNER_DIED, the word of CLONE_CHILD_CLEARTID is cleared and its waiters woken.
//
// With hostEnds the host thread ends too and its kernel clears the word, when the
// thread is really gone; the robust list it has been told already, unless
// guest addresses are not host addresses.
func (t *Task) releaseFutexes(hostEnds bool) {
	p := t.Proc
	if p.Mem.Base() != 0 || !hostEnds {
		t.walkRobust()
	}
	if addr := t.clearTID; addr != 0 && addr < p.Mem.Limit()-4 {
		t.clearTID = 0
		p.Mem.UnwatchForWrite(addr, 4)
		if hostEnds {
			raw(hostsys.SYS_SET_TID_ADDRESS, p.Mem.Host(addr), 0, 0, 0, 0, 0)
			return
		}
		if p.Mem.WriteU32(addr, 0) {
			raw(hostsys.SYS_FUTEX, p.Mem.Host(addr), futexWake, 1, 0, 0, 0)
		}
	}
}

// walkRobust is kernel/futex/core.c, exit_robust_list.
func (t *Task) walkRobust() {
	p := t.Proc
	head := t.robust
	t.robust = 0
	if head == 0 {
		return
	}
	if p.Mem.Base() == 0 { // the host shall not do it again
		raw(hostsys.SYS_SET_ROBUST_LIST, 0, robustHeadSize, 0, 0, 0, 0)
	}
	entry, ok1 := p.Mem.ReadU64(head)
	offset, ok2 := p.Mem.ReadU64(head + 8)
	pending, ok3 := p.Mem.ReadU64(head + 16)
	if !ok1 || !ok2 || !ok3 {
		return
	}
	for n := 0; entry&^1 != head && n < robustListLimit; n++ {
		next, ok := p.Mem.ReadU64(entry &^ 1)
		if entry != pending && !t.futexDeath(entry&^1+offset, entry&1 != 0, false) {
			return
		}
		if !ok {
			return
		}
		entry = next
	}
	if pending != 0 {
		t.futexDeath(pending&^1+offset, pending&1 != 0, true)
	}
}

// futexDeath marks one robust futex if t owns it.
func (t *Task) futexDeath(addr uint64, pi, pending bool) bool {
	p := t.Proc
	if addr&3 != 0 {
		return false
	}
	wake := func() { raw(hostsys.SYS_FUTEX, p.Mem.Host(addr), futexWake, 1, 0, 0, 0) }
	for {
		v, ok := p.Mem.ReadU32(addr)
		if !ok {
			return false
		}
		if pending && !pi && v == 0 {
			wake()
			return true
		}
		if v&futexTIDMask != uint32(t.TID) {
			return true
		}
		p.Mem.UnwatchForWrite(addr, 4)
		prev, f := hostsys.Cas32(p.Mem.Host(addr), v, v&futexWaiters|futexOwnerDied)
		if f.Sig != 0 {
			return false
		}
		if prev == v {
			if !pi && v&futexWaiters != 0 {
				wake()
			}
			return true
		}
	}
}

func (t *Task) sysSetTidAddress(addr uint64) int64 {
	t.clearTID = addr
	return int64(t.TID)
}

func (t *Task) sysSetRobustList(head, size uint64) int64 {
	if size != robustHeadSize {
		return abi.EINVAL.Result()
	}
	if t.Proc.Mem.Base() == 0 {
		if r := t.hostFast(hostsys.SYS_SET_ROBUST_LIST, uintptr(head), robustHeadSize, 0, 0, 0, 0); r != 0 {
			return r
		}
	}
	t.robust = head
	return 0
}

func (t *Task) sysGetRobustList(pid int32, headPtr, sizePtr uint64) int64 {
	p := t.Proc
	var head uint64
	switch o := p.task(int(pid)); {
	case pid == 0 || int(pid) == t.TID:
		head = t.robust
	case o != nil:
		head = o.robust
	default:
		if r := t.hostFast(hostsys.SYS_GET_ROBUST_LIST, uintptr(pid), t.scratch, t.scratch+8, 0, 0, 0); r != 0 {
			return r
		}
		head = t.get64(0)
	}
	if !p.Mem.WriteU64(sizePtr, robustHeadSize) || !p.Mem.WriteU64(headPtr, head) {
		return abi.EFAULT.Result()
	}
	return 0
}
