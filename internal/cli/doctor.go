package cli

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/weir-emu/weir/internal/doctor"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/launch"
)

// verbDoctor prints what internal/doctor finds, a line for each fact. The status is 1 if
// guests cannot run.
func verbDoctor(c *command, args []string) int {
	if status, ok := c.noArgs("doctor", args); !ok {
		return status
	}
	status := 0
	for _, f := range doctor.Check(c.host()) {
		fmt.Fprintln(c.stdout, f)
		if f.Level == doctor.Fail {
			status = statusUsage
		}
	}
	return status
}

// host is the machine that weir runs on.
func (c *command) host() *doctor.Host {
	exe, _ := os.Executable()
	return &doctor.Host{
		OS: runtime.GOOS, Arch: runtime.GOARCH, Env: c.env, Running: exe,
		Read: func(name string) (string, error) {
			b, err := os.ReadFile(name)
			return string(b), err
		},
		List: func(dir string) (names []string, err error) {
			list, err := os.ReadDir(dir)
			for _, e := range list {
				names = append(names, e.Name())
			}
			return names, err
		},
		LookPath: exec.LookPath, Init: hostsys.Init, MapExec: mapExec, Free: free,
		Guest: doctor.Guest{
			Name: launch.GuestName, Machine: guestMachine, Sysroot: defaultSysroot,
			Loaders: []string{"/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1"},
		},
	}
}

// Flags of mmap(2).
const (
	protRWX           = 7
	mapPrivate        = 0x2
	mapAnonymous      = 0x20
	mapNoReserve      = 0x4000
	mapFixedNoReplace = 0x100000
)

// mapExec tries to map memory as the code cache is.
func mapExec() error {
	at := hostsys.Mmap(0, guestPage, protRWX, mapPrivate|mapAnonymous|mapNoReserve, -1, 0)
	if hostsys.IsErr(at) {
		return fmt.Errorf("errno %d", hostsys.Errno(at))
	}
	hostsys.Munmap(at, guestPage)
	return nil
}

// free reports whether nothing is mapped at host addresses.
func free(lo, hi uint64) bool {
	at := hostsys.Mmap(uintptr(lo), uintptr(hi-lo), 0, mapPrivate|mapAnonymous|mapNoReserve|mapFixedNoReplace, -1, 0)
	if hostsys.IsErr(at) {
		return false
	}
	hostsys.Munmap(at, uintptr(hi-lo))
	return uint64(at) == lo
}
