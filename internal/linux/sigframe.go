//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/isa"
)

// The frame of a signal handler on riscv64 and arm64 is struct rt_sigframe: a
// siginfo and a ucontext (arch/riscv/kernel/signal.c, arch/arm64/kernel/signal.c).
// struct ucontext (asm-generic/ucontext.h and the architectures' own):
const (
	ucFlags   = 0  // unsigned long
	ucLink    = 8  // pointer
	ucStack   = 16 // stack_t: ss_sp, ss_flags (int, padded), ss_size
	ucSigmask = 40 // sigset_t, before uc_mcontext

	infoSize = 128
)

// frameSize is sizeof(struct rt_sigframe).
func frameSize(g *isa.Guest) uint64 {
	n := uint64(infoSize + g.Linux.McontextOffset + g.Linux.McontextSize)
	return (n + 15) &^ 15
}

// syscallLen is the length of the syscall instruction in bytes.
func syscallLen(g *isa.Guest) uint64 {
	if g.Linux.Generic {
		return 4
	}
	return 2
}

// altStack is what sigaltstack(2) set.
type altStack struct {
	sp, size uint64
	flags    uint32
}

const (
	ssOnStack    = 1
	ssDisable    = 2
	ssAutoDisarm = 1 << 31
	minSigStkSz  = 2048
)

// holds reports whether sp is on the alternate stack (include/linux/sched/signal.h, on_sig_stack).
func (a *altStack) holds(sp uint64) bool {
	if a.flags&ssAutoDisarm != 0 {
		return false // it is disarmed while it is in use
	}
	return a.within(sp)
}

func (a *altStack) within(sp uint64) bool { return sp > a.sp && sp-a.sp <= a.size }

// state is ss_flags as sigaltstack(2) reports it at stack pointer sp.
func (a *altStack) state(sp uint64) uint32 {
	f := a.flags & ssAutoDisarm
	switch {
	case a.size == 0:
		return f | ssDisable
	case a.holds(sp):
		return f | ssOnStack
	}
	return f
}

// pushFrame builds the frame of a handler and points the registers at it. It
// reports false if the stack is not writable or overflows.
func (t *Task) pushFrame(info *sigInfo, a *sigAction) bool {
	g, st := t.Proc.Guest, t.St
	abi := &g.Linux
	size := frameSize(g)
	sp := st.X[g.SPReg]
	if a.flags&saOnStack != 0 && t.alt.size != 0 && !t.alt.holds(sp) {
		sp = t.alt.sp + t.alt.size
	} else if t.alt.size != 0 && t.alt.holds(sp) && !t.alt.holds(sp-size) {
		return false // overflow of the alternate stack
	}
	sp = (sp - size) &^ (uint64(abi.FrameAlign) - 1)

	le := binary.LittleEndian
	frame := t.frameRoom(int(size))
	clear(frame)
	copy(frame, info[:])
	uc := frame[infoSize:]
	le.PutUint64(uc[ucStack:], t.alt.sp)
	flags := t.alt.flags
	if t.alt.size == 0 {
		flags = ssDisable
	}
	le.PutUint32(uc[ucStack+8:], flags)
	le.PutUint64(uc[ucStack+16:], t.alt.size)
	mask := t.mask
	if t.restore {
		mask = t.saved
	}
	le.PutUint64(uc[ucSigmask:], mask)
	abi.SaveMcontext(st, uc[abi.McontextOffset:])
	if !t.Proc.Mem.Write(sp, frame) {
		return false
	}
	t.restore = false
	if t.alt.flags&ssAutoDisarm != 0 {
		t.alt = altStack{}
	}

	st.X[g.SPReg] = sp
	st.X[g.CallArgs[0]] = uint64(info.sig())
	st.X[g.CallArgs[1]] = sp
	st.X[g.CallArgs[2]] = sp + infoSize
	if g.LinkReg >= 0 {
		st.X[g.LinkReg] = t.Proc.Prog.Sigreturn
		if a.flags&saRestorer != 0 {
			st.X[g.LinkReg] = a.restorer
		}
	}
	st.PC = a.handler
	st.ResAddr = cpu.NoReservation
	return true
}

// frameRoom returns n bytes for a frame, which are the task's own: signals come too often to allocate them.
func (t *Task) frameRoom(n int) []byte {
	if len(t.frame) < n {
		t.frame = make([]byte, n)
	}
	return t.frame[:n]
}

// sigreturn undoes pushFrame (rt_sigreturn(2)). The mask is set first, through the
// window: a signal that is pending under the present mask comes before.
func (t *Task) sigreturn() int64 {
	g, st := t.Proc.Guest, t.St
	abi := &g.Linux
	size := frameSize(g)
	sp := st.X[g.SPReg]
	frame := t.frameRoom(int(size))
	if sp&7 != 0 || !t.Proc.Mem.Read(sp, frame) {
		t.badFrame()
		return resHandled
	}
	le := binary.LittleEndian
	uc := frame[infoSize:]
	old := t.mask
	t.mask = le.Uint64(uc[ucSigmask:]) &^ unblockable
	if t.mask != old || t.hostMask != t.mask {
		if !t.syncMask() && t.pending() && t.hostMask != t.mask&^hostUnblockable {
			t.mask = old
			return resRestart
		}
	}
	if !abi.LoadMcontext(st, uc[abi.McontextOffset:]) {
		t.badFrame()
		return resHandled
	}
	st.ResAddr = cpu.NoReservation
	alt := altStack{sp: le.Uint64(uc[ucStack:]), flags: le.Uint32(uc[ucStack+8:]), size: le.Uint64(uc[ucStack+16:])}
	t.setAltStack(alt, st.X[g.SPReg])
	return resHandled
}
