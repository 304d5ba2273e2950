//go:build linux

package mem

import "github.com/weir-emu/weir/abi"

// Flags of mmap(2) and mremap(2) (asm-generic/mman-common.h, linux/mman.h).
const (
	mapShared          = 0x01
	mapPrivate         = 0x02
	mapTypeMask        = 0x0f
	mapFixed           = 0x10
	mapAnonymous       = 0x20
	mapGrowsDown       = 0x0100
	mapNoReserve       = 0x4000
	mapFixedNoReplace  = 0x100000
	mremapMayMove      = 1
	mremapFixed        = 2
	mremapDontUnmap    = 4
	mremapKnown        = mremapMayMove | mremapFixed | mremapDontUnmap
	hostMapAnonReserve = mapPrivate | mapAnonymous | mapNoReserve
)

// Map is mmap(2): it maps length bytes at or near addr and returns where. Errors
// are the kernel's; a fixed mapping over Weir's own memory is ENOMEM.
func (s *Space) Map(addr, length uint64, prot Prot, flags, fd int, off int64) (uint64, abi.Errno) {
	if flags&mapAnonymous == 0 && off&pageMask != 0 {
		return 0, abi.EINVAL
	}
	if length == 0 {
		return 0, abi.EINVAL
	}
	n := roundUp(length)
	if n == 0 || n > s.limit {
		return 0, abi.ENOMEM
	}
	if flags&mapFixedNoReplace != 0 {
		flags &^= mapFixed
	}
	if flags&(mapAnonymous|mapGrowsDown) == mapAnonymous|mapGrowsDown && flags&mapTypeMask != mapPrivate {
		return 0, abi.EINVAL // the host does not see mapGrowsDown
	}
	fixed := flags&(mapFixed|mapFixedNoReplace) != 0
	if fixed {
		if addr&pageMask != 0 {
			return 0, abi.EINVAL
		}
		if addr > s.limit-n {
			return 0, abi.ENOMEM
		}
	}
	area := Area{
		Prot: prot & protMask, Shared: flags&mapTypeMask != mapPrivate, File: flags&mapAnonymous == 0, GrowsDown: flags&mapGrowsDown != 0,
	}
	var end uint64 // of what is replaced
	if flags&mapFixed != 0 {
		end = addr + n
	}
	s.mu.Lock()
	if end != 0 && s.sealed(addr, end) {
		s.mu.Unlock()
		return 0, abi.EPERM
	}
	if !s.mayExpand(area, n, addr, end) {
		s.mu.Unlock()
		return 0, abi.ENOMEM
	}
	at, replaced, errno := s.place(addr, n, prot, flags, fd, off)
	if errno == 0 {
		s.watch.renew(at, at+n)
		area.Start, area.End = at, at+n
		s.areas.insert(area)
	}
	if replaced {
		s.invalidate(addr, addr+n)
	}
	s.unlock()
	return at, errno
}

// place finds the address and makes the host mapping. replaced tells that
// guest mappings were in its way and are gone.
func (s *Space) place(addr, n uint64, prot Prot, flags, fd int, off int64) (at uint64, replaced bool, errno abi.Errno) {
	hp := hostProt(prot)
	// MAP_GROWSDOWN would let the kernel grow the area unseen; a stack that a
	// guest makes this way gets what it asked for and no more.
	hf := flags &^ (mapFixed | mapFixedNoReplace | mapGrowsDown)
	if flags&(mapFixed|mapFixedNoReplace) == 0 {
		at, errno = s.placeAnywhere(addr&^pageMask, n, hp, hf, fd, off)
		return at, false, errno
	}
	over := s.areas.overlaps(addr, addr+n)
	if over && flags&mapFixedNoReplace != 0 {
		return 0, false, abi.EEXIST
	}
	if s.base != 0 {
		_, errno = hostMmap(s.base+addr, n, hp, hf|mapFixed, fd, off)
		return addr, over, errno
	}
	if !over {
		at, errno = hostMmap(addr, n, hp, hf|mapFixedNoReplace, fd, off)
		if errno == abi.EEXIST && flags&mapFixed != 0 {
			errno = abi.ENOMEM
		}
		return at, false, errno
	}
	// Claim the holes first, so that nothing of Weir's is replaced.
	var claimed [][2]uint64
	s.areas.holes(addr, addr+n, func(lo, hi uint64) {
		if errno != 0 {
			return
		}
		if _, e := hostMmap(lo, hi-lo, 0, hostMapAnonReserve|mapFixedNoReplace, -1, 0); e != 0 {
			errno = abi.ENOMEM
			return
		}
		claimed = append(claimed, [2]uint64{lo, hi})
	})
	if errno == 0 {
		at, errno = hostMmap(addr, n, hp, hf|mapFixed, fd, off)
	}
	if errno != 0 {
		for _, c := range claimed {
			hostMunmap(c[0], c[1]-c[0])
		}
		return 0, false, errno
	}
	return at, true, 0
}

