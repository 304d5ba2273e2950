// Package machine joins guests and hosts: it names the guests Weir has and makes
// the code generator for one of them on the host it runs on. It is the only package that
// imports concrete guests and code generators, and knows nothing else: not memory,
// not Linux, not how code is run. A new guest is one line in guests, a new
// host one backend_<arch>.go file. Start with [Guests].
package machine

import (
	"fmt"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/isa/riscv64"
)

// guest is what is known of a guest without making its descriptor.
type guest struct {
	arch  abi.Arch
	elf   uint16   // e_machine
	names []string // the first is the one shown
	make  func() *isa.Guest
	pins  host.PinMap
}

var guests = [...]guest{
	{abi.RISCV64, 243, []string{"riscv64", "rv64"}, riscv64.New, host.PinMap{
		// ra sp a0-a7 s0 s1 fill the registers of amd64; then in falling order of use.
		X: []uint8{10, 15, 14, 2, 8, 11, 12, 13, 9, 1, 16, 17, 18, 19, 20, 21, 5, 6, 7, 28, 29, 30, 31, 22, 23, 24, 25, 26, 27, 4, 3},
		// fa0-7 ft0-3 fs0-1, then the others.
		V: []uint8{10, 11, 12, 13, 14, 15, 16, 17, 0, 1, 2, 3, 8, 9, 4, 5, 6, 7, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31},
		// Go's compiler takes the free register with the lowest number: t0-t2 s0 s1 a0-a4 beside sp and ra.
		GoX: []uint8{5, 2, 6, 10, 7, 8, 11, 9, 12, 1, 13, 14, 15, 31, 27, 16, 17, 18, 19, 20, 21, 28, 29, 30, 22, 23, 24, 25, 26, 4, 3},
	}},
}

// Guests returns the names of all guests.
func Guests() []string {
	names := make([]string, len(guests))
	for i := range guests {
		names[i] = guests[i].names[0]
	}
	return names
}

// GuestByName returns the guest of a name as in qemu-NAME or GOARCH.
func GuestByName(name string) (*isa.Guest, error) {
	for i := range guests {
		for _, n := range guests[i].names {
			if n == name {
				return guests[i].make(), nil
			}
		}
	}
	return nil, fmt.Errorf("no guest architecture %q (there are: %s)", name, strings.Join(Guests(), ", "))
}

// GuestByELF returns the guest for an e_machine value.
func GuestByELF(machine uint16) (*isa.Guest, error) {
	for i := range guests {
		if guests[i].elf == machine {
			return guests[i].make(), nil
		}
	}
	return nil, fmt.Errorf("programs for ELF machine %d cannot run (there are guests for: %s)", machine, strings.Join(Guests(), ", "))
}

// NewBackend makes a code generator for a guest on this host, or returns nil if there is
// none: then the guest has to be interpreted.
func NewBackend(a abi.Arch) host.Backend {
	for i := range guests {
		if guests[i].arch == a {
			return newBackend(guests[i].pins)
		}
	}
	return nil
}
