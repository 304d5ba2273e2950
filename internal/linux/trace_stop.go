//go:build linux

package linux

import (
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/tree"
)

// The traced side of ptrace(2). The host's ptrace would stop Weir, at signals and registers of Weir's, so tracing is
// between two of the tree: a thread that stops says so in memory that both share, sends its tracer a signal
// ([attention]) and does what the tracer asks, itself, until it is resumed.

// Requests of ptrace(2) (include/uapi/linux/ptrace.h).
const (
	ptTraceMe        = 0
	ptPeekText       = 1
	ptPeekData       = 2
	ptPokeText       = 4
	ptPokeData       = 5
	ptCont           = 7
	ptKill           = 8
	ptSingleStep     = 9
	ptAttach         = 16
	ptDetach         = 17
	ptSyscall        = 24
	ptSysEmu         = 31
	ptSysEmuStep     = 32
	ptSetOptions     = 0x4200
	ptGetEventMsg    = 0x4201
	ptGetSigInfo     = 0x4202
	ptSetSigInfo     = 0x4203
	ptGetRegSet      = 0x4204
	ptSetRegSet      = 0x4205
	ptSeize          = 0x4206
	ptInterrupt      = 0x4207
	ptListen         = 0x4208
	ptGetSigMask     = 0x420a
	ptSetSigMask     = 0x420b
	ptGetSyscallInfo = 0x420e
)

// Options and events: option bit 1<<event.
const (
	ptOptSysGood = 1
	ptOptAll     = 0x3000ff // 0xff, EXITKILL and SUSPEND_SECCOMP
	ptOptKill    = 1 << 20

	ptEventFork      = 1
	ptEventVfork     = 2
	ptEventClone     = 3
	ptEventExec      = 4
	ptEventVforkDone = 5
	ptEventExit      = 6
	ptEventSeccomp   = 7
	ptEventStop      = 128
)

const trapTrace = 2 // si_code TRAP_TRACE

// trace is what a traced task knows of it.
type trace struct {
	tree.Tracee
	how     int64  // the request that resumed it last
	listens bool   // PTRACE_LISTEN: a group stop that the tracer does not end
	starts  bool   // it stops before its first instruction
	entered uint64 // pc behind a syscall that it has stopped before and that is made again
}

// attentionCode is si_code of the SIGTRAP by which two of the tree ask each other to look at the board. A value
// below zero may come from anybody, so it only makes a task look; si_value has attentionMagic and a
// signal to be taken as sent by kill(2), for one that the host would act on itself.
const (
	attentionCode  = -0x5754
	attentionMagic = 0x57656972
)

// attention makes a thread of the tree look at the board.
func (t *Task) attention(pid, tid int, sig abi.Signal) int64 {
	var info sigInfo
	info.setSig(abi.SIGTRAP)
	info.setCode(attentionCode)
	info.setPid(uint32(t.Proc.PID), uint32(raw(hostsys.SYS_GETUID, 0, 0, 0, 0, 0, 0)))
	le.PutUint32(info[24:], uint32(sig))
	le.PutUint32(info[28:], attentionMagic)
	return raw(hostsys.SYS_RT_TGSIGQUEUEINFO, uintptr(pid), uintptr(tid), uintptr(abi.SIGTRAP), t.put(0, info[:]), 0, 0)
}

// isAttention reports whether a signal is one.
func (s *sigInfo) isAttention() bool {
	return s.sig() == abi.SIGTRAP && s.code() == attentionCode && le.Uint32(s[28:]) == attentionMagic
}

