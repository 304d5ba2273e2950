// Package procfs makes the files of /proc whose host version would show Weir instead of the
// guest: what their names are and what is in them. It works on text and tables
// given to it: it reads no file, and knows no task and no memory. Start with [Find].
package procfs

import (
	"path"
	"strconv"
	"strings"
)

// File is a file of /proc that Weir makes or hides.
type File struct {
	Name string // "exe", "maps" ...; "cpuinfo", "sys/kernel/arch" for those outside the processes; empty for other files of a thread
	PID  int    // number in the path, 0 for self and thread-self
	TID  int    // of the thread, 0 for the process, -1 for thread-self
	Arg  string // behind fd and fdinfo: the number
}

// names are the files of a process that Weir makes or, as mem, translates; in the folder of
// a thread too.
var names = []string{
	"arch_status", "auxv", "cmdline", "environ", "exe", "limits", "maps", "mem", "numa_maps", "smaps", "smaps_rollup",
	"stat", "statm", "status", "syscall",
}

// IsName reports whether a file of this name in the folder of a process or thread is one that Weir makes.
func IsName(name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// Find returns what an absolute path names, nil if it is nothing that Weir makes or hides. The processes and threads need not
// exist, or be guests.
func Find(name string) *File {
	rest, ok := strings.CutPrefix(path.Clean(name), "/proc/")
	if !ok {
		return nil
	}
	if rest == "cpuinfo" || rest == "sys/kernel/arch" {
		return &File{Name: rest}
	}
	who, rest, _ := strings.Cut(rest, "/")
	f := &File{}
	switch who {
	case "self":
	case "thread-self":
		f.TID = -1
	default:
		n, err := strconv.Atoi(who)
		if err != nil || n <= 0 {
			return nil
		}
		f.PID = n
	}
	if r, ok := strings.CutPrefix(rest, "task/"); ok {
		who, rest, _ = strings.Cut(r, "/")
		n, err := strconv.Atoi(who)
		if err != nil || n <= 0 {
			return nil
		}
		f.TID = n
	}
	if IsName(rest) {
		f.Name = rest
		return f
	}
	if dir, arg, ok := strings.Cut(rest, "/"); ok && (dir == "fd" || dir == "fdinfo") {
		f.Name = dir
		f.Arg, _, _ = strings.Cut(arg, "/")
		return f
	}
	if f.TID > 0 {
		return f
	}
	return nil
}

// Area is a mapped range of the guest's memory.
type Area struct {
	Start, End  uint64
	Read, Write bool
	Exec        bool
	Shared      bool
	File        bool
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

func flagChar(on bool, c byte) byte {
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
		string([]byte{flagChar(a.Read, 'r'), flagChar(a.Write, 'w'), flagChar(a.Exec, 'x'), share}) + " " +
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
