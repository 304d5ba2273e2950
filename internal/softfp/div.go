package softfp

import "math/bits"

// Div32 returns a/b.
func Div32(a, b uint32, rm Round) (uint32, Flags) { return div(a, b, rm) }

// Div64 returns a/b.
func Div64(a, b uint64, rm Round) (uint64, Flags) { return div(a, b, rm) }

func div[T word](a, b T, rm Round) (T, Flags) {
	sign := signOf(a ^ b)
	if notFinite(a) || notFinite(b) {
		return divNotFinite(a, b)
	}
	if abs(b) == 0 {
		if abs(a) == 0 {
			return invalid[T]()
		}
		return sign | infinity[T](), DZ
	}
	if abs(a) == 0 {
		return sign, 0
	}
	ea, sa := unpack(a)
	eb, sb := unpack(b)
	// Scale the dividend so that the quotient has exactly 64 bits.
	exp := ea - eb
	hi, lo := sa>>1, sa<<63
	if sa < sb {
		exp--
		hi, lo = sa, 0
	}
	q, r := bits.Div64(hi, lo, sb)
	if r != 0 {
		q |= 1
	}
	return pack(sign, exp, q, rm)
}

// divNotFinite is div where an operand is an infinity or a NaN.
func divNotFinite[T word](a, b T) (T, Flags) {
	switch {
	case isNaN(a) || isNaN(b):
		return canonicalNaN[T](), signallingFlags(a, b)
	case !notFinite(a):
		return signOf(a ^ b), 0
	case !notFinite(b):
		return signOf(a^b) | infinity[T](), 0
	}
	return invalid[T]()
}
