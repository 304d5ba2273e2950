package argfmt

import "testing"

func TestSockaddr(t *testing.T) {
	in := bin(uint16(2), []byte{0x1f, 0x90}, []byte{127, 0, 0, 1}, 0)
	in6 := bin(uint16(10), []byte{0, 80}, uint32(0), 0, []byte{0, 0, 0, 0, 0, 0, 0, 1}, uint32(0))
	for _, c := range []call{
		{name: "in", kinds: kk{FD, SockaddrIn, Uint}, args: []any{3, in, 16}, before: `3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16`, after: ") = 0"},
		{name: "in6", kinds: kk{FD, SockaddrIn, Uint}, args: []any{3, in6, 28}, before: `3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28`, after: ") = 0"},
		{name: "un", kinds: kk{FD, SockaddrIn, Uint}, args: []any{3, bin(uint16(1), "/run/x\x00"), 9}, before: `3, {sa_family=AF_UNIX, sun_path="/run/x"}, 9`, after: ") = 0"},
		{name: "abstract", kinds: kk{FD, SockaddrIn, Uint}, args: []any{3, bin(uint16(1), "\x00abc"), 6}, before: `3, {sa_family=AF_UNIX, sun_path=@"abc"}, 6`, after: ") = 0"},
		{name: "unnamed", kinds: kk{FD, SockaddrIn, Uint}, args: []any{3, bin(uint16(1)), 2}, before: `3, {sa_family=AF_UNIX}, 2`, after: ") = 0"},
		{name: "netlink", kinds: kk{FD, SockaddrIn, Uint}, args: []any{3, bin(uint16(16), uint16(0), uint32(7), uint32(1)), 12}, before: `3, {sa_family=AF_NETLINK, nl_pid=7, nl_groups=0x00000001}, 12`, after: ") = 0"},
		{name: "short", kinds: kk{FD, SockaddrIn, Uint}, args: []any{3, in, 1}, before: "3, 0x10000, 1", after: ") = 0"},
		{name: "accept", kinds: kk{FD, SockaddrOut, IntInOut}, args: []any{3, in, bin(int32(16))}, ret: FD, result: 4, before: "3, ", after: `{sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, [16]) = 4`},
		{name: "accept without", kinds: kk{FD, SockaddrOut, IntInOut}, args: []any{3, 0, 0}, ret: FD, result: 4, before: "3, ", after: `NULL, NULL) = 4`},
		{name: "sendto", kinds: kk{FD, BufIn, Size, MsgFlags, SockaddrIn, Uint}, args: []any{3, []byte("x"), 1, 0x4000, 0, 0}, result: 1, before: `3, "x", 1, MSG_NOSIGNAL, NULL, 0`, after: ") = 1"},
		{name: "linger", kinds: kk{FD, SockLevel, SockoptName, SockoptIn, Uint}, args: []any{3, 1, 13, bin(int32(1), int32(5)), 8}, before: "3, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=5}, 8", after: ") = 0"},
		{name: "nodelay", kinds: kk{FD, SockLevel, SockoptName, SockoptIn, Uint}, args: []any{3, 6, 1, bin(int32(1)), 4}, before: "3, SOL_TCP, TCP_NODELAY, [1], 4", after: ") = 0"},
		{name: "so_error", kinds: kk{FD, SockLevel, SockoptName, SockoptOut, IntInOut}, args: []any{3, 1, 4, bin(int32(111)), bin(int32(4))}, before: "3, SOL_SOCKET, SO_ERROR, ", after: "[ECONNREFUSED], [4]) = 0"},
		{name: "unknown level", kinds: kk{FD, SockLevel, SockoptName}, args: []any{3, 999, 4}, before: "3, 0x3e7 /* SOL_??? */, 0x4", after: ") = 0"},
	} {
		c.run(t)
	}
}

// TestValueResult: a length that the kernel changes is shown as it was and is.
func TestValueResult(t *testing.T) {
	f := &fake{}
	at := f.put(bin(int32(128)))
	f.args = [8]uint64{3, 0, at}
	args := kindArgs(FD, SockaddrOut, IntInOut)
	b, next := AppendArgs(nil, f, args, 0, false)
	if string(b) != "3, " || next != 1 {
		t.Fatalf("%q, %d", b, next)
	}
	f.mem[at-memBase] = 16
	f.result, f.done = 4, true
	if b, _ = AppendArgs(nil, f, args, next, true); string(b) != "NULL, [128 => 16]" {
		t.Errorf("%q", b)
	}
}

func TestMsghdr(t *testing.T) {
	f := &fake{}
	data := f.put([]byte("hello"))
	iov := f.put(bin(data, uint64(5)))
	control := f.put(append(bin(24, int32(1), int32(1), int32(7), int32(8)), bin(28, int32(1), int32(2), int32(9), uint32(0), uint32(0), int32(0))...))
	hdr := f.put(bin(uint64(0), uint64(0), iov, uint64(1), control, uint64(52), int32(0x20), int32(0)))
	f.args = [8]uint64{3, hdr, 0}
	want := `3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hello", iov_len=5}], msg_iovlen=1, ` +
		`msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8]}, ` +
		`{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=9, uid=0, gid=0}}], msg_controllen=52, msg_flags=MSG_TRUNC}, 0`
	if before, _ := line(f, 0, 5, kindArgs(FD, MsghdrIn, MsgFlags)...); before != want {
		t.Errorf("got  %s\nwant %s", before, want)
	}
	before, after := line(f, 0, 2, kindArgs(FD, MsghdrInOut, MsgFlags)...)
	if before != "3, " || after[:58] != `{msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="he", io` {
		t.Errorf("recvmsg: %s %s", before, after)
	}
	mm := f.put(append(bin(uint64(0), uint64(0), iov, uint64(1), uint64(0), uint64(0), int32(0), int32(0)), bin(int32(3), int32(0))...))
	f.args = [8]uint64{3, mm, 1, 0}
	_, after = line(f, 0, 1, kindArgs(FD, MmsgOut, Uint, MsgFlags)...)
	if want := `[{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hel", iov_len=5}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=3}], 1, 0) = 1`; after != want {
		t.Errorf("got  %s\nwant %s", after, want)
	}
}
