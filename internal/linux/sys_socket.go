//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Sockets: addresses, options and control messages are the same on all 64-bit machines;
// only the addresses within struct msghdr may need translation.

func socketRows() []Row {
	return []Row{
		fast(198, "socket", "domain type protocol", hostsys.SYS_SOCKET, argfmt.SockDomain, argfmt.SockType, argfmt.SockProto).with(argfmt.FD),
		fast(199, "socketpair", "domain type protocol sv", hostsys.SYS_SOCKETPAIR, argfmt.SockDomain, argfmt.SockType, argfmt.SockProto, argfmt.FDPairOut),
		pass(200, "bind", "sockfd addr addrlen", hostsys.SYS_BIND, argfmt.FD, argfmt.SockaddrIn, argfmt.Uint),
		fast(201, "listen", "sockfd backlog", hostsys.SYS_LISTEN, argfmt.FD, argfmt.Int),
		pass(202, "accept", "sockfd addr addrlen", hostsys.SYS_ACCEPT, argfmt.FD, argfmt.SockaddrOut, argfmt.IntInOut).with(argfmt.FD),
		pass(203, "connect", "sockfd addr addrlen", hostsys.SYS_CONNECT, argfmt.FD, argfmt.SockaddrIn, argfmt.Uint),
		fast(204, "getsockname", "sockfd addr addrlen", hostsys.SYS_GETSOCKNAME, argfmt.FD, argfmt.SockaddrOut, argfmt.IntInOut),
		fast(205, "getpeername", "sockfd addr addrlen", hostsys.SYS_GETPEERNAME, argfmt.FD, argfmt.SockaddrOut, argfmt.IntInOut),
		pass(206, "sendto", "sockfd buf len flags dest_addr addrlen", hostsys.SYS_SENDTO, argfmt.FD, argfmt.BufIn, argfmt.Size, argfmt.MsgFlags, argfmt.SockaddrIn, argfmt.Uint),
		pass(207, "recvfrom", "sockfd buf len flags src_addr addrlen", hostsys.SYS_RECVFROM, argfmt.FD, argfmt.BufOut, argfmt.Size, argfmt.MsgFlags, argfmt.SockaddrOut, argfmt.IntInOut),
		pass(208, "setsockopt", "sockfd level optname optval optlen", hostsys.SYS_SETSOCKOPT, argfmt.FD, argfmt.SockLevel, argfmt.SockoptName, argfmt.SockoptIn, argfmt.Uint).noted("SO_ATTACH_FILTER and the few other options that contain addresses need guest base 0, the normal case"),
		pass(209, "getsockopt", "sockfd level optname optval optlen", hostsys.SYS_GETSOCKOPT, argfmt.FD, argfmt.SockLevel, argfmt.SockoptName, argfmt.SockoptOut, argfmt.IntInOut),
		fast(210, "shutdown", "sockfd how", hostsys.SYS_SHUTDOWN, argfmt.FD, argfmt.ShutHow),
		own(211, "sendmsg", "sockfd msg flags", sysSendmsg, argfmt.FD, argfmt.MsghdrIn, argfmt.MsgFlags),
		own(212, "recvmsg", "sockfd msg flags", sysRecvmsg, argfmt.FD, argfmt.MsghdrInOut, argfmt.MsgFlags),
		pass(242, "accept4", "sockfd addr addrlen flags", hostsys.SYS_ACCEPT4, argfmt.FD, argfmt.SockaddrOut, argfmt.IntInOut, argfmt.SockFlags).with(argfmt.FD),
		own(243, "recvmmsg", "sockfd msgvec vlen flags timeout", sysRecvmmsg, argfmt.FD, argfmt.MmsgOut, argfmt.Uint, argfmt.MsgFlags, argfmt.TimespecInOut),
		own(269, "sendmmsg", "sockfd msgvec vlen flags", sysSendmmsg, argfmt.FD, argfmt.MmsgIn, argfmt.Uint, argfmt.MsgFlags),
	}
}

// struct msghdr: msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen,
// msg_flags. struct mmsghdr has msg_len behind it.
const (
	msghdrSize  = 56
	mmsghdrSize = 64
	maxMmsg     = 1024 // UIO_MAXIOV: longer vectors are cut by the kernel
)

// msghdr puts host addresses into b, a guest's struct msghdr. i is the index of the message
// in the call.
func (m *marshal) msghdr(b []byte, i int, receive bool) abi.Errno {
	t := m.t
	name, namelen := le.Uint64(b[0:]), le.Uint32(b[8:])
	control, controllen := le.Uint64(b[32:]), le.Uint64(b[40:])
	for _, off := range [...]int{0, 32} {
		at, e := t.addr(le.Uint64(b[off:]))
		if e != 0 {
			return e
		}
		le.PutUint64(b[off:], uint64(at))
	}
	if receive {
		t.Proc.Mem.UnwatchForWrite(name, uint64(namelen))
		t.Proc.Mem.UnwatchForWrite(control, min(controllen, 1<<20))
	}
	if name, ok := t.judgedName(i); ok && !receive {
		at, e := m.put(name)
		if e != 0 {
			return e
		}
		le.PutUint64(b[0:], uint64(at))
		le.PutUint32(b[8:], uint32(len(name)))
	}
	n := le.Uint64(b[24:])
	if n > maxIov {
		return abi.EMSGSIZE
	}
	iov, e := m.iovec(nil, -1, le.Uint64(b[16:]), n, receive)
	le.PutUint64(b[16:], uint64(iov))
	return e
}

