//go:build linux

package plugins

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

const howvecExact = `Instruction Classes:
Class: Loads                   	(111 hits)
Class: Stores                  	(110 hits)
Class: Cond branches           	(115 hits)
Class: System calls            	(1 hits)
Class: Returns                 	(10 hits)
Class: Calls                   	(10 hits)
Class: Moves, constants        	(20 hits)
Class: Add/Sub                 	(210 hits)
Class: Unclassified            	counted individually
`

func TestHowvec(t *testing.T) {
	for _, e := range engines {
		for _, inline := range []string{"on", "off"} {
			r := run(t, e.cfg, "exact", nil, bundle(t, "howvec,inline="+inline))
			if r.status != 0 || r.log != howvecExact {
				t.Errorf("%s, inline=%s: status %d\n%s\nwant\n%s", e.name, inline, r.status, r.log, howvecExact)
			}
		}
	}
	r := run(t, weir.Config{}, "exact", nil, bundle(t, "howvec,count=call,count=ret"))
	_, list, _ := strings.Cut(r.log, "Individual Instructions:\n")
	const want = `Instr: ret                     	(10 hits)	(op=0x00008067/Returns)
Instr: jal 0x10080             	(10 hits)	(op=0x060000ef/Calls)
`
	if list != want {
		t.Errorf("instructions:\n%s\nwant\n%s", list, want)
	}
}

// hits sums up a report of howvec.
func hits(t *testing.T, log string) (n uint64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^(?:Class|Instr): .*\t\((\d+) hits\)`).FindAllStringSubmatch(log, -1) {
		k, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	return n
}

// The classes of a C program with threads and everything add up to the instructions that another counter has seen.
func TestHowvecSum(t *testing.T) {
	for _, e := range engines[:2] {
		for _, args := range [][]string{{"work"}, {"threads", "6", "5"}, {"fault"}, {"signal"}} {
			var c counted
			r := run(t, e.cfg, "probe", args, bundle(t, "howvec"), c.counter())
			if n := hits(t, r.log); r.status != 0 || n != c.insns || n < 5000 {
				t.Errorf("%s %v: status %d, %d hits of %d\n%s", e.name, args, r.status, n, c.insns, r.log)
			}
		}
	}
}

// A forked child and its parent each report what they have executed; after an execve counting goes on, and a process that
// dies by a signal reports too.
func TestHowvecProcesses(t *testing.T) {
	guest := testenv.GuestC(t, "exact")
	r := command(t, "-plugin", "howvec", guest, "fork")
	reports := strings.Split(r.log, "Instruction Classes:\n")
	if r.status != 0 || len(reports) != 3 {
		t.Fatalf("fork: status %d\n%s", r.status, r.log)
	}
	if n := hits(t, reports[1]); n != 1+3*5+3 { // beq, jal and leaf, exit_group
		t.Errorf("the child has %d hits\n%s", n, reports[1])
	}
	const before = 2 + 500 + 1 + 70 + 3 // up to the branch to forks
	if n := hits(t, reports[2]); n != before+7+1+6+1+3 {
		t.Errorf("the parent has %d hits\n%s", n, reports[2])
	}
	r = command(t, "-plugin", "howvec", guest, "1", "exec")
	if n := hits(t, r.log); r.status != 0 || n != before+2+7+exactInsns {
		t.Errorf("exec: status %d, %d hits\n%s", r.status, n, r.log)
	}
	r = command(t, "-plugin", "howvec", guest, "1", "2", "3", "dies")
	if n := hits(t, r.log); r.signal != 15 || n != before+2+2+2+5 {
		t.Errorf("death: signal %d, %d hits\n%s", r.signal, n, r.log)
	}
}

func TestHowvecArguments(t *testing.T) {
	refuse(t, "howvec,count=nope", "count=nope: want all or a class")
}
