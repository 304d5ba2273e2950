package softfp

import (
	"math"
	"math/bits"
)

// The conversions to integers round first and then look whether the integer
// fits. If so, a fraction lost raises NX. If not, the result is the nearest
// integer that does, and NV alone is raised; NaN counts as above all integers.
// (RISC-V unprivileged manual, table "Domains of float-to-integer conversions".)

// F32ToI32 converts a single to a signed 32-bit integer, saturating.
func F32ToI32(a uint32, rm Round) (int32, Flags) {
	v, flags := toInt(a, rm, 32)
	return int32(v), flags
}

// F32ToU32 converts a single to an unsigned 32-bit integer, saturating.
func F32ToU32(a uint32, rm Round) (uint32, Flags) {
	v, flags := toUint(a, rm, math.MaxUint32)
	return uint32(v), flags
}

// F32ToI64 converts a single to a signed 64-bit integer, saturating.
func F32ToI64(a uint32, rm Round) (int64, Flags) { return toInt(a, rm, 64) }

// F32ToU64 converts a single to an unsigned 64-bit integer, saturating.
func F32ToU64(a uint32, rm Round) (uint64, Flags) { return toUint(a, rm, math.MaxUint64) }

// F64ToI32 converts a double to a signed 32-bit integer, saturating.
func F64ToI32(a uint64, rm Round) (int32, Flags) {
	v, flags := toInt(a, rm, 32)
	return int32(v), flags
}

// F64ToU32 converts a double to an unsigned 32-bit integer, saturating.
func F64ToU32(a uint64, rm Round) (uint32, Flags) {
	v, flags := toUint(a, rm, math.MaxUint32)
	return uint32(v), flags
}

// F64ToI64 converts a double to a signed 64-bit integer, saturating.
func F64ToI64(a uint64, rm Round) (int64, Flags) { return toInt(a, rm, 64) }

// F64ToU64 converts a double to an unsigned 64-bit integer, saturating.
func F64ToU64(a uint64, rm Round) (uint64, Flags) { return toUint(a, rm, math.MaxUint64) }

// ModW64 is Zfa fcvtmod.w.d: a truncated to an integer and that taken modulo
// 2^32, as ECMAScript's ToInt32 wants it. Infinities and NaNs yield zero. The
// flags are those of F64ToI32 rounding towards zero: NV alone for whatever that
// saturates.
func ModW64(a uint64) (int32, Flags) {
	_, flags := F64ToI32(a, RTZ)
	if notFinite(a) || abs(a) == 0 {
		return 0, flags
	}
	exp, sig := unpack(a)
	var m uint64
	switch {
	case exp >= 64:
		// An integer whose last set bit is at least 2^(exp-52); what the shift drops
		// at the top is a multiple of 2^64.
		m = sig >> 11 << uint(exp-52)
	case exp >= 0:
		m = sig >> uint(63-exp)
	}
	if signOf(a) != 0 {
		m = -m
	}
	return int32(m), flags
}

// I32ToF32 converts a signed 32-bit integer to a single.
func I32ToF32(v int32, rm Round) (uint32, Flags) { return fromInt[uint32](int64(v), rm) }

// U32ToF32 converts an unsigned 32-bit integer to a single.
func U32ToF32(v uint32, rm Round) (uint32, Flags) { return fromUint[uint32](0, uint64(v), rm) }

// I64ToF32 converts a signed 64-bit integer to a single.
func I64ToF32(v int64, rm Round) (uint32, Flags) { return fromInt[uint32](v, rm) }

// U64ToF32 converts an unsigned 64-bit integer to a single.
func U64ToF32(v uint64, rm Round) (uint32, Flags) { return fromUint[uint32](0, v, rm) }

// I32ToF64 converts a signed 32-bit integer to a double, exactly in every
// rounding mode.
func I32ToF64(v int32, rm Round) (uint64, Flags) { return fromInt[uint64](int64(v), rm) }

// U32ToF64 converts an unsigned 32-bit integer to a double, exactly in every
// rounding mode.
func U32ToF64(v uint32, rm Round) (uint64, Flags) { return fromUint[uint64](0, uint64(v), rm) }

// I64ToF64 converts a signed 64-bit integer to a double.
func I64ToF64(v int64, rm Round) (uint64, Flags) { return fromInt[uint64](v, rm) }

// U64ToF64 converts an unsigned 64-bit integer to a double.
func U64ToF64(v uint64, rm Round) (uint64, Flags) { return fromUint[uint64](0, v, rm) }

// toInt converts to a signed integer of the given width.
func toInt[T word](a T, rm Round, width uint) (int64, Flags) {
	limit := uint64(1) << (width - 1)
	if isNaN(a) {
		return int64(limit - 1), NV
	}
	m, flags := magnitude(a, rm)
	if signOf(a) != 0 {
		if m > limit || flags == NV {
			return -int64(limit), NV
		}
		return -int64(m), flags
	}
	if m >= limit || flags == NV {
		return int64(limit - 1), NV
	}
	return int64(m), flags
}

// toUint converts to an unsigned integer of at most limit.
func toUint[T word](a T, rm Round, limit uint64) (uint64, Flags) {
	if isNaN(a) {
		return limit, NV
	}
	m, flags := magnitude(a, rm)
	if signOf(a) != 0 {
		if m != 0 || flags == NV {
			return 0, NV
		}
		return 0, flags
	}
	if m > limit || flags == NV {
		return limit, NV
	}
	return m, flags
}

// magnitude rounds a, which is not a NaN, to an integer and returns the absolute
// value of that, with NX if it is inexact and NV if it has more than 64 bits.
func magnitude[T word](a T, rm Round) (uint64, Flags) {
	if notFinite(a) {
		return 0, NV
	}
	if abs(a) == 0 {
		return 0, 0
	}
	exp, sig := unpack(a)
	var m, rem uint64
	switch {
	case exp >= 64:
		return 0, NV
	case exp == 63:
		return sig, 0
	case exp >= 0:
		m, rem = sig>>uint(63-exp), sig<<uint(exp+1)
	case exp == -1:
		rem = sig
	default:
		rem = 1 // less than half: how much less does not matter
	}
	if rem == 0 {
		return m, 0
	}
	if roundsUp(rm, signOf(a) != 0, m&1 != 0, rem) {
		m++
	}
	return m, NX
}

func fromInt[T word](v int64, rm Round) (T, Flags) {
	if v < 0 {
		return fromUint(signBit[T](), -uint64(v), rm)
	}
	return fromUint[T](0, uint64(v), rm)
}

// fromUint converts the integer with magnitude m and the given sign bit.
func fromUint[T word](sign T, m uint64, rm Round) (T, Flags) {
	if m == 0 {
		return 0, 0
	}
	n := bits.LeadingZeros64(m)
	return pack(sign, 63-n, m<<(uint(n)&63), rm)
}
