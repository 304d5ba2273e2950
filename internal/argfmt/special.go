package argfmt

import "github.com/weir-emu/weir/abi"

// Arguments whose meaning depends on other arguments, and arrays of
// descriptors.

func errnoName(v uint64) string { return abi.Errno(v).Name() }

func fcntlHasArg(cmd uint64) bool {
	switch uint32(cmd) {
	case fGetFD, fGetFL, fGetOwn, fGetSig, fGetLease, fGetPipeSz, fGetSeals:
		return false
	}
	return true
}

// fcntlOut reports whether the argument is written by the call.
func fcntlOut(cmd uint64) bool {
	switch uint32(cmd) {
	case fGetLk, fOFDGetLk, fGetOwnEx, fGetOwnUIDs, fGetRWHint, fGetFileHint:
		return true
	}
	return false
}

func printFcntlArg(p *printer, i int, v uint64) {
	switch uint32(p.s.Arg(i - 1)) {
	case fDupFD, fDupFDCloexec, fSetOwn, fSetPipeSz, fDupFDQuery:
		p.dec(int64(int32(v)))
	case fSetFD:
		p.flags(uint64(uint32(v)), fdFlags, "FD_???")
	case fSetFL:
		p.openFlags(uint64(uint32(v)))
	case fSetSig:
		p.signal(v)
	case fSetLease:
		p.enum(v, lockTypes, "F_???")
	case fAddSeals:
		p.flags(uint64(uint32(v)), seals, "F_SEAL_???")
	case fSetLk, fSetLkw, fOFDSetLk, fOFDSetLkw:
		if b, ok := p.fixed(i, v, 32, In); ok {
			p.flock(b)
		}
	case fGetLk, fOFDGetLk:
		if b, ok := p.fixed(i, v, 32, Out); ok {
			p.flock(b)
		}
	case fSetOwnEx, fGetOwnEx:
		c := In
		if uint32(p.s.Arg(i-1)) == fGetOwnEx {
			c = Out
		}
		if b, ok := p.fixed(i, v, 8, c); ok {
			p.str("{type=")
			p.enum(u32(b, 0), []bit{{0, "F_OWNER_TID"}, {1, "F_OWNER_PID"}, {2, "F_OWNER_PGRP"}}, "F_OWNER_???")
			p.str(", pid=")
			p.dec(i32(b, 4))
			p.byte('}')
		}
	default:
		p.hex0(v)
	}
}

func (p *printer) flock(b []byte) {
	p.str("{l_type=")
	p.enum(u16(b, 0), lockTypes, "F_???")
	p.str(", l_whence=")
	p.enum(u16(b, 2), whences, "SEEK_???")
	p.str(", l_start=")
	p.dec(i64(b, 8))
	p.str(", l_len=")
	p.dec(i64(b, 16))
	if t := uint32(p.s.Arg(1)); t == fGetLk || t == fOFDGetLk {
		p.str(", l_pid=")
		p.dec(i32(b, 24))
	}
	p.byte('}')
}

func printRetFcntl(p *printer, _ int, v uint64) {
	switch uint32(p.s.Arg(1)) {
	case fGetFD:
		p.hex0(v)
		if v != 0 {
			p.str(" (flags ")
			p.flags(v, fdFlags, "FD_???")
			p.byte(')')
		}
	case fGetFL:
		p.hex0(v)
		p.str(" (flags ")
		p.openFlags(v)
		p.byte(')')
	case fGetSeals:
		p.hex0(v)
		if v != 0 {
			p.str(" (seals ")
			p.flags(v, seals, "F_SEAL_???")
			p.byte(')')
		}
	default:
		p.dec(int64(v))
	}
}

func printPrctlArg(p *printer, i int, v uint64) {
	op := uint32(p.s.Arg(0))
	switch {
	case i == 1 && op == prSetPdeathsig:
		p.signal(v)
	case i == 1 && op == prSetName:
		if v == 0 || !p.stringAt(v) {
			p.addr(v)
		}
	case i == 1 && op == prGetName && !p.failed():
		if !p.stringAt(v) {
			p.addr(v)
		}
	case i == 1 && (op == prGetPdeathsig || op == prGetSubreaper):
		var w [4]byte
		if p.failed() || !p.s.Read(v, w[:]) {
			p.addr(v)
			return
		}
		p.byte('[')
		if op == prGetPdeathsig {
			p.signal(u32(w[:], 0))
		} else {
			p.dec(i32(w[:], 0))
		}
		p.byte(']')
	case i == 1 && op == prSetSeccomp:
		p.enum(v, seccompModes, "SECCOMP_MODE_???")
	case i == 2 && op == prSetSeccomp && p.s.Arg(1) == 2:
		p.fprog(v)
	case i == 1 && op == prSetVMA:
		p.enum(v, []bit{{0, "PR_SET_VMA_ANON_NAME"}}, "PR_SET_VMA_???")
	case i == 4 && op == prSetVMA:
		if v == 0 || !p.stringAt(v) {
			p.addr(v)
		}
	default:
		p.hex0(v)
	}
}

// printFutexTimeout prints the fourth argument: a timeout of the waiting
// operations, a count of those that requeue.
func printFutexTimeout(p *printer, i int, v uint64) {
	switch p.s.Arg(1) & 0x7f {
	case 3, 4, 5, 12:
		p.udec(uint64(uint32(v)))
		return
	}
	if b, ok := p.fixed(i, v, 16, In); ok {
		textTimespec(p, b)
	}
}

