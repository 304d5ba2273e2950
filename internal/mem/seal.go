//go:build linux

package mem

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Seal is mseal(2): the range's areas cannot be unmapped, moved, replaced or protected otherwise any more, until
// the process executes a program. The host's mappings are not sealed, since watching code changes their protection.
func (s *Space) Seal(addr, length uint64) abi.Errno {
	if addr&pageMask != 0 {
		return abi.EINVAL
	}
	n := roundUp(length)
	if n < length || addr+n < addr {
		return abi.EINVAL
	}
	if n == 0 {
		return 0
	}
	if addr+n > s.limit {
		return abi.ENOMEM
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.areas.covered(addr, addr+n); !ok {
		return abi.ENOMEM
	}
	s.areas.update(addr, addr+n, func(a *Area) { a.Sealed = true })
	return 0
}

// sealed reports whether any area in [start,end) is sealed. Called with mu held.
func (s *Space) sealed(start, end uint64) (any bool) {
	s.areas.pieces(start, end, func(_, _ uint64, a Area) { any = any || a.Sealed })
	return any
}

// discards reports whether madvise advice loses contents (mm/mseal.c, is_discard), which sealed private
// memory that cannot be written does not let happen.
func discards(advice int) bool {
	switch advice {
	case madvDontNeed, madvFree, madvRemove, madvDontNeedLocked, madvDontFork, madvWipeOnFork, madvGuardInstall:
		return true
	}
	return false
}

// sealedContents reports whether advice would lose contents of sealed memory.
func (s *Space) sealedContents(addr, length uint64, advice int) (any bool) {
	if !discards(advice) {
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.areas.pieces(addr, addr+roundUp(length), func(_, _ uint64, a Area) {
		any = any || a.Sealed && !a.Shared && a.Prot&ProtWrite == 0
	})
	return any
}

// RemapFilePages is remap_file_pages(2): another part of the shared file that is mapped at addr, starting at
// page pgoff, replaces what is mapped in [addr,addr+size). prot must be 0.
func (s *Space) RemapFilePages(addr, size uint64, prot int, pgoff uint64, flags int) abi.Errno {
	addr &^= pageMask
	size &^= pageMask
	if prot != 0 || size == 0 || addr+size < addr || addr+size > s.limit {
		return abi.EINVAL
	}
	end := addr + size
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.areas.covered(addr, end); !ok {
		return abi.EINVAL
	}
	if s.sealed(addr, end) {
		return abi.EPERM
	}
	ok := true
	s.areas.pieces(addr, end, func(_, _ uint64, a Area) { ok = ok && a.Shared && a.File })
	if !ok {
		return abi.EINVAL
	}
	s.unwatchLocked(addr, end) // the host takes the protection of what is there
	_, e := result(hostsys.RawSyscall(hostsys.SYS_REMAP_FILE_PAGES, uintptr(s.base+addr), uintptr(size), 0, uintptr(pgoff), uintptr(flags), 0))
	s.invalidate(addr, end)
	return e
}

// Adopt adds a mapping that the host kernel has made by itself.
func (s *Space) Adopt(addr, length uint64, prot Prot) {
	s.mu.Lock()
	defer s.unlock()
	s.areas.insert(Area{Start: addr, End: addr + roundUp(length), Prot: prot, Shared: true, File: true})
}

// Disown removes a mapping that the host kernel has unmapped by itself.
func (s *Space) Disown(addr, length uint64) {
	s.mu.Lock()
	defer s.unlock()
	s.areas.remove(addr, addr+roundUp(length))
	s.watch.clear(addr, addr+roundUp(length))
}
