package argfmt

// Requests of ioctl(2) (asm-generic/ioctls.h, linux/fs.h, sockios.h ...) and what
// their argument is.

// ioctlArg is the kind of an ioctl's argument.
type ioctlArg uint8

const (
	ioHex    ioctlArg = iota // number or opaque pointer
	ioNone                   // ignored
	ioInt                    // number
	ioIntIn                  // pointer to an int that is read
	ioIntOut                 // pointer to an int that is written
	ioTermIn                 // struct termios
	ioTermOut
	ioWinIn // struct winsize
	ioWinOut
)

type ioctl struct {
	v   uint32
	n   string
	arg ioctlArg
}

var ioctls = []ioctl{
	{0x5401, "TCGETS", ioTermOut},
	{0x5402, "TCSETS", ioTermIn},
	{0x5403, "TCSETSW", ioTermIn},
	{0x5404, "TCSETSF", ioTermIn},
	{0x5405, "TCGETA", ioHex},
	{0x5406, "TCSETA", ioHex},
	{0x5409, "TCSBRK", ioInt},
	{0x540a, "TCXONC", ioInt},
	{0x540b, "TCFLSH", ioInt},
	{0x540c, "TIOCEXCL", ioNone},
	{0x540d, "TIOCNXCL", ioNone},
	{0x540e, "TIOCSCTTY", ioInt},
	{0x540f, "TIOCGPGRP", ioIntOut},
	{0x5410, "TIOCSPGRP", ioIntIn},
	{0x5411, "TIOCOUTQ", ioIntOut},
	{0x5412, "TIOCSTI", ioHex},
	{0x5413, "TIOCGWINSZ", ioWinOut},
	{0x5414, "TIOCSWINSZ", ioWinIn},
	{0x5415, "TIOCMGET", ioIntOut},
	{0x5416, "TIOCMBIS", ioIntIn},
	{0x5417, "TIOCMBIC", ioIntIn},
	{0x5418, "TIOCMSET", ioIntIn},
	{0x5419, "TIOCGSOFTCAR", ioIntOut},
	{0x541a, "TIOCSSOFTCAR", ioIntIn},
	{0x541b, "FIONREAD", ioIntOut},
	{0x541c, "TIOCLINUX", ioHex},
	{0x541d, "TIOCCONS", ioNone},
	{0x541e, "TIOCGSERIAL", ioHex},
	{0x5420, "TIOCPKT", ioIntIn},
	{0x5421, "FIONBIO", ioIntIn},
	{0x5422, "TIOCNOTTY", ioNone},
	{0x5423, "TIOCSETD", ioIntIn},
	{0x5424, "TIOCGETD", ioIntOut},
	{0x5425, "TCSBRKP", ioInt},
	{0x5427, "TIOCSBRK", ioNone},
	{0x5428, "TIOCCBRK", ioNone},
	{0x5429, "TIOCGSID", ioIntOut},
	{0x5450, "FIONCLEX", ioNone},
	{0x5451, "FIOCLEX", ioNone},
	{0x5452, "FIOASYNC", ioIntIn},
	{0x545c, "TIOCMIWAIT", ioInt},
	{0x5460, "FIOQSIZE", ioHex},
	{0x80045430, "TIOCGPTN", ioIntOut},
	{0x40045431, "TIOCSPTLCK", ioIntIn},
	{0x80045438, "TIOCGPKT", ioIntOut},
	{0x80045439, "TIOCGPTLCK", ioIntOut},
	{0x5441, "TIOCGPTPEER", ioHex},
	{0x802c542a, "TCGETS2", ioHex},
	{0x402c542b, "TCSETS2", ioHex},
	{0x402c542c, "TCSETSW2", ioHex},
	{0x402c542d, "TCSETSF2", ioHex},
	{0x8905, "SIOCATMARK", ioIntOut},
	{0x8910, "SIOCGIFNAME", ioHex},
	{0x8912, "SIOCGIFCONF", ioHex},
	{0x8913, "SIOCGIFFLAGS", ioHex},
	{0x8914, "SIOCSIFFLAGS", ioHex},
	{0x8915, "SIOCGIFADDR", ioHex},
	{0x8916, "SIOCSIFADDR", ioHex},
	{0x891b, "SIOCGIFNETMASK", ioHex},
	{0x8921, "SIOCGIFMTU", ioHex},
	{0x8927, "SIOCGIFHWADDR", ioHex},
	{0x8933, "SIOCGIFINDEX", ioHex},
	{0x8942, "SIOCGIFTXQLEN", ioHex},
	{0x8946, "SIOCETHTOOL", ioHex},
	{0x125d, "BLKROSET", ioIntIn},
	{0x125e, "BLKROGET", ioIntOut},
	{0x125f, "BLKRRPART", ioNone},
	{0x1260, "BLKGETSIZE", ioHex},
	{0x1261, "BLKFLSBUF", ioNone},
	{0x1268, "BLKSSZGET", ioIntOut},
	{0x80081272, "BLKGETSIZE64", ioHex},
	{0x1277, "BLKDISCARD", ioHex},
	{0x40049409, "FICLONE", ioInt},
	{0x4020940d, "FICLONERANGE", ioHex},
	{0xc0189436, "FIDEDUPERANGE", ioHex},
	{0xc020660b, "FS_IOC_FIEMAP", ioHex},
	{0x80086601, "FS_IOC_GETFLAGS", ioIntOut},
	{0x40086602, "FS_IOC_SETFLAGS", ioIntIn},
	{0x801c581f, "FS_IOC_FSGETXATTR", ioHex},
	{0x401c5820, "FS_IOC_FSSETXATTR", ioHex},
	{0x1, "FIBMAP", ioIntIn},
	{0x2, "FIGETBSZ", ioIntOut},
	{0xc0045877, "FIFREEZE", ioInt},
	{0xc0045878, "FITHAW", ioInt},
	{0xb701, "NS_GET_USERNS", ioNone},
	{0xb702, "NS_GET_PARENT", ioNone},
	{0xb703, "NS_GET_NSTYPE", ioNone},
	{0xb704, "NS_GET_OWNER_UID", ioIntOut},
	{0x400454ca, "TUNSETIFF", ioHex},
	{0x800454d2, "TUNGETIFF", ioHex},
	{0x4c80, "LOOP_CTL_ADD", ioInt},
	{0x4c81, "LOOP_CTL_REMOVE", ioInt},
	{0x4c82, "LOOP_CTL_GET_FREE", ioNone},
	{0x4c00, "LOOP_SET_FD", ioInt},
	{0x4c01, "LOOP_CLR_FD", ioNone},
	{0x80045200, "RNDGETENTCNT", ioIntOut},
	{0x4b3a, "KDSETMODE", ioInt},
	{0x4b3b, "KDGETMODE", ioIntOut},
	{0x4b44, "KDGKBMODE", ioIntOut},
	{0x4b45, "KDSKBMODE", ioInt},
	{0x5600, "VT_OPENQRY", ioIntOut},
	{0x5603, "VT_GETSTATE", ioHex},
	{0x5606, "VT_ACTIVATE", ioInt},
	{0x80247009, "RTC_RD_TIME", ioHex},
	{0x2400, "PERF_EVENT_IOC_ENABLE", ioInt},
	{0x2401, "PERF_EVENT_IOC_DISABLE", ioInt},
	{0x2403, "PERF_EVENT_IOC_RESET", ioInt},
}

