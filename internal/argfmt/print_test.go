package argfmt

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
)

// args makes the argument list of a call from kinds.
func kindArgs(kinds ...Kind) []Arg {
	list := make([]Arg, len(kinds))
	for i, k := range kinds {
		list[i] = Arg{Name: "a", Kind: k}
	}
	return list
}

// call is a test of one line: the arguments are numbers, or what put makes of them:
// strings are NUL-terminated strings in memory, byte slices are data.
type call struct {
	name   string
	kinds  []Kind
	args   []any
	ret    Kind
	result int64
	before string // before the call
	after  string // from there to the end of the line
	layout Layout
}

type kk = []Kind

func (c call) run(t *testing.T) {
	t.Helper()
	f := &fake{layout: c.layout}
	for i, a := range c.args {
		switch a := a.(type) {
		case int:
			f.args[i] = uint64(a)
		case uint64:
			f.args[i] = a
		case string:
			f.args[i] = f.str(a)
		case []byte:
			f.args[i] = f.put(a)
		default:
			t.Fatalf("%s: argument %d is a %T", c.name, i, a)
		}
	}
	before, after := line(f, c.ret, c.result, kindArgs(c.kinds...)...)
	if before != c.before || after != c.after {
		t.Errorf("%s:\n got %s\x1b[7m|\x1b[0m%s\nwant %s|%s", c.name, before, after, c.before, c.after)
	}
}

