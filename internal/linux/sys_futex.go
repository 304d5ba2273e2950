//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Guest futexes are host futexes at the words' host addresses: private and shared
// ones, between guest processes and with native ones.

// Operations of futex(2) (include/uapi/linux/futex.h).
const (
	futexWait          = 0
	futexWake          = 1
	futexRequeue       = 3
	futexCmpRequeue    = 4
	futexWakeOp        = 5
	futexLockPI        = 6
	futexUnlockPI      = 7
	futexTrylockPI     = 8
	futexWaitBitset    = 9
	futexWakeBitset    = 10
	futexWaitRequeuePI = 11
	futexCmpRequeuePI  = 12
	futexLockPI2       = 13

	futexPrivate       = 128
	futexClockRealtime = 256
	futexCmdMask       = ^(futexPrivate | futexClockRealtime)

	futexBitsetAny = 0xffffffff
)

func (t *Task) sysFutex(uaddr uint64, op int32, val uint32, timeout, uaddr2 uint64, val3 uint32) int64 {
	p := t.Proc
	if uaddr >= p.Mem.Limit() {
		return abi.EFAULT.Result()
	}
	cmd := op & futexCmdMask
	h1, h2 := p.Mem.Host(uaddr), uintptr(0)
	fourth := uintptr(timeout) // or val2
	switch cmd {
	case futexWake, futexWakeBitset:
		return t.hostFast(hostsys.SYS_FUTEX, h1, uintptr(op), uintptr(val), 0, 0, uintptr(val3))
	case futexRequeue, futexCmpRequeue, futexWakeOp, futexCmpRequeuePI:
		if uaddr2 >= p.Mem.Limit() {
			return abi.EFAULT.Result()
		}
		h2 = p.Mem.Host(uaddr2)
		if cmd == futexWakeOp || cmd == futexCmpRequeuePI {
			p.Mem.UnwatchForWrite(uaddr2, 4)
		}
		return t.hostFast(hostsys.SYS_FUTEX, h1, uintptr(op), uintptr(val), fourth, h2, uintptr(val3))
	case futexUnlockPI, futexTrylockPI:
		p.Mem.UnwatchForWrite(uaddr, 4)
		return t.hostFast(hostsys.SYS_FUTEX, h1, uintptr(op), uintptr(val), 0, 0, 0)
	case futexLockPI, futexLockPI2:
		p.Mem.UnwatchForWrite(uaddr, 4)
	case futexWaitRequeuePI:
		if uaddr2 >= p.Mem.Limit() {
			return abi.EFAULT.Result()
		}
		h2 = p.Mem.Host(uaddr2)
		p.Mem.UnwatchForWrite(uaddr2, 4)
	case futexWait, futexWaitBitset:
	default:
		return t.hostFast(hostsys.SYS_FUTEX, h1, uintptr(op), uintptr(val), fourth, uintptr(uaddr2), uintptr(val3))
	}
	if timeout == 0 {
		return t.hostBlock(hostsys.SYS_FUTEX, h1, uintptr(op), uintptr(val), 0, h2, uintptr(val3))
	}
	var ts [16]byte
	if !t.read(timeout, ts[:]) {
		return abi.EFAULT.Result()
	}
	if cmd == futexWait {
		// A relative timeout becomes an absolute one, so that it stays right
		// over an interruption that is not the guest's.
		if op&futexClockRealtime != 0 {
			return abi.ENOSYS.Result()
		}
		d, errno := monotonicDeadline(ts[:])
		if errno != 0 {
			return errno.Result()
		}
		d.put(ts[:])
		op = op&^futexCmdMask | futexWaitBitset
		val3 = futexBitsetAny
	}
	at := t.put(0, ts[:])
	return t.hostBlock(hostsys.SYS_FUTEX, h1, uintptr(op), uintptr(val), at, h2, uintptr(val3))
}

const (
	futexWaitvMax  = 128
	futexWaitvSize = 24
)

// sysFutexWaitv is futex_waitv(2); struct futex_waitv is val, uaddr, flags, reserved.
func (t *Task) sysFutexWaitv(waiters uint64, n uint32, flags uint32, timeout uint64, clock int32) int64 {
	p := t.Proc
	if flags != 0 || n == 0 || n > futexWaitvMax || waiters == 0 {
		return abi.EINVAL.Result()
	}
	b := make([]byte, n*futexWaitvSize)
	if !t.read(waiters, b) {
		return abi.EFAULT.Result()
	}
	le := binary.LittleEndian
	for i := 0; i < len(b); i += futexWaitvSize {
		addr := le.Uint64(b[i+8:])
		if addr >= p.Mem.Limit() {
			return abi.EFAULT.Result()
		}
		le.PutUint64(b[i+8:], uint64(p.Mem.Host(addr)))
	}
	list := t.put(0, b)
	ts := uintptr(0)
	if timeout != 0 { // always absolute
		var s [16]byte
		if !t.read(timeout, s[:]) {
			return abi.EFAULT.Result()
		}
		ts = t.put(futexWaitvMax*futexWaitvSize, s[:])
	}
	return t.hostBlock(hostsys.SYS_FUTEX_WAITV, list, uintptr(n), 0, ts, uintptr(clock), 0)
}
