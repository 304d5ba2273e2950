// Package engine runs guest code: it finds or makes the translation of the code
// at a CPU's pc, executes it, and comes back when something has happened that
// is not its business, such as a system call. It owns the code cache: the table
// of blocks, their links, invalidation and eviction.
//
// There are two ways to execute a block: as machine code made by a [host.Backend],
// or by interpreting its IR (Config.Backend nil). Everything else is common.
//
// The package must not know Linux, guest architectures or the layout of guest
// memory: these are behind the Exit kinds, [isa.Guest] and [Memory]. It touches
// no files.
//
// Start with [Config] and [CPU.Run]; world.go explains what keeps threads and the
// code cache apart, and in which order locks are taken.
package engine

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
	"github.com/weir-emu/weir/internal/isa"
)

// Memory is guest memory as the engine needs it. Its methods may call
// [Engine.Invalidate], and must not call any other method of the engine.
type Memory interface {
	eval.Memory

	// Fetch copies code at pc to buf, as much as may be executed from pc on, and
	// returns the number of bytes; 0 means that an instruction fetch faults.
	Fetch(pc uint64, buf []byte) int

	// WatchCode announces that code is about to be translated from
	// [start,end). From then on any change of these bytes by the guest is
	// reported through Invalidate before it can be seen, until that call; if
	// this is not possible the result is false, and only an explicit fence.i
	// or flush tells of changes.
	WatchCode(start, end uint64) (tracked bool)

	// HandleFault is asked about a fault of generated code at guest address
	// addr. True means that the reason is gone (a page was write-protected by
	// WatchCode) and the instruction may be tried again.
	HandleFault(addr uint64, write bool) bool

	// FaultCode is the si_code of a SIGSEGV for an access at addr. The host's own
	// tells about the host's mappings, of which not all are the guest's.
	FaultCode(addr uint64) int64
}

// Log receives what -d shows. A nil function is not called; a set Exec keeps
// blocks from being linked, so that each one passes by. The functions are
// called from several threads, those for a new block one at a time.
type Log struct {
	InAsm  func(pc uint64, text string) // guest code of a new block, one line per instruction
	Op     func(pc uint64, text string) // its IR
	OpOpt  func(pc uint64, text string) // its IR after Config.Passes
	OutAsm func(pc uint64, text string) // its host code
	Exec   func(s *cpu.State, pc uint64)
	// Code is told of each piece of generated code: for the perf map.
	Code func(addr uintptr, size int, pc uint64)
}

// Config says what to build an Engine from.
type Config struct {
	Guest *isa.Guest
	Mem   Memory

	// Backend makes host code; nil selects the interpreter.
	Backend host.Backend
	Options host.Options
	// TBSize bounds the memory of translations in bytes; 0 means 64 MiB.
	TBSize int

	// Code is the code cache, mapped writable and executable at CodeBase, and
	// Enter runs code from State.Entry on until it leaves. If Enter is nil, New maps
	// a cache and takes hostsys.Enter.
	Code     []byte
	CodeBase uintptr
	Enter    func(*cpu.State)

	// OneInsnPerTB makes every block a single guest instruction.
	OneInsnPerTB bool
	// NoChain returns to the engine after every block.
	NoChain bool
	// Passes rewrite the IR of every new block, in this order.
	Passes []func(*ir.Block)
	// Verify checks every block before it is used; a bad one is a panic.
	Verify bool
	Log    Log
}

const (
	maxInsns   = 128 // guest instructions in a block
	pageSize   = 4096
	segments   = 8        // parts of the code cache, evicted in turn
	minSegment = 32 << 10 // bytes
)

// ErrCodeTooSmall is returned by New for a code cache that does not hold a few blocks.
var ErrCodeTooSmall = errors.New("the code cache is too small")

