package argfmt

import "github.com/weir-emu/weir/abi"

// Source is a call as its arguments are decoded: numbers, the copies made of
// guest memory, and guest memory itself.
type Source interface {
	// Arg returns argument i.
	Arg(i int) uint64
	// Result returns the raw result, and whether there is one yet.
	Result() (int64, bool)
	// In returns the first n bytes behind argument i from the call's copy,
	// which is made if there is none.
	In(i, n int) ([]byte, abi.Errno)
	// CString returns the string behind argument i in the same way.
	CString(i, limit int) (string, abi.Errno)
	// Peek returns up to n bytes behind argument i from the call's copy if
	// there is one, else from guest memory without keeping a copy.
	Peek(i, n int) ([]byte, bool)
	// Read reads guest memory.
	Read(addr uint64, b []byte) bool
	// Layout says how the guest's structures are laid out.
	Layout() Layout
}

// Layout tells the structures that differ between 64-bit machines.
type Layout uint8

const (
	// Generic is asm-generic: riscv64, arm64.
	Generic Layout = iota
	// X86 is amd64: its own struct stat, packed struct epoll_event, and
	// sa_restorer in struct sigaction.
	X86
)

// Value is a decoded argument.
type Value struct {
	Name  string // as the man page calls it
	Kind  string // "fd", "path", "flags" ...
	Value uint64
	Text  string // as strace(1) prints it
	Str   string // the whole string of a path or string argument
	IsStr bool
}

const maxPath = 4096

// Decode returns the value of argument i. Before the call has a result, memory that the
// kernel will write is shown as its address.
func Decode(s Source, a Arg, i int) Value {
	v := Value{Name: a.Name, Kind: a.Kind.String(), Value: s.Arg(i)}
	if a.Kind.Class() == String && v.Value != 0 {
		if str, e := s.CString(i, maxPath); e == 0 {
			v.Str, v.IsStr = str, true
		}
	}
	p := printer{s: s}
	p.arg(a.Kind, i)
	v.Text = string(p.b)
	return v
}

// late reports whether an argument can only be printed after the call.
func late(k Kind) bool {
	switch k {
	case PollFDs, FDSet, TimespecInOut, FcntlArg, IoctlArg, PtrOut, PtrInOut, OffIn:
		return false
	case MsghdrInOut, MmsgOut, IovOut:
		return true
	}
	c := k.Class()
	return c == Out || c == InOut
}

// hidden reports whether an argument is not shown, given those before it.
func hidden(s Source, args []Arg, i int) bool {
	switch args[i].Kind {
	case OpenMode:
		return s.Arg(i-1)&(oCreat|oTmpfileBit) == 0
	case Dev:
		t := s.Arg(i-1) & 0o170000
		return t != 0o020000 && t != 0o060000
	case FcntlArg:
		return !fcntlHasArg(s.Arg(i - 1))
	case PrctlArg:
		return i > prctlArgs(s.Arg(0))
	case FutexVal3, FutexAddr2, FutexTimeout, FutexVal:
		return !futexHas(s.Arg(1), args[i].Kind)
	case IoctlArg:
		return ioctlNoArg(s.Arg(i - 1))
	case MremapAddr:
		return s.Arg(i-1)&(mremapFixed|mremapDontUnmap) == 0
	case PosHigh:
		return true
	case CloneParentTID:
		return s.Arg(0)&(cloneParentSetTID|clonePidFD) == 0
	case CloneTLS:
		return s.Arg(0)&cloneSetTLS == 0
	case CloneChildTID:
		return s.Arg(0)&(cloneChildSetTID|cloneChildClearTID) == 0
	}
	return false
}

// last reports whether no argument follows one of the kind when that is hidden.
func last(k Kind) bool {
	switch k {
	case FutexVal, FutexTimeout, FutexAddr2, PosHigh, CloneParentTID, CloneTLS:
		return false
	}
	return true
}

// label is what stands before an argument, for calls whose arguments have names in strace.
func label(k Kind) string {
	switch k {
	case CloneFlags:
		return "flags="
	case CloneStack:
		return "child_stack="
	case CloneParentTID:
		return "parent_tid="
	case CloneTLS:
		return "tls="
	case CloneChildTID:
		return "child_tidptr="
	}
	return ""
}

// place returns the argument that is printed as number i: clone(2) has its stack first.
func place(args []Arg, i int) int {
	if i < 2 && len(args) > 1 && args[1].Kind == CloneStack {
		return 1 - i
	}
	return i
}

