//go:build linux

package linux

import (
	"bytes"
	"os"
	"strconv"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/tree"
)

// sysPtrace is the tracer's side, see trace_stop.go. Only what runs in the same tree of guests can be traced.
func (t *Task) sysPtrace(request int64, pid int32, addr, data uint64) int64 {
	p := t.Proc
	switch request {
	case ptTraceMe:
		return t.traceMe()
	case ptAttach, ptSeize:
		return t.attach(request, int(pid), addr, data)
	}
	if p.board == nil {
		return abi.ESRCH.Result()
	}
	x, ok := p.board.Tracee(int(pid))
	if !ok || x.Tracer() != p.PID {
		return abi.ESRCH.Result()
	}
	switch request {
	case ptKill:
		raw(hostsys.SYS_KILL, uintptr(x.PID()), uintptr(abi.SIGKILL), 0, 0, 0, 0)
		return 0
	case ptInterrupt:
		if !x.Seized() {
			return abi.EIO.Result()
		}
		x.AddAttn(tree.AttnInterrupt)
		t.attention(x.PID(), x.TID(), 0)
		return 0
	}
	if x.State() != tree.TraceStopped {
		return abi.ESRCH.Result()
	}
	return t.askTracee(x, request, addr, data)
}

// askTracee is a request about a stopped thread.
func (t *Task) askTracee(x tree.Tracee, request int64, addr, data uint64) int64 {
	switch request {
	case ptSetOptions:
		if data&^ptOptAll != 0 {
			return abi.EINVAL.Result()
		}
		x.SetOptions(uint32(data))
		return 0
	case ptGetEventMsg:
		return t.putWord(data, x.Message())
	case ptGetSigInfo, ptSetSigInfo:
		var info sigInfo
		if request == ptGetSigInfo {
			x.Info(info[:])
			if x.Seized() && x.Status()>>16 == ptEventStop && info.sig() != abi.SIGTRAP {
				return abi.EINVAL.Result() // a group stop
			}
			return t.putBytes(data, info[:])
		}
		if !t.read(data, info[:]) {
			return abi.EFAULT.Result()
		}
		x.SetInfo(info[:])
		return 0
	case ptGetSyscallInfo:
		b := make([]byte, callInfoSize)
		x.Call(b)
		n := callInfoLen(b[0])
		if !t.Proc.Mem.Write(data, b[:min(uint64(n), addr)]) {
			return abi.EFAULT.Result()
		}
		return int64(n)
	case ptPeekText, ptPeekData:
		if r := t.ask(x, tree.Request{Op: request, Addr: addr}); r != 0 {
			return r
		}
		var b [8]byte
		hostsys.CopyIn(b[:], x.Buffer())
		return t.putBytes(data, b[:])
	case ptGetRegSet, ptSetRegSet:
		return t.askRegSet(x, request, addr, data)
	case ptGetSigMask, ptSetSigMask:
		var b [8]byte
		if addr != uint64(len(b)) {
			return abi.EINVAL.Result()
		}
		if request == ptSetSigMask {
			if !t.read(data, b[:]) {
				return abi.EFAULT.Result()
			}
			return t.ask(x, tree.Request{Op: request, Data: le.Uint64(b[:])})
		}
		le.PutUint64(b[:], uint64(t.ask(x, tree.Request{Op: request})))
		return t.putBytes(data, b[:])
	case ptListen:
		if !x.Seized() || x.Status()>>16 != ptEventStop {
			return abi.EIO.Result()
		}
		return t.ask(x, tree.Request{Op: request})
	case ptCont, ptSyscall, ptSingleStep, ptSysEmu, ptSysEmuStep, ptDetach:
		if data > uint64(abi.SIGRTMAX) {
			return abi.EIO.Result()
		}
		r := t.ask(x, tree.Request{Op: request, Data: data})
		if r == 0 && request == ptDetach {
			x.Free()
		}
		return r
	case ptPokeText, ptPokeData:
		return t.ask(x, tree.Request{Op: request, Addr: addr, Data: data})
	}
	return abi.EIO.Result() // the riscv64 kernel has no PTRACE_GETREGS and its like
}

// callInfoLen is how much of struct ptrace_syscall_info is used.
func callInfoLen(op byte) int {
	switch op {
	case callEntry:
		return 80
	case callExit:
		return 33
	case callSeccomp:
		return 84
	}
	return 24
}

