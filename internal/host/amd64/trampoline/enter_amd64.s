#include "textflag.h"

// func Enter(base, stub uintptr)
TEXT ·Enter(SB), NOSPLIT, $8-16
	MOVQ stub+8(FP), AX
	MOVQ base+0(FP), BP
	CALL AX
	CLD
	RET
