//go:build linux

package linux

import (
	"path"
	"runtime"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/procfs"
	"github.com/weir-emu/weir/internal/linux/uapi"
	"github.com/weir-emu/weir/internal/mem"
)

// Calls that name files. Those that only look at a file find it in the sysroot first
// (-L), and see the guest's own files in /proc.

func pathRows() []Row {
	return []Row{
		pass(17, "getcwd", "buf size", hostsys.SYS_GETCWD, argfmt.PathOut, argfmt.Size),
		pass(33, "mknodat", "dirfd pathname mode dev", hostsys.SYS_MKNODAT, argfmt.DirFD, argfmt.Path, argfmt.Mode, argfmt.Dev),
		pass(34, "mkdirat", "dirfd pathname mode", hostsys.SYS_MKDIRAT, argfmt.DirFD, argfmt.Path, argfmt.Mode),
		pass(35, "unlinkat", "dirfd pathname flags", hostsys.SYS_UNLINKAT, argfmt.DirFD, argfmt.Path, argfmt.AtFlags),
		pass(36, "symlinkat", "target newdirfd linkpath", hostsys.SYS_SYMLINKAT, argfmt.Path, argfmt.DirFD, argfmt.Path),
		pass(37, "linkat", "olddirfd oldpath newdirfd newpath flags", hostsys.SYS_LINKAT, argfmt.DirFD, argfmt.Path, argfmt.DirFD, argfmt.Path, argfmt.AtFlags),
		pass(39, "umount2", "target flags", hostsys.SYS_UMOUNT2, argfmt.Path, argfmt.UmountFlags),
		pass(40, "mount", "source target filesystemtype mountflags data", hostsys.SYS_MOUNT, argfmt.Path, argfmt.Path, argfmt.Str, argfmt.MountFlags, argfmt.PtrIn),
		pass(41, "pivot_root", "new_root put_old", hostsys.SYS_PIVOT_ROOT, argfmt.Path, argfmt.Path),
		own(43, "statfs", "path buf", sysStatfs, argfmt.Path, argfmt.StatfsOut),
		pass(44, "fstatfs", "fd buf", hostsys.SYS_FSTATFS, argfmt.FD, argfmt.StatfsOut),
		pass(45, "truncate", "path length", hostsys.SYS_TRUNCATE, argfmt.Path, argfmt.Long),
		own(48, "faccessat", "dirfd pathname mode", sysFaccessat(hostsys.SYS_FACCESSAT), argfmt.DirFD, argfmt.Path, argfmt.AccessMode),
		pass(49, "chdir", "path", hostsys.SYS_CHDIR, argfmt.Path),
		pass(50, "fchdir", "fd", hostsys.SYS_FCHDIR, argfmt.FD),
		pass(51, "chroot", "path", hostsys.SYS_CHROOT, argfmt.Path),
		pass(52, "fchmod", "fd mode", hostsys.SYS_FCHMOD, argfmt.FD, argfmt.Mode),
		pass(53, "fchmodat", "dirfd pathname mode", hostsys.SYS_FCHMODAT, argfmt.DirFD, argfmt.Path, argfmt.Mode),
		pass(54, "fchownat", "dirfd pathname owner group flags", hostsys.SYS_FCHOWNAT, argfmt.DirFD, argfmt.Path, argfmt.ID, argfmt.ID, argfmt.AtFlags),
		pass(55, "fchown", "fd owner group", hostsys.SYS_FCHOWN, argfmt.FD, argfmt.ID, argfmt.ID),
		own(56, "openat", "dirfd pathname flags mode", sysOpenat, argfmt.DirFD, argfmt.Path, argfmt.OpenFlags, argfmt.OpenMode).with(argfmt.FD),
		pass(58, "vhangup", "", hostsys.SYS_VHANGUP),
		own(78, "readlinkat", "dirfd pathname buf bufsiz", sysReadlinkat, argfmt.DirFD, argfmt.Path, argfmt.BufOut, argfmt.Size),
		own(79, "newfstatat", "dirfd pathname statbuf flags", sysNewfstatat, argfmt.DirFD, argfmt.Path, argfmt.StatOut, argfmt.AtFlags),
		own(80, "fstat", "fd statbuf", sysFstat, argfmt.FD, argfmt.StatOut),
		pass(88, "utimensat", "dirfd pathname times flags", hostsys.SYS_UTIMENSAT, argfmt.DirFD, argfmt.Path, argfmt.Timespec2In, argfmt.AtFlags),
		pass(264, "name_to_handle_at", "dirfd pathname handle mount_id flags", hostsys.SYS_NAME_TO_HANDLE_AT, argfmt.DirFD, argfmt.Path, argfmt.PtrInOut, argfmt.IntOut, argfmt.AtFlags),
		pass(265, "open_by_handle_at", "mount_fd handle flags", hostsys.SYS_OPEN_BY_HANDLE_AT, argfmt.DirFD, argfmt.PtrIn, argfmt.OpenFlags).with(argfmt.FD),
		pass(276, "renameat2", "olddirfd oldpath newdirfd newpath flags", hostsys.SYS_RENAMEAT2, argfmt.DirFD, argfmt.Path, argfmt.DirFD, argfmt.Path, argfmt.RenameFlags),
		own(291, "statx", "dirfd pathname flags mask statxbuf", sysStatx, argfmt.DirFD, argfmt.Path, argfmt.StatxFlags, argfmt.StatxMask, argfmt.StatxOut),
		own(437, "openat2", "dirfd pathname how size", sysOpenat2, argfmt.DirFD, argfmt.Path, argfmt.OpenHowIn, argfmt.Size).with(argfmt.FD),
		own(439, "faccessat2", "dirfd pathname mode flags", sysFaccessat(hostsys.SYS_FACCESSAT2), argfmt.DirFD, argfmt.Path, argfmt.AccessMode, argfmt.AccessFlags),
		pass(452, "fchmodat2", "dirfd pathname mode flags", hostsys.SYS_FCHMODAT2, argfmt.DirFD, argfmt.Path, argfmt.Mode, argfmt.AtFlags),
		pass(468, "file_getattr", "dirfd pathname attr size flags", sysFileGetA, argfmt.DirFD, argfmt.Path, argfmt.BufOut, argfmt.Size, argfmt.AtFlags),
		pass(469, "file_setattr", "dirfd pathname attr size flags", sysFileSetA, argfmt.DirFD, argfmt.Path, argfmt.BufIn, argfmt.Size, argfmt.AtFlags),
	}
}

