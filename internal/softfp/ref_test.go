package softfp

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// The reference: exact values as integers times a power of two, rounded straight
// from the definitions of IEEE 754. It shares nothing with the code under test
// but the encodings of Flags and Round.

// format describes a binary interchange format by its precision in bits, hidden
// bit included, and its largest exponent.
type format struct {
	name  string
	width uint
	prec  uint
	emax  int
}

var (
	half   = format{"16", 16, 11, 15}
	single = format{"32", 32, 24, 127}
	double = format{"64", 64, 53, 1023}
)

var modes = [5]Round{RNE, RTZ, RDN, RUP, RMM}

var modeNames = [5]string{"RNE", "RTZ", "RDN", "RUP", "RMM"}

func (f format) emin() int         { return 1 - f.emax }
func (f format) frac() uint        { return f.prec - 1 }
func (f format) sign() uint64      { return 1 << (f.width - 1) }
func (f format) inf() uint64       { return uint64(2*f.emax+1) << f.frac() }
func (f format) nan() uint64       { return f.inf() | 1<<(f.frac()-1) }
func (f format) minNormal() uint64 { return 1 << f.frac() }

func (f format) isNaN(a uint64) bool  { return a&^f.sign() > f.inf() }
func (f format) isInf(a uint64) bool  { return a&^f.sign() == f.inf() }
func (f format) isZero(a uint64) bool { return a&^f.sign() == 0 }
func (f format) neg(a uint64) bool    { return a&f.sign() != 0 }

func (f format) isSNaN(a uint64) bool { return f.isNaN(a) && a>>(f.frac()-1)&1 == 0 }

func (f format) finite(a uint64) bool { return a&^f.sign() < f.inf() }

// signed is bits with the sign bit set if neg.
func (f format) signed(neg bool, bits uint64) uint64 {
	if neg {
		return bits | f.sign()
	}
	return bits
}

// nv is NV if an operand is a signalling NaN.
func (f format) nv(xs ...uint64) Flags {
	for _, x := range xs {
		if f.isSNaN(x) {
			return NV
		}
	}
	return 0
}

// exact is the outcome of an operation before rounding: m * 2^e if m is not nil,
// else the given bits and flags. A zero m is a cancellation.
type exact struct {
	m     *big.Int
	e     int
	bits  uint64
	flags Flags
}

func fixed(bits uint64, flags Flags) exact { return exact{bits: bits, flags: flags} }

// value is the exact value of a finite number.
func (f format) value(a uint64) exact {
	m := a & (1<<f.frac() - 1)
	e := int(a &^ f.sign() >> f.frac())
	if e == 0 {
		e = 1
	} else {
		m |= 1 << f.frac()
	}
	v := new(big.Int).SetUint64(m)
	if f.neg(a) {
		v.Neg(v)
	}
	return exact{m: v, e: e - f.emax - int(f.frac())}
}

// sticky appends two bits to x, the last of which says whether something nonzero
// of the same sign follows. x must be long enough for these to be below the
// rounding position.
func (x exact) sticky(more bool) exact {
	neg := x.m.Sign() < 0
	m := new(big.Int).Abs(x.m)
	m.Lsh(m, 2)
	if more {
		m.SetBit(m, 0, 1)
	}
	if neg {
		m.Neg(m)
	}
	return exact{m: m, e: x.e - 2}
}

func addExact(x, y exact) exact {
	e := min(x.e, y.e)
	a := new(big.Int).Lsh(x.m, uint(x.e-e))
	b := new(big.Int).Lsh(y.m, uint(y.e-e))
	return exact{m: a.Add(a, b), e: e}
}

func mulExact(x, y exact) exact {
	return exact{m: new(big.Int).Mul(x.m, y.m), e: x.e + y.e}
}

// roundTo returns |x| as an integer multiple of 2^q rounded in the given mode,
// and whether that is inexact.
func (x exact) roundTo(q int, rm Round) (n *big.Int, inexact bool) {
	m := new(big.Int).Abs(x.m)
	if q <= x.e {
		return m.Lsh(m, uint(x.e-q)), false
	}
	n = new(big.Int).Rsh(m, uint(q-x.e))
	rest := m.Sub(m, new(big.Int).Lsh(n, uint(q-x.e)))
	if rest.Sign() == 0 {
		return n, false
	}
	half := new(big.Int).Lsh(big.NewInt(1), uint(q-x.e-1))
	c := rest.Cmp(half)
	neg := x.m.Sign() < 0
	var up bool
	switch rm {
	case RNE:
		up = c > 0 || c == 0 && n.Bit(0) == 1
	case RMM:
		up = c >= 0
	case RDN:
		up = neg
	case RUP:
		up = !neg
	}
	if up {
		n.Add(n, big.NewInt(1))
	}
	return n, true
}

