package stoptrigger_test

import (
	"testing"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/stoptrigger"
)

func TestTriggers(t *testing.T) {
	for _, tc := range []struct {
		args   string
		seen   int // instructions that begin
		status int
		out    string
	}{
		{"icount=0", 0, 0, "icount reached at 0x1000, exiting\n"},
		{"icount=2:41", 2, 41, "icount reached at 0x1008, exiting\n"},
		{"icount=0x5:3", 5, 3, "icount reached at 0x1008, exiting\n"},
		{"icount=5:1,icount=4:2,icount=6", 4, 2, "icount reached at 0x1004, exiting\n"},
		{"addr=1008:42", 2, 42, "0x1008 reached, exiting\n"},
		{"addr=0x1004", 1, 0, "0x1004 reached, exiting\n"},
		{"addr=0x1004:1,addr=0x1004:9", 1, 9, "0x1004 reached, exiting\n"},
		{"addr=0x9000,addr=0x1008:7,icount=3", 2, 7, "0x1008 reached, exiting\n"},
		{"addr=0x9000,icount=100", 6, -1, ""},
	} {
		g := plugintest.New()
		if err := g.Install("stoptrigger", stoptrigger.Info().New(), tc.args); err != nil {
			t.Fatal(err)
		}
		status := -1
		h := g.Host("after")
		n := plugin.NewCounter(h)
		h.OnTranslate(func(b *plugin.Block) {
			for _, i := range b.Insns {
				i.Add(n, 1)
			}
		})
		h.OnExit(func(i plugin.ExitInfo) { status = i.Status })
		b := g.Code(0x1000, plugintest.Insn{}, plugintest.Insn{}, plugintest.Insn{})
		for range 2 {
			if !g.Exited() {
				g.Main().Exec(b)
			}
		}
		if n.Sum() != uint64(tc.seen) || status != tc.status || g.Output() != tc.out {
			t.Errorf("%s: %d instructions, status %d, %q", tc.args, n.Sum(), status, g.Output())
		}
	}
}

// Each thread counts for itself, also one that has the number of another.
func TestThreads(t *testing.T) {
	g := plugintest.New()
	if err := g.Install("stoptrigger", stoptrigger.Info().New(), "icount=3"); err != nil {
		t.Fatal(err)
	}
	b := g.Code(0x1000, plugintest.Insn{}, plugintest.Insn{})
	g.Main().Start()
	g.Main().Exec(b)
	for range 3 {
		th := g.Thread()
		th.Exec(b)
		th.Exit()
	}
	if g.Exited() {
		t.Fatalf("exited: %s", g.Output())
	}
	g.Main().Exec(b)
	if !g.Exited() {
		t.Error("did not exit")
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":              "no trigger: want icount=N or addr=ADDR",
		"icount=":       `icount=: "" is no number`,
		"icount=x":      `icount=x: "x" is no number`,
		"icount=-1":     `icount=-1: "-1" is no number`,
		"addr=main":     `addr=main: "main" is no number`,
		"addr=10:256":   `addr=10:256: exit code "256": want a number from 0 to 255`,
		"icount=3:":     `icount=3:: exit code "": want a number from 0 to 255`,
		"count=3":       `unknown argument "count": it takes icount, addr`,
		"icount=1:2:03": `icount=1:2:03: exit code "2:03": want a number from 0 to 255`,
	} {
		err := plugintest.New().Install("stoptrigger", stoptrigger.Info().New(), args)
		if err == nil || err.Error() != "plugin stoptrigger: "+want {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
