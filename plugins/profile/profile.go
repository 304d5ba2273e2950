// Package profile samples where a guest spends its instructions, or its time, and writes a profile for
// `go tool pprof`, with the guest's symbols, source lines and call stacks:
//
//	weir -plugin profile,file=prog.pprof prog
//	go tool pprof -top prog.pprof
//
// After each so many instructions of a thread the next block's place is noted, with its call stack (unwind tables, else frame
// pointers) and all instructions since the last sample, so that the sum of the profile is what was executed. By time, the
// thread's time since then is noted, without what it has waited in the host's kernel. Counting is compiled into the blocks.
// Each process and program of a run has a file of its own, see the package export. It shows conditional callbacks and call stacks.
package profile

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/export"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "file", Value: "PATH", Help: "the file to write (weir.pprof); other processes add their ID to it"},
	{Key: "by", Value: "insns|time", Help: "what is measured (insns)"},
	{Key: "period", Value: "N", Help: "instructions between samples of a thread (100000)"},
	{Key: "depth", Value: "N", Help: "frames of a call stack that are kept (64)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "profile",
		Summary: "sample where instructions or time are spent, for go tool pprof",
		Options: options,
		New:     func() plugin.Plugin { return new(profiler) },
	}
}

type profiler struct {
	host   *plugin.Host
	files  *export.Files
	byTime bool
	period uint64
	depth  int
	clocks *plugin.Scoreboard[clock]
	cur    atomic.Pointer[data] // of the present process and program
}

// clock is a thread's state. Times are nanoseconds since the epoch.
type clock struct {
	insns   uint64 // since the last sample
	last    int64  // sample
	blocked int64  // since when it waits, or 0
	waited  int64  // since the last sample
}

// data is the profile of a process and program.
type data struct {
	began   time.Time
	mu      sync.Mutex
	places  map[abi.Addr]*place
	samples map[string]*sample // by addresses
	order   []*sample
}

type sample struct {
	stack []*place
	count uint64
	value uint64
}

// place is a location.
type place struct {
	addr  abi.Addr
	sym   plugin.Symbol
	line  plugin.Line
	image plugin.Image
	id    uint64
}

func newData() *data {
	return &data{began: time.Now(), places: make(map[abi.Addr]*place), samples: make(map[string]*sample)}
}

// Install implements plugin.Plugin.
func (p *profiler) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	switch by := args.Get("by", "insns"); by {
	case "insns":
	case "time":
		p.byTime = true
	default:
		return fmt.Errorf("by=%s: want insns or time", by)
	}
	if p.period, err = args.Uint("period", 100000); err != nil {
		return err
	}
	depth, err := args.Uint("depth", 64)
	if err != nil {
		return err
	}
	if p.period == 0 || depth == 0 || depth > 4096 {
		return fmt.Errorf("period=%d,depth=%d: want a period above 0 and a depth from 1 to 4096", p.period, depth)
	}
	p.host, p.depth = h, int(depth)
	if p.files, err = export.New(h, args.Get("file", "weir.pprof")); err != nil {
		return err
	}
	f, err := p.files.Open("") // a name that cannot be written to ends the run now
	if err != nil {
		return err
	}
	f.Close()
	p.clocks = plugin.NewScoreboard[clock](h)
	insns := plugin.FieldCounter(p.clocks, func(c *clock) *uint64 { return &c.insns })
	p.cur.Store(newData())
	h.OnTranslate(func(b *plugin.Block) {
		b.OnExecIf(insns.GE(p.period), plugin.ReadRegs, p.sample)
		b.Add(insns, uint64(b.Len()))
	})
	if p.byTime {
		h.OnThreadStart(func(v *plugin.VCPU) { *p.clocks.At(v) = clock{last: time.Now().UnixNano()} })
		h.OnBlocked(func(v *plugin.VCPU) { p.clocks.At(v).blocked = time.Now().UnixNano() })
		h.OnResumed(func(v *plugin.VCPU) {
			if c := p.clocks.At(v); c.blocked != 0 {
				c.waited += time.Now().UnixNano() - c.blocked
				c.blocked = 0
			}
		})
	}
	h.OnThreadExit(p.sample) // the rest
	h.OnFork(func(v *plugin.VCPU) {
		p.files.Forked()
		p.begin(v)
	})
	h.OnExec(func(v *plugin.VCPU) {
		p.write()
		p.files.Executed()
		p.begin(v)
	})
	h.OnExit(func(plugin.ExitInfo) {
		p.rest()
		p.write()
	})
	return nil
}

