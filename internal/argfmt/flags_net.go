package argfmt

// Flags and enumerations of sockets, polling and descriptors of events
// (include/linux/socket.h, include/uapi/linux/in.h, eventpoll.h).

const (
	afUnix    = 1
	afInet    = 2
	afInet6   = 10
	afNetlink = 16
	afPacket  = 17
)

var sockDomains = []bit{
	{0, "AF_UNSPEC"},
	{1, "AF_UNIX"},
	{2, "AF_INET"},
	{3, "AF_AX25"},
	{4, "AF_IPX"},
	{5, "AF_APPLETALK"},
	{9, "AF_X25"},
	{10, "AF_INET6"},
	{15, "AF_KEY"},
	{16, "AF_NETLINK"},
	{17, "AF_PACKET"},
	{21, "AF_RDS"},
	{23, "AF_IRDA"},
	{24, "AF_PPPOX"},
	{29, "AF_CAN"},
	{30, "AF_TIPC"},
	{31, "AF_BLUETOOTH"},
	{33, "AF_RXRPC"},
	{38, "AF_ALG"},
	{39, "AF_NFC"},
	{40, "AF_VSOCK"},
	{41, "AF_KCM"},
	{42, "AF_QIPCRTR"},
	{43, "AF_SMC"},
	{44, "AF_XDP"},
	{45, "AF_MCTP"},
}

var sockTypes = []bit{{1, "SOCK_STREAM"}, {2, "SOCK_DGRAM"}, {3, "SOCK_RAW"}, {4, "SOCK_RDM"}, {5, "SOCK_SEQPACKET"}, {6, "SOCK_DCCP"}, {10, "SOCK_PACKET"}}

var sockFlags = []bit{{0o2000000, "SOCK_CLOEXEC"}, {0o4000, "SOCK_NONBLOCK"}}

func (p *printer) sockType(v uint64) {
	p.enum(v&0xf, sockTypes, "SOCK_???")
	if v &^= 0xf; v != 0 {
		p.byte('|')
		p.flags(v, sockFlags, "SOCK_???")
	}
}

var ipProtos = []bit{
	{0, "IPPROTO_IP"},
	{1, "IPPROTO_ICMP"},
	{2, "IPPROTO_IGMP"},
	{6, "IPPROTO_TCP"},
	{17, "IPPROTO_UDP"},
	{41, "IPPROTO_IPV6"},
	{47, "IPPROTO_GRE"},
	{50, "IPPROTO_ESP"},
	{51, "IPPROTO_AH"},
	{58, "IPPROTO_ICMPV6"},
	{132, "IPPROTO_SCTP"},
	{136, "IPPROTO_UDPLITE"},
	{255, "IPPROTO_RAW"},
	{262, "IPPROTO_MPTCP"},
}

var netlinkProtos = []bit{
	{0, "NETLINK_ROUTE"},
	{2, "NETLINK_USERSOCK"},
	{4, "NETLINK_SOCK_DIAG"},
	{5, "NETLINK_NFLOG"},
	{6, "NETLINK_XFRM"},
	{7, "NETLINK_SELINUX"},
	{9, "NETLINK_AUDIT"},
	{10, "NETLINK_FIB_LOOKUP"},
	{11, "NETLINK_CONNECTOR"},
	{12, "NETLINK_NETFILTER"},
	{15, "NETLINK_KOBJECT_UEVENT"},
	{16, "NETLINK_GENERIC"},
	{21, "NETLINK_CRYPTO"},
}

var sockLevels = []bit{
	{0, "SOL_IP"},
	{1, "SOL_SOCKET"},
	{6, "SOL_TCP"},
	{17, "SOL_UDP"},
	{41, "SOL_IPV6"},
	{58, "SOL_ICMPV6"},
	{132, "SOL_SCTP"},
	{255, "SOL_RAW"},
	{263, "SOL_PACKET"},
	{270, "SOL_NETLINK"},
	{279, "SOL_ALG"},
	{282, "SOL_TLS"},
	{283, "SOL_XDP"},
	{284, "SOL_MPTCP"},
}

