//go:build linux

package plugins

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

// stackRow is where the address of a page of the stack stands, which is another in each run.
var stackRow = regexp.MustCompile(`(?m)^0x0000[1-9a-f][0-9a-f]{11},`)

func TestHotpagesGolden(t *testing.T) {
	const (
		head  = "Addr, RCPUs, Reads, WCPUs, Writes\n"
		data  = "0x0000000000020000, 0x0001, 100, 0x0001, 100\n"
		leaf  = "0x0000000000022000, 0x0001, 10, 0x0001, 10\n"
		stack = "STACK, 0x0001, 1, 0x0000, 0\n"
	)
	for spec, want := range map[string]string{
		"hotpages":                head + data + leaf + stack,
		"hotpages,sortby=address": head + stack + leaf + data,
	} {
		for _, interpret := range []bool{false, true} {
			r := run(t, weir.Config{Interpret: interpret}, "exact", nil, bundle(t, spec))
			if got := stackRow.ReplaceAllString(r.log, "STACK,"); got != want {
				t.Errorf("interpret=%v %s:\n%s", interpret, spec, r.log)
			}
		}
	}
}

// The sums over all pages are what another plugin counts access by access.
func TestHotpagesSum(t *testing.T) {
	for _, args := range [][]string{{"work"}, {"threads", "4", "20"}} {
		var c counted
		r := run(t, weir.Config{}, "probe", args, c.counter(), bundle(t, "hotpages,limit=1000000"))
		var reads, writes, cpus uint64
		for line := range strings.Lines(r.log) {
			var addr, rc, rn, wc, wn uint64
			if _, err := fmt.Sscanf(line, "0x%x, 0x%x, %d, 0x%x, %d", &addr, &rc, &rn, &wc, &wn); err == nil {
				reads, writes, cpus = reads+rn, writes+wn, cpus|rc|wc
			}
		}
		if r.status != 0 || reads == 0 || reads != c.loads || writes != c.stores || (cpus == 1) != (args[0] == "work") {
			t.Errorf("%s: %d reads, %d writes by %b; want %d, %d", args, reads, writes, cpus, c.loads, c.stores)
		}
	}
}

func TestHotpagesProcesses(t *testing.T) {
	exact := testenv.GuestC(t, "exact")
	r := command(t, "-plugin", "hotpages", exact, "1")
	const child = "Addr, RCPUs, Reads, WCPUs, Writes\n0x0000000000022000, 0x0001, 3, 0x0001, 3\n"
	if r.status != 0 || !strings.HasPrefix(r.log, child+"Addr") || !strings.Contains(r.log, "0x0000000000020000, 0x0001, 100, 0x0001, 100\n") {
		t.Errorf("fork: %+v", r)
	}
	if r := command(t, "-plugin", "hotpages", exact, "2", ""); r.status != 0 || !strings.Contains(r.log, "0x0000000000020000, 0x0001, 100, 0x0001, 100\n") {
		t.Errorf("exec: %+v", r)
	}
	if r := command(t, "-plugin", "hotpages", exact, "4", "", "", ""); r.signal != 15 || !strings.Contains(r.log, "0x0000000000022000, 0x0001, 10, 0x0001, 10\n") {
		t.Errorf("SIGTERM: %+v", r)
	}
	refuse(t, "hotpages,sortby=pages", "sortby=pages")
}
