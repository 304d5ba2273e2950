package plugin

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/weir-emu/weir/abi"
)

// Watch says what of a function's executions a plugin wants to see; functions that are nil are not called. All of them have
// the access [SetPC].
type Watch struct {
	// Entry runs before the function's first instruction.
	Entry func(*Frame)
	// Exit runs when the function has returned, before the instruction that it returns to; when it has ended by a jump to
	// another function, once that has returned. The Frame is the one that Entry got.
	Exit func(*Frame)
	// Lost is told, some time later, of a function that has been entered and will not return: it was left by longjmp, by an exception,
	// or with its goroutine. It has no access to registers and memory. Of what is under way when a thread or the process
	// ends it is not told.
	Lost func(*Frame)
}

// OnFunction watches the functions that name selects: a symbol of the program or of a library, raw or demangled, with the wildcards of
// [Glob], and "IMAGE!NAME" for those of the images whose path or last element of it IMAGE matches. Functions of libraries
// that are loaded later are watched too, and of a program that is executed later. A name that selects nothing is no error.
// Only symbols that are functions count, and not those that the dynamic loader resolves by calling them (IFUNC).
//
//	h.OnFunction("malloc", plugin.Watch{
//		Entry: func(f *plugin.Frame) { f.Data = f.Arg(0) },
//		Exit:  func(f *plugin.Frame) { h.Logf("malloc(%d) = %#x", f.Data, f.Result()) },
//	})
//
// Executions are told apart by stack pointer and return address, those of Go code by goroutine: recursion, tail calls, threads
// and goroutines that change threads are seen as they are. A function that is only ever inlined has no executions.
// Registering and removing drops all translations, like [Host.OnTranslate]; functions that nobody watches, and returns to places that no
// watched function returns to, cost nothing.
func (h *Host) OnFunction(name string, w Watch) *Registration {
	return h.hook(FunctionHook{Watch: w}, name)
}

// Replace makes fn run instead of the functions that name selects, see [Host.OnFunction]. fn's parameters are those of
// the guest's function, as Go types: integers of any size, bool, float32, float64, [Ptr], uintptr, and string, which is a
// NUL-terminated char * of C, a string of Go; a first parameter of type *[VCPU] or *[Frame] is Weir's own. Its results
// are none, or one of these types other than string; in place of a function of Go's there may be several. Arguments and results are found by the
// calling convention of C, or that of Go for code of the Go compiler. An error is returned for an fn of other types.
//
//	h.Replace("getenv", func(v *plugin.VCPU, name string) plugin.Ptr { ... })
//
// Of several replacements the first registered counts. Those who watch the function see entry and exit as ever. [Frame.Original]
// calls the function that is replaced.
func (h *Host) Replace(name string, fn any) (*Registration, error) {
	f, err := adapt(fn)
	if err != nil {
		return nil, fmt.Errorf("plugin: Replace %s: %w", name, err)
	}
	return h.hook(FunctionHook{Replace: f}, name), nil
}

func (h *Host) hook(f FunctionHook, name string) *Registration {
	f.Name = name
	if image, sym, ok := strings.Cut(name, "!"); ok {
		f.Image, f.Name = image, sym
	}
	return h.sys.HookFunction(h.name, f)
}

// FunctionHook is what OnFunction or Replace has registered. Weir reads it.
type FunctionHook struct {
	Image, Name string // patterns; Image "" selects all
	Watch
	Replace func(*Frame)
}

// Selects reports whether the hook is for a symbol, of an image at a path.
func (f *FunctionHook) Selects(path, raw, name string) bool {
	if f.Image != "" && !Glob(f.Image, path) && !Glob(f.Image, path[strings.LastIndexByte(path, '/')+1:]) {
		return false
	}
	return Glob(f.Name, raw) || Glob(f.Name, name)
}

// Literal returns the name that the hook is for, if it is a single one.
func (f *FunctionHook) Literal() (string, bool) {
	return f.Name, !strings.ContainsAny(f.Name, "*?")
}

// Frame is one execution of a guest function. It is valid inside the callbacks that get it, on their thread; Data stays
// until the last of them.
type Frame struct {
	Data any // the plugin's own

	vcpu  *VCPU
	sys   System
	sym   Symbol
	conv  *ABI
	ret   abi.Addr
	sp    abi.Addr
	depth int
	done  bool // the function has returned
	over  bool // Return was called
}

// NewFrame makes a Frame. Weir calls it.
func NewFrame(v *VCPU, sys System, sym Symbol, conv *ABI, ret, sp abi.Addr, depth int) *Frame {
	return &Frame{vcpu: v, sys: sys, sym: sym, conv: conv, ret: ret, sp: sp, depth: depth}
}

// Returned says that the function has returned, on v. Weir calls it.
func (f *Frame) Returned(v *VCPU) { f.vcpu, f.done = v, true }

// Over reports whether [Frame.Return] was called. Weir calls it.
func (f *Frame) Over() bool { return f.over }

// VCPU returns the thread; for Exit of a function of Go's it may be another than for Entry.
func (f *Frame) VCPU() *VCPU { return f.vcpu }

// Symbol returns the function.
func (f *Frame) Symbol() Symbol { return f.sym }

// Caller returns the address that the function returns to.
func (f *Frame) Caller() abi.Addr { return f.ret }

// SP returns the stack pointer at the function's entry.
func (f *Frame) SP() abi.Addr { return f.sp }

// Depth returns how many executions of functions that are watched for their exit are under way around this one, on the same stack.
func (f *Frame) Depth() int { return f.depth }