func xattrRows() []Row {
	type k = []argfmt.Kind
	get := k{argfmt.Path, argfmt.Str, argfmt.BufOut, argfmt.Size}
	fget := k{argfmt.FD, argfmt.Str, argfmt.BufOut, argfmt.Size}
	set := k{argfmt.Path, argfmt.Str, argfmt.BufIn, argfmt.Size, argfmt.XattrFlags}
	fset := k{argfmt.FD, argfmt.Str, argfmt.BufIn, argfmt.Size, argfmt.XattrFlags}
	list := k{argfmt.Path, argfmt.BufOut, argfmt.Size}
	flist := k{argfmt.FD, argfmt.BufOut, argfmt.Size}
	return []Row{
		pass(5, "setxattr", "path name value size flags", hostsys.SYS_SETXATTR, set...),
		pass(6, "lsetxattr", "path name value size flags", hostsys.SYS_LSETXATTR, set...),
		pass(7, "fsetxattr", "fd name value size flags", hostsys.SYS_FSETXATTR, fset...),
		pass(8, "getxattr", "path name value size", hostsys.SYS_GETXATTR, get...),
		pass(9, "lgetxattr", "path name value size", hostsys.SYS_LGETXATTR, get...),
		pass(10, "fgetxattr", "fd name value size", hostsys.SYS_FGETXATTR, fget...),
		pass(11, "listxattr", "path list size", hostsys.SYS_LISTXATTR, list...),
		pass(12, "llistxattr", "path list size", hostsys.SYS_LLISTXATTR, list...),
		pass(13, "flistxattr", "fd list size", hostsys.SYS_FLISTXATTR, flist...),
		pass(14, "removexattr", "path name", hostsys.SYS_REMOVEXATTR, argfmt.Path, argfmt.Str),
		pass(15, "lremovexattr", "path name", hostsys.SYS_LREMOVEXATTR, argfmt.Path, argfmt.Str),
		pass(16, "fremovexattr", "fd name", hostsys.SYS_FREMOVEXATTR, argfmt.FD, argfmt.Str),
		pass(463, "setxattrat", "dirfd pathname at_flags name args size", hostsys.SYS_SETXATTRAT, argfmt.DirFD, argfmt.Path, argfmt.AtFlags, argfmt.Str, argfmt.BufIn, argfmt.Size).flat(),
		pass(464, "getxattrat", "dirfd pathname at_flags name args size", hostsys.SYS_GETXATTRAT, argfmt.DirFD, argfmt.Path, argfmt.AtFlags, argfmt.Str, argfmt.BufIn, argfmt.Size).flat(),
		pass(465, "listxattrat", "dirfd pathname at_flags list size", hostsys.SYS_LISTXATTRAT, argfmt.DirFD, argfmt.Path, argfmt.AtFlags, argfmt.BufOut, argfmt.Size),
		pass(466, "removexattrat", "dirfd pathname at_flags name", hostsys.SYS_REMOVEXATTRAT, argfmt.DirFD, argfmt.Path, argfmt.AtFlags, argfmt.Str),
	}
}

