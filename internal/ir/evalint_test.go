package ir

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

var edges = []uint64{
	0, 1, 2, 3, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
	0x100000000, 0x123456789abcdef0, math.MaxInt64, 1 << 63, math.MaxUint64, math.MaxUint64 - 1, 0xffffffff80000000,
}

// TestEvalIntTable pins the cases that guests rely on.
func TestEvalIntTable(t *testing.T) {
	const (
		m1   = math.MaxUint64
		min_ = uint64(1) << 63
		w1   = uint64(0xffffffff)
	)
	for _, c := range []struct {
		op   Op
		ty   Type
		aux  uint8
		a, b uint64
		want uint64
	}{
		{OpMov, I64, 0, 7, 0, 7},
		{OpSExt8, I64, 0, 0x180, 0, 0xffffffffffffff80},
		{OpSExt16, I64, 0, 0x18000, 0, 0xffffffffffff8000},
		{OpSExt32, I64, 0, 0x180000000, 0, 0xffffffff80000000},
		{OpZExt8, I64, 0, m1, 0, 0xff},
		{OpZExt16, I64, 0, m1, 0, 0xffff},
		{OpZExt32, I64, 0, m1, 0, w1},
		{OpAdd, I64, 0, m1, 1, 0},
		{OpAdd, I32, 0, 0x7fffffff, 1, 0xffffffff80000000},
		{OpAdd, U32, 0, 0x7fffffff, 1, 0x80000000},
		{OpSub, I32, 0, 0, 1, m1},
		{OpSub, U32, 0, 0, 1, w1},
		{OpAndNot, I64, 0, 0xff, 0x0f, 0xf0},
		{OpOrNot, I64, 0, 1, m1, 1},
		{OpXorNot, I64, 0, 5, 5, m1},
		{OpShl, I64, 0, 1, 64, 1},
		{OpShl, I32, 0, 1, 31, 0xffffffff80000000},
		{OpShl, I32, 0, 1, 32, 1},
		{OpShr, I64, 0, min_, 63, 1},
		{OpShr, I32, 0, 0xffffffff80000000, 0, 0xffffffff80000000},
		{OpShr, I32, 0, 0xffffffff80000000, 4, 0x08000000},
		{OpSar, I64, 0, min_, 63, m1},
		{OpSar, I32, 0, 0x80000000, 31, m1},
		{OpSar, U32, 0, 0x80000000, 31, w1},
		{OpRotL, I64, 0, min_ | 1, 1, 3},
		{OpRotR, I64, 0, 1, 1, min_},
		{OpRotR, I32, 0, 1, 1, 0xffffffff80000000},
		{OpMulHS, I64, 0, m1, m1, 0},
		{OpMulHU, I64, 0, m1, m1, m1 - 1},
		{OpMulHSU, I64, 0, m1, m1, m1},
		{OpDivS, I64, 0, 7, 0, m1},
		{OpDivS, I64, 0, min_, m1, min_},
		{OpDivS, I64, 0, 7, ^uint64(1), ^uint64(2)},
		{OpDivU, I64, 0, 7, 0, m1},
		{OpDivU, U32, 0, 7, 0, w1},
		{OpDivU, I32, 0, w1, 1, m1},
		{OpDivS, I32, 0, 0x80000000, m1, 0xffffffff80000000},
		{OpRemS, I64, 0, 7, 0, 7},
		{OpRemS, I64, 0, min_, m1, 0},
		{OpRemS, I64, 0, ^uint64(6), 4, ^uint64(2)},
		{OpRemU, I64, 0, 7, 0, 7},
		{OpRemS, I32, 0, 0x80000000, m1, 0},
		{OpRemU, I32, 0, 0x80000001, 0, 0xffffffff80000001},
		{OpMinS, I64, 0, m1, 1, m1},
		{OpMinU, I64, 0, m1, 1, 1},
		{OpMaxS, I64, 0, m1, 1, 1},
		{OpMaxU, I64, 0, m1, 1, m1},
		{OpMaxS, I32, 0, w1, 1, 1},
		{OpSet, I64, uint8(LtS), m1, 0, 1},
		{OpSet, I64, uint8(LtU), m1, 0, 0},
		{OpSet, I64, uint8(GeS), m1, 0, 0},
		{OpSet, I64, uint8(GeU), m1, 0, 1},
		{OpSet, I64, uint8(Eq), 4, 4, 1},
		{OpSet, I64, uint8(Ne), 4, 4, 0},
		{OpShlAdd, I64, 3, 2, 1, 17},
		{OpShlAdd, U32, 2, 0xffffffff00000003, 1 << 40, 1<<40 + 12},
		{OpShlAdd, U32, 1, 0x80000000, 0, 0x100000000},
		{OpBitTest, I64, 0, 8, 67, 1},
		{OpBitSet, I64, 0, 0, 127, min_},
		{OpBitClr, I64, 0, m1, 63, math.MaxInt64},
		{OpBitInv, I64, 0, 1, 64, 0},
		{OpCZeroEqz, I64, 0, 9, 0, 0},
		{OpCZeroEqz, I64, 0, 9, 1, 9},
		{OpCZeroNez, I64, 0, 9, 0, 9},
		{OpCZeroNez, I64, 0, 9, 1, 0},
		{OpClMul, I64, 0, 3, 3, 5},
		{OpClMulH, I64, 0, min_, min_, 1 << 62},
		{OpClMulR, I64, 0, min_, min_, min_},
		{OpClz, I64, 0, 0, 0, 64},
		{OpClz, I32, 0, 1 << 40, 0, 32},
		{OpClz, U32, 0, 1, 0, 31},
		{OpCtz, I64, 0, 0, 0, 64},
		{OpCtz, I32, 0, 1 << 40, 0, 32},
		{OpPopcnt, I64, 0, m1, 0, 64},
		{OpPopcnt, I32, 0, m1, 0, 32},
		{OpRev8, I64, 0, 0x0102030405060708, 0, 0x0807060504030201},
		{OpOrcB, I64, 0, 0x8000010000ff7f00, 0, 0xff00ff0000ffff00},
		{OpConst, I64, 0, 0, 12, 12},
	} {
		if got := EvalInt(c.op, c.ty, c.aux, c.a, c.b, 0); got != c.want {
			t.Errorf("%s.%s aux %d of %#x, %#x = %#x, want %#x", c.op, c.ty, c.aux, c.a, c.b, got, c.want)
		}
	}
	if EvalInt(OpSelect, I64, 0, 1, 2, 3) != 2 || EvalInt(OpSelect, I64, 0, 0, 2, 3) != 3 {
		t.Error("select")
	}
}

