package plugin

import (
	"bytes"
	"fmt"
	"time"

	"github.com/weir-emu/weir/abi"
)

// Call is one syscall under way, as the callbacks of its events see it: they all
// get the same Call. What it reads from guest memory through an argument it
// reads once, and the handler works on that copy, so that no other guest thread
// can change what a filter has checked. A Call is valid until the callback
// returns.
type Call struct {
	impl CallState
	vcpu *VCPU
}

// CallState is what a Call rests on. Weir implements it; plugins do not.
type CallState interface {
	Number() abi.Sysno
	Name() string
	PC() abi.Addr
	Arg(i int) uint64
	SetArg(i int, v uint64)
	CString(i int) (string, abi.Errno)
	Bytes(i, n int) ([]byte, abi.Errno)
	SetBytes(i int, b []byte, isString bool)
	Kind(i int) (string, bool)
	Decode(i int) (Arg, bool)
	Result() (v int64, done bool)
	SetResult(v int64)
	FilteredBy() string
	Elapsed() time.Duration
	Hide()
	Invoke() int64
	InvokeOther(nr abi.Sysno, args [NumABIArgs]uint64) int64
	Resolve(i int) (File, abi.Errno)
	Addresses() ([]Address, abi.Errno)
}

// Bind makes c the view of impl on vcpu. Weir calls it.
func (c *Call) Bind(impl CallState, vcpu *VCPU) { c.impl, c.vcpu = impl, vcpu }

// Arg is one argument with its meaning.
type Arg struct {
	Name  string // as the man page calls it
	Kind  string // "fd", "path", "flags" ...
	Value uint64
	Text  string // as strace(1) would print it
}

// NumArgs is the number of arguments of a Call; those beyond the ABI's six are zero.
const NumArgs = 8

// NumABIArgs is how many arguments a syscall can have: only those can point at data.
const NumABIArgs = 6

// MaxBytes is the most that [Call.Bytes] returns, in bytes.
const MaxBytes = 1 << 30

// Raw results that are no results. They never reach the guest, and a filter that
// gets one from [Call.Invoke] passes it on with [Return].
const (
	// ResultRestart: the call was interrupted before it did anything; the guest
	// executes the syscall instruction again (the kernel's ERESTARTSYS).
	ResultRestart int64 = -512
	// ResultHandled: registers and pc are as they shall be (rt_sigreturn, a
	// successful execve), or the thread is about to end.
	ResultHandled int64 = -513
)

// ErrFault is returned for guest memory that cannot be accessed. It is [abi.EFAULT].
var ErrFault error = abi.EFAULT

// VCPU returns the guest thread that makes the call. Its registers and memory
// can be read and written during the callback.
func (c *Call) VCPU() *VCPU { return c.vcpu }

// Number returns the guest's syscall number.
func (c *Call) Number() abi.Sysno { return c.impl.Number() }

// Name returns the syscall's name, or "syscall_N" for a number without one.
func (c *Call) Name() string { return c.impl.Name() }

// PC returns the address of the instruction after the syscall instruction.
func (c *Call) PC() abi.Addr { return c.impl.PC() }

// Arg returns argument i (0 to 7); 0 for an i outside.
func (c *Call) Arg(i int) uint64 {
	if i < 0 || i >= NumArgs {
		return 0
	}
	return c.impl.Arg(i)
}

// Args returns all arguments as they were when the call was made, or as filters
// have changed them since.
func (c *Call) Args() (a [NumArgs]uint64) {
	for i := range a {
		a[i] = c.impl.Arg(i)
	}
	return a
}

// SetArg replaces argument i for later filters, the handler and return events.
// The guest's registers are not touched. Only useful before the call has run.
func (c *Call) SetArg(i int, v uint64) {
	if i < 0 || i >= NumArgs {
		panic(fmt.Sprintf("plugin: SetArg of argument %d: there are %d", i, NumArgs))
	}
	c.impl.SetArg(i, v)
}

// Path returns the string that argument i points at, and "" if it cannot be read:
// the handler will then answer EFAULT or ENAMETOOLONG from the same attempt.
func (c *Call) Path(i int) string {
	s, _ := c.CString(i)
	return s
}

