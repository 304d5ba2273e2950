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
	names []string // the first is the one shown
	make  func(cpu string) (*isa.Guest, error)
	check func(cpu string) error
	cpus  func() string
	pins  host.PinMap
}

var guests = [...]guest{
	{abi.RISCV64, []string{"riscv64", "rv64"}, riscv64.NewModel, riscv64.CheckModel, riscv64.ModelHelp, host.PinMap{
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

// GuestByName returns the guest of a name as in qemu-NAME or GOARCH, with a processor as -cpu
// describes it; empty for the best one.
func GuestByName(name, cpu string) (*isa.Guest, error) {
	g, err := find(name)
	if err != nil {
		return nil, err
	}
	return g.make(cpu)
}

// CheckCPU reports whether a guest has a processor.
func CheckCPU(name, cpu string) error {
	g, err := find(name)
	if err != nil {
		return err
	}
	return g.check(cpu)
}

// CPUs describes a guest's processors, a line for each.
func CPUs(name string) string {
	g, err := find(name)
	if err != nil {
		return ""
	}
	return g.cpus()
}

func find(name string) (*guest, error) {
	for i := range guests {
		for _, n := range guests[i].names {
			if n == name {
				return &guests[i], nil
			}
		}
	}
	return nil, fmt.Errorf("no guest architecture %q (there are: %s)", name, strings.Join(Guests(), ", "))
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
