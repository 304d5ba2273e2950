//go:build linux

package linux

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// Every self-checking program of test/guest/c passes, interpreted in a window. test/programs runs them in all other modes.
func TestGuestPrograms(t *testing.T) {
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
		if name == "filter" || name == "start" {
			// filter takes a task as its argument; the filter's tests run it. start needs the entry point that
			// only weir itself is linked with.
			continue
		}
		t.Run(name, func(t *testing.T) {
			prog := testenv.GuestC(t, name)
			if out, st := runGuest(t, guestRun{Window: true, Path: prog}); !st.Success() {
				t.Errorf("%v\n%s", st, out)
			}
		})
	}
}
