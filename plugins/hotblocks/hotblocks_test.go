package hotblocks_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/hotblocks"
)

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	if err := g.Install("hotblocks", hotblocks.Info().New(), args); err != nil {
		t.Fatal(err)
	}
	return g
}

func times(th *plugintest.Thread, b *plugintest.Block, n int) {
	for range n {
		th.Exec(b)
	}
}

func TestReport(t *testing.T) {
	for _, args := range []string{"", "inline=off", "inline=on"} {
		g := install(t, args)
		a, b := g.Code(0x1000, plugintest.Insn{}, plugintest.Insn{}), g.Code(0x1000, plugintest.Insn{})
		times(g.Main(), a, 3)
		times(g.Main(), b, 7)
		g.Code(0x2000, plugintest.Insn{}) // is never executed
		g.Flush()
		times(g.Main(), a, 1)
		var wg sync.WaitGroup
		for range 3 {
			th := g.Thread()
			wg.Go(func() { times(th, a, 10) })
		}
		wg.Wait()
		g.Exit(plugin.ExitInfo{})
		const want = "collected 2 entries in the hash table\npc, tcount, icount, ecount\n" +
			"0x0000000000001000, 2, 2, 34\n0x0000000000001000, 1, 1, 7\n"
		if got := g.Output(); got != want {
			t.Errorf("%q:\n%swant\n%s", args, got, want)
		}
	}
}

func TestLimit(t *testing.T) {
	for args, want := range map[string]int{"": 20, "limit=3": 3, "limit=0": 0, "limit=1000": 30} {
		g := install(t, args)
		for i := range 30 {
			times(g.Main(), g.Code(uint64(0x1000+8*i), plugintest.Insn{}), i+1)
		}
		g.Exit(plugin.ExitInfo{})
		out := g.Output()
		if n := strings.Count(out, "0x"); n != want || !strings.HasPrefix(out, "collected 30 entries") {
			t.Errorf("%q: %d rows, want %d\n%s", args, n, want, out)
		}
	}
}

// A forked child counts from zero, of the blocks that its parent translated; a new program has none.
func TestForkExec(t *testing.T) {
	for _, args := range []string{"", "inline=off"} {
		g := install(t, args)
		a := g.Code(0x1000, plugintest.Insn{})
		times(g.Main(), a, 5)
		g.BecomeChild()
		times(g.Main(), a, 2)
		times(g.Main(), g.Code(0x3000, plugintest.Insn{}), 9)
		g.Execve(plugin.Image{Path: "/bin/b"})
		times(g.Main(), g.Code(0x1000, plugintest.Insn{}, plugintest.Insn{}), 4)
		g.Exit(plugin.ExitInfo{})
		const want = "collected 1 entries in the hash table\npc, tcount, icount, ecount\n0x0000000000001000, 1, 2, 4\n"
		if got := g.Output(); got != want {
			t.Errorf("%q after exec:\n%s", args, got)
		}

		g = install(t, args)
		a = g.Code(0x1000, plugintest.Insn{})
		times(g.Main(), a, 5)
		times(g.Main(), g.Code(0x2000, plugintest.Insn{}), 1)
		g.BecomeChild()
		times(g.Main(), a, 2)
		g.Exit(plugin.ExitInfo{})
		if got := g.Output(); got != "collected 2 entries in the hash table\npc, tcount, icount, ecount\n0x0000000000001000, 1, 1, 2\n" {
			t.Errorf("%q child:\n%s", args, got)
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"inline=maybe": "inline",
		"limit=many":   "limit",
		"top=3":        `unknown argument "top": it takes inline, limit`,
	} {
		err := plugintest.New().Install("hotblocks", hotblocks.Info().New(), args)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
