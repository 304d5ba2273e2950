//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
)

// The machine, namespaces and what else belongs to the system as a whole.

func systemRows() []Row {
	return []Row{
		fast(30, "ioprio_set", "which who ioprio", hostsys.SYS_IOPRIO_SET, argfmt.Int, argfmt.PID, argfmt.Hex),
		fast(31, "ioprio_get", "which who", hostsys.SYS_IOPRIO_GET, argfmt.Int, argfmt.PID),
		pass(89, "acct", "filename", hostsys.SYS_ACCT, argfmt.Path),
		fast(92, "personality", "persona", hostsys.SYS_PERSONALITY, argfmt.PersonaFlags).with(argfmt.RetHex).partly("kept and reported; no other execution domain is emulated"),
		own(97, "unshare", "flags", sysUnshare, argfmt.UnshareFlags).noted("in a process of several threads, those made later do not get the namespaces of their parent; a PID namespace's lowest numbers are those of Weir's threads"),
		pass(116, "syslog", "type bufp len", hostsys.SYS_SYSLOG, argfmt.Int, argfmt.BufOut, argfmt.Int),
		own(142, "reboot", "magic magic2 cmd arg", func(t *Task, c *Call) int64 { return t.pass(c, hostsys.SYS_REBOOT, (*Task).hostBlock) }, argfmt.Hex, argfmt.Hex, argfmt.RebootCmd, argfmt.PtrIn),
		own(160, "uname", "buf", sysUname, argfmt.UtsnameOut),
		fast(161, "sethostname", "name len", hostsys.SYS_SETHOSTNAME, argfmt.BufIn, argfmt.Size),
		fast(162, "setdomainname", "name len", hostsys.SYS_SETDOMAINNAME, argfmt.BufIn, argfmt.Size),
		fast(166, "umask", "mask", hostsys.SYS_UMASK, argfmt.Mode).with(argfmt.RetOct),
		fast(179, "sysinfo", "info", hostsys.SYS_SYSINFO, argfmt.SysinfoOut),
		own(268, "setns", "fd nstype", sysSetns, argfmt.FD, argfmt.UnshareFlags).noted("as unshare"),
		pass(272, "kcmp", "pid1 pid2 type idx1 idx2", hostsys.SYS_KCMP, argfmt.PID, argfmt.PID, argfmt.Int, argfmt.Hex, argfmt.Hex),
		own(278, "getrandom", "buf buflen flags", sysGetrandom, argfmt.BufOut, argfmt.Size, argfmt.RandomFlags),
		pass(424, "pidfd_send_signal", "pidfd sig info flags", hostsys.SYS_PIDFD_SEND_SIGNAL, argfmt.FD, argfmt.Sig, argfmt.SiginfoIn, argfmt.Hex).partly("signals 32 and 33 cannot be sent this way"),
		fast(434, "pidfd_open", "pid flags", hostsys.SYS_PIDFD_OPEN, argfmt.PID, argfmt.PidfdFlags).with(argfmt.FD),
		fast(438, "pidfd_getfd", "pidfd targetfd flags", hostsys.SYS_PIDFD_GETFD, argfmt.FD, argfmt.FD, argfmt.Hex).with(argfmt.FD),
		pass(448, "process_mrelease", "pidfd flags", hostsys.SYS_PROCESS_MRELEASE, argfmt.FD, argfmt.Hex),
		fast(454, "futex_wake", "uaddr mask nr flags", hostsys.SYS_FUTEX_WAKE, argfmt.PtrIn, argfmt.Hex, argfmt.Int, argfmt.Hex),
		pass(455, "futex_wait", "uaddr val mask flags timeout clockid", hostsys.SYS_FUTEX_WAIT, argfmt.PtrIn, argfmt.Hex, argfmt.Hex, argfmt.Hex, argfmt.TimespecIn, argfmt.ClockID),
		fast(456, "futex_requeue", "waiters flags nr_wake nr_requeue", hostsys.SYS_FUTEX_REQUEUE, argfmt.PtrIn, argfmt.Hex, argfmt.Int, argfmt.Int).flat(),
	}
}

// Fields of struct new_utsname: 65 bytes each.
const (
	utsField   = 65
	utsRelease = 2 * utsField
	utsMachine = 4 * utsField
	utsSize    = 6 * utsField
)

// sysUname is the host's, but for the machine, and the release if one was asked for.
func sysUname(t *Task, c *Call) int64 {
	if r := t.hostFast(hostsys.SYS_UNAME, t.scratch, 0, 0, 0, 0, 0); r != 0 {
		return r
	}
	var b [utsSize]byte
	t.get(0, b[:])
	set := func(off int, s string) {
		f := b[off : off+utsField]
		clear(f)
		copy(f[:utsField-1], s)
	}
	set(utsMachine, t.Proc.Guest.Arch.String())
	if r := t.Proc.Cfg.Release; r != "" {
		set(utsRelease, r)
	}
	if !t.Proc.Mem.Write(c.Args[0], b[:]) {
		return abi.EFAULT.Result()
	}
	return 0
}
