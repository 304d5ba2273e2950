package selftest

import (
	"fmt"
	"sync/atomic"

	"github.com/weir-emu/weir/plugin"
)

// reset goes through a plugin's life: it registers callbacks, resets itself at the first
// instruction, registers anew when that is done, and uninstalls itself at the next instruction. A callback that comes
// after the function that it was removed for has been told ends the run.
func reset(h *plugin.Host, _ plugin.Args) error {
	var first, second atomic.Bool // begun
	var isReset, gone atomic.Bool // over
	h.OnThreadStart(func(*plugin.VCPU) {
		if isReset.Load() {
			h.Fail("a thread start was told to a callback from before the reset")
		}
	})
	h.OnTranslate(func(b *plugin.Block) {
		if isReset.Load() {
			h.Fail("a block was shown to a callback from before the reset")
		}
		eachInsn(b, func(*plugin.VCPU) {
			if isReset.Load() {
				h.Fail("an instruction called a callback from before the reset")
			}
			if !first.Swap(true) {
				h.Reset(func() {
					isReset.Store(true)
					fmt.Fprintln(h.Output(), "reset done")
					resetAgain(h, &second, &gone)
				})
			}
		})
	})
	return nil
}

// resetAgain is what the plugin registers when it has been reset.
func resetAgain(h *plugin.Host, begun, gone *atomic.Bool) {
	h.OnTranslate(func(b *plugin.Block) {
		if gone.Load() {
			h.Fail("a block was shown to a plugin that is uninstalled")
		}
		eachInsn(b, func(*plugin.VCPU) {
			if gone.Load() {
				h.Fail("an instruction called a plugin that is uninstalled")
			}
			if !begun.Swap(true) {
				h.Uninstall(func() {
					gone.Store(true)
					fmt.Fprintln(h.Output(), "uninstall done")
				})
			}
		})
	})
}

func eachInsn(b *plugin.Block, f func(*plugin.VCPU)) {
	for _, i := range b.Insns {
		i.OnExec(plugin.NoRegs, f)
	}
}
