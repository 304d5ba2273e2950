package argfmt

import "github.com/weir-emu/weir/abi"

// Flags and enumerations of the process, signal and time calls
// (include/uapi/linux/sched.h, futex.h, wait.h, prctl.h, resource.h, time.h).

// Flags of clone(2) that make use of an argument.
const (
	clonePidFD         = 0x1000
	cloneSetTLS        = 0x80000
	cloneParentSetTID  = 0x100000
	cloneChildClearTID = 0x200000
	cloneChildSetTID   = 0x1000000
)

var cloneBits = []bit{
	{0x80, "CLONE_NEWTIME"},
	{0x100, "CLONE_VM"},
	{0x200, "CLONE_FS"},
	{0x400, "CLONE_FILES"},
	{0x800, "CLONE_SIGHAND"},
	{clonePidFD, "CLONE_PIDFD"},
	{0x2000, "CLONE_PTRACE"},
	{0x4000, "CLONE_VFORK"},
	{0x8000, "CLONE_PARENT"},
	{0x10000, "CLONE_THREAD"},
	{0x20000, "CLONE_NEWNS"},
	{0x40000, "CLONE_SYSVSEM"},
	{cloneSetTLS, "CLONE_SETTLS"},
	{cloneParentSetTID, "CLONE_PARENT_SETTID"},
	{cloneChildClearTID, "CLONE_CHILD_CLEARTID"},
	{0x400000, "CLONE_DETACHED"},
	{0x800000, "CLONE_UNTRACED"},
	{cloneChildSetTID, "CLONE_CHILD_SETTID"},
	{0x2000000, "CLONE_NEWCGROUP"},
	{0x4000000, "CLONE_NEWUTS"},
	{0x8000000, "CLONE_NEWIPC"},
	{0x10000000, "CLONE_NEWUSER"},
	{0x20000000, "CLONE_NEWPID"},
	{0x40000000, "CLONE_NEWNET"},
	{0x80000000, "CLONE_IO"},
	{0x100000000, "CLONE_CLEAR_SIGHAND"},
	{0x200000000, "CLONE_INTO_CGROUP"},
}

// cloneFlags prints clone(2)'s flags, whose low byte is the exit signal.
func (p *printer) cloneFlags(v uint64) {
	v = uint64(uint32(v))
	sig := v & 0xff
	start := len(p.b)
	if f := v &^ 0xff; f != 0 {
		p.flags(f, cloneBits, "CLONE_???")
	}
	if sig != 0 {
		if len(p.b) > start {
			p.byte('|')
		}
		p.signal(sig)
	} else if v == 0 {
		p.byte('0')
	}
}

func (p *printer) signal(v uint64) {
	if v == 0 || v > uint64(abi.SIGRTMAX) {
		p.dec(int64(int32(v)))
		return
	}
	p.str(abi.Signal(v).Name())
}

var sigHows = []bit{{0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}}

var saFlags = []bit{
	{0x1, "SA_NOCLDSTOP"},
	{0x2, "SA_NOCLDWAIT"},
	{0x4, "SA_SIGINFO"},
	{0x400, "SA_UNSUPPORTED"},
	{0x800, "SA_EXPOSE_TAGBITS"},
	{0x4000000, "SA_RESTORER"},
	{0x8000000, "SA_ONSTACK"},
	{0x10000000, "SA_RESTART"},
	{0x40000000, "SA_NODEFER"},
	{0x80000000, "SA_RESETHAND"},
}

var ssFlags = []bit{{1, "SS_ONSTACK"}, {2, "SS_DISABLE"}, {1 << 31, "SS_AUTODISARM"}}

var waitOptions = []bit{
	{1, "WNOHANG"},
	{2, "WSTOPPED"},
	{4, "WEXITED"},
	{8, "WCONTINUED"},
	{0x1000000, "WNOWAIT"},
	{0x20000000, "__WNOTHREAD"},
	{0x40000000, "__WALL"},
	{0x80000000, "__WCLONE"},
}

