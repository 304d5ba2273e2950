// Package argfmt is what Weir knows about the meaning of syscall arguments: a
// kind per argument (a descriptor, a path, open flags, a struct timespec ...),
// how to print it as strace(1) does, and how to show it to filters and JSON
// events. It reads guest memory only through a [Source], so that a call's single
// copy is what is printed. It knows no handler and no CPU. Start with [Kind] and
// [Decode].
package argfmt

// Kind is the meaning of an argument or result.
type Kind uint16

// Arg is a named argument of a syscall.
type Arg struct {
	Name string
	Kind Kind
}

// Kinds. A kind that says "next" takes the length or count from the next argument.
const (
	// Unknown prints as an address-like number.
	Unknown Kind = iota

	// Numbers.
	Int      // signed, 32 bits
	Long     // signed, 64 bits
	Uint     // unsigned, 32 bits
	Size     // unsigned, 64 bits
	Hex      // bits without names
	Mode     // file permissions, octal
	OpenMode // permissions of a created file; not shown unless the flags before it create one
	Dev      // device number
	PID      // process or thread ID
	ID       // user or group ID; -1 means none
	FD       // file descriptor
	DirFD    // file descriptor or AT_FDCWD
	Ptr      // guest address

	// Strings behind pointers.
	Path   // path of a file
	Str    // any other NUL-terminated string
	StrVec // NULL-terminated array of strings, argv
	EnvVec // the same, only its length is printed

	// Data behind pointers.
	BufIn    // next bytes, read by the kernel
	BufOut   // written by the kernel: result bytes, at most next
	PathOut  // path written by the kernel: result bytes, NUL included
	IovIn    // next struct iovec whose data is read
	IovOut   // next struct iovec whose data is written
	PtrIn    // opaque structure read by the kernel
	PtrOut   // opaque structure written by the kernel
	PtrInOut // opaque structure read and written
	CPUSetIn // CPU mask, the argument before it is its size
	CPUSetOut
	Dents // struct linux_dirent64, result bytes

	// Words behind pointers.
	IntOut   // one int
	IntInOut // one int read and written: a socklen_t
	LongOut
	OffInOut  // file offset
	OffIn     // file offset, read and written, printed as it was: splice
	FDPairOut // two descriptors, pipe2
	IDsOut    // array of IDs; result of them
	IDsIn     // array of IDs; the argument before it is the count
	WaitStatus

	// Structures.
	TimespecIn
	TimespecOut
	Timespec2In // two of them, utimensat
	TimespecInOut
	TimespecLeft // written only if the call is interrupted
	TimevalIn
	TimevalOut
	TimezoneOut
	ItimervalIn
	ItimervalOut
	ItimerspecIn
	ItimerspecOut
	StatOut
	StatxOut
	StatfsOut
	RlimitIn
	RlimitOut
	RusageOut
	SysinfoOut
	TmsOut
	UtsnameOut
	SigsetIn
	SigsetOut
	SigactionIn
	SigactionOut
	SiginfoIn
	SiginfoOut
	StackIn
	StackOut
	SigeventIn
	SockaddrIn  // next is its length
	SockaddrOut // next points at its length
	MsghdrIn
	MsghdrInOut
	MmsgIn
	MmsgOut
	PollFDs // next of them, read and written
	FDSet   // argument 0 is the number of descriptors
	EpollEventIn
	EpollEventsOut // result of them
	SigmaskArg     // pselect6: pointer to a pointer and a size
	CloneArgsIn    // next is the size
	OpenHowIn      // next is the size
	SchedParamIn
	SchedParamOut
	SchedAttr
	FutexWaitv // next of them
	CapHeader
	CapDataIn
	CapDataOut
	Sembuf // next of them
	AioContextOut
	Iocbs       // the argument before it is the count
	IoEvents    // result of them
	UringParams // struct io_uring_params

	// Arguments whose meaning depends on others.
	FcntlArg
	IoctlArg
	PrctlArg
	SeccompArg
	MremapAddr     // new address; only with flags that want one
	PosHigh        // upper half of a file offset, for 32-bit machines
	CloneStack     // clone's arguments have names, and are shown as the flags want them
	CloneParentTID // one int written
	CloneTLS
	CloneChildTID
	FutexVal     // value, meaning depends on the operation
	FutexTimeout // timespec or second value
	FutexAddr2
	FutexVal3
	SockoptIn  // next is its length
	SockoptOut // next points at its length
	SockProto  // depends on the domain
	SockoptName

	// Flags and enumerations.
	OpenFlags
	AtFlags // AT_SYMLINK_NOFOLLOW ...
	AccessFlags
	AccessMode // R_OK ...
	FdFlags    // O_CLOEXEC and O_NONBLOCK alone: pipe2, dup3
	Whence
	FcntlCmd
	IoctlReq
	FlockOp
	FallocMode
	Fadvice
	SyncRange
	MmapProt
	MmapFlags
	MremapFlags
	MsyncFlags
	Madvice
	MlockFlags
	MlockallFlags
	MemfdFlags
	MemPolicy
	CloneFlags
	WaitOptions
	WaitIDType
	Sig
	SigHow
	FutexOp
	ClockID
	TimerFlags
	TimerFDFlags
	ItimerWhich
	SockDomain
	SockType
	SockLevel
	MsgFlags
	ShutHow
	SockFlags // SOCK_CLOEXEC and SOCK_NONBLOCK alone: accept4
	EpollOp
	EpollFlags
	EventFDFlags
	SignalFDFlags
	InotifyFlags
	InotifyMask
	StatxFlags
	StatxMask
	RenameFlags
	XattrFlags
	MountFlags
	UmountFlags
	Resource
	RusageWho
	PrioWhich
	SchedPolicy
	PrctlOption
	RandomFlags
	SpliceFlags
	RWFlags
	CloseRangeFlags
	PidfdFlags
	Membarrier
	RebootCmd
	IPCFlags
	IPCCmd
	PersonaFlags
	LandlockRule
	KeyctlOp
	UnshareFlags
	UringEnterFlags
	UringRegisterOp
	SeccompOp
	SeccompFlags

	// Results.
	RetAddr  // address: mmap, brk
	RetNone  // never returns
	RetOct   // umask
	RetHex   // fcntl(F_GETFL) prints its flags
	RetFcntl // depends on the command
	RetSig   // signal number

	numKinds
)

