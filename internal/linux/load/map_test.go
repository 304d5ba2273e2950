//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/mem"
)

func window(t *testing.T) *mem.Space {
	t.Helper()
	sp, err := mem.New(mem.Config{Window: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sp.Reset() })
	return sp
}

// onDisk writes a file so that it is mapped rather than copied.
func onDisk(t *testing.T, b []byte) *File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "prog")
	if err := os.WriteFile(name, b, 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &File{R: f, Size: int64(len(b)), FD: int(f.Fd())}
}

func TestMap(t *testing.T) {
	for _, typ := range []uint16{etExec, etDyn} {
		for _, how := range []string{"copied", "mapped"} {
			sp := window(t)
			b := good(typ)
			f := memFile(b)
			if how == "mapped" {
				f = onDisk(t, b)
			}
			im, err := Parse(f, testGuest())
			if err != nil {
				t.Fatal(err)
			}
			bias, err := im.Map(sp, f, 0x5000000)
			if err != nil {
				t.Fatal(err)
			}
			if typ == etExec && bias != 0 || typ == etDyn && bias != 0x5000000 {
				t.Errorf("%s: bias %#x", how, bias)
			}
			at := im.Lo + bias
			text := make([]byte, 0x2000)
			if !sp.Read(at, text) || !bytes.Equal(text, b[:0x2000]) {
				t.Errorf("%s: text differs", how)
			}
			data := make([]byte, 0x4000)
			want := make([]byte, 0x4000)
			copy(want, bytes.Repeat([]byte{0x5a}, 0x123))
			if !sp.Read(at+0x3000, data) || !bytes.Equal(data, want) {
				t.Errorf("%s: data and bss differ", how)
			}
			if sp.Write(at, []byte{1}) {
				t.Errorf("%s: text is writable", how)
			}
			if !sp.Write(at+0x3000, []byte{1}) || !sp.Write(at+0x6fff, []byte{1}) || sp.Write(at+0x7000, []byte{1}) {
				t.Errorf("%s: wrong extent of data", how)
			}
			for _, c := range []struct {
				addr uint64
				prot mem.Prot
			}{{at, mem.ProtRead | mem.ProtExec}, {at + 0x3000, mem.ProtRead | mem.ProtWrite}, {at + 0x6000, mem.ProtRead | mem.ProtWrite}} {
				if a, ok := sp.Lookup(c.addr); !ok || a.Prot != c.prot {
					t.Errorf("%s: area at %#x: %+v", how, c.addr, a)
				}
			}
		}
	}
}

func TestMapAlignment(t *testing.T) {
	b := good(etDyn)
	binary.LittleEndian.PutUint64(b[ehdrSize+48:], 1<<21)
	im, err := Parse(memFile(b), testGuest())
	if err != nil {
		t.Fatal(err)
	}
	for _, hint := range []uint64{0, 0x123000} {
		sp := window(t)
		bias, err := im.Map(sp, memFile(b), hint)
		if err != nil || bias%(1<<21) != 0 {
			t.Errorf("hint %#x: bias %#x, %v", hint, bias, err)
		}
		total := uint64(0)
		for _, a := range sp.Areas() {
			total += a.End - a.Start
		}
		if total != im.Hi-im.Lo {
			t.Errorf("hint %#x: %#x bytes are mapped, want %#x", hint, total, im.Hi-im.Lo)
		}
	}
}

func TestMapFails(t *testing.T) {
	sp := window(t)
	edit := func(off int, v uint64) []byte {
		b := good(etExec)
		binary.LittleEndian.PutUint64(b[off:], v)
		return b
	}
	for _, tc := range []struct {
		name string
		file []byte
		text string
	}{
		{"beyond the window", edit(ehdrSize+phdrSize+16, 1<<46), "outside the guest's address space"},
		{"more than there is", edit(ehdrSize+phdrSize+40, 1<<42), "outside the guest's address space"},
	} {
		im, err := Parse(memFile(tc.file), testGuest())
		if err != nil {
			t.Fatal(tc.name, err)
		}
		_, err = im.Map(sp, memFile(tc.file), 0)
		var e *Error
		if !errors.As(err, &e) || e.Errno != abi.ENOMEM || !strings.Contains(e.Text, tc.text) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
