//go:build linux

package linux

import (
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
)

// TestTableComplete: every assigned number of the riscv64 table has exactly one row, under
// its name, with a level that its note explains.
func TestTableComplete(t *testing.T) {
	unassigned := func(nr int) bool {
		return nr == 38 || nr >= 244 && nr < 258 || nr >= 295 && nr < 424
	}
	for nr := range genericNames {
		n := genericNames[nr]
		if (n.name == "") != unassigned(nr) {
			t.Errorf("number %d: name %q, unassigned is %v", nr, n.name, unassigned(nr))
			continue
		}
		if n.name == "" {
			if r := generic.row(abi.Sysno(nr)); r.Level != Absent {
				t.Errorf("number %d has a row %q but no name", nr, r.Name)
			}
			continue
		}
		r := generic.row(abi.Sysno(nr))
		switch {
		case r == nil:
			t.Errorf("%s (%d) has no row in its family", n.name, nr)
			continue
		case r.Name != n.name || r.Nr != abi.Sysno(nr):
			t.Errorf("%s (%d): its row says %s (%d)", n.name, nr, r.Name, r.Nr)
		case r.run == nil:
			t.Errorf("%s has no handler", n.name)
		case (r.Level == Partial || r.Level == Unsupported) && r.Note == "":
			t.Errorf("%s is %v without a reason", n.name, r.Level)
		case r.Level == Absent:
			t.Errorf("%s is assigned but absent", n.name)
		}
		for i, a := range r.Args {
			if a.Name == "" || a.Kind.String() == "" {
				t.Errorf("%s: argument %d is %q of kind %d", n.name, i, a.Name, a.Kind)
			}
		}
	}
	seen := map[string]int{}
	for f := famSignal; f < numFamilies; f++ {
		for _, r := range f.rows() {
			seen[r.Name]++
			if genericNames[r.Nr].family != f {
				t.Errorf("%s is in a family that nobody looks in", r.Name)
			}
		}
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s has %d rows", name, n)
		}
	}
	if n := len(Rows()); n != 327 {
		t.Errorf("%d rows", n)
	}
}

func TestTableEdges(t *testing.T) {
	for _, nr := range []abi.Sysno{-1, -1 << 63, 1<<63 - 1, abi.Sysno(len(genericNames)), 250} {
		if r := generic.row(nr); r != &absentRow {
			t.Errorf("number %d has row %q", nr, r.Name)
		}
		if n, ok := SyscallName(nr); ok {
			t.Errorf("number %d is called %q", nr, n)
		}
	}
	for name, want := range map[string]abi.Sysno{"read": 63, "openat": 56, "riscv_flush_icache": 259, "mseal": 462} {
		if nr, ok := SyscallByName(name); !ok || nr != want {
			t.Errorf("%s is %d, %v; want %d", name, nr, ok, want)
		}
	}
	if _, ok := SyscallByName(""); ok {
		t.Error("a number without a name was found by the empty one")
	}
}

// TestKnownElsewhere: no name is both ours and another's.
func TestKnownElsewhere(t *testing.T) {
	for _, n := range elsewhere {
		if nr, ok := SyscallByName(n); ok {
			t.Errorf("%s is number %d here", n, nr)
		}
	}
	if !KnownElsewhere("open") || KnownElsewhere("opne") {
		t.Error("open is known elsewhere, opne is not")
	}
}

func TestSyscallsWith(t *testing.T) {
	has := func(kind, name string) bool {
		nr, _ := SyscallByName(name)
		for _, n := range SyscallsWith(kind) {
			if n == nr {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		kind, name string
		want       bool
	}{{"path", "openat", true}, {"path", "read", false}, {"fd", "read", true}, {"sockaddr", "connect", true}, {"path", "execve", true}} {
		if has(c.kind, c.name) != c.want {
			t.Errorf("SyscallsWith(%q) has %s: want %v", c.kind, c.name, c.want)
		}
	}
}

// TestPassRows: the kinds of every row's arguments have a size that makes sense.
func TestPassRows(t *testing.T) {
	args := [8]uint64{16, 16, 16, 16, 16, 16}
	for _, r := range Rows() {
		for i, a := range r.Args {
			if a.Kind == argfmt.Unknown {
				t.Errorf("%s: %s has no kind", r.Name, a.Name)
			}
			if n, ok := a.Kind.Span(&args, i); ok && n == 0 {
				t.Errorf("%s: %s spans nothing", r.Name, a.Name)
			}
		}
	}
}