// GoCode reports whether the function was made by the Go compiler.
func (f *Frame) GoCode() bool { return f.conv.Go }

// Arg returns integer or pointer argument i, counting those alone, from 0: of C's f(char *s, double d, int n) Arg(1) is n. It
// is for Entry; 0 if it cannot be read.
func (f *Frame) Arg(i int) uint64 {
	if i < 0 {
		return 0
	}
	if i < len(f.conv.IntArgs) {
		x, _ := f.vcpu.Read(f.conv.IntArgs[i])
		return x
	}
	x, _ := f.word(f.argWord(i))
	return x
}

// argWord is the address of integer argument i, which is in memory.
func (f *Frame) argWord(i int) abi.Addr {
	return f.sp + abi.Addr(f.conv.StackArgs+(i-len(f.conv.IntArgs))*f.conv.Word)
}

// SetArg changes integer or pointer argument i, in Entry.
func (f *Frame) SetArg(i int, x uint64) {
	if i >= 0 && i < len(f.conv.IntArgs) {
		f.vcpu.Write(f.conv.IntArgs[i], x)
		return
	}
	if i >= 0 {
		var b [8]byte
		putLE(b[:], x)
		f.vcpu.WriteMem(f.argWord(i), b[:f.conv.Word])
	}
}

// FloatArg returns floating-point argument i, counting those alone; single says that its type is float.
func (f *Frame) FloatArg(i int, single bool) float64 {
	if i < 0 || i >= len(f.conv.FloatArgs) {
		return 0
	}
	x, _ := f.vcpu.Read(f.conv.FloatArgs[i])
	return float(x, single)
}

func float(x uint64, single bool) float64 {
	if single {
		return float64(math.Float32frombits(uint32(x)))
	}
	return math.Float64frombits(x)
}

// Result returns the integer or pointer result, in Exit. A result that is narrower than a register stands in its low bits.
func (f *Frame) Result() uint64 {
	x, _ := f.vcpu.Read(f.conv.IntResults[0])
	return x
}

// FloatResult is Result for a floating-point one.
func (f *Frame) FloatResult(single bool) float64 {
	x, _ := f.vcpu.Read(f.conv.FloatResults[0])
	return float(x, single)
}

// SetResult changes the integer or pointer result, in Exit.
func (f *Frame) SetResult(x uint64) { f.vcpu.Write(f.conv.IntResults[0], x) }

// Return, in Entry, has the function return x at once: nothing of it is executed. Exit is called as ever.
func (f *Frame) Return(x uint64) {
	if !f.done {
		f.SetResult(x)
		f.over = true
	}
}

// Original, in a replacement, calls the function that is replaced and returns its integer result, with the caller's arguments, but for
// the first integer ones if they are given. It is [VCPU.Call] otherwise.
func (f *Frame) Original(args ...uint64) (uint64, error) {
	return f.vcpu.call(f.sym.Addr, args, true)
}

func (f *Frame) word(addr abi.Addr) (uint64, error) {
	var b [8]byte
	err := f.vcpu.ReadMem(addr, b[:f.conv.Word])
	return getLE(b[:]), err
}

func getLE(b []byte) (x uint64) {
	for i, c := range b[:min(len(b), 8)] {
		x |= uint64(c) << (8 * i)
	}
	return x
}

func putLE(b []byte, x uint64) {
	for i := range b[:min(len(b), 8)] {
		b[i] = byte(x >> (8 * i))
	}
}

// Errors of [VCPU.Call].
var (
	// ErrExited: the thread ends, or the process, or it executes another program. The callback should return.
	ErrExited = errors.New("plugin: the guest thread ends")
	// ErrUnwound: the function has left by longjmp, beyond the call. What the callback decides has no effect any more.
	ErrUnwound = errors.New("plugin: the guest function was left by longjmp")
	// ErrNoCall: no guest function can be called here.
	ErrNoCall = errors.New("plugin: guest functions cannot be called here")
)

// Call calls the guest function at addr, by the calling convention of C, with integers and addresses as arguments, and
// returns its integer result. It works in callbacks of system calls and filters, blocks, instructions, memory accesses and
// functions, and when a thread starts, with the access [SetPC]; elsewhere, and for code of Go's, whose runtime has to know each
// frame on its stacks, it is ErrNoCall.
//
// The function runs on v's own stack, as a signal handler does that comes at this place, and all registers are as before
// afterwards. Within the call the guest is what it always is: signals are delivered, system calls are made and pass through filters, other
// callbacks run, and may call in turn, 200 deep. exit(2), exit_group(2) of any thread, execve(2) and fatal signals
// end the call with ErrExited; fork(2) returns twice, as does then the call. A function that longjmps to a place outside of the
// call, or an exception, ends it with ErrUnwound when Weir notices, at one of the next system calls or signals: the
// guest goes on there, and nothing remains of what the callback was called for.
func (v *VCPU) Call(addr abi.Addr, args ...uint64) (uint64, error) { return v.call(addr, args, false) }

func (v *VCPU) call(addr abi.Addr, args []uint64, original bool) (uint64, error) {
	if !v.can(SetPC) {
		return 0, ErrNoAccess
	}
	return v.impl.Call(addr, args, original)
}

// Callers fills pcs with v's call stack: the pc, then the addresses that functions return to, innermost first, and returns their number. It
// goes by the unwind tables of the images (.eh_frame, .debug_frame), which all of Go's and most of C's have, else by frame pointers,
// and ends where neither helps.
func (v *VCPU) Callers(pcs []abi.Addr) int {
	if !v.can(ReadRegs) || len(pcs) == 0 {
		return 0
	}
	return v.impl.Callers(pcs)
}
