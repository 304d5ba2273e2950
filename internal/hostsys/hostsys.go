// Package hostsys is the border between Weir and the machine it runs on: the
// Go runtime's internals, host signal handlers, raw system calls, threads and
// processes. It is the only package that uses runtime linknames or the syscall
// instruction.
//
// It knows [cpu.State], the context of a guest thread, but no guest
// architecture, no Linux personality and no translator.
//
// Start with [Init], then [NewState] and [Bind] (state), [Enter] (running
// generated code), [Syscall] (the restartable window), [TakeSignal] (guest
// signals) and [Fork]. docs/RATIONALE.md says why the process is built this way.
//
// # Signals and threads
//
// A guest thread is a goroutine locked to its thread with a State bound to it
// ([Bind]). Signal handlers find the State through a spare word of the
// runtime's thread-local storage. Threads without a State belong to Go.
//
// # Results of system calls
//
// All raw calls return what the kernel left in the result register: a value
// from -4095 to -1 is a negated errno. [IsErr] tells.
package hostsys

// ERestart is the result of [Syscall] and [SyscallFast] when the call was not
// executed because the thread's Pending word was set.
const ERestart = ^uintptr(511) // -512, the kernel's internal ERESTARTSYS: no real result has it

// MaxErrno is the largest errno (include/linux/err.h).
const MaxErrno = 4095

// IsErr reports whether a raw result is a negated errno.
func IsErr(r uintptr) bool { return r >= ^uintptr(MaxErrno-1) }

// Errno returns the errno in a raw result, or 0. [ERestart] yields 512.
func Errno(r uintptr) int {
	if IsErr(r) {
		return int(-r)
	}
	return 0
}

// Fault says why an access to memory failed. The zero Fault (Sig == 0) means
// that it succeeded.
type Fault struct {
	Addr uintptr // si_addr; 0 for a non-canonical address (Code is then SIKernel)
	Code int32   // si_code: SEGV_MAPERR 1, SEGV_ACCERR 2, BUS_ADRALN 1, BUS_ADRERR 2, SIKernel
	Sig  int32   // host signal: SIGSEGV or SIGBUS
}

// Host signal numbers of the handlers in this package (signal(7), x86 column,
// which is the generic one).
const (
	sigILL  = 4
	sigTRAP = 5
	sigBUS  = 7
	sigFPE  = 8
	sigKILL = 9
	sigSEGV = 11
	sigCHLD = 17
	sigSTOP = 19
	sigURG  = 23
	sigPROF = 27

	// SIKernel is the si_code of signals raised by the kernel without detail
	// (asm-generic/siginfo.h, SI_KERNEL).
	SIKernel = 0x80

	// SigInternal is the host signal reserved for this package: parking threads
	// at a fork, kicks. A guest's own signals 32 and 33 must be delivered
	// inside the emulator ([SigGo] is used by the Go runtime).
	SigInternal = 32
	// SigGo is used by Go's syscall.AllThreadsSyscall.
	SigGo = 33

	// NumSig is the highest signal number.
	NumSig = 64
)

// SigBit returns the bit of a signal in a 64-bit kernel mask.
func SigBit(sig int) uint64 { return 1 << (sig - 1) }

// Unblockable is the set of signals a guest thread never blocks on the host,
// whatever the guest's own mask says: synchronous faults, which the kernel
// would turn into death, and the two reserved ones.
const Unblockable uint64 = 1<<(sigSEGV-1) | 1<<(sigBUS-1) | 1<<(sigILL-1) | 1<<(sigFPE-1) | 1<<(sigTRAP-1) |
	1<<(SigInternal-1) | 1<<(SigGo-1) | 1<<(sigKILL-1) | 1<<(sigSTOP-1)

// GuestSignals is the default hold-back mask: every signal that a guest can
// handle on the host. While one is queued in a State the others stay in the
// kernel's queue, which keeps order and payload.
const GuestSignals = ^Unblockable

// Disposition is what the host shall do with a signal.
type Disposition int

// Dispositions for [SetAction].
const (
	Default Disposition = iota // the kernel's default action
	Ignore                     // SIG_IGN
	Catch                      // queue it in a State
)

// KeepProfile leaves SIGPROF to Go unless it is caught: set it before the first
// [SetAction] when Weir itself is profiled.
var KeepProfile bool

// Types of entries for [Auxv] (include/uapi/linux/auxvec.h).
const (
	ATExecFD = 2  // descriptor of the program, from binfmt_misc
	ATFlags  = 8  // AT_FLAGS_PRESERVE_ARGV0 (include/uapi/linux/binfmts.h) is bit 0
	ATSecure = 23 // the program's credentials are more than the caller's
)

// fixCode decodes an si_code; see [FixSiginfo].
func fixCode(code int32) int32 {
	if code < -0x10000000 {
		code += 0x20000000
	}
	return code
}

// Error is an error of this package.
type Error string

func (e Error) Error() string { return string(e) }

// InitError says why the machine or the Go runtime cannot run guests.
type InitError struct {
	What string // the fact that does not hold
	Err  int    // errno, or 0
}

func (e *InitError) Error() string {
	s := "weir cannot run guests on this host: " + e.What
	if e.Err != 0 {
		s += " (errno " + itoa(e.Err) + ")"
	}
	return s
}

// itoa avoids strconv, which would delay this package's initialisation.
func itoa(n int) string {
	var b [20]byte
	i := len(b)
	u := uint(n)
	if n < 0 {
		u = uint(-n)
	}
	for {
		i--
		b[i] = byte('0' + u%10)
		if u /= 10; u == 0 {
			break
		}
	}
	if n < 0 {
		i--
		b[i] = '-'
	}
	return string(b[i:])
}

// CloneArgs is struct clone_args (clone3(2), include/uapi/linux/sched.h).
type CloneArgs struct {
	Flags, Pidfd, ChildTID, ParentTID, ExitSignal, Stack, StackSize, TLS uint64
	SetTID                                                               uint64 // address of an array of int32, the innermost PID namespace's first
	SetTIDSize                                                           uint64 // its elements
	Cgroup                                                               uint64 // descriptor of a cgroup's folder
}