// attend looks at the board, on t's own thread: is t traced now, is it to stop, have threads stopped that the process traces.
func (t *Task) attend(info *sigInfo) {
	p := t.Proc
	if sig := abi.Signal(le.Uint32(info[24:])); sig == abi.SIGSTOP {
		s := sigInfo{}
		s.setSig(sig)
		copy(s[16:24], info[16:24]) // who sent it
		p.sigMu.Lock()
		enqueue(&t.emu, &s)
		p.sigMu.Unlock()
	}
	if p.board == nil {
		return
	}
	if t.trace == nil {
		if x, ok := p.board.Tracee(t.TID); ok {
			t.beTraced(x)
		}
	}
	if x := t.trace; x != nil && x.State() == tree.TraceRunning && x.Attn()&tree.AttnInterrupt != 0 {
		if x.Seized() {
			t.eventStop(ptEventStop, 0)
		} else {
			s := sigInfo{}
			s.setSig(abi.SIGSTOP)
			s.setPid(uint32(x.Tracer()), 0)
			p.sigMu.Lock()
			enqueue(&t.emu, &s)
			p.sigMu.Unlock()
		}
	}
	t.noticeStops()
}

// beTraced makes t stop for its tracer from now on.
func (t *Task) beTraced(x tree.Tracee) {
	t.trace = &trace{Tracee: x, how: ptCont}
	t.Proc.retrace(1)
}

// notTraced is the opposite.
func (t *Task) notTraced() {
	if t.trace != nil {
		t.trace = nil
		t.Proc.retrace(-1)
	}
}

// retrace counts the process's traced threads. While there are any the host has every signal delivered to them: the tracer
// decides what becomes of it.
func (p *Process) retrace(n int32) {
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	was := p.traced > 0
	p.traced = max(p.traced+n, 0)
	if is := p.traced > 0; is != was {
		for s := abi.Signal(1); s <= abi.SIGRTMAX; s++ {
			p.mirror(s)
		}
	}
}

// stopFor stops t with a status as wait(2) reports it, and returns the signal that the tracer resumes it with.
func (t *Task) stopFor(status uint32, info *sigInfo, call *callInfo) abi.Signal {
	x := t.trace
	x.SetInfo(info[:])
	x.SetCall(t.describeCall(call))
	x.SetState(tree.TraceStopped, status)
	t.tellTracer()
	aside := false
	defer func() {
		if aside { // in t's queue, and others kept back on the host
			atomic.StoreUint32(&t.St.Pending, 1)
		}
	}()
	for !t.gone() {
		aside = t.setAside() || aside
		if r, ok := x.Asked(); ok {
			res, sig, resumed := t.answer(r)
			if resumed {
				x.SetState(tree.TraceRunning, 0)
			}
			x.Respond(res)
			at, _ := x.AnswerWord()
			raw(hostsys.SYS_FUTEX, at, futexWake, 1, 0, 0, 0)
			if resumed {
				if r.Op == ptDetach {
					t.notTraced()
				}
				return sig
			}
			continue
		}
		if tracer := x.Tracer(); tracer == 0 || !hostsys.Alive(tracer) {
			x.Free()
			t.notTraced()
			return 0
		}
		if x.listens && (x.Attn()&tree.AttnInterrupt != 0 || t.hasContinue()) {
			x.listens = false
			stop := trapInfo(ptEventStop)
			x.SetInfo(stop[:])
			x.SetState(tree.TraceStopped, uint32(abi.SIGTRAP)<<8|0x7f|ptEventStop<<16)
			t.tellTracer()
		}
		at, v := x.RequestWord()
		if _, ok := x.Asked(); ok {
			continue
		}
		t.put64(0, 1) // one second: the tracer may have died
		t.host(hostsys.SYS_FUTEX, at, futexWait, uintptr(v), t.put64(8, 0)-8, 0, 0)
	}
	return 0
}

// setAside takes a signal from the host into t's own queue, as the window lets no call through before.
func (t *Task) setAside() (some bool) {
	var info sigInfo
	for hostsys.TakeSignal(t.St, (*[128]byte)(&info)) {
		some = true
		t.hostMask |= hostsys.GuestSignals
		if info.isAttention() {
			t.noticeStops()
			continue
		}
		t.Proc.sigMu.Lock()
		enqueue(&t.emu, &info)
		t.Proc.sigMu.Unlock()
	}
	return some
}

