//go:build !(linux && (amd64 || arm64))

package hostsys

import (
	"runtime"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
)

// This file stands for the package on hosts where guests cannot run. [Init] says so, and
// nothing else here may be called after that.

const enosys = 38

func unsupported() error {
	return Error("weir cannot run guests on " + runtime.GOOS + "/" + runtime.GOARCH + ": the host runtime is written for linux on amd64 and arm64 only")
}

func bug() string { return "BUG: hostsys used although Init failed" }

// Init reports that guests cannot run here.
func Init() error { return unsupported() }

// UseAllProcs does nothing.
func UseAllProcs() {}

// Settle does nothing.
func Settle() {}

// GrowStack does nothing.
func GrowStack() {}

// NewState fails.
func NewState() (*cpu.State, error) { return nil, unsupported() }

// FreeState panics.
func FreeState(*cpu.State) { panic(bug()) }

// Bind panics.
func Bind(*cpu.State) { panic(bug()) }

// Unbind panics.
func Unbind(*cpu.State) { panic(bug()) }

// Enter panics.
func Enter(*cpu.State) { panic(bug()) }

// SetFaultExit does nothing.
func SetFaultExit(uintptr) {}

// SetGSBase fails.
func SetGSBase(uintptr) error { return unsupported() }

func fail() uintptr { return ^uintptr(enosys - 1) }

// Syscall returns -ENOSYS.
func Syscall(_ *cpu.State, _, _, _, _, _, _, _ uintptr) uintptr { return fail() }

// SyscallFast returns -ENOSYS.
func SyscallFast(_ *cpu.State, _, _, _, _, _, _, _ uintptr) uintptr { return fail() }

// RawSyscall returns -ENOSYS.
func RawSyscall(_, _, _, _, _, _, _ uintptr) uintptr { return fail() }

// RawSyscallBlocking returns -ENOSYS.
func RawSyscallBlocking(_, _, _, _, _, _, _ uintptr) uintptr { return fail() }

// Getpid returns 0.
func Getpid() int { return 0 }

// Gettid returns 0.
func Gettid() int { return 0 }

var noMemory = Fault{Sig: sigSEGV, Code: SIKernel}

// Load8 faults.
func Load8(uintptr) (uint8, Fault) { return 0, noMemory }

// Load16 faults.
func Load16(uintptr) (uint16, Fault) { return 0, noMemory }

// Load32 faults.
func Load32(uintptr) (uint32, Fault) { return 0, noMemory }

// Load64 faults.
func Load64(uintptr) (uint64, Fault) { return 0, noMemory }

// Store8 faults.
func Store8(uintptr, uint8) Fault { return noMemory }

// Store16 faults.
func Store16(uintptr, uint16) Fault { return noMemory }

// Store32 faults.
func Store32(uintptr, uint32) Fault { return noMemory }

// Store64 faults.
func Store64(uintptr, uint64) Fault { return noMemory }

// Cas32 faults.
func Cas32(_ uintptr, _, _ uint32) (uint32, Fault) { return 0, noMemory }

// Cas64 faults.
func Cas64(_ uintptr, _, _ uint64) (uint64, Fault) { return 0, noMemory }

// Cas128 faults.
func Cas128(_ uintptr, _, _ [2]uint64) ([2]uint64, Fault) { return [2]uint64{}, noMemory }

// CopyIn faults.
func CopyIn([]byte, uintptr) (int, Fault) { return 0, noMemory }

// CopyOut faults.
func CopyOut(uintptr, []byte) (int, Fault) { return 0, noMemory }

// Fill faults.
func Fill(uintptr, byte, uintptr) (uintptr, Fault) { return 0, noMemory }

// SetAction returns ENOSYS.
func SetAction(int, Disposition, uint64) int { return enosys }

// TakeSignal finds none.
func TakeSignal(*cpu.State, *[128]byte) bool { return false }

// FixSiginfo does nothing.
func FixSiginfo(*[128]byte) {}

// SigMask returns 0.
func SigMask() uint64 { return 0 }

// Kick does nothing.
func Kick(int) {}

// DieBySignal panics.
func DieBySignal(int) { panic(bug()) }

// Epoch returns 0.
func Epoch() uint32 { return 0 }

// OtherPIDs panics.
func OtherPIDs() { panic(bug()) }

// Alone panics.
func Alone(_, _, _, _ uintptr) uintptr { return fail() }

// ForkClone3 panics.
func ForkClone3(*cpu.State, *CloneArgs) uintptr { return fail() }

// Fork returns -ENOSYS.
func Fork(*cpu.State, uintptr) uintptr { return fail() }

// CanVfork returns false.
func CanVfork() bool { return false }

// Vfork cannot be made here.
type Vfork struct{}

// NewVfork fails.
func NewVfork() (*Vfork, error) { return nil, unsupported() }

