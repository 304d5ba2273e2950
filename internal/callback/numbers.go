package callback

import (
	"fmt"
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Dense is how many syscall numbers, from 0, a [NumberSet] has a bit for.
const Dense = 512

// NumberSet is a set of syscall numbers: a bit for each below Dense, a list for
// the rest.
type NumberSet struct {
	bits   [Dense / 64]uint64
	others []abi.Sysno
	all    bool
}

// numbers resolves a set's names. A name that only other architectures have
// selects nothing; a name nobody has is an error.
func (t *Table) numbers(s plugin.Set) (n NumberSet, err error) {
	n.all = s.All()
	for _, nr := range s.Numbers() {
		n.put(nr)
	}
	for _, name := range s.Names() {
		switch nr, has, known := t.Resolve(name); {
		case has:
			n.put(nr)
		case !known:
			return n, fmt.Errorf("unknown syscall %q (weir syscalls lists the names)", name)
		}
	}
	return n, nil
}

func (n *NumberSet) put(nr abi.Sysno) {
	if uint64(nr) < Dense {
		n.bits[nr/64] |= 1 << (nr % 64)
	} else if !slices.Contains(n.others, nr) {
		n.others = append(n.others, nr)
	}
}

// Has reports whether n contains nr.
func (n *NumberSet) Has(nr abi.Sysno) bool {
	if n.all {
		return true
	}
	if uint64(nr) < Dense {
		return n.bits[nr/64]>>(nr%64)&1 != 0
	}
	return slices.Contains(n.others, nr)
}

// HasFrom reports whether n contains a number that is at least nr, taken as
// unsigned: negative ones are the highest. nr is at most Dense.
func (n *NumberSet) HasFrom(nr int) bool {
	if n.all || len(n.others) != 0 {
		return true
	}
	for ; nr < Dense; nr++ {
		if n.bits[nr/64]>>(nr%64)&1 != 0 {
			return true
		}
	}
	return false
}

// Union returns the numbers that anybody of an event listens to. Weir's enable words
// are made of it.
func (t *Table) Union(ev plugin.Event) (n NumberSet) {
	for _, e := range t.Walk(ev) {
		n.all = n.all || e.set.all
		n.others = append(n.others, e.set.others...)
		for i := range n.bits {
			n.bits[i] |= e.set.bits[i]
		}
	}
	return n
}
