// Command weir-starlark is weir with the plugin starlark; see the README beside the plugin.
package main

import (
	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/contrib/starlark"
)

func main() { weir.Main(starlark.Info()) }
