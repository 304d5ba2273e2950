//go:build linux

package mem

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// madvise(2) advice that changes contents.
const (
	madvDontNeed       = 4
	madvFree           = 8
	madvRemove         = 9
	madvDontNeedLocked = 24

	madvDontFork     = 10
	madvWipeOnFork   = 18
	madvGuardInstall = 102
)

// Advise is madvise(2): holes are skipped and reported as ENOMEM at the end.
func (s *Space) Advise(addr, length uint64, advice int) abi.Errno {
	if s.sealedContents(addr, length, advice) {
		return abi.EPERM
	}
	errno := s.each(hostsys.SYS_MADVISE, addr, length, uintptr(advice))
	switch advice {
	case madvDontNeed, madvFree, madvRemove, madvDontNeedLocked:
		s.invalidateCode(addr, addr+roundUp(length))
	}
	return errno
}

// Sync is msync(2).
func (s *Space) Sync(addr, length uint64, flags int) abi.Errno {
	const async, invalidate, sync = 1, 2, 4
	if flags&^(async|invalidate|sync) != 0 || flags&async != 0 && flags&sync != 0 {
		return abi.EINVAL
	}
	if n := roundUp(length); addr&pageMask == 0 && addr+n < addr {
		return abi.ENOMEM
	}
	return s.each(hostsys.SYS_MSYNC, addr, length, uintptr(flags))
}

// Lock is mlock2(2) with flags (0 for mlock).
func (s *Space) Lock(addr, length uint64, flags int) abi.Errno {
	end := roundUp(addr + length)
	return s.each(hostsys.SYS_MLOCK2, addr&^pageMask, end-addr&^pageMask, uintptr(flags))
}

// Unlock is munlock(2).
func (s *Space) Unlock(addr, length uint64) abi.Errno {
	end := roundUp(addr + length)
	return s.each(hostsys.SYS_MUNLOCK, addr&^pageMask, end-addr&^pageMask, 0)
}

// each runs a host call on every mapped part of the range, so that it never
// touches Weir's own memory in a hole.
func (s *Space) each(nr uintptr, addr, length uint64, arg uintptr) abi.Errno {
	if addr&pageMask != 0 {
		return abi.EINVAL
	}
	n := roundUp(length)
	if n < length || addr+n < addr {
		return abi.EINVAL
	}
	if n == 0 {
		// Let the kernel judge the other arguments of an empty range.
		_, e := result(hostsys.RawSyscall(nr, uintptr(s.base+addr), 0, arg, 0, 0, 0))
		return e
	}
	if addr+n > s.limit {
		return abi.ENOMEM
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	errno := abi.Errno(0)
	if _, ok := s.areas.covered(addr, addr+n); !ok {
		errno = abi.ENOMEM
	}
	s.areas.pieces(addr, addr+n, func(lo, hi uint64, _ Area) {
		if errno != 0 && errno != abi.ENOMEM {
			return
		}
		if _, e := result(hostsys.RawSyscallBlocking(nr, uintptr(s.base+lo), uintptr(hi-lo), arg, 0, 0, 0)); e != 0 {
			errno = e
		}
	})
	return errno
}

// Incore is mincore(2): one byte per page into vec.
func (s *Space) Incore(addr, length uint64, vec uint64) abi.Errno {
	n := roundUp(length)
	if addr&pageMask != 0 {
		return abi.EINVAL
	}
	if n < length || addr+n > s.limit || addr+n < addr {
		return abi.ENOMEM
	}
	s.mu.RLock()
	_, ok := s.areas.covered(addr, addr+n)
	s.mu.RUnlock()
	if !ok {
		return abi.ENOMEM
	}
	s.UnwatchForWrite(vec, n/PageSize)
	_, e := result(hostsys.RawSyscall(hostsys.SYS_MINCORE, uintptr(s.base+addr), uintptr(n), uintptr(s.base+vec), 0, 0, 0))
	return e
}

// SetBrk sets the start of the heap, after loading a program.
func (s *Space) SetBrk(start uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.brk.start, s.brk.cur = start, start
}

// Brk is brk(2): it returns the new break, or the old one if it cannot move.
func (s *Space) Brk(addr uint64) uint64 {
	s.mu.RLock()
	start, cur := s.brk.start, s.brk.cur
	s.mu.RUnlock()
	if addr < start || addr >= s.limit {
		return cur
	}
	oldEnd, newEnd := roundUp(cur), roundUp(addr)
	switch {
	case newEnd > oldEnd:
		if _, e := s.Map(oldEnd, newEnd-oldEnd, ProtRead|ProtWrite, mapPrivate|mapAnonymous|mapFixedNoReplace, -1, 0); e != 0 {
			return cur
		}
	case newEnd < oldEnd:
		if s.Unmap(newEnd, oldEnd-newEnd) != 0 {
			return cur
		}
	}
	s.mu.Lock()
	s.brk.cur = addr
	s.mu.Unlock()
	return addr
}
