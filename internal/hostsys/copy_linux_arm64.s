#include "go_asm.h"
#include "textflag.h"

// Access to guest memory with recovery from faults.
//
// Everything between ucStart and ucEnd may fault. Such code has R11 = where to
// go on after a fault and R10 = address of the Fault result. The handler puts
// si_addr into R8 and si_code | signal<<32 into R9 and continues at R11. The
// routines have no frame, so the landing code returns for them with RET.
// The order of the symbols is checked at start.
//
// Aligned accesses are load-acquire and store-release, which are sequentially
// consistent among each other. Those instructions do not take other
// addresses: there a plain access has a barrier beside it.
#define ISHLD 9
#define ISH 11

TEXT ·ucStart(SB), NOSPLIT|NOFRAME, $0
	RET

// func load8(addr uintptr) (v uint8, f Fault)
TEXT ·load8(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	LDARB (R12), R13
	MOVB R13, v+8(FP)
	STP  (ZR, ZR), (R10)
	RET

// func load16(addr uintptr) (v uint16, f Fault)
TEXT ·load16(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	TST  $1, R12
	BNE  unaligned
	LDARH (R12), R13
	JMP  done
unaligned:
	MOVHU (R12), R13
	DMB  $ISHLD
done:
	MOVH R13, v+8(FP)
	STP  (ZR, ZR), (R10)
	RET

// func load32(addr uintptr) (v uint32, f Fault)
TEXT ·load32(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	TST  $3, R12
	BNE  unaligned
	LDARW (R12), R13
	JMP  done
unaligned:
	MOVWU (R12), R13
	DMB  $ISHLD
done:
	MOVW R13, v+8(FP)
	STP  (ZR, ZR), (R10)
	RET

// func load64(addr uintptr) (v uint64, f Fault)
TEXT ·load64(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	TST  $7, R12
	BNE  unaligned
	LDAR (R12), R13
	JMP  done
unaligned:
	MOVD (R12), R13
	DMB  $ISHLD
done:
	MOVD R13, v+8(FP)
	STP  (ZR, ZR), (R10)
	RET

// func store8(addr uintptr, v uint8) (f Fault)
TEXT ·store8(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVBU v+8(FP), R13
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	STLRB R13, (R12)
	STP  (ZR, ZR), (R10)
	RET

// func store16(addr uintptr, v uint16) (f Fault)
TEXT ·store16(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVHU v+8(FP), R13
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	TST  $1, R12
	BNE  unaligned
	STLRH R13, (R12)
	JMP  done
unaligned:
	DMB  $ISH
	MOVH R13, (R12)
	DMB  $ISH
done:
	STP  (ZR, ZR), (R10)
	RET

// func store32(addr uintptr, v uint32) (f Fault)
TEXT ·store32(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVWU v+8(FP), R13
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	TST  $3, R12
	BNE  unaligned
	STLRW R13, (R12)
	JMP  done
unaligned:
	DMB  $ISH
	MOVW R13, (R12)
	DMB  $ISH
done:
	STP  (ZR, ZR), (R10)
	RET

// func store64(addr uintptr, v uint64) (f Fault)
TEXT ·store64(SB), NOSPLIT|NOFRAME, $0-32
	MOVD addr+0(FP), R12
	MOVD v+8(FP), R13
	MOVD $f+16(FP), R10
	MOVD $·ucFault(SB), R11
	TST  $7, R12
	BNE  unaligned
	STLR R13, (R12)
	JMP  done
unaligned:
	DMB  $ISH
	MOVD R13, (R12)
	DMB  $ISH
done:
	STP  (ZR, ZR), (R10)
	RET

// A compare-and-swap that does not match stores what it has read: write
// permission is needed in any case, as on amd64.

// func cas32(addr uintptr, old, new uint32) (prev uint32, f Fault)
TEXT ·cas32(SB), NOSPLIT|NOFRAME, $0-40
	MOVD addr+0(FP), R12
	MOVWU old+8(FP), R13
	MOVWU new+12(FP), R14
	MOVD $f+24(FP), R10
	MOVD $·ucFault(SB), R11
again:
	LDAXRW (R12), R15
	CMPW R13, R15
	CSELW EQ, R14, R15, R16
	STLXRW R16, (R12), R17
	CBNZW R17, again
	MOVW R15, prev+16(FP)
	STP  (ZR, ZR), (R10)
	RET

// func cas64(addr uintptr, old, new uint64) (prev uint64, f Fault)
TEXT ·cas64(SB), NOSPLIT|NOFRAME, $0-48
	MOVD addr+0(FP), R12
	MOVD old+8(FP), R13
	MOVD new+16(FP), R14
	MOVD $f+32(FP), R10
	MOVD $·ucFault(SB), R11
again:
	LDAXR (R12), R15
	CMP R13, R15
	CSEL EQ, R14, R15, R16
	STLXR R16, (R12), R17
	CBNZW R17, again
	MOVD R15, prev+24(FP)
	STP  (ZR, ZR), (R10)
	RET

// func cas128(addr uintptr, oldLo, oldHi, newLo, newHi uint64) (lo, hi uint64, f Fault)
TEXT ·cas128(SB), NOSPLIT|NOFRAME, $0-72
	MOVD addr+0(FP), R12
	MOVD oldLo+8(FP), R13
	MOVD oldHi+16(FP), R14
	MOVD newLo+24(FP), R15
	MOVD newHi+32(FP), R16
	MOVD $f+56(FP), R10
	MOVD $·ucFault(SB), R11
again:
	LDAXP (R12), (R17, R19)
	CMP  R13, R17
	CCMP EQ, R14, R19, $0
	CSEL EQ, R15, R17, R20
	CSEL EQ, R16, R19, R21
	STLXP (R20, R21), (R12), R22
	CBNZW R22, again
	MOVD R17, lo+40(FP)
	MOVD R19, hi+48(FP)
	STP  (ZR, ZR), (R10)
	RET

// func ucCopy(dst, src, n uintptr) (left uintptr, f Fault)
// left is at -8(R10).
TEXT ·ucCopy(SB), NOSPLIT|NOFRAME, $0-48
	MOVD dst+0(FP), R12
	MOVD src+8(FP), R13
	MOVD n+16(FP), R14
	MOVD $f+32(FP), R10
	STP  (ZR, ZR), (R10)
	MOVD $·ucCopyBytes(SB), R11 // a chunk that faults is tried again bytewise
	JMP  check
chunk:
	LDP  (R13), (R15, R16)
	STP  (R15, R16), (R12)
	ADD  $16, R13
	ADD  $16, R12
	SUB  $16, R14
check:
	CMP  $16, R14
	BHS  chunk
	CMP  $8, R14
	BLO  bytes
	MOVD (R13), R15
	MOVD R15, (R12)
	ADD  $8, R13
	ADD  $8, R12
	SUB  $8, R14
bytes:
	JMP  ·ucCopyBytes(SB)

TEXT ·ucCopyBytes(SB), NOSPLIT|NOFRAME, $0
	MOVD $·ucCopyFault(SB), R11
	JMP  check
loop:
	MOVBU (R13), R15
	MOVB R15, (R12)
	ADD  $1, R13
	ADD  $1, R12
	SUB  $1, R14
check:
	CBNZ R14, loop
	MOVD R14, -8(R10)
	RET

// func ucFill(dst uintptr, b byte, n uintptr) (left uintptr, f Fault)
TEXT ·ucFill(SB), NOSPLIT|NOFRAME, $0-48
	MOVD dst+0(FP), R12
	MOVBU b+8(FP), R13
	MOVD n+16(FP), R14
	MOVD $f+32(FP), R10
	STP  (ZR, ZR), (R10)
	MOVD $·ucFillBytes(SB), R11 // as in ucCopy
	MOVD $0x0101010101010101, R15
	MUL  R15, R13
	JMP  check
chunk:
	STP  (R13, R13), (R12)
	ADD  $16, R12
	SUB  $16, R14
check:
	CMP  $16, R14
	BHS  chunk
	JMP  ·ucFillBytes(SB)

TEXT ·ucFillBytes(SB), NOSPLIT|NOFRAME, $0
	MOVD $·ucCopyFault(SB), R11
	JMP  check
loop:
	MOVB R13, (R12)
	ADD  $1, R12
	SUB  $1, R14
check:
	CBNZ R14, loop
	MOVD R14, -8(R10)
	RET

TEXT ·ucEnd(SB), NOSPLIT|NOFRAME, $0
	RET

TEXT ·ucFault(SB), NOSPLIT|NOFRAME, $0
	STP  (R8, R9), (R10)
	RET

TEXT ·ucCopyFault(SB), NOSPLIT|NOFRAME, $0
	MOVD R14, -8(R10)
	STP  (R8, R9), (R10)
	RET

// func addrUC() (start, first, last, end uintptr)
TEXT ·addrUC(SB), NOSPLIT, $0-32
	MOVD $·ucStart(SB), R0
	MOVD R0, start+0(FP)
	MOVD $·load8(SB), R0
	MOVD R0, first+8(FP)
	MOVD $·ucFillBytes(SB), R0
	MOVD R0, last+16(FP)
	MOVD $·ucEnd(SB), R0
	MOVD R0, end+24(FP)
	RET