var waitIDTypes = []bit{{0, "P_ALL"}, {1, "P_PID"}, {2, "P_PGID"}, {3, "P_PIDFD"}}

// Operations of futex(2).
var futexOps = []bit{
	{0, "FUTEX_WAIT"},
	{1, "FUTEX_WAKE"},
	{2, "FUTEX_FD"},
	{3, "FUTEX_REQUEUE"},
	{4, "FUTEX_CMP_REQUEUE"},
	{5, "FUTEX_WAKE_OP"},
	{6, "FUTEX_LOCK_PI"},
	{7, "FUTEX_UNLOCK_PI"},
	{8, "FUTEX_TRYLOCK_PI"},
	{9, "FUTEX_WAIT_BITSET"},
	{10, "FUTEX_WAKE_BITSET"},
	{11, "FUTEX_WAIT_REQUEUE_PI"},
	{12, "FUTEX_CMP_REQUEUE_PI"},
	{13, "FUTEX_LOCK_PI2"},
}

var futexBits = []bit{{128, "FUTEX_PRIVATE_FLAG"}, {256, "FUTEX_CLOCK_REALTIME"}}

func (p *printer) futexOp(v uint64) {
	op, ok := lookup(v&0x7f, futexOps)
	if !ok {
		p.hex(v)
		p.comment("FUTEX_???")
		return
	}
	p.str(op)
	if v&128 != 0 {
		p.str("_PRIVATE")
	}
	if left := v &^ 0xff; left != 0 {
		p.byte('|')
		p.flags(left, futexBits, "")
	}
}

// futexHas reports whether an operation has an argument of a kind.
func futexHas(op uint64, k Kind) bool {
	switch op & 0x7f {
	case 0: // WAIT
		return k == FutexVal || k == FutexTimeout
	case 1, 2: // WAKE, FD
		return k == FutexVal
	case 3: // REQUEUE
		return k != FutexVal3
	case 6, 13: // LOCK_PI, LOCK_PI2
		return k == FutexTimeout
	case 7, 8: // UNLOCK_PI, TRYLOCK_PI
		return false
	case 9: // WAIT_BITSET
		return k != FutexAddr2
	case 10: // WAKE_BITSET
		return k == FutexVal || k == FutexVal3
	case 11: // WAIT_REQUEUE_PI
		return k != FutexVal3
	}
	return true
}

var clockIDs = []bit{
	{0, "CLOCK_REALTIME"},
	{1, "CLOCK_MONOTONIC"},
	{2, "CLOCK_PROCESS_CPUTIME_ID"},
	{3, "CLOCK_THREAD_CPUTIME_ID"},
	{4, "CLOCK_MONOTONIC_RAW"},
	{5, "CLOCK_REALTIME_COARSE"},
	{6, "CLOCK_MONOTONIC_COARSE"},
	{7, "CLOCK_BOOTTIME"},
	{8, "CLOCK_REALTIME_ALARM"},
	{9, "CLOCK_BOOTTIME_ALARM"},
	{10, "CLOCK_SGI_CYCLE"},
	{11, "CLOCK_TAI"},
}

var timerFlags = []bit{{1, "TIMER_ABSTIME"}}

var timerFDFlags = []bit{{1, "TFD_TIMER_ABSTIME"}, {2, "TFD_TIMER_CANCEL_ON_SET"}, {0o4000, "TFD_NONBLOCK"}, {0o2000000, "TFD_CLOEXEC"}}

var itimerWhichs = []bit{{0, "ITIMER_REAL"}, {1, "ITIMER_VIRTUAL"}, {2, "ITIMER_PROF"}}

