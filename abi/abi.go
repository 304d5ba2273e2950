// Package abi names the things every part of Weir and every plugin talks about:
// architectures, registers, syscall numbers, errno values, signals and guest
// addresses. It is a leaf: it imports nothing of Weir and knows no behaviour.
// Start with [Arch] and [Errno].
package abi

// Addr is an address in the guest's address space, in bytes.
type Addr = uint64

// Arch is a guest instruction set.
type Arch uint8

// The guests that Weir knows by name.
const (
	UnknownArch Arch = iota
	RISCV64
	ARM64
	AMD64
)

// String returns the name that the kernel's uname(2) gives the machine.
func (a Arch) String() string {
	switch a {
	case RISCV64:
		return "riscv64"
	case ARM64:
		return "aarch64"
	case AMD64:
		return "x86_64"
	}
	return "unknown"
}

// Reg is a guest register number in the numbering of the guest's descriptor.
type Reg uint16

// Sysno is a guest syscall number. It is signed because a guest may ask for any.
type Sysno int64
