//go:build linux

package linux

import (
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/isa"
)

func widthTask(bits int) *Task {
	g := &isa.Guest{Bits: bits, ArgRegs: [6]int{10, 11, 12, 13, 14, 15}, RetReg: 10}
	return &Task{St: new(cpu.State), Proc: &Process{Guest: g}}
}

// S-19: a result is truncated to the guest's register width.
func TestS19ResultWidth(t *testing.T) {
	for bits, want := range map[int]uint64{32: 0x89abcdef, 64: 0x0123456789abcdef} {
		k := widthTask(bits)
		k.finish(&Call{Row: &Row{}}, 0x0123456789abcdef)
		if got := k.St.X[10]; got != want {
			t.Errorf("%d-bit guest: result register %#x, want %#x", bits, got, want)
		}
	}
}

// S-28: arguments of a 32-bit guest are masked before anybody sees them.
func TestS28ArgumentWidth(t *testing.T) {
	for bits, want := range map[int]uint64{32: 0xffffff9c, 64: ^uint64(99)} {
		k := widthTask(bits)
		k.St.X[10], k.St.X[15] = ^uint64(99), ^uint64(99)
		if a := k.args(); a[0] != want || a[5] != want || a[6] != 0 {
			t.Errorf("%d-bit guest: arguments %#x, want %#x in the first and sixth", bits, a, want)
		}
	}
}
