package bbv

import (
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	if err := g.Install("bbv", Info().New(), args); err != nil {
		t.Fatal(err)
	}
	g.Main().Start()
	return g
}

func times(th *plugintest.Thread, b *plugintest.Block, n int) {
	for range n {
		th.Exec(b)
	}
}

func TestIntervals(t *testing.T) {
	g := install(t, "outfile=/o,interval=10")
	a, b := g.Code(0x1000, make([]plugintest.Insn, 3)...), g.Code(0x2000, plugintest.Insn{})
	short := g.Code(0x1000, plugintest.Insn{})
	times(g.Main(), a, 3)     // 9
	times(g.Main(), b, 4)     // 10 ends one, and 3 of the next
	times(g.Main(), short, 1) // 4, the same block as a
	times(g.Main(), a, 4)     // 16: two more than the interval, then 6
	times(g.Main(), b, 3)     // 9: not whole
	other := g.Thread()
	other.Start()
	times(other, b, 25)
	g.Exit(plugin.ExitInfo{})
	if got := g.File("/o.0.bb"); got != "T:1:9 :2:1 \nT:1:7 :2:3 \n" {
		t.Errorf("vCPU 0:\n%s", got)
	}
	if got := g.File("/o.1.bb"); got != "T:2:10 \nT:2:10 \n" {
		t.Errorf("vCPU 1:\n%s", got)
	}
	if got := strings.Join(g.Files(), " "); got != "/o.0.bb /o.1.bb" || g.Output() != "" {
		t.Errorf("files %s, output %q", got, g.Output())
	}
}

// A block with more instructions than an interval ends one each time that a block begins.
func TestShortInterval(t *testing.T) {
	g := install(t, "outfile=/o,interval=2")
	times(g.Main(), g.Code(0x1000, make([]plugintest.Insn, 5)...), 2)
	g.Exit(plugin.ExitInfo{})
	if got := g.File("/o.0.bb"); got != "T:1:5 \nT:1:5 \n" {
		t.Errorf("%s", got)
	}
}

// Many vCPUs: files beyond those kept open, and long ones beyond the buffer, are whole too.
func TestManyThreads(t *testing.T) {
	g := install(t, "outfile=/o,interval=1")
	b := g.Code(0x1000, plugintest.Insn{})
	const n = bufferAt/len("T:1:1 \n") + 100
	for range 3 * maxOpen {
		th := g.Thread()
		th.Start()
		times(th, b, n)
	}
	g.Exit(plugin.ExitInfo{})
	for i := 1; i <= 3*maxOpen; i++ {
		if got := g.File("/o." + strconv.Itoa(i) + ".bb"); got != strings.Repeat("T:1:1 \n", n) {
			t.Errorf("vCPU %d: %d bytes", i, len(got))
		}
	}
}

func TestForkExec(t *testing.T) {
	g := install(t, "outfile=/o,interval=4")
	a, b := g.Code(0x1000, plugintest.Insn{}), g.Code(0x2000, plugintest.Insn{})
	times(g.Main(), a, 7)
	g.BecomeChild()
	times(g.Main(), b, 5)
	pid := strconv.Itoa(g.Host("x").Target().PID)
	g.Execve(plugin.Image{Path: "/bin/b"})
	times(g.Main(), b, 9)
	g.Exit(plugin.ExitInfo{})
	for name, want := range map[string]string{
		"/o.0.bb":                     "", // its parent is another process
		"/o." + pid + ".0.bb":         "T:2:4 \n",
		"/o." + pid + ".exec1.0.bb":   "T:1:4 \nT:1:4 \n",
		"/o." + pid + ".exec1.1.bb":   "",
		"/o." + pid + ".exec1.0.bb.x": "",
	} {
		if got := g.File(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// Blocks in several chunks, and those beyond, which are counted by calls.
func TestManyBlocks(t *testing.T) {
	old := maxChunks
	maxChunks = 2
	defer func() { maxChunks = old }()
	g := install(t, "outfile=/o,interval=3000")
	var want strings.Builder
	want.WriteByte('T')
	var list []*plugintest.Block
	for i := range 3 * chunkLen {
		list = append(list, g.Code(uint64(0x1000+4*i), plugintest.Insn{}))
	}
	other := g.Thread()
	other.Start()
	for range 2 {
		for _, b := range list {
			g.Main().Exec(b)
		}
		times(other, list[len(list)-1], 1500)
	}
	for i := range list {
		n := 2
		if i >= 3000-len(list) {
			n = 1
		}
		want.WriteString(":" + strconv.Itoa(i+1) + ":" + strconv.Itoa(n) + " ")
	}
	g.Exit(plugin.ExitInfo{})
	if got := g.File("/o.0.bb"); got != want.String()+"\n" {
		t.Errorf("vCPU 0: %d bytes", len(got))
	}
	if got := g.File("/o.1.bb"); got != "T:1536:3000 \n" {
		t.Errorf("vCPU 1: %s", got)
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                      "outfile=PATH is missing",
		"outfile=":              "outfile=PATH is missing",
		"outfile=/o,interval=0": "interval=0: want at least 1",
		"outfile=/o,interval=x": "interval",
		"outfile=/o,out=x":      "out",
	} {
		err := plugintest.New().Install("bbv", Info().New(), args)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
