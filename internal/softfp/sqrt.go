package softfp

import "math/bits"

// Sqrt32 returns the square root of a. It is invalid for numbers below zero; the
// root of -0 is -0.
func Sqrt32(a uint32, rm Round) (uint32, Flags) {
	if r, flags, done := sqrtSpecial(a); done {
		return r, flags
	}
	exp, sig := unpack(a)
	// A 32-bit root of a 64-bit radicand has eight bits to spare. The radicand
	// takes in the odd half of the exponent; the bits of the significand below
	// its 24 are zero, so none is lost.
	if exp&1 == 0 {
		sig >>= 1
	}
	s, r := sqrt64(sig)
	q := s << 32
	if r != 0 {
		q |= 1
	}
	return pack[uint32](0, exp>>1, q, rm)
}

// Sqrt64 returns the square root of a. It is invalid for numbers below zero; the
// root of -0 is -0.
func Sqrt64(a uint64, rm Round) (uint64, Flags) {
	if r, flags, done := sqrtSpecial(a); done {
		return r, flags
	}
	exp, sig := unpack(a)
	hi, lo := sig, uint64(0)
	if exp&1 == 0 {
		hi, lo = sig>>1, sig<<63
	}
	q, exact := sqrt128(hi, lo)
	if !exact {
		q |= 1
	}
	return pack[uint64](0, exp>>1, q, rm)
}

// sqrtSpecial is the root of everything but finite numbers above zero.
func sqrtSpecial[T word](a T) (r T, flags Flags, done bool) {
	switch {
	case isNaN(a):
		return canonicalNaN[T](), signallingFlags(a, a), true
	case abs(a) == 0 || a == infinity[T]():
		return a, 0, true
	case signOf(a) != 0:
		return canonicalNaN[T](), NV, true
	}
	return 0, 0, false
}

// The roots below are Zimmermann's "Karatsuba Square Root" (INRIA RR-3805): the
// root s and remainder r of the upper half of the radicand give, by one
// division of (r, next quarter) by 2s, the lower half of the root, at most one
// too large. Each level doubles the number of bits, and each wants a radicand
// with one of its two leading bits set.

// sqrt128 returns the root of hi:lo rounded down, and whether it is exact.
func sqrt128(hi, lo uint64) (root uint64, exact bool) {
	s, r := sqrt64(hi)
	// r <= 2s, so the dividend has up to 65 bits and the quotient up to 33.
	q, u := bits.Div64(r>>32, r<<32|lo>>32, s<<1)
	// The new remainder is u:lo(32 bits) - q^2; with q <= 2^32 and u < 2^33 it
	// needs 66 bits and a sign, for which a pair of words serves.
	sq, sqHi := q*q, uint64(0)
	if q>>32 != 0 {
		sq, sqHi = 0, 1
	}
	remLo, borrow := bits.Sub64(u<<32|lo&(1<<32-1), sq, 0)
	remHi, borrow := bits.Sub64(u>>32, sqHi, borrow)
	root = s<<32 + q
	if borrow != 0 {
		// One too large. For the square of t = s*2^32 + t' the estimate of t' is
		// off by t'^2 / (s*2^33) < 1, that is not at all, so this is no square.
		// The estimate can be 2^64 only here; it then wraps to 2^64-1.
		return root - 1, false
	}
	return root, remLo|remHi == 0
}

// sqrt64 returns the root of a radicand of at least 2^62 rounded down, and the
// remainder.
func sqrt64(n uint64) (s, r uint64) {
	s, r = sqrt32(n >> 32)
	d := r<<16 | n>>16&0xffff
	q, u := d/(s<<1), d%(s<<1)
	s = s<<16 + q
	r = u<<16 | n&0xffff
	if q2 := q * q; r >= q2 {
		return s, r - q2
	}
	return s - 1, r + s<<1 - 1 - q*q
}

// sqrt32 is sqrt64 for a 32-bit radicand of at least 2^30.
func sqrt32(n uint64) (s, r uint64) {
	s, r = sqrt16(n >> 16)
	d := r<<8 | n>>8&0xff
	q, u := d/(s<<1), d%(s<<1)
	s = s<<8 + q
	r = u<<8 | n&0xff
	if q2 := q * q; r >= q2 {
		return s, r - q2
	}
	return s - 1, r + s<<1 - 1 - q*q
}

// sqrt16 is sqrt64 for a 16-bit radicand of at least 2^14, bit by bit.
func sqrt16(n uint64) (s, r uint64) {
	s = 1 << 7
	for bit := uint64(1 << 6); bit != 0; bit >>= 1 {
		if t := s | bit; t*t <= n {
			s = t
		}
	}
	return s, n - s*s
}
