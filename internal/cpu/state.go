// Package cpu defines State, the machine context of one guest thread: guest
// registers, the poll words, why code was left, and what a host fault looked
// like. Host code generators, the signal handlers (assembly), the interpreter
// and the Linux personality all work on this one structure, so its layout is
// fixed and given as constants (offsets.go, checked by a test).
//
// A State must not move and must not be scanned by the collector while guest
// code runs: hostsys allocates it from mmap'd memory. It contains no pointers.
// The package knows no guest and no host; it is a leaf. Start with [State].
package cpu

// Numbers of slots in a State.
const (
	NumX = 64 // integer slots; slot 0 always reads zero
	NumV = 64 // FP/vector slots of 16 bytes

	// NumSums is the number of counters that have a word in the State.
	NumSums = 16

	// JumpCacheLen is the number of entries of the per-thread cache from guest
	// pc to host code, indexed by pc>>1.
	JumpCacheLen = 4096
	// NoPC is not the address of an instruction: those are even. But a register that is
	// jumped through may hold any value.
	NoPC = 1
)

// State is the context of one guest thread. Generated code addresses it from a
// base register that points Bias bytes into it.
type State struct {
	X [NumX]uint64    // integer registers by ir slot; X[0] is zero
	V [NumV][2]uint64 // FP/vector registers; a scalar is in element 0

	PC      uint64 // guest pc: valid outside generated code
	Pending uint32 // a guest signal was queued for this thread (set by the handler); also tested by the syscall window
	Kick    uint32 // the thread shall leave generated code (stop-the-world, fork); polled together with Pending as one 64-bit word
	Exit    Exit   // why generated code was left
	Die     uint32 // this thread does not exist in the forked child: leave for good
	ExitArg uint64 // meaning depends on Exit

	ResAddr uint64 // load-reserved: address, or NoReservation
	ResVal  uint64 // load-reserved: value read

	FRM    uint32 // guest dynamic rounding mode, RISC-V frm encoding 0-4; 5-7 invalid
	FFlags uint32 // accrued FP exceptions, RISC-V fflags order, without those still pending in MXCSR
	MXCSR  uint32 // host FP control and sticky flags as generated code left them
	_      uint32

	// Host side of the entry into generated code.
	HostSP   uint64 // goroutine's stack pointer at entry
	StackLo  uint64 // lowest usable address of the private host stack (a guard page lies below)
	StackTop uint64 // RSP of an empty private stack
	StackSP  uint64 // RSP to resume with: keeps the call/return pairs over exits
	Entry    uint64 // host address to enter
	CodeLo   uint64 // bounds of the code region, for handlers
	CodeHi   uint64

	// A host fault in generated code, stored by the handler.
	FaultRIP  uint64
	FaultAddr uint64     // si_addr
	FaultCode int64      // si_code
	FaultSig  uint64     // host signal number
	FaultErr  uint64     // x86 page-fault error code (REG_ERR); bit 1 = write
	Regs      [16]uint64 // r8..r15 rdi rsi rbp rbx rdx rax rcx rsp (kernel ucontext order)
	Eflags    uint64

	// A guest-visible signal, stored by the handler; one suffices because the
	// handler holds further ones back in the interrupted mask.
	SigCount uint64 // signals taken by the handler, ever
	SigNo    uint64
	SigInfo  [16]uint64 // siginfo_t, 128 bytes

	Base    uint64 // host address of guest address 0
	Scratch [16]uint64
	Temps   [64][2]uint64 // ir temporaries of generated code, 16 bytes each

	// Instrumentation.
	Slots     uint64 // address of the thread's words for counters
	TracePos  uint64 // address where the next trace record goes
	TraceEnd  uint64 // end of the buffer for trace records
	CallID    uint32 // ExitCall: which function
	ExitBlock uint32 // ExitInterp, ExitAlign, ExitIllegal out of an instrumented block: its offset + 1; cleared by the engine
	CallAddr  uint64 // ExitCall for a memory access: its address
	CallValue uint64 // and value

	// Sums is what has been added to some counters since generated code was entered: words at
	// a fixed distance from the base register, which hosts add to much faster than to others.
	Sums [NumSums]uint64

	_ [stateTail]byte

	// JumpCache maps guest pc to host code address; written only by the owning
	// thread, or while the world is stopped.
	JumpCache [JumpCacheLen][2]uint64
}

