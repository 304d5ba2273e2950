package plugin

import (
	"errors"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
)

// VCPU is a guest thread. Registers and memory are accessible only inside a
// callback on its own thread, to the extent that the event allows; elsewhere
// access fails with [ErrNoAccess].
type VCPU struct {
	index  int
	serial uint64
	tid    atomic.Int64
	access atomic.Uint32
	impl   CPUState
}

// Flags say what a callback may do with its VCPU. Callbacks of blocks,
// instructions and memory accesses declare it when they are registered; each level
// includes the one before. The others have [SetPC], but for those that get no VCPU.
type Flags uint32

// Levels of access.
const (
	NoRegs    Flags = iota // nothing beyond Index, Serial and TID
	ReadRegs               // registers and memory can be read
	WriteRegs              // and written
	SetPC                  // and the pc too
)

// ErrNoAccess is returned outside a callback that allows the access.
var ErrNoAccess = errors.New("plugin: no access to registers and memory here")

// ErrNoRegister is returned for a register name that the guest does not have.
var ErrNoRegister = errors.New("plugin: no such register")

// ErrReadOnly is returned when a register is written that cannot be.
var ErrReadOnly = errors.New("plugin: the register is read-only")

// Reg is a register that can be accessed.
type Reg struct {
	Name     string // ABI name, as gdb shows it
	Alias    string // architectural name, or empty
	Feature  string // gdb feature
	Bits     int
	ReadOnly bool
	ID       abi.Reg
}

func (r *Reg) is(name string) bool { return name != "" && (r.Name == name || r.Alias == name) }

// CPUState is what a VCPU rests on. Weir implements it; plugins do not.
type CPUState interface {
	Registers() []Reg
	ReadReg(r abi.Reg) (uint64, bool)
	WriteReg(r abi.Reg, v uint64) bool
	PC() abi.Addr
	SetPC(pc abi.Addr)
	EndProcess(status int)
	ReadMem(addr abi.Addr, p []byte) bool
	WriteMem(addr abi.Addr, p []byte) bool
	CString(addr abi.Addr, limit int) (string, abi.Errno)
	// XReg and FReg are the IDs of integer and FP register n, as the
	// architecture numbers them.
	XReg(n int) (abi.Reg, bool)
	FReg(n int) (abi.Reg, bool)

	Call(addr abi.Addr, args []uint64, original bool) (uint64, error)
	Callers(pcs []abi.Addr) int
}

// NewVCPU makes a VCPU. Weir calls it.
func NewVCPU(index int, serial uint64, tid int, impl CPUState) *VCPU {
	v := &VCPU{index: index, serial: serial, impl: impl}
	v.tid.Store(int64(tid))
	return v
}

// Permit is SetAccess without a result, cheaper if nothing changes; Weir calls it on v's own
// thread.
func (v *VCPU) Permit(a Flags) {
	if v.access.Load() != uint32(a) {
		v.access.Store(uint32(a))
	}
}

// SetAccess switches access and returns what it was; Weir calls it around callbacks.
func (v *VCPU) SetAccess(a Flags) Flags { return Flags(v.access.Swap(uint32(a))) }

// SetTID changes the thread id, in a forked child. Weir calls it.
func (v *VCPU) SetTID(tid int) { v.tid.Store(int64(tid)) }

// Index returns a small number that is free again for a new thread once this one has ended.
func (v *VCPU) Index() int { return v.index }

// Serial returns a number that no other thread of the process ever has.
func (v *VCPU) Serial() uint64 { return v.serial }

// TID returns the thread id, which is the same for guest and host.
func (v *VCPU) TID() int { return int(v.tid.Load()) }

func (v *VCPU) can(a Flags) bool { return Flags(v.access.Load()) >= a }

// Registers lists the guest's registers.
func (v *VCPU) Registers() []Reg { return v.impl.Registers() }

// Reg reads a register by name, ABI or architectural: "a0", "x10", "pc".
func (v *VCPU) Reg(name string) (uint64, error) {
	if !v.can(ReadRegs) {
		return 0, ErrNoAccess
	}
	for _, r := range v.impl.Registers() {
		if r.is(name) {
			return v.Read(r.ID)
		}
	}
	return 0, ErrNoRegister
}

