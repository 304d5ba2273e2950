package mem

import (
	"math/rand/v2"
	"testing"
)

// TestAreasModel compares the area set with one byte per page.
func TestAreasModel(t *testing.T) {
	const pages = 64
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var as areas
		var model [pages]Prot // 0 = unmapped, else protection | 8
		for range 60 {
			lo := rnd.Uint64N(pages)
			hi := lo + 1 + rnd.Uint64N(pages-lo)
			p := Prot(rnd.UintN(8))
			switch rnd.UintN(3) {
			case 0:
				as.insert(Area{Start: lo << 12, End: hi << 12, Prot: p})
				for i := lo; i < hi; i++ {
					model[i] = p | 8
				}
			case 1:
				as.remove(lo<<12, hi<<12)
				for i := lo; i < hi; i++ {
					model[i] = 0
				}
			case 2:
				as.update(lo<<12, hi<<12, func(a *Area) { a.Prot = p })
				for i := lo; i < hi; i++ {
					if model[i] != 0 {
						model[i] = p | 8
					}
				}
			}
			var got [pages]Prot
			for i, a := range as {
				if a.Start >= a.End || i > 0 && (as[i-1].End > a.Start || as[i-1].End == a.Start && as[i-1].same(a)) {
					t.Fatalf("bad set %v", as)
				}
				for pg := a.Start >> 12; pg < a.End>>12; pg++ {
					got[pg] = a.Prot | 8
				}
			}
			if got != model {
				t.Fatalf("got  %v\nwant %v\nset %v", got, model, as)
			}
			n := 1 + rnd.Uint64N(8)
			limit := 1 + rnd.Uint64N(pages)
			g, ok := as.gapBelow(limit<<12, 0, n<<12)
			want, wok := uint64(0), false
			for s := int(limit) - int(n); s >= 0 && !wok; s-- {
				wok = true
				for i := range n {
					wok = wok && model[uint64(s)+i] == 0
				}
				want = uint64(s) << 12
			}
			if ok != wok || ok && g != want {
				t.Fatalf("gapBelow(%d, %d) = %#x %v, want %#x %v in %v", limit, n, g, ok, want, wok, as)
			}
			hole, full := as.covered(lo<<12, hi<<12)
			wantFull := true
			for i := lo; i < hi; i++ {
				if model[i] == 0 {
					wantFull = false
					if full || hole != i<<12 {
						t.Fatalf("covered(%d,%d) = %#x,%v", lo, hi, hole, full)
					}
					break
				}
			}
			if full != wantFull {
				t.Fatalf("covered(%d,%d) = %v", lo, hi, full)
			}
		}
	}
}
