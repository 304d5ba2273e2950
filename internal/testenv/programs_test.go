package testenv

import (
	"os/exec"
	"slices"
	"testing"
)

func TestPrograms(t *testing.T) {
	byTitle := make(map[string]Program)
	for _, p := range Programs(t) {
		if _, ok := byTitle[p.Title()]; ok {
			t.Errorf("%s is listed twice", p.Title())
		}
		byTitle[p.Title()] = p
	}
	if got := byTitle["c/rvatomic"].Only; got != "riscv64" {
		t.Errorf("rvatomic is for %q, want riscv64", got)
	}
	if p, ok := byTitle["c/mem"]; !ok || p.Only != "" || p.Go {
		t.Errorf("mem: %+v, %v", p, ok)
	}
	if _, ok := byTitle["c/filter"]; ok {
		t.Error("filter is listed, though it does not check itself")
	}
	if p, ok := byTitle["c/storm_mmap"]; !ok {
		t.Errorf("storm_mmap is not listed: %+v", p)
	}
	if p, ok := byTitle["go/httpserver"]; !ok || !p.Go || !slices.Equal(p.Args, []string{"self"}) {
		t.Errorf("httpserver: %+v, %v", p, ok)
	}
}

func TestNativeProgramRuns(t *testing.T) {
	out, err := exec.Command(Program{Name: "futex"}.Native(t)).CombinedOutput()
	if err != nil || string(out) != "ok futex\n" {
		t.Errorf("%v, output %q", err, out)
	}
}