// Class is how a kind travels between guest and kernel.
type Class uint8

// Classes of kinds.
const (
	Scalar Class = iota
	Descriptor
	String // pointer to a NUL-terminated string
	In     // pointer to memory that the kernel reads
	Out    // pointer to memory that the kernel writes
	InOut
	Nested // pointer to memory that itself contains pointers
)

// info is what is known of a kind. The zero sizes say: not known.
type info struct {
	name  string // for filters and JSON
	class Class
	size  int32 // bytes behind a pointer; sizeNext and so on for lengths from arguments
	mul   int32 // bytes per element when size is sizeNext

	bits  []bit  // a set of flags
	enum  []bit  // one of these values
	rest  string // prefix of unnamed values: "O_???"
	print func(p *printer, i int, v uint64)
	text  func(p *printer, b []byte) // of a structure of size bytes
}

// Lengths that come from other arguments.
const (
	sizeNext = -1 - iota
	sizePrev
)

// String returns the kind's name for filters and JSON: "fd", "path", "flags",
// "address", "timespec" ...
func (k Kind) String() string {
	if k < numKinds {
		return kinds[k].name
	}
	return "number"
}

// Class returns how arguments of the kind travel.
func (k Kind) Class() Class {
	if k < numKinds {
		return kinds[k].class
	}
	return Scalar
}

// Span returns how many bytes lie behind argument i of kind k, given all
// arguments: the structure's size, or what the length argument says. ok is
// false if that is not known before the call.
func (k Kind) Span(args *[8]uint64, i int) (n uint64, ok bool) {
	if k >= numKinds {
		return 0, false
	}
	in := &kinds[k]
	mul := uint64(max(in.mul, 1))
	switch {
	case in.size > 0:
		return uint64(in.size), true
	case in.size == sizeNext && i+1 < len(args):
		return args[i+1] * mul, true
	case in.size == sizePrev && i > 0:
		return args[i-1] * mul, true
	}
	return 0, false
}
