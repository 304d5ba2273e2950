package ir

import "math/bits"

// EvalInt computes a pure integer operation (see [OpInfo.Pure]) of operands a,
// b and c; where operand B is Imm, b is the immediate. It is the only
// statement of these semantics in Go: constant folding and the interpreter
// both call it. Another operation is a bug of the caller.
func EvalInt(op Op, ty Type, aux uint8, a, b, c uint64) uint64 {
	if ty != I64 {
		return evalInt32(op, ty, aux, a, b)
	}
	switch op {
	case OpConst:
		return b
	case OpMov:
		return a
	case OpSExt8:
		return uint64(int8(a))
	case OpSExt16:
		return uint64(int16(a))
	case OpSExt32:
		return uint64(int32(a))
	case OpZExt8:
		return uint64(uint8(a))
	case OpZExt16:
		return uint64(uint16(a))
	case OpZExt32:
		return uint64(uint32(a))
	case OpAdd:
		return a + b
	case OpSub:
		return a - b
	case OpAnd:
		return a & b
	case OpOr:
		return a | b
	case OpXor:
		return a ^ b
	case OpAndNot:
		return a &^ b
	case OpOrNot:
		return a | ^b
	case OpXorNot:
		return ^(a ^ b)
	case OpShl:
		return a << (b & 63)
	case OpShr:
		return a >> (b & 63)
	case OpSar:
		return uint64(int64(a) >> (b & 63))
	case OpRotL:
		return bits.RotateLeft64(a, int(b&63))
	case OpRotR:
		return bits.RotateLeft64(a, -int(b&63))
	case OpMul:
		return a * b
	case OpMulHS:
		// The unsigned product counts a negative factor as 2^64 too large.
		h, _ := bits.Mul64(a, b)
		return h - uint64(int64(a)>>63)&b - uint64(int64(b)>>63)&a
	case OpMulHU:
		h, _ := bits.Mul64(a, b)
		return h
	case OpMulHSU:
		h, _ := bits.Mul64(a, b)
		return h - uint64(int64(a)>>63)&b
	case OpDivS:
		if b == 0 {
			return ^uint64(0)
		}
		if int64(b) == -1 {
			return -a // min / -1 = min
		}
		return uint64(int64(a) / int64(b))
	case OpDivU:
		if b == 0 {
			return ^uint64(0)
		}
		return a / b
	case OpRemS:
		if b == 0 {
			return a
		}
		if int64(b) == -1 {
			return 0
		}
		return uint64(int64(a) % int64(b))
	case OpRemU:
		if b == 0 {
			return a
		}
		return a % b
	case OpMinS:
		return uint64(min(int64(a), int64(b)))
	case OpMinU:
		return min(a, b)
	case OpMaxS:
		return uint64(max(int64(a), int64(b)))
	case OpMaxU:
		return max(a, b)
	case OpSet:
		return b2u(Cond(aux).Holds(a, b))
	case OpShlAdd:
		return a<<(aux&63) + b
	case OpBitTest:
		return a >> (b & 63) & 1
	case OpBitSet:
		return a | 1<<(b&63)
	case OpBitClr:
		return a &^ (1 << (b & 63))
	case OpBitInv:
		return a ^ 1<<(b&63)
	case OpCZeroEqz:
		if b == 0 {
			return 0
		}
		return a
	case OpCZeroNez:
		if b != 0 {
			return 0
		}
		return a
	case OpClMul:
		_, lo := clmul(a, b)
		return lo
	case OpClMulH:
		hi, _ := clmul(a, b)
		return hi
	case OpClMulR:
		hi, lo := clmul(a, b)
		return hi<<1 | lo>>63
	case OpClz:
		return uint64(bits.LeadingZeros64(a))
	case OpCtz:
		return uint64(bits.TrailingZeros64(a))
	case OpPopcnt:
		return uint64(bits.OnesCount64(a))
	case OpRev8:
		return bits.ReverseBytes64(a)
	case OpOrcB:
		// Bit 7 of each byte of t is set exactly if that byte of a is not zero.
		const low7 = 0x7f7f7f7f7f7f7f7f
		t := ((a&low7 + low7) | a) &^ low7
		return t >> 7 * 0xff
	case OpSelect:
		if a != 0 {
			return b
		}
		return c
	}
	panic("BUG: ir.EvalInt of " + op.String())
}

// evalInt32 is EvalInt in 32 bits: on the low halves, the result extended by ty.
func evalInt32(op Op, ty Type, aux uint8, a64, b64 uint64) uint64 {
	a, b := uint32(a64), uint32(b64)
	var r uint32
	switch op {
	case OpShlAdd: // only the shifted operand is 32 bits wide
		return uint64(a)<<(aux&63) + b64
	case OpAdd:
		r = a + b
	case OpSub:
		r = a - b
	case OpAnd:
		r = a & b
	case OpOr:
		r = a | b
	case OpXor:
		r = a ^ b
	case OpAndNot:
		r = a &^ b
	case OpOrNot:
		r = a | ^b
	case OpXorNot:
		r = ^(a ^ b)
	case OpShl:
		r = a << (b & 31)
	case OpShr:
		r = a >> (b & 31)
	case OpSar:
		r = uint32(int32(a) >> (b & 31))
	case OpRotL:
		r = bits.RotateLeft32(a, int(b&31))
	case OpRotR:
		r = bits.RotateLeft32(a, -int(b&31))
	case OpMul:
		r = a * b
	case OpMulHS:
		r = uint32(int64(int32(a)) * int64(int32(b)) >> 32)
	case OpMulHU:
		r = uint32(uint64(a) * uint64(b) >> 32)
	case OpMulHSU:
		r = uint32(int64(int32(a)) * int64(b) >> 32)
	case OpDivS:
		switch {
		case b == 0:
			r = ^uint32(0)
		case int32(b) == -1:
			r = -a
		default:
			r = uint32(int32(a) / int32(b))
		}
	case OpDivU:
		if b == 0 {
			r = ^uint32(0)
		} else {
			r = a / b
		}
	case OpRemS:
		switch {
		case b == 0:
			r = a
		case int32(b) == -1:
			r = 0
		default:
			r = uint32(int32(a) % int32(b))
		}
	case OpRemU:
		if b == 0 {
			r = a
		} else {
			r = a % b
		}
	case OpMinS:
		r = uint32(min(int32(a), int32(b)))
	case OpMinU:
		r = min(a, b)
	case OpMaxS:
		r = uint32(max(int32(a), int32(b)))
	case OpMaxU:
		r = max(a, b)
	case OpClz:
		return uint64(bits.LeadingZeros32(a))
	case OpCtz:
		return uint64(bits.TrailingZeros32(a))
	case OpPopcnt:
		return uint64(bits.OnesCount32(a))
	default:
		panic("BUG: ir.EvalInt in 32 bits of " + op.String())
	}
	if ty == U32 {
		return uint64(r)
	}
	return uint64(int32(r))
}

// Holds reports whether a c b.
func (c Cond) Holds(a, b uint64) bool {
	switch c {
	case Eq:
		return a == b
	case Ne:
		return a != b
	case LtS:
		return int64(a) < int64(b)
	case GeS:
		return int64(a) >= int64(b)
	case LtU:
		return a < b
	}
	return a >= b
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// clmul is the 127-bit carry-less product.
func clmul(a, b uint64) (hi, lo uint64) {
	for ; b != 0; b &= b - 1 {
		i := uint(bits.TrailingZeros64(b))
		lo ^= a << i
		hi ^= a >> 1 >> (63 - i)
	}
	return hi, lo
}
