//go:build linux && (amd64 || arm64)

package hostsys

import (
	"runtime"
	"testing"
)

// Children whose threads come later: by themselves, when something needs them, or in a child of the child.
func TestReviveLater(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustInit(t)
	st := bound(t, nil)
	defer free(st)
	was := reviveDelay
	lateRevive = true
	defer func() { lateRevive, reviveDelay = false, was }()
	const (
		never = 1000 // seconds: only Settle or Fork bring the threads
		soon  = 0
	)
	late := 0
	for i := range 24 {
		reviveDelay = [2]int64{soon, int64(i%5) * 300000}
		if i%4 != 0 {
			reviveDelay[0] = never
		}
		pid := Fork(st, sigCHLD)
		if pid == 0 {
			status := 0
			if reviveState != reviveNone {
				status = 1
			}
			switch i % 4 {
			case 1: // no thread is needed
				ExitProcess(status)
			case 2:
				Settle()
			case 3:
				if child := Fork(st, sigCHLD); child != 0 {
					if ws := waitFor(t, int(child)); !ws.Exited() || ws.ExitStatus() > 1 {
						ExitProcess(98)
					}
					if reviveState != reviveNone {
						ExitProcess(97)
					}
				}
				Settle()
			}
			if !goWork(true) {
				ExitProcess(99)
			}
			ExitProcess(status)
		}
		ws := waitFor(t, int(pid))
		if !ws.Exited() || ws.ExitStatus() > 1 {
			t.Fatalf("%d: status %#x", i, ws)
		}
		late += ws.ExitStatus()
	}
	if late == 0 && canReviveLate {
		t.Error("no child was late")
	}
}
