package softfp

import "math/bits"

// Mul32 returns a*b.
func Mul32(a, b uint32, rm Round) (uint32, Flags) { return mul(a, b, rm) }

// Mul64 returns a*b.
func Mul64(a, b uint64, rm Round) (uint64, Flags) { return mul(a, b, rm) }

func mul[T word](a, b T, rm Round) (T, Flags) {
	sign := signOf(a ^ b)
	if notFinite(a) || notFinite(b) {
		return mulNotFinite(a, b)
	}
	if abs(a) == 0 || abs(b) == 0 {
		return sign, 0
	}
	exp, hi, lo := product(a, b)
	if lo != 0 {
		hi |= 1
	}
	return pack(sign, exp, hi, rm)
}

// mulNotFinite is mul where an operand is an infinity or a NaN.
func mulNotFinite[T word](a, b T) (T, Flags) {
	switch {
	case isNaN(a) || isNaN(b):
		return canonicalNaN[T](), signallingFlags(a, b)
	case abs(a) == 0 || abs(b) == 0:
		return invalid[T]()
	}
	return signOf(a^b) | infinity[T](), 0
}

// product multiplies two finite nonzero numbers exactly: the magnitude of the
// result is hi:lo * 2^(exp-127), and the top bit of hi is set. Significands have
// at most 53 bits, so the last 21 bits of lo are zero.
func product[T word](a, b T) (exp int, hi, lo uint64) {
	ea, sa := unpack(a)
	eb, sb := unpack(b)
	hi, lo = bits.Mul64(sa, sb)
	if hi>>63 == 0 {
		return ea + eb, hi<<1 | lo>>63, lo << 1
	}
	return ea + eb + 1, hi, lo
}
