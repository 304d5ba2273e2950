//go:build linux

package tree

import (
	"github.com/weir-emu/weir/internal/hostsys"
)

// Tracee is a thread that another process of the tree traces (ptrace(2)), in memory that both share. The
// thread writes its fields while it runs or is about to stop; the tracer asks for things to be done by a
// [Request], which the stopped thread answers. All fields of it are gone with [Tracee.Free].
type Tracee struct{ at uintptr }

// Layout of a tracee, behind the slots of processes.
const (
	tracees    = 256
	traceeSize = 8 << 10
	traceOff   = slots * slotSize
	boardSize  = traceOff + 64 + tracees*traceeSize

	traceTID      = 0 // 0: free
	tracePID      = 4
	traceTracer   = 8  // process
	traceBy       = 12 // thread of it that is told of stops
	traceState    = 16
	traceStatus   = 20 // as wait(2) reports it
	traceReported = 24 // 1: a wait has reported the stop; 2: the tracer has had its SIGCHLD too
	traceOptions  = 28
	traceSeized   = 32
	traceAttn     = 36 // what the tracer wants of a thread that runs: Attn bits
	traceRequest  = 40 // counts requests
	traceAnswer   = 44 // is set to traceRequest
	traceOp       = 48
	traceAddr     = 56
	traceData     = 64
	traceResult   = 72
	traceMessage  = 80
	traceUID      = 88
	traceWritten  = 92  // the tracer may write to memory by itself
	traceInfo     = 128 // siginfo_t
	traceCall     = 256 // struct ptrace_syscall_info
	traceBuf      = 4096

	// TraceRoom is how much data a request can carry, in bytes.
	TraceRoom = traceeSize - traceBuf
)

// States of a tracee.
const (
	TraceRunning = 1 + iota
	TraceStopped
	TraceGone // its status says how it ended
)

// Bits of what a tracer wants of a thread that runs.
const (
	AttnAttach    = 1 << iota // it shall find out that it is traced
	AttnInterrupt             // it shall stop: PTRACE_INTERRUPT, or the SIGSTOP of PTRACE_ATTACH
)

func (b *Board) tracee(i int) Tracee { return Tracee{b.at + traceOff + 64 + uintptr(i)*traceeSize} }

// AnyTraced reports whether a thread has ever been traced.
func (b *Board) AnyTraced() bool {
	v, _ := hostsys.Load32(b.at + traceOff)
	return v != 0
}

// Trace makes a tracee. It fails if the thread is one already, or too many are.
func (b *Board) Trace(tid, pid, tracer, by int) (Tracee, bool) {
	hostsys.Store32(b.at+traceOff, 1)
	if _, ok := b.Tracee(tid); ok {
		return Tracee{}, false
	}
	for i := range tracees {
		x := b.tracee(i)
		v := x.get(traceTID)
		orphan := x.get(traceState) == TraceGone && (x.Tracer() == 0 || !hostsys.Alive(x.Tracer()))
		if v != 0 && !orphan {
			continue
		}
		if prev, _ := hostsys.Cas32(x.at+traceTID, v, uint32(tid)); prev != v {
			continue
		}
		for off := uintptr(tracePID); off < traceInfo; off += 4 {
			x.set(off, 0)
		}
		x.set(tracePID, uint32(pid))
		x.set(traceTracer, uint32(tracer))
		x.set(traceBy, uint32(by))
		x.set(traceState, TraceRunning)
		return x, true
	}
	return Tracee{}, false
}

// Tracee finds the tracee that a thread is.
func (b *Board) Tracee(tid int) (Tracee, bool) {
	if tid > 0 && b.AnyTraced() {
		for i := range tracees {
			x := b.tracee(i)
			if s := x.get(traceState); int(x.get(traceTID)) == tid && s != 0 && s != TraceGone {
				return x, true
			}
		}
	}
	return Tracee{}, false
}

// Tracees iterates over those that a process traces, also what is left of some that ended.
func (b *Board) Tracees(tracer int) func(func(Tracee) bool) {
	return func(yield func(Tracee) bool) {
		if !b.AnyTraced() {
			return
		}
		for i := range tracees {
			x := b.tracee(i)
			if x.get(traceTID) != 0 && x.get(traceState) != 0 && x.Tracer() == tracer && !yield(x) {
				return
			}
		}
	}
}

func (x Tracee) get(off uintptr) uint32 { v, _ := hostsys.Load32(x.at + off); return v }

func (x Tracee) set(off uintptr, v uint32) { hostsys.Store32(x.at+off, v) }

func (x Tracee) get64(off uintptr) uint64 { v, _ := hostsys.Load64(x.at + off); return v }

func (x Tracee) set64(off uintptr, v uint64) { hostsys.Store64(x.at+off, v) }

// Valid reports whether x is a tracee at all.
func (x Tracee) Valid() bool { return x.at != 0 }

