// Package weir runs Linux programs built for another CPU and puts every syscall
// they make in the hands of plugins. It is the embedding API of the weir command:
//
//	p, err := weir.Start(weir.Config{Path: "./prog", Plugins: []weir.Plugin{{Name: "mine", Plugin: mine}}})
//	if err != nil { ... }
//	err = p.Wait()
//
// One guest process tree occupies the host process: guest threads are its
// threads, guest descriptors its descriptors, and the guest's working directory,
// signal handlers, umask and credentials are its own. Only one guest can run at a
// time, and a guest that forks makes a copy of the whole host process, in which
// [Process.Wait] does not return. Embed weir in a program that is made for it.
//
// Start with [Config], [Start] and the package plugin.
package weir

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cli"
	"github.com/weir-emu/weir/internal/launch"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugins/bundled"
)

// Config describes a guest program and how to run it. The zero value of every
// field but Path is a good default.
type Config struct {
	Path string   // file of the program
	Args []string // argv without argv[0]
	Env  []string // environment as "key=value"; nil for the host process's own

	Plugins []Plugin

	Interpret bool // interpret instead of translating to host code
	Baseline  bool // generate code for the oldest host CPU only
	OneInsn   bool // translate one instruction at a time

	StackSize uint64 // of the main thread, bytes; 0 for 8 MiB
	Release   string // kernel release that uname(2) tells; empty for the host's

	Strace bool      // print each syscall to Log
	Log    io.Writer // for strace, plugins and diagnostics; nil for os.Stderr
}

// Plugin is a plugin to install, with the name it is reported by.
type Plugin struct {
	Name   string
	Plugin plugin.Plugin
	Args   plugin.Args
}

// Process is a running guest process.
type Process struct{ run *launch.Process }

// ExitError says how a guest ended that did not exit with status 0.
type ExitError struct {
	Code   int        // exit status, if Signal is 0
	Signal abi.Signal // signal that killed the guest
}

// Error implements error.
func (e *ExitError) Error() string {
	if e.Signal != 0 {
		return "guest killed by " + e.Signal.Name()
	}
	return fmt.Sprintf("guest exited with status %d", e.Code)
}

// Start loads a program and lets it run on a thread of its own. It fails with a
// clear reason if the file is no program for a guest that weir knows, if a plugin
// refuses its arguments, if a guest is running already, or if this host cannot run guests.
func Start(cfg Config) (*Process, error) {
	env := cfg.Env
	if env == nil {
		env = launch.Environ()
	}
	log := cfg.Log
	if log == nil {
		log = os.Stderr
	}
	lc := launch.Config{
		Path: cfg.Path, Argv: append([]string{cfg.Path}, cfg.Args...), Env: env,
		Interpret: cfg.Interpret, Baseline: cfg.Baseline, OneInsn: cfg.OneInsn,
		StackSize: cfg.StackSize, Release: cfg.Release, Strace: cfg.Strace, Stderr: log,
	}
	for _, p := range cfg.Plugins {
		lc.Plugins = append(lc.Plugins, launch.Named(p))
	}
	run, err := launch.Start(lc)
	if err != nil {
		return nil, err
	}
	return &Process{run}, nil
}

// Wait waits for the guest process to end. It returns nil for exit status 0,
// else an [*ExitError].
func (p *Process) Wait() error {
	s := p.run.Wait()
	if s.Signal == 0 && s.Code == 0 {
		return nil
	}
	return &ExitError{Code: s.Code, Signal: s.Signal}
}

// Stats counts what was translated for a process.
type Stats struct {
	Blocks       uint64 // translations made
	Instructions uint64 // guest instructions in them
	CodeBytes    uint64 // host code made, bytes
}

// Stats returns the present counts, also after the process has ended.
func (p *Process) Stats() Stats {
	s := p.run.Stats()
	return Stats{s.Translated, s.Insns, s.CodeBytes}
}

// A guest's main thread has the process ID as its thread ID, so for Main the main
// goroutine must stay on the process's first thread. Only an init function can see to that.
func init() { runtime.LockOSThread() }

// Main is the weir command with the bundled plugins and those given, for programs
// that bring plugins of their own:
//
//	func main() { weir.Main(mine.Info()) }
//
// It does not return.
func Main(plugins ...plugin.Info) { cli.Process(append(bundled.Plugins(), plugins...)) }
