//go:build linux

package linux

import (
	"slices"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/tree"
	"github.com/weir-emu/weir/internal/mem"
)

// Reading, writing and descriptors.

// Numbers that are the same on all architectures and newer than hostsys has.
const (
	sysOpenTreeA = 467
	sysFileGetA  = 468
	sysFileSetA  = 469
	sysListns    = 470
)

func ioRows() []Row {
	return []Row{
		fast(23, "dup", "oldfd", hostsys.SYS_DUP, argfmt.FD),
		own(24, "dup3", "oldfd newfd flags", sysDup3, argfmt.FD, argfmt.FD, argfmt.FdFlags),
		own(25, "fcntl", "fd cmd arg", sysFcntl, argfmt.FD, argfmt.FcntlCmd, argfmt.FcntlArg).with(argfmt.RetFcntl),
		own(29, "ioctl", "fd request argp", sysIoctl, argfmt.FD, argfmt.IoctlReq, argfmt.IoctlArg).noted("requests pass to the host, whose structures are the same; with a guest base other than 0, structures that contain addresses are passed as they are"),
		pass(32, "flock", "fd operation", hostsys.SYS_FLOCK, argfmt.FD, argfmt.FlockOp),
		pass(46, "ftruncate", "fd length", hostsys.SYS_FTRUNCATE, argfmt.FD, argfmt.Long),
		pass(47, "fallocate", "fd mode offset len", hostsys.SYS_FALLOCATE, argfmt.FD, argfmt.FallocMode, argfmt.Long, argfmt.Long),
		own(57, "close", "fd", sysClose, argfmt.FD),
		fast(59, "pipe2", "pipefd flags", hostsys.SYS_PIPE2, argfmt.FDPairOut, argfmt.FdFlags),
		own(61, "getdents64", "fd dirp count", sysGetdents64, argfmt.FD, argfmt.Dents, argfmt.Size),
		fast(62, "lseek", "fd offset whence", hostsys.SYS_LSEEK, argfmt.FD, argfmt.Long, argfmt.Whence).memOffset(1),
		pass(63, "read", "fd buf count", hostsys.SYS_READ, argfmt.FD, argfmt.BufOut, argfmt.Size),
		pass(64, "write", "fd buf count", hostsys.SYS_WRITE, argfmt.FD, argfmt.BufIn, argfmt.Size),
		own(65, "readv", "fd iov iovcnt", vec(hostsys.SYS_READV), argfmt.FD, argfmt.IovOut, argfmt.Int),
		own(66, "writev", "fd iov iovcnt", vec(hostsys.SYS_WRITEV), argfmt.FD, argfmt.IovIn, argfmt.Int),
		pass(67, "pread64", "fd buf count offset", hostsys.SYS_PREAD64, argfmt.FD, argfmt.BufOut, argfmt.Size, argfmt.Long).memOffset(3),
		pass(68, "pwrite64", "fd buf count offset", hostsys.SYS_PWRITE64, argfmt.FD, argfmt.BufIn, argfmt.Size, argfmt.Long).memOffset(3),
		own(69, "preadv", "fd iov iovcnt offset", vec(hostsys.SYS_PREADV), argfmt.FD, argfmt.IovOut, argfmt.Int, argfmt.Long),
		own(70, "pwritev", "fd iov iovcnt offset", vec(hostsys.SYS_PWRITEV), argfmt.FD, argfmt.IovIn, argfmt.Int, argfmt.Long),
		pass(71, "sendfile", "out_fd in_fd offset count", hostsys.SYS_SENDFILE, argfmt.FD, argfmt.FD, argfmt.OffInOut, argfmt.Size),
		fast(74, "signalfd4", "fd mask sizemask flags", hostsys.SYS_SIGNALFD4, argfmt.FD, argfmt.SigsetIn, argfmt.Size, argfmt.SignalFDFlags),
		own(75, "vmsplice", "fd iov nr_segs flags", vec(hostsys.SYS_VMSPLICE), argfmt.FD, argfmt.IovIn, argfmt.Size, argfmt.SpliceFlags),
		pass(76, "splice", "fd_in off_in fd_out off_out len flags", hostsys.SYS_SPLICE, argfmt.FD, argfmt.OffIn, argfmt.FD, argfmt.OffIn, argfmt.Size, argfmt.SpliceFlags),
		pass(77, "tee", "fd_in fd_out len flags", hostsys.SYS_TEE, argfmt.FD, argfmt.FD, argfmt.Size, argfmt.SpliceFlags),
		pass(81, "sync", "", hostsys.SYS_SYNC),
		pass(82, "fsync", "fd", hostsys.SYS_FSYNC, argfmt.FD),
		pass(83, "fdatasync", "fd", hostsys.SYS_FDATASYNC, argfmt.FD),
		pass(84, "sync_file_range", "fd offset nbytes flags", hostsys.SYS_SYNC_FILE_RANGE, argfmt.FD, argfmt.Long, argfmt.Long, argfmt.SyncRange),
		pass(213, "readahead", "fd offset count", hostsys.SYS_READAHEAD, argfmt.FD, argfmt.Long, argfmt.Size),
		pass(223, "fadvise64", "fd offset len advice", hostsys.SYS_FADVISE64, argfmt.FD, argfmt.Long, argfmt.Long, argfmt.Fadvice),
		pass(267, "syncfs", "fd", hostsys.SYS_SYNCFS, argfmt.FD),
		fast(279, "memfd_create", "name flags", hostsys.SYS_MEMFD_CREATE, argfmt.Str, argfmt.MemfdFlags),
		pass(285, "copy_file_range", "fd_in off_in fd_out off_out len flags", hostsys.SYS_COPY_FILE_RANGE, argfmt.FD, argfmt.OffIn, argfmt.FD, argfmt.OffIn, argfmt.Size, argfmt.Hex),
		own(286, "preadv2", "fd iov iovcnt offset pos_h flags", vec(hostsys.SYS_PREADV2), argfmt.FD, argfmt.IovOut, argfmt.Int, argfmt.Long, argfmt.PosHigh, argfmt.RWFlags),
		own(287, "pwritev2", "fd iov iovcnt offset pos_h flags", vec(hostsys.SYS_PWRITEV2), argfmt.FD, argfmt.IovIn, argfmt.Int, argfmt.Long, argfmt.PosHigh, argfmt.RWFlags),
		own(436, "close_range", "first last flags", sysCloseRange, argfmt.Uint, argfmt.Uint, argfmt.CloseRangeFlags),
		pass(451, "cachestat", "fd cstat_range cstat flags", hostsys.SYS_CACHESTAT, argfmt.FD, argfmt.PtrIn, argfmt.PtrOut, argfmt.Hex),
	}
}

