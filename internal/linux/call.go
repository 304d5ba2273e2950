//go:build linux

package linux

import (
	"encoding/binary"
	"time"

	"github.com/weir-emu/weir/abi"
)

// Call is one syscall of one task, from entry to result. Whatever it reads from
// guest memory through an argument it reads once: the filters, the printer and
// the handler see the same copy, so another guest thread cannot change a path
// between a check and its use.
//
// A Call belongs to its task and is reused by the next syscall.
type Call struct {
	Task *Task
	Row  *Row
	Nr   abi.Sysno
	Args [8]uint64 // six arguments; the last two are zero on six-argument ABIs
	PC   uint64    // after the syscall instruction

	Result   int64 // raw kernel result; meaningful once Done
	Done     bool
	Filtered string        // name of the plugin that answered, empty if the handler ran
	Elapsed  time.Duration // of filters and handler; set only when somebody listens

	hidden bool // a filter asked that tracing not see this call
	direct bool // being run by Invoke: no hooks

	interrupted bool // Invoke's last result was EINTR
	final       bool // the result is a plugin's, not one that signals decide about
	copies      [6]guestCopy
	res         *resolution // nil unless a filter resolves paths or addresses
}

// guestCopy is what was read from guest memory through one argument.
type guestCopy struct {
	data  []byte
	str   bool      // data is a NUL-terminated string, without the NUL
	errno abi.Errno // EFAULT or ENAMETOOLONG met while reading
	state copyState
}

type copyState uint8

const (
	copyNone copyState = iota
	copyRead           // data was read from guest memory
	copySet            // data was put there by a filter
)

// start makes c the call nr(args) at pc.
func (c *Call) start(t *Task, nr abi.Sysno, row *Row, args [8]uint64, pc uint64) {
	c.Task, c.Row, c.Nr, c.Args, c.PC = t, row, nr, args, pc
	t.cur = c
	c.Result, c.Done, c.Filtered, c.hidden, c.direct, c.Elapsed = 0, false, "", false, false, 0
	c.interrupted, c.final = false, false
	for i := range c.copies {
		if c.copies[i].state != copyNone {
			c.copies[i] = guestCopy{}
		}
	}
}

// MaxPath is PATH_MAX (limits.h): 4096 bytes including the NUL.
const MaxPath = 4096

const maxPath = MaxPath

// CString returns the string that argument i points at, without the NUL, reading it
// at most once. It fails with EFAULT, or ENAMETOOLONG beyond max bytes.
func (c *Call) CString(i, limit int) (string, abi.Errno) {
	g := &c.copies[i]
	if g.state == copyNone || g.state == copyRead && !g.str {
		data, errno := c.Task.Proc.Mem.ReadCString(c.Args[i], limit)
		*g = guestCopy{data: data, str: true, errno: errno, state: copyRead}
	}
	return string(g.data), g.errno
}

// In returns the n bytes that argument i points at, reading each byte at most once;
// EFAULT if they are not all readable. The slice is valid until the call ends.
func (c *Call) In(i, n int) ([]byte, abi.Errno) {
	g := &c.copies[i]
	switch {
	case g.state == copySet || g.state == copyRead && len(g.data) >= n:
	default:
		have := 0
		if g.state == copyRead {
			have = len(g.data)
		}
		data := make([]byte, n)
		copy(data, g.data[:have])
		if !c.Task.Proc.Mem.Read(c.Args[i]+uint64(have), data[have:]) {
			return nil, abi.EFAULT
		}
		*g = guestCopy{data: data, state: copyRead}
	}
	if len(g.data) < n {
		return nil, abi.EFAULT
	}
	return g.data[:n], 0
}

// Copied returns the copy made of what argument i points at, if one was made.
func (c *Call) Copied(i int) ([]byte, bool) {
	g := &c.copies[i]
	return g.data, g.state != copyNone && g.errno == 0
}

// read fills p from guest memory at addr for the handler of the present call: from the
// copy, if one was made through an argument with that value.
func (t *Task) read(addr uint64, p []byte) bool {
	if c := t.cur; c != nil {
		for i := range c.copies {
			if g := &c.copies[i]; g.state != copyNone && !g.str && c.Args[i] == addr && g.errno == 0 && len(g.data) >= len(p) {
				copy(p, g.data)
				return true
			}
		}
	}
	return t.Proc.Mem.Read(addr, p)
}

// readU64 and readU32 are read for one word.
func (t *Task) readU64(addr uint64) (uint64, bool) {
	var b [8]byte
	ok := t.read(addr, b[:])
	return binary.LittleEndian.Uint64(b[:]), ok
}

func (t *Task) readU32(addr uint64) (uint32, bool) {
	var b [4]byte
	ok := t.read(addr, b[:])
	return binary.LittleEndian.Uint32(b[:]), ok
}

// SetArg replaces argument i; a copy made through the old value is dropped.
func (c *Call) SetArg(i int, v uint64) {
	c.Args[i] = v
	if i < len(c.copies) {
		c.copies[i] = guestCopy{}
	}
}

// SetIn makes the handler see data, instead of guest memory, behind argument i.
func (c *Call) SetIn(i int, data []byte, isString bool) {
	c.copies[i] = guestCopy{data: data, str: isString, state: copySet}
}

// Hide asks that tracing events and strace lines after the filters not see the call.
func (c *Call) Hide() { c.hidden = true }
