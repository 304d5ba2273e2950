//go:build linux

package linux

import (
	"bytes"
	"io"
	"strconv"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
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

// Strace is a [Printer] that writes lines as strace(1) does.
type Strace struct {
	w io.Writer

	mu    sync.Mutex
	many  bool  // several threads or processes have been seen
	first int   // the first thread seen
	open  *Task // whose line is written and not ended
	buf   []byte
	next  map[*Task]int // argument to go on with, of calls under way
}

// NewStrace returns a printer that writes to w: a part of a line before a call, the rest
// when it has returned.
func NewStrace(w io.Writer) *Strace {
	return &Strace{w: w, next: make(map[*Task]int)}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(c.Task)
	s.buf = append(s.buf, text...)
	if c.Row.NoReturn {
		s.buf = append(s.buf, ") = ?\n"...)
	} else {
		s.next[c.Task] = next
		s.open = c.Task
	}
	s.flush()
}

// Result prints the rest of the line.
func (s *Strace) Result(c *Call) {
	if c.Row.NoReturn && c.Result == resHandled {
		return // rt_sigreturn: the line has ended already
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next, known := s.next[c.Task]
	delete(s.next, c.Task)
	if s.open != c.Task {
		s.begin(c.Task)
		s.buf = append(s.buf, "<... "...)
		s.buf = append(s.buf, c.Name()...)
		s.buf = append(s.buf, " resumed>"...)
	}
	if c.Row.Name != "" && known {
		s.buf, _ = argfmt.AppendArgs(s.buf, callSource{c}, c.Row.Args, next, true)
	}
	s.buf = append(s.buf, ") = "...)
	if c.Result == resHandled && (c.Row.Name == "execve" || c.Row.Name == "execveat") {
		s.buf = append(s.buf, '0') // a new program is loaded
	} else {
		s.buf = argfmt.AppendResult(s.buf, callSource{c}, c.Row.Args, c.Row.Ret)
	}
	if c.Filtered != "" {
		s.buf = append(s.buf, " (by plugin "...)
		s.buf = append(s.buf, c.Filtered...)
		s.buf = append(s.buf, ')')
	}
	s.buf = append(s.buf, '\n')
	s.open = nil
	s.flush()
}

// Signal prints a signal that is being delivered.
func (s *Strace) Signal(t *Task, info []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(t)
	sig := abi.Signal(info[0])
	s.buf = append(s.buf, "--- "...)
	s.buf = append(s.buf, sig.Name()...)
	s.buf = append(s.buf, ' ')
	s.buf = argfmt.AppendSiginfo(s.buf, info)
	s.buf = append(s.buf, " ---\n"...)
	s.open = nil
	s.flush()
}

// Exited prints the end of the process.
func (s *Strace) Exited(t *Task, status int, sig abi.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == t { // killed within a call
		s.buf = append(s.buf, ") = ?\n"...)
		s.open = nil
	}
	delete(s.next, t)
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
	s.flush()
}

// begin ends an unfinished line of another thread and begins one of t's.
func (s *Strace) begin(t *Task) {
	if s.open != nil {
		s.buf = append(s.buf, " <unfinished ...>\n"...)
		s.open = nil
	}
	switch {
	case s.first == 0:
		s.first = t.TID
	case s.first != t.TID:
		s.many = true
	}
	if s.many {
		s.buf = append(s.buf, "[pid "...)
		s.buf = append(s.buf, bytes.Repeat([]byte{' '}, max(0, 5-len(strconv.Itoa(t.TID))))...)
		s.buf = strconv.AppendInt(s.buf, int64(t.TID), 10)
		s.buf = append(s.buf, "] "...)
	}
}

func (s *Strace) flush() {
	s.w.Write(s.buf) // a trace that cannot be written must not stop the program
	s.buf = s.buf[:0]
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
		s.of[t.TID] = NewStrace(s.w)
	}
	return s.of[t.TID]
}

// Call implements Printer.
func (s *ThreadStrace) Call(c *Call) { s.thread(c.Task).Call(c) }

// Result implements Printer.
func (s *ThreadStrace) Result(c *Call) { s.thread(c.Task).Result(c) }

// Signal implements Printer.
func (s *ThreadStrace) Signal(t *Task, info []byte) { s.thread(t).Signal(t, info) }

// Exited implements Printer.
func (s *ThreadStrace) Exited(t *Task, status int, sig abi.Signal) {
	s.thread(t).Exited(t, status, sig)
}
