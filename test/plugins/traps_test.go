//go:build linux

package plugins

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

func TestTraps(t *testing.T) {
	const head = "VCPU, interrupts, exceptions, hostcalls\n"
	for _, e := range engines[:2] {
		// rt_sigaction, then four faults with their rt_sigreturn.
		r := run(t, e.cfg, "exact", []string{"1", "2", "faults"}, bundle(t, "traps"))
		if want := head + "   0,          0,          4,          5\n"; r.status != 0 || r.log != want {
			t.Errorf("%s: faults: status %d\n%swant\n%s", e.name, r.status, r.log, want)
		}
		r = run(t, e.cfg, "probe", []string{"signal"}, bundle(t, "traps"))
		if !strings.HasPrefix(r.log, head+"   0,          1,          0,") {
			t.Errorf("%s: signal: status %d\n%s", e.name, r.status, r.log)
		}
		r = run(t, e.cfg, "probe", []string{"threads", "3", "1"}, bundle(t, "traps"))
		if n := strings.Count(r.log, "\n"); r.status != 0 || n < 3 || n > 5 {
			t.Errorf("%s: threads: status %d\n%s", e.name, r.status, r.log)
		}
	}
	// The child has the clone's return and ends in its first call; the parent has the return of clone and wait4.
	r := command(t, "-plugin", "traps", testenv.GuestC(t, "exact"), "fork")
	const want = head + "   0,          0,          0,          1\n" + head + "   0,          0,          0,          2\n"
	if r.status != 0 || r.log != want {
		t.Errorf("fork: status %d\n%swant\n%s", r.status, r.log, want)
	}
	r = command(t, "-plugin", "traps", testenv.GuestC(t, "exact"), "1", "2", "3", "dies")
	if want := head + "   0,          0,          0,          2\n"; r.signal != 15 || r.log != want {
		t.Errorf("death: signal %d\n%swant\n%s", r.signal, r.log, want)
	}
}

func TestTrapsArguments(t *testing.T) { refuse(t, "traps,x=1", `unknown argument "x": it takes none`) }
