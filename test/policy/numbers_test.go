//go:build linux

package policy

import (
	"path/filepath"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// Descriptor numbers that the policy has are the program's if it wants them.
func TestNumbers(t *testing.T) {
	weir := testenv.Weir(t)
	prog, err := testenv.BuildC(testenv.RISCV64, "test/policy/guest/numbers.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{weir, prog}, {weir, "-learn", filepath.Join(t.TempDir(), "profile.json"), prog}} {
		if out, status := output(t, t.TempDir(), nil, command...); status != 0 || out != "ok\n" {
			t.Errorf("%v: status %d\n%s", command, status, out)
		}
	}
}
