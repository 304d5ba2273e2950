//go:build linux

package plugins

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

// lcovFile is a record of a tracefile.
type lcovFile struct {
	lines map[int]uint64
	funcs map[string]uint64
}

// readLcov reads a tracefile and takes nothing that geninfo(1) does not have.
func readLcov(t *testing.T, name string) map[string]*lcovFile {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files := map[string]*lcovFile{}
	var cur *lcovFile
	var declared map[string]bool
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	sc := bufio.NewScanner(f)
	last := 0
	for sc.Scan() {
		key, rest, _ := strings.Cut(sc.Text(), ":")
		if cur == nil && key != "TN" && key != "SF" {
			t.Fatalf("%s: %q outside of a record", name, sc.Text())
		}
		switch key {
		case "TN":
		case "SF":
			if cur != nil || files[rest] != nil || rest == "" {
				t.Fatalf("%s: %q", name, sc.Text())
			}
			cur = &lcovFile{map[int]uint64{}, map[string]uint64{}}
			declared, last = map[string]bool{}, 0
			files[rest] = cur
		case "FN":
			n, fn, ok := strings.Cut(rest, ",")
			if number(n) == 0 || !ok {
				t.Fatalf("%s: %q", name, sc.Text())
			}
			declared[fn] = true
		case "FNDA":
			n, fn, _ := strings.Cut(rest, ",")
			if !declared[fn] {
				t.Fatalf("%s: %q without FN", name, sc.Text())
			}
			cur.funcs[fn] = max(cur.funcs[fn], number(n))
		case "FNF", "FNH":
			if n := number(rest); key == "FNF" && n < uint64(len(declared)) { // several functions may have one name
				t.Fatalf("%s: %q", name, sc.Text())
			}
		case "DA":
			l, n, ok := strings.Cut(rest, ",")
			if at := int(number(l)); !ok || at <= last {
				t.Fatalf("%s: %q after line %d", name, sc.Text(), last)
			} else {
				last = at
				cur.lines[at] = number(n)
			}
		case "LF":
			if number(rest) != uint64(len(cur.lines)) {
				t.Fatalf("%s: %q with %d lines", name, sc.Text(), len(cur.lines))
			}
		case "LH":
			n := uint64(0)
			for _, x := range cur.lines {
				if x > 0 {
					n++
				}
			}
			if number(rest) != n {
				t.Fatalf("%s: %q with %d lines hit", name, sc.Text(), n)
			}
		case "end_of_record":
			cur = nil
		default:
			t.Fatalf("%s: %q", name, sc.Text())
		}
	}
	if cur != nil || len(files) == 0 {
		t.Fatalf("%s: no end", name)
	}
	return files
}

// lineOf is the number of the line of a source that contains text.
func lineOf(t *testing.T, source, text string) int {
	t.Helper()
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(root, source))
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(b), text)
	if !ok {
		t.Fatalf("no %q in %s", text, source)
	}
	return strings.Count(head, "\n") + 1
}

// record is that of a source, wherever it was compiled.
func record(t *testing.T, files map[string]*lcovFile, source string) *lcovFile {
	t.Helper()
	for name, f := range files {
		if strings.HasSuffix(name, source) {
			return f
		}
	}
	t.Fatalf("no record of %s", source)
	return nil
}

func TestCoverage(t *testing.T) {
	const source = "test/guest/c/hooks.c"
	for _, cfg := range []weir.Config{{}, {Interpret: true}} {
		file := filepath.Join(t.TempDir(), "c")
		if r := run(t, cfg, "hooks", []string{"nest"}, bundle(t, "coverage,source=*hooks.c,file="+file)); r.status != 0 {
			t.Fatalf("%+v", r)
		}
		f := record(t, readLcov(t, file+".info"), source)
		for text, want := range map[string]uint64{
			"long below = hk_fact": 4 + 2, "hk_throw(n - 1);": 3 + 2*3, "longjmp(env, 1);": 5, "raise(SIGUSR1);": 0, "execve(": 0,
		} {
			if n, ok := f.lines[lineOf(t, source, text)]; !ok || n != want {
				t.Errorf("%q: %d times, want %d", text, n, want)
			}
		}
		for fn, want := range map[string]uint64{"hk_fact": 8, "hk_tail": 1, "hk_catch": 5, "hk_strlen": 0, "main": 1} {
			if n, ok := f.funcs[fn]; !ok || n != want {
				t.Errorf("%s: %d times, want %d", fn, n, want)
			}
		}
		table, err := os.ReadFile(file + ".functions")
		if err != nil || !regexp.MustCompile(`(?m)^ +8 +\d+ +\d+ +\d+ +\d+  hk_fact$`).Match(table) || strings.Contains(string(table), "hk_strlen") {
			t.Errorf("%v\n%s", err, table)
		}
	}
}

// A profile of a program in Go is what go tool cover takes.
func TestCoverageGo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "g")
	if r := runFile(t, weir.Config{}, testenv.GuestGo(t, "test/guest/go/hooks"), nil, bundle(t, "coverage,format=go,source=*/go/hooks/*,file="+file)); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	cmd := exec.Command("go", "tool", "cover", "-func="+file+".cover")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`add\s+[5-9]\d\.\d%`, `work\s+100\.0%`, `deep\s+100\.0%`, `unused\s+0\.0%`, `total:`} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if _, err := os.Stat(file + ".info"); err == nil {
		t.Error("another format was written too")
	}
}

// Every process and program has files; a child's are about what the child has executed.
func TestCoverageProcesses(t *testing.T) {
	const source = "test/guest/c/hooks.c"
	file := filepath.Join(t.TempDir(), "c")
	if r := command(t, "-plugin", "coverage,format=lcov,source=*hooks.c,file="+file, testenv.GuestC(t, "hooks"), "family"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	names, err := filepath.Glob(file + "*.info")
	if err != nil || len(names) != 4 {
		t.Fatalf("%q, %v", names, err)
	}
	sum := uint64(0)
	for _, n := range names {
		sum += record(t, readLcov(t, n), source).funcs["hk_fact"]
	}
	if sum != 3+4+2+2 {
		t.Errorf("hk_fact %d times in all", sum)
	}
	refuse(t, "coverage,format=pdf", "format=pdf")
}
