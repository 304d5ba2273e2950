package isa

import (
	"math/rand/v2"
	"testing"
)

// TestMostSpecific: of rows that overlap, the one with more fixed bits wins,
// whatever their order.
func TestMostSpecific(t *testing.T) {
	rows := []Row{
		{Pattern: "imm[11:0] rs1 110 rd 0010011", Syntax: "ori rd"},
		{Pattern: "imm[11:5] 00001 rs1 110 00000 0010011", Syntax: "prefetch rs1"},
		{Pattern: "imm[11:0] rs1 110 00000 0010011", Syntax: "hint rs1"},
		{Pattern: "imm[11:0] rs1 111 rd 0010011", Syntax: "andi rd"},
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}} {
		var set Set
		for _, k := range order {
			set.Rows = append(set.Rows, rows[k])
		}
		d := NewDecoder([]Set{set}, testFields)
		for raw, want := range map[uint32]string{
			0x00106513: "ori",
			0x00106013: "prefetch",
			0x00206013: "hint",
			0x00207513: "andi",
			0x00205513: "",
			0x00106517: "",
		} {
			var i Inst
			got := ""
			if d.Decode(raw, 0, &i) {
				got = Name(i.Row)
			}
			if got != want {
				t.Errorf("order %v: %x is %q, want %q", order, raw, got, want)
			}
		}
	}
}

// TestTreeAgainstScan compares the tree with a plain search through random rows.
func TestTreeAgainstScan(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const tokens = "01"
	for range 50 {
		var set Set
		for range 2 + r.IntN(60) {
			p := make([]byte, 0, 64)
			for range 20 {
				p = append(p, tokens[r.IntN(2)])
			}
			p = append(p, " rd 11 rs1"...)
			if r.IntN(3) == 0 {
				p = append([]byte("csr "), p[12:]...)
			}
			set.Rows = append(set.Rows, Row{Pattern: string(p)})
		}
		d := NewDecoder([]Set{set}, testFields)
		for range 2000 {
			raw := r.Uint32()
			if r.IntN(2) == 0 {
				_, match, _, _ := Bits(set.Rows[r.IntN(len(set.Rows))].Pattern, testFields)
				raw = match | raw&0x1f1f
			}
			best, bestBits := -1, -1
			for k := range set.Rows {
				mask, match, _, err := Bits(set.Rows[k].Pattern, testFields)
				if err != nil {
					t.Fatal(err)
				}
				if raw&mask == match && d.specific(uint16(k+1)) > bestBits {
					best, bestBits = k, d.specific(uint16(k+1))
				}
			}
			var i Inst
			ok := d.Decode(raw, 0, &i)
			if ok != (best >= 0) {
				t.Fatalf("%x: decoded %v, scan says row %d", raw, ok, best)
			}
			if ok && i.Row.Pattern != set.Rows[best].Pattern && d.specific(uint16(best+1)) != onesOf(t, i.Row.Pattern) {
				t.Fatalf("%x: row %q, scan says %q", raw, i.Row.Pattern, set.Rows[best].Pattern)
			}
		}
	}
}

func onesOf(t *testing.T, pattern string) (n int) {
	t.Helper()
	mask, _, _, err := Bits(pattern, testFields)
	if err != nil {
		t.Fatal(err)
	}
	for ; mask != 0; mask &= mask - 1 {
		n++
	}
	return n
}

func TestLongestRun(t *testing.T) {
	for m, want := range map[uint32][2]int{
		0:          {0, 0},
		1:          {0, 1},
		0xfe00707f: {0, 7},
		0xfe007003: {25, 7},
		0x80000000: {31, 1},
		0xffffffff: {0, 32},
	} {
		if s, w := longestRun(m); [2]int{s, w} != want {
			t.Errorf("longestRun(%#x) = %d, %d, want %v", m, s, w, want)
		}
	}
}

func TestDecodeAllocates(t *testing.T) {
	d := NewDecoder([]Set{{Rows: []Row{{Pattern: "imm[11:0] rs1 110 rd 0010011"}}}}, testFields)
	var i Inst
	if n := testing.AllocsPerRun(100, func() { d.Decode(0x00106513, 0, &i) }); n != 0 {
		t.Errorf("Decode allocates %v times", n)
	}
}
