package doctor

import (
	"strconv"
	"strings"
)

// The checks of memory and limits.

// Where programs are linked that have fixed addresses.
const (
	lowStart = 0x10000
	lowEnd   = 0x40000000
)

func minAddr(h *Host) Fact {
	const name = "vm.mmap_min_addr"
	n, found := h.number("/proc/sys/vm/mmap_min_addr")
	switch {
	case !found:
		return ok(name, "there is no such limit")
	case n > lowStart:
		return warn(name, "sysctl vm.mmap_min_addr=65536", "%d: programs linked at 0x10000 run in a window, more slowly", n)
	}
	return ok(name, "%d", n)
}

func lowAddresses(h *Host) Fact {
	const name = "low addresses"
	if !h.Free(lowStart, lowEnd) {
		return warn(name, "build weir with make build, which links it high", "something occupies a part of %#x to %#x: programs linked there run in a window, more slowly", lowStart, lowEnd)
	}
	return ok(name, "%#x to %#x are free for programs linked there", lowStart, lowEnd)
}

func overcommit(h *Host) Fact {
	const name = "vm.overcommit_memory"
	n, found := h.number("/proc/sys/vm/overcommit_memory")
	const never = 2
	switch {
	case !found:
		return ok(name, "unknown")
	case n == never:
		return warn(name, "sysctl vm.overcommit_memory=0", "2: programs that reserve much memory (Go, Java) and -window may fail")
	}
	return ok(name, "%d", n)
}

// limit is a soft limit of /proc/self/limits.
func (h *Host) limit(title string) (string, bool) {
	text, err := h.Read("/proc/self/limits")
	if err != nil {
		return "", false
	}
	rest, found := field(text, title)
	soft, _, _ := strings.Cut(rest, " ")
	return soft, found && soft != ""
}

func addressLimit(h *Host) Fact {
	const name = "address space limit"
	if soft, found := h.limit("Max address space"); found && soft != "unlimited" {
		return warn(name, "ulimit -v unlimited", "%s bytes for guest and weir together; weir alone reserves more than 64 MiB", soft)
	}
	return ok(name, "none")
}

func descriptors(h *Host) Fact {
	const name = "descriptors"
	soft, found := h.limit("Max open files")
	if n, err := strconv.Atoi(soft); found && err == nil && n < 64 {
		return warn(name, "ulimit -n 1024", "%d open files; weir keeps up to 16 of them", n)
	}
	if !found {
		soft = "limit unknown"
	}
	return ok(name, "%s", soft)
}
