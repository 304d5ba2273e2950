package cflow_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/cflow"
)

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	g.DefineSymbol(plugin.Symbol{Name: "f", Raw: "f", Addr: 0x1000, Size: 0x100})
	if err := g.Install("cflow", cflow.Info().New(), args); err != nil {
		t.Fatal(err)
	}
	g.Main().Start()
	return g
}

// code makes a block of n instructions, the second of which loads.
func code(g *plugintest.Guest, pc abi.Addr, n int, end string) *plugintest.Block {
	list := make([]plugintest.Insn, n)
	if n > 2 {
		list[1] = plugintest.Insn{Text: "ld\tx", Class: plugin.ClassLoad}
	}
	list[n-1] = plugintest.Insn{Text: end, Class: plugin.ClassBranch}
	return g.Code(pc, list...)
}

func exec(th *plugintest.Thread, list ...*plugintest.Block) {
	for _, b := range list {
		th.Exec(b)
	}
}

func TestBranches(t *testing.T) {
	g := install(t, "")
	a, b, c := code(g, 0x1000, 4, "bne\tx,y"), code(g, 0x1010, 1, "ret"), code(g, 0x2000, 2, "j z")
	exec(g.Main(), a, b, a, a, b, c, c, a, b, c) // a to b and c to 2008 are no branches
	th := g.Thread()
	th.Start()
	exec(th, c, a) // the first block of a thread comes from nowhere
	g.Exit(plugin.ExitInfo{})
	const want = `collected 3 control flow nodes in the hash table
  addr: 0x1010 f: ret (branch)
    branches 3
      to 0x2000 (2)
      to 0x1000 (1)
  addr: 0x2004 ?: j z (branch)
    branches 3
      to 0x1000 (2)
      to 0x2000 (1)
  addr: 0x100c f: bne x,y (branch)
    branches 1
      to 0x1000 (1)
`
	if got := g.Output(); got != want {
		t.Errorf("\n%swant\n%s", got, want)
	}
}

// Faults, early and at the end of a block; a jump to where nothing is; signals from outside; another plugin's jump.
func TestEarly(t *testing.T) {
	g := install(t, "sort=early")
	a, h := code(g, 0x1000, 4, "end"), code(g, 0x3000, 2, "ret")
	jump := false
	g.Host("jumper").OnTranslate(func(b *plugin.Block) {
		if b.PC() == 0x1000 {
			b.Insn(2).OnExec(plugin.SetPC, func(v *plugin.VCPU) {
				if jump {
					v.SetPC(0x3000)
				}
			})
		}
	})
	th := g.Main()
	// The load faults: the last instruction has not begun.
	jump = true
	exec(th, a)
	th.Discontinuity(plugin.Discontinuity{Type: plugin.Exception, From: 0x1004, To: 0x3000})
	exec(th, h)
	exec(th, a, h) // by the other plugin
	jump = false
	exec(th, a)
	th.Discontinuity(plugin.Discontinuity{Type: plugin.Exception, From: 0x100c, To: 0x3000}) // the last one itself
	exec(th, h, a)
	th.Discontinuity(plugin.Discontinuity{Type: plugin.Exception, From: 0x9000, To: 0x3000}) // where it went
	exec(th, h, a)
	th.Discontinuity(plugin.Discontinuity{Type: plugin.Interrupt, From: 0x1010, To: 0x3000})
	exec(th, h, a)
	th.Discontinuity(plugin.Discontinuity{Type: plugin.Interrupt, From: 0x2000, To: 0x3000}) // after a branch
	exec(th, h)
	g.Exit(plugin.ExitInfo{})
	const want = `collected 5 control flow nodes in the hash table
  addr: 0x1000 f: nop (branch)
    early exits 1
    branches 1
      to 0x3000 (1)
  addr: 0x1004 f: ld x (sync fault)
    early exits 1
    branches 1
      to 0x3000 (1)
  addr: 0x3004 ?: ret (branch)
    branches 5
      to 0x1000 (5)
  addr: 0x100c f: end (sync fault)
    branches 3
      to 0x2000 (1)
      to 0x3000 (1)
      to 0x9000 (1)
  addr: 0x9000 ?: ? (sync fault)
    branches 1
      to 0x3000 (1)
`
	if got := g.Output(); got != want {
		t.Errorf("\n%swant\n%s", got, want)
	}
}

func TestSortAndLimit(t *testing.T) {
	for args, want := range map[string]string{
		"": "0x1008 0x2000", "limit=1": "0x1008", "limit=0": "", "sort=exceptions": "0x2000 0x1008", "sort=early": "0x1008 0x2000",
	} {
		g := install(t, args)
		a, b := code(g, 0x1000, 3, "bne"), code(g, 0x2000, 1, "ebreak")
		exec(g.Main(), a, a, a, b)
		g.Main().Discontinuity(plugin.Discontinuity{Type: plugin.Exception, From: 0x2000, To: 0x3000})
		g.Exit(plugin.ExitInfo{})
		var got []string
		for l := range strings.Lines(g.Output()) {
			if f := strings.Fields(l); f[0] == "addr:" {
				got = append(got, f[1])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s\n%s", args, got, want, g.Output())
		}
	}
}

func TestThreads(t *testing.T) {
	g := install(t, "")
	a, b := code(g, 0x1000, 2, "j"), code(g, 0x2000, 2, "j")
	var wg sync.WaitGroup
	for range 4 {
		th := g.Thread()
		th.Start()
		wg.Go(func() {
			for range 100 {
				exec(th, a, b)
			}
			th.Exit()
		})
	}
	wg.Wait()
	g.Exit(plugin.ExitInfo{})
	if got := g.Output(); !strings.Contains(got, "to 0x2000 (400)") || !strings.Contains(got, "to 0x1000 (396)") {
		t.Error(got)
	}
}

func TestForkExec(t *testing.T) {
	g := install(t, "")
	a, b := code(g, 0x1000, 2, "j"), code(g, 0x2000, 2, "j")
	exec(g.Main(), a, b, a, b)
	g.BecomeChild()
	exec(g.Main(), a, b)
	g.Exit(plugin.ExitInfo{})
	if got := g.Output(); !strings.Contains(got, "to 0x1000 (1)") || !strings.Contains(got, "to 0x2000 (1)") {
		t.Error(got)
	}
	g = install(t, "")
	exec(g.Main(), code(g, 0x1000, 2, "j"), code(g, 0x2000, 2, "j"))
	g.Execve(plugin.Image{Path: "/bin/b"})
	exec(g.Main(), code(g, 0x4000, 2, "j"), code(g, 0x5000, 2, "j"))
	g.Exit(plugin.ExitInfo{})
	if got := g.Output(); got != "collected 2 control flow nodes in the hash table\n  addr: 0x4004 ?: j (branch)\n    branches 1\n      to 0x5000 (1)\n" {
		t.Error(got)
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"sort=best": "sort=best: want hottest, early or exceptions",
		"limit=x":   "limit",
		"top=3":     "top",
	} {
		err := plugintest.New().Install("cflow", cflow.Info().New(), args)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
