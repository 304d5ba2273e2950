//go:build linux && amd64

package engine

import (
	"fmt"
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/hostsys"
)

const defaultCodeSize = 64 << 20

// mapCode maps a code cache of size bytes: private and anonymous, so that a fork copies it,
// and writable and executable at once, as flipping its protection costs more than
// translating. Pages cost nothing until used.
func mapCode(size int) ([]byte, uintptr, error) {
	const (
		protRWX          = 7
		privateAnonymous = 0x22
		noReserve        = 0x4000
	)
	r := hostsys.Mmap(0, uintptr(size), protRWX, privateAnonymous|noReserve, -1, 0)
	if hostsys.IsErr(r) {
		return nil, 0, fmt.Errorf("cannot map %d bytes of executable memory (errno %d); try -tb-size, or -jit=off", size, hostsys.Errno(r))
	}
	// The address of memory outside the Go heap as a pointer.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&r)), size), r, nil
}

// useHost fills in what cfg leaves open about the host, and registers where
// faults of generated code go.
func (cfg *Config) useHost(size int) (err error) {
	cfg.Code, cfg.CodeBase, err = mapCode(size)
	cfg.Enter = hostsys.Enter
	return err
}

func unmapCode(code []byte, base uintptr) {
	hostsys.RawSyscall(hostsys.SYS_MUNMAP, base, uintptr(len(code)), 0, 0, 0, 0)
}

// populateCode has the kernel provide pages of the code cache in one go. Where it cannot (Linux before 5.14, no
// memory), they come by page faults as ever.
func populateCode(addr uintptr, size int) {
	const madvPopulateWrite = 23
	hostsys.Madvise(addr, uintptr(size), madvPopulateWrite)
}

// dropJumpCache clears the jump cache of a State that hostsys has made by giving its memory back.
func dropJumpCache(s *cpu.State) bool {
	const madvDontneed = 4
	at, size := uintptr(unsafe.Pointer(&s.JumpCache)), unsafe.Sizeof(s.JumpCache)
	if at%pageSize != 0 || size%pageSize != 0 || hostsys.Madvise(at, size, madvDontneed) != 0 {
		return false
	}
	s.ResetFresh()
	return true
}

// mapHints maps a page that forked children share. It returns nil if there is no memory.
func mapHints() *hints {
	const protRW, sharedAnonymous = 3, 0x21
	r := hostsys.Mmap(0, unsafe.Sizeof(hints{}), protRW, sharedAnonymous, -1, 0)
	if hostsys.IsErr(r) {
		return nil
	}
	return *(**hints)(unsafe.Pointer(&r))
}

func unmapHints(h *hints) { hostsys.Munmap(uintptr(unsafe.Pointer(h)), unsafe.Sizeof(*h)) }

func registerFaults(s host.Stubs) { hostsys.SetFaultExit(s.Fault) }
