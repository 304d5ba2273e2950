//go:build linux && (amd64 || arm64)

package hostsys

import (
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestHiddenDescriptors(t *testing.T) {
	mustInit(t)
	for _, fd := range HiddenFDs()[:2] {
		if fd < 40 || !ReservedFD(fd) {
			t.Errorf("the poller has descriptor %d", fd)
		}
	}
	if ReservedFD(0) || ReservedFD(3) || ReservedFD(-1) {
		t.Error("a free descriptor is reserved")
	}
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open := OpenFDs()
	if !slices.Contains(open, int(f.Fd())) {
		t.Errorf("%v lacks %d", open, f.Fd())
	}
	for _, fd := range open {
		if ReservedFD(fd) {
			t.Errorf("hidden descriptor %d is listed", fd)
		}
	}
	var l syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
	if l.Cur != startNofile.Cur || l.Max != startNofile.Max {
		t.Errorf("limit %v, at start %v", l, startNofile)
	}
}

// The runtime's poller goes on after its descriptors were moved for the guest.
func TestVacate(t *testing.T) {
	mustInit(t)
	for range 3 {
		for _, fd := range HiddenFDs()[:2] {
			if !VacateFD(fd) || ReservedFD(fd) {
				t.Fatalf("%d is still taken", fd)
			}
			if r := RawSyscall(SYS_FCNTL, uintptr(fd), fGetfd, 0, 0, 0, 0); Errno(r) != int(syscall.EBADF) {
				t.Errorf("%d is open", fd)
			}
		}
		// timers and pollable files
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() { time.Sleep(time.Millisecond); w.Write([]byte("x")) }()
		r.SetReadDeadline(time.Now().Add(10 * time.Second))
		var b [1]byte
		if _, err := r.Read(b[:]); err != nil {
			t.Error(err)
		}
		r.SetReadDeadline(time.Now().Add(2 * time.Millisecond))
		if _, err := r.Read(b[:]); !os.IsTimeout(err) {
			t.Error(err)
		}
		r.Close()
		w.Close()
		runtime.GC()
	}
}

func TestHideInvalid(t *testing.T) {
	mustInit(t)
	if _, err := Hide(-1); err == nil {
		t.Error("descriptor -1 was hidden")
	}
}
