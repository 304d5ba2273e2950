//go:build linux

package programs

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// mode is one way to run a guest program.
type mode struct {
	name   string
	args   []string
	filter bool // under passfilter
	window bool // the guest's addresses are not the host's
	always bool // also without WEIR_TEST_LONG
}

// modes is the matrix {JIT, interpreter, one instruction per block} x {plain, with a filter that passes everything}, and the
// variants of the JIT's code.
var modes = []mode{
	{name: "jit", always: true},
	{name: "interpreter", args: []string{"-jit=off"}, always: true},
	{name: "one-insn", args: []string{"-one-insn-per-tb"}, always: true},
	{name: "jit-filter", filter: true, always: true},
	{name: "interpreter-filter", args: []string{"-jit=off"}, filter: true, always: true},
	{name: "one-insn-filter", args: []string{"-one-insn-per-tb"}, filter: true, always: true},
	{name: "baseline", args: []string{"-host=baseline"}, always: true},
	{name: "window", args: []string{"-window"}, window: true, always: true},
	{name: "window-filter", args: []string{"-window"}, window: true, filter: true},
	{name: "no-pairing", args: []string{"-pairing=off"}},
	{name: "small-cache", args: []string{smallCache}},
}

// smallCache is a code cache that a program of several threads does not fit into: a Go program needs about 1 MiB.
const smallCache = "-tb-size=256k"

// TestMatrixNative runs every program that this machine can run itself: the kernel is the reference.
func TestMatrixNative(t *testing.T) {
	for _, p := range testenv.Programs(t) {
		if p.Only != "" && p.Only != testenv.Native.Name {
			continue
		}
		t.Run(p.Title(), func(t *testing.T) {
			t.Parallel()
			wantOK(t, p, testenv.Missing(false, false), nil, p.Native(t))
		})
	}
}

// TestMatrix runs every program in every mode. internal/linux runs them in the one mode that is not here: interpreted in a window.
func TestMatrix(t *testing.T) {
	weir, filtered := testenv.Weir(t), passFilter(t)
	programs := testenv.Programs(t)
	for _, p := range programs {
		if p.Only != "" && p.Only != testenv.RISCV64.Name {
			continue
		}
		t.Run(p.Title(), func(t *testing.T) {
			guest := p.Guest(t)
			for _, m := range modes {
				if !long() && !m.always {
					continue
				}
				t.Run(m.name, func(t *testing.T) {
					t.Parallel()
					bin := weir
					if m.filter {
						bin = filtered
					}
					wantOK(t, p, testenv.Missing(m.window, m.filter), append([]string{bin}, m.args...), guest)
				})
			}
		})
	}
}

// TestSmallCache runs programs with threads, processes and changing code in a code cache that holds a part of their code.
func TestSmallCache(t *testing.T) {
	if long() {
		t.Skip("TestMatrix has all programs in that mode")
	}
	weir := testenv.Weir(t)
	for _, p := range testenv.Programs(t) {
		switch p.Title() {
		case "c/threads", "c/procs", "c/smc", "c/storm_mixed", "go/goroutines", "go/signals":
			t.Run(p.Title(), func(t *testing.T) {
				t.Parallel()
				wantOK(t, p, testenv.Missing(false, false), []string{weir, smallCache}, p.Guest(t))
			})
		}
	}
}

// wantOK runs a program, told what is missing, and wants the one line of one that passed.
func wantOK(t *testing.T, p testenv.Program, missing string, prefix []string, program string) {
	t.Helper()
	// Long enough for the interpreter on a busy machine.
	j := job{command: append(append(prefix, program), p.Args...), env: []string{missing}, timeout: 5 * time.Minute}
	if long() {
		j.timeout = 10 * time.Minute
	}
	r := run(t, j)
	if r.status != 0 || r.out != "ok "+p.Name+"\n" || r.errs != "" {
		t.Errorf("%s: status %d\n%s", strings.Join(j.command, " "), r.status, tail(r.both()))
	}
}

// TestPassFilterSees makes sure that the filter of the matrix is asked: its counts are those of the strace log.
func TestPassFilterSees(t *testing.T) {
	hello, err := testenv.BuildC(testenv.RISCV64, "test/bench/micro/hello.c")
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, job{command: []string{passFilter(t), "-strace", hello}, env: []string{"PASSFILTER_REPORT=1"}})
	if r.status != 0 {
		t.Fatalf("status %d\n%s", r.status, r.both())
	}
	m := regexp.MustCompile(`(\d+) calls, (\d+) returns`).FindStringSubmatch(r.errs)
	if m == nil {
		t.Fatalf("no report in\n%s", r.errs)
	}
	calls, _ := strconv.Atoi(m[1])
	returns, _ := strconv.Atoi(m[2])
	lines := len(regexp.MustCompile(`(?m)^(\[pid +\d+\] |\d+ )?[a-z_0-9]+\(`).FindAllString(r.errs, -1))
	// exit_group does not return.
	if calls == 0 || calls != lines || returns != calls-1 {
		t.Errorf("the filter saw %d calls and %d returns, strace %d\n%s", calls, returns, lines, r.errs)
	}
}

// TestModesAreDifferent makes sure that the options of the modes do something: the interpreter makes no code, and one
// instruction per block makes many more translations.
func TestModesAreDifferent(t *testing.T) {
	weir := testenv.Weir(t)
	hello, err := testenv.BuildC(testenv.RISCV64, "test/bench/micro/hello.c")
	if err != nil {
		t.Fatal(err)
	}
	count := func(what string, args ...string) int {
		r := run(t, job{command: append(append([]string{weir}, args...), "-d", what, hello)})
		if r.status != 0 {
			t.Fatalf("%v: status %d\n%s", args, r.status, tail(r.both()))
		}
		return strings.Count(r.errs, "---- OUT") + strings.Count(r.errs, "---- IN")
	}
	jit, interpreter := count("out_asm"), count("out_asm", "-jit=off")
	if jit == 0 || interpreter != 0 {
		t.Errorf("%d blocks of host code with the JIT, %d without", jit, interpreter)
	}
	blocks, insns := count("in_asm"), count("in_asm", "-one-insn-per-tb")
	if insns < 2*blocks {
		t.Errorf("%d blocks, %d with one instruction per block", blocks, insns)
	}
}
