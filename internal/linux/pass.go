//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Guest and host are both 64-bit little-endian Linux, so most calls are the host's own with
// pointers translated: pass makes such rows. How an argument travels follows
// from its kind (argfmt.Class).

// le is the byte order of guests and hosts.
var le = binary.LittleEndian

// pass makes the row of a call that the host answers and that may block.
func pass(nr abi.Sysno, name, args string, host uintptr, kinds ...argfmt.Kind) Row {
	r := row(name, args, Full, kinds...)
	r.Nr = nr
	r.run = func(t *Task, c *Call) int64 { return t.pass(c, host, (*Task).hostBlock) }
	return r
}

// fast is pass for a call that does not block.
func fast(nr abi.Sysno, name, args string, host uintptr, kinds ...argfmt.Kind) Row {
	r := row(name, args, Full, kinds...)
	r.Nr = nr
	r.run = func(t *Task, c *Call) int64 { return t.pass(c, host, (*Task).hostFast) }
	return r
}

// own makes the row of a call that has a handler.
func own(nr abi.Sysno, name, args string, run func(t *Task, c *Call) int64, kinds ...argfmt.Kind) Row {
	r := row(name, args, Full, kinds...)
	r.Nr, r.run = nr, run
	return r
}

// flatNote is the note of rows that need guest addresses to be host addresses.
const flatNote = "its structures contain addresses: only with guest base 0, the normal case; else ENOSYS"

// flat restricts a row to a guest base of 0.
func (r Row) flat() Row {
	run := r.run
	r.Level, r.Note = Partial, flatNote
	r.run = func(t *Task, c *Call) int64 {
		if t.Proc.Mem.Base() != 0 {
			return absentRow.run(t, c)
		}
		return run(t, c)
	}
	return r
}

// noted adds a note to a row that behaves as the kernel.
func (r Row) noted(note string) Row { r.Note = note; return r }

type hostCall func(t *Task, nr uintptr, a1, a2, a3, a4, a5, a6 uintptr) int64

// pass runs the host's call with the arguments of c.
func (t *Task) pass(c *Call, nr uintptr, call hostCall) int64 {
	m := marshal{t: t}
	defer m.release()
	var a [6]uintptr
	for i := range c.Row.Args {
		v, e := m.arg(c, i)
		if e != 0 {
			return e.Result()
		}
		a[i] = v
	}
	r := call(t, nr, a[0], a[1], a[2], a[3], a[4], a[5])
	if r == abi.EFAULT.Result() && t.unwatch(c) {
		r = call(t, nr, a[0], a[1], a[2], a[3], a[4], a[5])
	}
	return m.finish(c, r)
}

// unknownSpan is how many bytes are taken to lie behind a pointer to a structure
// of unknown size.
const unknownSpan = 4096

// unwatch makes pages that the host kernel is to write, and that are protected
// because code was translated from them, writable. It reports whether there were any.
func (t *Task) unwatch(c *Call) bool {
	hit := false
	for i, a := range c.Row.Args {
		if cl := a.Kind.Class(); (cl == argfmt.Out || cl == argfmt.InOut) && c.Args[i] != 0 {
			n, ok := a.Kind.Span(&c.Args, i)
			if !ok {
				n = unknownSpan
			}
			hit = t.Proc.Mem.UnwatchForWrite(c.Args[i], n) || hit
		}
	}
	return hit
}

// marshal turns a guest's arguments into the host's. Copies that filters have read or
// replaced go to the task's scratch page, or to pages of their own if they are long.
type marshal struct {
	t     *Task
	used  int
	pages []hostPages
	back  []copyBack
}

type hostPages struct{ addr, n uintptr }

// copyBack is a copy that the kernel writes to.
type copyBack struct {
	guest uint64
	host  uintptr
	n     int
}

// alloc returns n bytes of host memory that last until release.
func (m *marshal) alloc(n int) (uintptr, abi.Errno) {
	if at := (m.used + 7) &^ 7; at+n <= scratchSize {
		m.used = at + n
		return m.t.scratch + uintptr(at), 0
	}
	size := uintptr(n+4095) &^ 4095
	r := raw(hostsys.SYS_MMAP, 0, size, 3, mapPrivate|mapAnonymous, ^uintptr(0), 0)
	if r < 0 && r >= -abi.MaxErrno {
		return 0, abi.ENOMEM
	}
	m.pages = append(m.pages, hostPages{uintptr(r), size})
	return uintptr(r), 0
}

// put copies b to host memory.
func (m *marshal) put(b []byte) (uintptr, abi.Errno) {
	at, e := m.alloc(max(len(b), 1))
	if e == 0 {
		hostsys.CopyOut(at, b)
	}
	return at, e
}

// release frees what alloc has mapped.
func (m *marshal) release() {
	for _, p := range m.pages {
		raw(hostsys.SYS_MUNMAP, p.addr, p.n, 0, 0, 0, 0)
	}
}

// finish writes copies back and passes the result on.
func (m *marshal) finish(_ *Call, r int64) int64 {
	for _, b := range m.back {
		data := make([]byte, b.n)
		hostsys.CopyIn(data, b.host)
		if r >= 0 && !m.t.Proc.Mem.Write(b.guest, data) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

// addr is the host address of a guest pointer; NULL stays NULL.
func (t *Task) addr(v uint64) (uintptr, abi.Errno) {
	if v == 0 {
		return 0, 0
	}
	if v >= t.Proc.Mem.Limit() {
		return 0, abi.EFAULT
	}
	return t.Proc.Mem.Host(v), 0
}

// arg is the host's value of argument i.
func (m *marshal) arg(c *Call, i int) (uintptr, abi.Errno) {
	t := m.t
	v := c.Args[i]
	k := c.Row.Args[i].Kind
	switch k.Class() {
	case argfmt.Scalar:
		if k == argfmt.OpenFlags || k == argfmt.FdFlags {
			v = t.openFlags(v)
		}
		return uintptr(v), 0
	case argfmt.Descriptor:
		if hostsys.ReservedFD(int(int32(v))) {
			return 0, abi.EBADF
		}
		return uintptr(v), 0
	case argfmt.String:
		if c.copies[i].state == copyNone {
			return t.addr(v)
		}
		s, e := c.CString(i, maxPath)
		if e != 0 {
			return 0, e
		}
		return m.put(append([]byte(s), 0))
	case argfmt.In:
		if c.copies[i].state == copyNone {
			return t.addr(v)
		}
		n, ok := k.Span(&c.Args, i)
		switch {
		case ok:
		case c.copies[i].state == copySet:
			n = uint64(len(c.copies[i].data))
		default: // of a structure of unknown size only a part has been read
			return t.addr(v)
		}
		if n >= 1<<40 {
			return 0, abi.EFAULT
		}
		b, e := c.In(i, int(n))
		if e != 0 {
			return 0, e
		}
		return m.put(b)
	case argfmt.Out, argfmt.InOut:
		n, ok := k.Span(&c.Args, i)
		if !ok {
			n = unknownSpan
		}
		if c.copies[i].state == copySet && k.Class() == argfmt.InOut {
			b := c.copies[i].data
			at, e := m.put(b)
			m.back = append(m.back, copyBack{v, at, len(b)})
			return at, e
		}
		if v != 0 {
			t.Proc.Mem.UnwatchForWrite(v, n)
		}
	}
	return t.addr(v)
}
