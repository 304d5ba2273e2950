package riscv64

import "github.com/weir-emu/weir/internal/cpu"

// readCSR reads a floating-point control register as csrr does (F extension,
// "Floating-Point Control and Status Register").
func readCSR(s *cpu.State, slot int) (uint64, bool) {
	s.FoldFlags()
	switch slot {
	case csrFFlags:
		return uint64(s.FFlags), true
	case csrFRM:
		return uint64(s.FRM), true
	case csrFCSR:
		return uint64(s.FRM<<5 | s.FFlags), true
	}
	return 0, false
}

// writeCSR writes one as csrw does; bits without a meaning are dropped.
func writeCSR(s *cpu.State, slot int, v uint64) bool {
	s.FoldFlags()
	switch slot {
	case csrFFlags:
		s.FFlags = uint32(v & 31)
	case csrFRM:
		s.SetFRM(uint32(v & 7))
	case csrFCSR:
		s.FFlags = uint32(v & 31)
		s.SetFRM(uint32(v >> 5 & 7))
	default:
		return false
	}
	return true
}