const (
	solIP     = 0
	solSocket = 1
	solTCP    = 6
	solIPv6   = 41

	soLinger    = 13
	soRcvTimeo  = 20
	soSndTimeo  = 21
	soPeercred  = 17
	soError     = 4
	soType      = 3
	soDomain    = 39
	soBindToDev = 25
)

var soNames = []bit{
	{1, "SO_DEBUG"},
	{2, "SO_REUSEADDR"},
	{3, "SO_TYPE"},
	{4, "SO_ERROR"},
	{5, "SO_DONTROUTE"},
	{6, "SO_BROADCAST"},
	{7, "SO_SNDBUF"},
	{8, "SO_RCVBUF"},
	{9, "SO_KEEPALIVE"},
	{10, "SO_OOBINLINE"},
	{11, "SO_NO_CHECK"},
	{12, "SO_PRIORITY"},
	{13, "SO_LINGER"},
	{14, "SO_BSDCOMPAT"},
	{15, "SO_REUSEPORT"},
	{16, "SO_PASSCRED"},
	{17, "SO_PEERCRED"},
	{18, "SO_RCVLOWAT"},
	{19, "SO_SNDLOWAT"},
	{20, "SO_RCVTIMEO_OLD"},
	{21, "SO_SNDTIMEO_OLD"},
	{25, "SO_BINDTODEVICE"},
	{26, "SO_ATTACH_FILTER"},
	{27, "SO_DETACH_FILTER"},
	{28, "SO_PEERNAME"},
	{29, "SO_TIMESTAMP_OLD"},
	{30, "SO_ACCEPTCONN"},
	{31, "SO_PEERSEC"},
	{32, "SO_SNDBUFFORCE"},
	{33, "SO_RCVBUFFORCE"},
	{34, "SO_PASSSEC"},
	{35, "SO_TIMESTAMPNS_OLD"},
	{36, "SO_MARK"},
	{37, "SO_TIMESTAMPING_OLD"},
	{38, "SO_PROTOCOL"},
	{39, "SO_DOMAIN"},
	{40, "SO_RXQ_OVFL"},
	{41, "SO_WIFI_STATUS"},
	{42, "SO_PEEK_OFF"},
	{43, "SO_NOFCS"},
	{44, "SO_LOCK_FILTER"},
	{45, "SO_SELECT_ERR_QUEUE"},
	{46, "SO_BUSY_POLL"},
	{47, "SO_MAX_PACING_RATE"},
	{48, "SO_BPF_EXTENSIONS"},
	{49, "SO_INCOMING_CPU"},
	{50, "SO_ATTACH_BPF"},
	{51, "SO_ATTACH_REUSEPORT_CBPF"},
	{52, "SO_ATTACH_REUSEPORT_EBPF"},
	{53, "SO_CNX_ADVICE"},
	{55, "SO_MEMINFO"},
	{56, "SO_INCOMING_NAPI_ID"},
	{57, "SO_COOKIE"},
	{59, "SO_PEERGROUPS"},
	{60, "SO_ZEROCOPY"},
	{61, "SO_TXTIME"},
	{62, "SO_BINDTOIFINDEX"},
	{63, "SO_TIMESTAMP_NEW"},
	{64, "SO_TIMESTAMPNS_NEW"},
	{65, "SO_TIMESTAMPING_NEW"},
	{66, "SO_RCVTIMEO_NEW"},
	{67, "SO_SNDTIMEO_NEW"},
	{68, "SO_DETACH_REUSEPORT_BPF"},
	{69, "SO_PREFER_BUSY_POLL"},
	{70, "SO_BUSY_POLL_BUDGET"},
	{71, "SO_NETNS_COOKIE"},
	{72, "SO_BUF_LOCK"},
	{73, "SO_RESERVE_MEM"},
	{74, "SO_TXREHASH"},
	{75, "SO_RCVMARK"},
	{76, "SO_PASSPIDFD"},
	{77, "SO_PEERPIDFD"},
}

