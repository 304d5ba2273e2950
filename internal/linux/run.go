//go:build linux

package linux

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/load"
	"github.com/weir-emu/weir/internal/linux/tree"
	"github.com/weir-emu/weir/internal/mem"
)

// New makes a guest process that is about to execute the program at path, a host
// path. A program that cannot run is a [*load.Error] or an [abi.Errno], wrapped with
// its name. The process is run by [Process.Run] on the same goroutine, which New
// locks to its thread: the thread's ID becomes the guest's, so it should be
// the process's main thread.
func New(cfg *Config, path string, argv, envp []string) (*Process, error) {
	return NewFile(cfg, -1, path, argv, envp)
}

// NewFile is New for a program that is open as fd already, as the kernel's binfmt_misc passes one; path is only its
// name then. -1 is no file. The descriptor is closed.
func NewFile(cfg *Config, fd int, path string, argv, envp []string) (*Process, error) {
	runtime.LockOSThread()
	p := &Process{Guest: cfg.Guest, Cfg: cfg, Hooks: cfg.Hooks, PID: hostsys.Getpid(), tasks: make(map[int]*Task), table: tableOf(cfg.Guest)}
	p.cond.L = &p.mu
	if v, _ := hostsys.Auxv(hostsys.ATSecure); fd >= 0 && v != 0 {
		p.startSecure = true
	}
	if p.Hooks == nil {
		p.Hooks = new(Hooks)
	}
	t := &Task{Proc: p, TID: hostsys.Gettid(), epoch: hostsys.Epoch()}
	if err := t.makeScratch(); err != nil {
		return nil, err
	}
	t.inheritActions()
	if cfg.Board > 0 {
		if p.board = tree.Open(cfg.Board); p.board == nil {
			p.noBoard = true
		} else if f, ok := p.board.Facts(p.PID, 0); ok { // the process before it was executed
			for i, l := range keptLimits {
				p.limits.set[l], p.limits.val[l] = true, f.Limits[i]
			}
		}
	}
	if err := t.inheritSeccomp(cfg.Seccomp); err != nil {
		return nil, fmt.Errorf("inherited seccomp filters: %w", err)
	}
	open := func() (*programFile, error) { return t.openProgram(atFdCwd, t.execPath(path), 0) }
	if fd >= 0 {
		open = func() (*programFile, error) { return t.programOf(fd, path) }
	}
	plan, err := t.prepareFile(open, path, argv, envp)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if plan.native {
		plan.close()
		text := fmt.Sprintf("a program for this host, not for %s: run it without weir", cfg.Guest.Arch)
		return nil, fmt.Errorf("%s: %w", path, &load.Error{Errno: abi.ENOEXEC, Text: text})
	}
	if err := p.makeMemory(plan); err != nil {
		plan.close()
		return nil, err
	}
	p.enforce(t.scratch)
	t.mask = startMask()
	t.hostMask = hostsys.SigMask()
	p.noteBlocked(t.mask)
	if err := t.bind(); err != nil {
		plan.close()
		return nil, err
	}
	t.syncMask()
	p.leader, p.main = t, t
	p.add(t)
	t.fresh = true
	if p.board != nil {
		t.sit()
	}
	if err := t.load(plan); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if p.board != nil {
		if x, ok := p.board.Tracee(t.TID); ok { // by execve of the child of a vfork
			t.beTraced(x)
			t.traceExec()
		}
	}
	hostsys.CloseStart()
	return p, nil
}

// startMask is the signal mask that the host process was started with. A guest gets it: threads
// of the Go runtime may have another one by the time a second guest starts.
var startMask = sync.OnceValue(hostsys.SigMask)

// makeMemory makes the address space, in a window if the program's place
// is taken, and the engine.
func (p *Process) makeMemory(plan *execPlan) error {
	mc := p.Cfg.Mem
	im := plan.image
	if !im.PIE && !mc.Window && mc.Base == 0 && !mem.Free(im.Lo, im.Hi) {
		mc.Window = true
	}
	sp, err := mem.New(mc)
	if err != nil {
		return err
	}
	p.Mem = sp
	if p.Engine, err = p.Cfg.NewEngine(sp); err != nil {
		return err
	}
	sp.OnInvalidate(p.Engine.Invalidate)
	return nil
}

// bind gives t its State and CPU on the calling thread.
func (t *Task) bind() error {
	st, err := hostsys.NewState()
	if err != nil {
		return err
	}
	st.Base = t.Proc.Mem.Base()
	t.St = st
	if st.Base != 0 {
		if err := hostsys.SetGSBase(uintptr(st.Base)); err != nil {
			return err
		}
	}
	t.CPU = t.Proc.Engine.NewCPU(st)
	hostsys.Bind(st)
	return nil
}

