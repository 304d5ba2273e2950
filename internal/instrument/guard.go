//go:build linux

package instrument

import (
	"io"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// What plugins that enforce something need of plugin.System and plugin.CallState.

// Resolve implements plugin.CallState.
func (s callState) Resolve(i int) (plugin.File, abi.Errno) {
	r, e := s.Call.Resolve(i)
	return plugin.File{
		Path: r.Path, Exists: r.Exists, Dir: r.Dir, Err: r.Errno,
		Scripts: r.Scripts, Program: r.Program, Loader: r.Loader, Native: r.Native,
	}, e
}

// Addresses implements plugin.CallState.
func (s callState) Addresses() ([]plugin.Address, abi.Errno) {
	l, e := s.Call.Addresses()
	if e != 0 {
		return nil, e
	}
	out := make([]plugin.Address, len(l))
	for i, a := range l {
		out[i] = plugin.Address{Raw: a.Raw, Path: a.Path, Err: a.Errno}
	}
	return out, 0
}

// EnableResolve implements plugin.System.
func (r *Registry) EnableResolve() error { return linux.EnablePins() }

// KnownSyscall implements plugin.System.
func (r *Registry) KnownSyscall(name string) bool {
	_, _, known := resolve(name)
	return known
}

// Program implements plugin.System.
func (r *Registry) Program() string {
	if r.cfg.Program == nil {
		return ""
	}
	return r.cfg.Program()
}

// Meet implements plugin.System.
func (r *Registry) Meet(path string) (io.ReadWriteCloser, error) {
	if r.cfg.Meet == nil {
		return nil, abi.ENOSYS
	}
	return r.cfg.Meet(path)
}

// OpenFile implements plugin.System.
func (r *Registry) OpenFile(name string) (plugin.OwnFile, error) {
	if r.cfg.OpenFile == nil {
		return nil, abi.ENOSYS
	}
	return r.cfg.OpenFile(name)
}
