package eval

import (
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/softfp"
)

// fpBytes is the width of an FP memory access.
func fpBytes(ty ir.Type) int {
	switch ty {
	case ir.F16:
		return 2
	case ir.F32:
		return 4
	}
	return 8
}

// box fills the upper part of a register with ones around a narrower value
// (RISC-V unprivileged manual, NaN Boxing of Narrower Values).
func box(ty ir.Type, v uint64) uint64 {
	switch ty {
	case ir.F16:
		return v&0xffff | ^uint64(0xffff)
	case ir.F32:
		return v&0xffffffff | ^uint64(0xffffffff)
	}
	return v
}

// unbox32 is the value of a register as binary32: the canonical NaN unless boxed.
func unbox32(v uint64) uint32 {
	if v>>32 != 0xffffffff {
		return softfp.NaN32
	}
	return uint32(v)
}

func unbox16(v uint64) uint16 {
	if v>>16 != 0xffffffffffff {
		return softfp.NaN16
	}
	return uint16(v)
}

func box32(v uint32) uint64 { return uint64(v) | 0xffffffff<<32 }

// round resolves the dynamic rounding mode.
func (m *Machine) round(rm uint8) softfp.Round {
	if rm == ir.RMDyn {
		rm = uint8(m.S.FRM)
	}
	return softfp.Round(rm)
}

// float executes an operation of the FP group (OpFAdd to OpFMovFromI).
func (m *Machine) float(i *ir.Inst) {
	var f softfp.Flags
	switch i.Op {
	case ir.OpFConst:
		m.setFP(i.Dst, uint64(i.Imm))
	case ir.OpFMovToI:
		v := m.fp(i.A)
		switch i.Ty {
		case ir.F16:
			v = uint64(int16(v))
		case ir.F32:
			v = uint64(int32(v))
		}
		m.setInt(i.Dst, v)
	case ir.OpFMovFromI:
		m.setFP(i.Dst, box(i.Ty, m.int(i.A)))
	case ir.OpFCvt:
		f = m.convert(i)
	case ir.OpFCvtModW:
		var v int32
		v, f = softfp.ModW64(m.fp(i.A))
		m.setInt(i.Dst, uint64(v))
	default:
		if i.Ty == ir.F32 {
			f = m.float32(i)
		} else {
			f = m.float64(i)
		}
	}
	m.S.FFlags |= uint32(f)
}

func (m *Machine) float64(i *ir.Inst) (f softfp.Flags) {
	var r uint64
	rm := m.round(i.Aux)
	switch i.Op {
	case ir.OpFAdd:
		r, f = softfp.Add64(m.fp(i.A), m.fp(i.B), rm)
	case ir.OpFSub:
		r, f = softfp.Sub64(m.fp(i.A), m.fp(i.B), rm)
	case ir.OpFMul:
		r, f = softfp.Mul64(m.fp(i.A), m.fp(i.B), rm)
	case ir.OpFDiv:
		r, f = softfp.Div64(m.fp(i.A), m.fp(i.B), rm)
	case ir.OpFSqrt:
		r, f = softfp.Sqrt64(m.fp(i.A), rm)
	case ir.OpFMulAdd:
		a, c := m.fp(i.A), m.fp(i.C)
		a ^= uint64(i.Aux2&1) << 63
		c ^= uint64(i.Aux2>>1&1) << 63
		r, f = softfp.MulAdd64(a, m.fp(i.B), c, rm)
	case ir.OpFMin:
		r, f = softfp.Min64(m.fp(i.A), m.fp(i.B))
	case ir.OpFMax:
		r, f = softfp.Max64(m.fp(i.A), m.fp(i.B))
	case ir.OpFMinM:
		r, f = softfp.MinM64(m.fp(i.A), m.fp(i.B))
	case ir.OpFMaxM:
		r, f = softfp.MaxM64(m.fp(i.A), m.fp(i.B))
	case ir.OpFSgn:
		const sign = 1 << 63
		r = m.fp(i.A)&^sign | injected(i.Aux2, m.fp(i.A), m.fp(i.B))&sign
	case ir.OpFRound:
		r, f = softfp.RoundInt64(m.fp(i.A), rm, i.Aux2&1 != 0)
	case ir.OpFCmp:
		var t bool
		a, b := m.fp(i.A), m.fp(i.B)
		switch ir.FCond(i.Aux) {
		case ir.FEq:
			t, f = softfp.Eq64(a, b)
		case ir.FLt:
			t, f = softfp.Lt64(a, b)
		case ir.FLe:
			t, f = softfp.Le64(a, b)
		case ir.FLtQ:
			t, f = softfp.LtQ64(a, b)
		case ir.FLeQ:
			t, f = softfp.LeQ64(a, b)
		}
		m.setInt(i.Dst, b2u(t))
		return f
	case ir.OpFClass:
		m.setInt(i.Dst, uint64(softfp.Class64(m.fp(i.A))))
		return 0
	case ir.OpFToI:
		f = m.toInt64(i, rm)
		return f
	case ir.OpIToF:
		a := m.int(i.A)
		switch ir.IKind(i.Aux2) {
		case ir.KI32:
			r, f = softfp.I32ToF64(int32(a), rm)
		case ir.KU32:
			r, f = softfp.U32ToF64(uint32(a), rm)
		case ir.KI64:
			r, f = softfp.I64ToF64(int64(a), rm)
		case ir.KU64:
			r, f = softfp.U64ToF64(a, rm)
		}
	}
	m.setFP(i.Dst, r)
	return f
}

