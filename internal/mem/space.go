//go:build linux

package mem

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

const (
	// PageSize is the guest's and host's page size, in bytes.
	PageSize = 4096
	pageMask = PageSize - 1

	// TaskSize is the end of the guest's address space without a window:
	// 47 bits, as riscv64 with Sv48 and amd64 have.
	TaskSize = 1<<47 - PageSize

	// WindowSize is the default size of the window when Base is not 0: 4 TiB,
	// enough for the address hints of Go's and the JVM's allocators.
	WindowSize = 1 << 42

	// MinAddr is the lowest address that is mapped unless asked for with MAP_FIXED.
	MinAddr = 0x10000
)

// Config says how to lay the guest's address space out.
type Config struct {
	Window  bool    // reserve a window although Base 0 would do
	Base    uintptr // -B: fixed base of the window, 0 for any
	Reserve uint64  // -R: size of the window in bytes, 0 for WindowSize
	// OnInvalidate is told that the bytes of [start,end) may no longer be what
	// was translated from there. It is called with the space locked, so that no
	// thread can use the addresses for something else before, and must not call the Space.
	OnInvalidate func(start, end uint64)
}

// Space is a guest's address space. Its methods are safe for concurrent use.
type Space struct {
	base  uint64
	limit uint64 // end of guest addresses

	mu    sync.RWMutex
	areas areas
	brk   struct{ start, cur uint64 }

	watch  watch
	limits limits

	invalidate func(start, end uint64)
	changed    func(list []Area, brk uint64) // nil: nobody wants to know
}

// New makes an empty address space.
func New(cfg Config) (*Space, error) {
	s := &Space{limit: TaskSize, limits: limits{noLimit, noLimit}, invalidate: cfg.OnInvalidate}
	if s.invalidate == nil {
		s.invalidate = func(uint64, uint64) {}
	}
	s.watch.pages = make(map[uint64]struct{})
	if !cfg.Window && cfg.Base == 0 && cfg.Reserve == 0 {
		return s, nil
	}
	size := cfg.Reserve
	if size == 0 {
		size = WindowSize
	}
	if size&pageMask != 0 || size < 1<<20 || size > TaskSize {
		return nil, fmt.Errorf("guest address space of %#x bytes: want a multiple of 4096 from 1 MiB to 128 TiB", size)
	}
	if cfg.Base&pageMask != 0 {
		return nil, fmt.Errorf("guest base %#x is not a multiple of the page size 4096", cfg.Base)
	}
	flags := mapPrivate | mapAnonymous | mapNoReserve
	if cfg.Base != 0 {
		flags |= mapFixedNoReplace
	}
	at, errno := hostMmap(uint64(cfg.Base), size, 0, flags, -1, 0)
	if errno != 0 {
		return nil, fmt.Errorf("cannot reserve %#x bytes for the guest at %#x: %w (a smaller -R, or no -B, may help)", size, cfg.Base, errno)
	}
	s.base, s.limit = at, size
	return s, nil
}

// Free reports whether the host range [lo,hi) is unused, so that a guest linked
// there can run with Base 0.
func Free(lo, hi uint64) bool {
	lo, hi = lo&^pageMask, (hi+pageMask)&^pageMask
	at, errno := hostMmap(lo, hi-lo, 0, mapPrivate|mapAnonymous|mapNoReserve|mapFixedNoReplace, -1, 0)
	if errno != 0 {
		return false
	}
	hostMunmap(at, hi-lo)
	return at == lo
}

// Base returns the host address of guest address 0.
func (s *Space) Base() uint64 { return s.base }

// Limit returns the end of the guest's addresses.
func (s *Space) Limit() uint64 { return s.limit }

// Host returns the host address of a guest address; it may be unmapped.
func (s *Space) Host(addr uint64) uintptr { return uintptr(s.base + addr) }

// OnInvalidate sets the function of Config.OnInvalidate, before guest code runs.
func (s *Space) OnInvalidate(f func(start, end uint64)) { s.invalidate = f }

// OnAreas sets a function that is told of all areas and the heap's end, now and whenever they have changed. It is called with the
// space locked, must not call the Space, and must not keep the list. nil for none.
func (s *Space) OnAreas(f func(list []Area, brk uint64)) {
	s.mu.Lock()
	defer s.unlock()
	s.changed = f
}

