//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/mem"
)

// Bits of Hooks.Events.
const (
	WantMap           uint32 = 1 << iota // Map, Unmap
	WantSignal                           // Signal
	WantBlock                            // Block
	WantDiscontinuity                    // Discontinuity
)

// Kinds of discontinuities.
const (
	DiscInterrupt = 1 // a signal handler runs
	DiscException = 2 // one of a hardware fault
	DiscHostCall  = 4 // a system call is over
)

// Mapping is memory that the guest has mapped.
type Mapping struct {
	Addr, Size uint64
	Prot       mem.Prot
	FD         int // -1: none, or not known
	Path       string
	Offset     uint64
}

// wants reports whether somebody listens for an event.
func (t *Task) wants(ev uint32) bool { return t.Proc.Hooks.Events.Load()&ev != 0 }

func (t *Task) mapped(addr, size uint64, prot mem.Prot, flags, fd int, off uint64) {
	if !t.wants(WantMap) {
		return
	}
	m := Mapping{Addr: addr, Size: roundPage(size), Prot: prot, FD: -1, Offset: off}
	if flags&mmapAnonymous == 0 {
		m.FD = fd
		m.Path = t.fdName(fd, "")
	} else {
		m.Offset = 0
	}
	t.Proc.Hooks.Map(t, m)
}

func (t *Task) unmapped(addr, size uint64) {
	if t.wants(WantMap) {
		t.Proc.Hooks.Unmap(t, addr, roundPage(size))
	}
}

func roundPage(n uint64) uint64 { return (n + mem.PageSize - 1) &^ (mem.PageSize - 1) }

// discontinuity tells that t goes on elsewhere.
func (t *Task) discontinuity(kind int, from uint64) {
	if t.wants(WantDiscontinuity) {
		t.Proc.Hooks.Discontinuity(t, kind, from)
	}
}

// signalInfo returns what Hooks.Signal is told of a siginfo_t.
func signalInfo(info *sigInfo) (sig abi.Signal, code int32, addr uint64) {
	sig, code = info.sig(), info.code()
	if faultSignals&sigBit(sig) != 0 && code > 0 {
		addr = le.Uint64(info[16:])
	}
	return sig, code, addr
}
