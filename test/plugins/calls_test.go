//go:build linux

package plugins

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

// masked replaces what differs from run to run.
func masked(s string) string {
	s = regexp.MustCompile(`(?m)^\d+ `).ReplaceAllString(s, "TID ")
	return regexp.MustCompile(`\+0x[0-9a-f]+$`).ReplaceAllString(regexp.MustCompile(`(?m)\+0x[0-9a-f]+$`).ReplaceAllString(s, ""), "")
}

func TestCalls(t *testing.T) {
	r := run(t, weir.Config{}, "hooks", []string{"answer"}, bundle(t, "calls,func=hk_*"))
	if want := "TID hk_fact(n=2) <- main\nTID   hk_fact(n=1) <- hk_fact\nTID   hk_fact = 1\nTID hk_fact = 2\n"; r.status != 0 || masked(r.log) != want {
		t.Errorf("%d, %s", r.status, masked(r.log))
	}
	r = run(t, weir.Config{}, "hooks", []string{"answer"}, bundle(t, "calls,func=*hooks*!hk_fact,args=off,caller=off,func=nothing"))
	if want := "TID hk_fact\nTID   hk_fact\nTID   hk_fact returns\nTID hk_fact returns\n"; r.status != 0 || masked(r.log) != want {
		t.Errorf("%d, %s", r.status, masked(r.log))
	}
	refuse(t, "calls", "func=GLOB")
}

// Processes have files of their own.
func TestCallsProcesses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c")
	if r := command(t, "-plugin", "calls,func=hk_*,file="+file, testenv.GuestC(t, "hooks"), "family"); r.status != 0 || r.log != "" {
		t.Fatalf("%+v", r)
	}
	names, err := filepath.Glob(file + "*")
	if err != nil || len(names) != 4 {
		t.Fatalf("%q, %v", names, err)
	}
	lines := 0
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(b), "\n")
	}
	if lines != 2*(3+4+2+2)+1 { // hk_exec does not return
		t.Errorf("%d lines", lines)
	}
}

// Functions of shared libraries, and of a program that can be loaded anywhere, with a demangled name.
func TestCallsDynamic(t *testing.T) {
	dir := t.TempDir()
	src, prog, lib := filepath.Join(dir, "d.c"), filepath.Join(dir, "d"), filepath.Join(dir, "libhk.so")
	build := func(text string, args ...string) {
		t.Helper()
		if err := os.WriteFile(src, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(testenv.RISCV64.CC, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	// What a compiler of C++ would call hk::thrice.
	const thrice = "long thrice(long n) __asm__(\"_ZN2hk6thriceEl\");\n"
	build(thrice+"long thrice(long n) { return n * 3; }\n", "-O1", "-g", "-fPIC", "-shared", "-o", lib, src)
	build(thrice+"unsigned long strlen(const char *);\nint main(int c, char **v) { return thrice(c) + strlen(v[c - 1]) - 4; }\n",
		"-O1", "-g", "-fPIE", "-pie", "-fno-builtin", "-o", prog, src, lib, "-Wl,-rpath,"+dir)
	const root = "/usr/riscv64-linux-gnu"
	if _, err := os.Stat(root + "/lib/ld-linux-riscv64-lp64d.so.1"); err != nil {
		t.Skip("no dynamic loader of the cross compiler: ", err)
	}
	r := command(t, "-L", root, "-plugin", "calls,func=hk::thrice(long),func=libc.so*!strlen", prog, "a", "four")
	want := regexp.MustCompile(`^TID hk::thrice\(long\)\(n=3\) <- main\nTID hk::thrice\(long\) = 9\n(TID strlen\(.*\n)*TID strlen\(0x[0-9a-f]+, 0x[0-9a-f]+, 0x[0-9a-f]+, 0x[0-9a-f]+, \.\.\.\) <- main\nTID strlen = 0x4\n$`)
	if got := masked(r.log); r.status != 9 || !want.MatchString(got[max(strings.Index(got, "TID hk::"), 0):]) {
		t.Errorf("status %d\n%s", r.status, got)
	}
}
