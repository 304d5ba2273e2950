//go:build linux

package instrument

import (
	"slices"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/symbols"
	"github.com/weir-emu/weir/plugin"
)

// images are the ELF files mapped in the guest, and their symbols. The first is the program.
type images struct {
	mu    sync.Mutex
	list  []plugin.Image
	files map[string]*symbols.File // by path; nil for a file that cannot be read
}

// setMain replaces the program, and forgets the libraries of the one before.
func (im *images) setMain(m plugin.Image) {
	im.mu.Lock()
	im.list = []plugin.Image{m}
	im.mu.Unlock()
}

func (im *images) add(l plugin.Image) {
	im.mu.Lock()
	im.list = append(im.list, l)
	im.mu.Unlock()
}

// unmap forgets the libraries whose code is gone.
func (im *images) unmap(addr abi.Addr, size uint64) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if len(im.list) > 1 {
		im.list = append(im.list[:1:1], slices.DeleteFunc(slices.Clone(im.list[1:]), func(l plugin.Image) bool {
			return l.Start >= addr && l.End <= addr+size
		})...)
	}
}

// all returns the program and the libraries.
func (im *images) all() []plugin.Image {
	im.mu.Lock()
	defer im.mu.Unlock()
	out := slices.Clone(im.list)
	if len(out) == 0 {
		out = append(out, plugin.Image{})
	}
	return out
}

// file returns the symbols of a file, nil if it has none.
func (im *images) file(path string) *symbols.File {
	im.mu.Lock()
	defer im.mu.Unlock()
	f, ok := im.files[path]
	if !ok {
		f, _ = symbols.Open(path)
		if im.files == nil {
			im.files = make(map[string]*symbols.File)
		}
		im.files[path] = f
	}
	return f
}

// at finds the image that addr is in.
func (im *images) at(addr abi.Addr) (plugin.Image, *symbols.File) {
	im.mu.Lock()
	n := slices.IndexFunc(im.list, func(l plugin.Image) bool { return addr >= l.Base && addr < l.Limit })
	var i plugin.Image
	if n >= 0 {
		i = im.list[n]
	}
	im.mu.Unlock()
	if i.Path == "" {
		return i, nil
	}
	return i, im.file(i.Path)
}

func symbol(i plugin.Image, f *symbols.File, s symbols.Symbol) plugin.Symbol {
	return plugin.Symbol{Name: f.Name(s.Raw), Raw: s.Raw, Addr: s.Addr + i.Bias, Size: s.Size, Image: i.Path}
}

// Image implements plugin.System.
func (r *Registry) Image() plugin.Image { return r.images.all()[0] }

// Libraries implements plugin.System.
func (r *Registry) Libraries() []plugin.Image { return r.images.all()[1:] }

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
		if f := r.images.file(i.Path); f != nil {
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
