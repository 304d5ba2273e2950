package argfmt

// Arguments of seccomp(2) and of prctl(PR_SET_SECCOMP) (include/uapi/linux/seccomp.h).

const (
	secSetModeFilter  = 1
	secGetActionAvail = 2
	secGetNotifSizes  = 3
)

var (
	seccompOps = []bit{
		{0, "SECCOMP_SET_MODE_STRICT"},
		{secSetModeFilter, "SECCOMP_SET_MODE_FILTER"},
		{secGetActionAvail, "SECCOMP_GET_ACTION_AVAIL"},
		{secGetNotifSizes, "SECCOMP_GET_NOTIF_SIZES"},
	}
	seccompFlags = []bit{
		{1, "SECCOMP_FILTER_FLAG_TSYNC"},
		{2, "SECCOMP_FILTER_FLAG_LOG"},
		{4, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
		{8, "SECCOMP_FILTER_FLAG_NEW_LISTENER"},
		{16, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH"},
		{32, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
	}
	seccompModes   = []bit{{0, "SECCOMP_MODE_DISABLED"}, {1, "SECCOMP_MODE_STRICT"}, {2, "SECCOMP_MODE_FILTER"}}
	seccompActions = []bit{
		{0x80000000, "SECCOMP_RET_KILL_PROCESS"},
		{0x00000000, "SECCOMP_RET_KILL_THREAD"},
		{0x00030000, "SECCOMP_RET_TRAP"},
		{0x00050000, "SECCOMP_RET_ERRNO"},
		{0x7fc00000, "SECCOMP_RET_USER_NOTIF"},
		{0x7ff00000, "SECCOMP_RET_TRACE"},
		{0x7ffc0000, "SECCOMP_RET_LOG"},
		{0x7fff0000, "SECCOMP_RET_ALLOW"},
	}
)

func printSeccompArg(p *printer, i int, v uint64) {
	switch uint32(p.s.Arg(0)) {
	case secSetModeFilter:
		p.fprog(v)
	case secGetActionAvail:
		if b, ok := p.fixed(i, v, 4, In); ok {
			p.byte('[')
			p.enum(u32(b, 0), seccompActions, "SECCOMP_RET_???")
			p.byte(']')
		}
	case secGetNotifSizes:
		var b [6]byte
		if p.failed() || !p.s.Read(v, b[:]) {
			p.addr(v)
			return
		}
		p.str("{seccomp_notif=")
		p.udec(u16(b[:], 0))
		p.str(", seccomp_notif_resp=")
		p.udec(u16(b[:], 2))
		p.str(", seccomp_data=")
		p.udec(u16(b[:], 4))
		p.byte('}')
	default:
		p.addr(v)
	}
}

// fprog prints a struct sock_fprog: its length, and where the instructions are.
func (p *printer) fprog(v uint64) {
	var b [16]byte
	if v == 0 || !p.s.Read(v, b[:]) {
		p.addr(v)
		return
	}
	p.str("{len=")
	p.udec(u16(b[:], 0))
	p.str(", filter=")
	p.addr(u64(b[:], 8))
	p.byte('}')
}
