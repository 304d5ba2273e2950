// Package magic is the smallest filter: syscall 4096, which no kernel has,
// answers 0xFFCC66 to the argument 0x66CCFF. A guest uses it to find out whether
// it runs under a filter.
package magic

import "github.com/weir-emu/weir/plugin"

// The exchange.
const (
	Number   = 4096
	Question = 0x66CCFF
	Reply    = 0xFFCC66
)

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "magic",
		Summary: "answer syscall 4096(0x66CCFF) with 0xFFCC66",
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(nil); err != nil {
		return err
	}
	h.FilterSyscalls(plugin.Numbers(Number), func(c *plugin.Call) plugin.Verdict {
		if c.Arg(0) != Question {
			return plugin.Pass
		}
		return plugin.Return(Reply)
	})
	return nil
}
