package isa

import "math/bits"

// Decoder finds the row of an encoding. It is a tree of tables: each node looks
// at a run of bits that is fixed in all rows below it, so that every row is in
// exactly one leaf; a leaf is a chain of rows, the most specific first. Build
// one with [NewDecoder].
type Decoder struct {
	codes []code // codes[0] is no instruction and ends every chain
	tab   []entry
	root  entry
}

// entry is a node (base in tab, shift and mask of the bits it looks at) or, with
// mask 0, a leaf: base is the index of its first code.
type entry struct {
	base  uint16
	shift uint8
	mask  uint8
}

// maxSplit is the number of bits a node looks at, at most.
const maxSplit = 7

// NewDecoder compiles the rows of all sets. A malformed row is our bug and
// panics; [CheckRows] is the test for that.
func NewDecoder(sets []Set, fields FieldFunc) *Decoder {
	n := 0
	for i := range sets {
		n += len(sets[i].Rows)
	}
	d := &Decoder{
		codes: make([]code, n+1),
		tab:   make([]entry, 0, 2048),
	}
	ids := make([]uint16, n)
	k := 0
	for i := range sets {
		rows := sets[i].Rows
		for j := range rows {
			c := &d.codes[k+1]
			c.row = &rows[j]
			if err := c.compile(rows[j].Pattern, fields); err != nil {
				panic("BUG: isa: " + err.Error())
			}
			k++
			ids[k-1] = uint16(k)
		}
	}
	d.root = d.build(ids, make([]uint16, n), 0)
	return d
}

// build makes the subtree of the rows ids, of which the bits in used are
// already decided. tmp is scratch of the same length.
func (d *Decoder) build(ids, tmp []uint16, used uint32) entry {
	if len(ids) == 0 {
		return entry{}
	}
	common := ^used
	for _, id := range ids {
		common &= d.codes[id].mask
	}
	if len(ids) == 1 || common == 0 {
		return d.leaf(ids)
	}
	shift, width := longestRun(common)
	width = min(width, maxSplit)
	mask := uint32(1)<<width - 1
	var start [1<<maxSplit + 1]uint16
	for _, id := range ids {
		start[d.codes[id].match>>shift&mask+1]++
	}
	for v := range mask + 1 {
		start[v+1] += start[v]
	}
	next := start
	for _, id := range ids {
		v := d.codes[id].match >> shift & mask
		tmp[next[v]] = id
		next[v]++
	}
	copy(ids, tmp)
	base := len(d.tab)
	for range mask + 1 {
		d.tab = append(d.tab, entry{})
	}
	for v := range mask + 1 {
		lo, hi := start[v], start[v+1]
		d.tab[base+int(v)] = d.build(ids[lo:hi], tmp[lo:hi], used|mask<<shift)
	}
	return entry{uint16(base), uint8(shift), uint8(mask)}
}

// leaf makes a chain of the rows ids, those with more fixed bits first.
func (d *Decoder) leaf(ids []uint16) entry {
	for i := 1; i < len(ids); i++ {
		for j := i; j > 0 && d.specific(ids[j]) > d.specific(ids[j-1]); j-- {
			ids[j], ids[j-1] = ids[j-1], ids[j]
		}
	}
	for i := 1; i < len(ids); i++ {
		d.codes[ids[i-1]].next = ids[i]
	}
	return entry{base: ids[0]}
}

func (d *Decoder) specific(id uint16) int { return bits.OnesCount32(d.codes[id].mask) }

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

// find returns the compiled row of raw; its row is nil if there is none.
func (d *Decoder) find(raw uint32) *code {
	e := d.root
	for e.mask != 0 {
		e = d.tab[int(e.base)+int(uint8(raw>>(e.shift&31))&e.mask)]
	}
	c := &d.codes[e.base]
	for raw&c.mask != c.match || raw&c.nz[0] == 0 || raw&c.nz[1] == 0 {
		c = &d.codes[c.next]
		if c.row == nil {
			break
		}
	}
	return c
}

// Decode decodes raw, found at pc, into i. It reports whether raw is an
// instruction; if not, i is as it was.
func (d *Decoder) Decode(raw uint32, pc uint64, i *Inst) bool {
	c := d.find(raw)
	if c.row == nil {
		return false
	}
	i.PC = pc
	i.Row = c.row
	i.Raw = raw
	i.Len = c.len
	i.Rd = c.slot[0].get(raw)
	i.Rs1 = c.slot[1].get(raw)
	i.Rs2 = c.slot[2].get(raw)
	i.Rs3 = c.slot[3].get(raw)
	i.RM = c.slot[4].get(raw)
	// Most immediates have at most four pieces. Unused pieces have no bits; doing
	// them all the same is cheaper than a loop whose length is hard to predict.
	v := c.seg[0].get(raw) | c.seg[1].get(raw) | c.seg[2].get(raw) | c.seg[3].get(raw)
	if c.nseg > 4 {
		v |= c.seg[4].get(raw) | c.seg[5].get(raw) | c.seg[6].get(raw) | c.seg[7].get(raw)
	}
	i.Imm = int64(v) << (c.sext & 63) >> (c.sext & 63)
	return true
}

func (s slotCode) get(raw uint32) uint8 {
	return uint8(raw>>(s.shift&31))&s.mask + s.add
}

func (s segCode) get(raw uint32) uint32 { return bits.RotateLeft32(raw, int(s.rot)) & s.mask }
