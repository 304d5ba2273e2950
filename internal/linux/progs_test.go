//go:build linux

package linux

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

func TestGuestPrograms(t *testing.T) {
	only := os.Getenv("WEIR_ONLY")
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "test/guest/c/*.c"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".c")
		if only != "" && !strings.Contains(","+only+",", ","+name+",") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			prog := testenv.GuestC(t, name)
			for _, g := range []guestRun{{JIT: true}, {JIT: false}, {JIT: true, Window: true}} {
				g.Path = prog
				out, st := runGuest(t, g)
				if !st.Success() {
					t.Errorf("jit %v window %v: %v\n%s", g.JIT, g.Window, st, out)
				}
			}
		})
	}
}
