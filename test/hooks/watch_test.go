//go:build linux

package hooks

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/plugin"
)

// tell makes a Watch that writes down entries with arguments by name, and exits with results.
func tell(j *journal) plugin.Watch {
	text := func(list []plugin.Arg, ok bool) string {
		if !ok {
			return "?"
		}
		var parts []string
		for _, a := range list {
			parts = append(parts, strings.TrimPrefix(a.Name+"="+a.Text, "="))
		}
		return strings.Join(parts, ", ")
	}
	return plugin.Watch{
		Entry: func(f *plugin.Frame) {
			j.add(fmt.Sprintf("%*s%s(%s)", 2*f.Depth(), "", f.Symbol().Name, text(f.Args())))
		},
		Exit: func(f *plugin.Frame) {
			j.add(fmt.Sprintf("%*s%s = %s", 2*f.Depth(), "", f.Symbol().Name, text(f.Results())))
		},
		Lost: func(f *plugin.Frame) { j.add(fmt.Sprintf("%*s%s lost", 2*f.Depth(), "", f.Symbol().Name)) },
	}
}

const valuesOut = "7 11.5 285 13 4000065534 1.5\n12 0\n"

// Arguments and results of C have the names and values of the source.
func TestValues(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var j journal
		want(t, cfg, install(func(h *plugin.Host) { h.OnFunction("hk_*", tell(&j)) }), "values", valuesOut)
		j.check(t,
			"hk_add(a=-3, b=10)", "hk_add = 7",
			`hk_mix(d=1.5, f=2.5, n=-7, s="hello", p={a: 5, d: 0.5}, b={v: {1, 2, 3, 4}})`, "hk_mix = 11.5",
			"hk_big(x=10)", "hk_big = {v: {10, 11, 12, 13}}",
			"hk_nine(a=1, b=2, c=3, d=4, e=5, f=6, g=7, h=8, i=9)", "hk_nine = 285",
			"hk_narrow(a=-1, b=65535, c=4000000000)", "hk_narrow = 4000065534",
			"hk_half(f=3)", "hk_half = 1.5",
			`hk_strlen(s="twelve bytes")`, "hk_strlen = 12",
			`hk_strlen(s="")`, "hk_strlen = 0")
	})
}

const nestOut = "120 15 294\n-1 -1\n6\n"

// Recursion, tail calls, loops to the first instruction and longjmp.
func TestNesting(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var j journal
		want(t, cfg, install(func(h *plugin.Host) { h.OnFunction("hk_*", tell(&j)) }), "nest", nestOut)
		catch := func(n int) (lines []string) {
			lines = append(lines, fmt.Sprintf("hk_catch(n=%d)", n))
			for i := range n + 1 {
				lines = append(lines, fmt.Sprintf("%*shk_throw(n=%d)", 2*i+2, "", n-i))
			}
			for i := range n + 1 {
				lines = append(lines, fmt.Sprintf("%*shk_throw lost", 2*(n-i)+2, ""))
			}
			return append(lines, "hk_catch = -1")
		}
		fact := func(n int) (lines []string) {
			for i := range n {
				lines = append(lines, fmt.Sprintf("%*shk_fact(n=%d)", 2*i, "", n-i))
			}
			for i := range n {
				r := 1
				for k := range i + 1 {
					r *= k + 1
				}
				lines = append(lines, fmt.Sprintf("%*shk_fact = %d", 2*(n-i-1), "", r))
			}
			return lines
		}
		j.check(t, slices.Concat(fact(5),
			[]string{"hk_tail(n=4)", "  hk_target(n=5)", "  hk_target = 15", "hk_tail = 15", `hk_loop(s="abc")`, "hk_loop = 294"},
			catch(3), catch(0), catch(2), catch(2), catch(2), fact(3))...)
	})
}

// Every thread has its own activations, and each entry its exit.
func TestThreads(t *testing.T) {
	each(t, func(t *testing.T, cfg weir.Config) {
		var entries, exits, wrong atomic.Int64
		want(t, cfg, install(func(h *plugin.Host) {
			h.OnFunction("hk_fact", plugin.Watch{
				Entry: func(f *plugin.Frame) {
					entries.Add(1)
					f.Data = [2]uint64{f.Arg(0), uint64(f.VCPU().TID())}
				},
				Exit: func(f *plugin.Frame) {
					exits.Add(1)
					fact := uint64(1)
					d := f.Data.([2]uint64)
					for i := range d[0] {
						fact *= i + 1
					}
					if f.Result() != fact || d[1] != uint64(f.VCPU().TID()) || f.Depth() != 5-int(d[0]) {
						wrong.Add(1)
					}
				},
			})
		}), "threads", "176800\n")
		if entries.Load() != 4*200*5 || exits.Load() != entries.Load() || wrong.Load() != 0 {
			t.Errorf("%d entries, %d exits, %d wrong", entries.Load(), exits.Load(), wrong.Load())
		}
	})
}
