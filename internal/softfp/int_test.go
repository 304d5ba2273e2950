package softfp

import (
	"math"
	"math/big"
	"testing"
)

// integer describes a target or source of conversions. Values travel as the low
// bits of a uint64, sign-extended if signed.
type integer struct {
	name   string
	signed bool
	width  uint
}

func (i integer) limits() (least, most *big.Int) {
	one := big.NewInt(1)
	if i.signed {
		m := new(big.Int).Lsh(one, i.width-1)
		return new(big.Int).Neg(m), new(big.Int).Sub(m, one)
	}
	m := new(big.Int).Lsh(one, i.width)
	return new(big.Int), m.Sub(m, one)
}

// word is n as it travels.
func (i integer) word(n *big.Int) uint64 {
	if n.Sign() < 0 {
		return -new(big.Int).Neg(n).Uint64()
	}
	return n.Uint64()
}

var (
	i32 = integer{"i32", true, 32}
	u32 = integer{"u32", false, 32}
	i64 = integer{"i64", true, 64}
	u64 = integer{"u64", false, 64}
)

var toIntegers = []struct {
	from format
	to   integer
	op   func(a uint64, rm Round) (uint64, Flags)
}{
	{single, i32, func(a uint64, rm Round) (uint64, Flags) { v, f := F32ToI32(uint32(a), rm); return uint64(int64(v)), f }},
	{single, u32, func(a uint64, rm Round) (uint64, Flags) { v, f := F32ToU32(uint32(a), rm); return uint64(v), f }},
	{single, i64, func(a uint64, rm Round) (uint64, Flags) { v, f := F32ToI64(uint32(a), rm); return uint64(v), f }},
	{single, u64, func(a uint64, rm Round) (uint64, Flags) { return F32ToU64(uint32(a), rm) }},
	{double, i32, func(a uint64, rm Round) (uint64, Flags) { v, f := F64ToI32(a, rm); return uint64(int64(v)), f }},
	{double, u32, func(a uint64, rm Round) (uint64, Flags) { v, f := F64ToU32(a, rm); return uint64(v), f }},
	{double, i64, func(a uint64, rm Round) (uint64, Flags) { v, f := F64ToI64(a, rm); return uint64(v), f }},
	{double, u64, func(a uint64, rm Round) (uint64, Flags) { return F64ToU64(a, rm) }},
}

func TestToInteger(t *testing.T) {
	t.Parallel()
	for _, c := range toIntegers {
		least, most := c.to.limits()
		ck := &checker{t: t, f: c.from, name: c.to.name + " from "}
		s := newSource(17)
		for range cases(c.from) {
			a := s.any(c.from)
			switch s.IntN(4) {
			case 0, 1:
				a = s.number(c.from, c.from.emax-3+s.IntN(int(c.to.width)+6))
			case 2: // around the limits
				n := most
				if s.IntN(2) == 0 {
					n = least
				}
				a, _ = c.from.round(exact{m: new(big.Int).Lsh(n, 3), e: -3}, RNE)
				a += s.Uint64N(7) - 3
				a &= c.from.sign()<<1 - 1
			}
			for _, rm := range modes {
				want, flags := most, NV
				switch {
				case c.from.isNaN(a):
				case c.from.isInf(a) && c.from.neg(a):
					want = least
				case c.from.isInf(a):
				default:
					n, inexact := c.from.value(a).roundTo(0, rm)
					if c.from.neg(a) {
						n.Neg(n)
					}
					switch {
					case n.Cmp(least) < 0:
						want = least
					case n.Cmp(most) > 0:
						want = most
					default:
						want, flags = n, 0
						if inexact {
							flags = NX
						}
					}
				}
				got, gotFlags := c.op(a, rm)
				ck.equal(got, gotFlags, c.to.word(want), flags, rm, a)
			}
		}
		ck.mustHaveSeen(0, NX, NV)
	}
}

