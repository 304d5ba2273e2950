package ir

import (
	"strconv"

	"github.com/weir-emu/weir/internal/cpu"
)

// The text form of a block is one operation a line under a line "block PC":
//
//	block 0x1000
//	insn.4 0x1000
//	x5 = add.i64 x6, #12
//	insn.4 0x1004
//	t0 = load.m32s x2, #16
//	br.ltu t0, x5, 0x1100
//
// Operands are x0-x63 and v0-v63 (slots), t and ft (temporaries), immediates
// with # and guest addresses in hexadecimal. A suffix stands for each of
// type, Aux and Aux2 that the operation has. [ParseBlock] reads it back.

// Names of the values in suffixes.
var (
	typeNames    = [...]string{I64: "i64", I32: "i32", U32: "u32", F16: "f16", F32: "f32", F64: "f64"}
	condNames    = [...]string{Eq: "eq", Ne: "ne", LtS: "lts", GeS: "ges", LtU: "ltu", GeU: "geu"}
	fcondNames   = [...]string{FEq: "eq", FLt: "lt", FLe: "le", FLtQ: "ltq", FLeQ: "leq"}
	memNames     = [...]string{M8S: "m8s", M8U: "m8u", M16S: "m16s", M16U: "m16u", M32S: "m32s", M32U: "m32u", M64: "m64"}
	rmNames      = [...]string{RNE: "rne", RTZ: "rtz", RDN: "rdn", RUP: "rup", RMM: "rmm", 5: "rm5", 6: "rm6", RMDyn: "dyn"}
	kindNames    = [...]string{KI32: "ki32", KU32: "ku32", KI64: "ki64", KU64: "ku64"}
	hintNames    = [...]string{HintNone: "none", HintCall: "call", HintRet: "ret", HintCallRet: "callret"}
	counterNames = [...]string{CounterCycle: "cycle", CounterTime: "time", CounterInstret: "instret"}
	sgnNames     = [...]string{"copy", "neg", "xor"}
	ifNames      = [...]string{IfAlways: "always", IfEq: "eq", IfNe: "ne", IfLt: "lt", IfLe: "le", IfGt: "gt", IfGe: "ge"}
	exitNames    = [...]string{
		cpu.ExitNone: "none", cpu.ExitChain: "chain", cpu.ExitIndirect: "indirect", cpu.ExitSyscall: "syscall",
		cpu.ExitBreak: "break", cpu.ExitIllegal: "illegal", cpu.ExitFenceI: "fencei", cpu.ExitInterp: "interp",
		cpu.ExitPoll: "poll", cpu.ExitFault: "fault", cpu.ExitAlign: "align", cpu.ExitVDSO: "vdso", cpu.ExitCall: "call",
	}
)

// names returns the names of the values of u, or nil if they are numbers.
func (u AuxUse) names() []string {
	switch u {
	case AuxCond:
		return condNames[:]
	case AuxFCond:
		return fcondNames[:]
	case AuxMem, AuxAtom:
		return memNames[:]
	case AuxRM:
		return rmNames[:]
	case AuxHint:
		return hintNames[:]
	case AuxExit:
		return exitNames[:]
	case AuxCounter:
		return counterNames[:]
	case AuxSgn:
		return sgnNames[:]
	case AuxKind:
		return kindNames[:]
	case AuxType:
		return typeNames[:]
	case AuxIf:
		return ifNames[:]
	}
	return nil
}

// String is the name of the operation.
func (op Op) String() string {
	if op < NumOps {
		return Ops[op].Name
	}
	return "op" + strconv.Itoa(int(op))
}

// String is the name of the type in the text form.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "type" + strconv.Itoa(int(t))
}

// String is the operand in the text form; an immediate is shown as "#".
func (v Val) String() string { return string(v.appendTo(nil)) }

func (v Val) appendTo(p []byte) []byte {
	n := int(v)
	switch {
	case v < VBase:
		p = append(p, 'x')
	case v < TBase:
		p, n = append(p, 'v'), n-int(VBase)
	case v < FBase:
		p, n = append(p, 't'), n-int(TBase)
	case v == Imm:
		return append(p, '#')
	default:
		p, n = append(p, "ft"...), n-int(FBase)
	}
	return strconv.AppendInt(p, int64(n), 10)
}

func appendAux(p []byte, u AuxUse, v uint8) []byte {
	if u == AuxNone {
		return p
	}
	p = append(p, '.')
	if n := u.names(); int(v) < len(n) {
		return append(p, n[v]...)
	}
	return strconv.AppendUint(p, uint64(v), 10)
}

// String is the operation in the text form.
func (i Inst) String() string { return string(i.AppendTo(nil)) }

// AppendTo appends the text form of i to p.
func (i Inst) AppendTo(p []byte) []byte {
	if i.Op >= NumOps {
		return append(p, i.Op.String()...)
	}
	o := &Ops[i.Op]
	if o.Dst != None {
		p = append(i.Dst.appendTo(p), " = "...)
	}
	p = append(p, o.Name...)
	if o.Types != TyNone {
		p = append(append(p, '.'), i.Ty.String()...)
	}
	p = appendAux(p, o.Aux, i.Aux)
	p = appendAux(p, o.Aux2, i.Aux2)
	sep := " "
	for _, f := range [...]struct {
		kind Operand
		v    Val
	}{{o.A, i.A}, {o.B, i.B}, {o.C, i.C}} {
		if f.kind == None {
			continue
		}
		p, sep = append(p, sep...), ", "
		p = f.v.appendTo(p)
		if f.v == Imm {
			p = strconv.AppendInt(p, i.Imm, 10)
		}
	}
	switch o.Imm {
	case ImmVal, ImmDisp:
		p = append(append(p, sep...), '#')
		p = strconv.AppendInt(p, i.Imm, 10)
	case ImmPC:
		p = append(append(p, sep...), "0x"...)
		p = strconv.AppendUint(p, uint64(i.Imm), 16)
	}
	return p
}

// String is the block in the text form.
func (b *Block) String() string {
	p := append([]byte("block 0x"), strconv.FormatUint(b.PC, 16)...)
	for _, i := range b.Insts {
		p = append(p, '\n')
		p = i.AppendTo(p)
	}
	return string(append(p, '\n'))
}