// unlock is mu.Unlock after areas may have changed.
func (s *Space) unlock() {
	if s.changed != nil {
		s.changed(s.areas, s.brk.cur)
	}
	s.mu.Unlock()
}

// Areas returns a copy of the mapped areas, in order.
func (s *Space) Areas() []Area {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]Area(nil), s.areas...)
}

// Lookup returns the area that contains addr.
func (s *Space) Lookup(addr uint64) (Area, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.areas.at(addr)
}

// Reset unmaps everything, for execve.
func (s *Space) Reset() error {
	s.mu.Lock()
	var failed abi.Errno
	for _, a := range s.areas {
		if e := s.release(a.Start, a.End); e != 0 {
			failed = e
		}
	}
	s.areas = s.areas[:0]
	s.brk.start, s.brk.cur = 0, 0
	s.watch.renew(0, s.limit)
	s.invalidate(0, s.limit)
	s.unlock()
	if failed != 0 {
		return fmt.Errorf("cannot unmap the old program: %w", failed)
	}
	return nil
}

// Close unmaps everything, the window included. The space cannot be used afterwards.
func (s *Space) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base != 0 {
		hostMunmap(s.base, s.limit)
	} else {
		for _, a := range s.areas {
			hostMunmap(a.Start, a.End-a.Start)
		}
	}
	s.areas, s.limit = nil, 0
}

// release gives the host pages of [lo,hi) back: unmapped, or reserved again in
// a window.
func (s *Space) release(lo, hi uint64) abi.Errno {
	if s.base == 0 {
		return hostMunmap(lo, hi-lo)
	}
	_, e := hostMmap(s.base+lo, hi-lo, 0, mapPrivate|mapAnonymous|mapNoReserve|mapFixed, -1, 0)
	return e
}

// RandomBase returns a page-aligned pseudo-random offset below n bytes, for the
// loader's address layout.
func RandomBase(n uint64) uint64 { return rand.Uint64N(n) &^ pageMask }

// errWindow is returned for a fixed mapping over Weir's own memory.
var errWindow = errors.New("the range is used by weir itself")

// Reserve checks that [lo,hi) can be mapped at these very addresses, for
// programs that are not position-independent.
func (s *Space) Reserve(lo, hi uint64) error {
	if hi > s.limit || lo >= hi {
		return fmt.Errorf("addresses %#x to %#x are outside the guest's address space of %#x bytes", lo, hi, s.limit)
	}
	if s.base != 0 || Free(lo, hi) {
		return nil
	}
	return fmt.Errorf("addresses %#x to %#x: %w", lo, hi, errWindow)
}

func roundUp(n uint64) uint64 { return (n + pageMask) &^ pageMask }

// hostProt is what a guest protection becomes on the host: code is read, never
// executed, by the host.
func hostProt(p Prot) int {
	h := int(p & (ProtRead | ProtWrite))
	if p&(ProtExec|ProtWrite) != 0 {
		h |= int(ProtRead)
	}
	return h
}

// hostMmap and its kin are mmap(2) and so on with an errno as result.
func hostMmap(addr, n uint64, prot, flags, fd int, off int64) (uint64, abi.Errno) {
	return result(hostsys.Mmap(uintptr(addr), uintptr(n), prot, flags, fd, off))
}

func hostMunmap(addr, n uint64) abi.Errno {
	return abi.Errno(hostsys.Munmap(uintptr(addr), uintptr(n)))
}

func hostMprotect(addr, n uint64, prot int) abi.Errno {
	return abi.Errno(hostsys.Mprotect(uintptr(addr), uintptr(n), prot))
}

func hostMremap(old, oldLen, newLen uint64, flags int, addr uint64) (uint64, abi.Errno) {
	return result(hostsys.Mremap(uintptr(old), uintptr(oldLen), uintptr(newLen), flags, uintptr(addr)))
}

func result(r uintptr) (uint64, abi.Errno) {
	if hostsys.IsErr(r) {
		return 0, abi.Errno(hostsys.Errno(r))
	}
	return uint64(r), 0
}