// Free does nothing.
func (*Vfork) Free() {}

// Enter returns -ENOSYS.
func (*Vfork) Enter(uintptr, uint64) uintptr { return fail() }

// VacateFD returns true.
func (*Vfork) VacateFD(int) bool { return true }

// SharesFiles returns false.
func (*Vfork) SharesFiles() bool { return false }

// Exec returns -ENOSYS.
func (*Vfork) Exec(_, _, _ uintptr) uintptr { return fail() }

// Exit panics.
func (*Vfork) Exit(int) { panic(bug()) }

// DieBySignal panics.
func (*Vfork) DieBySignal(int) { panic(bug()) }

// Parent returns false.
func (*Vfork) Parent() bool { return false }

// Killed does nothing.
func (*Vfork) Killed() {}

// Pid returns 0.
func (*Vfork) Pid() int { return 0 }

// StartIgnored knows nothing.
func StartIgnored() (uint64, bool) { return 0, false }

// CloseStart does nothing.
func CloseStart() {}

// IgnoreOverExec does nothing.
func IgnoreOverExec(int) {}

// BeforeExec does nothing.
func BeforeExec() {}

// ExecFailed does nothing.
func ExecFailed() {}

// RestoreIgnored does nothing.
func RestoreIgnored() {}

// ExitProcess panics: use os.Exit.
func ExitProcess(int) { panic(bug()) }

// HiddenFile cannot be made here.
type HiddenFile struct{}

// Hide fails.
func Hide(int) (*HiddenFile, error) { return nil, unsupported() }

// HideFrom fails.
func HideFrom(int, int) (*HiddenFile, error) { return nil, unsupported() }

// Write fails.
func (*HiddenFile) Write([]byte) (int, error) { return 0, unsupported() }

// Fd returns an invalid descriptor.
func (*HiddenFile) Fd() uintptr { return ^uintptr(0) }

// Close does nothing.
func (*HiddenFile) Close() error { return nil }

// TryLock returns false.
func (*HiddenFile) TryLock() bool { return false }

// Unlock does nothing.
func (*HiddenFile) Unlock() {}

// ReadAll fails.
func (*HiddenFile) ReadAll() ([]byte, error) { return nil, unsupported() }

// Truncate fails.
func (*HiddenFile) Truncate() error { return unsupported() }

// Unhide does nothing.
func Unhide(int) {}

// HiddenFDs returns none.
func HiddenFDs() []int { return nil }

// ReservedFD returns false.
func ReservedFD(int) bool { return false }

// VacateFD returns true.
func VacateFD(int) bool { return true }

// OpenFDs returns none.
func OpenFDs() []int { return nil }

// Mmap returns -ENOSYS.
func Mmap(_, _ uintptr, _, _, _ int, _ int64) uintptr { return fail() }

// Munmap returns ENOSYS.
func Munmap(_, _ uintptr) int { return enosys }

// Mprotect returns ENOSYS.
func Mprotect(_, _ uintptr, _ int) int { return enosys }

// Mremap returns -ENOSYS.
func Mremap(_, _, _ uintptr, _ int, _ uintptr) uintptr { return fail() }

// Madvise returns ENOSYS.
func Madvise(_, _ uintptr, _ int) int { return enosys }

// ClockGettime reads CLOCK_REALTIME (0); ok is false for other clocks.
func ClockGettime(clock int32) (sec, nsec int64, ok bool) {
	t := time.Now()
	return t.Unix(), int64(t.Nanosecond()), clock == 0
}

// Auxv finds nothing.
func Auxv(uintptr) (v uintptr, ok bool) { return 0, false }

// Getcpu is not offered.
func Getcpu() (cpu, node uint32, ok bool) { return 0, 0, false }

// ReleaseSignals does nothing.
func ReleaseSignals() {}

// CanBarrier returns false.
func CanBarrier() bool { return false }

// Barrier is not called here.
func Barrier() { panic(bug()) }

// MapWords always fails.
func MapWords(int) []uint64 { return nil }

// ShareWords always fails.
func ShareWords(int) []uint64 { return nil }

// AddressOf is not called here.
func AddressOf([]uint64) uintptr { panic(bug()) }

// NewShared fails.
func NewShared(int) int { return -enosys }

// FileSize fails.
func FileSize(int) int64 { return -1 }

// CloseFD panics.
func CloseFD(int) { panic(bug()) }

// KeepOverExec panics.
func KeepOverExec(int, bool) { panic(bug()) }

// Alive panics.
func Alive(int) bool { panic(bug()) }

// BootTime panics.
func BootTime() int64 { panic(bug()) }

// Peer cannot be made here.
type Peer struct{ *HiddenFile }

// Meet fails.
func Meet(string) (*Peer, error) { return nil, unsupported() }

// Read fails.
func (*Peer) Read([]byte) (int, error) { return 0, unsupported() }
