package symbols

import (
	"cmp"
	"debug/dwarf"
	"slices"
	"sort"
)

// Line returns where in the source code addr, in the file's own addresses, is.
func (f *File) Line(addr uint64) (file string, number int, ok bool) {
	l := f.lines()
	n := sort.Search(len(l), func(i int) bool { return l[i].addr > addr }) - 1
	if n < 0 || l[n].end {
		return "", 0, false
	}
	return l[n].file, l[n].line, true
}

// LineRange is code of a line of source.
type LineRange struct {
	Addr, End uint64 // in the file's own addresses
	File      string
	Line      int
}

// Lines iterates over all code that has a place in the source, by address. Neighbours may be of the same line.
func (f *File) Lines(yield func(LineRange) bool) {
	l := f.lines()
	for i := 0; i+1 < len(l); i++ {
		if r := &l[i]; !r.end && r.line != 0 && r.file != "" && r.addr < l[i+1].addr {
			if !yield(LineRange{r.addr, l[i+1].addr, r.file, r.line}) {
				return
			}
		}
	}
}

// dwarf reads the DWARF of the file, nil if it has none.
func (f *File) dwarf() *dwarf.Data {
	e, file := f.reopen()
	if e == nil {
		return nil
	}
	defer file.Close()
	d, err := e.DWARF()
	if err != nil {
		return nil
	}
	return d
}

// readLines flattens all line tables. A file without DWARF, or with a broken one, has none.
func (f *File) readLines() (list []line) {
	d := f.dwarf()
	if d == nil {
		return nil
	}
	for r := d.Reader(); ; r.SkipChildren() {
		u, err := r.Next()
		if err != nil || u == nil {
			break
		}
		if u.Tag != dwarf.TagCompileUnit {
			continue
		}
		lr, err := d.LineReader(u)
		if err != nil || lr == nil {
			continue
		}
		var row dwarf.LineEntry
		for lr.Next(&row) == nil {
			name := ""
			if row.File != nil {
				name = row.File.Name
			}
			list = append(list, line{row.Address, name, row.Line, row.EndSequence})
		}
	}
	// At one address the last row counts, but an end gives way to what begins there.
	slices.SortStableFunc(list, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.addr, b.addr), cmp.Compare(b2i(b.end), b2i(a.end)))
	})
	return list
}
