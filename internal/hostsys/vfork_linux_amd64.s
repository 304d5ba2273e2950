#include "go_asm.h"
#include "textflag.h"

// vforkEnter and vforkEnd have the same signature and frame, so that the thread suspended in
// vforkEnter can leave through the frame of the vforkEnd that its child was in: the child ran as this thread, on
// this goroutine's stack, which may have moved.

// func vforkEnter(v *Vfork, nr, a1, a2, a3 uintptr) uintptr
// a1 = flags of clone(2). Returns 0 in the child.
TEXT ·vforkEnter(SB), NOSPLIT, $8-48
	MOVQ v+0(FP), R12
	MOVQ a1+16(FP), DI
	XORL SI, SI
	XORL DX, DX
	XORL R10, R10
	XORL R8, R8
	MOVL $const_SYS_CLONE, AX
	SYSCALL
	TESTQ AX, AX
	JLE  child // or failed

	// The parent again.
	MOVQ AX, Vfork_pid(R12)
	MOVQ $1, Vfork_resumed(R12)
	MOVQ Vfork_sp(R12), CX
	TESTQ CX, CX
	JZ   killed
	MOVQ CX, SP
	XORL AX, AX
child:
	MOVQ AX, ret+40(FP)
	RET

killed:
	// The child was killed before it came to vforkEnd. Its State tells where.
	MOVQ 32(FS), R8
	TESTQ R8, R8
	JZ   lost
	MOVL $1, const_offPending(R8)
	MOVQ const_offHostSP(R8), CX
	TESTQ CX, CX
	JNZ  incode
	MOVQ (const_offArea+hostArea_SysSP)(R8), CX
	TESTQ CX, CX
	JZ   lost
	// in safeSyscall: return to it from the window
	MOVQ R8, R12
	MOVQ $-512, AX
	LEAQ -8(CX), SP
	JMP  ·ret(SB)
incode:
	// in generated code: return from it
	MOVL $const_exitPoll, const_offExit(R8)
	MOVL $const_mxcsr, Vfork_scratch(R12)
	LDMXCSR Vfork_scratch(R12)
	LEAQ const_bias(R8), R9
	MOVQ R9, BP
	MOVQ CX, SP
	JMP  ·ret(SB)
lost:
	// in Go code, whose state nobody can tell
	MOVL $2, DI
	MOVQ ·lostMsg+0(SB), SI
	MOVQ ·lostMsg+8(SB), DX
	MOVL $const_SYS_WRITE, AX
	SYSCALL
	MOVL $125, DI
	MOVL $const_SYS_EXIT_GROUP, AX
	SYSCALL
	INT $3

// func vforkEnd(v *Vfork, nr, a1, a2, a3 uintptr) uintptr
TEXT ·vforkEnd(SB), NOSPLIT, $8-48
	MOVQ v+0(FP), R12
	MOVQ nr+8(FP), AX
	MOVQ a1+16(FP), DI
	MOVQ a2+24(FP), SI
	MOVQ a3+32(FP), DX
	MOVQ SP, Vfork_sp(R12)
	SYSCALL
	MOVQ $0, Vfork_sp(R12) // execve failed: still the child
	MOVQ AX, ret+40(FP)
	RET

// A return without the frame of the function that jumps here.
TEXT ·ret(SB), NOSPLIT|NOFRAME, $0
	RET
