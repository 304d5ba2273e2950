package riscv64

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// model is a processor that lacks some extensions: their instructions are illegal, and it does not
// say that it has them.
type model struct {
	off []string // names of extensions that are switched off, as in the ISA string
}

// need is an extension and one that it needs.
type need struct{ ext, on string }

// needs of the unprivileged manual's extensions. Parts of extensions go with them.
var needs = [...]need{
	{"d", "f"},
	{"zfa", "f"},
	{"zfhmin", "f"},
	{"zcb", "c"},
	{"zca", "c"},
	{"zcd", "c"},
	{"zcd", "d"},
	{"zacas", "a"},
	{"zawrs", "a"},
	{"zaamo", "a"},
	{"zalrsc", "a"},
}

// base are extensions that cannot be switched off: every program and the vDSO have them.
var base = [...]string{"i", "zifencei", "zicsr", "zicntr"}

// Model is a processor by name.
type Model struct {
	Name, Title string
	off         string // extensions that it lacks
}

// Models are the processors there are. Do not modify.
var Models = [...]Model{
	{"max", "riscv64 with every extension that weir has (the default)", ""},
	{"rv64", "the same", ""},
	{"rva22u64", "the extensions of the profile RVA22U64", "zbc zicond zfa zacas zawrs zcb zihintntl"},
	{"rva20u64", "the extensions of the profile RVA20U64: RV64GC", "zba zbb zbc zbs zicond zfa zfhmin zacas zawrs zcb zicbom zicbop zicboz zihintpause zihintntl"},
}

// Extensions returns the names of extensions that can be switched off.
func Extensions() (names []string) {
	for _, s := range Sets {
		if name := strings.ToLower(s.Name); name != "xweir" && !slices.Contains(base[:], name) {
			names = append(names, name)
		}
	}
	return names
}

// ModelHelp describes the processors, a line for each, and the extensions.
func ModelHelp() string {
	var b strings.Builder
	for _, m := range Models {
		fmt.Fprintf(&b, "%-10s %s\n", m.Name, m.Title)
	}
	names := Extensions()
	half := (len(names) + 1) / 2
	fmt.Fprintf(&b, "           with ,EXTENSION=on or =off for each of %s,\n           %s\n", strings.Join(names[:half], " "), strings.Join(names[half:], " "))
	return b.String()
}

// parseModel reads MODEL[,EXTENSION=on|off...].
func parseModel(spec string) (m model, err error) {
	name, rest, more := strings.Cut(spec, ",")
	i := slices.IndexFunc(Models[:], func(m Model) bool { return m.Name == name })
	if i < 0 {
		return m, fmt.Errorf("unknown model %q (-cpu help lists them)", name)
	}
	m.off = strings.Fields(Models[i].off)
	known := Extensions()
	var on []string
	for more {
		var sw string
		sw, rest, more = strings.Cut(rest, ",")
		ext, val, _ := strings.Cut(sw, "=")
		ext = strings.ToLower(ext)
		switch {
		case slices.Contains(base[:], ext):
			return m, fmt.Errorf("extension %s is always there", ext)
		case !slices.Contains(known, ext):
			return m, fmt.Errorf("unknown extension %q: there are %s", ext, strings.Join(known, ", "))
		}
		m.off = slices.DeleteFunc(m.off, func(o string) bool { return o == ext })
		on = slices.DeleteFunc(on, func(o string) bool { return o == ext })
		switch val {
		case "on", "true":
			on = append(on, ext)
		case "off", "false":
			m.off = append(m.off, ext)
		default:
			return m, fmt.Errorf("%q: want EXTENSION=on or EXTENSION=off", sw)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, n := range needs {
			if !slices.Contains(m.off, n.on) || slices.Contains(m.off, n.ext) {
				continue
			}
			if slices.Contains(on, n.ext) {
				return m, fmt.Errorf("extension %s needs %s", n.ext, n.on)
			}
			m.off, changed = append(m.off, n.ext), true
		}
	}
	return m, nil
}

// CheckModel reports whether [NewModel] knows a processor.
func CheckModel(spec string) error {
	_, err := parseModel(spec)
	return err
}

// NewModel is New for a processor given as MODEL[,EXTENSION=on|off...]; empty for the one with
// everything.
func NewModel(spec string) (*isa.Guest, error) {
	g := New()
	if spec == "" {
		return g, nil
	}
	m, err := parseModel(spec)
	if err != nil || len(m.off) == 0 {
		return g, err
	}
	var sets []isa.Set
	for _, s := range Sets {
		switch {
		case m.lacks(strings.ToLower(s.Name)):
			continue
		case s.Name == "Zicsr" && m.lacks("f"):
			s.Rows = withoutFP(s.Rows)
		case s.Name == "C" && m.lacks("d"): // c.fld and its kin are Zcd
			s.Rows = slices.DeleteFunc(slices.Clone(s.Rows), func(r isa.Row) bool {
				name := isa.Name(&r)
				return name == "c.fld" || name == "c.fsd" || name == "c.fldsp" || name == "c.fsdsp"
			})
		}
		sets = append(sets, s)
	}
	dec := isa.NewDecoder(sets, Field)
	g.Lift = func(b *ir.Block, code []byte, limit int) { lift(dec, b, code, limit) }
	g.Linux.HWCap = hwcap(strings.TrimPrefix(strings.SplitN(m.isa(), "_", 2)[0], "rv64"))
	g.Linux.CPUInfo = func(n int) string { return cpuInfo(n, m.isa()) }
	g.Linux.HWProbe = m.hwProbe
	return g, nil
}

func (m *model) lacks(ext string) bool { return slices.Contains(m.off, ext) }

// isa is the ISA string.
func (m *model) isa() string {
	letters, rest, _ := strings.Cut(strings.TrimPrefix(isaString, "rv64"), "_")
	s := "rv64"
	for _, l := range letters {
		if !m.lacks(string(l)) {
			s += string(l)
		}
	}
	for _, ext := range strings.Split(rest, "_") {
		if !m.lacks(ext) {
			s += "_" + ext
		}
	}
	return s
}

// hwProbe is the guest's answer without what m lacks.
func (m *model) hwProbe(key int64) (value uint64, ok bool) {
	value, ok = hwProbe(key)
	switch {
	case key == hwBaseBehavior && (m.lacks("m") || m.lacks("a")):
		value = 0
	case key == hwExt0:
		for _, e := range hwExtensions {
			if m.lacks(strings.ToLower(e.name)) || e.name == "FD" && (m.lacks("f") || m.lacks("d")) {
				value &^= 1 << e.bit
			}
		}
	case key == hwZicbozBlock && m.lacks("zicboz"), key == hwZicbomBlock && m.lacks("zicbom"):
		value = 0
	}
	return value, ok
}

// withoutFP makes Zicsr rows refuse the control registers of FP.
func withoutFP(rows []isa.Row) []isa.Row {
	rows = slices.Clone(rows)
	for k := range rows {
		lift := rows[k].Lift
		rows[k].Lift = func(b *ir.Block, i isa.Inst) {
			if i.Imm >= csrFFlags && i.Imm <= csrFCSR {
				illegal(b, i)
				return
			}
			lift(b, i)
		}
	}
	return rows
}
