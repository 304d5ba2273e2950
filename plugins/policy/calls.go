package policy

import (
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Flags of open(2), the same on every 64-bit guest but for O_TMPFILE's part O_DIRECTORY.
const (
	oAccMode = 3
	oCreat   = 0o100
	oTrunc   = 0o1000
	oPath    = 0o10000000
	oTmpfile = 0o20000000
)

// kind is how a syscall is judged beyond its number.
type kind uint8

const (
	byNumber  kind = iota
	byPath         // path arguments
	byAddress      // socket addresses
	byExec         // programs
	bySocket       // what kind of socket
	byMount        // rearranges the name space
	byHandle       // opens files without a path
)

// special are the syscalls that are not judged by the paths among their arguments, by kind.
var special = [...][]string{
	byExec:    {"execve", "execveat"},
	byAddress: {"connect", "bind", "sendto", "sendmsg", "sendmmsg"},
	bySocket:  {"socket", "socketpair", "setsockopt"},
	byMount: {
		"mount", "umount2", "pivot_root", "open_tree", "open_tree_attr", "move_mount", "fsopen", "fsmount", "fspick", "fsconfig",
		"mount_setattr", "setns",
	},
	byHandle: {"open_by_handle_at", "fanotify_init"},
}

// syscalls are those of a kind in special.
func (k kind) syscalls() plugin.Set { return plugin.Syscalls(special[k]...) }

// call is how one syscall is judged.
type call struct {
	kind  kind
	paths []pathArg
}

// pathArg is a path argument and what is done with it.
type pathArg struct {
	index int
	use   access
}

// specialNumbers are the kinds of the guest's special syscalls.
func specialNumbers(h *plugin.Host) map[abi.Sysno]kind {
	m := map[abi.Sysno]kind{}
	for k, names := range special {
		for _, name := range names {
			if nr, ok := h.Syscall(name); ok {
				m[nr] = kind(k)
			}
		}
	}
	return m
}

// callOf says how a syscall is judged. A call with paths that is not named here counts as one that writes
// to all of them.
func (p *policy) callOf(c *plugin.Call) call {
	if k, ok := p.special[c.Number()]; ok {
		return call{kind: k}
	}
	d := call{kind: byPath}
	use := write
	switch c.Name() {
	case "faccessat", "faccessat2", "statfs", "newfstatat", "statx", "readlinkat", "getxattr", "lgetxattr", "getxattrat",
		"listxattr", "llistxattr", "listxattrat", "chdir", "chroot", "inotify_add_watch", "fanotify_mark", "name_to_handle_at", "file_getattr":
		use = read
	case "renameat", "renameat2", "linkat":
		use = read | write
	}
	for i := range plugin.NumABIArgs {
		k, ok := c.Kind(i)
		if !ok {
			break
		}
		if k == "path" && !(c.Name() == "symlinkat" && i == 0) {
			d.paths = append(d.paths, pathArg{i, use})
		}
	}
	if len(d.paths) == 0 {
		return call{}
	}
	return d
}

// openAccess is what an open with these flags does.
func openAccess(flags uint64) access {
	if flags&oPath != 0 {
		return read
	}
	var a access
	switch flags & oAccMode {
	case 0:
		a = read
	case 1:
		a = write
	default:
		a = read | write
	}
	if flags&(oCreat|oTrunc) != 0 || flags&oTmpfile != 0 {
		a |= write
	}
	return a
}

// subject is a file that a call is about.
type subject struct {
	path   string
	use    access
	exists bool
	prog   bool // it is to be executed
}

// openFlags returns the flags of an open.
func openFlags(c *plugin.Call) (uint64, abi.Errno) {
	if c.Name() == "openat" {
		return c.Arg(2), 0
	}
	b, err := c.Bytes(2, 24) // struct open_how
	if err != nil {
		return 0, err.(abi.Errno)
	}
	return le64(b), 0
}

// files resolves the paths of a call. e is what the call fails with, soon what it fails with if it is
// allowed.
func (p *policy) files(c *plugin.Call, d call) (list []subject, soon, e abi.Errno) {
	var dirs [2]plugin.File
	for k, a := range d.paths {
		use, tmp := a.use, false
		if c.Name() == "openat" || c.Name() == "openat2" {
			flags, e := openFlags(c)
			if e != 0 {
				return nil, 0, e
			}
			use, tmp = openAccess(flags), flags&oTmpfile != 0
		}
		f, err := c.Resolve(a.index)
		if err != nil {
			return list, 0, err.(abi.Errno)
		}
		if soon == 0 {
			soon = f.Err
		}
		if k < len(dirs) {
			dirs[k] = f
		}
		if !strings.HasPrefix(f.Path, "/") {
			continue
		}
		if tmp && f.Dir { // the file gets no name, but a place
			list = append(list, subject{strings.TrimSuffix(f.Path, "/") + "/#tmpfile", write, false, false})
			continue
		}
		list = append(list, subject{f.Path, use, f.Exists, false})
	}
	switch c.Name() {
	case "renameat", "renameat2":
		// A folder takes its content along.
		if dirs[0].Dir && !keeps(p.rules, dirs[0].Path, dirs[1].Path) || dirs[1].Dir && !keeps(p.rules, dirs[1].Path, dirs[0].Path) {
			soon = abi.EXDEV
		}
	case "chroot":
		if !keeps(p.rules, dirs[0].Path, "/") {
			soon = abi.EPERM
		}
	}
	return list, soon, 0
}

// programs resolves what an execve runs.
func (p *policy) programs(c *plugin.Call) (list []subject, native bool, e abi.Errno) {
	i := 0
	if c.Name() == "execveat" {
		i = 1
	}
	f, err := c.Resolve(i)
	if err != nil {
		return nil, false, err.(abi.Errno)
	}
	for _, s := range f.Scripts {
		list = append(list, subject{s, read, true, true})
	}
	list = append(list, subject{f.Program, read, true, true})
	if f.Loader != "" {
		list = append(list, subject{f.Loader, read, true, false})
	}
	return list, f.Native, 0
}

// filePaths decides about files by the rules with paths; the first that fits each access of each
// file counts.
func (p *policy) filePaths(list []subject) (d decision) {
	for _, s := range list {
		for _, use := range []access{read, write} {
			if s.use&use == 0 {
				continue
			}
			d.add(p.ruleFor(pathRule, s.path, use).decision())
		}
	}
	return d
}

// ruleFor returns the first rule of a kind about an access to a path, nil if there is none.
func (p *policy) ruleFor(kind ruleKind, path string, use access) *rule {
	for i := range p.rules {
		r := &p.rules[i]
		if r.kind == kind && r.access&use != 0 && r.covers(path) {
			return r
		}
	}
	return nil
}

func (r *rule) covers(path string) bool {
	for _, g := range r.globs {
		if plugin.Glob(g, path) {
			return true
		}
	}
	return false
}

// execPaths decides about programs by the rules with exec.
func (p *policy) execPaths(list []subject) (d decision) {
	for _, s := range list {
		if s.prog {
			d.add(p.ruleFor(execRule, s.path, read).decision())
		}
	}
	return d
}
