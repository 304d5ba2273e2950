package launch

import "github.com/weir-emu/weir/internal/machine"

// GuestName is the guest that this weir runs.
const GuestName = "riscv64"

// CheckCPU reports whether there is a processor for Config.CPU.
func CheckCPU(spec string) error { return machine.CheckCPU(GuestName, spec) }

// CPUHelp describes the processors, a line for each.
func CPUHelp() string { return machine.CPUs(GuestName) }
