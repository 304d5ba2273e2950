#include "go_asm.h"
#include "textflag.h"

// func writeOnce(fd int, p unsafe.Pointer, n int) int
// A fork in [onceLo, SYSCALL] does not repeat the call in the child.
TEXT ·writeOnce(SB), NOSPLIT, $8-32
	MOVQ fd+0(FP), DI
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), DX
	CALL ·onceWindow(SB)
	MOVQ AX, ret+24(FP)
	RET

TEXT ·onceWindow(SB), NOSPLIT|NOFRAME, $0
	MOVL $const_SYS_WRITE, AX
	SYSCALL
	RET

// func addrOnce() uintptr
TEXT ·addrOnce(SB), NOSPLIT, $0-8
	LEAQ ·onceWindow(SB), AX
	MOVQ AX, ret+0(FP)
	RET
