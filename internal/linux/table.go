//go:build linux

package linux

import (
	"strconv"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/isa"
)

// family is a group of rows that is made at the first use of one of them, so that
// starting a program does not pay for calls it never makes.
type family uint8

const (
	famNone family = iota
	famSignal
	famProcess
	famFutex
	famTimer
	famSched
	famCred
	famIO
	famPath
	famXattr
	famMemory
	famSocket
	famPoll
	famTime
	famIPC
	famSystem
	famAdmin
	famArch
	numFamilies
)

// rows makes the rows of a family.
func (f family) rows() []Row {
	switch f {
	case famSignal:
		return signalRows()
	case famProcess:
		return processRows()
	case famFutex:
		return futexRows()
	case famTimer:
		return timerRows()
	case famSched:
		return schedRows()
	case famCred:
		return credRows()
	case famIO:
		return ioRows()
	case famPath:
		return pathRows()
	case famXattr:
		return xattrRows()
	case famMemory:
		return memoryRows()
	case famSocket:
		return socketRows()
	case famPoll:
		return pollRows()
	case famTime:
		return timeRows()
	case famIPC:
		return ipcRows()
	case famSystem:
		return systemRows()
	case famAdmin:
		return adminRows()
	case famArch:
		return archRows()
	}
	return nil
}

// table has the rows of a guest's syscalls.
type table struct {
	made [numFamilies]sync.Once
	rows [len(genericNames)]*Row
}

var generic table

// tableOf returns the table of a guest. All present guests have the asm-generic one.
func tableOf(*isa.Guest) *table { return &generic }

// row returns the row of a number; one that says Absent if it has none.
func (tb *table) row(nr abi.Sysno) *Row {
	if uint64(nr) >= uint64(len(genericNames)) || genericNames[nr].family == famNone {
		return &absentRow
	}
	f := genericNames[nr].family
	tb.made[f].Do(func() {
		rows := f.rows()
		for i := range rows {
			tb.rows[rows[i].Nr] = &rows[i]
		}
	})
	return tb.rows[nr]
}

// absentRow serves the numbers that the ABI does not assign.
var absentRow = Row{Nr: -1, Level: Absent, run: func(t *Task, c *Call) int64 {
	if f := t.Proc.Cfg.Unimp; f != nil {
		f(t, c.Row, c.Nr)
	}
	return abi.ENOSYS.Result()
}}

// unsupported makes a row that answers ENOSYS and says so in -d unimp.
func unsupported(nr abi.Sysno, name, args, why string, kinds ...argfmt.Kind) Row {
	r := row(name, args, Unsupported, kinds...)
	r.Nr, r.Note, r.run = nr, why, absentRow.run
	return r
}

// removed makes the row of a call that the kernel itself no longer has.
func removed(nr abi.Sysno, name, note string) Row {
	r := row(name, "", Full)
	r.Nr, r.Note, r.run = nr, note, func(*Task, *Call) int64 { return abi.ENOSYS.Result() }
	return r
}

// Rows returns the rows of all assigned numbers, in order.
func Rows() []*Row {
	var list []*Row
	for nr := range genericNames {
		if genericNames[nr].family != famNone {
			list = append(list, generic.row(abi.Sysno(nr)))
		}
	}
	return list
}

// SyscallName returns the name of a number.
func SyscallName(nr abi.Sysno) (string, bool) {
	if uint64(nr) >= uint64(len(genericNames)) {
		return "", false
	}
	n := genericNames[nr].name
	return n, n != ""
}

// SyscallByName returns the number of a name.
func SyscallByName(name string) (abi.Sysno, bool) {
	if name == "" {
		return 0, false
	}
	for nr := range genericNames {
		if genericNames[nr].name == name {
			return abi.Sysno(nr), true
		}
	}
	return 0, false
}

// SyscallsWith returns the numbers of the calls that have an argument of a kind,
// by its name: "path", "fd" ...
func SyscallsWith(kind string) []abi.Sysno {
	var list []abi.Sysno
	for _, r := range Rows() {
		for _, a := range r.Args {
			if a.Kind.String() == kind {
				list = append(list, r.Nr)
				break
			}
		}
	}
	return list
}

// elsewhere has calls of other architectures that this table has not, so that a
// filter that names "open" besides "openat" is no mistake.
var elsewhere = []string{
	"_llseek", "_newselect", "_sysctl", "access", "alarm", "arch_prctl", "arm_fadvise64_64", "cacheflush", "chmod", "chown", "creat",
	"dup2", "epoll_create", "epoll_ctl_old", "epoll_wait", "epoll_wait_old", "eventfd", "fadvise64_64", "fcntl64", "fork", "fstat64",
	"fstatat64", "fstatfs64", "ftruncate64", "futimesat", "get_thread_area", "getdents", "getpgrp", "inotify_init", "ioperm", "iopl", "ipc",
	"lchown", "link", "lstat", "lstat64", "mkdir", "mknod", "mmap2", "modify_ldt", "nice", "oldfstat", "open", "pause", "pipe", "poll",
	"readdir", "readlink", "rename", "renameat", "rmdir", "select", "send", "recv", "sendfile64", "set_thread_area", "setup", "sgetmask",
	"sigaction", "signal", "signalfd", "sigpending", "sigprocmask", "sigreturn", "sigsuspend", "socketcall", "ssetmask", "stat", "stat64",
	"statfs64", "stime", "symlink", "sync_file_range2", "sysfs", "time", "truncate64", "ugetrlimit", "umount", "unlink", "uretprobe",
	"uselib", "ustat", "utime", "utimes", "vfork", "waitpid",
	"clock_adjtime64", "clock_getres_time64", "clock_gettime64", "clock_nanosleep_time64", "clock_settime64", "futex_time64",
	"io_pgetevents_time64", "mq_timedreceive_time64", "mq_timedsend_time64", "ppoll_time64", "pselect6_time64", "recvmmsg_time64",
	"rt_sigtimedwait_time64", "sched_rr_get_interval_time64", "semtimedop_time64", "timer_gettime64", "timer_settime64",
	"timerfd_gettime64", "timerfd_settime64", "utimensat_time64",
}

// KnownElsewhere reports whether name is a syscall of another Linux architecture.
func KnownElsewhere(name string) bool {
	for _, n := range elsewhere {
		if n == name {
			return true
		}
	}
	return false
}

// String names the level for documentation.
func (l Level) String() string {
	switch l {
	case Full:
		return "full"
	case Partial:
		return "partial"
	case Absent:
		return "absent"
	}
	return "unsupported"
}

// Name returns the call's name, or "syscall_N" for a number without one.
func (c *Call) Name() string {
	if c.Row.Name != "" {
		return c.Row.Name
	}
	return "syscall_" + strconv.FormatInt(int64(c.Nr), 10)
}

// Kind returns the name of argument i's kind; false if there is no such argument.
func (c *Call) Kind(i int) (string, bool) {
	if i < 0 || i >= len(c.Row.Args) {
		return "", false
	}
	return c.Row.Args[i].Kind.String(), true
}

// Decode returns argument i with its meaning and its strace text.
func (c *Call) Decode(i int) (argfmt.Value, bool) {
	if i < 0 || i >= len(c.Row.Args) {
		return argfmt.Value{}, false
	}
	return argfmt.Decode(callSource{c}, c.Row.Args[i], i), true
}
