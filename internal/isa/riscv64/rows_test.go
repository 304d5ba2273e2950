package riscv64

import (
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/isa"
)

// allRows lists every row with the name of its set.
func allRows() (rows []*isa.Row, sets []string) {
	for s := range Sets {
		for r := range Sets[s].Rows {
			rows = append(rows, &Sets[s].Rows[r])
			sets = append(sets, Sets[s].Name)
		}
	}
	return rows, sets
}

func TestRowsWellFormed(t *testing.T) {
	rows, sets := allRows()
	seen := map[string]bool{}
	for k, r := range rows {
		name := isa.Name(r)
		if seen[name] {
			t.Errorf("%s occurs twice", name)
		}
		seen[name] = true
		if r.Lift == nil {
			t.Errorf("%s has no semantics", name)
		}
		mask, match, n, err := isa.Bits(r.Pattern, Field)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if match&^mask != 0 {
			t.Errorf("%s: match %#x outside mask %#x", name, match, mask)
		}
		if long := match&3 == 3; mask&3 != 3 || long != (n == 4) {
			t.Errorf("%s: length %d does not agree with the two low bits", name, n)
		}
		if compressed := n == 2; compressed != strings.HasPrefix(name, "c.") {
			t.Errorf("%s (%s) has %d bytes", name, sets[k], n)
		}
	}
}

// TestSyntax checks that conditions name known fields and that no name of a
// field is printed literally.
func TestSyntax(t *testing.T) {
	rows, _ := allRows()
	literals := map[string]bool{"rtz": true} // fcvtmod.w.d takes only this mode
	i := isa.Inst{}
	for _, r := range rows {
		for n, form := range strings.Split(r.Syntax, " | ") {
			text, conds, has := strings.Cut(form, ": ")
			if has && n == 0 {
				t.Errorf("%q: the canonical form has conditions", r.Syntax)
			}
			for _, c := range strings.Fields(conds) {
				name, val, ok := strings.Cut(c, "=")
				if _, known := value(name, &i); !ok || !known {
					t.Errorf("%q: condition %q", r.Syntax, c)
				}
				if _, number := value(val, &i); !number && strings.Trim(val, "-0123456789") != "" {
					t.Errorf("%q: condition %q", r.Syntax, c)
				}
			}
			_, args, _ := strings.Cut(text, " ")
			words := strings.FieldsFunc(args, func(c rune) bool { return strings.ContainsRune(", ()", c) })
			for _, w := range words {
				if _, ok := operand(nil, w, &i); !ok && !literals[w] {
					t.Errorf("%q: operand %q", r.Syntax, w)
				}
			}
		}
	}
}

// TestOverlaps: two rows may share encodings only if one is a special case of
// the other, or if a field that must not be zero keeps them apart.
func TestOverlaps(t *testing.T) {
	rows, _ := allRows()
	type enc struct{ mask, match uint32 }
	encs := make([]enc, len(rows))
	for k, r := range rows {
		mask, match, _, err := isa.Bits(r.Pattern, Field)
		if err != nil {
			t.Fatal(err)
		}
		encs[k] = enc{mask, match}
	}
	special := 0
	for a := range rows {
		for b := range a {
			common := encs[a].mask & encs[b].mask
			if (encs[a].match^encs[b].match)&common != 0 {
				continue
			}
			special++
			if encs[a].mask == encs[b].mask || common != encs[a].mask && common != encs[b].mask {
				t.Errorf("%s and %s overlap, and neither is a special case of the other", isa.Name(rows[a]), isa.Name(rows[b]))
			}
		}
	}
	if special == 0 {
		t.Error("no row is a special case of another: the test looks at nothing")
	}
}

// TestDecodeFindsRow: random encodings of a row decode to it, or to a special
// case, or break one of its "not zero" rules.
func TestDecodeFindsRow(t *testing.T) {
	rows, _ := allRows()
	r := rand.New(rand.NewPCG(7, 8))
	for _, row := range rows {
		mask, _, _, _ := isa.Bits(row.Pattern, Field)
		found := 0
		for range 200 {
			raw, n := Encode(row, r.Uint32())
			i, ok := Decode(raw, 0x1000)
			if !ok {
				if !strings.Contains(row.Pattern, "!=0") && !strings.Contains(row.Pattern, "nz") {
					t.Errorf("%s: %x is not decoded", isa.Name(row), raw)
				}
				continue
			}
			if i.Len != uint8(n) || i.Raw != raw || i.PC != 0x1000 {
				t.Errorf("%s: %x: %+v", isa.Name(row), raw, i)
			}
			if i.Row == row {
				found++
				continue
			}
			other, _, _, _ := isa.Bits(i.Row.Pattern, Field)
			if bits.OnesCount32(other) <= bits.OnesCount32(mask) {
				t.Errorf("%s: %x decodes as %s", isa.Name(row), raw, isa.Name(i.Row))
			}
		}
		if found == 0 {
			t.Errorf("%s is never decoded", isa.Name(row))
		}
	}
}

// TestReserved: encodings that the manual reserves are no instructions.
func TestReserved(t *testing.T) {
	for _, raw := range []uint32{
		0x0000,     // defined illegal
		0x0004,     // c.addi4spn by 0
		0x2001,     // c.addiw x0
		0x6081,     // c.lui ra,0
		0x6101,     // c.addi16sp by 0
		0x4002,     // c.lwsp x0
		0x6002,     // c.ldsp x0
		0x8002,     // c.jr x0
		0x9c7d,     // quadrant 1, 100111 ... 11111: free
		0x0000707b, // a custom opcode
		0xffffffff,
		0x10200073,         // sret: privileged
		0x30200073,         // mret
		0x10500073,         // wfi
		0x12000073,         // sfence.vma
		0x0200102b,         // no such opcode
		0x0000100b,         // custom-0 other than weir.vdso
		0x02001013 | 1<<30, // slli with a wrong upper field
		0x0200101b,         // slliw by 32
	} {
		if i, ok := Decode(raw, 0); ok {
			t.Errorf("%x decodes as %s", raw, isa.Name(i.Row))
		}
	}
}
