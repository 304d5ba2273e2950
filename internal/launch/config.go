// Package launch puts a run together: it takes a program and the options, builds
// address space, engine, instrumentation and the Linux process, starts it and
// reports its end. It knows no syscall and no instruction. Start with [Config],
// [Run] and [Start].
package launch

import (
	"errors"
	"io"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Errors that tell why a program did not start.
var (
	ErrNotFound    = errors.New("not found")
	ErrNotRunnable = errors.New("not runnable")
)

// Config is one run.
type Config struct {
	Path string   // of the program
	File *int     // its descriptor, if it is open already; it is closed
	Argv []string // argv, Argv[0] included
	Env  []string // the guest's environment

	CPU       string // processor, as -cpu has it; empty for the best one
	Sysroot   string // prefix tried first for absolute paths
	Release   string // uname release, empty for the host's
	StackSize uint64 // bytes, 0 for the default
	Seed      uint64
	Seeded    bool

	Base    uint64 // host address of guest address 0
	Reserve uint64 // size of the guest's window, bytes
	Window  bool   // use a window in any case
	TBSize  uint64 // code cache, bytes; 0 for the default

	Interpret bool // no JIT
	Baseline  bool // x86-64-v1 code
	NoPairing bool
	OneInsn   bool

	DenyNative bool // execve of programs for the host's CPU fails

	Strace     bool
	Log        Log
	LogFile    string // empty for Stderr; %d is the process ID, with Log.TID the thread ID
	Resumed    bool   // the run goes on from another weir: append to LogFile
	PerfMap    bool
	JITDump    bool
	CPUProfile string

	Plugins []Named
	Stderr  io.Writer // for logs and reports; nil for os.Stderr

	// Seccomp are seccomp filters that the program is confined by, the oldest first, as values of SeccompOption.
	Seccomp []string

	// Board is a descriptor by which the processes of a tree know each other, from BoardOption; 0 for none.
	Board int

	// Reexec are the command-line options that make another weir run a program
	// in the same way, for an execve that cannot be done in this process.
	Reexec []string
}

// SeccompOption is the command-line option, once for each filter, that Seccomp is given by where a guest that
// is confined goes on in another weir.
const SeccompOption = "seccomp-filter"

// BoardOption is the command-line option that Board is given by, likewise.
const BoardOption = "tree-board"

// Named is a plugin to install.
type Named struct {
	Name   string
	Plugin plugin.Plugin
	Args   plugin.Args
}

// Status is how a guest process ended.
type Status struct {
	Code   int
	Signal abi.Signal // 0 unless killed
}

// Stats counts translations: blocks, guest instructions in them, bytes of host code.
type Stats struct{ Translated, Insns, CodeBytes uint64 }
