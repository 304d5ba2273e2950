package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa/riscv64"
)

// TestLiftVerifies lifts random code of the real guest: whatever the bytes, the IR
// is well formed and its text form reads back.
func TestLiftVerifies(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var b, p ir.Block
	code := make([]byte, 64)
	for range 20000 {
		for i := range code {
			code[i] = byte(r.Uint32())
		}
		for i := 0; i < len(code); i += 4 {
			if r.IntN(4) > 0 {
				code[i] |= 3 // four bytes long
			}
		}
		b.Reset(r.Uint64() &^ 1)
		riscv64.Lift(&b, code, 16)
		if err := b.Verify(); err != nil {
			t.Fatal(err)
		}
		if err := ir.ParseBlock(&p, b.String()); err != nil {
			t.Fatal(err)
		}
		if p.String() != b.String() || p.NInsn != b.NInsn || p.End != b.End {
			t.Fatalf("reads back as\n%s, not\n%s", p.String(), b.String())
		}
	}
}
