package hostsys

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// One side of Dekker's protocol without a barrier of its own, the other with Barrier: never do both miss the other.
func TestBarrier(t *testing.T) {
	mustInit(t)
	if !CanBarrier() {
		t.Skip("the kernel has no membarrier")
	}
	const rounds = 500
	var round, done atomic.Uint32
	var x, y, sawX, sawY uint32 // x and y are written without a barrier
	px, py := &x, &y
	go func() {
		for n := uint32(1); n <= rounds; n++ {
			for round.Load() != n {
				runtime.Gosched()
			}
			*py = n
			sawX = atomic.LoadUint32(px)
			done.Store(n)
		}
	}()
	for n := uint32(1); n <= rounds; n++ {
		round.Store(n)
		atomic.StoreUint32(px, n)
		Barrier()
		sawY = atomic.LoadUint32(py)
		for done.Load() != n {
			runtime.Gosched()
		}
		if sawX != n && sawY != n {
			t.Fatalf("round %d: both missed the other's word", n)
		}
	}
}
