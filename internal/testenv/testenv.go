// Package testenv hands tests and benchmarks the programs they run: guest programs compiled from test/guest, their
// native twins, Debian's riscv64 busybox, and the weir binary itself.
//
// Everything it builds is kept outside the tree, below [CacheDir], under a name that contains a hash of all that went
// into it: sources, headers, flags and compiler version. Test processes running at the same time may ask for the same
// program; each builds into a file of its own and renames it into place.
//
// A missing tool fails the test and names the command that mends it. It is never a reason to skip.
//
// The package knows nothing of how weir works and must not import any other package of the module. Start reading at
// [GuestC]; build.go has the same functions for callers that are not tests.
package testenv

import "testing"

// GuestC compiles test/guest/c/NAME.c for riscv64 (static, -O2) and returns the path of the program.
func GuestC(t testing.TB, name string) string {
	t.Helper()
	return must(t)(BuildC(RISCV64, "test/guest/c/"+name+".c"))
}

// NativeC compiles test/guest/c/NAME.c for this machine and returns the path of the program.
func NativeC(t testing.TB, name string) string {
	t.Helper()
	return must(t)(BuildC(Native, "test/guest/c/"+name+".c"))
}

// GuestGo cross-compiles the Go program in dir, a folder relative to the top of the tree such as
// "test/guest/go/files", for linux/riscv64 without cgo and returns the path of the program.
func GuestGo(t testing.TB, dir string) string {
	t.Helper()
	return must(t)(BuildGo(RISCV64, dir))
}

// NativeGo compiles the Go program in dir, relative to the top of the tree, for this machine.
func NativeGo(t testing.TB, dir string) string {
	t.Helper()
	return must(t)(BuildGo(Native, dir))
}

// Busybox returns the path of Debian's static riscv64 busybox.
func Busybox(t testing.TB) string {
	t.Helper()
	return must(t)(Debian("usr/bin/busybox"))
}

// Bash returns the path of Debian's static riscv64 bash.
func Bash(t testing.TB) string {
	t.Helper()
	return must(t)(Debian("usr/bin/bash-static"))
}

// Userland returns the riscv64 Debian root that scripts/setup-sysroot.sh unpacks, all of it with its option --all.
func Userland(t testing.TB, all bool) string {
	t.Helper()
	return must(t)(BuildUserland(all))
}

// Weir brings the project's binary up to date with "make build" and returns its absolute path. The environment variable
// WEIR_BIN names a binary to use instead, for example one built with the race detector.
func Weir(t testing.TB) string {
	t.Helper()
	return must(t)(BuildWeir())
}

// must returns a function that passes a path through and fails the test on an error.
func must(t testing.TB) func(string, error) string {
	return func(path string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatalf("testenv: %v", err)
		}
		return path
	}
}
