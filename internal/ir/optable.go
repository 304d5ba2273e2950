package ir

// Operand is what one operand field of an operation holds.
type Operand uint8

// Operand kinds.
const (
	None   Operand = iota // the field is not used and must be zero
	Int                   // integer slot or temporary
	IntImm                // integer slot, temporary, or Imm
	FP                    // FP slot or temporary
	Pair                  // two integer slots or temporaries, the named one and the next; slot 0 is a pair of zeros
)

// AuxUse is what Inst.Aux or Inst.Aux2 holds.
type AuxUse uint8

// Uses of the auxiliary fields.
const (
	AuxNone    AuxUse = iota
	AuxLen            // length of a guest instruction in bytes
	AuxCond           // Cond
	AuxFCond          // FCond
	AuxMem            // Mem
	AuxAtom           // Mem, M32S or M64 only
	AuxRM             // rounding mode: RNE to RMM, or RMDyn
	AuxHint           // Hint
	AuxExit           // cpu.Exit
	AuxShift          // small number, 0-3
	AuxFence          // bit 0: store before load
	AuxCounter        // CounterCycle ...
	AuxNeg            // bit 0 negates the product, bit 1 the addend
	AuxSgn            // 0 copy, 1 negated, 2 exclusive or
	AuxKind           // IKind
	AuxType           // source Type
	AuxExact          // bit 0: raise inexact
	AuxIf             // If
	AuxAccess         // Access
)

// ImmUse is what Inst.Imm holds beside the case that operand B is Imm.
type ImmUse uint8

// Uses of the immediate.
const (
	ImmNone ImmUse = iota
	ImmVal         // a constant
	ImmDisp        // a displacement, added to operand A
	ImmPC          // a guest address
)

// Effect is what an operation does beside writing Dst.
type Effect uint16

// Effects.
const (
	EffRead   Effect = 1 << iota // reads guest memory
	EffWrite                     // writes guest memory
	EffFault                     // may leave the block with the state before the guest instruction
	EffBranch                    // may leave the block with the state after the guest instruction
	EffEnd                       // always leaves the block
	EffGetCSR                    // reads a control register
	EffSetCSR                    // writes a control register
	EffFlags                     // accrues FP exceptions
	EffRound                     // with Aux = RMDyn the result depends on State.FRM
	EffProbe                     // instrumentation that guest state does not depend on
	EffCall                      // Go code runs, to which all guest state is visible, and which may change it
)

// TypeSet is the set of types an operation has, bit 1<<Type each.
type TypeSet uint8

// Type sets.
const (
	TyNone TypeSet = 0 // no type: Ty must be zero
	Ty64   TypeSet = 1 << I64
	Ty32   TypeSet = 1<<I32 | 1<<U32
	TyInt          = Ty64 | Ty32
	TySD   TypeSet = 1<<F32 | 1<<F64
	TyHSD          = 1<<F16 | TySD
)

// OpInfo is the row of one operation.
type OpInfo struct {
	Name         string
	Dst, A, B, C Operand
	Types        TypeSet
	Aux, Aux2    AuxUse
	Imm          ImmUse
	Eff          Effect
}

// Has reports whether the row has one of the effects e.
func (i *OpInfo) Has(e Effect) bool { return i.Eff&e != 0 }

// Pure reports whether the operation is an integer function of its operands
// that [EvalInt] knows: it can be folded, moved and dropped.
func (i *OpInfo) Pure() bool {
	return i.Dst == Int && i.Eff == 0 && i.Aux != AuxFCond && i.A != FP && i.Aux != AuxCounter
}

const (
	effLoad   = EffRead | EffFault
	effStore  = EffWrite | EffFault
	effAtomic = EffRead | EffWrite | EffFault
	effArith  = EffFlags | EffRound
)

