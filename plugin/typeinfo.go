package plugin

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
)

// Function is a function as the program's DWARF describes it.
type Function struct {
	Addr, End abi.Addr
	Go        bool // made by the Go compiler
	Params    []Field
	Results   []Field // of C at most one, without a name
}

// Field is a parameter, a result, or a field of a structure.
type Field struct {
	Name   string
	Type   *Type
	Offset uint64 // in the structure, bytes
}

// Type is a type of the guest's program.
type Type struct {
	Name   string // as the language writes it, roughly
	Kind   Kind
	Size   uint64 // bytes
	Align  uint64
	Fields []Field // of structures, unions and Go's strings and slices
	Elem   *Type   // of arrays
	Len    uint64  // of arrays
}

// Kind says what a Type is.
type Kind uint8

// Kinds.
const (
	KindUnknown Kind = iota
	KindVoid
	KindBool
	KindInt // signed, also enumerations
	KindUint
	KindFloat
	KindPointer
	KindCString // pointer to characters
	KindStruct
	KindUnion
	KindArray
	KindString // Go's
	KindSlice  // Go's
)

// Args returns the arguments of the function that is about to be executed, with the names, types and printed values that DWARF and the
// calling convention give; false if there is no DWARF about the function. Kind is the type, Value the first word. The convention
// is that of the source: of a function that the compiler has changed for its only callers (GCC's .constprop, .isra) the arguments may be wrong. It
// is for Entry.
func (f *Frame) Args() ([]Arg, bool) {
	fn, ok := f.sys.Function(f.sym.Addr)
	if !ok {
		return nil, false
	}
	p := placer{f: f, ints: f.conv.IntArgs, floats: f.conv.FloatArgs}
	if !f.conv.Go && len(fn.Results) > 0 && fn.Results[0].Type.Size > uint64(f.conv.MaxByValue) {
		p.take(&p.ints, 1) // where the result goes
	}
	list := make([]Arg, 0, len(fn.Params))
	for _, x := range fn.Params {
		list = append(list, p.arg(x))
	}
	return list, true
}

// Results is Args for the results, in Exit. Those that are in memory are not found.
func (f *Frame) Results() ([]Arg, bool) {
	fn, ok := f.sys.Function(f.sym.Addr)
	if !ok {
		return nil, false
	}
	p := placer{f: f, ints: f.conv.IntResults, floats: f.conv.FloatResults, result: true}
	var list []Arg
	for _, x := range fn.Results {
		if x.Type.Kind != KindVoid {
			list = append(list, p.arg(x))
		}
	}
	return list, true
}

// placer finds arguments one after the other.
type placer struct {
	f            *Frame
	ints, floats []abi.Reg // that are left
	stack        uint64    // bytes of argument memory used
	result       bool
}

// piece is a part of a value in one register.
type piece struct {
	off   uint64
	size  uint64
	float bool
}

// take removes n registers from a list.
func (p *placer) take(list *[]abi.Reg, n int) []abi.Reg {
	n = min(n, len(*list))
	out := (*list)[:n]
	*list = (*list)[n:]
	return out
}

func (p *placer) arg(x Field) Arg {
	a := Arg{Name: x.Name, Kind: x.Type.Name, Text: "?"}
	b, ok := p.value(x.Type)
	if ok {
		a.Value = getLE(b)
		a.Text = p.text(x.Type, b)
	}
	return a
}

// value returns the bytes of the next argument, of type t.
func (p *placer) value(t *Type) ([]byte, bool) {
	if t.Kind == KindUnknown {
		p.take(&p.ints, 1)
		return nil, false
	}
	if p.f.conv.Go {
		return p.goValue(t)
	}
	return p.cValue(t)
}

// flatten appends the scalars of t; false if it has parts that no register holds.
func flatten(t *Type, off uint64, arrays bool, out *[]piece) bool {
	switch t.Kind {
	case KindBool, KindInt, KindUint, KindPointer, KindCString:
		*out = append(*out, piece{off, t.Size, false})
	case KindFloat:
		*out = append(*out, piece{off, t.Size, true})
	case KindStruct, KindString, KindSlice:
		for _, f := range t.Fields {
			if !flatten(f.Type, off+f.Offset, arrays, out) {
				return false
			}
		}
	case KindArray:
		if t.Len > 1 && !arrays || t.Len > 16 {
			return false
		}
		for i := range t.Len {
			if !flatten(t.Elem, off+i*t.Elem.Size, arrays, out) {
				return false
			}
		}
	default:
		return t.Size == 0
	}
	return true
}

// fill puts registers into a value.
func (p *placer) fill(b []byte, pieces []piece, regs []abi.Reg) bool {
	for i, q := range pieces {
		x, err := p.f.vcpu.Read(regs[i])
		if err != nil || q.off+min(q.size, 8) > uint64(len(b)) {
			return false
		}
		putLE(b[q.off:][:min(q.size, 8)], x)
	}
	return true
}

// goValue is ABIInternal: an argument whose scalars all find registers is in them, else it is in memory.
func (p *placer) goValue(t *Type) ([]byte, bool) {
	b := make([]byte, t.Size)
	var pieces []piece
	if flatten(t, 0, false, &pieces) {
		ints, floats := p.ints, p.floats
		regs := make([]abi.Reg, 0, len(pieces))
		for _, q := range pieces {
			from := &ints
			if q.float {
				from = &floats
			}
			regs = append(regs, p.take(from, 1)...)
		}
		if len(regs) == len(pieces) {
			p.ints, p.floats = ints, floats
			return b, p.fill(b, pieces, regs)
		}
	}
	return p.memory(b, t.Align)
}

