package plugintest

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// slotSize is the slot memory of a fake vCPU in bytes.
const slotSize = 1 << 20

// trace is a MemTrace.
type trace struct {
	f       func(*plugin.VCPU, []plugin.MemRecord)
	records map[*plugin.VCPU][]plugin.MemRecord
}

// traceLen is the number of records that a buffer holds.
const traceLen = 64

// AllocSlot implements plugin.System.
func (s system) AllocSlot(size int) (int, error) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	size = (size + 7) &^ 7
	if size > slotSize-s.g.slotEnd {
		return 0, errors.New("no room for scoreboards")
	}
	s.g.slotEnd += size
	return s.g.slotEnd - size, nil
}

// FreeSlot implements plugin.System: the records are not used again.
func (s system) FreeSlot(off, size int) {
	s.g.Flush()
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	for _, sl := range s.g.slots {
		clear(sl[off/8 : (off+size+7)/8])
	}
}

// Slot implements plugin.System.
func (s system) Slot(index int) []uint64 {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	if index < 0 || index >= len(s.g.slots) {
		return nil
	}
	return s.g.slots[index]
}

// MaxVCPUs implements plugin.System.
func (s system) MaxVCPUs() int {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	return len(s.g.slots)
}

// Withdraw implements plugin.System. Here done has been called when it returns.
func (s system) Withdraw(p string, forever bool, done func()) {
	if s.g.table.Retire(p, forever) {
		return
	}
	s.g.Flush()
	s.g.withdrawn.Store(p, s.g.gen.Load())
	s.g.table.Withdraw(p)
	s.g.mu.Lock()
	s.g.hooks = slices.DeleteFunc(slices.Clone(s.g.hooks), func(h *functionHook) bool { return h.plugin == p })
	s.g.mu.Unlock()
	if done != nil {
		done()
	}
}

// Fail implements plugin.System. Here it panics.
func (s system) Fail(p, text string) { panic("plugin " + p + ": " + text) }

// NewMemTrace implements plugin.System.
func (s system) NewMemTrace(_ string, f func(*plugin.VCPU, []plugin.MemRecord)) uint32 {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	s.g.traces = append(s.g.traces, trace{f, make(map[*plugin.VCPU][]plugin.MemRecord)})
	return uint32(len(s.g.traces) - 1)
}

// FlushMemTrace implements plugin.System.
func (s system) FlushMemTrace(id uint32, v *plugin.VCPU) {
	s.g.mu.Lock()
	t := s.g.traces[id]
	list := t.records[v]
	delete(t.records, v)
	s.g.mu.Unlock()
	if len(list) > 0 {
		defer v.SetAccess(v.SetAccess(plugin.NoRegs))
		t.f(v, list)
	}
}

func (g *Guest) record(t *Thread, id uint32, r plugin.MemRecord) {
	g.mu.Lock()
	m := g.traces[id].records
	m[t.vcpu] = append(m[t.vcpu], r)
	full := len(m[t.vcpu]) >= traceLen
	g.mu.Unlock()
	if full {
		system{g}.FlushMemTrace(id, t.vcpu)
	}
}

func (t *Thread) flushTraces() {
	for id := range t.g.traces {
		system{t.g}.FlushMemTrace(uint32(id), t.vcpu)
	}
}

func (g *Guest) flushTraces() {
	for _, t := range g.alive() {
		t.flushTraces()
	}
}

// Image implements plugin.System.
func (s system) Image() plugin.Image {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	return s.g.image
}

// Libraries implements plugin.System.
func (s system) Libraries() []plugin.Image {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	return slices.Clone(s.g.libs)
}

// Symbol implements plugin.System.
func (s system) Symbol(addr abi.Addr) (plugin.Symbol, bool) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	for _, y := range s.g.symbols {
		if addr >= y.Addr && addr-y.Addr < max(abi.Addr(y.Size), 1) {
			return y, true
		}
	}
	return plugin.Symbol{}, false
}

// SymbolByName implements plugin.System.
func (s system) SymbolByName(name string) (plugin.Symbol, bool) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	i := slices.IndexFunc(s.g.symbols, func(y plugin.Symbol) bool { return y.Name == name || y.Raw == name })
	if i < 0 {
		return plugin.Symbol{}, false
	}
	return s.g.symbols[i], true
}

// Line implements plugin.System.
func (s system) Line(addr abi.Addr) (plugin.Line, bool) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	l, ok := s.g.lines[addr]
	return l, ok
}

// ClaimClock implements plugin.System.
func (s system) ClaimClock(p string) error {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	if s.g.owner != "" {
		return plugin.ErrClockTaken
	}
	s.g.owner = p
	return nil
}

// SetClock implements plugin.System.
func (s system) SetClock(ns int64) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	s.g.now = max(s.g.now, ns)
}

// ClockNow implements plugin.System.
func (s system) ClockNow() int64 {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	return s.g.now
}

// KnownSyscall implements plugin.System.
func (s system) KnownSyscall(name string) bool {
	_, _, known := s.g.table.Resolve(name)
	return known
}

// Program implements plugin.System.
func (s system) Program() string { return s.Target().Binary }

// EnableResolve implements plugin.System: the fake has no files.
func (s system) EnableResolve() error { return abi.ENOSYS }

// Meet implements plugin.System: the fake meets nobody.
func (s system) Meet(string) (io.ReadWriteCloser, error) { return nil, abi.ENOSYS }

// OpenFile implements plugin.System: files are in memory, see [Guest.File].
func (s system) OpenFile(name string) (plugin.OwnFile, error) {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	if name == "" || strings.Contains(name, "\x00") {
		return nil, abi.ENOENT
	}
	f := s.g.files[name]
	if f == nil {
		f = new(file)
		if s.g.files == nil {
			s.g.files = make(map[string]*file)
		}
		s.g.files[name] = f
	}
	return f, nil
}