// sysClose is close(2): the descriptor is closed even if the call says EINTR.
func sysClose(t *Task, c *Call) int64 {
	fd := int(int32(c.Args[0]))
	if hostsys.ReservedFD(fd) {
		return abi.EBADF.Result()
	}
	return t.host(hostsys.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0)
}

// sysDup3 makes room if the new number is one that Weir itself uses.
func sysDup3(t *Task, c *Call) int64 {
	from, to := int(int32(c.Args[0])), int(int32(c.Args[1]))
	vacate := func(fd int) bool { return hostsys.VacateFD(fd) || yieldPin(fd, true) }
	if v := t.Proc.vforked; v != nil {
		vacate = func(fd int) bool { return v.VacateFD(fd) || yieldPin(fd, v.SharesFiles()) } // else the parent's number is not its guest's
	}
	if hostsys.ReservedFD(from) || hostsys.ReservedFD(to) && !vacate(to) {
		return abi.EBADF.Result()
	}
	return t.hostBlock(hostsys.SYS_DUP3, uintptr(from), uintptr(to), uintptr(c.Args[2]), 0, 0, 0)
}

// sysCloseRange leaves Weir's own descriptors out.
func sysCloseRange(t *Task, c *Call) int64 {
	first, last, flags := uint64(uint32(c.Args[0])), uint64(uint32(c.Args[1])), c.Args[2]
	call := func(lo, hi uint64) int64 {
		return t.host(hostsys.SYS_CLOSE_RANGE, uintptr(lo), uintptr(hi), uintptr(flags), 0, 0, 0)
	}
	if first > last {
		return call(first, last)
	}
	hidden := hostsys.HiddenFDs()
	slices.Sort(hidden)
	done := false
	for _, h := range hidden {
		fd := uint64(h)
		if h < 0 || fd < first || fd > last {
			continue
		}
		if first < fd {
			if r := call(first, fd-1); r != 0 {
				return r
			}
			done = true
		}
		first = fd + 1
	}
	if first > last {
		if done {
			return 0
		}
		first, last = ^uint64(0)>>32, ^uint64(0)>>32 // nothing is left: the kernel judges the flags
	}
	return call(first, last)
}

// maxIov is UIO_MAXIOV.
const maxIov = 1024

