//go:build linux

package plugins

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

func TestBbvGolden(t *testing.T) {
	for _, interpret := range []bool{false, true} {
		out := filepath.Join(t.TempDir(), "out")
		r := run(t, weir.Config{Interpret: interpret}, "exact", []string{"", "", "", "", "spin"}, bundle(t, "bbv,interval=500000,outfile="+out))
		got, err := os.ReadFile(out + ".0.bb")
		const want = "T:1:7 :2:495 :3:2 :4:40 :5:20 :6:9 :7:3 :8:2 :9:2 :10:2 :11:2 :12:4 :13:499412 \n" +
			"T:13:500000 \nT:13:500000 \nT:13:500000 \n"
		if err != nil || string(got) != want || r.status != 0 || r.log != "" {
			t.Errorf("interpret=%v: %+v, %v\n%s", interpret, r, err, got)
		}
	}
}

var bbvLine = regexp.MustCompile(`^T(:[1-9][0-9]*:[1-9][0-9]* )+\n$`)

// Each vCPU's lines are as many as it has executed whole intervals, and each sums up to one.
func TestBbvSums(t *testing.T) {
	const interval = 5000
	out := filepath.Join(t.TempDir(), "out")
	var insns []uint64 // by vCPU
	var mu sync.Mutex
	longest := 0
	count := own("count", func(h *plugin.Host) {
		n := plugin.NewScoreboard[uint64](h)
		c := plugin.FieldCounter(n, func(p *uint64) *uint64 { return p })
		h.OnTranslate(func(b *plugin.Block) {
			mu.Lock()
			longest = max(longest, b.Len())
			mu.Unlock()
			for _, i := range b.Insns {
				i.Add(c, 1)
			}
		})
		h.OnExit(func(plugin.ExitInfo) {
			for _, p := range n.All {
				insns = append(insns, *p)
			}
		})
	})
	r := run(t, weir.Config{}, "probe", []string{"threads", "3", "20"}, count, bundle(t, fmt.Sprintf("bbv,interval=%d,outfile=%s", interval, out)))
	if r.status != 0 || len(insns) < 2 {
		t.Fatalf("%+v, %d vCPUs", r, len(insns))
	}
	for cpu, total := range insns {
		text, err := os.ReadFile(fmt.Sprintf("%s.%d.bb", out, cpu))
		if err != nil {
			t.Fatal(err)
		}
		lines, all := 0, 0
		for l := range strings.Lines(string(text)) {
			if !bbvLine.MatchString(l) {
				t.Fatalf("vCPU %d: %q", cpu, l)
			}
			lines++
			for _, pair := range strings.Fields(l[1:]) {
				n, err := strconv.Atoi(pair[strings.LastIndexByte(pair, ':')+1:])
				if err != nil {
					t.Fatal(err)
				}
				all += n
			}
			if over := all - lines*interval; over < 0 || over >= longest {
				t.Errorf("vCPU %d: %d instructions in %d lines", cpu, all, lines)
			}
		}
		if uint64(lines) != total/interval || lines == 0 {
			t.Errorf("vCPU %d: %d lines for %d instructions", cpu, lines, total)
		}
	}
}

func TestBbvProcesses(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	exact := testenv.GuestC(t, "exact")
	r := command(t, "-plugin", "bbv,interval=20,outfile="+out, exact, "1")
	if r.status != 0 || r.log != "" {
		t.Fatalf("%+v", r)
	}
	files, err := filepath.Glob(out + ".*")
	if err != nil || len(files) != 2 {
		t.Fatalf("files %v", files)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		// The child executes 19 instructions in all, and had executed part of an interval before.
		if n := strings.Count(string(text), "\n"); f == out+".0.bb" && n != (exactInsns-4*2+7+1+6+1)/20 || f != out+".0.bb" && n != 0 {
			t.Errorf("%s:\n%s", f, text)
		}
	}
	r = command(t, "-plugin", "bbv,interval=100,outfile="+out, exact, "2", "")
	text, err := os.ReadFile(out + ".exec1.0.bb")
	if r.status != 0 || err != nil || strings.Count(string(text), "\n") != exactInsns/100 {
		t.Errorf("exec: %+v, %v\n%s", r, err, text)
	}
	r = command(t, "-plugin", "bbv,interval=100,outfile="+out, exact, "4", "", "", "")
	if text, err := os.ReadFile(out + ".0.bb"); err != nil || r.signal != 15 || strings.Count(string(text), "\n") != (exactInsns-2-3+6)/100 {
		t.Errorf("SIGTERM: %+v, %v\n%s", r, err, text)
	}
	refuse(t, "bbv", "outfile")
	refuse(t, "bbv,outfile=/nonexistent/x", "/nonexistent/x")
}
