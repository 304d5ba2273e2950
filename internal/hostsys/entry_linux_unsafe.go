//go:build linux && (amd64 || arm64)

package hostsys

import (
	"runtime"
	"sync/atomic"
)

// entry is the program's entry point: see the assembly file.
//
//lint:ignore U1000 the linker refers to it
func entry()

// What entry has found. The Go runtime opens /dev/null on descriptors 0 to 2 that are closed, installs handlers for
// nearly all ignored signals, and package syscall raises the limit on descriptors.
var (
	entered      uint32 // entry has run
	startClosed  uint32 // set of descriptors from 0 to 2
	startIgnored uint64 // set of signals
	entryNofile  rlimit // of descriptors
	oneProc      uint32 // entry has put GOMAXPROCS=1 into the environment
)

// startProcs is the variable that entry adds.
const startProcs = "GOMAXPROCS=1"

// StartEnv returns an environment without what entry has added to it.
func StartEnv(env []string) []string {
	for oneProc != 0 && len(env) > 0 && env[len(env)-1] == startProcs {
		env = env[:len(env)-1]
	}
	return env
}

var allProcs atomic.Bool

// UseAllProcs lets Go code run on all processors. Until then, in a program with this package's entry point, it runs on one: a
// guest with one thread needs no more, and the fewer threads Go starts, the sooner a program starts
// and the less there is to park and make anew in a fork. The garbage collector has its turns while the guest
// runs its own code. It must be called before anything that runs beside a guest's first thread.
func UseAllProcs() {
	if oneProc != 0 && !allProcs.Swap(true) {
		lateRevive = false
		runtime.GOMAXPROCS(runtime.NumCPU())
	}
}

// StartIgnored returns the set of signals that were ignored when the process started. ok is false in a
// program that was not linked with this package's entry point: there a signal's present action tells as much as can be known.
func StartIgnored() (set uint64, ok bool) { return startIgnored, entered != 0 }

// CloseStart closes the standard descriptors that were closed when the process started. A guest has to see it; Go code that
// opens files before would get their numbers.
func CloseStart() {
	for fd := range 3 {
		if startClosed&(1<<fd) != 0 {
			rawSyscall(SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0)
		}
	}
	startClosed = 0
}

// GrowStack makes the calling goroutine's stack as large as running a guest takes: on a goroutine that does nothing yet it costs
// less than growing step by step.
func GrowStack()
