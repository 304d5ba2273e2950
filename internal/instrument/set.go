package instrument

import (
	"fmt"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// numberSet is a set of syscall numbers: a bit for each that has an enable word,
// a list for the rest.
type numberSet struct {
	bits   [(linux.NumEnable + 63) / 64]uint64
	others []abi.Sysno
	all    bool
}

// newNumberSet resolves names against the guest's table. A name that only other
// architectures have selects nothing; a name nobody has is an error.
func newNumberSet(s plugin.Set) (n numberSet, err error) {
	n.all = s.All()
	for _, nr := range s.Numbers() {
		n.put(nr)
	}
	for _, name := range s.Names() {
		nr, ok := linux.SyscallByName(name)
		if ok {
			n.put(nr)
		} else if !linux.KnownElsewhere(name) {
			return n, fmt.Errorf("unknown syscall %q (weir syscalls lists the names)", name)
		}
	}
	return n, nil
}

func (n *numberSet) put(nr abi.Sysno) {
	if uint64(nr) < linux.NumEnable-1 {
		n.bits[nr/64] |= 1 << (nr % 64)
	} else {
		// The last enable word stands for every other number.
		n.bits[(linux.NumEnable-1)/64] |= 1 << ((linux.NumEnable - 1) % 64)
		n.others = append(n.others, nr)
	}
}

func (n *numberSet) has(nr abi.Sysno) bool {
	if n.all {
		return true
	}
	if uint64(nr) < linux.NumEnable-1 {
		return n.bits[nr/64]>>(nr%64)&1 != 0
	}
	for _, o := range n.others {
		if o == nr {
			return true
		}
	}
	return false
}

// wordSet reports whether enable word i must be set for n.
func (n *numberSet) wordSet(i int) bool { return n.all || n.bits[i/64]>>(i%64)&1 != 0 }

func (n *numberSet) add(m *numberSet) {
	n.all = n.all || m.all
	for i := range n.bits {
		n.bits[i] |= m.bits[i]
	}
}
