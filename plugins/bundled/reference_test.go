package bundled_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/weir-emu/weir/plugins/bundled"
)

var update = flag.Bool("update", false, "rewrite the reference in docs/PLUGINS.md")

const (
	manual = "../../docs/PLUGINS.md"
	begin  = "<!-- generated from plugins/bundled by go generate; do not edit -->\n"
	end    = "<!-- end of generated part -->\n"
)

// reference is the bundled plugins' part of the manual.
func reference() string {
	var b strings.Builder
	for _, p := range bundled.Plugins() {
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n", p.Name, strings.ToUpper(p.Summary[:1])+p.Summary[1:])
		if len(p.Options) == 0 {
			b.WriteString("\nIt takes no arguments.\n")
			continue
		}
		b.WriteString("\n| argument | meaning |\n|---|---|\n")
		cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
		for _, o := range p.Options {
			many := ""
			if o.Multi {
				many = "; repeatable"
			}
			fmt.Fprintf(&b, "| `%s` | %s%s |\n", cell(o.Key+"="+o.Value), cell(o.Help), many)
		}
	}
	return b.String()
}

// The manual's reference is what the plugins say of themselves.
func TestReference(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no generated part", manual)
	}
	want := reference() + "\n"
	if *update {
		if err := os.WriteFile(manual, []byte(head+begin+want+end+tail), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != want {
		t.Errorf("%s is out of date: run go generate ./plugins/bundled", manual)
	}
}
