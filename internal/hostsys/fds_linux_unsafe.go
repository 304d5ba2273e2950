//go:build linux && (amd64 || arm64)

package hostsys

import (
	"math/bits"
	"runtime"
	"unsafe"
)

//go:linkname pollServerInit internal/poll.runtime_pollServerInit
func pollServerInit()

//go:linkname isPollDescriptor internal/poll.runtime_isPollServerDescriptor
func isPollDescriptor(fd uintptr) bool

// The runtime's variables for its two network poller descriptors
// (runtime/netpoll_epoll.go), found in the code of isPollDescriptor.
var (
	netpollEp *int32   // runtime.epfd
	netpollEv *uintptr // runtime.netpollEventFd; its address is the epoll data of the eventfd
)

const (
	fdCloexec     = 1
	fGetfd        = 1
	fDupfdCloexec = 1030
	oCloexec      = 0x80000
	oNonblock     = 0x800
	epollCtlAdd   = 1
	epollIn       = 1
	rlimitNofile  = 7

	// Hidden descriptors lie just below hiddenTop or the limit. Numbers from 64 on would
	// make the kernel enlarge the descriptor table, for which it waits milliseconds
	// when threads share the table (fs/file.c, expand_fdtable).
	hiddenTop  = 64
	hiddenRoom = 16
)

// rlimit is struct rlimit64 of prlimit64(2).
type rlimit struct{ Cur, Max uint64 }

// startNofile is the limit on descriptors that the process was started with. Package syscall raises it when it is
// initialised; in a program that was not linked with this package's entry point this is what it has made of it.
var startNofile = firstNofile()

func firstNofile() rlimit {
	if entered != 0 {
		return entryNofile
	}
	return readNofile()
}

func readNofile() (l rlimit) {
	rawSyscall(SYS_PRLIMIT64, 0, rlimitNofile, 0, addr(&l), 0, 0)
	return l
}

// initFDs starts the network poller and moves its descriptors out of the guest's sight.
func initFDs() error {
	if !locateNetpoll() {
		return &InitError{What: "this Go runtime keeps its network poller elsewhere (" + runtime.Version() + ")"}
	}
	low := hiddenLow() + hiddenRoom - 2
	taken := takeBelow(low)
	pollServerInit()
	for ; taken != 0; taken &= taken - 1 {
		rawSyscall(SYS_CLOSE, uintptr(bits.TrailingZeros64(taken)), 0, 0, 0, 0, 0)
	}
	ep, ev := int(*netpollEp), int(*netpollEv)
	if ep < 0 || ev <= 0 || !isPollDescriptor(uintptr(ep)) || !isPollDescriptor(uintptr(ev)) || isPollDescriptor(uintptr(ep+ev+1)) {
		return &InitError{What: "the Go runtime's network poller was not recognised (" + runtime.Version() + ")"}
	}
	if ep < low {
		moveFD(ep, low)
	}
	if ev < low {
		moveFD(ev, low)
	}
	if !isPollDescriptor(uintptr(*netpollEp)) || !isPollDescriptor(*netpollEv) {
		return &InitError{What: "moving the network poller's descriptors had no effect"}
	}
	dropCgroupFDs()
	// What package syscall raised is the guest's again.
	if now := readNofile(); now != startNofile && now.Max == startNofile.Max {
		rawSyscall(SYS_PRLIMIT64, 0, rlimitNofile, addr(&startNofile), 0, 0, 0)
	}
	return nil
}

// takeBelow opens a descriptor at each free number below low, so that what is opened next lies
// higher. It returns their set. To move the poller's descriptors afterwards is not safe: the
// runtime's monitor thread may be about to use the old number.
func takeBelow(low int) (taken uint64) {
	first := rawSyscall(SYS_EVENTFD2, 0, oCloexec, 0, 0, 0, 0)
	for n := first; !IsErr(n); n = rawSyscall(SYS_FCNTL, first, fDupfdCloexec, 0, 0, 0, 0) {
		if int(n) >= min(low, 64) {
			rawSyscall(SYS_CLOSE, n, 0, 0, 0, 0, 0)
			break
		}
		taken |= 1 << n
	}
	return taken
}

