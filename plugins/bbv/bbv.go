// Package bbv writes basic block vectors, the input of SimPoint, which finds the parts of a long run that stand for
// all of it. Each vCPU has a file PATH.INDEX.bb with a line for each interval of so many instructions that it has executed:
//
//	T:1:46 :2:8 :7:120
//
// For each block that was executed in the interval the line has its number and how many instructions of it were. An
// interval ends with the block that completes it. What comes after the last whole interval is not written.
//
// Each process and program of a run has files of its own, see the package export. The package shows counters that
// compiled code compares, so that the plugin is called once for each interval only.
package bbv

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/export"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "outfile", Value: "PATH", Help: "write to PATH.INDEX.bb for each vCPU; it must be given"},
	{Key: "interval", Value: "N", Help: "instructions in an interval (100000000)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "bbv",
		Summary: "basic block vectors for SimPoint",
		Options: options,
		New: func() plugin.Plugin {
			return &vectors{table: make(map[abi.Addr]*block), files: make(map[int]*output)}
		},
	}
}

const (
	chunkLen = 512      // blocks whose counters are allocated together
	maxOpen  = 8        // files kept open: descriptors that the guest does not see are few
	bufferAt = 64 << 10 // bytes that are written at once
)

// maxChunks is how many chunks there are; memory for them is limited. A test changes it.
var maxChunks = 512

type chunk [chunkLen]uint64

type vectors struct {
	host     *plugin.Host
	names    *export.Files
	interval uint64
	total    plugin.Counter // instructions of the interval

	mu     sync.Mutex
	table  map[abi.Addr]*block
	blocks []*block // by number, from 1
	chunks []*plugin.Scoreboard[chunk]
	files  map[int]*output // by vCPU index
}

// block is code at an address; translations of different lengths count together.
type block struct {
	number  int
	counter plugin.Counter
	// What blocks count beyond those that have a counter, by vCPU index.
	rest map[int]uint64
}

// output is the file of a vCPU.
type output struct {
	suffix string
	file   plugin.OwnFile // nil: opened for each write
	buf    []byte
}

// Install implements plugin.Plugin.
func (p *vectors) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	path := args.Get("outfile", "")
	if path == "" {
		return errors.New("outfile=PATH is missing")
	}
	if p.interval, err = args.Uint("interval", 100_000_000); err != nil {
		return err
	}
	if p.interval == 0 {
		return errors.New("interval=0: want at least 1")
	}
	if p.names, err = export.New(h, path); err != nil {
		return err
	}
	first, err := p.names.Open(".0.bb") // a bad name is to be known now
	if err != nil {
		return err
	}
	first.Close()
	p.host, p.total = h, plugin.NewCounter(h)
	h.OnTranslate(func(b *plugin.Block) {
		n := uint64(b.Len())
		b.Add(p.total, n)
		if x := p.block(b.PC()); x.number <= chunkLen*maxChunks {
			b.Add(x.counter, n)
		} else {
			b.OnExec(plugin.NoRegs, func(v *plugin.VCPU) {
				p.mu.Lock()
				x.rest[v.Index()] += n
				p.mu.Unlock()
			})
		}
		b.OnExecIf(p.total.GE(p.interval), plugin.NoRegs, p.line)
	})
	h.OnThreadStart(func(v *plugin.VCPU) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.output(v)
	})
	h.OnFork(func(v *plugin.VCPU) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.names.Forked()
		for _, o := range p.files {
			o.buf = nil // the parent writes it
		}
		p.close()
		p.zero()
		p.output(v)
	})
	h.OnExec(func(*plugin.VCPU) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.close()
		p.names.Executed()
		p.zero()
		clear(p.table)
		p.blocks = nil
	})
	h.OnExit(func(plugin.ExitInfo) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.close()
	})
	return nil
}

// block returns the block at pc.
func (p *vectors) block(pc abi.Addr) *block {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x := p.table[pc]; x != nil {
		return x
	}
	n := len(p.blocks)
	x := &block{number: n + 1}
	if n < chunkLen*maxChunks {
		if n/chunkLen == len(p.chunks) {
			p.chunks = append(p.chunks, plugin.NewScoreboard[chunk](p.host))
		}
		x.counter = plugin.FieldCounter(p.chunks[n/chunkLen], func(c *chunk) *uint64 { return &c[n%chunkLen] })
	} else {
		x.rest = make(map[int]uint64)
	}
	p.table[pc] = x
	p.blocks = append(p.blocks, x)
	return x
}

// line ends an interval of v.
func (p *vectors) line(v *plugin.VCPU) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total.Set(v, p.total.Get(v)-p.interval)
	o := p.output(v)
	o.buf = append(o.buf, 'T')
	for first := 0; first < len(p.blocks); first += chunkLen {
		var counts *chunk
		if n := first / chunkLen; n < len(p.chunks) {
			counts = p.chunks[n].At(v)
		}
		for i, x := range p.blocks[first:min(first+chunkLen, len(p.blocks))] {
			var n uint64
			if counts != nil {
				n, counts[i] = counts[i], 0
			} else {
				n = x.rest[v.Index()]
				delete(x.rest, v.Index())
			}
			if n == 0 {
				continue
			}
			o.buf = append(o.buf, ':')
			o.buf = strconv.AppendInt(o.buf, int64(x.number), 10)
			o.buf = append(o.buf, ':')
			o.buf = strconv.AppendUint(o.buf, n, 10)
			o.buf = append(o.buf, ' ')
		}
	}
	o.buf = append(o.buf, '\n')
	if len(o.buf) >= bufferAt {
		p.write(o)
	}
}

// output returns the output of v, whose file is emptied the first time.
func (p *vectors) output(v *plugin.VCPU) *output {
	o := p.files[v.Index()]
	if o != nil {
		return o
	}
	o = &output{suffix: fmt.Sprintf(".%d.bb", v.Index())}
	p.files[v.Index()] = o
	f, err := p.names.Open(o.suffix)
	switch {
	case err != nil:
		p.complain(err)
	case len(p.files) <= maxOpen:
		o.file = f
	default:
		f.Close()
	}
	return o
}

// write empties a buffer.
func (p *vectors) write(o *output) {
	if len(o.buf) == 0 {
		return
	}
	f := o.file
	if f == nil {
		var err error
		if f, err = p.names.Append(o.suffix); err != nil {
			p.complain(err)
			o.buf = nil
			return
		}
		defer f.Close()
	}
	if _, err := f.Write(o.buf); err != nil {
		p.complain(fmt.Errorf("%s: %w", p.names.Name(o.suffix), err))
	}
	o.buf = o.buf[:0]
}

// close ends all files.
func (p *vectors) close() {
	for _, o := range p.files {
		p.write(o)
		if o.file != nil {
			o.file.Close()
		}
	}
	clear(p.files)
}

// zero begins everybody's first interval.
func (p *vectors) zero() {
	p.total.Reset()
	for _, c := range p.chunks {
		for _, r := range c.All {
			clear(r[:])
		}
	}
	for _, x := range p.blocks {
		clear(x.rest)
	}
}

// complain tells of an error that comes too late to end the run.
func (p *vectors) complain(err error) { fmt.Fprintf(p.host.Output(), "bbv: %v\n", err) }
