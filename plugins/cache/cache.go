// Package cache models the caches of a CPU: for each core an instruction and a data cache, and with l2=on a second
// level behind both. At the end of the process it prints how many accesses missed, and which instructions caused most of
// the misses:
//
//	core #, data accesses, data misses, dmiss rate, insn accesses, insn misses, imiss rate
//	0       996695         508             0.0510%  2642799        18617           0.7044%
//
//	address, data misses, instruction
//	0x424f1e (_int_malloc), 109, sd a1,8(a0)
//
// and likewise "fetch misses" and, with l2=on, "L2 misses". The second level is asked when the first has missed.
// Addresses are the guest's; an access counts for the block that it begins in. Each process of a tree has caches of
// its own, which begin empty: in a forked child, and after execve.
//
// A thread runs on core number index modulo cores. Threads on one core take turns: not at every access as it happened, but
// when another block of code is fetched, or a batch of data accesses is full. One thread is modelled exactly.
//
// model.go is the cache itself. The rest shows how to make a costly question cheap: data accesses come in batches, and
// code calls the plugin only if it is in another cache block than the instruction before.
package cache

import (
	"fmt"
	"math/bits"
	"strings"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "limit", Value: "N", Help: "print the N instructions with most misses (32)"},
	{Key: "icachesize", Value: "N", Help: "size of the instruction cache in bytes (16384)"},
	{Key: "iblksize", Value: "N", Help: "size of its blocks (64)"},
	{Key: "iassoc", Value: "N", Help: "its associativity (8)"},
	{Key: "dcachesize", Value: "N", Help: "size of the data cache in bytes (16384)"},
	{Key: "dblksize", Value: "N", Help: "size of its blocks (64)"},
	{Key: "dassoc", Value: "N", Help: "its associativity (8)"},
	{Key: "evict", Value: "lru|fifo|rand", Help: "which block makes room: least recently used, first in, any (lru)"},
	{Key: "cores", Value: "N", Help: "number of cores, with caches of their own (1)"},
	{Key: "l2", Value: "on|off", Help: "model a second level for code and data (off)"},
	{Key: "l2cachesize", Value: "N", Help: "its size in bytes (2097152), implies l2=on"},
	{Key: "l2blksize", Value: "N", Help: "size of its blocks (64), implies l2=on"},
	{Key: "l2assoc", Value: "N", Help: "its associativity (16), implies l2=on"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "cache",
		Summary: "model of instruction, data and second-level caches",
		Options: options,
		New:     func() plugin.Plugin { return &simulator{insns: make(map[abi.Addr]text)} },
	}
}

type simulator struct {
	host    *plugin.Host
	limit   uint64
	evict   eviction
	code    geometry
	data    geometry
	level2  geometry
	two     bool // levels
	board   *plugin.Scoreboard[uint64]
	fetched plugin.Counter // of board: instructions executed
	line    plugin.Counter // 1 + the block that the instruction before is in
	trace   *plugin.MemTrace
	cores   []*core

	mu    sync.Mutex
	insns map[abi.Addr]text // that can miss
}

// core is a CPU core.
type core struct {
	mu               sync.Mutex
	code, data, both *model
	missed           map[abi.Addr]*[kinds]uint64 // by instruction
}

// Kinds of misses.
const (
	missData = iota
	missFetch
	missL2
	kinds
)

// text is an instruction as it is printed.
type text struct{ symbol, insn string }

// Install implements plugin.Plugin.
func (p *simulator) Install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	n, err := p.parse(args)
	if err != nil {
		return err
	}
	p.host, p.cores = h, make([]*core, n)
	p.board, p.line = plugin.NewScoreboard[uint64](h), plugin.NewCounter(h)
	p.fetched = plugin.FieldCounter(p.board, func(n *uint64) *uint64 { return n })
	p.trace = plugin.NewMemTrace(h, p.access)
	p.empty()
	h.OnTranslate(p.instrument)
	h.OnThreadStart(func(v *plugin.VCPU) { p.line.Set(v, 0) })
	h.OnFork(func(*plugin.VCPU) { p.empty() })
	h.OnExec(func(*plugin.VCPU) {
		p.empty()
		p.mu.Lock()
		clear(p.insns)
		p.mu.Unlock()
	})
	h.OnExit(func(plugin.ExitInfo) { p.print() })
	return nil
}