// unbind is the opposite of bind, on the same thread.
func (t *Task) unbind() {
	hostsys.Unbind(t.St)
	t.free()
}

// free gives back what t has on the host; nothing is bound to it.
func (t *Task) free() {
	t.CPU.Close()
	hostsys.FreeState(t.St)
	raw(hostsys.SYS_MUNMAP, t.scratch, scratchSize, 0, 0, 0, 0)
}

// makeScratch maps the page for host call arguments.
func (t *Task) makeScratch() error {
	r := raw(hostsys.SYS_MMAP, 0, scratchSize, 3, mapPrivate|mapAnonymous, ^uintptr(0), 0)
	if r < 0 && r >= -abi.MaxErrno {
		return fmt.Errorf("memory for a guest thread: %w", abi.Errno(-r))
	}
	t.scratch = uintptr(r)
	return nil
}

const (
	mapPrivate   = 0x02
	mapAnonymous = 0x20
	mapNoReserve = 0x4000
)

// ErrRunning is returned by Run for a process that has been run.
var ErrRunning = errors.New("the guest process has been run already")

// Run runs the process's main thread on the calling goroutine, and returns when the
// process has ended and all its threads have left.
func (p *Process) Run() (status int, sig abi.Signal, err error) {
	p.mu.Lock()
	t := p.leader
	p.leader = nil
	p.mu.Unlock()
	if t == nil {
		return 0, 0, ErrRunning
	}
	t.life()
	// In a forked child the goroutine of the parent's main thread gets here at
	// once, and waits for the child's guest to end.
	status, sig = p.Wait()
	return status, sig, nil
}

// life is a thread from its first instruction to its end. The process's main thread
// outlives the guest's, since only it can execute a new program under the
// thread ID that is the process ID.
func (t *Task) life() {
	p := t.Proc
	for {
		if f := p.Hooks.Loaded; f != nil && t.fresh && !t.stale() {
			f(t, t.reloaded)
		}
		t.fresh = false
		if f := p.Hooks.ThreadStart; f != nil && !t.stale() {
			f(t)
		}
		t.run()
		if t.stale() {
			break
		}
		if f := p.Hooks.ThreadExit; f != nil && !p.over() { // of the others the process's end tells
			f(t)
		}
		if !t.isMain() {
			// The Go runtime never ends the host process's first thread.
			t.releaseFutexes(t.TID != p.PID)
			break
		}
		plan := p.awaitPlan(t)
		if plan == nil {
			break
		}
		t.commit(plan)
		t.fresh, t.reloaded = true, true
		t.traceExec()
	}
	// From here on the host must not choose this thread for a signal.
	// The internal one stays open: a fork parks every thread with it.
	t.put64(0, ^uint64(0)&^hostsys.Unblockable)
	raw(hostsys.SYS_RT_SIGPROCMASK, sigSetMask, t.scratch, 0, 8, 0, 0)
	if t.trace != nil && !p.over() {
		t.traceGone(t.trace.Tracee, uint32(t.status)<<8|uint32(t.deathSig))
	}
	t.unbind()
	p.remove(t)
}

// isMain reports whether t is the process's main thread.
func (t *Task) isMain() bool { return t == t.Proc.main }

// awaitPlan waits, after the guest's main thread has left, until another thread
// has called execve and the rest have left too. It returns nil if the process ends.
func (p *Process) awaitPlan(t *Task) *execPlan {
	if !t.dead.Load() { // a plain exit; an execve or the end of the process has not to be told
		t.releaseFutexes(false)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.ended:
			return nil
		case p.plan != nil && len(p.tasks) == 1:
			plan := p.plan
			p.plan = nil
			return plan
		case p.plan == nil && len(p.tasks) == 1 && p.starting == 0:
			// The last thread has exited. The status is that of the main thread.
			p.mu.Unlock()
			p.end(t, t.status, t.deathSig)
			p.mu.Lock()
			return nil
		}
		p.cond.Wait()
	}
}

// run executes guest code until the thread ends.
func (t *Task) run() {
	for !t.gone() {
		if t.pending() || t.eintr {
			t.signals()
			continue
		}
		if t.trace != nil {
			t.runTraced()
			continue
		}
		t.handle(t.CPU.Run())
	}
}

// handle does what guest code was left for.
func (t *Task) handle(x engine.Exit) {
	switch x.Kind {
	case engine.Syscall:
		t.syscall()
	case engine.VDSO:
		t.vdso()
	case engine.Poll:
	default:
		t.hardware(x)
	}
}

