package plugin

import (
	"bytes"
	"io"
	"testing"

	"github.com/weir-emu/weir/abi"
)

// fakeSystem notes what a Host asks of it.
type fakeSystem struct {
	System  // what a test does not need panics
	plugin  string
	event   Event
	set     Set
	cb      any
	opts    RegisterOptions
	log     string
	out     bytes.Buffer
	removed int
}

func (f *fakeSystem) Target() Target { return Target{Arch: abi.RISCV64, Binary: "/bin/x", PID: 7} }

func (f *fakeSystem) Register(p string, e Event, s Set, cb any, o RegisterOptions) *Registration {
	f.plugin, f.event, f.set, f.cb, f.opts = p, e, s, cb, o
	return NewRegistration(func() { f.removed++ })
}
func (f *fakeSystem) Syscall(name string) (abi.Sysno, bool)   { return 56, name == "openat" }
func (f *fakeSystem) SyscallName(nr abi.Sysno) (string, bool) { return "openat", nr == 56 }
func (f *fakeSystem) SyscallsWith(kind string) Set            { return Syscalls(kind) }
func (f *fakeSystem) Log(p, text string)                      { f.log = p + ": " + text }
func (f *fakeSystem) Fail(p, text string)                     { f.log = "fail " + p + ": " + text }
func (f *fakeSystem) Output() io.Writer                       { return &f.out }
func (f *fakeSystem) VCPUs() []*VCPU                          { return []*VCPU{NewVCPU(0, 0, 1, nil)} }

func TestHostRegisters(t *testing.T) {
	f := new(fakeSystem)
	h := NewHost("mine", f)
	set := Syscalls("openat")
	for _, tc := range []struct {
		event Event
		named bool // has a set
		do    func(o ...RegisterOption) *Registration
	}{
		{EventSyscallFilter, true, func(o ...RegisterOption) *Registration {
			return h.FilterSyscalls(set, func(*Call) Verdict { return Pass }, o...)
		}},
		{EventSyscall, true, func(o ...RegisterOption) *Registration { return h.OnSyscall(set, func(*Call) {}, o...) }},
		{EventSyscallReturn, true, func(o ...RegisterOption) *Registration { return h.OnSyscallReturn(set, func(*Call) {}, o...) }},
		{EventThreadStart, false, func(o ...RegisterOption) *Registration { return h.OnThreadStart(func(*VCPU) {}, o...) }},
		{EventThreadExit, false, func(o ...RegisterOption) *Registration { return h.OnThreadExit(func(*VCPU) {}, o...) }},
		{EventFork, false, func(o ...RegisterOption) *Registration { return h.OnFork(func(*VCPU) {}, o...) }},
		{EventExit, false, func(o ...RegisterOption) *Registration { return h.OnExit(func(ExitInfo) {}, o...) }},
		{EventTranslate, false, func(o ...RegisterOption) *Registration { return h.OnTranslate(func(*Block) {}, o...) }},
		{EventFlush, false, func(o ...RegisterOption) *Registration { return h.OnFlush(func() {}, o...) }},
		{EventExec, false, func(o ...RegisterOption) *Registration { return h.OnExec(func(*VCPU) {}, o...) }},
		{EventMap, false, func(o ...RegisterOption) *Registration { return h.OnMap(func(*VCPU, Mapping) {}, o...) }},
		{EventUnmap, false, func(o ...RegisterOption) *Registration { return h.OnUnmap(func(*VCPU, abi.Addr, uint64) {}, o...) }},
		{EventLibrary, false, func(o ...RegisterOption) *Registration { return h.OnLibrary(func(*VCPU, Image) {}, o...) }},
		{EventSignal, false, func(o ...RegisterOption) *Registration { return h.OnSignal(func(*VCPU, Signal) {}, o...) }},
		{EventBlocked, false, func(o ...RegisterOption) *Registration { return h.OnBlocked(func(*VCPU) {}, o...) }},
		{EventResumed, false, func(o ...RegisterOption) *Registration { return h.OnResumed(func(*VCPU) {}, o...) }},
		{EventDiscontinuity, false, func(o ...RegisterOption) *Registration {
			return h.OnDiscontinuity(Interrupt, func(*VCPU, Discontinuity) {}, o...)
		}},
	} {
		*f = fakeSystem{}
		r := tc.do(Priority(4), Named("n"), Priority(5))
		if f.plugin != "mine" || f.event != tc.event || f.cb == nil || f.opts != (RegisterOptions{Name: "n", Priority: 5}) {
			t.Errorf("%v: registered %q %v %v", tc.event, f.plugin, f.event, f.opts)
		}
		if got := len(f.set.Names()) == 1; got != tc.named {
			t.Errorf("%v: set %v", tc.event, f.set)
		}
		if tc.do(); f.opts != (RegisterOptions{}) {
			t.Errorf("%v: options without any: %v", tc.event, f.opts)
		}
		if r.Remove(); f.removed != 1 {
			t.Errorf("%v: Remove does not reach the system", tc.event)
		}
	}
}

func TestHostAsks(t *testing.T) {
	f := new(fakeSystem)
	h := NewHost("mine", f)
	if h.Name() != "mine" || h.Target().PID != 7 || len(h.VCPUs()) != 1 {
		t.Errorf("%s %v", h.Name(), h.Target())
	}
	if nr, ok := h.Syscall("openat"); nr != 56 || !ok {
		t.Error("Syscall")
	}
	if name, ok := h.SyscallName(56); name != "openat" || !ok {
		t.Error("SyscallName")
	}
	if s := h.SyscallsWith("path"); s.Names()[0] != "path" {
		t.Error("SyscallsWith")
	}
	if h.Log("hello"); f.log != "mine: hello" {
		t.Errorf("log %q", f.log)
	}
	if h.Fail("no %d", 1); f.log != "fail mine: no 1" {
		t.Errorf("failed with %q", f.log)
	}
	if io.WriteString(h.Output(), "x"); f.out.String() != "x" {
		t.Error("Output")
	}
}

func TestEventNames(t *testing.T) {
	seen := map[string]bool{}
	for e := range numNames {
		if seen[e.String()] || e.String() == "" {
			t.Errorf("event %d is called %q", e, e.String())
		}
		seen[e.String()] = true
	}
	if got := numNames.String(); got != "event 23" {
		t.Errorf("beyond the last: %q", got)
	}
}
