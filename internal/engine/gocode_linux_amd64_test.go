// Not under the race detector: it brings cgo, whose threads hostsys does not know.

//go:build linux && amd64 && !race

package engine

import (
	"testing"

	"github.com/weir-emu/weir/internal/isa/riscv64"
)

// TestSetGoCode runs a program, and its successor compiled for another register use.
func TestSetGoCode(t *testing.T) {
	space := setUp(t)
	mapAt(t, space, sandCode, pageSize, rwx)
	for i, insn := range []uint32{
		0x00128293, // addi t0, t0, 1
		0x00578533, // add a0, a5, t0
		0x00052f83, // lw t6, 0(a0): faults
		0x00000073, // ecall
	} {
		space.WriteU32(sandCode+uint64(4*i), insn)
	}
	var all []*Engine
	u := newReal(t, "JIT", riscv64.New(), space, jitConfigs()["JIT"], &all)
	for _, goCode := range []bool{false, true, true, false} {
		translated := u.e.Stats().Translated
		change := u.e.cfg.Options.GoCode != goCode
		if err := u.e.SetGoCode(goCode); err != nil {
			t.Fatal(err)
		}
		for _, base := range []uint64{sandCode, 0x10} { // readable, and not
			u.s.PC, u.s.X = sandCode, [len(u.s.X)]uint64{}
			u.s.X[5], u.s.X[15], u.s.X[31] = 3, base, 77
			x := u.run()
			if base == sandCode && (x.Kind != Syscall || u.s.X[31] != 0x00578533) || base != sandCode && (x.Kind != Fault || u.s.X[31] != 77 || u.s.PC != sandCode+8) {
				t.Errorf("Go code %v, base %#x: %v at %#x, t6 = %#x", goCode, base, x, u.s.PC, u.s.X[31])
			}
			if u.s.X[5] != 4 || u.s.X[10] != base+4 {
				t.Errorf("Go code %v: t0 = %d, a0 = %#x", goCode, u.s.X[5], u.s.X[10])
			}
		}
		if again := u.e.Stats().Translated > translated; again != (change || translated == 0) {
			t.Errorf("Go code %v: translated again: %v", goCode, again)
		}
	}
}