// placeAnywhere maps at the hint if that is free, else where there is room.
func (s *Space) placeAnywhere(hint, n uint64, hp, hf, fd int, off int64) (uint64, abi.Errno) {
	if s.base == 0 {
		if hint != 0 && hint < MinAddr {
			hint = MinAddr
		}
		at, errno := hostMmap(hint, n, hp, hf, fd, off)
		if errno == 0 && at > s.limit-n {
			hostMunmap(at, n)
			return s.placeBelow(n, hp, hf, fd, off)
		}
		return at, errno
	}
	at := hint
	if hint < MinAddr || hint > s.limit-n || s.areas.overlaps(hint, hint+n) {
		var ok bool
		if at, ok = s.areas.gapBelow(s.limit-PageSize, MinAddr, n); !ok {
			return 0, abi.ENOMEM
		}
	}
	_, errno := hostMmap(s.base+at, n, hp, hf|mapFixed, fd, off)
	return at, errno
}

// placeBelow maps at an address of the guest's where the host's kernel prefers others: its address space can be the
// larger one (48 bits on arm64).
func (s *Space) placeBelow(n uint64, hp, hf, fd int, off int64) (uint64, abi.Errno) {
	end := s.limit - PageSize
	for step := uint64(1 << 24); ; step *= 2 {
		at, ok := s.areas.gapBelow(end, MinAddr, n)
		if !ok {
			return 0, abi.ENOMEM
		}
		// Memory of Weir's can be in the way, of which areas does not know.
		got, errno := hostMmap(at, n, hp, hf|mapFixedNoReplace, fd, off)
		if errno != abi.EEXIST {
			return got, errno
		}
		if at+n <= step {
			return 0, abi.ENOMEM
		}
		end = at + n - step
	}
}

// Unmap is munmap(2).
func (s *Space) Unmap(addr, length uint64) abi.Errno {
	n := roundUp(length)
	if addr&pageMask != 0 || n == 0 || n > s.limit || addr > s.limit-n {
		return abi.EINVAL
	}
	s.mu.Lock()
	if s.sealed(addr, addr+n) {
		s.mu.Unlock()
		return abi.EPERM
	}
	errno := abi.Errno(0)
	found := false
	s.areas.pieces(addr, addr+n, func(lo, hi uint64, _ Area) {
		found = true
		if e := s.release(lo, hi); e != 0 && errno == 0 {
			errno = e
		}
	})
	if errno == 0 {
		s.areas.remove(addr, addr+n)
		s.watch.renew(addr, addr+n)
	}
	if found { // before another thread can map something else there
		s.invalidate(addr, addr+n)
	}
	s.unlock()
	return errno
}

