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
