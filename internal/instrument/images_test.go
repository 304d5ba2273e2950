//go:build linux

package instrument

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/internal/mem"
	"github.com/weir-emu/weir/plugin"
)

// A library's file is looked at when somebody asks, and only if it is still the one that was mapped.
func TestLibrariesLater(t *testing.T) {
	exe, err := os.ReadFile("/proc/self/exe") // an ELF file
	if err != nil {
		t.Fatal(err)
	}
	for _, replaced := range []bool{false, true} {
		for _, listening := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "lib")
			if err := os.WriteFile(path, exe, 0o666); err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			f := newFixture()
			f.images.setMain(mapped{})
			told := 0
			if listening {
				f.host("p").OnLibrary(func(*plugin.VCPU, plugin.Image) { told++ })
			}
			task := newTask(1)
			f.Registry.mapped(task, linux.Mapping{Addr: 1 << 30, Size: uint64(len(exe)), Prot: mem.ProtRead | mem.ProtExec, FD: int(file.Fd()), Path: path})
			if raw := f.images.list[1].raw != nil; raw == listening || listening != (told == 1) {
				t.Errorf("listening %v: looked at: %v, told %d times", listening, !raw, told)
			}
			if replaced {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, exe, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			libs := f.Libraries()
			if want := !replaced || listening; want != (len(libs) == 1) {
				t.Errorf("replaced %v, listening %v: %+v", replaced, listening, libs)
			}
			if len(libs) == 1 {
				if _, syms := f.images.at(libs[0].Start); (syms != nil) == replaced {
					t.Errorf("replaced %v: symbols: %v", replaced, syms != nil)
				}
			}
			f.unmapped(task, 0, 1<<40)
			if libs := f.Libraries(); len(libs) != 0 {
				t.Errorf("after unmapping: %+v", libs)
			}
		}
	}
}
