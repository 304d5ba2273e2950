//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
)

// procRow makes the row of a syscall about processes, threads, signals or scheduling. These
// handlers work on plain words: what a number means does not change how it is
// passed. args are the parameters' names, separated by blanks, with their kinds.
func procRow(nr abi.Sysno, name, args string, kinds []argfmt.Kind, run func(t *Task, c *Call) int64) Row {
	r := row(name, args, Full, kinds...)
	r.Nr = nr
	r.run = run
	return r
}

// with gives a row another result kind.
func (r Row) with(ret argfmt.Kind) Row { r.Ret = ret; return r }

// never marks a call that does not return.
func (r Row) never() Row { r.NoReturn, r.Ret = true, argfmt.RetNone; return r }

// partly lowers the level and says why.
func (r Row) partly(note string) Row { r.Level, r.Note = Partial, note; return r }

// path reads a path argument.
func (c *Call) path(i int) (string, abi.Errno) { return c.CString(i, maxPath) }

// signalRows, processRows, futexRows, timerRows, schedRows and credRows are the rows of
// this family by their numbers in the asm-generic table (include/uapi/asm-generic/unistd.h).
func signalRows() []Row {
	type k = []argfmt.Kind
	return []Row{
		procRow(128, "restart_syscall", "", nil, func(t *Task, _ *Call) int64 { return t.sysRestartSyscall() }),
		procRow(129, "kill", "pid sig", k{argfmt.PID, argfmt.Sig}, func(t *Task, c *Call) int64 {
			return t.sysKill(int32(c.Args[0]), int32(c.Args[1]))
		}),
		procRow(130, "tkill", "tid sig", k{argfmt.PID, argfmt.Sig}, func(t *Task, c *Call) int64 {
			return t.sysTkill(int32(c.Args[0]), int32(c.Args[1]))
		}),
		procRow(131, "tgkill", "tgid tid sig", k{argfmt.PID, argfmt.PID, argfmt.Sig}, func(t *Task, c *Call) int64 {
			return t.sysTgkill(int32(c.Args[0]), int32(c.Args[1]), int32(c.Args[2]))
		}),
		procRow(132, "sigaltstack", "ss old_ss", k{argfmt.StackIn, argfmt.StackOut}, func(t *Task, c *Call) int64 {
			return t.sysSigaltstack(c.Args[0], c.Args[1])
		}),
		procRow(133, "rt_sigsuspend", "mask sigsetsize", k{argfmt.SigsetIn, argfmt.Size}, func(t *Task, c *Call) int64 {
			return t.sysRtSigsuspend(c.Args[0], c.Args[1])
		}),
		procRow(134, "rt_sigaction", "signum act oldact sigsetsize", k{argfmt.Sig, argfmt.SigactionIn, argfmt.SigactionOut, argfmt.Size}, func(t *Task, c *Call) int64 {
			return t.sysRtSigaction(int32(c.Args[0]), c.Args[1], c.Args[2], c.Args[3])
		}),
		procRow(135, "rt_sigprocmask", "how set oldset sigsetsize", k{argfmt.SigHow, argfmt.SigsetIn, argfmt.SigsetOut, argfmt.Size}, func(t *Task, c *Call) int64 {
			return t.sysRtSigprocmask(int32(c.Args[0]), c.Args[1], c.Args[2], c.Args[3])
		}),
		procRow(136, "rt_sigpending", "set sigsetsize", k{argfmt.SigsetOut, argfmt.Size}, func(t *Task, c *Call) int64 {
			return t.sysRtSigpending(c.Args[0], c.Args[1])
		}),
		procRow(137, "rt_sigtimedwait", "set info timeout sigsetsize", k{argfmt.SigsetIn, argfmt.SiginfoOut, argfmt.TimespecIn, argfmt.Size}, func(t *Task, c *Call) int64 {
			return t.sysRtSigtimedwait(c.Args[0], c.Args[1], c.Args[2], c.Args[3])
		}).with(argfmt.RetSig),
		procRow(138, "rt_sigqueueinfo", "pid sig info", k{argfmt.PID, argfmt.Sig, argfmt.SiginfoIn}, func(t *Task, c *Call) int64 {
			return t.sysRtSigqueueinfo(int32(c.Args[0]), int32(c.Args[1]), c.Args[2])
		}),
		procRow(139, "rt_sigreturn", "", nil, func(t *Task, _ *Call) int64 { return t.sysRtSigreturn() }).never(),
		procRow(240, "rt_tgsigqueueinfo", "tgid tid sig info", k{argfmt.PID, argfmt.PID, argfmt.Sig, argfmt.SiginfoIn}, func(t *Task, c *Call) int64 {
			return t.sysRtTgsigqueueinfo(int32(c.Args[0]), int32(c.Args[1]), int32(c.Args[2]), c.Args[3])
		}),
	}
}

