//go:build linux

package linux

import (
	"encoding/binary"
	"io"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/load"
	"github.com/weir-emu/weir/internal/mem"
)

// Arguments of openat(2) and its kin.
const (
	atFdCwd           = -100
	atSymlinkNofollow = 0x100
	atEmptyPath       = 0x1000
	atEAccess         = 0x200
	oRdonly           = 0
	oNonblock         = 0x800
	oNoctty           = 0x100
	oCloexec          = 0x80000
	xOK               = 1
)

// programFile is an open program.
type programFile struct {
	load.File
	pin  pin    // of FD, if it is one
	name string // absolute host path, with symbolic links resolved
}

// fdReader reads a host file through the task's scratch page.
type fdReader struct {
	t  *Task
	fd int
}

// ReadAt implements io.ReaderAt.
func (r fdReader) ReadAt(p []byte, off int64) (n int, err error) {
	const at = pathOff // the half of the scratch page that paths use
	for n < len(p) {
		k := raw(hostsys.SYS_PREAD64, uintptr(r.fd), r.t.scratch+at, uintptr(min(len(p)-n, scratchSize-at)), uintptr(off)+uintptr(n), 0, 0)
		switch {
		case k == eintr:
			continue
		case k < 0:
			return n, abi.Errno(-k)
		case k == 0:
			return n, io.EOF
		}
		r.t.get(at, p[n:n+int(k)])
		n += int(k)
	}
	return n, nil
}

// putPath puts a path on the scratch page.
func (t *Task) putPath(path string) (uintptr, abi.Errno) {
	if len(path) >= maxPath {
		return 0, abi.ENAMETOOLONG
	}
	if strings.IndexByte(path, 0) >= 0 {
		return 0, abi.ENOENT
	}
	return t.put(pathOff, append([]byte(path), 0)), 0
}

// openProgram opens an executable file with the checks of execve(2).
func (t *Task) openProgram(dirfd int, path string, flags int) (f *programFile, err error) {
	if path == "" && flags&atEmptyPath == 0 {
		return nil, abi.ENOENT
	}
	at, errno := t.putPath(path)
	if errno != 0 {
		return nil, errno
	}
	var fd int64
	if path == "" {
		fd = raw(hostsys.SYS_OPENAT, uintptr(0), t.put(pathOff, []byte("/proc/self/fd/"+strconv.Itoa(dirfd)+"\x00")), oRdonly|oCloexec|oNonblock|oNoctty, 0, 0, 0)
		if fd == abi.ENOENT.Result() {
			fd = abi.EBADF.Result()
		}
	} else {
		how := oRdonly | oCloexec | oNonblock | oNoctty
		if flags&atSymlinkNofollow != 0 {
			how |= int(t.openFlags(oNoFollow))
		}
		fd = raw(hostsys.SYS_OPENAT, uintptr(dirfd), at, uintptr(how), 0, 0, 0)
	}
	if fd < 0 {
		if fd == abi.ENXIO.Result() { // a socket
			return nil, abi.EACCES
		}
		return nil, abi.Errno(-fd)
	}
	return t.programOf(int(fd), path)
}

