//go:build linux

package linux

import (
	"bytes"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
)

// callSource shows a Call to argfmt.
type callSource struct{ c *Call }

func (s callSource) Arg(i int) uint64 {
	if i < 0 || i >= len(s.c.Args) {
		return 0
	}
	return s.c.Args[i]
}

func (s callSource) Result() (int64, bool) { return s.c.Result, s.c.Done }

func (s callSource) In(i, n int) ([]byte, abi.Errno) { return s.c.In(i, n) }

func (s callSource) CString(i, limit int) (string, abi.Errno) { return s.c.CString(i, limit) }

func (s callSource) Peek(i, n int) ([]byte, bool) {
	if b, ok := s.c.Copied(i); ok {
		if len(b) >= n {
			return b[:n], true
		}
		b, e := s.c.In(i, n)
		return b, e == 0
	}
	b := make([]byte, n)
	return b, s.Read(s.c.Args[i], b)
}

func (s callSource) Read(addr uint64, b []byte) bool { return s.c.Task.Proc.Mem.Read(addr, b) }

func (s callSource) Layout() argfmt.Layout {
	if s.c.Task.Proc.Guest.Linux.Generic {
		return argfmt.Generic
	}
	return argfmt.X86
}

// Strace is a [Printer] that writes lines as strace(1) does. Forked processes go on with their copies of it, and write
// to the same file.
type Strace struct {
	w io.Writer

	mu    sync.Mutex
	first int // the first thread seen
	buf   []byte
	next  map[*Task]int // argument to go on with, of calls under way
	all   []uint64      // what all processes that write to w share; see below

	executed bool // the first line is the result of the execve that began this program
}

// Indices of Strace.all.
const (
	straceLock = iota // held while a process writes
	straceOpen        // thread whose line is written and not ended
	straceMany        // several threads or processes have been seen
	numStrace
)

// NewStrace returns a printer that writes to w: a part of a line before a call, the rest
// when it has returned.
//
// resumed: the program was executed by that of another weir, whose trace w has, too.
func NewStrace(w io.Writer, resumed bool) *Strace {
	s := &Strace{w: w, next: make(map[*Task]int), all: hostsys.ShareWords(numStrace * 8), executed: resumed}
	if s.all == nil {
		s.all = make([]uint64, numStrace)
	}
	if resumed {
		s.all[straceMany] = 1
	}
	return s
}

// lock begins writing. A process that dies while it writes must not stop the others: their lines
// are mixed then.
func (s *Strace) lock() {
	s.mu.Lock()
	for range 20000 {
		if atomic.CompareAndSwapUint64(&s.all[straceLock], 0, 1) {
			return
		}
		hostsys.RawSyscall(hostsys.SYS_SCHED_YIELD, 0, 0, 0, 0, 0, 0)
	}
}

// unlock writes what has been collected, and ends writing.
func (s *Strace) unlock() {
	s.w.Write(s.buf) // a trace that cannot be written must not stop the program
	s.buf = s.buf[:0]
	atomic.StoreUint64(&s.all[straceLock], 0)
	s.mu.Unlock()
}

func (s *Strace) isOpen(t *Task) bool {
	return atomic.LoadUint64(&s.all[straceOpen]) == uint64(t.TID)
}

// AttachPrinter makes p the printer of every syscall.
func AttachPrinter(h *Hooks, p Printer) {
	h.Print = p
	for i := range h.Enabled {
		h.Enabled[i].Or(WantPrint)
	}
}

// Call prints the name and the arguments known before the call.
func (s *Strace) Call(c *Call) {
	var text []byte
	text = append(text, c.Name()...)
	text = append(text, '(')
	next := 0
	if c.Row.Name == "" {
		for i := range 6 {
			if i > 0 {
				text = append(text, ", "...)
			}
			text = append(text, "0x"...)
			text = strconv.AppendUint(text, c.Args[i], 16)
		}
	} else {
		text, next = argfmt.AppendArgs(text, callSource{c}, c.Row.Args, 0, false)
	}
	s.lock()
	defer s.unlock()
	s.begin(c.Task)
	s.buf = append(s.buf, text...)
	if c.Row.NoReturn {
		s.buf = append(s.buf, ") = ?\n"...)
		return
	}
	s.next[c.Task] = next
	atomic.StoreUint64(&s.all[straceOpen], uint64(c.Task.TID))
}

// Result prints the rest of the line.
func (s *Strace) Result(c *Call) {
	if c.Row.NoReturn && c.Result == resHandled {
		return // rt_sigreturn: the line has ended already
	}
	next, known := s.takeNext(c.Task)
	if c.Result == 0 && (c.Row.Name == "clone" || c.Row.Name == "clone3") {
		return // in the child: the call is the parent's
	}
	s.lock()
	defer s.unlock()
	if !s.isOpen(c.Task) {
		s.begin(c.Task)
		s.buf = append(s.buf, "<... "...)
		s.buf = append(s.buf, c.Name()...)
		s.buf = append(s.buf, " resumed>"...)
	}
	if c.Row.Name != "" && known {
		s.buf, _ = argfmt.AppendArgs(s.buf, callSource{c}, c.Row.Args, next, true)
	}
	s.buf = append(s.buf, ") = "...)
	s.buf = argfmt.AppendResult(s.buf, callSource{c}, c.Row.Args, c.Row.Ret)
	if c.Filtered != "" {
		s.buf = append(s.buf, " (by plugin "...)
		s.buf = append(s.buf, c.Filtered...)
		s.buf = append(s.buf, ')')
	}
	s.buf = append(s.buf, '\n')
	atomic.StoreUint64(&s.all[straceOpen], 0)
}