func (m *Machine) float32(i *ir.Inst) (f softfp.Flags) {
	var r uint32
	rm := m.round(i.Aux)
	switch i.Op {
	case ir.OpFAdd:
		r, f = softfp.Add32(m.fp32(i.A), m.fp32(i.B), rm)
	case ir.OpFSub:
		r, f = softfp.Sub32(m.fp32(i.A), m.fp32(i.B), rm)
	case ir.OpFMul:
		r, f = softfp.Mul32(m.fp32(i.A), m.fp32(i.B), rm)
	case ir.OpFDiv:
		r, f = softfp.Div32(m.fp32(i.A), m.fp32(i.B), rm)
	case ir.OpFSqrt:
		r, f = softfp.Sqrt32(m.fp32(i.A), rm)
	case ir.OpFMulAdd:
		a, c := m.fp32(i.A), m.fp32(i.C)
		a ^= uint32(i.Aux2&1) << 31
		c ^= uint32(i.Aux2>>1&1) << 31
		r, f = softfp.MulAdd32(a, m.fp32(i.B), c, rm)
	case ir.OpFMin:
		r, f = softfp.Min32(m.fp32(i.A), m.fp32(i.B))
	case ir.OpFMax:
		r, f = softfp.Max32(m.fp32(i.A), m.fp32(i.B))
	case ir.OpFMinM:
		r, f = softfp.MinM32(m.fp32(i.A), m.fp32(i.B))
	case ir.OpFMaxM:
		r, f = softfp.MaxM32(m.fp32(i.A), m.fp32(i.B))
	case ir.OpFSgn:
		const sign = 1 << 31
		a, b := m.fp32(i.A), m.fp32(i.B)
		r = a&^sign | uint32(injected(i.Aux2, uint64(a), uint64(b)))&sign
	case ir.OpFRound:
		r, f = softfp.RoundInt32(m.fp32(i.A), rm, i.Aux2&1 != 0)
	case ir.OpFCmp:
		var t bool
		a, b := m.fp32(i.A), m.fp32(i.B)
		switch ir.FCond(i.Aux) {
		case ir.FEq:
			t, f = softfp.Eq32(a, b)
		case ir.FLt:
			t, f = softfp.Lt32(a, b)
		case ir.FLe:
			t, f = softfp.Le32(a, b)
		case ir.FLtQ:
			t, f = softfp.LtQ32(a, b)
		case ir.FLeQ:
			t, f = softfp.LeQ32(a, b)
		}
		m.setInt(i.Dst, b2u(t))
		return f
	case ir.OpFClass:
		m.setInt(i.Dst, uint64(softfp.Class32(m.fp32(i.A))))
		return 0
	case ir.OpFToI:
		return m.toInt32(i, rm)
	case ir.OpIToF:
		a := m.int(i.A)
		switch ir.IKind(i.Aux2) {
		case ir.KI32:
			r, f = softfp.I32ToF32(int32(a), rm)
		case ir.KU32:
			r, f = softfp.U32ToF32(uint32(a), rm)
		case ir.KI64:
			r, f = softfp.I64ToF32(int64(a), rm)
		case ir.KU64:
			r, f = softfp.U64ToF32(a, rm)
		}
	}
	m.setFP(i.Dst, box32(r))
	return f
}