// askRegSet copies registers by way of a struct iovec, whose length becomes what was copied.
func (t *Task) askRegSet(x tree.Tracee, request int64, typ, iov uint64) int64 {
	var v [16]byte
	if !t.read(iov, v[:]) {
		return abi.EFAULT.Result()
	}
	base, n := le.Uint64(v[:]), min(le.Uint64(v[8:]), tree.TraceRoom)
	if n%8 != 0 { // of a register; gdb finds out the size of FP registers by this
		return abi.EINVAL.Result()
	}
	b := make([]byte, n)
	r := tree.Request{Op: request, Addr: typ, Data: n}
	if request == ptSetRegSet {
		if !t.read(base, b) {
			return abi.EFAULT.Result()
		}
		hostsys.CopyOut(x.Buffer(), b)
		if res := t.ask(x, r); res != 0 {
			return res
		}
	} else {
		res := t.ask(x, r)
		if res < 0 {
			return res
		}
		b = b[:min(n, uint64(res))]
		hostsys.CopyIn(b, x.Buffer())
		if !t.Proc.Mem.Write(base, b) {
			return abi.EFAULT.Result()
		}
	}
	return t.putWord(iov+8, uint64(len(b)))
}

func (t *Task) putBytes(addr uint64, b []byte) int64 {
	if !t.Proc.Mem.Write(addr, b) {
		return abi.EFAULT.Result()
	}
	return 0
}

func (t *Task) putWord(addr, v uint64) int64 {
	var b [8]byte
	le.PutUint64(b[:], v)
	return t.putBytes(addr, b[:])
}

// ask has a stopped thread do something, and waits until it has.
func (t *Task) ask(x tree.Tracee, r tree.Request) int64 {
	at, v := x.AnswerWord()
	x.Ask(r)
	word, _ := x.RequestWord()
	raw(hostsys.SYS_FUTEX, word, futexWake, 1, 0, 0, 0)
	for n := 0; ; n++ {
		if res, ok := x.Answered(); ok {
			return res
		}
		if n > 3 && !hostsys.Alive(x.PID()) || x.State() == tree.TraceGone {
			return abi.ESRCH.Result()
		}
		// Not through the window: a signal for the tracer waits until the answer is there.
		t.put64(0, 0)
		raw(hostsys.SYS_FUTEX, at, futexWait, uintptr(v), t.put64(8, 10e6)-8, 0, 0)
	}
}

// traceMe makes t a tracee of the process's parent.
func (t *Task) traceMe() int64 {
	p := t.Proc
	parent := int(raw(hostsys.SYS_GETPPID, 0, 0, 0, 0, 0, 0))
	if t.trace != nil || p.board == nil || !t.inTree(parent) {
		return abi.EPERM.Result()
	}
	x, ok := p.board.Trace(t.TID, p.PID, parent, parent)
	if !ok {
		return abi.EPERM.Result()
	}
	t.beTraced(x)
	return 0
}

// attach makes a running thread of the tree a tracee.
func (t *Task) attach(request int64, tid int, addr, data uint64) int64 {
	p := t.Proc
	pid, ok := threadGroup(tid)
	switch {
	case !ok:
		return abi.ESRCH.Result()
	case request == ptSeize && addr != 0:
		return abi.EIO.Result()
	case request == ptSeize && data&^ptOptAll != 0:
		return abi.EINVAL.Result()
	case pid == p.PID || p.board == nil || !t.inTree(pid):
		return abi.EPERM.Result()
	}
	if r := raw(hostsys.SYS_KILL, uintptr(pid), 0, 0, 0, 0, 0); r < 0 {
		return r
	}
	x, ok := p.board.Trace(tid, pid, p.PID, t.TID)
	if !ok {
		return abi.EPERM.Result()
	}
	attn := uint32(tree.AttnAttach)
	if request == ptSeize {
		x.Seize()
		x.SetOptions(uint32(data))
	} else {
		attn |= tree.AttnInterrupt
	}
	x.AddAttn(attn)
	if r := t.attention(pid, tid, 0); r < 0 {
		x.Free()
		return r
	}
	return 0
}

// inTree reports whether a process is a guest of the tree.
func (t *Task) inTree(pid int) bool {
	_, ok := t.member(pid)
	return ok
}

// threadGroup returns the process that a thread is of.
func threadGroup(tid int) (pid int, ok bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(tid) + "/status")
	if tid <= 0 || err != nil {
		return 0, false
	}
	_, rest, ok := bytes.Cut(b, []byte("\nTgid:\t"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	pid, err = strconv.Atoi(string(line))
	return pid, ok && err == nil
}
