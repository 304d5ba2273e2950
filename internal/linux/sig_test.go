//go:build linux

package linux

import (
	"testing"

	"github.com/weir-emu/weir/abi"
)

func infoOf(sig abi.Signal, tag byte) *sigInfo {
	var i sigInfo
	i.setSig(sig)
	i[20] = tag
	return &i
}

func TestQueue(t *testing.T) {
	p := &Process{}
	task := &Task{Proc: p}
	enqueue(&task.emu, infoOf(33, 1))
	enqueue(&task.emu, infoOf(33, 2)) // real-time signals queue
	enqueue(&task.emu, infoOf(abi.SIGSEGV, 3))
	enqueue(&task.emu, infoOf(abi.SIGSEGV, 4)) // standard ones do not
	enqueue(&p.shared, infoOf(32, 5))
	if _, ok := task.dequeue(sigBit(abi.SIGBUS)); ok {
		t.Error("a signal that is not queued")
	}
	for _, want := range []struct {
		set uint64
		sig abi.Signal
		tag byte
	}{{sigBit(33), 33, 1}, {^uint64(0), abi.SIGSEGV, 3}, {^uint64(0), 33, 2}, {^uint64(0), 32, 5}} {
		got, ok := task.dequeue(want.set)
		if !ok || got.sig() != want.sig || got[20] != want.tag {
			t.Errorf("got signal %d tag %d, want %d tag %d", got.sig(), got[20], want.sig, want.tag)
		}
	}
	if _, ok := task.dequeue(^uint64(0)); ok {
		t.Error("the queues are not empty")
	}
}

func TestIgnored(t *testing.T) {
	for _, tc := range []struct {
		a    sigAction
		sig  abi.Signal
		want bool
	}{
		{sigAction{handler: sigIgn}, abi.SIGTERM, true},
		{sigAction{}, abi.SIGTERM, false},
		{sigAction{}, abi.SIGCHLD, true},
		{sigAction{}, abi.SIGCONT, true},
		{sigAction{handler: 0x1000}, abi.SIGCHLD, false},
		{sigAction{}, abi.SIGSTOP, false},
		{sigAction{}, 64, false},
	} {
		if got := tc.a.ignored(tc.sig); got != tc.want {
			t.Errorf("%+v, signal %d: %v", tc.a, tc.sig, got)
		}
	}
}

func TestFaultRules(t *testing.T) {
	for _, tc := range []struct {
		name    string
		mask    uint64
		handler uint64
		killed  bool
	}{
		{"handler", 0, 0x4000, false},
		{"blocked", sigBit(abi.SIGSEGV), 0x4000, true},
		{"ignored", 0, sigIgn, true},
		{"default", 0, sigDfl, true},
	} {
		task, top := testTask(t)
		task.St.X[2] = top
		task.mask = tc.mask
		task.Proc.actions[abi.SIGSEGV].handler = tc.handler
		ran := task.fault(abi.SIGSEGV, 1, 0xdead000)
		if ran == tc.killed || task.Proc.ended != tc.killed {
			t.Errorf("%s: handler runs %v, process ended %v", tc.name, ran, task.Proc.ended)
		}
		if ran {
			addr, _ := task.Proc.Mem.ReadU64(task.St.X[2] + 16)
			if addr != 0xdead000 || task.mask&sigBit(abi.SIGSEGV) == 0 {
				t.Errorf("%s: si_addr %#x, mask %#x", tc.name, addr, task.mask)
			}
		}
	}
}
