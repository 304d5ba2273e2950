//go:build linux

package linux

import (
	"encoding/binary"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

func TestExec(t *testing.T) {
	prog, err := testenv.BuildC(testenv.RISCV64, "internal/linux/testdata/exec.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range matrix {
		g.Path = prog
		if out, st := runGuest(t, g); !st.Success() {
			t.Errorf("jit %v window %v: %v\n%s", g.JIT, g.Window, st, out)
		}
	}
}

func TestStringBlock(t *testing.T) {
	argv, envp := []string{"prog", "", "x y"}, []string{"A=1"}
	b, at := stringBlock("/bin/prog", argv, envp)
	const base = 0x7000
	relocate(b, at, base)
	str := func(p uint64) string {
		s := b[p-base:]
		for i, c := range s {
			if c == 0 {
				return string(s[:i])
			}
		}
		return "no NUL"
	}
	if s := str(base); s != "/bin/prog" {
		t.Errorf("path %q", s)
	}
	for _, c := range []struct {
		off  int
		list []string
	}{{at.argv, argv}, {at.envp, envp}} {
		if c.off%8 != 0 {
			t.Errorf("pointers at %d", c.off)
		}
		for i, want := range c.list {
			if got := str(binary.LittleEndian.Uint64(b[c.off+8*i:])); got != want {
				t.Errorf("string %d: %q, want %q", i, got, want)
			}
		}
		if binary.LittleEndian.Uint64(b[c.off+8*len(c.list):]) != 0 {
			t.Error("no null pointer")
		}
	}
}