// printFutexVal3 prints the sixth argument: a set of bits, or a value to compare with.
func printFutexVal3(p *printer, _ int, v uint64) {
	v = uint64(uint32(v))
	switch op := p.s.Arg(1) & 0x7f; {
	case op == 4 || op == 12:
		p.udec(v)
	case v == 0xffffffff:
		p.str("FUTEX_BITSET_MATCH_ANY")
	default:
		p.hex0(v)
	}
}

// printPollFDs prints what is waited for; afterPoll what has happened.
func printPollFDs(p *printer, i int, v uint64) {
	n := uint64(uint32(p.s.Arg(i + 1)))
	if v == 0 || n == 0 {
		if v == 0 {
			p.str("NULL")
		} else {
			p.str("[]")
		}
		return
	}
	b, e := p.s.In(i, int(8*min(n, maxElems)))
	if e != 0 {
		p.hex(v)
		return
	}
	p.byte('[')
	for k := range int(min(n, maxElems)) {
		if k > 0 {
			p.str(", ")
		}
		p.str("{fd=")
		p.dec(i32(b, 8*k))
		if i32(b, 8*k) >= 0 {
			p.str(", events=")
			p.flags(u16(b, 8*k+4), pollEvents, "POLL???")
		}
		p.byte('}')
	}
	if n > maxElems {
		p.str(", ...")
	}
	p.byte(']')
}

func afterPoll(p *printer, i, start int) {
	n := uint64(uint32(p.s.Arg(i + 1)))
	if p.result() == 0 {
		p.also(start)
		p.str("Timeout")
		return
	}
	b := make([]byte, 8*min(n, maxElems))
	if !p.s.Read(p.s.Arg(i), b) {
		return
	}
	p.also(start)
	p.byte('[')
	first := true
	for k := range len(b) / 8 {
		if u16(b, 8*k+6) == 0 {
			continue
		}
		if !first {
			p.str(", ")
		}
		first = false
		p.str("{fd=")
		p.dec(i32(b, 8*k))
		p.str(", revents=")
		p.flags(u16(b, 8*k+6), pollEvents, "POLL???")
		p.byte('}')
	}
	p.byte(']')
}

// afterTimeout prints what is left of a timeout that the call has written back.
func afterTimeout(p *printer, i, start int) {
	var b [16]byte
	if p.result() == 0 || !p.s.Read(p.s.Arg(i), b[:]) {
		return
	}
	p.also(start)
	p.str("left ")
	textTimespec(p, b[:])
}

// fdSet prints the descriptors of a set below n.
func (p *printer) fdSet(b []byte, n int) {
	p.byte('[')
	first := true
	for fd := range min(n, 8*len(b)) {
		if b[fd/8]>>(fd%8)&1 == 0 {
			continue
		}
		if !first {
			p.byte(' ')
		}
		first = false
		p.udec(uint64(fd))
	}
	p.byte(']')
}

// fdSetLen is the size of the sets of select for descriptors below n: whole words.
func fdSetLen(n uint64) int { return int(min(uint64(uint32(n)), 1024)+63) / 64 * 8 }

func printFDSet(p *printer, i int, v uint64) {
	n := p.s.Arg(0)
	if b, ok := p.fixed(i, v, fdSetLen(n), In); ok {
		p.fdSet(b, int(uint32(n)))
	}
}

func afterFDSet(p *printer, i, start int) {
	n := p.s.Arg(0)
	if p.result() == 0 {
		if len(p.b) == start {
			p.also(start)
			p.str("Timeout")
		}
		return
	}
	b := make([]byte, fdSetLen(n))
	if !p.s.Read(p.s.Arg(i), b) {
		return
	}
	any := false
	for _, c := range b {
		any = any || c != 0
	}
	if any {
		p.also(start)
		p.str([]string{"in ", "out ", "except "}[min(max(i-1, 0), 2)])
		p.fdSet(b, int(uint32(n)))
	}
}

func printSigmaskArg(p *printer, _ int, v uint64) {
	var w [16]byte
	if v == 0 || !p.s.Read(v, w[:]) {
		p.addr(v)
		return
	}
	p.str("{sigmask=")
	var set [8]byte
	if a := u64(w[:], 0); a == 0 || !p.s.Read(a, set[:]) {
		p.addr(a)
	} else {
		p.sigset(u64(set[:], 0))
	}
	p.str(", sigsetsize=")
	p.udec(u64(w[:], 8))
	p.byte('}')
}

func epollSize(l Layout) (size, data int) {
	if l == X86 {
		return 12, 4
	}
	return 16, 8
}

func (p *printer) epollEvent(b []byte, data int) {
	p.str("{events=")
	p.flags(u32(b, 0), epollEvents, "EPOLL???")
	p.str(", data={u32=")
	p.udec(u32(b, data))
	p.str(", u64=")
	p.udec(u64(b, data))
	p.str("}}")
}

func printEpollEventIn(p *printer, i int, v uint64) {
	size, data := epollSize(p.s.Layout())
	if uint32(p.s.Arg(1)) == 2 { // EPOLL_CTL_DEL ignores it
		p.addr(v)
		return
	}
	if b, ok := p.fixed(i, v, size, In); ok {
		p.epollEvent(b, data)
	}
}

func printEpollEventsOut(p *printer, _ int, v uint64) {
	if p.failed() || v == 0 {
		p.addr(v)
		return
	}
	size, data := epollSize(p.s.Layout())
	n := int(p.result())
	b := make([]byte, size*min(n, maxElems))
	if !p.s.Read(v, b) {
		p.hex(v)
		return
	}
	p.byte('[')
	for k := range len(b) / size {
		if k > 0 {
			p.str(", ")
		}
		p.epollEvent(b[k*size:], data)
	}
	if n > maxElems {
		p.str(", ...")
	}
	p.byte(']')
}