var resources = []bit{
	{0, "RLIMIT_CPU"},
	{1, "RLIMIT_FSIZE"},
	{2, "RLIMIT_DATA"},
	{3, "RLIMIT_STACK"},
	{4, "RLIMIT_CORE"},
	{5, "RLIMIT_RSS"},
	{6, "RLIMIT_NPROC"},
	{7, "RLIMIT_NOFILE"},
	{8, "RLIMIT_MEMLOCK"},
	{9, "RLIMIT_AS"},
	{10, "RLIMIT_LOCKS"},
	{11, "RLIMIT_SIGPENDING"},
	{12, "RLIMIT_MSGQUEUE"},
	{13, "RLIMIT_NICE"},
	{14, "RLIMIT_RTPRIO"},
	{15, "RLIMIT_RTTIME"},
}

var rusageWhos = []bit{{0, "RUSAGE_SELF"}, {1, "RUSAGE_THREAD"}, {0xffffffff, "RUSAGE_CHILDREN"}}

var prioWhichs = []bit{{0, "PRIO_PROCESS"}, {1, "PRIO_PGRP"}, {2, "PRIO_USER"}}

var schedPolicies = []bit{
	{0, "SCHED_OTHER"},
	{1, "SCHED_FIFO"},
	{2, "SCHED_RR"},
	{3, "SCHED_BATCH"},
	{5, "SCHED_IDLE"},
	{6, "SCHED_DEADLINE"},
	{7, "SCHED_EXT"},
	{0x40000000, "SCHED_OTHER|SCHED_RESET_ON_FORK"},
	{0x40000001, "SCHED_FIFO|SCHED_RESET_ON_FORK"},
	{0x40000002, "SCHED_RR|SCHED_RESET_ON_FORK"},
}

// Options of prctl(2) that are told apart here.
const (
	prSetPdeathsig = 1
	prGetPdeathsig = 2
	prGetUnalign   = 5
	prGetFpemu     = 9
	prGetFpexc     = 11
	prSetName      = 15
	prGetName      = 16
	prGetEndian    = 19
	prSetSeccomp   = 22
	prGetTSC       = 25
	prGetSubreaper = 37
	prGetTIDAddr   = 40
	prSetVMA       = 0x53564d41
)

