package isa

import (
	"math/bits"
	"slices"
)

// Decoder finds the row of an encoding. It is a tree of tables: each node looks
// at a run of bits that is fixed in all rows below it, so that every row is in
// exactly one leaf; a leaf is a chain of rows, the most specific first.
//
// [NewDecoder] makes one of rows. That takes too long for the start of a program,
// less for the work than for the memory it touches, so a guest has its decoder
// written out as constants by internal/isa/gen, and a test that it is up to date.
type Decoder struct {
	Sets    []Set
	Codes   []Code // Codes[0] is no instruction and ends every chain
	Layouts []Layout
	Entries []Entry
	Root    Entry
}

// Code is the compiled form of a row: what is fixed in it and where the rest is.
// (Code, Layout and Entry name unnamed types so that tables may leave out field
// names.)
type Code = struct {
	Mask   uint32 // the bits that are fixed
	Match  uint32 // and their values
	Next   uint16 // index of the next row of the same leaf, less specific; 0 ends it
	Row    uint16 // index in the set
	Set    uint8
	Layout uint8 // index
	Len    uint8 // bytes
}

// Layout says where the fields of an encoding are. Many rows share one.
type Layout = struct {
	NZ   [2]uint32   // each must have a bit set in the encoding
	Seg  [8]uint32   // the immediate is the union of rotl(encoding, Rot[n]) & Seg[n]
	Rot  [8]uint8    //
	NSeg uint8       // pieces used
	Sext uint8       // 64 - width of a signed immediate, else 0
	Slot [5][3]uint8 // small field n (see Slot) is encoding >> [0] & [1] + [2]
}

// Entry is a node (Base in Decoder.Entries, shift and mask of the bits it looks
// at) or, with Mask 0, a leaf: Base is the index of its first code.
type Entry = struct {
	Base  uint16
	Shift uint8
	Mask  uint8
}

// maxSplit is the number of bits a node looks at, at most.
const maxSplit = 7

// NewDecoder compiles the rows of all sets. A malformed row is our bug and
// panics.
func NewDecoder(sets []Set, fields FieldFunc) *Decoder {
	d := &Decoder{Sets: sets, Codes: make([]Code, 1)}
	for s := range sets {
		for r := range sets[s].Rows {
			var c compiled
			if err := c.compile(sets[s].Rows[r].Pattern, fields); err != nil {
				panic("BUG: isa: " + err.Error())
			}
			c.Set, c.Row = uint8(s), uint16(r)
			f := slices.Index(d.Layouts, c.Layout)
			if f < 0 {
				f = len(d.Layouts)
				d.Layouts = append(d.Layouts, c.Layout)
			}
			c.Code.Layout = uint8(f)
			d.Codes = append(d.Codes, c.Code)
		}
	}
	if len(sets) > 256 || len(d.Layouts) > 256 {
		panic("BUG: isa: too many sets or layouts for a byte")
	}
	ids := make([]uint16, len(d.Codes)-1)
	for k := range ids {
		ids[k] = uint16(k + 1)
	}
	d.Root = d.build(ids, make([]uint16, len(ids)), 0)
	return d
}

// build makes the subtree of the rows ids, of which the bits in used are
// already decided. tmp is scratch of the same length.
func (d *Decoder) build(ids, tmp []uint16, used uint32) Entry {
	if len(ids) == 0 {
		return Entry{}
	}
	common := ^used
	for _, id := range ids {
		common &= d.Codes[id].Mask
	}
	if len(ids) == 1 || common == 0 {
		return d.leaf(ids)
	}
	shift, width := longestRun(common)
	width = min(width, maxSplit)
	mask := uint32(1)<<width - 1
	var start [1<<maxSplit + 1]uint16
	for _, id := range ids {
		start[d.Codes[id].Match>>shift&mask+1]++
	}
	for v := range mask + 1 {
		start[v+1] += start[v]
	}
	next := start
	for _, id := range ids {
		v := d.Codes[id].Match >> shift & mask
		tmp[next[v]] = id
		next[v]++
	}
	copy(ids, tmp)
	base := len(d.Entries)
	for range mask + 1 {
		d.Entries = append(d.Entries, Entry{})
	}
	for v := range mask + 1 {
		lo, hi := start[v], start[v+1]
		d.Entries[base+int(v)] = d.build(ids[lo:hi], tmp[lo:hi], used|mask<<shift)
	}
	return Entry{uint16(base), uint8(shift), uint8(mask)}
}

