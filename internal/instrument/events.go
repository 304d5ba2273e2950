//go:build linux

package instrument

import (
	"debug/elf"
	"os"
	"strconv"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/internal/symbols"
	"github.com/weir-emu/weir/plugin"
)

// eventBits are the bits of linux.Hooks.Events that an event needs.
func eventBits(ev plugin.Event) uint32 {
	switch ev {
	case plugin.EventSignal:
		return linux.WantSignal
	case plugin.EventDiscontinuity:
		return linux.WantDiscontinuity
	case plugin.EventBlocked, plugin.EventResumed:
		return linux.WantBlock
	}
	return 0
}

// enableEvents recomputes the bits after a change of ev. Mappings are always wanted: symbols of
// libraries need them.
func (r *Registry) enableEvents(ev plugin.Event) {
	bit := eventBits(ev)
	for e := range plugin.NumEvents {
		if eventBits(e) == bit && len(r.table.Walk(e)) > 0 {
			r.hooks.Events.Or(bit)
			return
		}
	}
	r.hooks.Events.And(^bit)
}

// walk calls the callbacks of an event on t's thread, with full access.
func walk[F any](r *Registry, t *linux.Task, ev plugin.Event, call func(F, *plugin.VCPU)) {
	list := r.table.Walk(ev)
	if len(list) == 0 {
		return
	}
	x := r.thread(t)
	before, calls := x.enter(), x.calls
	if x.calls = 0; ev == plugin.EventThreadStart {
		x.calls = 1
	}
	for _, e := range list {
		if e.Live() {
			r.protect(e, func() { call(e.Func.(F), x.vcpu) })
		}
	}
	x.leave(before)
	x.calls = calls
}

func mapping(m linux.Mapping) plugin.Mapping {
	return plugin.Mapping{Addr: m.Addr, Size: m.Size, Prot: int(m.Prot), Path: m.Path, Offset: m.Offset}
}

// loaded notes the images of a program that is about to start.
func (r *Registry) loaded(t *linux.Task, again bool) {
	r.space.Store(t.Proc.Mem)
	path := t.GuestPath()
	r.binary.Store(&path)
	list := t.Proc.LoadedImages()
	for i, l := range list {
		m := mapped{Image: imageOf(l)}
		m.info, _ = os.Stat(m.Path)
		if i == 0 {
			r.images.setMain(m)
		} else {
			r.images.add(m)
		}
	}
	if again {
		r.functions.forgetStacks(func(stackID) bool { return true })
	}
	r.rehook()
	for i, l := range list {
		for _, s := range l.Segments {
			walk(r, t, plugin.EventMap, func(f func(*plugin.VCPU, plugin.Mapping), v *plugin.VCPU) { f(v, mapping(s)) })
		}
		if i > 0 {
			r.library(t, imageOf(l))
		}
	}
	if again {
		r.vcpuEvent(plugin.EventExec, t)
	}
}

// imageOf makes an image whose bounds are those of its executable segments.
func imageOf(l linux.LoadedImage) plugin.Image {
	m := plugin.Image{Path: l.Path, Bias: l.Bias, Base: l.Lo, Limit: l.Hi, Entry: l.Entry}
	for _, s := range l.Segments {
		if s.Prot&4 == 0 {
			continue
		}
		if m.Start == 0 {
			m.Start = s.Addr
		}
		m.End = s.Addr + s.Size
	}
	return m
}

func (r *Registry) library(t *linux.Task, im plugin.Image) {
	walk(r, t, plugin.EventLibrary, func(f func(*plugin.VCPU, plugin.Image), v *plugin.VCPU) { f(v, im) })
}

