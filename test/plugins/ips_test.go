//go:build linux

package plugins

import (
	"fmt"
	"testing"
	"time"

	"github.com/weir-emu/weir"
)

// As many instructions per second as make the run last half a second, and a second. Only the least time can be
// tested: the machine may be slow.
func TestIpsSlows(t *testing.T) {
	const insns = 2_000_000
	for _, want := range []time.Duration{500 * time.Millisecond, time.Second} {
		var c counted
		rate := int(insns / want.Seconds())
		began := time.Now()
		r := run(t, weir.Config{}, "exact", []string{"", "", "", "", "spin"}, bundle(t, fmt.Sprintf("ips,ips=%d", rate)), c.counter())
		took := time.Since(began)
		if r.status != 0 || r.log != "" || c.insns < insns {
			t.Fatalf("%+v, %d instructions", r, c.insns)
		}
		// A quantum is a tenth of a second's instructions, which the plugin lets a thread catch up.
		if least := time.Duration(float64(c.insns)/float64(rate)*1e9) - 100*time.Millisecond; took < least {
			t.Errorf("%d instructions at %d per second took %v, want at least %v", c.insns, rate, took, least)
		}
	}
	refuse(t, "ips,ips=0", "ips=0: want")
	refuse(t, "ips,ips=1X", "ips=1X: want a number")
}
