package procfs

import (
	"strconv"
	"strings"
)

// Info is what of stat, status and statm is the guest's.
type Info struct {
	Threads            int
	StackStart         uint64
	ArgStart, ArgEnd   uint64
	EnvStart, EnvEnd   uint64
	StartCode, EndCode uint64
	SeccompMode        int // of the guest's own; 0 if none
	SeccompFilters     int
	SigIgn, SigCgt     uint64 // sets of signals

	// Memory, in bytes.
	VMSize   uint64
	Data     uint64 // private and writable, without the stack
	Stack    uint64
	Lib      uint64 // code that is not the program's
	Resident Resident
}

// RSS is all that is present.
func (in *Info) RSS() uint64 { return in.Resident.Anon + in.Resident.File + in.Resident.Shmem }

// Measure sets the sizes from the areas, those of Resident excepted.
func (in *Info) Measure(areas []Area) {
	in.VMSize, in.Data, in.Stack, in.Lib = 0, 0, 0, 0
	for _, a := range areas {
		n := a.End - a.Start
		in.VMSize += n
		switch {
		case a.Name == "[stack]":
			in.Stack += n
		case a.Write && !a.Shared:
			in.Data += n
		case a.Exec && a.File && (a.Start >= in.EndCode || a.End <= in.StartCode):
			in.Lib += n
		}
	}
}

const pageSize = 4096

// Stat is the host's stat with the guest's facts (proc_pid_stat(5)).
func Stat(host string, in Info) string {
	i := strings.LastIndexByte(host, ')')
	if i < 0 {
		return host
	}
	f := strings.Fields(host[i+1:]) // from field 3 on
	set := func(field int, v uint64) {
		if k := field - 3; k < len(f) {
			f[k] = strconv.FormatUint(v, 10)
		}
	}
	set(20, uint64(in.Threads))
	set(23, in.VMSize)
	set(24, in.RSS()/pageSize)
	for field, v := range map[int]uint64{26: in.StartCode, 27: in.EndCode, 28: in.StackStart, 48: in.ArgStart, 49: in.ArgEnd, 50: in.EnvStart, 51: in.EnvEnd} {
		if v != 0 && field-3 < len(f) && f[field-3] != "0" { // the host shows 0 to those who may not know
			set(field, v)
		}
	}
	const signals = 1<<31 - 1 // obsolete fields: the first 31
	set(33, in.SigIgn&signals)
	set(34, in.SigCgt&signals)
	return host[:i+1] + " " + strings.Join(f, " ") + "\n"
}

// Statm is the text of statm (proc_pid_statm(5)).
func Statm(in Info) string {
	code := (in.EndCode - in.StartCode + pageSize - 1) / pageSize
	var b strings.Builder
	for _, n := range [...]uint64{
		in.VMSize / pageSize, in.RSS() / pageSize, (in.Resident.File + in.Resident.Shmem) / pageSize, code, 0, (in.Data + in.Stack) / pageSize, 0,
	} {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatUint(n, 10))
	}
	return b.String() + "\n"
}

// Status is the host's status with the guest's facts (proc_pid_status(5)).
func Status(host string, in Info) string {
	sizes := map[string]uint64{
		"VmPeak": in.VMSize, "VmSize": in.VMSize, "VmHWM": in.RSS(), "VmRSS": in.RSS(), "RssAnon": in.Resident.Anon, "RssFile": in.Resident.File,
		"RssShmem": in.Resident.Shmem, "VmData": in.Data, "VmStk": in.Stack, "VmExe": in.EndCode - in.StartCode, "VmLib": in.Lib, "VmSwap": in.Resident.Swap,
	}
	var b strings.Builder
	for line := range strings.Lines(host) {
		key, _, _ := strings.Cut(line, ":")
		switch key {
		case "Threads":
			line = "Threads:\t" + strconv.Itoa(in.Threads) + "\n"
		case "Seccomp":
			if in.SeccompMode != 0 {
				line = "Seccomp:\t" + strconv.Itoa(in.SeccompMode) + "\n"
			}
		case "Seccomp_filters":
			if in.SeccompMode != 0 {
				line = "Seccomp_filters:\t" + strconv.Itoa(in.SeccompFilters) + "\n"
			}
		case "SigIgn":
			line = "SigIgn:\t" + pad(strconv.FormatUint(in.SigIgn, 16), 16) + "\n"
		case "SigCgt":
			line = "SigCgt:\t" + pad(strconv.FormatUint(in.SigCgt, 16), 16) + "\n"
		case "x86_Thread_features", "x86_Thread_features_locked": // of the host's CPU
			continue
		}
		if v, ok := sizes[key]; ok {
			n := strconv.FormatUint(v/1024, 10)
			for len(n) < 8 {
				n = " " + n
			}
			line = key + ":\t" + n + " kB\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// Limits is the host's limits with RLIMIT_AS, RLIMIT_DATA and RLIMIT_STACK, each soft and hard, in bytes.
func Limits(host string, as, data, stack [2]uint64) string {
	var b strings.Builder
	for line := range strings.Lines(host) {
		for name, v := range map[string][2]uint64{"Max address space": as, "Max data size": data, "Max stack size": stack} {
			if strings.HasPrefix(line, name+" ") {
				line = column(name, 26) + column(limit(v[0]), 21) + column(limit(v[1]), 21) + column("bytes", 10) + "\n"
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

func limit(v uint64) string {
	if v == ^uint64(0) {
		return "unlimited"
	}
	return strconv.FormatUint(v, 10)
}

func column(s string, n int) string {
	for len(s) < n {
		s += " "
	}
	return s
}
