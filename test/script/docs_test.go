//go:build linux

package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// The programs in the manuals compile outside the tree, as a reader's would, and do what
// is said of them.
func TestDocsPrograms(t *testing.T) {
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	guest := testenv.GuestGo(t, "test/script/guest")
	manual := read(t, filepath.Join(root, "docs", "PLUGINS.md"))
	_, rest, ok := strings.Cut(read(t, filepath.Join(root, "README.md")), "## A filter in ten lines\n")
	if !ok {
		t.Fatal("README.md has no filter")
	}
	for _, tc := range []struct {
		name  string
		files map[string]string
		flags []string
	}{
		{"manual", map[string]string{
			"main.go":      block(t, manual, "<!-- test: own module -->\n"),
			"main_test.go": block(t, manual, "<!-- test: own test -->\n"),
		}, []string{"-plugin", "noetc,dir=/etc/", "-d", "plugin"}},
		{"readme", map[string]string{"main.go": block(t, rest, "")}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			tc.files["go.mod"] = "module example.org/noetc\n\ngo 1.26.0\n\nrequire github.com/weir-emu/weir v0.0.0\n\nreplace github.com/weir-emu/weir => " + root + "\n"
			tc.files["go.sum"] = read(t, filepath.Join(root, "go.sum"))
			for name, text := range tc.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			command(t, dir, "go", "build", "-o", "weir-noetc", ".")
			command(t, dir, "go", "vet", ".")
			if tc.files["main_test.go"] != "" {
				command(t, dir, "go", "test", ".")
			}
			out := command(t, dir, filepath.Join(dir, "weir-noetc"), append(tc.flags, guest, "cat", "/etc/passwd")...)
			if !strings.Contains(out, "open /etc/passwd: permission denied") {
				t.Errorf("output %q", out)
			}
			if tc.flags != nil && !strings.Contains(out, "noetc: refused /etc/passwd\n") {
				t.Errorf("no log line in %q", out)
			}
		})
	}
}

// block returns the first Go program after a mark.
func block(t *testing.T, text, mark string) string {
	t.Helper()
	_, rest, ok1 := strings.Cut(text, mark)
	_, rest, ok2 := strings.Cut(rest, "```go\n")
	code, _, ok3 := strings.Cut(rest, "```\n")
	if !ok1 || !ok2 || !ok3 {
		t.Fatalf("no program after %q", mark)
	}
	return code
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
