#include "go_asm.h"
#include "textflag.h"

// The program's entry, if the linker is told so (-E, in the Makefile): what the Go runtime's start
// changes is noted before it runs. Registers are free but for SP, where argc is; below it is nothing.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	XORL R12, R12 // set of closed descriptors
	XORL R13, R13 // descriptor
fd:
	MOVL $const_SYS_FCNTL, AX
	MOVL R13, DI
	MOVL $const_fGetfd, SI
	SYSCALL
	CMPL AX, $-9 // EBADF
	JNE  open
	BTSQ R13, R12
open:
	INCL R13
	CMPL R13, $3
	JNE  fd
	MOVL R12, ·startClosed(SB)

	XORL R12, R12 // set of ignored signals, as a sigset_t
	MOVL $1, R13
sig:
	MOVL $const_SYS_RT_SIGACTION, AX
	MOVL R13, DI
	XORL SI, SI
	LEAQ -256(SP), DX
	MOVL $8, R10
	SYSCALL
	CMPQ -256(SP), $const_sigIgn
	JNE  notIgnored
	LEAL -1(R13), CX
	BTSQ CX, R12
notIgnored:
	INCL R13
	CMPL R13, $const_NumSig
	JLE  sig
	MOVQ R12, ·startIgnored(SB)

	MOVL $const_SYS_PRLIMIT64, AX
	XORL DI, DI
	MOVL $const_rlimitNofile, SI
	XORL DX, DX
	LEAQ ·entryNofile(SB), R10
	SYSCALL
	MOVL $1, ·entered(SB)

	// The environment gets GOMAXPROCS=1 behind its end, unless it says something of that itself:
	// see UseAllProcs. The stack pointer stays a multiple of 16, so it is there twice.
	MOVQ 0(SP), AX
	LEAQ 16(SP)(AX*8), BX // envp
	MOVQ $0x4f525058414d4f47, R8 // "GOMAXPRO"
env:
	MOVQ 0(BX), CX
	TESTQ CX, CX
	JZ   last
	ADDQ $8, BX
	MOVQ R8, DX
	MOVL $8, SI
byte: // the bytes one by one: a longer read could leave the string
	CMPB 0(CX), DX
	JNE  env
	INCQ CX
	SHRQ $8, DX
	DECQ SI
	JNZ  byte
	CMPB 0(CX), $'C'
	JNE  env
	JMP  start
last:
	MOVQ SP, SI
	SUBQ $16, SP
	MOVQ SP, DI
	MOVQ BX, CX
	SUBQ SI, CX
	SHRQ $3, CX
	CLD
	REP; MOVSQ
	LEAQ ·oneProcVar(SB), AX
	MOVQ AX, 0(DI)
	MOVQ AX, 8(DI)
	MOVL $1, ·oneProc(SB)
start:
	JMP  _rt0_amd64_linux(SB)

DATA ·oneProcVar+0(SB)/8, $"GOMAXPRO"
DATA ·oneProcVar+8(SB)/8, $"CS=1\x00\x00\x00\x00"
GLOBL ·oneProcVar(SB), RODATA|NOPTR, $16
