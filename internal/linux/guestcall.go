//go:build linux

package linux

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/engine"
)

// CallEnd is how a call of CallGuest ended.
type CallEnd uint8

// Ends of a call.
const (
	CallReturned CallEnd = iota
	CallLeft             // the thread is about to end: exit, execve, a fatal signal
	CallUnwound          // the function has left by longjmp, beyond the call: the thread goes on there
	CallRefused          // too many calls in one another, or a stack that cannot be written
)

// keptArgs is how many words of arguments in memory a call with Keep takes over.
const keptArgs = 16

// maxCallDepth bounds calls within calls: each of them is on the host's stack too.
const maxCallDepth = 200

// GuestCall is a call of a guest function by Weir.
type GuestCall struct {
	PC    uint64
	Args  []uint64        // integers and addresses
	Keep  bool            // the registers that Args does not set are arguments too, and what is on the stack
	Begin func(sp uint64) // told of the stack pointer at the function's entry; may be nil
}

// CallGuest has t execute a function, on its own stack, and returns its integer result. t is outside of guest code, or in a
// Probe's Call. Signals are delivered and system calls made as ever. All registers are as before afterwards, unless
// the function was left by longjmp: then they are those of where t goes on, and what the caller was
// called for must be left alone ([Task.Abandon], [engine.CPU.Abandon]).
func (t *Task) CallGuest(c GuestCall) (result uint64, end CallEnd) {
	g, st, p := t.Proc.Guest, t.St, t.Proc
	if p.Prog.Return == 0 || t.depth >= maxCallDepth || g.LinkReg < 0 {
		return 0, CallRefused
	}
	if t.gone() {
		return 0, CallLeft
	}
	st.FoldFlags()
	var (
		x, v, pc, flags, frm = st.X, st.V, st.PC, st.FFlags, st.FRM
		cur                  = t.cur
	)
	// Between the stack pointer and the function's frame are two words that nobody touches, unless the function longjmps to a
	// place beyond and others are called from there.
	guard := x[g.SPReg] - guardSize
	sp := guard &^ (uint64(g.Linux.FrameAlign) - 1)
	if !p.Mem.WriteU64(guard, guardWord) || !p.Mem.WriteU64(guard+8, guardWord) {
		return 0, CallRefused
	}
	for i, a := range c.Args {
		if i < len(g.C.IntArgs) {
			st.X[g.C.IntArgs[i]] = a
		}
	}
	var stack []byte
	switch n := len(c.Args) - len(g.C.IntArgs); {
	case c.Keep:
		stack = make([]byte, keptArgs*g.Bits/8)
		for len(stack) > 0 && !p.Mem.Read(x[g.SPReg], stack) {
			stack = stack[:len(stack)/2] // close to the end of the stack
		}
	case n > 0:
		for _, a := range c.Args[len(g.C.IntArgs):] {
			stack = le.AppendUint64(stack, a)[:len(stack)+g.Bits/8]
		}
	}
	if len(stack) > 0 {
		sp = (sp - uint64(len(stack))) &^ (uint64(g.Linux.FrameAlign) - 1)
		if !p.Mem.Write(sp, stack) {
			st.X = x
			return 0, CallRefused
		}
	}
	st.X[g.SPReg], st.X[g.LinkReg], st.PC = sp, p.Prog.Return, c.PC
	st.ResAddr = cpu.NoReservation
	if c.Begin != nil {
		c.Begin(sp)
	}
	resume := t.CPU.Suspend()
	t.depth++
	result, end = t.untilReturn(sp, guard)
	t.depth--
	resume()
	t.cur = cur
	if end != CallUnwound {
		st.FoldFlags()
		st.X, st.V, st.PC, st.FFlags = x, v, pc, flags
		st.SetFRM(frm)
	}
	st.ResAddr = cpu.NoReservation
	return result, end
}

// The guard between the caller's stack and a function's.
const (
	guardSize = 16
	guardWord = 0xfeedc0de5eed5afe
)

// untilReturn executes guest code until a function that was called with stack pointer sp, below the guard, has returned.
func (t *Task) untilReturn(sp, guard uint64) (result uint64, end CallEnd) {
	g, st := t.Proc.Guest, t.St
	for !t.gone() {
		if t.pending() || t.eintr {
			t.signals()
			continue
		}
		if t.beyond(guard) {
			return 0, CallUnwound
		}
		x := t.CPU.Run()
		if x.Kind == engine.VDSO && t.atReturn() {
			switch at := st.X[g.SPReg]; {
			case at == sp:
				return st.X[g.RetReg], CallReturned
			case t.depth > 1 && t.beyond(guard):
				// The return of a call around this one.
				st.PC = t.Proc.Prog.Return
				return 0, CallUnwound
			}
		}
		t.handle(x)
	}
	return 0, CallLeft
}

// atReturn reports whether t has executed the instruction that functions called by Weir return to.
func (t *Task) atReturn() bool {
	r := t.Proc.Prog.Return
	return r != 0 && t.St.PC == r+syscallLen(t.Proc.Guest)
}

// beyond reports whether t has left the part of its stack below a guard upwards. Another stack, as of a signal handler, is not
// beyond.
func (t *Task) beyond(guard uint64) bool {
	m := t.Proc.Mem
	a, ok1 := m.ReadU64(guard)
	b, ok2 := m.ReadU64(guard + 8)
	if ok1 && ok2 && (a != guardWord || b != guardWord) {
		return true
	}
	now := t.St.X[t.Proc.Guest.SPReg]
	if now <= guard || t.alt.within(now) != t.alt.within(guard) {
		return false
	}
	area, ok := m.Lookup(guard)
	return ok && now <= area.End
}

// Abandon says, in a hook of a system call, that t goes on elsewhere, with the registers as they are: the call is as if it
// had never been made.
func (t *Task) Abandon() { t.abandoned = true }

// diverted reports whether a hook of a system call has led t away from it.
func (t *Task) diverted() bool {
	if t.abandoned {
		t.abandoned = false
		return true
	}
	return t.gone()
}

// SignalFrame reads the registers that a signal handler's frame at stack pointer sp keeps.
func (t *Task) SignalFrame(sp uint64, s *cpu.State) bool {
	l := &t.Proc.Guest.Linux
	b := make([]byte, frameSize(t.Proc.Guest))
	return t.Proc.Mem.Read(sp, b) && l.LoadMcontext(s, b[infoSize+l.McontextOffset:])
}