func TestToIntegerTable(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		a    float64
		rm   Round
		i32  int32
		fi32 Flags
		u32  uint32
		fu32 Flags
		i64  int64
		fi64 Flags
		u64  uint64
		fu64 Flags
	}{
		{1.5, RNE, 2, NX, 2, NX, 2, NX, 2, NX},
		{2.5, RMM, 3, NX, 3, NX, 3, NX, 3, NX},
		{-0.5, RNE, 0, NX, 0, NX, 0, NX, 0, NX},
		{-0.5, RMM, -1, NX, 0, NV, -1, NX, 0, NV},
		{-0.9, RTZ, 0, NX, 0, NX, 0, NX, 0, NX},
		{-0.1, RDN, -1, NX, 0, NV, -1, NX, 0, NV},
		{-1, RTZ, -1, 0, 0, NV, -1, 0, 0, NV},
		{math.Copysign(0, -1), RDN, 0, 0, 0, 0, 0, 0, 0, 0},
		{2147483647.5, RTZ, 2147483647, NX, 2147483647, NX, 2147483647, NX, 2147483647, NX},
		{2147483647.5, RUP, 2147483647, NV, 2147483648, NX, 2147483648, NX, 2147483648, NX},
		{-2147483648.5, RTZ, -2147483648, NX, 0, NV, -2147483648, NX, 0, NV},
		{-2147483648.5, RDN, -2147483648, NV, 0, NV, -2147483649, NX, 0, NV},
		{4294967295.5, RNE, math.MaxInt32, NV, math.MaxUint32, NV, 4294967296, NX, 4294967296, NX},
		{0x1p63, RNE, math.MaxInt32, NV, math.MaxUint32, NV, math.MaxInt64, NV, 1 << 63, 0},
		{-0x1p63, RNE, math.MinInt32, NV, 0, NV, math.MinInt64, 0, 0, NV},
		{0x1p64, RTZ, math.MaxInt32, NV, math.MaxUint32, NV, math.MaxInt64, NV, math.MaxUint64, NV},
		{-0x1p64, RTZ, math.MinInt32, NV, 0, NV, math.MinInt64, NV, 0, NV},
		{nan, RNE, math.MaxInt32, NV, math.MaxUint32, NV, math.MaxInt64, NV, math.MaxUint64, NV},
		{-nan, RNE, math.MaxInt32, NV, math.MaxUint32, NV, math.MaxInt64, NV, math.MaxUint64, NV},
		{inf, RNE, math.MaxInt32, NV, math.MaxUint32, NV, math.MaxInt64, NV, math.MaxUint64, NV},
		{-inf, RNE, math.MinInt32, NV, 0, NV, math.MinInt64, NV, 0, NV},
	} {
		a := math.Float64bits(c.a)
		if v, f := F64ToI32(a, c.rm); v != c.i32 || f != c.fi32 {
			t.Errorf("F64ToI32(%v, %s) = %d, %05b", c.a, modeNames[c.rm], v, f)
		}
		if v, f := F64ToU32(a, c.rm); v != c.u32 || f != c.fu32 {
			t.Errorf("F64ToU32(%v, %s) = %d, %05b", c.a, modeNames[c.rm], v, f)
		}
		if v, f := F64ToI64(a, c.rm); v != c.i64 || f != c.fi64 {
			t.Errorf("F64ToI64(%v, %s) = %d, %05b", c.a, modeNames[c.rm], v, f)
		}
		if v, f := F64ToU64(a, c.rm); v != c.u64 || f != c.fu64 {
			t.Errorf("F64ToU64(%v, %s) = %d, %05b", c.a, modeNames[c.rm], v, f)
		}
	}
}