// Engine is the code cache and what all CPUs of a guest share. Its methods are
// safe for concurrent use.
type Engine struct {
	cfg   Config
	guest *isa.Guest
	mem   Memory
	stubs host.Stubs
	max   int  // guest instructions per block
	own   bool // New has mapped the code cache

	tmu sync.Mutex // translation; see world.go for the order of locks
	tr  translator

	// mu guards everything below. Lookups in tab need no lock inside the read side.
	mu      sync.Mutex
	cond    sync.Cond // on mu: a CPU left the read side, or the world was resumed
	cpus    []*CPU
	stop    stopState
	tab     table
	pages   map[uint64]*codePage
	segs    []segment
	seg     int          // index of the segment being filled
	irBytes int          // size of the interpreter's blocks
	pending pendingRange // of the translation in progress
	slab    slab
	stats   Stats
	hints   *hints // shared with the children of forks
	forked  bool   // since the process has its program it has been a forked child

	instr  atomic.Pointer[instrumenter] // nil: nobody
	sites  atomic.Pointer[[]*site]      // of generated code, by number; numbers in code that can be executed stay valid
	noteTo atomic.Pointer[hints]        // in a forked child: where to note what is translated
	gen    atomic.Uint64                // counts the times code memory became free
	round  atomic.Uint64                // calls of SetInstrument

	plain      bool         // gates need no barriers
	stopping   atomic.Bool  // some thread wants, or has, the world stopped
	untrackedN atomic.Int32 // blocks whose changes are not reported
}

// Stats counts what an engine did.
type Stats struct {
	Translated  uint64 // blocks made
	Insns       uint64 // guest instructions in them
	CodeBytes   uint64 // host code made, bytes
	Blocks      int    // blocks alive
	Links       uint64 // jumps linked
	Invalidated uint64 // blocks dropped because their code changed
	Evicted     uint64 // blocks dropped to make room
	Stops       uint64 // times the world was stopped
}

// New makes an engine. The code cache is owned by it from now on. Faults in generated code go to
// the engine made last: there is one for a process, or several with the same
// guest, backend and options, of which the last is closed last.
func New(cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg, guest: cfg.Guest, mem: cfg.Mem, max: maxInsns, pages: make(map[uint64]*codePage)}
	e.cond.L = &e.mu
	e.plain = runtime.GOARCH == "amd64" && hostsys.CanBarrier()
	e.sites.Store(new([]*site))
	e.tab.init(1 << 10)
	if cfg.OneInsnPerTB {
		e.max = 1
	}
	if cfg.Log.Exec != nil {
		e.cfg.NoChain = true
	}
	if cfg.Backend == nil {
		return e, nil
	}
	if cfg.Enter == nil && cfg.Code == nil {
		size := cfg.TBSize
		if size <= 0 {
			size = defaultCodeSize
		}
		if err := e.cfg.useHost((size + pageSize - 1) &^ (pageSize - 1)); err != nil {
			return nil, err
		}
		e.own = true
	}
	if err := e.initCode(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// initCode makes an empty code cache.
func (e *Engine) initCode() (err error) {
	code := e.cfg.Code
	if e.stubs, err = e.cfg.Backend.Init(code, e.cfg.CodeBase, e.cfg.Options); err != nil {
		return fmt.Errorf("code generator: %w", err)
	}
	if len(code)-e.stubs.End < minSegment {
		return ErrCodeTooSmall
	}
	if e.own {
		registerFaults(e.stubs)
	}
	e.makeSegments()
	return nil
}

// SetGoCode says whether the program about to run was made by the Go compiler: code is then
// generated for another use of registers. It drops all translations if that changes. The caller is outside of
// Run, and no other CPU runs.
func (e *Engine) SetGoCode(on bool) error {
	if e.Interpreting() || e.cfg.Options.GoCode == on {
		return nil
	}
	e.tmu.Lock()
	defer e.tmu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flush()
	e.cfg.Options.GoCode = on
	e.segs = nil
	if err := e.initCode(); err != nil {
		return err
	}
	for _, c := range e.cpus {
		c.s.Entry = uint64(e.stubs.Enter)
	}
	return nil
}

// Close gives the code cache back if New has mapped it. All CPUs have been closed,
// and no process that shares this memory (vfork) uses the engine.
func (e *Engine) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.dropHints()
	if e.own {
		unmapCode(e.cfg.Code, e.cfg.CodeBase)
		e.own = false
	}
	e.cfg.Code, e.segs = nil, nil
}

// Interpreting reports whether the engine interprets.
func (e *Engine) Interpreting() bool { return e.cfg.Backend == nil }

// Stats returns the present counts.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.Blocks = e.tab.n
	return s
}
