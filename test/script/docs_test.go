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

// The manual's five minutes, command by command as they stand there.
func TestDocsCommands(t *testing.T) {
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	manual := read(t, filepath.Join(root, "docs", "PLUGINS.md"))
	_, rest, _ := strings.Cut(manual, "## Five minutes, from an empty folder\n")
	section, _, ok := strings.Cut(rest, "\n### ")
	if !ok {
		t.Fatal("the manual has no five minutes")
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	written := false
	for line := range strings.Lines(section) {
		if line == "```go\n" && !written {
			written = true
			script.WriteString("cat >main.go <<'END_OF_FILE'\n" + block(t, section, "") + "END_OF_FILE\n")
		}
		if command, ok := strings.CutPrefix(line, "    "); ok {
			script.WriteString(command)
		}
	}
	text := strings.NewReplacer("=WEIR", "="+root, " PROGRAM", " "+testenv.GuestGo(t, "test/script/guest")+" cat /etc/passwd || [ $? = 1 ]").Replace(script.String())
	c := exec.Command("sh", "-c", text)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "open /etc/passwd: permission denied") || !strings.Contains(string(out), "noetc: refused /etc/passwd\n") {
		t.Errorf("%v\n%s\nof\n%s", err, out, text)
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
