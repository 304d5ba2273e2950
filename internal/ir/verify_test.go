package ir

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestVerifyRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for op := range NumOps {
		if op == OpInsn {
			continue
		}
		for range 20 {
			var b Block
			b.Reset(0x1000)
			b.Insn(4)
			i := randomInst(r, op)
			b.Emit(i)
			if err := b.Verify(); err != nil {
				t.Errorf("%s: %v", i, err)
			}
			if o := &Ops[op]; o.B == Int {
				bad := i
				bad.B = Imm
				b.Insts[1] = bad
				if b.Verify() == nil {
					t.Errorf("%s: verified", bad)
				}
			}
		}
	}
}

func TestVerifyErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"x1 = mov t0", "t0 is read before"},
		{"t0 = mov x1\ninsn.4 0x1004\nx1 = mov t0", "t0 is read before"},
		{"v1 = fsgn.f64.copy ft0, v1", "ft0 is read before"},
		{"x1 = mov v1", "v1 is not an integer"},
		{"v1 = fadd.f64.dyn v1, x1", "x1 is not an FP"},
		{"v1 = fadd.f64.rm5 v1, v2", "auxiliary"},
		{"v1 = fadd.f16.dyn v1, v1", "type"},
		{"x1 = add.f64 x1, x1", "type"},
		{"x1 = amoadd.m8u x2, x3", "auxiliary"},
		{"x63 = caspair.m64 x2, x4, x6", "x63 is not the first"},
		{"t0 = mov x1\nx4 = caspair.m64 x2, t0, x6", "t0 is read before"},
		{"jmp.none 0x2000", "missing"},
		{"x0 = jmp.none 0x2000\nx1 = mov x2", "after the end"},
		{"x1 = mov x2\nx3 = load.m64 x4, #0", "may fault"},
		{"setfrm x1\ncheckrm", "may fault"},
		{"br.eq x1, x2, 0x10\nx3 = load.m64 x4, #0", "may fault"},
		{"exit.poll 0x1000", "auxiliary"},
		{"insn.0 0x1004", "no length"},
	} {
		var b Block
		err := ParseBlock(&b, "block 0x1000\ninsn.4 0x1000\n"+c.text)
		if err == nil {
			err = b.Verify()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
	for _, c := range []struct {
		name string
		b    Block
	}{
		{"before insn", Block{Insts: []Inst{{Op: OpNop}}}},
		{"unknown", Block{Insts: []Inst{{Op: NumOps}}}},
		{"count", Block{NInsn: 1}},
		{"unused operand", Block{End: 4, NInsn: 1, Insts: []Inst{{Op: OpInsn, Aux: 4}, {Op: OpNop, A: 3}}}},
		{"unused immediate", Block{End: 4, NInsn: 1, Insts: []Inst{{Op: OpInsn, Aux: 4}, {Op: OpMov, Imm: 3}}}},
		{"destination immediate", Block{End: 4, NInsn: 1, Insts: []Inst{{Op: OpInsn, Aux: 4}, {Op: OpMov, Dst: Imm}}}},
		{"gap", Block{End: 12, NInsn: 2, Insts: []Inst{{Op: OpInsn, Aux: 4}, {Op: OpInsn, Imm: 8, Aux: 4}}}},
	} {
		if c.b.Verify() == nil {
			t.Errorf("%s: verified", c.name)
		}
	}
}