// runTraced is a turn of run for a traced thread.
func (t *Task) runTraced() {
	if t.trace.starts {
		t.firstStop()
		return
	}
	step := t.stepping()
	var x engine.Exit
	if step {
		x = t.CPU.Step()
	} else {
		x = t.CPU.Run()
	}
	switch x.Kind {
	case 0:
	case engine.Syscall:
		t.tracedCall(t.syscall)
	case engine.VDSO, engine.Poll:
		t.handle(x)
	default:
		t.handle(x)
		return
	}
	if step {
		t.stepped()
	}
}

// hardware turns an exception into a signal, as the guest's kernel does.
func (t *Task) hardware(x engine.Exit) {
	pc := t.St.PC
	switch x.Kind {
	case engine.Fault:
		t.fault(abi.Signal(x.Sig), t.faultCode(x), x.Addr)
	case engine.FetchFault:
		t.fault(abi.SIGSEGV, int32(t.Proc.Mem.FaultCode(x.Addr)), x.Addr)
	case engine.Align:
		t.fault(abi.SIGBUS, busAdrAln, x.Addr)
	case engine.Break:
		t.fault(abi.SIGTRAP, trapBrkpt, pc)
	case engine.Illegal:
		t.fault(abi.SIGILL, illIllOpc, pc)
	default:
		panic(fmt.Sprintf("BUG: linux: unknown exit %v", x.Kind))
	}
}

// faultCode is si_code of a fault: the host's own, but for SIGSEGV, where the host
// sees mappings that are not the guest's.
func (t *Task) faultCode(x engine.Exit) int32 {
	if x.Sig == uint8(abi.SIGSEGV) {
		return int32(t.Proc.Mem.FaultCode(x.Addr))
	}
	return x.Code
}

// vdso answers the vDSO's private instruction: it is the syscall of the number
// register. Nobody listening, the clock is read without the kernel.
func (t *Task) vdso() {
	p, st := t.Proc, t.St
	if pc := st.PC; pc < p.Prog.VDSO || pc > p.Prog.VDSOEnd || t.atReturn() {
		st.PC -= syscallLen(p.Guest)
		t.fault(abi.SIGILL, illIllOpc, st.PC)
		return
	}
	nr := abi.Sysno(st.X[p.Guest.SysnoReg])
	if p.Hooks.word(nr).Load() == 0 && !p.Hooks.Clock.on.Load() && !t.wants(WantDiscontinuity) {
		if r, ok := t.fastTime(nr); ok {
			st.X[p.Guest.RetReg] = uint64(r)
			return
		}
	}
	t.syscall()
}

// Numbers of the asm-generic table that the vDSO uses.
const (
	sysClockGettime = 113
	sysClockGetres  = 114
	sysGetcpu       = 168
	sysGettimeofday = 169
)

// fastTime answers a call of the vDSO. ok is false if the kernel has to be asked.
func (t *Task) fastTime(nr abi.Sysno) (r int64, ok bool) {
	a := t.args()
	switch nr {
	case sysClockGettime:
		sec, nsec, ok := hostsys.ClockGettime(int32(a[0]))
		if !ok {
			return 0, false
		}
		return t.putPair(a[1], sec, nsec), true
	case sysGetcpu:
		cpu, node, ok := hostsys.Getcpu()
		if !ok {
			return 0, false
		}
		for i, v := range [2]uint32{cpu, node} {
			var b [4]byte
			le.PutUint32(b[:], v)
			if a[i] != 0 && !t.Proc.Mem.Write(a[i], b[:]) {
				return abi.EFAULT.Result(), true
			}
		}
		return 0, true
	case sysClockGetres:
		if a[0] > clockMonotonic || a[1] == 0 {
			return 0, false
		}
		return t.putPair(a[1], 0, 1), true // high-resolution timers: one nanosecond
	case sysGettimeofday:
		if a[1] != 0 {
			return 0, false
		}
		if a[0] == 0 {
			return 0, true
		}
		sec, nsec, ok := hostsys.ClockGettime(0)
		if !ok {
			return 0, false
		}
		return t.putPair(a[0], sec, nsec/1000), true
	}
	return 0, false
}

// stale reports whether t belongs to the parent of a forked child: then it does not
// exist here and must leave no traces.
func (t *Task) stale() bool {
	return atomic.LoadUint32(&t.St.Die) != 0 || t.epoch != hostsys.Epoch()
}

// StartErrno is the errno that execve(2) would have given for an error of [New]; 0 if it
// is not about the program.
func StartErrno(err error) abi.Errno {
	var e abi.Errno
	var le *load.Error
	switch {
	case errors.As(err, &le):
		return le.Errno
	case errors.As(err, &e):
		return e
	}
	return 0
}