// memory reads the next value of the argument memory.
func (p *placer) memory(b []byte, align uint64) ([]byte, bool) {
	if p.result {
		return nil, false
	}
	align = max(align, 1)
	p.stack = (p.stack + align - 1) / align * align
	addr := p.f.sp + abi.Addr(p.f.conv.StackArgs) + p.stack
	p.stack += uint64(len(b))
	return b, p.f.vcpu.ReadMem(addr, b) == nil
}

// cValue is a convention of C in which structures of one or two scalars, one of them floating-point, are passed as these, and
// others that are small as words.
func (p *placer) cValue(t *Type) ([]byte, bool) {
	word := uint64(p.f.conv.Word)
	b := make([]byte, (t.Size+word-1)/word*word)
	if t.Size > uint64(p.f.conv.MaxByValue) {
		if p.result {
			x, err := p.f.vcpu.Read(p.f.conv.IntResults[0]) // where it is
			return b[:t.Size], err == nil && p.f.vcpu.ReadMem(x, b[:t.Size]) == nil
		}
		at := make([]byte, word)
		if !p.words(at) {
			return nil, false
		}
		return b[:t.Size], p.f.vcpu.ReadMem(getLE(at), b[:t.Size]) == nil
	}
	var pieces []piece
	if flatten(t, 0, true, &pieces) && len(pieces) > 0 && len(pieces) <= 2 {
		nf := 0
		for _, q := range pieces {
			if q.float && q.size <= 8 {
				nf++
			}
		}
		if ni := len(pieces) - nf; nf > 0 && nf <= len(p.floats) && ni <= len(p.ints) {
			var regs []abi.Reg
			for _, q := range pieces {
				from := &p.ints
				if q.float && q.size <= 8 {
					from = &p.floats
				}
				regs = append(regs, p.take(from, 1)...)
			}
			return b[:t.Size], p.fill(b, pieces, regs)
		}
	}
	return b[:t.Size], p.words(b)
}

// words reads words from integer registers, and then from memory.
func (p *placer) words(b []byte) bool {
	word := p.f.conv.Word
	for n := 0; n < len(b); n += word {
		if regs := p.take(&p.ints, 1); len(regs) > 0 {
			x, err := p.f.vcpu.Read(regs[0])
			if err != nil {
				return false
			}
			putLE(b[n:][:word], x)
		} else if _, ok := p.memory(b[n:][:word], uint64(word)); !ok {
			return false
		}
	}
	return true
}

// maxText bounds printed strings, in bytes.
const maxText = 64

// text prints a value.
func (p *placer) text(t *Type, b []byte) string {
	x := getLE(b)
	switch t.Kind {
	case KindBool:
		return strconv.FormatBool(x&0xff != 0)
	case KindInt:
		if t.Size < 8 {
			shift := 64 - 8*t.Size
			return strconv.FormatInt(int64(x<<shift)>>shift, 10)
		}
		return strconv.FormatInt(int64(x), 10)
	case KindUint:
		return strconv.FormatUint(x, 10)
	case KindFloat:
		switch t.Size {
		case 4:
			return strconv.FormatFloat(float64(math.Float32frombits(uint32(x))), 'g', -1, 32)
		case 8:
			return strconv.FormatFloat(math.Float64frombits(x), 'g', -1, 64)
		}
		return fmt.Sprintf("%#x", b)
	case KindPointer:
		return fmt.Sprintf("%#x", x)
	case KindCString:
		if x == 0 {
			return "NULL"
		}
		var s []byte
		for len(s) <= maxText {
			var c [1]byte
			if p.f.vcpu.ReadMem(x+abi.Addr(len(s)), c[:]) != nil {
				return fmt.Sprintf("%#x", x)
			}
			if c[0] == 0 {
				return strconv.Quote(string(s))
			}
			s = append(s, c[0])
		}
		return strconv.Quote(string(s[:maxText])) + "..."
	case KindString:
		n := getLE(b[8:])
		s := make([]byte, min(n, maxText))
		if len(s) > 0 && p.f.vcpu.ReadMem(x, s) != nil {
			return fmt.Sprintf("string(%#x, %d)", x, n)
		}
		if n > maxText {
			return strconv.Quote(string(s)) + "..."
		}
		return strconv.Quote(string(s))
	case KindSlice:
		if len(b) < 24 {
			break
		}
		return fmt.Sprintf("%s{%#x, len %d, cap %d}", t.Name, x, getLE(b[8:]), getLE(b[16:]))
	case KindStruct:
		var parts []string
		for _, f := range t.Fields {
			if f.Offset+f.Type.Size <= uint64(len(b)) {
				parts = append(parts, f.Name+": "+p.text(f.Type, b[f.Offset:][:f.Type.Size]))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case KindArray:
		var parts []string
		for i := range min(t.Len, 8) {
			parts = append(parts, p.text(t.Elem, b[i*t.Elem.Size:][:t.Elem.Size]))
		}
		if t.Len > 8 {
			parts = append(parts, "...")
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprintf("%#x", b)
}
