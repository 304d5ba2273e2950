package riscv64

import (
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/ir/eval"
	"github.com/weir-emu/weir/internal/isa"
)

// TestExtensionsSaid: what the tables have is in the ISA string and in hwprobe's
// answer, and nothing else is.
func TestExtensionsSaid(t *testing.T) {
	letters, rest, _ := strings.Cut(strings.TrimPrefix(isaString, "rv64"), "_")
	said := append(strings.Split(letters, ""), strings.Split(rest, "_")...)
	// Parts of others, and counters, which are Zicsr's rows here.
	parts := []string{"zicntr", "zaamo", "zalrsc", "zca", "zcd"}
	for _, s := range Sets {
		name := strings.ToLower(s.Name)
		if name != "xweir" && !slices.Contains(said, name) {
			t.Errorf("%s is not in the ISA string", s.Name)
		}
	}
	for _, name := range said {
		known := slices.ContainsFunc(Sets, func(s isa.Set) bool { return strings.EqualFold(s.Name, name) })
		if !known && !slices.Contains(parts, name) {
			t.Errorf("the ISA string says %s, which has no rows", name)
		}
	}

	unprobed := []string{"I", "Zifencei", "Zicsr", "M", "A", "F", "D", "Zicbop", "Xweir"} // no bit of their own
	for _, s := range Sets {
		has := slices.ContainsFunc(hwExtensions[:], func(e hwExt) bool { return e.name == s.Name })
		if has == slices.Contains(unprobed, s.Name) {
			t.Errorf("%s: hwprobe says %v", s.Name, has)
		}
	}
}

func TestHWProbe(t *testing.T) {
	for key, want := range map[int64]uint64{
		0: 0, 3: 1, 5: 3, 6: 64, 8: eval.TimebaseHz, 9: 3, 10: 4, 12: 64,
		4: 1<<0 | 1<<1 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<28 | 1<<29 | 1<<32 | 1<<34 | 1<<35 | 1<<36 |
			1<<43 | 1<<44 | 1<<45 | 1<<48 | 1<<50 | 1<<55 | 1<<56 | 1<<57,
	} {
		if v, ok := hwProbe(key); v != want || !ok {
			t.Errorf("key %d: %#x, %v, want %#x", key, v, ok, want)
		}
	}
	for _, key := range []int64{-1, 7, 11, 1000} {
		if _, ok := hwProbe(key); ok {
			t.Errorf("key %d is known", key)
		}
	}
}

func TestCPUInfo(t *testing.T) {
	text := cpuInfo(3, isaString)
	for _, want := range []string{"processor\t: 3\n", "hart\t\t: 3\n", "isa\t\t: rv64imafdc_", "mmu\t\t: sv48\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	if !strings.HasSuffix(text, "\n\n") {
		t.Error("no empty line at the end")
	}
}
