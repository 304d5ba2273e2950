package argfmt

import "testing"

func TestSpecial(t *testing.T) {
	const ok = ") = 0"
	fcntl := kk{FD, FcntlCmd, FcntlArg}
	ioctl := kk{FD, IoctlReq, IoctlArg}
	prctl := kk{PrctlOption, PrctlArg, PrctlArg, PrctlArg, PrctlArg}
	seccomp := kk{SeccompOp, SeccompFlags, SeccompArg}
	poll := bin(int32(3), uint16(1), uint16(1), int32(4), uint16(4), uint16(0))
	sets := []byte{0x28, 0, 0, 0, 0, 0, 0, 0}
	for _, c := range []call{
		{name: "F_GETFD", kinds: fcntl, args: []any{3, 1, 99}, ret: RetFcntl, result: 1, before: "3, F_GETFD", after: ") = 0x1 (flags FD_CLOEXEC)"},
		{name: "F_GETFL", kinds: fcntl, args: []any{3, 3, 99}, ret: RetFcntl, result: 0o100002, before: "3, F_GETFL", after: ") = 0x8002 (flags O_RDWR|O_LARGEFILE)"},
		{name: "F_SETFL", kinds: fcntl, args: []any{3, 4, 0o4000}, ret: RetFcntl, before: "3, F_SETFL, O_RDONLY|O_NONBLOCK", after: ok},
		{name: "F_SETFD", kinds: fcntl, args: []any{3, 2, 1}, ret: RetFcntl, before: "3, F_SETFD, FD_CLOEXEC", after: ok},
		{name: "F_DUPFD_CLOEXEC", kinds: fcntl, args: []any{3, 1030, 10}, ret: RetFcntl, result: 10, before: "3, F_DUPFD_CLOEXEC, 10", after: ") = 10"},
		{name: "F_SETLK", kinds: fcntl, args: []any{3, 6, bin(uint16(1), uint16(0), int32(0), 5, 10, 0)}, ret: RetFcntl, before: "3, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=5, l_len=10}", after: ok},
		{name: "F_GETLK", kinds: fcntl, args: []any{3, 5, bin(uint16(2), uint16(0), int32(0), 5, 10, 77)}, ret: RetFcntl, before: "3, F_GETLK, ", after: "{l_type=F_UNLCK, l_whence=SEEK_SET, l_start=5, l_len=10, l_pid=77}) = 0"},
		{name: "F_ADD_SEALS", kinds: fcntl, args: []any{3, 1033, 3}, ret: RetFcntl, before: "3, F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_SHRINK", after: ok},
		{name: "F_???", kinds: fcntl, args: []any{3, 500, 3}, ret: RetFcntl, result: -22, before: "3, 0x1f4 /* F_??? */, 0x3", after: ") = -1 EINVAL (Invalid argument)"},

		{name: "TCGETS", kinds: ioctl, args: []any{0, 0x5401, append(bin(uint32(0x500), uint32(5), uint32(0xbf), uint32(0x8a3b)), make([]byte, 20)...)}, before: "0, TCGETS, ", after: "{c_iflag=0x500, c_oflag=0x5, c_cflag=B38400|0xb0, c_lflag=0x8a3b, ...}) = 0"},
		{name: "TCGETS fails", kinds: ioctl, args: []any{0, 0x5401, 0x20000}, result: -25, before: "0, TCGETS, ", after: "0x20000) = -1 ENOTTY (Inappropriate ioctl for device)"},
		{name: "TIOCGWINSZ", kinds: ioctl, args: []any{0, 0x5413, bin(uint16(24), uint16(80), uint16(0), uint16(0))}, before: "0, TIOCGWINSZ, ", after: "{ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0"},
		{name: "FIONREAD", kinds: ioctl, args: []any{0, 0x541b, bin(int32(5))}, before: "0, FIONREAD, ", after: "[5]) = 0"},
		{name: "FIONBIO", kinds: ioctl, args: []any{0, 0x5421, bin(int32(1))}, before: "0, FIONBIO, [1]", after: ok},
		{name: "FIOCLEX", kinds: ioctl, args: []any{0, 0x5451, 9}, before: "0, FIOCLEX", after: ok},
		{name: "unknown ioctl", kinds: ioctl, args: []any{0, 0xc0105a07, 0x10}, before: "0, _IOC(_IOC_READ|_IOC_WRITE, 0x5a, 0x7, 0x10), 0x10", after: ok},

		{name: "PR_SET_NAME", kinds: prctl, args: []any{15, "worker", 1, 2, 3}, before: `PR_SET_NAME, "worker"`, after: ok},
		{name: "PR_GET_NAME", kinds: prctl, args: []any{16, "worker", 1, 2, 3}, before: "PR_GET_NAME, ", after: `"worker") = 0`},
		{name: "PR_GET_DUMPABLE", kinds: prctl, args: []any{3, 1, 2, 3, 4}, result: 1, before: "PR_GET_DUMPABLE", after: ") = 1"},
		{name: "PR_SET_PDEATHSIG", kinds: prctl, args: []any{1, 15}, before: "PR_SET_PDEATHSIG, SIGTERM", after: ok},
		{name: "PR_GET_PDEATHSIG", kinds: prctl, args: []any{2, bin(int32(15))}, before: "PR_GET_PDEATHSIG, ", after: "[SIGTERM]) = 0"},
		{name: "PR_SET_VMA", kinds: prctl, args: []any{0x53564d41, 0, 0x1000, 0x2000, "stack"}, before: `PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x1000, 0x2000, "stack"`, after: ok},

		{name: "PR_SET_SECCOMP", kinds: prctl, args: []any{22, 2, bin(uint16(3), uint16(0), int32(0), 0x4000)}, before: "PR_SET_SECCOMP, SECCOMP_MODE_FILTER, {len=3, filter=0x4000}", after: ok},
		{name: "PR_SET_SECCOMP strict", kinds: prctl, args: []any{22, 1, 0}, before: "PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0", after: ok},
		{name: "io_setup", kinds: kk{Uint, AioContextOut}, args: []any{8, bin(0x7000)}, before: "8, ", after: "[0x7000]) = 0"},
		{name: "io_getevents", kinds: kk{Ptr, Long, Long, IoEvents, TimespecIn}, args: []any{0x7000, 1, 4, bin(5, 0x6000, 512, 0), 0}, result: 1, before: "0x7000, 1, 4, ", after: "[{data=0x5, obj=0x6000, res=512, res2=0}], NULL) = 1"},
		{name: "io_submit of a bad array", kinds: kk{Ptr, Long, Iocbs}, args: []any{0x7000, 1, 0x10}, result: -14, before: "0x7000, 1, 0x10", after: ") = -1 EFAULT (Bad address)"},
		{name: "io_uring_setup", kinds: kk{Uint, UringParams}, args: []any{8, append(bin(uint32(8), uint32(16), uint32(0x1008), uint32(0), uint32(0), uint32(0xff)), make([]byte, 96)...)}, result: 3, before: "8, ", after: "{sq_entries=8, cq_entries=16, flags=IORING_SETUP_CQSIZE|IORING_SETUP_SINGLE_ISSUER, features=0xff, ...}) = 3"},
		{name: "io_uring_enter", kinds: kk{FD, Uint, Uint, UringEnterFlags, Ptr, Size}, args: []any{3, 1, 1, 1, 0, 8}, result: 1, before: "3, 1, 1, IORING_ENTER_GETEVENTS, NULL, 8", after: ") = 1"},
		{name: "io_uring_register", kinds: kk{FD, UringRegisterOp, Ptr, Uint}, args: []any{3, 8, 0x10, 2}, before: "3, IORING_REGISTER_PROBE, 0x10, 2", after: ok},
		{name: "filter", kinds: seccomp, args: []any{1, 9, bin(uint16(3), uint16(0), int32(0), 0x4000)}, before: "SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_NEW_LISTENER, {len=3, filter=0x4000}", after: ok},
		{name: "strict", kinds: seccomp, args: []any{0, 0, 0}, before: "SECCOMP_SET_MODE_STRICT, 0, NULL", after: ok},
		{name: "action", kinds: seccomp, args: []any{2, 0, bin(uint32(0x7fc00000))}, before: "SECCOMP_GET_ACTION_AVAIL, 0, [SECCOMP_RET_USER_NOTIF]", after: ok},
		{name: "sizes", kinds: seccomp, args: []any{3, 0, bin(uint16(80), uint16(24), uint16(64))}, before: "SECCOMP_GET_NOTIF_SIZES, 0, ", after: "{seccomp_notif=80, seccomp_notif_resp=24, seccomp_data=64}) = 0"},

		{name: "ppoll", kinds: kk{PollFDs, Uint, TimespecInOut, SigsetIn, Size}, args: []any{poll, 2, bin(1, 0), 0, 8}, result: 1, before: "[{fd=3, events=POLLIN}, {fd=4, events=POLLOUT}], 2, {tv_sec=1, tv_nsec=0}, NULL, 8", after: ") = 1 ([{fd=3, revents=POLLIN}], left {tv_sec=1, tv_nsec=0})"},
		{name: "ppoll timeout", kinds: kk{PollFDs, Uint, TimespecInOut, SigsetIn, Size}, args: []any{poll, 1, bin(1, 0), 0, 8}, before: "[{fd=3, events=POLLIN}], 1, {tv_sec=1, tv_nsec=0}, NULL, 8", after: ") = 0 (Timeout)"},
		{name: "pselect6", kinds: kk{Int, FDSet, FDSet, FDSet, TimespecInOut, SigmaskArg}, args: []any{6, sets, 0, 0, 0, 0}, result: 2, before: "6, [3 5], NULL, NULL, NULL, NULL", after: ") = 2 (in [3 5])"},
		{name: "ppoll of nothing", kinds: kk{PollFDs, Uint}, args: []any{bin(int32(-1), uint16(1), uint16(0)), 1}, before: "[{fd=-1}], 1", after: ") = 0 (Timeout)"},
		{name: "pselect6 of both", kinds: kk{Int, FDSet, FDSet, FDSet, TimespecInOut, SigmaskArg}, args: []any{6, sets, sets, 0, bin(2, 1), 0}, result: 4, before: "6, [3 5], [3 5], NULL, {tv_sec=2, tv_nsec=1}, NULL", after: ") = 4 (in [3 5], out [3 5], left {tv_sec=2, tv_nsec=1})"},
		{name: "pselect6 timeout", kinds: kk{Int, FDSet, FDSet, FDSet, TimespecInOut, SigmaskArg}, args: []any{6, sets, sets, 0, bin(0, 1), 0}, before: "6, [3 5], [3 5], NULL, {tv_sec=0, tv_nsec=1}, NULL", after: ") = 0 (Timeout)"},
		{name: "epoll_ctl", kinds: kk{FD, EpollOp, FD, EpollEventIn}, args: []any{3, 1, 4, bin(uint32(0x80000001), uint32(0), 0x1122334455667788)}, before: "3, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, data={u32=1432778632, u64=1234605616436508552}}", after: ok},
		{name: "epoll_ctl on amd64", kinds: kk{FD, EpollOp, FD, EpollEventIn}, layout: X86, args: []any{3, 3, 4, bin(uint32(4), 9)}, before: "3, EPOLL_CTL_MOD, 4, {events=EPOLLOUT, data={u32=9, u64=9}}", after: ok},
		{name: "epoll_ctl del", kinds: kk{FD, EpollOp, FD, EpollEventIn}, args: []any{3, 2, 4, 0}, before: "3, EPOLL_CTL_DEL, 4, NULL", after: ok},
		{name: "epoll_pwait", kinds: kk{FD, EpollEventsOut, Int, Int, SigsetIn, Size}, args: []any{3, bin(uint32(1), uint32(0), 5, uint32(0x10), uint32(0), 6), 128, -1, 0, 8}, result: 2, before: "3, ", after: "[{events=EPOLLIN, data={u32=5, u64=5}}, {events=EPOLLHUP, data={u32=6, u64=6}}], 128, -1, NULL, 8) = 2"},
		{name: "epoll_pwait nothing", kinds: kk{FD, EpollEventsOut, Int, Int}, args: []any{3, bin(0), 128, 0}, before: "3, ", after: "[], 128, 0) = 0"},
	} {
		c.run(t)
	}
}
