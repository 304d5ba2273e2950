package eval

import (
	"math"
	"testing"

	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/softfp"
)

func d(f float64) uint64 { return math.Float64bits(f) }
func s(f float32) uint64 { return box32(math.Float32bits(f)) }

// TestFloat checks that each operation reaches the right function with the right
// operands; the arithmetic itself is tested in softfp.
func TestFloat(t *testing.T) {
	nan := uint64(softfp.NaN64)
	snan := nan&^(1<<51) | 1
	inf := math.Inf(1)
	const (
		nx = uint32(softfp.NX)
		dz = uint32(softfp.DZ)
		nv = uint32(softfp.NV)
	)
	for _, c := range []struct {
		text    string // writes v4 or x3 from v1, v2, v3, x1
		a, b, c uint64
		want    uint64
		flags   uint32
	}{
		{"v4 = fadd.f64.rne v1, v2", d(1), d(2), 0, d(3), 0},
		{"v4 = fsub.f64.rne v1, v2", d(1), d(2), 0, d(-1), 0},
		{"v4 = fmul.f64.rne v1, v2", d(3), d(2), 0, d(6), 0},
		{"v4 = fdiv.f64.rne v1, v2", d(1), d(0), 0, d(inf), dz},
		{"v4 = fdiv.f64.rup v1, v2", d(1), d(3), 0, d(1.0/3) + 1, nx},
		{"v4 = fdiv.f64.rtz v1, v2", d(1), d(3), 0, d(1.0 / 3), nx},
		{"v4 = fsqrt.f64.rne v1", d(9), 0, 0, d(3), 0},
		{"v4 = fmuladd.f64.rne.0 v1, v2, v3", d(2), d(3), d(4), d(10), 0},
		{"v4 = fmuladd.f64.rne.1 v1, v2, v3", d(2), d(3), d(4), d(-2), 0},
		{"v4 = fmuladd.f64.rne.2 v1, v2, v3", d(2), d(3), d(4), d(2), 0},
		{"v4 = fmuladd.f64.rne.3 v1, v2, v3", d(2), d(3), d(4), d(-10), 0},
		{"v4 = fadd.f32.rne v1, v2", s(1), s(2), 0, s(3), 0},
		{"v4 = fsub.f32.rne v1, v2", s(1), s(2), 0, s(-1), 0},
		{"v4 = fmul.f32.rne v1, v2", s(3), s(2), 0, s(6), 0},
		{"v4 = fdiv.f32.rne v1, v2", s(1), s(2), 0, s(0.5), 0},
		{"v4 = fsqrt.f32.rne v1", s(9), 0, 0, s(3), 0},
		{"v4 = fmuladd.f32.rne.3 v1, v2, v3", s(2), s(3), s(4), s(-10), 0},
		{"v4 = fmuladd.f32.rne.0 v1, v2, v3", s(2), s(3), s(4), s(10), 0},
		{"v4 = fadd.f32.rne v1, v2", d(1), s(2), 0, box32(softfp.NaN32), 0}, // not boxed
		{"v4 = fmin.f64 v1, v2", d(1), nan, 0, d(1), 0},
		{"v4 = fmax.f64 v1, v2", d(1), snan, 0, d(1), nv},
		{"v4 = fminm.f64 v1, v2", d(1), nan, 0, nan, 0},
		{"v4 = fmaxm.f64 v1, v2", d(1), d(2), 0, d(2), 0},
		{"v4 = fmin.f32 v1, v2", s(1), s(2), 0, s(1), 0},
		{"v4 = fmax.f32 v1, v2", s(1), s(2), 0, s(2), 0},
		{"v4 = fminm.f32 v1, v2", s(1), s(2), 0, s(1), 0},
		{"v4 = fmaxm.f32 v1, v2", s(1), s(2), 0, s(2), 0},
		{"v4 = fsgn.f64.copy v1, v2", d(1), d(-2), 0, d(-1), 0},
		{"v4 = fsgn.f64.neg v1, v2", d(1), d(-2), 0, d(1), 0},
		{"v4 = fsgn.f64.xor v1, v2", d(-1), d(-2), 0, d(1), 0},
		{"v4 = fsgn.f32.copy v1, v2", s(1), s(-2), 0, s(-1), 0},
		{"v4 = fsgn.f32.neg v1, v2", s(1), s(2), 0, s(-1), 0},
		{"v4 = fsgn.f32.xor v1, v2", s(-1), d(-2), 0, s(-1), 0}, // v2 not boxed: positive NaN
		{"x3 = fcmp.f64.eq v1, v2", d(1), d(1), 0, 1, 0},
		{"x3 = fcmp.f64.eq v1, v2", d(1), nan, 0, 0, 0},
		{"x3 = fcmp.f64.lt v1, v2", d(1), nan, 0, 0, nv},
		{"x3 = fcmp.f64.lt v1, v2", d(1), d(2), 0, 1, 0},
		{"x3 = fcmp.f64.le v1, v2", d(2), d(2), 0, 1, 0},
		{"x3 = fcmp.f64.ltq v1, v2", d(1), nan, 0, 0, 0},
		{"x3 = fcmp.f64.leq v1, v2", d(2), d(2), 0, 1, 0},
		{"x3 = fcmp.f32.eq v1, v2", s(1), s(1), 0, 1, 0},
		{"x3 = fcmp.f32.lt v1, v2", s(1), s(2), 0, 1, 0},
		{"x3 = fcmp.f32.le v1, v2", s(1), d(2), 0, 0, nv},
		{"x3 = fcmp.f32.ltq v1, v2", s(1), s(2), 0, 1, 0},
		{"x3 = fcmp.f32.leq v1, v2", s(3), s(2), 0, 0, 0},
		{"x3 = fclass.f64 v1", nan, 0, 0, 1 << 9, 0},
		{"x3 = fclass.f32 v1", s(1), 0, 0, 1 << 6, 0},
		{"x3 = ftoi.f64.rtz.ki32 v1", d(-1.5), 0, 0, math.MaxUint64, nx},
		{"x3 = ftoi.f64.rdn.ki32 v1", d(-1.5), 0, 0, math.MaxUint64 - 1, nx},
		{"x3 = ftoi.f64.rtz.ku32 v1", d(4e9), 0, 0, 0xffffffffee6b2800, 0},
		{"x3 = ftoi.f64.rtz.ki64 v1", d(1e30), 0, 0, math.MaxInt64, nv},
		{"x3 = ftoi.f64.rtz.ku64 v1", d(1e19), 0, 0, 10000000000000000000, 0},
		{"x3 = ftoi.f32.rne.ki32 v1", s(2.5), 0, 0, 2, nx},
		{"x3 = ftoi.f32.rmm.ki32 v1", s(2.5), 0, 0, 3, nx},
		{"x3 = ftoi.f32.rtz.ku32 v1", s(-1), 0, 0, 0, nv},
		{"x3 = ftoi.f32.rtz.ki64 v1", s(-3), 0, 0, ^uint64(2), 0},
		{"x3 = ftoi.f32.rtz.ku64 v1", s(3), 0, 0, 3, 0},
		{"v4 = itof.f64.rne.ki32 x1", 0, 0, 0, d(-1), 0},
		{"v4 = itof.f64.rne.ku32 x1", 0, 0, 0, d(math.MaxUint32), 0},
		{"v4 = itof.f64.rne.ki64 x1", 0, 0, 0, d(-1), 0},
		{"v4 = itof.f64.rne.ku64 x1", 0, 0, 0, d(1 << 64), nx},
		{"v4 = itof.f32.rne.ki32 x1", 0, 0, 0, s(-1), 0},
		{"v4 = itof.f32.rne.ku32 x1", 0, 0, 0, s(1 << 32), nx},
		{"v4 = itof.f32.rne.ki64 x1", 0, 0, 0, s(-1), 0},
		{"v4 = itof.f32.rdn.ku64 x1", 0, 0, 0, s(0xffffff * (1 << 40)), nx},
		{"v4 = fcvt.f64.rne.f32 v1", s(1.5), 0, 0, d(1.5), 0},
		{"v4 = fcvt.f64.rne.f32 v1", d(1.5), 0, 0, nan, 0},
		{"v4 = fcvt.f32.rne.f64 v1", d(1.5), 0, 0, s(1.5), 0},
		{"v4 = fcvt.f64.rne.f16 v1", box(ir.F16, 0x3e00), 0, 0, d(1.5), 0},
		{"v4 = fcvt.f32.rne.f16 v1", box(ir.F16, 0x3e00), 0, 0, s(1.5), 0},
		{"v4 = fcvt.f32.rne.f16 v1", s(1), 0, 0, box32(softfp.NaN32), 0},
		{"v4 = fcvt.f16.rne.f64 v1", d(1.5), 0, 0, box(ir.F16, 0x3e00), 0},
		{"v4 = fcvt.f16.rne.f32 v1", s(1.5), 0, 0, box(ir.F16, 0x3e00), 0},
		{"v4 = fround.f64.rtz.0 v1", d(1.5), 0, 0, d(1), 0},
		{"v4 = fround.f64.rtz.1 v1", d(1.5), 0, 0, d(1), nx},
		{"v4 = fround.f32.rup.1 v1", s(1.5), 0, 0, s(2), nx},
		{"x3 = fcvtmodw v1", d(1<<32 + 5), 0, 0, 5, nv},
		{"v4 = fconst #0x4000000000000000", 0, 0, 0, d(2), 0},
		{"x3 = fmovtoi.f16 v1", 0x8000, 0, 0, 0xffffffffffff8000, 0},
		{"x3 = fmovtoi.f32 v1", 0x80000000, 0, 0, 0xffffffff80000000, 0},
		{"x3 = fmovtoi.f64 v1", 0x80000000, 0, 0, 0x80000000, 0},
		{"v4 = fmovfromi.f16 x1", 0, 0, 0, math.MaxUint64, 0},
		{"v4 = fmovfromi.f32 x2", 0, 0, 0, 0xffffffff00000005, 0},
		{"v4 = fmovfromi.f64 x2", 0, 0, 0, 5, 0},
		{"ft0 = fadd.f64.rne v1, v2\nv4 = fmul.f64.rne ft0, v2", d(1), d(2), 0, d(6), 0},
	} {
		m := newMachine()
		m.S.X[1], m.S.X[2] = math.MaxUint64, 5
		m.S.V[1][0], m.S.V[2][0], m.S.V[3][0] = c.a, c.b, c.c
		run(t, m, c.text)
		got := m.S.V[4][0]
		if c.text[0] == 'x' {
			got = m.S.X[3]
		}
		if got != c.want || m.S.FFlags != c.flags {
			t.Errorf("%s of %#x, %#x, %#x: %#x flags %#x, want %#x flags %#x", c.text, c.a, c.b, c.c, got, m.S.FFlags, c.want, c.flags)
		}
	}
}

func TestDynamicRounding(t *testing.T) {
	for frm, want := range []uint64{d(1.0 / 3), d(1.0 / 3), d(1.0 / 3), d(1.0/3) + 1, d(1.0 / 3)} {
		m := newMachine()
		m.S.SetFRM(uint32(frm))
		m.S.FFlags = uint32(softfp.DZ)
		m.S.V[1][0], m.S.V[2][0] = d(1), d(3)
		run(t, m, "v4 = fdiv.f64.dyn v1, v2")
		if m.S.V[4][0] != want || m.S.FFlags != uint32(softfp.DZ|softfp.NX) {
			t.Errorf("frm %d: %#x flags %#x, want %#x", frm, m.S.V[4][0], m.S.FFlags, want)
		}
	}
}
