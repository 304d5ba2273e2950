package argfmt

import "github.com/weir-emu/weir/abi"

// Structures of fixed size. Layouts are those of 64-bit machines, from the
// kernel's include/uapi.

// longs prints {name=..., name=...} of signed words of 8 bytes.
func (p *printer) longs(b []byte, names ...string) {
	p.byte('{')
	for i, n := range names {
		if i > 0 {
			p.str(", ")
		}
		p.str(n)
		p.byte('=')
		p.dec(i64(b, 8*i))
	}
	p.byte('}')
}

func textTimespec(p *printer, b []byte) {
	const utimeNow, utimeOmit = 1<<30 - 1, 1<<30 - 2
	switch u64(b, 8) {
	case utimeNow:
		p.str("UTIME_NOW")
	case utimeOmit:
		p.str("UTIME_OMIT")
	default:
		p.longs(b, "tv_sec", "tv_nsec")
	}
}

func textTimespec2(p *printer, b []byte) {
	p.byte('[')
	textTimespec(p, b)
	p.str(", ")
	textTimespec(p, b[16:])
	p.byte(']')
}

func textTimeval(p *printer, b []byte) { p.longs(b, "tv_sec", "tv_usec") }
func textTms(p *printer, b []byte)     { p.longs(b, "tms_utime", "tms_stime", "tms_cutime", "tms_cstime") }

func textTimezone(p *printer, b []byte) {
	p.str("{tz_minuteswest=")
	p.dec(i32(b, 0))
	p.str(", tz_dsttime=")
	p.dec(i32(b, 4))
	p.byte('}')
}

func textItimerval(p *printer, b []byte) {
	p.str("{it_interval=")
	textTimeval(p, b)
	p.str(", it_value=")
	textTimeval(p, b[16:])
	p.byte('}')
}

func textItimerspec(p *printer, b []byte) {
	p.str("{it_interval=")
	textTimespec(p, b)
	p.str(", it_value=")
	textTimespec(p, b[16:])
	p.byte('}')
}

// printTimeLeft prints the time left of a sleep, which is written if a signal has ended it.
func printTimeLeft(p *printer, _ int, v uint64) {
	const eintr, restart = -4, -512 // down to -516, the kernel's ERESTART_RESTARTBLOCK
	var b [16]byte
	if r, done := p.s.Result(); v != 0 && done && (r == eintr || r <= restart && r > restart-5) && p.s.Read(v, b[:]) {
		textTimespec(p, b[:])
		return
	}
	p.addr(v)
}

// printTimeout prints a timeout that the call may update: as it is at entry.
func printTimeout(p *printer, i int, v uint64) {
	if b, ok := p.fixed(i, v, 16, In); ok {
		textTimespec(p, b)
	}
}

// printStat prints struct stat, whose layout is one of two.
func printStat(p *printer, i int, v uint64) {
	x86 := p.s.Layout() == X86
	n := 128
	if x86 {
		n = 144
	}
	b, ok := p.fixed(i, v, n, Out)
	if !ok {
		return
	}
	mode, rdev := u32(b, 16), u64(b, 32)
	if x86 {
		mode, rdev = u32(b, 24), u64(b, 40)
	}
	p.str("{st_mode=")
	p.mode(mode)
	if t := mode & 0o170000; t == 0o020000 || t == 0o060000 {
		p.str(", st_rdev=")
		p.dev(rdev)
	} else {
		p.str(", st_size=")
		p.dec(i64(b, 48))
	}
	p.str(", ...}")
}

func textStatx(p *printer, b []byte) {
	p.str("{stx_mask=")
	p.statxMask(u32(b, 0))
	p.str(", stx_attributes=")
	p.hex0(u64(b, 8))
	p.str(", stx_mode=")
	p.mode(u16(b, 28))
	p.str(", stx_size=")
	p.udec(u64(b, 40))
	p.str(", ...}")
}

