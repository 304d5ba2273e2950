//go:build linux

package linux

import (
	"strings"

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

// blocks tells that t begins or ends a host call that may wait.
func (t *Task) blocks(begin bool) { t.Proc.Hooks.Block(t, begin) }

// discontinuity tells that t goes on elsewhere.
func (t *Task) discontinuity(kind int, from uint64) {
	if t.wants(WantDiscontinuity) {
		t.Proc.Hooks.Discontinuity(t, kind, from)
	}
}

// LoadedImage is an ELF file of the program that was loaded.
type LoadedImage struct {
	Path     string
	Bias     uint64
	Lo, Hi   uint64 // all of it
	Entry    uint64
	Segments []Mapping
}

// LoadedImages are the program and, if it has one, its dynamic loader.
func (p *Process) LoadedImages() []LoadedImage {
	pr := &p.Prog
	list := []LoadedImage{loaded(pr.Path, pr.Image, pr.Bias)}
	if pr.Interp != nil {
		list = append(list, loaded(pr.InterpPath, pr.Interp, pr.InterpBias))
	}
	return list
}

func signalInfo(info *sigInfo) (sig abi.Signal, code int32, addr uint64) {
	sig, code = info.sig(), info.code()
	if faultSignals&sigBit(sig) != 0 && code > 0 {
		addr = le64(info[16:])
	}
	return sig, code, addr
}

func le64(b []byte) uint64 {
	var v uint64
	for i := range 8 {
		v |= uint64(b[i]) << (8 * i)
	}
	return v
}

// GuestPath is the running program as the guest knows it.
func (p *Process) GuestPath() string {
	return strings.TrimPrefix(p.Prog.Path, strings.TrimSuffix(p.Cfg.Sysroot, "/"))
}
