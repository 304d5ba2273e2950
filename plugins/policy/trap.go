package policy

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// siginfo_t of a SIGSYS (asm-generic/siginfo.h, linux/audit.h).
const (
	siginfoSize = 128
	sysSeccomp  = 1 // si_code SYS_SECCOMP

	auditLE = 0x4000_0000
	audit64 = 0x8000_0000
	emRISCV = 243
	emARM64 = 183
	emAMD64 = 62

	sigIgn = 1
)

func auditArch(a abi.Arch) uint32 {
	switch a {
	case abi.ARM64:
		return audit64 | auditLE | emARM64
	case abi.AMD64:
		return audit64 | auditLE | emAMD64
	}
	return audit64 | auditLE | emRISCV
}

// trap sends the calling thread a SIGSYS as the kernel does for SECCOMP_RET_TRAP: the call is not made,
// its registers stay as they are, and si_errno is the profile's errnoRet. A thread that
// blocks or ignores the signal dies of it.
func (p *policy) trap(c *plugin.Call, ret abi.Errno) plugin.Verdict {
	kill := plugin.Kill(abi.SIGSYS)
	v := c.VCPU()
	sp, err := v.Reg("sp")
	if err != nil {
		return kill
	}
	// Calls take their data from guest memory. What is below the stack pointer is free
	// between calls, but for a red zone that some ABIs have; it is put back all the same.
	at := (sp - 1024) &^ 15
	var keep, info [siginfoSize]byte
	if v.ReadMem(at, keep[:]) != nil {
		return kill
	}
	defer v.WriteMem(at, keep[:])
	do := func(name string, args ...uint64) int64 {
		nr, ok := p.host.Syscall(name)
		if !ok {
			return abi.ENOSYS.Result()
		}
		return c.InvokeOther(nr, args...)
	}
	var word [8]byte
	if do("rt_sigprocmask", 0, 0, at, 8) != 0 || v.ReadMem(at, word[:]) != nil ||
		binary.LittleEndian.Uint64(word[:])>>(abi.SIGSYS-1)&1 != 0 {
		return kill
	}
	if do("rt_sigaction", uint64(abi.SIGSYS), 0, at, 8) != 0 || v.ReadMem(at, word[:]) != nil ||
		binary.LittleEndian.Uint64(word[:]) <= sigIgn {
		return kill
	}
	le := binary.LittleEndian
	le.PutUint32(info[0:], uint32(abi.SIGSYS))
	le.PutUint32(info[4:], uint32(ret))
	le.PutUint32(info[8:], sysSeccomp)
	le.PutUint64(info[16:], c.PC())
	le.PutUint32(info[24:], uint32(c.Number()))
	le.PutUint32(info[28:], auditArch(p.host.Target().Arch))
	if v.WriteMem(at, info[:]) != nil {
		return kill
	}
	pid := do("getpid") // of a child of vfork its own
	if do("rt_tgsigqueueinfo", uint64(pid), uint64(v.TID()), uint64(abi.SIGSYS), at) != 0 {
		return kill
	}
	return plugin.Handled
}
