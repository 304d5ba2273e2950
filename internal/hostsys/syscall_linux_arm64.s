#include "go_asm.h"
#include "textflag.h"

// func safeSyscall(st *cpu.State, nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr
// A vfork whose child was killed in the window comes back behind the BL with
// R19 = State and R0 = the result (vforkEnter).
TEXT ·safeSyscall(SB), NOSPLIT, $16-72
	MOVD st+0(FP), R19
	MOVD nr+8(FP), R8
	MOVD a1+16(FP), R0
	MOVD a2+24(FP), R1
	MOVD a3+32(FP), R2
	MOVD a4+40(FP), R3
	MOVD a5+48(FP), R4
	MOVD a6+56(FP), R5
	MOVD RSP, R9
	MOVD R9, (const_offArea+hostArea_SysSP)(R19)
	BL   ·window(SB)
	MOVD ZR, (const_offArea+hostArea_SysSP)(R19)
	MOVD R0, ret+64(FP)
	RET

// The restartable window is [start, address of SVC]: a handler that has queued
// a signal moves the PC back to the start. A blocking call interrupted under
// SA_RESTART has the PC at SVC and X0 as it was, and is covered as well. The
// return address goes into safeSyscall's frame for vforkEnter.
TEXT ·window(SB), NOSPLIT|NOFRAME, $0
	MOVD LR, 8(RSP)
	MOVWU const_offPending(R19), R9
	CBNZW R9, restart
	SVC
	RET
restart:
	MOVD $-512, R0
	RET

// func rawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr
TEXT ·rawSyscall(SB), NOSPLIT, $0-64
	MOVD nr+0(FP), R8
	MOVD a1+8(FP), R0
	MOVD a2+16(FP), R1
	MOVD a3+24(FP), R2
	MOVD a4+32(FP), R3
	MOVD a5+40(FP), R4
	MOVD a6+48(FP), R5
	SVC
	MOVD R0, ret+56(FP)
	RET

// func addrWindow() uintptr
TEXT ·addrWindow(SB), NOSPLIT, $0-8
	MOVD $·window(SB), R0
	MOVD R0, ret+0(FP)
	RET
