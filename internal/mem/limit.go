//go:build linux

package mem

// The limits on address space (RLIMIT_AS) and on private writable memory (RLIMIT_DATA) count the guest's memory
// alone: on the host they would hit Weir's own.

// stackCharge is what the initial stack counts for: it is mapped in full, where the kernel lets it grow.
const stackCharge = 132 << 10

// noLimit is RLIM_INFINITY.
const noLimit = ^uint64(0)

// limits are in bytes; guarded by Space.mu.
type limits struct{ total, data uint64 }

// SetLimits sets RLIMIT_AS and RLIMIT_DATA, in bytes; all ones is no limit.
func (s *Space) SetLimits(total, data uint64) {
	s.mu.Lock()
	s.limits = limits{total, data}
	s.mu.Unlock()
}

// SetStack marks the initial stack.
func (s *Space) SetStack(start, end uint64) {
	s.mu.Lock()
	s.areas.update(start, end, func(a *Area) { a.Stack = true })
	s.unlock()
}

// isData reports whether an area counts for RLIMIT_DATA (mm/mmap.c, is_data_mapping).
func (a Area) isData() bool { return a.Prot&ProtWrite != 0 && !a.Shared && !a.GrowsDown && !a.Stack }

// charge is what an area counts for.
func (a Area) charge() uint64 {
	if a.Stack {
		return min(a.End-a.Start, stackCharge)
	}
	return a.End - a.Start
}

// Usage returns the sizes that RLIMIT_AS and RLIMIT_DATA limit, in bytes.
func (s *Space) Usage() (total, data uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.usage(0, 0)
}

// usage is Usage without [start,end). Called with mu held.
func (s *Space) usage(start, end uint64) (total, data uint64) {
	for _, a := range s.areas {
		n := a.charge()
		if lo, hi := max(a.Start, start), min(a.End, end); lo < hi {
			n -= min(n, hi-lo)
		}
		total += n
		if a.isData() {
			data += n
		}
	}
	return total, data
}

// mayExpand reports whether an area of n bytes may be added in place of [start,end) (mm/mmap.c, may_expand_vm).
// Called with mu held.
func (s *Space) mayExpand(a Area, n, start, end uint64) bool {
	if s.limits.total == noLimit && s.limits.data == noLimit {
		return true
	}
	total, data := s.usage(start, end)
	if n > s.limits.total || total > s.limits.total-n {
		return false
	}
	return !a.isData() || n <= s.limits.data && data <= s.limits.data-n
}