func TestNumbersAndStrings(t *testing.T) {
	long := strings.Repeat("x", 40)
	for _, c := range []call{
		{name: "int", kinds: kk{Int}, args: []any{-1}, before: "-1", after: ") = 0"},
		{name: "int is 32 bits", kinds: kk{Int}, args: []any{0x1_0000_0005}, before: "5", after: ") = 0"},
		{name: "long", kinds: kk{Long}, args: []any{-5}, before: "-5", after: ") = 0"},
		{name: "uint", kinds: kk{Uint}, args: []any{-1}, before: "4294967295", after: ") = 0"},
		{name: "size", kinds: kk{Size}, args: []any{-1}, before: "18446744073709551615", after: ") = 0"},
		{name: "hex", kinds: kk{Hex, Hex}, args: []any{0, 255}, before: "0, 0xff", after: ") = 0"},
		{name: "mode", kinds: kk{Mode, Mode, Mode, Mode}, args: []any{0, 7, 0o644, 0o100755}, before: "000, 007, 0644, S_IFREG|0755", after: ") = 0"},
		{name: "mknod", kinds: kk{Mode, Dev}, args: []any{0o020600, 0x88<<8 | 3}, before: "S_IFCHR|0600, makedev(0x88, 0x3)", after: ") = 0"},
		{name: "mkfifo", kinds: kk{Mode, Dev}, args: []any{0o010600, 3}, before: "S_IFIFO|0600", after: ") = 0"},
		{name: "getcwd", kinds: kk{PathOut, Size}, args: []any{"/tmp/" + long, 100}, result: 46, after: `"/tmp/` + long + `", 100) = 46`},
		{name: "getcwd fails", kinds: kk{PathOut, Size}, args: []any{0x10000, 1}, result: -34, after: "0x10000, 1) = -1 ERANGE (Numerical result out of range)"},
		{name: "preadv2", kinds: kk{FD, PtrOut, Int, Long, PosHigh, RWFlags}, args: []any{3, 8, 1, 5, 0, 2}, before: "3, 0x8, 1, 5, RWF_DSYNC", after: ") = 0"},
		{name: "splice", kinds: kk{FD, OffIn, FD, OffIn, Size}, args: []any{3, bin(int64(9)), 4, 0, 8}, result: 5, before: "3, [9], 4, NULL, 8", after: ") = 5"},
		{name: "rt_sigtimedwait", ret: RetSig, result: 12, after: ") = 12 (SIGUSR2)"},
		{name: "nanosleep", kinds: kk{TimespecIn, TimespecLeft}, args: []any{bin(1, 0), 0x10000}, before: "{tv_sec=1, tv_nsec=0}, ", after: "0x10000) = 0"},
		{name: "nanosleep interrupted", kinds: kk{TimespecIn, TimespecLeft}, args: []any{bin(1, 0), bin(0, 500)}, result: -4, before: "{tv_sec=1, tv_nsec=0}, ", after: "{tv_sec=0, tv_nsec=500}) = -1 EINTR (Interrupted system call)"},
		{name: "ids out fails", kinds: kk{Int, IDsOut}, args: []any{-1, 0x10000}, result: -22, before: "-1, ", after: "0x10000) = -1 EINVAL (Invalid argument)"},
		{name: "id", kinds: kk{ID, ID}, args: []any{-1, 1000}, before: "-1, 1000", after: ") = 0"},
		{name: "dirfd", kinds: kk{DirFD, DirFD}, args: []any{-100, 4}, before: "AT_FDCWD, 4", after: ") = 0"},
		{name: "ptr", kinds: kk{Ptr, Ptr}, args: []any{0, 0x1000}, before: "NULL, 0x1000", after: ") = 0"},
		{name: "path", kinds: kk{Path}, args: []any{"/etc/a\"b\\\n\x01\x012\xff"}, before: `"/etc/a\"b\\\n\1\0012\377"`, after: ") = 0"},
		{name: "paths are whole", kinds: kk{Path}, args: []any{long}, before: `"` + long + `"`, after: ") = 0"},
		{name: "bad path", kinds: kk{Path, Path}, args: []any{0, 8}, before: "NULL, 0x8", after: ") = 0"},
		{name: "write", kinds: kk{FD, BufIn, Size}, args: []any{1, []byte("hi\t\x00"), 4}, result: 4, before: `1, "hi\t\0", 4`, after: ") = 4"},
		{name: "write long", kinds: kk{FD, BufIn, Size}, args: []any{1, []byte(long), 40}, result: 40, before: `1, "` + long[:32] + `"..., 40`, after: ") = 40"},
		{name: "write nothing", kinds: kk{FD, BufIn, Size}, args: []any{1, []byte("x"), 0}, before: `1, "", 0`, after: ") = 0"},
		{name: "write bad", kinds: kk{FD, BufIn, Size}, args: []any{1, 8, 3}, result: -14, before: "1, 0x8, 3", after: ") = -1 EFAULT (Bad address)"},
		{name: "read", kinds: kk{FD, BufOut, Size}, args: []any{0, []byte("abc..."), 100}, result: 3, before: "0, ", after: `"abc", 100) = 3`},
		{name: "read end", kinds: kk{FD, BufOut, Size}, args: []any{0, []byte("abc"), 100}, result: 0, before: "0, ", after: `"", 100) = 0`},
		{name: "read fails", kinds: kk{FD, BufOut, Size}, args: []any{0, 0x20000, 100}, result: -11, before: "0, ", after: "0x20000, 100) = -1 EAGAIN (Resource temporarily unavailable)"},
		{name: "read restarts", kinds: kk{FD, BufOut, Size}, args: []any{0, 0x20000, 1}, result: -512, before: "0, ", after: "0x20000, 1) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)"},
		{name: "cpuset", kinds: kk{PID, Size, CPUSetOut}, args: []any{0, 128, []byte{5, 1, 0, 0, 0, 0, 0, 0}}, result: 8, before: "0, 128, ", after: "[0 2 8]) = 8"},
		{name: "cpuset in", kinds: kk{PID, Size, CPUSetIn}, args: []any{0, 2, []byte{0, 128}}, before: "0, 2, [15]", after: ") = 0"},
		{name: "pipe2", kinds: kk{FDPairOut, FdFlags}, args: []any{bin(int32(3), int32(4)), 0o2000000}, before: "", after: "[3, 4], O_CLOEXEC) = 0"},
		{name: "int out", kinds: kk{IntOut}, args: []any{bin(int32(-7))}, after: "[-7]) = 0"},
		{name: "long out", kinds: kk{LongOut}, args: []any{bin(int64(1) << 40)}, after: "[1099511627776]) = 0"},
		{name: "offset", kinds: kk{OffInOut}, args: []any{bin(int64(9))}, result: 5, after: "[9]) = 5"},
		{name: "ids in", kinds: kk{Int, IDsIn}, args: []any{2, bin(uint32(4), uint32(24))}, before: "2, [4, 24]", after: ") = 0"},
		{name: "ids out", kinds: kk{Int, IDsOut}, args: []any{9, bin(uint32(4), uint32(24))}, result: 2, before: "9, ", after: "[4, 24]) = 2"},
		{name: "unknown", kinds: kk{Unknown, numKinds + 5}, args: []any{1, 0x10}, before: "0x1, 0x10", after: ") = 0"},
		{name: "exit", kinds: kk{Int}, args: []any{3}, ret: RetNone, before: "3", after: ") = ?"},
		{name: "mmap result", kinds: nil, ret: RetAddr, result: 0x7f0000001000, after: ") = 0x7f0000001000"},
		{name: "mmap error", kinds: nil, ret: RetAddr, result: -12, after: ") = -1 ENOMEM (Cannot allocate memory)"},
		{name: "umask result", kinds: kk{Mode}, args: []any{0}, ret: RetOct, result: 0o22, before: "000", after: ") = 022"},
		{name: "policy result", ret: SchedPolicy, result: 1, after: ") = 1 (SCHED_FIFO)"},
		{name: "unknown errno", result: -3000, after: ") = -1 errno 3000 (Unknown error 3000)"},
		{name: "handled", result: -513, after: ") = ?"},
	} {
		c.run(t)
	}
}

