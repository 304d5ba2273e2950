//go:build linux

package linux

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/procfs"
	"github.com/weir-emu/weir/internal/linux/tree"
	"github.com/weir-emu/weir/internal/mem"
)

const (
	oAccMode   = 3
	oPath      = 0o10000000
	oNoFollow  = 0o400000
	oDirectory = 0o200000
	fSetFD     = 2
)

// openProc opens a file of /proc that Weir makes. ok is false if the host shall do it.
func (t *Task) openProc(f *procFile, flags uint32) (r int64, ok bool) {
	if f.Name == "exe" {
		if flags&oNoFollow != 0 {
			return 0, false
		}
		m := marshal{t: t}
		defer m.release()
		at, e := m.put(append([]byte(f.path()), 0))
		if e != 0 {
			return e.Result(), true
		}
		return t.hostBlock(hostsys.SYS_OPENAT, atFdCwdHost, at, uintptr(t.openFlags(uint64(flags))), 0, 0, 0), true
	}
	if f.Name == "mem" {
		memOpened.Store(true)
		if f.other != nil && flags&oAccMode != 0 {
			t.Proc.writesTracees()
		}
		return 0, false
	}
	if f.other != nil && t.hostFile(f.hostDir(t)+f.Name) == "" && f.Name != "cpuinfo" { // the kernel knows why
		return 0, false
	}
	if flags&(oAccMode|oPath|oDirectory) != 0 {
		return 0, false
	}
	text, ok := t.procText(f)
	if !ok {
		return 0, false
	}
	return t.memfd(path.Base(f.Name), text, flags), true
}

// memOpened tells that /proc/self/mem has been opened. Offsets in it are host addresses, which
// matters where they are not the guest's.
var memOpened atomic.Bool

// memOffset makes a row translate offsets, argument i, in /proc/self/mem.
func (r Row) memOffset(i int) Row {
	run := r.run
	r.run = func(t *Task, c *Call) int64 {
		base := t.Proc.Mem.Base()
		if base == 0 || !memOpened.Load() || c.Args[i] >= t.Proc.Mem.Limit() || !t.isMemFile(int(int32(c.Args[0]))) {
			return run(t, c)
		}
		off := c.Args[i]
		c.Args[i] += base
		res := run(t, c)
		c.Args[i] = off
		if c.Row.Name == "lseek" && res >= int64(base) {
			res -= int64(base)
		}
		return res
	}
	return r
}

// isMemFile reports whether an open file is the process's memory in /proc.
func (t *Task) isMemFile(fd int) bool {
	name, ok := strings.CutPrefix(t.fdName(fd, ""), "/proc/"+strconv.Itoa(t.Proc.PID)+"/")
	return ok && (name == "mem" || strings.HasPrefix(name, "task/") && strings.HasSuffix(name, "/mem"))
}

// memfd makes a descriptor to read text from.
func (t *Task) memfd(name, text string, flags uint32) int64 {
	const (
		cloexec    = 1
		allowSeals = 2
		addSeals   = 1033
		seals      = 15 // F_SEAL_SEAL, SHRINK, GROW, WRITE
		oCloexec   = 0o2000000
	)
	m := marshal{t: t}
	defer m.release()
	at, e := m.put(append([]byte(name), 0))
	if e != 0 {
		return e.Result()
	}
	fd := t.hostFast(hostsys.SYS_MEMFD_CREATE, at, cloexec|allowSeals, 0, 0, 0, 0)
	if fd < 0 {
		return fd
	}
	data, e := m.put([]byte(text))
	if e != 0 {
		closeFD(int(fd))
		return e.Result()
	}
	// At a fixed offset, so that a fork that runs it again does no harm; the file
	// offset stays 0.
	raw(hostsys.SYS_PWRITE64, uintptr(fd), data, uintptr(len(text)), 0, 0, 0)
	raw(hostsys.SYS_FCNTL, uintptr(fd), addSeals, seals, 0, 0, 0)
	if flags&oCloexec == 0 {
		raw(hostsys.SYS_FCNTL, uintptr(fd), fSetFD, 0, 0, 0, 0)
	}
	return fd
}

// procFile is a file of /proc that Weir makes or hides.
type procFile struct {
	procfs.File
	name    string // as it was asked for, from the root
	t       *Task
	other   *tree.Facts // of another process; nil: this one
	missing bool        // it must not be seen
}

