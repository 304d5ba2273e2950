package softfp

import (
	"math"
	"testing"
)

// The host's own arithmetic, as the Go language gives access to it, is a second
// reference: round to nearest, results only.

func nativeCases() int {
	if testing.Short() {
		return 10000
	}
	return 100000
}

func native(t *testing.T, name string, f format, operands func(s source) []uint64,
	op func(x []uint64) (uint64, Flags), host func(x []uint64) float64,
) {
	t.Helper()
	s := newSource(7)
	for range nativeCases() {
		x := operands(s)
		got, _ := op(x)
		want := math.Float64bits(host(x))
		if f.isNaN(want) {
			want = f.nan()
		}
		if got != want {
			t.Fatalf("%s %#x = %#x, the host says %#x", name, x, got, want)
		}
	}
}

func native32(t *testing.T, name string, operands func(s source) []uint64,
	op func(x []uint32) (uint32, Flags), host func(x []float32) float32,
) {
	t.Helper()
	s := newSource(7)
	var x []uint32
	var v []float32
	for range nativeCases() {
		x, v = x[:0], v[:0]
		for _, a := range operands(s) {
			x = append(x, uint32(a))
			v = append(v, math.Float32frombits(uint32(a)))
		}
		got, _ := op(x)
		want := math.Float32bits(host(v))
		if isNaN(want) {
			want = NaN32
		}
		if got != want {
			t.Fatalf("%s %#x = %#x, the host says %#x", name, x, got, want)
		}
	}
}

// sink keeps the compiler from removing what a benchmark computes.
var sink uint64

// benchmark runs an operation on doubles around one, with varying significands.
func benchmark(b *testing.B, op func(x, y, z uint64) uint64) {
	s := newSource(1)
	var x [64]uint64
	for i := range x {
		x[i] = s.Uint64()>>12 | uint64(1020+s.IntN(6))<<52
	}
	b.ResetTimer()
	var sum uint64
	for i := range b.N {
		sum += op(x[i&63], x[(i+7)&63], x[(i+19)&63])
	}
	sink = sum
}
