//go:build linux

package mem

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Read fills p from guest memory, all or nothing.
func (s *Space) Read(addr uint64, p []byte) bool {
	if len(p) == 0 {
		return true
	}
	if !s.contains(addr, uint64(len(p))) {
		return false
	}
	n, _ := hostsys.CopyIn(p, s.Host(addr))
	return n == len(p)
}

// Peek is Read that disregards the guest's page protection, as a debugger does: the pages are
// made readable for the moment.
func (s *Space) Peek(addr uint64, p []byte) bool {
	if s.Read(addr, p) {
		return true
	}
	return s.regardless(addr, uint64(len(p)), ProtRead, func() bool {
		n, _ := hostsys.CopyIn(p, s.Host(addr))
		return n == len(p)
	})
}

// Write copies p to guest memory. On failure a part may have been written.
func (s *Space) Write(addr uint64, p []byte) bool {
	if len(p) == 0 {
		return true
	}
	if !s.contains(addr, uint64(len(p))) {
		return false
	}
	for {
		n, _ := hostsys.CopyOut(s.Host(addr), p)
		if n == len(p) {
			return true
		}
		addr, p = addr+uint64(n), p[n:]
		if !s.UnwatchForWrite(addr, 1) {
			return false
		}
	}
}

// Poke is Write that disregards the guest's page protection, as a debugger
// does: the pages are made writable for the moment.
func (s *Space) Poke(addr uint64, p []byte) bool {
	if s.Write(addr, p) {
		return true
	}
	return s.regardless(addr, uint64(len(p)), ProtRead|ProtWrite, func() bool {
		n, _ := hostsys.CopyOut(s.Host(addr), p)
		return n == len(p)
	})
}

// regardless calls f while the pages of n bytes at addr, all mapped, have prot in addition to what
// they have. It reports whether f was called and succeeded.
func (s *Space) regardless(addr, n uint64, prot Prot, f func() bool) bool {
	if !s.contains(addr, n) {
		return false
	}
	start, end := addr&^pageMask, roundUp(addr+n)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.areas.covered(start, end)
	if ok {
		if prot&ProtWrite != 0 {
			s.unwatchLocked(start, end)
		}
		protect := func(more Prot) (done bool) {
			done = true
			s.areas.pieces(start, end, func(lo, hi uint64, a Area) {
				// The others keep what they have: watched pages have less than the guest says.
				if hostProt(a.Prot|prot) != hostProt(a.Prot) {
					done = hostMprotect(s.base+lo, hi-lo, hostProt(a.Prot|more)) == 0 && done
				}
			})
			return done
		}
		ok = protect(prot) && f()
		protect(0)
	}
	if prot&ProtWrite != 0 {
		s.invalidate(start, end)
	}
	return ok
}

// contains reports whether [addr,addr+n) lies within the guest's addresses.
func (s *Space) contains(addr, n uint64) bool { return addr < s.limit && n <= s.limit-addr }

// ReadCString reads the NUL-terminated string at addr and returns it without
// the NUL: EFAULT if it is not readable, ENAMETOOLONG if there is no NUL among the first
// limit bytes. Each byte is read once.
func (s *Space) ReadCString(addr uint64, limit int) ([]byte, abi.Errno) {
	var out []byte
	var buf [256]byte
	for len(out) < limit {
		n := min(len(buf), limit-len(out), int(PageSize-addr&pageMask))
		if !s.contains(addr, uint64(n)) {
			return nil, abi.EFAULT
		}
		got, _ := hostsys.CopyIn(buf[:n], s.Host(addr))
		for i, b := range buf[:got] {
			if b == 0 {
				return append(out, buf[:i]...), 0
			}
		}
		if got < n {
			return nil, abi.EFAULT
		}
		out = append(out, buf[:n]...)
		addr += uint64(n)
	}
	return out, abi.ENAMETOOLONG
}

// ReadU64 reads a 64-bit word.
func (s *Space) ReadU64(addr uint64) (uint64, bool) {
	if !s.contains(addr, 8) {
		return 0, false
	}
	v, f := hostsys.Load64(s.Host(addr))
	return v, f.Sig == 0
}

// ReadU32 reads a 32-bit word.
func (s *Space) ReadU32(addr uint64) (uint32, bool) {
	if !s.contains(addr, 4) {
		return 0, false
	}
	v, f := hostsys.Load32(s.Host(addr))
	return v, f.Sig == 0
}

// WriteU64 writes a 64-bit word.
func (s *Space) WriteU64(addr, v uint64) bool {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	return s.Write(addr, b[:])
}

// WriteU32 writes a 32-bit word.
func (s *Space) WriteU32(addr uint64, v uint32) bool {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], v)
	return s.Write(addr, b[:])
}

// Zero clears n bytes.
func (s *Space) Zero(addr, n uint64) bool {
	if n == 0 {
		return true
	}
	if !s.contains(addr, n) {
		return false
	}
	done, _ := hostsys.Fill(s.Host(addr), 0, uintptr(n))
	return uint64(done) == n
}

