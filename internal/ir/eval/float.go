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
			f = format32.run(m, i)
		} else {
			f = format64.run(m, i)
		}
	}
	m.S.FFlags |= uint32(f)
}

// fpFormat is binary32 or binary64: its operations, and how values of it are in registers.
type fpFormat[T uint32 | uint64] struct {
	get  func(m *Machine, v ir.Val) T
	set  func(m *Machine, v ir.Val, x T)
	sign T

	add, sub, mul, div   func(a, b T, rm softfp.Round) (T, softfp.Flags)
	sqrt                 func(a T, rm softfp.Round) (T, softfp.Flags)
	mulAdd               func(a, b, c T, rm softfp.Round) (T, softfp.Flags)
	min, max, minM, maxM func(a, b T) (T, softfp.Flags)
	roundInt             func(a T, rm softfp.Round, exact bool) (T, softfp.Flags)
	eq, lt, le, ltQ, leQ func(a, b T) (bool, softfp.Flags)
	class                func(a T) uint16
	toI32                func(a T, rm softfp.Round) (int32, softfp.Flags)
	toU32                func(a T, rm softfp.Round) (uint32, softfp.Flags)
	toI64                func(a T, rm softfp.Round) (int64, softfp.Flags)
	toU64                func(a T, rm softfp.Round) (uint64, softfp.Flags)
	fromI32              func(v int32, rm softfp.Round) (T, softfp.Flags)
	fromU32              func(v uint32, rm softfp.Round) (T, softfp.Flags)
	fromI64              func(v int64, rm softfp.Round) (T, softfp.Flags)
	fromU64              func(v uint64, rm softfp.Round) (T, softfp.Flags)
}

// Functions rather than method values, which would be stored at every start.
func get64(m *Machine, v ir.Val) uint64    { return m.fp(v) }
func set64(m *Machine, v ir.Val, x uint64) { m.setFP(v, x) }
func get32(m *Machine, v ir.Val) uint32    { return unbox32(m.fp(v)) }
func set32(m *Machine, v ir.Val, x uint32) { m.setFP(v, box32(x)) }

var format32 = fpFormat[uint32]{
	get: get32, set: set32, sign: 1 << 31,
	add: softfp.Add32, sub: softfp.Sub32, mul: softfp.Mul32, div: softfp.Div32, sqrt: softfp.Sqrt32, mulAdd: softfp.MulAdd32,
	min: softfp.Min32, max: softfp.Max32, minM: softfp.MinM32, maxM: softfp.MaxM32, roundInt: softfp.RoundInt32,
	eq: softfp.Eq32, lt: softfp.Lt32, le: softfp.Le32, ltQ: softfp.LtQ32, leQ: softfp.LeQ32, class: softfp.Class32,
	toI32: softfp.F32ToI32, toU32: softfp.F32ToU32, toI64: softfp.F32ToI64, toU64: softfp.F32ToU64,
	fromI32: softfp.I32ToF32, fromU32: softfp.U32ToF32, fromI64: softfp.I64ToF32, fromU64: softfp.U64ToF32,
}

var format64 = fpFormat[uint64]{
	get: get64, set: set64, sign: 1 << 63,
	add: softfp.Add64, sub: softfp.Sub64, mul: softfp.Mul64, div: softfp.Div64, sqrt: softfp.Sqrt64, mulAdd: softfp.MulAdd64,
	min: softfp.Min64, max: softfp.Max64, minM: softfp.MinM64, maxM: softfp.MaxM64, roundInt: softfp.RoundInt64,
	eq: softfp.Eq64, lt: softfp.Lt64, le: softfp.Le64, ltQ: softfp.LtQ64, leQ: softfp.LeQ64, class: softfp.Class64,
	toI32: softfp.F64ToI32, toU32: softfp.F64ToU32, toI64: softfp.F64ToI64, toU64: softfp.F64ToU64,
	fromI32: softfp.I32ToF64, fromU32: softfp.U32ToF64, fromI64: softfp.I64ToF64, fromU64: softfp.U64ToF64,
}

