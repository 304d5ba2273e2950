package ir

// Op is an operation. The table in optable.go has one row per Op.
type Op uint8

// Operations. "int" operands are slots or temporaries of the integer file,
// "fp" ones of the FP file; B of an integer operation may be [Imm].
const (
	OpNop  Op = iota
	OpInsn    // start of the guest instruction at pc Imm; Aux = its length in bytes

	// Moves. Dst = ...
	OpConst  // Imm
	OpMov    // A
	OpSExt8  // sign extension of the low 8 bits of A
	OpSExt16 //
	OpSExt32 //
	OpZExt8  // zero extension
	OpZExt16 //
	OpZExt32 //

	// Integer arithmetic: Dst = A op B in the width of Ty (I64; I32: low halves,
	// result sign-extended; U32: low halves, result zero-extended).
	OpAdd
	OpSub
	OpAnd
	OpOr
	OpXor
	OpAndNot // A &^ B
	OpOrNot  // A | ^B
	OpXorNot // ^(A ^ B)
	OpShl    // shift counts are taken modulo the width
	OpShr    // logical
	OpSar    // arithmetic
	OpRotL
	OpRotR
	OpMul
	OpMulHS  // high half, signed * signed
	OpMulHU  // unsigned * unsigned
	OpMulHSU // signed A * unsigned B
	OpDivS   // RISC-V edge cases: x/0 = -1, min/-1 = min
	OpDivU   // x/0 = all ones
	OpRemS   // x%0 = x, min%-1 = 0
	OpRemU   // x%0 = x
	OpMinS
	OpMinU
	OpMaxS
	OpMaxU
	OpSet      // Dst = A cond(Aux) B ? 1 : 0, always 64-bit compare
	OpShlAdd   // Dst = (A << Aux) + B; Ty U32: A is zero-extended from 32 bits first (the sum is 64-bit)
	OpBitTest  // A >> (B & 63) & 1
	OpBitSet   // A | 1 << (B & 63)
	OpBitClr   // A &^ 1 << (B & 63)
	OpBitInv   // A ^ 1 << (B & 63)
	OpCZeroEqz // B == 0 ? 0 : A
	OpCZeroNez // B != 0 ? 0 : A
	OpClMul    // carry-less product, low half
	OpClMulH   // bits 127:64
	OpClMulR   // bits 126:63
	OpClz      // of A in the width of Ty (I64, or I32/U32: of the low half; the result is not extended further)
	OpCtz
	OpPopcnt
	OpRev8   // byte reversal of 64 bits
	OpOrcB   // each byte: 0 stays 0, else 0xff
	OpSelect // A != 0 ? B : C

	// Guest memory. The address is A + Imm.
	OpLoad   // Dst = [A+Imm], Aux = Mem
	OpStore  // [A+Imm] = B, Aux = Mem (only the width counts)
	OpFLoad  // fp Dst = [A+Imm], Ty F16/F32 (NaN-boxed), F64
	OpFStore // [A+Imm] = fp B, Ty

	// Atomics, Aux = M32S or M64, address A (no displacement). A misaligned
	// address leaves with ExitAlign at the instruction.
	OpLR      // Dst = [A] and reserve
	OpSC      // Dst = 0 and [A] = B if the reservation holds, else Dst = 1
	OpAmoSwap // Dst = old [A]; [A] = B ...
	OpAmoAdd
	OpAmoAnd
	OpAmoOr
	OpAmoXor
	OpAmoMinS
	OpAmoMaxS
	OpAmoMinU
	OpAmoMaxU
	OpCas     // Dst = old [A]; if old == B (expected) then [A] = C
	OpCasPair // 128-bit: Dst,Dst+1 = old; expected B,B+1; new C,C+1; slot 0 as a pair is zero
	OpFence   // Aux bit 0: orders earlier stores before later loads (needs a host fence)

	// FP arithmetic in Ty F32/F64; Aux = rounding mode (RISC-V rm; RMDyn = frm).
	// Results are canonical NaN or exact per IEEE 754; F32 inputs must be
	// NaN-boxed, else they read as the canonical NaN; F32 results are boxed.
	OpFAdd
	OpFSub
	OpFMul
	OpFDiv
	OpFSqrt
	OpFMulAdd // A*B + C; Aux2 bit 0 negates the product, bit 1 negates C
	OpFMin    // minimumNumber
	OpFMax
	OpFMinM // minimum (Zfa): NaN if either is
	OpFMaxM
	OpFSgn      // sign injection A with the sign of B: Aux2 0 copy, 1 negated, 2 xor
	OpFCmp      // int Dst = A fcond(Aux) B
	OpFClass    // int Dst
	OpFToI      // int Dst = A (Ty) rounded by Aux to the integer kind Aux2
	OpIToF      // fp Dst (Ty) = integer A of kind Aux2, rounded by Aux
	OpFCvt      // fp Dst (Ty) = A (type Aux2), rounded by Aux
	OpFRound    // to integral value in FP format; Aux2 bit 0: raise inexact
	OpFCvtModW  // int Dst: Zfa fcvtmod.w.d
	OpFConst    // fp Dst = Imm (raw 64 bits, boxed if F32)
	OpFMovToI   // int Dst = raw bits of A; F32/F16 sign-extended
	OpFMovFromI // fp Dst = raw bits of A, boxed by Ty

	// Control and status registers.
	OpGetFFlags // int Dst = accrued exceptions
	OpSetFFlags // A & 31
	OpGetFRM
	OpSetFRM  // A & 7
	OpCheckRM // leaves with ExitIllegal when frm is 5, 6 or 7 (dynamic rounding with an invalid mode)
	OpCounter // int Dst = counter Aux (CounterCycle ...)

	// Ends of a block. A block without one falls through to Block.End.
	OpJmp    // to Imm; int Dst (link) = End; Aux = Hint
	OpJmpInd // to (A + Imm) &^ 1, read before int Dst (link) = End is written; Aux = Hint
	OpBr     // A cond(Aux) B: to Imm; else the block goes on (or falls through to End)
	OpExit   // leave with cpu.Exit(Aux) and PC = Imm

	// Instrumentation. A counter is a 64-bit word of the thread's slot memory
	// (State.Slots) at a byte offset, or of State.Sums: see [InSums]. Those before the first operation of a guest
	// instruction, and the constants they use, are executed once per execution of the
	// instruction, whoever executes it; see [Op.Probe]. Low and High are the halves of the immediate.
	OpProbed    // is second in a block with probes: an exit in its middle tells State.ExitBlock
	OpCount     // unless A: word Low += B + High
	OpCountSet  // unless A: word Low = B + High
	OpCountHome // word Low += word High of State.Sums, which becomes 0
	OpCall      // function Low is called, at once or (Aux = If) if the word High compares so with A
	OpCallMem   // unless C: function Low is called for the access at address A, value B, Aux = Access
	OpTrace     // unless C: a record of the access at address A, value B, Aux = Access, of trace Low; behind the others if High is 0, else in place of the record High from the last
	OpTraceTake // High records, to be filled in, are put behind the others
	OpTraceRoom // function Low is called unless there is room for High records

	NumOps
)