// Executing ends the line of an execve(2) that the host makes: this process may not be able to write its result.
func (s *Strace) Executing(t *Task) {
	s.lock()
	defer s.unlock()
	if s.isOpen(t) {
		s.interrupt()
	}
}

// Executed prints the result of an execve(2) that has succeeded.
func (s *Strace) Executed(t *Task) {
	s.takeNext(t)
	s.lock()
	defer s.unlock()
	if !s.isOpen(t) {
		s.begin(t)
		s.buf = append(s.buf, "<... execve resumed>"...)
	}
	s.buf = append(s.buf, ") = 0\n"...)
	atomic.StoreUint64(&s.all[straceOpen], 0)
}

// takeNext returns where the arguments of t's call under way go on.
func (s *Strace) takeNext(t *Task) (next int, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, known = s.next[t]
	delete(s.next, t)
	return next, known
}

// Signal prints a signal that is being delivered.
func (s *Strace) Signal(t *Task, info []byte) {
	s.lock()
	defer s.unlock()
	s.begin(t)
	sig := abi.Signal(info[0])
	s.buf = append(s.buf, "--- "...)
	s.buf = append(s.buf, sig.Name()...)
	s.buf = append(s.buf, ' ')
	s.buf = argfmt.AppendSiginfo(s.buf, info)
	s.buf = append(s.buf, " ---\n"...)
}

// Exited prints the end of the process.
func (s *Strace) Exited(t *Task, status int, sig abi.Signal) {
	s.takeNext(t)
	s.lock()
	defer s.unlock()
	if s.isOpen(t) { // killed within a call
		s.buf = append(s.buf, " <unfinished ...>) = ?\n"...)
		atomic.StoreUint64(&s.all[straceOpen], 0)
	}
	s.begin(t)
	s.buf = append(s.buf, "+++ "...)
	if sig != 0 {
		s.buf = append(s.buf, "killed by "...)
		s.buf = append(s.buf, sig.Name()...)
	} else {
		s.buf = append(s.buf, "exited with "...)
		s.buf = strconv.AppendInt(s.buf, int64(status&0xff), 10)
	}
	s.buf = append(s.buf, " +++\n"...)
}

// begin ends an unfinished line of another thread and begins one of t's.
func (s *Strace) begin(t *Task) {
	s.interrupt()
	if s.executed {
		s.executed = false
		s.prefix(t)
		s.buf = append(s.buf, "<... execve resumed>) = 0\n"...)
	}
	switch {
	case s.first == 0:
		s.first = t.TID
	case s.first != t.TID:
		atomic.StoreUint64(&s.all[straceMany], 1)
	}
	s.prefix(t)
}

// interrupt ends the line that is open, if one is.
func (s *Strace) interrupt() {
	if atomic.SwapUint64(&s.all[straceOpen], 0) != 0 {
		s.buf = append(s.buf, " <unfinished ...>\n"...)
	}
}

// prefix tells the thread, if there are several.
func (s *Strace) prefix(t *Task) {
	if atomic.LoadUint64(&s.all[straceMany]) != 0 {
		s.buf = append(s.buf, "[pid "...)
		s.buf = append(s.buf, bytes.Repeat([]byte{' '}, max(0, 5-len(strconv.Itoa(t.TID))))...)
		s.buf = strconv.AppendInt(s.buf, int64(t.TID), 10)
		s.buf = append(s.buf, "] "...)
	}
}

// ThreadStrace is a Strace for each thread, for a writer that keeps the threads apart: no line is
// left unfinished for another thread's.
type ThreadStrace struct {
	w  io.Writer
	mu sync.Mutex
	of map[int]*Strace // by thread ID: a forked child's is another one
}

// NewThreadStrace returns a printer that writes to w on the thread concerned.
func NewThreadStrace(w io.Writer) *ThreadStrace {
	return &ThreadStrace{w: w, of: make(map[int]*Strace)}
}

func (s *ThreadStrace) thread(t *Task) *Strace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[t.TID] == nil {
		s.of[t.TID] = NewStrace(s.w, false)
	}
	return s.of[t.TID]
}

// Call implements Printer.
func (s *ThreadStrace) Call(c *Call) { s.thread(c.Task).Call(c) }

// Result implements Printer.
func (s *ThreadStrace) Result(c *Call) { s.thread(c.Task).Result(c) }

// Executing implements Printer.
func (s *ThreadStrace) Executing(t *Task) { s.thread(t).Executing(t) }

// Executed implements Printer.
func (s *ThreadStrace) Executed(t *Task) { s.thread(t).Executed(t) }

// Signal implements Printer.
func (s *ThreadStrace) Signal(t *Task, info []byte) { s.thread(t).Signal(t, info) }

// Exited implements Printer.
func (s *ThreadStrace) Exited(t *Task, status int, sig abi.Signal) {
	s.thread(t).Exited(t, status, sig)
}
