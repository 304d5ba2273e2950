package plugin

import (
	"fmt"
	"io"
	"strconv"

	"github.com/weir-emu/weir/abi"
)

// Host is Weir as one plugin sees it. It is safe for concurrent use.
type Host struct {
	name string
	sys  System
}

// System is what a Host rests on. Weir implements it; plugins do not.
type System interface {
	Target() Target
	Register(plugin string, e Event, s Set, cb any, o RegisterOptions) *Registration
	Syscall(name string) (abi.Sysno, bool)
	SyscallName(nr abi.Sysno) (string, bool)
	SyscallsWith(kind string) Set
	Log(plugin, text string)
	Fail(plugin, text string)
	Output() io.Writer
	VCPUs() []*VCPU
	MaxVCPUs() int

	Withdraw(plugin string, forever bool, done func()) // Reset and Uninstall

	AllocSlot(size int) (off int, err error)
	FreeSlot(off, size int)
	Slot(index int) []uint64 // slot memory of a vCPU index; nil if none had it
	NewMemTrace(plugin string, f func(*VCPU, []MemRecord)) uint32
	FlushMemTrace(id uint32, v *VCPU)

	Image() Image
	Libraries() []Image
	Symbol(addr abi.Addr) (Symbol, bool)
	SymbolByName(name string) (Symbol, bool)
	Line(addr abi.Addr) (Line, bool)
	Function(addr abi.Addr) (Function, bool)
	Lines(i Image) []LineRange
	Functions(i Image) []Symbol

	HookFunction(plugin string, f FunctionHook) *Registration

	ClaimClock(plugin string) error
	SetClock(ns int64)
	ClockNow() int64

	KnownSyscall(name string) bool
	Program() string
	EnableResolve() error
	OpenFile(name string) (OwnFile, error)
	Meet(path string) (io.ReadWriteCloser, error)
}

// NewHost makes the Host of the plugin called name. Weir calls it.
func NewHost(name string, sys System) *Host { return &Host{name, sys} }

// Target describes the guest.
type Target struct {
	Arch   abi.Arch // String is QEMU's name of the target: "riscv64"
	Binary string   // path of the program, as the guest knows it
	PID    int
	// Resumed: this process goes on with another Weir's run, as the program that a child of a vfork(2)
	// has executed. The files that a plugin's arguments name are being used there too.
	Resumed bool
}

// Event is a kind of event.
type Event uint8

// Events.
const (
	EventSyscallFilter Event = iota
	EventSyscall
	EventSyscallReturn
	EventThreadStart
	EventThreadExit
	EventFork
	EventExit
	EventTranslate
	EventFlush
	EventExec
	EventMap
	EventUnmap
	EventLibrary
	EventSignal
	EventBlocked
	EventResumed
	EventDiscontinuity
	NumEvents // of those that callbacks are registered for on a Host

	// The rest are registered on blocks, or belong to no registration.
	EventBlockExec Event = iota - 1
	EventInsnExec
	EventMemory
	EventMemTrace
	EventWithdrawn
	EventFunction
	numNames
)

var eventNames = [numNames]string{
	"syscall filter", "syscall", "syscall return", "thread start", "thread exit", "fork", "exit",
	"translation", "flush", "exec", "map", "unmap", "library", "signal", "blocked", "resumed", "discontinuity",
	"block execution", "instruction execution", "memory access", "memory trace", "reset", "function",
}

// String names the event for error messages.
func (e Event) String() string {
	if e < numNames {
		return eventNames[e]
	}
	return "event " + strconv.Itoa(int(e))
}

// RegisterOptions are the sum of a registration's options.
type RegisterOptions struct {
	Name     string
	Priority int
}

// RegisterOption changes a registration.
type RegisterOption func(*RegisterOptions)

// Priority sets when the callback is asked relative to others of its event:
// higher ones first; among equals the one registered last first. The default is 0.
func Priority(p int) RegisterOption { return func(o *RegisterOptions) { o.Priority = p } }

// Named gives the registration a name within its plugin and event. Registering
// the same name again replaces function, set and priority, and with an unchanged
// priority the place in the order stays. There is no moment without either: a
// call that is being dispatched gets the old function, the next one the new.
func Named(name string) RegisterOption { return func(o *RegisterOptions) { o.Name = name } }

// Registration is a registered callback.
type Registration struct{ remove func() }

// NewRegistration makes the Registration of a callback that remove unregisters.
// Weir calls it.
func NewRegistration(remove func()) *Registration { return &Registration{remove} }

// Remove unregisters the callback: it is not called again, not even by a walk
// that is under way. It is safe from inside any callback, that very one included;
// a second call does nothing, nor does one for a callback that has been replaced
// through [Named]. Other threads may still be inside the callback when Remove returns.
func (r *Registration) Remove() {
	if r != nil && r.remove != nil {
		r.remove()
	}
}

// Name returns the plugin's name.
func (h *Host) Name() string { return h.name }

// Target returns what runs.
func (h *Host) Target() Target { return h.sys.Target() }

// Syscall returns the guest's number of a syscall.
func (h *Host) Syscall(name string) (abi.Sysno, bool) { return h.sys.Syscall(name) }