// hostLayout is the layout of the host's structures.
func hostLayout() uapi.Layout {
	if runtime.GOARCH == "amd64" {
		return uapi.X86
	}
	return uapi.Generic
}

// openFlags converts flags of open(2) from the guest's values to the host's, or back.
func (t *Task) openFlags(f uint64) uint64 {
	if (runtime.GOARCH == "arm64") != t.Proc.Guest.Linux.ARMOpenFlags {
		return uapi.SwapOpenFlags(f)
	}
	return f
}

// layout is that of the guest's structures.
func (t *Task) layout() uapi.Layout {
	if t.Proc.Guest.Linux.Generic {
		return uapi.Generic
	}
	return uapi.X86
}

// file is a path argument as the host gets it.
type file struct {
	addr uintptr   // host address of the path
	proc *procFile // a file of /proc that Weir makes, nil for all others
}

// lookup resolves path argument i for a call that does not change names: in the sysroot first,
// and with the guest's own /proc. Without either in play the path is not even read.
func (m *marshal) lookup(c *Call, i int) (f file, e abi.Errno) {
	t := m.t
	addr := c.Args[i]
	if c.copies[i].state == copyNone && t.Proc.Cfg.Sysroot == "" {
		var head [6]byte
		if addr == 0 || addr >= t.Proc.Mem.Limit() {
			f.addr, e = t.addr(addr)
			return f, e
		}
		// Reading beyond the end of a short string may fault, which proves
		// that it is short.
		short := !t.Proc.Mem.Read(addr, head[:])
		if (short || string(head[:]) != "/proc/") && (!short && head[0] == '/' || !t.endsLikeProc(addr)) {
			f.addr = t.Proc.Mem.Host(addr)
			return f, 0
		}
	}
	if addr == 0 && c.copies[i].state == copyNone {
		return f, 0
	}
	name, e := c.CString(i, maxPath)
	if e != 0 {
		return f, e
	}
	if full := t.underProc(c, i, name); full != "" {
		f.proc = t.findProc(full)
		switch {
		case f.proc == nil:
		case !f.proc.missing:
			name = full
		case c.copies[i].state == copySet: // Weir's own way to what Resolve has opened
			f.proc = nil
		default:
			f.proc, name = nil, noFile
		}
	} else if root := t.Proc.Cfg.Sysroot; root != "" && strings.HasPrefix(name, "/") {
		if in := t.inSysroot(root, name); in != "" {
			name = in
		}
	}
	f.addr, e = m.put(append([]byte(name), 0))
	return f, e
}

// noFile is a path of nothing.
const noFile = "/proc/self/-"

// endsLikeProc reports whether a path in the guest's memory ends in the name of a file that Weir makes in /proc.
func (t *Task) endsLikeProc(addr uint64) bool {
	const most = 64 // a relative name of such a file is short
	b, e := t.Proc.Mem.ReadCString(addr, most)
	return e == 0 && procfs.IsName(path.Base(string(b)))
}

