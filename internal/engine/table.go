package engine

import (
	"sync/atomic"

	"github.com/weir-emu/weir/internal/host"
)

// table finds blocks by pc and mode: open addressing with linear probing.
// Lookups need no lock as long as nothing is removed; inserting and removing
// are guarded by Engine.mu, removing also needs the world stopped.
type table struct {
	slots atomic.Pointer[[]atomic.Pointer[block]] // a power of two of them
	n     int
}

func (t *table) init(size int) {
	s := make([]atomic.Pointer[block], size)
	t.slots.Store(&s)
	t.n = 0
}

// hash spreads pc over the slots. Multiplication by the golden ratio, high bits.
func hash(pc uint64, m host.Mode) uint64 {
	return (pc>>1 ^ uint64(m)<<56) * 0x9e3779b97f4a7c15 >> 20
}

// find returns the block, or nil.
func (t *table) find(pc uint64, m host.Mode) *block {
	s := *t.slots.Load()
	mask := uint64(len(s) - 1)
	for i := hash(pc, m); ; i++ {
		b := s[i&mask].Load()
		if b == nil || b.pc == pc && b.mode == m {
			return b
		}
	}
}

// insert adds b, which must not be there.
func (t *table) insert(b *block) {
	s := *t.slots.Load()
	if 2*(t.n+1) > len(s) {
		old := s
		s = make([]atomic.Pointer[block], 2*len(s))
		for i := range old {
			if b := old[i].Load(); b != nil {
				put(s, b)
			}
		}
		t.slots.Store(&s)
	}
	put(s, b)
	t.n++
}

func put(s []atomic.Pointer[block], b *block) {
	mask := uint64(len(s) - 1)
	i := hash(b.pc, b.mode)
	for s[i&mask].Load() != nil {
		i++
	}
	s[i&mask].Store(b)
}

// remove deletes b, moving later members of its run up.
func (t *table) remove(b *block) {
	s := *t.slots.Load()
	mask := uint64(len(s) - 1)
	i := hash(b.pc, b.mode) & mask
	for s[i].Load() != b {
		if s[i].Load() == nil {
			return
		}
		i = (i + 1) & mask
	}
	t.n--
	for j := (i + 1) & mask; ; j = (j + 1) & mask {
		c := s[j].Load()
		if c == nil {
			break
		}
		// c may move to the hole at i unless its own slot lies cyclically in (i, j].
		if home := hash(c.pc, c.mode) & mask; (j-home)&mask >= (j-i)&mask {
			s[i].Store(c)
			i = j
		}
	}
	s[i].Store(nil)
}
