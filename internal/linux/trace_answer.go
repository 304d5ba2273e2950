//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/tree"
)

// Types of register sets (include/uapi/linux/elf.h).
const (
	ntPRStatus = 1
	ntPRFPReg  = 2
)

// answer does what the tracer asks of t, which has stopped. resumed means that it goes on, with a signal if sig is not 0.
func (t *Task) answer(r tree.Request) (res int64, sig abi.Signal, resumed bool) {
	x := t.trace
	m := t.Proc.Mem
	var word [8]byte
	switch r.Op {
	case ptPeekText, ptPeekData:
		if !m.Peek(r.Addr, word[:]) {
			return abi.EIO.Result(), 0, false
		}
		hostsys.CopyOut(x.Buffer(), word[:])
		return 0, 0, false
	case ptPokeText, ptPokeData:
		le.PutUint64(word[:], r.Data)
		if !m.Poke(r.Addr, word[:]) {
			return abi.EIO.Result(), 0, false
		}
		return 0, 0, false
	case ptGetRegSet:
		b := t.regSet(r.Addr)
		if b == nil {
			return abi.EINVAL.Result(), 0, false
		}
		hostsys.CopyOut(x.Buffer(), b)
		return int64(len(b)), 0, false
	case ptSetRegSet:
		b := make([]byte, min(r.Data, tree.TraceRoom))
		hostsys.CopyIn(b, x.Buffer())
		return t.setRegSet(r.Addr, b), 0, false
	case ptGetSigMask:
		return int64(t.mask), 0, false
	case ptSetSigMask:
		t.mask = r.Data &^ unblockable
		t.Proc.noteBlocked(t.mask)
		return 0, 0, false
	case ptListen:
		x.listens = true
		return 0, 0, false
	case ptCont, ptSyscall, ptSingleStep, ptSysEmu, ptSysEmuStep, ptDetach:
		x.how = r.Op
		if x.Written() {
			t.Proc.Engine.Flush()
		}
		return 0, abi.Signal(r.Data), true
	}
	return abi.EIO.Result(), 0, false
}

// regSet is a register set in the layout of the guest's kernel: on all of today's guests the general and the floating-point
// part of the signal frame's; nil for another type.
func (t *Task) regSet(typ uint64) []byte {
	l := &t.Proc.Guest.Linux
	mc := make([]byte, l.McontextSize)
	l.SaveMcontext(t.St, mc)
	switch typ {
	case ntPRStatus:
		return mc[l.PRStatus[0]:l.PRStatus[1]]
	case ntPRFPReg:
		return mc[l.PRFPReg[0]:l.PRFPReg[1]]
	}
	return nil
}

// setRegSet changes the registers that b, the front of a set, has.
func (t *Task) setRegSet(typ uint64, b []byte) int64 {
	l := &t.Proc.Guest.Linux
	mc := make([]byte, l.McontextSize)
	l.SaveMcontext(t.St, mc)
	var at []byte
	switch typ {
	case ntPRStatus:
		at = mc[l.PRStatus[0]:l.PRStatus[1]]
	case ntPRFPReg:
		at = mc[l.PRFPReg[0]:l.PRFPReg[1]]
	default:
		return abi.EINVAL.Result()
	}
	copy(at, b)
	if !l.LoadMcontext(t.St, mc) {
		return abi.EINVAL.Result()
	}
	return 0
}
