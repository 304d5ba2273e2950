#include "go_asm.h"
#include "textflag.h"

// The program's entry, as on amd64.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD $0, R20 // set of closed descriptors
	MOVD $0, R21 // descriptor
	MOVD $1, R22
fd:
	MOVD $const_SYS_FCNTL, R8
	MOVD R21, R0
	MOVD $const_fGetfd, R1
	SVC
	CMN  $9, R0 // EBADF
	BNE  open
	LSL  R21, R22, R23
	ORR  R23, R20
open:
	ADD  $1, R21
	CMP  $3, R21
	BNE  fd
	MOVW R20, ·startClosed(SB)

	MOVD $0, R20 // set of ignored signals, as a sigset_t
	MOVD $1, R21
sig:
	MOVD $const_SYS_RT_SIGACTION, R8
	MOVD R21, R0
	MOVD $0, R1
	SUB  $256, RSP, R2
	MOVD R2, R24
	MOVD $8, R3
	SVC
	MOVD (R24), R0
	CMP  $const_sigIgn, R0
	BNE  notIgnored
	SUB  $1, R21, R23
	LSL  R23, R22, R23
	ORR  R23, R20
notIgnored:
	ADD  $1, R21
	CMP  $const_NumSig, R21
	BLE  sig
	MOVD R20, ·startIgnored(SB)

	MOVD $const_SYS_PRLIMIT64, R8
	MOVD $0, R0
	MOVD $const_rlimitNofile, R1
	MOVD $0, R2
	MOVD $·entryNofile(SB), R3
	SVC
	MOVW R22, ·entered(SB)
	B    _rt0_arm64_linux(SB)