func processRows() []Row {
	type k = []argfmt.Kind
	return []Row{
		procRow(93, "exit", "status", k{argfmt.Int}, func(t *Task, c *Call) int64 { return t.sysExit(int32(c.Args[0])) }).never(),
		procRow(94, "exit_group", "status", k{argfmt.Int}, func(t *Task, c *Call) int64 { return t.sysExitGroup(int32(c.Args[0])) }).never(),
		procRow(95, "waitid", "idtype id infop options rusage", k{argfmt.WaitIDType, argfmt.PID, argfmt.SiginfoOut, argfmt.WaitOptions, argfmt.RusageOut}, func(t *Task, c *Call) int64 {
			return t.sysWaitid(int32(c.Args[0]), int32(c.Args[1]), c.Args[2], int32(c.Args[3]), c.Args[4])
		}),
		procRow(96, "set_tid_address", "tidptr", k{argfmt.Ptr}, func(t *Task, c *Call) int64 { return t.sysSetTidAddress(c.Args[0]) }),
		procRow(220, "clone", "flags stack parent_tid tls child_tid", k{argfmt.CloneFlags, argfmt.CloneStack, argfmt.CloneParentTID, argfmt.CloneTLS, argfmt.CloneChildTID}, func(t *Task, c *Call) int64 {
			return t.sysClone(c.Args[0], c.Args[1], c.Args[2], c.Args[3], c.Args[4])
		}).partly("with CLONE_VM but not CLONE_THREAD the caller waits as for vfork, whether CLONE_VFORK is given or not"),
		procRow(221, "execve", "pathname argv envp", k{argfmt.Path, argfmt.StrVec, argfmt.EnvVec}, func(t *Task, c *Call) int64 {
			path, e := c.path(0)
			if e != 0 {
				return e.Result()
			}
			return t.sysExecve(path, c.Args[1], c.Args[2])
		}),
		procRow(260, "wait4", "pid wstatus options rusage", k{argfmt.PID, argfmt.WaitStatus, argfmt.WaitOptions, argfmt.RusageOut}, func(t *Task, c *Call) int64 {
			return t.sysWait4(int32(c.Args[0]), c.Args[1], int32(c.Args[2]), c.Args[3])
		}).with(argfmt.PID),
		procRow(281, "execveat", "dirfd pathname argv envp flags", k{argfmt.DirFD, argfmt.Path, argfmt.StrVec, argfmt.EnvVec, argfmt.AtFlags}, func(t *Task, c *Call) int64 {
			path, e := c.path(1)
			if e != 0 {
				return e.Result()
			}
			return t.sysExecveat(int32(c.Args[0]), path, c.Args[2], c.Args[3], int32(c.Args[4]))
		}),
		procRow(435, "clone3", "cl_args size", k{argfmt.CloneArgsIn, argfmt.Size}, func(t *Task, c *Call) int64 {
			return t.sysClone3(c.Args[0], c.Args[1])
		}).partly("as clone; set_tid is refused for threads, CLONE_INTO_CGROUP with CLONE_VM"),
		procRow(167, "prctl", "option arg2 arg3 arg4 arg5", k{argfmt.PrctlOption, argfmt.PrctlArg, argfmt.PrctlArg, argfmt.PrctlArg, argfmt.PrctlArg}, func(t *Task, c *Call) int64 {
			return t.sysPrctl(int32(c.Args[0]), c.Args[1], c.Args[2], c.Args[3], c.Args[4])
		}).partly("PR_SET_MM, PR_SET_MDWE and architecture options are refused"),
	}
}

