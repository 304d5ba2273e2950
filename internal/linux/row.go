package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
)

// Level says how far a syscall is supported.
type Level uint8

// Support levels; docs/syscalls.md explains them to users.
const (
	// Unsupported answers ENOSYS and says so in -d unimp.
	Unsupported Level = iota
	// Partial works for the cases named in the row's note.
	Partial
	// Full behaves as the kernel does.
	Full
	// Absent: the number is not assigned on this ABI; ENOSYS as the kernel answers.
	Absent
)

// Row is one syscall of the guest's table: everything that dispatch, strace,
// JSON events, the filter API and docs/syscalls.md know about it.
type Row struct {
	Nr       abi.Sysno
	Name     string
	Args     []argfmt.Arg // name and kind of each argument
	Ret      argfmt.Kind  // how the result prints
	Level    Level
	Note     string // what Partial lacks, or why Unsupported
	NoReturn bool   // exit, exit_group, rt_sigreturn, successful execve: no return event

	run func(t *Task, c *Call) int64
}

// restarts reports whether an EINTR that no signal handler explains may be answered
// by making the call again. close has closed the descriptor then, and restart_syscall
// says EINTR itself.
func (r *Row) restarts() bool { return r.Name != "close" && r.Name != "restart_syscall" }

// argument is what a handler's parameter type knows: how to obtain its value from
// argument i of the call (copying guest memory at most once), and its kind.
type argument[T any] interface {
	*T
	decode(c *Call, i int) abi.Errno
	kind() argfmt.Kind
}

func row(name, args string, l Level, kinds ...argfmt.Kind) Row {
	r := Row{Name: name, Level: l, Args: make([]argfmt.Arg, len(kinds))}
	for i, k := range kinds {
		n := 0
		for n < len(args) && args[n] != ' ' {
			n++
		}
		r.Args[i] = argfmt.Arg{Name: args[:n], Kind: k}
		args = args[min(n+1, len(args)):]
	}
	return r
}

// sys0 to sys6 make rows from typed handlers: args are the parameters' names
// separated by blanks, as the man page has them.
func sys0(name string, l Level, fn func(*Task) int64) Row {
	r := row(name, "", l)
	r.run = func(t *Task, _ *Call) int64 { return fn(t) }
	return r
}

func sys1[A any, PA argument[A]](name, args string, l Level, fn func(*Task, A) int64) Row {
	r := row(name, args, l, PA(nil).kind())
	r.run = func(t *Task, c *Call) int64 {
		var a A
		if e := PA(&a).decode(c, 0); e != 0 {
			return e.Result()
		}
		return fn(t, a)
	}
	return r
}

func sys2[A, B any, PA argument[A], PB argument[B]](name, args string, l Level, fn func(*Task, A, B) int64) Row {
	r := row(name, args, l, PA(nil).kind(), PB(nil).kind())
	r.run = func(t *Task, c *Call) int64 {
		var a A
		var b B
		if e := first(PA(&a).decode(c, 0), PB(&b).decode(c, 1)); e != 0 {
			return e.Result()
		}
		return fn(t, a, b)
	}
	return r
}

func sys3[A, B, C any, PA argument[A], PB argument[B], PC argument[C]](name, args string, l Level, fn func(*Task, A, B, C) int64) Row {
	r := row(name, args, l, PA(nil).kind(), PB(nil).kind(), PC(nil).kind())
	r.run = func(t *Task, c *Call) int64 {
		var a A
		var b B
		var d C
		if e := first(PA(&a).decode(c, 0), PB(&b).decode(c, 1), PC(&d).decode(c, 2)); e != 0 {
			return e.Result()
		}
		return fn(t, a, b, d)
	}
	return r
}

func sys4[A, B, C, D any, PA argument[A], PB argument[B], PC argument[C], PD argument[D]](name, args string, l Level, fn func(*Task, A, B, C, D) int64) Row {
	r := row(name, args, l, PA(nil).kind(), PB(nil).kind(), PC(nil).kind(), PD(nil).kind())
	r.run = func(t *Task, c *Call) int64 {
		var a A
		var b B
		var d C
		var e D
		if e := first(PA(&a).decode(c, 0), PB(&b).decode(c, 1), PC(&d).decode(c, 2), PD(&e).decode(c, 3)); e != 0 {
			return e.Result()
		}
		return fn(t, a, b, d, e)
	}
	return r
}

func sys5[A, B, C, D, E any, PA argument[A], PB argument[B], PC argument[C], PD argument[D], PE argument[E]](name, args string, l Level, fn func(*Task, A, B, C, D, E) int64) Row {
	r := row(name, args, l, PA(nil).kind(), PB(nil).kind(), PC(nil).kind(), PD(nil).kind(), PE(nil).kind())
	r.run = func(t *Task, c *Call) int64 {
		var a A
		var b B
		var d C
		var e D
		var f E
		if e := first(PA(&a).decode(c, 0), PB(&b).decode(c, 1), PC(&d).decode(c, 2), PD(&e).decode(c, 3), PE(&f).decode(c, 4)); e != 0 {
			return e.Result()
		}
		return fn(t, a, b, d, e, f)
	}
	return r
}

func sys6[A, B, C, D, E, F any, PA argument[A], PB argument[B], PC argument[C], PD argument[D], PE argument[E], PF argument[F]](name, args string, l Level, fn func(*Task, A, B, C, D, E, F) int64) Row {
	r := row(name, args, l, PA(nil).kind(), PB(nil).kind(), PC(nil).kind(), PD(nil).kind(), PE(nil).kind(), PF(nil).kind())
	r.run = func(t *Task, c *Call) int64 {
		var a A
		var b B
		var d C
		var e D
		var f E
		var g F
		if e := first(PA(&a).decode(c, 0), PB(&b).decode(c, 1), PC(&d).decode(c, 2), PD(&e).decode(c, 3), PE(&f).decode(c, 4), PF(&g).decode(c, 5)); e != 0 {
			return e.Result()
		}
		return fn(t, a, b, d, e, f, g)
	}
	return r
}

// first returns the first error among the decoded arguments.
func first(errs ...abi.Errno) abi.Errno {
	for _, e := range errs {
		if e != 0 {
			return e
		}
	}
	return 0
}
