//go:build linux && (amd64 || arm64)

package hostsys

import (
	"os"
	"runtime"
	"strconv"
	"testing"
)

func TestIsWorker(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	name := "/proc/self/task/" + strconv.Itoa(Gettid()) + "/comm"
	old, err := os.ReadFile(name)
	if err != nil {
		t.Skip(err)
	}
	defer os.WriteFile(name, old, 0)
	defer func(v uint32) { workers = v }(workers)
	for _, c := range []struct {
		name   string
		flag   uint32
		worker bool
	}{{"iou-wrk-123", 1, true}, {"iou-sqp-123", 1, true}, {"iou-wrk-123", 0, false}, {"weir", 1, false}, {"iou-x", 1, false}} {
		if err := os.WriteFile(name, []byte(c.name), 0); err != nil {
			t.Fatal(err)
		}
		workers = c.flag
		if got := isWorker(uint32(Gettid())); got != c.worker {
			t.Errorf("%s, with workers %d: %v", c.name, c.flag, got)
		}
	}
	workers = 1
	if isWorker(1 << 30) {
		t.Error("a thread that does not exist is a worker")
	}
}