// leaf makes a chain of the rows ids, those with more fixed bits first.
func (d *Decoder) leaf(ids []uint16) Entry {
	for i := 1; i < len(ids); i++ {
		for j := i; j > 0 && d.specific(ids[j]) > d.specific(ids[j-1]); j-- {
			ids[j], ids[j-1] = ids[j-1], ids[j]
		}
	}
	for i := 1; i < len(ids); i++ {
		d.Codes[ids[i-1]].Next = ids[i]
	}
	return Entry{Base: ids[0]}
}

func (d *Decoder) specific(id uint16) int { return bits.OnesCount32(d.Codes[id].Mask) }

// longestRun returns the longest run of ones in m, the lowest of equals.
func longestRun(m uint32) (shift, width int) {
	for at := 0; at < 32; {
		at += bits.TrailingZeros32(m >> at)
		if at >= 32 {
			break
		}
		w := bits.TrailingZeros32(^(m >> at))
		if w > width {
			shift, width = at, w
		}
		at += w
	}
	return shift, width
}

// find returns the compiled row of raw; its Len is 0 if there is none.
func (d *Decoder) find(raw uint32) *Code {
	e := d.Root
	for e.Mask != 0 {
		e = d.Entries[int(e.Base)+int(uint8(raw>>(e.Shift&31))&e.Mask)]
	}
	c := &d.Codes[e.Base]
	for {
		if raw&c.Mask == c.Match {
			nz := &d.Layouts[c.Layout].NZ
			if raw&nz[0] != 0 && raw&nz[1] != 0 {
				return c
			}
		}
		if c.Next == 0 {
			return &d.Codes[0]
		}
		c = &d.Codes[c.Next]
	}
}

// Decode decodes raw, found at pc, into i. It reports whether raw is an
// instruction; if not, i is as it was.
func (d *Decoder) Decode(raw uint32, pc uint64, i *Inst) bool {
	c := d.find(raw)
	if c.Len == 0 {
		return false
	}
	f := &d.Layouts[c.Layout]
	i.PC = pc
	i.Row = &d.Sets[c.Set].Rows[c.Row]
	i.Raw = raw
	i.Len = c.Len
	i.Rd = slot(&f.Slot[0], raw)
	i.Rs1 = slot(&f.Slot[1], raw)
	i.Rs2 = slot(&f.Slot[2], raw)
	i.Rs3 = slot(&f.Slot[3], raw)
	i.RM = slot(&f.Slot[4], raw)
	// Most immediates have at most four pieces. Unused pieces have no bits; doing
	// them all the same is cheaper than a loop whose length is hard to predict.
	v := piece(f, 0, raw) | piece(f, 1, raw) | piece(f, 2, raw) | piece(f, 3, raw)
	if f.NSeg > 4 {
		v |= piece(f, 4, raw) | piece(f, 5, raw) | piece(f, 6, raw) | piece(f, 7, raw)
	}
	i.Imm = int64(v) << (f.Sext & 63) >> (f.Sext & 63)
	return true
}

func slot(s *[3]uint8, raw uint32) uint8 {
	return uint8(raw>>(s[0]&31))&s[1] + s[2]
}

func piece(f *Layout, n int, raw uint32) uint32 {
	return bits.RotateLeft32(raw, int(f.Rot[n])) & f.Seg[n]
}
