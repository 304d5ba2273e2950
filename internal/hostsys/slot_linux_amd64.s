#include "textflag.h"

// func setSlot(v uintptr)
// m.tls[5] of the running thread. FS is &m.tls[1].
TEXT ·setSlot(SB), NOSPLIT, $0-8
	MOVQ v+0(FP), AX
	MOVQ AX, 32(FS)
	RET

// func getSlot() uintptr
TEXT ·getSlot(SB), NOSPLIT, $0-8
	MOVQ 32(FS), AX
	MOVQ AX, ret+0(FP)
	RET

// func getSlot4() uintptr
// m.tls[4], where handlers cache the FS base.
TEXT ·getSlot4(SB), NOSPLIT, $0-8
	MOVQ 24(FS), AX
	MOVQ AX, ret+0(FP)
	RET
