#include "go_asm.h"
#include "textflag.h"

// func writeOnce(fd int, p unsafe.Pointer, n int) int
// A fork does not repeat the call in the child: the fork moves RIP behind the SYSCALL if it is
// in [onceLo, SYSCALL], and guest threads that come later see Die.
TEXT ·writeOnce(SB), NOSPLIT, $8-32
	MOVQ fd+0(FP), DI
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), DX
	CALL ·onceWindow(SB)
	MOVQ AX, ret+24(FP)
	RET

TEXT ·onceWindow(SB), NOSPLIT|NOFRAME, $0
	MOVQ 32(FS), R8
	TESTQ R8, R8
	JZ   write
	CMPL const_offDie(R8), $0
	JNE  skip
write:
	MOVL $const_SYS_WRITE, AX
	SYSCALL
	RET
skip:
	MOVQ DX, AX
	RET

// func addrOnce() uintptr
TEXT ·addrOnce(SB), NOSPLIT, $0-8
	LEAQ ·onceWindow(SB), AX
	MOVQ AX, ret+0(FP)
	RET