// parse reads the arguments and returns the number of cores.
func (p *simulator) parse(args plugin.Args) (cores uint64, err error) {
	number := func(key string, def uint64) (n uint64) {
		n, e := args.Uint(key, def)
		if err == nil {
			err = e
		}
		return n
	}
	shape := func(name string, size, block, assoc uint64) geometry {
		return geometry{number(name+"cachesize", size), number(name+"blksize", block), number(name+"assoc", assoc)}
	}
	p.limit = number("limit", 32)
	cores = number("cores", 1)
	p.code = shape("i", 16384, 64, 8)
	p.data = shape("d", 16384, 64, 8)
	p.level2 = shape("l2", 2097152, 64, 16)
	if err != nil {
		return 0, err
	}
	for _, key := range []string{"l2cachesize", "l2blksize", "l2assoc"} {
		p.two = p.two || len(args.All(key)) > 0
	}
	on, err := args.Bool("l2", false)
	if err != nil {
		return 0, err
	}
	p.two = p.two || on
	switch e := args.Get("evict", "lru"); e {
	case "lru":
		p.evict = lru
	case "fifo":
		p.evict = fifo
	case "rand":
		p.evict = random
	default:
		return 0, fmt.Errorf("evict=%s: want lru, fifo or rand", e)
	}
	if cores < 1 || cores > 1024 {
		return 0, fmt.Errorf("cores=%d: want 1 to 1024", cores)
	}
	if err := p.code.check("i"); err != nil {
		return 0, err
	}
	if err := p.data.check("d"); err != nil {
		return 0, err
	}
	return cores, p.level2.check("l2")
}

// empty makes all caches new.
func (p *simulator) empty() {
	p.fetched.Reset()
	p.line.Reset()
	for i := range p.cores {
		c := &core{code: newModel(p.code, p.evict), data: newModel(p.data, p.evict), missed: make(map[abi.Addr]*[kinds]uint64)}
		if p.two {
			c.both = newModel(p.level2, p.evict)
		}
		p.cores[i] = c
	}
}

// core returns the core that v runs on.
func (p *simulator) core(v *plugin.VCPU) *core { return p.cores[v.Index()%len(p.cores)] }

// instrument is the translation callback.
func (p *simulator) instrument(b *plugin.Block) {
	shift := bits.TrailingZeros64(p.code.block)
	last := ^abi.Addr(0)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range b.Insns {
		pc := i.PC()
		i.Add(p.fetched, 1)
		line := pc>>shift + 1
		fetches := line != last
		if fetches {
			last = line
			i.OnExecIf(p.line.NE(line), plugin.NoRegs, func(v *plugin.VCPU) {
				p.line.Set(v, line)
				p.fetch(v, pc)
			})
		}
		i.TraceMem(plugin.MemReadWrite, p.trace)
		switch i.Class() {
		case plugin.ClassLoad, plugin.ClassStore, plugin.ClassAtomic:
			fetches = true
		}
		if fetches {
			s, _ := i.Symbol()
			p.insns[pc] = text{s.Name, strings.ReplaceAll(i.String(), "\t", " ")}
		}
	}
}

// fetch is the first instruction of a run of them in one block of the instruction cache.
func (p *simulator) fetch(v *plugin.VCPU, pc abi.Addr) {
	c := p.core(v)
	c.mu.Lock()
	hit := c.code.access(pc)
	if !hit {
		c.miss(pc, missFetch)
	}
	c.mu.Unlock()
	if hit || !p.two {
		return
	}
	p.trace.Flush(v) // data accesses that the second level is to see first
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.both.access(pc) {
		c.miss(pc, missL2)
	}
}

// access makes data accesses.
func (p *simulator) access(v *plugin.VCPU, list []plugin.MemRecord) {
	c := p.core(v)
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range list {
		m := &list[i]
		if c.data.access(m.Addr) {
			continue
		}
		c.miss(m.PC, missData)
		if p.two && !c.both.access(m.Addr) {
			c.miss(m.PC, missL2)
		}
	}
}

// miss counts a miss of the instruction at pc.
func (c *core) miss(pc abi.Addr, kind int) {
	n := c.missed[pc]
	if n == nil {
		n = new([kinds]uint64)
		c.missed[pc] = n
	}
	n[kind]++
}
