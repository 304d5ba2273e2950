package softfp

// Eq32 reports a == b. It is quiet: only a signalling NaN raises NV.
func Eq32(a, b uint32) (bool, Flags) { return eq(a, b) }

// Eq64 reports a == b. It is quiet: only a signalling NaN raises NV.
func Eq64(a, b uint64) (bool, Flags) { return eq(a, b) }

// Lt32 reports a < b. It is signalling: any NaN raises NV.
func Lt32(a, b uint32) (bool, Flags) { return signalling(a, b, less(a, b)) }

// Lt64 reports a < b. It is signalling: any NaN raises NV.
func Lt64(a, b uint64) (bool, Flags) { return signalling(a, b, less(a, b)) }

// Le32 reports a <= b. It is signalling: any NaN raises NV.
func Le32(a, b uint32) (bool, Flags) { return signalling(a, b, !less(b, a)) }

// Le64 reports a <= b. It is signalling: any NaN raises NV.
func Le64(a, b uint64) (bool, Flags) { return signalling(a, b, !less(b, a)) }

// LtQ32 reports a < b. It is quiet: only a signalling NaN raises NV.
func LtQ32(a, b uint32) (bool, Flags) { return quiet(a, b, less(a, b)) }

// LtQ64 reports a < b. It is quiet: only a signalling NaN raises NV.
func LtQ64(a, b uint64) (bool, Flags) { return quiet(a, b, less(a, b)) }

// LeQ32 reports a <= b. It is quiet: only a signalling NaN raises NV.
func LeQ32(a, b uint32) (bool, Flags) { return quiet(a, b, !less(b, a)) }

// LeQ64 reports a <= b. It is quiet: only a signalling NaN raises NV.
func LeQ64(a, b uint64) (bool, Flags) { return quiet(a, b, !less(b, a)) }

// Min32 returns the smaller operand, -0 being below +0: IEEE 754-2019
// minimumNumber. One NaN yields the other operand, two the canonical NaN; a
// signalling NaN raises NV.
func Min32(a, b uint32) (uint32, Flags) { return minimumNumber(a, b) }

// Min64 returns the smaller operand, -0 being below +0: IEEE 754-2019
// minimumNumber. One NaN yields the other operand, two the canonical NaN; a
// signalling NaN raises NV.
func Min64(a, b uint64) (uint64, Flags) { return minimumNumber(a, b) }

// Max32 returns the larger operand, -0 being below +0: IEEE 754-2019
// maximumNumber. One NaN yields the other operand, two the canonical NaN; a
// signalling NaN raises NV.
func Max32(a, b uint32) (uint32, Flags) { return maximumNumber(a, b) }

// Max64 returns the larger operand, -0 being below +0: IEEE 754-2019
// maximumNumber. One NaN yields the other operand, two the canonical NaN; a
// signalling NaN raises NV.
func Max64(a, b uint64) (uint64, Flags) { return maximumNumber(a, b) }

// MinM32 returns the smaller operand, -0 being below +0: IEEE 754-2019 minimum,
// Zfa fminm. Any NaN yields the canonical NaN; a signalling one raises NV.
func MinM32(a, b uint32) (uint32, Flags) { return minimum(a, b) }

// MinM64 returns the smaller operand, -0 being below +0: IEEE 754-2019 minimum,
// Zfa fminm. Any NaN yields the canonical NaN; a signalling one raises NV.
func MinM64(a, b uint64) (uint64, Flags) { return minimum(a, b) }

// MaxM32 returns the larger operand, -0 being below +0: IEEE 754-2019 maximum,
// Zfa fmaxm. Any NaN yields the canonical NaN; a signalling one raises NV.
func MaxM32(a, b uint32) (uint32, Flags) { return maximum(a, b) }

// MaxM64 returns the larger operand, -0 being below +0: IEEE 754-2019 maximum,
// Zfa fmaxm. Any NaN yields the canonical NaN; a signalling one raises NV.
func MaxM64(a, b uint64) (uint64, Flags) { return maximum(a, b) }

func eq[T word](a, b T) (bool, Flags) {
	if isNaN(a) || isNaN(b) {
		return false, signallingFlags(a, b)
	}
	return a == b || abs(a|b) == 0, 0
}

// signalling and quiet are the two treatments of NaNs by a comparison that has
// the given result for numbers.
func signalling[T word](a, b T, result bool) (bool, Flags) {
	if isNaN(a) || isNaN(b) {
		return false, NV
	}
	return result, 0
}

func quiet[T word](a, b T, result bool) (bool, Flags) {
	if isNaN(a) || isNaN(b) {
		return false, signallingFlags(a, b)
	}
	return result, 0
}

// less compares numbers, both zeros being equal.
func less[T word](a, b T) bool { return abs(a|b) != 0 && below(a, b) }

// below orders numbers with -0 below +0: the order of the bit patterns, reversed
// for negative numbers.
func below[T word](a, b T) bool { return orderKey(a) < orderKey(b) }

func orderKey[T word](a T) T {
	if signOf(a) != 0 {
		return ^a
	}
	return a | signBit[T]()
}

func minimumNumber[T word](a, b T) (T, Flags) {
	if isNaN(a) || isNaN(b) {
		return theNumber(a, b)
	}
	if below(b, a) {
		return b, 0
	}
	return a, 0
}

func maximumNumber[T word](a, b T) (T, Flags) {
	if isNaN(a) || isNaN(b) {
		return theNumber(a, b)
	}
	if below(a, b) {
		return b, 0
	}
	return a, 0
}

// theNumber returns the operand that is not a NaN, if there is one.
func theNumber[T word](a, b T) (T, Flags) {
	flags := signallingFlags(a, b)
	switch {
	case !isNaN(a):
		return a, flags
	case !isNaN(b):
		return b, flags
	}
	return canonicalNaN[T](), flags
}

func minimum[T word](a, b T) (T, Flags) {
	if isNaN(a) || isNaN(b) {
		return canonicalNaN[T](), signallingFlags(a, b)
	}
	return minimumNumber(a, b)
}

func maximum[T word](a, b T) (T, Flags) {
	if isNaN(a) || isNaN(b) {
		return canonicalNaN[T](), signallingFlags(a, b)
	}
	return maximumNumber(a, b)
}
