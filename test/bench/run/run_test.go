package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStatistics(t *testing.T) {
	samples := []sample{{cpu: 3, wall: 10}, {cpu: 1, wall: 40}, {cpu: 2, wall: 20}}
	if got := least(samples, cpuTime); got != 1 {
		t.Errorf("least = %d, want 1", got)
	}
	if got := median(samples, wallTime); got != 20 {
		t.Errorf("median of three = %d, want 20", got)
	}
	if got := median(samples[:2], wallTime); got != 25 {
		t.Errorf("median of two = %d, want 25", got)
	}
	if got := geomean([]float64{2, 8}); math.Abs(got-4) > 1e-12 {
		t.Errorf("geomean = %g, want 4", got)
	}
	if got := ratio(2*time.Millisecond, 0); got != 2000 {
		t.Errorf("ratio with nothing = %g, want 2000", got)
	}
	if got, err := perCall([]sample{{output: "x 7.5"}, {output: "x 6.25"}}); got != 6.25 || err != nil {
		t.Errorf("perCall = %g, %v, want 6.25", got, err)
	}
	if _, err := perCall([]sample{{output: "x"}}); err == nil {
		t.Error("perCall accepts an output without a number")
	}
}

func TestPairs(t *testing.T) {
	for _, tc := range []struct {
		labels string
		want   string
	}{
		{"native weir qemu", "weir/native weir/qemu"},
		{"native weir filter qemu", "weir/native weir/qemu filter/native filter/qemu"},
		{"native weir", "weir/native"},
		{"native qemu", "qemu/native"},
		{"native", ""},
	} {
		var r report
		for _, l := range strings.Fields(tc.labels) {
			r.contestants = append(r.contestants, contestant{label: l})
		}
		var got []string
		for _, p := range r.pairs() {
			got = append(got, r.pairLabel(p))
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s: pairs %q, want %q", tc.labels, s, tc.want)
		}
	}
}

func TestParse(t *testing.T) {
	opt, err := parse([]string{"-weir", "w", "-only", "fib", "-plugin", "pass,x=1", "-variant", "interp=-jit=off"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"weir pass=-plugin pass,x=1", "interp=-jit=off"}; !slices.Equal(opt.variants, want) {
		t.Errorf("variants %q, want %q", opt.variants, want)
	}
	opt.weir, opt.qemu = "none", script(t, "echo")
	list, err := opt.contestants()
	if want := []string{opt.qemu, "-cpu", "rv64,v=false"}; err != nil || len(list) != 2 || !slices.Equal(list[1].prefix, want) {
		t.Errorf("contestants %v (%v), want native and %q", list, err, want)
	}
	for _, args := range [][]string{{"-n", "0"}, {"-only", "("}, {"-variant", "x"}, {"fib"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("parse(%q) succeeds", args)
		}
	}
}

func TestCommandLine(t *testing.T) {
	got := commandLine([]string{"-only", "a|b", "-n", "3", "-plugin", "it's"})
	if want := `go run ./test/bench/run -only 'a|b' -n 3 -plugin 'it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFindListsEveryKernel(t *testing.T) {
	programs, err := find(regexp.MustCompile(`^(kernels|go|micro|startup)/`))
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string]int)
	for _, p := range programs {
		sections[p.section]++
	}
	if sections["kernels"] < 11 || sections["go"] < 6 || sections["micro"] != 2+len(ops) || sections["startup"] != 2 {
		t.Errorf("programs per section: %v", sections)
	}
}

// script writes a shell script that prints text, standing in for a program or an emulator.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMeasureComparesOutput(t *testing.T) {
	emulator := script(t, `echo "$@" >>"$0.log"; echo sum 1`)
	p := program{section: "kernels", name: "k", native: script(t, "echo sum 1"), guest: "guest", args: []string{"7"}}
	contestants := []contestant{{label: "native"}, {"weir", []string{emulator, "-x"}}}
	r, err := measure(contestants, p, 3, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.samples[0]) != 3 || len(r.samples[1]) != 3 {
		t.Errorf("%d and %d samples, want 3 each", len(r.samples[0]), len(r.samples[1]))
	}
	log, err := os.ReadFile(emulator + ".log")
	if want := strings.Repeat("-x guest 7\n", 3); err != nil || string(log) != want {
		t.Errorf("emulator was run with %q (%v), want %q", log, err, want)
	}

	p.native = script(t, "echo sum 2")
	if _, err := measure(contestants, p, 1, io.Discard); err == nil || !strings.Contains(err.Error(), "printed") {
		t.Errorf("different checksums: error %v", err)
	}
	p.native = script(t, "echo broken >&2; exit 3")
	if _, err := measure(contestants, p, 1, io.Discard); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("failing program: error %v", err)
	}
}

func TestTables(t *testing.T) {
	results := []result{{name: "k", samples: [][]sample{
		{{cpu: 10 * time.Millisecond, wall: 20 * time.Millisecond, output: "k 5"}},
		{{cpu: 15 * time.Millisecond, wall: 40 * time.Millisecond, output: "k 20"}},
	}}}
	var text bytes.Buffer
	r := report{w: &text, markdown: true, contestants: []contestant{{label: "native"}, {label: "weir"}}}
	for _, write := range []func([]result) error{r.times("T", "n"), r.perCall, r.startup} {
		if err := write(results); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"| program | native ms | weir ms | weir/native |\n|---|---:|---:|---:|\n",
		"| k | 10 (20) | 15 (40) | 1.50 (2.00) |\n",
		"| geometric mean |  |  | 1.50 (2.00) |\n",
		"| k | 5.0 | 20.0 | 4.00 |\n",
		"| k | 20 | 20 | 40 | 40 | 2.00 |\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no line %q in:\n%s", want, text.String())
		}
	}
}

// TestOps checks that the list of operations is that of the program.
func TestOps(t *testing.T) {
	source, err := os.ReadFile("../micro/ops.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		if !bytes.Contains(source, []byte(`{"`+op+`", do_`)) {
			t.Errorf("ops.c has no operation %s", op)
		}
	}
}