// Arguments that point at other pointers.
func TestNested(t *testing.T) {
	f := &fake{}
	a, b := f.put([]byte("hello")), f.put([]byte("wide world"))
	iov := f.put(bin(a, uint64(5), b, uint64(10)))
	s1, s2 := f.str("ls"), f.str("-l")
	argv, envp := f.put(bin(s1, s2, uint64(0))), f.put(bin(s1, uint64(0)))
	f.args = [8]uint64{1, iov, 2}
	before, _ := line(f, 0, 15, kindArgs(FD, IovIn, Int)...)
	if want := `1, [{iov_base="hello", iov_len=5}, {iov_base="wide world", iov_len=10}], 2`; before != want {
		t.Errorf("writev: %s", before)
	}
	before, after := line(f, 0, 7, kindArgs(FD, IovOut, Int)...)
	if want := `[{iov_base="hello", iov_len=5}, {iov_base="wi", iov_len=10}], 2) = 7`; before != "1, " || after != want {
		t.Errorf("readv: %s %s", before, after)
	}
	f.args = [8]uint64{1, iov + 8, 2}
	if before, _ = line(f, 0, 7, kindArgs(FD, IovIn, Int)...); !strings.Contains(before, "iov_base=0x5") {
		t.Errorf("writev of a bad vector: %s", before)
	}
	f.args = [8]uint64{s1, argv, envp}
	if before, _ = line(f, 0, 0, kindArgs(Path, StrVec, EnvVec)...); !strings.HasPrefix(before, `"ls", ["ls", "-l"], 0x`) || !strings.HasSuffix(before, " /* 1 var */") {
		t.Errorf("execve: %s", before)
	}
	f.args = [8]uint64{s1, 8, 0}
	if before, _ = line(f, 0, 0, kindArgs(Path, StrVec, EnvVec)...); before != `"ls", 0x8, NULL` {
		t.Errorf("execve of bad vectors: %s", before)
	}
	set := f.put(bin(uint64(1)))
	f.args = [8]uint64{f.put(bin(set, uint64(8)))}
	if before, _ = line(f, 0, 0, kindArgs(SigmaskArg)...); before != "{sigmask=[HUP], sigsetsize=8}" {
		t.Errorf("pselect6's mask: %s", before)
	}
}

