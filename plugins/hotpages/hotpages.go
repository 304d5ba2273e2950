// Package hotpages finds the pages of memory that are read and written most often, and prints them when the process
// ends:
//
//	Addr, RCPUs, Reads, WCPUs, Writes
//	0x0000000055007000, 0x0001, 31747952, 0x0001, 8835161
//
// RCPUs and WCPUs are bit masks of the vCPUs (by index; the highest bit stands for 63 and up) that have read and
// written. An access counts for the page that it begins in. Each process of a tree prints its own; a forked child
// starts at zero, and execve starts anew with the new program.
//
// It shows a memory trace, which hands accesses over in batches.
package hotpages

import (
	"bytes"
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "sortby", Value: "reads|writes|address", Help: "order, the highest first (reads and writes together)"},
	{Key: "pagesize", Value: "N", Help: "size of a page in bytes, a power of two (4096)"},
	{Key: "limit", Value: "N", Help: "print the first N pages (50)"},
	{Key: "io", Value: "on|off", Help: "count accesses to devices, of which a program has none, instead of memory (off)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "hotpages",
		Summary: "the pages of memory that are accessed most often",
		Options: options,
		New:     func() plugin.Plugin { return &pages{table: make(map[uint64]*count)} },
	}
}

type pages struct {
	host   *plugin.Host
	sortBy string
	shift  int // log2 of the page size
	limit  uint64

	mu    sync.Mutex
	table map[uint64]*count // by page number
}

// count is what was done to a page.
type count struct {
	reads, writes    uint64
	readers, writers uint64 // bit masks
}

// Install implements plugin.Plugin.
func (p *pages) Install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	p.host, p.sortBy = h, args.Get("sortby", "")
	if !slices.Contains([]string{"", "reads", "writes", "address"}, p.sortBy) {
		return fmt.Errorf("sortby=%s: want reads, writes or address", p.sortBy)
	}
	size, err := args.Uint("pagesize", 4096)
	if err != nil {
		return err
	}
	if bits.OnesCount64(size) != 1 {
		return fmt.Errorf("pagesize=%d: want a power of two", size)
	}
	p.shift = bits.TrailingZeros64(size)
	if p.limit, err = args.Uint("limit", 50); err != nil {
		return err
	}
	io, err := args.Bool("io", false)
	if err != nil {
		return err
	}
	if !io {
		trace := plugin.NewMemTrace(h, p.add)
		h.OnTranslate(func(b *plugin.Block) {
			for _, i := range b.Insns {
				i.TraceMem(plugin.MemReadWrite, trace)
			}
		})
	}
	h.OnFork(func(*plugin.VCPU) { p.reset() })
	h.OnExec(func(*plugin.VCPU) { p.reset() })
	h.OnExit(func(plugin.ExitInfo) { p.print() })
	return nil
}

// slots is how many pages a batch is summed up in before the table is asked; a power of two.
const slots = 64

// add counts a batch of accesses of v. Most go to few pages, so they are summed up in an array by the low bits of
// the page number first.
func (p *pages) add(v *plugin.VCPU, list []plugin.MemRecord) {
	var sums [slots]struct{ page, reads, writes uint64 }
	p.mu.Lock()
	defer p.mu.Unlock()
	mask := uint64(1) << min(v.Index(), 63)
	flush := func(n uint64) {
		s := &sums[n]
		if s.reads+s.writes == 0 {
			return
		}
		c := p.table[s.page]
		if c == nil {
			c = &count{}
			p.table[s.page] = c
		}
		c.reads += s.reads
		c.writes += s.writes
		if s.reads > 0 {
			c.readers |= mask
		}
		if s.writes > 0 {
			c.writers |= mask
		}
		s.reads, s.writes = 0, 0
	}
	for i := range list {
		m := &list[i]
		page := m.Addr >> p.shift
		s := &sums[page%slots]
		if s.page != page {
			flush(page % slots)
			s.page = page
		}
		if m.IsStore() {
			s.writes++
		} else {
			s.reads++
		}
	}
	for n := range uint64(slots) {
		flush(n)
	}
}

func (p *pages) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.table)
}

func (p *pages) print() {
	type row struct {
		addr abi.Addr
		count
	}
	p.mu.Lock()
	rows := make([]row, 0, len(p.table))
	for page, c := range p.table {
		rows = append(rows, row{page << p.shift, *c})
	}
	p.mu.Unlock()
	slices.SortFunc(rows, func(a, b row) int {
		by := 0
		switch p.sortBy {
		case "reads":
			by = cmp.Compare(b.reads, a.reads)
		case "writes":
			by = cmp.Compare(b.writes, a.writes)
		case "":
			by = cmp.Compare(b.reads+b.writes, a.reads+a.writes)
		}
		return cmp.Or(by, cmp.Compare(b.addr, a.addr))
	})
	var b bytes.Buffer
	b.WriteString("Addr, RCPUs, Reads, WCPUs, Writes\n")
	for _, r := range rows[:min(uint64(len(rows)), p.limit)] {
		fmt.Fprintf(&b, "0x%016x, 0x%04x, %d, 0x%04x, %d\n", r.addr, r.readers, r.reads, r.writers, r.writes)
	}
	p.host.Output().Write(b.Bytes())
}