// NoReservation is the value of ResAddr when no reservation is held.
const NoReservation = ^uint64(0)

// Exit says why generated code, or the interpreter, returned.
type Exit uint32

// Exit reasons. PC is exact for all of them but ExitFault, where the engine
// recovers it from the fault tables.
const (
	ExitNone     Exit = iota
	ExitChain         // direct jump not linked yet; ExitArg = host address after the stub's call
	ExitIndirect      // indirect jump missed the jump cache; PC = target
	ExitSyscall       // ecall/svc/syscall; PC is after the instruction
	ExitBreak         // ebreak/brk; PC is at the instruction
	ExitIllegal       // unknown or privileged instruction; PC is at it
	ExitFenceI        // fence.i; PC is after it
	ExitInterp        // interpret one instruction at PC, then go on
	ExitPoll          // Pending or Kick was seen; PC exact
	ExitFault         // host fault: Fault* and Regs are set
	ExitAlign         // misaligned atomic; PC is at the instruction, ExitArg = address
	ExitVDSO          // the vDSO's private instruction: the syscall of the number register, answered without the host kernel if it can be; PC is after it
	ExitCall          // call Go function CallID and come back; ExitArg = host address to go on at
)

var exitNames = [...]string{"none", "chain", "indirect", "syscall", "break", "illegal", "fence.i", "interp", "poll", "fault", "align", "vdso", "call"}

// String names the exit for logs and the IR's text form.
func (e Exit) String() string {
	if int(e) < len(exitNames) {
		return exitNames[e]
	}
	return "exit?"
}

// Reset gives s the state of a new thread without registers: empty jump cache,
// no reservation, round-to-nearest.
func (s *State) Reset() {
	s.ResetFresh()
	s.ClearJumpCache()
}

// ResetFresh is Reset for memory that is all zero: it touches one page of the
// jump cache instead of sixteen.
func (s *State) ResetFresh() {
	s.ResAddr = NoReservation
	s.MXCSR = MXCSRDefault
	s.JumpCache[0][0] = emptyJump(0)
}

// ClearJumpCache forgets every indirect target.
func (s *State) ClearJumpCache() {
	clear(s.JumpCache[:])
	s.JumpCache[0][0] = emptyJump(0)
}

// ForgetJump removes pc from the jump cache, if it is there.
func (s *State) ForgetJump(pc uint64) {
	i := JumpIndex(pc)
	if s.JumpCache[i][0] == pc {
		s.JumpCache[i][0] = emptyJump(i)
	}
}

// JumpIndex is the entry of pc in the jump cache.
func JumpIndex(pc uint64) uint64 { return pc >> 1 % JumpCacheLen }

// emptyJump marks entry i as empty: an address that is looked for in another entry, so
// that nothing, not even an odd value, finds it. Zero, the content of fresh memory, will do
// for all entries but the one of address 0.
func emptyJump(i uint64) uint64 {
	if i == 0 {
		return 2
	}
	return 0
}

// MXCSRDefault is the value of MXCSR at process start: all exceptions masked,
// round to nearest, no sticky flags (Intel SDM vol. 1, 10.2.3).
const MXCSRDefault = 0x1f80

// FoldFlags moves sticky exception flags from MXCSR to FFlags. Call it before
// reading or replacing FFlags outside generated code.
func (s *State) FoldFlags() {
	m := s.MXCSR & 0x3f
	if m == 0 {
		return
	}
	// MXCSR: IE DE ZE OE UE PE = bits 0-5; fflags: NX UF OF DZ NV = bits 0-4.
	s.FFlags |= m>>5&1 | m>>4&1<<1 | m>>3&1<<2 | m>>2&1<<3 | m&1<<4
	s.MXCSR &^= 0x3f
}

// SetFRM sets the dynamic rounding mode and the host control word that goes
// with it (RMM has no host mode: code that rounds is then interpreted).
func (s *State) SetFRM(frm uint32) {
	s.FRM = frm & 7
	rc := [8]uint32{0: 0, 1: 3, 2: 1, 3: 2}[s.FRM] // RNE RTZ RDN RUP -> MXCSR.RC
	s.MXCSR = s.MXCSR&^(3<<13) | rc<<13
}
