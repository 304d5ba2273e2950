#include "textflag.h"

// func setSlot(v uintptr)
// TPIDR_EL0, which a Go program without cgo does not use: its g is in R28.
TEXT ·setSlot(SB), NOSPLIT, $0-8
	MOVD v+0(FP), R0
	MSR  R0, TPIDR_EL0
	RET

// func getSlot() uintptr
TEXT ·getSlot(SB), NOSPLIT, $0-8
	MRS  TPIDR_EL0, R0
	MOVD R0, ret+0(FP)
	RET

// func getG() uintptr
TEXT ·getG(SB), NOSPLIT, $0-8
	MOVD g, ret+0(FP)
	RET