// Fetch copies code at pc to buf, as much as lies in executable areas from pc on, and
// returns how many bytes; 0 means that an instruction fetch faults there.
func (s *Space) Fetch(pc uint64, buf []byte) int {
	n := 0
	s.mu.RLock()
	for n < len(buf) {
		a, ok := s.areas.at(pc + uint64(n))
		if !ok || a.Prot&ProtExec == 0 {
			break
		}
		n = int(min(uint64(len(buf)), a.End-pc))
	}
	s.mu.RUnlock()
	if n == 0 {
		return 0
	}
	got, _ := hostsys.CopyIn(buf[:n], s.Host(pc))
	return got
}

// Load is an interpreted load of size bytes; on a fault it reports false with
// the State's fault fields set.
func (s *Space) Load(st *cpu.State, addr uint64, size int) (uint64, bool) {
	if !s.contains(addr, uint64(size)) {
		return s.outside(st, addr)
	}
	var v uint64
	var f hostsys.Fault
	switch p := s.Host(addr); size {
	case 1:
		var x uint8
		x, f = hostsys.Load8(p)
		v = uint64(x)
	case 2:
		var x uint16
		x, f = hostsys.Load16(p)
		v = uint64(x)
	case 4:
		var x uint32
		x, f = hostsys.Load32(p)
		v = uint64(x)
	default:
		v, f = hostsys.Load64(p)
	}
	if f.Sig != 0 {
		s.fault(st, f, false)
		return 0, false
	}
	return v, true
}

// Store is an interpreted store of the low size bytes of v.
func (s *Space) Store(st *cpu.State, addr uint64, size int, v uint64) bool {
	if !s.contains(addr, uint64(size)) {
		_, ok := s.outside(st, addr)
		st.FaultErr = 2
		return ok
	}
	for {
		var f hostsys.Fault
		switch p := s.Host(addr); size {
		case 1:
			f = hostsys.Store8(p, uint8(v))
		case 2:
			f = hostsys.Store16(p, uint16(v))
		case 4:
			f = hostsys.Store32(p, uint32(v))
		default:
			f = hostsys.Store64(p, v)
		}
		if f.Sig == 0 {
			return true
		}
		if !s.retry(f) {
			s.fault(st, f, true)
			return false
		}
	}
}

// CompareAndSwap is an interpreted compare-and-swap of 4 or 8 bytes.
func (s *Space) CompareAndSwap(st *cpu.State, addr uint64, size int, old, new uint64) (uint64, bool) {
	if !s.contains(addr, uint64(size)) {
		return s.outside(st, addr)
	}
	for {
		var prev uint64
		var f hostsys.Fault
		if size == 4 {
			var x uint32
			x, f = hostsys.Cas32(s.Host(addr), uint32(old), uint32(new))
			prev = uint64(x)
		} else {
			prev, f = hostsys.Cas64(s.Host(addr), old, new)
		}
		if f.Sig == 0 {
			return prev, true
		}
		if !s.retry(f) {
			s.fault(st, f, true)
			return 0, false
		}
	}
}

// CompareAndSwapPair is CompareAndSwap of 16 bytes, low half first.
func (s *Space) CompareAndSwapPair(st *cpu.State, addr uint64, old, new [2]uint64) ([2]uint64, bool) {
	if !s.contains(addr, 16) {
		_, ok := s.outside(st, addr)
		return [2]uint64{}, ok
	}
	for {
		prev, f := hostsys.Cas128(s.Host(addr), old, new)
		if f.Sig == 0 {
			return prev, true
		}
		if !s.retry(f) {
			s.fault(st, f, true)
			return prev, false
		}
	}
}

// Signal numbers and codes of faults (siginfo.h).
const (
	sigSEGV    = 11
	segvMapErr = 1
	segvAccErr = 2
)

// retry reports whether a write that faulted hit a page protected for
// translated code, which is now writable.
func (s *Space) retry(f hostsys.Fault) bool {
	return f.Sig == sigSEGV && f.Code == segvAccErr && s.HandleFault(uint64(f.Addr)-s.base, true)
}

// fault describes f in st with a guest address.
func (s *Space) fault(st *cpu.State, f hostsys.Fault, write bool) {
	st.FaultAddr = uint64(f.Addr) - s.base
	st.FaultCode = int64(f.Code)
	if f.Sig == sigSEGV {
		st.FaultCode = s.FaultCode(st.FaultAddr)
	}
	st.FaultSig = uint64(f.Sig)
	st.FaultErr = 0
	if write {
		st.FaultErr = 2 // the write bit of an x86 page-fault error code
	}
}

// outside describes an access beyond the guest's address space.
func (s *Space) outside(st *cpu.State, addr uint64) (uint64, bool) {
	st.FaultAddr, st.FaultCode, st.FaultSig, st.FaultErr = addr, segvMapErr, sigSEGV, 0
	return 0, false
}

// FaultCode returns the si_code that a SIGSEGV at addr has for the guest:
// SEGV_ACCERR where something is mapped, else SEGV_MAPERR. The host's code can
// differ, as the host sees a window's reservation and Weir's own memory too.
func (s *Space) FaultCode(addr uint64) int64 {
	if _, ok := s.Lookup(addr); ok {
		return segvAccErr
	}
	return segvMapErr
}
