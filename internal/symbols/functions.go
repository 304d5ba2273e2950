package symbols

import (
	"debug/dwarf"
	"slices"
	"sort"
	"strconv"
	"sync"
)

// Kind says what a Type is.
type Kind uint8

// Kinds of types.
const (
	Unknown Kind = iota
	Void
	Bool
	Int
	Uint
	Float
	Pointer
	CString // pointer to char
	Struct
	Union
	Array
	String // of Go
	Slice  // of Go
)

// Type is a type of the program's.
type Type struct {
	Name   string
	Kind   Kind
	Size   uint64 // bytes
	Align  uint64
	Fields []Field // Struct, also String and Slice
	Elem   *Type   // Array
	Len    uint64  // Array
}

// Field is a field of a structure, or a parameter.
type Field struct {
	Name   string
	Type   *Type
	Offset uint64
}

// Function is a function as DWARF describes it.
type Function struct {
	Addr, End uint64
	Go        bool
	Params    []Field
	Results   []Field // one without a name in C

	off  dwarf.Offset
	data *dwarfData
	once sync.Once
}

// dwarfData reads DWARF, one at a time.
type dwarfData struct {
	mu    sync.Mutex
	d     *dwarf.Data
	types map[dwarf.Type]*Type
}

// Function returns the function at addr, if there is DWARF about it.
func (f *File) Function(addr uint64) (*Function, bool) {
	list := f.funcs()
	n := sort.Search(len(list), func(i int) bool { return list[i].Addr > addr }) - 1
	if n < 0 || addr >= list[n].End {
		return nil, false
	}
	fn := &list[n]
	fn.once.Do(fn.read)
	return fn, true
}

// readFunctions finds all functions that have code.
func (f *File) readFunctions() (list []Function) {
	d := f.dwarf()
	if d == nil {
		return nil
	}
	data := &dwarfData{d: d, types: make(map[dwarf.Type]*Type)}
	r := d.Reader()
	goUnit := false
	for {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			lang, _ := e.Val(dwarf.AttrLanguage).(int64)
			goUnit = lang == 0x16 // DW_LANG_Go
			continue
		case dwarf.TagNamespace, dwarf.TagModule, 0:
			continue
		case dwarf.TagSubprogram:
			if rs, err := d.Ranges(e); err == nil && len(rs) > 0 && rs[0][0] != 0 {
				list = append(list, Function{Addr: rs[0][0], End: rs[0][1], Go: goUnit, off: e.Offset, data: data})
			}
		}
		if e.Children {
			r.SkipChildren()
		}
	}
	// Functions hold a sync.Once: sort places, then move.
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case list[a].Addr < list[b].Addr:
			return -1
		case list[a].Addr > list[b].Addr:
			return 1
		}
		return 0
	})
	sorted := make([]Function, len(list))
	for i, n := range order {
		o := &list[n]
		sorted[i].Addr, sorted[i].End, sorted[i].Go, sorted[i].off, sorted[i].data = o.Addr, o.End, o.Go, o.off, o.data
	}
	return sorted
}

// origin follows a DIE to the one that has its name and type.
func (d *dwarfData) origin(e *dwarf.Entry) *dwarf.Entry {
	for range 4 {
		off, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			if off, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset); !ok {
				return e
			}
		}
		r := d.d.Reader()
		r.Seek(off)
		o, err := r.Next()
		if err != nil || o == nil {
			return e
		}
		e = o
	}
	return e
}

// read decodes parameters and results.
func (fn *Function) read() {
	d := fn.data
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.d.Reader()
	r.Seek(fn.off)
	e, err := r.Next()
	if err != nil || e == nil {
		return
	}
	if off, ok := typeOffset(e); ok {
		fn.Results = append(fn.Results, Field{Type: d.typeAt(off, fn.Go)})
	} else if off, ok := typeOffset(d.origin(e)); ok && !fn.Go {
		fn.Results = append(fn.Results, Field{Type: d.typeAt(off, false)})
	}
	if !e.Children {
		return
	}
	for {
		p, err := r.Next()
		if err != nil || p == nil || p.Tag == 0 {
			return
		}
		if p.Children {
			r.SkipChildren()
		}
		if p.Tag != dwarf.TagFormalParameter {
			continue
		}
		o := d.origin(p)
		off, ok := typeOffset(p)
		if !ok {
			if off, ok = typeOffset(o); !ok {
				continue
			}
		}
		name, _ := o.Val(dwarf.AttrName).(string)
		x := Field{Name: name, Type: d.typeAt(off, fn.Go)}
		result, _ := p.Val(dwarf.AttrVarParam).(bool)
		if !result {
			result, _ = o.Val(dwarf.AttrVarParam).(bool)
		}
		if result && fn.Go {
			fn.Results = append(fn.Results, x)
		} else {
			fn.Params = append(fn.Params, x)
		}
	}
}

