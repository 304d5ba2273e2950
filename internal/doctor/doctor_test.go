package doctor

import (
	"errors"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

const guestRule = "enabled\ninterpreter /usr/bin/weir\nflags: POCF\noffset 0\nmagic 7f454c460201010000000000000000000200f300\nmask ffffffffffffff00fffffffffffffffffeffffff\n"

// good is a machine where everything is as it should be.
func good() map[string]string {
	return map[string]string{
		"/proc/sys/kernel/osrelease":                   "6.18.44-fc-v782\n",
		"/proc/self/status":                            "Name:\tweir\nSeccomp:\t0\nSeccomp_filters:\t0\n",
		"/proc/self/limits":                            "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \nMax address space         unlimited            unlimited            bytes     \n",
		"/proc/cpuinfo":                                "processor\t: 0\nflags\t\t: fpu sse4_1 popcnt pclmulqdq cx16 abm avx fma f16c bmi1 bmi2\n",
		"/proc/sys/vm/mmap_min_addr":                   "65536\n",
		"/proc/sys/vm/overcommit_memory":               "0\n",
		"/proc/sys/kernel/perf_event_paranoid":         "2\n",
		"/proc/sys/fs/binfmt_misc/register":            "",
		"/proc/sys/fs/binfmt_misc/status":              "enabled\n",
		"/proc/sys/fs/binfmt_misc/weir-riscv64":        guestRule,
		"/proc/sys/fs/binfmt_misc/python3":             "enabled\ninterpreter /usr/bin/python3\nflags: \noffset 0\nmagic cb0d0d0a\n",
		"/usr/gnemul/qemu-riscv64/lib/ld-musl-riscv64": "",
		"/usr/bin/weir":                                "",
	}
}

func host(files map[string]string) *Host {
	return &Host{
		OS: "linux", Arch: "amd64", Running: "/usr/bin/weir", Env: []string{"HOME=/"},
		Read: func(name string) (string, error) {
			s, ok := files[name]
			if !ok {
				return "", os.ErrNotExist
			}
			return s, nil
		},
		List: func(dir string) (names []string, err error) {
			for f := range maps.Keys(files) {
				if path.Dir(f) == dir {
					names = append(names, path.Base(f))
				}
			}
			slices.Sort(names)
			if names == nil {
				return nil, os.ErrNotExist
			}
			return names, nil
		},
		LookPath: func(name string) (string, error) { return "/usr/bin/" + name, nil },
		Init:     func() error { return nil },
		MapExec:  func() error { return nil },
		Free:     func(lo, hi uint64) bool { return lo < hi },
		Guest:    Guest{Name: "riscv64", Machine: 243, Loaders: []string{"/lib/ld-linux", "/lib/ld-musl-riscv64"}, Sysroot: "/usr/gnemul/qemu-riscv64"},
	}
}

func TestGood(t *testing.T) {
	facts := Check(host(good()))
	if len(facts) != 16 {
		t.Errorf("%d facts", len(facts))
	}
	seen := map[string]bool{}
	for _, f := range facts {
		if f.Level != OK || f.Mend != "" || !strings.HasPrefix(f.String(), "ok    "+f.Name+": ") || seen[f.Name] {
			t.Errorf("%s", f)
		}
		seen[f.Name] = true
	}
}

// Each thing that is wrong changes one line, which says how to mend it.
func TestBad(t *testing.T) {
	set := func(name, text string) func(*Host, map[string]string) {
		return func(_ *Host, files map[string]string) { files[name] = text }
	}
	remove := func(names ...string) func(*Host, map[string]string) {
		return func(_ *Host, files map[string]string) {
			for _, n := range names {
				delete(files, n)
			}
		}
	}
	rules := "/proc/sys/fs/binfmt_misc/"
	loader := "/usr/gnemul/qemu-riscv64/lib/ld-musl-riscv64"
	for _, tc := range []struct {
		edit func(*Host, map[string]string)
		want string // the line, up to where it is clear
		mend string // a part of it
	}{
		{set("/proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n"), "fail  kernel: Linux 4.4.0-19041-Microsoft is too old", "4.17"},
		{set("/proc/sys/kernel/osrelease", "4.18.0\n"), "warn  kernel: Linux 4.18.0 is old", "5.10"},
		{remove("/proc/sys/kernel/osrelease"), "warn  kernel: its version cannot be read", "4.17"},
		{remove("/proc/self/status"), "warn  /proc: it is not there", "mount -t proc"},
		{func(h *Host, _ map[string]string) { h.Init = func() error { return errors.New("no good") } }, "fail  runtime: no good", "go.mod"},
		{func(h *Host, _ map[string]string) { h.MapExec = func() error { return errors.New("errno 13") } }, "warn  executable memory: memory cannot be writable and executable: errno 13", "-jit=off"},
		{set("/proc/self/status", "Seccomp:\t2\n"), "warn  seccomp: weir runs under a filter (mode 2)", "container"},
		{set("/proc/cpuinfo", "flags\t\t: sse4_1 popcnt pclmulqdq cx16 abm bmi1 bmi2\n"), "warn  processor: it has no avx, fma, f16c", "slower"},
		{remove("/proc/cpuinfo"), "warn  processor: its features cannot be read", "/proc"},
		{set("/proc/sys/vm/mmap_min_addr", "1048576\n"), "warn  vm.mmap_min_addr: 1048576", "sysctl vm.mmap_min_addr=65536"},
		{func(h *Host, _ map[string]string) { h.Free = func(lo, hi uint64) bool { return false } }, "warn  low addresses: something occupies a part of 0x10000 to 0x40000000", "make build"},
		{set("/proc/sys/vm/overcommit_memory", "2\n"), "warn  vm.overcommit_memory: 2", "sysctl"},
		{set("/proc/self/limits", "Max open files            1024                 4096 files\nMax address space         4294967296            unlimited            bytes\n"), "warn  address space limit: 4294967296 bytes", "ulimit -v unlimited"},
		{set("/proc/self/limits", "Max open files            20  20 files\nMax address space         unlimited            unlimited            bytes\n"), "warn  descriptors: 20 open files", "ulimit -n"},
		{remove(loader), "warn  sysroot: /usr/gnemul/qemu-riscv64 has no dynamic loader for riscv64", "-L"},
		{func(h *Host, files map[string]string) {
			delete(files, loader)
			files["/usr/riscv64-linux-gnu/lib/ld-linux"] = ""
		}, "warn  sysroot: /usr/gnemul/qemu-riscv64 has no", "use -L /usr/riscv64-linux-gnu,"},
		{func(h *Host, _ map[string]string) { h.Env = []string{"WEIR_LD_PREFIX=/nowhere/"} }, "warn  sysroot: /nowhere has no dynamic loader", "-L"},
		{remove(rules+"register", rules+"status", rules+"python3", rules+"weir-riscv64"), "warn  binfmt_misc: it is not mounted", "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc, then weir binfmt | sudo tee /proc/sys/fs/binfmt_misc/register"},
		{set(rules+"status", "disabled\n"), "warn  binfmt_misc: it is switched off", "echo 1"},
		{remove(rules + "weir-riscv64"), "warn  binfmt_misc: no rule for riscv64", "weir binfmt | sudo tee"},
		{set(rules+"weir-riscv64", strings.Replace(guestRule, "enabled", "disabled", 1)), "warn  binfmt_misc: no rule for riscv64", "weir binfmt | sudo tee"},
		{set(rules+"weir-riscv64", strings.Replace(guestRule, "f300", "b700", 1)), "warn  binfmt_misc: no rule for riscv64", "weir binfmt | sudo tee"},
		{set(rules+"qemu", strings.Replace(guestRule, "weir", "qemu-riscv64", 1)), "warn  binfmt_misc: several rules for riscv64, of which the one made last counts: qemu (/usr/bin/qemu-riscv64), weir-riscv64 (/usr/bin/weir)", "echo -1 | sudo tee /proc/sys/fs/binfmt_misc/qemu"},
		{set(rules+"weir-riscv64", strings.Replace(guestRule, "/usr/bin/weir", "/usr/bin/qemu-riscv64", 1)), "warn  binfmt_misc: riscv64 programs that native programs start run under /usr/bin/qemu-riscv64 (rule weir-riscv64)", "echo -1 | sudo tee /proc/sys/fs/binfmt_misc/weir-riscv64, then weir binfmt"},
		{set(rules+"weir-riscv64", strings.Replace(guestRule, "POCF", "POF", 1)), "warn  binfmt_misc: rule weir-riscv64 has not the flag C", "then weir binfmt"},
		{set(rules+"weir-riscv64", strings.Replace(guestRule, "POCF", "OCF", 1)), "warn  binfmt_misc: rule weir-riscv64 has not the flag P", "then weir binfmt"},
		{set(rules+"weir-riscv64", strings.NewReplacer("POCF", "POC", "bin/weir", "old/weir").Replace(guestRule)), "warn  binfmt_misc: rule weir-riscv64: the interpreter /usr/old/weir is gone", "then weir binfmt"},
		{func(h *Host, _ map[string]string) { h.Env = []string{"QEMU_STRACE=1", "A=b", "QEMU_CPU=max"} }, "warn  variables: weir takes its options from these too: QEMU_CPU, QEMU_STRACE", "unset"},
		{func(h *Host, _ map[string]string) {
			h.LookPath = func(string) (string, error) { return "", os.ErrNotExist }
		}, "warn  perf: the command is not there", "install"},
		{set("/proc/sys/kernel/perf_event_paranoid", "4\n"), "warn  perf: kernel.perf_event_paranoid is 4", "sysctl kernel.perf_event_paranoid=2"},
	} {
		files := good()
		h := host(files)
		tc.edit(h, files)
		n := 0
		for _, f := range Check(h) {
			if s := f.String(); f.Level != OK {
				if n++; !strings.HasPrefix(s, tc.want) || !strings.Contains(f.Mend, tc.mend) || strings.Contains(s, "\n") {
					t.Errorf("%s\nwant %s ... %s", s, tc.want, tc.mend)
				}
			}
		}
		if n != 1 {
			t.Errorf("%s: %d warnings", tc.want, n)
		}
	}
}

func TestElsewhere(t *testing.T) {
	h := host(good())
	h.OS = "freebsd"
	if facts := Check(h); len(facts) != 1 || facts[0].Level != Fail {
		t.Errorf("%v", facts)
	}
	h = host(map[string]string{}) // a bare chroot
	for _, f := range Check(h) {
		if f.Level == Fail {
			t.Errorf("%s", f)
		}
	}
}

func TestSysroot(t *testing.T) {
	files := good()
	h := host(files)
	h.Env = []string{"QEMU_LD_PREFIX=/nowhere", "WEIR_LD_PREFIX=/other"}
	files["/other/lib/ld-linux"] = ""
	if f := sysroot(h); f.Level != OK || !strings.Contains(f.Text, "/other/lib/ld-linux") {
		t.Errorf("%s", f)
	}
	h = host(map[string]string{"/lib/ld-linux": ""})
	if f := sysroot(h); f.Level != OK || !strings.Contains(f.Text, "/lib/ld-linux is there") {
		t.Errorf("%s", f)
	}
}
