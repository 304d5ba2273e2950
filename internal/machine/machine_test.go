package machine

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
)

func TestGuests(t *testing.T) {
	if !slices.Contains(Guests(), "riscv64") {
		t.Errorf("guests: %v", Guests())
	}
	for i := range guests {
		row := &guests[i]
		g, err := row.make("")
		if err != nil || g.Arch != row.arch {
			t.Errorf("%s: the descriptor says %v: %v", row.names[0], g.Arch, err)
		}
		if _, err := GuestByName(row.names[0], "nothing"); err == nil || CheckCPU(row.names[0], "nothing") == nil {
			t.Errorf("%s has a processor nothing", row.names[0])
		}
		for line := range strings.Lines(CPUs(row.names[0])) {
			if model, _, _ := strings.Cut(line, " "); model != "" && CheckCPU(row.names[0], model) != nil {
				t.Errorf("%s: no processor %q", row.names[0], model)
			}
		}
		for _, n := range row.names {
			if g, err := GuestByName(n, ""); err != nil || g.Arch != row.arch {
				t.Errorf("GuestByName(%q): %v", n, err)
			}
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
	if _, err := GuestByName("pdp11", ""); err == nil || CheckCPU("pdp11", "") == nil || CPUs("pdp11") != "" {
		t.Error("there is a guest pdp11")
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
