//go:build linux

package plugins

import (
	"os"
	"syscall"
	"testing"

	"github.com/weir-emu/weir"
)

// signalOf is the signal that ended a process.
func signalOf(s *os.ProcessState) syscall.Signal { return s.Sys().(syscall.WaitStatus).Signal() }

// exactInsns is how many instructions "exact" executes without arguments: 100 rounds of 5, 10 calls of 3+4, and
// what is around them.
const exactInsns = 2 + 100*5 + 1 + 10*(3+4) + 11 + 3

// The counts that the tests rest on, in both engines.
func TestExact(t *testing.T) {
	for _, interpret := range []bool{false, true} {
		var c counted
		if r := run(t, weir.Config{Interpret: interpret}, "exact", nil, c.counter()); r.status != 0 || r.signal != 0 {
			t.Fatalf("%+v", r)
		}
		if c.insns != exactInsns || c.loads != 100+10+1 || c.stores != 100+10 {
			t.Errorf("interpret=%v: %+v, want %d instructions", interpret, c, exactInsns)
		}
	}
}
