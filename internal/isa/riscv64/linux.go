package riscv64

import (
	"encoding/binary"
	"errors"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/isa"
)

// Layout of the kernel's arch/riscv/include/uapi/asm/{ucontext,sigcontext,ptrace}.h.
const (
	// struct ucontext: uc_flags 8, uc_link 8, uc_stack 24, uc_sigmask 8 and
	// 120 bytes for a larger one; uc_mcontext is aligned to 16.
	mcontextOffset = 176

	// struct sigcontext: user_regs_struct (pc, x1..x31), then a union of 528
	// bytes of which the F/D state is f0..f31 and fcsr.
	mcPC   = 0
	mcF    = 32 * 8
	mcFCSR = mcF + 32*8

	// The union seen as __riscv_extra_ext_header: a reserved word and the header
	// (magic, size) of the first further extension state, all zero for none.
	mcReserved = mcF + 516
	mcExtMagic = mcF + 520
	mcExtSize  = mcF + 524

	mcontextSize = mcF + 528
)

// sysRtSigreturn is the number in the asm-generic table.
const sysRtSigreturn = 139

func linuxABI() isa.LinuxABI {
	return isa.LinuxABI{
		Generic:        true,
		HWCap:          hwcap("imafdc"),
		McontextSize:   mcontextSize,
		McontextOffset: mcontextOffset,
		PRStatus:       [2]int{0, 32 * 8},
		PRFPReg:        [2]int{32 * 8, 32*8 + 33*8}, // 32 registers and fcsr, padded
		FrameAlign:     16,
		SaveMcontext:   saveMcontext,
		LoadMcontext:   loadMcontext,
		SigreturnCode:  sigreturnCode(),
		VDSO:           VDSO,
		CPUInfo:        func(n int) string { return cpuInfo(n, isaString) },
		HWProbe:        hwProbe,
		CheckELFFlags:  checkELFFlags,
	}
}

// hwcap has one bit per single-letter extension (COMPAT_HWCAP_ISA_*).
func hwcap(letters string) (bits uint64) {
	for _, l := range letters {
		bits |= 1 << (l - 'a')
	}
	return bits
}

func saveMcontext(s *cpu.State, mc []byte) {
	le := binary.LittleEndian
	clear(mc[:mcontextSize])
	le.PutUint64(mc[mcPC:], s.PC)
	for n := 1; n < 32; n++ {
		le.PutUint64(mc[8*n:], s.X[n])
	}
	for n := range 32 {
		le.PutUint64(mc[mcF+8*n:], s.V[n][0])
	}
	s.FoldFlags()
	le.PutUint32(mc[mcFCSR:], s.FRM<<5|s.FFlags&31)
}

// loadMcontext refuses what the kernel's restore_sigcontext does: a nonzero
// reserved word, and extension state other than "end of list".
func loadMcontext(s *cpu.State, mc []byte) bool {
	le := binary.LittleEndian
	if le.Uint32(mc[mcReserved:]) != 0 || le.Uint32(mc[mcExtMagic:]) != 0 || le.Uint32(mc[mcExtSize:]) != 0 {
		return false
	}
	s.PC = le.Uint64(mc[mcPC:]) &^ 1 // sepc has no bit 0
	for n := 1; n < 32; n++ {
		s.X[n] = le.Uint64(mc[8*n:])
	}
	for n := range 32 {
		s.V[n][0] = le.Uint64(mc[mcF+8*n:])
	}
	fcsr := le.Uint32(mc[mcFCSR:])
	s.FoldFlags() // forget what is pending in MXCSR
	s.FFlags = fcsr & 31
	s.SetFRM(fcsr >> 5)
	return true
}

// ELF e_flags (RISC-V ELF psABI).
const (
	efFloatABI     = 0x6
	efFloatABIQuad = 0x6
	efRVE          = 0x8
)

func checkELFFlags(flags uint32) error {
	if flags&efRVE != 0 {
		return errors.New("the program is for RV64E (16 registers), which Linux does not run")
	}
	if flags&efFloatABI == efFloatABIQuad {
		return errors.New("the program uses the quad-precision float ABI (Q extension), which this CPU has not")
	}
	return nil
}