// programOf checks an open file as execve(2) does. It owns fd, also if it fails.
func (t *Task) programOf(fd int, path string) (f *programFile, err error) {
	var p pin
	if pins != nil && t.cur != nil && t.cur.res != nil { // what a filter decides about must stay what it is
		var e abi.Errno
		if p, e = hold(fd); e != 0 {
			return nil, e
		}
		fd = int(p.fd())
	}
	defer func() {
		switch {
		case err == nil:
		case p != 0:
			p.release()
		default:
			closeFD(fd)
		}
	}()
	// struct statx: stx_mode is 16 bits at 28, stx_size at 40.
	empty := t.put(0, []byte{0})
	if r := raw(hostsys.SYS_STATX, uintptr(fd), empty, atEmptyPath, 0x7ff, t.scratch+64, 0); r < 0 {
		return nil, abi.Errno(-r)
	}
	var st [64]byte
	t.get(64, st[:])
	switch mode := binary.LittleEndian.Uint16(st[28:]); mode & 0xf000 {
	case 0x8000:
	case 0x4000:
		return nil, &load.Error{Errno: abi.EACCES, Text: "is a directory"}
	default:
		return nil, &load.Error{Errno: abi.EACCES, Text: "not a regular file"}
	}
	r := raw(hostsys.SYS_FACCESSAT2, uintptr(fd), empty, xOK, atEmptyPath|atEAccess, 0, 0)
	if r == abi.ENOSYS.Result() { // before Linux 5.8
		r = raw(hostsys.SYS_FACCESSAT, atFdCwdHost, t.put(pathOff, []byte("/proc/self/fd/"+strconv.Itoa(fd)+"\x00")), xOK, 0, 0, 0)
	}
	if r < 0 {
		return nil, &load.Error{Errno: abi.Errno(-r), Text: "permission denied: not executable"}
	}
	f = &programFile{File: load.File{R: fdReader{t, fd}, Size: int64(binary.LittleEndian.Uint64(st[40:])), FD: fd}, pin: p}
	f.name = t.fdName(fd, path)
	return f, nil
}

// fdName returns the path of an open file, or otherwise if that cannot be told.
func (t *Task) fdName(fd int, otherwise string) string {
	if name, e := t.readLink(atFdCwdHost, "/proc/self/fd/"+strconv.Itoa(fd)); e == 0 && name != "" {
		return name
	}
	return otherwise
}

// readLink returns the text of a symbolic link of the host's; with an empty path, that of the link that dirfd is.
func (t *Task) readLink(dirfd uintptr, path string) (string, abi.Errno) {
	at := t.put(pathOff, append([]byte(path), 0))
	n := raw(hostsys.SYS_READLINKAT, dirfd, at, t.scratch, pathOff, 0, 0)
	switch {
	case n < 0:
		return "", abi.Errno(-n)
	case n >= pathOff:
		return "", abi.ENAMETOOLONG
	}
	b := make([]byte, n)
	t.get(0, b)
	return string(b), 0
}

func closeFD(fd int) { raw(hostsys.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0) }

func (f *programFile) close() {
	if f != nil && f.FD >= 0 {
		if f.pin != 0 {
			f.pin.release()
		} else {
			closeFD(f.FD)
		}
		f.FD = -1
	}
}

// errnoOf is the errno of an error of this file.
func errnoOf(err error) abi.Errno {
	if e := StartErrno(err); e != 0 {
		return e
	}
	return abi.ENOEXEC
}

// execPlan is a checked execve: everything that can fail with an errno has been done.
type execPlan struct {
	file, interp       *programFile
	image, interpImage *load.Image
	args               load.Args
	native             bool   // a program for the host's own CPU
	path               string // native: what to execute
	mask               uint64 // of the thread that called execve
	seccomp            *seccompState
	commSource         string
	scripts            []string // real paths of the scripts on the way to file
}

func (pl *execPlan) close() {
	pl.file.close()
	pl.interp.close()
}

// hostMachine is the ELF machine of programs that the host kernel runs itself.
const emX86_64 = 62

// prepare opens and checks a program and its interpreters.
func (t *Task) prepare(dirfd int, path string, flags int, argv, envp []string) (*execPlan, error) {
	name := path // AT_EXECFN
	if dirfd != atFdCwd && !strings.HasPrefix(path, "/") {
		name = "/dev/fd/" + strconv.Itoa(dirfd)
		if path != "" {
			name += "/" + path
		}
	}
	return t.prepareFile(func() (*programFile, error) { return t.openProgram(dirfd, t.execPath(path), flags) }, name, argv, envp)
}

