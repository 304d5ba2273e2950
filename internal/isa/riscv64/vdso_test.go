package riscv64

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// TestVDSO reads the image with a reader of somebody else.
func TestVDSO(t *testing.T) {
	v := VDSO()
	f, err := elf.NewFile(bytes.NewReader(v.Image))
	if err != nil {
		t.Fatal(err)
	}
	if f.Type != elf.ET_DYN || f.Machine != elf.EM_RISCV || f.Class != elf.ELFCLASS64 || len(f.Progs) != 2 {
		t.Errorf("header: %+v, %d segments", f.FileHeader, len(f.Progs))
	}
	load, dyn := f.Progs[0], f.Progs[1]
	if load.Type != elf.PT_LOAD || load.Flags != elf.PF_R|elf.PF_X || load.Filesz != uint64(len(v.Image)) || load.Vaddr != 0 || load.Off != 0 {
		t.Errorf("load segment: %+v", load.ProgHeader)
	}
	if dyn.Type != elf.PT_DYNAMIC || dyn.Off%8 != 0 || dyn.Vaddr != dyn.Off {
		t.Errorf("dynamic segment: %+v", dyn.ProgHeader)
	}
	if len(v.Image) > pageSize {
		t.Errorf("%d bytes: more than a page", len(v.Image))
	}

	want := map[string]string{
		"__vdso_rt_sigreturn":  "li\ta7,139; ecall; ret",
		"__vdso_gettimeofday":  "li\ta7,169; weir.vdso; ret",
		"__vdso_clock_gettime": "li\ta7,113; weir.vdso; ret",
		"__vdso_clock_getres":  "li\ta7,114; weir.vdso; ret",
		"__vdso_getcpu":        "li\ta7,168; weir.vdso; ret",
		"__vdso_flush_icache":  "li\ta7,259; ecall; ret",
		"__vdso_riscv_hwprobe": "li\ta7,258; ecall; ret",
	}
	r := newImageReader(t, v.Image)
	for name, text := range want {
		at := r.lookup(name, "LINUX_4.15")
		if at == 0 {
			t.Errorf("%s is not found", name)
			continue
		}
		var got []string
		for n := range 3 {
			s, _ := Disasm(v.Image[at+4*uint64(n):], at)
			got = append(got, s)
		}
		if strings.Join(got, "; ") != text {
			t.Errorf("%s: %v", name, got)
		}
		if name == "__vdso_rt_sigreturn" && at != v.Sigreturn {
			t.Errorf("Sigreturn = %#x, the symbol is at %#x", v.Sigreturn, at)
		}
	}
	if s, n := Disasm(v.Image[v.Return:], v.Return); s != "weir.vdso" || v.Return+uint64(n) != uint64(len(v.Image)) {
		t.Errorf("at Return %q", s)
	}
	if at := r.lookup("__vdso_clock_gettime", "LINUX_2.6"); at != 0 {
		t.Error("found under the wrong version")
	}
	if at := r.lookup("__vdso_time", "LINUX_4.15"); at != 0 {
		t.Error("found a symbol that is not there")
	}
	if r.soname != "linux-vdso.so.1" {
		t.Errorf("soname %q", r.soname)
	}
	if r.nsyms != len(want)+1 {
		t.Errorf("%d symbols", r.nsyms)
	}
}

// imageReader finds symbols as dynamic loaders do: through the hash table and
// the version tables.
type imageReader struct {
	img                          []byte
	hash, sym, str, versym, vdef uint64
	soname                       string
	nsyms                        int
}

func newImageReader(t *testing.T, img []byte) *imageReader {
	t.Helper()
	le := binary.LittleEndian
	f, err := elf.NewFile(bytes.NewReader(img))
	if err != nil {
		t.Fatal(err)
	}
	r := &imageReader{img: img}
	var sonameAt uint64
	var tags []elf.DynTag
	d := img[f.Progs[1].Off:]
	for ; le.Uint64(d) != 0; d = d[16:] {
		v := le.Uint64(d[8:])
		tag := elf.DynTag(le.Uint64(d))
		tags = append(tags, tag)
		switch tag {
		case elf.DT_HASH:
			r.hash = v
		case elf.DT_SYMTAB:
			r.sym = v
		case elf.DT_STRTAB:
			r.str = v
		case elf.DT_VERSYM:
			r.versym = v
		case elf.DT_VERDEF:
			r.vdef = v
		case elf.DT_SONAME:
			sonameAt = v
		}
	}
	for _, tag := range []elf.DynTag{elf.DT_STRSZ, elf.DT_SYMENT, elf.DT_VERDEFNUM} {
		if !slices.Contains(tags, tag) {
			t.Errorf("no %v", tag)
		}
	}
	if r.hash%4 != 0 || r.sym%8 != 0 || r.versym%2 != 0 || r.vdef%4 != 0 {
		t.Errorf("misaligned table: %+v", r)
	}
	r.nsyms = int(le.Uint32(img[r.hash+4:]))
	r.soname = r.cstr(r.str + sonameAt)
	return r
}

func (r *imageReader) cstr(at uint64) string {
	s, _, _ := bytes.Cut(r.img[at:], []byte{0})
	return string(s)
}

func (r *imageReader) lookup(name, version string) uint64 {
	le := binary.LittleEndian
	var index uint16
	for at := r.vdef; ; {
		v := r.img[at:]
		aux := r.img[at+uint64(le.Uint32(v[12:])):]
		if r.cstr(r.str+uint64(le.Uint32(aux))) == version && le.Uint32(v[8:]) == sysvHash(version) {
			index = le.Uint16(v[4:])
		}
		next := le.Uint32(v[16:])
		if next == 0 {
			break
		}
		at += uint64(next)
	}
	nb := le.Uint32(r.img[r.hash:])
	bucket := func(n uint32) uint32 { return le.Uint32(r.img[r.hash+8+4*uint64(n):]) }
	for k := bucket(sysvHash(name) % nb); k != 0; k = bucket(nb + k) {
		s := r.img[r.sym+24*uint64(k):]
		if r.cstr(r.str+uint64(le.Uint32(s))) == name && s[4] == 0x12 && le.Uint16(s[6:]) != 0 &&
			le.Uint16(r.img[r.versym+2*uint64(k):]) == index {
			return le.Uint64(s[8:])
		}
	}
	return 0
}

// sysvHash is the gABI's hash function, written in the form the gABI has it.
func sysvHash(name string) uint32 {
	var h uint32
	for _, c := range []byte(name) {
		h = (h << 4) + uint32(c)
		if g := h & 0xf0000000; g != 0 {
			h ^= g >> 24
			h &^= g
		}
	}
	return h
}