func TestFromInteger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from integer
		to   format
		op   func(v uint64, rm Round) (uint64, Flags)
		see  []Flags
	}{
		{i32, single, func(v uint64, rm Round) (uint64, Flags) { r, f := I32ToF32(int32(v), rm); return uint64(r), f }, []Flags{0, NX}},
		{u32, single, func(v uint64, rm Round) (uint64, Flags) { r, f := U32ToF32(uint32(v), rm); return uint64(r), f }, []Flags{0, NX}},
		{i64, single, func(v uint64, rm Round) (uint64, Flags) { r, f := I64ToF32(int64(v), rm); return uint64(r), f }, []Flags{0, NX}},
		{u64, single, func(v uint64, rm Round) (uint64, Flags) { r, f := U64ToF32(v, rm); return uint64(r), f }, []Flags{0, NX}},
		{i32, double, func(v uint64, rm Round) (uint64, Flags) { return I32ToF64(int32(v), rm) }, []Flags{0}},
		{u32, double, func(v uint64, rm Round) (uint64, Flags) { return U32ToF64(uint32(v), rm) }, []Flags{0}},
		{i64, double, func(v uint64, rm Round) (uint64, Flags) { return I64ToF64(int64(v), rm) }, []Flags{0, NX}},
		{u64, double, func(v uint64, rm Round) (uint64, Flags) { return U64ToF64(v, rm) }, []Flags{0, NX}},
	} {
		differential(t, c.from.name+"to", c.to,
			func(s source) []uint64 {
				v := s.Uint64() >> s.UintN(64) << s.UintN(64)
				if s.IntN(2) == 0 {
					v = -(v &^ (1 << 63) >> 1)
				}
				switch {
				case c.from == i32:
					v = uint64(int64(int32(v)))
				case c.from == u32:
					v = uint64(uint32(v))
				}
				return []uint64{v}
			},
			func(x []uint64, rm Round) (uint64, Flags) { return c.op(x[0], rm) },
			func(x []uint64) exact {
				v := x[0]
				switch {
				case v == 0:
					return fixed(0, 0)
				case c.from.signed && int64(v) < 0:
					return exact{m: bigInt(-v, true)}
				}
				return exact{m: bigInt(v, false)}
			}, c.see...)
	}
}

func TestFromIntegerTable(t *testing.T) {
	if got, f := I64ToF64(math.MinInt64, RUP); got != 0xc3e0000000000000 || f != 0 {
		t.Errorf("I64ToF64(MinInt64) = %#x, %05b", got, f)
	}
	if got, f := I64ToF64(math.MaxInt64, RNE); got != 0x43e0000000000000 || f != NX {
		t.Errorf("I64ToF64(MaxInt64, RNE) = %#x, %05b", got, f)
	}
	if got, f := I64ToF64(math.MaxInt64, RTZ); got != 0x43dfffffffffffff || f != NX {
		t.Errorf("I64ToF64(MaxInt64, RTZ) = %#x, %05b", got, f)
	}
	if got, f := U64ToF32(math.MaxUint64, RDN); got != 0x5f7fffff || f != NX {
		t.Errorf("U64ToF32(MaxUint64, RDN) = %#x, %05b", got, f)
	}
	if got, f := I32ToF32(0, RDN); got != 0 || f != 0 {
		t.Errorf("I32ToF32(0, RDN) = %#x, %05b: zero is positive in every mode", got, f)
	}
}

func TestModW64(t *testing.T) {
	t.Parallel()
	c := &checker{t: t, f: double, name: "modw"}
	s := newSource(19)
	modulus := new(big.Int).Lsh(big.NewInt(1), 32)
	for range cases(double) {
		a := s.any(double)
		if s.IntN(4) > 0 {
			a = s.number(double, 1020+s.IntN(100))
		}
		var want int32
		if double.finite(a) {
			n, _ := double.value(a).roundTo(0, RTZ)
			if double.neg(a) {
				n.Neg(n)
			}
			want = int32(uint32(n.Mod(n, modulus).Uint64()))
		}
		_, flags := F64ToI32(a, RTZ)
		got, gotFlags := ModW64(a)
		c.equal(uint64(got), gotFlags, uint64(want), flags, RTZ, a)
	}
	c.mustHaveSeen(0, NX, NV)

	for _, c := range []struct {
		a     float64
		want  int32
		flags Flags
	}{
		{0, 0, 0},
		{-1.5, -1, NX},
		{0x1p31, math.MinInt32, NV},
		{0x1p32 + 7.5, 7, NV},
		{-0x1p32 - 7.5, -7, NV},
		{0x1p84, 0, NV},
		{0x1.0000000000001p83, math.MinInt32, NV}, // 2^83 + 2^31
		{0x1.0000000000001p52, 1, NV},
		{0x1.0000000000001p64, 4096, NV},
		{0x1p1023, 0, NV},
		{math.Inf(-1), 0, NV},
		{math.NaN(), 0, NV},
	} {
		if got, flags := ModW64(math.Float64bits(c.a)); got != c.want || flags != c.flags {
			t.Errorf("ModW64(%x) = %d, %05b; want %d, %05b", c.a, got, flags, c.want, c.flags)
		}
	}
}

func BenchmarkF64ToI64(b *testing.B) {
	benchmark(b, func(x, _, _ uint64) uint64 { r, _ := F64ToI64(x, RTZ); return uint64(r) })
}
