// Package procfs makes the files of /proc whose host version would show Weir instead of the
// guest: what their names are and what is in them. It works on text and tables
// given to it: it reads no file, and knows no task and no memory. Start with [Find].
package procfs

import (
	"path"
	"strconv"
	"strings"
)

// File is a file of /proc that Weir makes.
type File struct {
	Name string // "exe", "maps" ..., "cpuinfo" for the one outside the processes
	TID  int    // of the thread, 0 for the process
}

// names are the files of a process that Weir makes or, as mem, translates; in the folder of
// a thread too.
var names = []string{"auxv", "cmdline", "environ", "exe", "maps", "mem", "smaps", "stat", "status"}

// Find returns the file that an absolute path names, nil if it is none that Weir
// makes. pid is the guest's process ID; isTask reports whether a number is one of
// its threads.
func Find(name string, pid int, isTask func(tid int) bool) *File {
	rest, ok := strings.CutPrefix(path.Clean(name), "/proc/")
	if !ok {
		return nil
	}
	if rest == "cpuinfo" {
		return &File{Name: rest}
	}
	who, rest, _ := strings.Cut(rest, "/")
	f := &File{}
	switch who {
	case "self":
	case "thread-self":
		f.TID = -1 // the caller
	default:
		n, err := strconv.Atoi(who)
		if err != nil || n != pid && !isTask(n) {
			return nil
		}
		if n != pid {
			f.TID = n
		}
	}
	if r, ok := strings.CutPrefix(rest, "task/"); ok {
		who, rest, _ = strings.Cut(r, "/")
		n, err := strconv.Atoi(who)
		if err != nil || !isTask(n) {
			return nil
		}
		f.TID = n
	}
	for _, n := range names {
		if n == rest {
			f.Name = n
			return f
		}
	}
	return nil
}

// Area is a mapped range of the guest's memory.
type Area struct {
	Start, End  uint64
	Read, Write bool
	Exec        bool
	Shared      bool
	Name        string // "[stack]" and the like; empty: what the host says
}

// hostLine is a line of the host's maps.
type hostLine struct {
	lo, hi, off uint64
	dev, ino    string
	name        string
}

// Maps is the text of maps: the guest's areas, with its protections, and the files that the
// host's maps show at the same places. base is the host address of guest address 0.
func Maps(areas []Area, host string, base uint64) string {
	lines := parseMaps(host)
	var b strings.Builder
	for _, a := range areas {
		at := a.Start
		for _, l := range lines {
			lo, hi := max(l.lo, base+at)-base, l.hi-base
			if l.hi <= base+at || l.lo >= base+a.End {
				continue
			}
			hi = min(hi, a.End)
			if at < lo {
				mapsLine(&b, a, at, lo, nil)
			}
			l.off += base + lo - l.lo
			mapsLine(&b, a, lo, hi, &l)
			at = hi
		}
		if at < a.End {
			mapsLine(&b, a, at, a.End, nil)
		}
	}
	return merge(b.String())
}

func parseMaps(s string) (list []hostLine) {
	for line := range strings.Lines(s) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		from, to, _ := strings.Cut(f[0], "-")
		lo, e1 := strconv.ParseUint(from, 16, 64)
		hi, e2 := strconv.ParseUint(to, 16, 64)
		off, e3 := strconv.ParseUint(f[2], 16, 64)
		if e1 != nil || e2 != nil || e3 != nil {
			continue
		}
		l := hostLine{lo: lo, hi: hi, off: off, dev: f[3], ino: f[4]}
		if i := strings.IndexByte(line, '/'); i >= 0 {
			l.name = strings.TrimSuffix(line[i:], "\n")
		}
		list = append(list, l)
	}
	return list
}

func flag(on bool, c byte) byte {
	if on {
		return c
	}
	return '-'
}