func textStatfs(p *printer, b []byte) {
	p.str("{f_type=")
	p.enum(u64(b, 0), fsTypes, "")
	p.str(", f_bsize=")
	p.dec(i64(b, 8))
	for i, n := range []string{"f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree"} {
		p.str(", ")
		p.str(n)
		p.byte('=')
		p.udec(u64(b, 16+8*i))
	}
	p.str(", f_fsid={val=[")
	p.hex0(u32(b, 56))
	p.str(", ")
	p.hex0(u32(b, 60))
	p.str("]}, f_namelen=")
	p.dec(i64(b, 64))
	p.str(", f_frsize=")
	p.dec(i64(b, 72))
	p.str(", f_flags=")
	p.flags(u64(b, 80), mountAttrs, "ST_???")
	p.byte('}')
}

func (p *printer) limit(v uint64) {
	switch {
	case v == ^uint64(0):
		p.str("RLIM64_INFINITY")
	case v > 1024 && v%1024 == 0:
		p.udec(v / 1024)
		p.str("*1024")
	default:
		p.udec(v)
	}
}

func textRlimit(p *printer, b []byte) {
	p.str("{rlim_cur=")
	p.limit(u64(b, 0))
	p.str(", rlim_max=")
	p.limit(u64(b, 8))
	p.byte('}')
}

func textRusage(p *printer, b []byte) {
	p.str("{ru_utime=")
	textTimeval(p, b)
	p.str(", ru_stime=")
	textTimeval(p, b[16:])
	p.str(", ...}")
}

func textSysinfo(p *printer, b []byte) {
	p.str("{uptime=")
	p.dec(i64(b, 0))
	p.str(", loads=[")
	for i := range 3 {
		if i > 0 {
			p.str(", ")
		}
		p.udec(u64(b, 8+8*i))
	}
	p.byte(']')
	for i, n := range []string{"totalram", "freeram", "sharedram", "bufferram", "totalswap", "freeswap"} {
		p.str(", ")
		p.str(n)
		p.byte('=')
		p.udec(u64(b, 32+8*i))
	}
	p.str(", procs=")
	p.udec(u16(b, 80))
	p.str(", totalhigh=")
	p.udec(u64(b, 88))
	p.str(", freehigh=")
	p.udec(u64(b, 96))
	p.str(", mem_unit=")
	p.udec(u32(b, 104))
	p.byte('}')
}

func textUtsname(p *printer, b []byte) {
	p.str("{sysname=")
	p.cstr(b[:65])
	p.str(", nodename=")
	p.cstr(b[65:130])
	p.str(", release=")
	p.cstr(b[130:195])
	p.str(", machine=")
	p.cstr(b[260:325])
	p.str(", ...}")
}

func textSigset(p *printer, b []byte) { p.sigset(u64(b, 0)) }

// sigset prints a set of signals, as its complement if that is shorter.
func (p *printer) sigset(v uint64) {
	if n := ones(v); n > 40 {
		p.byte('~')
		v = ^v
	}
	p.byte('[')
	first := true
	for s := range 64 {
		if v>>s&1 == 0 {
			continue
		}
		if !first {
			p.byte(' ')
		}
		first = false
		name := abi.Signal(s + 1).Name()
		p.str(name[3:])
	}
	p.byte(']')
}

func ones(v uint64) (n int) {
	for ; v != 0; v &= v - 1 {
		n++
	}
	return n
}

func textSigaction(p *printer, b []byte) {
	p.str("{sa_handler=")
	switch h := u64(b, 0); h {
	case 0:
		p.str("SIG_DFL")
	case 1:
		p.str("SIG_IGN")
	default:
		p.hex(h)
	}
	p.str(", sa_mask=")
	if p.s.Layout() == X86 && len(b) >= 32 {
		p.sigset(u64(b, 24))
	} else {
		p.sigset(u64(b, 16))
	}
	p.str(", sa_flags=")
	p.flags(u64(b, 8), saFlags, "SA_???")
	p.byte('}')
}

func textStack(p *printer, b []byte) {
	p.str("{ss_sp=")
	p.addr(u64(b, 0))
	p.str(", ss_flags=")
	p.flags(u32(b, 8), ssFlags, "SS_???")
	p.str(", ss_size=")
	p.udec(u64(b, 16))
	p.byte('}')
}