// findProc returns what a path means to t, nil if it is a file of the host's.
func (t *Task) findProc(name string) *procFile {
	found := procfs.Find(name)
	if found == nil {
		return nil
	}
	p := t.Proc
	f := &procFile{File: *found, name: name, t: t}
	switch {
	case f.PID == p.PID:
		f.PID = 0
	case f.PID != 0 && p.task(f.PID) != nil: // a thread has a folder of its own, though it is not listed
		if f.TID == 0 {
			f.TID = f.PID
		}
		f.PID = 0
	case f.PID != 0:
		o, ok := t.member(f.PID)
		if !ok {
			return nil
		}
		f.other = &o
	}
	hidden, task := hostsys.ReservedFD, func(tid int) bool { return p.task(tid) != nil }
	if o := f.other; o != nil {
		hidden = func(fd int) bool { return slices.Contains(o.Hidden, fd) }
		task = func(tid int) bool { return o.TasksCut || slices.Contains(o.Tasks, tid) }
	}
	f.missing = f.TID > 0 && !task(f.TID) || f.Name == "arch_status"
	switch f.Name {
	case "fd", "fdinfo":
		n, err := strconv.Atoi(f.Arg)
		f.missing = f.missing || err == nil && hidden(n)
		fallthrough
	case "":
		if !f.missing {
			return nil
		}
	case "cmdline", "environ", "auxv":
		if f.other != nil && !f.missing { // the kernel has been told
			return nil
		}
	}
	return f
}

// path is what exe leads to.
func (f *procFile) path() string {
	if f.other != nil {
		return f.other.Path
	}
	return f.t.Proc.Prog.Path
}

// hostDir is the host's folder of a file's process or thread.
func (f *procFile) hostDir(t *Task) string {
	dir := "/proc/self/"
	if f.PID != 0 {
		dir = "/proc/" + strconv.Itoa(f.PID) + "/"
	}
	switch {
	case f.TID < 0:
		return dir + "task/" + strconv.Itoa(t.TID) + "/"
	case f.TID > 0:
		return dir + "task/" + strconv.Itoa(f.TID) + "/"
	}
	return dir
}

// procText is the content of a file of /proc.
func (t *Task) procText(f *procFile) (string, bool) {
	p := t.Proc
	st := &p.Prog.Stack
	span := func(lo, hi uint64) (string, bool) {
		if hi <= lo || hi-lo > 1<<24 {
			return "", hi == lo
		}
		b := make([]byte, hi-lo)
		ok := p.Mem.Read(lo, b)
		return string(b), ok
	}
	switch f.Name {
	case "cmdline":
		return span(st.ArgStart, st.ArgEnd)
	case "environ":
		return span(st.EnvStart, st.EnvEnd)
	case "auxv":
		return span(st.AuxStart, st.AuxStart+st.AuxBytes)
	case "cpuinfo":
		return p.cpuInfo(t)
	case "sys/kernel/arch":
		return p.Guest.Arch.String() + "\n", true
	case "syscall": // the host's call and stack
		return "running\n", true
	}
	dir := f.hostDir(t)
	if f.Name == "limits" {
		l := [3][2]uint64{}
		for i, r := range keptLimits {
			if l[i] = p.limits.get(r, t.scratch); f.other != nil {
				l[i] = f.other.Limits[i]
			}
		}
		return procfs.Limits(t.hostFile(dir+"limits"), l[0], l[1], l[2]), true
	}
	areas, base := p.areas(), p.Mem.Base()
	if o := f.other; o != nil {
		base = o.Base
		areas = nameAreas(o.Areas, o.Brk, o.ImageEnd, o.StackStart, o.VDSO)
	}
	switch f.Name {
	case "maps":
		return procfs.Maps(areas, t.hostFile(dir+"maps"), base), true
	case "numa_maps":
		return procfs.NumaMaps(areas, t.hostFile(dir+"numa_maps"), base), true
	}
	smaps := t.hostFile(dir + "smaps")
	switch f.Name {
	case "smaps":
		return procfs.Smaps(procfs.Maps(areas, smaps, base), smaps, base), true
	case "smaps_rollup":
		return procfs.SmapsRollup(procfs.Maps(areas, smaps, base), smaps, base), true
	}
	in := t.procInfo(f)
	in.Measure(areas)
	in.Resident = procfs.Count(areas, smaps, base)
	switch f.Name {
	case "statm":
		return procfs.Statm(in), true
	case "stat":
		return procfs.Stat(t.hostFile(dir+"stat"), in), true
	case "status":
		return procfs.Status(t.hostFile(dir+"status"), in), true
	}
	return "", false
}