// mapped tells of a mapping, and of the library that it is code of.
func (r *Registry) mapped(t *linux.Task, lm linux.Mapping) {
	m := mapping(lm)
	walk(r, t, plugin.EventMap, func(f func(*plugin.VCPU, plugin.Mapping), v *plugin.VCPU) { f(v, m) })
	if m.Prot&4 == 0 || m.Path == "" {
		return
	}
	// The file is opened at once only for those who are told of libraries: others ask later, or never.
	info, err := os.Stat("/proc/self/fd/" + strconv.Itoa(lm.FD))
	if err != nil {
		info = nil
	}
	if len(r.table.Walk(plugin.EventLibrary)) == 0 && !r.functions.any() {
		r.images.add(mapped{Image: plugin.Image{Path: m.Path, Start: m.Addr, End: m.Addr + m.Size}, info: info, raw: &m})
		return
	}
	if l, ok := libraryAt(m, info); ok {
		r.images.add(l)
		r.rehook()
		r.library(t, l.Image)
	}
}

// libraryAt finds out which part of an ELF file, which is at the mapping's path unless info is of another file, a mapping of
// executable memory is.
func libraryAt(m plugin.Mapping, info os.FileInfo) (l mapped, ok bool) {
	file, err := os.Open(m.Path)
	if err != nil {
		return l, false
	}
	defer file.Close()
	now, err := file.Stat()
	if err != nil || info != nil && !symbols.Same(now, info) {
		return l, false
	}
	f, err := elf.NewFile(file)
	if err != nil {
		return l, false
	}
	lo, hi := ^uint64(0), uint64(0)
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		lo, hi = min(lo, p.Vaddr&^4095), max(hi, p.Vaddr+p.Memsz)
		if p.Flags&elf.PF_X == 0 || ok || p.Off&^4095 < m.Offset || p.Off >= m.Offset+m.Size {
			continue
		}
		// Page m.Offset of the file is at m.Addr; the segment's first page is p.Off&^4095.
		at := m.Addr + (p.Off - m.Offset)
		l.Image = plugin.Image{Path: m.Path, Bias: at - p.Vaddr, Start: at, End: at + p.Memsz}
		ok = true
	}
	l.Base, l.Limit, l.info = l.Bias+lo, l.Bias+hi, now
	return l, ok
}

func (r *Registry) unmapped(t *linux.Task, addr, size uint64) {
	if r.images.unmap(addr, size) {
		r.rehook()
	}
	walk(r, t, plugin.EventUnmap, func(f func(*plugin.VCPU, abi.Addr, uint64), v *plugin.VCPU) { f(v, addr, size) })
}

func (r *Registry) signal(t *linux.Task, sig abi.Signal, code int32, addr, handler uint64, fault bool) {
	s := plugin.Signal{Signal: sig, Code: code, Addr: addr, Fault: fault, Handler: handler}
	walk(r, t, plugin.EventSignal, func(f func(*plugin.VCPU, plugin.Signal), v *plugin.VCPU) { f(v, s) })
}

func (r *Registry) block(t *linux.Task, begin bool) {
	ev := plugin.EventResumed
	if begin {
		ev = plugin.EventBlocked
	}
	r.vcpuEvent(ev, t)
}

func (r *Registry) discontinuity(t *linux.Task, kind int, from uint64) {
	d := plugin.Discontinuity{Type: plugin.DiscontinuityType(kind), From: from, To: t.St.PC}
	walk(r, t, plugin.EventDiscontinuity, func(f func(*plugin.VCPU, plugin.Discontinuity), v *plugin.VCPU) { f(v, d) })
}

// ClaimClock implements plugin.System.
func (r *Registry) ClaimClock(p string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clock {
		return plugin.ErrClockTaken
	}
	r.clock = true
	r.hooks.Clock.Start()
	return nil
}

// SetClock implements plugin.System.
func (r *Registry) SetClock(ns int64) { r.hooks.Clock.Set(ns) }

// ClockNow implements plugin.System.
func (r *Registry) ClockNow() int64 { return r.hooks.Clock.Now() }

func (r *Registry) hostAddr(addr uint64) uintptr {
	if sp := r.space.Load(); sp != nil {
		if _, ok := sp.Lookup(addr); ok {
			return sp.Host(addr)
		}
	}
	return 0
}
