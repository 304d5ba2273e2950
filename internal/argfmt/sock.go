package argfmt

import (
	"encoding/binary"
	"net/netip"
)

// Socket addresses, messages and options.

func printSockProto(p *printer, i int, v uint64) {
	v = uint64(uint32(v))
	switch uint32(p.s.Arg(i - 2)) {
	case afInet, afInet6:
		p.enum(v, ipProtos, "IPPROTO_???")
	case afNetlink:
		p.enum(v, netlinkProtos, "NETLINK_???")
	case afPacket:
		p.hex0(v)
	default:
		p.dec(int64(int32(v)))
	}
}

func printSockaddrIn(p *printer, i int, v uint64) {
	n := uint32(p.s.Arg(i + 1))
	if n > 128 || n < 2 {
		p.addr(v)
		return
	}
	if b, ok := p.fixed(i, v, int(n), In); ok {
		p.sockaddr(b)
	}
}

func printSockaddrOut(p *printer, i int, v uint64) {
	var w [4]byte
	if p.failed() || v == 0 || !p.s.Read(p.s.Arg(i+1), w[:]) {
		p.addr(v)
		return
	}
	n := u32(w[:], 0)
	if was, e := p.s.In(i+1, 4); e == 0 { // the kernel writes no more than there is room for
		n = min(n, u32(was, 0))
	}
	p.sockaddrAt(v, n)
}

// sockaddrAt prints an address of n bytes in guest memory.
func (p *printer) sockaddrAt(v, n uint64) {
	b := make([]byte, min(n, 128))
	switch {
	case v == 0 || n == 0:
		p.addr(v)
	case !p.s.Read(v, b):
		p.hex(v)
	default:
		p.sockaddr(b)
	}
}

func (p *printer) sockaddr(b []byte) {
	if len(b) < 2 {
		p.quote(b, MaxString, false)
		return
	}
	family := u16(b, 0)
	p.str("{sa_family=")
	p.enum(family, sockDomains, "AF_???")
	switch {
	case family == afUnix:
		p.unixPath(b[2:])
	case family == afInet && len(b) >= 8:
		p.str(", sin_port=htons(")
		p.udec(uint64(binary.BigEndian.Uint16(b[2:])))
		p.str("), sin_addr=inet_addr(\"")
		p.b = netip.AddrFrom4([4]byte(b[4:8])).AppendTo(p.b)
		p.str(`")`)
	case family == afInet6 && len(b) >= 28:
		p.str(", sin6_port=htons(")
		p.udec(uint64(binary.BigEndian.Uint16(b[2:])))
		p.str("), sin6_flowinfo=htonl(")
		p.udec(uint64(binary.BigEndian.Uint32(b[4:])))
		p.str("), inet_pton(AF_INET6, \"")
		p.b = netip.AddrFrom16([16]byte(b[8:24])).AppendTo(p.b)
		p.str("\", &sin6_addr), sin6_scope_id=")
		p.udec(u32(b, 24))
	case family == afNetlink && len(b) >= 12:
		p.str(", nl_pid=")
		p.udec(u32(b, 4))
		p.str(", nl_groups=")
		p.b = appendHex8(p.b, uint32(u32(b, 8)))
	case family == afPacket && len(b) >= 12:
		p.str(", sll_protocol=htons(")
		p.hex0(uint64(binary.BigEndian.Uint16(b[2:])))
		p.str("), sll_ifindex=")
		p.dec(i32(b, 4))
		p.str(", ...")
	case len(b) > 2:
		p.str(", sa_data=")
		p.quote(b[2:], MaxString, false)
	}
	p.byte('}')
}

func (p *printer) unixPath(b []byte) {
	if len(b) == 0 {
		return
	}
	p.str(", sun_path=")
	if b[0] == 0 { // abstract: all bytes count
		p.byte('@')
		p.quoteAll(b[1:])
		return
	}
	p.cstr(b)
}

func appendHex8(b []byte, v uint32) []byte {
	if v == 0 {
		return append(b, "00000000"...)
	}
	b = append(b, "0x"...)
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[v>>shift&15])
	}
	return b
}

func printMsghdrIn(p *printer, _ int, v uint64) { p.msghdrAt(v, ^uint64(0)) }

func printMsghdrOut(p *printer, _ int, v uint64) {
	if p.failed() {
		p.addr(v)
		return
	}
	p.msghdrAt(v, uint64(p.result()))
}

// msghdrAt prints struct msghdr with total bytes of data.
func (p *printer) msghdrAt(v, total uint64) {
	var h [56]byte
	if v == 0 || !p.s.Read(v, h[:]) {
		p.addr(v)
		return
	}
	p.msghdr(h[:], total)
}

func (p *printer) msghdr(h []byte, total uint64) {
	p.str("{msg_name=")
	p.sockaddrAt(u64(h, 0), u32(h, 8))
	p.str(", msg_namelen=")
	p.udec(u32(h, 8))
	p.str(", msg_iov=")
	p.iovec(u64(h, 16), min(u64(h, 24), 1024), total)
	p.str(", msg_iovlen=")
	p.udec(u64(h, 24))
	if u64(h, 40) != 0 && u64(h, 32) != 0 {
		p.str(", msg_control=")
		p.cmsgs(u64(h, 32), u64(h, 40))
	}
	p.str(", msg_controllen=")
	p.udec(u64(h, 40))
	p.str(", msg_flags=")
	p.flags(u32(h, 48), msgFlags, "MSG_???")
	p.byte('}')
}