// AppendArgs appends the text of arguments from on, separated by commas, up to
// the first that is to be printed after the call if !done; it returns the
// number of the first argument not printed, whose comma is there already.
func AppendArgs(b []byte, s Source, args []Arg, from int, done bool) ([]byte, int) {
	p := printer{b: b, s: s}
	comma := false
	for n := from; n < len(args); n++ {
		i := place(args, n)
		k := args[i].Kind
		if hidden(s, args, i) {
			if last(k) {
				break
			}
			continue
		}
		if comma || from == 0 && n > 0 {
			p.str(", ")
		}
		if !done && lateArg(s, k, i) {
			keepLengths(s, args, i)
			return p.b, n
		}
		comma = true
		p.str(label(k))
		p.arg(k, i)
	}
	return p.b, len(args)
}

// keepLengths makes copies of lengths that the kernel will change, for "[128 => 16]".
func keepLengths(s Source, args []Arg, from int) {
	for i := from; i < len(args); i++ {
		if args[i].Kind == IntInOut && s.Arg(i) != 0 {
			s.In(i, 4)
		}
	}
}

// lateArg is late for kinds that depend on other arguments.
func lateArg(s Source, k Kind, i int) bool {
	switch k {
	case FcntlArg:
		return fcntlOut(s.Arg(i - 1))
	case IoctlArg:
		return ioctlOut(s.Arg(i - 1))
	case PrctlArg:
		return prctlOut(s.Arg(0), i)
	case SeccompArg:
		return uint32(s.Arg(0)) == secGetNotifSizes
	}
	return late(k)
}

// AppendResult appends the result as strace shows it after "= ".
func AppendResult(b []byte, s Source, args []Arg, ret Kind) []byte {
	p := printer{b: b, s: s}
	r, done := s.Result()
	switch {
	case !done || ret == RetNone:
		p.byte('?')
	case r == -512:
		p.str("? ERESTARTSYS (To be restarted if SA_RESTART is set)")
	case r == -513:
		p.byte('?')
	case r < 0 && r >= -abi.MaxErrno:
		e := abi.Errno(-r)
		p.str("-1 ")
		p.str(e.Name())
		p.str(" (")
		p.str(e.Error())
		p.byte(')')
	case ret == Unknown || ret >= numKinds || ret.Class() > Descriptor:
		p.dec(r)
	case kinds[ret].print != nil:
		kinds[ret].print(&p, -1, uint64(r))
	case kinds[ret].enum != nil:
		p.dec(r)
		if n, ok := lookup(uint64(r), kinds[ret].enum); ok {
			p.str(" (")
			p.str(n)
			p.byte(')')
		}
	default:
		p.dec(r)
	}
	if done && r >= 0 {
		start := len(p.b)
		for i, a := range args {
			if after := afterText(a.Kind); after != nil && s.Arg(i) != 0 {
				after(&p, i, start)
			}
		}
		if len(p.b) > start {
			p.byte(')')
		}
	}
	return p.b
}

// afterText is what a kind adds behind the result, in parentheses: what changed in memory that was
// printed before the call.
func afterText(k Kind) func(p *printer, i, start int) {
	switch k {
	case PollFDs:
		return afterPoll
	case FDSet:
		return afterFDSet
	case TimespecInOut:
		return afterTimeout
	}
	return nil
}

// also begins one more text of those in parentheses behind the result, which begin at start.
func (p *printer) also(start int) {
	if len(p.b) == start {
		p.str(" (")
	} else {
		p.str(", ")
	}
}

// arg prints argument i.
func (p *printer) arg(k Kind, i int) {
	v := p.s.Arg(i)
	if k >= numKinds {
		k = Unknown
	}
	in := &kinds[k]
	switch {
	case in.print != nil:
		in.print(p, i, v)
	case in.bits != nil:
		if k != MountFlags {
			v = uint64(uint32(v))
		}
		p.flags(v, in.bits, in.rest)
	case in.enum != nil:
		p.enum(uint64(uint32(v)), in.enum, in.rest)
	case in.text != nil:
		p.structure(i, v, in)
	default:
		p.addr(v)
	}
}

// structure prints the structure behind argument i.
func (p *printer) structure(i int, v uint64, in *info) {
	if b, ok := p.fixed(i, v, int(in.size), in.class); ok {
		in.text(p, b)
	}
}

// fixed returns the n bytes behind argument i; if they are not there, it prints
// the address and reports false.
func (p *printer) fixed(i int, v uint64, n int, c Class) ([]byte, bool) {
	if v == 0 {
		p.str("NULL")
		return nil, false
	}
	if c == In {
		if b, e := p.s.In(i, n); e == 0 {
			return b, true
		}
	} else if r, done := p.s.Result(); done && (r >= 0 || r < -abi.MaxErrno) {
		b := make([]byte, n)
		if p.s.Read(v, b) {
			return b, true
		}
	}
	p.hex(v)
	return nil, false
}

// failed reports whether there is no successful result.
func (p *printer) failed() bool {
	r, done := p.s.Result()
	return !done || r < 0 && r >= -abi.MaxErrno
}

// result is the result, or 0.
func (p *printer) result() int64 {
	r, _ := p.s.Result()
	return r
}
