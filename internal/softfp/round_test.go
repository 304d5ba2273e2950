package softfp

import (
	"math/big"
	"testing"
)

func TestRoundsUp(t *testing.T) {
	const half = 1 << 63
	for _, c := range []struct {
		rem uint64
		// For the modes in order: positive even, positive odd, negative even, negative odd.
		want [5][4]bool
	}{
		{0, [5][4]bool{}},
		{1, [5][4]bool{RDN: {false, false, true, true}, RUP: {true, true, false, false}}},
		{half - 1, [5][4]bool{RDN: {false, false, true, true}, RUP: {true, true, false, false}}},
		{half, [5][4]bool{
			RNE: {false, true, false, true}, RDN: {false, false, true, true},
			RUP: {true, true, false, false}, RMM: {true, true, true, true},
		}},
		{half + 1, [5][4]bool{
			RNE: {true, true, true, true}, RDN: {false, false, true, true},
			RUP: {true, true, false, false}, RMM: {true, true, true, true},
		}},
	} {
		for _, rm := range modes {
			for i := range 4 {
				if got := roundsUp(rm, i >= 2, i&1 != 0, c.rem); got != c.want[rm][i] {
					t.Errorf("roundsUp(%s, negative %v, odd %v, %#x) = %v", modeNames[rm], i >= 2, i&1 != 0, c.rem, got)
				}
			}
		}
	}
}

// pack against the reference for arbitrary significands, in particular those
// next to the borders of the format.
func TestPack(t *testing.T) {
	t.Parallel()
	for _, f := range []format{half, single, double} {
		differential(t, "pack", f,
			func(s source) []uint64 {
				sig := s.fraction(double) << 11
				if s.IntN(2) == 0 {
					sig = s.fraction(f)<<(63-f.frac()) | s.Uint64N(4) | s.Uint64N(2)<<(62-f.frac())
				}
				exp := f.emin() - int(f.prec) - 70 + s.IntN(int(f.prec)+75)
				switch s.IntN(4) {
				case 0:
					exp = f.emax - 1 + s.IntN(3)
				case 1:
					exp = f.emin() - 1
				}
				return []uint64{sig | 1<<63, uint64(exp), s.Uint64() & 1}
			},
			func(x []uint64, rm Round) (uint64, Flags) {
				sign := x[2] << (f.width - 1)
				switch f.width {
				case 16:
					r, fl := pack(uint16(sign), int(x[1]), x[0], rm)
					return uint64(r), fl
				case 32:
					r, fl := pack(uint32(sign), int(x[1]), x[0], rm)
					return uint64(r), fl
				}
				return pack(sign, int(x[1]), x[0], rm)
			},
			func(x []uint64) exact {
				return exact{m: bigInt(x[0], x[2] != 0), e: int(x[1]) - 63}
			}, 0, NX, UF|NX, OF|NX)
	}
}

func TestShiftRightJam(t *testing.T) {
	s := newSource(23)
	for range 20000 {
		hi := s.Uint64() << s.UintN(64)
		lo := s.Uint64() << s.UintN(64)
		if s.IntN(3) == 0 {
			lo = 0
		}
		n := s.UintN(200)
		jam := func(x *big.Int) *big.Int {
			y := new(big.Int).Rsh(x, n)
			if new(big.Int).Lsh(y, n).Cmp(x) != 0 {
				y.SetBit(y, 0, 1)
			}
			return y
		}
		if got, want := shiftRightJam(hi, n), jam(bigInt(hi, false)).Uint64(); got != want {
			t.Fatalf("shiftRightJam(%#x, %d) = %#x, want %#x", hi, n, got, want)
		}
		x := bigInt(hi, false)
		x.Lsh(x, 64).Or(x, bigInt(lo, false))
		want := jam(x)
		h, l := shiftRightJam128(hi, lo, n)
		got := bigInt(h, false)
		got.Lsh(got, 64).Or(got, bigInt(l, false))
		if got.Cmp(want) != 0 {
			t.Fatalf("shiftRightJam128(%#x, %#x, %d) = %x, want %x", hi, lo, n, got, want)
		}
	}
}

// None of the operations allocates.
func TestAllocations(t *testing.T) {
	x := uint64(0x3ff123456789abcd)
	n := testing.AllocsPerRun(100, func() {
		a, _ := Add64(x, 1, RNE)
		b, _ := MulAdd64(a, x, 3, RDN)
		c, _ := Sqrt64(b, RUP)
		d, _ := Div64(c, x, RMM)
		e, _ := F64ToF32(d, RTZ)
		g, _ := F32ToI64(e, RNE)
		sink += uint64(g)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
