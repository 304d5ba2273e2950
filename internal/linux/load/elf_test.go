//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/mem"
)

func testGuest() *isa.Guest {
	g := &isa.Guest{Arch: abi.RISCV64, ELFMachine: 243}
	g.Linux.CheckELFFlags = func(flags uint32) error {
		if flags&8 != 0 {
			return errors.New("sixteen registers are too few")
		}
		return nil
	}
	return g
}

// ph is a program header to be written.
type ph struct {
	typ, flags                           uint32
	off, vaddr, paddr, filesz, memsz, al uint64
}

// elfFile writes an ELF file: header, program headers, then body at offset 0x1000.
func elfFile(typ uint16, entry uint64, phs []ph, body []byte) []byte {
	le := binary.LittleEndian
	b := make([]byte, 0x1000, 0x1000+len(body))
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], typ)
	le.PutUint16(b[18:], 243)
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[24:], entry)
	le.PutUint64(b[32:], ehdrSize)
	le.PutUint16(b[52:], ehdrSize)
	le.PutUint16(b[54:], phdrSize)
	le.PutUint16(b[56:], uint16(len(phs)))
	for i, p := range phs {
		w := b[ehdrSize+i*phdrSize:]
		le.PutUint32(w, p.typ)
		le.PutUint32(w[4:], p.flags)
		for k, v := range []uint64{p.off, p.vaddr, p.paddr, p.filesz, p.memsz, p.al} {
			le.PutUint64(w[8+8*k:], v)
		}
	}
	return append(b, body...)
}

func memFile(b []byte) *File { return &File{R: bytes.NewReader(b), Size: int64(len(b)), FD: -1} }

// good is a program with text and a data segment that has bss.
func good(typ uint16) []byte {
	base := uint64(0x10000)
	if typ == etDyn {
		base = 0
	}
	body := bytes.Repeat([]byte{0x5a}, 0x2000)
	return elfFile(typ, base+0x1000, []ph{
		{typ: ptLoad, flags: pfR | pfX, off: 0, vaddr: base, filesz: 0x2000, memsz: 0x2000, al: 0x1000},
		{typ: ptLoad, flags: pfR | pfW, off: 0x2000, vaddr: base + 0x3000, filesz: 0x123, memsz: 0x3456, al: 0x1000},
		{typ: ptGNUStack, flags: pfR | pfW},
	}, body)
}

func TestParseGood(t *testing.T) {
	for _, typ := range []uint16{etExec, etDyn} {
		im, err := Parse(memFile(good(typ)), testGuest())
		if err != nil {
			t.Fatal(err)
		}
		base := uint64(0x10000)
		if typ == etDyn {
			base = 0
		}
		if im.PIE != (typ == etDyn) || im.Entry != base+0x1000 || im.Lo != base || im.Hi != base+0x7000 || im.PhdrAddr != base+ehdrSize || im.PhNum != 3 || im.ExecStack || len(im.Segments) != 2 {
			t.Errorf("type %d: %+v", typ, im)
		}
	}
}

