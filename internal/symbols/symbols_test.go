package symbols

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

//go:noinline
func marker(t *testing.T) (pc uintptr, file string, line int) {
	t.Helper()
	pc, file, line, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no caller")
	}
	return pc, file, line
}

// The test binary itself is an ELF file whose symbols and lines the runtime knows too.
func TestSelf(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the test binary is no ELF file")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(exe, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.syms) == 0 {
		t.Skip("the test binary was linked without symbols")
	}
	pc, file, line := marker(t)
	s, ok := f.At(uint64(pc))
	if !ok || !strings.HasSuffix(s.Raw, ".marker") {
		t.Fatalf("%#x is in %+v", pc, s)
	}
	if got, ok := f.Find(s.Raw); !ok || got != s {
		t.Errorf("Find(%q) = %+v, %v", s.Raw, got, ok)
	}
	if s2, ok := f.At(s.Addr); !ok || s2 != s {
		t.Errorf("the first byte is in %+v", s2)
	}
	if s2, ok := f.At(s.Addr + s.Size); ok && s2 == s {
		t.Error("the symbol reaches beyond its size")
	}
	if name, n, ok := f.Line(uint64(pc)); ok && (filepath.Base(name) != filepath.Base(file) || n != line) {
		t.Errorf("line %s:%d, want %s:%d", name, n, file, line)
	} else if !ok {
		t.Log("the test binary has no DWARF") // go test strips it
	}
	if _, ok := f.At(1); ok {
		t.Error("a symbol at address 1")
	}
	if _, _, ok := f.Line(1); ok {
		t.Error("a line at address 1")
	}
}

func TestAt(t *testing.T) {
	f := &File{syms: []Symbol{{"a", 100, 0, true}, {"b", 200, 50, true}, {"bb", 200, 0, true}, {"inner", 210, 0, true}, {"c", 300, 10, true}, {"last", 400, 0, true}}}
	for _, tc := range []struct {
		addr uint64
		want string
	}{{99, ""}, {100, "a"}, {199, "a"}, {200, "b"}, {205, "b"}, {210, "inner"}, {249, "inner"}, {299, "inner"}, {300, "c"}, {309, "c"}, {310, ""}, {400, "last"}, {1 << 40, "last"}} {
		if s, _ := f.At(tc.addr); s.Raw != tc.want {
			t.Errorf("%d is in %q, want %q", tc.addr, s.Raw, tc.want)
		}
	}
}

func TestName(t *testing.T) {
	f := &File{}
	for raw, want := range map[string]string{
		"main": "main", "_start": "_start", "_ZN3foo3barEv": "foo::bar()", "_Z1fi": "f(int)", "_ZN4core3fmt5write17h0123456789abcdefE": "core::fmt::write",
	} {
		if got := f.Name(raw); got != want {
			t.Errorf("%s demangles to %s, want %s", raw, got, want)
		}
	}
}

func TestNoELF(t *testing.T) {
	p := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(p, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(p, nil); err == nil {
		t.Error("a script has symbols")
	}
	if _, err := Open(p+"y", nil); err == nil {
		t.Error("a file that does not exist has symbols")
	}
}
