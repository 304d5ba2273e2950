#include "go_asm.h"
#include "textflag.h"

// Handler of SigInternal. While a fork gathers (parkGen odd) the thread records where its
// signal frame is and waits; else the signal was a kick.
TEXT ·sigPark(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVL ·parkGen(SB), R12
	TESTL $1, R12
	JZ   kick
	MOVL $1, AX
	LEAQ ·parkIdx(SB), BX
	LOCK
	XADDL AX, 0(BX)
	CMPL AX, $const_maxThreads
	JCC  wait // too many: the fork fails
	MOVLQZX AX, R13
	IMULQ $parkSlot__size, R13
	LEAQ ·parkSlots(SB), BX
	ADDQ BX, R13
	MOVQ SP, parkSlot_SP(R13)
	MOVQ DX, parkSlot_UC(R13)
	MOVQ 32(FS), AX // State of this thread (m.tls[5])
	MOVQ AX, parkSlot_State(R13)
	MOVQ 24(FS), AX // FS base, kept in m.tls[4]
	TESTQ AX, AX
	JNZ  havefs
	MOVL $const_SYS_ARCH_PRCTL, AX
	MOVL $const_archGetFS, DI
	LEAQ parkSlot_TLS(R13), SI
	SYSCALL
	MOVQ parkSlot_TLS(R13), AX
	MOVQ AX, 24(FS)
havefs:
	MOVQ AX, parkSlot_TLS(R13)
	MOVL $const_SYS_GETTID, AX
	SYSCALL
	MOVQ AX, parkSlot_Tid(R13)
	MOVQ R12, parkSlot_Gen(R13) // last: from here on the slot counts
	LEAQ ·parked(SB), DI
	MOVL $1, AX
	LOCK
	XADDL AX, 0(DI)
	INCL AX
	CMPL AX, ·parkTarget(SB)
	JCS  wait
	MOVL $const_SYS_FUTEX, AX // wake the forker
	MOVL $const_futexWakePrivate, SI
	MOVL $1, DX
	SYSCALL
wait:
	MOVL ·parkGen(SB), AX
	CMPL AX, R12
	JNE  resume
	MOVL $const_SYS_FUTEX, AX
	LEAQ ·parkGen(SB), DI
	MOVL $const_futexWaitPrivate, SI
	MOVL R12, DX
	XORL R10, R10
	SYSCALL
	JMP  wait
resume:
	CMPL ·parkLeave(SB), $0
	JEQ  out
	MOVL $const_SYS_EXIT, AX // revive goes on from the slot
	XORL DI, DI
	SYSCALL
	INT  $3
out:
	RET
kick:
	MOVQ 32(FS), R8
	TESTQ R8, R8
	JZ   gothread
	JMP  ·rewind(SB)
gothread:
	// A thread of Go's: it shall not take the guest's signals (maskGo).
	MOVQ ·holdBack(SB), R9
	ANDQ ·goBlocks(SB), R9
	ORQ  R9, 296(DX) // uc_sigmask
	CMPL ·maskIdx(SB), $const_maxMaskTids
	JCC  out
	MOVL $1, R13
	LEAQ ·maskIdx(SB), BX
	LOCK
	XADDL R13, 0(BX)
	CMPL R13, $const_maxMaskTids
	JCC  out
	MOVL $const_SYS_GETTID, AX
	SYSCALL
	LEAQ ·maskTids(SB), BX
	MOVL AX, (BX)(R13*4)
	RET

// func revive(slot *parkSlot) uintptr
// In a forked child: makes a thread that continues where the parked one of the
// parent would have, by returning from its signal frame.
TEXT ·revive(SB), NOSPLIT, $0-16
	MOVQ slot+0(FP), R12
	MOVL $const_threadFlags, DI
	MOVQ parkSlot_SP(R12), SI
	MOVQ parkSlot_TLS(R12), R8
	MOVQ R8, R13
	XORL DX, DX
	XORL R10, R10
	MOVL $const_SYS_CLONE, AX
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, ret+8(FP)
	RET
child:
	MOVL $const_SYS_GETTID, AX
	SYSCALL
	SUBQ ·procidOff(SB), R13
	MOVQ AX, 0(R13) // m.procid
	CMPL ·neverPreempts(SB), $0
	JNE  back
	// A preemption signal that was on its way at the fork is lost, and the runtime would
	// wait for it: send another. It arrives with the mask of the frame.
	MOVQ AX, SI
	MOVL $const_SYS_GETPID, AX
	SYSCALL
	MOVQ AX, DI
	MOVL $const_sigURG, DX
	MOVL $const_SYS_TGKILL, AX
	SYSCALL
back:
	ADDQ $8, SP // as after the handler's RET
	MOVL $const_SYS_RT_SIGRETURN, AX
	SYSCALL
	INT $3

// func startReviver(stack, tls unsafe.Pointer) uintptr
TEXT ·startReviver(SB), NOSPLIT, $0-24
	MOVL $const_reviverFlags, DI
	MOVQ stack+0(FP), SI
	LEAQ ·reviverTid(SB), DX
	MOVQ DX, R10
	MOVQ tls+8(FP), R8
	MOVL $const_SYS_CLONE, AX
	SYSCALL
	TESTQ AX, AX
	JZ   reviver
	MOVQ AX, ret+16(FP)
	RET
reviver:
	XORL BP, BP
	CALL ·reviver(SB)
	MOVL $const_SYS_EXIT, AX
	XORL DI, DI
	SYSCALL
	INT $3

// func preemptAsked() bool
// A request to yield makes g.stackguard0, at the offset that every function's start looks at, larger than any address.
TEXT ·preemptAsked(SB), NOSPLIT, $0-1
	MOVQ (TLS), AX
	MOVQ 16(AX), AX
	SHRQ $63, AX
	MOVB AX, ret+0(FP)
	RET

// func load32p(p *uint32) uint32
TEXT ·load32p(SB), NOSPLIT, $0-12
	MOVQ p+0(FP), BX
	MOVL 0(BX), AX
	MOVL AX, ret+8(FP)
	RET

// func store32p(p *uint32, v uint32)
TEXT ·store32p(SB), NOSPLIT, $0-12
	MOVQ p+0(FP), BX
	MOVL v+8(FP), AX
	XCHGL AX, 0(BX)
	RET

// func xadd32p(p *uint32, d uint32) uint32
TEXT ·xadd32p(SB), NOSPLIT, $0-20
	MOVQ p+0(FP), BX
	MOVL d+8(FP), AX
	LOCK
	XADDL AX, 0(BX)
	MOVL AX, ret+16(FP)
	RET

// func cas32p(p *uint32, old, new uint32) bool
TEXT ·cas32p(SB), NOSPLIT, $0-17
	MOVQ p+0(FP), BX
	MOVL old+8(FP), AX
	MOVL new+12(FP), CX
	LOCK
	CMPXCHGL CX, 0(BX)
	SETEQ ret+16(FP)
	RET