// CString returns the NUL-terminated string, up to 4095 bytes, that argument i
// points at. The error is an [abi.Errno]: EFAULT, or ENAMETOOLONG.
func (c *Call) CString(i int) (string, error) {
	if i < 0 || i >= NumABIArgs {
		return "", ErrFault
	}
	s, e := c.impl.CString(i)
	if e != 0 {
		return "", e
	}
	return s, nil
}

// Bytes returns the n bytes that argument i points at. It is the copy that the
// handler uses: it is valid until the callback returns and must not be written
// to, see [Call.SetBytes]. The error is an [abi.Errno]: EFAULT, or E2BIG if n is
// above [MaxBytes].
func (c *Call) Bytes(i, n int) ([]byte, error) {
	if i < 0 || i >= NumABIArgs || n < 0 {
		return nil, ErrFault
	}
	if n > MaxBytes {
		return nil, abi.E2BIG
	}
	b, e := c.impl.Bytes(i, n)
	if e != 0 {
		return nil, e
	}
	return b, nil
}

// SetPath makes the handler and later filters see path behind argument i. Guest
// memory does not change.
func (c *Call) SetPath(i int, path string) {
	checkABIArg("SetPath", i)
	c.impl.SetBytes(i, []byte(path), true)
}

// SetBytes makes the handler and later filters see b behind argument i, which
// must be an input of the call. Guest memory does not change, nor does the
// argument that holds the length: see [Call.SetArg].
func (c *Call) SetBytes(i int, b []byte) {
	checkABIArg("SetBytes", i)
	c.impl.SetBytes(i, bytes.Clone(b), false)
}

func checkABIArg(method string, i int) {
	if i < 0 || i >= NumABIArgs {
		panic(fmt.Sprintf("plugin: %s of argument %d: there are %d", method, i, NumABIArgs))
	}
}

// Decode returns argument i with its name, kind and printed form; false if the
// syscall has no such argument.
func (c *Call) Decode(i int) (Arg, bool) {
	if i < 0 || i >= NumABIArgs {
		return Arg{}, false
	}
	return c.impl.Decode(i)
}

// Kind returns the kind of argument i ("fd", "path", "flags" ...); false if the
// syscall has no such argument.
func (c *Call) Kind(i int) (string, bool) {
	if i < 0 || i >= NumABIArgs {
		return "", false
	}
	return c.impl.Kind(i)
}

// Result returns the raw result; done is false before the call has been answered.
func (c *Call) Result() (v int64, done bool) { return c.impl.Result() }

// Errno returns the error of the result, 0 for success or before there is one.
func (c *Call) Errno() abi.Errno {
	v, done := c.impl.Result()
	if done && v < 0 && v >= -abi.MaxErrno && v != ResultRestart && v != ResultHandled {
		return abi.Errno(-v)
	}
	return 0
}

// SetResult changes the result from a return event: it is what the guest gets.
func (c *Call) SetResult(v int64) { c.impl.SetResult(v) }

// Restarted reports, in a return event, that the call was interrupted by a signal
// and will be made again from the top.
func (c *Call) Restarted() bool {
	v, done := c.impl.Result()
	return done && v == ResultRestart
}

// FilteredBy returns, in a return event, the name of the plugin whose filter
// answered, or "" if Weir's handler ran.
func (c *Call) FilteredBy() string { return c.impl.FilteredBy() }

// Elapsed returns, in a return event, the time that filters and handler took.
func (c *Call) Elapsed() time.Duration { return c.impl.Elapsed() }

// Hide asks, from a filter, that strace's result line and return events not see
// the call.
func (c *Call) Hide() { c.impl.Hide() }

// Invoke runs Weir's handler now with the call's present arguments and returns
// its raw result, which may be [ResultRestart] or [ResultHandled]. A filter that
// has called it usually answers Return(result); one that passes makes it run again.
func (c *Call) Invoke() int64 { return c.impl.Invoke() }

// InvokeOther runs the handler of another syscall, with up to six arguments, on
// behalf of this thread, unseen by filters and tracing. Pointers among the
// arguments are guest addresses.
func (c *Call) InvokeOther(nr abi.Sysno, args ...uint64) int64 {
	var a [NumABIArgs]uint64
	copy(a[:], args)
	return c.impl.InvokeOther(nr, a)
}
