//go:build linux

package programs

import (
	"os"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// TestASLR starts programs many times: whatever addresses the kernel gives weir and weir gives the guest, each must load.
// The binaries are weir as it is built, linked high; as plain go build makes it, low, in the way of guests; and
// position independent.
func TestASLR(t *testing.T) {
	if v, err := os.ReadFile("/proc/sys/kernel/randomize_va_space"); err != nil || strings.TrimSpace(string(v)) == "0" {
		t.Fatalf("address space randomisation is off (%q, %v); set kernel.randomize_va_space=2", v, err)
	}
	static := must(t)(testenv.BuildC(testenv.RISCV64, "test/programs/c/aslr.c"))
	pie := must(t)(testenv.BuildC(testenv.RISCV64, "test/programs/c/aslrpie.c"))
	hellogo := testenv.GuestGo(t, "test/bench/micro/hellogo")
	want := strings.TrimSpace(run(t, job{command: []string{testenv.NativeGo(t, "test/bench/micro/hellogo")}}).out)

	starts := 100
	switch {
	case testing.Short():
		starts = 30
	case long():
		starts = 1000
	}
	for _, bin := range []struct{ name, path string }{
		{"high", testenv.Weir(t)},
		{"plain", build(t, "weir-plain", "./cmd/weir")},
		{"pie", build(t, "weir-pie", "./cmd/weir", "-buildmode=pie")},
	} {
		for _, guest := range []struct{ name, path, want string }{
			{"static", static, "ok 0x"}, {"static-pie", pie, "ok 0x"}, {"go", hellogo, want},
		} {
			t.Run(bin.name+"/"+guest.name, func(t *testing.T) {
				t.Parallel()
				seen := map[string]bool{}
				failed := 0
				for i := range starts {
					r := run(t, job{command: []string{bin.path, guest.path}})
					if r.status != 0 || !strings.HasPrefix(r.both(), guest.want) {
						t.Errorf("start %d of %d: status %d\n%s", i, starts, r.status, tail(r.both()))
						if failed++; failed == 3 {
							t.Fatal("no more starts")
						}
					}
					seen[r.out] = true
				}
				// The programs in C print addresses.
				if strings.HasPrefix(guest.want, "ok 0x") && len(seen) < starts/2 {
					t.Errorf("%d different layouts in %d starts", len(seen), starts)
				}
			})
		}
	}
}

// must returns a function that passes a path through and fails the test on an error.
func must(t testing.TB) func(string, error) string {
	return func(path string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
}
