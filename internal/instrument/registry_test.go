//go:build linux

package instrument

import (
	"errors"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/plugin"
)

// The enable words say exactly who listens to what; the last one stands for all numbers outside.
func TestEnableWords(t *testing.T) {
	const last = linux.NumEnable - 1
	all := linux.WantEntry | linux.WantFilter | linux.WantReturn
	for _, tc := range []struct {
		name string
		set  plugin.Set
		on   []int
		n    int // how many words are on
	}{
		{"none", plugin.Set{}, nil, 0},
		{"all", plugin.AllSyscalls, []int{0, nrRead, last}, linux.NumEnable},
		{"names", plugin.Syscalls("read", "getpid", "open"), []int{nrRead, nrGetpid}, 2},
		{"numbers", plugin.Numbers(0, last-1), []int{0, last - 1}, 2},
		{"last", plugin.Numbers(last), []int{last}, 1},
		{"outside", plugin.Numbers(nrMagic), []int{last}, 1},
		{"negative", plugin.Numbers(-1, nrRead), []int{last, nrRead}, 2},
	} {
		f := newFixture()
		f.hooks.Enabled[nrRead].Store(linux.WantPrint) // others' bits stay
		h := f.host("p")
		regs := []*plugin.Registration{
			h.OnSyscall(tc.set, func(*plugin.Call) {}),
			h.FilterSyscalls(tc.set, func(*plugin.Call) plugin.Verdict { return plugin.Pass }),
			h.OnSyscallReturn(tc.set, func(*plugin.Call) {}),
		}
		n := 0
		for i := range f.hooks.Enabled {
			switch w := f.hooks.Enabled[i].Load() &^ linux.WantPrint; w {
			case all:
				n++
			case 0:
			default:
				t.Errorf("%s: word %d is %#x", tc.name, i, w)
			}
		}
		for _, i := range tc.on {
			if f.hooks.Enabled[i].Load()&all != all {
				t.Errorf("%s: word %d is off", tc.name, i)
			}
		}
		if n != tc.n {
			t.Errorf("%s: %d words are on, want %d", tc.name, n, tc.n)
		}
		regs[1].Remove()
		for i := range f.hooks.Enabled {
			if f.hooks.Enabled[i].Load()&linux.WantFilter != 0 {
				t.Errorf("%s: word %d wants a filter that was removed", tc.name, i)
			}
		}
		regs[0].Remove()
		regs[2].Remove()
		for i := range f.hooks.Enabled {
			if w := f.hooks.Enabled[i].Load() &^ linux.WantPrint; w != 0 {
				t.Errorf("%s: word %d is %#x at the end", tc.name, i, w)
			}
		}
		if f.hooks.Enabled[nrRead].Load() != linux.WantPrint {
			t.Errorf("%s: the printer's bit is gone", tc.name)
		}
	}
}

// Numbers that share the last word are told apart by the walk.
func TestNumbersOutside(t *testing.T) {
	f := newFixture()
	h := f.host("p")
	var got []abi.Sysno
	h.FilterSyscalls(plugin.Numbers(nrMagic, -1, 1<<40, linux.NumEnable-1), func(c *plugin.Call) plugin.Verdict {
		got = append(got, c.Number())
		return plugin.Return(1)
	})
	task := newTask(1)
	for _, tc := range []struct {
		nr  abi.Sysno
		hit bool
	}{{nrMagic, true}, {nrMagic + 1, false}, {-1, true}, {-2, false}, {1 << 40, true}, {511, true}, {512, false}, {nrGetpid, false}} {
		v, _ := f.dispatch(newCall(task, tc.nr))
		if (v.Action == linux.Answer) != tc.hit {
			t.Errorf("%d: %+v, want hit %v", tc.nr, v, tc.hit)
		}
	}
	if len(got) != 4 {
		t.Errorf("asked for %v", got)
	}
}

func TestInstallErrors(t *testing.T) {
	f := newFixture()
	for _, tc := range []struct {
		name string
		p    plugin.InstallFunc
		want []string
	}{
		{"own", func(*plugin.Host, plugin.Args) error { return errors.New("no way") }, []string{"plugin own: no way"}},
		{"typo", func(h *plugin.Host, _ plugin.Args) error {
			h.OnSyscall(plugin.Syscalls("raed"), func(*plugin.Call) {})
			return nil
		}, []string{`plugin typo: unknown syscall "raed"`}},
		{"panics", func(*plugin.Host, plugin.Args) error { panic("oh\nno") }, []string{"plugin panics: panic in Install: oh no at registry_test.go:"}},
		{"nil", func(*plugin.Host, plugin.Args) error {
			var m map[string]int
			m["x"]++ //lint:ignore SA5000 the panic that the test is about
			return nil
		}, []string{"plugin nil: panic in Install: assignment to entry in nil map at registry_test.go:"}},
	} {
		err := f.Install(tc.name, tc.p, nil)
		for _, w := range tc.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %q", tc.name, err, w)
			}
		}
	}
	var got plugin.Args
	ok := plugin.InstallFunc(func(h *plugin.Host, a plugin.Args) error {
		got = a
		// Names of other architectures are no error.
		h.OnSyscall(plugin.Syscalls("open", "fork"), func(*plugin.Call) {})
		return nil
	})
	if err := f.Install("ok", ok, plugin.Args{{Key: "k", Value: "v"}}); err != nil || len(got) != 1 {
		t.Errorf("%v, arguments %v", err, got)
	}
}

func TestSystem(t *testing.T) {
	f := newFixture()
	h := f.host("p")
	if nr, ok := h.Syscall("getpid"); nr != nrGetpid || !ok {
		t.Errorf("getpid is %d, %v", nr, ok)
	}
	if _, ok := h.Syscall("open"); ok {
		t.Error("riscv64 has open")
	}
	if name, ok := h.SyscallName(nrRead); name != "read" || !ok {
		t.Errorf("%d is %q, %v", nrRead, name, ok)
	}
	if _, ok := h.SyscallName(nrMagic); ok {
		t.Error("4096 has a name")
	}
	openat, _ := h.Syscall("openat")
	found := false
	for _, nr := range h.SyscallsWith("path").Numbers() {
		found = found || nr == openat
		if nr == nrGetpid {
			t.Error("getpid takes a path")
		}
	}
	if !found {
		t.Error("openat takes no path")
	}
	if tg := h.Target(); tg.PID != 100 || tg.Binary != "/bin/x" {
		t.Errorf("target %+v", tg)
	}
	h.Log("text")
	if h.Output().Write([]byte("report")); f.log.String() != "p: text\n" || f.out.String() != "report" {
		t.Errorf("log %q, output %q", f.log.String(), f.out.String())
	}
	f.cfg.Quiet = true
	if h.Log("more"); f.log.String() != "p: text\n" {
		t.Errorf("log %q in spite of Quiet", f.log.String())
	}
}
