package isa

import "math/bits"

// Slot is a set of small fields of Inst.
type Slot uint8

// The small fields of Inst.
const (
	SlotRd Slot = 1 << iota
	SlotRs1
	SlotRs2
	SlotRs3
	SlotRM
)

// Field says what a named field of a pattern is: its width in bits, and where
// it goes. A register field goes to Slots, with Add added; a field without
// Slots is the part of Inst.Imm from bit To on.
type Field struct {
	Width uint8
	Slots Slot
	Add   uint8
	To    uint8
}

// FieldFunc resolves the named fields of a guest's patterns. Width 0 means unknown.
type FieldFunc func(name string) Field

// compiled is the compiled form of a pattern.
type compiled struct {
	Code
	Layout
}

// patternError says what is wrong with a pattern.
type patternError string

func (e patternError) Error() string { return string(e) }

// compile translates a pattern.
func (c *compiled) compile(p string, fields FieldFunc) error {
	c.NZ = [2]uint32{^uint32(0), ^uint32(0)} // neutral: an encoding has some bit set (see the end)
	pos := 32                                // bits not yet accounted for, seen from the top of a 32-bit word
	top := 0                                 // width of the immediate
	signed := false
	var immNZ uint32
	nnz := 0
	i := 0
	for i < len(p) && p[i] != ';' {
		if p[i] == ' ' {
			i++
			continue
		}
		start := i
		if p[i] == '0' || p[i] == '1' {
			for i < len(p) && (p[i] == '0' || p[i] == '1') {
				pos--
				c.Mask |= 1 << uint(pos&31)
				c.Match |= uint32(p[i]-'0') << uint(pos&31)
				i++
			}
			continue
		}
		for i < len(p) && p[i] != ' ' && p[i] != '[' && p[i] != '!' && p[i] != ';' {
			i++
		}
		name := p[start:i]
		if i < len(p) && p[i] == '[' {
			nz := len(name) > 2 && name[:2] == "nz"
			if nz {
				name = name[2:]
			}
			signed = signed || name[0] != 'u' && name != "shamt"
			for i++; i < len(p) && p[i] != ']'; {
				hi, n := number(p[i:])
				i += n
				lo := hi
				if i < len(p) && p[i] == ':' {
					lo, n = number(p[i+1:])
					i += n + 1
				}
				if i < len(p) && p[i] == '|' {
					i++
				}
				if n == 0 || hi < lo || hi > 31 {
					return patternError("bad bit range in " + p)
				}
				w := hi - lo + 1
				pos -= w
				if err := c.segment(pos, lo, w, p); err != nil {
					return err
				}
				if nz {
					immNZ |= ones(w) << uint(pos&31)
				}
				top = max(top, hi+1)
			}
			i++
			continue
		}
		f := fields(name)
		if f.Width == 0 {
			return patternError("unknown field " + name + " in " + p)
		}
		w := int(f.Width)
		pos -= w
		if f.Slots == 0 {
			if err := c.segment(pos, int(f.To), w, p); err != nil {
				return err
			}
		}
		for s := f.Slots; s != 0; s &= s - 1 {
			c.Slot[bits.TrailingZeros8(uint8(s))] = [3]uint8{uint8(pos & 31), uint8(ones(w)), f.Add}
		}
		if i+2 < len(p) && p[i:i+3] == "!=0" {
			i += 3
			if nnz == len(c.NZ) {
				return patternError("too many nonzero fields in " + p)
			}
			c.NZ[nnz] = ones(w) << uint(pos&31)
			nnz++
		}
	}
	if immNZ != 0 {
		if nnz == len(c.NZ) {
			return patternError("too many nonzero fields in " + p)
		}
		c.NZ[nnz] = immNZ
		nnz++
	}
	if signed && top > 0 {
		c.Sext = uint8(64 - top)
	}
	switch pos {
	case 0:
		c.Len = 4
	case 16: // half-length: move everything down
		c.Len = 2
		c.Mask >>= 16
		c.Match >>= 16
		for n := range nnz {
			c.NZ[n] >>= 16
		}
		for n := range c.Slot {
			if c.Slot[n][1] != 0 {
				c.Slot[n][0] -= 16
			}
		}
		for n := range c.NSeg {
			c.Rot[n] = (c.Rot[n] + 16) & 31
		}
	default:
		return patternError("not 16 or 32 bits: " + p)
	}
	if nnz == 0 && c.Match == 0 {
		// An all-zero encoding fails the neutral "some bit is set" test.
		return patternError("pattern admits the all-zero word: " + p)
	}
	return c.implied(p, i, fields)
}

// implied handles "; rs1=2" at p[i:].
func (c *compiled) implied(p string, i int, fields FieldFunc) error {
	if i < len(p) {
		i++ // the semicolon
	}
	for i < len(p) {
		if p[i] == ' ' {
			i++
			continue
		}
		start := i
		for i < len(p) && p[i] != '=' {
			i++
		}
		f := fields(p[start:i])
		if i == len(p) || f.Width == 0 {
			return patternError("bad implied field in " + p)
		}
		v, n := number(p[i+1:])
		if n == 0 {
			return patternError("bad implied value in " + p)
		}
		i += n + 1
		for s := f.Slots; s != 0; s &= s - 1 {
			c.Slot[bits.TrailingZeros8(uint8(s))] = [3]uint8{0, 0, uint8(v)}
		}
	}
	return nil
}

// segment adds w bits at bit pos of the word as the immediate's bits from to on.
func (c *compiled) segment(pos, to, w int, p string) error {
	if int(c.NSeg) == len(c.Seg) {
		return patternError("too many immediate pieces in " + p)
	}
	c.Seg[c.NSeg], c.Rot[c.NSeg] = ones(w)<<uint(to&31), uint8((to-pos)&31)
	c.NSeg++
	return nil
}

func ones(w int) uint32 { return uint32(1)<<uint(w) - 1 }

// number reads decimal digits and says how many.
func number(s string) (v, n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		v = v*10 + int(s[n]-'0')
		n++
	}
	return v, n
}

// Bits returns which bits of a pattern are fixed and their values, and the
// length of the encoding in bytes. An encoding that has these bits may still be
// another instruction: one whose row is more specific, or one for which a field
// must not be zero.
func Bits(pattern string, fields FieldFunc) (mask, match uint32, n int, err error) {
	var c compiled
	if err := c.compile(pattern, fields); err != nil {
		return 0, 0, 0, err
	}
	return c.Mask, c.Match, int(c.Len), nil
}
