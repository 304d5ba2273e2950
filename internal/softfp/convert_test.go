package softfp

import (
	"math"
	"testing"
)

// convertRef is a value of one format to be rounded to another.
func convertRef(from, to format) func(x []uint64) exact {
	return func(x []uint64) exact {
		a := x[0]
		switch {
		case from.isNaN(a):
			return fixed(to.nan(), from.nv(a))
		case from.isInf(a):
			return fixed(to.signed(from.neg(a), to.inf()), 0)
		case from.isZero(a):
			return fixed(to.signed(from.neg(a), 0), 0)
		}
		return from.value(a)
	}
}

// convertOperands favours the range of the narrower format.
func convertOperands(from, to format) func(s source) []uint64 {
	return func(s source) []uint64 {
		a := s.any(from)
		if n := 2*to.emax + int(to.prec) + 6; n < 2*from.emax && s.IntN(4) > 0 {
			a = s.number(from, from.emax-to.emax-int(to.prec)-3+s.IntN(n))
		}
		return []uint64{a}
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	narrowing := []Flags{0, NX, UF | NX, OF | NX, NV}
	for _, c := range []struct {
		from, to format
		op       func(a uint64, rm Round) (uint64, Flags)
		see      []Flags
	}{
		{half, single, func(a uint64, _ Round) (uint64, Flags) { r, f := F16ToF32(uint16(a)); return uint64(r), f }, []Flags{0, NV}},
		{half, double, func(a uint64, _ Round) (uint64, Flags) { return F16ToF64(uint16(a)) }, []Flags{0, NV}},
		{single, double, func(a uint64, _ Round) (uint64, Flags) { return F32ToF64(uint32(a)) }, []Flags{0, NV}},
		{single, half, func(a uint64, rm Round) (uint64, Flags) { r, f := F32ToF16(uint32(a), rm); return uint64(r), f }, narrowing},
		{double, half, func(a uint64, rm Round) (uint64, Flags) { r, f := F64ToF16(a, rm); return uint64(r), f }, narrowing},
		{double, single, func(a uint64, rm Round) (uint64, Flags) { r, f := F64ToF32(a, rm); return uint64(r), f }, narrowing},
	} {
		differential(t, c.from.name+"to", c.to, convertOperands(c.from, c.to),
			func(x []uint64, rm Round) (uint64, Flags) { return c.op(x[0], rm) },
			convertRef(c.from, c.to), c.see...)
	}
}

// Every half survives the way through the wider formats.
func TestHalfRoundTrip(t *testing.T) {
	for i := range 1 << 16 {
		a := uint16(i)
		want, wantFlags := a, Flags(0)
		if isNaN(a) {
			want = NaN16
			wantFlags = half.nv(uint64(a))
		}
		s, sf := F16ToF32(a)
		d, df := F16ToF64(a)
		if sf != wantFlags || df != wantFlags {
			t.Fatalf("%#x widens with flags %05b, %05b", a, sf, df)
		}
		if d2, f := F32ToF64(s); d2 != d || f != 0 {
			t.Fatalf("%#x: %#x by way of a single, %#x directly", a, d2, d)
		}
		if b, f := F32ToF16(s, RUP); b != want || f != 0 {
			t.Fatalf("%#x to single and back: %#x, %05b", a, b, f)
		}
		if b, f := F64ToF16(d, RDN); b != want || f != 0 {
			t.Fatalf("%#x to double and back: %#x, %05b", a, b, f)
		}
	}
}

func TestConvertTable(t *testing.T) {
	for _, c := range []struct {
		a     float64
		rm    Round
		want  uint16
		flags Flags
	}{
		{1, RNE, 0x3c00, 0},
		{65504, RNE, 0x7bff, 0},
		{65519.999, RNE, 0x7bff, NX},
		{65520, RNE, 0x7c00, OF | NX},
		{65520, RTZ, 0x7bff, NX}, // rounds to a finite number: no overflow
		{65536, RTZ, 0x7bff, OF | NX},
		{-65536, RUP, 0xfbff, OF | NX},
		{0x1p-24, RNE, 0x0001, 0},
		{0x1p-25, RNE, 0x0000, UF | NX},
		{0x1p-25, RMM, 0x0001, UF | NX},
		{0x1.8p-24, RNE, 0x0002, UF | NX},
		{0x1.ffcp-15, RNE, 0x0400, UF | NX}, // exact with an unbounded exponent, so tiny
		{0x1.ffep-15, RNE, 0x0400, NX},      // rounds to 2^-14 with one, so not tiny
		{0x1.ffep-15, RTZ, 0x03ff, UF | NX},
		{math.Copysign(0, -1), RNE, 0x8000, 0},
		{math.Inf(-1), RNE, 0xfc00, 0},
		// Rounding to a single first would give a tie and then an even result.
		{1 + 0x1p-11 + 0x1p-40, RNE, 0x3c01, NX},
	} {
		if got, flags := F64ToF16(math.Float64bits(c.a), c.rm); got != c.want || flags != c.flags {
			t.Errorf("F64ToF16(%x, %s) = %#04x, %05b; want %#04x, %05b", c.a, modeNames[c.rm], got, flags, c.want, c.flags)
		}
	}
}

func TestRoundInt(t *testing.T) {
	t.Parallel()
	for _, f := range []format{single, double} {
		op := func(a uint64, rm Round, exact bool) (uint64, Flags) { return RoundInt64(a, rm, exact) }
		if f.width == 32 {
			op = func(a uint64, rm Round, exact bool) (uint64, Flags) {
				r, fl := RoundInt32(uint32(a), rm, exact)
				return uint64(r), fl
			}
		}
		c := &checker{t: t, f: f, name: "roundint"}
		s := newSource(13)
		for range cases(f) {
			a := s.any(f)
			if s.IntN(2) == 0 {
				a = s.number(f, f.emax-3+s.IntN(int(f.prec)+6))
			}
			for _, rm := range modes {
				want, flags := a, Flags(0)
				switch {
				case f.isNaN(a):
					want, flags = f.nan(), f.nv(a)
				case f.finite(a):
					n, inexact := f.value(a).roundTo(0, rm)
					var more Flags
					want, more = f.round(exact{m: n}, rm)
					if n.Sign() == 0 {
						want, more = 0, 0
					}
					if more != 0 {
						t.Fatalf("the integer %v is not a value of the format", n)
					}
					want = f.signed(f.neg(a), want)
					if inexact {
						flags = NX
					}
				}
				got, gotFlags := op(a, rm, true)
				c.equal(got, gotFlags, want, flags, rm, a)
				got, gotFlags = op(a, rm, false)
				c.equal(got, gotFlags, want, flags&^NX, rm, a)
			}
		}
		c.mustHaveSeen(0, NX, NV)
	}
}

func TestRoundIntNative(t *testing.T) {
	t.Parallel()
	for rm, host := range map[Round]func(float64) float64{
		RNE: math.RoundToEven, RTZ: math.Trunc, RDN: math.Floor, RUP: math.Ceil, RMM: math.Round,
	} {
		native(t, "roundint", double,
			func(s source) []uint64 { return []uint64{s.number(double, 1020+s.IntN(60))} },
			func(x []uint64) (uint64, Flags) { return RoundInt64(x[0], rm, true) },
			func(x []uint64) float64 { return host(math.Float64frombits(x[0])) })
	}
}

func TestRoundIntTable(t *testing.T) {
	for _, c := range []struct {
		a, want float64
		rm      Round
		flags   Flags // with exact
	}{
		{2.5, 2, RNE, NX},
		{3.5, 4, RNE, NX},
		{2.5, 3, RMM, NX},
		{0.5, 0, RNE, NX},
		{0.5, 1, RMM, NX},
		{1.5, 2, RNE, NX},
		{-0.5, math.Copysign(0, -1), RNE, NX},
		{-0.25, math.Copysign(0, -1), RUP, NX},
		{-0.25, -1, RDN, NX},
		{0x1p-1074, 1, RUP, NX},
		{0x1p-1074, 0, RMM, NX},
		{0x1.fffffffffffffp51, 0x1p52, RNE, NX},
		{0x1.fffffffffffffp52, 0x1.fffffffffffffp52, RUP, 0},
		{math.Inf(1), math.Inf(1), RDN, 0},
		{math.Copysign(0, -1), math.Copysign(0, -1), RUP, 0},
	} {
		got, flags := RoundInt64(math.Float64bits(c.a), c.rm, true)
		if want := math.Float64bits(c.want); got != want || flags != c.flags {
			t.Errorf("RoundInt64(%v, %s) = %#x, %05b; want %#x, %05b", c.a, modeNames[c.rm], got, flags, want, c.flags)
		}
		if quiet, flags := RoundInt64(math.Float64bits(c.a), c.rm, false); quiet != got || flags != 0 {
			t.Errorf("RoundInt64(%v, %s) without exact = %#x, %05b", c.a, modeNames[c.rm], quiet, flags)
		}
	}
}
