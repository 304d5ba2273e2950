//go:build linux

package linux

import (
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/linux/load"
	"github.com/weir-emu/weir/internal/linux/tree"
	"github.com/weir-emu/weir/internal/mem"
)

// Config is what a guest process is started with. It carries over fork and
// execve.
type Config struct {
	Guest *isa.Guest
	Mem   mem.Config

	// NewEngine makes the engine for an address space.
	NewEngine func(sp *mem.Space) (*engine.Engine, error)

	Hooks *Hooks // nil: nobody listens

	Sysroot   string // -L: prefix tried first for absolute guest paths
	StackSize uint64 // -s, bytes; 0 for the default of 8 MiB or RLIMIT_STACK
	Release   string // -r: uname release, empty for the host's
	Seed      uint64 // -seed, if Seeded
	Seeded    bool

	// CatchFatal makes the process see signals whose default action is fatal,
	// so that hooks are told of the end. Without it the host kernel acts.
	CatchFatal bool

	// Exit ends the host process when the guest process has ended: with
	// status, or by signal sig if that is not 0. It does not return. Nil: the
	// process waits for [Process.Wait].
	Exit func(status int, sig abi.Signal)

	// Reexec returns the host command that runs a guest program in a fresh
	// Weir with the same options: for execve where this process's memory is
	// still needed by the parent of a vfork. Nil: such an execve is ENOEXEC.
	// It gets the seccomp filters in force and, if not -1, a descriptor for Config.Board.
	Reexec func(path string, argv, envp []string, confined []SeccompFilter, board int) (hostPath string, hostArgv, hostEnvp []string)

	// Board is the descriptor that Reexec was given in another process of the tree, which is closed; 0 for none.
	Board int

	// Seccomp are filters that the first program is confined by, the oldest first.
	Seccomp []SeccompFilter

	// DenyNative makes execve refuse programs for the host's own CPU with ENOEXEC, as the guest's kernel
	// would; else the host runs them, outside of Weir.
	DenyNative bool

	// Unimp is told of syscalls that are not supported; nil for silence.
	Unimp func(t *Task, row *Row, nr abi.Sysno)

	// The rest is for -d, on the thread concerned; nil for silence.
	Started   func(t *Task)                                          // a program has been loaded: at the start and by execve
	Exception func(t *Task, sig abi.Signal, code int32, addr uint64) // an instruction, at State.PC, has failed
	Signal    func(t *Task, info []byte, handler uint64)             // siginfo_t of a signal being delivered; handler 0 for the default action
}

// Process is a guest process: what its threads share.
type Process struct {
	Guest  *isa.Guest
	Mem    *mem.Space
	Engine *engine.Engine
	Hooks  *Hooks
	Cfg    *Config

	sysrootReal atomic.Pointer[string] // Cfg.Sysroot without links, once it was needed

	table *table

	PID int

	// Prog is the running program; replaced by execve, when no other thread runs.
	Prog Program

	mu       sync.Mutex
	cond     sync.Cond // on mu: a task left, or the state below changed
	tasks    map[int]*Task
	leader   *Task     // until Run
	main     *Task     // the thread that execve keeps; its ID is the process ID, but in an embedding program
	plan     *execPlan // set by the thread that calls execve, for the main thread
	starting int       // threads being made that are not in tasks yet
	ended    bool      // exit_group or a fatal signal: every task leaves
	status   int
	sig      abi.Signal

	sigMu   sync.Mutex
	actions [abi.SIGRTMAX + 1]sigAction
	shared  []sigInfo // process-directed signals that Weir delivers itself
	// everBlocked are the signals that some thread has blocked; see noteBlocked.
	everBlocked uint64

	traced int32 // threads that are traced; guarded by sigMu

	timers timerTable
	limits limits
	rng    seeded

	board   *tree.Board // of the tree; nil while no process of it has had a child
	noBoard bool        // there can be none
	boardMu sync.Mutex
	seat    atomic.Pointer[seat] // in board, see member.go
	pidNS   uint64
	childNS bool // children will be in another namespace of PIDs or time

	startSecure bool        // AT_SECURE of the program to be loaded first: binfmt_misc has given its credentials to Weir
	aio         []aioRing   // contexts of io_setup; guarded by mu
	creds       atomic.Bool // a thread has changed what new threads must inherit

	// vfork: the process borrows its parent's memory until it executes a
	// program or exits.
	vforked *hostsys.Vfork
	started atomic.Int32 // process ID of a vfork child, once it runs
	// forks is read-locked while there is such a child and locked over a fork: a fork parks all
	// threads, but the one that the child borrows is not there to be parked, and the child needs
	// the others to get on.
	forks sync.RWMutex
}

