// Package symbols finds names and source lines for addresses in ELF files: functions and objects
// of the symbol tables, demangled, and DWARF lines. It knows files, not where they are
// mapped, nor guests. Start with [Open].
package symbols

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"slices"
	"sort"
	"sync"

	"github.com/ianlancetaylor/demangle"
)

// Symbol is an entry of a symbol table.
type Symbol struct {
	Raw  string // as it stands in the file
	Addr uint64 // in the file's own addresses
	Size uint64 // bytes; 0 if the file does not say
}

// File is the symbols of an ELF file. Its methods may be called by several goroutines.
type File struct {
	path string
	syms []Symbol // by address

	byName  func() map[string]int
	lines   func() []line
	demangl sync.Map // raw name to demangled
}

// line is a row of a DWARF line table.
type line struct {
	addr uint64
	file string
	line int
	end  bool // no code from here on
}

// Open reads the symbols of the file at path. It keeps nothing open. The error is that of
// opening or of debug/elf; a file without symbols is none.
func Open(path string) (*File, error) {
	e, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	f := &File{path: path}
	add := func(list []elf.Symbol, _ error) {
		for _, s := range list {
			t := elf.ST_TYPE(s.Info)
			if s.Section == elf.SHN_UNDEF || s.Section == elf.SHN_ABS || t != elf.STT_FUNC && t != elf.STT_OBJECT && t != elf.STT_NOTYPE && t != elf.STT_GNU_IFUNC {
				continue
			}
			if s.Name == "" || t == elf.STT_NOTYPE && local(s.Name) {
				continue
			}
			f.syms = append(f.syms, Symbol{s.Name, s.Value, s.Size})
		}
	}
	add(e.Symbols())
	if len(f.syms) == 0 {
		add(e.DynamicSymbols())
	}
	// Of several names for an address the one with a size comes first, then the shorter.
	slices.SortFunc(f.syms, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(b2i(a.Size == 0), b2i(b.Size == 0)),
			cmp.Compare(len(a.Raw), len(b.Raw)), cmp.Compare(a.Raw, b.Raw))
	})
	f.byName = sync.OnceValue(f.index)
	f.lines = sync.OnceValue(f.readLines)
	return f, nil
}

// local reports whether a symbol without a type is one of the assembler's: mapping symbols
// ($x, $d) and local labels.
func local(name string) bool { return name[0] == '$' || name[0] == '.' }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// At returns the symbol that addr, in the file's own addresses, is in. A symbol without a size
// reaches up to the next one.
func (f *File) At(addr uint64) (Symbol, bool) {
	n := sort.Search(len(f.syms), func(i int) bool { return f.syms[i].Addr > addr })
	// Sized symbols may be nested or followed by labels: look back a little.
	for i := n - 1; i >= 0 && i >= n-16; i-- {
		s := f.syms[i]
		first := i
		for first > 0 && f.syms[first-1].Addr == s.Addr {
			first--
		}
		s, i = f.syms[first], first
		if s.Size != 0 && addr-s.Addr < s.Size || s.Size == 0 && (n == len(f.syms) || f.syms[n].Addr > addr) && i+same(f.syms, i) == n {
			return s, true
		}
	}
	return Symbol{}, false
}

// same is the number of symbols at the address of the i'th, which is the first there.
func same(syms []Symbol, i int) int {
	n := 1
	for i+n < len(syms) && syms[i+n].Addr == syms[i].Addr {
		n++
	}
	return n
}

// Name returns the demangled form of a raw name.
func (f *File) Name(raw string) string {
	if len(raw) < 2 || raw[0] != '_' { // C++ and Rust names begin with _Z or _R
		return raw
	}
	if s, ok := f.demangl.Load(raw); ok {
		return s.(string)
	}
	s := demangle.Filter(raw, demangle.NoClones)
	f.demangl.Store(raw, s)
	return s
}

// Find returns the symbol of a name, raw or demangled.
func (f *File) Find(name string) (Symbol, bool) {
	i, ok := f.byName()[name]
	if !ok {
		return Symbol{}, false
	}
	return f.syms[i], true
}

func (f *File) index() map[string]int {
	m := make(map[string]int, 2*len(f.syms))
	for i, s := range f.syms {
		if d := f.Name(s.Raw); d != s.Raw {
			if _, ok := m[d]; !ok {
				m[d] = i
			}
		}
	}
	for i := len(f.syms) - 1; i >= 0; i-- { // raw names win
		m[f.syms[i].Raw] = i
	}
	return m
}

// Line returns where in the source code addr, in the file's own addresses, is.
func (f *File) Line(addr uint64) (file string, number int, ok bool) {
	l := f.lines()
	n := sort.Search(len(l), func(i int) bool { return l[i].addr > addr }) - 1
	if n < 0 || l[n].end {
		return "", 0, false
	}
	return l[n].file, l[n].line, true
}

// readLines flattens all line tables. A file without DWARF, or with a broken one, has none.
func (f *File) readLines() (list []line) {
	e, err := elf.Open(f.path)
	if err != nil {
		return nil
	}
	defer e.Close()
	d, err := e.DWARF()
	if err != nil {
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
