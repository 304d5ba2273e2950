package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/weir-emu/weir/internal/host"
)

// TestTable compares the table with a map under random inserts and removals.
func TestTable(t *testing.T) {
	type key struct {
		pc uint64
		m  host.Mode
	}
	r := rand.New(rand.NewPCG(7, 8))
	var tab table
	tab.init(4)
	ref := map[key]*block{}
	for n := range 20000 {
		k := key{uint64(r.IntN(3000)) * 2, host.Mode(r.IntN(2))}
		b := tab.find(k.pc, k.m)
		if b != ref[k] {
			t.Fatalf("operation %d: found %p, want %p", n, b, ref[k])
		}
		switch {
		case b == nil:
			b = &block{pc: k.pc, mode: k.m}
			ref[k] = b
			tab.insert(b)
		case r.IntN(3) > 0:
			delete(ref, k)
			tab.remove(b)
			tab.remove(b) // no effect
		}
		if tab.n != len(ref) {
			t.Fatalf("n = %d, want %d", tab.n, len(ref))
		}
	}
	for k, b := range ref {
		if tab.find(k.pc, k.m) != b {
			t.Errorf("%+v lost", k)
		}
	}
}
