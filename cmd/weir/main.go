// Command weir runs Linux programs built for another CPU; see weir -h.
package main

import "github.com/weir-emu/weir"

func main() { weir.Main() }
