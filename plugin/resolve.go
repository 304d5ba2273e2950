package plugin

import (
	"io"

	"github.com/weir-emu/weir/abi"
)

// File is what a path argument of a call names, see [Call.Resolve].
type File struct {
	// Path is the absolute path of what was found, without links, in the guest's
	// view. It has no slash at its start for what has no path ("pipe:[5]"), and is empty
	// if the argument names nothing: then the call works on a descriptor.
	Path   string
	Exists bool
	Dir    bool
	// Err, unless 0, is what the call fails with, though Path says what it is
	// about: a file that does not exist, say.
	Err abi.Errno

	// The rest is set for execve and execveat, whose Path is the file given.
	Scripts []string // the scripts on the way to Program
	Program string   // what is loaded
	Loader  string   // its dynamic loader, or empty
	Native  bool     // a program for the host's CPU, which would run outside of Weir
}

// Address is a socket address that a call names, see [Call.Addresses].
type Address struct {
	Raw  []byte    // struct sockaddr; empty if the message names none
	Path string    // real path, for a Unix socket in the file system
	Err  abi.Errno // what the message would fail with, though Path is known
}

// Resolve finds out what path argument i names, as the kernel would: relative to the call's
// descriptor or the working directory, through links (but for a last component that the call does
// not follow), "..", the links in /proc, and the restrictions of openat2. Weir holds on to what was
// found: the handler works on that very object, or on that name in that very folder, whatever other
// threads and processes do to paths and descriptors in between. So what a filter decides
// by Resolve cannot be raced. The error is an [abi.Errno], what the call would fail with.
//
// The plugin must have called [Host.EnableResolve] in Install. Only filters resolve; those asked
// later see a path of Weir's own, and one that sets the path undoes it, so the filter should have
// a low [Priority].
func (c *Call) Resolve(i int) (File, error) {
	f, e := c.impl.Resolve(i)
	if e != 0 {
		return f, e
	}
	return f, nil
}

// Addresses returns the socket addresses that connect, bind, sendto, sendmsg or sendmmsg names: one, or
// one for each message. Like [Call.Bytes] it reads each once, also those that structures
// point at, and the handler works on the copies; paths of Unix sockets are resolved as by
// [Call.Resolve], though bind makes its name afresh. The error is an [abi.Errno], ENOSYS for any other call.
func (c *Call) Addresses() ([]Address, error) {
	l, e := c.impl.Addresses()
	if e != 0 {
		return nil, e
	}
	return l, nil
}

// EnableResolve makes [Call.Resolve] work. It is called in Install.
func (h *Host) EnableResolve() error { return h.sys.EnableResolve() }

// KnownSyscall reports whether any architecture has a syscall of the name.
func (h *Host) KnownSyscall(name string) bool { return h.sys.KnownSyscall(name) }

// Program returns the real path of the program that runs now, of the file that was in fact
// loaded; empty before the first one is.
func (h *Host) Program() string { return h.sys.Program() }

// OwnFile is a file of a plugin's that the guest does not see; forked children share it.
type OwnFile interface {
	io.Writer // appends, one write for each call
	// Update replaces the content by what f makes of it. Processes that update the same
	// file do so one after the other.
	Update(f func(old []byte) []byte) error
	Close() error
}

// OpenFile opens a file, which is made if there is none, for the plugin's own use: out of the
// guest's sight and reach, usable after chroot, setuid and in forked children.
func (h *Host) OpenFile(name string) (OwnFile, error) { return h.sys.OpenFile(name) }

// Meet connects this plugin with a plugin of another run that calls Meet with the same path, of a Unix socket. The
// one that comes first waits for the other. The guest does not see the connection. Reading and writing wait;
// a peer that is gone is an error. A forked child has a copy of the connection and should close it.
func (h *Host) Meet(path string) (io.ReadWriteCloser, error) { return h.sys.Meet(path) }
