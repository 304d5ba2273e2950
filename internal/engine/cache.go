package engine

import (
	"slices"
	"sort"
)

// The code cache is divided into segments that are filled one after the other
// and emptied in the same order when there is no room left.

// segment is a part of the code region.
type segment struct {
	lo, hi, next int      // region offsets; next is free
	fresh        int      // memory from here on may not be there yet
	blocks       []*block // by address, dropped ones included
}

func (e *Engine) makeSegments() {
	lo, hi := e.stubs.End, len(e.cfg.Code)
	n := max(1, min(segments, (hi-lo)/minSegment))
	step := (hi - lo) / n &^ 63
	for i := range n {
		s := segment{lo: (lo+63)&^63 + i*step}
		s.hi, s.next = min(s.lo+step, hi), s.lo
		s.fresh = s.lo &^ (pageSize - 1)
		e.segs = append(e.segs, s)
	}
}

// populateSize is how much code memory is asked for at a time. Page faults on it one by
// one would take as long as the translation itself.
const populateSize = 64 << 10

// populate makes sure that the memory at region offset off, in segment s, is there. It is called with tmu held.
func (e *Engine) populate(s *segment, off int) {
	if !e.own || off < s.fresh {
		return
	}
	end := min(s.fresh+populateSize, s.hi&^(pageSize-1))
	if end > s.fresh {
		populateCode(e.cfg.CodeBase+uintptr(s.fresh), end-s.fresh)
	}
	s.fresh = max(end, off+1)
}

// segmentSize is the size of the smallest segment.
func (e *Engine) segmentSize() int {
	s := &e.segs[len(e.segs)-1]
	return s.hi - s.lo
}

// makeRoom makes sure that the current segment has n free bytes, with mu held.
func (e *Engine) makeRoom(n int) {
	if s := &e.segs[e.seg]; s.hi-s.next >= n {
		return
	}
	e.seg = (e.seg + 1) % len(e.segs)
	if s := &e.segs[e.seg]; s.next != s.lo {
		e.evict(s)
	}
}

// evict empties a segment.
func (e *Engine) evict(s *segment) {
	resume := e.stopWorld()
	e.gen.Add(1)
	for _, b := range s.blocks {
		if !b.dead.Load() {
			e.drop(b, false)
			e.stats.Evicted++
		}
	}
	clear(s.blocks)
	s.blocks, s.next = s.blocks[:0], s.lo
	for _, c := range e.cpus {
		c.forget()
	}
	if resume {
		e.resumeWorld()
	}
}

// blockAt returns the block, dropped or not, with the code at region offset off;
// mu is held.
func (e *Engine) blockAt(off uint32) *block {
	for i := range e.segs {
		s := &e.segs[i]
		if int(off) < s.lo || int(off) >= s.next {
			continue
		}
		n := sort.Search(len(s.blocks), func(n int) bool { return s.blocks[n].off > off }) - 1
		if n >= 0 && off-s.blocks[n].off < s.blocks[n].size {
			return s.blocks[n]
		}
	}
	return nil
}

// exitAt returns the exit whose stub leaves return offset ret; mu is held.
func (e *Engine) exitAt(ret uint32) *exit {
	// A stub that is the last of its block has its return address after the end.
	b := e.blockAt(ret - 1)
	if b == nil {
		return nil
	}
	for i := range b.exits {
		if b.exits[i].Ret == ret {
			return &b.exits[i]
		}
	}
	return nil
}

// drop makes b unreachable, with mu held and (except for the interpreter) the
// world stopped. Its code stays, since a return stack may still lead
// there: all its exits go to their stubs again. jumps tells to remove it from the
// jump caches.
func (e *Engine) drop(b *block, jumps bool) {
	b.dead.Store(true)
	e.tab.remove(b)
	e.unindex(b)
	if !b.tracked {
		e.untrackedN.Add(-1)
	}
	for b.in != nil {
		e.unlink(b.in)
	}
	for i := range b.exits {
		e.unlink(&b.exits[i])
	}
	if jumps {
		for _, c := range e.cpus {
			c.s.ForgetJump(b.pc)
		}
	}
}

// pendingRange is where the translation in progress reads code.
type pendingRange struct {
	start, end uint64
	changed    bool
}

