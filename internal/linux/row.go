//go:build linux

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

// row makes a row: args are the parameters' names separated by blanks, as the man
// page has them, kinds what they are.
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
