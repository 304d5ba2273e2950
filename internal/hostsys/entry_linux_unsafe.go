//go:build linux && (amd64 || arm64)

package hostsys

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
)

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
