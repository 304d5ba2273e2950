package ir

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomInst makes an operation that the verifier accepts by its row alone.
func randomInst(r *rand.Rand, op Op) Inst {
	o := &Ops[op]
	val := func(k Operand) Val {
		switch k {
		case Int:
			return Val(r.IntN(64))
		case IntImm:
			if r.IntN(3) == 0 {
				return Imm
			}
			return Val(r.IntN(64))
		case FP:
			return VBase + Val(r.IntN(64))
		case Pair:
			return Val(r.IntN(63))
		}
		return 0
	}
	aux := func(u AuxUse) uint8 {
		for u != AuxNone {
			if v := uint8(r.UintN(16)); checkAux(u, v) == nil {
				return v
			}
		}
		return 0
	}
	i := Inst{Op: op, Dst: val(o.Dst), A: val(o.A), B: val(o.B), C: val(o.C), Aux: aux(o.Aux), Aux2: aux(o.Aux2)}
	for !o.HasType(i.Ty) || o.Types != 0 && r.IntN(2) == 0 {
		if i.Ty++; i.Ty > F64 {
			i.Ty = 0
		}
	}
	if o.Imm != ImmNone || i.B == Imm {
		i.Imm = int64(r.Uint64()) >> r.IntN(64)
	}
	return i
}

func TestOpsTable(t *testing.T) {
	seen := map[string]Op{}
	for op := range NumOps {
		o := &Ops[op]
		if o.Name == "" || strings.ContainsAny(o.Name, ". =") {
			t.Errorf("op %d has no usable name: %q", op, o.Name)
		}
		if was, dup := seen[o.Name]; dup {
			t.Errorf("ops %d and %d are both %q", was, op, o.Name)
		}
		seen[o.Name] = op
		if (o.B == IntImm) && o.Imm != ImmNone {
			t.Errorf("%s: the immediate has two uses", o.Name)
		}
		if o.Has(EffRead|EffWrite) && !o.Has(EffFault) && op != OpFence {
			t.Errorf("%s accesses memory but cannot fault", o.Name)
		}
		if o.Has(EffRound) && o.Aux != AuxRM {
			t.Errorf("%s rounds without a mode", o.Name)
		}
	}
}

func TestTextRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for op := range NumOps {
		for range 50 {
			i := randomInst(r, op)
			got, err := ParseInst(i.String())
			if err != nil {
				t.Fatalf("%s: %v", i, err)
			}
			if got != i {
				t.Fatalf("%s: parsed as %s (%+v, want %+v)", i, got, got, i)
			}
		}
	}
}

func TestBlockText(t *testing.T) {
	var b Block
	b.Reset(0x1000)
	b.Insn(4)
	b.OpI(OpAdd, I32, X(5), X(6), -12)
	b.Insn(2)
	tmp, ft := b.Temp(), b.FTemp()
	b.Load(M32U, tmp, X(2), 16)
	b.Emit(Inst{Op: OpFMovFromI, Ty: F32, Dst: ft, A: tmp})
	b.Emit(Inst{Op: OpFCvt, Ty: F64, Dst: V(3), A: ft, Aux: RMDyn, Aux2: uint8(F32)})
	b.Br(LtU, tmp, X(5), 0x1100)
	b.Insn(4)
	b.Exit(6, b.End)
	const want = `block 0x1000
insn.4 0x1000
x5 = add.i32 x6, #-12
insn.2 0x1004
t0 = load.m32u x2, #16
ft0 = fmovfromi.f32 t0
v3 = fcvt.f64.dyn.f32 ft0
br.ltu t0, x5, 0x1100
insn.4 0x1006
exit.fencei 0x100a
`
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var p Block
	if err := ParseBlock(&p, "; a comment\n\n"+want); err != nil {
		t.Fatal(err)
	}
	if p.PC != b.PC || p.End != b.End || p.NInsn != 3 || !slices.Equal(p.Insts, b.Insts) {
		t.Errorf("parsed as\n%s", p.String())
	}
	if err := b.Verify(); err != nil {
		t.Error(err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{
		"", "x1 = mov x2", "block 0x10\nblock 0x20", "block zz", "block 0\ninsn.4 0x10",
		"block 0\nfrob x1", "block 0\nx1 = add.i64 x2", "block 0\nx1 = add x2, x3", "block 0\nx1 = add.i64.eq x2, x3",
		"block 0\nadd.i64 x2, x3", "block 0\nx1 = store.m64 x2, x3, #0", "block 0\nx64 = mov x2", "block 0\nx1 = mov y2",
		"block 0\nx1 = mov #2", "block 0\nx1 = load.m64 x2, 4", "block 0\nx1 = mov x2, x3", "block 0\nx1 = add.i64 x2, #9z",
		"block 0\nx1 = add.frob x2, x3", "block 0\nbr.eq x1, x2, #5", "block 0\nv1 = fconst ft63",
	} {
		var b Block
		if err := ParseBlock(&b, text); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Imm.String(), "#"},
		{FBase.String(), "ft0"},
		{Op(250).String(), "op250"},
		{Type(9).String(), "type9"},
		{Inst{Op: 250}.String(), "op250"},
		{Inst{Op: OpSet, Aux: 77, A: X(1), B: Imm, Imm: 3}.String(), "x0 = set.77 x1, #3"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
