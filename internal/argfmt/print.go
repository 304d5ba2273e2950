package argfmt

import "github.com/weir-emu/weir/abi"

// Printers of numbers, strings and buffers.

func printHex(p *printer, _ int, v uint64)   { p.hex0(v) }
func printHex32(p *printer, _ int, v uint64) { p.hex0(uint64(uint32(v))) }
func printAddr(p *printer, _ int, v uint64)  { p.addr(v) }
func printInt(p *printer, _ int, v uint64)   { p.dec(int64(int32(v))) }
func printLong(p *printer, _ int, v uint64)  { p.dec(int64(v)) }
func printUint(p *printer, _ int, v uint64)  { p.udec(uint64(uint32(v))) }
func printSize(p *printer, _ int, v uint64)  { p.udec(v) }
func printMode(p *printer, _ int, v uint64)  { p.mode(uint64(uint32(v))) }

func printID(p *printer, _ int, v uint64) {
	if uint32(v) == 0xffffffff {
		p.str("-1")
		return
	}
	p.udec(uint64(uint32(v)))
}

func printDirFD(p *printer, _ int, v uint64) {
	if int32(v) == -100 {
		p.str("AT_FDCWD")
		return
	}
	p.dec(int64(int32(v)))
}

// mode prints permissions, with the file type if there is one.
func (p *printer) mode(v uint64) {
	if n, ok := lookup(v&0o170000, fileTypes); ok {
		p.str(n)
		p.byte('|')
		v &^= 0o170000
	}
	p.oct(v)
}

func (p *printer) dev(v uint64) {
	major := v>>8&0xfff | v>>32&^0xfff
	minor := v&0xff | v>>12&0xffffff00
	p.str("makedev(")
	p.hex0(major)
	p.str(", ")
	p.hex0(minor)
	p.byte(')')
}

// printPath prints a string in full: paths are not cut.
func printPath(p *printer, i int, v uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	s, e := p.s.CString(i, maxPath)
	switch e {
	case 0:
		p.quoteAll([]byte(s))
	case abi.ENAMETOOLONG:
		p.quote([]byte(s), maxPath-1, true)
	default:
		p.hex(v)
	}
}

const maxVec = 32 // strings shown of an argument list

func printStrVec(p *printer, _ int, v uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	start := len(p.b)
	p.byte('[')
	for n := 0; ; n++ {
		var w [8]byte
		if !p.s.Read(v+uint64(8*n), w[:]) {
			p.b = p.b[:start]
			p.hex(v)
			return
		}
		a := u64(w[:], 0)
		if a == 0 {
			break
		}
		if n > 0 {
			p.str(", ")
		}
		if n == maxVec {
			p.str("...")
			break
		}
		if !p.stringAt(a) {
			p.hex(a)
		}
	}
	p.byte(']')
}

// stringAt prints the string at a guest address, cut.
func (p *printer) stringAt(a uint64) bool {
	var s [MaxString + 1]byte
	n := 0
	for ; n < len(s); n++ {
		if !p.s.Read(a+uint64(n), s[n:n+1]) {
			return false
		}
		if s[n] == 0 {
			break
		}
	}
	p.quote(s[:n], MaxString, false)
	return true
}

func printEnvVec(p *printer, _ int, v uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	p.hex(v)
	for n := uint64(0); n < 1<<20; n++ {
		var w [8]byte
		if !p.s.Read(v+8*n, w[:]) {
			return
		}
		if u64(w[:], 0) == 0 {
			p.str(" /* ")
			p.udec(n)
			if n == 1 {
				p.str(" var */")
			} else {
				p.str(" vars */")
			}
			return
		}
	}
}

func printBufIn(p *printer, i int, v uint64) { p.buffer(i, v, p.s.Arg(i+1)) }

// buffer prints n bytes behind argument i, cut.
func (p *printer) buffer(i int, v, n uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	b, ok := p.s.Peek(i, int(min(n, MaxString)))
	if !ok {
		p.hex(v)
		return
	}
	p.quote(b, MaxString, n > MaxString)
}

func printBufOut(p *printer, i int, v uint64) {
	if p.failed() {
		p.addr(v)
		return
	}
	p.data(v, min(uint64(p.result()), p.s.Arg(i+1)))
}

// printPathOut prints the path that getcwd has written, with its NUL, in full.
func printPathOut(p *printer, _ int, v uint64) {
	if p.failed() {
		p.addr(v)
		return
	}
	b := make([]byte, min(max(p.result(), 1), maxPath)-1)
	if !p.s.Read(v, b) {
		p.hex(v)
		return
	}
	p.quoteAll(b)
}

// data prints n bytes at a guest address, cut.
func (p *printer) data(v, n uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	b := make([]byte, min(n, MaxString))
	if !p.s.Read(v, b) {
		p.hex(v)
		return
	}
	p.quote(b, MaxString, n > MaxString)
}

func printIovIn(p *printer, i int, v uint64) { p.iovec(v, p.s.Arg(i+1), ^uint64(0)) }

func printIovOut(p *printer, i int, v uint64) {
	if p.failed() {
		p.addr(v)
		return
	}
	p.iovec(v, p.s.Arg(i+1), uint64(p.result()))
}

const maxElems = 32 // array elements shown

