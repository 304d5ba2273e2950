package riscv64

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

func TestParseModel(t *testing.T) {
	for spec, want := range map[string]string{
		"max": "", "rv64": "", "max,zba=on": "", "rv64,zba=off": "zba", "max,zba=false,zbb=off": "zba zbb", "max,ZBA=off": "zba",
		"max,zba=off,zba=on": "", "max,f=off": "f d zfa zfhmin zcd", "max,c=off": "c zcb zca zcd", "max,d=off": "d zcd", "max,m=off": "m",
		"max,a=off":         "a zacas zawrs zaamo zalrsc",
		"rva22u64":          "zbc zicond zfa zacas zawrs zcb zihintntl",
		"rva22u64,zbc=true": "zicond zfa zacas zawrs zcb zihintntl",
	} {
		m, err := parseModel(spec)
		if got := strings.Join(m.off, " "); err != nil || got != want || CheckModel(spec) != nil {
			t.Errorf("%s: off %q, %v; want %q", spec, got, err, want)
		}
	}
	for spec, want := range map[string]string{
		"z80":                  `unknown model "z80" (-cpu help lists them)`,
		"":                     `unknown model "" (-cpu help lists them)`,
		"max,v=on":             `unknown extension "v": there are m, a, f, d, c, zba,`,
		"max,zba":              `"zba": want EXTENSION=on or EXTENSION=off`,
		"max,zba=maybe":        `"zba=maybe": want EXTENSION=on or EXTENSION=off`,
		"max,":                 `unknown extension ""`,
		"max,i=off":            "extension i is always there",
		"max,xweir=off":        `unknown extension "xweir"`,
		"max,f=off,d=on":       "extension d needs f",
		"max,d=on,f=off":       "extension d needs f",
		"rva20u64,a=off,m=x":   `"m=x": want`,
		"max,zacas=true,a=off": "extension zacas needs a",
	} {
		if _, err := NewModel(spec); spec != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", spec, err, want)
		}
		if err := CheckModel(spec); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", spec, err, want)
		}
	}
}

// legal reports whether g executes an instruction.
func legal(g *isa.Guest, raw uint32) bool {
	var b ir.Block
	b.Reset(0x10000)
	g.Lift(&b, code(raw), 1)
	for _, i := range b.Insts {
		if i.Op == ir.OpExit && i.Aux == uint8(cpu.ExitIllegal) {
			return false
		}
	}
	return true
}

// Switching an extension off makes its instructions illegal and no others.
func TestModelIllegal(t *testing.T) {
	full := New()
	for _, ext := range Extensions() {
		g, err := NewModel("max," + ext + "=off")
		if err != nil {
			t.Fatal(err)
		}
		m, _ := parseModel("max," + ext + "=off")
		illegal := 0
		for _, s := range Sets {
			gone := m.lacks(strings.ToLower(s.Name))
			for k := range s.Rows {
				r := &s.Rows[k]
				raw, _ := Encode(r, 0)
				i, ok := Decode(raw, 0x10000)
				if !ok || i.Row.Syntax != r.Syntax || !legal(full, raw) {
					continue // registers 0 are another instruction, or reserved
				}
				want := !gone
				switch {
				case s.Name == "Zihintpause" || s.Name == "Zihintntl" || s.Name == "Zicbop":
					want = true // hints: without the extension they do nothing
				case s.Name == "C" && strings.Contains(r.Syntax, "c.f"):
					want = want && !m.lacks("zcd")
				}
				if got := legal(g, raw); got != want {
					t.Errorf("%s=off: %s: legal %v", ext, r.Syntax, got)
				} else if !got {
					illegal++
				}
			}
		}
		if hint := strings.HasPrefix(ext, "zihint") || ext == "zicbop"; hint == (illegal > 0) {
			t.Errorf("%s=off: %d instructions are illegal", ext, illegal)
		}
	}
	noFP, _ := NewModel("max,f=off")
	for _, raw := range []uint32{0x00302573, 0x00102573, 0x00202573, 0x00105073} { // frcsr, frflags, frrm, fsflagsi
		if legal(noFP, raw) || !legal(full, raw) {
			t.Errorf("%#x: legal %v without FP, %v with", raw, legal(noFP, raw), legal(full, raw))
		}
	}
	if !legal(noFP, 0xc0102573) { // rdtime
		t.Error("rdtime is illegal without FP")
	}
}

// What a processor lacks it does not say that it has.
func TestModelSaid(t *testing.T) {
	g, err := NewModel("rva22u64,d=off,zicboz=off")
	if err != nil {
		t.Fatal(err)
	}
	const isaLine = "rv64imafc_zicbom_zicbop_zicntr_zicsr_zifencei_zihintpause_zaamo_zalrsc_zfhmin_zca_zba_zbb_zbs"
	if text := g.Linux.CPUInfo(0); !strings.Contains(text, "isa\t\t: "+isaLine+"\n") || !strings.Contains(text, "hart isa\t: "+isaLine+"\n") {
		t.Errorf("%swant %s", text, isaLine)
	}
	bit := func(c byte) uint64 { return 1 << (c - 'a') }
	if want := bit('i') | bit('m') | bit('a') | bit('f') | bit('c'); g.Linux.HWCap != want {
		t.Errorf("HWCap %#x, want %#x", g.Linux.HWCap, want)
	}
	for key, want := range map[int64]uint64{
		hwBaseBehavior: 1, hwZicbozBlock: 0, hwZicbomBlock: 64, hwTimeFreq: 10_000_000,
		hwExt0: 1<<1 | 1<<3 | 1<<4 | 1<<5 | 1<<28 | 1<<36 | 1<<43 | 1<<50 | 1<<55 | 1<<56 | 1<<57,
	} {
		if v, ok := g.Linux.HWProbe(key); v != want || !ok {
			t.Errorf("key %d: %#x, want %#x", key, v, want)
		}
	}
	if _, ok := g.Linux.HWProbe(-1); ok {
		t.Error("an unknown key is known")
	}
	g, _ = NewModel("max,m=off")
	if v, _ := g.Linux.HWProbe(hwBaseBehavior); v != 0 {
		t.Error("IMA without M")
	}
	for _, spec := range []string{"", "max", "rv64"} {
		if g, err := NewModel(spec); err != nil || g.Linux.HWCap != New().Linux.HWCap || !strings.Contains(g.Linux.CPUInfo(0), isaString) {
			t.Errorf("%s: %v", spec, err)
		}
	}
}
