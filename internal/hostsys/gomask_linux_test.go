//go:build linux && (amd64 || arm64)

package hostsys

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// blockedMask reads SigBlk of a thread of this process.
func blockedMask(t *testing.T, tid int) (m uint64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/status", tid))
	if err != nil {
		t.Skipf("the thread has ended: %v", err) // only threads of Go's, which rarely do
	}
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Sscanf(line, "SigBlk: %x", &m); err == nil {
			return m
		}
	}
	t.Fatalf("no SigBlk in %q", b)
	return 0
}

func TestMaskGo(t *testing.T) {
	mustInit(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	goMasked = false
	if e := SetAction(10, Catch, 0); e != 0 {
		t.Fatalf("SetAction: %d", e)
	}
	defer SetAction(10, Default, 0)
	want := GuestSignals & goBlocks
	self := Gettid()
	for _, tid := range numbersIn("/proc/self/task\x00") {
		if m := blockedMask(t, tid); tid != self && m&want != want {
			t.Errorf("thread %d does not block %#x", tid, want&^m)
		}
	}

	var wg sync.WaitGroup
	for range 20 { // new threads: they end with their goroutines
		wg.Go(func() {
			runtime.LockOSThread()
			if m := SigMask(); m&want != want {
				t.Errorf("a new thread does not block %#x", want&^m)
			}
			if m := SigMask(); m&(SigBit(sigURG)|SigBit(sigPROF)|Unblockable) != 0 {
				t.Errorf("a new thread blocks %#x", m)
			}
		})
	}
	wg.Wait()
}
