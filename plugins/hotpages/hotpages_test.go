package hotpages_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/hotpages"
)

const header = "Addr, RCPUs, Reads, WCPUs, Writes\n"

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	if err := g.Install("hotpages", hotpages.Info().New(), args); err != nil {
		t.Fatal(err)
	}
	return g
}

// touch executes n times a block with one access.
func touch(g *plugintest.Guest, th *plugintest.Thread, addr abi.Addr, store bool, n int) {
	b := g.Code(0x1000, plugintest.Insn{Mem: []plugin.Access{plugin.NewAccess(addr, plugin.NewMemInfo(8, store, false, false), 0, 0)}})
	for range n {
		th.Exec(b)
	}
}

// accesses makes the same ones in every test.
func accesses(g *plugintest.Guest) {
	touch(g, g.Main(), 0x5000, false, 30)
	touch(g, g.Main(), 0x5fff, true, 5) // begins there
	touch(g, g.Main(), 0x9008, true, 20)
	touch(g, g.Main(), 0x45000, false, 7) // the same low bits
	for range 50 {                        // in turns: sums must survive
		touch(g, g.Main(), 0x5000, false, 1)
		touch(g, g.Main(), 0x45000, false, 1)
	}
}

func TestReport(t *testing.T) {
	rows := map[string]string{
		"5": "0x0000000000005000, 0x0001, 80, 0x0001, 5\n",
		"9": "0x0000000000009000, 0x0000, 0, 0x0001, 20\n",
		"4": "0x0000000000045000, 0x0001, 57, 0x0000, 0\n",
	}
	for args, order := range map[string]string{
		"": "549", "sortby=reads": "549", "sortby=writes": "954", "sortby=address": "495",
		"limit=2": "54", "limit=0": "", "io=on": "", "io=off": "549",
	} {
		g := install(t, args)
		accesses(g)
		g.Exit(plugin.ExitInfo{})
		want := header
		for _, n := range strings.Split(order, "") {
			want += rows[n]
		}
		if got := g.Output(); got != want {
			t.Errorf("%q:\n%swant\n%s", args, got, want)
		}
	}
	g := install(t, "pagesize=0x40000")
	accesses(g)
	g.Exit(plugin.ExitInfo{})
	if got := g.Output(); got != header+"0x0000000000000000, 0x0001, 80, 0x0001, 25\n0x0000000000040000, 0x0001, 57, 0x0000, 0\n" {
		t.Error(got)
	}
}

func TestThreads(t *testing.T) {
	g := install(t, "")
	var wg sync.WaitGroup
	for i := range 70 {
		th := g.Thread()
		wg.Go(func() { touch(g, th, 0x7000, i%2 == 0, 10) })
	}
	wg.Wait()
	g.Exit(plugin.ExitInfo{})
	// Threads 1 to 70: the even ones read, 64 and up count as 63.
	if got := g.Output(); got != header+"0x0000000000007000, 0xd555555555555554, 350, 0xaaaaaaaaaaaaaaaa, 350\n" {
		t.Error(got)
	}
}

func TestForkExec(t *testing.T) {
	for _, exec := range []bool{false, true} {
		g := install(t, "")
		accesses(g)
		if exec {
			g.Execve(plugin.Image{Path: "/bin/b"})
		} else {
			g.BecomeChild()
		}
		touch(g, g.Main(), 0x6000, true, 3)
		g.Exit(plugin.ExitInfo{})
		if got := g.Output(); strings.Count(got, "\n") != 2 || !strings.HasSuffix(got, ", 3\n") {
			t.Errorf("exec=%v:\n%s", exec, got)
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"sortby=size":   "sortby=size: want reads, writes or address",
		"pagesize=1000": "pagesize=1000: want a power of two",
		"pagesize=0":    "pagesize=0: want a power of two",
		"pagesize=4k":   "pagesize",
		"io=7":          "io",
		"limit=-1":      "limit",
		"size=3":        "size",
	} {
		err := plugintest.New().Install("hotpages", hotpages.Info().New(), args)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