func TestStructs(t *testing.T) {
	stat := make([]byte, 128)
	copy(stat[16:], bin(uint32(0o100644)))
	copy(stat[48:], bin(int64(1234)))
	tty := make([]byte, 128)
	copy(tty[16:], bin(uint32(0o020620)))
	copy(tty[32:], bin(uint64(0x8801)))
	statX86 := make([]byte, 144)
	copy(statX86[24:], bin(uint32(0o040755)))
	copy(statX86[48:], bin(int64(4096)))
	statx := make([]byte, 256)
	copy(statx, bin(uint32(0x17ff)))
	copy(statx[28:], bin(uint16(0o100600)))
	copy(statx[40:], bin(uint64(77)))
	statfs := make([]byte, 120)
	copy(statfs, bin(0xef53, 4096, 100, 50, 40, 30, 20, uint32(0xa), uint32(0xb), 255, 4096, 1<<12|2))
	uts := make([]byte, 390)
	for i, s := range []string{"Linux", "host", "6.1", "#1", "riscv64", "(none)"} {
		copy(uts[65*i:], s)
	}
	sysinfo := make([]byte, 112)
	copy(sysinfo, bin(100, 1, 2, 3, 4, 5, 6, 7, 8, 9, uint16(10)))
	copy(sysinfo[104:], bin(uint32(1)))
	rusage := make([]byte, 144)
	copy(rusage, bin(1, 2, 3, 4))
	const (
		wexit = ") = 5"
		ok    = ") = 0"
	)
	for _, c := range []call{
		{name: "timespec", kinds: kk{TimespecIn}, args: []any{bin(1, 500)}, before: "{tv_sec=1, tv_nsec=500}", after: ok},
		{name: "timespec null", kinds: kk{TimespecIn}, args: []any{0}, before: "NULL", after: ok},
		{name: "timespec bad", kinds: kk{TimespecIn}, args: []any{8}, before: "0x8", after: ok},
		{name: "timespec out", kinds: kk{ClockID, TimespecOut}, args: []any{1, bin(3, 4)}, before: "CLOCK_MONOTONIC, ", after: "{tv_sec=3, tv_nsec=4}) = 0"},
		{name: "timespec out failed", kinds: kk{ClockID, TimespecOut}, args: []any{99, 0x10000}, result: -22, before: "0x63 /* CLOCK_??? */, ", after: "0x10000) = -1 EINVAL (Invalid argument)"},
		{name: "utimensat", kinds: kk{Timespec2In}, args: []any{bin(0, 1<<30-1, 7, 1<<30-2)}, before: "[UTIME_NOW, UTIME_OMIT]", after: ok},
		{name: "timeval", kinds: kk{TimevalIn, TimevalOut}, args: []any{bin(1, 2), bin(3, 4)}, before: "{tv_sec=1, tv_usec=2}, ", after: "{tv_sec=3, tv_usec=4}) = 0"},
		{name: "itimerval", kinds: kk{ItimervalIn}, args: []any{bin(1, 2, 3, 4)}, before: "{it_interval={tv_sec=1, tv_usec=2}, it_value={tv_sec=3, tv_usec=4}}", after: ok},
		{name: "itimerspec", kinds: kk{ItimerspecIn}, args: []any{bin(1, 2, 3, 4)}, before: "{it_interval={tv_sec=1, tv_nsec=2}, it_value={tv_sec=3, tv_nsec=4}}", after: ok},
		{name: "timezone", kinds: kk{TimezoneOut}, args: []any{bin(int32(-60), int32(0))}, after: "{tz_minuteswest=-60, tz_dsttime=0}) = 0"},
		{name: "stat", kinds: kk{FD, StatOut}, args: []any{3, stat}, before: "3, ", after: "{st_mode=S_IFREG|0644, st_size=1234, ...}) = 0"},
		{name: "stat of a terminal", kinds: kk{FD, StatOut}, args: []any{3, tty}, before: "3, ", after: "{st_mode=S_IFCHR|0620, st_rdev=makedev(0x88, 0x1), ...}) = 0"},
		{name: "stat on amd64", kinds: kk{FD, StatOut}, args: []any{3, statX86}, layout: X86, before: "3, ", after: "{st_mode=S_IFDIR|0755, st_size=4096, ...}) = 0"},
		{name: "statx", kinds: kk{StatxFlags, StatxMask, StatxOut}, args: []any{0x1100, 0xfff, statx}, before: "AT_STATX_SYNC_AS_STAT|AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH, STATX_ALL, ", after: "{stx_mask=STATX_BASIC_STATS|STATX_MNT_ID, stx_attributes=0, stx_mode=S_IFREG|0600, stx_size=77, ...}) = 0"},
		{name: "statfs", kinds: kk{StatfsOut}, args: []any{statfs}, after: "{f_type=EXT2_SUPER_MAGIC, f_bsize=4096, f_blocks=100, f_bfree=50, f_bavail=40, f_files=30, f_ffree=20, f_fsid={val=[0xa, 0xb]}, f_namelen=255, f_frsize=4096, f_flags=ST_NOSUID|ST_RELATIME}) = 0"},
		{name: "rlimit", kinds: kk{Resource, RlimitIn}, args: []any{3, bin(8<<20, -1)}, before: "RLIMIT_STACK, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}", after: ok},
		{name: "rusage", kinds: kk{RusageWho, RusageOut}, args: []any{-1, rusage}, before: "RUSAGE_CHILDREN, ", after: "{ru_utime={tv_sec=1, tv_usec=2}, ru_stime={tv_sec=3, tv_usec=4}, ...}) = 0"},
		{name: "uname", kinds: kk{UtsnameOut}, args: []any{uts}, after: `{sysname="Linux", nodename="host", release="6.1", machine="riscv64", ...}) = 0`},
		{name: "sysinfo", kinds: kk{SysinfoOut}, args: []any{sysinfo}, after: "{uptime=100, loads=[1, 2, 3], totalram=4, freeram=5, sharedram=6, bufferram=7, totalswap=8, freeswap=9, procs=10, totalhigh=0, freehigh=0, mem_unit=1}) = 0"},
		{name: "times", kinds: kk{TmsOut}, args: []any{bin(1, 2, 3, 4)}, result: 5, after: "{tms_utime=1, tms_stime=2, tms_cutime=3, tms_cstime=4}) = 5"},
		{name: "sigprocmask", kinds: kk{SigHow, SigsetIn, SigsetOut, Size}, args: []any{0, bin(1<<1 | 1<<16), bin(0), 8}, before: "SIG_BLOCK, [INT CHLD], ", after: "[], 8) = 0"},
		{name: "full sigset", kinds: kk{SigsetIn}, args: []any{bin(uint64(0xfffffffe7ffbfeff))}, before: "~[KILL STOP RTMIN RT_1]", after: ok},
		{name: "sigaction", kinds: kk{Sig, SigactionIn, SigactionOut, Size}, args: []any{17, bin(0x1234, 0x10000004, 0), bin(1, 0, 1), 8}, before: "SIGCHLD, {sa_handler=0x1234, sa_mask=[], sa_flags=SA_SIGINFO|SA_RESTART}, ", after: "{sa_handler=SIG_IGN, sa_mask=[HUP], sa_flags=0}, 8) = 0"},
		{name: "sigaltstack", kinds: kk{StackIn, StackOut}, args: []any{bin(0x4000, int32(0), int32(0), 8192), bin(0, int32(2), int32(0), 0)}, before: "{ss_sp=0x4000, ss_flags=0, ss_size=8192}, ", after: "{ss_sp=NULL, ss_flags=SS_DISABLE, ss_size=0}) = 0"},
		{name: "sigevent", kinds: kk{SigeventIn}, args: []any{append(bin(7, int32(10), int32(4), int32(99)), make([]byte, 44)...)}, before: "{sigev_value={sival_int=7, sival_ptr=0x7}, sigev_signo=SIGUSR1, sigev_notify=SIGEV_THREAD_ID, sigev_notify_thread_id=99}", after: ok},
		{name: "wait exited", kinds: kk{PID, WaitStatus, WaitOptions}, args: []any{-1, bin(int32(3 << 8)), 0}, result: 5, before: "-1, ", after: "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0" + wexit},
		{name: "wait killed", kinds: kk{PID, WaitStatus}, args: []any{-1, bin(int32(0x8b))}, result: 5, before: "-1, ", after: "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}]" + wexit},
		{name: "wait stopped", kinds: kk{PID, WaitStatus}, args: []any{-1, bin(int32(0x137f))}, result: 5, before: "-1, ", after: "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}]" + wexit},
		{name: "wait continued", kinds: kk{PID, WaitStatus}, args: []any{-1, bin(int32(0xffff))}, result: 5, before: "-1, ", after: "[{WIFCONTINUED(s)}]" + wexit},
		{name: "clone3", kinds: kk{CloneArgsIn, Size}, args: []any{bin(0x80f00, 0, 0, 0, 17, 0x1000, 0x2000, 0x77, 0, 0, 0), 88}, result: 5, before: "{flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_SETTLS, exit_signal=SIGCHLD, stack=0x1000, stack_size=0x2000, tls=0x77}, 88", after: wexit},
		{name: "openat2", kinds: kk{DirFD, Path, OpenHowIn, Size}, args: []any{-100, "f", bin(0o101, 0o600, 8), 24}, result: 5, before: `AT_FDCWD, "f", {flags=O_WRONLY|O_CREAT, mode=0600, resolve=RESOLVE_BENEATH}, 24`, after: wexit},
		{name: "capget", kinds: kk{CapHeader, CapDataOut}, args: []any{bin(uint32(0x20080522), int32(0)), bin(uint32(1), uint32(2), uint32(0), uint32(1), uint32(0), uint32(0))}, after: "{version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=0x100000001, permitted=0x2, inheritable=0}) = 0"},
		{name: "semop", kinds: kk{Int, Sembuf, Size}, args: []any{0, bin(uint16(1), int16(-1), int16(0x1000), uint16(0), int16(1), int16(0)), 2}, before: "0, [{1, -1, SEM_UNDO}, {0, 1, 0}], 2", after: ok},
		{name: "sched_attr", kinds: kk{PID, SchedAttr}, args: []any{0, bin(uint32(48), uint32(3), uint64(0), int32(5), uint32(0), 0, 0, 0)}, before: "0, ", after: "{size=48, sched_policy=SCHED_BATCH, sched_flags=0, sched_nice=5, sched_priority=0, ...}) = 0"},
		{name: "getdents64", kinds: kk{FD, Dents, Size}, args: []any{3, append(bin(1, 1, uint16(24), uint8(4), "."), make([]byte, 4)...), 1024}, result: 24, before: "3, ", after: "0x10000 /* 1 entries */, 1024) = 24"},
	} {
		c.run(t)
	}
}

