package softfp

import "math/bits"

// MulAdd32 returns a*b+c with a single rounding. The other three fused
// operations are this one with the sign of a or c inverted.
func MulAdd32(a, b, c uint32, rm Round) (uint32, Flags) { return mulAdd(a, b, c, rm) }

// MulAdd64 returns a*b+c with a single rounding. The other three fused
// operations are this one with the sign of a or c inverted.
func MulAdd64(a, b, c uint64, rm Round) (uint64, Flags) { return mulAdd(a, b, c, rm) }

func mulAdd[T word](a, b, c T, rm Round) (T, Flags) {
	if notFinite(a) || notFinite(b) || notFinite(c) {
		return mulAddNotFinite(a, b, c)
	}
	sign := signOf(a ^ b)
	if abs(a) == 0 || abs(b) == 0 {
		if abs(c) == 0 && signOf(c) != sign {
			return exactZero[T](rm), 0
		}
		return c, 0
	}
	exp, hi, lo := product(a, b)
	if abs(c) == 0 {
		if lo != 0 {
			hi |= 1
		}
		return pack(sign, exp, hi, rm)
	}

	// Align the smaller of product and addend to the larger one in 128 bits, after
	// making one bit of headroom for the carry. Both end in more than ten zero
	// bits: what add says about lost bits holds here too.
	ce, ch := unpack(c)
	cl := ch << 63
	ch >>= 1
	hi, lo = hi>>1, hi<<63|lo>>1
	if n := exp - ce; n >= 0 {
		ch, cl = shiftRightJam128(ch, cl, uint(n))
	} else {
		hi, lo = shiftRightJam128(hi, lo, uint(-n))
		exp = ce
	}
	if signOf(c) == sign {
		var carry uint64
		lo, carry = bits.Add64(lo, cl, 0)
		hi, _ = bits.Add64(hi, ch, carry)
	} else {
		l, borrow := bits.Sub64(lo, cl, 0)
		h, borrow := bits.Sub64(hi, ch, borrow)
		if borrow != 0 {
			sign ^= signBit[T]()
			l, borrow = bits.Sub64(cl, lo, 0)
			h, _ = bits.Sub64(ch, hi, borrow)
		}
		hi, lo = h, l
	}
	exp++

	if hi == 0 {
		if lo == 0 {
			return exactZero[T](rm), 0
		}
		exp -= 64
		hi, lo = lo, 0
	}
	n := uint(bits.LeadingZeros64(hi))
	hi = hi<<n | lo>>1>>(63-n)
	if lo<<n != 0 {
		hi |= 1
	}
	return pack(sign, exp-int(n), hi, rm)
}

// mulAddNotFinite is mulAdd where an operand is an infinity or a NaN.
func mulAddNotFinite[T word](a, b, c T) (T, Flags) {
	inf := infinity[T]()
	// Invalid whatever c is: IEEE 754 leaves the choice for a quiet NaN to the
	// implementation.
	if abs(a) == inf && abs(b) == 0 || abs(a) == 0 && abs(b) == inf {
		return invalid[T]()
	}
	if isNaN(a) || isNaN(b) || isNaN(c) {
		return canonicalNaN[T](), signallingFlags(a, b) | signallingFlags(c, c)
	}
	if !notFinite(a) && !notFinite(b) {
		return c, 0
	}
	p := signOf(a^b) | inf
	if notFinite(c) && c != p {
		return invalid[T]()
	}
	return p, 0
}
