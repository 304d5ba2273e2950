package argfmt

import (
	"encoding/binary"
	"strconv"
)

// MaxString is how many bytes of a string or buffer are shown, as strace's -s
// has it by default.
const MaxString = 32

// bit is a named value: of a flag, or of an enumeration.
type bit struct {
	v uint64
	n string
}

// printer collects the text of a call.
type printer struct {
	b []byte
	s Source
}

func (p *printer) str(s string)  { p.b = append(p.b, s...) }
func (p *printer) byte(c byte)   { p.b = append(p.b, c) }
func (p *printer) dec(v int64)   { p.b = strconv.AppendInt(p.b, v, 10) }
func (p *printer) udec(v uint64) { p.b = strconv.AppendUint(p.b, v, 10) }

func (p *printer) hex(v uint64) {
	p.b = append(p.b, "0x"...)
	p.b = strconv.AppendUint(p.b, v, 16)
}

// hex0 is hex, but 0 for zero, as C's %#x prints.
func (p *printer) hex0(v uint64) {
	if v == 0 {
		p.byte('0')
		return
	}
	p.hex(v)
}

// oct prints with a leading zero, at least three digits in all.
func (p *printer) oct(v uint64) {
	p.byte('0')
	if v < 0o10 {
		p.byte('0')
	}
	p.b = strconv.AppendUint(p.b, v, 8)
}

func (p *printer) addr(v uint64) {
	if v == 0 {
		p.str("NULL")
		return
	}
	p.hex(v)
}

// flags prints a set of named bits joined by |, the rest in hexadecimal.
func (p *printer) flags(v uint64, names []bit, rest string) {
	start := len(p.b)
	left := v
	for _, n := range names {
		if n.v != 0 && left&n.v == n.v {
			p.or(start, n.n)
			left &^= n.v
		}
		if n.v == 0 && v == 0 {
			p.str(n.n)
			return
		}
	}
	switch {
	case left != 0 && len(p.b) > start:
		p.byte('|')
		p.hex(left)
	case left != 0:
		p.hex(left)
		p.comment(rest)
	case len(p.b) == start:
		p.byte('0')
	}
}

// or appends a name to those that began at start.
func (p *printer) or(start int, name string) {
	if len(p.b) > start {
		p.byte('|')
	}
	p.str(name)
}

func (p *printer) comment(s string) {
	if s != "" {
		p.str(" /* ")
		p.str(s)
		p.str(" */")
	}
}

// enum prints the name of a value.
func (p *printer) enum(v uint64, names []bit, rest string) {
	if n, ok := lookup(v, names); ok {
		p.str(n)
		return
	}
	p.hex0(v)
	p.comment(rest)
}

func lookup(v uint64, names []bit) (string, bool) {
	for i := range names {
		if names[i].v == v {
			return names[i].n, true
		}
	}
	return "", false
}

// quote prints bytes as a C string, cut at limit bytes; more says that there
// were more bytes still.
func (p *printer) quote(b []byte, limit int, more bool) {
	if len(b) > limit {
		b, more = b[:limit], true
	}
	p.quoteAll(b)
	if more {
		p.str("...")
	}
}

// quoteAll prints all of b in strace's escapes: C's letters, else octal as short
// as the next byte allows.
func (p *printer) quoteAll(b []byte) {
	p.byte('"')
	for i, c := range b {
		switch {
		case c == '"' || c == '\\':
			p.b = append(p.b, '\\', c)
		case c == '\n':
			p.str(`\n`)
		case c == '\t':
			p.str(`\t`)
		case c == '\r':
			p.str(`\r`)
		case c == '\v':
			p.str(`\v`)
		case c == '\f':
			p.str(`\f`)
		case c >= ' ' && c < 0x7f:
			p.byte(c)
		default:
			p.byte('\\')
			if i+1 < len(b) && b[i+1] >= '0' && b[i+1] <= '9' {
				p.b = append(p.b, '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			} else {
				p.b = strconv.AppendUint(p.b, uint64(c), 8)
			}
		}
	}
	p.byte('"')
}

// cstr prints a fixed-size field that holds a NUL-terminated string.
func (p *printer) cstr(b []byte) {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	p.quoteAll(b)
}

// Fields of structures.

func u16(b []byte, off int) uint64 { return uint64(binary.LittleEndian.Uint16(b[off:])) }
func u32(b []byte, off int) uint64 { return uint64(binary.LittleEndian.Uint32(b[off:])) }
func u64(b []byte, off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) }
func i32(b []byte, off int) int64  { return int64(int32(binary.LittleEndian.Uint32(b[off:]))) }
func i64(b []byte, off int) int64  { return int64(binary.LittleEndian.Uint64(b[off:])) }