var prctlOptions = []bit{
	{1, "PR_SET_PDEATHSIG"},
	{2, "PR_GET_PDEATHSIG"},
	{3, "PR_GET_DUMPABLE"},
	{4, "PR_SET_DUMPABLE"},
	{5, "PR_GET_UNALIGN"},
	{6, "PR_SET_UNALIGN"},
	{7, "PR_GET_KEEPCAPS"},
	{8, "PR_SET_KEEPCAPS"},
	{9, "PR_GET_FPEMU"},
	{10, "PR_SET_FPEMU"},
	{11, "PR_GET_FPEXC"},
	{12, "PR_SET_FPEXC"},
	{13, "PR_GET_TIMING"},
	{14, "PR_SET_TIMING"},
	{15, "PR_SET_NAME"},
	{16, "PR_GET_NAME"},
	{19, "PR_GET_ENDIAN"},
	{20, "PR_SET_ENDIAN"},
	{21, "PR_GET_SECCOMP"},
	{22, "PR_SET_SECCOMP"},
	{23, "PR_CAPBSET_READ"},
	{24, "PR_CAPBSET_DROP"},
	{25, "PR_GET_TSC"},
	{26, "PR_SET_TSC"},
	{27, "PR_GET_SECUREBITS"},
	{28, "PR_SET_SECUREBITS"},
	{29, "PR_SET_TIMERSLACK"},
	{30, "PR_GET_TIMERSLACK"},
	{31, "PR_TASK_PERF_EVENTS_DISABLE"},
	{32, "PR_TASK_PERF_EVENTS_ENABLE"},
	{33, "PR_MCE_KILL"},
	{34, "PR_MCE_KILL_GET"},
	{35, "PR_SET_MM"},
	{36, "PR_SET_CHILD_SUBREAPER"},
	{37, "PR_GET_CHILD_SUBREAPER"},
	{38, "PR_SET_NO_NEW_PRIVS"},
	{39, "PR_GET_NO_NEW_PRIVS"},
	{40, "PR_GET_TID_ADDRESS"},
	{41, "PR_SET_THP_DISABLE"},
	{42, "PR_GET_THP_DISABLE"},
	{45, "PR_SET_FP_MODE"},
	{46, "PR_GET_FP_MODE"},
	{47, "PR_CAP_AMBIENT"},
	{50, "PR_SVE_SET_VL"},
	{51, "PR_SVE_GET_VL"},
	{52, "PR_GET_SPECULATION_CTRL"},
	{53, "PR_SET_SPECULATION_CTRL"},
	{54, "PR_PAC_RESET_KEYS"},
	{55, "PR_SET_TAGGED_ADDR_CTRL"},
	{56, "PR_GET_TAGGED_ADDR_CTRL"},
	{57, "PR_SET_IO_FLUSHER"},
	{58, "PR_GET_IO_FLUSHER"},
	{59, "PR_SET_SYSCALL_USER_DISPATCH"},
	{60, "PR_PAC_SET_ENABLED_KEYS"},
	{61, "PR_PAC_GET_ENABLED_KEYS"},
	{62, "PR_SCHED_CORE"},
	{63, "PR_SME_SET_VL"},
	{64, "PR_SME_GET_VL"},
	{65, "PR_SET_MDWE"},
	{66, "PR_GET_MDWE"},
	{67, "PR_SET_MEMORY_MERGE"},
	{68, "PR_GET_MEMORY_MERGE"},
	{69, "PR_RISCV_V_SET_CONTROL"},
	{70, "PR_RISCV_V_GET_CONTROL"},
	{71, "PR_RISCV_SET_ICACHE_FLUSH_CTX"},
	{72, "PR_PPC_GET_DEXCR"},
	{73, "PR_PPC_SET_DEXCR"},
	{74, "PR_GET_SHADOW_STACK_STATUS"},
	{75, "PR_SET_SHADOW_STACK_STATUS"},
	{76, "PR_LOCK_SHADOW_STACK_STATUS"},
	{77, "PR_TIMER_CREATE_RESTORE_IDS"},
	{78, "PR_FUTEX_HASH"},
	{prSetVMA, "PR_SET_VMA"},
	{0x59616d61, "PR_SET_PTRACER"},
}

// prctlArgs is how many arguments after the option are shown.
func prctlArgs(op uint64) int {
	switch uint32(op) {
	case 3, 7, 13, 21, 27, 30, 31, 32, 51, 56, 64, 70:
		return 0
	case 35, 47, 55, 59, 62, prSetVMA, 38, 39, 41, 42, 53:
		return 4
	case prSetSeccomp, 33, 52, 71:
		return 2
	}
	return 1
}

// prctlOut reports whether argument i is written by the call.
func prctlOut(op uint64, i int) bool {
	if i != 1 {
		return false
	}
	switch uint32(op) {
	case prGetPdeathsig, prGetUnalign, prGetFpemu, prGetFpexc, prGetName, prGetEndian, prGetTSC, prGetSubreaper, prGetTIDAddr:
		return true
	}
	return false
}

var randomFlags = []bit{{1, "GRND_NONBLOCK"}, {2, "GRND_RANDOM"}, {4, "GRND_INSECURE"}}

var pidfdFlags = []bit{{0o4000, "PIDFD_NONBLOCK"}, {0o200, "PIDFD_THREAD"}}

