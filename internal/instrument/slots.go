//go:build linux

package instrument

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/plugin"
)

// slots is the scoreboard memory: an area per vCPU index in which every scoreboard has the
// same offset, so that generated code reaches a word by the thread's base address and a
// constant. Areas are mapped outside the Go heap and never move.
type slots struct {
	mu    sync.Mutex
	end   int        // bytes of an area handed out
	free  []freeSlot // given back
	areas atomic.Pointer[[]*area]
}

type freeSlot struct{ off, size int }

// area is the memory of one vCPU index.
type area struct {
	words []uint64
	cpu   atomic.Pointer[engine.CPU] // of the thread that has the index
}

var errSlots = errors.New("no room left for scoreboards")

func roundSlot(size int) int { return (size + 7) &^ 7 }

// alloc hands out size bytes of every area. Those of 64 bytes and more start at a multiple
// of 64.
func (s *slots) alloc(size int) (int, error) {
	if size > plugin.SlotSize {
		return 0, errSlots
	}
	size = roundSlot(size)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.free, func(f freeSlot) bool { return f.size == size }); i >= 0 {
		off := s.free[i].off
		s.free = slices.Delete(s.free, i, i+1)
		return off, nil
	}
	off := s.end
	if size >= 64 {
		off = (off + 63) &^ 63
	}
	if size > plugin.SlotSize-off {
		return 0, errSlots
	}
	s.end = off + size
	return off, nil
}

// release gives memory back; nobody uses it any more.
func (s *slots) release(off, size int) {
	size = roundSlot(size)
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.areas.Load(); p != nil {
		for _, a := range *p {
			if a != nil {
				clear(a.words[off/8 : (off+size)/8])
			}
		}
	}
	s.free = append(s.free, freeSlot{off, size})
}

// area returns the area of index i, nil if it has not been made.
func (s *slots) area(i int) *area {
	if p := s.areas.Load(); p != nil && i >= 0 && i < len(*p) {
		return (*p)[i]
	}
	return nil
}

// forget is for a forked child, in which only the thread of index i exists.
func (s *slots) forget(i int) {
	if p := s.areas.Load(); p != nil {
		for n, a := range *p {
			if a != nil && n != i {
				a.cpu.Store(nil)
			}
		}
	}
}

// make returns the area, and behind it the buffer for trace records, of index i, which it maps if need be.
func (s *slots) make(i int) *area {
	if a := s.area(i); a != nil {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.area(i); a != nil {
		return a
	}
	var list []*area
	if p := s.areas.Load(); p != nil {
		list = slices.Clone(*p)
	}
	for len(list) <= i {
		list = append(list, nil)
	}
	words := hostsys.MapWords(plugin.SlotSize + ringWords*8)
	if words == nil {
		panic("weir: no memory for the scoreboards of a thread")
	}
	list[i] = &area{words: words}
	s.areas.Store(&list)
	return list[i]
}
