//go:build linux

package linux

import (
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

func TestHello(t *testing.T) {
	prog, err := testenv.BuildC(testenv.RISCV64, "test/bench/micro/hello.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, jit := range []bool{false, true} {
		for _, win := range []bool{false, true} {
			out, st := runGuest(t, guestRun{Path: prog, JIT: jit, Window: win})
			t.Logf("jit %v window %v: %q %v", jit, win, out, st)
		}
	}
}