// underProc is path argument i as an absolute path, if it may be of a file in /proc that Weir makes, else empty.
func (t *Task) underProc(c *Call, i int, name string) string {
	if strings.HasPrefix(name, "/") {
		if strings.HasPrefix(name, "/proc/") {
			return name
		}
		return ""
	}
	if !procfs.IsName(path.Base(name)) {
		return ""
	}
	dir := "/proc/self/cwd"
	if i > 0 && c.Row.Args[i-1].Kind == argfmt.DirFD && int32(c.Args[i-1]) != atFdCwd {
		dir = "/proc/self/fd/" + strconv.Itoa(int(int32(c.Args[i-1])))
	}
	if at, e := t.readLink(atFdCwdHost, dir); e == 0 && (at == "/proc" || strings.HasPrefix(at, "/proc/")) {
		return at + "/" + name
	}
	return ""
}

// inSysroot is the host path of an absolute guest path in the sysroot, empty if there is
// nothing there.
func (t *Task) inSysroot(root, path string) string {
	full := strings.TrimSuffix(root, "/") + path
	if len(full) >= maxPath || strings.IndexByte(full, 0) >= 0 {
		return ""
	}
	m := marshal{t: t}
	defer m.release()
	at, e := m.put(append([]byte(full), 0))
	if e != 0 {
		return ""
	}
	// A dangling link is there too, for the calls that do not follow it.
	st, e := m.alloc(256)
	if e != 0 || raw(hostsys.SYS_STATX, atFdCwdHost, at, atSymlinkNofollow, 0, st, 0) < 0 {
		return ""
	}
	return full
}

// atFdCwdHost is AT_FDCWD as an argument of a host call.
const atFdCwdHost = ^uintptr(99)

// fdArg checks a descriptor argument.
func fdArg(c *Call, i int) (uintptr, abi.Errno) {
	if hostsys.ReservedFD(int(int32(c.Args[i]))) {
		return 0, abi.EBADF
	}
	return uintptr(c.Args[i]), 0
}

// filePath is what the calls with a descriptor of a folder and a path begin with.
func (m *marshal) filePath(c *Call) (dirfd uintptr, f file, e abi.Errno) {
	if dirfd, e = fdArg(c, 0); e != 0 {
		return 0, f, e
	}
	f, e = m.lookup(c, 1)
	return dirfd, f, e
}

func sysOpenat(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	dirfd, f, e := m.filePath(c)
	if e != 0 {
		return e.Result()
	}
	if f.proc != nil {
		if r, ok := t.openProc(f.proc, uint32(c.Args[2])); ok {
			return r
		}
		if f.addr, e = m.put(append([]byte(f.proc.name), 0)); e != 0 { // making the file has used the place
			return e.Result()
		}
	}
	return t.hostBlock(hostsys.SYS_OPENAT, dirfd, f.addr, uintptr(t.openFlags(c.Args[2])), uintptr(c.Args[3]), 0, 0)
}

func sysOpenat2(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	dirfd, f, e := m.filePath(c)
	if e != 0 {
		return e.Result()
	}
	how, e := m.arg(c, 2)
	if e != 0 {
		return e.Result()
	}
	if f.proc != nil && c.Args[3] >= 24 {
		var b [24]byte // struct open_how
		if hostsys.CopyIn(b[:], how); le.Uint64(b[16:]) == 0 {
			if r, ok := t.openProc(f.proc, uint32(le.Uint64(b[:]))); ok {
				return r
			}
			if f.addr, e = m.put(append([]byte(f.proc.name), 0)); e != 0 {
				return e.Result()
			}
			if how, e = m.arg(c, 2); e != 0 {
				return e.Result()
			}
		}
	}
	if n := c.Args[3]; t.openFlags(oDirectory) != oDirectory && n >= 24 && n <= mem.PageSize {
		b := make([]byte, n)
		if done, _ := hostsys.CopyIn(b, how); done < len(b) {
			return abi.EFAULT.Result()
		}
		le.PutUint64(b, t.openFlags(le.Uint64(b)))
		if how, e = m.put(b); e != 0 {
			return e.Result()
		}
	}
	return t.hostBlock(hostsys.SYS_OPENAT2, dirfd, f.addr, how, uintptr(c.Args[3]), 0, 0)
}

func sysFaccessat(nr uintptr) func(t *Task, c *Call) int64 {
	return func(t *Task, c *Call) int64 {
		m := marshal{t: t}
		defer m.release()
		dirfd, f, e := m.filePath(c)
		if e != 0 {
			return e.Result()
		}
		if f.proc != nil && f.proc.Name == "exe" {
			if f.addr, e = m.put(append([]byte(f.proc.path()), 0)); e != 0 {
				return e.Result()
			}
		}
		return t.hostBlock(nr, dirfd, f.addr, uintptr(c.Args[2]), uintptr(c.Args[3]), 0, 0)
	}
}

