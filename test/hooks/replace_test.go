//go:build linux

package hooks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/plugin"
)

func mustReplace(t *testing.T, h *plugin.Host, name string, fn any) *plugin.Registration {
	t.Helper()
	r, err := h.Replace(name, fn)
	if err != nil {
		t.Error(err)
	}
	return r
}

// Functions in Go stand for functions in C, with the types of these.
func TestReplace(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var j journal
		want(t, cfg, install(func(h *plugin.Host) {
			mustReplace(t, h, "hk_add", func(a int32, b int64) int64 { return int64(a) * b })
			mustReplace(t, h, "hk_mix", func(v *plugin.VCPU, d float64, f float32, n int32, s string) float64 {
				j.add(fmt.Sprint(v.TID() > 0, d, f, n, s))
				return 1e6
			})
			mustReplace(t, h, "hk_nine", func(a, b, c, d, e, f, g, h, i int) int { return i*100 + a })
			mustReplace(t, h, "hk_strlen", func(f *plugin.Frame, s plugin.Ptr) uint64 {
				n, err := f.Original()
				if err != nil {
					t.Error(err)
				}
				text, _ := f.VCPU().CString(uint64(s), 100)
				j.add(text)
				return n + 1000
			})
			mustReplace(t, h, "hk_narrow", func(a int8, b uint16, c uint32) uint32 { return uint32(b) })
			mustReplace(t, h, "hk_half", func(f float32) float32 { return f * 4 })
			h.OnFunction("hk_strlen", plugin.Watch{Exit: func(f *plugin.Frame) {
				j.add(fmt.Sprint("exit ", f.Result()))
				f.SetResult(f.Result() + 1)
			}})
		}), "values", "-30 1e+06 901 13 65535 12\n1014 1002\n")
		// The original is watched too, and its result changed.
		j.check(t, "true 1.5 2.5 -7hello", "exit 12", "twelve bytes", "exit 1013", "exit 0", "", "exit 1001")
	})
}

// Entry may change arguments, answer instead of the function, or have it gone elsewhere; registrations can be removed at any time.
func TestEntryDecides(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		exits := 0
		want(t, cfg, install(func(h *plugin.Host) {
			h.OnFunction("hk_add", plugin.Watch{Entry: func(f *plugin.Frame) { f.SetArg(1, 100) }})
			h.OnFunction("hk_nine", plugin.Watch{
				Entry: func(f *plugin.Frame) {
					if f.Arg(8) != 9 {
						t.Errorf("argument 8 is %d", f.Arg(8))
					}
					f.SetArg(8, 10)
				},
				Exit: func(f *plugin.Frame) { f.SetResult(f.Result() + 1) },
			})
			var r *plugin.Registration
			r = h.OnFunction("hk_strlen", plugin.Watch{
				Entry: func(f *plugin.Frame) { f.Return(77) },
				Exit: func(f *plugin.Frame) {
					exits++
					r.Remove()
				},
			})
		}), "values", "97 11.5 295 13 4000065534 1.5\n77 0\n")
		if exits != 1 {
			t.Errorf("%d exits", exits)
		}
	})
}

// What is no function, or has parameters that no C function has, is refused.
func TestReplaceRefuses(t *testing.T) {
	p := install(func(h *plugin.Host) {
		for _, fn := range []any{nil, 3, func(...int) {}, func(map[string]int) {}, func() string { return "" }, func(int, *plugin.VCPU) {}, (func(int))(nil)} {
			if _, err := h.Replace("x", fn); err == nil || !strings.Contains(err.Error(), "Replace x") {
				t.Errorf("%T: %v", fn, err)
			}
		}
	})
	want(t, weir.Config{}, p, "answer", "42\n")
}