func futexRows() []Row {
	type k = []argfmt.Kind
	return []Row{
		procRow(98, "futex", "uaddr futex_op val timeout uaddr2 val3", k{argfmt.Ptr, argfmt.FutexOp, argfmt.FutexVal, argfmt.FutexTimeout, argfmt.FutexAddr2, argfmt.FutexVal3}, func(t *Task, c *Call) int64 {
			return t.sysFutex(c.Args[0], int32(c.Args[1]), uint32(c.Args[2]), c.Args[3], c.Args[4], uint32(c.Args[5]))
		}),
		procRow(99, "set_robust_list", "head len", k{argfmt.Ptr, argfmt.Size}, func(t *Task, c *Call) int64 { return t.sysSetRobustList(c.Args[0], c.Args[1]) }),
		procRow(100, "get_robust_list", "pid head_ptr len_ptr", k{argfmt.PID, argfmt.Ptr, argfmt.LongOut}, func(t *Task, c *Call) int64 {
			return t.sysGetRobustList(int32(c.Args[0]), c.Args[1], c.Args[2])
		}),
		procRow(449, "futex_waitv", "waiters nr_futexes flags timeout clockid", k{argfmt.FutexWaitv, argfmt.Uint, argfmt.Hex, argfmt.TimespecIn, argfmt.ClockID}, func(t *Task, c *Call) int64 {
			return t.sysFutexWaitv(c.Args[0], uint32(c.Args[1]), uint32(c.Args[2]), c.Args[3], int32(c.Args[4]))
		}),
		procRow(283, "membarrier", "cmd flags cpu_id", k{argfmt.Membarrier, argfmt.Hex, argfmt.Int}, func(t *Task, c *Call) int64 {
			return t.sysMembarrier(int32(c.Args[0]), uint32(c.Args[1]), int32(c.Args[2]))
		}),
	}
}

func timerRows() []Row {
	type k = []argfmt.Kind
	return []Row{
		procRow(102, "getitimer", "which curr_value", k{argfmt.ItimerWhich, argfmt.ItimervalOut}, func(t *Task, c *Call) int64 { return t.sysGetitimer(int32(c.Args[0]), c.Args[1]) }),
		procRow(103, "setitimer", "which new_value old_value", k{argfmt.ItimerWhich, argfmt.ItimervalIn, argfmt.ItimervalOut}, func(t *Task, c *Call) int64 {
			return t.sysSetitimer(int32(c.Args[0]), c.Args[1], c.Args[2])
		}),
		procRow(107, "timer_create", "clockid sevp timerid", k{argfmt.ClockID, argfmt.SigeventIn, argfmt.IntOut}, func(t *Task, c *Call) int64 {
			return t.sysTimerCreate(int32(c.Args[0]), c.Args[1], c.Args[2])
		}),
		procRow(108, "timer_gettime", "timerid curr_value", k{argfmt.Int, argfmt.ItimerspecOut}, func(t *Task, c *Call) int64 { return t.sysTimerGettime(int32(c.Args[0]), c.Args[1]) }),
		procRow(109, "timer_getoverrun", "timerid", k{argfmt.Int}, func(t *Task, c *Call) int64 { return t.sysTimerGetoverrun(int32(c.Args[0])) }),
		procRow(110, "timer_settime", "timerid flags new_value old_value", k{argfmt.Int, argfmt.TimerFlags, argfmt.ItimerspecIn, argfmt.ItimerspecOut}, func(t *Task, c *Call) int64 {
			return t.sysTimerSettime(int32(c.Args[0]), int32(c.Args[1]), c.Args[2], c.Args[3])
		}),
		procRow(111, "timer_delete", "timerid", k{argfmt.Int}, func(t *Task, c *Call) int64 { return t.sysTimerDelete(int32(c.Args[0])) }),
	}
}

