package engine

import (
	"sync/atomic"

	"github.com/weir-emu/weir/internal/host"
)

// hints is a page that a process shares with the children that it forks: there they note what they had to translate, and their
// parent translates it before its next fork. What a child runs between its fork and its end or execve, its parent does not,
// so that otherwise each child would translate it anew. An entry is no more than a hint: a
// process that finds other code at the address translates that, and never executes it.
type hints struct {
	n     atomic.Uint32 // entries asked for, the room there is not considered
	_     uint32
	entry [255]struct{ pc, mode atomic.Uint64 } // pc 0: not written yet
}

// note is called in a child when it has translated.
func (h *hints) note(pc uint64, m host.Mode) {
	if h.n.Load() >= uint32(len(h.entry)) {
		return
	}
	if i := h.n.Add(1) - 1; i < uint32(len(h.entry)) {
		h.entry[i].mode.Store(uint64(m))
		h.entry[i].pc.Store(pc)
	}
}

// BeforeFork is to be called before the process forks, outside of Run.
func (e *Engine) BeforeFork() {
	if e.Interpreting() || e.instr.Load() != nil || e.cfg.Log.any() {
		return
	}
	e.mu.Lock()
	h := e.hints
	if h == nil {
		e.hints = mapHints()
	}
	e.mu.Unlock()
	if h == nil || h.n.Load() == 0 {
		return
	}
	for i := range h.entry[:min(h.n.Load(), uint32(len(h.entry)))] {
		if pc := h.entry[i].pc.Swap(0); pc != 0 && pc%uint64(e.guest.MinInsn) == 0 {
			e.translate(pc, host.Mode(h.entry[i].mode.Load()))
		}
	}
	h.n.Store(0)
	e.linkAll()
}

// linkAll links every direct jump whose target has been translated.
func (e *Engine) linkAll() {
	if e.cfg.NoChain {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for s := range e.segs {
		for _, b := range e.segs[s].blocks {
			if b.dead.Load() {
				continue
			}
			for i := range b.exits {
				x := &b.exits[i]
				if x.to != nil {
					continue
				}
				if to := e.tab.find(x.Target, b.mode); to != nil {
					e.link(x, to)
				}
			}
		}
	}
}

// dropHints forgets the page, with mu held. Other processes may still have it.
func (e *Engine) dropHints() {
	if e.hints != nil {
		unmapHints(e.hints)
	}
	e.hints = nil
	e.noteTo.Store(nil)
}

// any reports whether something is logged.
func (l *Log) any() bool {
	return l.InAsm != nil || l.Op != nil || l.OpOpt != nil || l.OutAsm != nil || l.Exec != nil || l.Code != nil
}
