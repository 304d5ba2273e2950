// Package export names and opens the files that bundled plugins write their reports to. A run is a tree of
// processes, and a process may execute one program after the other: each gets files of its own, whose names begin
// with what the user has asked for.
//
//	PATH            the first program of the first process
//	PATH.exec1      the program that it executes (execve) next
//	PATH.4711       the forked child 4711
//	PATH.4711.exec1 the program that the child executes
//
// The package knows only the plugin API. Start with [New].
package export

import (
	"path/filepath"
	"strconv"
	"sync"

	"github.com/weir-emu/weir/plugin"
)

// Files are the files of a plugin under one name.
type Files struct {
	host *plugin.Host
	path string
	pid  int // of the first process

	mu    sync.Mutex
	child int // process ID, unless it is the first process
	execs int
}

// New makes the Files named by path, which may be relative to the working directory of now. It is
// called in Install.
func New(h *plugin.Host, path string) (*Files, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	t := h.Target()
	f := &Files{host: h, path: full, pid: t.PID}
	if t.Resumed { // what begins here is a child's program
		f.child = t.PID
	}
	return f, nil
}

// Forked is to be called in the fork event: names from now on are the child's.
func (f *Files) Forked() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.child, f.execs = f.host.Target().PID, 0
}

// Executed is to be called in the exec event: names from now on are those of the new program.
func (f *Files) Executed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.execs++
}

// Name returns the absolute name of the present program's file with a suffix.
func (f *Files) Name(suffix string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := f.path
	if f.child != 0 {
		name += "." + strconv.Itoa(f.child)
	}
	if f.execs != 0 {
		name += ".exec" + strconv.Itoa(f.execs)
	}
	return name + suffix
}

// Append opens that file, which keeps what is in it.
func (f *Files) Append(suffix string) (plugin.OwnFile, error) { return f.host.OpenFile(f.Name(suffix)) }

// Open opens that file, empty.
func (f *Files) Open(suffix string) (plugin.OwnFile, error) {
	o, err := f.Append(suffix)
	if err != nil {
		return nil, err
	}
	if err := o.Update(func([]byte) []byte { return nil }); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}
