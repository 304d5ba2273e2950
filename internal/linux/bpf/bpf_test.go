package bpf

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func stmt(code uint16, k uint32) Insn               { return Insn{Code: code, K: k} }
func jump(code uint16, k uint32, jt, jf uint8) Insn { return Insn{code, jt, jf, k} }

func TestRun(t *testing.T) {
	d := NewData(63, 0xc00000f3, 0x1122334455667788, [6]uint64{1, 0xfedcba9876543210, 3, 4, 5, 6})
	ret := stmt(classRET|retA, 0)
	ld := func(k uint32) Insn { return stmt(classLD|modeABS, k) }
	imm := func(k uint32) Insn { return stmt(classLD|modeIMM, k) }
	ldx := func(k uint32) Insn { return stmt(classLDX|modeIMM, k) }
	for _, c := range []struct {
		name string
		prog []Insn
		want uint32
	}{
		{"number", []Insn{ld(0), ret}, 63},
		{"arch", []Insn{ld(4), ret}, 0xc00000f3},
		{"ip low", []Insn{ld(8), ret}, 0x55667788},
		{"ip high", []Insn{ld(12), ret}, 0x11223344},
		{"arg 1 low", []Insn{ld(24), ret}, 0x76543210},
		{"arg 1 high", []Insn{ld(28), ret}, 0xfedcba98},
		{"arg 5 high", []Insn{ld(60), ret}, 0},
		{"length", []Insn{stmt(classLD|modeLEN, 0), ret}, 64},
		{"length in X", []Insn{stmt(classLDX|modeLEN, 0), stmt(classMSC|mscTXA, 0), ret}, 64},
		{"constant", []Insn{stmt(classRET|srcK, 0x7fff0000)}, 0x7fff0000},
		{"memory", []Insn{imm(7), stmt(classST, 15), imm(0), stmt(classLD|modeMEM, 15), ret}, 7},
		{"memory and X", []Insn{ldx(9), stmt(classSTX, 0), ldx(0), stmt(classLDX|modeMEM, 0), stmt(classMSC|mscTXA, 0), ret}, 9},
		{"tax", []Insn{imm(5), stmt(classMSC|mscTAX, 0), imm(1), stmt(classALU|opADD|srcX, 0), ret}, 6},
		{"wraps", []Insn{imm(1), stmt(classALU|opSUB|srcK, 2), ret}, 0xffffffff},
		{"mul", []Insn{imm(0x10001), stmt(classALU|opMUL|srcK, 0x10001), ret}, 0x20001},
		{"div", []Insn{imm(100), stmt(classALU|opDIV|srcK, 7), ret}, 14},
		{"div by X of 0", []Insn{imm(100), ldx(0), stmt(classALU|opDIV|srcX, 0), stmt(classRET|srcK, 1)}, 0},
		{"shift by X is taken mod 32", []Insn{imm(1), ldx(33), stmt(classALU|opLSH|srcX, 0), ret}, 2},
		{"neg", []Insn{imm(1), stmt(classALU|opNEG, 0), ret}, 0xffffffff},
		{"xor or and", []Insn{imm(0xf0), stmt(classALU|opXOR|srcK, 0xff), stmt(classALU|opOR|srcK, 0x100), stmt(classALU|opAND|srcK, 0x10c), ret}, 0x10c},
		{"rsh", []Insn{imm(0x80000000), stmt(classALU|opRSH|srcK, 31), ret}, 1},
		{"jeq taken", []Insn{ld(0), jump(classJMP|jmpJEQ|srcK, 63, 1, 0), stmt(classRET|srcK, 1), stmt(classRET|srcK, 2)}, 2},
		{"jgt not taken", []Insn{ld(0), jump(classJMP|jmpJGT|srcK, 63, 1, 0), stmt(classRET|srcK, 1), stmt(classRET|srcK, 2)}, 1},
		{"jge taken", []Insn{ld(0), jump(classJMP|jmpJGE|srcK, 63, 1, 0), stmt(classRET|srcK, 1), stmt(classRET|srcK, 2)}, 2},
		{"jset of X", []Insn{ldx(0x20), ld(0), jump(classJMP|jmpJSET|srcX, 0, 1, 0), stmt(classRET|srcK, 1), stmt(classRET|srcK, 2)}, 2},
		{"compares unsigned", []Insn{imm(0x80000000), jump(classJMP|jmpJGT|srcK, 1, 1, 0), stmt(classRET|srcK, 1), stmt(classRET|srcK, 2)}, 2},
		{"ja", []Insn{stmt(classJMP|jmpJA, 1), stmt(classRET|srcK, 1), stmt(classRET|srcK, 2)}, 2},
	} {
		p, err := New(c.prog)
		if err != nil {
			t.Errorf("%s: refused", c.name)
			continue
		}
		if got := p.Run(&d); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	ret := stmt(classRET|srcK, 0)
	long := make([]Insn, MaxInsns+1)
	for i := range long {
		long[i] = ret
	}
	if _, err := New(long[:MaxInsns]); err != nil {
		t.Error("the longest program is refused")
	}
	for name, prog := range map[string][]Insn{
		"empty":                        {},
		"too long":                     long,
		"no return":                    {stmt(classLD|modeIMM, 0)},
		"jump at the end":              {ret, stmt(classJMP|jmpJA, 0)},
		"jump outside":                 {stmt(classJMP|jmpJA, 1), ret},
		"jump far outside":             {stmt(classJMP|jmpJA, 0xffffffff), ret},
		"true branch outside":          {jump(classJMP|jmpJEQ, 0, 1, 0), ret},
		"false branch outside":         {jump(classJMP|jmpJEQ, 0, 0, 1), ret},
		"load beyond the data":         {stmt(classLD|modeABS, 64), ret},
		"unaligned load":               {stmt(classLD|modeABS, 2), ret},
		"half-word load":               {stmt(classLD|modeABS|0x08, 0), ret},
		"indirect load":                {stmt(classLD|0x40, 0), ret},
		"header length":                {stmt(classLDX|0xa0|0x10, 0), ret},
		"modulo":                       {stmt(classALU|0x90, 3), ret},
		"division by 0":                {stmt(classALU|opDIV|srcK, 0), ret},
		"shift by 32":                  {stmt(classALU|opLSH|srcK, 32), ret},
		"memory beyond":                {stmt(classST, 16), ret},
		"load of what was not stored":  {stmt(classLD|modeMEM, 3), ret},
		"stored on one way only":       {jump(classJMP|jmpJEQ, 0, 0, 1), stmt(classST, 3), stmt(classLD|modeMEM, 3), ret},
		"unknown class bits":           {stmt(classRET|0x18, 0), ret},
		"return of X":                  {stmt(classRET|srcX, 0)},
		"an eBPF jump":                 {jump(classJMP|0x50, 0, 0, 0), ret},
		"code with the high byte used": {stmt(0x100|classRET, 0), ret},
	} {
		if _, err := New(prog); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestParse(t *testing.T) {
	p, err := New([]Insn{jump(classJMP|jmpJEQ|srcK, 0x12345678, 0, 0), stmt(classRET|srcK, 0x7fff0000)})
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{0x15, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 6, 0, 0, 0, 0, 0, 0xff, 0x7f}
	if got := p.Bytes(); !bytes.Equal(got, want) {
		t.Errorf("bytes % x, want % x", got, want)
	}
	again, err := New(Parse(want))
	if err != nil || again.Len() != 2 || !bytes.Equal(again.Bytes(), want) {
		t.Error("a program does not survive Bytes and Parse")
	}
}

// FuzzProgram wants that what the verifier accepts ends without a fault.
func FuzzProgram(f *testing.F) {
	f.Add([]byte{6, 0, 0, 0, 0, 0, 0xff, 0x7f}, uint64(1))
	f.Add([]byte{0x20, 0, 0, 0, 4, 0, 0, 0, 0x15, 0, 0, 1, 0xf3, 0, 0, 0xc0, 6, 0, 0, 0, 0, 0, 0xff, 0x7f, 0x16, 0, 0, 0, 0, 0, 0, 0}, uint64(2))
	f.Add([]byte{2, 0, 0, 0, 3, 0, 0, 0, 0x60, 0, 0, 0, 3, 0, 0, 0, 0x16, 0, 0, 0, 0, 0, 0, 0}, uint64(3))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		p, err := New(Parse(b))
		if err != nil {
			return
		}
		r := rand.New(rand.NewPCG(seed, 1))
		var d Data
		for i := range d {
			d[i] = r.Uint32()
		}
		first := p.Run(&d)
		if again := p.Run(&d); again != first {
			t.Errorf("two runs differ: %#x, %#x", first, again)
		}
	})
}
