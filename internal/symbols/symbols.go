// Package symbols finds names and source lines for addresses in ELF files: functions and objects
// of the symbol tables, demangled, and DWARF lines. It knows files, not where they are
// mapped, nor guests. Start with [Open].
package symbols

import (
	"cmp"
	"debug/elf"
	"errors"
	"os"
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
	Func bool   // a function, and not one that is called to find another
}

// File is the symbols of an ELF file. Its methods may be called by several goroutines.
type File struct {
	path string
	info os.FileInfo // of what was opened
	syms []Symbol    // by address

	goText [2]uint64 // code of the Go compiler

	byName  func() map[string][]int32
	lines   func() []line
	funcs   func() []Function
	frames  func() *cfi
	demangl sync.Map // raw name to demangled
}

// line is a row of a DWARF line table.
type line struct {
	addr uint64
	file string
	line int
	end  bool // no code from here on
}

// ErrReplaced is returned for a path that names another file by now.
var ErrReplaced = errors.New("the file has been replaced")

// Same reports whether two descriptions are of the same file with the same content, as far as size and time of modification tell.
func Same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// open opens the ELF file at path, which must be the one that info describes, unless that is nil.
func open(path string, info os.FileInfo) (*elf.File, *os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if info != nil {
		if now, err := f.Stat(); err != nil || !Same(now, info) {
			f.Close()
			return nil, nil, ErrReplaced
		}
	}
	e, err := elf.NewFile(f)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return e, f, nil
}

// reopen opens f's file again; nil if that is gone or replaced.
func (f *File) reopen() (*elf.File, *os.File) {
	e, file, err := open(f.path, f.info)
	if err != nil {
		return nil, nil
	}
	return e, file
}

// Open reads the symbols of the file at path, which must be the one that info describes, unless that is nil. It keeps nothing
// open: what is asked later is read later, unless the file has been replaced. The error is ErrReplaced, that of opening or of
// debug/elf; a file without symbols is none.
func Open(path string, info os.FileInfo) (*File, error) {
	e, file, err := open(path, info)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f := &File{path: path}
	if f.info, err = file.Stat(); err != nil {
		return nil, err
	}
	add := func(list []elf.Symbol, _ error) {
		for _, s := range list {
			t := elf.ST_TYPE(s.Info)
			if s.Section == elf.SHN_UNDEF || s.Section == elf.SHN_ABS || t != elf.STT_FUNC && t != elf.STT_OBJECT && t != elf.STT_NOTYPE && t != elf.STT_GNU_IFUNC {
				continue
			}
			if s.Name == "" || t == elf.STT_NOTYPE && local(s.Name) {
				continue
			}
			f.syms = append(f.syms, Symbol{s.Name, s.Value, s.Size, t == elf.STT_FUNC})
			switch s.Name {
			case "runtime.text":
				f.goText[0] = s.Value
			case "runtime.etext":
				f.goText[1] = s.Value
			}
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
	f.funcs = sync.OnceValue(f.readFunctions)
	f.frames = sync.OnceValue(f.readFrames)
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
	return f.syms[i[0]], true
}

// Named returns all symbols of a name, raw or demangled.
func (f *File) Named(name string) (list []Symbol) {
	for _, i := range f.byName()[name] {
		list = append(list, f.syms[i])
	}
	return list
}

// Functions iterates over the symbols that are functions, by address.
func (f *File) Functions(yield func(Symbol) bool) {
	for _, s := range f.syms {
		if s.Func && !yield(s) {
			return
		}
	}
}

// GoCode reports whether addr is in code of the Go compiler.
func (f *File) GoCode(addr uint64) bool { return addr >= f.goText[0] && addr < f.goText[1] }

// index maps names to symbols: those whose raw name it is before those whose demangled name it is.
func (f *File) index() map[string][]int32 {
	m := make(map[string][]int32, 2*len(f.syms))
	for i, s := range f.syms {
		m[s.Raw] = append(m[s.Raw], int32(i))
	}
	for i, s := range f.syms {
		if d := f.Name(s.Raw); d != s.Raw {
			m[d] = append(m[d], int32(i))
		}
	}
	return m
}
