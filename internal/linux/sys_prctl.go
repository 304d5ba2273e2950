//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Options of prctl(2) (include/uapi/linux/prctl.h).
const (
	prSetPdeathsig        = 1
	prGetPdeathsig        = 2
	prGetDumpable         = 3
	prSetDumpable         = 4
	prGetUnalign          = 5
	prSetUnalign          = 6
	prGetKeepcaps         = 7
	prSetKeepcaps         = 8
	prGetFpemu            = 9
	prSetFpemu            = 10
	prGetTiming           = 13
	prSetTiming           = 14
	prSetName             = 15
	prGetName             = 16
	prGetSeccomp          = 21
	prSetSeccomp          = 22
	prCapbsetRead         = 23
	prCapbsetDrop         = 24
	prGetSecurebits       = 27
	prSetSecurebits       = 28
	prSetTimerslack       = 29
	prGetTimerslack       = 30
	prTaskPerfDisable     = 31
	prTaskPerfEnable      = 32
	prMceKill             = 33
	prMceKillGet          = 34
	prSetMM               = 35
	prSetChildSubreaper   = 36
	prGetChildSubreaper   = 37
	prSetNoNewPrivs       = 38
	prGetNoNewPrivs       = 39
	prGetTidAddress       = 40
	prSetTHPDisable       = 41
	prGetTHPDisable       = 42
	prCapAmbient          = 47
	prGetSpeculation      = 52
	prSetSpeculation      = 53
	prSetIOFlusher        = 57
	prGetIOFlusher        = 58
	prSetMDWE             = 65
	prGetMDWE             = 66
	prSetVMA              = 0x53564d41
	prSetPtracer          = 0x59616d61
	prRiscvSetIcacheFlush = 71
)

func (t *Task) sysPrctl(option int32, a2, a3, a4, a5 uint64) int64 {
	p := t.Proc
	pass := func() int64 {
		return t.hostFast(hostsys.SYS_PRCTL, uintptr(option), uintptr(a2), uintptr(a3), uintptr(a4), uintptr(a5), 0)
	}
	inherited := func() int64 {
		return t.thread(hostsys.SYS_PRCTL, uintptr(option), uintptr(a2), uintptr(a3), uintptr(a4), uintptr(a5))
	}
	// out is an option that stores a word of size n at a2.
	out := func(n int) int64 {
		r := t.hostFast(hostsys.SYS_PRCTL, uintptr(option), t.put64(0, 0), uintptr(a3), uintptr(a4), uintptr(a5), 0)
		if r < 0 {
			return r
		}
		var b [8]byte
		t.get(0, b[:])
		if !p.Mem.Write(a2, b[:n]) {
			return abi.EFAULT.Result()
		}
		return r
	}
	if option == prGetNoNewPrivs {
		t.syncNoNewPrivs()
	}
	switch option {
	case prSetPdeathsig, prGetDumpable, prSetDumpable, prGetKeepcaps, prGetTiming, prSetTiming, prCapbsetRead,
		prGetSecurebits, prGetTimerslack, prMceKill, prMceKillGet, prSetChildSubreaper, prGetNoNewPrivs,
		prGetTHPDisable, prSetTHPDisable, prGetSpeculation, prSetSpeculation, prGetIOFlusher, prSetIOFlusher,
		prSetPtracer, prTaskPerfDisable, prTaskPerfEnable, prGetMDWE:
		return pass()
	case prSetKeepcaps, prCapbsetDrop, prSetSecurebits, prSetTimerslack, prSetNoNewPrivs, prCapAmbient:
		return inherited()
	case prGetPdeathsig, prGetChildSubreaper:
		return out(4)
	case prSetName:
		name, errno := p.Mem.ReadCString(a2, 16)
		if errno == abi.EFAULT {
			return errno.Result()
		}
		var b [16]byte
		copy(b[:15], name)
		return t.thread(hostsys.SYS_PRCTL, prSetName, t.put(0, b[:]), 0, 0, 0)
	case prGetName:
		return t.prGetName(a2)
	case prGetTidAddress:
		if !p.Mem.WriteU64(a2, t.clearTID) {
			return abi.EFAULT.Result()
		}
		return 0
	case prSetVMA: // naming a mapping: PR_SET_VMA_ANON_NAME 0
		if a2 != 0 || a3+a4 < a3 || a3+a4 > p.Mem.Limit() {
			return abi.EINVAL.Result()
		}
		if a5 != 0 {
			if _, errno := p.Mem.ReadCString(a5, 80); errno != 0 {
				return abi.EINVAL.Result()
			}
		}
		return 0 // names only show in /proc/PID/maps
	case prGetSeccomp:
		if s := t.seccomp.Load(); s != nil {
			return int64(s.mode)
		}
		return pass() // Weir itself may be confined
	case prSetSeccomp:
		return t.prctlSetSeccomp(a2, a3)
	case prSetMM, prSetMDWE:
		// Memory layout and W^X are those of the host process.
		return abi.EINVAL.Result()
	}
	return abi.EINVAL.Result()
}

func (t *Task) prGetName(addr uint64) int64 {
	if r := t.hostFast(hostsys.SYS_PRCTL, prGetName, t.scratch, 0, 0, 0, 0); r < 0 {
		return r
	}
	var b [16]byte
	t.get(0, b[:])
	if !t.Proc.Mem.Write(addr, b[:]) {
		return abi.EFAULT.Result()
	}
	return 0
}