func findIoctl(req uint64) *ioctl {
	for i := range ioctls {
		if ioctls[i].v == uint32(req) {
			return &ioctls[i]
		}
	}
	return nil
}

func ioctlNoArg(req uint64) bool {
	io := findIoctl(req)
	return io != nil && io.arg == ioNone
}

func ioctlOut(req uint64) bool {
	io := findIoctl(req)
	return io != nil && (io.arg == ioIntOut || io.arg == ioTermOut || io.arg == ioWinOut)
}

// printIoctlReq prints a request's name, or its parts as _IOC makes them.
func printIoctlReq(p *printer, _ int, v uint64) {
	if io := findIoctl(v); io != nil {
		p.str(io.n)
		return
	}
	v = uint64(uint32(v))
	dir, size, typ, nr := v>>30, v>>16&0x3fff, v>>8&0xff, v&0xff
	p.str("_IOC(")
	p.str([]string{"_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"}[dir])
	p.str(", ")
	p.hex0(typ)
	p.str(", ")
	p.hex0(nr)
	p.str(", ")
	p.hex0(size)
	p.byte(')')
}

func printIoctlArg(p *printer, i int, v uint64) {
	io := findIoctl(p.s.Arg(i - 1))
	if io == nil {
		p.hex0(v)
		return
	}
	class := In
	n := 4
	switch io.arg {
	case ioInt:
		p.dec(int64(int32(v)))
		return
	case ioIntIn:
	case ioIntOut:
		class = Out
	case ioTermIn:
		n = 36
	case ioTermOut:
		n, class = 36, Out
	case ioWinIn:
		n = 8
	case ioWinOut:
		n, class = 8, Out
	default:
		p.hex0(v)
		return
	}
	b, ok := p.fixed(i, v, n, class)
	if !ok {
		return
	}
	switch n {
	case 4:
		textInt(p, b)
	case 8:
		textWinsize(p, b)
	default:
		textTermios(p, b)
	}
}

func textWinsize(p *printer, b []byte) {
	for i, n := range []string{"{ws_row=", ", ws_col=", ", ws_xpixel=", ", ws_ypixel="} {
		p.str(n)
		p.udec(u16(b, 2*i))
	}
	p.byte('}')
}

var speeds = []bit{
	{0, "B0"},
	{7, "B300"},
	{9, "B1200"},
	{11, "B2400"},
	{12, "B4800"},
	{13, "B9600"},
	{14, "B19200"},
	{15, "B38400"},
	{0x1001, "B57600"},
	{0x1002, "B115200"},
	{0x1003, "B230400"},
	{0x1004, "B460800"},
	{0x1007, "B921600"},
}

// textTermios prints struct termios short, as strace does without -v.
func textTermios(p *printer, b []byte) {
	for i, n := range []string{"{c_iflag=", ", c_oflag=", ", c_cflag=", ", c_lflag="} {
		p.str(n)
		v := u32(b, 4*i)
		if i == 2 {
			p.enum(v&0x100f, speeds, "")
			v &^= 0x100f
			p.byte('|')
		}
		p.hex0(v)
	}
	p.str(", ...}")
}
