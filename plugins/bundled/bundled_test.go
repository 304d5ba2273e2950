package bundled_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir/plugins/bundled"
)

// Every plugin has what `weir plugins` and the reference print.
func TestInfo(t *testing.T) {
	var names []string
	for _, p := range bundled.Plugins() {
		names = append(names, p.Name)
		if p.Name == "" || p.Summary == "" || strings.Contains(p.Summary, "\n") || p.New == nil || p.Always {
			t.Errorf("%+v", p)
		}
		if p.New() == nil {
			t.Errorf("%s: New makes nothing", p.Name)
		}
		for _, o := range p.Options {
			if o.Key == "" || o.Value == "" || o.Help == "" || strings.Contains(o.Help, "\n") {
				t.Errorf("%s: %+v", p.Name, o)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names %v", names)
	}
}