func TestParseBad(t *testing.T) {
	le := binary.LittleEndian
	edit := func(f func(b []byte)) []byte {
		b := good(etExec)
		f(b)
		return b
	}
	p16 := func(off int, v uint16) []byte { return edit(func(b []byte) { le.PutUint16(b[off:], v) }) }
	p64 := func(off int, v uint64) []byte { return edit(func(b []byte) { le.PutUint64(b[off:], v) }) }
	// Offsets of fields in program header i.
	field := func(i, off int) int { return ehdrSize + i*phdrSize + off }
	const fOff, fAddr, fFile, fMem, fAlign = 8, 16, 32, 40, 48
	interp := func(filesz uint64, name string) []byte {
		return elfFile(etDyn, 0, []ph{
			{typ: ptInterp, off: 0x1000, filesz: filesz, memsz: filesz},
			{typ: ptLoad, flags: pfR, off: 0, vaddr: 0, filesz: 0x1000, memsz: 0x1000},
		}, []byte(name))
	}
	for _, tc := range []struct {
		name  string
		file  []byte
		errno abi.Errno
		text  string
	}{
		{"empty", nil, abi.ENOEXEC, "empty"},
		{"one byte", []byte{0x7f}, abi.ENOEXEC, "not an ELF"},
		{"text", []byte("hello, world\n"), abi.ENOEXEC, "not an ELF"},
		{"script", []byte("#!/bin/sh\n"), abi.ENOEXEC, "a script"},
		{"magic only", []byte("\x7fELF"), abi.ENOEXEC, "truncated ELF header"},
		{"half a header", good(etExec)[:40], abi.ENOEXEC, "truncated ELF header"},
		{"class 32", edit(func(b []byte) { b[4] = 1 }), abi.ENOEXEC, "a program for riscv32, but this weir runs riscv64"},
		{"class 7", edit(func(b []byte) { b[4] = 7 }), abi.ENOEXEC, "class 7"},
		{"big-endian", edit(func(b []byte) { b[5] = 2; b[18], b[19] = 0, 243 }), abi.ENOEXEC, "riscv64 (big-endian)"},
		{"byte order 3", edit(func(b []byte) { b[5] = 3 }), abi.ENOEXEC, "byte order 3"},
		{"version", edit(func(b []byte) { b[6] = 9 }), abi.ENOEXEC, "version 9"},
		{"x86-64", p16(18, 62), abi.ENOEXEC, "a program for x86_64, but this weir runs riscv64"},
		{"aarch64", p16(18, 183), abi.ENOEXEC, "a program for aarch64"},
		{"s390x", edit(func(b []byte) { b[5] = 2; b[18], b[19] = 0, 22 }), abi.ENOEXEC, "a program for s390x, but"},
		{"unknown machine", p16(18, 4711), abi.ENOEXEC, "machine number 4711"},
		{"object", p16(16, etRel), abi.ENOEXEC, "object file"},
		{"core", p16(16, etCore), abi.ENOEXEC, "core dump"},
		{"type", p16(16, 77), abi.ENOEXEC, "type 77"},
		{"flags", edit(func(b []byte) { b[48] = 8 }), abi.ENOEXEC, "too few"},
		{"phentsize 0", p16(54, 0), abi.ENOEXEC, "entries of 0 bytes"},
		{"phentsize 32", p16(54, 32), abi.ENOEXEC, "entries of 32 bytes"},
		{"no headers", p16(56, 0), abi.ENOEXEC, "0 program headers"},
		{"too many headers", p16(56, 0xffff), abi.ENOEXEC, "65535 program headers"},
		{"phoff beyond", p64(32, 1<<40), abi.ENOEXEC, "truncated: the program headers"},
		{"phoff wraps", p64(32, ^uint64(8)), abi.ENOEXEC, "truncated: the program headers"},
		{"headers cut off", good(etExec)[:ehdrSize+phdrSize+3], abi.ENOEXEC, "truncated: the program headers"},
		{"segment cut off", good(etExec)[:0x2050], abi.ENOEXEC, "truncated: segment at 0x13000"},
		{"offset beyond", p64(field(1, fOff), 1<<62), abi.ENOEXEC, "truncated: segment"},
		{"offset wraps", p64(field(1, fOff), ^uint64(0)-0xfff), abi.ENOEXEC, "truncated: segment"},
		{"file size wraps", edit(func(b []byte) {
			le.PutUint64(b[field(1, fFile):], ^uint64(0))
			le.PutUint64(b[field(1, fMem):], ^uint64(0))
		}), abi.ENOMEM, "beyond every address space"},
		{"filesz > memsz", p64(field(1, fMem), 0x10), abi.ENOEXEC, "more bytes in the file than in memory"},
		{"huge memsz", p64(field(1, fMem), 1<<60), abi.ENOMEM, "beyond every address space"},
		{"address wraps", p64(field(1, fAddr), ^uint64(0)-0xfff), abi.ENOMEM, "beyond every address space"},
		{"misaligned", p64(field(1, fAddr), 0x13008), abi.EINVAL, "differ within a page"},
		{"alignment", p64(field(1, fAlign), 1<<40), abi.ENOEXEC, "alignment"},
		{"overlap", p64(field(1, fAddr), 0x11000), abi.ENOEXEC, "overlap at 0x11000"},
		{"same place", p64(field(1, fAddr), 0x10000), abi.ENOEXEC, "overlap"},
		{"no segments", elfFile(etExec, 0, []ph{{typ: ptGNUStack}}, nil), abi.ENOEXEC, "no loadable segment"},
		{"empty segments", elfFile(etExec, 0, []ph{{typ: ptLoad, vaddr: 0x10000}}, nil), abi.ENOEXEC, "no loadable segment"},
		{"interp empty", interp(0, "x\x00"), abi.ENOEXEC, "of 0 bytes"},
		{"interp huge", interp(1<<40, "x\x00"), abi.ENOEXEC, "interpreter's name"},
		{"interp beyond", interp(4000, "x\x00"), abi.ENOEXEC, "truncated: the program interpreter"},
		{"interp no NUL", interp(4, "/lib"), abi.ENOEXEC, "malformed name"},
		{"interp no name", interp(2, "\x00\x00"), abi.ENOEXEC, "malformed name"},
	} {
		im, err := Parse(memFile(tc.file), testGuest())
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %+v, %v; want an error", tc.name, im, err)
			continue
		}
		if e.Errno != tc.errno || !strings.Contains(e.Text, tc.text) || strings.Contains(e.Text, "\n") {
			t.Errorf("%s: %v %q, want %v %q", tc.name, e.Errno.Name(), e.Text, tc.errno.Name(), tc.text)
		}
	}
}

