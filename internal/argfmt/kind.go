// Package argfmt is what Weir knows about the meaning of syscall arguments: a
// kind per argument (a descriptor, a path, open flags, a struct timespec ...),
// how to print it as strace(1) does, and how to show it to filters and JSON
// events. It reads guest memory only through a Reader, so that a call's single
// copy is what is printed. It knows no handler and no CPU. Start with [Kind].
package argfmt

// Kind is the meaning of an argument or result.
type Kind uint16

// Arg is a named argument of a syscall.
type Arg struct {
	Name string
	Kind Kind
}
