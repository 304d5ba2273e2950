package softfp

import (
	"math"
	"testing"
)

// mulRef is the exact product.
func mulRef(f format) func(x []uint64) exact {
	return func(x []uint64) exact {
		a, b := x[0], x[1]
		neg := f.neg(a) != f.neg(b)
		switch {
		case f.isNaN(a) || f.isNaN(b):
			return fixed(f.nan(), f.nv(a, b))
		case f.isInf(a) && f.isZero(b), f.isZero(a) && f.isInf(b):
			return fixed(f.nan(), NV)
		case f.isInf(a) || f.isInf(b):
			return fixed(f.signed(neg, f.inf()), 0)
		case f.isZero(a) || f.isZero(b):
			return fixed(f.signed(neg, 0), 0)
		}
		return mulExact(f.value(a), f.value(b))
	}
}

// mulOperands favours products near the ends of the exponent range.
func mulOperands(f format) func(s source) []uint64 {
	return func(s source) []uint64 {
		a, b := s.any(f), s.any(f)
		if f.finite(a) {
			// The exponent fields of factors whose product has field p sum to p + emax.
			switch s.IntN(4) {
			case 0, 1:
				b = s.number(f, f.emax-f.exponent(a)+s.IntN(int(f.prec)+6)-int(f.prec)-3)
			case 2:
				b = s.number(f, 3*f.emax-f.exponent(a)+s.IntN(5)-2)
			}
		}
		return []uint64{a, b}
	}
}

func TestMul(t *testing.T) {
	t.Parallel()
	all := []Flags{0, NX, UF | NX, OF | NX, NV}
	differential(t, "mul", half, mulOperands(half), func(x []uint64, rm Round) (uint64, Flags) {
		r, f := mul(uint16(x[0]), uint16(x[1]), rm)
		return uint64(r), f
	}, mulRef(half), all...)
	differential(t, "mul", single, mulOperands(single), func(x []uint64, rm Round) (uint64, Flags) {
		r, f := Mul32(uint32(x[0]), uint32(x[1]), rm)
		return uint64(r), f
	}, mulRef(single), all...)
	differential(t, "mul", double, mulOperands(double), func(x []uint64, rm Round) (uint64, Flags) {
		return Mul64(x[0], x[1], rm)
	}, mulRef(double), all...)
}

func TestMulNative(t *testing.T) {
	t.Parallel()
	native(t, "mul", double, mulOperands(double),
		func(x []uint64) (uint64, Flags) { return Mul64(x[0], x[1], RNE) },
		func(x []uint64) float64 { return math.Float64frombits(x[0]) * math.Float64frombits(x[1]) })
	native32(t, "mul", mulOperands(single),
		func(x []uint32) (uint32, Flags) { return Mul32(x[0], x[1], RNE) },
		func(x []float32) float32 { return x[0] * x[1] })
}

func TestMulTable(t *testing.T) {
	const (
		one    = 0x3f800000
		neg    = 1 << 31
		inf    = 0x7f800000
		big    = 0x7f7fffff
		normal = 0x00800000 // the smallest one
		half   = 0x3f000000
	)
	for _, c := range []struct {
		a, b, want uint32
		rm         Round
		flags      Flags
	}{
		{0x40400000, 0x40a00000, 0x41700000, RNE, 0}, // 3*5
		{one, neg, neg, RDN, 0},
		{neg, neg, 0, RDN, 0},
		{0, inf, NaN32, RNE, NV},
		{inf | neg, neg, NaN32, RNE, NV},
		{inf, one | neg, inf | neg, RNE, 0},
		{big, big, inf, RMM, OF | NX},
		{big, big, big, RTZ, OF | NX},
		{normal, half, 0x00400000, RNE, 0}, // an exact subnormal is no underflow
		{1, half, 0, RNE, UF | NX},
		{1, half, 1, RMM, UF | NX},
		{1, half, 1, RUP, UF | NX},
		{1 | neg, half, neg, RUP, UF | NX},
		{3, half, 2, RNE, UF | NX},
		// The largest number below the smallest normal with one bit more of
		// precision: 0x00ffffff * 2^-1 rounds up to the smallest normal. With an
		// unbounded exponent it is exact and below: tiny.
		{0x00ffffff, half, normal, RNE, UF | NX},
		{0x00ffffff, half, normal - 1, RTZ, UF | NX},
		// (1+2^-23)(1-2^-23) * 2^-126 = (1-2^-46) * 2^-126 rounds to 2^-126 also with
		// an unbounded exponent: not tiny, except where rounding down.
		{normal + 1, one - 2, normal, RNE, NX},
		{normal + 1, one - 2, normal, RUP, NX},
		{normal + 1, one - 2, normal - 1, RTZ, UF | NX},
		{normal + 1, one - 2, normal - 1, RDN, UF | NX},
		{normal + 1 | neg, one - 2, normal | neg, RDN, NX},
	} {
		if got, flags := Mul32(c.a, c.b, c.rm); got != c.want || flags != c.flags {
			t.Errorf("Mul32(%#x, %#x, %s) = %#x, %05b; want %#x, %05b", c.a, c.b, modeNames[c.rm], got, flags, c.want, c.flags)
		}
	}
}

func BenchmarkMul64(b *testing.B) {
	benchmark(b, func(x, y, _ uint64) uint64 { r, _ := Mul64(x, y, RNE); return r })
}
