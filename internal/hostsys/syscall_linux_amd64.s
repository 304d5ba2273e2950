#include "go_asm.h"
#include "textflag.h"

// func safeSyscall(st *cpu.State, nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr
TEXT ·safeSyscall(SB), NOSPLIT, $8-72
	MOVQ st+0(FP), R12
	MOVQ nr+8(FP), AX
	MOVQ a1+16(FP), DI
	MOVQ a2+24(FP), SI
	MOVQ a3+32(FP), DX
	MOVQ a4+40(FP), R10
	MOVQ a5+48(FP), R8
	MOVQ a6+56(FP), R9
	MOVQ SP, (const_offArea+hostArea_SysSP)(R12)
	CALL ·window(SB)
	MOVQ $0, (const_offArea+hostArea_SysSP)(R12)
	MOVQ AX, ret+64(FP)
	RET

// The restartable window is [start, address of SYSCALL]: a handler that has
// queued a signal moves RIP back to the start. A blocking call interrupted
// under SA_RESTART has RIP at SYSCALL again and is covered as well.
TEXT ·window(SB), NOSPLIT|NOFRAME, $0
	CMPL const_offPending(R12), $0
	JNE  restart
	SYSCALL
	RET
restart:
	MOVQ $-512, AX
	RET

// func rawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr
TEXT ·rawSyscall(SB), NOSPLIT, $0-64
	MOVQ nr+0(FP), AX
	MOVQ a1+8(FP), DI
	MOVQ a2+16(FP), SI
	MOVQ a3+24(FP), DX
	MOVQ a4+32(FP), R10
	MOVQ a5+40(FP), R8
	MOVQ a6+48(FP), R9
	SYSCALL
	MOVQ AX, ret+56(FP)
	RET

// func addrWindow() uintptr
TEXT ·addrWindow(SB), NOSPLIT, $0-8
	LEAQ ·window(SB), AX
	MOVQ AX, ret+0(FP)
	RET
