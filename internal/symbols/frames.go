package symbols

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
)

// Regs are a thread's registers by DWARF number, as far as they are known. The lowest 64 suffice.
type Regs struct {
	Val   [64]uint64
	Known uint64 // a bit for each
}

// Set gives register r a value.
func (r *Regs) Set(n int, v uint64) {
	if n >= 0 && n < len(r.Val) {
		r.Val[n] = v
		r.Known |= 1 << n
	}
}

// Get returns register n.
func (r *Regs) Get(n int) (uint64, bool) {
	if n < 0 || n >= len(r.Val) || r.Known>>n&1 == 0 {
		return 0, false
	}
	return r.Val[n], true
}

// cfi is the unwind information of a file: .eh_frame and .debug_frame.
type cfi struct{ fdes []fde }

// fde describes the frames of the code in [lo,hi).
type fde struct {
	lo, hi uint64
	cie    *cie
	prog   []byte
}

// cie is what several fdes have in common (DWARF 5, 6.4.1; the augmentations are those of the LSB, 10.6).
type cie struct {
	codeAlign uint64
	dataAlign int64
	ra        int
	enc       byte // how fdes give addresses
	augmented bool
	prog      []byte
}

// rule says where a register of the caller is.
type rule struct {
	kind byte
	n    int64 // offset from the CFA, or a register
}

const (
	ruleSame byte = iota
	ruleUndefined
	ruleOffset    // at CFA+n
	ruleValOffset // is CFA+n
	ruleRegister  // is register n
)

// row is a row of the unwind table.
type row struct {
	cfaReg int
	cfaOff int64
	rules  [64]rule
}

// Unwind makes r, the registers of a thread at pc in the file's own addresses, those of the function's caller and
// returns the address that it goes on at. pc is that of the instruction, or for callers that of the call: the
// return address less one. sp is the number of the stack pointer; read reads a word of the thread's memory.
func (f *File) Unwind(pc uint64, r *Regs, sp int, read func(addr uint64) (uint64, bool)) (ret uint64, ok bool) {
	list := f.frames().fdes
	n := sort.Search(len(list), func(i int) bool { return list[i].lo > pc }) - 1
	if n < 0 || pc >= list[n].hi {
		return 0, false
	}
	d := &list[n]
	var t row
	if !t.run(d.cie, d.cie.prog, d.lo, ^uint64(0), nil) {
		return 0, false
	}
	first := t
	if !t.run(d.cie, d.prog, d.lo, pc, &first) {
		return 0, false
	}
	base, ok := r.Get(t.cfaReg)
	if !ok {
		return 0, false
	}
	cfa := base + uint64(t.cfaOff)
	old := *r
	for n := range t.rules {
		switch x := t.rules[n]; x.kind {
		case ruleUndefined:
			r.Known &^= 1 << n
		case ruleOffset:
			v, ok := read(cfa + uint64(x.n))
			if !ok {
				return 0, false
			}
			r.Set(n, v)
		case ruleValOffset:
			r.Set(n, cfa+uint64(x.n))
		case ruleRegister:
			if v, ok := old.Get(int(x.n)); ok {
				r.Set(n, v)
			} else {
				r.Known &^= 1 << n
			}
		}
	}
	r.Set(sp, cfa)
	return r.Get(d.cie.ra)
}

// run executes call frame instructions until the row of pc is complete. It reports false for what it does not know.
func (t *row) run(c *cie, prog []byte, loc, pc uint64, first *row) bool {
	b := buf{b: prog}
	var stack []row
	set := func(n uint64, k byte, v int64) {
		if n < 64 {
			t.rules[n] = rule{k, v}
		}
	}
	advance := func(n uint64) bool {
		loc += n * c.codeAlign
		return loc <= pc
	}
	for len(b.b) > 0 && !b.bad {
		op := b.u8()
		switch lo := uint64(op & 0x3f); op & 0xc0 {
		case 0x40: // advance_loc
			if !advance(lo) {
				return true
			}
			continue
		case 0x80: // offset
			set(lo, ruleOffset, int64(b.uleb())*c.dataAlign)
			continue
		case 0xc0: // restore
			if first != nil {
				t.rules[lo] = first.rules[lo]
			}
			continue
		}
		switch op {
		case 0: // nop
		case 1: // set_loc
			if loc = b.u64(); loc > pc {
				return true
			}
		case 2, 3, 4: // advance_loc1, 2, 4
			if !advance(b.uint(1 << (op - 2))) {
				return true
			}
		case 5: // offset_extended
			n := b.uleb()
			set(n, ruleOffset, int64(b.uleb())*c.dataAlign)
		case 6: // restore_extended
			if n := b.uleb(); first != nil && n < 64 {
				t.rules[n] = first.rules[n]
			}
		case 7: // undefined
			set(b.uleb(), ruleUndefined, 0)
		case 8: // same_value
			set(b.uleb(), ruleSame, 0)
		case 9: // register
			n := b.uleb()
			set(n, ruleRegister, int64(b.uleb()))
		case 10: // remember_state
			stack = append(stack, *t)
		case 11: // restore_state
			if len(stack) == 0 {
				return false
			}
			*t = stack[len(stack)-1]
			stack = stack[:len(stack)-1]
		case 12: // def_cfa
			t.cfaReg, t.cfaOff = int(b.uleb()), int64(b.uleb())
		case 13: // def_cfa_register
			t.cfaReg = int(b.uleb())
		case 14: // def_cfa_offset
			t.cfaOff = int64(b.uleb())
		case 17: // offset_extended_sf
			n := b.uleb()
			set(n, ruleOffset, b.sleb()*c.dataAlign)
		case 18: // def_cfa_sf
			t.cfaReg = int(b.uleb())
			t.cfaOff = b.sleb() * c.dataAlign
		case 19: // def_cfa_offset_sf
			t.cfaOff = b.sleb() * c.dataAlign
		case 20: // val_offset
			n := b.uleb()
			set(n, ruleValOffset, int64(b.uleb())*c.dataAlign)
		case 21: // val_offset_sf
			n := b.uleb()
			set(n, ruleValOffset, b.sleb()*c.dataAlign)
		case 0x2e: // GNU_args_size
			b.uleb()
		default: // DWARF expressions among them
			return false
		}
	}
	return !b.bad
}

