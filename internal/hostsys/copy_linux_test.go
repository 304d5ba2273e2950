//go:build linux && (amd64 || arm64)

package hostsys

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// twoPages maps a readable and writable page followed by one with protection prot.
func twoPages(t testing.TB, prot int) uintptr {
	t.Helper()
	mustInit(t)
	p := Mmap(0, 2*pageSize, protRead|protWrite, mapPrivate|mapAnonymous, -1, 0)
	if IsErr(p) {
		t.Fatalf("mmap: errno %d", Errno(p))
	}
	if e := Mprotect(p+pageSize, pageSize, prot); e != 0 {
		t.Fatalf("mprotect: errno %d", e)
	}
	t.Cleanup(func() { Munmap(p, 2*pageSize) })
	return p
}

func TestLoadStore(t *testing.T) {
	p := twoPages(t, 0)
	if f := Store64(p+1, 0x1122334455667788); f.Sig != 0 {
		t.Fatal(f)
	}
	v8, f8 := Load8(p + 1)
	v16, f16 := Load16(p + 1)
	v32, f32 := Load32(p + 1)
	v64, f64 := Load64(p + 1)
	if v8 != 0x88 || v16 != 0x7788 || v32 != 0x55667788 || v64 != 0x1122334455667788 {
		t.Errorf("%#x %#x %#x %#x", v8, v16, v32, v64)
	}
	if f8.Sig|f16.Sig|f32.Sig|f64.Sig != 0 {
		t.Error("fault")
	}
	Store8(p+9, 0xaa)
	Store16(p+10, 0xbbcc)
	Store32(p+12, 0xddeeff00)
	if got := unsafe.Slice((*byte)(hostPointer(p+8)), 8); !bytes.Equal(got, []byte{0x11, 0xaa, 0xcc, 0xbb, 0, 0xff, 0xee, 0xdd}) {
		t.Errorf("% x", got)
	}
}

func TestAccessFaults(t *testing.T) {
	p := twoPages(t, protRead)
	ro := p + pageSize
	hole := Mmap(0, pageSize, 0, mapPrivate|mapAnonymous, -1, 0)
	Munmap(hole, pageSize)
	const nonCanonical = 0x8000_0000_0000_0000
	old := [2]uint64{}
	for _, c := range []struct {
		name string
		f    func(a uintptr) Fault
		read bool
	}{
		{"load8", func(a uintptr) Fault { _, f := Load8(a); return f }, true},
		{"load16", func(a uintptr) Fault { _, f := Load16(a); return f }, true},
		{"load32", func(a uintptr) Fault { _, f := Load32(a); return f }, true},
		{"load64", func(a uintptr) Fault { _, f := Load64(a); return f }, true},
		{"store8", func(a uintptr) Fault { return Store8(a, 1) }, false},
		{"store16", func(a uintptr) Fault { return Store16(a, 1) }, false},
		{"store32", func(a uintptr) Fault { return Store32(a, 1) }, false},
		{"store64", func(a uintptr) Fault { return Store64(a, 1) }, false},
		{"cas32", func(a uintptr) Fault { _, f := Cas32(a, 0, 1); return f }, false},
		{"cas64", func(a uintptr) Fault { _, f := Cas64(a, 0, 1); return f }, false},
		{"cas128", func(a uintptr) Fault { _, f := Cas128(a, old, old); return f }, false},
		{"copyin", func(a uintptr) Fault { _, f := CopyIn(make([]byte, 4), a); return f }, true},
		{"copyout", func(a uintptr) Fault { _, f := CopyOut(a, make([]byte, 4)); return f }, false},
		{"fill", func(a uintptr) Fault { _, f := Fill(a, 0, 4); return f }, false},
	} {
		if f := c.f(hole); f != (Fault{hole, 1, int32(syscall.SIGSEGV)}) {
			t.Errorf("%s of unmapped %#x: %+v", c.name, hole, f)
		}
		want := Fault{ro, 2, int32(syscall.SIGSEGV)}
		if c.read {
			want = Fault{}
		}
		if f := c.f(ro); f != want {
			t.Errorf("%s of read-only: %+v", c.name, f)
		}
		if f := c.f(nonCanonical); f != beyond {
			t.Errorf("%s of non-canonical: %+v", c.name, f)
		}
	}
}

