package riscv64

import (
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
)

func TestCSRAccess(t *testing.T) {
	s := &cpu.State{MXCSR: cpu.MXCSRDefault | 1} // IE pending: NV
	for _, c := range []struct {
		name string
		slot int
		w    uint64 // written first, unless ^0
		want uint64
	}{
		{"pending flags are folded", csrFFlags, ^uint64(0), 16},
		{"fcsr", csrFCSR, 0x7f, 0x7f},
		{"frm of it", csrFRM, ^uint64(0), 3},
		{"frm", csrFRM, 0xfc, 4},
		{"fflags", csrFFlags, 0x125, 5},
		{"together", csrFCSR, ^uint64(0), 4<<5 | 5},
	} {
		if c.w != ^uint64(0) && !writeCSR(s, c.slot, c.w) {
			t.Errorf("%s: not written", c.name)
		}
		if v, ok := readCSR(s, c.slot); !ok || v != c.want {
			t.Errorf("%s: %#x, %v, want %#x", c.name, v, ok, c.want)
		}
	}
	if _, ok := readCSR(s, 0xc00); ok || writeCSR(s, 0xc00, 1) {
		t.Error("an unknown register was accessed")
	}
}