// Odd files that the kernel runs.
func TestParseOdd(t *testing.T) {
	le := binary.LittleEndian
	for name, edit := range map[string]func(b []byte){
		"alignment no power of two": func(b []byte) { le.PutUint64(b[ehdrSize+48:], 0x1234) },
		"entry outside":             func(b []byte) { le.PutUint64(b[24:], 0) },
		"section headers beyond":    func(b []byte) { le.PutUint64(b[40:], 1<<60); b[60] = 99 },
		"segments in reverse": func(b []byte) {
			h := b[ehdrSize : ehdrSize+2*phdrSize]
			tmp := bytes.Clone(h[:phdrSize])
			copy(h, h[phdrSize:])
			copy(h[phdrSize:], tmp)
		},
	} {
		b := good(etExec)
		edit(b)
		if _, err := Parse(memFile(b), testGuest()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGoNote(t *testing.T) {
	note := func(name string, kind, desc int) []byte {
		b := make([]byte, 12, 64)
		binary.LittleEndian.PutUint32(b, uint32(len(name)))
		binary.LittleEndian.PutUint32(b[4:], uint32(desc))
		binary.LittleEndian.PutUint32(b[8:], uint32(kind))
		b = append(b, name...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		return append(b, make([]byte, (desc+3)&^3)...)
	}
	gnu, goID := note("GNU\x00", 3, 20), note("Go\x00\x00", 4, 83)
	for name, tc := range map[string]struct {
		body []byte
		size int
		want bool
	}{
		"none":             {nil, 0, false},
		"GNU build ID":     {gnu, len(gnu), false},
		"Go build ID":      {goID, len(goID), true},
		"second":           {append(bytes.Clone(gnu), goID...), len(gnu) + len(goID), true},
		"other type":       {note("Go\x00\x00", 1, 4), 20, false},
		"longer name":      {note("Golang\x00", 4, 4), 24, false},
		"ends in a header": {goID, 10, false},
		"ends in a name":   {goID, 14, false},
		"behind the file":  {goID, 1 << 40, true}, // what there is counts
		"name too long":    {[]byte("\xff\xff\xff\xff\xff\xff\xff\xff\x04\x00\x00\x00Go\x00\x00"), 16, false},
	} {
		b := elfFile(etExec, 0x10000, []ph{
			{typ: ptNote, flags: pfR, off: 0x1000, filesz: uint64(tc.size)},
			{typ: ptLoad, flags: pfR | pfX, vaddr: 0x10000, filesz: 0x1000, memsz: 0x1000, al: 0x1000},
		}, tc.body)
		im, err := Parse(memFile(b), testGuest())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if im.Go != tc.want {
			t.Errorf("%s: Go is %v", name, im.Go)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(good(etExec))
	f.Add(good(etDyn))
	f.Add(elfFile(etDyn, 0, []ph{{typ: ptInterp, off: 0x1000, filesz: 6, memsz: 6}, {typ: ptLoad, flags: 7, filesz: 0x1000, memsz: 1 << 46}}, []byte("/ld.so\x00")))
	f.Add([]byte("#!/bin/sh -e\n"))
	sp, err := mem.New(mem.Config{Window: true, Reserve: 1 << 32})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := memFile(b)
		Script(file)
		im, err := Parse(file, testGuest())
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Errno == 0 || e.Text == "" || strings.ContainsAny(e.Text, "\n\x00") {
				t.Fatalf("error %#v", err)
			}
			return
		}
		bias, err := im.Map(sp, file, 0x10000)
		if err == nil {
			// The first byte is mapped where the image says.
			if _, ok := sp.Lookup(im.Lo + bias); !ok {
				t.Errorf("nothing is mapped at %#x", im.Lo+bias)
			}
		}
		if err := sp.Reset(); err != nil {
			t.Fatal(err)
		}
	})
}
