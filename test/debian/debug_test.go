//go:build linux

package debian

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestStrace traces a shell and its children by the guest's own strace.
func TestStrace(t *testing.T) {
	long(t)
	r := run(t, program{all: true, args: []string{"/usr/bin/strace", "-f", "-e", "trace=execve,exit_group,close", "/usr/bin/bash", "-c", "/usr/bin/true | /usr/bin/cat; /usr/bin/false; exit 5"}})
	if r.status != 5 {
		t.Errorf("status %d", r.status)
	}
	for _, want := range []string{
		`execve\("/usr/bin/bash", .*\) = 0`, `Process \d+ attached`, `execve\("/usr/bin/(true|cat)", .*`, `exit_group\(1\)`,
		`\+\+\+ exited with 1 \+\+\+`, `--- SIGCHLD \{si_signo=SIGCHLD, si_code=CLD_EXITED,`, `exit_group\(5\) += \?\n\+\+\+ exited with 5 \+\+\+\n$`,
	} {
		if !regexp.MustCompile(want).MatchString(r.errs) {
			t.Errorf("no %s in\n%s", want, tail(r.errs))
		}
	}
}

// TestGDB debugs a program: a breakpoint with a condition, frames, the end of a function, a watchpoint, steps.
func TestGDB(t *testing.T) {
	long(t)
	dir := t.TempDir()
	source := `#include <stdio.h>
int fact(int n) {
	if (n <= 1)
		return 1;
	return n * fact(n - 1);
}
int global = 3;
int main(void) {
	global = fact(5);
	printf("fact %d\n", global);
	return 4;
}
`
	if err := os.WriteFile(filepath.Join(dir, "f.c"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	want(t, program{all: true, dir: dir, args: []string{"/usr/bin/gcc", "-g", "-O0", "f.c", "-o", "f"}}, "")
	args := []string{"/usr/bin/gdb", "-q", "-batch", "-nx"}
	for _, c := range []string{
		"set debuginfod enabled off", "break fact if n == 3", "run", "backtrace 3", "print n * 7", "finish", "delete", "watch global", "continue",
		"next", "stepi", "print $pc != 0", "print $fa0", "delete", "set var global = 77", "continue",
	} {
		args = append(args, "-ex", c)
	}
	r := run(t, program{all: true, dir: dir, args: append(args, filepath.Join(dir, "f"))})
	at := 0
	for _, want := range []string{
		"Breakpoint 1, fact (n=3)", "#1 ", "in fact (n=4)", "#2 ", "in fact (n=5)", "$1 = 21", "Value returned is $2 = 6",
		"Old value = 3", "New value = 120", "$3 = 1", "$4 = ", "exited with code 04",
	} {
		i := strings.Index(r.out[at:], want)
		if i < 0 {
			t.Fatalf("no %q where it was expected, status %d\n%s%s", want, r.status, tail(r.out), tail(r.errs))
		}
		at += i + len(want)
	}
}
