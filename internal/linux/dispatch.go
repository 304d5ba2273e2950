//go:build linux

package linux

import (
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
)

// Special results of a handler or a filter, outside the errno range.
const (
	// resRestart: the syscall did not run or must run again; the pc is rewound
	// to the syscall instruction (kernel: -ERESTARTSYS and its kin).
	resRestart = -512
	// resHandled: registers, pc included, are as the handler or filter left them
	// (rt_sigreturn, execve).
	resHandled = -513
)

// Verdict is what a filter decides about a call.
type Verdict struct {
	Action Action
	Value  int64  // Answer: the raw result; Exit: the status; Kill: the signal
	PC     uint64 // Jump
}

// Action is the kind of a Verdict.
type Action uint8

// Filter actions.
const (
	Pass    Action = iota // not mine: next filter, at last the default handler
	Answer                // the result is Value
	Handled               // the filter wrote the registers itself
	Restart               // execute the syscall instruction again
	Jump                  // continue at PC, result register untouched
	Exit                  // the process exits with status Value
	Kill                  // the process is killed by signal Value
)

// Hooks is what instrumentation adds to syscalls. Instrument sets the enable
// words; a call whose word is zero never looks at the rest.
type Hooks struct {
	// Enabled has, per syscall number (numbers outside use the last word), the
	// sum of Want bits of those that listen.
	Enabled [NumEnable]atomic.Uint32

	Entry  func(c *Call)         // WantEntry: tracing before the call
	Filter func(c *Call) Verdict // WantFilter
	Return func(c *Call)         // WantReturn: tracing of the result; may change c.Result
	Print  Printer               // WantPrint: strace

	// Clock is the guest's time, if it is not the host's.
	Clock VirtualClock

	// Events has the Want bits of the functions that follow, which are set if their bits are.
	Events        atomic.Uint32
	Map           func(t *Task, m Mapping)
	Unmap         func(t *Task, addr, size uint64)
	Signal        func(t *Task, sig abi.Signal, code int32, addr, handler uint64, fault bool) // before its handler's frame is made; handler 0: the default action
	Block         func(t *Task, begin bool)                                                   // around a host call that may wait
	Discontinuity func(t *Task, kind int, from uint64)                                        // St.PC is where t goes on

	// The rest are nil while nobody listens.
	Loaded      func(t *Task, again bool)        // a program has been loaded and is about to start on t; again: by execve
	ThreadStart func(t *Task)                    // on the new thread, before its first instruction
	ThreadExit  func(t *Task)                    // on the thread that ends
	Fork        func(child *Task)                // in a forked child, before it runs
	Exit        func(status int, sig abi.Signal) // once, when the process ends, before the host process does
}

// Bits of an enable word.
const (
	WantEntry uint32 = 1 << iota
	WantFilter
	WantReturn
	WantPrint
)

// NumEnable is the number of enable words: one per syscall number, the last for
// all numbers beyond.
const NumEnable = 512

// Printer prints calls as they happen.
type Printer interface {
	Call(c *Call)   // name and arguments
	Result(c *Call) // result, after c.Done
	// Executing comes before the host executes a program in the place of this process.
	Executing(t *Task)
	Executed(t *Task) // a new program is loaded in this process
	Signal(t *Task, info []byte)
	Exited(t *Task, status int, sig abi.Signal)
}

// word returns the enable word of a syscall number.
func (h *Hooks) word(nr abi.Sysno) *atomic.Uint32 {
	if uint64(nr) >= NumEnable-1 {
		return &h.Enabled[NumEnable-1]
	}
	return &h.Enabled[nr]
}

// syscall runs the syscall that the task's registers ask for. The pc is already
// after the instruction (S-23).
func (t *Task) syscall() {
	g := t.Proc.Guest
	st := t.St
	nr := abi.Sysno(st.X[g.SysnoReg])
	row := t.Proc.table.row(nr)
	if want := t.Proc.Hooks.word(nr).Load(); want != 0 {
		t.hookedSyscall(nr, row, want)
		return
	}
	c := &t.call
	if t.inCall { // made by a function that a plugin calls
		outer := t.cur
		c = new(Call)
		defer func() { t.cur = outer }()
	}
	c.start(t, nr, row, t.args(), st.PC)
	pc := st.PC
	if t.confined() {
		if res, run := t.judge(c); !run {
			t.finish(c, res)
			t.hostCallOver(pc)
			return
		}
	}
	t.finish(c, row.run(t, c))
	t.hostCallOver(pc)
}