var tcpNames = []bit{
	{1, "TCP_NODELAY"},
	{2, "TCP_MAXSEG"},
	{3, "TCP_CORK"},
	{4, "TCP_KEEPIDLE"},
	{5, "TCP_KEEPINTVL"},
	{6, "TCP_KEEPCNT"},
	{7, "TCP_SYNCNT"},
	{8, "TCP_LINGER2"},
	{9, "TCP_DEFER_ACCEPT"},
	{10, "TCP_WINDOW_CLAMP"},
	{11, "TCP_INFO"},
	{12, "TCP_QUICKACK"},
	{13, "TCP_CONGESTION"},
	{14, "TCP_MD5SIG"},
	{16, "TCP_THIN_LINEAR_TIMEOUTS"},
	{17, "TCP_THIN_DUPACK"},
	{18, "TCP_USER_TIMEOUT"},
	{19, "TCP_REPAIR"},
	{23, "TCP_FASTOPEN"},
	{24, "TCP_TIMESTAMP"},
	{25, "TCP_NOTSENT_LOWAT"},
	{26, "TCP_CC_INFO"},
	{27, "TCP_SAVE_SYN"},
	{28, "TCP_SAVED_SYN"},
	{30, "TCP_FASTOPEN_CONNECT"},
	{31, "TCP_ULP"},
	{35, "TCP_ZEROCOPY_RECEIVE"},
	{36, "TCP_INQ"},
	{37, "TCP_TX_DELAY"},
}

var ipNames = []bit{
	{1, "IP_TOS"},
	{2, "IP_TTL"},
	{3, "IP_HDRINCL"},
	{4, "IP_OPTIONS"},
	{5, "IP_ROUTER_ALERT"},
	{6, "IP_RECVOPTS"},
	{7, "IP_RETOPTS"},
	{8, "IP_PKTINFO"},
	{9, "IP_PKTOPTIONS"},
	{10, "IP_MTU_DISCOVER"},
	{11, "IP_RECVERR"},
	{12, "IP_RECVTTL"},
	{13, "IP_RECVTOS"},
	{14, "IP_MTU"},
	{15, "IP_FREEBIND"},
	{19, "IP_TRANSPARENT"},
	{20, "IP_RECVORIGDSTADDR"},
	{21, "IP_MINTTL"},
	{24, "IP_BIND_ADDRESS_NO_PORT"},
	{32, "IP_MULTICAST_IF"},
	{33, "IP_MULTICAST_TTL"},
	{34, "IP_MULTICAST_LOOP"},
	{35, "IP_ADD_MEMBERSHIP"},
	{36, "IP_DROP_MEMBERSHIP"},
	{49, "IP_MULTICAST_ALL"},
	{50, "IP_UNICAST_IF"},
	{51, "IP_LOCAL_PORT_RANGE"},
}

var ipv6Names = []bit{
	{1, "IPV6_ADDRFORM"},
	{6, "IPV6_2292PKTOPTIONS"},
	{7, "IPV6_CHECKSUM"},
	{16, "IPV6_UNICAST_HOPS"},
	{17, "IPV6_MULTICAST_IF"},
	{18, "IPV6_MULTICAST_HOPS"},
	{19, "IPV6_MULTICAST_LOOP"},
	{20, "IPV6_JOIN_GROUP"},
	{21, "IPV6_LEAVE_GROUP"},
	{22, "IPV6_ROUTER_ALERT"},
	{23, "IPV6_MTU_DISCOVER"},
	{24, "IPV6_MTU"},
	{25, "IPV6_RECVERR"},
	{26, "IPV6_V6ONLY"},
	{49, "IPV6_RECVPKTINFO"},
	{50, "IPV6_PKTINFO"},
	{51, "IPV6_RECVHOPLIMIT"},
	{52, "IPV6_HOPLIMIT"},
	{66, "IPV6_RECVTCLASS"},
	{67, "IPV6_TCLASS"},
	{72, "IPV6_ADDR_PREFERENCES"},
	{75, "IPV6_TRANSPARENT"},
	{76, "IPV6_UNICAST_IF"},
	{78, "IPV6_FREEBIND"},
}