func schedRows() []Row {
	type k = []argfmt.Kind
	return []Row{
		procRow(118, "sched_setparam", "pid param", k{argfmt.PID, argfmt.SchedParamIn}, func(t *Task, c *Call) int64 { return t.sysSchedSetparam(int32(c.Args[0]), c.Args[1]) }),
		procRow(119, "sched_setscheduler", "pid policy param", k{argfmt.PID, argfmt.SchedPolicy, argfmt.SchedParamIn}, func(t *Task, c *Call) int64 {
			return t.sysSchedSetscheduler(int32(c.Args[0]), int32(c.Args[1]), c.Args[2])
		}),
		procRow(120, "sched_getscheduler", "pid", k{argfmt.PID}, func(t *Task, c *Call) int64 { return t.sysSchedGetscheduler(int32(c.Args[0])) }).with(argfmt.SchedPolicy),
		procRow(121, "sched_getparam", "pid param", k{argfmt.PID, argfmt.SchedParamOut}, func(t *Task, c *Call) int64 { return t.sysSchedGetparam(int32(c.Args[0]), c.Args[1]) }),
		procRow(122, "sched_setaffinity", "pid cpusetsize mask", k{argfmt.PID, argfmt.Size, argfmt.CPUSetIn}, func(t *Task, c *Call) int64 {
			return t.sysSchedSetaffinity(int32(c.Args[0]), uint32(c.Args[1]), c.Args[2])
		}),
		procRow(123, "sched_getaffinity", "pid cpusetsize mask", k{argfmt.PID, argfmt.Size, argfmt.CPUSetOut}, func(t *Task, c *Call) int64 {
			return t.sysSchedGetaffinity(int32(c.Args[0]), uint32(c.Args[1]), c.Args[2])
		}),
		procRow(124, "sched_yield", "", nil, func(t *Task, _ *Call) int64 { return t.sysSchedYield() }),
		procRow(125, "sched_get_priority_max", "policy", k{argfmt.SchedPolicy}, func(t *Task, c *Call) int64 { return t.sysSchedGetPriorityMax(int32(c.Args[0])) }),
		procRow(126, "sched_get_priority_min", "policy", k{argfmt.SchedPolicy}, func(t *Task, c *Call) int64 { return t.sysSchedGetPriorityMin(int32(c.Args[0])) }),
		procRow(127, "sched_rr_get_interval", "pid tp", k{argfmt.PID, argfmt.TimespecOut}, func(t *Task, c *Call) int64 { return t.sysSchedRrGetInterval(int32(c.Args[0]), c.Args[1]) }),
		procRow(140, "setpriority", "which who prio", k{argfmt.PrioWhich, argfmt.PID, argfmt.Int}, func(t *Task, c *Call) int64 {
			return t.sysSetpriority(int32(c.Args[0]), int32(c.Args[1]), int32(c.Args[2]))
		}),
		procRow(141, "getpriority", "which who", k{argfmt.PrioWhich, argfmt.PID}, func(t *Task, c *Call) int64 { return t.sysGetpriority(int32(c.Args[0]), int32(c.Args[1])) }),
		procRow(163, "getrlimit", "resource rlim", k{argfmt.Resource, argfmt.RlimitOut}, func(t *Task, c *Call) int64 { return t.sysGetrlimit(int32(c.Args[0]), c.Args[1]) }),
		procRow(164, "setrlimit", "resource rlim", k{argfmt.Resource, argfmt.RlimitIn}, func(t *Task, c *Call) int64 { return t.sysSetrlimit(int32(c.Args[0]), c.Args[1]) }),
		procRow(165, "getrusage", "who usage", k{argfmt.RusageWho, argfmt.RusageOut}, func(t *Task, c *Call) int64 { return t.sysGetrusage(int32(c.Args[0]), c.Args[1]) }),
		procRow(168, "getcpu", "cpu node tcache", k{argfmt.IntOut, argfmt.IntOut, argfmt.Ptr}, func(t *Task, c *Call) int64 { return t.sysGetcpu(c.Args[0], c.Args[1]) }),
		procRow(261, "prlimit64", "pid resource new_limit old_limit", k{argfmt.PID, argfmt.Resource, argfmt.RlimitIn, argfmt.RlimitOut}, func(t *Task, c *Call) int64 {
			return t.sysPrlimit64(int32(c.Args[0]), int32(c.Args[1]), c.Args[2], c.Args[3])
		}).partly("RLIMIT_AS, RLIMIT_DATA and RLIMIT_STACK of another process cannot be changed; over vfork and execve they are the host's again"),
		procRow(274, "sched_setattr", "pid attr flags", k{argfmt.PID, argfmt.SchedAttr, argfmt.Hex}, func(t *Task, c *Call) int64 {
			return t.sysSchedSetattr(int32(c.Args[0]), c.Args[1], uint32(c.Args[2]))
		}),
		procRow(275, "sched_getattr", "pid attr size flags", k{argfmt.PID, argfmt.SchedAttr, argfmt.Uint, argfmt.Hex}, func(t *Task, c *Call) int64 {
			return t.sysSchedGetattr(int32(c.Args[0]), c.Args[1], uint32(c.Args[2]), uint32(c.Args[3]))
		}),
	}
}

