//go:build linux

package instrument

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// skipped is an execution of a function that is not replaced: it was called as the original.
type skipped struct{ addr, sp uint64 }

// Call implements plugin.CPUState. It runs in callbacks on the thread itself.
func (s taskState) Call(addr abi.Addr, args []uint64, original bool) (uint64, error) {
	x, r := s.r.thread(s.Task), s.r
	if x.calls == 0 || s.CPU == nil || r.goCode(addr) {
		return 0, plugin.ErrNoCall
	}
	if x.unwound {
		return 0, plugin.ErrUnwound
	}
	call := linux.GuestCall{PC: addr, Args: args, Keep: original}
	if original {
		call.Begin = func(sp uint64) { x.skip = skipped{addr, sp} }
	}
	access, calls := x.vcpu.SetAccess(plugin.NoRegs), x.calls
	x.level++
	v, end := s.CallGuest(call)
	x.level--
	x.vcpu.SetAccess(access)
	x.calls = calls
	switch end {
	case linux.CallReturned:
		return v, nil
	case linux.CallLeft:
		return 0, plugin.ErrExited
	case linux.CallUnwound:
		x.unwound = true
		return 0, plugin.ErrUnwound
	}
	return 0, plugin.ErrNoCall
}

// settle ends a callback in which guest functions may have been called. It reports whether the thread goes on elsewhere, c
// being the CPU if the callback was a probe's.
func (x *thread) settle(c *engine.CPU) bool {
	if !x.unwound {
		return false
	}
	x.unwound = false
	if c != nil {
		c.Abandon()
	} else {
		x.task.Abandon()
	}
	return true
}

// goCode reports whether the code at addr was made by the Go compiler.
func (r *Registry) goCode(addr abi.Addr) bool {
	i, f := r.images.at(addr)
	return f != nil && f.GoCode(addr-i.Bias)
}

// convention makes what plugins see of a calling convention.
func convention(c *isa.CallABI, goCode bool, bits int, x, f []int) plugin.ABI {
	regs := func(list []int, slots []int) (out []abi.Reg) {
		for _, s := range slots {
			out = append(out, abi.Reg(list[s]))
		}
		return out
	}
	return plugin.ABI{
		Go: goCode, Word: bits / 8,
		IntArgs: regs(x, c.IntArgs), FloatArgs: regs(f, c.FloatArgs),
		IntResults: regs(x, c.IntResults), FloatResults: regs(f, c.FloatResults),
		FloatInInt: c.FloatInInt, StackArgs: c.StackArgs, MaxByValue: c.MaxByValue,
	}
}