// round rounds x to the format.
func (f format) round(x exact, rm Round) (uint64, Flags) {
	if x.m == nil {
		return x.bits, x.flags
	}
	if x.m.Sign() == 0 {
		return f.signed(rm == RDN, 0), 0
	}
	neg := x.m.Sign() < 0
	// log2 is the exponent of |x|, lsb that of the last place of a normal result.
	log2 := x.m.BitLen() - 1 + x.e
	lsb := log2 - int(f.frac())
	least := f.emin() - int(f.frac())

	// Rounded with an unbounded exponent, is it below 2^emin?
	n, _ := x.roundTo(lsb, rm)
	tiny := n.BitLen()-1+lsb < f.emin()

	q := max(lsb, least)
	n, inexact := x.roundTo(q, rm)
	var flags Flags
	if inexact {
		flags = NX
		if tiny {
			flags |= UF
		}
	}
	if n.BitLen()-1+q > f.emax {
		largest := f.inf() - 1
		if rm == RNE || rm == RMM || rm == RUP && !neg || rm == RDN && neg {
			largest = f.inf()
		}
		return f.signed(neg, largest), OF | NX
	}
	if n.BitLen() > int(f.prec) { // the carry made it one bit longer
		n.Rsh(n, 1)
		q++
	}
	bits := n.Uint64()
	if bits >= f.minNormal() {
		bits = bits - f.minNormal() + uint64(q-least+1)<<f.frac()
	}
	return f.signed(neg, bits), flags
}

// bigInt is v, or -v.
func bigInt(v uint64, neg bool) *big.Int {
	n := new(big.Int).SetUint64(v)
	if neg {
		n.Neg(n)
	}
	return n
}

// source makes operands.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 0x5f3759df))} }

// fraction is a significand field: random, or with long runs of equal bits.
func (s source) fraction(f format) uint64 {
	mask := uint64(1)<<f.frac() - 1
	n := s.UintN(f.frac() + 1)
	switch s.IntN(8) {
	case 0:
		return 0
	case 1:
		return mask
	case 2:
		return s.Uint64N(4)
	case 3:
		return mask - s.Uint64N(4)
	case 4:
		return 1 << n & mask
	case 5:
		return mask << n & mask
	case 6:
		return s.Uint64() << n & mask // trailing zeros: makes ties
	}
	return s.Uint64() & mask
}

// number is a value with the given biased exponent, forced into range.
func (s source) number(f format, exp int) uint64 {
	exp = min(max(exp, 0), 2*f.emax)
	return s.Uint64()&1<<(f.width-1) | uint64(exp)<<f.frac() | s.fraction(f)
}

// any is a value of any class, biased towards the borders between them.
func (s source) any(f format) uint64 {
	top := 2*f.emax + 1
	exp := s.IntN(top + 1)
	switch s.IntN(8) {
	case 0:
		exp = s.IntN(3)
	case 1:
		exp = top - s.IntN(3)
	case 2, 3:
		exp = f.emax + s.IntN(2*int(f.prec)) - int(f.prec)
	}
	return s.Uint64()&1<<(f.width-1) | uint64(min(max(exp, 0), top))<<f.frac() | s.fraction(f)
}

// exponent is the biased exponent of a.
func (f format) exponent(a uint64) int { return int(a &^ f.sign() >> f.frac()) }

// cases is how many operand tuples a differential test tries per format; each is
// rounded in all modes.
func cases(f format) int {
	switch {
	case testing.Short():
		return 2000
	case f.width == 16:
		return 8000
	}
	return 20000
}

// checker compares results and counts the flags seen, so that a test can insist
// on having met the situations it is about.
type checker struct {
	t    *testing.T
	f    format
	name string
	seen [32]int
	bad  int
}

func (c *checker) equal(got uint64, gotFlags Flags, want uint64, wantFlags Flags, rm Round, operands ...uint64) {
	c.seen[wantFlags]++
	if got == want && gotFlags == wantFlags {
		return
	}
	if c.bad++; c.bad <= 5 {
		c.t.Errorf("%s%s %#x %s = %#x flags %05b, want %#x flags %05b",
			c.name, c.f.name, operands, modeNames[rm], got, gotFlags, want, wantFlags)
	}
}

// mustHaveSeen fails if one of the flag combinations never came up.
func (c *checker) mustHaveSeen(flags ...Flags) {
	c.t.Helper()
	for _, f := range flags {
		if c.seen[f] == 0 {
			c.t.Errorf("%s%s: no case raised exactly %05b", c.name, c.f.name, f)
		}
	}
}

// differential compares an operation with its exact counterpart in all modes.
func differential(t *testing.T, name string, f format, operands func(s source) []uint64,
	op func(x []uint64, rm Round) (uint64, Flags), ref func(x []uint64) exact, mustSee ...Flags,
) {
	t.Helper()
	s := newSource(uint64(f.width))
	c := &checker{t: t, f: f, name: name}
	for range cases(f) {
		x := operands(s)
		want := ref(x)
		for _, rm := range modes {
			wantBits, wantFlags := f.round(want, rm)
			got, flags := op(x, rm)
			c.equal(got, flags, wantBits, wantFlags, rm, x...)
		}
	}
	c.mustHaveSeen(mustSee...)
}
