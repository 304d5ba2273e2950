// Package load turns program files into memory images: it reads ELF headers and
// `#!` lines, maps segments as the kernel's binfmt_elf does, and builds the
// initial stack with the auxiliary vector.
//
// It trusts nothing in a file: every wrong, truncated or hostile program is an
// Error with the errno that execve(2) gives and one line for people. It knows
// no syscalls, no threads and no CPU beyond its descriptor. Start with Parse,
// then Image.Map and Stack. The package is empty on other systems than Linux.
package load