func credRows() []Row {
	type k = []argfmt.Kind
	id, id2, id3 := k{argfmt.ID}, k{argfmt.ID, argfmt.ID}, k{argfmt.ID, argfmt.ID, argfmt.ID}
	out3 := k{argfmt.IntOut, argfmt.IntOut, argfmt.IntOut}
	return []Row{
		procRow(90, "capget", "hdrp datap", k{argfmt.CapHeader, argfmt.CapDataOut}, func(t *Task, c *Call) int64 { return t.sysCapget(c.Args[0], c.Args[1]) }),
		procRow(91, "capset", "hdrp datap", k{argfmt.CapHeader, argfmt.CapDataIn}, func(t *Task, c *Call) int64 { return t.sysCapset(c.Args[0], c.Args[1]) }),
		procRow(143, "setregid", "rgid egid", id2, func(t *Task, c *Call) int64 { return t.sysSetregid(uint32(c.Args[0]), uint32(c.Args[1])) }),
		procRow(144, "setgid", "gid", id, func(t *Task, c *Call) int64 { return t.sysSetgid(uint32(c.Args[0])) }),
		procRow(145, "setreuid", "ruid euid", id2, func(t *Task, c *Call) int64 { return t.sysSetreuid(uint32(c.Args[0]), uint32(c.Args[1])) }),
		procRow(146, "setuid", "uid", id, func(t *Task, c *Call) int64 { return t.sysSetuid(uint32(c.Args[0])) }),
		procRow(147, "setresuid", "ruid euid suid", id3, func(t *Task, c *Call) int64 {
			return t.sysSetresuid(uint32(c.Args[0]), uint32(c.Args[1]), uint32(c.Args[2]))
		}),
		procRow(148, "getresuid", "ruid euid suid", out3, func(t *Task, c *Call) int64 { return t.sysGetresuid(c.Args[0], c.Args[1], c.Args[2]) }),
		procRow(149, "setresgid", "rgid egid sgid", id3, func(t *Task, c *Call) int64 {
			return t.sysSetresgid(uint32(c.Args[0]), uint32(c.Args[1]), uint32(c.Args[2]))
		}),
		procRow(150, "getresgid", "rgid egid sgid", out3, func(t *Task, c *Call) int64 { return t.sysGetresgid(c.Args[0], c.Args[1], c.Args[2]) }),
		procRow(151, "setfsuid", "fsuid", id, func(t *Task, c *Call) int64 { return t.sysSetfsuid(uint32(c.Args[0])) }).with(argfmt.ID),
		procRow(152, "setfsgid", "fsgid", id, func(t *Task, c *Call) int64 { return t.sysSetfsgid(uint32(c.Args[0])) }).with(argfmt.ID),
		procRow(154, "setpgid", "pid pgid", k{argfmt.PID, argfmt.PID}, func(t *Task, c *Call) int64 { return t.sysSetpgid(int32(c.Args[0]), int32(c.Args[1])) }),
		procRow(155, "getpgid", "pid", k{argfmt.PID}, func(t *Task, c *Call) int64 { return t.sysGetpgid(int32(c.Args[0])) }).with(argfmt.PID),
		procRow(156, "getsid", "pid", k{argfmt.PID}, func(t *Task, c *Call) int64 { return t.sysGetsid(int32(c.Args[0])) }).with(argfmt.PID),
		procRow(157, "setsid", "", nil, func(t *Task, _ *Call) int64 { return t.sysSetsid() }).with(argfmt.PID),
		procRow(158, "getgroups", "size list", k{argfmt.Int, argfmt.IDsOut}, func(t *Task, c *Call) int64 { return t.sysGetgroups(int32(c.Args[0]), c.Args[1]) }),
		procRow(159, "setgroups", "size list", k{argfmt.Int, argfmt.IDsIn}, func(t *Task, c *Call) int64 { return t.sysSetgroups(int32(c.Args[0]), c.Args[1]) }),
		procRow(172, "getpid", "", nil, func(t *Task, _ *Call) int64 { return t.sysGetpid() }).with(argfmt.PID),
		procRow(173, "getppid", "", nil, func(t *Task, _ *Call) int64 { return t.sysGetppid() }).with(argfmt.PID),
		procRow(174, "getuid", "", nil, func(t *Task, _ *Call) int64 { return t.sysGetuid() }).with(argfmt.ID),
		procRow(175, "geteuid", "", nil, func(t *Task, _ *Call) int64 { return t.sysGeteuid() }).with(argfmt.ID),
		procRow(176, "getgid", "", nil, func(t *Task, _ *Call) int64 { return t.sysGetgid() }).with(argfmt.ID),
		procRow(177, "getegid", "", nil, func(t *Task, _ *Call) int64 { return t.sysGetegid() }).with(argfmt.ID),
		procRow(178, "gettid", "", nil, func(t *Task, _ *Call) int64 { return t.sysGettid() }).with(argfmt.PID),
	}
}