func textSigevent(p *printer, b []byte) {
	p.str("{sigev_value={sival_int=")
	p.dec(i32(b, 0))
	p.str(", sival_ptr=")
	p.addr(u64(b, 0))
	p.str("}, sigev_signo=")
	p.signal(u32(b, 8))
	p.str(", sigev_notify=")
	p.enum(u32(b, 12), []bit{{0, "SIGEV_SIGNAL"}, {1, "SIGEV_NONE"}, {2, "SIGEV_THREAD"}, {4, "SIGEV_THREAD_ID"}}, "SIGEV_???")
	if u32(b, 12) == 4 {
		p.str(", sigev_notify_thread_id=")
		p.dec(i32(b, 16))
	}
	p.byte('}')
}

func textSiginfo(p *printer, b []byte) {
	sig := abi.Signal(u32(b, 0))
	code := u32(b, 8)
	p.str("{si_signo=")
	p.signal(u32(b, 0))
	p.str(", si_code=")
	names := siCodes
	switch sig {
	case abi.SIGILL:
		names = illCodes
	case abi.SIGFPE:
		names = fpeCodes
	case abi.SIGSEGV:
		names = segvCodes
	case abi.SIGBUS:
		names = busCodes
	case abi.SIGTRAP:
		names = trapCodes
	case abi.SIGCHLD:
		names = chldCodes
	case abi.SIGIO:
		names = pollCodes
	case abi.SIGSYS:
		names = sysCodes
	}
	if n, ok := lookup(code, names); ok {
		p.str(n)
	} else {
		p.enum(code, siCodes, "")
	}
	if e := u32(b, 4); e != 0 {
		p.str(", si_errno=")
		p.str(abi.Errno(e).Name())
	}
	own := code != 0 && code < 0x80
	switch {
	case int32(code) == -2: // SI_TIMER
		p.str(", si_timerid=")
		p.hex0(u32(b, 16))
		p.str(", si_overrun=")
		p.dec(i32(b, 20))
		p.sival(b)
	case own && (sig == abi.SIGSEGV || sig == abi.SIGBUS || sig == abi.SIGILL || sig == abi.SIGFPE || sig == abi.SIGTRAP):
		p.str(", si_addr=")
		p.addr(u64(b, 16))
	case code == 0x80 && (sig == abi.SIGSEGV || sig == abi.SIGBUS):
		p.str(", si_addr=")
		p.addr(u64(b, 16))
	case own && sig == abi.SIGCHLD:
		p.pidUID(b)
		p.str(", si_status=")
		if code == 1 {
			p.dec(i32(b, 24))
		} else {
			p.signal(u32(b, 24))
		}
		p.str(", si_utime=")
		p.dec(i64(b, 32))
		p.str(", si_stime=")
		p.dec(i64(b, 40))
	case own && sig == abi.SIGIO:
		p.str(", si_band=")
		p.dec(i64(b, 16))
		p.str(", si_fd=")
		p.dec(i32(b, 24))
	case own && sig == abi.SIGSYS:
		p.str(", si_call_addr=")
		p.addr(u64(b, 16))
		p.str(", si_syscall=")
		p.udec(u32(b, 24))
	case code == 0x80:
	default:
		p.pidUID(b)
		if int32(code) < 0 && int32(code) != -6 {
			p.sival(b)
		}
	}
	p.byte('}')
}

func (p *printer) pidUID(b []byte) {
	p.str(", si_pid=")
	p.dec(i32(b, 16))
	p.str(", si_uid=")
	p.udec(u32(b, 20))
}

func (p *printer) sival(b []byte) {
	p.str(", si_int=")
	p.dec(i32(b, 24))
	p.str(", si_ptr=")
	p.addr(u64(b, 24))
}

// AppendSiginfo appends a siginfo_t (128 bytes), as in strace's --- lines.
func AppendSiginfo(b, info []byte) []byte {
	p := printer{b: b}
	textSiginfo(&p, info)
	return p.b
}

func textCapData(p *printer, b []byte) {
	for i, n := range []string{"{effective=", ", permitted=", ", inheritable="} {
		p.str(n)
		p.hex0(u32(b, 4*i) | u32(b, 12+4*i)<<32)
	}
	p.byte('}')
}

