package softfp

import (
	"math"
	"testing"
)

// addRef is the exact sum.
func addRef(f format) func(x []uint64) exact {
	return func(x []uint64) exact {
		a, b := x[0], x[1]
		switch {
		case f.isNaN(a) || f.isNaN(b):
			return fixed(f.nan(), f.nv(a, b))
		case f.isInf(a) && f.isInf(b) && a != b:
			return fixed(f.nan(), NV)
		case f.isInf(a):
			return fixed(a, 0)
		case f.isInf(b):
			return fixed(b, 0)
		case f.isZero(a) && a == b:
			return fixed(a, 0)
		}
		return addExact(f.value(a), f.value(b))
	}
}

// addOperands favours exponents close enough for the significands to interact.
func addOperands(f format) func(s source) []uint64 {
	return func(s source) []uint64 {
		a, b := s.any(f), s.any(f)
		switch s.IntN(4) {
		case 0, 1:
			if f.finite(a) {
				b = s.number(f, f.exponent(a)+s.IntN(2*int(f.prec)+8)-int(f.prec)-4)
			}
		case 2:
			b = (a ^ f.sign()) + s.Uint64N(3) - 1
			b &= f.sign()<<1 - 1
		}
		return []uint64{a, b}
	}
}

func TestAddSub(t *testing.T) {
	t.Parallel()
	add32 := func(x []uint64, rm Round) (uint64, Flags) {
		r, f := Add32(uint32(x[0]), uint32(x[1]), rm)
		return uint64(r), f
	}
	add64 := func(x []uint64, rm Round) (uint64, Flags) { return Add64(x[0], x[1], rm) }
	add16 := func(x []uint64, rm Round) (uint64, Flags) {
		r, f := add(uint16(x[0]), uint16(x[1]), rm)
		return uint64(r), f
	}
	// A sum that is subnormal is exact: addition does not underflow.
	differential(t, "add", half, addOperands(half), add16, addRef(half), 0, NX, OF|NX, NV)
	differential(t, "add", single, addOperands(single), add32, addRef(single), 0, NX, OF|NX, NV)
	differential(t, "add", double, addOperands(double), add64, addRef(double), 0, NX, OF|NX, NV)

	minus := func(f format) func(x []uint64) exact {
		return func(x []uint64) exact { return addRef(f)([]uint64{x[0], x[1] ^ f.sign()}) }
	}
	sub32 := func(x []uint64, rm Round) (uint64, Flags) {
		r, f := Sub32(uint32(x[0]), uint32(x[1]), rm)
		return uint64(r), f
	}
	sub64 := func(x []uint64, rm Round) (uint64, Flags) { return Sub64(x[0], x[1], rm) }
	differential(t, "sub", single, addOperands(single), sub32, minus(single), 0, NX, OF|NX, NV)
	differential(t, "sub", double, addOperands(double), sub64, minus(double), 0, NX, OF|NX, NV)
}

func TestAddNative(t *testing.T) {
	t.Parallel()
	native(t, "add", double, addOperands(double),
		func(x []uint64) (uint64, Flags) { return Add64(x[0], x[1], RNE) },
		func(x []uint64) float64 { return math.Float64frombits(x[0]) + math.Float64frombits(x[1]) })
	native(t, "sub", double, addOperands(double),
		func(x []uint64) (uint64, Flags) { return Sub64(x[0], x[1], RNE) },
		func(x []uint64) float64 { return math.Float64frombits(x[0]) - math.Float64frombits(x[1]) })
	native32(t, "add", addOperands(single),
		func(x []uint32) (uint32, Flags) { return Add32(x[0], x[1], RNE) },
		func(x []float32) float32 { return x[0] + x[1] })
	native32(t, "sub", addOperands(single),
		func(x []uint32) (uint32, Flags) { return Sub32(x[0], x[1], RNE) },
		func(x []float32) float32 { return x[0] - x[1] })
}

func TestAddTable(t *testing.T) {
	const (
		one  = 0x3ff0000000000000
		inf  = 0x7ff0000000000000
		big  = 0x7fefffffffffffff
		neg  = 1 << 63
		snan = 0x7ff0000000000001
	)
	for _, c := range []struct {
		a, b, want uint64
		rm         Round
		flags      Flags
	}{
		{one, one, 0x4000000000000000, RNE, 0},
		{one, one | neg, 0, RNE, 0},
		{one, one | neg, 0, RUP, 0},
		{one, one | neg, neg, RDN, 0},
		{0, neg, 0, RTZ, 0},
		{neg, 0, neg, RDN, 0},
		{neg, neg, neg, RUP, 0},
		{one, 0x3ca0000000000000, one, RNE, NX},     // 1 + 2^-53, a tie to even
		{one, 0x3ca0000000000000, one + 1, RMM, NX}, // ... and away
		{one, 0x3ca0000000000000, one + 1, RUP, NX},
		{one + 1, 0x3ca0000000000000, one + 2, RNE, NX},
		{one, 1 | neg, one - 1, RTZ, NX}, // 1 minus the smallest subnormal
		{one, 1 | neg, one, RNE, NX},
		{big, big, inf, RNE, OF | NX},
		{big, big, big, RTZ, OF | NX},
		{big, big, big, RDN, OF | NX},
		{big | neg, big | neg, inf | neg, RDN, OF | NX},
		{big | neg, big | neg, big | neg, RUP, OF | NX},
		{0x000fffffffffffff, 1, 0x0010000000000000, RNE, 0}, // subnormal to normal
		{0x0010000000000000, 1 | neg, 0x000fffffffffffff, RNE, 0},
		{inf, inf | neg, NaN64, RNE, NV},
		{inf, big | neg, inf, RNE, 0},
		{NaN64 | 5, one, NaN64, RNE, 0},
		{one, snan | neg, NaN64, RNE, NV},
		{NaN64, snan, NaN64, RNE, NV},
	} {
		if got, flags := Add64(c.a, c.b, c.rm); got != c.want || flags != c.flags {
			t.Errorf("Add64(%#x, %#x, %s) = %#x, %05b; want %#x, %05b", c.a, c.b, modeNames[c.rm], got, flags, c.want, c.flags)
		}
		if got, flags := Sub64(c.a, c.b^neg, c.rm); got != c.want || flags != c.flags {
			t.Errorf("Sub64(%#x, %#x, %s) = %#x, %05b; want %#x, %05b", c.a, c.b^neg, modeNames[c.rm], got, flags, c.want, c.flags)
		}
	}
}

func BenchmarkAdd64(b *testing.B) {
	benchmark(b, func(x, y, _ uint64) uint64 { r, _ := Add64(x, y, RNE); return r })
}