// TID and PID are the thread and its process, Tracer and By the process that traces it and the thread of it that is told.
func (x Tracee) TID() int    { return int(x.get(traceTID)) }
func (x Tracee) PID() int    { return int(x.get(tracePID)) }
func (x Tracee) Tracer() int { return int(x.get(traceTracer)) }
func (x Tracee) By() int     { return int(x.get(traceBy)) }

// Orphan says that the tracer is gone.
func (x Tracee) Orphan() { x.set(traceTracer, 0) }

// Free ends it.
func (x Tracee) Free() {
	x.set(traceState, 0)
	x.set(traceTracer, 0)
	x.set(traceTID, 0)
}

// State is one of Trace, and Status what a wait reports of the stop or end.
func (x Tracee) State() int     { return int(x.get(traceState)) }
func (x Tracee) Status() uint32 { return x.get(traceStatus) }

// SetState makes the tracee stop, run or end.
func (x Tracee) SetState(state int, status uint32) {
	x.set(traceStatus, status)
	x.set(traceReported, 0)
	x.set(traceState, uint32(state))
}

// Reported says whether the stop has been reported by a wait, and Told whether by a signal too.
func (x Tracee) Reported() bool { return x.get(traceReported)&1 != 0 }
func (x Tracee) SetReported()   { x.set(traceReported, x.get(traceReported)|1) }
func (x Tracee) Told() bool     { return x.get(traceReported)&2 != 0 }
func (x Tracee) SetTold()       { x.set(traceReported, x.get(traceReported)|2) }

// Options are those of PTRACE_SETOPTIONS.
func (x Tracee) Options() uint32     { return x.get(traceOptions) }
func (x Tracee) SetOptions(o uint32) { x.set(traceOptions, o) }

// Seized says whether it was attached to by PTRACE_SEIZE.
func (x Tracee) Seized() bool { return x.get(traceSeized) != 0 }

// Seize notes that.
func (x Tracee) Seize() { x.set(traceSeized, 1) }

// Written says whether the tracer has a way to write to the tracee's memory by itself.
func (x Tracee) Written() bool { return x.get(traceWritten) != 0 }

// SetWritten notes that.
func (x Tracee) SetWritten() { x.set(traceWritten, 1) }

// Attn takes what the tracer wants of the running thread; AddAttn asks for it.
func (x Tracee) Attn() uint32 {
	v := x.get(traceAttn)
	for {
		prev, _ := hostsys.Cas32(x.at+traceAttn, v, 0)
		if prev == v {
			return v
		}
		v = prev
	}
}

func (x Tracee) AddAttn(bits uint32) {
	v := x.get(traceAttn)
	for {
		prev, _ := hostsys.Cas32(x.at+traceAttn, v, v|bits)
		if prev == v {
			return
		}
		v = prev
	}
}

// Message is what PTRACE_GETEVENTMSG returns.
func (x Tracee) Message() uint64     { return x.get64(traceMessage) }
func (x Tracee) SetMessage(m uint64) { x.set64(traceMessage, m) }

// Info and Call are the siginfo_t of the signal that it stopped for, and its struct ptrace_syscall_info.
func (x Tracee) Info(b []byte)    { hostsys.CopyIn(b, x.at+traceInfo) }
func (x Tracee) SetInfo(b []byte) { hostsys.CopyOut(x.at+traceInfo, b) }
func (x Tracee) Call(b []byte)    { hostsys.CopyIn(b, x.at+traceCall) }
func (x Tracee) SetCall(b []byte) { hostsys.CopyOut(x.at+traceCall, b) }

// Buffer is the host address of the data of a request, TraceRoom bytes.
func (x Tracee) Buffer() uintptr { return x.at + traceBuf }

// Request is what the stopped thread is to do: a request of ptrace(2), with data in the buffer.
type Request struct {
	Op         int64
	Addr, Data uint64
}

// Ask makes a request; the answer is there when Answered says so.
func (x Tracee) Ask(r Request) {
	x.set64(traceOp, uint64(r.Op))
	x.set64(traceAddr, r.Addr)
	x.set64(traceData, r.Data)
	x.set(traceRequest, x.get(traceRequest)+1)
}

// Answered returns the result of the last request.
func (x Tracee) Answered() (res int64, ok bool) {
	if x.get(traceAnswer) != x.get(traceRequest) {
		return 0, false
	}
	return int64(x.get64(traceResult)), true
}

// Asked returns the request that is to be answered.
func (x Tracee) Asked() (r Request, ok bool) {
	if x.get(traceAnswer) == x.get(traceRequest) {
		return r, false
	}
	return Request{int64(x.get64(traceOp)), x.get64(traceAddr), x.get64(traceData)}, true
}

// Respond answers it.
func (x Tracee) Respond(res int64) {
	x.set64(traceResult, uint64(res))
	x.set(traceAnswer, x.get(traceRequest))
}

// RequestWord and AnswerWord are where the two wait for each other by futex(2), for other values than these.
func (x Tracee) RequestWord() (addr uintptr, value uint32) {
	return x.at + traceRequest, x.get(traceRequest)
}

func (x Tracee) AnswerWord() (addr uintptr, value uint32) {
	return x.at + traceAnswer, x.get(traceAnswer)
}