// Protect is mprotect(2). A hole is ENOMEM after the part before it has been
// changed, as in the kernel.
func (s *Space) Protect(addr, length uint64, prot Prot) abi.Errno {
	n := roundUp(length)
	if addr&pageMask != 0 {
		return abi.EINVAL
	}
	if length == 0 {
		return 0
	}
	if n == 0 || n > s.limit || addr > s.limit-n {
		return abi.ENOMEM
	}
	end := addr + n
	s.mu.Lock()
	if errno := s.mayProtect(addr, end, prot); errno != 0 {
		s.mu.Unlock()
		return errno
	}
	errno := abi.Errno(0)
	if hole, ok := s.areas.covered(addr, end); !ok {
		end, errno = hole, abi.ENOMEM
	}
	code := false
	if end > addr {
		s.areas.pieces(addr, end, func(_, _ uint64, a Area) { code = code || a.Prot&ProtExec != 0 })
		if e := hostMprotect(s.base+addr, end-addr, hostProt(prot)); e != 0 {
			errno = e
		} else {
			s.areas.update(addr, end, func(a *Area) { a.Prot = prot & protMask })
			s.watch.renew(addr, end)
		}
	}
	if code {
		s.invalidate(addr, end)
	}
	s.unlock()
	return errno
}

// mayProtect says whether seals and RLIMIT_DATA let a range have another protection.
func (s *Space) mayProtect(addr, end uint64, prot Prot) abi.Errno {
	if s.sealed(addr, end) {
		return abi.EPERM
	}
	if s.limits.data == noLimit || prot&ProtWrite == 0 {
		return 0
	}
	more := uint64(0)
	s.areas.pieces(addr, end, func(lo, hi uint64, a Area) {
		was := a.isData()
		a.Prot = prot
		if a.isData() && !was {
			more += hi - lo
		}
	})
	if _, data := s.usage(0, 0); more != 0 && (more > s.limits.data || data > s.limits.data-more) {
		return abi.ENOMEM
	}
	return 0
}

// Remap is mremap(2).
func (s *Space) Remap(old, oldLen, newLen uint64, flags int, newAddr uint64) (uint64, abi.Errno) {
	if flags&^mremapKnown != 0 || flags&(mremapFixed|mremapDontUnmap) != 0 && flags&mremapMayMove == 0 || old&pageMask != 0 {
		return 0, abi.EINVAL
	}
	oldN, newN := roundUp(oldLen), roundUp(newLen)
	if newN == 0 || newN > s.limit || flags&mremapDontUnmap != 0 && oldN != newN {
		return 0, abi.EINVAL
	}
	if flags&mremapFixed != 0 {
		if newAddr&pageMask != 0 || newAddr > s.limit-newN || old < newAddr+newN && newAddr < old+oldN {
			return 0, abi.EINVAL
		}
	}
	s.mu.Lock()
	defer s.unlock()
	if oldN > s.limit || old > s.limit-oldN {
		if _, ok := s.areas.at(old); ok && newN <= oldN && flags&(mremapFixed|mremapDontUnmap) == 0 {
			return 0, abi.EINVAL // of the munmap that shrinks it
		}
		return 0, abi.EFAULT
	}
	at, errno := s.remap(old, oldN, newN, flags, newAddr)
	if errno == 0 {
		s.invalidate(old, old+max(oldN, PageSize))
		s.invalidate(at, at+newN)
	}
	return at, errno
}

