#include "go_asm.h"
#include "textflag.h"

// Access to guest memory with recovery from faults.
//
// Everything between ucStart and ucEnd may fault. Such code has R11 = where to
// go on after a fault and R10 = address of the Fault result. The handler puts
// si_addr into R8 and si_code | signal<<32 into R9 and continues at R11. The
// routines have no frame, so the landing code returns for them with RET.
// The order of the symbols is checked at start.

TEXT ·ucStart(SB), NOSPLIT|NOFRAME, $0
	RET

// func load8(addr uintptr) (v uint8, f Fault)
TEXT ·load8(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVBLZX (AX), AX
	MOVB AX, v+8(FP)
	MOVOU X0, (R10)
	RET

// func load16(addr uintptr) (v uint16, f Fault)
TEXT ·load16(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVWLZX (AX), AX
	MOVW AX, v+8(FP)
	MOVOU X0, (R10)
	RET

// func load32(addr uintptr) (v uint32, f Fault)
TEXT ·load32(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVL (AX), AX
	MOVL AX, v+8(FP)
	MOVOU X0, (R10)
	RET

// func load64(addr uintptr) (v uint64, f Fault)
TEXT ·load64(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVQ (AX), AX
	MOVQ AX, v+8(FP)
	MOVOU X0, (R10)
	RET

// func store8(addr uintptr, v uint8) (f Fault)
TEXT ·store8(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	MOVB v+8(FP), CX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVB CX, (AX)
	MOVOU X0, (R10)
	RET

// func store16(addr uintptr, v uint16) (f Fault)
TEXT ·store16(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	MOVW v+8(FP), CX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVW CX, (AX)
	MOVOU X0, (R10)
	RET

// func store32(addr uintptr, v uint32) (f Fault)
TEXT ·store32(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	MOVL v+8(FP), CX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVL CX, (AX)
	MOVOU X0, (R10)
	RET

// func store64(addr uintptr, v uint64) (f Fault)
TEXT ·store64(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ addr+0(FP), AX
	MOVQ v+8(FP), CX
	LEAQ f+16(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	MOVQ CX, (AX)
	MOVOU X0, (R10)
	RET

// func cas32(addr uintptr, old, new uint32) (prev uint32, f Fault)
TEXT ·cas32(SB), NOSPLIT|NOFRAME, $0-40
	MOVQ addr+0(FP), BX
	MOVL old+8(FP), AX
	MOVL new+12(FP), CX
	LEAQ f+24(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	LOCK
	CMPXCHGL CX, (BX)
	MOVL AX, prev+16(FP)
	MOVOU X0, (R10)
	RET

// func cas64(addr uintptr, old, new uint64) (prev uint64, f Fault)
TEXT ·cas64(SB), NOSPLIT|NOFRAME, $0-48
	MOVQ addr+0(FP), BX
	MOVQ old+8(FP), AX
	MOVQ new+16(FP), CX
	LEAQ f+32(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	LOCK
	CMPXCHGQ CX, (BX)
	MOVQ AX, prev+24(FP)
	MOVOU X0, (R10)
	RET

// func cas128(addr uintptr, oldLo, oldHi, newLo, newHi uint64) (lo, hi uint64, f Fault)
TEXT ·cas128(SB), NOSPLIT|NOFRAME, $0-72
	MOVQ addr+0(FP), DI
	MOVQ oldLo+8(FP), AX
	MOVQ oldHi+16(FP), DX
	MOVQ newLo+24(FP), BX
	MOVQ newHi+32(FP), CX
	LEAQ f+56(FP), R10
	LEAQ ·ucFault(SB), R11
	PXOR X0, X0
	LOCK
	CMPXCHG16B (DI)
	MOVQ AX, lo+40(FP)
	MOVQ DX, hi+48(FP)
	MOVOU X0, (R10)
	RET

// func ucCopy(dst, src, n uintptr) (left uintptr, f Fault)
// left is at -8(R10).
TEXT ·ucCopy(SB), NOSPLIT|NOFRAME, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ f+32(FP), R10
	PXOR X0, X0
	MOVOU X0, (R10)
	LEAQ ·ucCopyFault(SB), R11
	CMPQ CX, $512
	JAE  rep
	LEAQ ·ucCopyBytes(SB), R11 // a chunk that faults is tried again bytewise
	CMPQ CX, $16
	JB   tail
chunk:
	MOVOU (SI), X1
	MOVOU X1, (DI)
	ADDQ $16, SI
	ADDQ $16, DI
	SUBQ $16, CX
	CMPQ CX, $16
	JAE  chunk
tail:
	CMPQ CX, $8
	JB   bytes
	MOVQ (SI), AX
	MOVQ AX, (DI)
	ADDQ $8, SI
	ADDQ $8, DI
	SUBQ $8, CX
bytes:
	JMP  ·ucCopyBytes(SB)
rep:
	REP; MOVSB
	MOVQ CX, -8(R10)
	RET

TEXT ·ucCopyBytes(SB), NOSPLIT|NOFRAME, $0
	LEAQ ·ucCopyFault(SB), R11
loop:
	TESTQ CX, CX
	JZ   done
	MOVB (SI), AX
	MOVB AX, (DI)
	INCQ SI
	INCQ DI
	DECQ CX
	JMP  loop
done:
	MOVQ CX, -8(R10)
	RET

// func ucFill(dst uintptr, b byte, n uintptr) (left uintptr, f Fault)
TEXT ·ucFill(SB), NOSPLIT|NOFRAME, $0-48
	MOVQ dst+0(FP), DI
	MOVBLZX b+8(FP), AX
	MOVQ n+16(FP), CX
	LEAQ f+32(FP), R10
	PXOR X0, X0
	MOVOU X0, (R10)
	LEAQ ·ucCopyFault(SB), R11
	REP; STOSB
	MOVQ CX, -8(R10)
	RET

TEXT ·ucEnd(SB), NOSPLIT|NOFRAME, $0
	RET

TEXT ·ucFault(SB), NOSPLIT|NOFRAME, $0
	MOVQ R8, (R10)
	MOVQ R9, 8(R10)
	RET

TEXT ·ucCopyFault(SB), NOSPLIT|NOFRAME, $0
	MOVQ CX, -8(R10)
	MOVQ R8, (R10)
	MOVQ R9, 8(R10)
	RET

// func addrUC() (start, first, last, end uintptr)
TEXT ·addrUC(SB), NOSPLIT, $0-32
	LEAQ ·ucStart(SB), AX
	MOVQ AX, start+0(FP)
	LEAQ ·load8(SB), AX
	MOVQ AX, first+8(FP)
	LEAQ ·ucFill(SB), AX
	MOVQ AX, last+16(FP)
	LEAQ ·ucEnd(SB), AX
	MOVQ AX, end+24(FP)
	RET
