package hostsys

import "github.com/weir-emu/weir/internal/cpu"

// Enter panics: there is no code generator for arm64, guests are interpreted.
func Enter(*cpu.State) { panic("BUG: generated code on arm64") }

// SetFaultExit does nothing, as no code is generated.
func SetFaultExit(uintptr) {}

// SetGSBase does nothing: arm64 has no segments, and the interpreter adds the base itself.
func SetGSBase(uintptr) error { return nil }