var membarrierCmds = []bit{
	{0, "MEMBARRIER_CMD_QUERY"},
	{1, "MEMBARRIER_CMD_GLOBAL"},
	{2, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"},
	{4, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"},
	{8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"},
	{16, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"},
	{32, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE"},
	{64, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE"},
	{128, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ"},
	{256, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ"},
	{512, "MEMBARRIER_CMD_GET_REGISTRATIONS"},
}

var rebootCmds = []bit{
	{0x01234567, "LINUX_REBOOT_CMD_RESTART"},
	{0xcdef0123, "LINUX_REBOOT_CMD_HALT"},
	{0x89abcdef, "LINUX_REBOOT_CMD_CAD_ON"},
	{0, "LINUX_REBOOT_CMD_CAD_OFF"},
	{0x4321fedc, "LINUX_REBOOT_CMD_POWER_OFF"},
	{0xa1b2c3d4, "LINUX_REBOOT_CMD_RESTART2"},
}

var landlockRules = []bit{{1, "LANDLOCK_RULE_PATH_BENEATH"}, {2, "LANDLOCK_RULE_NET_PORT"}}

var keyctlOps = []bit{
	{0, "KEYCTL_GET_KEYRING_ID"},
	{1, "KEYCTL_JOIN_SESSION_KEYRING"},
	{2, "KEYCTL_UPDATE"},
	{3, "KEYCTL_REVOKE"},
	{4, "KEYCTL_CHOWN"},
	{5, "KEYCTL_SETPERM"},
	{6, "KEYCTL_DESCRIBE"},
	{7, "KEYCTL_CLEAR"},
	{8, "KEYCTL_LINK"},
	{9, "KEYCTL_UNLINK"},
	{10, "KEYCTL_SEARCH"},
	{11, "KEYCTL_READ"},
	{12, "KEYCTL_INSTANTIATE"},
	{15, "KEYCTL_SET_TIMEOUT"},
	{17, "KEYCTL_GET_SECURITY"},
	{21, "KEYCTL_INVALIDATE"},
}

// Codes of siginfo_t (include/uapi/asm-generic/siginfo.h).

var siCodes = []bit{
	{0, "SI_USER"},
	{0x80, "SI_KERNEL"},
	{0xffffffff, "SI_QUEUE"},
	{0xfffffffe, "SI_TIMER"},
	{0xfffffffd, "SI_MESGQ"},
	{0xfffffffc, "SI_ASYNCIO"},
	{0xfffffffb, "SI_SIGIO"},
	{0xfffffffa, "SI_TKILL"},
}

var (
	illCodes  = []bit{{1, "ILL_ILLOPC"}, {2, "ILL_ILLOPN"}, {3, "ILL_ILLADR"}, {4, "ILL_ILLTRP"}, {5, "ILL_PRVOPC"}, {6, "ILL_PRVREG"}, {7, "ILL_COPROC"}, {8, "ILL_BADSTK"}}
	fpeCodes  = []bit{{1, "FPE_INTDIV"}, {2, "FPE_INTOVF"}, {3, "FPE_FLTDIV"}, {4, "FPE_FLTOVF"}, {5, "FPE_FLTUND"}, {6, "FPE_FLTRES"}, {7, "FPE_FLTINV"}, {8, "FPE_FLTSUB"}}
	segvCodes = []bit{{1, "SEGV_MAPERR"}, {2, "SEGV_ACCERR"}, {3, "SEGV_BNDERR"}, {4, "SEGV_PKUERR"}}
	busCodes  = []bit{{1, "BUS_ADRALN"}, {2, "BUS_ADRERR"}, {3, "BUS_OBJERR"}, {4, "BUS_MCEERR_AR"}, {5, "BUS_MCEERR_AO"}}
	trapCodes = []bit{{1, "TRAP_BRKPT"}, {2, "TRAP_TRACE"}, {3, "TRAP_BRANCH"}, {4, "TRAP_HWBKPT"}}
	chldCodes = []bit{{1, "CLD_EXITED"}, {2, "CLD_KILLED"}, {3, "CLD_DUMPED"}, {4, "CLD_TRAPPED"}, {5, "CLD_STOPPED"}, {6, "CLD_CONTINUED"}}
	pollCodes = []bit{{1, "POLL_IN"}, {2, "POLL_OUT"}, {3, "POLL_MSG"}, {4, "POLL_ERR"}, {5, "POLL_PRI"}, {6, "POLL_HUP"}}
	sysCodes  = []bit{{1, "SYS_SECCOMP"}, {2, "SYS_USER_DISPATCH"}}
)