// SetReg writes a register by name.
func (v *VCPU) SetReg(name string, x uint64) error {
	if !v.can(WriteRegs) {
		return ErrNoAccess
	}
	for _, r := range v.impl.Registers() {
		if r.is(name) {
			return v.Write(r.ID, x)
		}
	}
	return ErrNoRegister
}

// Read reads a register of [VCPU.Registers] by its ID.
func (v *VCPU) Read(r abi.Reg) (uint64, error) {
	if !v.can(ReadRegs) {
		return 0, ErrNoAccess
	}
	x, ok := v.impl.ReadReg(r)
	if !ok {
		return 0, ErrNoRegister
	}
	return x, nil
}

// Write writes a register by its ID; [ErrReadOnly] for one that is. The pc is changed with a [JumpTo]
// verdict or [VCPU.SetPC].
func (v *VCPU) Write(r abi.Reg, x uint64) error {
	if !v.can(WriteRegs) {
		return ErrNoAccess
	}
	if v.impl.WriteReg(r, x) {
		return nil
	}
	for _, known := range v.impl.Registers() {
		if known.ID == r && known.ReadOnly {
			return ErrReadOnly
		}
	}
	return ErrNoRegister
}

// X reads integer register n by its architectural number: X(10) is x10, a0 in
// the ABI of RISC-V.
func (v *VCPU) X(n int) (uint64, error) { return v.numbered(v.impl.XReg(n)) }

// F reads FP register n: its raw bits, a single NaN-boxed where the architecture
// keeps it so.
func (v *VCPU) F(n int) (uint64, error) { return v.numbered(v.impl.FReg(n)) }

func (v *VCPU) numbered(r abi.Reg, ok bool) (uint64, error) {
	if !ok {
		return 0, ErrNoRegister
	}
	return v.Read(r)
}

// PC returns the guest's pc: in callbacks of a block, an instruction or a memory
// access the address of the instruction, in syscall events the one after it.
func (v *VCPU) PC() (abi.Addr, error) {
	if !v.can(ReadRegs) {
		return 0, ErrNoAccess
	}
	return v.impl.PC(), nil
}

// SetPC changes the pc. In a syscall event the guest continues there, with the
// call's result in its result register; see [JumpTo] to abandon the call. In a callback
// before an instruction the instruction is not executed, nor are callbacks and
// counters that stand after this one; in one after a memory access the rest of the
// instruction is abandoned. The guest continues at pc when the callback has returned.
func (v *VCPU) SetPC(pc abi.Addr) error {
	if !v.can(SetPC) {
		return ErrNoAccess
	}
	v.impl.SetPC(pc)
	return nil
}

// Exit ends the guest's process with a status, as exit_group(2) would: exit callbacks run, and this
// thread executes nothing more. Before an instruction the instruction is not executed, nor are callbacks and
// counters that stand after this one. It needs the access that [VCPU.SetPC] needs, and returns if the process
// goes on without its guest. Filters answer with the verdict [Exit] instead.
func (v *VCPU) Exit(status int) error {
	if !v.can(SetPC) {
		return ErrNoAccess
	}
	v.impl.EndProcess(status)
	return nil
}

// ReadMem fills p from guest memory at addr, all or nothing. Like a debugger it may read
// pages that the guest itself may not.
func (v *VCPU) ReadMem(addr abi.Addr, p []byte) error {
	if !v.can(ReadRegs) {
		return ErrNoAccess
	}
	if !v.impl.ReadMem(addr, p) {
		return ErrFault
	}
	return nil
}

// WriteMem writes p to guest memory at addr. Like a debugger it may write to
// pages that the guest itself may only read.
func (v *VCPU) WriteMem(addr abi.Addr, p []byte) error {
	if !v.can(WriteRegs) {
		return ErrNoAccess
	}
	if !v.impl.WriteMem(addr, p) {
		return ErrFault
	}
	return nil
}

// CString returns the NUL-terminated string at addr, shorter than limit bytes. The
// error is an [abi.Errno], EFAULT or ENAMETOOLONG, or [ErrNoAccess].
func (v *VCPU) CString(addr abi.Addr, limit int) (string, error) {
	if !v.can(ReadRegs) {
		return "", ErrNoAccess
	}
	s, e := v.impl.CString(addr, limit)
	if e != 0 {
		return "", e
	}
	return s, nil
}
