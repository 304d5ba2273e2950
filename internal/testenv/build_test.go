package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// useCache points the cache at an empty folder.
func useCache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("WEIR_CACHE", dir)
	return dir
}

func TestDirectives(t *testing.T) {
	source := []byte("// CFLAGS: -O1 -g\n//CFLAGS: no\n// CFLAGS_riscv64: -march=rv64gc\n x // CFLAGS: no\n// CFLAGS: -DX=1\n")
	for _, tc := range []struct {
		key  string
		want []string
	}{
		{"CFLAGS", []string{"-O1", "-g", "-DX=1"}},
		{"CFLAGS_riscv64", []string{"-march=rv64gc"}},
		{"CFLAGS_amd64", nil},
	} {
		if got := directives(source, tc.key); !slices.Equal(got, tc.want) {
			t.Errorf("directives(%q) = %q, want %q", tc.key, got, tc.want)
		}
	}
}

func TestBuildCIsCached(t *testing.T) {
	cache := useCache(t)
	first, err := BuildC(Native, "test/bench/kernels/fib.c")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first, cache) {
		t.Errorf("built %s, want a path below %s", first, cache)
	}
	out, err := exec.Command(first, "1").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "fib ") {
		t.Errorf("running it: %v, output %q", err, out)
	}
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := BuildC(Native, "test/bench/kernels/fib.c")
	if err != nil || second != first {
		t.Fatalf("second build: %q, %v, want %q", second, err, first)
	}
	after, err := os.Stat(second)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("second build replaced the program (%v)", err)
	}
}

func TestBuildCAtTheSameTime(t *testing.T) {
	useCache(t)
	var wg sync.WaitGroup
	paths := make([]string, 4)
	errs := make([]error, len(paths))
	for i := range paths {
		wg.Go(func() { paths[i], errs[i] = BuildC(RISCV64, "test/bench/kernels/fib.c") })
	}
	wg.Wait()
	for i := range paths {
		if errs[i] != nil || paths[i] != paths[0] {
			t.Errorf("builder %d: %q, %v", i, paths[i], errs[i])
		}
	}
	entries, err := os.ReadDir(filepath.Dir(paths[0]))
	if err != nil || len(entries) != 1 {
		t.Errorf("cache holds %v (%v), want the program alone", entries, err)
	}
}

func TestBuildGo(t *testing.T) {
	useCache(t)
	path, err := BuildGo(RISCV64, "test/bench/micro/hellogo")
	if err != nil {
		t.Fatal(err)
	}
	header := make([]byte, 20)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(header); err != nil {
		t.Fatal(err)
	}
	const emRISCV = 243 // ELF e_machine
	if got := int(header[18]) | int(header[19])<<8; got != emRISCV {
		t.Errorf("e_machine = %d, want %d", got, emRISCV)
	}
}

func TestMissingToolNamesTheMend(t *testing.T) {
	useCache(t)
	for name, err := range map[string]error{
		"compiler": second(BuildC(Target{Name: "none", CC: "no-such-compiler"}, "test/bench/kernels/fib.c")),
		"busybox":  second(Debian("usr/bin/busybox")),
		"sysroot":  second(Sysroot()),
	} {
		if err == nil || !strings.Contains(err.Error(), Mend) {
			t.Errorf("%s: error %v does not name %s", name, err, Mend)
		}
	}
	t.Setenv("WEIR_BIN", "/nonexistent/weir")
	if _, err := BuildWeir(); err == nil || !strings.Contains(err.Error(), "WEIR_BIN") {
		t.Errorf("BuildWeir with a wrong WEIR_BIN: %v", err)
	}
}

func TestHashSeesEveryInput(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	seen := make(map[string]string)
	check := func(what string, words, files []string) {
		t.Helper()
		key, err := hashFiles(words, files)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[key]; ok {
			t.Errorf("%s has the key of %s", what, other)
		}
		seen[key] = what
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(a, "one")
	write(b, "one")
	check("base", []string{"x"}, []string{a})
	check("other word", []string{"y"}, []string{a})
	check("split word", []string{"x", ""}, []string{a})
	check("other name", []string{"x"}, []string{b})
	check("two files", []string{"x"}, []string{a, b})
	write(a, "two")
	check("other content", []string{"x"}, []string{a})
}

func second(_ string, err error) error { return err }
