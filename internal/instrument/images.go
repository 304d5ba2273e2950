//go:build linux

package instrument

import (
	"os"
	"slices"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/symbols"
	"github.com/weir-emu/weir/plugin"
)

// images are the ELF files mapped in the guest, and their symbols. The first is the program. Files are opened when somebody
// asks about addresses or names: then what was noted of a library's mapping becomes an image.
type images struct {
	mu    sync.Mutex
	list  []mapped
	files []symbolFile
}

// mapped is an image and the file that it is of.
type mapped struct {
	plugin.Image
	info os.FileInfo     // of the file that is mapped; nil if that is not known
	raw  *plugin.Mapping // of a library that has not been looked at; Start and End are the mapping's
}

// symbolFile is what was found in a file: symbols are nil if it cannot be read, or is not there any more.
type symbolFile struct {
	path string
	info os.FileInfo
	syms *symbols.File
}

// setMain replaces the program, and forgets the libraries of the one before.
func (im *images) setMain(m mapped) {
	im.mu.Lock()
	im.list = []mapped{m}
	im.mu.Unlock()
}

func (im *images) add(l mapped) {
	im.mu.Lock()
	im.list = append(im.list, l)
	im.mu.Unlock()
}

// unmap forgets the libraries whose code is gone, and reports whether there were any.
func (im *images) unmap(addr abi.Addr, size uint64) bool {
	im.mu.Lock()
	defer im.mu.Unlock()
	n := len(im.list)
	if n > 1 {
		im.list = append(im.list[:1:1], slices.DeleteFunc(slices.Clone(im.list[1:]), func(l mapped) bool {
			return l.Start >= addr && l.End <= addr+size
		})...)
	}
	return len(im.list) != n
}

// look makes images of what was mapped, with mu held. What is no ELF file goes.
func (im *images) look() {
	if !slices.ContainsFunc(im.list, func(l mapped) bool { return l.raw != nil }) {
		return
	}
	var list []mapped
	for _, l := range im.list {
		if l.raw != nil {
			m, ok := libraryAt(*l.raw, l.info)
			if !ok {
				continue
			}
			l = m
		}
		list = append(list, l)
	}
	im.list = list
}

// all returns the program and the libraries.
func (im *images) all() []mapped {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.look()
	if len(im.list) == 0 {
		return []mapped{{}}
	}
	return slices.Clone(im.list)
}

// file returns the symbols of an image, nil if it has none.
func (im *images) file(m mapped) *symbols.File {
	im.mu.Lock()
	defer im.mu.Unlock()
	for i := range im.files {
		if f := &im.files[i]; f.path == m.Path && (f.info == m.info || f.info != nil && m.info != nil && symbols.Same(f.info, m.info)) {
			return f.syms
		}
	}
	f, err := symbols.Open(m.Path, m.info)
	if err != nil {
		f = nil
	}
	im.files = append(im.files, symbolFile{m.Path, m.info, f})
	return f
}

// at finds the image that addr is in.
func (im *images) at(addr abi.Addr) (mapped, *symbols.File) {
	im.mu.Lock()
	im.look()
	n := slices.IndexFunc(im.list, func(l mapped) bool { return addr >= l.Base && addr < l.Limit })
	var i mapped
	if n >= 0 {
		i = im.list[n]
	}
	im.mu.Unlock()
	if i.Path == "" {
		return i, nil
	}
	return i, im.file(i)
}

func symbol(i mapped, f *symbols.File, s symbols.Symbol) plugin.Symbol {
	return plugin.Symbol{Name: f.Name(s.Raw), Raw: s.Raw, Addr: s.Addr + i.Bias, Size: s.Size, Image: i.Path}
}

// Image implements plugin.System.
func (r *Registry) Image() plugin.Image {
	im := &r.images
	im.mu.Lock()
	defer im.mu.Unlock()
	if len(im.list) == 0 {
		return plugin.Image{}
	}
	return im.list[0].Image
}

// Libraries implements plugin.System.
func (r *Registry) Libraries() (list []plugin.Image) {
	for _, m := range r.images.all()[1:] {
		list = append(list, m.Image)
	}
	return list
}

// Symbol implements plugin.System.
func (r *Registry) Symbol(addr abi.Addr) (plugin.Symbol, bool) {
	i, f := r.images.at(addr)
	if f == nil {
		return plugin.Symbol{}, false
	}
	s, ok := f.At(addr - i.Bias)
	if !ok {
		return plugin.Symbol{}, false
	}
	return symbol(i, f, s), true
}

// SymbolByName implements plugin.System.
func (r *Registry) SymbolByName(name string) (plugin.Symbol, bool) {
	for _, i := range r.images.all() {
		if i.Path == "" {
			continue
		}
		if f := r.images.file(i); f != nil {
			if s, ok := f.Find(name); ok {
				return symbol(i, f, s), true
			}
		}
	}
	return plugin.Symbol{}, false
}

// Line implements plugin.System.
func (r *Registry) Line(addr abi.Addr) (plugin.Line, bool) {
	i, f := r.images.at(addr)
	if f == nil {
		return plugin.Line{}, false
	}
	file, n, ok := f.Line(addr - i.Bias)
	return plugin.Line{File: file, Line: n}, ok
}

// imageFile returns the symbols of an image that a plugin was told of.
func (r *Registry) imageFile(i plugin.Image) (mapped, *symbols.File) {
	for _, m := range r.images.all() {
		if m.Path == i.Path && m.Bias == i.Bias {
			return m, r.images.file(m)
		}
	}
	return mapped{}, nil
}

// Lines implements plugin.System.
func (r *Registry) Lines(i plugin.Image) (list []plugin.LineRange) {
	if _, f := r.imageFile(i); f != nil {
		for l := range f.Lines {
			list = append(list, plugin.LineRange{Addr: l.Addr + i.Bias, End: l.End + i.Bias, Line: plugin.Line{File: l.File, Line: l.Line}})
		}
	}
	return list
}

// Functions implements plugin.System.
func (r *Registry) Functions(i plugin.Image) (list []plugin.Symbol) {
	if m, f := r.imageFile(i); f != nil {
		for s := range f.Functions {
			list = append(list, symbol(m, f, s))
		}
	}
	return list
}

// Function implements plugin.System.
func (r *Registry) Function(addr abi.Addr) (plugin.Function, bool) {
	i, f := r.images.at(addr)
	if f == nil {
		return plugin.Function{}, false
	}
	fn, ok := f.Function(addr - i.Bias)
	if !ok {
		return plugin.Function{}, false
	}
	return plugin.Function{Addr: fn.Addr + i.Bias, End: fn.End + i.Bias, Go: fn.Go, Params: fields(fn.Params), Results: fields(fn.Results)}, true
}

func fields(list []symbols.Field) (out []plugin.Field) {
	for _, f := range list {
		out = append(out, plugin.Field{Name: f.Name, Type: typeOf(f.Type), Offset: f.Offset})
	}
	return out
}

func typeOf(t *symbols.Type) *plugin.Type {
	if t == nil {
		return nil
	}
	return &plugin.Type{Name: t.Name, Kind: plugin.Kind(t.Kind), Size: t.Size, Align: t.Align, Fields: fields(t.Fields), Elem: typeOf(t.Elem), Len: t.Len}
}
