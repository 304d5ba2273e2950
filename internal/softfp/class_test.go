package softfp

import "testing"

func TestClass(t *testing.T) {
	for _, c := range []struct {
		a32  uint32
		a64  uint64
		want uint16
	}{
		{0xff800000, 0xfff0000000000000, 1 << 0},
		{0xff7fffff, 0xffefffffffffffff, 1 << 1},
		{0x80800000, 0x8010000000000000, 1 << 1},
		{0x807fffff, 0x800fffffffffffff, 1 << 2},
		{0x80000001, 0x8000000000000001, 1 << 2},
		{0x80000000, 0x8000000000000000, 1 << 3},
		{0x00000000, 0x0000000000000000, 1 << 4},
		{0x00000001, 0x0000000000000001, 1 << 5},
		{0x007fffff, 0x000fffffffffffff, 1 << 5},
		{0x00800000, 0x0010000000000000, 1 << 6},
		{0x3f800000, 0x3ff0000000000000, 1 << 6},
		{0x7f7fffff, 0x7fefffffffffffff, 1 << 6},
		{0x7f800000, 0x7ff0000000000000, 1 << 7},
		{0x7f800001, 0x7ff0000000000001, 1 << 8},
		{0xffbfffff, 0xfff7ffffffffffff, 1 << 8},
		{0x7fc00000, 0x7ff8000000000000, 1 << 9},
		{0xffffffff, 0xffffffffffffffff, 1 << 9},
	} {
		if got := Class32(c.a32); got != c.want {
			t.Errorf("Class32(%#x) = %010b, want %010b", c.a32, got, c.want)
		}
		if got := Class64(c.a64); got != c.want {
			t.Errorf("Class64(%#x) = %010b, want %010b", c.a64, got, c.want)
		}
	}
}
