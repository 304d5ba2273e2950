package plugin

import "github.com/weir-emu/weir/abi"

// OnTranslate registers f to see each block of guest code before it is translated, and
// to register on it what shall happen when it is executed: see [Block]. f runs on the thread
// that is about to execute the block. Registering or removing an OnTranslate callback, at any
// time, stops all vCPUs for a moment and drops all translations, so that everything executed from
// then on has been seen by all callbacks there are. Of several the first registered is asked first
// (higher [Priority] before). With none, nothing is translated differently and execution costs nothing.
func (h *Host) OnTranslate(f func(*Block), opts ...RegisterOption) *Registration {
	return h.register(EventTranslate, Set{}, f, opts)
}

// OnFlush registers f to run when all translations have been dropped: the code cache was full, or
// callbacks on blocks changed. All vCPUs are stopped, so f needs no lock against their
// callbacks, and must not wait for them. It is the place to free what was kept per block.
func (h *Host) OnFlush(f func(), opts ...RegisterOption) *Registration {
	return h.register(EventFlush, Set{}, f, opts)
}

// OnExec registers f to run after an execve(2) of the guest has loaded the new program, before
// its main thread starts. Plugins and their registrations stay; exit callbacks have not
// run. [Host.Image] describes the new program already.
func (h *Host) OnExec(f func(*VCPU), opts ...RegisterOption) *Registration {
	return h.register(EventExec, Set{}, f, opts)
}

// Mapping is a range of the guest's memory that was mapped.
type Mapping struct {
	Addr   abi.Addr
	Size   uint64 // bytes
	Prot   int    // PROT_ bits: 1 read, 2 write, 4 execute
	Path   string // of the file, "" for anonymous memory
	Offset uint64 // in the file, bytes
}

// OnMap registers f to run after the guest has mapped memory with mmap(2) or mremap(2), and for
// the segments of a program when it is loaded.
func (h *Host) OnMap(f func(*VCPU, Mapping), opts ...RegisterOption) *Registration {
	return h.register(EventMap, Set{}, f, opts)
}

// OnUnmap registers f to run after the guest has unmapped size bytes at addr.
func (h *Host) OnUnmap(f func(v *VCPU, addr abi.Addr, size uint64), opts ...RegisterOption) *Registration {
	return h.register(EventUnmap, Set{}, f, opts)
}

// OnLibrary registers f to run when executable code of an ELF file has been mapped, after the map
// event: the dynamic loader when the program starts, shared libraries later. The program
// itself is [Host.Image].
func (h *Host) OnLibrary(f func(*VCPU, Image), opts ...RegisterOption) *Registration {
	return h.register(EventLibrary, Set{}, f, opts)
}

// Signal is a signal that is delivered to a guest thread.
type Signal struct {
	Signal  abi.Signal
	Code    int32    // si_code
	Addr    abi.Addr // of the fault, for signals that the hardware raises
	Fault   bool     // raised by an instruction, which is at the pc
	Handler abi.Addr // of the guest; 0: the default action, which may end the process
}

// OnSignal registers f to run when a signal is delivered, before the handler's frame is made.
// Ignored and blocked signals are not delivered.
func (h *Host) OnSignal(f func(*VCPU, Signal), opts ...RegisterOption) *Registration {
	return h.register(EventSignal, Set{}, f, opts)
}

// OnBlocked registers f to run before a thread makes a call of the host kernel that may wait.
// [Host.OnResumed] tells of its end. QEMU's vcpu_idle and vcpu_resume are the model; those never
// happen in qemu-user.
func (h *Host) OnBlocked(f func(*VCPU), opts ...RegisterOption) *Registration {
	return h.register(EventBlocked, Set{}, f, opts)
}

// OnResumed registers f to run after a host call that may have waited. There is one for each blocked
// event, unless the thread ended in the call.
func (h *Host) OnResumed(f func(*VCPU), opts ...RegisterOption) *Registration {
	return h.register(EventResumed, Set{}, f, opts)
}

// DiscontinuityType is a set of reasons why execution went on elsewhere than the code says.
type DiscontinuityType uint8

// Reasons.
const (
	// Interrupt: a signal that comes from outside has a handler, which runs now. From is
	// the next instruction that would have been executed.
	Interrupt DiscontinuityType = 1 << iota
	// Exception: the signal of an instruction that failed has a handler, which runs now. From
	// is the instruction.
	Exception
	// HostCall: a system call is over. From is its instruction, To where the thread goes on.
	HostCall

	AllDiscontinuities = Interrupt | Exception | HostCall
)

// String names a single reason.
func (t DiscontinuityType) String() string {
	switch t {
	case Interrupt:
		return "interrupt"
	case Exception:
		return "exception"
	case HostCall:
		return "hostcall"
	}
	return "discontinuities"
}

// Discontinuity is one such event.
type Discontinuity struct {
	Type     DiscontinuityType
	From, To abi.Addr
}

// OnDiscontinuity registers f to run when execution has gone on elsewhere for one of the
// reasons in types: the pc is To already.
func (h *Host) OnDiscontinuity(types DiscontinuityType, f func(*VCPU, Discontinuity), opts ...RegisterOption) *Registration {
	if f == nil {
		return h.register(EventDiscontinuity, Set{}, f, opts)
	}
	return h.register(EventDiscontinuity, Set{}, func(v *VCPU, d Discontinuity) {
		if d.Type&types != 0 {
			f(v, d)
		}
	}, opts)
}
