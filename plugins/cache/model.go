package cache

import (
	"fmt"
	"math/bits"
)

// eviction is how a cache chooses the block that makes room for another.
type eviction uint8

const (
	lru    eviction = iota // the one not used for longest
	fifo                   // the one fetched first
	random                 // any
)

// geometry is the shape of a cache: sizes in bytes, and how many blocks of the same set it holds.
type geometry struct{ size, block, assoc uint64 }

// maxBlocks bounds the memory of a modelled cache.
const maxBlocks = 1 << 24

// check refuses what cannot be a cache; name is how the options call it.
func (g geometry) check(name string) error {
	switch {
	case bits.OnesCount64(g.block) != 1:
		return fmt.Errorf("%sblksize=%d: want a power of two", name, g.block)
	case g.assoc == 0:
		return fmt.Errorf("%sassoc=0: want at least 1", name)
	case g.size == 0 || g.size%g.block != 0:
		return fmt.Errorf("%scachesize=%d: want a multiple of the block size, %d", name, g.size, g.block)
	case g.size/g.block > maxBlocks:
		return fmt.Errorf("%scachesize=%d: a cache has at most %d blocks", name, g.size, maxBlocks)
	case g.size/g.block%g.assoc != 0:
		return fmt.Errorf("%scachesize=%d: want a multiple of the size of a set, %d blocks of %d", name, g.size, g.assoc, g.block)
	}
	return nil
}

// model is one cache. It is not safe for concurrent use.
type model struct {
	evict    eviction
	shift    int    // log2 of the block size
	sets     uint64 // number of sets
	mask     uint64 // sets-1 if that is a power of two, else 0
	assoc    int
	blocks   []uint64 // assoc for each set: 1 + the block's address >> shift, 0: empty
	next     []uint32 // fifo: for each set, which to replace next
	state    uint64   // random: of the generator
	accesses uint64
	misses   uint64
}

func newModel(g geometry, e eviction) *model {
	m := &model{
		evict: e, shift: bits.TrailingZeros64(g.block), sets: g.size / g.block / g.assoc, assoc: int(g.assoc),
		blocks: make([]uint64, g.size/g.block), state: 0x9e3779b97f4a7c15,
	}
	if m.sets&(m.sets-1) == 0 {
		m.mask = m.sets - 1
	}
	if e == fifo {
		m.next = make([]uint32, m.sets)
	}
	return m
}

// access looks addr up, fetches its block if it is not there, and reports whether it was.
func (m *model) access(addr uint64) (hit bool) {
	m.accesses++
	block := addr >> m.shift
	set := block & m.mask
	if m.mask == 0 && m.sets > 1 {
		set = block % m.sets
	}
	ways := m.blocks[int(set)*m.assoc:][:m.assoc]
	block++
	if ways[0] == block { // the usual case, in lru at least
		return true
	}
	for i := 1; i < len(ways); i++ {
		if ways[i] == block {
			if m.evict == lru { // sets are in the order of use, latest first
				copy(ways[1:], ways[:i])
				ways[0] = block
			}
			return true
		}
	}
	m.misses++
	switch m.evict {
	case lru:
		copy(ways[1:], ways)
		ways[0] = block
	case fifo:
		ways[m.next[set]] = block
		m.next[set] = (m.next[set] + 1) % uint32(m.assoc)
	case random:
		ways[m.victim(ways)] = block
	}
	return false
}

// victim chooses an empty place, or else any, by Marsaglia's xorshift. All runs choose alike.
func (m *model) victim(ways []uint64) int {
	for i, b := range ways {
		if b == 0 {
			return i
		}
	}
	m.state ^= m.state << 13
	m.state ^= m.state >> 7
	m.state ^= m.state << 17
	return int((m.state >> 33) % uint64(len(ways)))
}