func (m *Machine) fp32(v ir.Val) uint32 { return unbox32(m.fp(v)) }

// injected returns a value whose sign bit is the one to inject.
func injected(mode uint8, a, b uint64) uint64 {
	switch mode {
	case 1:
		return ^b
	case 2:
		return a ^ b
	}
	return b
}

// toInt64 converts binary64 to an integer; 32-bit results are sign-extended.
func (m *Machine) toInt64(i *ir.Inst, rm softfp.Round) (f softfp.Flags) {
	var r uint64
	a := m.fp(i.A)
	switch ir.IKind(i.Aux2) {
	case ir.KI32:
		var v int32
		v, f = softfp.F64ToI32(a, rm)
		r = uint64(v)
	case ir.KU32:
		var v uint32
		v, f = softfp.F64ToU32(a, rm)
		r = uint64(int32(v))
	case ir.KI64:
		var v int64
		v, f = softfp.F64ToI64(a, rm)
		r = uint64(v)
	case ir.KU64:
		r, f = softfp.F64ToU64(a, rm)
	}
	m.setInt(i.Dst, r)
	return f
}

// toInt32 is toInt64 for binary32.
func (m *Machine) toInt32(i *ir.Inst, rm softfp.Round) (f softfp.Flags) {
	var r uint64
	a := m.fp32(i.A)
	switch ir.IKind(i.Aux2) {
	case ir.KI32:
		var v int32
		v, f = softfp.F32ToI32(a, rm)
		r = uint64(v)
	case ir.KU32:
		var v uint32
		v, f = softfp.F32ToU32(a, rm)
		r = uint64(int32(v))
	case ir.KI64:
		var v int64
		v, f = softfp.F32ToI64(a, rm)
		r = uint64(v)
	case ir.KU64:
		r, f = softfp.F32ToU64(a, rm)
	}
	m.setInt(i.Dst, r)
	return f
}

// convert is OpFCvt: from the format Aux2 to the format Ty.
func (m *Machine) convert(i *ir.Inst) (f softfp.Flags) {
	rm, a := m.round(i.Aux), m.fp(i.A)
	var r uint64
	var r32 uint32
	var r16 uint16
	switch from := ir.Type(i.Aux2); {
	case i.Ty == ir.F64 && from == ir.F32:
		r, f = softfp.F32ToF64(unbox32(a))
	case i.Ty == ir.F64 && from == ir.F16:
		r, f = softfp.F16ToF64(unbox16(a))
	case i.Ty == ir.F32 && from == ir.F64:
		r32, f = softfp.F64ToF32(a, rm)
		r = box32(r32)
	case i.Ty == ir.F32 && from == ir.F16:
		r32, f = softfp.F16ToF32(unbox16(a))
		r = box32(r32)
	case i.Ty == ir.F16 && from == ir.F64:
		r16, f = softfp.F64ToF16(a, rm)
		r = box(ir.F16, uint64(r16))
	case i.Ty == ir.F16 && from == ir.F32:
		r16, f = softfp.F32ToF16(unbox32(a), rm)
		r = box(ir.F16, uint64(r16))
	default:
		panic("BUG: eval: conversion " + i.String())
	}
	m.setFP(i.Dst, r)
	return f
}
