#include "go_asm.h"
#include "textflag.h"

// vforkEnter and vforkEnd have the same signature and frame, so that the thread suspended in
// vforkEnter can leave through the frame of the vforkEnd that its child was in: the child ran as this thread, on
// this goroutine's stack, which may have moved.

// func vforkEnter(v *Vfork, nr, a1, a2, a3 uintptr) uintptr
// a1 = flags of clone(2). Returns 0 in the child.
TEXT ·vforkEnter(SB), NOSPLIT, $16-48
	MOVD v+0(FP), R20
	MOVD a1+16(FP), R0
	MOVD ZR, R1
	MOVD ZR, R2
	MRS  TPIDR_EL0, R3 // the flags lack CLONE_SETTLS: not looked at
	MOVD ZR, R4
	MOVD $const_SYS_CLONE, R8
	SVC
	CMP  $0, R0
	BLE  child // or failed

	// The parent again.
	MOVD R0, Vfork_pid(R20)
	MOVD $1, R9
	MOVD R9, Vfork_resumed(R20)
	MOVD Vfork_sp(R20), R10
	CBZ  R10, killed
	MOVD R10, RSP
	MOVD ZR, R0
child:
	MOVD R0, ret+40(FP)
	RET

killed:
	// The child was killed before it came to vforkEnd. Its State tells where.
	MRS  TPIDR_EL0, R19
	CBZ  R19, lost
	MOVW R9, const_offPending(R19)
	MOVD (const_offArea+hostArea_SysSP)(R19), R10
	CBZ  R10, lost
	// in safeSyscall: return to it from the window
	MOVD $-512, R0
	MOVD R10, RSP
	JMP  ·windowReturn(SB)
lost:
	// in Go code, whose state nobody can tell
	MOVD $2, R0
	MOVD ·lostMsg+0(SB), R1
	MOVD ·lostMsg+8(SB), R2
	MOVD $const_SYS_WRITE, R8
	SVC
	MOVD $125, R0
	MOVD $const_SYS_EXIT_GROUP, R8
	SVC
	UNDEF

// func vforkEnd(v *Vfork, nr, a1, a2, a3 uintptr) uintptr
TEXT ·vforkEnd(SB), NOSPLIT, $16-48
	MOVD v+0(FP), R20
	MOVD nr+8(FP), R8
	MOVD a1+16(FP), R0
	MOVD a2+24(FP), R1
	MOVD a3+32(FP), R2
	MOVD RSP, R9
	MOVD R9, Vfork_sp(R20)
	SVC
	MOVD ZR, Vfork_sp(R20) // execve failed: still the child
	MOVD R0, ret+40(FP)
	RET

// func vforkProbe(word *uint64) uintptr
// Makes a vfork child that stores 1 in word and ends. The result is as of clone(2).
TEXT ·vforkProbe(SB), NOSPLIT, $0-16
	MOVD word+0(FP), R20
	MOVD $(const_cloneVM | const_cloneVfork), R0
	MOVD ZR, R1
	MOVD ZR, R2
	MOVD ZR, R3
	MOVD ZR, R4
	MOVD $const_SYS_CLONE, R8
	SVC
	CBZ  R0, child
	MOVD R0, ret+8(FP)
	RET
child:
	MOVD $1, R9
	MOVD R9, (R20)
	MOVD ZR, R0
	MOVD $const_SYS_EXIT, R8
	SVC
	UNDEF

// The return from the window of the safeSyscall whose frame RSP points to.
TEXT ·windowReturn(SB), NOSPLIT|NOFRAME, $0
	MOVD 8(RSP), LR
	RET