// message is the descriptor of a sendmsg or recvmsg, and a host copy of its struct msghdr.
func (m *marshal) message(c *Call, receive bool) (fd, at uintptr, e abi.Errno) {
	if fd, e = fdArg(c, 0); e != 0 {
		return 0, 0, e
	}
	var b [msghdrSize]byte
	if !m.t.read(c.Args[1], b[:]) {
		return 0, 0, abi.EFAULT
	}
	if e = m.msghdr(b[:], 0, receive); e != 0 {
		return 0, 0, e
	}
	at, e = m.put(b[:])
	return fd, at, e
}

func sysSendmsg(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	fd, at, e := m.message(c, false)
	if e != 0 {
		return e.Result()
	}
	return t.hostBlock(hostsys.SYS_SENDMSG, fd, at, uintptr(c.Args[2]), 0, 0, 0)
}

func sysRecvmsg(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	fd, at, e := m.message(c, true)
	if e != 0 {
		return e.Result()
	}
	r := t.hostBlock(hostsys.SYS_RECVMSG, fd, at, uintptr(c.Args[2]), 0, 0, 0)
	if r >= 0 && !t.receivedHeader(c.Args[1], at) {
		return abi.EFAULT.Result()
	}
	return r
}

// receivedHeader gives the guest what the kernel wrote to a struct msghdr: the lengths of
// address and control messages, and the flags.
func (t *Task) receivedHeader(guest uint64, at uintptr) bool {
	var b [msghdrSize]byte
	hostsys.CopyIn(b[:], at)
	mm := t.Proc.Mem
	return mm.Write(guest+8, b[8:12]) && mm.Write(guest+40, b[40:52])
}

// mmsg makes a host vector of struct mmsghdr.
func (m *marshal) mmsg(c *Call, n uint64, receive bool) (uintptr, abi.Errno) {
	b := make([]byte, mmsghdrSize*n)
	if !m.t.read(c.Args[1], b) {
		return 0, abi.EFAULT
	}
	for i := 0; i < len(b); i += mmsghdrSize {
		if e := m.msghdr(b[i:i+msghdrSize], i/mmsghdrSize, receive); e != 0 {
			return 0, e
		}
	}
	return m.put(b)
}

func sysSendmmsg(t *Task, c *Call) int64 {
	fd, e := fdArg(c, 0)
	if e != 0 {
		return e.Result()
	}
	m := marshal{t: t}
	defer m.release()
	n := min(uint64(uint32(c.Args[2])), maxMmsg)
	at, e := m.mmsg(c, n, false)
	if e != 0 {
		return e.Result()
	}
	r := t.hostBlock(hostsys.SYS_SENDMMSG, fd, at, uintptr(n), uintptr(c.Args[3]), 0, 0)
	for i := range max(r, 0) {
		v, _ := hostsys.Load32(at + uintptr(i)*mmsghdrSize + msghdrSize)
		if !t.Proc.Mem.WriteU32(c.Args[1]+uint64(i)*mmsghdrSize+msghdrSize, v) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

func sysRecvmmsg(t *Task, c *Call) int64 {
	fd, e := fdArg(c, 0)
	if e != 0 {
		return e.Result()
	}
	d, e := t.deadline(c.Args[4])
	if e != 0 {
		return e.Result()
	}
	m := marshal{t: t, used: 16} // the timeout is at the start of the scratch page
	defer m.release()
	n := min(uint64(uint32(c.Args[2])), maxMmsg)
	at, e := m.mmsg(c, n, true)
	if e != 0 {
		return e.Result()
	}
	ts := uintptr(0)
	var r int64
	for {
		if c.Args[4] != 0 {
			ts = t.putTimespec(0, d.left())
		}
		r = t.host(hostsys.SYS_RECVMMSG, fd, at, uintptr(n), uintptr(c.Args[3]), ts, 0)
		if r != eintr || t.pending() {
			break
		}
	}
	if r < 0 {
		return r
	}
	for i := range r {
		h, g := at+uintptr(i)*mmsghdrSize, c.Args[1]+uint64(i)*mmsghdrSize
		v, _ := hostsys.Load32(h + msghdrSize)
		if !t.receivedHeader(g, h) || !t.Proc.Mem.WriteU32(g+msghdrSize, v) {
			return abi.EFAULT.Result()
		}
	}
	if ts != 0 {
		t.timeLeft(c.Args[4], d)
	}
	return r
}