// iovec prints struct iovec[n] at v with total bytes of data.
func (p *printer) iovec(v, n, total uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	start := len(p.b)
	p.byte('[')
	for i := range n {
		var w [16]byte
		if !p.s.Read(v+16*i, w[:]) {
			p.b = p.b[:start]
			p.hex(v)
			return
		}
		if i > 0 {
			p.str(", ")
		}
		if i == maxElems {
			p.str("...")
			break
		}
		size := u64(w[:], 8)
		p.str("{iov_base=")
		p.data(u64(w[:], 0), min(size, total))
		p.str(", iov_len=")
		p.udec(size)
		p.byte('}')
		total -= min(size, total)
	}
	p.byte(']')
}

// printCPUSetIn prints a CPU mask whose size is the argument before.
func printCPUSetIn(p *printer, i int, v uint64) {
	if b, ok := p.fixed(i, v, int(min(p.s.Arg(i-1), maxCPUSet)), In); ok {
		p.cpuSet(b)
	}
}

// printCPUSetOut prints as much of a mask as the result of sched_getaffinity says was
// written.
func printCPUSetOut(p *printer, i int, v uint64) {
	n := min(p.s.Arg(i-1), maxCPUSet, uint64(max(p.result(), 0)))
	if b, ok := p.fixed(i, v, int(n), Out); ok {
		p.cpuSet(b)
	}
}

const maxCPUSet = 1024 // bytes of a mask that are shown

func (p *printer) cpuSet(b []byte) {
	p.byte('[')
	first := true
	for c := range len(b) * 8 {
		if b[c/8]>>(c%8)&1 == 0 {
			continue
		}
		if !first {
			p.byte(' ')
		}
		first = false
		p.udec(uint64(c))
	}
	p.byte(']')
}

// printDents prints how many entries getdents64 has returned.
func printDents(p *printer, _ int, v uint64) {
	p.addr(v)
	if p.failed() {
		return
	}
	n := uint64(0)
	for at := int64(0); at+19 <= p.result(); n++ {
		var w [2]byte
		if !p.s.Read(v+uint64(at)+16, w[:]) || u16(w[:], 0) == 0 {
			return
		}
		at += int64(u16(w[:], 0))
	}
	p.str(" /* ")
	p.udec(n)
	p.str(" entries */")
}

func textInt(p *printer, b []byte) {
	p.byte('[')
	p.dec(i32(b, 0))
	p.byte(']')
}

func textLong(p *printer, b []byte) {
	p.byte('[')
	p.dec(i64(b, 0))
	p.byte(']')
}

func textFDPair(p *printer, b []byte) {
	p.byte('[')
	p.dec(i32(b, 0))
	p.str(", ")
	p.dec(i32(b, 4))
	p.byte(']')
}

func printIntInOut(p *printer, i int, v uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	var now [4]byte
	if !p.s.Read(v, now[:]) {
		p.hex(v)
		return
	}
	p.byte('[')
	if was, e := p.s.In(i, 4); e == 0 && u32(was, 0) != u32(now[:], 0) {
		p.dec(i32(was, 0))
		p.str(" => ")
	}
	p.dec(i32(now[:], 0))
	p.byte(']')
}

// printOffIn prints a file offset as it is before the call.
func printOffIn(p *printer, i int, v uint64) {
	if b, ok := p.s.Peek(i, 8); v != 0 && ok && len(b) == 8 {
		textLong(p, b)
		return
	}
	p.addr(v)
}

func printOffInOut(p *printer, _ int, v uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	var now [8]byte
	if !p.s.Read(v, now[:]) {
		p.hex(v)
		return
	}
	textLong(p, now[:])
}

func printIDsIn(p *printer, i int, v uint64) { p.ids(v, uint64(uint32(p.s.Arg(i-1)))) }

// printIDsOut prints as many IDs as the result of getgroups says, if it has written them.
func printIDsOut(p *printer, i int, v uint64) {
	if p.failed() {
		p.addr(v)
		return
	}
	p.ids(v, min(uint64(uint32(p.s.Arg(i-1))), uint64(p.result())))
}

// ids prints n user or group IDs at a guest address.
func (p *printer) ids(v, n uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	start := len(p.b)
	p.byte('[')
	for k := range n {
		if k > 0 {
			p.str(", ")
		}
		if k == maxElems {
			p.str("...")
			break
		}
		var w [4]byte
		if !p.s.Read(v+4*k, w[:]) {
			p.b = p.b[:start]
			p.hex(v)
			return
		}
		p.udec(u32(w[:], 0))
	}
	p.byte(']')
}

func printWaitStatus(p *printer, i int, v uint64) {
	if r, done := p.s.Result(); v == 0 || !done || r <= 0 {
		p.addr(v)
		return
	}
	b, ok := p.fixed(i, v, 4, Out)
	if !ok {
		return
	}
	st := u32(b, 0)
	p.byte('[')
	switch {
	case st&0x7f == 0:
		p.str("{WIFEXITED(s) && WEXITSTATUS(s) == ")
		p.udec(st >> 8 & 0xff)
		p.byte('}')
	case st&0xff == 0x7f:
		p.str("{WIFSTOPPED(s) && WSTOPSIG(s) == ")
		p.signal(st >> 8 & 0xff)
		p.byte('}')
	case st == 0xffff:
		p.str("{WIFCONTINUED(s)}")
	default:
		p.str("{WIFSIGNALED(s) && WTERMSIG(s) == ")
		p.signal(st & 0x7f)
		if st&0x80 != 0 {
			p.str(" && WCOREDUMP(s)")
		}
		p.byte('}')
	}
	p.byte(']')
}
