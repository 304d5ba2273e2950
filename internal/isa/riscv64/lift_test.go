package riscv64

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// code assembles words: those with the low bits 11 as four bytes, others as two.
func code(words ...uint32) (c []byte) {
	for _, w := range words {
		if w&3 == 3 {
			c = binary.LittleEndian.AppendUint32(c, w)
		} else {
			c = binary.LittleEndian.AppendUint16(c, uint16(w))
		}
	}
	return c
}

// liftText lifts the words at 0x10000 and returns the IR without the block's
// and the instructions' own lines.
func liftText(t *testing.T, words ...uint32) string {
	t.Helper()
	var b ir.Block
	b.Reset(0x10000)
	Lift(&b, code(words...), 100)
	if err := b.Verify(); err != nil {
		t.Errorf("%x: %v", words, err)
	}
	var lines []string
	for _, i := range b.Insts {
		if i.Op != ir.OpInsn {
			lines = append(lines, i.String())
		}
	}
	return strings.Join(lines, "; ")
}

// TestLift has the IR of representative rows: every lift function, and the
// special cases within it.
func TestLift(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  uint32
		want string
	}{
		{"lui a0,0x80000", 0x80000537, "x10 = const #-2147483648"},
		{"auipc a0,0x1", 0x00001517, "x10 = const #69632"},
		{"auipc zero,0x1", 0x00001017, ""},
		{"addi a0,a1,-1", 0xfff58513, "x10 = add.i64 x11, #-1"},
		{"li a0,5", 0x00500513, "x10 = const #5"},
		{"mv a0,a1", 0x00058513, "x10 = mov x11"},
		{"addi a0,a0,0", 0x00050513, ""},
		{"nop", 0x00000013, ""},
		{"addi zero,a0,1", 0x00150013, ""},
		{"sext.w a0,a1", 0x0005851b, "x10 = sext32 x11"},
		{"sext.w a0,a0", 0x0005051b, "x10 = sext32 x10"},
		{"addiw a0,a1,7", 0x0075851b, "x10 = add.i32 x11, #7"},
		{"addiw a0,zero,7", 0x0070051b, "x10 = const #7"},
		{"slti a0,a1,-1", 0xfff5a513, "x10 = set.lts x11, #-1"},
		{"seqz a0,a1", 0x0015b513, "x10 = set.ltu x11, #1"},
		{"snez a0,a1", 0x00b03533, "x10 = set.ltu x0, x11"},
		{"slli a0,a1,63", 0x03f59513, "x10 = shl.i64 x11, #63"},
		{"sraiw a0,a1,31", 0x41f5d51b, "x10 = sar.i32 x11, #31"},
		{"add a0,a1,a2", 0x00c58533, "x10 = add.i64 x11, x12"},
		{"add a0,zero,a2", 0x00c00533, "x10 = mov x12"},
		{"add a0,a1,zero", 0x00058533, "x10 = mov x11"},
		{"add zero,a1,a2", 0x00c58033, ""},
		{"subw a0,a1,a2", 0x40c5853b, "x10 = sub.i32 x11, x12"},

		{"lb a0,-1(a1)", 0xfff58503, "x10 = load.m8s x11, #-1"},
		{"ld zero,8(a1)", 0x0085b003, "x0 = load.m64 x11, #8"},
		{"lwu a0,0(zero)", 0x00006503, "x10 = load.m32u x0, #0"},
		{"sd ra,-8(sp)", 0xfe113c23, "store.m64 x2, x1, #-8"},

		{"jal ra,.-4", 0xffdff0ef, "x1 = jmp.call 0xfffc"},
		{"jal t0,.", 0x000002ef, "x5 = jmp.call 0x10000"},
		{"j .", 0x0000006f, "x0 = jmp.none 0x10000"},
		{"jal a0,.", 0x0000056f, "x10 = jmp.none 0x10000"},
		{"ret", 0x00008067, "x0 = jmpind.ret x1, #0"},
		{"jr t0", 0x00028067, "x0 = jmpind.ret x5, #0"},
		{"jr 4(a0)", 0x00450067, "x0 = jmpind.none x10, #4"},
		{"jalr a0", 0x000500e7, "x1 = jmpind.call x10, #0"},
		{"jalr ra,ra", 0x000080e7, "x1 = jmpind.call x1, #0"},
		{"jalr t0,ra", 0x000082e7, "x5 = jmpind.callret x1, #0"},
		{"jalr a0,ra", 0x00008567, "x10 = jmpind.ret x1, #0"},
		{"beq a0,a1,.-4", 0xfeb50ee3, "br.eq x10, x11, 0xfffc"},
		{"bltu a0,a1,.+8", 0x00b56463, "br.ltu x10, x11, 0x10008"},

		{"fence", 0x0ff0000f, "fence.1"},
		{"fence rw,w", 0x0310000f, "fence.0"},
		{"fence w,r", 0x0120000f, "fence.1"},
		{"fence r,rw", 0x0230000f, "fence.0"},
		{"fence o,i", 0x0480000f, "fence.0"},
		{"fence rw,rw", 0x0330000f, "fence.1"},
		{"fence.tso", 0x8330000f, "fence.0"},
		{"pause", 0x0100000f, ""},
		{"fence.i", 0x0000100f, "exit.fencei 0x10004"},
		{"ecall", 0x00000073, "exit.syscall 0x10004"},
		{"ebreak", 0x00100073, "exit.break 0x10000"},
		{"c.ebreak", 0x9002, "exit.break 0x10000"},
		{"weir.vdso", 0x0000000b, "exit.vdso 0x10004"},
		{"mret", 0x30200073, "exit.illegal 0x10000"},
		{"all zero", 0, "exit.illegal 0x10000"},
		{"all one", 0xffffffff, "exit.illegal 0x10000"},

		{"mulhsu a0,a1,a2", 0x02c5a533, "x10 = mulhsu.i64 x11, x12"},
		{"divuw a0,a1,a2", 0x02c5d53b, "x10 = divu.i32 x11, x12"},
		{"rem zero,a1,a2", 0x02c5e033, ""},

		{"lr.w a0,(a1)", 0x1005a52f, "x10 = lr.m32s x11"},
		{"sc.d.aqrl zero,a2,(a1)", 0x1ec5b02f, "x0 = sc.m64 x11, x12"},
		{"amoadd.w.aq zero,a2,(a1)", 0x04c5a02f, "x0 = amoadd.m32s x11, x12"},
		{"amomaxu.d a0,a2,(a1)", 0xe0c5b52f, "x10 = amomaxu.m64 x11, x12"},
		{"amocas.w a0,a2,(a1)", 0x28c5a52f, "x10 = cas.m32s x11, x10, x12"},
		{"amocas.q a0,a2,(a1)", 0x28c5c52f, "x10 = caspair.m64 x11, x10, x12"},
		{"amocas.q a1,a2,(a1)", 0x28c5c5af, "exit.illegal 0x10000"},
		{"amocas.q a0,a3,(a1)", 0x28d5c52f, "exit.illegal 0x10000"},
		{"wrs.nto", 0x00d00073, ""},

		{"frflags a0", 0x00102573, "x10 = getfflags"},
		{"frrm zero", 0x00202073, ""},
		{"frcsr a0", 0x00302573, "t0 = getfrm; t0 = shl.i64 t0, #5; t1 = getfflags; x10 = or.i64 t0, t1"},
		{"fsflags a0,a0", 0x00151573, "t0 = getfflags; setfflags x10; x10 = mov t0"},
		{"fsflags a0", 0x00151073, "setfflags x10"},
		{"csrsi fflags,16", 0x00186073, "t0 = getfflags; t1 = or.i64 t0, #16; setfflags t1"},
		{"csrrc a0,frm,a1", 0x0025b573, "t0 = getfrm; t1 = andnot.i64 t0, x11; setfrm t1; x10 = mov t0"},
		{"fsrmi 2", 0x00215073, "t0 = const #2; setfrm t0"},
		{"fscsr a0", 0x00351073, "setfflags x10; t0 = shr.i64 x10, #5; setfrm t0"},
		{"csrrc a0,fcsr,zero", 0x00303573, "t0 = getfrm; t0 = shl.i64 t0, #5; t1 = getfflags; x10 = or.i64 t0, t1"},
		{"rdcycle a0", 0xc0002573, "x10 = counter.cycle"},
		{"rdtime a0", 0xc0102573, "x10 = counter.time"},
		{"rdinstret a0", 0xc0202573, "x10 = counter.instret"},
		{"csrrs a0,cycle,a1", 0xc005a573, "exit.illegal 0x10000"},
		{"csrrw zero,cycle,zero (unimp)", 0xc0001073, "exit.illegal 0x10000"},
		{"csrr a0,sstatus", 0x10002573, "exit.illegal 0x10000"},
		{"csrr a0,vlenb", 0xc2202573, "exit.illegal 0x10000"},

		{"flw fa0,4(a1)", 0x0045a507, "v10 = fload.f32 x11, #4"},
		{"flh fa0,4(a1)", 0x00459507, "v10 = fload.f16 x11, #4"},
		{"fsd fa0,-8(sp)", 0xfea13c27, "fstore.f64 x2, v10, #-8"},
		{"fadd.s fa0,fa1,fa2", 0x00c5f553, "checkrm; v10 = fadd.f32.dyn v11, v12"},
		{"fadd.d fa0,fa1,fa2,rne", 0x02c58553, "v10 = fadd.f64.rne v11, v12"},
		{"fadd.d fa0,fa1,fa2, mode 5", 0x02c5d553, "exit.illegal 0x10000"},
		{"fadd.d fa0,fa1,fa2, mode 6", 0x02c5e553, "exit.illegal 0x10000"},
		{"fsqrt.d fa0,fa1,rtz", 0x5a059553, "v10 = fsqrt.f64.rtz v11"},
		{"fmadd.d fa0,fa1,fa2,fa3,rne", 0x6ac58543, "v10 = fmuladd.f64.rne.0 v11, v12, v13"},
		{"fmsub.d fa0,fa1,fa2,fa3,rne", 0x6ac58547, "v10 = fmuladd.f64.rne.2 v11, v12, v13"},
		{"fnmsub.d fa0,fa1,fa2,fa3,rne", 0x6ac5854b, "v10 = fmuladd.f64.rne.1 v11, v12, v13"},
		{"fnmadd.d fa0,fa1,fa2,fa3,rne", 0x6ac5854f, "v10 = fmuladd.f64.rne.3 v11, v12, v13"},
		{"fmv.d fa0,fa1", 0x22b58553, "v10 = fsgn.f64.copy v11, v11"},
		{"fabs.s fa0,fa1", 0x20b5a553, "v10 = fsgn.f32.xor v11, v11"},
		{"fmin.s fa0,fa1,fa2", 0x28c58553, "v10 = fmin.f32 v11, v12"},
		{"flt.d zero,fa1,fa2", 0xa2c59053, "x0 = fcmp.f64.lt v11, v12"},
		{"fclass.s a0,fa1", 0xe0059553, "x10 = fclass.f32 v11"},
		{"fclass.s zero,fa1", 0xe0059053, ""},
		{"fcvt.wu.d a0,fa1,rtz", 0xc2159553, "x10 = ftoi.f64.rtz.ku32 v11"},
		{"fcvt.d.l fa0,a1", 0xd225f553, "checkrm; v10 = itof.f64.dyn.ki64 x11"},
		{"fcvt.d.w fa0,a1", 0xd2058553, "v10 = itof.f64.rne.ki32 x11"},
		{"fcvt.d.w fa0,a1,dyn", 0xd205f553, "checkrm; v10 = itof.f64.rne.ki32 x11"},
		{"fcvt.s.d fa0,fa1", 0x4015f553, "checkrm; v10 = fcvt.f32.dyn.f64 v11"},
		{"fcvt.d.s fa0,fa1", 0x42058553, "v10 = fcvt.f64.rne.f32 v11"},
		{"fcvt.h.d fa0,fa1,rup", 0x4415b553, "v10 = fcvt.f16.rup.f64 v11"},
		{"fmv.x.w a0,fa1", 0xe0058553, "x10 = fmovtoi.f32 v11"},
		{"fmv.h.x fa0,a1", 0xf4058553, "v10 = fmovfromi.f16 x11"},
		{"fli.s fa0,1", 0xf0180553, "v10 = fconst #-3229614080"},
		{"fli.d fa0,1", 0xf2180553, "v10 = fconst #4607182418800017408"},
		{"froundnx.d fa0,fa1,rtz", 0x42559553, "v10 = fround.f64.rtz.1 v11"},
		{"fcvtmod.w.d zero,fa1,rtz", 0xc2859053, "x0 = fcvtmodw v11"},
		{"fleq.s a0,fa1,fa2", 0xa0c5c553, "x10 = fcmp.f32.leq v11, v12"},

		{"sh2add.uw a0,a1,a2", 0x20c5c53b, "x10 = shladd.u32.2 x11, x12"},
		{"add.uw a0,a1,a2", 0x08c5853b, "x10 = shladd.u32.0 x11, x12"},
		{"zext.w a0,a1", 0x0805853b, "x10 = zext32 x11"},
		{"slli.uw a0,a1,3", 0x0835951b, "x10 = zext32 x11; x10 = shl.i64 x10, #3"},
		{"cpopw a0,a1", 0x6025951b, "x10 = popcnt.i32 x11"},
		{"rori a0,a1,1", 0x6015d513, "x10 = rotr.i64 x11, #1"},
		{"bexti a0,a1,63", 0x4bf5d513, "x10 = bittest x11, #63"},
		{"czero.nez a0,a1,a2", 0x0ec5f533, "x10 = czeronez x11, x12"},

		{"cbo.zero (a0)", 0x0045200f, "t0 = and.i64 x10, #-64; store.m64 t0, x0, #0; store.m64 t0, x0, #8; store.m64 t0, x0, #16; store.m64 t0, x0, #24; store.m64 t0, x0, #32; store.m64 t0, x0, #40; store.m64 t0, x0, #48; store.m64 t0, x0, #56"},
		{"cbo.clean (a0)", 0x0015200f, "x0 = load.m8u x10, #0"},
		{"cbo.inval (a0)", 0x0005200f, "exit.illegal 0x10000"},
		{"prefetch.r 32(a0)", 0x02156013, ""},
		{"ori zero,a0,2", 0x00256013, ""},

		{"c.addi4spn a0,sp,16", 0x0808, "x10 = add.i64 x2, #16"},
		{"c.lwsp a0,8(sp)", 0x4522, "x10 = load.m32s x2, #8"},
		{"c.fsdsp fa0,8(sp)", 0xa42a, "fstore.f64 x2, v10, #8"},
		{"c.mv a0,a1", 0x852e, "x10 = mov x11"},
		{"c.add a0,a1", 0x952e, "x10 = add.i64 x10, x11"},
		{"c.jalr a0", 0x9502, "x1 = jmpind.call x10, #0"},
		{"c.jr ra", 0x8082, "x0 = jmpind.ret x1, #0"},
		{"c.li zero,1", 0x4005, ""},
		{"c.nop 1", 0x0005, ""},
		{"c.addi a0,0", 0x0501, ""},
		{"c.addiw a0,0", 0x2501, "x10 = sext32 x10"},
		{"c.not a0", 0x9d75, "x10 = xor.i64 x10, #-1"},
		{"c.zext.b a0", 0x9d61, "x10 = zext8 x10"},
	} {
		if got := liftText(t, c.raw); got != c.want {
			t.Errorf("%s (%x):\n got %s\nwant %s", c.name, c.raw, got, c.want)
		}
	}
}

