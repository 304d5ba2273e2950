package testenv

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A Program is one self-checking program of test/guest. It exits 0 after printing the line "ok NAME"; otherwise it has
// printed what went wrong.
type Program struct {
	Name string
	Only string // target it is specific to, "" for none
	Args []string
	Go   bool // test/guest/go/NAME rather than test/guest/c/NAME.c
}

// Programs lists the self-checking programs, C first, each kind by name. A C program is self-checking when it includes
// check.h or storm.h; its source may say "// ONLY: TARGET" and "// ARGS: ...". A Go program is when it has the line to print.
func Programs(t testing.TB) []Program {
	t.Helper()
	root := must(t)(Root())
	sources, err := filepath.Glob(filepath.Join(root, "test/guest/c/*.c"))
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	var list []Program
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatalf("testenv: %v", err)
		}
		if !bytes.Contains(text, []byte("\n#include \"check.h\"\n")) && !bytes.Contains(text, []byte("\n#include \"storm.h\"\n")) {
			continue
		}
		p := Program{Name: strings.TrimSuffix(filepath.Base(source), ".c"), Args: directives(text, "ARGS")}
		if only := directives(text, "ONLY"); len(only) > 0 {
			p.Only = only[0]
		}
		list = append(list, p)
	}
	folders, err := filepath.Glob(filepath.Join(root, "test/guest/go/*/main.go"))
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	for _, f := range folders {
		p := Program{Name: filepath.Base(filepath.Dir(f)), Go: true}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatalf("testenv: %v", err)
		}
		if !bytes.Contains(text, []byte("\"ok "+p.Name+"\"")) {
			continue
		}
		if p.Name == "httpserver" {
			p.Args = []string{"self"}
		}
		list = append(list, p)
	}
	return list
}

// Guest builds the program for riscv64 and returns its path.
func (p Program) Guest(t testing.TB) string {
	t.Helper()
	if p.Go {
		return GuestGo(t, "test/guest/go/"+p.Name)
	}
	return GuestC(t, p.Name)
}

// Native builds the program for this machine and returns its path.
func (p Program) Native(t testing.TB) string {
	t.Helper()
	if p.Go {
		return NativeGo(t, "test/guest/go/"+p.Name)
	}
	return NativeC(t, p.Name)
}

// Title names the program in test names: the language and the name.
func (p Program) Title() string {
	if p.Go {
		return "go/" + p.Name
	}
	return "c/" + p.Name
}