// Ops has one row per operation. The order of the text form is that of
// the fields: dst = name.type.aux.aux2 a, b, c, imm.
var Ops = [NumOps]OpInfo{
	OpNop:  {Name: "nop"},
	OpInsn: {Name: "insn", Aux: AuxLen, Imm: ImmPC},

	OpConst:  {Name: "const", Dst: Int, Imm: ImmVal},
	OpMov:    {Name: "mov", Dst: Int, A: Int},
	OpSExt8:  {Name: "sext8", Dst: Int, A: Int},
	OpSExt16: {Name: "sext16", Dst: Int, A: Int},
	OpSExt32: {Name: "sext32", Dst: Int, A: Int},
	OpZExt8:  {Name: "zext8", Dst: Int, A: Int},
	OpZExt16: {Name: "zext16", Dst: Int, A: Int},
	OpZExt32: {Name: "zext32", Dst: Int, A: Int},

	OpAdd:      {Name: "add", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpSub:      {Name: "sub", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpAnd:      {Name: "and", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpOr:       {Name: "or", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpXor:      {Name: "xor", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpAndNot:   {Name: "andnot", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpOrNot:    {Name: "ornot", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpXorNot:   {Name: "xornot", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpShl:      {Name: "shl", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpShr:      {Name: "shr", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpSar:      {Name: "sar", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpRotL:     {Name: "rotl", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpRotR:     {Name: "rotr", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMul:      {Name: "mul", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMulHS:    {Name: "mulhs", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMulHU:    {Name: "mulhu", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMulHSU:   {Name: "mulhsu", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpDivS:     {Name: "divs", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpDivU:     {Name: "divu", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpRemS:     {Name: "rems", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpRemU:     {Name: "remu", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMinS:     {Name: "mins", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMinU:     {Name: "minu", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMaxS:     {Name: "maxs", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpMaxU:     {Name: "maxu", Dst: Int, A: Int, B: IntImm, Types: TyInt},
	OpSet:      {Name: "set", Dst: Int, A: Int, B: IntImm, Aux: AuxCond},
	OpShlAdd:   {Name: "shladd", Dst: Int, A: Int, B: IntImm, Types: Ty64 | 1<<U32, Aux: AuxShift},
	OpBitTest:  {Name: "bittest", Dst: Int, A: Int, B: IntImm},
	OpBitSet:   {Name: "bitset", Dst: Int, A: Int, B: IntImm},
	OpBitClr:   {Name: "bitclr", Dst: Int, A: Int, B: IntImm},
	OpBitInv:   {Name: "bitinv", Dst: Int, A: Int, B: IntImm},
	OpCZeroEqz: {Name: "czeroeqz", Dst: Int, A: Int, B: IntImm},
	OpCZeroNez: {Name: "czeronez", Dst: Int, A: Int, B: IntImm},
	OpClMul:    {Name: "clmul", Dst: Int, A: Int, B: IntImm},
	OpClMulH:   {Name: "clmulh", Dst: Int, A: Int, B: IntImm},
	OpClMulR:   {Name: "clmulr", Dst: Int, A: Int, B: IntImm},
	OpClz:      {Name: "clz", Dst: Int, A: Int, Types: TyInt},
	OpCtz:      {Name: "ctz", Dst: Int, A: Int, Types: TyInt},
	OpPopcnt:   {Name: "popcnt", Dst: Int, A: Int, Types: TyInt},
	OpRev8:     {Name: "rev8", Dst: Int, A: Int},
	OpOrcB:     {Name: "orcb", Dst: Int, A: Int},
	OpSelect:   {Name: "select", Dst: Int, A: Int, B: IntImm, C: Int},

	OpLoad:   {Name: "load", Dst: Int, A: Int, Aux: AuxMem, Imm: ImmDisp, Eff: effLoad},
	OpStore:  {Name: "store", A: Int, B: Int, Aux: AuxMem, Imm: ImmDisp, Eff: effStore},
	OpFLoad:  {Name: "fload", Dst: FP, A: Int, Types: TyHSD, Imm: ImmDisp, Eff: effLoad},
	OpFStore: {Name: "fstore", A: Int, B: FP, Types: TyHSD, Imm: ImmDisp, Eff: effStore},

	OpLR:      {Name: "lr", Dst: Int, A: Int, Aux: AuxAtom, Eff: effLoad},
	OpSC:      {Name: "sc", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoSwap: {Name: "amoswap", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoAdd:  {Name: "amoadd", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoAnd:  {Name: "amoand", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoOr:   {Name: "amoor", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoXor:  {Name: "amoxor", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoMinS: {Name: "amomins", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoMaxS: {Name: "amomaxs", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoMinU: {Name: "amominu", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpAmoMaxU: {Name: "amomaxu", Dst: Int, A: Int, B: Int, Aux: AuxAtom, Eff: effAtomic},
	OpCas:     {Name: "cas", Dst: Int, A: Int, B: Int, C: Int, Aux: AuxAtom, Eff: effAtomic},
	OpCasPair: {Name: "caspair", Dst: Pair, A: Int, B: Pair, C: Pair, Aux: AuxAtom, Eff: effAtomic},
	OpFence:   {Name: "fence", Aux: AuxFence, Eff: EffRead | EffWrite},

	OpFAdd:      {Name: "fadd", Dst: FP, A: FP, B: FP, Types: TySD, Aux: AuxRM, Eff: effArith},
	OpFSub:      {Name: "fsub", Dst: FP, A: FP, B: FP, Types: TySD, Aux: AuxRM, Eff: effArith},
	OpFMul:      {Name: "fmul", Dst: FP, A: FP, B: FP, Types: TySD, Aux: AuxRM, Eff: effArith},
	OpFDiv:      {Name: "fdiv", Dst: FP, A: FP, B: FP, Types: TySD, Aux: AuxRM, Eff: effArith},
	OpFSqrt:     {Name: "fsqrt", Dst: FP, A: FP, Types: TySD, Aux: AuxRM, Eff: effArith},
	OpFMulAdd:   {Name: "fmuladd", Dst: FP, A: FP, B: FP, C: FP, Types: TySD, Aux: AuxRM, Aux2: AuxNeg, Eff: effArith},
	OpFMin:      {Name: "fmin", Dst: FP, A: FP, B: FP, Types: TySD, Eff: EffFlags},
	OpFMax:      {Name: "fmax", Dst: FP, A: FP, B: FP, Types: TySD, Eff: EffFlags},
	OpFMinM:     {Name: "fminm", Dst: FP, A: FP, B: FP, Types: TySD, Eff: EffFlags},
	OpFMaxM:     {Name: "fmaxm", Dst: FP, A: FP, B: FP, Types: TySD, Eff: EffFlags},
	OpFSgn:      {Name: "fsgn", Dst: FP, A: FP, B: FP, Types: TySD, Aux2: AuxSgn},
	OpFCmp:      {Name: "fcmp", Dst: Int, A: FP, B: FP, Types: TySD, Aux: AuxFCond, Eff: EffFlags},
	OpFClass:    {Name: "fclass", Dst: Int, A: FP, Types: TySD},
	OpFToI:      {Name: "ftoi", Dst: Int, A: FP, Types: TySD, Aux: AuxRM, Aux2: AuxKind, Eff: effArith},
	OpIToF:      {Name: "itof", Dst: FP, A: Int, Types: TySD, Aux: AuxRM, Aux2: AuxKind, Eff: effArith},
	OpFCvt:      {Name: "fcvt", Dst: FP, A: FP, Types: TyHSD, Aux: AuxRM, Aux2: AuxType, Eff: effArith},
	OpFRound:    {Name: "fround", Dst: FP, A: FP, Types: TySD, Aux: AuxRM, Aux2: AuxExact, Eff: effArith},
	OpFCvtModW:  {Name: "fcvtmodw", Dst: Int, A: FP, Eff: EffFlags},
	OpFConst:    {Name: "fconst", Dst: FP, Imm: ImmVal},
	OpFMovToI:   {Name: "fmovtoi", Dst: Int, A: FP, Types: TyHSD},
	OpFMovFromI: {Name: "fmovfromi", Dst: FP, A: Int, Types: TyHSD},

	OpGetFFlags: {Name: "getfflags", Dst: Int, Eff: EffGetCSR},
	OpSetFFlags: {Name: "setfflags", A: Int, Eff: EffSetCSR},
	OpGetFRM:    {Name: "getfrm", Dst: Int, Eff: EffGetCSR},
	OpSetFRM:    {Name: "setfrm", A: Int, Eff: EffSetCSR},
	OpCheckRM:   {Name: "checkrm", Eff: EffGetCSR | EffFault},
	OpCounter:   {Name: "counter", Dst: Int, Aux: AuxCounter, Eff: EffGetCSR},

	OpJmp:    {Name: "jmp", Dst: Int, Aux: AuxHint, Imm: ImmPC, Eff: EffEnd},
	OpJmpInd: {Name: "jmpind", Dst: Int, A: Int, Aux: AuxHint, Imm: ImmDisp, Eff: EffEnd},
	OpBr:     {Name: "br", A: Int, B: Int, Aux: AuxCond, Imm: ImmPC, Eff: EffBranch},
	OpExit:   {Name: "exit", Aux: AuxExit, Imm: ImmPC, Eff: EffEnd},

	OpProbed:    {Name: "probed", Eff: EffProbe},
	OpCount:     {Name: "count", A: Int, B: Int, Imm: ImmVal, Eff: EffProbe},
	OpCountSet:  {Name: "countset", A: Int, B: Int, Imm: ImmVal, Eff: EffProbe},
	OpCountHome: {Name: "counthome", Imm: ImmVal, Eff: EffProbe},
	OpCall:      {Name: "call", A: Int, Aux: AuxIf, Imm: ImmVal, Eff: EffCall},
	OpCallMem:   {Name: "callmem", A: Int, B: Int, C: Int, Aux: AuxAccess, Imm: ImmVal, Eff: EffCall},
	OpTrace:     {Name: "trace", A: Int, B: Int, C: Int, Aux: AuxAccess, Imm: ImmVal, Eff: EffProbe},
	OpTraceTake: {Name: "tracetake", Imm: ImmVal, Eff: EffProbe},
	OpTraceRoom: {Name: "traceroom", Imm: ImmVal, Eff: EffCall},
}

// HasType reports whether the row allows t.
func (i *OpInfo) HasType(t Type) bool {
	if i.Types == TyNone {
		return t == 0
	}
	return t <= F64 && i.Types>>t&1 != 0
}
