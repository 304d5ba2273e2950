// Package guest_test runs every self-checking guest program, first natively, which checks the programs against the kernel,
// then under weir in all its modes, which checks weir against the programs.
package guest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// modes are the ways weir runs a program. With -short only the first is tested.
var modes = []struct {
	name string
	args []string
}{
	{"jit", nil},
	{"interpreter", []string{"-jit=off"}},
	{"one-insn-per-tb", []string{"-one-insn-per-tb"}},
}

// timeout is long enough for the interpreter on a busy machine; a program that hangs is the failure it is for.
const timeout = 5 * time.Minute

func TestNative(t *testing.T) {
	for _, p := range testenv.Programs(t) {
		if p.Only != "" && p.Only != testenv.Native.Name {
			continue
		}
		t.Run(p.Title(), func(t *testing.T) { check(t, p, p.Native(t)) })
	}
}

func TestEmulated(t *testing.T) {
	weir := testenv.Weir(t)
	for i, mode := range modes {
		if i > 0 && testing.Short() {
			break
		}
		t.Run(mode.name, func(t *testing.T) {
			for _, p := range testenv.Programs(t) {
				if p.Only != "" && p.Only != testenv.RISCV64.Name {
					continue
				}
				t.Run(p.Title(), func(t *testing.T) {
					check(t, p, append(append([]string{weir}, mode.args...), p.Guest(t))...)
				})
			}
		})
	}
}

// check runs a command and wants the one line of a program that passed.
func check(t *testing.T, p testenv.Program, command ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	command = append(command, p.Args...)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	cmd.WaitDelay = 5 * time.Second // a child that outlives the program must not keep its pipe
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s: no end after %v\n%s", strings.Join(command, " "), timeout, out)
	}
	if err != nil || string(out) != "ok "+p.Name+"\n" {
		t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}
