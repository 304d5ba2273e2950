package softfp

// roundsUp decides whether the magnitude of a result is increased by one unit in
// its last place. negative is the sign of the result, odd the last bit kept, and
// rem the discarded part as a fraction of that unit, in units of 2^-64: half a
// unit is 1<<63. Its last bit may be sticky.
func roundsUp(rm Round, negative, odd bool, rem uint64) bool {
	const half = 1 << 63
	switch rm {
	case RNE:
		return rem > half || rem == half && odd
	case RDN:
		return negative && rem != 0
	case RUP:
		return !negative && rem != 0
	case RMM:
		return rem >= half
	}
	return false
}

// pack rounds the nonzero number ±sig * 2^(exp-63) to the format and derives the
// flags. The top bit of sig must be set. Its last bit is sticky: it stands for
// everything below it, so an operation need only deliver the leading 63 bits of
// its exact result and whether anything follows. sign is zero or the sign bit.
func pack[T word](sign T, exp int, sig uint64, rm Round) (T, Flags) {
	frac := fracBits[T]()
	e := exp + bias[T]()
	if e <= 0 {
		return packTiny(sign, e, sig, rm)
	}
	if e >= expMax[T]() {
		return overflow(sign, rm)
	}
	q := sig >> (63 - frac)
	rem := sig << (frac + 1)
	// The leading bit of q adds the one that is missing in the exponent field;
	// likewise a carry out of the significand moves on to the next binade.
	b := uint64(e-1)<<frac + q
	if rem == 0 {
		return sign | T(b), 0
	}
	if roundsUp(rm, sign != 0, q&1 != 0, rem) {
		b++
		if b >= uint64(infinity[T]()) {
			return overflow(sign, rm)
		}
	}
	return sign | T(b), NX
}

// packTiny is pack for a number below the smallest normal one; e <= 0 is its
// biased exponent.
func packTiny[T word](sign T, e int, sig uint64, rm Round) (T, Flags) {
	frac := fracBits[T]()
	negative := sign != 0
	flags := NX | UF
	if e == 0 && sig>>(63-frac) == 1<<(frac+1)-1 && roundsUp(rm, negative, true, sig<<(frac+1)) {
		// With an unbounded exponent it would have rounded to the smallest normal
		// number, so it is not tiny after rounding.
		flags = NX
	}
	sig = shiftRightJam(sig, uint(1-e))
	q := sig >> (63 - frac)
	rem := sig << (frac + 1)
	if rem == 0 {
		return sign | T(q), 0
	}
	if roundsUp(rm, negative, q&1 != 0, rem) {
		q++
	}
	return sign | T(q), flags
}

// overflow is the result of rounding a number beyond the largest finite one:
// infinity, unless the mode rounds its magnitude down.
func overflow[T word](sign T, rm Round) (T, Flags) {
	inf := infinity[T]()
	switch {
	case rm == RNE, rm == RMM, rm == RUP && sign == 0, rm == RDN && sign != 0:
		return sign | inf, OF | NX
	}
	return sign | (inf - 1), OF | NX
}

// exactZero is the sum of two numbers that cancel.
func exactZero[T word](rm Round) T {
	if rm == RDN {
		return signBit[T]()
	}
	return 0
}

// shiftRightJam shifts x right by n and ors the bits shifted out into the last
// one kept, which so stays sticky.
func shiftRightJam(x uint64, n uint) uint64 {
	if n >= 64 {
		if x != 0 {
			return 1
		}
		return 0
	}
	y := x >> n
	if y<<n != x {
		y |= 1
	}
	return y
}

// shiftRightJam128 is shiftRightJam for the 128-bit number hi:lo.
func shiftRightJam128(hi, lo uint64, n uint) (uint64, uint64) {
	switch {
	case n == 0:
		return hi, lo
	case n < 64:
		low := hi<<(64-n) | lo>>n
		if lo<<(64-n) != 0 {
			low |= 1
		}
		return hi >> n, low
	}
	low := shiftRightJam(hi, n-64)
	if lo != 0 {
		low |= 1
	}
	return 0, low
}