// procInfo is what of stat and status is the guest's, but for sizes.
func (t *Task) procInfo(f *procFile) (in procfs.Info) {
	if o := f.other; o != nil {
		return procfs.Info{
			Threads: o.Threads, StackStart: o.StackStart, ArgStart: o.ArgStart, ArgEnd: o.ArgEnd, EnvStart: o.EnvStart, EnvEnd: o.EnvEnd,
			StartCode: o.StartCode, EndCode: o.EndCode, SeccompMode: o.SeccompMode, SeccompFilters: o.SeccompFilters, SigIgn: o.SigIgn, SigCgt: o.SigCgt,
		}
	}
	p := t.Proc
	st := &p.Prog.Stack
	in = procfs.Info{Threads: len(p.Tasks()), StackStart: st.SP, ArgStart: st.ArgStart, ArgEnd: st.ArgEnd, EnvStart: st.EnvStart, EnvEnd: st.EnvEnd}
	in.StartCode, in.EndCode, _ = p.Prog.code()
	who := t
	if f.TID > 0 {
		who = p.task(f.TID)
	} else if f.TID == 0 {
		who = p.main
	}
	if who != nil {
		in.SeccompMode, in.SeccompFilters = who.seccompStatus()
	}
	p.sigMu.Lock()
	in.SigIgn, in.SigCgt = p.dispositions()
	p.sigMu.Unlock()
	return in
}

// code is the range of the program's code, and the end of its image.
func (pr *Program) code() (start, end, imageEnd uint64) {
	im := pr.Image
	if im == nil {
		return 0, 0, 0
	}
	start = ^uint64(0)
	for _, s := range im.Segments {
		if s.Prot&mem.ProtExec != 0 {
			start, end = min(start, s.Addr+pr.Bias), max(end, s.Addr+s.FileSize+pr.Bias)
		}
	}
	return min(start, end), end, im.Hi + pr.Bias
}

// areas are the guest's mappings with the names that the kernel gives them.
func (p *Process) areas() []procfs.Area {
	_, _, imageEnd := p.Prog.code()
	return nameAreas(p.Mem.Areas(), p.Mem.Brk(0), imageEnd, p.Prog.Stack.SP, p.Prog.VDSO)
}

func nameAreas(areas []mem.Area, brk, imageEnd, sp, vdso uint64) []procfs.Area {
	list := make([]procfs.Area, 0, len(areas))
	for _, a := range areas {
		e := procfs.Area{
			Start: a.Start, End: a.End, Shared: a.Shared, File: a.File,
			Read: a.Prot&mem.ProtRead != 0, Write: a.Prot&mem.ProtWrite != 0, Exec: a.Prot&mem.ProtExec != 0,
		}
		switch {
		case sp >= a.Start && sp < a.End:
			e.Name = "[stack]"
		case vdso >= a.Start && vdso < a.End:
			e.Name = "[vdso]"
		case brk > a.Start && brk <= a.End && a.Start >= imageEnd && !a.File:
			e.Name = "[heap]"
		}
		list = append(list, e)
	}
	return list
}

// cpuInfo is /proc/cpuinfo with a paragraph for each processor of the host.
func (p *Process) cpuInfo(t *Task) (string, bool) {
	f := p.Guest.Linux.CPUInfo
	if f == nil {
		return "", false
	}
	var b strings.Builder
	for n := range strings.Count("\n"+t.hostFile("/proc/cpuinfo"), "\nprocessor") {
		b.WriteString(f(n))
	}
	return b.String(), b.Len() > 0
}

// hostFile reads a file of the host's /proc, empty if it cannot be read.
func (t *Task) hostFile(name string) string {
	m := marshal{t: t}
	defer m.release()
	at, e := m.put(append([]byte(name), 0))
	if e != 0 {
		return ""
	}
	const rdonlyCloexec = 0o2000000
	fd := raw(hostsys.SYS_OPENAT, atFdCwdHost, at, rdonlyCloexec, 0, 0, 0)
	if fd < 0 {
		return ""
	}
	defer closeFD(int(fd))
	const chunk = 1 << 16
	buf, e := m.alloc(chunk)
	if e != 0 {
		return ""
	}
	var out []byte
	for {
		n := raw(hostsys.SYS_READ, uintptr(fd), buf, chunk, 0, 0, 0)
		if n == abi.EINTR.Result() {
			continue
		}
		if n <= 0 {
			return string(out)
		}
		out = append(out, make([]byte, n)...)
		hostsys.CopyIn(out[len(out)-int(n):], buf)
	}
}
