//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
)

// Calls of one architecture: numbers 244 to 259 of the generic table. What they
// answer comes from the guest's descriptor.

func archRows() []Row {
	return []Row{
		own(258, "riscv_hwprobe", "pairs pair_count cpusetsize cpus flags", sysRiscvHwprobe, argfmt.PtrInOut, argfmt.Size, argfmt.Size, argfmt.PtrIn, argfmt.Hex),
		own(259, "riscv_flush_icache", "start end flags", func(t *Task, c *Call) int64 {
			if c.Args[2]&^1 != 0 { // SYS_RISCV_FLUSH_ICACHE_LOCAL
				return abi.EINVAL.Result()
			}
			t.Proc.Engine.SyncCode()
			return 0
		}, argfmt.Ptr, argfmt.Ptr, argfmt.Hex),
	}
}

// hwprobeWhichCPUs asks which processors have the values, instead of what values they
// have (arch/riscv/include/uapi/asm/hwprobe.h).
const hwprobeWhichCPUs = 1

// hwprobeHighestVA is the key of the highest address that a program can use, which the
// address space knows and the processor does not.
const hwprobeHighestVA = 7

// sysRiscvHwprobe is riscv_hwprobe(2): all processors are the same.
func sysRiscvHwprobe(t *Task, c *Call) int64 {
	pairs, n, cpuBytes, cpus, flags := c.Args[0], c.Args[1], c.Args[2], c.Args[3], c.Args[4]
	probe := t.Proc.Guest.Linux.HWProbe
	if probe == nil {
		return absentRow.run(t, c)
	}
	if flags&^hwprobeWhichCPUs != 0 || flags == 0 && (cpus == 0) != (cpuBytes == 0) || flags != 0 && (cpus == 0 || cpuBytes == 0) {
		return abi.EINVAL.Result()
	}
	mm := t.Proc.Mem
	var b [16]byte // struct riscv_hwprobe: key, value
	match := true
	for i := range n {
		at := pairs + 16*i
		if !mm.Read(at, b[:]) {
			return abi.EFAULT.Result()
		}
		key := int64(le.Uint64(b[:]))
		v, ok := probe(key)
		if key == hwprobeHighestVA {
			v, ok = mm.Limit()-1, true
		}
		if flags == hwprobeWhichCPUs {
			match = match && ok && hwprobeHas(key, v, le.Uint64(b[8:]))
			if !ok {
				le.PutUint64(b[:], ^uint64(0))
				le.PutUint64(b[8:], 0)
				if !mm.Write(at, b[:]) {
					return abi.EFAULT.Result()
				}
			}
			continue
		}
		if !ok {
			le.PutUint64(b[:], ^uint64(0))
			v = 0
		}
		le.PutUint64(b[8:], v)
		if !mm.Write(at, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	if flags == hwprobeWhichCPUs && !match && !mm.Zero(cpus, min(cpuBytes, 8192)) {
		return abi.EFAULT.Result()
	}
	return 0
}

// hwprobeHas reports whether a processor with value have is one of those asked for: keys of
// bit sets ask for a subset.
func hwprobeHas(key int64, have, want uint64) bool {
	switch key {
	case 3, 4, 5: // BASE_BEHAVIOR, IMA_EXT_0, CPUPERF_0
		return have&want == want
	}
	return have == want
}
