#include "go_asm.h"
#include "textflag.h"

// func writeOnce(fd int, p unsafe.Pointer, n int) int
// A fork does not repeat the call in the child: the fork moves the PC behind the SVC if it is
// in [onceLo, SVC], and guest threads that come later see Die.
TEXT ·writeOnce(SB), NOSPLIT, $16-32
	MOVD fd+0(FP), R0
	MOVD p+8(FP), R1
	MOVD n+16(FP), R2
	BL   ·onceWindow(SB)
	MOVD R0, ret+24(FP)
	RET

TEXT ·onceWindow(SB), NOSPLIT|NOFRAME, $0
	MRS  TPIDR_EL0, R9
	CBZ  R9, write
	MOVWU const_offDie(R9), R9
	CBNZW R9, skip
write:
	MOVD $const_SYS_WRITE, R8
	SVC
	RET
skip:
	MOVD R2, R0
	RET

// func addrOnce() uintptr
TEXT ·addrOnce(SB), NOSPLIT, $0-8
	MOVD $·onceWindow(SB), R0
	MOVD R0, ret+0(FP)
	RET
