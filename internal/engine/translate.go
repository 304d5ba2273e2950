package engine

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/ir"
)

// translator is what a translation works with; guarded by Engine.tmu and reused.
type translator struct {
	blk  ir.Block
	code host.Code
	buf  [maxInsns*4 + 16]byte
	more [16]byte

	// Of an instrumented block.
	probed bool
	jit    ir.Block // for the code generator
	spare  []ir.Inst
	starts []uint16
	sites  []site

	sums atomic.Pointer[[]uint32] // counters that have a word in State.Sums, by its number
}

// translate makes the block at pc. Without one, an instruction fetch faults at
// the address fault. The caller is not in the read side.
func (e *Engine) translate(pc uint64, m host.Mode) (b *block, fault uint64) {
	e.tmu.Lock()
	defer e.tmu.Unlock()
	n := e.max
	for {
		e.mu.Lock()
		if b := e.tab.find(pc, m); b != nil {
			e.mu.Unlock()
			return b, 0
		}
		e.pending = pendingRange{pc, pc + uint64(len(e.tr.buf)), false}
		e.mu.Unlock()

		var probes []Probe
		var tracked, ok, again bool
		in := e.instr.Load()
		if in == nil {
			tracked, fault, ok = e.lift(pc, n, false)
		} else {
			probes, tracked, fault, ok, again = e.ask(in, pc, m, n)
		}
		if !ok {
			return nil, fault
		}
		if again {
			continue
		}
		if e.tr.probed = len(probes) > 0; e.tr.probed {
			e.tr.insert(in, probes, e.nextSite())
		}
		e.logIR(pc)
		if e.Interpreting() {
			b = e.keepIR(tracked, m)
		} else {
			blk := e.tr.block()
			if e.cfg.Verify && e.tr.probed {
				if err := blk.Verify(); err != nil {
					panic("BUG: bad instrumentation: " + err.Error())
				}
			}
			if size := e.cfg.Backend.MaxSize(blk); size > e.segmentSize() {
				if n == 1 {
					panic("BUG: engine: no room for one instruction in the code cache")
				}
				n /= 2
				continue
			}
			b = e.compile(tracked, m)
		}
		if b != nil {
			if h := e.noteTo.Load(); h != nil {
				h.note(pc, m)
			}
			return b, 0
		}
	}
}

// lift reads the code at pc, at most max instructions, into tr.blk. On failure an instruction
// fetch faults. With quiet the block is not logged.
func (e *Engine) lift(pc uint64, max int, quiet bool) (tracked bool, fault uint64, ok bool) {
	t := &e.tr
	buf := t.buf[:min(len(t.buf), max*e.guest.MaxInsn+e.guest.MaxInsn)]
	if n := e.mem.Fetch(pc, buf[:e.guest.MinInsn]); n < e.guest.MinInsn {
		return false, pc + uint64(n), false // do not watch pages without code
	}
	// Watch first, then read: what is written in between must be noticed.
	tracked = e.mem.WatchCode(pc, pc+1)
	n := e.mem.Fetch(pc, buf)
	for {
		t.blk.Reset(pc)
		e.guest.Lift(&t.blk, buf[:n], max)
		if t.blk.NInsn == 0 {
			return false, pc + uint64(n), false
		}
		last := t.blk.End - 1
		if last/pageSize == pc/pageSize {
			break
		}
		// The last instruction lies across a page border.
		tracked = e.mem.WatchCode(last, last+1) && tracked
		size := int(t.blk.End - pc)
		border := int(last&^(pageSize-1) - pc)
		again := t.more[:min(size-border, len(t.more))]
		if e.mem.Fetch(pc+uint64(border), again) == len(again) && bytes.Equal(again, buf[border:size]) {
			break
		}
		n = e.mem.Fetch(pc, buf)
	}
	if e.cfg.Log.InAsm != nil && !quiet {
		e.cfg.Log.InAsm(pc, e.disasm(pc, buf[:t.blk.End-pc]))
	}
	if e.cfg.Log.Op != nil && !quiet {
		e.cfg.Log.Op(pc, t.blk.String())
	}
	for _, pass := range e.cfg.Passes {
		pass(&t.blk)
	}
	return tracked, 0, true
}

// logIR shows and checks the IR of the new block at pc.
func (e *Engine) logIR(pc uint64) {
	t := &e.tr
	if e.cfg.Log.OpOpt != nil {
		e.cfg.Log.OpOpt(pc, t.blk.String())
	}
	if e.cfg.Verify {
		if err := t.blk.Verify(); err != nil {
			panic("BUG: bad translation: " + err.Error())
		}
	}
}

// block is what the code generator gets.
func (t *translator) block() *ir.Block {
	if t.probed {
		return t.hoist()
	}
	return &t.blk
}

