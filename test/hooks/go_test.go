//go:build linux

package hooks

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// Functions of Go's: arguments by name, goroutines that change threads, stacks that move, replacement.
func TestGo(t *testing.T) {
	var j journal
	var works, deeps, entries, wrong, moved atomic.Int64
	var called atomic.Bool
	prog := testenv.GuestGo(t, "test/guest/go/hooks")
	r := run(t, weir.Config{}, prog, install(func(h *plugin.Host) {
		h.OnFunction("main.add", tell(&j))
		h.OnFunction("main.work", plugin.Watch{
			Entry: func(f *plugin.Frame) { f.Data = [2]uint64{f.Arg(0), uint64(f.VCPU().TID())} },
			Exit: func(f *plugin.Frame) {
				works.Add(1)
				d := f.Data.([2]uint64)
				if f.Result() != 2*d[0] || !f.GoCode() {
					wrong.Add(1)
				}
				if d[1] != uint64(f.VCPU().TID()) {
					moved.Add(1)
				}
			},
		})
		h.OnFunction("main.deep", plugin.Watch{
			Entry: func(f *plugin.Frame) {
				entries.Add(1)
				f.Data = f.Arg(0)
				if f.Arg(0) != 0 || called.Swap(true) {
					return
				}
				// 300 frames, and not one lost.
				pcs := make([]abi.Addr, 1000)
				names := map[string]int{}
				for _, pc := range pcs[:f.VCPU().Callers(pcs)] {
					s, _ := h.Symbolizer().At(pc)
					names[s.Name]++
				}
				if names["main.deep"] != 301 || names["runtime.goexit.abi0"] != 1 {
					t.Errorf("call stack: %v", names)
				}
				if _, err := f.VCPU().Call(f.Symbol().Addr, 1); !errors.Is(err, plugin.ErrNoCall) {
					t.Errorf("a function of Go's can be called: %v", err)
				}
			},
			Exit: func(f *plugin.Frame) {
				deeps.Add(1)
				if f.Result() != f.Data.(uint64) {
					wrong.Add(1)
				}
			},
		})
		if _, err := h.Replace("main.answer", func(n int, name string) (int, bool) { return n + len(name) + 40, true }); err != nil {
			t.Error(err)
		}
	}))
	if want := "18 hello!\n13560\n42 true\n"; r.status != 0 || r.out != want {
		t.Errorf("%+v, want %q", r, want)
	}
	if works.Load() != 40 || deeps.Load() != 40*301 || entries.Load() != deeps.Load() || wrong.Load() != 0 {
		t.Errorf("%d work, %d deep, %d entered, %d wrong", works.Load(), deeps.Load(), entries.Load(), wrong.Load())
	}
	t.Logf("%d goroutines have changed threads", moved.Load())
	re := regexp.MustCompile(`\[\]uint8\{0x[0-9a-f]+, `)
	for i := range j.lines {
		j.lines[i] = re.ReplaceAllString(j.lines[i], "[]uint8{PTR, ")
	}
	j.check(t, `main.add(a=3, s="hello", f=1.5, b=[]uint8{PTR, len 2, cap 2}, p={X: 7, Y: -8, On: true})`, `main.add = ~r0=18, ~r1="hello!"`)
}

// Call stacks of C go through signal handlers and calls of plugins.
func TestCallers(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var got []string
		want(t, cfg, install(func(h *plugin.Host) {
			c := caller{t, h}
			stack := func(v *plugin.VCPU) (names []string) {
				pcs := make([]abi.Addr, 100)
				for i, pc := range pcs[:v.Callers(pcs)] {
					if i > 0 {
						pc--
					}
					s, _ := h.Symbolizer().At(pc)
					l, _ := h.Symbolizer().Line(pc)
					if l.Line == 0 {
						names = append(names, s.Name)
					} else {
						names = append(names, fmt.Sprint(s.Name, " ", l.Line > 0))
					}
				}
				return names
			}
			h.OnFunction("hk_fact", plugin.Watch{Entry: func(f *plugin.Frame) {
				if f.Arg(0) == 1 {
					got = append(got, stack(f.VCPU())...)
				}
			}})
			h.OnFunction("hk_here", plugin.Watch{Entry: func(f *plugin.Frame) {
				if s := stack(f.VCPU()); len(s) < 4 || s[0] != "hk_here true" || s[1] != "main true" || s[len(s)-1] != "_start" {
					t.Errorf("stack of hk_here: %q", s)
				}
				c.call(f.VCPU(), "hk_fact", 6, 3)
			}})
			h.OnFunction("handler", plugin.Watch{Entry: func(f *plugin.Frame) {
				if s := stack(f.VCPU()); len(s) < 4 || s[0] != "handler true" || !slices.Contains(s, "raise") || s[len(s)-1] != "_start" {
					t.Errorf("stack of a handler: %q", s)
				}
			}})
		}), "here", "20\ngot 0\n")
		if !slices.Equal(got[:3], []string{"hk_fact true", "hk_fact true", "hk_fact true"}) || len(got) > 4 {
			t.Errorf("stack within a call: %q", got)
		}
	})
}
