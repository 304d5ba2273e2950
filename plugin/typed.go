package plugin

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/weir-emu/weir/abi"
)

// Ptr is an address of the guest's, as parameter and result of a function given to [Host.Replace].
type Ptr uint64

var (
	typeVCPU  = reflect.TypeFor[*VCPU]()
	typeFrame = reflect.TypeFor[*Frame]()
)

// maxString bounds strings that a replacement gets, in bytes.
const maxString = 1 << 20

// argReader hands out a frame's arguments in order.
type argReader struct {
	f           *Frame
	ints, float int
	stack       int // words
}

// word returns the next integer word.
func (r *argReader) word() uint64 {
	if r.ints < len(r.f.conv.IntArgs) {
		r.ints++
		return r.f.Arg(r.ints - 1)
	}
	return r.memory()
}

func (r *argReader) memory() uint64 {
	r.stack++
	x, _ := r.f.word(r.f.sp + abi.Addr(r.f.conv.StackArgs+(r.stack-1)*r.f.conv.Word))
	return x
}

func (r *argReader) float64(single bool) float64 {
	if r.float < len(r.f.conv.FloatArgs) {
		r.float++
		return r.f.FloatArg(r.float-1, single)
	}
	if r.f.conv.FloatInInt {
		return float(r.word(), single)
	}
	return float(r.memory(), single)
}

func (r *argReader) string() string {
	p := r.word()
	if r.f.conv.Go {
		b := make([]byte, min(r.word(), maxString))
		if len(b) == 0 || r.f.vcpu.ReadMem(p, b) != nil {
			return ""
		}
		return string(b)
	}
	s, _ := r.f.vcpu.CString(p, maxString)
	return s
}

// adapt makes a function of a frame out of a Go function of other types.
func adapt(fn any) (func(*Frame), error) {
	if f, ok := fn.(func(*Frame)); ok && f != nil {
		return f, nil
	}
	v := reflect.ValueOf(fn)
	if !v.IsValid() || v.Kind() != reflect.Func || v.IsNil() {
		return nil, fmt.Errorf("%T is no function", fn)
	}
	t := v.Type()
	if t.IsVariadic() {
		return nil, errors.New("a variadic function")
	}
	var in []func(*argReader) reflect.Value
	for i := range t.NumIn() {
		p := t.In(i)
		g, ok := parameter(p)
		switch {
		case i == 0 && p == typeVCPU:
			g = func(r *argReader) reflect.Value { return reflect.ValueOf(r.f.vcpu) }
		case i == 0 && p == typeFrame:
			g = func(r *argReader) reflect.Value { return reflect.ValueOf(r.f) }
		case !ok:
			return nil, fmt.Errorf("parameter %d of type %s", i+1, p)
		}
		in = append(in, g)
	}
	for i := range t.NumOut() {
		if _, ok := bitsOf(reflect.Zero(t.Out(i))); !ok {
			return nil, fmt.Errorf("result %d of type %s", i+1, t.Out(i))
		}
	}
	return func(f *Frame) {
		r := argReader{f: f}
		args := make([]reflect.Value, len(in))
		for i, g := range in {
			args[i] = g(&r)
		}
		ints, floats := f.conv.IntResults, f.conv.FloatResults
		for _, res := range v.Call(args) {
			x, _ := bitsOf(res)
			regs := &ints
			if k := res.Kind(); k == reflect.Float32 || k == reflect.Float64 {
				regs = &floats
			}
			if len(*regs) > 0 {
				f.vcpu.Write((*regs)[0], x)
				*regs = (*regs)[1:]
			}
		}
	}, nil
}

// parameter returns the function that reads an argument of type t.
func parameter(t reflect.Type) (func(*argReader) reflect.Value, bool) {
	switch k := t.Kind(); k {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(r *argReader) reflect.Value {
			x := reflect.New(t).Elem()
			shift := 64 - t.Bits()
			x.SetInt(int64(r.word()<<shift) >> shift)
			return x
		}, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(r *argReader) reflect.Value {
			x := reflect.New(t).Elem()
			shift := 64 - t.Bits()
			x.SetUint(r.word() << shift >> shift)
			return x
		}, true
	case reflect.Bool:
		return func(r *argReader) reflect.Value {
			x := reflect.New(t).Elem()
			x.SetBool(r.word()&0xff != 0)
			return x
		}, true
	case reflect.Float32, reflect.Float64:
		return func(r *argReader) reflect.Value {
			x := reflect.New(t).Elem()
			x.SetFloat(r.float64(k == reflect.Float32))
			return x
		}, true
	case reflect.String:
		return func(r *argReader) reflect.Value {
			x := reflect.New(t).Elem()
			x.SetString(r.string())
			return x
		}, true
	}
	return nil, false
}

// bitsOf returns a result as a register holds it: narrow integers are extended as their type says, which conventions that want 32 bits
// sign-extended whatever the type (RISC-V) get by the caller's own conversion; a float is NaN-boxed.
func bitsOf(v reflect.Value) (uint64, bool) {
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return uint64(v.Int()), true
	case reflect.Uint32:
		return uint64(int64(int32(v.Uint()))), true // the RISC-V psABI; where it does not say so the upper half is not looked at
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint64, reflect.Uintptr:
		return v.Uint(), true
	case reflect.Bool:
		if v.Bool() {
			return 1, true
		}
		return 0, true
	case reflect.Float32:
		return 0xffffffff<<32 | uint64(math.Float32bits(float32(v.Float()))), true
	case reflect.Float64:
		return math.Float64bits(v.Float()), true
	}
	return 0, false
}
