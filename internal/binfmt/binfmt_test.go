package binfmt

import (
	"reflect"
	"strings"
	"testing"
)

const riscv = 243

// The magic and the mask are those that Linux distributions have for riscv64.
func TestRegister(t *testing.T) {
	const magic = `\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xf3\x00`
	const mask = `\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`
	got, err := ForELF("weir-riscv64", riscv, "/usr/bin/weir", DefaultFlags).Register()
	if want := ":weir-riscv64:M::" + magic + ":" + mask + ":/usr/bin/weir:POCF"; err != nil || got != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	got, err = ForELF("a", riscv, "/a:b,c", "").Register()
	if want := ";a;M;;" + magic + ";" + mask + ";/a:b,c;"; err != nil || got != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	for _, tc := range []struct{ name, interp, flags, want string }{
		{"a", "weir", "", "absolute"},
		{"a", "/" + strings.Repeat("x", 127), "", "at most 127"},
		{"a", "/a\nb", "", "line breaks"},
		{"a", "/w", "PX", `flag "X"`},
		{"a", "/:,;|!~^", "", "separate"},
		{"", "/w", "", "name"},
		{"a/b", "/w", "", "name"},
		{"status", "/w", "", "name"},
	} {
		if got, err := ForELF(tc.name, riscv, tc.interp, tc.flags).Register(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %q, %v", tc, got, err)
		}
	}
}

func TestParse(t *testing.T) {
	r, ok := Parse("qemu-riscv64", `enabled
interpreter /usr/libexec/qemu-binfmt/riscv64-binfmt-P
flags: POF
offset 0
magic 7f454c460201010000000000000000000200f300
mask ffffffffffffff00fffffffffffffffffeffffff
`)
	want := ForELF("qemu-riscv64", riscv, "/usr/libexec/qemu-binfmt/riscv64-binfmt-P", "POF")
	if !ok || !reflect.DeepEqual(r, want) {
		t.Errorf("%+v, %v\nwant %+v", r, ok, want)
	}
	if !r.Has(FlagPreserve) || !r.Has(FlagOpen) || r.Has(FlagCredentials) || !r.Has(FlagFix) {
		t.Errorf("flags %s", r.Flags)
	}
	if r, ok = Parse("cli", "disabled\ninterpreter /bin/cli\nflags: \noffset 2\nmagic 4d5a\n"); !ok || r.Enabled || r.Offset != 2 || string(r.Magic) != "MZ" || string(r.Mask) != "\xff\xff" {
		t.Errorf("%+v, %v", r, ok)
	}
	for _, text := range []string{
		"", "enabled\n", "enabled\ninterpreter /bin/java\nflags: \nextension .jar\n",
		"interpreter /x\noffset 0\nmagic zz\n", "interpreter /x\noffset zero\nmagic 00\n", "interpreter /x\noffset 0\nmagic 0011\nmask 00\n", "offset 0\nmagic 00\n", "interpreter /x\noffset -1\nmagic 00\n",
	} {
		if r, ok := Parse("x", text); ok {
			t.Errorf("%q: %+v", text, r)
		}
	}
}

func TestMatches(t *testing.T) {
	r := ForELF("x", riscv, "/x", "")
	edit := func(f func(h []byte)) []byte {
		h := append(Header(riscv), make([]byte, 44)...)
		f(h)
		return h
	}
	for name, tc := range map[string]struct {
		head []byte
		want bool
	}{
		"program":     {edit(func([]byte) {}), true},
		"pie":         {edit(func(h []byte) { h[16] = 3 }), true},
		"gnu ABI":     {edit(func(h []byte) { h[7] = 3 }), true},
		"object":      {edit(func(h []byte) { h[16] = 1 }), false},
		"core":        {edit(func(h []byte) { h[16] = 4 }), false},
		"x86-64":      {edit(func(h []byte) { h[18] = 62 }), false},
		"32 bits":     {edit(func(h []byte) { h[4] = 1 }), false},
		"big-endian":  {edit(func(h []byte) { h[5] = 2 }), false},
		"short":       {Header(riscv)[:19], false},
		"script":      {[]byte("#!/bin/sh -e and more of it"), false},
		"empty":       {nil, false},
		"header only": {Header(riscv), true},
	} {
		if r.Matches(tc.head) != tc.want {
			t.Errorf("%s: %v", name, !tc.want)
		}
	}
	r.Offset = 4
	if !r.Matches(append([]byte("1234"), Header(riscv)...)) || r.Matches(Header(riscv)) {
		t.Error("the offset does not count")
	}
}

// A rule comes back as it was made, in the kernel's words.
func FuzzParse(f *testing.F) {
	f.Add("enabled\ninterpreter /x\nflags: POCF\noffset 0\nmagic 7f45\nmask ffff\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := Parse("x", text)
		if ok {
			r.Matches(Header(riscv))
			r.Register()
		}
	})
}
