package softfp

// F16ToF32 widens a half. Every number is exact; only a signalling NaN raises a
// flag, NV.
func F16ToF32(a uint16) (uint32, Flags) { return convert[uint16, uint32](a, RNE) }

// F16ToF64 widens a half. Every number is exact; only a signalling NaN raises a
// flag, NV.
func F16ToF64(a uint16) (uint64, Flags) { return convert[uint16, uint64](a, RNE) }

// F32ToF64 widens a single. Every number is exact; only a signalling NaN raises
// a flag, NV.
func F32ToF64(a uint32) (uint64, Flags) { return convert[uint32, uint64](a, RNE) }

// F32ToF16 rounds a single to a half.
func F32ToF16(a uint32, rm Round) (uint16, Flags) { return convert[uint32, uint16](a, rm) }

// F64ToF16 rounds a double to a half, in one step.
func F64ToF16(a uint64, rm Round) (uint16, Flags) { return convert[uint64, uint16](a, rm) }

// F64ToF32 rounds a double to a single.
func F64ToF32(a uint64, rm Round) (uint32, Flags) { return convert[uint64, uint32](a, rm) }

func convert[From, To word](a From, rm Round) (To, Flags) {
	var sign To
	if signOf(a) != 0 {
		sign = signBit[To]()
	}
	switch {
	case isNaN(a):
		return canonicalNaN[To](), signallingFlags(a, a)
	case notFinite(a):
		return sign | infinity[To](), 0
	case abs(a) == 0:
		return sign, 0
	}
	exp, sig := unpack(a)
	return pack(sign, exp, sig, rm)
}

// RoundInt32 rounds a to an integral value in its own format: Zfa fround, and
// with exact froundnx, which differs in raising NX for a result that differs
// from a. A zero result keeps the sign of a; a signalling NaN raises NV.
func RoundInt32(a uint32, rm Round, exact bool) (uint32, Flags) { return roundInt(a, rm, exact) }

// RoundInt64 rounds a to an integral value in its own format: Zfa fround, and
// with exact froundnx, which differs in raising NX for a result that differs
// from a. A zero result keeps the sign of a; a signalling NaN raises NV.
func RoundInt64(a uint64, rm Round, exact bool) (uint64, Flags) { return roundInt(a, rm, exact) }

func roundInt[T word](a T, rm Round, exact bool) (T, Flags) {
	if isNaN(a) {
		return canonicalNaN[T](), signallingFlags(a, a)
	}
	frac := fracBits[T]()
	exp := int(abs(a)>>frac) - bias[T]()
	if exp >= int(frac) || abs(a) == 0 {
		return a, 0
	}
	negative := signOf(a) != 0
	var r T
	var inexact bool
	if exp < 0 {
		// Below one. The fraction is only compared with one half, for which the
		// magnitude's top bits and a sticky bit are enough.
		rem := uint64(1)
		if exp == -1 {
			rem = uint64(a)<<(64-frac)>>1 | 1<<63
		}
		r = signOf(a)
		if roundsUp(rm, negative, false, rem) {
			r |= T(bias[T]()) << frac
		}
		inexact = true
	} else {
		// The last bit of the integer part; where that is the hidden one, the last
		// bit of the exponent field stands in for it, as the bias is odd. A carry
		// moves on to the exponent by itself.
		unit := T(1) << (frac - uint(exp))
		rem := uint64(a) << (64 - frac + uint(exp))
		r = a &^ (unit - 1)
		if roundsUp(rm, negative, a&unit != 0, rem) {
			r += unit
		}
		inexact = rem != 0
	}
	if exact && inexact {
		return r, NX
	}
	return r, 0
}
