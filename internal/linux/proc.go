//go:build linux

package linux

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/procfs"
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
func (t *Task) openProc(f *procfs.File, flags uint32) (r int64, ok bool) {
	if f.Name == "exe" {
		if flags&oNoFollow != 0 {
			return 0, false
		}
		m := marshal{t: t}
		defer m.release()
		at, e := m.put(append([]byte(t.Proc.Prog.Path), 0))
		if e != 0 {
			return e.Result(), true
		}
		return t.hostBlock(hostsys.SYS_OPENAT, atFdCwdHost, at, uintptr(t.openFlags(uint64(flags))), 0, 0, 0), true
	}
	if f.Name == "mem" {
		memOpened.Store(true)
		return 0, false
	}
	if flags&(oAccMode|oPath|oDirectory) != 0 {
		return 0, false
	}
	text, ok := t.procText(f)
	if !ok {
		return 0, false
	}
	return t.memfd(f.Name, text, flags), true
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

// procText is the content of a file of /proc.
func (t *Task) procText(f *procfs.File) (string, bool) {
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
	case "maps", "smaps":
		text := procfs.Maps(p.areas(), t.hostFile("/proc/self/maps"), p.Mem.Base())
		if f.Name == "smaps" {
			text = procfs.Smaps(text)
		}
		return text, true
	case "stat":
		return procfs.Stat(t.hostFile(t.procDir(f)+"stat"), p.info()), true
	case "status":
		in := p.info()
		who := t
		if f.TID > 0 {
			who = p.task(f.TID)
		} else if f.TID == 0 {
			who = p.main
		}
		if who != nil {
			in.SeccompMode, in.SeccompFilters = who.seccompStatus()
		}
		return procfs.Status(t.hostFile(t.procDir(f)+"status"), in), true
	case "cpuinfo":
		return p.cpuInfo(t)
	}
	return "", false
}

// procDir is the host's folder of a file's process or thread.
func (t *Task) procDir(f *procfs.File) string {
	switch {
	case f.TID < 0:
		return "/proc/self/task/" + strconv.Itoa(t.TID) + "/"
	case f.TID > 0:
		return "/proc/self/task/" + strconv.Itoa(f.TID) + "/"
	}
	return "/proc/self/"
}

// areas are the guest's mappings with the names that the kernel gives them.
func (p *Process) areas() []procfs.Area {
	var list []procfs.Area
	brk, imageEnd := p.Mem.Brk(0), uint64(0)
	if im := p.Prog.Image; im != nil {
		imageEnd = im.Hi + p.Prog.Bias
	}
	for _, a := range p.Mem.Areas() {
		e := procfs.Area{
			Start: a.Start, End: a.End, Shared: a.Shared,
			Read: a.Prot&mem.ProtRead != 0, Write: a.Prot&mem.ProtWrite != 0, Exec: a.Prot&mem.ProtExec != 0,
		}
		switch sp := p.Prog.Stack.SP; {
		case sp >= a.Start && sp < a.End:
			e.Name = "[stack]"
		case p.Prog.VDSO >= a.Start && p.Prog.VDSO < a.End:
			e.Name = "[vdso]"
		case brk > a.Start && brk <= a.End && a.Start >= imageEnd && !a.File:
			e.Name = "[heap]"
		}
		list = append(list, e)
	}
	return list
}

// info is what of stat and status is the guest's.
func (p *Process) info() procfs.Info {
	st := &p.Prog.Stack
	in := procfs.Info{
		Threads: len(p.Tasks()), StackStart: st.SP, ArgStart: st.ArgStart, ArgEnd: st.ArgEnd, EnvStart: st.EnvStart, EnvEnd: st.EnvEnd,
	}
	for _, a := range p.Mem.Areas() {
		in.VMSize += a.End - a.Start
	}
	if im := p.Prog.Image; im != nil {
		in.StartCode, in.EndCode = im.Lo+p.Prog.Bias, im.Hi+p.Prog.Bias
	}
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	for s := abi.Signal(1); s <= abi.SIGRTMAX; s++ {
		switch h := p.actions[s].handler; {
		case h == sigIgn:
			in.SigIgn |= sigBit(s)
		case h > sigIgn:
			in.SigCgt |= sigBit(s)
		}
	}
	return in
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