// Program describes the loaded program.
type Program struct {
	Path                string // as the guest named it, made absolute: /proc/self/exe
	Argv                []string
	Image               *load.Image
	Bias                uint64
	Entry               uint64      // where execution starts
	Interp              *load.Image // its dynamic loader, nil without one
	InterpPath          string
	InterpBias          uint64
	Base                uint64 // AT_BASE: where the program interpreter is, 0 for none
	Stack               load.StackInfo
	StackTop, StackSize uint64
	VDSO                uint64 // address of the vDSO image
	VDSOEnd             uint64
	Sigreturn           uint64 // address of the rt_sigreturn trampoline
	Return              uint64 // where functions return to that Weir calls; see CallGuest
}

// add registers a task.
func (p *Process) add(t *Task) {
	p.mu.Lock()
	p.tasks[t.TID] = t
	p.tellTasks()
	p.mu.Unlock()
}

// task returns the task with a thread ID.
func (p *Process) task(tid int) *Task {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tasks[tid]
}

// Tasks returns the present tasks.
func (p *Process) Tasks() []*Task {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]*Task, 0, len(p.tasks))
	for _, t := range p.tasks {
		list = append(list, t)
	}
	return list
}

// remove forgets a task that has left.
func (p *Process) remove(t *Task) {
	p.mu.Lock()
	if p.tasks[t.TID] == t {
		delete(p.tasks, t.TID)
		p.tellTasks()
	}
	p.cond.Broadcast()
	p.mu.Unlock()
}

// end makes the process end, once, with a status or by a signal.
func (p *Process) end(t *Task, status int, sig abi.Signal) {
	p.mu.Lock()
	first := !p.ended
	if first {
		p.ended, p.status, p.sig = true, status, sig
	}
	p.mu.Unlock()
	if !first {
		return
	}
	if pr := p.Hooks.Print; pr != nil {
		pr.Exited(t, status, sig)
	}
	if p.Mem.Base() != 0 { // the host does not know where the lists are
		for _, o := range p.Tasks() {
			o.walkRobust()
		}
	}
	p.leaveTree()
	if p.board != nil {
		t.endTraces(uint32(status)<<8 | uint32(sig))
	}
	if p.vforked != nil {
		t.endVfork(status, sig)
		return
	}
	if sig != 0 { // a core dump would be Weir's
		raw(hostsys.SYS_PRLIMIT64, 0, rlimitCore, t.put(0, make([]byte, 16)), 0, 0, 0)
	}
	if p.Cfg.Exit != nil {
		p.Cfg.Exit(status, sig)
	}
	p.stopOthers(t)
}

// over reports whether the process has ended.
func (p *Process) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// stopOthers makes every task but t leave.
func (p *Process) stopOthers(t *Task) {
	p.mu.Lock()
	for _, o := range p.tasks {
		if o != t {
			o.vanish()
		}
	}
	p.cond.Broadcast()
	p.mu.Unlock()
}

// Wait waits until the process has ended and all its threads have left. It
// returns the exit status, or the signal that killed it.
func (p *Process) Wait() (status int, sig abi.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended || len(p.tasks) > 0 {
		p.cond.Wait()
	}
	return p.status, p.sig
}
