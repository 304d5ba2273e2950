package softfp

import (
	"math"
	"testing"
)

// comparisons and extremes list, for both formats, what is to be checked.
var comparisons = []struct {
	name       string
	op32       func(a, b uint32) (bool, Flags)
	op64       func(a, b uint64) (bool, Flags)
	host       func(a, b float64) bool
	signalling bool
}{
	{"eq", Eq32, Eq64, func(a, b float64) bool { return a == b }, false},
	{"lt", Lt32, Lt64, func(a, b float64) bool { return a < b }, true},
	{"le", Le32, Le64, func(a, b float64) bool { return a <= b }, true},
	{"ltq", LtQ32, LtQ64, func(a, b float64) bool { return a < b }, false},
	{"leq", LeQ32, LeQ64, func(a, b float64) bool { return a <= b }, false},
}

var extremes = []struct {
	name string
	op32 func(a, b uint32) (uint32, Flags)
	op64 func(a, b uint64) (uint64, Flags)
	// host orders -0 below +0 and propagates NaNs, as Go's math does.
	host   func(a, b float64) float64
	number bool // prefers a number to a NaN
}{
	{"min", Min32, Min64, math.Min, true},
	{"max", Max32, Max64, math.Max, true},
	{"minm", MinM32, MinM64, math.Min, false},
	{"maxm", MaxM32, MaxM64, math.Max, false},
}

// special holds, per format, values of every class, each with its neighbours.
func special(f format) []uint64 {
	var v []uint64
	for _, a := range []uint64{
		0, 1, 2, f.minNormal() - 1, f.minNormal(), f.minNormal() + 1,
		uint64(f.emax) << f.frac(), uint64(f.emax)<<f.frac() - 1, uint64(f.emax)<<f.frac() + 1,
		f.inf() - 1, f.inf(), f.inf() + 1, f.nan() - 1, f.nan(), f.nan() + 1, f.sign() - 1,
	} {
		v = append(v, a, a|f.sign())
	}
	return v
}

// pairs calls do with all pairs of special values and with random ones.
func pairs(f format, do func(a, b uint64)) {
	for _, a := range special(f) {
		for _, b := range special(f) {
			do(a, b)
		}
	}
	s := newSource(11)
	for range 100000 {
		a := s.any(f)
		b := s.any(f)
		if s.IntN(3) == 0 {
			b = (a + s.Uint64N(3) - 1) ^ s.Uint64()&f.sign()
			b &= f.sign()<<1 - 1
		}
		do(a, b)
	}
}

// widen turns bits of the format into a host double, exactly.
func widen(f format, a uint64) float64 {
	if f.width == 32 {
		return float64(math.Float32frombits(uint32(a)))
	}
	return math.Float64frombits(a)
}

func TestCompare(t *testing.T) {
	for _, f := range []format{single, double} {
		for _, c := range comparisons {
			bad := 0
			pairs(f, func(a, b uint64) {
				want := c.host(widen(f, a), widen(f, b))
				flags := f.nv(a, b)
				if c.signalling && (f.isNaN(a) || f.isNaN(b)) {
					flags = NV
				}
				got, gotFlags := c.op64(a, b)
				if f.width == 32 {
					got, gotFlags = c.op32(uint32(a), uint32(b))
				}
				if (got != want || gotFlags != flags) && bad < 5 {
					bad++
					t.Errorf("%s%s(%#x, %#x) = %v, %05b; want %v, %05b", c.name, f.name, a, b, got, gotFlags, want, flags)
				}
			})
		}
	}
}

func TestMinMax(t *testing.T) {
	for _, f := range []format{single, double} {
		for _, c := range extremes {
			bad := 0
			pairs(f, func(a, b uint64) {
				var want uint64
				switch {
				case c.number && f.isNaN(a) && !f.isNaN(b):
					want = b
				case c.number && f.isNaN(b) && !f.isNaN(a):
					want = a
				case f.isNaN(a) || f.isNaN(b):
					want = f.nan()
				case f.width == 32:
					want = uint64(math.Float32bits(float32(c.host(widen(f, a), widen(f, b)))))
				default:
					want = math.Float64bits(c.host(widen(f, a), widen(f, b)))
				}
				var got uint64
				var flags Flags
				if f.width == 32 {
					var r uint32
					r, flags = c.op32(uint32(a), uint32(b))
					got = uint64(r)
				} else {
					got, flags = c.op64(a, b)
				}
				if (got != want || flags != f.nv(a, b)) && bad < 5 {
					bad++
					t.Errorf("%s%s(%#x, %#x) = %#x, %05b; want %#x, %05b", c.name, f.name, a, b, got, flags, want, f.nv(a, b))
				}
			})
		}
	}
}

func TestMinMaxTable(t *testing.T) {
	const (
		neg  = 1 << 31
		one  = 0x3f800000
		snan = 0x7f800001
		qnan = 0xffc00123
	)
	for _, c := range []struct {
		a, b, min, max, minm, maxm uint32
		flags                      Flags
	}{
		{0, neg, neg, 0, neg, 0, 0},
		{neg, 0, neg, 0, neg, 0, 0},
		{one, one | neg, one | neg, one, one | neg, one, 0},
		{qnan, one, one, one, NaN32, NaN32, 0},
		{one, snan, one, one, NaN32, NaN32, NV},
		{qnan, qnan, NaN32, NaN32, NaN32, NaN32, 0},
		{snan, qnan, NaN32, NaN32, NaN32, NaN32, NV},
	} {
		for i, want := range []uint32{c.min, c.max, c.minm, c.maxm} {
			if got, flags := extremes[i].op32(c.a, c.b); got != want || flags != c.flags {
				t.Errorf("%s32(%#x, %#x) = %#x, %05b; want %#x, %05b", extremes[i].name, c.a, c.b, got, flags, want, c.flags)
			}
		}
	}
}
