//go:build linux && arm64

package hostsys

import (
	"runtime"
	_ "unsafe" // for linkname
)

// What this package knows of the Go runtime's threads on arm64: without cgo TPIDR_EL0 is not used, and stays 0
// (a thread inherits it from the one that makes it, which is never locked to a goroutine); g is in
// R28, and g.m leads to m.procid.

//go:linkname getm runtime.getm
func getm() uintptr

func getG() uintptr

var (
	gmOff     uintptr // offset of m in a g
	procidOff uintptr // offset of procid in an m

	vdsoLo, vdsoHi uintptr // where the vDSO's code is, which can have R28 in use
)

const (
	auxPagesz      = 6 // getauxval(3)
	auxSysinfoEhdr = 33

	vdsoRoom = 1 << 16 // the vDSO has two pages of code on all kernels so far
)

// checkThread checks the spare register and the page size, and finds g.m and m.procid.
func checkThread() error {
	if v, ok := Auxv(auxPagesz); ok && v != pageSize {
		return &InitError{What: "its pages have " + itoa(int(v)) + " bytes, and guests need a kernel with pages of 4096"}
	}
	if v, ok := Auxv(auxSysinfoEhdr); ok && v != 0 {
		vdsoLo, vdsoHi = v, v+vdsoRoom
	}
	if getSlot() != 0 {
		return &InitError{What: "the thread register of this Go runtime is in use (" + runtime.Version() + ")"}
	}
	if !findProcid() {
		return &InitError{What: "m.procid of this Go runtime was not found (" + runtime.Version() + ")"}
	}
	return nil
}

// findProcid looks for m in g and for the thread ID in m.
func findProcid() bool {
	g, m, tid := getG(), getm(), uint64(Gettid())
	for gmOff = 8; *(*uintptr)(hostPointer(g + gmOff)) != m; gmOff += 8 {
		if gmOff == 128 {
			return false
		}
	}
	for procidOff = 8; *(*uint64)(hostPointer(m + procidOff)) != tid; procidOff += 8 {
		if procidOff == 256 {
			return false
		}
	}
	return true
}

// setProcid tells the runtime the ID of the calling thread.
//
//go:nosplit
func setProcid(tid uint64) {
	m := *(*uintptr)(hostPointer(getG() + gmOff))
	*(*uint64)(hostPointer(m + procidOff)) = tid
}

// mayBeEmulated makes Init look for an emulator's threads: running arm64 programs under qemu is usual, where an
// arm64 machine is not at hand. It costs some microseconds.
const mayBeEmulated = true

// The interrupted registers in a ucontext (arch/arm64/include/uapi/asm/sigcontext.h).
const (
	ucPC     = 440
	ucResult = 184       // x0
	ucArg3   = 184 + 2*8 // x2

	saRestorer = 0 // the kernel brings its own
)

const (
	epollData  = 8 // in struct epoll_event
	oDirectory = 0o040000
)
