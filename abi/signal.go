package abi

import (
	"strconv"
	"strings"
)

// Signal is a Linux signal number, 1 to 64 (signal(7); riscv64, arm64 and amd64
// share the numbering).
type Signal uint8

// Signal numbers.
const (
	SIGHUP    Signal = 1
	SIGINT    Signal = 2
	SIGQUIT   Signal = 3
	SIGILL    Signal = 4
	SIGTRAP   Signal = 5
	SIGABRT   Signal = 6
	SIGBUS    Signal = 7
	SIGFPE    Signal = 8
	SIGKILL   Signal = 9
	SIGUSR1   Signal = 10
	SIGSEGV   Signal = 11
	SIGUSR2   Signal = 12
	SIGPIPE   Signal = 13
	SIGALRM   Signal = 14
	SIGTERM   Signal = 15
	SIGSTKFLT Signal = 16
	SIGCHLD   Signal = 17
	SIGCONT   Signal = 18
	SIGSTOP   Signal = 19
	SIGTSTP   Signal = 20
	SIGTTIN   Signal = 21
	SIGTTOU   Signal = 22
	SIGURG    Signal = 23
	SIGXCPU   Signal = 24
	SIGXFSZ   Signal = 25
	SIGVTALRM Signal = 26
	SIGPROF   Signal = 27
	SIGWINCH  Signal = 28
	SIGIO     Signal = 29
	SIGPWR    Signal = 30
	SIGSYS    Signal = 31

	SIGPOLL = SIGIO

	// SIGRTMIN is the kernel's first real-time signal; SIGRTMAX is the last.
	SIGRTMIN Signal = 32
	SIGRTMAX Signal = 64
)

// Name returns "SIGHUP" and the like, and of the real-time signals "SIGRTMIN", "SIGRT_1", "SIGRT_2" ...
// as strace(1) prints them.
func (s Signal) Name() string {
	if s > 0 && int(s) < len(signalNames) {
		return "SIG" + signalNames[s]
	}
	if s == SIGRTMIN {
		return "SIGRTMIN"
	}
	if s > SIGRTMIN && s <= SIGRTMAX {
		return "SIGRT_" + strconv.Itoa(int(s-SIGRTMIN))
	}
	return "signal " + strconv.Itoa(int(s))
}

// String is Name.
func (s Signal) String() string { return s.Name() }

// SignalByName returns the signal of "SIGTERM", "TERM", "SIGRT_1" or "15".
func SignalByName(name string) (Signal, bool) {
	n := strings.TrimPrefix(name, "SIG")
	for i := 1; i < len(signalNames); i++ {
		if signalNames[i] == n {
			return Signal(i), true
		}
	}
	if n == "RTMIN" {
		return SIGRTMIN, true
	}
	if rt, ok := strings.CutPrefix(n, "RT_"); ok {
		if k, err := strconv.Atoi(rt); err == nil && k >= 0 && k <= int(SIGRTMAX-SIGRTMIN) {
			return SIGRTMIN + Signal(k), true
		}
		return 0, false
	}
	if k, err := strconv.Atoi(name); err == nil && k >= 1 && k <= int(SIGRTMAX) {
		return Signal(k), true
	}
	return 0, false
}

var signalNames = [...]string{
	"",
	"HUP",
	"INT",
	"QUIT",
	"ILL",
	"TRAP",
	"ABRT",
	"BUS",
	"FPE",
	"KILL",
	"USR1",
	"SEGV",
	"USR2",
	"PIPE",
	"ALRM",
	"TERM",
	"STKFLT",
	"CHLD",
	"CONT",
	"STOP",
	"TSTP",
	"TTIN",
	"TTOU",
	"URG",
	"XCPU",
	"XFSZ",
	"VTALRM",
	"PROF",
	"WINCH",
	"IO",
	"PWR",
	"SYS",
}
