package plugin

import (
	"fmt"
	"strings"

	"github.com/weir-emu/weir/abi"
)

// Block is guest code about to be translated: instructions that are executed one
// after the other, of which only the last one branches. It is left early only by a
// fault of one of its instructions, or by a callback that changes the pc. The same
// code may be translated many times, and be part of several blocks.
//
// A Block and its instructions are valid until the [Host.OnTranslate] callback that
// got it returns; using them later panics. What is registered on them lives as long
// as the translation: until the code changes, the code cache is full, or somebody
// registers or removes an OnTranslate callback.
//
// What several plugins, or one, register for the same place happens in the order of
// registration: adding to a counter first and a condition on it then works as it
// reads. What is registered on the block comes before what is registered on its
// first instruction.
type Block struct {
	insns  []Insn
	state  BlockState
	plugin string
	open   bool
	reqs   []Request
}

// BlockState is what a Block rests on. Weir implements it; plugins do not.
type BlockState interface {
	Disasm(pc abi.Addr, code []byte) string
	Symbol(addr abi.Addr) (Symbol, bool)
	HostAddr(addr abi.Addr) uintptr
}

// InsnInfo describes an instruction of a block. Weir makes it.
type InsnInfo struct {
	PC     abi.Addr
	Bytes  []byte // its encoding
	Class  Class
	Target abi.Addr // where it jumps to, if HasTarget
	// HasTarget: it is a jump or branch to a fixed address.
	HasTarget bool
}

// Class says what kind of instruction an instruction is: the first that fits.
type Class uint8

// Classes of instructions.
const (
	ClassUnknown Class = iota // no instruction: it raises SIGILL
	ClassSyscall
	ClassBreak  // breakpoint
	ClassCall   // jump that leaves a return address
	ClassReturn // jump back to one
	ClassJump   // other jump
	ClassBranch // conditional
	ClassAtomic // read-modify-write, load-reserved, store-conditional
	ClassStore
	ClassLoad
	ClassFence  // ordering, instruction cache
	ClassCSR    // reads or writes a control register
	ClassFloat  // floating point
	ClassMulDiv // integer multiplication and division
	ClassInt    // all else
	NumClasses
)

var classNames = [NumClasses]string{
	"unknown", "syscall", "break", "call", "return", "jump", "branch", "atomic",
	"store", "load", "fence", "csr", "float", "muldiv", "int",
}

// String names the class.
func (c Class) String() string {
	if c < NumClasses {
		return classNames[c]
	}
	return "class?"
}

// NewBlock makes a Block. Weir calls it.
func NewBlock(insns []InsnInfo, state BlockState) *Block {
	b := &Block{insns: make([]Insn, len(insns)), state: state}
	for i := range insns {
		b.insns[i] = Insn{InsnInfo: insns[i], b: b, n: i}
	}
	return b
}

// Open lets the plugin called name use b until the returned function is called. Weir
// calls it.
func (b *Block) Open(name string) (done func()) {
	b.plugin, b.open = name, true
	return func() { b.open = false }
}

// Requests returns what has been registered, in order. Weir calls it.
func (b *Block) Requests() []Request { return b.reqs }

func (b *Block) check() {
	if !b.open {
		panic("plugin: a Block is used after its OnTranslate callback has returned")
	}
}

// PC returns the address of the first instruction.
func (b *Block) PC() abi.Addr { b.check(); return b.insns[0].InsnInfo.PC }

// Len returns the number of instructions, at least 1.
func (b *Block) Len() int { b.check(); return len(b.insns) }

// Size returns the size of the code in bytes.
func (b *Block) Size() int {
	b.check()
	last := &b.insns[len(b.insns)-1]
	return int(last.InsnInfo.PC-b.insns[0].InsnInfo.PC) + len(last.InsnInfo.Bytes)
}

// Insn returns instruction i, nil for an i outside.
func (b *Block) Insn(i int) *Insn {
	b.check()
	if i < 0 || i >= len(b.insns) {
		return nil
	}
	return &b.insns[i]
}

// Insns iterates over the instructions: for i, insn := range b.Insns.
func (b *Block) Insns(yield func(int, *Insn) bool) {
	b.check()
	for i := range b.insns {
		if !yield(i, &b.insns[i]) {
			return
		}
	}
}

// OnExec registers f to be called each time the block is executed, before its first
// instruction.
func (b *Block) OnExec(flags Flags, f func(*VCPU)) {
	b.add(Request{Insn: -1, Kind: RequestCall, Flags: flags, Exec: f})
}

// OnExecIf is OnExec for the executions in which cond holds. The test is compiled into
// the translation: while cond does not hold there is no call.
func (b *Block) OnExecIf(cond Cond, flags Flags, f func(*VCPU)) {
	b.add(Request{Insn: -1, Kind: RequestCall, Flags: flags, Exec: f, Cond: cond, Counter: cond.counter})
}

// Add adds n to the executing vCPU's word of c each time the block is executed. It is
// compiled into the translation.
func (b *Block) Add(c Counter, n uint64) {
	b.add(Request{Insn: -1, Kind: RequestAdd, Counter: c, Value: n})
}

// Store sets the executing vCPU's word of c to n each time the block is executed.
func (b *Block) Store(c Counter, n uint64) {
	b.add(Request{Insn: -1, Kind: RequestStore, Counter: c, Value: n})
}

func (b *Block) add(r Request) {
	b.check()
	r.Plugin = b.plugin
	if r.Kind == RequestCall {
		if r.Exec == nil && r.Mem == nil {
			panic("plugin: a nil function as callback")
		}
		if r.Flags > SetPC {
			panic(fmt.Sprintf("plugin: flags %d: want NoRegs, ReadRegs, WriteRegs or SetPC", r.Flags))
		}
	}
	if (r.Kind == RequestAdd || r.Kind == RequestStore || r.Cond.op != condAlways) && r.Counter.sys == nil {
		panic("plugin: the zero Counter is used: make one with NewCounter")
	}
	b.reqs = append(b.reqs, r)
}

