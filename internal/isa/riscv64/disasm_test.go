package riscv64

import (
	"encoding/binary"
	"testing"
)

// TestDisasm has texts for what binutils 2.40 does not know (in the spelling
// of later releases), and for the corners.
func TestDisasm(t *testing.T) {
	for raw, want := range map[uint32]string{
		0x0ec5d533: "czero.eqz\ta0,a1,a2",
		0x0ec5f533: "czero.nez\ta0,a1,a2",
		0xf0180553: "fli.s\tfa0,0x1p+0",
		0xf0100553: "fli.s\tfa0,-0x1p+0",
		0xf2108553: "fli.d\tfa0,min",
		0xf2110553: "fli.d\tfa0,0x1p-16",
		0xf21b8553: "fli.d\tfa0,0x1p+2",
		0xf21f0553: "fli.d\tfa0,inf",
		0xf21f8553: "fli.d\tfa0,nan",
		0xf2148553: "fli.d\tfa0,0x1.4p-2",
		0x28c5a553: "fminm.s\tfa0,fa1,fa2",
		0x2ac5b553: "fmaxm.d\tfa0,fa1,fa2",
		0x4045f553: "fround.s\tfa0,fa1",
		0x42559553: "froundnx.d\tfa0,fa1,rtz",
		0xc2859553: "fcvtmod.w.d\ta0,fa1,rtz",
		0xa0c5c553: "fleq.s\ta0,fa1,fa2",
		0xa2c5d553: "fltq.d\ta0,fa1,fa2",
		0x28c5a52f: "amocas.w\ta0,a2,(a1)",
		0x2ec5b52f: "amocas.d.aqrl\ta0,a2,(a1)",
		0x2cc5c52f: "amocas.q.aq\ta0,a2,(a1)",
		0x00200033: "ntl.p1",
		0x9016:     "ntl.all",
		0x8048:     "lbu\ta0,1(s0)",
		0x8068:     "lbu\ta0,3(s0)",
		0x9d4d:     "mul\ta0,a0,a1",
		0x9d75:     "not\ta0,a0",
		0x0000000b: "weir.vdso",
		0x0000:     "unimp",
		0xc0001073: "unimp",
		0x8082:     "ret",
		0x00008067: "ret",
		0x0000707b: ".4byte\t0x707b",
		0x8002:     ".2byte\t0x8002",
	} {
		code := binary.LittleEndian.AppendUint32(nil, raw)
		length := 4
		if raw&3 != 3 {
			length = 2
		}
		text, n := Disasm(code, 0x10000)
		if text != want || n != length {
			t.Errorf("%x: %q, %d, want %q", raw, text, n, want)
		}
	}
}

func TestDisasmTruncated(t *testing.T) {
	for _, c := range []struct {
		code []byte
		text string
		n    int
	}{
		{nil, ".1byte\t0x0", 1},
		{[]byte{0x13}, ".1byte\t0x13", 1},
		{[]byte{0x13, 0x05}, ".2byte\t0x513", 2},
		{[]byte{0x13, 0x05, 0x00}, ".2byte\t0x513", 2},
		{[]byte{0x82, 0x80}, "ret", 2},
	} {
		if text, n := Disasm(c.code, 0); text != c.text || n != c.n {
			t.Errorf("% x: %q, %d, want %q, %d", c.code, text, n, c.text, c.n)
		}
	}
}

func TestDisasmTargets(t *testing.T) {
	for _, c := range []struct {
		raw  uint32
		pc   uint64
		text string
	}{
		{0xffdff06f, 0x10000, "j\t0xfffc"},
		{0xfe000ee3, 0x10000, "beqz\tzero,0xfffc"},
		{0xbffd, 0x10000, "j\t0xfffe"},
		{0xbffd, 0, "j\t0xfffffffffffffffe"},
	} {
		if text, _ := Disasm(binary.LittleEndian.AppendUint32(nil, c.raw), c.pc); text != c.text {
			t.Errorf("%x at %#x: %q, want %q", c.raw, c.pc, text, c.text)
		}
	}
}
