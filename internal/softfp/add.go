package softfp

import "math/bits"

// Add32 returns a+b.
func Add32(a, b uint32, rm Round) (uint32, Flags) { return add(a, b, rm) }

// Add64 returns a+b.
func Add64(a, b uint64, rm Round) (uint64, Flags) { return add(a, b, rm) }

// Sub32 returns a-b.
func Sub32(a, b uint32, rm Round) (uint32, Flags) { return add(a, b^signBit[uint32](), rm) }

// Sub64 returns a-b.
func Sub64(a, b uint64, rm Round) (uint64, Flags) { return add(a, b^signBit[uint64](), rm) }

func add[T word](a, b T, rm Round) (T, Flags) {
	if notFinite(a) || notFinite(b) {
		return addNotFinite(a, b)
	}
	if abs(a) < abs(b) {
		a, b = b, a
	}
	if abs(b) == 0 {
		if abs(a) == 0 && a != b {
			return exactZero[T](rm), 0
		}
		return a, 0
	}
	ea, sa := unpack(a)
	eb, sb := unpack(b)
	// One bit of headroom for the carry. At least ten zero bits follow the
	// significands, so nothing is lost here, and when the second shift does lose
	// bits, the difference is too large for a subtraction to cancel more than one
	// leading bit: the sticky bit stays below the rounding position.
	sa >>= 1
	sb = shiftRightJam(sb>>1, uint(ea-eb))
	var s uint64
	if signOf(a^b) == 0 {
		s = sa + sb
	} else {
		s = sa - sb
		if s == 0 {
			return exactZero[T](rm), 0
		}
	}
	n := bits.LeadingZeros64(s)
	return pack(signOf(a), ea+1-n, s<<(uint(n)&63), rm)
}

// addNotFinite is add where an operand is an infinity or a NaN.
func addNotFinite[T word](a, b T) (T, Flags) {
	switch {
	case isNaN(a) || isNaN(b):
		return canonicalNaN[T](), signallingFlags(a, b)
	case !notFinite(a):
		return b, 0
	case !notFinite(b) || a == b:
		return a, 0
	}
	return invalid[T]()
}
