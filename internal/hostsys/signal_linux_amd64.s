#include "go_asm.h"
#include "textflag.h"

// Signal handlers. They are entered from the kernel on the thread's gsignal
// stack with every signal blocked: DI = signal, SI = siginfo, DX = ucontext.
// All registers may be clobbered, rt_sigreturn restores them; DI, SI and DX
// must be intact when another handler is chained to.
//
// ucontext (arch/x86/include/uapi/asm/sigcontext.h): 16 general registers at
// 40 (r8..r15 rdi rsi rbp rbx rdx rax rcx rsp), rip 168, eflags 176, err 192,
// uc_sigmask 296.
#define UC_R8 40
#define UC_R9 48
#define UC_R11 64
#define UC_RBP 120
#define UC_RIP 168
#define UC_EFLAGS 176
#define UC_ERR 192
#define UC_MASK 296

// siginfo
#define SI_CODE 8
#define SI_ADDR 16

// The kernel lets nobody but the receiver queue a siginfo with an si_code that
// claims to come from the kernel or from kill. On the way between two of our
// threads such a code is made negative by CODED; all other contents survive.
#define CODED 0x20000000
#define ISCODED -0x10000000

// ENCODE changes the si_code at SI if need be. Clobbers AX.
#define ENCODE(label) \
	MOVL SI_CODE(SI), AX; \
	CMPL AX, $const_siTkill; \
	JEQ  3(PC); \
	TESTL AX, AX; \
	JLT  label; \
	SUBL $CODED, SI_CODE(SI); \
label:

// DECODE undoes that for the code at mem. Clobbers AX.
#define DECODE(mem, label) \
	MOVL mem, AX; \
	CMPL AX, $ISCODED; \
	JGE  label; \
	ADDL $CODED, AX; \
	MOVL AX, mem; \
label:

TEXT ·restorer(SB), NOSPLIT|NOFRAME, $0
	MOVL $const_SYS_RT_SIGRETURN, AX
	SYSCALL
	INT $3

// SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP.
TEXT ·sigFault(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVLQSX SI_CODE(SI), R9
	TESTQ R9, R9
	JLE  user // kill, tgkill, sigqueue: no fault
	MOVQ UC_RIP(DX), AX
	MOVQ 32(FS), R8
	TESTQ R8, R8
	JZ   access
	CMPQ AX, const_offCodeLo(R8)
	JCS  access
	CMPQ AX, const_offCodeHi(R8)
	JCC  access
	MOVQ ·faultExit(SB), R11
	TESTQ R11, R11
	JZ   chain

	// in generated code
	MOVQ AX, const_offFaultRIP(R8)
	MOVQ SI_ADDR(SI), R10
	MOVQ R10, const_offFaultAddr(R8)
	MOVQ R9, const_offFaultCode(R8)
	MOVQ DI, const_offFaultSig(R8)
	MOVQ UC_ERR(DX), R10
	MOVQ R10, const_offFaultErr(R8)
	MOVOU (UC_R8+0)(DX), X0
	MOVOU (UC_R8+16)(DX), X1
	MOVOU (UC_R8+32)(DX), X2
	MOVOU (UC_R8+48)(DX), X3
	MOVOU (UC_R8+64)(DX), X4
	MOVOU (UC_R8+80)(DX), X5
	MOVOU (UC_R8+96)(DX), X6
	MOVOU (UC_R8+112)(DX), X7
	MOVOU X0, (const_offRegs+0)(R8)
	MOVOU X1, (const_offRegs+16)(R8)
	MOVOU X2, (const_offRegs+32)(R8)
	MOVOU X3, (const_offRegs+48)(R8)
	MOVOU X4, (const_offRegs+64)(R8)
	MOVOU X5, (const_offRegs+80)(R8)
	MOVOU X6, (const_offRegs+96)(R8)
	MOVOU X7, (const_offRegs+112)(R8)
	MOVQ UC_EFLAGS(DX), R10
	MOVQ R10, const_offEflags(R8)
	MOVL $const_exitFault, const_offExit(R8)
	ADDQ $const_bias, R8
	MOVQ R8, UC_RBP(DX)
	MOVQ R11, UC_RIP(DX)
	RET

access: // in a routine of copy_linux_amd64.s
	LEAQ ·ucStart(SB), R10
	CMPQ AX, R10
	JCS  chain
	LEAQ ·ucEnd(SB), R10
	CMPQ AX, R10
	JCC  chain
	MOVQ SI_ADDR(SI), R10
	MOVQ R10, UC_R8(DX)
	MOVL R9, R9
	MOVQ DI, R10
	SHLQ $32, R10
	ORQ  R10, R9
	MOVQ R9, UC_R9(DX)
	MOVQ UC_R11(DX), R10
	MOVQ R10, UC_RIP(DX)
	RET

chain:
	LEAQ ·goHandler(SB), R9
	MOVQ (R9)(DI*8), R9
	JMP  R9

user:
	// These signals are never held back, so each has a place of its own.
	MOVQ 32(FS), R8
	TESTQ R8, R8
	JZ   forward
	LEAQ const_offArea(R8), R10
	MOVQ DI, R11
	SHLQ $7, R11
	LEAQ hostArea_UserInfo(R10)(R11*1), R11
	MOVOU 0(SI), X0
	MOVOU 16(SI), X1
	MOVOU 32(SI), X2
	MOVOU 48(SI), X3
	MOVOU 64(SI), X4
	MOVOU 80(SI), X5
	MOVOU 96(SI), X6
	MOVOU 112(SI), X7
	MOVOU X0, 0(R11)
	MOVOU X1, 16(R11)
	MOVOU X2, 32(R11)
	MOVOU X3, 48(R11)
	MOVOU X4, 64(R11)
	MOVOU X5, 80(R11)
	MOVOU X6, 96(R11)
	MOVOU X7, 112(R11)
	DECODE(SI_CODE(R11), userplain)
	BTSQ DI, hostArea_UserSync(R10)
	INCQ const_offSigCount(R8)
	MOVL $1, const_offPending(R8)
	JMP  ·rewind(SB)
forward:
	CALL ·forward(SB)
	TESTQ AX, AX
	JNZ  chain // no guest thread
	RET

// rewind moves an interrupted syscall window back to its start and returns from
// the handler. R8 = State.
TEXT ·rewind(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ UC_RIP(DX), AX
	CMPQ AX, ·winLo(SB)
	JCS  out
	CMPQ AX, ·winHi(SB)
	JHI  out
	MOVQ ·winLo(SB), AX
	MOVQ AX, UC_RIP(DX)
	INCQ (const_offArea+hostArea_Rewinds)(R8)
out:
	RET

// forward sends the signal on to some guest thread: AX = 0 if that worked.
// DI, SI and DX are kept.
TEXT ·forward(SB), NOSPLIT|NOFRAME, $0
	MOVL SI_CODE(SI), R14
	ENCODE(coded)
	MOVQ DI, R12
	MOVQ SI, R13
	MOVQ DX, R15
	MOVL $const_SYS_GETPID, AX
	SYSCALL
	MOVQ AX, BX
	XORL R9, R9
next:
	LEAQ ·guestTids(SB), AX
	MOVL (AX)(R9*4), SI
	TESTL SI, SI
	JZ   skip
	MOVQ BX, DI
	MOVQ R12, DX
	MOVQ R13, R10
	MOVL $const_SYS_RT_TGSIGQUEUEINFO, AX
	SYSCALL
	TESTQ AX, AX
	JZ   done
skip:
	INCL R9
	CMPL R9, $const_maxGuestTids
	JB   next
	MOVQ $-1, AX
done:
	MOVQ R12, DI
	MOVQ R13, SI
	MOVL R14, SI_CODE(SI)
	MOVQ R15, DX
	RET

// Signals that the guest handles.
TEXT ·sigGuest(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ 32(FS), R8
	TESTQ R8, R8
	JZ   gothread
	CMPL DI, $const_sigURG
	JNE  queue
	CMPQ (const_offArea+hostArea_SkipURG)(R8), $0
	JEQ  queue
	MOVQ $0, (const_offArea+hostArea_SkipURG)(R8)
	JMP  shared
queue:
	CMPQ const_offSigNo(R8), $0
	JNE  full
	MOVOU 0(SI), X0
	MOVOU 16(SI), X1
	MOVOU 32(SI), X2
	MOVOU 48(SI), X3
	MOVOU 64(SI), X4
	MOVOU 80(SI), X5
	MOVOU 96(SI), X6
	MOVOU 112(SI), X7
	MOVOU X0, (const_offSigInfo+0)(R8)
	MOVOU X1, (const_offSigInfo+16)(R8)
	MOVOU X2, (const_offSigInfo+32)(R8)
	MOVOU X3, (const_offSigInfo+48)(R8)
	MOVOU X4, (const_offSigInfo+64)(R8)
	MOVOU X5, (const_offSigInfo+80)(R8)
	MOVOU X6, (const_offSigInfo+96)(R8)
	MOVOU X7, (const_offSigInfo+112)(R8)
	DECODE((const_offSigInfo+SI_CODE)(R8), plain)
	INCQ const_offSigCount(R8)
	MOVQ DI, const_offSigNo(R8)
	MOVL $1, const_offPending(R8)
	// one place is enough: the others wait in the kernel
	MOVQ ·holdBack(SB), R9
	ORQ  R9, UC_MASK(DX)
	CMPL DI, $const_sigURG
	JEQ  shared
	CMPL DI, $const_sigPROF
	JEQ  shared
	JMP  ·rewind(SB)

shared: // the Go runtime may have sent it (preemption, CPU profile): let it look too
	CALL ·rewind(SB)
chain:
	LEAQ ·goHandler(SB), R9
	MOVQ (R9)(DI*8), R9
	CMPQ R9, $1 // SIG_DFL, SIG_IGN
	JLS  out
	JMP  R9
out:
	RET

full: // only if holdBack lacks the signal: back to the kernel, blocked until the thread sets its mask
	MOVQ ·holdBack(SB), R9
	ORQ  R9, UC_MASK(DX)
	LEAQ -1(DI), CX
	BTSQ CX, UC_MASK(DX)
	MOVQ DI, R12
	MOVQ SI, R13
	MOVL $const_SYS_GETPID, AX
	SYSCALL
	MOVQ AX, R14
	MOVL $const_SYS_GETTID, AX
	SYSCALL
	MOVQ R14, DI
	MOVQ AX, SI
	MOVQ R12, DX
	MOVQ R13, R10
	MOVL $const_SYS_RT_TGSIGQUEUEINFO, AX
	SYSCALL
	RET

gothread:
	// A thread of Go's. It blocks the guest's signals from now on and hands this
	// one back to the process: the kernel then gives it to a guest thread that
	// has it unblocked, or keeps it. What Go needs itself is sent on instead.
	CMPL DI, $const_sigURG
	JEQ  gourg
	CMPL DI, $const_sigPROF
	JEQ  goprof
	MOVQ ·holdBack(SB), R9
	ANDQ ·goBlocks(SB), R9
	ORQ  R9, UC_MASK(DX)
	LEAQ -1(DI), CX
	BTSQ CX, UC_MASK(DX)
	ENCODE(gocoded)
	MOVQ DI, R12
	MOVQ SI, R13
	MOVL $const_SYS_GETPID, AX
	SYSCALL
	MOVQ AX, R14
	MOVQ AX, DI
	MOVQ R12, SI
	MOVQ R13, DX
	MOVL $const_SYS_RT_SIGQUEUEINFO, AX
	SYSCALL
	TESTQ AX, AX
	JZ   out
	MOVQ R14, DI // queue full: without the details
	MOVQ R12, SI
	MOVL $const_SYS_KILL, AX
	SYSCALL
	RET
gourg:
	CMPL SI_CODE(SI), $const_siTkill
	JEQ  chain
	CALL ·forward(SB)
	JMP  chain
goprof:
	CMPL SI_CODE(SI), $const_siTimer
	JEQ  chain
	CALL ·forward(SB)
	JMP  chain

// func addrHandlers() (fault, guest, park, restorer uintptr)
TEXT ·addrHandlers(SB), NOSPLIT, $0-32
	LEAQ ·sigFault(SB), AX
	MOVQ AX, fault+0(FP)
	LEAQ ·sigGuest(SB), AX
	MOVQ AX, guest+8(FP)
	LEAQ ·sigPark(SB), AX
	MOVQ AX, park+16(FP)
	LEAQ ·restorer(SB), AX
	MOVQ AX, restorer+24(FP)
	RET
