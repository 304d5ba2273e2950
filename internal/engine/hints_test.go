package engine

import (
	"testing"

	"github.com/weir-emu/weir/internal/host"
)

// What a child notes is translated and linked before the next fork of the parent, and is not before. A new program
// starts without.
func TestHints(t *testing.T) {
	parent, _, _ := newFakeJIT(t, Config{}, 64<<10, sum)
	e := parent.e
	e.BeforeFork()
	if e.hints == nil {
		t.Skip("no generated code here")
	}
	run := func() {
		parent.s.PC, parent.s.X[1], parent.s.X[2] = fakeBase, 3, 0
		if x := parent.Run(); x.Kind != Syscall || parent.s.X[2] != 6 {
			t.Fatalf("%+v x2 %d", x, parent.s.X[2])
		}
	}
	e.AfterForkChild(parent) // the same process plays the child
	run()
	made := e.Stats()
	if n := e.hints.n.Load(); n == 0 || uint64(n) != made.Translated {
		t.Fatalf("%d hints of %d translations", n, made.Translated)
	}
	e.noteTo.Store(nil) // the parent again, which has translated nothing
	e.Flush()
	e.BeforeFork()
	if s := e.Stats(); s.Translated != 2*made.Translated || s.Blocks != made.Blocks || s.Links < 2*made.Links || made.Links == 0 {
		t.Errorf("before the fork: %+v; the child had %+v", s, made)
	}
	before := e.Stats()
	run()
	if s := e.Stats(); s.Translated != before.Translated || s.Links != before.Links {
		t.Errorf("after: %+v, was %+v", s, before)
	}
	if n := e.hints.n.Load(); n != 0 {
		t.Errorf("%d hints are left", n)
	}

	for i := range 1000 { // more than there is room for, and nonsense
		e.hints.note(uint64(i)<<40, host.Mode(i))
	}
	e.BeforeFork()
	run()
	e.NewProgram()
	if e.hints != nil || e.Stats().Blocks != 0 {
		t.Errorf("a new program: hints %v, %+v", e.hints, e.Stats())
	}
	run()
}