// Insn is an instruction of a [Block].
type Insn struct {
	InsnInfo
	b *Block
	n int
}

// PC returns the instruction's address.
func (i *Insn) PC() abi.Addr { i.b.check(); return i.InsnInfo.PC }

// Len returns its length in bytes.
func (i *Insn) Len() int { i.b.check(); return len(i.InsnInfo.Bytes) }

// Bytes returns its encoding; it is valid as long as the Block.
func (i *Insn) Bytes() []byte { i.b.check(); return i.InsnInfo.Bytes }

// Index returns its place in the block.
func (i *Insn) Index() int { return i.n }

// Class returns what kind of instruction it is.
func (i *Insn) Class() Class { i.b.check(); return i.InsnInfo.Class }

// Target returns where a jump or branch goes; false for other instructions and for
// jumps through a register.
func (i *Insn) Target() (abi.Addr, bool) {
	i.b.check()
	return i.InsnInfo.Target, i.InsnInfo.HasTarget
}

// String disassembles the instruction, in the syntax of objdump.
func (i *Insn) String() string {
	i.b.check()
	return i.b.state.Disasm(i.InsnInfo.PC, i.InsnInfo.Bytes)
}

// Mnemonic returns the first word of [Insn.String].
func (i *Insn) Mnemonic() string {
	s := i.String()
	if n := strings.IndexAny(s, " \t"); n >= 0 {
		return s[:n]
	}
	return s
}

// Symbol returns the function that the instruction is in, of the program or of a
// shared library; see [Symbolizer].
func (i *Insn) Symbol() (Symbol, bool) {
	i.b.check()
	return i.b.state.Symbol(i.InsnInfo.PC)
}

// HostAddr returns the address in Weir's own process where the instruction's bytes are.
// In the usual case it is equal to the PC; 0 if there is none.
func (i *Insn) HostAddr() uintptr { i.b.check(); return i.b.state.HostAddr(i.InsnInfo.PC) }

// OnExec registers f to be called each time before the instruction is executed. The
// instruction may still fault and not complete.
func (i *Insn) OnExec(flags Flags, f func(*VCPU)) {
	i.b.add(Request{Insn: i.n, Kind: RequestCall, Flags: flags, Exec: f})
}

// OnExecIf is OnExec for the executions in which cond holds.
func (i *Insn) OnExecIf(cond Cond, flags Flags, f func(*VCPU)) {
	i.b.add(Request{Insn: i.n, Kind: RequestCall, Flags: flags, Exec: f, Cond: cond, Counter: cond.counter})
}

// Add adds n to the executing vCPU's word of c each time before the instruction.
func (i *Insn) Add(c Counter, n uint64) {
	i.b.add(Request{Insn: i.n, Kind: RequestAdd, Counter: c, Value: n})
}

// Store sets the executing vCPU's word of c to n each time before the instruction.
func (i *Insn) Store(c Counter, n uint64) {
	i.b.add(Request{Insn: i.n, Kind: RequestStore, Counter: c, Value: n})
}

// OnMem registers f to be called after each successful memory access of the
// instruction that rw selects. An atomic read-modify-write makes two: the load, then the
// store; a store-conditional or compare-and-swap that fails stores nothing and reports no
// store. The pc is still that of the instruction, its result register is written.
func (i *Insn) OnMem(rw MemRW, flags Flags, f func(*VCPU, Access)) {
	i.b.add(Request{Insn: i.n, Kind: RequestCall, RW: checkRW(rw), Flags: flags, Mem: f})
}

// AddOnMem adds n to the executing vCPU's word of c after each successful access.
func (i *Insn) AddOnMem(rw MemRW, c Counter, n uint64) {
	i.b.add(Request{Insn: i.n, Kind: RequestAdd, RW: checkRW(rw), Counter: c, Value: n})
}

// StoreOnMem sets the executing vCPU's word of c to n after each successful access.
func (i *Insn) StoreOnMem(rw MemRW, c Counter, n uint64) {
	i.b.add(Request{Insn: i.n, Kind: RequestStore, RW: checkRW(rw), Counter: c, Value: n})
}

// TraceMem makes the instruction write a record to t after each successful access.
func (i *Insn) TraceMem(rw MemRW, t *MemTrace) {
	if t == nil {
		panic("plugin: TraceMem with a nil MemTrace")
	}
	i.b.add(Request{Insn: i.n, Kind: RequestTrace, RW: checkRW(rw), Trace: t})
}

func checkRW(rw MemRW) MemRW {
	if rw == 0 || rw > MemReadWrite {
		panic(fmt.Sprintf("plugin: accesses %d: want MemRead, MemWrite or MemReadWrite", rw))
	}
	return rw
}

// RequestKind says what a [Request] asks for.
type RequestKind uint8

// Kinds of requests.
const (
	RequestAdd   RequestKind = iota // Counter += Value
	RequestStore                    // Counter = Value
	RequestCall                     // call Exec, or Mem if RW is not 0
	RequestTrace                    // a record for Trace
)

// Request is what a plugin has registered at one place of a block. Weir reads it.
type Request struct {
	Plugin  string
	Insn    int   // index of the instruction, -1: the block
	RW      MemRW // not 0: after these accesses of the instruction, else before it
	Kind    RequestKind
	Flags   Flags
	Counter Counter
	Value   uint64
	Cond    Cond // RequestCall before an instruction or block
	Exec    func(*VCPU)
	Mem     func(*VCPU, Access)
	Trace   *MemTrace
}
