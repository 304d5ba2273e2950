//go:build linux

package load

// MachineName names an ELF e_machine value for people, with the class and byte
// order where they distinguish guests.
func MachineName(machine uint16, is32, big bool) string {
	name := ""
	for _, m := range machines {
		if m.machine == machine {
			name = m.name
			break
		}
	}
	if name == "" {
		name = "an unknown machine (ELF machine number " + dec(uint64(machine)) + ")"
	}
	switch {
	case machine == 243 || machine == 258: // width is in the class alone
		if is32 {
			name += "32"
		} else {
			name += "64"
		}
	case machine == 62 && is32:
		name += " (x32)"
	case machine == 8 && !is32:
		name += "64"
	}
	if big && machine != 2 && machine != 21 && machine != 22 && machine != 20 && machine != 4 {
		name += " (big-endian)"
	}
	return name
}

// machines are the e_machine values of programs one may meet (include/uapi/linux/elf-em.h).
var machines = [...]struct {
	machine uint16
	name    string
}{
	{2, "sparc"},
	{3, "i386"},
	{4, "m68k"},
	{8, "mips"},
	{15, "parisc"},
	{18, "sparc32plus"},
	{20, "powerpc"},
	{21, "powerpc64"},
	{22, "s390x"},
	{40, "arm"},
	{42, "sh"},
	{43, "sparc64"},
	{50, "ia64"},
	{62, "x86_64"},
	{92, "openrisc"},
	{93, "arc"},
	{94, "xtensa"},
	{164, "hexagon"},
	{183, "aarch64"},
	{189, "microblaze"},
	{243, "riscv"},
	{247, "bpf"},
	{252, "csky"},
	{258, "loongarch"},
	{0x9026, "alpha"},
}