// hasContinue reports whether a SIGCONT is among the signals set aside.
func (t *Task) hasContinue() bool {
	t.Proc.sigMu.Lock()
	defer t.Proc.sigMu.Unlock()
	return queued(t.emu)&sigBit(abi.SIGCONT) != 0
}

// tellTracer makes the tracer look.
func (t *Task) tellTracer() {
	x := t.trace
	if t.attention(x.Tracer(), x.By(), 0) < 0 {
		t.attention(x.Tracer(), x.Tracer(), 0)
	}
}

// trapInfo is the siginfo of an event's SIGTRAP.
func trapInfo(event uint32) (info sigInfo) {
	info.setSig(abi.SIGTRAP)
	info.setCode(int32(uint32(abi.SIGTRAP) | event<<8))
	return info
}

// eventStop is one of the PTRACE_EVENT stops.
func (t *Task) eventStop(event uint32, message uint64) {
	if t.trace == nil {
		return
	}
	t.trace.SetMessage(message)
	info := trapInfo(event)
	info.setPid(uint32(t.Proc.PID), 0)
	t.stopFor(uint32(abi.SIGTRAP)<<8|0x7f|event<<16, &info, nil)
}

// seccompStop lets the tracer decide about a call, as a seccomp filter asks for: it may change its arguments, or give it another
// number, -1 for none. Another call is judged anew.
func (t *Task) seccompStop(c *Call, data uint32) (res int64, run bool) {
	g := t.Proc.Guest
	t.trace.SetMessage(uint64(data))
	info := trapInfo(ptEventSeccomp)
	t.raise(t.stopFor(uint32(abi.SIGTRAP)<<8|0x7f|ptEventSeccomp<<16, &info, &callInfo{op: callSeccomp, nr: uint64(c.Nr), args: t.sixArgs(), data: data}))
	switch nr := abi.Sysno(t.St.X[g.SysnoReg]); {
	case t.gone():
		return resHandled, false
	case nr == -1:
		return int64(t.St.X[g.RetReg]), false
	case nr != c.Nr:
		return resRestart, false
	}
	c.Args = t.args()
	return 0, true
}

// wantsEvent reports whether the tracer has asked for an event.
func (t *Task) wantsEvent(event uint32) bool {
	return t.trace != nil && t.trace.Options()&(1<<event) != 0
}

// signalStop asks the tracer about a signal that is to be delivered. It returns false if there is none any more; info may be another one.
func (t *Task) signalStop(info *sigInfo) bool {
	x := t.trace
	sig := t.stopFor(uint32(info.sig())<<8|0x7f, info, nil)
	if t.gone() || sig == 0 || sig > abi.SIGRTMAX {
		return false
	}
	tracer := x.Tracer()
	x.Info(info[:])
	if sig != info.sig() {
		*info = sigInfo{}
		info.setSig(sig)
		info.setPid(uint32(tracer), uint32(raw(hostsys.SYS_GETUID, 0, 0, 0, 0, 0, 0)))
	}
	return true
}

// goPreempts reports whether a signal may be the one by which Go's runtime preempts its own thread. A guest without a handler
// does not see it, so its tracer must not either.
func (t *Task) goPreempts(info *sigInfo) bool {
	p := t.Proc
	if info.sig() != abi.SIGURG || info.code() != siTkill || le.Uint32(info[16:]) != uint32(p.PID) {
		return false
	}
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	return p.actions[abi.SIGURG].ignored(abi.SIGURG)
}

// groupStop is the stop of a traced thread by SIGSTOP and its like.
func (t *Task) groupStop(sig abi.Signal) {
	var info sigInfo
	info.setSig(sig)
	status := uint32(sig)<<8 | 0x7f
	if t.trace.Seized() {
		info = trapInfo(ptEventStop)
		status |= ptEventStop << 16
	}
	t.stopFor(status, &info, nil)
}

