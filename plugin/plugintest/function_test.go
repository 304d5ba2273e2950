package plugintest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

// Fake functions are watched, replaced and called as real ones.
func TestFunctions(t *testing.T) {
	g := plugintest.New()
	var log []string
	g.Function("add", func(_ *plugintest.Thread, a []uint64) uint64 { return a[0] + a[1] })
	twice := g.Function("twice", func(t *plugintest.Thread, a []uint64) uint64 { return t.CallFunction("add", a[0], a[0]) })
	h := g.Host("p")
	watch := h.OnFunction("*guest!*", plugin.Watch{
		Entry: func(f *plugin.Frame) {
			f.Data = f.Arg(0)
			log = append(log, fmt.Sprintf("%d %s(%d, %d)", f.Depth(), f.Symbol().Name, f.Arg(0), f.Arg(1)))
		},
		Exit: func(f *plugin.Frame) {
			log = append(log, fmt.Sprintf("%d %s of %d = %d", f.Depth(), f.Symbol().Name, f.Data, f.Result()))
		},
	})
	if r := g.Main().CallFunction("twice", 4, 1); r != 8 {
		t.Errorf("twice = %d", r)
	}
	want := "0 twice(4, 1)\n1 add(4, 4)\n1 add of 4 = 8\n0 twice of 4 = 8"
	if got := strings.Join(log, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	watch.Remove()
	log = nil

	if _, err := h.Replace("add", func(f *plugin.Frame, a int32, s string) int32 {
		r, err := f.Original(uint64(a), 1)
		if err != nil {
			t.Error(err)
		}
		if _, err := f.VCPU().Call(twice + 1); !errors.Is(err, plugin.ErrNoCall) {
			t.Error(err)
		}
		return int32(r) + int32(len(s))
	}); err != nil {
		t.Fatal(err)
	}
	if r := g.Main().CallFunction("add", -5, "seven c"); int64(r) != 3 {
		t.Errorf("replaced add = %d", int64(r))
	}
	h.OnFunction("add", plugin.Watch{Entry: func(f *plugin.Frame) { f.SetArg(0, 1); f.Return(99) }})
	if r := g.Main().CallFunction("add", 2, "x"); r != 99 {
		t.Errorf("answered add = %d", r)
	}
	h.Uninstall(nil)
	if r := g.Main().CallFunction("add", 2, 3); r != 5 || log != nil {
		t.Errorf("add = %d, %v", r, log)
	}
}