// nextSite is the number of the next call site. The interpreter numbers those of each block from 0.
func (e *Engine) nextSite() uint32 { return uint32(len(*e.sites.Load())) }

// disasm is the guest code as text: address, encoding, instruction.
func (e *Engine) disasm(pc uint64, code []byte) string {
	var s strings.Builder
	for len(code) > 0 {
		text, n := e.guest.Disasm(code, pc)
		n = min(max(n, 1), len(code))
		raw := uint64(0)
		for i := range n {
			raw |= uint64(code[i]) << (8 * i)
		}
		fmt.Fprintf(&s, "%#x:  %-8s  %s\n", pc, fmt.Sprintf("%0*x", 2*n, raw), text)
		code, pc = code[n:], pc+uint64(n)
	}
	return s.String()
}

// keepIR makes an interpreter's block of tr.blk, or returns nil if the code has changed
// meanwhile.
func (e *Engine) keepIR(tracked bool, m host.Mode) *block {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pending.changed {
		return nil
	}
	limit := e.cfg.TBSize
	if limit <= 0 {
		limit = defaultIRBytes
	}
	size := len(e.tr.blk.Insts) * 16
	if e.irBytes+size > limit {
		e.flush()
	}
	e.irBytes += size
	b := e.newBlock(tracked, m)
	e.copyIR(b)
	e.add(b)
	return b
}

// copyIR gives b the IR of the translator.
func (e *Engine) copyIR(b *block) {
	b.ir = new(ir.Block)
	*b.ir = e.tr.blk
	b.ir.Insts = take(&e.slab.insts, len(e.tr.blk.Insts), 4096)
	copy(b.ir.Insts, e.tr.blk.Insts)
}

// newBlock returns a block for tr.blk, with mu held.
func (e *Engine) newBlock(tracked bool, m host.Mode) *block {
	b := e.slab.block()
	b.pc, b.end, b.mode, b.tracked = e.tr.blk.PC, e.tr.blk.End, m, tracked
	return b
}

// add makes b known, with mu held.
func (e *Engine) add(b *block) {
	if t := &e.tr; t.probed {
		b.pr = &probed{t.starts, t.sites, e.nextSite(), e.round.Load()}
		if b.ir == nil {
			e.copyIR(b)
			list := *e.sites.Load()
			for i := range t.sites {
				t.sites[i].b = b
				list = append(list, &t.sites[i])
			}
			e.sites.Store(&list)
		}
		t.starts, t.sites = nil, nil
	}
	e.tab.insert(b)
	e.index(b)
	if !b.tracked {
		e.untrackedN.Add(1)
	}
	e.stats.Translated++
	e.stats.Insns += uint64(e.tr.blk.NInsn)
}

// compile makes code of tr.blk, or returns nil if the guest code has changed meanwhile.
func (e *Engine) compile(tracked bool, m host.Mode) *block {
	t := &e.tr
	blk := &t.blk
	if t.probed {
		blk = &t.jit // as block has made it
	}
	size := e.cfg.Backend.MaxSize(blk)
	e.mu.Lock()
	for e.segs[e.seg].hi-e.segs[e.seg].next < size {
		e.makeRoom(size) // stops the world, so that others may have changed seg
	}
	s := &e.segs[e.seg]
	off := uint32(s.next)
	e.mu.Unlock()
	e.populate(s, int(off)+256) // most blocks are smaller

	if err := e.cfg.Backend.Compile(blk, m, off, &t.code); err != nil {
		panic("BUG: code generator: " + err.Error())
	}

	e.mu.Lock()
	if e.pending.changed {
		e.mu.Unlock()
		return nil
	}
	b := e.newBlock(tracked, m)
	b.off, b.size, b.entry = off, uint32(t.code.Size), t.code.Entry
	b.exits = take(&e.slab.exits, len(t.code.Exits), 256)
	for i := range b.exits {
		b.exits[i] = exit{Exit: t.code.Exits[i], from: b}
	}
	b.faults = take(&e.slab.faults, len(t.code.Faults), 4096)
	copy(b.faults, t.code.Faults)
	s.next = min(s.hi, (int(off)+t.code.Size+15)&^15)
	s.blocks = append(s.blocks, b)
	e.stats.CodeBytes += uint64(t.code.Size)
	e.add(b)
	e.mu.Unlock()

	addr := e.cfg.CodeBase + uintptr(off)
	if e.cfg.Log.OutAsm != nil {
		e.cfg.Log.OutAsm(b.pc, e.cfg.Backend.Disasm(e.cfg.Code[off:int(off)+t.code.Size], addr))
	}
	if e.cfg.Log.Code != nil {
		e.cfg.Log.Code(addr, t.code.Size, b.pc)
	}
	return b
}
