package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir"
)

// The test binary is the emulator too, as the command is.
func TestMain(m *testing.M) {
	if name, ok := os.LookupEnv(envVariant); ok {
		weir.Main(info(name))
		return
	}
	os.Exit(m.Run())
}

// TestVariants runs one program under all plugins: what the same events are counted by must agree.
func TestVariants(t *testing.T) {
	programs, err := find(regexp.MustCompile("kernels/chase"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	opt := &options{
		only: regexp.MustCompile("kernels/fib"), kinds: regexp.MustCompile("blocks|trace"), runs: 1, scale: "1", calls: "1", qemu: "none",
		stdout: &text, stderr: io.Discard,
	}
	if err := bench(opt); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"### weir: ratios to no plugin", "| program | seconds | blocks | trace |", "| fib | "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := &emulator{name: "weir", command: func(v string) ([]string, []string, bool) {
		return []string{self}, []string{envVariant + "=" + v}, v != "none"
	}}
	events := map[string]uint64{}
	for _, v := range variants {
		s, out, err := once(e, v.name, programs[0], "1")
		if err != nil || !strings.HasPrefix(out, "chase ") {
			t.Fatalf("%s: %q, %v", v.name, out, err)
		}
		events[v.name] = s.events
	}
	for _, same := range [][]string{{"insns", "insns by block", "call insn"}, {"accesses", "trace", "call access"}, {"blocks", "call block"}} {
		for _, name := range same {
			n, want := events[name], events[same[0]]
			if d := max(n, want) - min(n, want); want < 1000 || d > want/100 { // the environment differs a little
				t.Errorf("%s: %d events, %s: %d", name, n, same[0], want)
			}
		}
	}
}

func TestReport(t *testing.T) {
	rows := [][]sample{{
		{cpu: 100 * time.Millisecond}, {cpu: 200 * time.Millisecond, events: 1000000}, {cpu: 400 * time.Millisecond, events: 10},
	}}
	for _, tc := range []struct {
		calls bool
		want  string
	}{
		{false, "| x | 0.100 | 2.00 | 4.00 |\n| mean | | 2.00 | 4.00 |\n"},
		{true, "| x | 0.100 | 100.0 (2.00) | - |\n| mean | | 100.0 | 0.0 |\n"},
	} {
		var b strings.Builder
		r := report{w: &b, tables: []table{{emulator: "weir", kinds: []string{"none", "a", "b"}, calls: tc.calls, names: []string{"x"}, rows: rows}}}
		if err := r.write(); err != nil || !strings.HasSuffix(b.String(), tc.want) {
			t.Errorf("%v:\n%s\nwant\n%s", err, b.String(), tc.want)
		}
	}
}

func TestNoQemu(t *testing.T) {
	for _, name := range []string{"none", "no-such-program", "/bin/true"} {
		if q, why := newQemu(name); q != nil || !strings.HasPrefix(why, "left out") {
			t.Errorf("%s: %v, %q", name, q, why)
		}
	}
}