// readFrames reads the unwind tables; of a file without there is an empty one.
func (f *File) readFrames() *cfi {
	c := new(cfi)
	e, file := f.reopen()
	if e == nil {
		return c
	}
	defer file.Close()
	for _, s := range e.Sections {
		if s.Name != ".eh_frame" && s.Name != ".debug_frame" || e.ByteOrder != binary.LittleEndian || s.Type == 8 /* SHT_NOBITS */ {
			continue
		}
		if data, err := s.Data(); err == nil {
			c.parse(data, s.Addr, s.Name == ".eh_frame")
		}
	}
	slices.SortStableFunc(c.fdes, func(a, b fde) int { return cmp.Compare(a.lo, b.lo) })
	return c
}

// parse reads a section that is at address base.
func (c *cfi) parse(data []byte, base uint64, eh bool) {
	cies := make(map[int]*cie)
	for at := 0; at+4 <= len(data); {
		b := buf{b: data[at:]}
		size := b.uint(4)
		wide := size == 0xffffffff
		if wide {
			size = b.u64()
		}
		start := len(data) - len(b.b) // of the id
		if b.bad || size > uint64(len(b.b)) {
			return
		}
		if size == 0 {
			if eh {
				return
			}
			at = start
			continue
		}
		b.b = b.b[:size]
		at = start + int(size)
		var id uint64
		if wide {
			id = b.u64()
		} else {
			id = b.uint(4)
		}
		if isCIE := eh && id == 0 || !eh && (id == 0xffffffff || id == 1<<64-1); isCIE {
			head := 4
			if wide {
				head = 12
			}
			if x := readCIE(&b); x != nil {
				cies[start-head] = x
			}
			continue
		}
		where := int(id)
		if eh {
			where = start - int(id)
		}
		x := cies[where]
		if x == nil {
			continue
		}
		pos := func() uint64 { return base + uint64(at-len(b.b)) }
		lo := b.encoded(x.enc, pos())
		n := b.encoded(x.enc&0x0f, 0)
		if x.augmented {
			b.skip(b.uleb())
		}
		if !b.bad && n > 0 && lo != 0 {
			c.fdes = append(c.fdes, fde{lo, lo + n, x, b.b})
		}
	}
}

func readCIE(b *buf) *cie {
	version := b.u8()
	aug := b.cstring()
	if version >= 4 {
		b.skip(2) // sizes of addresses and segments
	}
	x := &cie{codeAlign: b.uleb(), dataAlign: b.sleb()}
	if version == 1 {
		x.ra = int(b.u8())
	} else {
		x.ra = int(b.uleb())
	}
	if len(aug) > 0 && aug[0] == 'z' {
		x.augmented = true
		n := b.uleb()
		if b.bad || n > uint64(len(b.b)) {
			return nil
		}
		a := buf{b: b.b[:n]}
		b.skip(n)
		for _, ch := range aug[1:] {
			switch ch {
			case 'R':
				x.enc = a.u8()
			case 'L':
				a.u8()
			case 'P':
				a.encoded(a.u8(), 0)
			}
		}
	} else if aug != "" {
		return nil
	}
	x.prog = b.b
	if b.bad {
		return nil
	}
	return x
}

// buf reads little-endian data.
type buf struct {
	b   []byte
	bad bool
}

func (b *buf) skip(n uint64) {
	if n > uint64(len(b.b)) {
		b.bad, b.b = true, nil
		return
	}
	b.b = b.b[n:]
}

func (b *buf) uint(n int) (v uint64) {
	if n > len(b.b) {
		b.bad, b.b = true, nil
		return 0
	}
	for i, c := range b.b[:n] {
		v |= uint64(c) << (8 * i)
	}
	b.b = b.b[n:]
	return v
}

func (b *buf) u8() byte    { return byte(b.uint(1)) }
func (b *buf) u64() uint64 { return b.uint(8) }

func (b *buf) uleb() (v uint64) {
	for shift := uint(0); ; shift += 7 {
		c := b.u8()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

func (b *buf) sleb() (v int64) {
	for shift := uint(0); ; {
		c := b.u8()
		v |= int64(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			if c&0x40 != 0 && shift < 64 {
				v |= -1 << shift
			}
			return v
		}
	}
}

func (b *buf) cstring() string {
	n := slices.Index(b.b, 0)
	if n < 0 {
		b.bad, b.b = true, nil
		return ""
	}
	s := string(b.b[:n])
	b.b = b.b[n+1:]
	return s
}

// encoded reads an address as .eh_frame has it (LSB, 10.5) at address pos.
func (b *buf) encoded(enc byte, pos uint64) (v uint64) {
	if enc == 0xff {
		return 0
	}
	switch enc & 0x0f {
	case 0, 4, 0xc:
		v = b.u64()
	case 1:
		v = b.uleb()
	case 2:
		v = b.uint(2)
	case 3:
		v = b.uint(4)
	case 9:
		v = uint64(b.sleb())
	case 0xa:
		v = uint64(int16(b.uint(2)))
	case 0xb:
		v = uint64(int32(b.uint(4)))
	default:
		b.bad = true
	}
	if enc&0x70 == 0x10 {
		v += pos
	}
	return v
}