func typeOffset(e *dwarf.Entry) (dwarf.Offset, bool) {
	off, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
	return off, ok
}

var unknownType = &Type{Name: "?", Kind: Unknown}

func (d *dwarfData) typeAt(off dwarf.Offset, goCode bool) *Type {
	t, err := d.d.Type(off)
	if err != nil {
		return unknownType
	}
	return d.convert(t, goCode, 0)
}

// maxTypeDepth bounds structures within structures.
const maxTypeDepth = 12

func (d *dwarfData) convert(t dwarf.Type, goCode bool, depth int) *Type {
	if t == nil {
		return &Type{Name: "void", Kind: Void}
	}
	if x := d.types[t]; x != nil {
		return x
	}
	if depth > maxTypeDepth {
		return unknownType
	}
	x := &Type{Name: typeName(t, goCode), Size: uint64(max(t.Size(), 0))}
	switch b := strip(t).(type) {
	case *dwarf.BoolType:
		x.Kind = Bool
	case *dwarf.IntType, *dwarf.CharType:
		x.Kind = Int
	case *dwarf.UintType, *dwarf.UcharType:
		x.Kind = Uint
	case *dwarf.EnumType:
		x.Kind = Int
	case *dwarf.FloatType:
		x.Kind = Float
	case *dwarf.ComplexType:
		half := &Type{Name: "float", Kind: Float, Size: x.Size / 2, Align: x.Size / 2}
		x.Kind = Struct
		x.Fields = []Field{{"real", half, 0}, {"imag", half, half.Size}}
	case *dwarf.AddrType, *dwarf.FuncType:
		x.Kind, x.Size = Pointer, 8
	case *dwarf.PtrType:
		x.Kind, x.Size = Pointer, 8
		switch strip(b.Type).(type) {
		case *dwarf.CharType, *dwarf.UcharType:
			if !goCode {
				x.Kind = CString
			}
		}
	case *dwarf.VoidType:
		x.Kind = Void
	case *dwarf.ArrayType:
		x.Kind, x.Elem, x.Len = Array, d.convert(b.Type, goCode, depth+1), uint64(max(b.Count, 0))
		x.Align = x.Elem.Align
	case *dwarf.StructType:
		x.Kind = Struct
		switch {
		case b.Kind == "union":
			x.Kind = Union
		case goCode && b.StructName == "string":
			x.Kind = String
		case goCode && len(b.StructName) > 2 && b.StructName[:2] == "[]":
			x.Kind = Slice
		}
		for _, f := range b.Field {
			t := d.convert(f.Type, goCode, depth+1)
			x.Align = max(x.Align, t.Align)
			x.Fields = append(x.Fields, Field{f.Name, t, uint64(f.ByteOffset)})
		}
	}
	if x.Align == 0 {
		x.Align = max(min(x.Size, 16), 1)
	}
	if depth == 0 {
		d.types[t] = x
	}
	return x
}

// strip removes typedefs and qualifiers.
func strip(t dwarf.Type) dwarf.Type {
	for {
		switch b := t.(type) {
		case *dwarf.TypedefType:
			t = b.Type
		case *dwarf.QualType:
			t = b.Type
		default:
			return t
		}
	}
}

// typeName is a type as the language writes it, as far as that is short.
func typeName(t dwarf.Type, goCode bool) string {
	switch b := t.(type) {
	case nil:
		return "void"
	case *dwarf.PtrType:
		if goCode {
			return "*" + typeName(b.Type, true)
		}
		return typeName(b.Type, false) + " *"
	case *dwarf.QualType:
		return b.Qual + " " + typeName(b.Type, goCode)
	case *dwarf.ArrayType:
		if goCode {
			return "[" + strconv.FormatInt(b.Count, 10) + "]" + typeName(b.Type, true)
		}
		return typeName(b.Type, false) + "[" + strconv.FormatInt(b.Count, 10) + "]"
	case *dwarf.StructType:
		if goCode || b.StructName == "" {
			return b.StructName
		}
		return b.Kind + " " + b.StructName
	case *dwarf.EnumType:
		return "enum " + b.EnumName
	case *dwarf.VoidType:
		return "void"
	}
	if n := t.Common().Name; n != "" {
		return n
	}
	return t.String()
}
