//go:build linux && amd64 && !race

package engine

import (
	"encoding/binary"
	"fmt"
	stdhash "hash"
	"hash/fnv"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
	"github.com/weir-emu/weir/internal/isa/riscv64"
	"github.com/weir-emu/weir/internal/mem"
)

// Random probes for random sequences: which ones an instruction has depends on its address only, so
// that all engines do the same.

const (
	logWords = 24 // more counters than there are sums in a State
	logRing  = (maxRecords + 64) * eval.RecordWords
)

// probeLog is what the probes of one CPU have seen.
type probeLog struct {
	words, ring []uint64
	calls       int
	hash        stdhash.Hash64 // over calls: place, counters, an access; and over records
	records     stdhash.Hash64
}

// instrument gives u's engine probes.
func (u *realCPU) instrument() {
	all := hostsys.MapWords((logWords + logRing) * 8)
	if all == nil {
		u.t.Fatal("no memory")
	}
	l := &probeLog{words: all[:logWords], ring: all[logWords:]}
	u.seen = l
	addr := hostsys.AddressOf(all)
	u.SetWords(l.words, addr, l.ring, addr+logWords*8)
	u.e.SetInstrument(func(b *ir.Block, _ []byte) (list []Probe) {
		n := -1
		for i := range b.Insts {
			if b.Insts[i].Op == ir.OpInsn {
				n++
				list = append(list, l.probes(n, uint64(b.Insts[i].Imm))...)
			}
		}
		return list
	}, l.full, nil)
}

// probes are those of instruction n of a block, at pc.
func (l *probeLog) probes(n int, pc uint64) (list []Probe) {
	r := rand.New(rand.NewPCG(pc, pc/pageSize))
	for range r.IntN(5) {
		p := Probe{Insn: n, Off: 8 * r.IntN(logWords), Value: uint64(r.IntN(5))}
		if r.IntN(4) == 0 {
			p.Value = r.Uint64() >> r.IntN(64)
		}
		switch r.IntN(8) {
		case 0, 1, 2:
			p.Kind = ProbeAdd
		case 3:
			p.Kind, p.RW = ProbeAdd, uint8(1+r.IntN(3))
		case 4, 5:
			p.Kind, p.RW, p.Trace = ProbeTrace, uint8(1+r.IntN(3)), uint32(r.IntN(2))
		case 6:
			if r.IntN(2) == 0 {
				p.Kind = ProbeStore
				break
			}
			p.Kind, p.If = ProbeCall, ir.If(1+r.IntN(6))
			p.Call = func(c *CPU, _ *Access) { l.note(c, pc) }
		case 7:
			p.Kind = ProbeCall
			if r.IntN(2) == 0 {
				p.RW = uint8(1 + r.IntN(3))
			}
			p.Call = func(c *CPU, a *Access) {
				if a != nil {
					l.note(c, pc, a.Addr, a.Value, a.High, uint64(a.Kind))
				} else {
					l.note(c, pc)
				}
			}
		}
		list = append(list, p)
	}
	return list
}

func (l *probeLog) note(c *CPU, more ...uint64) {
	l.calls++
	hashWords(l.hash, more)
	hashWords(l.hash, l.words)
	hashWords(l.hash, c.s.X[:32])
}

func hashWords(h stdhash.Hash64, words []uint64) {
	for _, w := range words {
		h.Write(binary.LittleEndian.AppendUint64(nil, w))
	}
}

// full takes what is in the trace buffer.
func (l *probeLog) full(c *CPU) {
	hashWords(l.records, l.ring[:c.Records()*eval.RecordWords])
	c.ClearRecords()
}

func (l *probeLog) reset(c *CPU) {
	if l == nil {
		return
	}
	c.ClearRecords()
	clear(l.words)
	l.calls, l.hash, l.records = 0, fnv.New64a(), fnv.New64a()
}

// text is what has been seen since reset.
func (l *probeLog) text(c *CPU) string {
	if l == nil {
		return ""
	}
	n := c.Records()
	l.full(c)
	return fmt.Sprintf("%x, %d calls %x, %d records %x", l.words, l.calls, l.hash.Sum64(), n, l.records.Sum64())
}

// What a thread counts that never leaves generated code can be seen by others.
func TestSettle(t *testing.T) {
	space := setUp(t)
	mapAt(t, space, sandCode, pageSize, mem.ProtRead|mem.ProtExec)
	if !space.Poke(sandCode, []byte{0x6f, 0, 0, 0}) { // j .
		t.Fatal("cannot write the code")
	}
	var all []*Engine
	u := newReal(t, "JIT", riscv64.New(), space, jitConfigs()["JIT"], &all)
	words := hostsys.MapWords(pageSize)
	u.SetWords(words, hostsys.AddressOf(words), nil, 0)
	u.e.SetInstrument(func(*ir.Block, []byte) []Probe { return []Probe{{Insn: -1, Kind: ProbeAdd, Value: 1}} }, nil, nil)
	u.s.PC = sandCode
	done := make(chan bool)
	go func() {
		defer u.Interrupt()
		defer close(done)
		last := uint64(0)
		for range 20 {
			n := last
			for n == last { // it may not have begun, or be kept waiting
				u.Settle()
				n = atomic.LoadUint64(&words[0])
			}
			last = n
		}
	}()
	for {
		if x := u.run(); x.Kind != Poll {
			t.Fatal(x)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
