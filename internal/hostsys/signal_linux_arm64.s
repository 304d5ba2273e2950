#include "go_asm.h"
#include "textflag.h"

// Signal handlers. They are entered from the kernel on the thread's gsignal
// stack with every signal blocked: R0 = signal, R1 = siginfo, R2 = ucontext,
// LR = the kernel's sigreturn code. All other registers but R28, which is Go's g,
// may be clobbered, rt_sigreturn restores them; R0, R1, R2, LR and R28 must be intact
// when another handler is chained to. R19 = State throughout.
//
// ucontext (arch/arm64/include/uapi/asm/{ucontext,sigcontext}.h): uc_sigmask 40,
// x0 to x30 from 184, sp 432, pc 440.
#define UC_MASK 40
#define UC_X(n) (184+8*(n))
#define UC_PC 440

// siginfo
#define SI_CODE 8
#define SI_ADDR 16

// See signal_linux_amd64.s: the si_code of a signal on its way between two of
// our threads.
#define CODED 0x20000000
#define ISCODED -0x10000000

// ENCODE changes the si_code at R1 if need be. Clobbers R9 and R10.
#define ENCODE(label) \
	MOVW SI_CODE(R1), R9; \
	CMNW $6, R9; \ // SI_TKILL is -6
	BEQ  3(PC); \
	CMPW $0, R9; \
	BLT  label; \
	MOVD $CODED, R10; \
	SUBW R10, R9; \
	MOVW R9, SI_CODE(R1); \
label:

// DECODE undoes that for the code at off(base). Clobbers R9 and R10.
#define DECODE(off, base, label) \
	MOVW off(base), R9; \
	MOVD $ISCODED, R10; \
	CMPW R10, R9; \
	BGE  label; \
	MOVD $CODED, R10; \
	ADDW R10, R9; \
	MOVW R9, off(base); \
label:

// SAVEINFO copies the siginfo at R1 to the address in R11. Clobbers R12 to R15.
#define SAVEINFO \
	LDP 0(R1), (R12, R13); \
	LDP 16(R1), (R14, R15); \
	STP (R12, R13), 0(R11); \
	STP (R14, R15), 16(R11); \
	LDP 32(R1), (R12, R13); \
	LDP 48(R1), (R14, R15); \
	STP (R12, R13), 32(R11); \
	STP (R14, R15), 48(R11); \
	LDP 64(R1), (R12, R13); \
	LDP 80(R1), (R14, R15); \
	STP (R12, R13), 64(R11); \
	STP (R14, R15), 80(R11); \
	LDP 96(R1), (R12, R13); \
	LDP 112(R1), (R14, R15); \
	STP (R12, R13), 96(R11); \
	STP (R14, R15), 112(R11)

// HOLD adds the set in R9 to the interrupted mask. Clobbers R10.
#define HOLD \
	MOVD UC_MASK(R2), R10; \
	ORR  R9, R10; \
	MOVD R10, UC_MASK(R2)

// SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP. There is no generated code on this host yet.
TEXT ·sigFault(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVW SI_CODE(R1), R9
	CMP  $0, R9
	BLE  user // kill, tgkill, sigqueue: no fault
	MOVD UC_PC(R2), R10
	MOVD $·ucStart(SB), R11
	CMP  R11, R10
	BLO  chain
	MOVD $·ucEnd(SB), R11
	CMP  R11, R10
	BHS  chain

	// in a routine of copy_linux_arm64.s
	MOVD SI_ADDR(R1), R11
	MOVD R11, UC_X(8)(R2)
	MOVWU R9, R9
	ORR  R0<<32, R9
	MOVD R9, UC_X(9)(R2)
	MOVD UC_X(11)(R2), R10
	MOVD R10, UC_PC(R2)
	RET

chain:
	MOVD $·goHandler(SB), R9
	MOVD (R9)(R0<<3), R9
	JMP  (R9)

user:
	// These signals are never held back, so each has a place of its own.
	MRS  TPIDR_EL0, R19
	CBZ  R19, forward
	MOVD $const_offArea, R10
	ADD  R19, R10, R20
	LSL  $7, R0, R11
	ADD  R20, R11
	ADD  $hostArea_UserInfo, R11
	SAVEINFO
	DECODE(SI_CODE, R11, userplain)
	MOVD $1, R9
	LSL  R0, R9
	MOVD hostArea_UserSync(R20), R10
	ORR  R9, R10
	MOVD R10, hostArea_UserSync(R20)
	MOVD const_offSigCount(R19), R9
	ADD  $1, R9
	MOVD R9, const_offSigCount(R19)
	MOVD $1, R9
	MOVW R9, const_offPending(R19)
	JMP  ·rewind(SB)
forward:
	MOVD LR, R26
	BL   ·forward(SB)
	MOVD R26, LR
	CBNZ R9, chain // no guest thread
	RET

// rewind moves an interrupted syscall window back to its start and returns from
// the handler. R19 = State.
TEXT ·rewind(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD UC_PC(R2), R9
	MOVD ·winLo(SB), R10
	CMP  R10, R9
	BLO  out
	MOVD ·winHi(SB), R11
	CMP  R11, R9
	BHI  out
	MOVD R10, UC_PC(R2)
	MOVD (const_offArea+hostArea_Rewinds)(R19), R9
	ADD  $1, R9
	MOVD R9, (const_offArea+hostArea_Rewinds)(R19)
out:
	RET

// forward sends the signal on to some guest thread: R9 = 0 if that worked.
// R0, R1 and R2 are kept.
TEXT ·forward(SB), NOSPLIT|NOFRAME, $0
	MOVW SI_CODE(R1), R23
	ENCODE(coded)
	MOVD R0, R20
	MOVD R1, R21
	MOVD R2, R22
	MOVD $const_SYS_GETPID, R8
	SVC
	MOVD R0, R24
	MOVD ZR, R25
next:
	MOVD $·guestTids(SB), R9
	MOVWU (R9)(R25<<2), R1
	CBZW R1, skip
	MOVD R24, R0
	MOVD R20, R2
	MOVD R21, R3
	MOVD $const_SYS_RT_TGSIGQUEUEINFO, R8
	SVC
	MOVD R0, R9
	CBZ  R9, done
skip:
	ADD  $1, R25
	CMP  $const_maxGuestTids, R25
	BLO  next
	MOVD $-1, R9
done:
	MOVD R20, R0
	MOVD R21, R1
	MOVW R23, SI_CODE(R1)
	MOVD R22, R2
	RET

// Signals that the guest handles.
TEXT ·sigGuest(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MRS  TPIDR_EL0, R19
	CBZ  R19, gothread
	CMP  $const_sigURG, R0
	BNE  queue
	MOVD (const_offArea+hostArea_SkipURG)(R19), R9
	CBZ  R9, queue
	MOVD ZR, (const_offArea+hostArea_SkipURG)(R19)
	JMP  shared
queue:
	MOVD const_offSigNo(R19), R9
	CBNZ R9, full
	MOVD $const_offSigInfo, R11
	ADD  R19, R11
	SAVEINFO
	DECODE(SI_CODE, R11, plain)
	MOVD const_offSigCount(R19), R9
	ADD  $1, R9
	MOVD R9, const_offSigCount(R19)
	MOVD R0, const_offSigNo(R19)
	MOVD $1, R9
	MOVW R9, const_offPending(R19)
	// one place is enough: the others wait in the kernel
	MOVD ·holdBack(SB), R9
	HOLD
	CMP  $const_sigURG, R0
	BEQ  shared
	CMP  $const_sigPROF, R0
	BEQ  shared
	JMP  ·rewind(SB)

shared: // the Go runtime may have sent it (preemption, CPU profile): let it look too
	MOVD LR, R26
	BL   ·rewind(SB)
	MOVD R26, LR
chain:
	MOVD $·goHandler(SB), R9
	MOVD (R9)(R0<<3), R9
	CMP  $1, R9 // SIG_DFL, SIG_IGN
	BLS  out
	JMP  (R9)
out:
	RET

full: // only if holdBack lacks the signal: back to the kernel, blocked until the thread sets its mask
	MOVD ·holdBack(SB), R9
	SUB  $1, R0, R10
	MOVD $1, R11
	LSL  R10, R11
	ORR  R11, R9
	HOLD
	MOVD R0, R20
	MOVD R1, R21
	MOVD $const_SYS_GETPID, R8
	SVC
	MOVD R0, R22
	MOVD $const_SYS_GETTID, R8
	SVC
	MOVD R0, R1
	MOVD R22, R0
	MOVD R20, R2
	MOVD R21, R3
	MOVD $const_SYS_RT_TGSIGQUEUEINFO, R8
	SVC
	RET

gothread:
	// A thread of Go's. It blocks the guest's signals from now on and hands this
	// one back to the process: the kernel then gives it to a guest thread that
	// has it unblocked, or keeps it. What Go needs itself is sent on instead.
	CMP  $const_sigURG, R0
	BEQ  gourg
	CMP  $const_sigPROF, R0
	BEQ  goprof
	MOVD ·holdBack(SB), R9
	MOVD ·goBlocks(SB), R10
	AND  R10, R9
	SUB  $1, R0, R10
	MOVD $1, R11
	LSL  R10, R11
	ORR  R11, R9
	HOLD
	ENCODE(gocoded)
	MOVD R0, R20
	MOVD R1, R21
	MOVD $const_SYS_GETPID, R8
	SVC
	MOVD R0, R22
	MOVD R20, R1
	MOVD R21, R2
	MOVD $const_SYS_RT_SIGQUEUEINFO, R8
	SVC
	CBZ  R0, out
	MOVD R22, R0 // queue full: without the details
	MOVD R20, R1
	MOVD $const_SYS_KILL, R8
	SVC
	RET
gourg:
	MOVW SI_CODE(R1), R9
	CMNW $6, R9
	BEQ  chain
	JMP  sendon
goprof:
	MOVW SI_CODE(R1), R9
	CMNW $2, R9 // SI_TIMER is -2
	BEQ  chain
sendon:
	MOVD LR, R26
	BL   ·forward(SB)
	MOVD R26, LR
	JMP  chain

// func addrHandlers() (fault, guest, park, restorer uintptr)
// The kernel brings its own restorer.
TEXT ·addrHandlers(SB), NOSPLIT, $0-32
	MOVD $·sigFault(SB), R0
	MOVD R0, fault+0(FP)
	MOVD $·sigGuest(SB), R0
	MOVD R0, guest+8(FP)
	MOVD $·sigPark(SB), R0
	MOVD R0, park+16(FP)
	MOVD ZR, restorer+24(FP)
	RET
