package engine

import (
	"slices"
	"sync/atomic"

	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

// block is a translation.
type block struct {
	pc, end uint64
	mode    host.Mode
	tracked bool        // changes of its bytes are reported
	dead    atomic.Bool // dropped: not in the table, not linked

	// Generated code.
	off, size, entry uint32 // region offsets
	exits            []exit
	faults           []byte
	in               *exit // first of the jumps linked to it

	ir *ir.Block // for the interpreter, and of instrumented blocks
	pr *probed   // of instrumented blocks
}

// probed is what an instrumented block has beside others.
type probed struct {
	starts   []uint16 // index in ir where each guest instruction begins behind its probes
	sites    []site
	siteBase uint32 // number of the first of sites
	round    uint64 // Engine.round when it was made
}

// exit is a direct jump out of a block's code.
type exit struct {
	host.Exit
	from       *block
	to         *block // linked to, or nil
	prev, next *exit  // in the list to.in
}

// codePage lists the blocks with bytes in one guest page.
type codePage struct {
	blocks []*block
}

// lastPage is the page of a block's last byte.
func (b *block) lastPage() uint64 { return (b.end - 1) / pageSize }

// index enters b in the lists of its pages.
func (e *Engine) index(b *block) {
	for n := b.pc / pageSize; ; n++ {
		p := e.pages[n]
		if p == nil {
			p = new(codePage)
			e.pages[n] = p
		}
		p.blocks = append(p.blocks, b)
		if n == b.lastPage() {
			return
		}
	}
}

// unindex removes b from the lists of its pages.
func (e *Engine) unindex(b *block) {
	for n := b.pc / pageSize; ; n++ {
		if p := e.pages[n]; p != nil {
			if i := slices.Index(p.blocks, b); i >= 0 {
				last := len(p.blocks) - 1
				p.blocks[i] = p.blocks[last]
				p.blocks[last] = nil
				p.blocks = p.blocks[:last]
			}
			if len(p.blocks) == 0 {
				delete(e.pages, n)
			}
		}
		if n == b.lastPage() {
			return
		}
	}
}

// link points x to block to, with mu held. Both are alive.
func (e *Engine) link(x *exit, to *block) {
	e.cfg.Backend.Link(x.Exit, to.entry)
	x.to, x.prev, x.next = to, nil, to.in
	if to.in != nil {
		to.in.prev = x
	}
	to.in = x
	e.stats.Links++
}

// unlink points x back to its stub.
func (e *Engine) unlink(x *exit) {
	if x.to == nil {
		return
	}
	e.cfg.Backend.Unlink(x.Exit)
	if x.prev != nil {
		x.prev.next = x.next
	} else {
		x.to.in = x.next
	}
	if x.next != nil {
		x.next.prev = x.prev
	}
	x.to, x.prev, x.next = nil, nil, nil
}

// slab hands out the parts of blocks from larger pieces, to spare the allocator.
// A piece is collected when all its blocks are.
type slab struct {
	blocks []block
	exits  []exit
	faults []byte
	insts  []ir.Inst
}

func (s *slab) block() *block {
	if len(s.blocks) == 0 {
		s.blocks = make([]block, 128)
	}
	b := &s.blocks[0]
	s.blocks = s.blocks[1:]
	return b
}

func take[T any](piece *[]T, n, size int) []T {
	if len(*piece) < n {
		*piece = make([]T, max(n, size))
	}
	p := (*piece)[:n:n]
	*piece = (*piece)[n:]
	return p
}