func mapsLine(b *strings.Builder, a Area, lo, hi uint64, l *hostLine) {
	share := byte('p')
	if a.Shared {
		share = 's'
	}
	dev, ino, name, off := "00:00", "0", "", uint64(0)
	if l != nil && l.ino != "0" {
		dev, ino, name, off = l.dev, l.ino, l.name, l.off
	}
	if a.Name != "" && name == "" {
		name = a.Name
	}
	s := pad(strconv.FormatUint(lo, 16), 8) + "-" + pad(strconv.FormatUint(hi, 16), 8) + " " +
		string([]byte{flag(a.Read, 'r'), flag(a.Write, 'w'), flag(a.Exec, 'x'), share}) + " " +
		pad(strconv.FormatUint(off, 16), 8) + " " + dev + " " + ino + " "
	b.WriteString(s)
	if name != "" {
		for n := len(s); n < 73; n++ {
			b.WriteByte(' ')
		}
		b.WriteString(name)
	}
	b.WriteByte('\n')
}

// merge joins adjacent anonymous lines that the host's own protections, set to find
// changes of code, have torn apart.
func merge(s string) string {
	var b strings.Builder
	var lo, hi, rest string
	for line := range strings.Lines(s) {
		span, r, _ := strings.Cut(line, " ")
		l, h, _ := strings.Cut(span, "-")
		if l == hi && r == rest && strings.Contains(r, " 00:00 0 ") {
			hi = h
			continue
		}
		if hi != "" {
			b.WriteString(lo + "-" + hi + " " + rest)
		}
		lo, hi, rest = l, h, r
	}
	if hi != "" {
		b.WriteString(lo + "-" + hi + " " + rest)
	}
	return b.String()
}

func pad(s string, n int) string {
	for len(s) < n {
		s = "0" + s
	}
	return s
}

// Smaps is the text of smaps: the lines of maps, each with its size. What is resident is not
// told.
func Smaps(maps string) string {
	var b strings.Builder
	for line := range strings.Lines(maps) {
		b.WriteString(line)
		span, _, _ := strings.Cut(line, " ")
		from, to, _ := strings.Cut(span, "-")
		lo, _ := strconv.ParseUint(from, 16, 64)
		hi, _ := strconv.ParseUint(to, 16, 64)
		b.WriteString("Size:           " + strconv.FormatUint((hi-lo)/1024, 10) + " kB\n")
		b.WriteString("KernelPageSize:        4 kB\nMMUPageSize:           4 kB\n")
	}
	return b.String()
}

// Info is what of stat and status is the guest's.
type Info struct {
	Threads            int
	StackStart         uint64
	ArgStart, ArgEnd   uint64
	EnvStart, EnvEnd   uint64
	StartCode, EndCode uint64
	VMSize             uint64 // bytes
	SeccompMode        int    // of the guest's own; 0 if none
	SeccompFilters     int
	SigIgn, SigCgt     uint64 // sets of signals
}

// Stat is the host's stat with the guest's facts (proc_pid_stat(5)).
func Stat(host string, in Info) string {
	i := strings.LastIndexByte(host, ')')
	if i < 0 {
		return host
	}
	f := strings.Fields(host[i+1:]) // from field 3 on
	set := func(field int, v uint64) {
		if k := field - 3; k < len(f) && v != 0 {
			f[k] = strconv.FormatUint(v, 10)
		}
	}
	set(20, uint64(in.Threads))
	set(23, in.VMSize)
	set(26, in.StartCode)
	set(27, in.EndCode)
	set(28, in.StackStart)
	set(48, in.ArgStart)
	set(49, in.ArgEnd)
	set(50, in.EnvStart)
	set(51, in.EnvEnd)
	return host[:i+1] + " " + strings.Join(f, " ") + "\n"
}

// Status is the host's status with the guest's facts (proc_pid_status(5)).
func Status(host string, in Info) string {
	var b strings.Builder
	for line := range strings.Lines(host) {
		switch key, _, _ := strings.Cut(line, ":"); key {
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
		case "VmSize", "VmPeak":
			n := strconv.FormatUint(in.VMSize/1024, 10)
			for len(n) < 8 {
				n = " " + n
			}
			line = key + ":\t" + n + " kB\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
