package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// The checks of what every guest needs.

// Kernels: MAP_FIXED_NOREPLACE is of 4.17; the tests run on 5.10 and later.
var (
	oldest = [2]int{4, 17}
	tested = [2]int{5, 10}
)

func kernel(h *Host) Fact {
	const name = "kernel"
	release, _ := h.word("/proc/sys/kernel/osrelease")
	var v [2]int
	if n, _ := fmt.Sscanf(release, "%d.%d", &v[0], &v[1]); n != 2 {
		return warn(name, "weir needs Linux 4.17 or later", "its version cannot be read")
	}
	before := func(w [2]int) bool { return v[0] < w[0] || v[0] == w[0] && v[1] < w[1] }
	switch {
	case before(oldest):
		return fail(name, "weir needs 4.17 or later", "Linux %s is too old", release)
	case before(tested):
		return warn(name, "calls newer than this kernel fail with ENOSYS; 5.10 or later is better", "Linux %s is old", release)
	}
	return ok(name, "Linux %s", release)
}

func proc(h *Host) Fact {
	const name = "/proc"
	if _, err := h.Read("/proc/self/status"); err != nil {
		return warn(name, "mount -t proc proc /proc", "it is not there: execve closes no descriptors, and programs that look there fail")
	}
	return ok(name, "is mounted")
}

func runtime(h *Host) Fact {
	const name = "runtime"
	if err := h.Init(); err != nil {
		return fail(name, "build weir with the Go version in its go.mod", "%v", err)
	}
	return ok(name, "the Go runtime is as weir expects it")
}

func executable(h *Host) Fact {
	const name = "executable memory"
	if err := h.MapExec(); err != nil {
		return warn(name, "use -jit=off, or allow it (SELinux: setsebool deny_execmem 0; systemd: MemoryDenyWriteExecute=no)", "memory cannot be writable and executable: %v", err)
	}
	return ok(name, "code can be generated")
}

func seccomp(h *Host) Fact {
	const name = "seccomp"
	status, _ := h.Read("/proc/self/status")
	switch mode, _ := field(status, "Seccomp:"); mode {
	case "0", "":
		return ok(name, "no filter on weir's own calls")
	default:
		return warn(name, "if a program fails with EPERM or ENOSYS, see whether the container allows the call", "weir runs under a filter (mode %s)", mode)
	}
}

// features of x86-64 processors that generated code uses, as in /proc/cpuinfo.
const features = "sse4_1 popcnt pclmulqdq cx16 abm avx fma f16c bmi1 bmi2"

func processor(h *Host) Fact {
	const name = "processor"
	info, _ := h.Read("/proc/cpuinfo")
	flags, found := field(info, "flags\t\t:")
	if !found {
		return warn(name, "mount /proc", "its features cannot be read")
	}
	have := strings.Fields(flags)
	missing := slices.DeleteFunc(strings.Fields(features), func(f string) bool { return slices.Contains(have, f) })
	if len(missing) > 0 {
		return warn(name, "nothing to do: programs run, some of them slower", "it has no %s", strings.Join(missing, ", "))
	}
	return ok(name, "it has all the features that generated code uses")
}