func TestSiginfo(t *testing.T) {
	info := func(vals ...any) []byte { return append(bin(vals...), make([]byte, 128)...)[:128] }
	for _, c := range []struct {
		info []byte
		want string
	}{
		{info(int32(11), int32(0), int32(1), int32(0), 0), "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}"},
		{info(int32(7), int32(0), int32(1), int32(0), 0x1001), "{si_signo=SIGBUS, si_code=BUS_ADRALN, si_addr=0x1001}"},
		{info(int32(11), int32(0), int32(0x80), int32(0), 0), "{si_signo=SIGSEGV, si_code=SI_KERNEL, si_addr=NULL}"},
		{info(int32(15), int32(0), int32(0), int32(0), int32(7), int32(1000)), "{si_signo=SIGTERM, si_code=SI_USER, si_pid=7, si_uid=1000}"},
		{info(int32(23), int32(0), int32(-6), int32(0), int32(7), int32(0)), "{si_signo=SIGURG, si_code=SI_TKILL, si_pid=7, si_uid=0}"},
		{info(int32(34), int32(0), int32(-1), int32(0), int32(7), int32(0), 5), "{si_signo=SIGRT_2, si_code=SI_QUEUE, si_pid=7, si_uid=0, si_int=5, si_ptr=0x5}"},
		{info(int32(17), int32(0), int32(1), int32(0), int32(7), int32(0), int32(3), int32(0), 1, 2), "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, si_uid=0, si_status=3, si_utime=1, si_stime=2}"},
		{info(int32(17), int32(0), int32(2), int32(0), int32(7), int32(0), int32(9)), "{si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=7, si_uid=0, si_status=SIGKILL, si_utime=0, si_stime=0}"},
		{info(int32(14), int32(0), int32(-2), int32(0), int32(1), int32(2), 9), "{si_signo=SIGALRM, si_code=SI_TIMER, si_timerid=0x1, si_overrun=2, si_int=9, si_ptr=0x9}"},
		{info(int32(31), int32(0), int32(2), int32(0), 0x1000, int32(63)), "{si_signo=SIGSYS, si_code=SYS_USER_DISPATCH, si_call_addr=0x1000, si_syscall=63}"},
	} {
		if got := string(AppendSiginfo(nil, c.info)); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestDecode(t *testing.T) {
	f := &fake{}
	long := strings.Repeat("d/", 100)
	f.args = [8]uint64{uint64(1<<64 - 100), f.str(long), 0o101, 0o600}
	args := []Arg{{"dirfd", DirFD}, {"pathname", Path}, {"flags", OpenFlags}, {"mode", OpenMode}}
	want := []Value{
		{Name: "dirfd", Kind: "dirfd", Value: f.args[0], Text: "AT_FDCWD"},
		{Name: "pathname", Kind: "path", Value: f.args[1], Text: `"` + long + `"`, Str: long, IsStr: true},
		{Name: "flags", Kind: "flags", Value: 0o101, Text: "O_WRONLY|O_CREAT"},
		{Name: "mode", Kind: "mode", Value: 0o600, Text: "0600"},
	}
	for i := range args {
		if got := Decode(f, args[i], i); got != want[i] {
			t.Errorf("%+v, want %+v", got, want[i])
		}
	}
	f.args[1] = 8
	if v := Decode(f, args[1], 1); v.IsStr || v.Text != "0x8" {
		t.Errorf("bad path: %+v", v)
	}
}

// TestKinds: every kind has a name and a printer, and no printer minds any value, or
// memory that is not there.
func TestKinds(t *testing.T) {
	for k := Kind(0); k < numKinds; k++ {
		in := &kinds[k]
		if in.name == "" {
			t.Errorf("kind %d has no name", k)
		}
		if in.print == nil && in.bits == nil && in.enum == nil && in.text == nil {
			t.Errorf("kind %d (%s) has no printer", k, in.name)
		}
		if in.text != nil && in.size <= 0 {
			t.Errorf("kind %d (%s) is a structure without a size", k, in.name)
		}
		for _, v := range []uint64{0, 1, 8, memBase, memBase + 100, 1<<63 - 1, 1 << 63, ^uint64(0)} {
			for _, w := range []uint64{0, 1, 64, 1 << 20, ^uint64(0)} {
				for _, mem := range [][]byte{nil, make([]byte, 4096), []byte(strings.Repeat("\xff", 4096))} {
					for _, r := range []int64{0, 1, 100, -int64(abi.EINVAL)} {
						f := &fake{mem: mem}
						for i := range f.args {
							f.args[i] = w
						}
						f.args[2] = v
						before, after := line(f, Kind(w)%numKinds, r, kindArgs(Int, Int, k, Int)...)
						if strings.Contains(before+after, "\n") {
							t.Fatalf("kind %d: %q", k, before+after)
						}
					}
				}
			}
		}
	}
}
