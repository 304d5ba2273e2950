//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// ioctl(2): request numbers and structures of 64-bit machines with the generic
// encoding are the same. What must be known is whether the argument is an address,
// which matters only where guest addresses are not host addresses.

// Parts of a request number (include/uapi/asm-generic/ioctl.h).
const (
	iocNone      = 0
	iocSizeShift = 16
	iocSizeMask  = 0x3fff
	iocDirShift  = 30
)

// ficlone has a descriptor as its argument although its number promises a pointer.
const ficlone = 0x40049409

// siocgifconf lists interfaces: struct ifconf has a length and the address of a buffer.
const siocgifconf = 0x8912

// plainIoctls are requests without direction bits whose argument is a number or is
// ignored: those of asm-generic/ioctls.h, linux/fs.h, loop.h, kd.h, vt.h, nsfs.h
// and perf_event.h.
var plainIoctls = [...]uint32{
	0x5409, 0x540a, 0x540b, 0x540c, 0x540d, 0x540e, 0x541d, 0x5422, 0x5425, 0x5427, 0x5428, 0x5441, 0x5450, 0x5451, 0x545c,
	0x125f, 0x1261, 0x1262, 0x4c00, 0x4c01, 0x4c06, 0x4c08, 0x4c09, 0x4c80, 0x4c81, 0x4c82,
	0x4b2f, 0x4b30, 0x4b32, 0x4b36, 0x4b37, 0x4b3a, 0x4b45, 0x4b62, 0x4b65, 0x4b6c, 0x4b6d,
	0x5605, 0x5606, 0x5607, 0x5608, 0x560b, 0x560c, 0x560d,
	0xb701, 0xb702, 0xb703, 0xae00, 0xae01, 0xae03, 0xae04, 0xae41, 0xae80,
	0x2400, 0x2401, 0x2402, 0x2403, 0x2405, 0x2409,
}

// ioctlPointer reports whether the argument of a request is an address.
func ioctlPointer(req uint32) bool {
	if req>>iocDirShift != iocNone {
		return req != ficlone
	}
	for _, p := range plainIoctls {
		if p == req {
			return false
		}
	}
	return true
}

// ioctlSpan is how many bytes the kernel may write behind the argument.
func ioctlSpan(req uint32) uint64 {
	if n := req >> iocSizeShift & iocSizeMask; req>>iocDirShift != iocNone && n != 0 {
		return uint64(n)
	}
	return unknownSpan
}

func sysIoctl(t *Task, c *Call) int64 {
	fd, req := int(int32(c.Args[0])), uint32(c.Args[1])
	if hostsys.ReservedFD(fd) {
		return abi.EBADF.Result()
	}
	arg := uintptr(c.Args[2])
	pointer := c.Args[2] != 0 && ioctlPointer(req)
	m := marshal{t: t}
	defer m.release()
	switch {
	case !pointer:
	case req == secNotifRecv || req == secNotifSend:
		return t.secNotifIoctl(fd, req, c.Args[2])
	case c.copies[2].state == copySet:
		b := c.copies[2].data
		var e abi.Errno
		if arg, e = m.put(b); e != 0 {
			return e.Result()
		}
		m.back = append(m.back, copyBack{c.Args[2], arg, len(b)})
	default:
		t.Proc.Mem.UnwatchForWrite(c.Args[2], ioctlSpan(req))
		if t.Proc.Mem.Base() == 0 {
			break
		}
		var e abi.Errno
		if arg, e = t.addr(c.Args[2]); e != 0 {
			return e.Result()
		}
		if req == siocgifconf {
			return t.ifconf(fd, c.Args[2])
		}
	}
	r := t.hostBlock(hostsys.SYS_IOCTL, uintptr(fd), uintptr(req), arg, 0, 0, 0)
	return m.finish(c, r)
}

// ifconf is SIOCGIFCONF with the buffer's address translated.
func (t *Task) ifconf(fd int, addr uint64) int64 {
	var b [16]byte // int ifc_len; char *ifc_buf
	if !t.Proc.Mem.Read(addr, b[:]) {
		return abi.EFAULT.Result()
	}
	buf, e := t.addr(le.Uint64(b[8:]))
	if e != 0 {
		return e.Result()
	}
	t.Proc.Mem.UnwatchForWrite(le.Uint64(b[8:]), uint64(le.Uint32(b[:])))
	h := b
	le.PutUint64(h[8:], uint64(buf))
	r := t.hostBlock(hostsys.SYS_IOCTL, uintptr(fd), siocgifconf, t.put(0, h[:]), 0, 0, 0)
	if r >= 0 {
		t.get(0, h[:])
		if !t.Proc.Mem.Write(addr, h[:4]) {
			return abi.EFAULT.Result()
		}
	}
	return r
}