// moveFD gives the poller's descriptor fd another number, at least low: for a poller that was in
// use before [Init]. An epoll instance keeps a descriptor's registration as long as its open file lives.
func moveFD(fd, low int) bool {
	n := rawSyscall(SYS_FCNTL, uintptr(fd), fDupfdCloexec, uintptr(low), 0, 0, 0)
	if IsErr(n) {
		return false
	}
	if fd == int(*netpollEp) {
		*netpollEp = int32(n)
	} else {
		*netpollEv = n
	}
	rawSyscall(SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0)
	return true
}

// dropCgroupFDs closes the files from which the runtime adapts GOMAXPROCS to the
// cgroup's limit, and turns that off. The build line of the Makefile does so at link time.
// They have the lowest numbers that were free at start, and are marked close-on-exec,
// which no inherited descriptor can be.
func dropCgroupFDs() {
	const prefix = "/sys/fs/cgroup/"
	path := [...]byte{'/', 'p', 'r', 'o', 'c', '/', 's', 'e', 'l', 'f', '/', 'f', 'd', '/', 0, 0}
	off := false
	for fd := uintptr(3); fd < 10; fd++ {
		r := rawSyscall(SYS_FCNTL, fd, fGetfd, 0, 0, 0, 0)
		if IsErr(r) && !off {
			return
		}
		if r != fdCloexec {
			continue
		}
		var link [len(prefix)]byte
		path[len(path)-2] = byte('0' + fd)
		n := rawSyscall(SYS_READLINKAT, ^uintptr(99), addr(&path), addr(&link), uintptr(len(link)), 0, 0)
		if IsErr(n) || string(link[:n]) != prefix {
			continue
		}
		if !off {
			off = true
			runtime.GOMAXPROCS(runtime.GOMAXPROCS(0)) // marks the value as chosen
		}
		rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	}
}

// forkNetpoll gives a forked child an epoll instance and an eventfd of its own, at the same
// numbers, or at new ones if the descriptor table is shared. The counter is 1 so that
// a wake-up under way at the fork is not lost.
//
//go:nosplit
func forkNetpoll(shared bool) {
	ep := rawSyscall(SYS_EPOLL_CREATE1, oCloexec, 0, 0, 0, 0, 0)
	ev := rawSyscall(SYS_EVENTFD2, 1, oCloexec|oNonblock, 0, 0, 0, 0)
	if IsErr(ep) || IsErr(ev) {
		return // no descriptors: the parent's serve, with wake-ups to the wrong process
	}
	if shared {
		*netpollEp, *netpollEv = forkHigh(ep), uintptr(forkHigh(ev))
	} else {
		rawSyscall(SYS_DUP3, ep, uintptr(*netpollEp), oCloexec, 0, 0, 0)
		rawSyscall(SYS_CLOSE, ep, 0, 0, 0, 0, 0)
		rawSyscall(SYS_DUP3, ev, *netpollEv, oCloexec, 0, 0, 0)
		rawSyscall(SYS_CLOSE, ev, 0, 0, 0, 0, 0)
	}
	*(*uint32)(unsafe.Pointer(&forkEv)) = epollIn
	*(*uint64)(unsafe.Add(unsafe.Pointer(&forkEv), epollData)) = uint64(uintptr(unsafe.Pointer(netpollEv)))
	rawSyscall(SYS_EPOLL_CTL, uintptr(*netpollEp), epollCtlAdd, *netpollEv, uintptr(unsafe.Pointer(&forkEv)), 0, 0)
}

//go:nosplit
func forkHigh(fd uintptr) int32 {
	n := rawSyscall(SYS_FCNTL, fd, fDupfdCloexec, hiddenTop-hiddenRoom, 0, 0, 0)
	if IsErr(n) {
		return int32(fd)
	}
	rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	return int32(n)
}