// TestEvalIntBig checks the wide products and 32-bit forms against big integers
// and naive loops.
func TestEvalIntBig(t *testing.T) {
	check := func(a, b uint64) {
		t.Helper()
		s := func(x uint64) *big.Int { return big.NewInt(int64(x)) }
		u := func(x uint64) *big.Int { return new(big.Int).SetUint64(x) }
		high := func(x, y *big.Int, n uint) uint64 {
			p := new(big.Int).Mul(x, y)
			p.Rsh(p, n) // floors, so two's complement
			return new(big.Int).And(p, u(math.MaxUint64)).Uint64()
		}
		for _, c := range []struct {
			op   Op
			want uint64
		}{{OpMulHS, high(s(a), s(b), 64)}, {OpMulHU, high(u(a), u(b), 64)}, {OpMulHSU, high(s(a), u(b), 64)}} {
			if got := EvalInt(c.op, I64, 0, a, b, 0); got != c.want {
				t.Errorf("%s %#x, %#x = %#x, want %#x", c.op, a, b, got, c.want)
			}
		}
		sw := func(x uint64) *big.Int { return big.NewInt(int64(int32(x))) }
		uw := func(x uint64) *big.Int { return big.NewInt(int64(uint32(x))) }
		for _, c := range []struct {
			op   Op
			want uint64
		}{{OpMulHS, high(sw(a), sw(b), 32)}, {OpMulHU, high(uw(a), uw(b), 32)}, {OpMulHSU, high(sw(a), uw(b), 32)}} {
			if got := EvalInt(c.op, I32, 0, a, b, 0); got != uint64(int32(c.want)) {
				t.Errorf("%s.i32 %#x, %#x = %#x, want %#x", c.op, a, b, got, uint64(int32(c.want)))
			}
		}
		var hi, lo uint64
		for i := range uint(64) {
			if b>>i&1 != 0 {
				lo ^= a << i
				if i > 0 {
					hi ^= a >> (64 - i)
				}
			}
		}
		if EvalInt(OpClMul, I64, 0, a, b, 0) != lo || EvalInt(OpClMulH, I64, 0, a, b, 0) != hi ||
			EvalInt(OpClMulR, I64, 0, a, b, 0) != hi<<1|lo>>63 {
			t.Errorf("clmul %#x, %#x", a, b)
		}
		var orc uint64
		for i := 0; i < 64; i += 8 {
			if a>>i&0xff != 0 {
				orc |= 0xff << i
			}
		}
		if got := EvalInt(OpOrcB, I64, 0, a, 0, 0); got != orc {
			t.Errorf("orcb %#x = %#x, want %#x", a, got, orc)
		}
	}
	for _, a := range edges {
		for _, b := range edges {
			check(a, b)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		check(r.Uint64()>>(r.Uint64()&63), r.Uint64()>>(r.Uint64()&63))
	}
}

// TestEvalIntWidths checks for every operation with 32-bit forms that they
// only look at the low halves and extend as their type says.
func TestEvalIntWidths(t *testing.T) {
	for op := range NumOps {
		o := &Ops[op]
		if !o.Pure() || o.Types&Ty32 != Ty32 {
			continue
		}
		for _, a := range edges {
			for _, b := range edges {
				i := EvalInt(op, I32, 0, a, b, 0)
				u := EvalInt(op, U32, 0, a, b, 0)
				j := EvalInt(op, I32, 0, a^0xabcdef12<<32, b^0x5555<<32, 0)
				if i != j {
					t.Fatalf("%s.i32 looks at high halves of %#x, %#x", op, a, b)
				}
				if u != i&math.MaxUint32 || i != uint64(int32(u)) {
					t.Fatalf("%s of %#x, %#x: i32 %#x, u32 %#x", op, a, b, i, u)
				}
			}
		}
	}
}

func TestEvalIntPureAll(t *testing.T) {
	n := 0
	for op := range NumOps {
		o := &Ops[op]
		if !o.Pure() {
			continue
		}
		n++
		for ty := I64; ty <= U32; ty++ {
			if o.HasType(ty) {
				EvalInt(op, ty, 0, 1, 2, 3) // must not panic
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d pure operations", n)
	}
	defer func() {
		if recover() == nil {
			t.Error("EvalInt of a load does not panic")
		}
	}()
	EvalInt(OpLoad, I64, 0, 0, 0, 0)
}

func TestCond(t *testing.T) {
	for _, a := range edges {
		for _, b := range edges {
			for c := Eq; c <= GeU; c++ {
				if c.Holds(a, b) == c.Negate().Holds(a, b) {
					t.Errorf("%#x cond %d %#x: negation agrees", a, c, b)
				}
			}
		}
	}
}
