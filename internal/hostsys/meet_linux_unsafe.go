//go:build linux && (amd64 || arm64)

package hostsys

import (
	"sync/atomic"
	"unsafe"
)

// Peer is a connection to another process that has called [Meet] with the same path. The guest does not see it. It
// belongs to one thread at a time.
type Peer struct{ *HiddenFile }

const (
	afUnix        = 1
	sockStream    = 1
	sockCloexec   = 0x80000
	msgNoSignal   = 0x4000
	eexist        = 17
	enoent        = 2
	econnRefused  = 111
	sunPathMax    = 108
	meetTries     = 100
	atRemoveNoDir = 0
)

// unixAddr is struct sockaddr_un (man 7 unix).
type unixAddr struct {
	family uint16
	path   [sunPathMax]byte
}

var meetings atomic.Int32

// Meet connects to the process that waits at a Unix socket, or makes the socket and waits for one. The
// socket is gone when the two have met; a dead one in its place is removed.
func Meet(path string) (*Peer, error) {
	temp := path + "." + itoa(Getpid()) + "." + itoa(int(meetings.Add(1)))
	var at, own unixAddr
	if !at.set(path) || !own.set(temp) {
		return nil, Error("the path of the socket is too long")
	}
	for range meetTries {
		fd := rawSyscall(SYS_SOCKET, afUnix, sockStream|sockCloexec, 0, 0, 0, 0)
		if IsErr(fd) {
			return nil, meetError("socket", fd)
		}
		r := rawSyscall(SYS_CONNECT, fd, addr(&at), unsafe.Sizeof(at), 0, 0, 0)
		if !IsErr(r) {
			return newPeer(fd)
		}
		if n := Errno(r); n != enoent && n != econnRefused {
			rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
			return nil, meetError("connect", r)
		}
		// A socket appears under its name only when it is listened on: one that refuses is dead.
		dead := Errno(r) == econnRefused
		listening, r := listen(fd, &own, &at, dead)
		if listening {
			n := ^uintptr(einter - 1)
			for IsErr(n) && Errno(n) == einter {
				n = RawSyscallBlocking(SYS_ACCEPT4, fd, 0, 0, sockCloexec, 0, 0)
			}
			unlink(&at)
			rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
			if IsErr(n) {
				return nil, meetError("accept", n)
			}
			return newPeer(n)
		}
		rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
		if Errno(r) != eexist {
			return nil, meetError("bind", r)
		}
	}
	return nil, Error("the socket cannot be had")
}

// listen has fd listen at at. The result is false with EEXIST if there is a socket by now.
func listen(fd uintptr, own, at *unixAddr, dead bool) (bool, uintptr) {
	unlink(own)
	if r := rawSyscall(SYS_BIND, fd, addr(own), unsafe.Sizeof(*own), 0, 0, 0); IsErr(r) {
		return false, r
	}
	defer unlink(own)
	if r := rawSyscall(SYS_LISTEN, fd, 1, 0, 0, 0, 0); IsErr(r) {
		return false, r
	}
	if dead && at.isSocket() {
		unlink(at)
	}
	r := rawSyscall(SYS_LINKAT, atFDCWD, addr(&own.path), atFDCWD, addr(&at.path), 0, 0)
	return !IsErr(r), r
}

const atFDCWD = ^uintptr(99)

func unlink(a *unixAddr) {
	rawSyscall(SYS_UNLINKAT, atFDCWD, addr(&a.path), atRemoveNoDir, 0, 0, 0)
}

func (a *unixAddr) set(path string) bool {
	a.family = afUnix
	return copy(a.path[:sunPathMax-1], path) == len(path)
}

// isSocket reports whether the file is a socket (struct statx, stx_mode at 28).
func (a *unixAddr) isSocket() bool {
	var buf [256]byte
	const statxMode, sIFMT, sIFSOCK = 2, 0o170000, 0o140000
	r := rawSyscall(SYS_STATX, atFDCWD, addr(&a.path), 0x100, statxMode|1, addr(&buf), 0)
	return !IsErr(r) && (uint16(buf[28])|uint16(buf[29])<<8)&sIFMT == sIFSOCK
}

func newPeer(fd uintptr) (*Peer, error) {
	h, err := Hide(int(fd))
	rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	return &Peer{h}, nil
}

func meetError(what string, r uintptr) error { return Error(what + ": errno " + itoa(Errno(r))) }

// Read reads what the other process has written, at least a byte. At the end it returns 0 bytes and an error.
func (p *Peer) Read(b []byte) (int, error) {
	for {
		n := RawSyscallBlocking(SYS_RECVFROM, p.Fd(), addr(unsafe.SliceData(b)), uintptr(len(b)), 0, 0, 0)
		switch {
		case IsErr(n) && Errno(n) == einter:
		case IsErr(n):
			return 0, meetError("read", n)
		case n == 0 && len(b) > 0:
			return 0, Error("the other process has ended")
		default:
			return int(n), nil
		}
	}
}

// Write writes b; it fails, without a signal, if the other process is gone.
func (p *Peer) Write(b []byte) (int, error) {
	for done := 0; done < len(b); {
		n := RawSyscallBlocking(SYS_SENDTO, p.Fd(), addr(&b[done]), uintptr(len(b)-done), msgNoSignal, 0, 0)
		switch {
		case IsErr(n) && Errno(n) == einter:
		case IsErr(n):
			return done, meetError("write", n)
		default:
			done += int(n)
		}
	}
	return len(b), nil
}
