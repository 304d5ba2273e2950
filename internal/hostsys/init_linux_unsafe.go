//go:build linux && (amd64 || arm64)

package hostsys

import (
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// neverPreempts is 1 if Go's runtime sends its threads no preemption signals, as the build line that has [entry] says too.
// Then none can get lost in a fork, and a child is spared a signal for each of its threads.
var neverPreempts uint32

var initOnce = sync.OnceValue(initialise)

// Init checks every fact about the Go runtime that this package rests on, hides the runtime's
// descriptors and installs the handlers for faults. Call it before anything else here; it is
// done once. The error is an [*InitError] that says which fact does not hold.
//
// A guest's main thread must have tid == pid: lock the main goroutine to its thread in an init function
// of package main (runtime.LockOSThread) and run the guest's first thread on it.
func Init() error { return initOnce() }

func initialise() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := checkThread(); err != nil {
		return err
	}
	if !locateMask() {
		return &InitError{What: "the signal mask of this Go runtime's new threads was not found (" + runtime.Version() + ")"}
	}
	start, first, last, end := addrUC()
	if start >= first || first >= last || last >= end || end-start > 1<<14 {
		return &InitError{What: "the linker has reordered assembly functions"}
	}
	if !findWindows() {
		return &InitError{What: "the system call window was not found"}
	}
	if godebug, _ := syscall.Getenv("GODEBUG"); entered != 0 && !strings.Contains(godebug, "asyncpreemptoff") {
		neverPreempts = 1
	}
	lateRevive = oneProc != 0 && !allProcs.Load()
	if err := initFDs(); err != nil {
		return err
	}
	var segv kernelAction
	if rawSyscall(SYS_RT_SIGACTION, sigSEGV, 0, addr(&segv), 8, 0, 0) != 0 || segv.handler <= sigIgn {
		return &InitError{What: "the Go runtime does not handle SIGSEGV"}
	}
	goHandler[sigSEGV] = segv.handler
	fault, _, park, _ := addrHandlers()
	for _, sig := range [...]int{sigSEGV, sigBUS, sigILL, sigFPE, sigTRAP} {
		if e := sigaction(sig, ownAction(fault, saRestart)); e != 0 {
			return &InitError{"cannot install the handler of signal " + itoa(sig), e}
		}
	}
	if e := sigaction(SigInternal, ownAction(park, saRestart)); e != 0 {
		return &InitError{"cannot install the handler of signal " + itoa(SigInternal), e}
	}
	if mayBeEmulated {
		findForeign()
	}
	return nil
}
