//go:build linux

package programs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// straceLine is a whole line of a trace of several processes.
var straceLine = regexp.MustCompile(`^(\[pid +\d+\] )?([a-z_0-9]+\(.*( = .+|<unfinished \.\.\.>)|<\.\.\. [a-z_0-9]+ resumed>.*\) = .+|--- SIG.* ---|\+\+\+ .* \+\+\+)$`)

// TestStraceProcesses: processes that run at the same time leave each other's lines whole in their trace.
func TestStraceProcesses(t *testing.T) {
	weir, busybox := testenv.Weir(t), testenv.Busybox(t)
	r := run(t, job{command: []string{weir, "-strace", busybox, "sh", "-c", "for i in 1 2 3; do echo $i | cat | cat & done; wait; exec cat /dev/null"}})
	if r.status != 0 || len(strings.Fields(r.out)) != 3 {
		t.Fatalf("status %d, output %q", r.status, r.out)
	}
	count := map[string]int{}
	for line := range strings.Lines(r.errs) {
		line = strings.TrimSuffix(line, "\n")
		m := straceLine.FindStringSubmatch(line)
		switch {
		case m == nil || strings.Count(line, "[pid ") > 1:
			t.Errorf("not a whole line: %s", line)
		case m[3] == "<unfinished ...>":
			count["unfinished"]++
		case strings.Contains(line, " resumed>"):
			count["resumed"]++
		}
		if strings.Contains(line, "execve") && strings.HasSuffix(line, " = 0") {
			count["executed"]++
		}
		if strings.Contains(line, "+++ exited with 0 +++") {
			count["exited"]++
		}
	}
	// Three times echo, cat and cat, and a shell to wait for them; its pipelines are shells of their own or not.
	if count["unfinished"] != count["resumed"] || count["executed"] < 7 || count["exited"] < 10 {
		t.Errorf("%v\n%s", count, tail(r.errs))
	}
}
