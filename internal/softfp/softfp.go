// Package softfp is IEEE 754-2019 binary floating point on raw bit patterns, in
// integer arithmetic only.
//
// A value is its bits: uint16 for binary16, uint32 for binary32, uint64 for
// binary64. Every operation is a pure function of its operands and, where a
// result can be inexact, of the rounding mode; it returns the result together
// with the exception flags it raises. Nothing is accumulated, nothing allocates,
// and no host floating-point instruction runs: the host's rounding mode cannot
// change a result, and the host's sticky exception flags are left as they were.
//
// What IEEE 754 leaves to the implementation is fixed as RISC-V fixes it
// (unprivileged manual, chapters F, D, Zfhmin and Zfa):
//
//   - an arithmetic result that is NaN is the canonical quiet NaN ([NaN16],
//     [NaN32], [NaN64]); payloads are not propagated;
//   - tininess is detected after rounding;
//   - inf*0+NaN in a fused multiply-add raises [NV] even for a quiet NaN;
//   - a float that does not fit the integer it is converted to saturates.
//
// The encodings of [Flags], [Round] and the class masks are RISC-V's too, so
// that a caller can use a field of the guest's state as it stands.
//
// The package must not know registers, instructions, NaN boxing, the dynamic
// rounding mode or where the flags accumulate.
//
// Start reading at format.go (what the three formats are) and round.go (the one
// place where a result is rounded); every operation file then does the exact
// part and hands a 64-bit significand to pack.
package softfp

// Flags is a set of the five IEEE 754 exceptions, in the bit order of the
// RISC-V fflags register.
type Flags uint8

// The exceptions.
const (
	// NX is inexact: the rounded result differs from the exact one.
	NX Flags = 1 << iota
	// UF is underflow: the result is inexact and, rounded to the precision of the
	// format with an unbounded exponent, below the smallest normal number.
	UF
	// OF is overflow: the rounded result exceeds the largest finite number.
	OF
	// DZ is division of a finite nonzero number by zero.
	DZ
	// NV is invalid operation: no useful result, or a signalling NaN operand.
	NV
)

// Round is a rounding mode in the encoding of the RISC-V rm field. The other
// values of that field (reserved ones and the dynamic mode) must be resolved by
// the caller; given to a function here they act as RTZ.
type Round uint8

// The rounding modes.
const (
	RNE Round = iota // to nearest, ties to even
	RTZ              // towards zero
	RDN              // down, towards minus infinity
	RUP              // up, towards plus infinity
	RMM              // to nearest, ties away from zero (to max magnitude)
)

// The canonical NaNs.
const (
	NaN16 uint16 = 0x7e00
	NaN32 uint32 = 0x7fc00000
	NaN64 uint64 = 0x7ff8000000000000
)
