//go:build linux

package linux

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

func TestSysroot(t *testing.T) {
	prog, err := testenv.BuildC(testenv.RISCV64, "internal/linux/testdata/sysroot.c")
	if err != nil {
		t.Fatal(err)
	}
	root, other := t.TempDir(), t.TempDir()
	only := filepath.Join(root, "only")
	for _, e := range []error{
		os.Mkdir(only, 0o777),
		os.WriteFile(filepath.Join(only, "here"), []byte("in the sysroot"), 0o666),
		os.Symlink("here", filepath.Join(only, "link")),
		os.Symlink("nowhere", filepath.Join(only, "dangling")),
	} {
		if e != nil {
			t.Fatal(e)
		}
	}
	for _, g := range matrix {
		g.Path, g.Sysroot = prog, root
		g.Argv = []string{prog, other}
		if out, st := runGuest(t, g); !st.Success() {
			t.Errorf("jit %v window %v: %v\n%s", g.JIT, g.Window, st, out)
		}
	}
}
