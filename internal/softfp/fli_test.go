package softfp

import (
	"math"
	"testing"
)

func TestFli(t *testing.T) {
	want := [32]float64{
		-1, 0, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125,
		0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875,
		1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4,
		8, 16, 128, 256, 0x1p15, 0x1p16, math.Inf(1), 0,
	}
	for i, w := range want {
		w32, w64 := math.Float32bits(float32(w)), math.Float64bits(w)
		switch i {
		case 1:
			w32, w64 = math.Float32bits(0x1p-126), math.Float64bits(0x1p-1022)
		case 31:
			w32, w64 = NaN32, NaN64
		}
		if got := Fli32(uint(i)); got != w32 {
			t.Errorf("Fli32(%d) = %#x, want %#x", i, got, w32)
		}
		if got := Fli64(uint(i)); got != w64 {
			t.Errorf("Fli64(%d) = %#x, want %#x", i, got, w64)
		}
	}
	if Fli64(32) != Fli64(0) {
		t.Error("only the low five bits of the encoding count")
	}
}
