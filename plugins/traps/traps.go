// Package traps counts, per vCPU, why execution went on elsewhere than the code says: signals from
// outside (interrupts), signals that an instruction has raised (exceptions) and system calls (host calls). It
// shows discontinuity events and scoreboards. Each process of a tree prints its own table.
package traps

import (
	"bytes"
	"fmt"

	"github.com/weir-emu/weir/plugin"
)

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "traps",
		Summary: "count interrupts (signals), exceptions (faults) and host calls (syscalls) per vCPU",
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

// counts are those of one vCPU.
type counts struct{ interrupts, exceptions, hostcalls uint64 }

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(nil); err != nil {
		return err
	}
	board := plugin.NewScoreboard[counts](h)
	h.OnDiscontinuity(plugin.AllDiscontinuities, func(v *plugin.VCPU, d plugin.Discontinuity) {
		switch c := board.At(v); d.Type {
		case plugin.Interrupt:
			c.interrupts++
		case plugin.Exception:
			c.exceptions++
		case plugin.HostCall:
			c.hostcalls++
		}
	})
	h.OnFork(func(*plugin.VCPU) {
		for _, c := range board.All {
			*c = counts{}
		}
	})
	h.OnExit(func(plugin.ExitInfo) {
		var b bytes.Buffer
		b.WriteString("VCPU, interrupts, exceptions, hostcalls\n")
		for i, c := range board.All {
			fmt.Fprintf(&b, "% 4d, % 10d, % 10d, % 10d\n", i, c.interrupts, c.exceptions, c.hostcalls)
		}
		h.Output().Write(b.Bytes())
	})
	return nil
}