var msgFlags = []bit{
	{0x1, "MSG_OOB"},
	{0x2, "MSG_PEEK"},
	{0x4, "MSG_DONTROUTE"},
	{0x8, "MSG_CTRUNC"},
	{0x10, "MSG_PROXY"},
	{0x20, "MSG_TRUNC"},
	{0x40, "MSG_DONTWAIT"},
	{0x80, "MSG_EOR"},
	{0x100, "MSG_WAITALL"},
	{0x200, "MSG_FIN"},
	{0x400, "MSG_SYN"},
	{0x800, "MSG_CONFIRM"},
	{0x1000, "MSG_RST"},
	{0x2000, "MSG_ERRQUEUE"},
	{0x4000, "MSG_NOSIGNAL"},
	{0x8000, "MSG_MORE"},
	{0x10000, "MSG_WAITFORONE"},
	{0x40000, "MSG_BATCH"},
	{0x4000000, "MSG_ZEROCOPY"},
	{0x20000000, "MSG_FASTOPEN"},
	{0x40000000, "MSG_CMSG_CLOEXEC"},
}

var shutHows = []bit{{0, "SHUT_RD"}, {1, "SHUT_WR"}, {2, "SHUT_RDWR"}}

var scmTypes = []bit{{1, "SCM_RIGHTS"}, {2, "SCM_CREDENTIALS"}, {3, "SCM_SECURITY"}, {4, "SCM_PIDFD"}, {29, "SO_TIMESTAMP_OLD"}, {35, "SO_TIMESTAMPNS_OLD"}, {37, "SO_TIMESTAMPING_OLD"}}

var pollEvents = []bit{
	{0x1, "POLLIN"},
	{0x2, "POLLPRI"},
	{0x4, "POLLOUT"},
	{0x40, "POLLRDNORM"},
	{0x80, "POLLRDBAND"},
	{0x100, "POLLWRNORM"},
	{0x200, "POLLWRBAND"},
	{0x400, "POLLMSG"},
	{0x1000, "POLLREMOVE"},
	{0x2000, "POLLRDHUP"},
	{0x8, "POLLERR"},
	{0x10, "POLLHUP"},
	{0x20, "POLLNVAL"},
}

var epollOps = []bit{{1, "EPOLL_CTL_ADD"}, {2, "EPOLL_CTL_DEL"}, {3, "EPOLL_CTL_MOD"}}

var epollFlags = []bit{{0o2000000, "EPOLL_CLOEXEC"}}

var epollEvents = []bit{
	{0x1, "EPOLLIN"},
	{0x2, "EPOLLPRI"},
	{0x4, "EPOLLOUT"},
	{0x40, "EPOLLRDNORM"},
	{0x80, "EPOLLRDBAND"},
	{0x100, "EPOLLWRNORM"},
	{0x200, "EPOLLWRBAND"},
	{0x400, "EPOLLMSG"},
	{0x8, "EPOLLERR"},
	{0x10, "EPOLLHUP"},
	{0x2000, "EPOLLRDHUP"},
	{1 << 28, "EPOLLEXCLUSIVE"},
	{1 << 29, "EPOLLWAKEUP"},
	{1 << 30, "EPOLLONESHOT"},
	{1 << 31, "EPOLLET"},
}

var eventFDFlags = []bit{{1, "EFD_SEMAPHORE"}, {0o2000000, "EFD_CLOEXEC"}, {0o4000, "EFD_NONBLOCK"}}

var signalFDFlags = []bit{{0o2000000, "SFD_CLOEXEC"}, {0o4000, "SFD_NONBLOCK"}}