// hostCallOver tells that a system call is over that was made before pc. Of one that was interrupted
// signals tells, which knows whether it is made again.
func (t *Task) hostCallOver(pc uint64) {
	if !t.eintr && t.wants(WantDiscontinuity) && !t.gone() {
		t.discontinuity(DiscHostCall, pc-syscallLen(t.Proc.Guest))
	}
}

// args reads the six argument registers; those of a 32-bit guest lose what sign
// extension has left in the upper halves (S-28).
func (t *Task) args() (a [8]uint64) {
	g := t.Proc.Guest
	for i, r := range g.ArgRegs {
		a[i] = g.Narrow(t.St.X[r])
	}
	return a
}

// hookedSyscall is the whole sequence of one call with somebody listening:
// entry events, strace line, the guest's own seccomp filters, filters, handler, strace result, return events,
// result register. Arguments are captured before the first of them (S-24).
func (t *Task) hookedSyscall(nr abi.Sysno, row *Row, want uint32) {
	h := t.Proc.Hooks
	c := &t.call
	if t.inCall { // a plugin made the guest call again from inside a callback
		c = new(Call)
	}
	defer func(nested bool) { t.inCall = nested }(t.inCall)
	t.inCall = true
	c.start(t, nr, row, t.args(), t.St.PC)
	if want&WantEntry != 0 {
		h.Entry(c)
		if t.diverted() {
			return
		}
	}
	if want&WantPrint != 0 {
		h.Print.Call(c)
	}
	var began time.Time
	if want&(WantReturn|WantPrint) != 0 {
		began = time.Now()
	}
	v, res, run := Verdict{Action: Pass}, int64(0), true
	if t.confined() {
		res, run = t.judge(c)
	}
	if run && want&WantFilter != 0 {
		v = h.Filter(c)
		if t.diverted() {
			c.release()
			return
		}
	}
	switch v.Action {
	case Pass:
		if run {
			res = row.run(t, c)
		}
	case Answer:
		res = v.Value
		c.final = !c.interrupted
	case Handled:
		res = resHandled
	case Restart:
		res = resRestart
	case Jump:
		t.St.PC = v.PC
		res = resHandled
	case Exit:
		c.release()
		t.exitGroup(int(v.Value))
		return
	case Kill:
		c.release()
		t.killProcess(abi.Signal(v.Value))
		return
	}
	if c.res != nil {
		c.release()
	}
	if t.gone() {
		return
	}
	c.Result, c.Done = res, true
	if !began.IsZero() {
		c.Elapsed = time.Since(began)
	}
	if want&WantPrint != 0 && !c.hidden {
		h.Print.Result(c)
	}
	if want&WantReturn != 0 && !c.hidden {
		h.Return(c)
		if t.diverted() {
			return
		}
	}
	c.final = c.final || c.Result != res
	t.finish(c, c.Result)
	t.hostCallOver(c.PC)
}

// Invoke runs the default handler of c with its present arguments, for filters.
func (c *Call) Invoke() int64 {
	r := c.Row.run(c.Task, c)
	c.interrupted = r == eintr
	return r
}

// Invoke runs the default handler of another syscall on behalf of t, unseen by hooks.
func (t *Task) Invoke(nr abi.Sysno, args [8]uint64) int64 {
	outer := t.cur
	c := &Call{}
	c.start(t, nr, t.Proc.table.row(nr), args, t.St.PC)
	c.direct = true
	r := c.Row.run(t, c)
	t.cur = outer
	return r
}

// finish applies a result to the registers.
func (t *Task) finish(c *Call, res int64) {
	switch {
	case res == resRestart:
		t.restartSyscall()
	case res == resHandled:
	case res == eintr && !c.final:
		// Only a handler that runs makes a call fail with EINTR; see signals.
		ret := &t.St.X[t.Proc.Guest.RetReg]
		t.eintr, t.eintrRet = c.Row.restarts(), *ret
		*ret = uint64(res)
	default:
		t.St.X[t.Proc.Guest.RetReg] = t.Proc.Guest.Narrow(uint64(res))
	}
}
