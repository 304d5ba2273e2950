// Command filter runs a program under a syscall filter written in Go:
//
//	go run ./examples/filter PROGRAM [ARGS]
//
// It answers getuid itself, makes up a file that does not exist, and refuses
// to open another.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

func install(h *plugin.Host, _ plugin.Args) error {
	invented, err := os.CreateTemp("", "motto")
	if err != nil {
		return err
	}
	fmt.Fprintln(invented, "every syscall in the user's hands")
	invented.Close()
	first := h.Target().PID
	h.OnExit(func(plugin.ExitInfo) {
		if h.Target().PID == first { // a forked child of the guest ends without this
			os.Remove(invented.Name())
		}
	})

	// Answer: the guest believes to be user 4096.
	h.FilterSyscalls(plugin.Syscalls("getuid"), func(*plugin.Call) plugin.Verdict {
		return plugin.Return(4096)
	})
	h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
		switch c.Path(1) {
		case "/etc/motto": // change an argument and let the call go on
			c.SetPath(1, invented.Name())
		case "/etc/passwd": // refuse
			fmt.Fprintf(h.Output(), "filter: %s(%q) refused\n", c.Name(), c.Path(1))
			return plugin.Fail(abi.EACCES)
		}
		return plugin.Pass
	})
	return nil
}

// The guest's main thread must be the process's first.
func init() { runtime.LockOSThread() }

func main() {
	weir.Main(plugin.Info{
		Name:    "filter",
		Summary: "answer getuid, invent a file, refuse another",
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
		Always:  true, // without being asked for by -plugin
	})
}
