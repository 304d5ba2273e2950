#include "textflag.h"

// Functions of the vDSO are compiled C: they want a stack of unknown depth, though a
// few hundred bytes do in practice. Not being NOSPLIT, these have a whole frame for it.
#define FRAME 4096

// func vdsoCall(fn, clock uintptr) (a, b int64, r uintptr)
// Calls fn(clock, &struct { a, b int64 }).
TEXT ·vdsoCall(SB), 0, $4096-40
	MOVQ fn+0(FP), AX
	MOVQ clock+8(FP), DI
	LEAQ (FRAME-32)(SP), SI
	MOVQ SP, BX // C keeps it
	LEAQ (FRAME-48)(SP), SP
	ANDQ $~15, SP
	CALL AX
	MOVQ BX, SP
	MOVQ (FRAME-32)(SP), CX
	MOVQ CX, a+16(FP)
	MOVQ (FRAME-24)(SP), CX
	MOVQ CX, b+24(FP)
	MOVQ AX, r+32(FP)
	RET

// func vdsoCall2(fn uintptr) (a, b uint32, r uintptr)
// Calls fn(&a, &b, NULL).
TEXT ·vdsoCall2(SB), 0, $4096-24
	MOVQ fn+0(FP), AX
	LEAQ (FRAME-32)(SP), DI
	LEAQ (FRAME-24)(SP), SI
	XORL DX, DX
	MOVQ SP, BX
	LEAQ (FRAME-48)(SP), SP
	ANDQ $~15, SP
	CALL AX
	MOVQ BX, SP
	MOVL (FRAME-32)(SP), CX
	MOVL CX, a+8(FP)
	MOVL (FRAME-24)(SP), CX
	MOVL CX, b+12(FP)
	MOVQ AX, r+16(FP)
	RET
