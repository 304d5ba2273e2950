package cache

import (
	"strings"
	"testing"
)

// play accesses block numbers and returns "h" for each hit, "m" for each miss.
func play(m *model, blocks ...uint64) string {
	var b strings.Builder
	for _, n := range blocks {
		if m.access(n << m.shift) {
			b.WriteByte('h')
		} else {
			b.WriteByte('m')
		}
	}
	return b.String()
}

// Sequences worked out by hand. One set of two ways unless said otherwise.
func TestSequences(t *testing.T) {
	one := geometry{128, 64, 2}
	for _, c := range []struct {
		name   string
		g      geometry
		e      eviction
		blocks []uint64
		want   string
	}{
		// 1 and 2 are in; 1 is used; 3 replaces 2 (lru) or 1 (fifo).
		{"lru", one, lru, []uint64{1, 2, 1, 3, 1, 2, 3}, "mmhmhmm"},
		{"fifo", one, fifo, []uint64{1, 2, 1, 3, 1, 2, 3}, "mmhmmmm"},
		// 1 2 3 in turns are too many for two ways, and just fit in three.
		{"lru thrashing", one, lru, []uint64{1, 2, 3, 1, 2, 3, 1}, "mmmmmmm"},
		{"lru fits", geometry{192, 64, 3}, lru, []uint64{1, 2, 3, 1, 2, 3, 1}, "mmmhhhh"},
		{"fifo fits", geometry{192, 64, 3}, fifo, []uint64{1, 2, 3, 1, 2, 3, 1}, "mmmhhhh"},
		{"random fits", geometry{192, 64, 3}, random, []uint64{1, 2, 3, 1, 2, 3, 1}, "mmmhhhh"},
		// Directly mapped, 4 sets: 0 and 4 exclude each other, 1 does not care.
		{"direct", geometry{256, 64, 1}, lru, []uint64{0, 4, 0, 1, 4, 1, 5, 1}, "mmmmmhmm"},
		{"direct fifo", geometry{256, 64, 1}, fifo, []uint64{0, 4, 0, 1, 4, 1, 5, 1}, "mmmmmhmm"},
		{"direct random", geometry{256, 64, 1}, random, []uint64{0, 4, 0, 1, 4, 1, 5, 1}, "mmmmmhmm"},
		// Two sets of two ways: even and odd blocks.
		{"sets", geometry{256, 64, 2}, lru, []uint64{0, 1, 2, 3, 0, 1, 4, 5, 2, 0, 3}, "mmmmhhmmmmm"},
		// Three sets, which is no power of two: 0, 3, 6 share one.
		{"three sets", geometry{384, 64, 2}, lru, []uint64{0, 3, 1, 4, 0, 6, 3, 0, 1, 2}, "mmmmhmmmhm"},
		// The whole of block 0 counts as present, also address 0 itself at first as absent.
		{"zero", one, fifo, []uint64{0, 0, 1, 0}, "mhmh"},
		// Belady's anomaly of fifo: 9 misses in 3 ways, 10 in 4.
		{"belady 3", geometry{192, 64, 3}, fifo, []uint64{1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5}, "mmmmmmmhhmmh"},
		{"belady 4", geometry{256, 64, 4}, fifo, []uint64{1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5}, "mmmmhhmmmmmm"},
		{"lru 4", geometry{256, 64, 4}, lru, []uint64{1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5}, "mmmmhhmhhmmm"},
	} {
		m := newModel(c.g, c.e)
		got := play(m, c.blocks...)
		if got != c.want || m.accesses != uint64(len(c.want)) || m.misses != uint64(strings.Count(c.want, "m")) {
			t.Errorf("%s: %s, want %s; %d accesses, %d misses", c.name, got, c.want, m.accesses, m.misses)
		}
	}
}

// Bytes of a block go together.
func TestBlocks(t *testing.T) {
	m := newModel(geometry{1024, 32, 4}, lru)
	for addr, want := range []bool{0: false, 31: true, 32: false, 63: true, 64: false} {
		if addr%32 != 0 && addr%32 != 31 {
			continue
		}
		if got := m.access(uint64(addr)); got != want {
			t.Errorf("%d: hit %v", addr, got)
		}
	}
}

// Random replacement spreads over the ways, and is the same in each run.
func TestRandom(t *testing.T) {
	run := func() (survived [8]int) {
		for round := range uint64(4000) {
			m := newModel(geometry{8 * 64, 64, 8}, random)
			m.state += round * 0x9e3779b97f4a7c15
			m.state |= 1
			play(m, 0, 1, 2, 3, 4, 5, 6, 7, 100)
			for i := range survived {
				if m.blocks[i] == uint64(i)+1 {
					survived[i]++
				}
			}
		}
		return survived
	}
	a := run()
	for i, n := range a {
		if n < 4000*7/8-150 || n > 4000*7/8+150 { // 7 standard deviations
			t.Errorf("way %d survived %d times of 4000", i, n)
		}
	}
	if a != run() {
		t.Error("another run chooses otherwise")
	}
}

func TestGeometry(t *testing.T) {
	for _, g := range []geometry{{16384, 64, 8}, {2097152, 64, 16}, {64, 64, 1}, {48 << 10, 64, 12}, {1, 1, 1}} {
		if err := g.check("d"); err != nil {
			t.Errorf("%+v: %v", g, err)
		}
	}
	for g, want := range map[geometry]string{
		{16384, 48, 8}:     "dblksize=48: want a power of two",
		{16384, 0, 8}:      "dblksize=0: want a power of two",
		{16384, 64, 0}:     "dassoc=0: want at least 1",
		{100, 64, 1}:       "dcachesize=100: want a multiple of the block size, 64",
		{0, 64, 1}:         "dcachesize=0: want a multiple of the block size, 64",
		{16384, 64, 7}:     "dcachesize=16384: want a multiple of the size of a set, 7 blocks of 64",
		{1 << 40, 64, 8}:   "dcachesize=1099511627776: a cache has at most 16777216 blocks",
		{64, 64, 2}:        "dcachesize=64: want a multiple of the size of a set, 2 blocks of 64",
		{1 << 40, 1, 1}:    "dcachesize=1099511627776: a cache has at most 16777216 blocks",
		{1 << 20, 64, 1e9}: "dcachesize=1048576: want a multiple of the size of a set, 1000000000 blocks of 64",
	} {
		if err := g.check("d"); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", g, err, want)
		}
	}
}
