//go:build linux

package tree

import (
	"os"
	"testing"
)

func TestTracees(t *testing.T) {
	b := Create()
	if b == nil {
		t.Skip("the host makes no shared memory")
	}
	me := os.Getpid()
	if b.AnyTraced() {
		t.Error("a new board has tracees")
	}
	if _, ok := b.Tracee(5000001); ok {
		t.Error("found what is not there")
	}
	x, ok := b.Trace(5000001, 5000000, me, me)
	if !ok || x.TID() != 5000001 || x.PID() != 5000000 || x.Tracer() != me || x.By() != me || x.State() != TraceRunning || !b.AnyTraced() {
		t.Fatalf("%+v %v", x, ok)
	}
	if _, ok := b.Trace(5000001, 5000000, me, me); ok {
		t.Error("traced twice")
	}
	y, _ := b.Trace(5000002, 5000000, me, me)
	seen := map[int]bool{}
	for z := range b.Tracees(me) {
		seen[z.TID()] = true
	}
	if len(seen) != 2 || !seen[x.TID()] || !seen[y.TID()] {
		t.Error(seen)
	}

	x.SetState(TraceStopped, 0x57f)
	x.SetMessage(7)
	x.SetInfo([]byte("info"))
	x.AddAttn(AttnAttach)
	x.AddAttn(AttnInterrupt)
	if x.State() != TraceStopped || x.Status() != 0x57f || x.Reported() || x.Told() || x.Message() != 7 {
		t.Error("state")
	}
	x.SetReported()
	x.SetTold()
	if !x.Reported() || !x.Told() {
		t.Error("reported")
	}
	if a := x.Attn(); a != AttnAttach|AttnInterrupt || x.Attn() != 0 {
		t.Error("attention", a)
	}
	var info [4]byte
	if x.Info(info[:]); string(info[:]) != "info" {
		t.Error(info)
	}

	if _, ok := x.Asked(); ok {
		t.Error("asked for nothing")
	}
	want := Request{Op: -3, Addr: 1 << 60, Data: 9}
	x.Ask(want)
	if _, ok := x.Answered(); ok {
		t.Error("answered by nobody")
	}
	if r, ok := x.Asked(); !ok || r != want {
		t.Error(r, ok)
	}
	x.Respond(-5)
	if r, ok := x.Answered(); !ok || r != -5 {
		t.Error(r, ok)
	}

	x.Free()
	if _, ok := b.Tracee(5000001); ok {
		t.Error("freed and there")
	}
	if z, ok := b.Trace(5000001, 5000000, me, me); !ok || z.Message() != 0 || z.Seized() || z.Options() != 0 {
		t.Error("a new one has something of the old")
	}
	// They are not endless, and what is left of those whose tracer is gone makes room.
	n := 0
	for ; ; n++ {
		if _, ok := b.Trace(6000000+n, 6000000, me, me); !ok {
			break
		}
	}
	if n != tracees-2 {
		t.Error(n)
	}
	y.Orphan()
	y.SetState(TraceGone, 9)
	if _, ok := b.Trace(7000000, 7000000, me, me); !ok {
		t.Error("no room after one has gone")
	}
}
