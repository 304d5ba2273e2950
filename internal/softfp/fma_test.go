package softfp

import (
	"math"
	"testing"
)

// mulAddRef is the exact a*b+c.
func mulAddRef(f format) func(x []uint64) exact {
	return func(x []uint64) exact {
		a, b, c := x[0], x[1], x[2]
		neg := f.neg(a) != f.neg(b)
		infinite := f.isInf(a) || f.isInf(b)
		switch {
		case infinite && (f.isZero(a) || f.isZero(b)):
			return fixed(f.nan(), NV)
		case f.isNaN(a) || f.isNaN(b) || f.isNaN(c):
			return fixed(f.nan(), f.nv(a, b, c))
		case infinite && f.isInf(c) && neg != f.neg(c):
			return fixed(f.nan(), NV)
		case infinite:
			return fixed(f.signed(neg, f.inf()), 0)
		case f.isInf(c):
			return fixed(c, 0)
		case (f.isZero(a) || f.isZero(b)) && f.isZero(c) && neg == f.neg(c):
			return fixed(c, 0)
		}
		return addExact(mulExact(f.value(a), f.value(b)), f.value(c))
	}
}

// mulAddOperands favours addends that interact with the product, down to the
// rounded product itself, which leaves only the rounding error.
func mulAddOperands(f format) func(s source) []uint64 {
	factors := mulOperands(f)
	return func(s source) []uint64 {
		x := factors(s)
		if s.IntN(2) == 0 {
			x = []uint64{s.any(f), s.any(f)}
		}
		c := s.any(f)
		product, _ := f.round(mulRef(f)(x), RNE)
		switch {
		case !f.finite(product):
		case s.IntN(3) == 0:
			c = (product ^ f.sign()) + s.Uint64N(5) - 2
			c &= f.sign()<<1 - 1
		case s.IntN(3) > 0:
			c = s.number(f, f.exponent(product)+s.IntN(4*int(f.prec))-2*int(f.prec))
		}
		return append(x, c)
	}
}

func TestMulAdd(t *testing.T) {
	t.Parallel()
	all := []Flags{0, NX, UF | NX, OF | NX, NV}
	differential(t, "muladd", half, mulAddOperands(half), func(x []uint64, rm Round) (uint64, Flags) {
		r, f := mulAdd(uint16(x[0]), uint16(x[1]), uint16(x[2]), rm)
		return uint64(r), f
	}, mulAddRef(half), all...)
	differential(t, "muladd", single, mulAddOperands(single), func(x []uint64, rm Round) (uint64, Flags) {
		r, f := MulAdd32(uint32(x[0]), uint32(x[1]), uint32(x[2]), rm)
		return uint64(r), f
	}, mulAddRef(single), all...)
	differential(t, "muladd", double, mulAddOperands(double), func(x []uint64, rm Round) (uint64, Flags) {
		return MulAdd64(x[0], x[1], x[2], rm)
	}, mulAddRef(double), all...)
}

func TestMulAddNative(t *testing.T) {
	t.Parallel()
	native(t, "muladd", double, mulAddOperands(double),
		func(x []uint64) (uint64, Flags) { return MulAdd64(x[0], x[1], x[2], RNE) },
		func(x []uint64) float64 {
			return math.FMA(math.Float64frombits(x[0]), math.Float64frombits(x[1]), math.Float64frombits(x[2]))
		})
}

func TestMulAddTable(t *testing.T) {
	const (
		one  = 0x3f800000
		two  = 0x40000000
		neg  = 1 << 31
		inf  = 0x7f800000
		big  = 0x7f7fffff
		snan = 0x7f800001
	)
	for _, c := range []struct {
		a, b, c, want uint32
		rm            Round
		flags         Flags
	}{
		{two, two, one, 0x40a00000, RNE, 0},
		{one, one, one | neg, 0, RNE, 0},
		{one, one, one | neg, neg, RDN, 0},
		{0, one, neg, 0, RNE, 0},
		{0, one, neg, neg, RDN, 0},
		{0, one | neg, neg, neg, RNE, 0},
		{0, one, two, two, RDN, 0},
		{1, 1, 0, 0, RNE, UF | NX},
		{1, 1, neg, 1, RUP, UF | NX},
		// One rounding: (1+2^-23)^2 - (1+2^-22) is 2^-46.
		{one + 1, one + 1, (one + 2) | neg, 0x28800000, RNE, 0},
		{big, two, big | neg, big, RNE, 0}, // the product alone would overflow
		{big, two, 0, inf, RNE, OF | NX},
		{one, one, 1, one + 1, RUP, NX},
		{one, one, 1 | neg, one - 1, RTZ, NX},
		{1, 1, one | neg, one | neg, RNE, NX},
		{1, 1, one | neg, one - 1 | neg, RTZ, NX},
		{inf, 0, one, NaN32, RNE, NV},
		{inf, 0, NaN32, NaN32, RNE, NV},
		{0, inf | neg, NaN32, NaN32, RNE, NV},
		{0, NaN32, inf, NaN32, RNE, 0},
		{one, one, snan, NaN32, RNE, NV},
		{inf, one, inf | neg, NaN32, RNE, NV},
		{inf, one, inf, inf, RNE, 0},
		{one, one, inf | neg, inf | neg, RNE, 0},
	} {
		if got, flags := MulAdd32(c.a, c.b, c.c, c.rm); got != c.want || flags != c.flags {
			t.Errorf("MulAdd32(%#x, %#x, %#x, %s) = %#x, %05b; want %#x, %05b",
				c.a, c.b, c.c, modeNames[c.rm], got, flags, c.want, c.flags)
		}
	}
}

func BenchmarkMulAdd64(b *testing.B) {
	benchmark(b, func(x, y, z uint64) uint64 { r, _ := MulAdd64(x, y, z, RNE); return r })
}
