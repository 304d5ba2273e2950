//go:build linux

package linux

import (
	"testing"

	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/linux/bpf"
)

// returning makes a filter that returns v, behind prev.
func returning(t *testing.T, v uint32, prev *secFilter) *secFilter {
	t.Helper()
	p, err := bpf.New([]bpf.Insn{{Code: 0x06, K: v}})
	if err != nil {
		t.Fatal(err)
	}
	return &secFilter{prog: p, prev: prev}
}

func TestAuditArch(t *testing.T) {
	if got := auditArch(&isa.Guest{ELFMachine: 243, Bits: 64}); got != 0xc00000f3 {
		t.Errorf("riscv64: %#x", got)
	}
	if got := auditArch(&isa.Guest{ELFMachine: 243, Bits: 32}); got != 0x400000f3 {
		t.Errorf("riscv32: %#x", got)
	}
}

func TestRunFilters(t *testing.T) {
	var d bpf.Data
	for _, c := range []struct {
		name  string
		rets  []uint32 // the oldest first
		want  uint32
		match int
	}{
		{"one", []uint32{secRetErrno | 1}, secRetErrno | 1, 0},
		{"the newest of equal actions", []uint32{secRetErrno | 1, secRetErrno | 2}, secRetErrno | 2, 1},
		{"errno before trace", []uint32{secRetErrno | 1, secRetTrace | 2}, secRetErrno | 1, 0},
		{"trap before errno", []uint32{secRetErrno | 1, secRetTrap | 2}, secRetTrap | 2, 1},
		{"killing the thread before a trap", []uint32{secRetKillThread, secRetTrap}, secRetKillThread, 0},
		{"killing the process first of all", []uint32{secRetKillProcess, secRetKillThread}, secRetKillProcess, 0},
		{"notification before trace", []uint32{secRetTrace, secRetUserNotif}, secRetUserNotif, 1},
		{"log before allow", []uint32{secRetAllow, secRetLog}, secRetLog, 1},
		{"allow", []uint32{secRetAllow, secRetAllow | 5}, secRetAllow, -1},
	} {
		var last *secFilter
		var all []*secFilter
		for _, r := range c.rets {
			last = returning(t, r, last)
			all = append(all, last)
		}
		ret, match := (&seccompState{mode: seccompFilter, last: last}).runFilters(&d)
		if ret != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, ret, c.want)
		}
		if c.match >= 0 && match != all[c.match] || c.match < 0 && match != nil {
			t.Errorf("%s: not the filter that is named", c.name)
		}
	}
}

func TestFilterChain(t *testing.T) {
	a := returning(t, 0, nil)
	b := returning(t, 0, a)
	other := returning(t, 0, a)
	for _, c := range []struct {
		f, g *secFilter
		want bool
	}{{nil, nil, true}, {nil, b, true}, {a, b, true}, {b, b, true}, {b, a, false}, {b, other, false}, {a, nil, false}} {
		if got := c.f.isAncestor(c.g); got != c.want {
			t.Errorf("isAncestor: %v, want %v", got, c.want)
		}
	}
	if n := b.size(); n != 10 {
		t.Errorf("size %d, want 10", n)
	}
}

func TestInheritSeccomp(t *testing.T) {
	var from, to Task
	from.seccomp.Store(&seccompState{mode: seccompFilter, last: returning(t, secRetErrno|7, returning(t, secRetAllow, nil))})
	from.seccomp.Load().last.notify = true
	if err := to.inheritSeccomp(from.seccompFilters()); err != nil {
		t.Fatal(err)
	}
	last := to.seccomp.Load().last
	var d bpf.Data
	if last.prog.Run(&d) != secRetErrno|7 || !last.notify || last.prev.prog.Run(&d) != secRetAllow || last.prev.notify || last.prev.prev != nil {
		t.Error("the filters are not the same")
	}
	if mode, n := to.seccompStatus(); mode != 2 || n != 2 {
		t.Errorf("status %d, %d", mode, n)
	}
	if err := to.inheritSeccomp([]SeccompFilter{{Program: []byte{1}}}); err == nil {
		t.Error("a bad program is accepted")
	}
}

func TestHostNotifyFilter(t *testing.T) {
	p, err := bpf.New(bpf.Parse(hostNotifyFilter()))
	if err != nil {
		t.Fatal(err)
	}
	for nr, want := range map[int32]uint32{
		0: secRetAllow, 0xffff: secRetAllow, notifyBase: secRetUserNotif, notifyBase + 500: secRetUserNotif,
		2*notifyBase - 1: secRetUserNotif, 2 * notifyBase: secRetAllow, -1: secRetAllow,
	} {
		d := bpf.NewData(nr, 0, 0, [6]uint64{})
		if got := p.Run(&d); got != want {
			t.Errorf("number %#x: %#x, want %#x", nr, got, want)
		}
	}
}
