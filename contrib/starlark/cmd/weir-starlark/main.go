// Command weir-starlark is weir with the plugin starlark; see the README beside the plugin.
package main

import (
	"runtime"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/contrib/starlark"
)

// A guest's main thread has the process ID as its thread ID, so it must be the
// process's first thread.
func init() { runtime.LockOSThread() }

func main() { weir.Main(starlark.Info()) }
