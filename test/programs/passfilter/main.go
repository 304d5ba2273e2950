// Command passfilter is weir with a syscall filter that looks at every syscall and passes it: a guest must not notice.
//
// With PASSFILTER_REPORT set in its environment it says at the end of every process how many calls the filter saw.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/plugin"
)

func install(h *plugin.Host, _ plugin.Args) error {
	var seen, returned atomic.Uint64
	h.FilterSyscalls(plugin.AllSyscalls, func(c *plugin.Call) plugin.Verdict {
		seen.Add(1)
		// Reading an argument through the API must not change it, whatever it points to.
		for i := range plugin.NumArgs {
			c.Decode(i)
		}
		return plugin.Pass
	})
	h.OnSyscallReturn(plugin.AllSyscalls, func(*plugin.Call) { returned.Add(1) })
	if os.Getenv("PASSFILTER_REPORT") != "" {
		h.OnExit(func(plugin.ExitInfo) { fmt.Fprintf(h.Output(), "%d calls, %d returns\n", seen.Load(), returned.Load()) })
	}
	return nil
}

// The guest's main thread must be the process's first.
func init() { runtime.LockOSThread() }

func main() {
	weir.Main(plugin.Info{Name: "pass", Always: true, New: func() plugin.Plugin { return plugin.InstallFunc(install) }})
}
