package plugin

import "github.com/weir-emu/weir/abi"

// Image is an ELF file that is mapped in the guest: the program, its dynamic loader, or a
// shared library.
type Image struct {
	Path  string   // on the host
	Bias  abi.Addr // what is added to the file's addresses
	Base  abi.Addr // bounds of all of it, data included; Base is what debuggers call its base address
	Limit abi.Addr
	Start abi.Addr // bounds of its executable code
	End   abi.Addr
	Entry abi.Addr // where it starts; 0 if that is not known
}

// Image returns the program; zero before it is loaded, which it is not in Install.
func (h *Host) Image() Image { return h.sys.Image() }

// Libraries returns the dynamic loader and the shared libraries mapped now, in the order of
// mapping.
func (h *Host) Libraries() []Image { return h.sys.Libraries() }

// Symbol is a function or object of an [Image].
type Symbol struct {
	Name  string   // demangled (C++, Rust)
	Raw   string   // as it stands in the file
	Addr  abi.Addr // where it begins
	Size  uint64   // bytes; 0 if the file does not say
	Image string   // path of the image
}

// Line is a place in source code.
type Line struct {
	File string
	Line int
}

// Symbolizer translates addresses to names and places in source code. Files are read at the first
// question about them. Its methods may be called from anywhere.
type Symbolizer struct{ sys System }

// Symbolizer returns the guest's symbolizer.
func (h *Host) Symbolizer() *Symbolizer { return &Symbolizer{h.sys} }

// At returns the symbol that addr is in, from the symbol table or else the dynamic one; a symbol
// without a size reaches up to the next.
func (s *Symbolizer) At(addr abi.Addr) (Symbol, bool) { return s.sys.Symbol(addr) }

// Find returns the symbol of a name, raw or demangled, looking at the program first, then at the
// libraries.
func (s *Symbolizer) Find(name string) (Symbol, bool) { return s.sys.SymbolByName(name) }

// Function returns what the file's DWARF says of the function at addr.
func (s *Symbolizer) Function(addr abi.Addr) (Function, bool) { return s.sys.Function(addr) }

// LineRange is code that was made of a line of the source.
type LineRange struct {
	Addr, End abi.Addr
	Line
}

// Lines returns all code of an image that has a place in the source, by address; neighbours may be of one line. Nil for an image
// without DWARF lines.
func (s *Symbolizer) Lines(i Image) []LineRange { return s.sys.Lines(i) }

// Functions returns the functions in an image's symbol table, by address.
func (s *Symbolizer) Functions(i Image) []Symbol { return s.sys.Functions(i) }

// Line returns where in the source code addr is, if the file has DWARF lines.
func (s *Symbolizer) Line(addr abi.Addr) (Line, bool) { return s.sys.Line(addr) }
