//go:build linux && (amd64 || arm64)

package hostsys

import (
	"encoding/binary"
	"os"
	"testing"
)

// The entries are those that the kernel shows in /proc.
func TestAuxv(t *testing.T) {
	b, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; len(b) >= 16; b = b[16:] {
		typ, want := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		if typ == 0 {
			break
		}
		if got, ok := Auxv(uintptr(typ)); !ok || uint64(got) != want {
			t.Errorf("entry %d: %#x, %v; want %#x", typ, got, ok, want)
		}
		n++
	}
	if n < 10 {
		t.Errorf("only %d entries", n)
	}
	if v, ok := Auxv(9999); ok {
		t.Errorf("entry 9999: %d", v)
	}
}
