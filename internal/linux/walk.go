//go:build linux

package linux

import (
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// walk finds what a path names and holds on to it. The kernel walks: Weir opens the whole path, or
// the folder in which a name is to be made or removed, and never compares a path's text.
type walk struct {
	t     *Task
	dirfd int
	path  string
	mode  pathMode
	how   uint64 // RESOLVE_ flags of openat2
	trim  bool   // slashes at the end do not matter to the call, if the object is a folder or new

	pins  []pin // held from now on, also after an error
	named bool  // the host path ends in a name
}

// Flags of struct open_how.
const (
	resolveNoSymlinks = 0x04
	resolveBeneath    = 0x08
	resolveInRoot     = 0x10
)

const (
	sIFMT  = 0xf000
	sIFDIR = 0x4000
	sIFLNK = 0xa000
)

// run returns a path by which the handler's host call gets at what was found.
func (w *walk) run() (host string, r Resolved, e abi.Errno) {
	for range maxLinks {
		before, again := w.pins, false
		w.pins = nil
		host, r, again, e = w.step()
		for _, p := range before { // the folder that a link was relative to
			p.release()
		}
		if !again {
			return host, r, e
		}
	}
	return "", r, abi.ELOOP
}

// step is run up to a link that leads to nothing yet, at the end of a path that is to be created: again
// is true then.
func (w *walk) step() (host string, r Resolved, again bool, e abi.Errno) {
	dir, name := splitPath(w.path)
	slashes := strings.HasSuffix(w.path, "/")
	special := name == "" || name == "." || name == ".."
	if w.mode == follow || w.mode == create || special || slashes && w.mode == nofollow {
		host, r, e = w.object(w.path, special || slashes)
		if e != abi.ENOENT || special {
			if e == 0 && slashes && !r.Dir {
				return "", r, false, abi.ENOTDIR
			}
			return host, r, false, e
		}
	}
	parent, e := w.open(dir, oDirectory)
	if e != 0 {
		return "", r, false, e
	}
	folder, e := w.t.realPath(parent)
	if e != 0 {
		return "", r, false, e
	}
	if !strings.HasPrefix(folder, "/") {
		return "", r, false, abi.ENOENT
	}
	w.named = true
	r = Resolved{Path: strings.TrimSuffix(folder, "/") + "/" + name}
	host = parent.path() + "/" + name
	p, e := w.child(parent, name)
	switch {
	case e == abi.ENOENT:
		if w.mode == follow || w.mode == nofollow && slashes {
			r.Errno = abi.ENOENT
		}
		if slashes && !w.trim {
			r.Errno = abi.ENOENT
		}
		return host, r, false, 0
	case e != 0:
		return "", r, false, e
	}
	defer p.release()
	mode, _, e := w.t.pinStat(p)
	if e != 0 {
		return "", r, false, e
	}
	r.Exists, r.Dir = true, mode&sIFMT == sIFDIR
	link := mode&sIFMT == sIFLNK
	switch {
	case link && (w.mode == follow || w.mode == create): // it led nowhere just now
		if w.mode == follow || w.how != 0 {
			r.Errno = abi.ENOENT
			return host, r, false, 0
		}
		text, e := w.t.readLink(p.fd(), "")
		if e != 0 {
			return "", r, false, e
		}
		w.dirfd, w.path = int(parent.fd()), text
		if slashes {
			w.path += "/"
		}
		return "", r, true, 0
	case w.mode == follow: // it has come into being meanwhile
		r.Errno = abi.ENOENT
	case slashes && (!w.trim || !r.Dir):
		r.Errno = abi.ENOTDIR
		if r.Dir {
			r.Errno = abi.EISDIR
		}
	}
	return host, r, false, 0
}

// object holds what the whole path names. folder says that it can only be a folder.
func (w *walk) object(path string, folder bool) (host string, r Resolved, e abi.Errno) {
	p, e := w.open(path, 0)
	if e != 0 {
		return "", r, e
	}
	if r.Path, e = w.t.realPath(p); e != 0 {
		return "", r, e
	}
	mode, links, e := w.t.pinStat(p)
	if e != 0 {
		return "", r, e
	}
	if links == 0 {
		r.Path = strings.TrimSuffix(r.Path, " (deleted)")
	}
	r.Exists, r.Dir = true, mode&sIFMT == sIFDIR
	w.named = false
	host = p.path()
	if folder && r.Dir {
		host += "/." // also for calls that do not follow a link at the end
	}
	return host, r, 0
}

// open opens a path of the guest with O_PATH and holds it.
func (w *walk) open(path string, flags uint64) (pin, abi.Errno) {
	at, e := w.t.putPath(path)
	if e != 0 {
		return 0, e
	}
	flags |= oPath | oCloexec
	var fd int64
	if w.how == 0 {
		fd = raw(hostsys.SYS_OPENAT, uintptr(w.dirfd), at, uintptr(flags), 0, 0, 0)
	} else {
		w.t.put64(0, flags)
		w.t.put64(8, 0)
		fd = raw(hostsys.SYS_OPENAT2, uintptr(w.dirfd), at, w.t.put64(16, w.how)-16, 24, 0, 0)
	}
	if fd < 0 {
		return 0, abi.Errno(-fd)
	}
	p, e := hold(int(fd))
	if e == 0 {
		w.pins = append(w.pins, p)
	}
	return p, e
}

// child holds what a name in a folder stands for, be it a link. The caller releases it.
func (w *walk) child(parent pin, name string) (pin, abi.Errno) {
	at, e := w.t.putPath(name)
	if e != 0 {
		return 0, e
	}
	fd := raw(hostsys.SYS_OPENAT, parent.fd(), at, oPath|oNoFollow|oCloexec, 0, 0, 0)
	if fd < 0 {
		return 0, abi.Errno(-fd)
	}
	return hold(int(fd))
}

// splitPath splits a path before its last component. The folder of a relative name is ".".
func splitPath(path string) (dir, name string) {
	path = strings.TrimRight(path, "/")
	i := strings.LastIndexByte(path, '/')
	switch {
	case path == "":
		return "/", ""
	case i < 0:
		return ".", path
	}
	return path[:i+1], path[i+1:]
}