// callInfo is the part of struct ptrace_syscall_info that depends on the stop.
type callInfo struct {
	op   uint8 // PTRACE_SYSCALL_INFO_
	nr   uint64
	args [6]uint64
	ret  int64
	data uint32
}

const (
	callEntry   = 1
	callExit    = 2
	callSeccomp = 3

	callInfoSize = 88
)

// describeCall is struct ptrace_syscall_info.
func (t *Task) describeCall(c *callInfo) []byte {
	g := t.Proc.Guest
	b := make([]byte, callInfoSize)
	le.PutUint32(b[4:], auditArch(g))
	le.PutUint64(b[8:], t.St.PC)
	le.PutUint64(b[16:], t.St.X[g.SPReg])
	if c == nil {
		return b
	}
	b[0] = c.op
	if c.op == callExit {
		le.PutUint64(b[24:], uint64(c.ret))
		if c.ret < 0 && c.ret >= -abi.MaxErrno {
			b[32] = 1
		}
		return b
	}
	le.PutUint64(b[24:], c.nr)
	for i, a := range c.args {
		le.PutUint64(b[32+8*i:], a)
	}
	le.PutUint32(b[80:], c.data)
	return b
}

// tracedCall is a syscall of a traced thread.
func (t *Task) tracedCall(run func()) {
	g := t.Proc.Guest
	x := t.trace
	emulated := x.how == ptSysEmu || x.how == ptSysEmuStep
	pc := t.St.PC
	if (x.how == ptSyscall || emulated) && x.entered != pc {
		t.callStop(&callInfo{op: callEntry, nr: t.St.X[g.SysnoReg], args: t.sixArgs()})
		if t.gone() || emulated {
			return
		}
		if nr := int64(t.St.X[g.SysnoReg]); nr == -1 { // the tracer does not want it
			t.callExitStop()
			return
		}
	}
	x.entered = 0
	run()
	if t.St.PC == pc-syscallLen(g) && !t.eintr { // a signal came before the call has done anything: it is made again
		x.entered = pc
		return
	}
	t.callExitStop()
}

// sixArgs are the arguments of the syscall being made.
func (t *Task) sixArgs() [6]uint64 {
	a := t.args()
	return [6]uint64(a[:6])
}

// callExitStop is the stop behind a syscall.
func (t *Task) callExitStop() {
	if t.trace == nil || t.trace.how != ptSyscall || t.gone() {
		return
	}
	ret := int64(t.St.X[t.Proc.Guest.RetReg])
	if t.eintr { // undecided whether a handler runs
		ret = resRestart
	}
	t.callStop(&callInfo{op: callExit, ret: ret})
}

func (t *Task) callStop(c *callInfo) {
	sig := uint32(abi.SIGTRAP)
	if t.trace.Options()&ptOptSysGood != 0 {
		sig |= 0x80
	}
	var info sigInfo
	info.setSig(abi.SIGTRAP)
	info.setCode(int32(sig))
	info.setPid(uint32(t.Proc.PID), 0)
	t.raise(t.stopFor(sig<<8|0x7f, &info, c))
}

// raise queues a signal with which a tracer resumes a thread that has not stopped for one.
func (t *Task) raise(sig abi.Signal) {
	if sig == 0 || sig > abi.SIGRTMAX || t.gone() {
		return
	}
	info := t.userInfo(sig, siUser)
	t.Proc.sigMu.Lock()
	enqueue(&t.emu, &info)
	t.Proc.sigMu.Unlock()
	atomic.StoreUint32(&t.St.Pending, 1)
}

// stepped is the stop behind an instruction that was executed alone.
func (t *Task) stepped() {
	if t.trace == nil || t.gone() {
		return
	}
	if h := t.trace.how; h != ptSingleStep && h != ptSysEmuStep {
		return
	}
	var info sigInfo
	info.setSig(abi.SIGTRAP)
	info.setCode(trapTrace)
	info.setAddr(t.St.PC)
	t.deliver(&info, false)
}

