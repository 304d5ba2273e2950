#include "go_asm.h"
#include "textflag.h"

#define UC_STACK 16
#define UC_MASK 40
#define UC_PC 440

// Handler of SigInternal. While a fork gathers (parkGen odd) the thread records where its
// signal frame is and waits; else the signal was a kick. Registers are as in signal_linux_arm64.s.
TEXT ·sigPark(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD $·parkGen(SB), R20
	LDARW (R20), R21
	TBZ  $0, R21, kick
	MOVD $·parkIdx(SB), R9
claim:
	LDAXRW (R9), R10
	ADDW $1, R10, R11
	STLXRW R11, (R9), R12
	CBNZW R12, claim
	MOVD $const_maxThreads, R11
	CMPW R11, R10
	BHS  wait // too many: the fork fails
	MOVWU R10, R10
	MOVD $parkSlot__size, R11
	MUL  R11, R10
	MOVD $·parkSlots(SB), R22
	ADD  R10, R22
	MOVD RSP, R9
	MOVD R9, parkSlot_SP(R22)
	MOVD R2, parkSlot_UC(R22)
	MRS  TPIDR_EL0, R9
	MOVD R9, parkSlot_State(R22)
	MOVD R9, parkSlot_TLS(R22)
	// The runtime's g, and from it m.procid. In the vDSO R28 may be anything: before it goes there the
	// runtime stores g at the bottom of the signal stack.
	MOVD g, R9
	MOVD UC_PC(R2), R10
	MOVD ·vdsoLo(SB), R11
	CMP  R11, R10
	BLO  haveg
	MOVD ·vdsoHi(SB), R11
	CMP  R11, R10
	BHS  haveg
	MOVD UC_STACK(R2), R10
	MOVD (R10), R10
	CBZ  R10, haveg
	MOVD R10, R9
haveg:
	MOVD ·gmOff(SB), R10
	MOVD (R9)(R10), R9
	MOVD ·procidOff(SB), R10
	ADD  R10, R9
	MOVD R9, parkSlot_M(R22)
	MOVD $const_SYS_GETTID, R8
	SVC
	MOVD R0, parkSlot_Tid(R22)
	ADD  $parkSlot_Gen, R22, R9
	STLR R21, (R9) // last: from here on the slot counts
	MOVD $·parked(SB), R9
count:
	LDAXRW (R9), R10
	ADDW $1, R10
	STLXRW R10, (R9), R12
	CBNZW R12, count
	MOVWU ·parkTarget(SB), R11
	CMPW R11, R10
	BLO  wait
	MOVD R9, R0 // wake the forker
	MOVD $const_futexWakePrivate, R1
	MOVD $1, R2
	MOVD $const_SYS_FUTEX, R8
	SVC
wait:
	LDARW (R20), R9
	CMPW R21, R9
	BNE  resume
	MOVD R20, R0
	MOVD $const_futexWaitPrivate, R1
	MOVD R21, R2
	MOVD ZR, R3
	MOVD $const_SYS_FUTEX, R8
	SVC
	JMP  wait
resume:
	MOVWU ·parkLeave(SB), R9
	CBZW R9, out
	MOVD ZR, R0 // revive goes on from the slot
	MOVD $const_SYS_EXIT, R8
	SVC
	UNDEF
out:
	RET
kick:
	MRS  TPIDR_EL0, R19
	CBZ  R19, gothread
	JMP  ·rewind(SB)
gothread:
	// A thread of Go's: it shall not take the guest's signals (maskGo).
	MOVD ·holdBack(SB), R9
	MOVD ·goBlocks(SB), R10
	AND  R10, R9
	MOVD UC_MASK(R2), R10
	ORR  R9, R10
	MOVD R10, UC_MASK(R2)
	MOVD $·maskIdx(SB), R9
	LDARW (R9), R10
	CMPW $const_maxMaskTids, R10
	BHS  out
answer:
	LDAXRW (R9), R20
	ADDW $1, R20, R10
	STLXRW R10, (R9), R12
	CBNZW R12, answer
	CMPW $const_maxMaskTids, R20
	BHS  out
	MOVD $const_SYS_GETTID, R8
	SVC
	MOVD $·maskTids(SB), R9
	ADD  R20<<2, R9
	STLRW R0, (R9)
	RET

// func revive(slot *parkSlot) uintptr
// In a forked child: makes a thread that continues where the parked one of the
// parent would have, by returning from its signal frame.
TEXT ·revive(SB), NOSPLIT, $0-16
	MOVD slot+0(FP), R20
	MOVD $const_threadFlags, R0
	MOVD parkSlot_SP(R20), R1
	MOVD ZR, R2
	MOVD parkSlot_TLS(R20), R3
	MOVD ZR, R4
	MOVD $const_SYS_CLONE, R8
	SVC
	CBZ  R0, child
	MOVD R0, ret+8(FP)
	RET
child:
	MOVD $const_SYS_GETTID, R8
	SVC
	MOVD parkSlot_M(R20), R9
	MOVD R0, (R9) // m.procid
	// A preemption signal that was on its way at the fork is lost, and the runtime would
	// wait for it: send another. It arrives with the mask of the frame.
	MOVD R0, R1
	MOVD R0, R21
	MOVD $const_SYS_GETPID, R8
	SVC
	MOVD R21, R1
	MOVD $const_sigURG, R2
	MOVD $const_SYS_TGKILL, R8
	SVC
	MOVD $const_SYS_RT_SIGRETURN, R8
	SVC
	UNDEF

// func load32p(p *uint32) uint32
TEXT ·load32p(SB), NOSPLIT, $0-12
	MOVD p+0(FP), R0
	LDARW (R0), R1
	MOVW R1, ret+8(FP)
	RET

// func store32p(p *uint32, v uint32)
TEXT ·store32p(SB), NOSPLIT, $0-12
	MOVD p+0(FP), R0
	MOVWU v+8(FP), R1
	STLRW R1, (R0)
	RET

// func xadd32p(p *uint32, d uint32) uint32
TEXT ·xadd32p(SB), NOSPLIT, $0-20
	MOVD p+0(FP), R0
	MOVWU d+8(FP), R1
again:
	LDAXRW (R0), R2
	ADDW R1, R2, R3
	STLXRW R3, (R0), R4
	CBNZW R4, again
	MOVW R2, ret+16(FP)
	RET

// func cas32p(p *uint32, old, new uint32) bool
TEXT ·cas32p(SB), NOSPLIT, $0-17
	MOVD p+0(FP), R0
	MOVWU old+8(FP), R1
	MOVWU new+12(FP), R2
again:
	LDAXRW (R0), R3
	CMPW R1, R3
	BNE  no
	STLXRW R2, (R0), R4
	CBNZW R4, again
no:
	CSET EQ, R5
	MOVB R5, ret+16(FP)
	RET
