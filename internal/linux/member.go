//go:build linux

package linux

import (
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/tree"
	"github.com/weir-emu/weir/internal/mem"
)

// What a process tells the others of its tree, see package tree. The first process that makes another makes
// the board; a process that never does pays nothing.

// seat is a process's slot.
type seat struct {
	*tree.Seat
	epoch uint32
}

// seated returns the slot, nil if there is none. In a forked child threads of the parent's that are about to vanish must not
// write to the parent's.
func (p *Process) seated() *tree.Seat {
	if s := p.seat.Load(); s != nil && s.epoch == hostsys.Epoch() {
		return s.Seat
	}
	return nil
}

// join makes the board, before the process makes its first child, and tells of the process.
func (t *Task) join() {
	p := t.Proc
	p.boardMu.Lock()
	defer p.boardMu.Unlock()
	if p.board != nil || p.noBoard {
		return
	}
	if p.board = tree.Create(); p.board == nil {
		p.noBoard = true
		return
	}
	t.sit()
}

// sit takes a slot of the board for the process and fills it.
func (t *Task) sit() {
	p := t.Proc
	if p.pidNS == 0 {
		p.pidNS = t.pidNamespace("self")
	}
	p.seat.Store(&seat{p.board.Sit(p.PID), hostsys.Epoch()})
	t.tell()
	p.mu.Lock()
	p.tellTasks()
	p.mu.Unlock()
	if p.vforked != nil { // the memory is the parent's, which goes on telling of it
		p.seated().PublishAreas(p.Mem.Areas(), p.Mem.Brk(0))
		return
	}
	p.Mem.OnAreas(func(list []mem.Area, brk uint64) {
		if s := p.seated(); s != nil {
			s.PublishAreas(list, brk)
		}
	})
}

// leaveTree gives the slot back, at the end of the process and before a native program takes its place.
func (p *Process) leaveTree() {
	if s := p.seated(); s != nil {
		s.Leave()
	}
}

// tell publishes all but the areas and threads again.
func (t *Task) tell() {
	p := t.Proc
	s := p.seated()
	if s == nil {
		return
	}
	st := &p.Prog.Stack
	f := tree.Facts{
		Path: p.Prog.Path, NS: p.pidNS, Base: p.Mem.Base(), StackStart: st.SP, ArgStart: st.ArgStart, ArgEnd: st.ArgEnd, EnvStart: st.EnvStart, EnvEnd: st.EnvEnd,
		VDSO: p.Prog.VDSO, Hidden: hostsys.HiddenFDs(),
	}
	f.StartCode, f.EndCode, f.ImageEnd = p.Prog.code()
	p.sigMu.Lock()
	f.SigIgn, f.SigCgt = p.dispositions()
	p.sigMu.Unlock()
	for i, l := range keptLimits {
		f.Limits[i] = p.limits.get(l, t.scratch)
	}
	p.mu.Lock()
	m := p.main
	p.mu.Unlock()
	if m != nil {
		f.SeccompMode, f.SeccompFilters = m.seccompStatus()
	}
	s.Publish(&f)
}

// tellTasks publishes the thread IDs. Called with mu held.
func (p *Process) tellTasks() {
	if s := p.seated(); s != nil {
		s.PublishTasks(p.taskIDs())
	}
}

func (p *Process) taskIDs() []int {
	list := make([]int, 0, len(p.tasks))
	for tid := range p.tasks {
		list = append(list, tid)
	}
	return list
}

// tellSignals publishes dispositions. Called with sigMu held.
func (p *Process) tellSignals() {
	if s := p.seated(); s != nil {
		s.PublishSignals(p.dispositions())
	}
}

// dispositions are the sets of signals that are ignored and that have handlers. Called with sigMu held.
func (p *Process) dispositions() (ign, cgt uint64) {
	for s := abi.Signal(1); s <= abi.SIGRTMAX; s++ {
		switch h := p.actions[s].handler; {
		case h == sigIgn:
			ign |= sigBit(s)
		case h > sigIgn:
			cgt |= sigBit(s)
		}
	}
	return ign, cgt
}

// pidNamespace is the inode of a process's PID namespace, 0 if it may not be known.
func (t *Task) pidNamespace(who string) uint64 {
	link, e := t.readLink(atFdCwdHost, "/proc/"+who+"/ns/pid")
	if e != 0 {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "pid:["), "]"), 10, 64)
	return n
}

// member returns what another process of the tree tells, by the number it has in /proc. ok is false if it is none.
func (t *Task) member(pid int) (f tree.Facts, ok bool) {
	b := t.Proc.board
	if b == nil {
		return f, false
	}
	who := strconv.Itoa(pid)
	began, ok := began(t.hostFile("/proc/" + who + "/stat"))
	if !ok {
		return f, false
	}
	ns := t.pidNamespace(who)
	if ns != t.Proc.pidNS { // it has another number where it lives
		pid = innermost(t.hostFile("/proc/" + who + "/status"))
	}
	f, ok = b.Facts(pid, began)
	return f, ok && f.NS == ns
}

// began is when the process of a stat began: CLOCK_BOOTTIME in ns, rounded down.
func began(stat string) (ns int64, ok bool) {
	const field, tick = 22, 1e9 / 100 // CLK_TCK is 100 on all 64-bit machines
	i := strings.LastIndexByte(stat, ')')
	if i < 0 {
		return 0, false
	}
	f := strings.Fields(stat[i+1:])
	if len(f) <= field-3 {
		return 0, false
	}
	n, err := strconv.ParseInt(f[field-3], 10, 64)
	return n * tick, err == nil
}

// innermost is the process ID in a status that the process itself knows.
func innermost(status string) int {
	_, rest, _ := strings.Cut(status, "\nNSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	f := strings.Fields(line)
	if len(f) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(f[len(f)-1])
	return n
}

// tellKernel has the kernel show the guest's arguments, environment and auxiliary vector in /proc, to whoever looks (prctl(2),
// PR_SET_MM_MAP). Kernels without CONFIG_CHECKPOINT_RESTORE refuse.
func (t *Task) tellKernel() {
	const (
		setMMMap  = 14
		mapSize   = 104 // struct prctl_mm_map
		noExeFile = 1<<32 - 1
	)
	p := t.Proc
	st := &p.Prog.Stack
	base := p.Mem.Base()
	lo, hi, _ := p.Prog.code()
	brk := uint64(raw(hostsys.SYS_BRK, 0, 0, 0, 0, 0, 0)) // the host's, which nobody uses
	words := [...]uint64{
		base + lo, base + hi, base + lo, base + hi, brk, brk, base + st.SP, base + st.ArgStart, base + st.ArgEnd, base + st.EnvStart, base + st.EnvEnd,
		base + st.AuxStart, st.AuxBytes | noExeFile<<32,
	}
	b := make([]byte, 0, mapSize)
	for _, w := range words {
		b = le.AppendUint64(b, w)
	}
	raw(hostsys.SYS_PRCTL, prSetMM, setMMMap, t.put(0, b), mapSize, 0, 0)
}
