package engine

// Kind says why Run returned.
type Kind uint8

// Kinds of exits. State.PC is exact for each.
const (
	// Syscall: the guest's system call instruction; PC is after it.
	Syscall Kind = iota + 1
	// VDSO: the private instruction of Weir's vDSO, a system call that may be
	// answered without the host kernel; PC is after it.
	VDSO
	// Poll: State.Pending was set (a signal is queued, or the thread shall
	// die) or Interrupt was called.
	Poll
	// Fault: a data access failed; Sig, Code and Addr describe it, PC is
	// the instruction. Nothing of the instruction has happened.
	Fault
	// FetchFault: there is no executable memory at Addr; PC is the instruction,
	// which may begin before Addr.
	FetchFault
	// Align: an atomic access to the misaligned address Addr by the instruction at PC.
	Align
	// Break: a breakpoint instruction at PC.
	Break
	// Illegal: an unknown or privileged instruction at PC.
	Illegal
)

var kindNames = [...]string{Syscall: "syscall", VDSO: "vdso", Poll: "poll", Fault: "fault", FetchFault: "fetch fault", Align: "align", Break: "break", Illegal: "illegal"}

// String names the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k > 0 {
		return kindNames[k]
	}
	return "kind?"
}

// Exit is what Run returns.
type Exit struct {
	Kind Kind
	Sig  uint8  // Fault: host signal, SIGSEGV or SIGBUS
	Code int32  // Fault: si_code
	Addr uint64 // Fault, FetchFault, Align: guest address
}
