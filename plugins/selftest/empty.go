package selftest

import "github.com/weir-emu/weir/plugin"

// empty shows what it costs to have blocks instrumented by nothing.
func empty(h *plugin.Host, _ plugin.Args) error {
	h.OnTranslate(func(*plugin.Block) {})
	return nil
}
