//go:build linux

package plugins

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// inLockstep runs two commands that meet.
func inLockstep(t *testing.T, a, b []string) (r [2]result) {
	t.Helper()
	testenv.Weir(t) // built before there is somebody to wait
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	done := make(chan result)
	args := []string{"-seed", "1", "-plugin", "lockstep,verbose=on,sockpath=" + path}
	go func() { done <- command(t, append(args[:4:4], a...)...) }()
	r[1] = command(t, append(args[:4:4], b...)...)
	r[0] = <-done
	return r
}

func TestLockstepAgrees(t *testing.T) {
	exact, probe := testenv.GuestC(t, "exact"), testenv.GuestC(t, "probe")
	for _, tc := range []struct {
		a, b []string
		log  string
	}{
		// Blocks of "exact": what a jump leads to, or follows one that was not taken.
		{[]string{exact}, []string{exact}, "Executed 136/136 blocks\n"},
		{[]string{"-jit=off", exact}, []string{"-one-insn-per-tb", exact}, "Executed 136/136 blocks\n"},
		{[]string{probe, "work"}, []string{"-jit=off", probe, "work"}, "Executed "},
		{[]string{exact, "1", "2", "faults"}, []string{"-jit=off", exact, "1", "2", "faults"}, "Executed "},
		{[]string{exact, "fork"}, []string{exact, "fork"}, "Executed "},
		{[]string{exact, "1", "exec"}, []string{exact, "1", "exec"}, "Executed "},
	} {
		r := inLockstep(t, tc.a, tc.b)
		if r[0] != r[1] || r[0].status != 0 || !strings.HasPrefix(r[0].log, tc.log) || strings.Count(r[0].log, "\n") != 1 {
			t.Errorf("%v and %v:\n%+v\n%+v", tc.a, tc.b, r[0], r[1])
		}
	}
	dies := []string{exact, "1", "2", "3", "dies"}
	if r := inLockstep(t, dies, dies); r[0] != r[1] || r[0].signal != 15 || !strings.HasPrefix(r[0].log, "Executed ") {
		t.Errorf("%+v", r)
	}
}

// Other input leads elsewhere: both say where, and stop before the next system call.
func TestLockstepDiverges(t *testing.T) {
	exact := testenv.GuestC(t, "exact")
	r := inLockstep(t, []string{exact, "fork"}, []string{exact})
	// One goes to forks, the other has not taken the branch.
	const there, here, insns = "0x00000000000100c0", "0x0000000000010038", "(576)"
	const previously = `  previously @ 0x000000000001002c/3 (573 insns)
  previously @ 0x0000000000010024/2 (571 insns)
  previously @ 0x0000000000010080/4 (567 insns)
  previously @ 0x0000000000010020/1 (566 insns)
  previously @ 0x0000000000010024/2 (564 insns)
`
	want := [2]string{
		"@ " + there + " vs " + here + " (1/0 since last)\nΔ insn_count @ " + there + " " + insns + " vs " + here + " " + insns + "\n" + previously,
		"@ " + here + " vs " + there + " (1/0 since last)\nΔ insn_count @ " + here + " " + insns + " vs " + there + " " + insns + "\n" + previously,
	}
	if r[0].status != 1 || r[1].status != 1 || (r[0].log != want[0] || r[1].log != want[1]) {
		t.Errorf("%+v\n%+v\nwant\n%s\n%s", r[0], r[1], want[0], want[1])
	}

	// A run that is killed is told of by the other.
	r = inLockstep(t, []string{"-plugin", "stoptrigger,icount=300:9", exact}, []string{exact})
	if r[0].status != 9 || r[1].status != 1 || strings.Count(r[1].log, "\n") < 1 {
		t.Errorf("%+v\n%+v", r[0], r[1])
	}
	refuse(t, "lockstep", "sockpath=PATH is required")
	refuse(t, "lockstep,sockpath=/nowhere/s", "/nowhere/s: bind: errno 2")
}