func sysStatfs(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	f, e := m.lookup(c, 0)
	if e != 0 {
		return e.Result()
	}
	buf, e := m.arg(c, 1)
	if e != 0 {
		return e.Result()
	}
	return t.hostBlock(hostsys.SYS_STATFS, f.addr, buf, 0, 0, 0, 0)
}

func sysReadlinkat(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	dirfd, f, e := m.filePath(c)
	if e != 0 {
		return e.Result()
	}
	if f.proc != nil && f.proc.Name == "exe" {
		n := int32(c.Args[3])
		if n <= 0 {
			return abi.EINVAL.Result()
		}
		path := f.proc.path()
		path = path[:min(len(path), int(n))]
		if !t.Proc.Mem.Write(c.Args[2], []byte(path)) {
			return abi.EFAULT.Result()
		}
		return int64(len(path))
	}
	buf, e := m.arg(c, 2)
	if e != 0 {
		return e.Result()
	}
	return t.hostBlock(hostsys.SYS_READLINKAT, dirfd, f.addr, buf, uintptr(c.Args[3]), 0, 0)
}

// stat runs a host call that fills a struct stat and gives it to the guest. nr is
// SYS_NEWFSTATAT or SYS_FSTAT; the buffer is the argument after path.
func (t *Task) stat(m *marshal, nr, fd, path, flags uintptr, buf uint64) int64 {
	at, e := m.alloc(uapi.StatSizeX86)
	if e != 0 {
		return e.Result()
	}
	var r int64
	if nr == hostsys.SYS_FSTAT {
		r = t.hostBlock(nr, fd, at, 0, 0, 0, 0)
	} else {
		r = t.hostBlock(nr, fd, path, at, flags, 0, 0)
	}
	if r < 0 {
		return r
	}
	var src, dst [uapi.StatSizeX86]byte
	hostsys.CopyIn(src[:], at)
	l := t.layout()
	uapi.Stat(dst[:], l, src[:], hostLayout())
	if !t.Proc.Mem.Write(buf, dst[:l.StatLen()]) {
		return abi.EFAULT.Result()
	}
	return r
}

func sysFstat(t *Task, c *Call) int64 {
	fd, e := fdArg(c, 0)
	if e != 0 {
		return e.Result()
	}
	m := marshal{t: t}
	defer m.release()
	return t.stat(&m, hostsys.SYS_FSTAT, fd, 0, 0, c.Args[1])
}

// followExe makes a call on /proc/self/exe look at the guest's program, unless it looks at
// the link itself.
func (m *marshal) followExe(f *file, flags uint64) abi.Errno {
	if f.proc == nil || f.proc.Name != "exe" || flags&atSymlinkNofollow != 0 {
		return 0
	}
	var e abi.Errno
	f.addr, e = m.put(append([]byte(f.proc.path()), 0))
	return e
}

// statPath is filePath for the calls that look at what /proc/self/exe leads to, whose argument
// flags has AT_SYMLINK_NOFOLLOW.
func (m *marshal) statPath(c *Call, flags int) (dirfd uintptr, f file, e abi.Errno) {
	if dirfd, f, e = m.filePath(c); e == 0 {
		e = m.followExe(&f, c.Args[flags])
	}
	return dirfd, f, e
}

func sysNewfstatat(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	dirfd, f, e := m.statPath(c, 3)
	if e != 0 {
		return e.Result()
	}
	return t.stat(&m, hostsys.SYS_NEWFSTATAT, dirfd, f.addr, uintptr(c.Args[3]), c.Args[2])
}

func sysStatx(t *Task, c *Call) int64 {
	m := marshal{t: t}
	defer m.release()
	dirfd, f, e := m.statPath(c, 2)
	if e != 0 {
		return e.Result()
	}
	buf, e := m.arg(c, 4)
	if e != 0 {
		return e.Result()
	}
	return t.hostBlock(hostsys.SYS_STATX, dirfd, f.addr, uintptr(c.Args[2]), uintptr(c.Args[3]), buf, 0)
}
