package softfp

import (
	"math"
	"math/big"
	"testing"
)

// divRef is the quotient to more bits than any format has, and sticky.
func divRef(f format) func(x []uint64) exact {
	return func(x []uint64) exact {
		a, b := x[0], x[1]
		neg := f.neg(a) != f.neg(b)
		switch {
		case f.isNaN(a) || f.isNaN(b):
			return fixed(f.nan(), f.nv(a, b))
		case f.isInf(a) && f.isInf(b), f.isZero(a) && f.isZero(b):
			return fixed(f.nan(), NV)
		case f.isInf(a):
			return fixed(f.signed(neg, f.inf()), 0)
		case f.isZero(b):
			return fixed(f.signed(neg, f.inf()), DZ)
		case f.isInf(b), f.isZero(a):
			return fixed(f.signed(neg, 0), 0)
		}
		va, vb := f.value(a), f.value(b)
		const extra = 128
		q, r := new(big.Int).QuoRem(new(big.Int).Lsh(va.m, extra), vb.m, new(big.Int))
		return exact{m: q, e: va.e - extra - vb.e}.sticky(r.Sign() != 0)
	}
}

// divOperands favours quotients near the ends of the exponent range.
func divOperands(f format) func(s source) []uint64 {
	return func(s source) []uint64 {
		a, b := s.any(f), s.any(f)
		if f.finite(a) {
			// The exponent fields of operands whose quotient has field q differ by q - emax.
			switch s.IntN(4) {
			case 0, 1:
				b = s.number(f, f.exponent(a)+f.emax-s.IntN(int(f.prec)+6)+int(f.prec)+3)
			case 2:
				b = s.number(f, f.exponent(a)-f.emax+s.IntN(5)-2)
			}
		}
		return []uint64{a, b}
	}
}

func TestDiv(t *testing.T) {
	t.Parallel()
	all := []Flags{0, NX, UF | NX, OF | NX, NV, DZ}
	differential(t, "div", half, divOperands(half), func(x []uint64, rm Round) (uint64, Flags) {
		r, f := div(uint16(x[0]), uint16(x[1]), rm)
		return uint64(r), f
	}, divRef(half), all...)
	differential(t, "div", single, divOperands(single), func(x []uint64, rm Round) (uint64, Flags) {
		r, f := Div32(uint32(x[0]), uint32(x[1]), rm)
		return uint64(r), f
	}, divRef(single), all...)
	differential(t, "div", double, divOperands(double), func(x []uint64, rm Round) (uint64, Flags) {
		return Div64(x[0], x[1], rm)
	}, divRef(double), all...)
}

func TestDivNative(t *testing.T) {
	t.Parallel()
	native(t, "div", double, divOperands(double),
		func(x []uint64) (uint64, Flags) { return Div64(x[0], x[1], RNE) },
		func(x []uint64) float64 { return math.Float64frombits(x[0]) / math.Float64frombits(x[1]) })
	native32(t, "div", divOperands(single),
		func(x []uint32) (uint32, Flags) { return Div32(x[0], x[1], RNE) },
		func(x []float32) float32 { return x[0] / x[1] })
}

func TestDivTable(t *testing.T) {
	const (
		one   = 0x3ff0000000000000
		three = 0x4008000000000000
		inf   = 0x7ff0000000000000
		big   = 0x7fefffffffffffff
		neg   = 1 << 63
	)
	for _, c := range []struct {
		a, b, want uint64
		rm         Round
		flags      Flags
	}{
		{three, one, three, RNE, 0},
		{one, three, 0x3fd5555555555555, RNE, NX},
		{one, three, 0x3fd5555555555556, RUP, NX},
		{one | neg, three, 0x3fd5555555555556 | neg, RDN, NX},
		{one, 0, inf, RNE, DZ},
		{one, neg, inf | neg, RTZ, DZ},
		{inf, 0, inf, RNE, 0},
		{inf, neg, inf | neg, RNE, 0},
		{0, neg, NaN64, RNE, NV},
		{inf, inf | neg, NaN64, RNE, NV},
		{one | neg, inf, neg, RNE, 0},
		{0, three | neg, neg, RNE, 0},
		{big, 1, inf, RNE, OF | NX},
		{1, three, 0, RNE, UF | NX},
		{1, three, 1, RUP, UF | NX},
		{2, three, 1, RNE, UF | NX},
		{NaN64, 0, NaN64, RNE, 0},
		{0x7ff0000000000001, 0, NaN64, RNE, NV},
	} {
		if got, flags := Div64(c.a, c.b, c.rm); got != c.want || flags != c.flags {
			t.Errorf("Div64(%#x, %#x, %s) = %#x, %05b; want %#x, %05b", c.a, c.b, modeNames[c.rm], got, flags, c.want, c.flags)
		}
	}
}

func BenchmarkDiv64(b *testing.B) {
	benchmark(b, func(x, y, _ uint64) uint64 { r, _ := Div64(x, y, RNE); return r })
}
