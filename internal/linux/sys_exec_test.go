//go:build linux

package linux

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/weir-emu/weir/abi"
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

// Programs for the host's CPU are executed by the host or refused.
func TestExecNative(t *testing.T) {
	prog, err := testenv.BuildC(testenv.RISCV64, "internal/linux/testdata/native.c")
	if err != nil {
		t.Fatal(err)
	}
	native, err := testenv.BuildC(testenv.Native, "internal/linux/testdata/answer.c")
	if err != nil {
		t.Fatal(err)
	}
	allow := []SeccompFilter{{Program: []byte{6, 0, 0, 0, 0, 0, 0xff, 0x7f}}}
	for _, c := range []struct {
		name    string
		deny    bool
		confine []SeccompFilter
		want    abi.Errno
	}{{"allow", false, nil, 0}, {"deny", true, nil, abi.ENOEXEC}, {"confined by seccomp", false, allow, abi.EACCES}} {
		g := guestRun{Path: prog, Argv: []string{prog, native, strconv.Itoa(int(c.want))}, JIT: true, Deny: c.deny, Seccomp: c.confine}
		if out, st := runGuest(t, g); !st.Success() {
			t.Errorf("%s: %v\n%s", c.name, st, out)
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