// prepareFile is prepare for a program that open opens and that has a name.
func (t *Task) prepareFile(open func() (*programFile, error), name string, argv, envp []string) (pl *execPlan, err error) {
	pl = &execPlan{args: load.Args{Argv: argv, Envp: envp, ExecFn: name}, commSource: name}
	defer func() {
		if err != nil {
			pl.close()
			pl = nil
		}
	}()
	if pl.file, err = open(); err != nil {
		return pl, err
	}
	first := pl.file.name
	for depth := 0; ; depth++ {
		interp, arg, script, err := load.Script(&pl.file.File)
		if err != nil {
			return pl, err
		}
		if !script {
			break
		}
		if depth == load.MaxScriptDepth {
			return pl, load.ErrDepth
		}
		name := pl.args.ExecFn
		if depth > 0 {
			name = pl.commSource
		}
		head := []string{interp}
		if arg != "" {
			head = append(head, arg)
		}
		head = append(head, name)
		rest := pl.args.Argv
		if len(rest) > 0 {
			rest = rest[1:]
		}
		pl.args.Argv = append(head, rest...)
		pl.scripts = append(pl.scripts, pl.file.name)
		pl.file.close()
		pl.commSource = interp
		if pl.file, err = t.openProgram(atFdCwd, t.execPath(interp), 0); err != nil {
			if errnoOf(err) == abi.ENOENT {
				err = &load.Error{Errno: abi.ENOENT, Text: "the script's interpreter " + interp + " does not exist"}
			}
			return pl, err
		}
	}
	if isNative(&pl.file.File, t.Proc.Guest.ELFMachine) {
		pl.native, pl.path = true, first
		return pl, nil
	}
	if pl.image, err = load.Parse(&pl.file.File, t.Proc.Guest); err != nil {
		return pl, err
	}
	if err = pl.args.Check(t.stackSize()); err != nil {
		return pl, err
	}
	if name := pl.image.Interp; name != "" {
		if pl.interp, err = t.openProgram(atFdCwd, t.execPath(name), 0); err != nil {
			if errnoOf(err) == abi.ENOENT {
				err = &load.Error{Errno: abi.ENOENT, Text: "its dynamic loader " + name + " does not exist: give the directory of a guest system with -L"}
			}
			return pl, err
		}
		if pl.interpImage, err = load.Parse(&pl.interp.File, t.Proc.Guest); err != nil {
			return pl, &load.Error{Errno: abi.ELIBBAD, Text: "its dynamic loader " + name + ": " + err.Error()}
		}
	}
	return pl, nil
}

// isNative reports whether a file is an ELF program for the host and not for the guest.
func isNative(f *load.File, guest uint16) bool {
	var h [20]byte
	n, _ := f.R.ReadAt(h[:], 0)
	if n < len(h) || string(h[:6]) != "\x7fELF\x02\x01" {
		return false
	}
	m := binary.LittleEndian.Uint16(h[18:])
	return m == emX86_64 && m != guest
}

// execPath is the host path of a program that the guest names: with a sysroot, the
// file in it if there is one.
func (t *Task) execPath(path string) string {
	p := t.Proc
	if strings.HasPrefix(path, "/proc/") {
		if f := t.findProc(path); f != nil && f.Name == "exe" && f.path() != "" {
			return f.path()
		}
	}
	root := p.Cfg.Sysroot
	if root == "" || !strings.HasPrefix(path, "/") {
		return path
	}
	full := strings.TrimSuffix(root, "/") + path
	at, errno := t.putPath(full)
	if errno == 0 && raw(hostsys.SYS_FACCESSAT, atFdCwdHost, at, 0, 0, 0, 0) == 0 {
		return full
	}
	return path
}

// stackSize is the size of the main stack.
func (t *Task) stackSize() uint64 {
	p := t.Proc
	if n := p.Cfg.StackSize; n != 0 {
		return n
	}
	const standard, least, most = 8 << 20, 128 << 10, 1 << 30
	if soft := p.limits.get(rlimitStack, t.scratch)[0]; soft <= most {
		return max(soft&^(mem.PageSize-1), least)
	}
	return standard
}