// run executes an operation within one format.
func (p *fpFormat[T]) run(m *Machine, i *ir.Inst) (f softfp.Flags) {
	var r T
	rm := m.round(i.Aux)
	a := func() T { return p.get(m, i.A) }
	b := func() T { return p.get(m, i.B) }
	switch i.Op {
	case ir.OpFAdd:
		r, f = p.add(a(), b(), rm)
	case ir.OpFSub:
		r, f = p.sub(a(), b(), rm)
	case ir.OpFMul:
		r, f = p.mul(a(), b(), rm)
	case ir.OpFDiv:
		r, f = p.div(a(), b(), rm)
	case ir.OpFSqrt:
		r, f = p.sqrt(a(), rm)
	case ir.OpFMulAdd:
		x, z := a(), p.get(m, i.C)
		if i.Aux2&1 != 0 {
			x ^= p.sign
		}
		if i.Aux2&2 != 0 {
			z ^= p.sign
		}
		r, f = p.mulAdd(x, b(), z, rm)
	case ir.OpFMin:
		r, f = p.min(a(), b())
	case ir.OpFMax:
		r, f = p.max(a(), b())
	case ir.OpFMinM:
		r, f = p.minM(a(), b())
	case ir.OpFMaxM:
		r, f = p.maxM(a(), b())
	case ir.OpFSgn:
		r = a()&^p.sign | injected(i.Aux2, a(), b())&p.sign
	case ir.OpFRound:
		r, f = p.roundInt(a(), rm, i.Aux2&1 != 0)
	case ir.OpFCmp:
		var t bool
		t, f = p.compare(ir.FCond(i.Aux), a(), b())
		m.setInt(i.Dst, b2u(t))
		return f
	case ir.OpFClass:
		m.setInt(i.Dst, uint64(p.class(a())))
		return 0
	case ir.OpFToI:
		var v uint64
		v, f = p.toInt(ir.IKind(i.Aux2), a(), rm)
		m.setInt(i.Dst, v)
		return f
	case ir.OpIToF:
		switch v := m.int(i.A); ir.IKind(i.Aux2) {
		case ir.KI32:
			r, f = p.fromI32(int32(v), rm)
		case ir.KU32:
			r, f = p.fromU32(uint32(v), rm)
		case ir.KI64:
			r, f = p.fromI64(int64(v), rm)
		case ir.KU64:
			r, f = p.fromU64(v, rm)
		}
	}
	p.set(m, i.Dst, r)
	return f
}

func (p *fpFormat[T]) compare(c ir.FCond, a, b T) (bool, softfp.Flags) {
	switch c {
	case ir.FEq:
		return p.eq(a, b)
	case ir.FLt:
		return p.lt(a, b)
	case ir.FLe:
		return p.le(a, b)
	case ir.FLtQ:
		return p.ltQ(a, b)
	case ir.FLeQ:
		return p.leQ(a, b)
	}
	return false, 0
}

// toInt converts to an integer; 32-bit results are sign-extended.
func (p *fpFormat[T]) toInt(k ir.IKind, a T, rm softfp.Round) (r uint64, f softfp.Flags) {
	switch k {
	case ir.KI32:
		var v int32
		v, f = p.toI32(a, rm)
		r = uint64(v)
	case ir.KU32:
		var v uint32
		v, f = p.toU32(a, rm)
		r = uint64(int32(v))
	case ir.KI64:
		var v int64
		v, f = p.toI64(a, rm)
		r = uint64(v)
	case ir.KU64:
		r, f = p.toU64(a, rm)
	}
	return r, f
}

// injected returns a value whose sign bit is the one to inject.
func injected[T uint32 | uint64](mode uint8, a, b T) T {
	switch mode {
	case 1:
		return ^b
	case 2:
		return a ^ b
	}
	return b
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
