//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// inheritActions notes which signals were ignored when the process started, and
// takes the others from the Go runtime.
func (t *Task) inheritActions() {
	p := t.Proc
	ignored, known := hostsys.StartIgnored()
	for s := abi.Signal(1); s <= abi.SIGRTMAX; s++ {
		if unblockable&sigBit(s) != 0 {
			continue
		}
		if !known && (ownSignals|faultSignals)&sigBit(s) == 0 {
			raw(hostsys.SYS_RT_SIGACTION, uintptr(s), 0, t.scratch, 8, 0, 0)
			if t.get64(0) == sigIgn {
				p.actions[s].handler = sigIgn
				continue
			}
		}
		if ignored&sigBit(s) != 0 {
			p.actions[s].handler = sigIgn
		}
		p.mirror(s)
	}
}
