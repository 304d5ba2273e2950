//go:build linux && (amd64 || arm64)

package hostsys

import (
	"sync"
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
)

// Memory of one guest thread, upwards: guard page, private host stack, State,
// hostArea. The State lies above the stack, so the words above StackTop that an
// unwinder may read are mapped.
const (
	pageSize   = 4096
	stackSize  = 1 << 20
	stackSlack = 512
	stateSize  = offArea + (unsafe.Sizeof(hostArea{})+pageSize-1)&^(pageSize-1)
	threadSize = pageSize + stackSize + stateSize

	maxFreeStates = 16
)

var freeStates struct {
	sync.Mutex
	n    int
	list [maxFreeStates]*cpu.State
}

// NewState returns the context of a new guest thread: zero but for what
// [cpu.State.Reset] sets and the private stack of 1 MiB, which is empty and has
// an inaccessible page below StackLo. It is outside the Go heap; free it with
// [FreeState]. The error is an [Error] (memory).
func NewState() (*cpu.State, error) {
	var st *cpu.State
	freeStates.Lock()
	if freeStates.n > 0 {
		freeStates.n--
		st = freeStates.list[freeStates.n]
	}
	freeStates.Unlock()
	if st == nil {
		p := rawSyscall(SYS_MMAP, 0, threadSize, protRead|protWrite, mapPrivate|mapAnonymous|mapNoreserve, ^uintptr(0), 0)
		if IsErr(p) {
			return nil, Error("no memory for a guest thread (errno " + itoa(Errno(p)) + ")")
		}
		if r := rawSyscall(SYS_MPROTECT, p, pageSize, 0, 0, 0, 0); IsErr(r) {
			rawSyscall(SYS_MUNMAP, p, threadSize, 0, 0, 0, 0)
			return nil, Error("cannot protect the end of a host stack (errno " + itoa(Errno(r)) + ")")
		}
		st = (*cpu.State)(hostPointer(p + pageSize + stackSize))
		// The stack's top, the State and the first page of its jump cache are about to be
		// touched: one call instead of a fault per page (Linux 5.14; else no matter).
		rawSyscall(SYS_MADVISE, uintptr(unsafe.Pointer(st))-2*pageSize, 2*pageSize+cpu.OffJumpCache+pageSize, madvPopulateWrite, 0, 0, 0)
	} else {
		clear(unsafe.Slice((*byte)(unsafe.Pointer(st)), cpu.OffJumpCache))
		st.ClearJumpCache()
		*area(st) = hostArea{}
	}
	st.StackLo = uint64(uintptr(unsafe.Pointer(st)) - stackSize)
	st.StackTop = uint64(uintptr(unsafe.Pointer(st)) - stackSlack)
	st.StackSP = st.StackTop
	st.ResetFresh()
	return st, nil
}

// FreeState gives the memory of a State back. No thread may be bound to it.
func FreeState(st *cpu.State) {
	freeStates.Lock()
	if freeStates.n < maxFreeStates {
		freeStates.list[freeStates.n] = st
		freeStates.n++
		st = nil
	}
	freeStates.Unlock()
	if st != nil {
		p := uintptr(unsafe.Pointer(st)) - stackSize - pageSize
		rawSyscall(SYS_MUNMAP, p, threadSize, 0, 0, 0, 0)
	}
}

// maxGuestTids bounds the guest threads that a signal of Go's is tried on.
const maxGuestTids = 64

// guestTids lists thread IDs of bound threads for handlers; 0 = free.
var guestTids [maxGuestTids]uint32

// Bind makes st the context of the calling thread, which must be locked to its
// goroutine. From then on host signals of the guest's are queued in st; the
// caller must set the thread's mask or have done so, as the
// thread may have blocked the guest's signals while it was Go's.
func Bind(st *cpu.State) {
	tid := Gettid()
	area(st).Tid = uint64(tid)
	for i := range guestTids {
		if cas32p(&guestTids[i], 0, uint32(tid)) {
			break
		}
	}
	setSlot(uintptr(unsafe.Pointer(st)))
}

// Unbind ends what Bind began. A signal that st has queued is lost, so a dying
// thread should block the guest's signals first.
func Unbind(st *cpu.State) {
	setSlot(0)
	tid := uint32(area(st).Tid)
	area(st).Tid = 0
	for i := range guestTids {
		if cas32p(&guestTids[i], tid, 0) {
			break
		}
	}
}

// setSlot and getSlot access the word that is the thread's own, 0 on Go's threads
// (slot_linux_*.s).
func setSlot(v uintptr)
func getSlot() uintptr

// hostPointer turns the address of memory outside the Go heap into a pointer.
//
//go:nosplit
func hostPointer(a uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&a)) }
