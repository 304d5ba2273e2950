package softfp

import "math/bits"

// word is the bit pattern of a value. Its width identifies the format, so the
// generic core below needs no format argument, and as each width is compiled
// separately the format's parameters fold to constants there.
type word interface{ uint16 | uint32 | uint64 }

// fracBits is the width of the trailing significand field.
func fracBits[T word]() uint {
	switch uint64(^T(0)) {
	case 1<<16 - 1:
		return 10
	case 1<<32 - 1:
		return 23
	}
	return 52
}

// expMax is the biased exponent of infinities and NaNs.
func expMax[T word]() int {
	switch uint64(^T(0)) {
	case 1<<16 - 1:
		return 1<<5 - 1
	case 1<<32 - 1:
		return 1<<8 - 1
	}
	return 1<<11 - 1
}

// bias is what is added to an exponent to store it.
func bias[T word]() int { return expMax[T]() >> 1 }

func signBit[T word]() T { return ^(^T(0) >> 1) }

func infinity[T word]() T { return T(expMax[T]()) << fracBits[T]() }

// quietBit is the bit that tells a quiet NaN from a signalling one.
func quietBit[T word]() T { return 1 << (fracBits[T]() - 1) }

func canonicalNaN[T word]() T { return infinity[T]() | quietBit[T]() }

// abs clears the sign. Absolute values order as the integers they are.
func abs[T word](a T) T { return a &^ signBit[T]() }

func signOf[T word](a T) T { return a & signBit[T]() }

func isNaN[T word](a T) bool { return abs(a) > infinity[T]() }

func isSignalling[T word](a T) bool { return isNaN(a) && a&quietBit[T]() == 0 }

// notFinite reports whether a is an infinity or a NaN.
func notFinite[T word](a T) bool { return abs(a) >= infinity[T]() }

// signallingFlags is NV if one of the operands is a signalling NaN.
func signallingFlags[T word](a, b T) Flags {
	if isSignalling(a) || isSignalling(b) {
		return NV
	}
	return 0
}

// invalid is the result of an operation that has none.
func invalid[T word]() (T, Flags) { return canonicalNaN[T](), NV }

// unpack splits a finite nonzero number: its magnitude is sig * 2^(exp-63), and
// the top bit of sig is set. Subnormal numbers come out normalised, with an
// exponent below that of the smallest normal number.
func unpack[T word](a T) (exp int, sig uint64) {
	m := uint64(abs(a))
	e := int(m >> fracBits[T]())
	if e == 0 {
		return unpackSubnormal[T](m)
	}
	return e - bias[T](), m<<(63-fracBits[T]()) | 1<<63
}

// unpackSubnormal is unpack for the magnitude of a subnormal number; it stands
// apart so that unpack can be inlined.
func unpackSubnormal[T word](m uint64) (exp int, sig uint64) {
	n := bits.LeadingZeros64(m)
	return 64 - bias[T]() - int(fracBits[T]()) - n, m << (uint(n) & 63)
}
