package plugin

import "github.com/weir-emu/weir/abi"

// Set selects syscalls by number or name. The zero value selects none.
type Set struct {
	all     bool
	names   []string
	numbers []abi.Sysno
}

// AllSyscalls selects every number, also those no table has.
var AllSyscalls = Set{all: true}

// Syscalls selects by the names of the Linux manual. Names that the guest's architecture lacks ("open"
// on riscv64) select nothing; a name that no architecture has is an error,
// which ends the plugin's installation.
func Syscalls(names ...string) Set { return Set{names: names} }

// Numbers selects by guest syscall number, also numbers that no table has.
func Numbers(nrs ...abi.Sysno) Set { return Set{numbers: nrs} }

// Or selects what s or t selects.
func (s Set) Or(t Set) Set {
	return Set{
		all:     s.all || t.all,
		names:   append(append([]string(nil), s.names...), t.names...),
		numbers: append(append([]abi.Sysno(nil), s.numbers...), t.numbers...),
	}
}

// All reports whether s selects everything.
func (s Set) All() bool { return s.all }

// Names returns the names that s selects by.
func (s Set) Names() []string { return s.names }

// Numbers returns the numbers that s selects by.
func (s Set) Numbers() []abi.Sysno { return s.numbers }