func printCapHeader(p *printer, i int, v uint64) {
	b, ok := p.fixed(i, v, 8, In)
	if !ok {
		return
	}
	p.str("{version=")
	p.enum(u32(b, 0), []bit{{0x19980330, "_LINUX_CAPABILITY_VERSION_1"}, {0x20071026, "_LINUX_CAPABILITY_VERSION_2"}, {0x20080522, "_LINUX_CAPABILITY_VERSION_3"}}, "_LINUX_CAPABILITY_VERSION_???")
	p.str(", pid=")
	p.dec(i32(b, 4))
	p.byte('}')
}

func printCloneArgs(p *printer, i int, v uint64) {
	n := p.s.Arg(i + 1)
	if n < 64 || n > 4096 {
		p.addr(v)
		return
	}
	b, ok := p.fixed(i, v, int(n), In)
	if !ok {
		return
	}
	p.str("{flags=")
	p.flags(u64(b, 0), cloneBits, "CLONE_???")
	for _, f := range []struct {
		name string
		off  int
		bits uint64
	}{{"pidfd", 8, 0x1000}, {"child_tid", 16, 0x1200000}, {"parent_tid", 24, 0x100000}} {
		if u64(b, 0)&f.bits != 0 {
			p.str(", ")
			p.str(f.name)
			p.byte('=')
			p.addr(u64(b, f.off))
		}
	}
	p.str(", exit_signal=")
	p.signal(u64(b, 32))
	p.str(", stack=")
	p.addr(u64(b, 40))
	p.str(", stack_size=")
	p.hex0(u64(b, 48))
	if u64(b, 0)&0x80000 != 0 {
		p.str(", tls=")
		p.addr(u64(b, 56))
	}
	p.byte('}')
}

func printOpenHow(p *printer, i int, v uint64) {
	n := p.s.Arg(i + 1)
	if n < 24 || n > 4096 {
		p.addr(v)
		return
	}
	b, ok := p.fixed(i, v, int(n), In)
	if !ok {
		return
	}
	p.str("{flags=")
	p.openFlags(u64(b, 0))
	if u64(b, 0)&(oCreat|oTmpfileBit) != 0 {
		p.str(", mode=")
		p.oct(u64(b, 8))
	}
	p.str(", resolve=")
	p.flags(u64(b, 16), []bit{{1, "RESOLVE_NO_XDEV"}, {2, "RESOLVE_NO_MAGICLINKS"}, {4, "RESOLVE_NO_SYMLINKS"}, {8, "RESOLVE_BENEATH"}, {16, "RESOLVE_IN_ROOT"}, {32, "RESOLVE_CACHED"}}, "RESOLVE_???")
	p.byte('}')
}

func printSchedAttr(p *printer, i int, v uint64) {
	if p.failed() {
		p.addr(v)
		return
	}
	b, ok := p.fixed(i, v, 48, Out)
	if !ok {
		return
	}
	p.str("{size=")
	p.udec(u32(b, 0))
	p.str(", sched_policy=")
	p.enum(u32(b, 4), schedPolicies, "SCHED_???")
	p.str(", sched_flags=")
	p.hex0(u64(b, 8))
	p.str(", sched_nice=")
	p.dec(i32(b, 16))
	p.str(", sched_priority=")
	p.udec(u32(b, 20))
	p.str(", ...}")
}

func printSembuf(p *printer, i int, v uint64) {
	n := min(p.s.Arg(i+1), maxElems)
	b, ok := p.fixed(i, v, int(6*n), In)
	if !ok {
		return
	}
	p.byte('[')
	for k := range int(n) {
		if k > 0 {
			p.str(", ")
		}
		p.byte('{')
		p.udec(u16(b, 6*k))
		p.str(", ")
		p.dec(int64(int16(u16(b, 6*k+2))))
		p.str(", ")
		if f := u16(b, 6*k+4); f == 0 {
			p.byte('0')
		} else {
			p.flags(f, []bit{{0o4000, "IPC_NOWAIT"}, {0x1000, "SEM_UNDO"}}, "SEM_???")
		}
		p.byte('}')
	}
	p.byte(']')
}
