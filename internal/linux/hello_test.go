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
	for _, g := range matrix {
		g.Path = prog
		if out, st := runGuest(t, g); out != "hello\n" || !st.Success() {
			t.Errorf("jit %v window %v: %q, %v", g.JIT, g.Window, out, st)
		}
	}
}