// begin begins the profile of a child or a program, on its only thread.
func (p *profiler) begin(v *plugin.VCPU) {
	for _, c := range p.clocks.All {
		*c = clock{}
	}
	p.clocks.At(v).last = time.Now().UnixNano()
	p.cur.Store(newData())
}

// value takes what a thread has spent since its last sample.
func (p *profiler) value(c *clock) uint64 {
	n := c.insns
	c.insns = 0
	if !p.byTime {
		return n
	}
	now := time.Now().UnixNano()
	d := now - c.last - c.waited
	c.last, c.waited = now, 0
	return uint64(max(d, 0))
}

// sample notes where v is.
func (p *profiler) sample(v *plugin.VCPU) {
	value := p.value(p.clocks.At(v))
	if value == 0 {
		return
	}
	pcs := make([]abi.Addr, p.depth)
	p.cur.Load().add(p.host, pcs[:v.Callers(pcs)], value)
}

// rest accounts for what threads have executed since their last samples, which nobody knows the place of any more.
func (p *profiler) rest() {
	for _, c := range p.clocks.All {
		if n := c.insns; n != 0 && !p.byTime {
			c.insns = 0
			p.cur.Load().add(p.host, nil, n)
		}
	}
}

func (d *data) add(h *plugin.Host, pcs []abi.Addr, value uint64) {
	var key []byte
	for _, pc := range pcs {
		key = binary.LittleEndian.AppendUint64(key, pc)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.samples[string(key)]
	if s == nil {
		s = new(sample)
		for i, pc := range pcs {
			if i > 0 {
				pc-- // within the call
			}
			s.stack = append(s.stack, d.place(h, pc))
		}
		if len(pcs) == 0 {
			s.stack = []*place{d.none()}
		}
		d.samples[string(key)] = s
		d.order = append(d.order, s)
	}
	s.count++
	s.value += value
}

// place finds out about an address, while its image is mapped.
func (d *data) place(h *plugin.Host, addr abi.Addr) *place {
	if l := d.places[addr]; l != nil {
		return l
	}
	l := &place{addr: addr}
	y := h.Symbolizer()
	if s, ok := y.At(addr); ok {
		l.sym = s
		l.line, _ = y.Line(addr)
	}
	for _, im := range append([]plugin.Image{h.Image()}, h.Libraries()...) {
		if addr >= im.Base && addr < im.Limit {
			l.image = im
		}
	}
	d.places[addr] = l
	return l
}

// none is the place of what has none.
func (d *data) none() *place {
	l := d.places[0]
	if l == nil {
		l = &place{sym: plugin.Symbol{Name: "[end of threads]", Raw: "[end of threads]"}}
		d.places[0] = l
	}
	return l
}

// write writes the file.
func (p *profiler) write() {
	d := p.cur.Load()
	d.mu.Lock()
	defer d.mu.Unlock()
	b := newBuilder()
	b.valueType(fieldSampleType, "samples", "count")
	name, unit, period := "instructions", "count", p.period
	if p.byTime {
		name, unit, period = "cpu", "nanoseconds", 0
	}
	b.valueType(fieldSampleType, name, unit)
	for _, s := range d.order {
		ids := make([]uint64, len(s.stack))
		for i, l := range s.stack {
			if l.id == 0 {
				l.id = b.location(l)
			}
			ids[i] = l.id
		}
		b.sample(ids, []uint64{s.count, s.value})
	}
	b.uint(fieldTime, uint64(d.began.UnixNano()))
	b.uint(fieldDuration, uint64(time.Since(d.began)))
	b.valueType(fieldPeriodType, name, unit)
	b.uint(fieldPeriod, period)
	b.uint(fieldDefaultType, b.text(name))
	f, err := p.files.Open("")
	if err == nil {
		_, err = f.Write(b.done())
		f.Close()
	}
	if err != nil {
		fmt.Fprintf(p.host.Output(), "profile: %v\n", err)
	}
}
