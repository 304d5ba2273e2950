//go:build linux

package filter

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// S-33: a panicking filter is reported with plugin, event and syscall and ends
// the run with a status of its own.
func TestS33Panic(t *testing.T) {
	guest := testenv.GuestC(t, "filter")
	if os.Getenv("WEIR_TEST_PANIC") != "" {
		cfg := config(filter(plugin.Syscalls("getpid"), func(*plugin.Call) plugin.Verdict {
			var m map[string]int
			m["boom"]++ //lint:ignore SA5000 the panic that the test is about
			return plugin.Pass
		}))
		cfg.Path, cfg.Args = guest, []string{"calls", "1", call(nrGetpid)}
		p, err := weir.Start(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Fatalf("the guest ended with %v", p.Wait())
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestS33Panic$")
	cmd.Env = append(os.Environ(), "WEIR_TEST_PANIC=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var ee *exec.ExitError
	if !errors.As(err, &ee) || ee.ExitCode() != 124 {
		t.Errorf("ended with %v, want status 124\n%s", err, stderr.String())
	}
	line := stderr.String()
	for _, want := range []string{"plugin p0", "panic in syscall filter of getpid", "nil map", "panic_test.go:"} {
		if !strings.Contains(line, want) {
			t.Errorf("report %q lacks %q", line, want)
		}
	}
}