// cmsgs prints control messages.
func (p *printer) cmsgs(v, n uint64) {
	b := make([]byte, min(n, 4096))
	if !p.s.Read(v, b) {
		p.hex(v)
		return
	}
	p.byte('[')
	for at := 0; at+16 <= len(b); {
		size := u64(b, at)
		if size < 16 || size > uint64(len(b)-at) {
			break
		}
		if at > 0 {
			p.str(", ")
		}
		level, typ := u32(b, at+8), u32(b, at+12)
		data := b[at+16 : at+int(size)]
		p.str("{cmsg_len=")
		p.udec(size)
		p.str(", cmsg_level=")
		p.enum(level, sockLevels, "SOL_???")
		p.str(", cmsg_type=")
		if level == solSocket {
			p.enum(typ, scmTypes, "SCM_???")
		} else {
			p.hex0(typ)
		}
		switch {
		case level == solSocket && typ == 1:
			p.str(", cmsg_data=[")
			for i := 0; i+4 <= len(data); i += 4 {
				if i > 0 {
					p.str(", ")
				}
				p.dec(i32(data, i))
			}
			p.byte(']')
		case level == solSocket && typ == 2 && len(data) >= 12:
			p.str(", cmsg_data=")
			p.ucred(data)
		case len(data) > 0:
			p.str(", cmsg_data=")
			p.quote(data, MaxString, false)
		}
		p.byte('}')
		at += (int(size) + 7) &^ 7
	}
	p.byte(']')
}

func (p *printer) ucred(b []byte) {
	p.str("{pid=")
	p.dec(i32(b, 0))
	p.str(", uid=")
	p.udec(u32(b, 4))
	p.str(", gid=")
	p.udec(u32(b, 8))
	p.byte('}')
}

func printMmsgIn(p *printer, i int, v uint64) { p.mmsg(v, uint64(uint32(p.s.Arg(i+1))), false) }

func printMmsgOut(p *printer, _ int, v uint64) {
	if p.failed() {
		p.addr(v)
		return
	}
	p.mmsg(v, uint64(p.result()), true)
}

func (p *printer) mmsg(v, n uint64, received bool) {
	if v == 0 {
		p.str("NULL")
		return
	}
	start := len(p.b)
	p.byte('[')
	for k := range min(n, maxElems+1) {
		var h [64]byte
		if !p.s.Read(v+64*k, h[:]) {
			p.b = p.b[:start]
			p.hex(v)
			return
		}
		if k > 0 {
			p.str(", ")
		}
		if k == maxElems {
			p.str("...")
			break
		}
		total := ^uint64(0)
		if received {
			total = u32(h[:], 56)
		}
		p.str("{msg_hdr=")
		p.msghdr(h[:56], total)
		if received {
			p.str(", msg_len=")
			p.udec(u32(h[:], 56))
		}
		p.byte('}')
	}
	p.byte(']')
}

func printSockoptName(p *printer, i int, v uint64) {
	v = uint64(uint32(v))
	switch uint32(p.s.Arg(i - 1)) {
	case solSocket:
		p.enum(v, soNames, "SO_???")
	case solTCP:
		p.enum(v, tcpNames, "TCP_???")
	case solIP:
		p.enum(v, ipNames, "IP_???")
	case solIPv6:
		p.enum(v, ipv6Names, "IPV6_???")
	default:
		p.hex0(v)
	}
}

func printSockoptIn(p *printer, i int, v uint64) {
	n := uint64(uint32(p.s.Arg(i + 1)))
	b, ok := p.s.Peek(i, int(min(n, 128)))
	if v == 0 || !ok {
		p.addr(v)
		return
	}
	p.sockopt(i, b, n)
}

func printSockoptOut(p *printer, i int, v uint64) {
	var w [4]byte
	if p.failed() || v == 0 || !p.s.Read(p.s.Arg(i+1), w[:]) {
		p.addr(v)
		return
	}
	n := u32(w[:], 0)
	b := make([]byte, min(n, 128))
	if !p.s.Read(v, b) {
		p.hex(v)
		return
	}
	p.sockopt(i, b, n)
}

// sockopt prints the value of the option named by the argument before.
func (p *printer) sockopt(i int, b []byte, n uint64) {
	level, name := uint32(p.s.Arg(i-2)), uint32(p.s.Arg(i-1))
	switch {
	case level == solSocket && name == soLinger && n == 8:
		p.str("{l_onoff=")
		p.dec(i32(b, 0))
		p.str(", l_linger=")
		p.dec(i32(b, 4))
		p.byte('}')
	case level == solSocket && (name == soRcvTimeo || name == soSndTimeo) && n == 16:
		textTimeval(p, b)
	case level == solSocket && name == soPeercred && n == 12:
		p.ucred(b)
	case level == solSocket && name == soType && n == 4:
		p.byte('[')
		p.sockType(u32(b, 0))
		p.byte(']')
	case level == solSocket && name == soDomain && n == 4:
		p.byte('[')
		p.enum(u32(b, 0), sockDomains, "AF_???")
		p.byte(']')
	case level == solSocket && name == soError && n == 4 && u32(b, 0) != 0:
		p.byte('[')
		p.str(errnoName(u32(b, 0)))
		p.byte(']')
	case level == solSocket && name == soBindToDev:
		p.quote(b, MaxString, n > uint64(len(b)))
	case n == 4:
		textInt(p, b)
	default:
		p.quote(b, MaxString, n > uint64(len(b)))
	}
}