// vec makes the handler of a call with a vector of buffers as arguments 1 and 2.
func vec(nr uintptr) func(t *Task, c *Call) int64 {
	return func(t *Task, c *Call) int64 {
		if hostsys.ReservedFD(int(int32(c.Args[0]))) {
			return abi.EBADF.Result()
		}
		m := marshal{t: t}
		defer m.release()
		out := c.Row.Args[1].Kind == argfmt.IovOut
		iov, e := m.iovec(c, 1, c.Args[1], c.Args[2], out)
		if e != 0 {
			return e.Result()
		}
		call := func() int64 {
			return t.hostBlock(nr, uintptr(c.Args[0]), iov, uintptr(c.Args[2]), uintptr(c.Args[3]), uintptr(c.Args[4]), uintptr(c.Args[5]))
		}
		r := call()
		if r == abi.EFAULT.Result() && out && t.unwatchIov(c.Args[1], c.Args[2]) {
			r = call()
		}
		return r
	}
}

// iovec returns the host address of a vector of n buffers: the guest's own where
// addresses are the same, else a copy. arg is the argument it came through, -1 for none;
// write says that the kernel writes to the buffers.
func (m *marshal) iovec(c *Call, arg int, addr, n uint64, write bool) (uintptr, abi.Errno) {
	t := m.t
	copied := arg >= 0 && c.copies[arg].state != copyNone
	if n == 0 || n > maxIov {
		return t.addr(addr)
	}
	if t.Proc.Mem.Base() == 0 && !copied && !write {
		return t.addr(addr)
	}
	var b []byte
	if copied {
		var e abi.Errno
		if b, e = c.In(arg, int(16*n)); e != 0 {
			return 0, e
		}
		b = slices.Clone(b)
	} else {
		b = make([]byte, 16*n)
		if !t.Proc.Mem.Read(addr, b) {
			return 0, abi.EFAULT
		}
	}
	for i := 0; i < len(b); i += 16 {
		base, size := le.Uint64(b[i:]), le.Uint64(b[i+8:])
		if size != 0 {
			host, e := t.addr(base)
			if e != 0 {
				return 0, e
			}
			le.PutUint64(b[i:], uint64(host))
			if write {
				t.Proc.Mem.UnwatchForWrite(base, size)
			}
		}
	}
	return m.put(b)
}

// unwatchIov is unwatch for the buffers of a vector.
func (t *Task) unwatchIov(addr, n uint64) (hit bool) {
	for i := range min(n, maxIov) {
		base, ok1 := t.Proc.Mem.ReadU64(addr + 16*i)
		size, ok2 := t.Proc.Mem.ReadU64(addr + 16*i + 8)
		if ok1 && ok2 {
			hit = t.Proc.Mem.UnwatchForWrite(base, size) || hit
		}
	}
	return hit
}

// Commands of fcntl(2) whose argument or result is flags of open(2).
const (
	fGetFL = 3
	fSetFL = 4
)

// Commands of fcntl(2) with an argument that is a pointer (include/uapi/linux/fcntl.h).
const (
	fGetLk     = 5
	fSetLk     = 6
	fSetLkw    = 7
	fSetOwnEx  = 15
	fGetOwnEx  = 16
	fGetOwners = 17
	fOFDGetLk  = 36
	fOFDSetLk  = 37
	fOFDSetLkw = 38
	fGetRWHint = 1035
	fSetFHint  = 1038
)

// fcntlSize is the size of the structure behind the argument, 0 if it is a number.
func fcntlSize(cmd uint32) int {
	switch {
	case cmd >= fGetLk && cmd <= fSetLkw || cmd >= fOFDGetLk && cmd <= fOFDSetLkw:
		return 32 // struct flock, the same on all 64-bit machines
	case cmd >= fSetOwnEx && cmd <= fGetOwners, cmd >= fGetRWHint && cmd <= fSetFHint:
		return 8
	}
	return 0
}

func sysFcntl(t *Task, c *Call) int64 {
	fd, cmd := int(int32(c.Args[0])), uint32(c.Args[1])
	if hostsys.ReservedFD(fd) {
		return abi.EBADF.Result()
	}
	arg := uintptr(c.Args[2])
	m := marshal{t: t}
	if n := fcntlSize(cmd); n != 0 {
		var e abi.Errno
		if c.copies[2].state != copyNone && cmd != fGetOwnEx && cmd != fGetOwners {
			b, e := c.In(2, n)
			if e != 0 {
				return e.Result()
			}
			if arg, e = m.put(b); e != 0 {
				return e.Result()
			}
			if cmd == fGetLk || cmd == fOFDGetLk {
				m.back = append(m.back, copyBack{c.Args[2], arg, n})
			}
		} else {
			if arg, e = t.addr(c.Args[2]); e != 0 {
				return e.Result()
			}
			t.Proc.Mem.UnwatchForWrite(c.Args[2], uint64(n))
		}
	}
	if cmd == fSetFL {
		arg = uintptr(t.openFlags(uint64(arg)))
	}
	r := t.hostBlock(hostsys.SYS_FCNTL, uintptr(fd), uintptr(cmd), arg, 0, 0, 0)
	if cmd == fGetFL && r >= 0 {
		r = int64(t.openFlags(uint64(r)))
	}
	return m.finish(c, r)
}

