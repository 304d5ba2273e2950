package eval

import (
	"time"

	"github.com/weir-emu/weir/internal/ir"
)

// Rates of the counters in Hz. A guest sees the same time base whatever the
// host; cycles and retired instructions are not counted but derived from the
// clock, as 1 GHz and one instruction per cycle, which keeps them monotonic
// over threads and costs generated code nothing.
const (
	TimebaseHz = 10_000_000
	CycleHz    = 1_000_000_000
)

// epoch is the zero of all counters: some time before the process started, so that a
// guest does not meet the value 0.
var epoch = time.Now().Add(-time.Second)

// Counter returns the present value of counter c (ir.CounterTime ...).
func Counter(c uint8) uint64 {
	ns := uint64(time.Since(epoch))
	if c == ir.CounterTime {
		return ns / (1_000_000_000 / TimebaseHz)
	}
	return ns / (1_000_000_000 / CycleHz)
}
