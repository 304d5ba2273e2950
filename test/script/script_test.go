//go:build linux

// Package script runs the command-line stories: testdata/*.txtar, one file per topic.
// In a story, weir is the project's binary, $GUEST a riscv64 Go program
// (test/script/guest) and $HELLO a static C one. "status N CMD..." runs a
// command that must end with status N, or 128+S for signal S.
package script

import (
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/weir-emu/weir/internal/testenv"
)

func TestScripts(t *testing.T) {
	// A signal that is ignored (nohup, a shell's background job) stays ignored in the programs; one that is caught does not.
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
	weir := testenv.Weir(t)
	guest := testenv.GuestGo(t, "test/script/guest")
	hello, err := testenv.BuildC(testenv.RISCV64, "test/bench/micro/hello.c")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(weir)+string(os.PathListSeparator)+os.Getenv("PATH"))
			e.Setenv("WEIR", weir)
			e.Setenv("GUEST", guest)
			e.Setenv("HELLO", hello)
			return programs(guest, e.WorkDir)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status, "oneline": oneLine, "jsonarray": jsonArray, "distinct": distinct, "jitdump": jitDump,
		},
		RequireExplicitExec: true,
	})
}

// programs makes files that are no programs for weir, each in its own way.
func programs(guest, dir string) error {
	good, err := os.ReadFile(guest)
	if err != nil {
		return err
	}
	native, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	arm := append([]byte(nil), good[:4096]...)
	const machine = 18 // offset of e_machine
	arm[machine], arm[machine+1] = byte(elf.EM_AARCH64), 0
	for name, b := range map[string][]byte{
		"good": good, "native": native, "arm64": arm, "truncated": good[:40], "headers-only": good[:64], "half": good[:len(good)/2],
		"empty": {}, "text": []byte("just text\n"),
		"script": []byte("#!" + guest + " args\n"), "script-none": []byte("#!/nowhere/sh\n"),
		"script-self": []byte("#!./script-self\n"), "script-loop": []byte("#!./script-self\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o755); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "noexec"), good, 0o644)
}

// status runs a command and compares its exit status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N CMD [ARGS]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var ee *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &ee):
		if ws, ok := ee.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			got = 128 + int(ws.Signal())
		} else {
			got = ee.ExitCode()
		}
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("status %d, want %d", got, want)
	}
}

// oneLine checks that the last command's standard error is one line that begins with "weir: ".
func oneLine(ts *testscript.TestScript, neg bool, _ []string) {
	s := ts.ReadFile("stderr")
	if ok := strings.HasPrefix(s, "weir: ") && strings.Count(s, "\n") == 1 && strings.HasSuffix(s, "\n"); ok == neg {
		ts.Fatalf("standard error is %q, want one line of weir's", s)
	}
}

// distinct checks that no line of a file is there twice.
func distinct(ts *testscript.TestScript, neg bool, args []string) {
	seen := map[string]bool{}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if seen[line] && !neg {
			ts.Fatalf("%s has %q twice", args[0], line)
		}
		seen[line] = true
	}
}

// jitDump checks that a file is a jitdump with at least N pieces of code
// (tools/perf/Documentation/jitdump-specification.txt).
func jitDump(ts *testscript.TestScript, neg bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	le := binary.LittleEndian
	const header, prefix = 40, 56
	if neg || len(b) < header || le.Uint32(b) != 0x4a695444 || le.Uint32(b[4:]) != 1 || le.Uint32(b[8:]) != header || le.Uint32(b[12:]) != uint32(elf.EM_X86_64) {
		ts.Fatalf("header % x", b[:min(len(b), header)])
	}
	pid := le.Uint32(b[20:])
	n, last := 0, le.Uint64(b[24:])
	for b = b[header:]; len(b) > 0; n++ {
		if len(b) < prefix || le.Uint32(b) != 0 || uint64(le.Uint32(b[4:])) > uint64(len(b)) {
			ts.Fatalf("record %d: % x", n, b[:min(len(b), prefix)])
		}
		rec := b[:le.Uint32(b[4:])]
		b = b[len(rec):]
		name, code, ok := strings.Cut(string(rec[prefix:]), "\x00")
		if at := le.Uint64(rec[8:]); at < last || !ok || !strings.HasPrefix(name, "guest_0x") {
			ts.Fatalf("record %d: time %d after %d, name %q", n, at, last, name)
		} else {
			last = at
		}
		if le.Uint32(rec[16:]) != pid || le.Uint64(rec[24:]) != le.Uint64(rec[32:]) || le.Uint64(rec[40:]) != uint64(len(code)) || le.Uint64(rec[48:]) != uint64(n+1) {
			ts.Fatalf("record %d: % x", n, rec[:prefix])
		}
		if strings.Trim(code, "\x00") == "" {
			ts.Fatalf("record %d: no code", n)
		}
	}
	if n < want {
		ts.Fatalf("%d pieces of code, want %d", n, want)
	}
}

// jsonArray checks that the last command's standard output is a JSON array of at least N objects.
func jsonArray(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var list []struct {
		Number *int
		Name   string
		Level  string
		Args   []struct{ Name, Kind string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &list))
	if neg || len(list) < want {
		ts.Fatalf("%d objects, want at least %d", len(list), want)
	}
	for _, o := range list {
		if o.Number == nil || o.Name == "" || o.Level == "" {
			ts.Fatalf("incomplete: %+v", o)
		}
		for _, a := range o.Args {
			if a.Name == "" || a.Kind == "" {
				ts.Fatalf("%s: argument %+v", o.Name, a)
			}
		}
	}
}