func TestAccessBus(t *testing.T) {
	mustInit(t)
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Truncate(2 * pageSize)
	p := Mmap(0, 2*pageSize, protRead|protWrite, 1, int(f.Fd()), 0)
	defer Munmap(p, 2*pageSize)
	f.Truncate(pageSize)
	if _, f := Load64(p); f.Sig != 0 {
		t.Errorf("before the end: %+v", f)
	}
	if _, f := Load64(p + pageSize + 8); f != (Fault{p + pageSize + 8, 2, int32(syscall.SIGBUS)}) {
		t.Errorf("behind the end: %+v", f)
	}
}

func TestAtomics(t *testing.T) {
	p := twoPages(t, 0)
	Store64(p, 5)
	if v, _ := Cas64(p, 5, 7); v != 5 {
		t.Error(v)
	}
	if v, _ := Cas64(p, 5, 9); v != 7 {
		t.Error(v)
	}
	if v, _ := Cas32(p, 7, 0xffffffff); v != 7 {
		t.Error(v)
	}
	if v, _ := Load64(p); v != 0xffffffff {
		t.Errorf("%#x", v)
	}
	Store64(p+16, 1)
	Store64(p+24, 2)
	if v, f := Cas128(p+16, [2]uint64{1, 3}, [2]uint64{8, 9}); v != [2]uint64{1, 2} || f.Sig != 0 {
		t.Error(v, f)
	}
	if v, _ := Cas128(p+16, [2]uint64{1, 2}, [2]uint64{8, 9}); v != [2]uint64{1, 2} {
		t.Error(v)
	}
	if v, _ := Load64(p + 24); v != 9 {
		t.Error(v)
	}
	if _, f := Cas128(p+8, [2]uint64{}, [2]uint64{}); f.Sig != misaligned.Sig || f.Code != misaligned.Code {
		t.Error("misaligned", f)
	}
}

// Copies of every length over the end of the first page stop at exactly the right byte.
func TestCopyExact(t *testing.T) {
	p := twoPages(t, 0)
	page := unsafe.Slice((*byte)(hostPointer(p)), pageSize)
	for i := range page {
		page[i] = byte(i * 7)
	}
	for _, n := range []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 511, 512, 513, 1000} {
		for before := 0; before <= n+1; before += 1 + n/40 {
			at := p + pageSize - uintptr(before)
			want := min(n, before)
			var wantFault Fault
			if before < n {
				wantFault = Fault{p + pageSize, 2, int32(syscall.SIGSEGV)}
			}
			buf := make([]byte, n)
			got, f := CopyIn(buf, at)
			if got != want || f != wantFault || !bytes.Equal(buf[:want], page[pageSize-before:][:want]) {
				t.Fatalf("CopyIn of %d, %d before the end: %d %+v", n, before, got, f)
			}
			got, f = CopyOut(at, buf[:n])
			if got != want || f != wantFault {
				t.Fatalf("CopyOut of %d, %d before the end: %d %+v", n, before, got, f)
			}
		}
	}
	if n, f := Fill(p+pageSize-100, 0xee, 300); n != 100 || f.Addr != p+pageSize || page[pageSize-1] != 0xee || page[pageSize-101] == 0xee {
		t.Errorf("Fill: %d %+v", n, f)
	}
}

var sink uint64

func BenchmarkLoad64(b *testing.B) {
	p := twoPages(b, 0)
	for range b.N {
		v, f := Load64(p)
		sink += v + uint64(f.Sig)
	}
}

func BenchmarkStore64(b *testing.B) {
	p := twoPages(b, 0)
	for range b.N {
		f := Store64(p, 1)
		sink += uint64(f.Sig)
	}
}

func BenchmarkCopyIn64(b *testing.B) {
	p := twoPages(b, 0)
	var buf [64]byte
	for range b.N {
		CopyIn(buf[:], p)
	}
}
