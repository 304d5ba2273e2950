// Command weir runs Linux programs built for another CPU; see weir -h.
package main

import (
	"runtime"

	"github.com/weir-emu/weir"
)

// A guest's main thread has the process ID as its thread ID, so it must be the
// process's first thread.
func init() { runtime.LockOSThread() }

func main() { weir.Main() }
