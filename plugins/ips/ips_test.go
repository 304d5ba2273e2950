package ips

import (
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

// clock is time as the plugin sees it; sleeping takes as long as it should.
type clock struct{ now time.Time }

func install(t *testing.T, args string) (*plugintest.Guest, *clock) {
	t.Helper()
	c := &clock{now: time.Unix(1e9, 0)}
	p := Info().New().(*limiter)
	p.now = func() time.Time { return c.now }
	p.sleep = func(d time.Duration) {
		if d > 0 {
			c.now = c.now.Add(d)
		}
	}
	g := plugintest.New()
	if err := g.Install("ips", p, args); err != nil {
		t.Fatal(err)
	}
	g.Main().Start()
	return g, c
}

// passed is how long f takes.
func (c *clock) passed(f func()) time.Duration {
	before := c.now
	f()
	return c.now.Sub(before)
}

func times(th *plugintest.Thread, b *plugintest.Block, n int) func() {
	return func() {
		for range n {
			th.Exec(b)
		}
	}
}

func TestRate(t *testing.T) {
	for args, want := range map[string]time.Duration{
		"ips=1000":           5 * time.Second,
		"ips=1k,ipq=1":       5 * time.Second,
		"ips=1k,ipq=10000":   5 * time.Second, // at the exit
		"ips=5000":           time.Second,
		"ips=0x1388,ipq=200": time.Second,
		"ips=1M":             5 * time.Millisecond,
		"":                   5 * time.Microsecond,
		"ips=1t":             5 * time.Nanosecond,
		"ips=1":              5000 * time.Second,
	} {
		g, c := install(t, args)
		got := c.passed(func() {
			times(g.Main(), g.Code(0x1000, make([]plugintest.Insn, 5)...), 1000)()
			g.Exit(plugin.ExitInfo{})
		})
		if d := got - want; d > want/1e6 || d < -want/1e6 {
			t.Errorf("%q: %v, want %v", args, got, want)
		}
	}
}

// A thread catches up by one quantum after it was slow.
func TestCredit(t *testing.T) {
	g, c := install(t, "ips=1000,ipq=5")
	b := g.Code(0x1000, plugintest.Insn{})
	times(g.Main(), b, 100)()
	c.now = c.now.Add(time.Hour)
	got := c.passed(func() {
		times(g.Main(), b, 1000)()
		g.Exit(plugin.ExitInfo{})
	})
	// The quantum that the clock was looked at after, and one of credit.
	if want := 990 * time.Millisecond; got < want-time.Millisecond || got > want+time.Millisecond {
		t.Errorf("1000 instructions took %v, want %v", got, want)
	}
}

// Each thread has its own account; one that ends sleeps for what is left of it; the process waits for the slowest.
func TestThreads(t *testing.T) {
	g, c := install(t, "ips=1000,ipq=1000")
	b := g.Code(0x1000, plugintest.Insn{})
	x, y := g.Thread(), g.Thread()
	got := c.passed(func() {
		times(g.Main(), b, 700)()
		times(x, b, 500)()
		times(y, b, 900)()
	})
	if got != 0 {
		t.Errorf("less than a quantum took %v", got)
	}
	if got = c.passed(x.Exit); got != 500*time.Millisecond {
		t.Errorf("the thread's end took %v", got)
	}
	if got = c.passed(func() { g.Exit(plugin.ExitInfo{}) }); got != 400*time.Millisecond {
		t.Errorf("the process's end took %v", got)
	}
}

func TestForkAndSignal(t *testing.T) {
	g, c := install(t, "ips=1000,ipq=1000")
	b := g.Code(0x1000, plugintest.Insn{})
	times(g.Main(), b, 900)()
	g.BecomeChild()
	times(g.Main(), b, 300)()
	if got := c.passed(func() { g.Exit(plugin.ExitInfo{Status: 1}) }); got != 300*time.Millisecond {
		t.Errorf("the child's end took %v", got)
	}
	g, c = install(t, "ips=1000,ipq=1000")
	times(g.Main(), g.Code(0x1000, plugintest.Insn{}), 900)()
	if got := c.passed(func() { g.Exit(plugin.ExitInfo{Signal: 9}) }); got != 0 {
		t.Errorf("a signal's end took %v", got)
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"ips=0":              "ips=0: want 1 to ",
		"ips=":               "ips=: want a number",
		"ips=fast":           "ips=fast: want a number",
		"ips=1K5":            "ips=1K5: want a number",
		"ips=k":              "ips=k: want a number",
		"ipq=-1":             "ipq=-1: want a number",
		"ips=99999T":         "",
		"ips=9223372T,ipq=1": "",
		"ips=10000000T":      "ips=10000000T: want 1 to 9223372036854775807",
		"rate=1":             "rate",
	} {
		err := plugintest.New().Install("ips", Info().New(), args)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", args, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