func (s *Space) remap(old, oldN, newN uint64, flags int, newAddr uint64) (uint64, abi.Errno) {
	a, ok := s.areas.at(old)
	if !ok {
		return 0, abi.EFAULT
	}
	if oldN == 0 && !a.Shared { // duplicating a private mapping is refused since Linux 4.14
		return 0, abi.EINVAL
	}
	if hole, full := s.areas.covered(old, old+oldN); !full {
		if newN <= oldN && flags&(mremapFixed|mremapDontUnmap) == 0 && hole >= old+newN {
			// shrinking never looks at the part that goes
		} else {
			return 0, abi.EFAULT
		}
	}
	if s.sealed(old, old+max(oldN, PageSize)) || flags&mremapFixed != 0 && s.sealed(newAddr, newAddr+newN) {
		return 0, abi.EPERM
	}
	move := flags&(mremapFixed|mremapDontUnmap) != 0
	if !move && newN <= oldN { // shrink in place
		s.areas.pieces(old+newN, old+oldN, func(lo, hi uint64, _ Area) { s.release(lo, hi) })
		s.areas.remove(old+newN, old+oldN)
		s.watch.renew(old+newN, old+oldN)
		return old, 0
	}
	if oldN != 0 && a.End < old+oldN { // more than one area cannot grow or move
		return 0, abi.EFAULT
	}
	more := newN
	if flags&mremapDontUnmap == 0 {
		more = newN - min(newN, oldN)
	}
	if more != 0 && !s.mayExpand(a, more, 0, 0) {
		return 0, abi.ENOMEM
	}
	s.unwatchLocked(old, old+oldN)
	at, errno := s.hostRemap(old, oldN, newN, flags, newAddr)
	if errno != 0 {
		return 0, errno
	}
	if at != old && oldN != 0 && flags&mremapDontUnmap == 0 {
		s.areas.remove(old, old+oldN)
	}
	a.Start, a.End = at, at+newN
	s.watch.renew(at, at+newN)
	s.areas.insert(a)
	return at, 0
}

// hostRemap moves or grows the host mapping.
func (s *Space) hostRemap(old, oldN, newN uint64, flags int, newAddr uint64) (uint64, abi.Errno) {
	if s.base == 0 {
		if flags&mremapFixed == 0 {
			at, errno := hostMremap(old, oldN, newN, flags, 0)
			if errno != 0 || at <= s.limit-newN {
				return at, errno
			}
			spot, errno := s.placeBelow(newN, 0, hostMapAnonReserve, -1, 0)
			if errno != 0 {
				hostMunmap(at, newN)
				return 0, errno
			}
			return hostMremap(at, newN, newN, mremapMayMove|mremapFixed, spot)
		}
		return s.remapFixed(old, oldN, newN, flags, newAddr)
	}
	if flags&mremapFixed == 0 {
		grows := old+newN <= s.limit && !s.areas.overlaps(old+oldN, old+newN)
		if flags&mremapDontUnmap == 0 && oldN != 0 && grows {
			// The reservation behind the area is in the way: give it up for a moment.
			if e := hostMunmap(s.base+old+oldN, newN-oldN); e != 0 {
				return 0, e
			}
			if _, e := hostMremap(s.base+old, oldN, newN, 0, 0); e == 0 {
				return old, 0
			}
			hostMmap(s.base+old+oldN, newN-oldN, 0, hostMapAnonReserve|mapFixedNoReplace, -1, 0)
		}
		if flags&mremapMayMove == 0 {
			return 0, abi.ENOMEM
		}
		var ok bool
		if newAddr, ok = s.areas.gapBelow(s.limit-PageSize, MinAddr, newN); !ok {
			return 0, abi.ENOMEM
		}
	}
	return s.remapFixed(old, oldN, newN, flags|mremapFixed, newAddr)
}

// remapFixed moves a mapping to newAddr, where guest mappings may be in the way
// but nothing of Weir's.
func (s *Space) remapFixed(old, oldN, newN uint64, flags int, newAddr uint64) (uint64, abi.Errno) {
	if s.base == 0 {
		errno := abi.Errno(0)
		s.areas.holes(newAddr, newAddr+newN, func(lo, hi uint64) {
			if errno == 0 {
				_, errno = hostMmap(lo, hi-lo, 0, hostMapAnonReserve|mapFixedNoReplace, -1, 0)
			}
		})
		if errno != 0 {
			return 0, abi.ENOMEM
		}
	}
	if _, e := hostMremap(s.base+old, oldN, newN, flags, s.base+newAddr); e != 0 {
		return 0, e
	}
	if s.base != 0 && oldN != 0 && flags&mremapDontUnmap == 0 {
		hostMmap(s.base+old, oldN, 0, hostMapAnonReserve|mapFixedNoReplace, -1, 0)
	}
	return newAddr, 0
}
