package softfp

import (
	"math"
	"math/big"
	"math/bits"
	"testing"
)

// sqrtRef is the root to more bits than any format has, and sticky.
func sqrtRef(f format) func(x []uint64) exact {
	return func(x []uint64) exact {
		a := x[0]
		switch {
		case f.isNaN(a):
			return fixed(f.nan(), f.nv(a))
		case f.isZero(a), a == f.inf():
			return fixed(a, 0)
		case f.neg(a):
			return fixed(f.nan(), NV)
		}
		v := f.value(a)
		extra := 256 + v.e&1
		n := v.m.Lsh(v.m, uint(extra))
		r := new(big.Int).Sqrt(n)
		more := new(big.Int).Mul(r, r).Cmp(n) != 0
		return exact{m: r, e: (v.e - extra) / 2}.sticky(more)
	}
}

// sqrtOperands favours perfect squares and their neighbours.
func sqrtOperands(f format) func(s source) []uint64 {
	return func(s source) []uint64 {
		a := s.any(f)
		switch s.IntN(4) {
		case 0:
			r := s.Uint64() >> (64 - s.UintN(f.prec/2) - 1)
			sq, _ := f.round(exact{m: new(big.Int).SetUint64(r * r), e: 2 * (s.IntN(20) - 10)}, RNE)
			a = sq + s.Uint64N(3) - 1
			a &= f.sign()<<1 - 1
		case 1, 2:
			a &^= f.sign()
		}
		return []uint64{a}
	}
}

func TestSqrt(t *testing.T) {
	t.Parallel()
	differential(t, "sqrt", single, sqrtOperands(single), func(x []uint64, rm Round) (uint64, Flags) {
		r, f := Sqrt32(uint32(x[0]), rm)
		return uint64(r), f
	}, sqrtRef(single), 0, NX, NV)
	differential(t, "sqrt", double, sqrtOperands(double), func(x []uint64, rm Round) (uint64, Flags) {
		return Sqrt64(x[0], rm)
	}, sqrtRef(double), 0, NX, NV)
}

func TestSqrtNative(t *testing.T) {
	t.Parallel()
	native(t, "sqrt", double, sqrtOperands(double),
		func(x []uint64) (uint64, Flags) { return Sqrt64(x[0], RNE) },
		func(x []uint64) float64 { return math.Sqrt(math.Float64frombits(x[0])) })
	// The double root rounded to a single is the single root: 53 >= 2*24+2.
	native32(t, "sqrt", sqrtOperands(single),
		func(x []uint32) (uint32, Flags) { return Sqrt32(x[0], RNE) },
		func(x []float32) float32 { return float32(math.Sqrt(float64(x[0]))) })
}

func TestSqrtTable(t *testing.T) {
	for _, c := range []struct {
		a, want uint64
		rm      Round
		flags   Flags
	}{
		{0x4010000000000000, 0x4000000000000000, RNE, 0},
		{0x4022000000000000, 0x4008000000000000, RUP, 0}, // 9
		{0x4000000000000000, 0x3ff6a09e667f3bcd, RNE, NX},
		{0x4000000000000000, 0x3ff6a09e667f3bcc, RTZ, NX},
		{0x8000000000000000, 0x8000000000000000, RUP, 0},
		{0, 0, RDN, 0},
		{0x7ff0000000000000, 0x7ff0000000000000, RNE, 0},
		{0xfff0000000000000, NaN64, RNE, NV},
		{0x8000000000000001, NaN64, RNE, NV},
		{0x0000000000000001, 0x1e60000000000000, RNE, 0}, // 2^-1074
		{0xfff8000000000000, NaN64, RNE, 0},
		{0x7ff4000000000000, NaN64, RNE, NV},
	} {
		if got, flags := Sqrt64(c.a, c.rm); got != c.want || flags != c.flags {
			t.Errorf("Sqrt64(%#x, %s) = %#x, %05b; want %#x, %05b", c.a, modeNames[c.rm], got, flags, c.want, c.flags)
		}
	}
}

func TestIntegerRoots(t *testing.T) {
	for n := uint64(1) << 14; n < 1<<16; n++ {
		if s, r := sqrt16(n); s*s+r != n || r > 2*s {
			t.Fatalf("sqrt16(%d) = %d, remainder %d", n, s, r)
		}
	}
	s := newSource(3)
	for range 200000 {
		// Squares and numbers just below are where an estimate goes wrong.
		root := s.Uint64()>>1 | 1<<63
		if s.IntN(4) == 0 {
			root = -s.Uint64N(1 << 34) // the largest roots
		}
		d := s.Uint64N(3)

		n := (root >> 32) * (root >> 32)
		if n -= d; n>>62 != 0 {
			if g, r := sqrt64(n); g>>32 != 0 || g*g+r != n || r > 2*g {
				t.Fatalf("sqrt64(%#x) = %#x, remainder %#x", n, g, r)
			}
		}
		if m := n >> 32; m>>30 != 0 {
			if g, r := sqrt32(m); g>>16 != 0 || g*g+r != m || r > 2*g {
				t.Fatalf("sqrt32(%#x) = %#x, remainder %#x", m, g, r)
			}
		}

		hi, lo := bits.Mul64(root, root)
		lo, borrow := bits.Sub64(lo, d, 0)
		hi -= borrow
		if hi>>62 == 0 {
			continue
		}
		want := root
		if d != 0 {
			want--
		}
		if got, exact := sqrt128(hi, lo); got != want || exact != (d == 0) {
			t.Fatalf("sqrt128(%#x, %#x) = %#x, %v; want %#x", hi, lo, got, exact, want)
		}
	}
	if got, exact := sqrt128(1<<64-1, 1<<64-1); got != 1<<64-1 || exact {
		t.Errorf("sqrt128 of the largest radicand = %#x, %v", got, exact)
	}
}

func BenchmarkSqrt64(b *testing.B) {
	benchmark(b, func(x, _, _ uint64) uint64 { r, _ := Sqrt64(x, RNE); return r })
}