// Words for the tests of block ends.
const (
	nop     = 0x00000013
	beqFwd8 = 0x00b50463 // beq a0,a1,.+8
	beqBack = 0xfeb50ee3 // beq a0,a1,.-4
	beqFar  = 0x06b50263 // beq a0,a1,.+100
	fsrm    = 0x00251073 // fsrm a0
	ret     = 0x8082
)

func TestBlockEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []uint32
		max   int
		insns int
		bytes uint64
	}{
		{"return", []uint32{nop, ret, nop}, 100, 2, 6},
		{"limit", []uint32{nop, nop, nop, nop}, 3, 3, 12},
		{"code ends", []uint32{nop, nop}, 100, 2, 8},
		{"short forward branch", []uint32{beqFwd8, nop, nop, ret}, 100, 4, 14},
		{"backward branch", []uint32{nop, beqBack, nop, ret}, 100, 2, 8},
		{"far branch", []uint32{beqFar, nop, ret}, 100, 1, 4},
		{"many branches", []uint32{beqFwd8, beqFwd8, beqFwd8, beqFwd8, beqFwd8, ret}, 100, 4, 16},
		{"rounding mode changes", []uint32{nop, fsrm, nop, ret}, 100, 2, 8},
		{"rounding mode is read", []uint32{nop, 0x00202573, nop, ret}, 100, 4, 14},
		{"illegal", []uint32{nop, 0, nop}, 100, 2, 6},
	} {
		var b ir.Block
		b.Reset(0x10000)
		Lift(&b, code(c.words...), c.max)
		if b.NInsn != c.insns || b.End-b.PC != c.bytes {
			t.Errorf("%s: %d instructions in %d bytes, want %d in %d", c.name, b.NInsn, b.End-b.PC, c.insns, c.bytes)
		}
		if err := b.Verify(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestMaxSideExits(t *testing.T) {
	defer func(n int) { MaxSideExits = n }(MaxSideExits)
	MaxSideExits = 1
	var b ir.Block
	b.Reset(0x10000)
	Lift(&b, code(beqFwd8, nop, nop, ret), 100)
	if b.NInsn != 1 {
		t.Errorf("%d instructions, want 1", b.NInsn)
	}
}

// TestPageEnd: only the last instruction reaches into the next page.
func TestPageEnd(t *testing.T) {
	var b ir.Block
	b.Reset(0x10ff8)
	Lift(&b, code(nop, nop, nop, ret), 100)
	if b.NInsn != 2 || b.End != 0x11000 {
		t.Errorf("%d instructions to %#x, want 2 to 0x11000", b.NInsn, b.End)
	}
	b.Reset(0x10ffa)
	Lift(&b, code(nop, nop, nop, ret), 100)
	if b.NInsn != 2 || b.End != 0x11002 {
		t.Errorf("%d instructions to %#x, want 2 to 0x11002", b.NInsn, b.End)
	}
}

// TestTruncated: an instruction that the code does not hold wholly is left to
// the next call.
func TestTruncated(t *testing.T) {
	full := code(nop, nop)
	for n, want := range []int{0, 0, 0, 0, 1, 1, 1, 1, 2} {
		var b ir.Block
		b.Reset(0x10000)
		Lift(&b, full[:n], 100)
		if b.NInsn != want || b.End != 0x10000+4*uint64(want) {
			t.Errorf("%d bytes: %d instructions to %#x", n, b.NInsn, b.End)
		}
	}
}

// TestVerifyAll verifies the IR of random encodings of every row.
func TestVerifyAll(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	rows, _ := allRows()
	var b ir.Block
	for _, row := range rows {
		for range 200 {
			raw, _ := Encode(row, r.Uint32()&r.Uint32())
			b.Reset(0x10000)
			Lift(&b, code(raw), 1)
			if err := b.Verify(); err != nil {
				t.Errorf("%s %x: %v", isa.Name(row), raw, err)
				break
			}
			if b.NInsn != 1 {
				t.Errorf("%s %x: %d instructions", isa.Name(row), raw, b.NInsn)
			}
		}
	}
}

func TestLiftAllocates(t *testing.T) {
	c := code(nop, 0x00c58533, beqFwd8, 0x0045200f, 0x00302573, ret)
	var b ir.Block
	lift := func() {
		b.Reset(0x10000)
		Lift(&b, c, 100)
	}
	lift()
	if n := testing.AllocsPerRun(100, lift); n != 0 {
		t.Errorf("Lift allocates %v times", n)
	}
}

// FuzzLift: whatever the bytes, the IR is well formed and disassembly agrees
// on the lengths.
func FuzzLift(f *testing.F) {
	f.Add(code(nop, beqFwd8, ret), uint64(0x10000))
	f.Add([]byte{0xff}, uint64(0))
	f.Add(code(0xffffffff), ^uint64(1))
	f.Fuzz(func(t *testing.T, c []byte, pc uint64) {
		pc &^= 1
		var b ir.Block
		b.Reset(pc)
		Lift(&b, c, 64)
		if err := b.Verify(); err != nil {
			t.Fatal(err)
		}
		at := 0
		for _, i := range b.Insts {
			if i.Op != ir.OpInsn {
				continue
			}
			text, n := Disasm(c[at:], uint64(i.Imm))
			if text == "" || n != int(i.Aux) {
				t.Fatalf("%x: %q, %d bytes, lifted as %d", c[at:], text, n, i.Aux)
			}
			at += n
		}
		for len(c) > 0 {
			_, n := Disasm(c, pc)
			c = c[n:]
		}
	})
}