// Fields of struct linux_dirent64, the same everywhere.
const (
	direntReclen = 16
	direntName   = 19
)

// sysGetdents64 is getdents64(2). Folders of /proc that list descriptors, threads and mappings lack Weir's own.
func sysGetdents64(t *Task, c *Call) int64 {
	r := t.pass(c, hostsys.SYS_GETDENTS64, (*Task).hostBlock)
	if r <= 0 || r > 1<<20 {
		return r
	}
	var first [direntName + 1]byte
	if !t.Proc.Mem.Read(c.Args[1], first[:]) || !hexDigit(first[direntName]) && first[direntName] != '.' {
		return r // most folders: no name begins with a digit or a dot
	}
	b := make([]byte, r)
	if !t.Proc.Mem.Read(c.Args[1], b) {
		return r
	}
	numbers := 0
	for at := 0; at+direntName < len(b); {
		n := int(le.Uint16(b[at+direntReclen:]))
		if n <= direntName || at+n > len(b) {
			return r
		}
		switch name := direntText(b[at : at+n]); {
		case name == "." || name == "..":
		case isNumbers(name):
			numbers++
		default:
			return r // no such folder has other names
		}
		at += n
	}
	if numbers == 0 {
		return r
	}
	hidden := t.hiddenIn(t.fdName(int(int32(c.Args[0])), ""))
	if hidden == nil {
		return r
	}
	kept := make([]byte, 0, r)
	for at := 0; at+direntName < len(b); {
		n := int(le.Uint16(b[at+direntReclen:]))
		if !hidden(direntText(b[at : at+n])) {
			kept = append(kept, b[at:at+n]...)
		}
		at += n
	}
	if len(kept) == len(b) {
		return r
	}
	if len(kept) == 0 {
		return sysGetdents64(t, c) // the next part, so as not to say that this is the end
	}
	if !t.Proc.Mem.Write(c.Args[1], kept) {
		return abi.EFAULT.Result()
	}
	return int64(len(kept))
}

// direntText is the name of an entry.
func direntText(e []byte) string {
	name := e[direntName:]
	if i := slices.Index(name, 0); i >= 0 {
		name = name[:i]
	}
	return string(name)
}

func hexDigit(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

// isNumbers reports whether a name is a decimal number or, as those of mappings, two hexadecimal ones.
func isNumbers(name string) bool {
	dash := strings.Contains(name, "-")
	for i := range len(name) {
		if c := name[i]; !hexDigit(c) && c != '-' || c >= 'a' && !dash {
			return false
		}
	}
	return true
}

// hiddenIn returns what tells the entries of a folder that the guest must not see; nil if it may see all.
func (t *Task) hiddenIn(dir string) func(name string) bool {
	rest, ok := strings.CutPrefix(dir, "/proc/")
	if !ok {
		return nil
	}
	who, rest, _ := strings.Cut(rest, "/")
	pid, err := strconv.Atoi(who)
	if err != nil {
		return nil
	}
	if r, ok := strings.CutPrefix(rest, "task/"); ok {
		_, rest, _ = strings.Cut(r, "/")
	}
	p := t.Proc
	var other *tree.Facts
	switch rest {
	case "fd", "fdinfo", "task", "map_files":
		if pid != p.PID && p.task(pid) == nil {
			o, ok := t.member(pid)
			if !ok {
				return nil
			}
			other = &o
		}
	}
	number := func(f func(n int) bool) func(string) bool {
		return func(name string) bool {
			n, err := strconv.Atoi(name)
			return err == nil && f(n)
		}
	}
	switch rest {
	case "fd", "fdinfo":
		if other != nil {
			return number(func(fd int) bool { return slices.Contains(other.Hidden, fd) })
		}
		return number(hostsys.ReservedFD)
	case "task":
		if other != nil {
			return number(func(tid int) bool { return !other.TasksCut && !slices.Contains(other.Tasks, tid) })
		}
		return number(func(tid int) bool { return p.task(tid) == nil })
	case "map_files":
		areas, base := p.Mem.Areas(), p.Mem.Base()
		if other != nil {
			areas, base = other.Areas, other.Base
		}
		return func(name string) bool {
			lo, _, ok := strings.Cut(name, "-")
			at, _ := strconv.ParseUint(lo, 16, 64)
			return ok && !slices.ContainsFunc(areas, func(a mem.Area) bool { return at-base >= a.Start && at-base < a.End })
		}
	}
	return nil
}
