//go:build linux

package mem

import "sync/atomic"

// watch is the set of pages that are write-protected on the host because code
// was translated from them although the guest may write there.
type watch struct {
	pages map[uint64]struct{} // page addresses; guarded by Space.mu
	n     atomic.Int32        // len(pages), to skip the lock when there are none
	hits  map[uint64]int      // how often each page was written to while it was watched; likewise
}

// maxHits is how often a page may be written to while it is watched. After that it holds data
// beside code, a fault for each write would make it crawl, and it is not watched any more: the program
// has to flush the instruction cache (fence.i) for changes of code there, as the manual demands anyway.
const maxHits = 64

func (w *watch) add(page uint64) {
	w.pages[page] = struct{}{}
	w.n.Store(int32(len(w.pages)))
}

func (w *watch) has(page uint64) bool {
	_, ok := w.pages[page]
	return ok
}

// hit counts a write to a watched page.
func (w *watch) hit(page uint64) {
	if w.hits == nil {
		w.hits = make(map[uint64]int)
	}
	w.hits[page]++
}

// hot reports whether the page is written to so often that it shall not be watched.
func (w *watch) hot(page uint64) bool { return w.hits[page] >= maxHits }

// clear forgets the pages of a range whose host protection has been set anew.
func (w *watch) clear(start, end uint64) {
	forget(w.pages, start, end)
	w.n.Store(int32(len(w.pages)))
}

// renew forgets also what was counted for them: the range has another protection or contents.
func (w *watch) renew(start, end uint64) {
	w.clear(start, end)
	forget(w.hits, start, end)
}

func forget[T any](pages map[uint64]T, start, end uint64) {
	if len(pages) == 0 {
		return
	}
	if (end-start)/PageSize > uint64(len(pages)) {
		for p := range pages {
			if p >= start && p < end {
				delete(pages, p)
			}
		}
	} else {
		for p := start &^ pageMask; p < end; p += PageSize {
			delete(pages, p)
		}
	}
}

// WatchCode is told that code was translated from [start,end). Pages that the
// guest may write are write-protected until HandleFault. It reports false if
// writes can reach the range unseen, through another mapping of the same file or because
// there are too many (maxHits): then only an explicit instruction-cache flush tells of changes.
func (s *Space) WatchCode(start, end uint64) (tracked bool) {
	tracked = true
	need := false
	s.mu.RLock()
	s.areas.pieces(start, end, func(_, _ uint64, a Area) {
		if a.Shared {
			tracked = false
		}
		if a.Prot&ProtWrite != 0 {
			need = true
		}
	})
	s.mu.RUnlock()
	if !need {
		return tracked
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := start &^ pageMask; p < end; p += PageSize {
		a, ok := s.areas.at(p)
		if !ok || a.Prot&ProtWrite == 0 || s.watch.has(p) {
			continue
		}
		if s.watch.hot(p) {
			tracked = false
			continue
		}
		if hostMprotect(s.base+p, PageSize, hostProt(a.Prot&^ProtWrite)) == 0 {
			s.watch.add(p)
		}
	}
	return tracked
}

// HandleFault is told of a fault at addr. It reports true if the access may be
// tried again: addr was write-protected for translated code, which is now
// invalid and the page writable, or another thread has just done that.
func (s *Space) HandleFault(addr uint64, write bool) bool {
	if !write {
		return false
	}
	page := addr &^ pageMask
	s.mu.Lock()
	a, ok := s.areas.at(page)
	if !ok || a.Prot&ProtWrite == 0 {
		s.mu.Unlock()
		return false
	}
	if s.watch.has(page) {
		s.watch.hit(page)
		s.unwatchLocked(page, page+PageSize)
		s.invalidate(page, page+PageSize)
	}
	s.mu.Unlock()
	return true
}

// UnwatchForWrite makes watched pages in [addr,addr+n) writable, for the host
// kernel to write there, and reports whether there were any.
func (s *Space) UnwatchForWrite(addr, n uint64) bool {
	if s.watch.n.Load() == 0 || n == 0 {
		return false
	}
	start, end := addr&^pageMask, roundUp(addr+n)
	if end <= start {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	hit := s.unwatchLocked(start, end)
	if hit {
		s.invalidate(start, end)
	}
	return hit
}

// unwatchLocked gives watched pages of the range their guest protection back.
func (s *Space) unwatchLocked(start, end uint64) (hit bool) {
	if len(s.watch.pages) == 0 {
		return false
	}
	restore := func(p uint64) {
		if a, ok := s.areas.at(p); ok {
			hostMprotect(s.base+p, PageSize, hostProt(a.Prot))
		}
		hit = true
	}
	if (end-start)/PageSize > uint64(len(s.watch.pages)) {
		for p := range s.watch.pages {
			if p >= start && p < end {
				restore(p)
			}
		}
	} else {
		for p := start; p < end; p += PageSize {
			if s.watch.has(p) {
				restore(p)
			}
		}
	}
	s.watch.clear(start, end)
	return hit
}

// invalidateCode reports a range to OnInvalidate if it has executable pages.
func (s *Space) invalidateCode(start, end uint64) {
	code := false
	s.mu.RLock()
	s.areas.pieces(start, end, func(_, _ uint64, a Area) { code = code || a.Prot&ProtExec != 0 })
	s.mu.RUnlock()
	if code {
		s.invalidate(start, end)
	}
}