// Probe reports whether op is instrumentation.
func (op Op) Probe() bool { return op >= OpProbed && op <= OpTraceRoom }

// InSums as part of Low in OpCount: the word is the one of State.Sums that the rest of Low
// says.
const InSums = 1 << 31

// ProbeImm packs the immediate of an instrumentation operation: an offset or a number
// of a function or trace in the low half, and a constant or an offset in the upper.
func ProbeImm(low uint32, high int32) int64 { return int64(high)<<32 | int64(low) }

// Low and High unpack ProbeImm.
func (i *Inst) Low() uint32 { return uint32(i.Imm) }

// High is the upper half of the immediate of an instrumentation operation.
func (i *Inst) High() int32 { return int32(i.Imm >> 32) }

// If is the condition of OpCall in Aux: an unsigned comparison of a word with a value.
type If uint8

// Conditions.
const (
	IfAlways If = iota
	IfEq
	IfNe
	IfLt
	IfLe
	IfGt
	IfGe
)

// Holds evaluates c.
func (c If) Holds(word, v uint64) bool {
	switch c {
	case IfEq:
		return word == v
	case IfNe:
		return word != v
	case IfLt:
		return word < v
	case IfLe:
		return word <= v
	case IfGt:
		return word > v
	case IfGe:
		return word >= v
	}
	return true
}

// Access describes a memory access to instrumentation, in Aux.
type Access uint8

// Bits of an Access; the lowest three are the binary logarithm of the size in bytes.
// A value of 16 bytes is in operand B and the one after it.
const (
	AccessSize   Access = 7
	AccessStore  Access = 1 << 3
	AccessSigned Access = 1 << 4
	AccessAtomic Access = 1 << 5
)

// Bytes returns the size.
func (a Access) Bytes() int { return 1 << (a & AccessSize) }

// Type is the type or width of an operation.
type Type uint8

// Types.
const (
	I64 Type = iota
	I32      // 32-bit operation, result sign-extended to 64
	U32      // 32-bit operation, result zero-extended to 64
	F16
	F32
	F64
)

// Cond is an integer condition in Aux.
type Cond uint8

// Conditions of OpSet and OpBr.
const (
	Eq Cond = iota
	Ne
	LtS
	GeS
	LtU
	GeU
)

// Negate returns the opposite condition.
func (c Cond) Negate() Cond { return c ^ 1 }

// FCond is an FP comparison in Aux of OpFCmp.
type FCond uint8

// FP comparisons. Eq and the Q forms are quiet, Lt and Le raise NV on any NaN.
const (
	FEq FCond = iota
	FLt
	FLe
	FLtQ
	FLeQ
)

// Mem is the width and extension of a memory access in Aux.
type Mem uint8

// Memory accesses.
const (
	M8S Mem = iota
	M8U
	M16S
	M16U
	M32S
	M32U
	M64
)

// Bytes returns the width in bytes.
func (m Mem) Bytes() int { return [...]int{1, 1, 2, 2, 4, 4, 8}[m] }

// Rounding modes in Aux: RISC-V's rm field.
const (
	RNE   = 0 // to nearest, ties to even
	RTZ   = 1 // towards zero
	RDN   = 2 // down
	RUP   = 3 // up
	RMM   = 4 // to nearest, ties away from zero
	RMDyn = 7 // State.FRM
)

// IKind is the integer kind of a conversion in Aux2.
type IKind uint8

// Integer kinds; 32-bit results are sign-extended, KU32 included.
const (
	KI32 IKind = iota
	KU32
	KI64
	KU64
)

// Hint tells what a jump is, for call/return pairing.
type Hint uint8

// Jump hints.
const (
	HintNone Hint = iota
	HintCall
	HintRet
	HintCallRet // coroutine swap: a return and a call
)

// Counters in Aux of OpCounter.
const (
	CounterCycle = iota
	CounterTime
	CounterInstret
)
