package callback

import (
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// newTable makes a Table of a guest with three syscalls; "open" exists elsewhere.
func newTable() *Table {
	return &Table{Resolve: func(name string) (abi.Sysno, bool, bool) {
		switch name {
		case "openat":
			return 56, true, true
		case "read":
			return 63, true, true
		case "far":
			return 600, true, true
		case "open":
			return 0, false, true
		}
		return 0, false, false
	}}
}

func add(t *testing.T, tab *Table, p, name string, prio int, s plugin.Set, cb any) *plugin.Registration {
	t.Helper()
	r, err := tab.Add(p, plugin.EventSyscall, s, cb, plugin.RegisterOptions{Name: name, Priority: prio})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// call walks the callbacks as the personality would.
func call(tab *Table, nr abi.Sysno) {
	for _, e := range tab.Walk(plugin.EventSyscall) {
		if e.Wants(nr) {
			e.Func.(func(*plugin.Call))(nil)
		}
	}
}

// noter returns callbacks that write down that they were called.
func noter(out *strings.Builder) func(s string) func(*plugin.Call) {
	return func(s string) func(*plugin.Call) { return func(*plugin.Call) { out.WriteString(s) } }
}

func TestOrder(t *testing.T) {
	var got strings.Builder
	note := noter(&got)
	tab := newTable()
	add(t, tab, "p", "", 0, plugin.AllSyscalls, note("a"))
	add(t, tab, "q", "", 0, plugin.AllSyscalls, note("b"))
	add(t, tab, "p", "", -1, plugin.AllSyscalls, note("low"))
	add(t, tab, "p", "", 1, plugin.AllSyscalls, note("high"))
	add(t, tab, "p", "", 1, plugin.AllSyscalls, note("higher"))
	add(t, tab, "p", "", 0, plugin.Numbers(1), note("other"))
	call(tab, 5)
	if want := "higherhighbalow"; got.String() != want {
		t.Errorf("order %q, want %q", got.String(), want)
	}
}

func TestNamed(t *testing.T) {
	var got strings.Builder
	note := noter(&got)
	tab := newTable()
	first := add(t, tab, "p", "x", 0, plugin.AllSyscalls, note("old"))
	add(t, tab, "p", "", 0, plugin.AllSyscalls, note("2"))
	add(t, tab, "q", "x", 0, plugin.AllSyscalls, note("q"))
	add(t, tab, "p", "x", 0, plugin.AllSyscalls, note("new"))
	call(tab, 5)
	first.Remove() // has been replaced: nothing
	call(tab, 5)
	add(t, tab, "p", "x", 5, plugin.AllSyscalls, note("front"))
	call(tab, 5)
	add(t, tab, "p", "x", 0, plugin.Set{}, (func(*plugin.Call))(nil))
	add(t, tab, "p", "none", 0, plugin.Set{}, nil)
	call(tab, 5)
	if want := "q2new" + "q2new" + "frontq2" + "q2"; got.String() != want {
		t.Errorf("calls %q, want %q", got.String(), want)
	}
}

// A walk under way asks the replaced callback: a filter has no gap while it is replaced.
func TestReplaceDuringWalk(t *testing.T) {
	var got strings.Builder
	note := noter(&got)
	tab := newTable()
	add(t, tab, "p", "x", 0, plugin.AllSyscalls, note("old"))
	add(t, tab, "p", "", 0, plugin.AllSyscalls, func(*plugin.Call) {
		add(t, tab, "p", "x", 0, plugin.AllSyscalls, note("new"))
	})
	call(tab, 5)
	call(tab, 5)
	if got.String() != "oldnew" {
		t.Errorf("calls %q, want oldnew", got.String())
	}
}

func TestRemoveDuringWalk(t *testing.T) {
	var got strings.Builder
	note := noter(&got)
	tab := newTable()
	add(t, tab, "p", "", 0, plugin.AllSyscalls, note("c"))
	b := add(t, tab, "p", "", 0, plugin.AllSyscalls, note("b"))
	named := add(t, tab, "p", "n", 0, plugin.AllSyscalls, note("n"))
	var a *plugin.Registration
	a = add(t, tab, "p", "", 0, plugin.AllSyscalls, func(*plugin.Call) {
		got.WriteString("a")
		a.Remove()
		b.Remove()
		b.Remove()
		add(t, tab, "p", "n", 0, plugin.Set{}, nil)
		named.Remove()
		add(t, tab, "p", "", 9, plugin.AllSyscalls, note("late"))
	})
	call(tab, 5)
	call(tab, 5)
	if want := "ac" + "latec"; got.String() != want {
		t.Errorf("calls %q, want %q", got.String(), want)
	}
	plugin.NewRegistration(nil).Remove()
	(*plugin.Registration)(nil).Remove()
}

func TestOnce(t *testing.T) {
	tab := newTable()
	add(t, tab, "p", "", 0, plugin.AllSyscalls, func(*plugin.Call) {})
	e := tab.Walk(plugin.EventSyscall)[0]
	if !e.Live() || !e.Once() || e.Once() || e.Live() {
		t.Error("Once does not say yes exactly once")
	}
}

func TestUnknownName(t *testing.T) {
	tab := newTable()
	_, err := tab.Add("p", plugin.EventSyscall, plugin.Syscalls("openat", "opneat"), func(*plugin.Call) {}, plugin.RegisterOptions{})
	if err == nil || !strings.Contains(err.Error(), `"opneat"`) {
		t.Errorf("error %v", err)
	}
	if len(tab.Walk(plugin.EventSyscall)) != 0 {
		t.Error("registered in spite of the error")
	}
}

func TestNumbers(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  plugin.Set
		in   []abi.Sysno
		out  []abi.Sysno
		from map[int]bool
	}{
		{"none", plugin.Set{}, nil, []abi.Sysno{0, 5, 511, 512, -1, 1 << 40}, map[int]bool{0: false, 512: false}},
		{"all", plugin.AllSyscalls, []abi.Sysno{0, 511, 512, -1, 1 << 40}, nil, map[int]bool{0: true, 512: true}},
		{"names", plugin.Syscalls("openat", "read", "open"), []abi.Sysno{56, 63}, []abi.Sysno{0, 57, 600}, map[int]bool{0: true, 63: true, 64: false, 512: false}},
		{"edge", plugin.Numbers(510, 511), []abi.Sysno{510, 511}, []abi.Sysno{509, 512}, map[int]bool{511: true, 512: false}},
		{"outside", plugin.Numbers(512, 4096, -1, -9, 1<<40), []abi.Sysno{512, 4096, -1, -9, 1 << 40}, []abi.Sysno{0, 511, 513, -2, 1<<40 + 1}, map[int]bool{511: true, 512: true}},
		{"or", plugin.Syscalls("far").Or(plugin.Numbers(1)), []abi.Sysno{1, 600}, []abi.Sysno{2}, map[int]bool{2: true}},
	} {
		tab := newTable()
		add(t, tab, "p", "", 0, plugin.Numbers(7), func(*plugin.Call) {})
		add(t, tab, "p", "", 0, tc.set, func(*plugin.Call) {})
		e := tab.Walk(plugin.EventSyscall)[0]
		sum := tab.Union(plugin.EventSyscall)
		for _, nr := range tc.in {
			if !e.Wants(nr) || !sum.Has(nr) {
				t.Errorf("%s: %d is not selected (union %v)", tc.name, nr, sum.Has(nr))
			}
		}
		for _, nr := range tc.out {
			if e.Wants(nr) || sum.Has(nr) {
				t.Errorf("%s: %d is selected", tc.name, nr)
			}
		}
		for nr, want := range tc.from {
			if got := e.set.HasFrom(nr); got != want {
				t.Errorf("%s: HasFrom(%d) = %v", tc.name, nr, got)
			}
		}
		if !sum.Has(7) {
			t.Errorf("%s: the union lacks the other entry", tc.name)
		}
	}
}

func TestChanged(t *testing.T) {
	tab := newTable()
	var got []plugin.Event
	tab.Changed = func(e plugin.Event) { got = append(got, e) }
	r := add(t, tab, "p", "", 0, plugin.AllSyscalls, func(*plugin.Call) {})
	r.Remove()
	r.Remove()
	if len(got) != 2 || got[0] != plugin.EventSyscall {
		t.Errorf("changes %v, want two", got)
	}
}

// Walks, registrations and removals at the same time: for the race detector.
func TestConcurrent(t *testing.T) {
	tab := newTable()
	tab.Changed = func(plugin.Event) {}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				r, err := tab.Add("p", plugin.EventSyscall, plugin.Numbers(abi.Sysno(i)), func(*plugin.Call) {}, plugin.RegisterOptions{})
				if err != nil {
					t.Error(err)
				}
				call(tab, abi.Sysno(i))
				r.Remove()
			}
		})
	}
	wg.Wait()
	if n := len(tab.Walk(plugin.EventSyscall)); n != 0 {
		t.Errorf("%d callbacks left", n)
	}
}

// A plugin that has retired registers nothing more; others do.
func TestRetire(t *testing.T) {
	tab := newTable()
	if tab.Retire("p", false) || tab.Retire("p", true) || !tab.Retire("p", false) || !tab.Retire("p", true) {
		t.Error("Retire does not tell whether it was so already")
	}
	add(t, tab, "p", "", 0, plugin.AllSyscalls, func(*plugin.Call) {})
	add(t, tab, "p", "", 0, plugin.Syscalls("no such call"), func(*plugin.Call) {})
	add(t, tab, "q", "", 0, plugin.AllSyscalls, func(*plugin.Call) {})
	if l := tab.Walk(plugin.EventSyscall); len(l) != 1 || l[0].Plugin != "q" {
		t.Errorf("%d callbacks", len(l))
	}
}
