#include "go_asm.h"
#include "textflag.h"

// func enterJIT(st *cpu.State)
// Generated code sees RBP = State+Bias, RSP = HostSP with the return address on
// it. It may clobber everything else: the compiler saves nothing over an ABI0
// call, and the ABI wrapper reloads R14 and clears X15.
TEXT ·enterJIT(SB), NOSPLIT, $8-8
	MOVQ st+0(FP), BP
	ADDQ $const_bias, BP
	LEAQ -8(SP), AX
	MOVQ AX, (const_offHostSP-const_bias)(BP)
	MOVQ (const_offEntry-const_bias)(BP), AX
	CALL AX
	CLD
	MOVQ $0, (const_offHostSP-const_bias)(BP) // tells: not in generated code
	RET
