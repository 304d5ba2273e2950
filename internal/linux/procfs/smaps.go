package procfs

import (
	"strconv"
	"strings"
)

// field is a line of smaps: a size in kB, or text.
type field struct {
	key  string
	kB   uint64
	text string // if it is no size
}

// mapping is an entry of the host's smaps.
type mapping struct {
	lo, hi uint64
	fields []field
}

func parseSmaps(s string) (list []mapping) {
	for line := range strings.Lines(s) {
		key, rest, _ := strings.Cut(line, ":")
		if from, to, ok := strings.Cut(key, "-"); ok { // the line of maps: its device has a colon
			to, _, _ = strings.Cut(to, " ")
			lo, e1 := strconv.ParseUint(from, 16, 64)
			hi, e2 := strconv.ParseUint(to, 16, 64)
			if e1 == nil && e2 == nil {
				list = append(list, mapping{lo: lo, hi: hi})
				continue
			}
		}
		if len(list) == 0 {
			continue
		}
		m := &list[len(list)-1]
		rest = strings.TrimSpace(rest)
		if n, ok := strings.CutSuffix(rest, " kB"); ok {
			v, _ := strconv.ParseUint(n, 10, 64)
			m.fields = append(m.fields, field{key: key, kB: v})
		} else {
			m.fields = append(m.fields, field{key: key, text: rest})
		}
	}
	return list
}

// whole are sizes that are the same for each part of a mapping.
func whole(key string) bool { return key == "KernelPageSize" || key == "MMUPageSize" }

// sum is what the host's mappings have in [lo,hi), host addresses; of a mapping that is only partly inside, its share.
func sum(host []mapping, lo, hi uint64) (out []field) {
	for _, m := range host {
		from, to := max(lo, m.lo), min(hi, m.hi)
		if from >= to {
			continue
		}
		for _, f := range m.fields {
			if f.key == "ProtectionKey" { // of the host's CPU
				continue
			}
			if f.text == "" && !whole(f.key) {
				f.kB = f.kB * ((to - from) >> 10) / ((m.hi - m.lo) >> 10)
				if f.key != "Pss" && f.key != "Pss_Dirty" && f.key != "SwapPss" {
					f.kB &^= 3
				}
			}
			i := 0
			for i < len(out) && out[i].key != f.key {
				i++
			}
			switch {
			case i == len(out):
				out = append(out, f)
			case f.text == "" && !whole(f.key):
				out[i].kB += f.kB
			}
		}
	}
	return out
}

func writeFields(b *strings.Builder, list []field, a flags) {
	for _, f := range list {
		b.WriteString(f.key)
		b.WriteByte(':')
		switch {
		case f.key == "VmFlags":
			b.WriteString(" " + vmFlags(f.text, a) + "\n")
		case f.text != "":
			for k := len(f.key) + 1 + len(f.text); k < 24; k++ {
				b.WriteByte(' ')
			}
			b.WriteString(f.text + "\n")
		default:
			n := strconv.FormatUint(f.kB, 10)
			for k := len(f.key) + 1 + len(n); k < 24; k++ {
				b.WriteByte(' ')
			}
			b.WriteString(n + " kB\n")
		}
	}
}

// flags are the protection as a line of maps has it: rwxp.
type flags string

// vmFlags is the line VmFlags with the guest's protection.
func vmFlags(host string, a flags) string {
	out := ""
	for i, f := range [...]string{"rd", "wr", "ex"} {
		if a[i] != '-' {
			out += f + " "
		}
	}
	if a[3] == 's' {
		out += "sh "
	}
	for _, f := range strings.Fields(host) {
		if f != "rd" && f != "wr" && f != "ex" && f != "sh" {
			out += f + " "
		}
	}
	return out
}

// Smaps is the text of smaps: the lines of maps, each with what the host's smaps tell about its range.
func Smaps(maps, host string, base uint64) string {
	list := parseSmaps(host)
	var b strings.Builder
	for line := range strings.Lines(maps) {
		b.WriteString(line)
		lo, hi, prot := span(line)
		fields := sum(list, base+lo, base+hi)
		if len(fields) > 0 && fields[0].key == "Size" {
			fields[0].kB = (hi - lo) / 1024
		}
		writeFields(&b, fields, prot)
	}
	return b.String()
}

// SmapsRollup is the text of smaps_rollup.
func SmapsRollup(maps, host string, base uint64) string {
	list := parseSmaps(host)
	var all []mapping
	first, last := ^uint64(0), uint64(0)
	for line := range strings.Lines(maps) {
		lo, hi, _ := span(line)
		first, last = min(first, lo), max(last, hi)
		all = append(all, mapping{lo, hi, sum(list, base+lo, base+hi)})
	}
	if len(all) == 0 {
		return ""
	}
	var fields []field
	for _, f := range sum(all, 0, ^uint64(0)) {
		if f.text == "" && !whole(f.key) && f.key != "Size" {
			fields = append(fields, f)
		}
	}
	var b strings.Builder
	mapsLine(&b, Area{Name: "[rollup]"}, first, last, nil)
	writeFields(&b, fields, "")
	return b.String()
}

// span reads the range and the protection of a line of maps.
func span(line string) (lo, hi uint64, prot flags) {
	at, rest, _ := strings.Cut(line, " ")
	p, _, _ := strings.Cut(rest, " ")
	from, to, _ := strings.Cut(at, "-")
	lo, _ = strconv.ParseUint(from, 16, 64)
	hi, _ = strconv.ParseUint(to, 16, 64)
	return lo, hi, flags(p)
}

// Resident is the memory of the guest that is present, in bytes.
type Resident struct{ Anon, File, Shmem, Swap uint64 }

// Count adds up the host's smaps over the guest's areas.
func Count(areas []Area, host string, base uint64) (r Resident) {
	list := parseSmaps(host)
	for _, a := range areas {
		v := map[string]uint64{}
		for _, f := range sum(list, base+a.Start, base+a.End) {
			v[f.key] = f.kB << 10
		}
		anon := min(v["Anonymous"], v["Rss"])
		r.Anon += anon
		if a.Shared && !a.File {
			r.Shmem += v["Rss"] - anon
		} else {
			r.File += v["Rss"] - anon
		}
		r.Swap += v["Swap"]
	}
	return r
}

// NumaMaps are the lines of the host's numa_maps about the guest's areas.
func NumaMaps(areas []Area, host string, base uint64) string {
	var b strings.Builder
	for line := range strings.Lines(host) {
		at, rest, _ := strings.Cut(line, " ")
		lo, err := strconv.ParseUint(at, 16, 64)
		if err != nil || lo < base {
			continue
		}
		for _, a := range areas {
			if lo-base >= a.Start && lo-base < a.End {
				b.WriteString(pad(strconv.FormatUint(lo-base, 16), 8) + " " + rest)
			}
		}
	}
	return b.String()
}
