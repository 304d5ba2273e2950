// Package drcov writes which blocks of code were executed, in the file format of DynamoRIO's drcov (version 2),
// which Lighthouse, Cartographer and other tools show beside the disassembly:
//
//	DRCOV VERSION: 2
//	DRCOV FLAVOR: drcov-64
//	Module Table: version 2, count 1
//	Columns: id, base, end, entry, path
//	0, 0x10000, 0x98000, 0x105ac, /usr/bin/prog
//	BB Table: 903 bbs
//
// and then for each block, little endian, its offset in the module (32 bits), its size (16) and the module's id (16).
// Module 0 is the program; the others are its loader and shared libraries. Code in no file is left out.
//
// Each process and program of a run has a file of its own, see the package export: a forked child's has what the child
// has executed. It shows a plugin that writes files, translation events, images and words that compiled code sets.
package drcov

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/export"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{{Key: "filename", Value: "PATH", Help: "the file to write (file.drcov.trace); other processes add their ID to it"}}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "drcov",
		Summary: "coverage by block in DynamoRIO's drcov format, for Lighthouse and others",
		Options: options,
		New:     func() plugin.Plugin { return &cov{blocks: make(map[block]*hit)} },
	}
}

// maxInline is how many blocks have a word of their own, as memory for those is limited.
const maxInline = 1 << 18

type cov struct {
	host  *plugin.Host
	files *export.Files

	mu      sync.Mutex
	out     plugin.OwnFile
	modules []plugin.Image
	blocks  map[block]*hit
	made    int
	free    []plugin.Counter
}

// block is an entry of the table, as it stands in the file.
type block struct {
	offset       uint32
	size, module uint16
}

// hit says whether a block was executed, in one of two ways.
type hit struct {
	inline bool
	word   plugin.Counter
	called atomic.Bool
}

func (h *hit) executed() bool { return h.called.Load() || h.inline && h.word.Sum() != 0 }

// Install implements plugin.Plugin.
func (p *cov) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	p.host = h
	if p.files, err = export.New(h, args.Get("filename", "file.drcov.trace")); err != nil {
		return err
	}
	if p.out, err = p.files.Open(""); err != nil {
		return err
	}
	h.OnTranslate(func(b *plugin.Block) {
		switch x := p.hit(b); {
		case x == nil:
		case x.inline:
			b.Store(x.word, 1)
		default:
			b.OnExec(plugin.NoRegs, func(*plugin.VCPU) { x.called.Store(true) })
		}
	})
	h.OnLibrary(func(_ *plugin.VCPU, im plugin.Image) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.modules) > 0 {
			p.module(im)
		}
	})
	h.OnFork(func(*plugin.VCPU) {
		p.files.Forked()
		p.reset(false)
	})
	h.OnExec(func(*plugin.VCPU) {
		p.write()
		p.files.Executed()
		p.reset(true)
	})
	h.OnExit(func(plugin.ExitInfo) { p.write() })
	return nil
}

// module adds an image to the table of modules, unless it is there.
func (p *cov) module(im plugin.Image) {
	if len(p.modules) < 1<<16 && !slices.ContainsFunc(p.modules, func(o plugin.Image) bool { return o.Path == im.Path && o.Base == im.Base }) {
		p.modules = append(p.modules, im)
	}
}

// hit returns what marks a block that is translated now; nil if it is in no module.
func (p *cov) hit(b *plugin.Block) *hit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.modules) == 0 {
		p.module(p.host.Image())
		for _, l := range p.host.Libraries() {
			p.module(l)
		}
	}
	k, ok := p.place(b.PC(), b.Size())
	if !ok {
		return nil
	}
	x := p.blocks[k]
	if x == nil {
		x = &hit{}
		if n := len(p.free); n > 0 {
			x.inline, x.word, p.free = true, p.free[n-1], p.free[:n-1]
		} else if p.made < maxInline {
			x.inline, x.word = true, plugin.NewCounter(p.host)
			p.made++
		}
		p.blocks[k] = x
	}
	return x
}

// place finds the module that code is in: of several, since libraries come and go, the last.
func (p *cov) place(pc abi.Addr, size int) (block, bool) {
	for i, m := range slices.Backward(p.modules) {
		if off := pc - m.Base; pc >= m.Base && pc < m.Limit && off < 1<<32 && size < 1<<16 {
			return block{uint32(off), uint16(size), uint16(i)}, true
		}
	}
	return block{}, false
}

// reset begins the report of a forked child or, if forget, of another program.
func (p *cov) reset(forget bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.blocks {
		x.called.Store(false)
		if x.inline {
			x.word.Reset()
			if forget {
				p.free = append(p.free, x.word)
			}
		}
	}
	if forget {
		clear(p.blocks)
		p.modules = nil
	}
	if p.out != nil {
		p.out.Close()
	}
	var err error
	if p.out, err = p.files.Open(""); err != nil {
		p.out = nil
		p.complain(err)
	}
}

// complain tells of an error that comes too late to end the run.
func (p *cov) complain(err error) { fmt.Fprintf(p.host.Output(), "drcov: %v\n", err) }

func (p *cov) write() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return
	}
	var list []block
	for b, x := range p.blocks {
		if x.executed() {
			list = append(list, b)
		}
	}
	slices.SortFunc(list, func(a, b block) int {
		return cmp.Or(cmp.Compare(a.module, b.module), cmp.Compare(a.offset, b.offset), cmp.Compare(a.size, b.size))
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "DRCOV VERSION: 2\nDRCOV FLAVOR: drcov-64\nModule Table: version 2, count %d\nColumns: id, base, end, entry, path\n", len(p.modules))
	for i, m := range p.modules {
		fmt.Fprintf(&b, "%d, 0x%x, 0x%x, 0x%x, %s\n", i, m.Base, m.Limit, m.Entry, m.Path)
	}
	fmt.Fprintf(&b, "BB Table: %d bbs\n", len(list))
	for _, e := range list {
		var raw [8]byte
		binary.LittleEndian.PutUint32(raw[:], e.offset)
		binary.LittleEndian.PutUint16(raw[4:], e.size)
		binary.LittleEndian.PutUint16(raw[6:], e.module)
		b.Write(raw[:])
	}
	if err := p.out.Update(func([]byte) []byte { return b.Bytes() }); err != nil {
		p.complain(err)
	}
}