// SyscallName returns the name of a guest syscall number.
func (h *Host) SyscallName(nr abi.Sysno) (string, bool) { return h.sys.SyscallName(nr) }

// SyscallsWith selects the guest's syscalls that have an argument of a kind,
// such as "path" or "fd".
func (h *Host) SyscallsWith(kind string) Set { return h.sys.SyscallsWith(kind) }

// Log writes a line to Weir's log, prefixed with the plugin's name. The command
// shows it with -d plugin or -D FILE.
func (h *Host) Log(text string) { h.sys.Log(h.name, text) }

// Output returns where a plugin's report goes: standard error, or the file of -D.
// It stays usable after the guest has closed its descriptors.
func (h *Host) Output() io.Writer { return h.sys.Output() }

// Logf is Log of a text made by fmt.Sprintf.
func (h *Host) Logf(format string, args ...any) { h.Log(fmt.Sprintf(format, args...)) }

// Fail ends the run, with status 124 as after a panic and a line that names the plugin. It is for
// plugins that find that they cannot do what they are for, and does not return. Exit callbacks do
// not run.
func (h *Host) Fail(format string, args ...any) { h.sys.Fail(h.name, fmt.Sprintf(format, args...)) }

// API returns the version of the plugin API that Weir offers, [APIVersion] of the package
// that it was built with.
func (h *Host) API() int { return APIVersion }

// Binary returns the path of the program, as the guest knows it; after an execve of the new one.
func (h *Host) Binary() string { return h.sys.Target().Binary }

// VCPUs returns the guest threads alive now, in order of creation.
func (h *Host) VCPUs() []*VCPU { return h.sys.VCPUs() }

// Live returns the number of guest threads alive now.
func (h *Host) Live() int { return len(h.sys.VCPUs()) }

// MaxVCPUs returns the highest vCPU index ever used, plus 1.
func (h *Host) MaxVCPUs() int { return h.sys.MaxVCPUs() }

// Reset removes all of the plugin's registrations: events, and what is compiled into
// translations. It returns at once; callbacks may still arrive until done is called, on
// a goroutine of its own, after every callback under way has returned and all translations have been
// dropped. done may register anew; it may be nil. Scoreboards stay.
func (h *Host) Reset(done func()) { h.sys.Withdraw(h.name, false, done) }

// Uninstall is Reset for good: registering afterwards has no effect. A second
// call does nothing.
func (h *Host) Uninstall(done func()) { h.sys.Withdraw(h.name, true, done) }

func (h *Host) register(e Event, s Set, cb any, opts []RegisterOption) *Registration {
	var o RegisterOptions
	for _, f := range opts {
		f(&o)
	}
	return h.sys.Register(h.name, e, s, cb, o)
}

// FilterSyscalls registers a filter for the syscalls of s. It runs before each
// of them, after the tracing events; see [Verdict] for what it can decide. A nil
// f with the [Named] option of an earlier registration removes that one.
func (h *Host) FilterSyscalls(s Set, f func(*Call) Verdict, opts ...RegisterOption) *Registration {
	return h.register(EventSyscallFilter, s, f, opts)
}

// OnSyscall registers f to see each syscall of s before filters and handler.
func (h *Host) OnSyscall(s Set, f func(*Call), opts ...RegisterOption) *Registration {
	return h.register(EventSyscall, s, f, opts)
}

// OnSyscallReturn registers f to see the result of each syscall of s, whoever
// made it, before it reaches the guest; f may change it with [Call.SetResult].
// Calls that do not return (exit, a successful execve) have no such event. In
// the child of a fork the event occurs too, with result 0.
func (h *Host) OnSyscallReturn(s Set, f func(*Call), opts ...RegisterOption) *Registration {
	return h.register(EventSyscallReturn, s, f, opts)
}

// OnThreadStart registers f to run on each new guest thread before its first
// instruction, the main thread included.
func (h *Host) OnThreadStart(f func(*VCPU), opts ...RegisterOption) *Registration {
	return h.register(EventThreadStart, Set{}, f, opts)
}

// OnThreadExit registers f to run when a guest thread ends before its process does;
// then the exit event speaks for all threads. In execve every thread ends and the
// new program's main thread starts.
func (h *Host) OnThreadExit(f func(*VCPU), opts ...RegisterOption) *Registration {
	return h.register(EventThreadExit, Set{}, f, opts)
}

// OnFork registers f to run in a forked child process before the guest's code
// goes on there. All of the plugin's state is a copy of the parent's. The child of a
// vfork(2) shares its parent's memory, plugins included, until it executes a program
// or ends: to plugins it is a thread, with a thread ID of its own.
func (h *Host) OnFork(f func(*VCPU), opts ...RegisterOption) *Registration {
	return h.register(EventFork, Set{}, f, opts)
}

// ExitInfo says how the guest's process ended.
type ExitInfo struct {
	Status int        // exit status, if Signal is 0
	Signal abi.Signal // the signal that killed it
}

// OnExit registers f to run once when the guest's process ends, newest first; in
// every forked child that exits too. It does not run at execve. Other guest threads
// may still be running.
func (h *Host) OnExit(f func(ExitInfo), opts ...RegisterOption) *Registration {
	return h.register(EventExit, Set{}, f, opts)
}
