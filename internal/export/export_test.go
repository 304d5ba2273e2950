package export_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/weir-emu/weir/internal/export"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

func TestNames(t *testing.T) {
	g := plugintest.New()
	var f *export.Files
	var last plugin.OwnFile
	write := func(text string) {
		t.Helper()
		o, err := f.Open(".x")
		if err != nil {
			t.Fatal(err)
		}
		o.Write([]byte(text))
		last = o
	}
	err := g.Install("p", plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) (err error) {
		f, err = export.New(h, "dir/report")
		h.OnFork(func(*plugin.VCPU) { f.Forked() })
		h.OnExec(func(*plugin.VCPU) { f.Executed() })
		return err
	}), "")
	if err != nil {
		t.Fatal(err)
	}
	write("old")
	write("first")
	g.Execve(plugin.Image{})
	write("first")
	if o, err := f.Append(".x"); err != nil {
		t.Error(err)
	} else {
		o.Write([]byte(" exec"))
	}
	g.Execve(plugin.Image{})
	write("second exec")
	g.BecomeChild()
	write("child")
	g.Execve(plugin.Image{})
	write("child exec")
	last.Close()

	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(g.Host("p").Target().PID)
	want := map[string]string{
		"report.x": "first", "report.exec1.x": "first exec", "report.exec2.x": "second exec",
		"report." + pid + ".x": "child", "report." + pid + ".exec1.x": "child exec",
	}
	for name, text := range want {
		if got := g.File(filepath.Join(wd, "dir", name)); got != text {
			t.Errorf("%s: %q, want %q", name, got, text)
		}
	}
	if names := g.Files(); len(names) != len(want) || !slices.IsSorted(names) {
		t.Errorf("files %v", names)
	}
}

func TestOpenFails(t *testing.T) {
	f, err := export.New(plugintest.New().Host("p"), "x\x00")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(""); err == nil {
		t.Error("opened a file with NUL in its name")
	}
}
