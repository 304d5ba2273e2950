package syscount_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/syscount"
)

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	g.Handle("openat", func(*plugin.Call) int64 { return abi.ENOENT.Result() })
	if err := g.Install("syscount", syscount.Info().New(), args); err != nil {
		t.Fatal(err)
	}
	return g
}

// report returns the table's lines without times.
func report(g *plugintest.Guest) []string {
	var lines []string
	for l := range strings.Lines(g.Output()) {
		l = regexp.MustCompile(`\s[0-9.]+(ns|µs|ms|s)\s`).ReplaceAllString(l, " T ")
		lines = append(lines, strings.Join(strings.Fields(l), " "))
	}
	return lines
}

func calls(g *plugintest.Guest) {
	for range 3 {
		g.Do("getpid")
	}
	g.Do("openat", -100, "/none", 0)
	g.Do("openat", -100, "/none", 0)
	g.DoNumber(4096)
	g.DoNumber(-7)
}

func TestTable(t *testing.T) {
	g := install(t, "")
	calls(g)
	g.Do("exit_group", 0) // does not return, counts
	want := []string{
		"number calls errors time name",
		"172 3 0 T getpid",
		"56 2 2 T openat",
		"-7 1 1 T syscall_-7",
		"94 1 0 T exit_group",
		"4096 1 1 T syscall_4096",
		"8 4 T total",
	}
	got := report(g)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("table:\n%s\nwant:\n%s", g.Output(), strings.Join(want, "\n"))
	}
	g.Exit(plugin.ExitInfo{})
	if len(report(g)) != len(want) {
		t.Error("printed twice")
	}
}

func TestSort(t *testing.T) {
	for order, want := range map[string]string{
		"calls":  "172 56 -7 4096",
		"errors": "56 -7 4096 172",
		"number": "-7 56 172 4096",
	} {
		g := install(t, "sort="+order)
		calls(g)
		g.Exit(plugin.ExitInfo{})
		var got []string
		for _, l := range report(g)[1:5] {
			got = append(got, strings.Fields(l)[0])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("sort=%s: %v, want %s", order, got, want)
		}
	}
	g := install(t, "sort=time")
	g.Handle("getpid", func(*plugin.Call) int64 {
		for i := range 3_000_000 {
			_ = i
		}
		return 1
	})
	calls(g)
	g.Exit(plugin.ExitInfo{})
	if l := report(g)[1]; !strings.Contains(l, "getpid") {
		t.Errorf("sort=time: the slowest is %s", l)
	}
}

// A forked child starts at zero; what another filter answers counts too; a restarted
// call counts once.
func TestForkFilterRestart(t *testing.T) {
	g := install(t, "")
	calls(g)
	g.BecomeChild()
	tries := 0
	g.Host("p").FilterSyscalls(plugin.Syscalls("read"), func(*plugin.Call) plugin.Verdict {
		if tries++; tries < 3 {
			return plugin.Restart
		}
		return plugin.Fail(abi.EIO)
	})
	for range 3 {
		g.Do("read", 0, 0, 0)
	}
	g.Exit(plugin.ExitInfo{})
	if got := report(g); len(got) != 3 || got[1] != "63 1 1 T read" {
		t.Errorf("table:\n%s", g.Output())
	}
}

func TestThreads(t *testing.T) {
	g := install(t, "")
	var wg sync.WaitGroup
	for range 4 {
		th := g.Thread()
		wg.Go(func() {
			for i := range 100 {
				th.Do("getpid")
				th.DoNumber(abi.Sysno(5000 + i%10))
			}
		})
	}
	wg.Wait()
	g.Exit(plugin.ExitInfo{})
	got := report(g)
	if got[1] != "172 400 0 T getpid" || got[2] != "5000 40 40 T syscall_5000" {
		t.Errorf("table:\n%s", g.Output())
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"sort=size":         "sort=size: want calls, errors, time or number",
		"sort=":             "sort=: want calls, errors, time or number",
		"by=calls":          `unknown argument "by": it takes sort`,
		"sort=time,sort=no": `argument "sort" is given twice`,
	} {
		err := plugintest.New().Install("syscount", syscount.Info().New(), args)
		if err == nil || err.Error() != "plugin syscount: "+want {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