// stepping reports whether instructions are executed one at a time.
func (t *Task) stepping() bool {
	return t.trace != nil && (t.trace.how == ptSingleStep || t.trace.how == ptSysEmuStep)
}

// traceExec is what follows an execve that has succeeded.
func (t *Task) traceExec() {
	switch {
	case t.trace == nil:
		return
	case t.wantsEvent(ptEventExec):
		t.eventStop(ptEventExec, uint64(t.TID))
	case !t.trace.Seized():
		t.raise(abi.SIGTRAP)
	}
	t.callExitStop()
}

// traceEnd tells the tracer that the thread ends, or with it the process; status is as wait(2) reports it.
func (t *Task) traceEnd(status uint32) {
	if t.wantsEvent(ptEventExit) {
		t.eventStop(ptEventExit, uint64(status))
	}
}

// traceGone leaves a thread's status for its tracer, unless the host reports the end to it as the parent.
func (t *Task) traceGone(x tree.Tracee, status uint32) {
	if x.Tracer() == int(raw(hostsys.SYS_GETPPID, 0, 0, 0, 0, 0, 0)) && x.TID() == x.PID() {
		return // freed when the host has reported it
	}
	x.SetState(tree.TraceGone, status)
	if t.attention(x.Tracer(), x.By(), 0) < 0 {
		t.attention(x.Tracer(), x.Tracer(), 0)
	}
}

// inheritTrace makes a new thread or process a tracee of its parent's tracer, if that wants it: event is what it is
// told of, from the parent.
func (t *Task) inheritTrace(from *trace, event uint32) {
	if from == nil || from.Options()&(1<<event) == 0 {
		return
	}
	p := t.Proc
	x, ok := p.board.Trace(t.TID, p.PID, from.Tracer(), from.By())
	if !ok {
		return
	}
	x.SetOptions(from.Options())
	if from.Seized() {
		x.Seize()
	}
	t.beTraced(x)
	t.trace.starts = true
}

// firstStop is the stop of a thread that was traced from its start.
func (t *Task) firstStop() {
	x := t.trace
	x.starts = false
	if x.Seized() {
		t.eventStop(ptEventStop, 0)
		return
	}
	t.raise(abi.SIGSTOP)
}

// cloneEvent is the event of a clone.
func cloneEvent(a *cloneArgs) uint32 {
	switch {
	case a.flags&cloneUntraced != 0:
		return 31 // none
	case a.flags&cloneVfork != 0:
		return ptEventVfork
	case a.exitSignal == uint64(abi.SIGCHLD):
		return ptEventFork
	}
	return ptEventClone
}

// endTraces is for the end of the process: its tracers are told, and what it traces is not traced any more.
func (t *Task) endTraces(status uint32) {
	p := t.Proc
	if !p.board.AnyTraced() {
		return
	}
	for _, o := range p.Tasks() {
		if x := o.trace; x != nil {
			t.traceGone(x.Tracee, status)
		}
	}
	for x := range p.board.Tracees(p.PID) {
		if x.Options()&ptOptKill != 0 {
			raw(hostsys.SYS_KILL, uintptr(x.PID()), uintptr(abi.SIGKILL), 0, 0, 0, 0)
		}
		x.Orphan()
		at, _ := x.RequestWord()
		raw(hostsys.SYS_FUTEX, at, futexWake, 1, 0, 0, 0)
	}
}

// stopOther sends SIGSTOP to a traced process, on which the host would act itself. It reports false if pid is none.
func (t *Task) stopOther(pid int) bool {
	p := t.Proc
	if p.board == nil {
		return false
	}
	x, ok := p.board.Tracee(pid)
	return ok && t.attention(x.PID(), x.TID(), abi.SIGSTOP) == 0
}