// Invalidate drops the translations of code in [start,end): its bytes or what
// may be done with them have changed. On return no CPU executes them. The
// caller is outside of Run, or a method of Memory called by it.
func (e *Engine) Invalidate(start, end uint64) {
	if end <= start {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := &e.pending; start < p.end && end > p.start {
		p.changed = true
	}
	if !e.anyIn(start, end) {
		return
	}
	resume := false
	if !e.Interpreting() {
		resume = e.stopWorld()
	}
	for _, b := range e.blocksIn(start, end) {
		e.drop(b, true)
		e.stats.Invalidated++
	}
	if resume {
		e.resumeWorld()
	}
}

// anyIn reports whether a page of the range has blocks.
func (e *Engine) anyIn(start, end uint64) bool {
	if (end-1)/pageSize-start/pageSize > uint64(len(e.pages)) {
		for n := range e.pages {
			if n >= start/pageSize && n <= (end-1)/pageSize {
				return true
			}
		}
		return false
	}
	for n := start / pageSize; n <= (end-1)/pageSize; n++ {
		if e.pages[n] != nil {
			return true
		}
	}
	return false
}

// blocksIn returns the blocks with bytes in the range.
func (e *Engine) blocksIn(start, end uint64) (list []*block) {
	add := func(p *codePage) {
		for _, b := range p.blocks {
			if b.pc < end && b.end > start {
				list = append(list, b)
			}
		}
	}
	if (end-1)/pageSize-start/pageSize > uint64(len(e.pages)) {
		for n, p := range e.pages {
			if n >= start/pageSize && n <= (end-1)/pageSize {
				add(p)
			}
		}
	} else {
		for n := start / pageSize; n <= (end-1)/pageSize; n++ {
			if p := e.pages[n]; p != nil {
				add(p)
			}
		}
	}
	// A block over a page border is in two lists.
	slices.SortFunc(list, func(a, b *block) int {
		switch {
		case a.pc < b.pc:
			return -1
		case a.pc > b.pc:
			return 1
		}
		return int(a.mode) - int(b.mode)
	})
	return slices.Compact(list)
}

// Flush drops all translations.
func (e *Engine) Flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flush()
}

func (e *Engine) flush() {
	e.pending.changed = true
	resume := false
	if !e.Interpreting() {
		resume = e.stopWorld()
	}
	e.gen.Add(1)
	e.sites.Store(new([]*site))
	for _, p := range e.pages {
		for _, b := range p.blocks {
			b.dead.Store(true)
			b.in, b.exits = nil, nil
			e.stats.Evicted++
		}
	}
	e.tab.init(1 << 10)
	clear(e.pages)
	e.untrackedN.Store(0)
	for i := range e.segs {
		s := &e.segs[i]
		clear(s.blocks)
		s.blocks, s.next = s.blocks[:0], s.lo
	}
	e.seg, e.irBytes = 0, 0
	for _, c := range e.cpus {
		c.forget()
	}
	if resume {
		e.resumeWorld()
	}
}

// NewProgram drops all translations because their program is about to be replaced. The caller is outside of Run, and no other
// CPU runs. In a forked child nearly every page is still the parent's, and costs a page fault and a copy when it is
// written to: there the old blocks are left as they are, and the new ones are put behind them.
func (e *Engine) NewProgram() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.dropHints()
	if e.Interpreting() || !e.forked {
		e.flush()
		return
	}
	e.forked = false
	e.pending.changed = true
	resume := e.stopWorld()
	e.gen.Add(1)
	e.stats.Evicted += uint64(e.tab.n)
	e.sites.Store(new([]*site))
	e.tab.init(1 << 10)
	e.pages = make(map[uint64]*codePage)
	e.untrackedN.Store(0)
	for i := range e.segs {
		s := &e.segs[i]
		s.blocks = nil
		if s.next > s.lo {
			s.next = min(s.hi, (max(s.next, s.fresh)+63)&^63)
		}
	}
	for _, c := range e.cpus {
		c.renew()
	}
	if resume {
		e.resumeWorld()
	}
}

// SyncCode makes changes of code that WatchCode could not promise to report take
// effect: it drops the translations made from such memory. fence.i does the same.
func (e *Engine) SyncCode() {
	if e.untrackedN.Load() == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []*block
	for n, p := range e.pages {
		for _, b := range p.blocks {
			if !b.tracked && b.pc/pageSize == n {
				list = append(list, b)
			}
		}
	}
	resume := false
	if !e.Interpreting() {
		resume = e.stopWorld()
	}
	for _, b := range list {
		if !b.dead.Load() { // stopWorld lets others work
			e.drop(b, true)
			e.stats.Invalidated++
		}
	}
	if resume {
		e.resumeWorld()
	}
}
