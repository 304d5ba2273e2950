//go:build linux

package linux

import (
	"slices"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// limits are resource limits that Weir keeps instead of the host: those that would
// hit Weir's own memory rather than the guest's. The address space enforces them; the
// stack's counts for the next program.
type limits struct {
	mu  sync.Mutex
	set [rlimitAS + 1]bool
	val [rlimitAS + 1][2]uint64 // soft, hard
}

const rlimInfinity = ^uint64(0)

// keptLimits are those that limits keeps.
var keptLimits = [...]int32{rlimitAS, rlimitData, rlimitStack}

func (l *limits) keeps(resource int32) bool { return slices.Contains(keptLimits[:], resource) }

// get returns a kept limit, at first the host's, read by way of 16 bytes at host
// address at.
func (l *limits) get(resource int32, at uintptr) [2]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.set[resource] {
		l.val[resource] = hostLimit(resource, at)
		l.set[resource] = true
	}
	return l.val[resource]
}

// change sets a kept limit with the kernel's checks (kernel/sys.c, do_prlimit).
func (l *limits) change(resource int32, v [2]uint64, privileged bool, at uintptr) abi.Errno {
	old := l.get(resource, at)
	switch {
	case v[0] > v[1]:
		return abi.EINVAL
	case v[1] > old[1] && !privileged:
		return abi.EPERM
	}
	l.mu.Lock()
	l.val[resource] = v
	l.mu.Unlock()
	return 0
}

// enforce gives the limits to the address space. That of a vfork child is its parent's.
func (p *Process) enforce(at uintptr) {
	if p.vforked == nil {
		p.Mem.SetLimits(p.limits.get(rlimitAS, at)[0], p.limits.get(rlimitData, at)[0])
	}
}

// hostLimit reads a limit of the host, by way of 16 bytes at host address at.
func hostLimit(resource int32, at uintptr) [2]uint64 {
	if raw(hostsys.SYS_PRLIMIT64, 0, uintptr(resource), 0, at, 0, 0) != 0 {
		return [2]uint64{rlimInfinity, rlimInfinity}
	}
	soft, _ := hostsys.Load64(at)
	hard, _ := hostsys.Load64(at + 8)
	return [2]uint64{soft, hard}
}
