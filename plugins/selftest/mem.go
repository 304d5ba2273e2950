package selftest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var memOptions = []plugin.Option{
	boolOption("inline", "count in the translated code, without calls"),
	boolOption("callback", "count in callbacks"),
	boolOption("hwaddr", "print a count of device accesses too, which is 0: a Linux program has no devices"),
	{Key: "track", Value: "r|w|rw", Help: "accesses of interest (rw)"},
	boolOption("region-summary", "keep a copy of what is written and compare what is read with it; print a table of regions of 16 KiB"),
	boolOption("print-accesses", "print a line for each access: instruction, function, address, hardware address (0), bits, direction, value"),
}

// regionSize is the size of a region of the summary, in bytes.
const regionSize = 16 << 10

// region is a region of guest memory that has been accessed.
type region struct {
	base          abi.Addr
	reads, writes uint64
	data          [regionSize]byte
	all           bool // no value was read that had not been written before
}

type memPlugin struct {
	host       *plugin.Host
	rw         plugin.MemRW
	inline     bool
	callback   bool
	hwaddr     bool
	summary    bool
	print      bool
	nin, ncall plugin.Counter
	mu         sync.Mutex
	regions    map[abi.Addr]*region
}

// memory looks at the guest's memory accesses.
func memory(h *plugin.Host, args plugin.Args) error {
	p := &memPlugin{host: h, regions: make(map[abi.Addr]*region)}
	if err := bools(args, map[string]*bool{
		"inline": &p.inline, "callback": &p.callback, "hwaddr": &p.hwaddr,
		"region-summary": &p.summary, "print-accesses": &p.print,
	}); err != nil {
		return err
	}
	switch t := args.Get("track", "rw"); t {
	case "r":
		p.rw = plugin.MemRead
	case "w":
		p.rw = plugin.MemWrite
	case "rw":
		p.rw = plugin.MemReadWrite
	default:
		return fmt.Errorf("track=%s: want r, w or rw", t)
	}
	p.nin, p.ncall = plugin.NewCounter(h), plugin.NewCounter(h)
	if p.print {
		fmt.Fprintln(h.Output(), "insn_vaddr,insn_symbol,mem_vaddr,mem_hwaddr,access_size,access_type,mem_value")
	}
	h.OnTranslate(func(b *plugin.Block) {
		for _, i := range b.Insns {
			p.instrument(i)
		}
	})
	h.OnExit(func(plugin.ExitInfo) { p.report() })
	return nil
}

func (p *memPlugin) instrument(i *plugin.Insn) {
	if p.inline {
		i.AddOnMem(p.rw, p.nin, 1)
	}
	if p.callback || p.summary {
		i.OnMem(p.rw, plugin.NoRegs, func(v *plugin.VCPU, a plugin.Access) {
			p.ncall.Add(v, 1)
			if p.summary {
				p.note(a)
			}
		})
	}
	if p.print {
		pc := i.PC()
		s, _ := i.Symbol()
		i.OnMem(p.rw, plugin.NoRegs, func(_ *plugin.VCPU, a plugin.Access) {
			dir := "load"
			if a.IsStore() {
				dir = "store"
			}
			lo, hi := a.Value128()
			value := fmt.Sprintf("0x%0*x", 2*a.Size(), lo)
			if a.Size() == 16 {
				value = fmt.Sprintf("0x%016x%016x", hi, lo)
			}
			fmt.Fprintf(p.host.Output(), "0x%x,%s,0x%x,0x0,%d,%s,%s\n", pc, s.Name, a.Addr, 8*a.Size(), dir, value)
		})
	}
}

// note books an access in its region, or its two regions.
func (p *memPlugin) note(a plugin.Access) {
	var value [16]byte
	lo, hi := a.Value128()
	binary.LittleEndian.PutUint64(value[:], lo)
	binary.LittleEndian.PutUint64(value[8:], hi)
	addr, rest := a.Addr, value[:a.Size()]
	for len(rest) > 0 {
		off := addr % regionSize
		part := rest[:min(len(rest), int(regionSize-off))]
		p.part(addr-off, off, part, a.IsStore())
		addr, rest = addr+abi.Addr(len(part)), rest[len(part):]
	}
}

func (p *memPlugin) part(base abi.Addr, off uint64, value []byte, store bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.regions[base]
	if r == nil {
		r = &region{base: base, all: true}
		p.regions[base] = r
	}
	switch at := r.data[off : off+uint64(len(value))]; {
	case store:
		r.writes++
		copy(at, value)
	case bytes.Equal(at, value):
		r.reads++
	default:
		r.reads++
		if r.all { // as for all that was loaded from files, or that the kernel has written
			fmt.Fprintf(p.host.Output(), "Warning: 0x%016x:%d read an un-instrumented value\n", base, off)
		}
		r.all = false
	}
}

func (p *memPlugin) report() {
	var r report
	if p.inline {
		r.printf("inline mem accesses: %d\n", p.nin.Sum())
	}
	if p.callback {
		r.printf("callback mem accesses: %d\n", p.ncall.Sum())
	}
	if p.hwaddr {
		r.printf("io accesses: 0\n")
	}
	if p.summary {
		p.mu.Lock()
		defer p.mu.Unlock()
		r.printf("Region Base, Reads, Writes, Seen all\n")
		for _, base := range slices.Sorted(maps.Keys(p.regions)) {
			x := p.regions[base]
			r.printf("0x%016x, %d, %d, %v\n", base, x.reads, x.writes, x.all)
		}
	}
	r.to(p.host.Output())
}
