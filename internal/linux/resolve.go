//go:build linux

package linux

import (
	"path"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Resolved is what a path argument of a call names; see Call.Resolve.
type Resolved struct {
	Path   string    // real path; without a slash at its start for what has none; empty if the argument names nothing
	Errno  abi.Errno // why the call cannot be made on it, though Path is known
	Exists bool
	Dir    bool

	// Of execve.
	Scripts []string // real paths of the scripts on the way to Program
	Program string   // real path of what is loaded
	Loader  string   // of its dynamic loader, if it has one
	Native  bool     // a program of the host's CPU: it would run outside of Weir
}

// resolution is what a call holds on to once arguments of it have been resolved.
type resolution struct {
	pins     []pin
	promised int // pins that this call may have, those it has included
	plan     *execPlan
	names    [][]byte // addresses of messages, see Addresses
	socket   string   // host path of the Unix socket that an address names
}

// resolution returns c's, made if need be.
func (c *Call) resolution() *resolution {
	if c.res == nil {
		c.res = &resolution{}
	}
	return c.res
}

// release ends what Resolve has begun.
func (c *Call) release() {
	if r := c.res; r != nil {
		c.res = nil
		for _, p := range r.pins {
			p.release()
		}
		if r.plan != nil {
			r.plan.close()
		}
		if r.promised != 0 {
			pins.free.Add(int32(r.promised))
		}
	}
}

// hold prepares c for holding pins.
func (c *Call) hold() (*resolution, abi.Errno) {
	r := c.resolution()
	if r.promised == 0 {
		if e := promise(); e != 0 {
			return nil, e
		}
		r.promised = perCall
	}
	return r, 0
}

// settle gives back what a call that resolves no more will not need.
func (c *Call) settle() {
	r := c.res
	paths := 0
	for _, a := range c.Row.Args {
		if a.Kind == argfmt.Path {
			paths++
		}
	}
	if r == nil || paths > 1 || r.plan != nil || c.Row.Name == "sendmsg" || c.Row.Name == "sendmmsg" {
		return
	}
	if n := max(len(r.pins), 1); r.promised > n {
		pins.free.Add(int32(r.promised - n))
		r.promised = n
	}
}

// pathMode is what a call does with the last component of a path.
type pathMode uint8

const (
	follow   pathMode = iota // works on the object, through links
	nofollow                 // on what the name stands for, be it a link
	entry                    // on the name: makes it, removes it
	create                   // opens the object, making it if it is not there
)

// Flags of calls, where the guest's are the same as the host's on all ABIs.
const (
	atSymlinkFollow = 0x400
	atRemovedir     = 0x200
	oCreat          = 0x40
	oExcl           = 0x80
	maxLinks        = 40 // MAXSYMLINKS of fs/namei.c
)

// pathUse says how a call uses path argument i: the index of its folder's descriptor or -1, what it
// does with the last component, and whether an empty path means the descriptor itself. Calls
// that are not named here follow links (namei(7), and the manual page of each call).
func (c *Call) pathUse(i int) (dir int, mode pathMode, empty bool) {
	dir = -1
	if i > 0 && c.Row.Args[i-1].Kind == argfmt.DirFD {
		dir = i - 1
	}
	flag := func(arg int, bit uint64, with, without pathMode) pathMode {
		empty = c.Args[arg]&atEmptyPath != 0
		if c.Args[arg]&bit != 0 {
			return with
		}
		return without
	}
	open := func(flags uint64) pathMode {
		switch {
		case flags&(oCreat|oExcl) == oCreat|oExcl:
			return entry
		case flags&oNoFollow != 0:
			return nofollow
		case flags&oCreat != 0:
			return create
		}
		return follow
	}
	switch c.Row.Name {
	case "openat":
		mode = open(c.Args[2])
	case "openat2":
		b, _ := c.In(2, 24)
		if b != nil {
			mode = open(le.Uint64(b))
		}
	case "mkdirat", "mknodat", "unlinkat", "symlinkat", "renameat", "renameat2":
		mode = entry
	case "linkat":
		if i == 3 {
			mode = entry
		} else {
			mode = flag(4, atSymlinkFollow, follow, nofollow)
		}
	case "name_to_handle_at":
		mode = flag(4, atSymlinkFollow, follow, nofollow)
	case "readlinkat":
		mode, empty = nofollow, true
	case "lsetxattr", "lgetxattr", "llistxattr", "lremovexattr":
		mode = nofollow
	case "setxattrat", "getxattrat", "listxattrat", "removexattrat", "statx", "open_tree", "open_tree_attr", "mount_setattr":
		mode = flag(2, atSymlinkNofollow, nofollow, follow)
	case "newfstatat", "utimensat", "faccessat2", "fchmodat2":
		mode = flag(3, atSymlinkNofollow, nofollow, follow)
	case "fchownat", "file_getattr", "file_setattr", "execveat":
		mode = flag(4, atSymlinkNofollow, nofollow, follow)
	case "umount2":
		mode = flag(1, 8, nofollow, follow)
		empty = false
	case "inotify_add_watch":
		mode = flag(2, 0x2000000, nofollow, follow)
		empty = false
	case "fanotify_mark":
		mode = flag(1, 4, nofollow, follow)
		empty = false
	}
	return dir, mode, empty
}

// inSysrootFirst reports whether the call looks into the sysroot first: those that use lookup.
func (c *Call) inSysrootFirst() bool {
	switch c.Row.Name {
	case "openat", "openat2", "faccessat", "faccessat2", "statfs", "readlinkat", "newfstatat", "statx":
		return c.Task.Proc.Cfg.Sysroot != ""
	}
	return false
}

// Resolve finds out what path argument i names at this moment, as the kernel does it, and makes the
// handler work on just that: on the object found, or, where the call works on a name, on
// that name in the folder found. What other threads and processes do to links, folders and
// descriptors afterwards changes nothing. An error is what the call would fail with.
func (c *Call) Resolve(i int) (r Resolved, e abi.Errno) {
	if pins == nil || i < 0 || i >= len(c.Row.Args) || c.Row.Args[i].Kind != argfmt.Path {
		return r, abi.ENOSYS
	}
	t := c.Task
	held, e := c.hold()
	if e != 0 {
		return r, e
	}
	defer c.settle()
	if c.Row.Name == "execve" || c.Row.Name == "execveat" {
		return c.resolveExec(i)
	}
	if c.Args[i] == 0 && c.copies[i].state == copyNone {
		if c.Row.Name == "utimensat" || c.Row.Name == "acct" || c.Row.Name == "quotactl" { // no path
			return r, 0
		}
		return r, abi.EFAULT
	}
	path, e := c.CString(i, maxPath)
	if e != 0 {
		return r, e
	}
	dir, mode, empty := c.pathUse(i)
	dirfd := atFdCwd
	if dir >= 0 {
		dirfd = int(int32(c.Args[dir]))
	}
	if path == "" {
		if !empty {
			return r, abi.ENOENT
		}
		return c.resolveFD(i, dirfd)
	}
	w := walk{t: t, dirfd: dirfd, path: path, mode: mode, trim: c.Row.Name == "mkdirat" || c.Row.Name == "renameat2" ||
		c.Row.Name == "unlinkat" && c.Args[2]&atRemovedir != 0}
	if c.Row.Name == "openat2" {
		b, e := c.In(2, 24)
		if e != 0 {
			return r, e
		}
		w.how = le.Uint64(b[16:])
	}
	if full := t.underProc(c, i, path); full != "" && w.how == 0 {
		if f := t.findProc(full); f != nil {
			switch {
			case f.missing:
				return r, abi.ENOENT
			case f.Name != "exe" || mode == nofollow || f.path() == "":
				return Resolved{Path: t.procPath(full), Exists: true}, 0 // Weir's own file, whatever the host has there
			}
			w.path = f.path()
		}
	}
	if c.inSysrootFirst() && strings.HasPrefix(path, "/") && w.how == 0 {
		if in := t.inSysroot(t.Proc.Cfg.Sysroot, path); in != "" {
			w.path = in
		}
	}
	if dirfd != atFdCwd && (!strings.HasPrefix(w.path, "/") || w.how&(resolveInRoot|resolveBeneath) != 0) && hostsys.ReservedFD(dirfd) {
		return r, abi.EBADF
	}
	host, r, e := w.run()
	held.pins = append(held.pins, w.pins...)
	if e != 0 {
		return r, e
	}
	r.Path = t.guestPath(r.Path)
	if r.Errno == 0 {
		c.use(i, host, w.named)
	}
	return r, 0
}

// procPath is a path that procfs.Find has understood, without the links self and thread-self.
func (t *Task) procPath(name string) string {
	name = path.Clean(name)
	pid := strconv.Itoa(t.Proc.PID)
	if rest, ok := strings.CutPrefix(name, "/proc/self/"); ok {
		return "/proc/" + pid + "/" + rest
	}
	if rest, ok := strings.CutPrefix(name, "/proc/thread-self/"); ok {
		return "/proc/" + pid + "/task/" + strconv.Itoa(t.TID) + "/" + rest
	}
	return name
}

// use makes the handler work on a host path, which ends in a name that is not to be followed if
// named.
func (c *Call) use(i int, host string, named bool) {
	c.SetIn(i, []byte(host), true)
	switch c.Row.Name {
	case "openat":
		if named {
			c.Args[2] |= oNoFollow
		}
	case "openat2":
		b, e := c.In(2, 24)
		if e != 0 {
			return
		}
		// The restrictions have been obeyed; they would forbid Weir's own way to the object.
		how := append([]byte(nil), c.copies[2].data...)
		flags := le.Uint64(b)
		if named {
			flags |= oNoFollow
		}
		le.PutUint64(how, flags)
		le.PutUint64(how[16:], 0)
		c.SetIn(2, how, false)
	case "linkat":
		if i == 1 && !named {
			c.Args[4] = c.Args[4]&^atEmptyPath | atSymlinkFollow
		}
	}
}

// resolveFD is Resolve of an empty path, which stands for the descriptor itself.
func (c *Call) resolveFD(i, fd int) (r Resolved, e abi.Errno) {
	t := c.Task
	if hostsys.ReservedFD(fd) {
		return r, abi.EBADF
	}
	if c.Row.Name != "linkat" { // what the descriptor refers to has been judged when it was opened
		return r, 0
	}
	var p pin
	if fd == atFdCwd {
		w := walk{t: t, dirfd: fd}
		p, e = w.open(".", 0)
	} else {
		p, e = holdCopy(fd)
	}
	if e != 0 {
		return r, e
	}
	c.res.pins = append(c.res.pins, p)
	if r.Path, e = t.realPath(p); e != 0 {
		return r, e
	}
	r.Path, r.Exists = t.guestPath(r.Path), true
	c.use(i, p.path(), false)
	return r, 0
}

// resolveExec is Resolve for execve: the whole preparation is done now, and the handler goes on
// from there.
func (c *Call) resolveExec(i int) (r Resolved, e abi.Errno) {
	t := c.Task
	path, e := c.path(i)
	if e != 0 {
		return r, e
	}
	dirfd, flags := atFdCwd, 0
	if i == 1 {
		dirfd, flags = int(int32(c.Args[0])), int(int32(c.Args[4]))
		if flags&^(atEmptyPath|atSymlinkNofollow) != 0 {
			return r, abi.EINVAL
		}
		if hostsys.ReservedFD(dirfd) && !strings.HasPrefix(path, "/") {
			return r, abi.EBADF
		}
	}
	pl, e := t.execPlan(dirfd, path, c.Args[i+1], c.Args[i+2], flags)
	if e != 0 {
		return r, e
	}
	if c.res.plan != nil {
		c.res.plan.close()
	}
	c.res.plan = pl
	r = Resolved{Exists: true, Program: t.guestPath(pl.file.name), Native: pl.native}
	for _, s := range pl.scripts {
		r.Scripts = append(r.Scripts, t.guestPath(s))
	}
	r.Path = r.Program
	if len(r.Scripts) > 0 {
		r.Path = r.Scripts[0]
	}
	if pl.interp != nil {
		r.Loader = t.guestPath(pl.interp.name)
	}
	return r, 0
}

// guestPath is a real path as the guest would have it: without the sysroot in front.
func (t *Task) guestPath(path string) string {
	root := t.Proc.Cfg.Sysroot
	if root == "" {
		return path
	}
	real := t.realSysroot(root)
	if rest, ok := strings.CutPrefix(path, real); ok && real != "/" && (rest == "" || rest[0] == '/') {
		if rest == "" {
			return "/"
		}
		return rest
	}
	return path
}

// realSysroot is the sysroot without links.
func (t *Task) realSysroot(root string) string {
	if p := t.Proc.sysrootReal.Load(); p != nil {
		return *p
	}
	real := root
	if at, e := t.putPath(root); e == 0 {
		if fd := raw(hostsys.SYS_OPENAT, atFdCwdHost, at, oPath|oCloexec, 0, 0, 0); fd >= 0 {
			real = t.fdName(int(fd), root)
			closeFD(int(fd))
		}
	}
	t.Proc.sysrootReal.Store(&real)
	return real
}
