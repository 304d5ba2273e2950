package machine

import (
	"runtime"
	"slices"
	"testing"

	"github.com/weir-emu/weir/abi"
)

func TestGuests(t *testing.T) {
	if !slices.Contains(Guests(), "riscv64") {
		t.Errorf("guests: %v", Guests())
	}
	for i := range guests {
		row := &guests[i]
		g := row.make()
		if g.Arch != row.arch || g.ELFMachine != row.elf {
			t.Errorf("%s: the descriptor says %v, machine %d", row.names[0], g.Arch, g.ELFMachine)
		}
		for _, n := range row.names {
			if g, err := GuestByName(n); err != nil || g.Arch != row.arch {
				t.Errorf("GuestByName(%q): %v", n, err)
			}
		}
		if g, err := GuestByELF(row.elf); err != nil || g.Arch != row.arch {
			t.Errorf("GuestByELF(%d): %v", row.elf, err)
		}
		for _, pins := range [][]uint8{row.pins.X, row.pins.V, row.pins.GoX} {
			sorted := slices.Sorted(slices.Values(pins))
			if len(slices.Compact(sorted)) != len(pins) {
				t.Errorf("%s: a register is pinned twice: %v", row.names[0], pins)
			}
		}
		if slices.Contains(row.pins.X, 0) {
			t.Errorf("%s: slot 0 is pinned", row.names[0])
		}
	}
	if _, err := GuestByName("pdp11"); err == nil {
		t.Error("there is a guest pdp11")
	}
	if _, err := GuestByELF(2); err == nil {
		t.Error("there is a guest for SPARC")
	}
}

func TestBackend(t *testing.T) {
	b := NewBackend(abi.RISCV64)
	if (b != nil) != (runtime.GOARCH == "amd64") {
		t.Errorf("backend on %s: %v", runtime.GOARCH, b)
	}
	if NewBackend(abi.UnknownArch) != nil {
		t.Error("a backend for no guest")
	}
}
