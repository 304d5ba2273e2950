package riscv64

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/ir/eval"
	"github.com/weir-emu/weir/internal/isa"
)

// The models are the manual's descriptions, written without looking at the
// rows: they tell whether a row has the right operation, operands and width.

// intModels is rd as a function of rs1, rs2 and the immediate (or shift amount).
var intModels = map[string]func(a, b uint64, imm int64) uint64{
	"addi":  func(a, _ uint64, imm int64) uint64 { return a + uint64(imm) },
	"slti":  func(a, _ uint64, imm int64) uint64 { return b2i(int64(a) < imm) },
	"sltiu": func(a, _ uint64, imm int64) uint64 { return b2i(a < uint64(imm)) },
	"xori":  func(a, _ uint64, imm int64) uint64 { return a ^ uint64(imm) },
	"ori":   func(a, _ uint64, imm int64) uint64 { return a | uint64(imm) },
	"andi":  func(a, _ uint64, imm int64) uint64 { return a & uint64(imm) },
	"slli":  func(a, _ uint64, imm int64) uint64 { return a << imm },
	"srli":  func(a, _ uint64, imm int64) uint64 { return a >> imm },
	"srai":  func(a, _ uint64, imm int64) uint64 { return uint64(int64(a) >> imm) },
	"addiw": func(a, _ uint64, imm int64) uint64 { return sx32(uint32(a) + uint32(imm)) },
	"slliw": func(a, _ uint64, imm int64) uint64 { return sx32(uint32(a) << imm) },
	"srliw": func(a, _ uint64, imm int64) uint64 { return sx32(uint32(a) >> imm) },
	"sraiw": func(a, _ uint64, imm int64) uint64 { return uint64(int64(int32(a) >> imm)) },
	"lui":   func(_, _ uint64, imm int64) uint64 { return uint64(imm) },
	"auipc": func(_, _ uint64, imm int64) uint64 { return modelPC + uint64(imm) },

	"add":  func(a, b uint64, _ int64) uint64 { return a + b },
	"sub":  func(a, b uint64, _ int64) uint64 { return a - b },
	"sll":  func(a, b uint64, _ int64) uint64 { return a << (b & 63) },
	"slt":  func(a, b uint64, _ int64) uint64 { return b2i(int64(a) < int64(b)) },
	"sltu": func(a, b uint64, _ int64) uint64 { return b2i(a < b) },
	"xor":  func(a, b uint64, _ int64) uint64 { return a ^ b },
	"srl":  func(a, b uint64, _ int64) uint64 { return a >> (b & 63) },
	"sra":  func(a, b uint64, _ int64) uint64 { return uint64(int64(a) >> (b & 63)) },
	"or":   func(a, b uint64, _ int64) uint64 { return a | b },
	"and":  func(a, b uint64, _ int64) uint64 { return a & b },
	"addw": func(a, b uint64, _ int64) uint64 { return sx32(uint32(a) + uint32(b)) },
	"subw": func(a, b uint64, _ int64) uint64 { return sx32(uint32(a) - uint32(b)) },
	"sllw": func(a, b uint64, _ int64) uint64 { return sx32(uint32(a) << (b & 31)) },
	"srlw": func(a, b uint64, _ int64) uint64 { return sx32(uint32(a) >> (b & 31)) },
	"sraw": func(a, b uint64, _ int64) uint64 { return uint64(int64(int32(a) >> (b & 31))) },

	"mul":    func(a, b uint64, _ int64) uint64 { return a * b },
	"mulh":   func(a, b uint64, _ int64) uint64 { return high(int64big(a), int64big(b)) },
	"mulhsu": func(a, b uint64, _ int64) uint64 { return high(int64big(a), uint64big(b)) },
	"mulhu":  func(a, b uint64, _ int64) uint64 { return high(uint64big(a), uint64big(b)) },
	"div":    func(a, b uint64, _ int64) uint64 { return divide(int64big(a), int64big(b)) },
	"divu":   func(a, b uint64, _ int64) uint64 { return divide(uint64big(a), uint64big(b)) },
	"rem":    func(a, b uint64, _ int64) uint64 { return remainder(int64big(a), int64big(b)) },
	"remu":   func(a, b uint64, _ int64) uint64 { return remainder(uint64big(a), uint64big(b)) },
	"mulw":   func(a, b uint64, _ int64) uint64 { return sx32(uint32(a) * uint32(b)) },
	"divw":   func(a, b uint64, _ int64) uint64 { return sx32(uint32(divide(int32big(a), int32big(b)))) },
	"divuw":  func(a, b uint64, _ int64) uint64 { return sx32(uint32(divide(uint32big(a), uint32big(b)))) },
	"remw":   func(a, b uint64, _ int64) uint64 { return sx32(uint32(remainder(int32big(a), int32big(b)))) },
	"remuw":  func(a, b uint64, _ int64) uint64 { return sx32(uint32(remainder(uint32big(a), uint32big(b)))) },

	"add.uw":    func(a, b uint64, _ int64) uint64 { return uint64(uint32(a)) + b },
	"sh1add":    func(a, b uint64, _ int64) uint64 { return a*2 + b },
	"sh2add":    func(a, b uint64, _ int64) uint64 { return a*4 + b },
	"sh3add":    func(a, b uint64, _ int64) uint64 { return a*8 + b },
	"sh1add.uw": func(a, b uint64, _ int64) uint64 { return uint64(uint32(a))*2 + b },
	"sh2add.uw": func(a, b uint64, _ int64) uint64 { return uint64(uint32(a))*4 + b },
	"sh3add.uw": func(a, b uint64, _ int64) uint64 { return uint64(uint32(a))*8 + b },
	"slli.uw":   func(a, _ uint64, imm int64) uint64 { return uint64(uint32(a)) << imm },

	"andn":   func(a, b uint64, _ int64) uint64 { return a & ^b },
	"orn":    func(a, b uint64, _ int64) uint64 { return a | ^b },
	"xnor":   func(a, b uint64, _ int64) uint64 { return ^(a ^ b) },
	"clz":    func(a, _ uint64, _ int64) uint64 { return uint64(bits.LeadingZeros64(a)) },
	"clzw":   func(a, _ uint64, _ int64) uint64 { return uint64(bits.LeadingZeros32(uint32(a))) },
	"ctz":    func(a, _ uint64, _ int64) uint64 { return uint64(bits.TrailingZeros64(a)) },
	"ctzw":   func(a, _ uint64, _ int64) uint64 { return uint64(bits.TrailingZeros32(uint32(a))) },
	"cpop":   func(a, _ uint64, _ int64) uint64 { return uint64(bits.OnesCount64(a)) },
	"cpopw":  func(a, _ uint64, _ int64) uint64 { return uint64(bits.OnesCount32(uint32(a))) },
	"max":    func(a, b uint64, _ int64) uint64 { return uint64(max(int64(a), int64(b))) },
	"maxu":   func(a, b uint64, _ int64) uint64 { return max(a, b) },
	"min":    func(a, b uint64, _ int64) uint64 { return uint64(min(int64(a), int64(b))) },
	"minu":   func(a, b uint64, _ int64) uint64 { return min(a, b) },
	"sext.b": func(a, _ uint64, _ int64) uint64 { return uint64(int64(int8(a))) },
	"sext.h": func(a, _ uint64, _ int64) uint64 { return uint64(int64(int16(a))) },
	"zext.h": func(a, _ uint64, _ int64) uint64 { return uint64(uint16(a)) },
	"rol":    func(a, b uint64, _ int64) uint64 { return bits.RotateLeft64(a, int(b&63)) },
	"rolw":   func(a, b uint64, _ int64) uint64 { return sx32(bits.RotateLeft32(uint32(a), int(b&31))) },
	"ror":    func(a, b uint64, _ int64) uint64 { return bits.RotateLeft64(a, -int(b&63)) },
	"rorw":   func(a, b uint64, _ int64) uint64 { return sx32(bits.RotateLeft32(uint32(a), -int(b&31))) },
	"rori":   func(a, _ uint64, imm int64) uint64 { return bits.RotateLeft64(a, -int(imm)) },
	"roriw":  func(a, _ uint64, imm int64) uint64 { return sx32(bits.RotateLeft32(uint32(a), -int(imm))) },
	"rev8":   func(a, _ uint64, _ int64) uint64 { return bits.ReverseBytes64(a) },
	"orc.b": func(a, _ uint64, _ int64) (r uint64) {
		for n := range 8 {
			if a>>(8*n)&0xff != 0 {
				r |= 0xff << (8 * n)
			}
		}
		return r
	},

	"clmul":  func(a, b uint64, _ int64) uint64 { return carryless(a, b, 0) },
	"clmulh": func(a, b uint64, _ int64) uint64 { return carryless(a, b, 64) },
	"clmulr": func(a, b uint64, _ int64) uint64 { return carryless(a, b, 63) },

	"bclr":  func(a, b uint64, _ int64) uint64 { return a &^ (1 << (b & 63)) },
	"bclri": func(a, _ uint64, imm int64) uint64 { return a &^ (1 << imm) },
	"bext":  func(a, b uint64, _ int64) uint64 { return a >> (b & 63) & 1 },
	"bexti": func(a, _ uint64, imm int64) uint64 { return a >> imm & 1 },
	"binv":  func(a, b uint64, _ int64) uint64 { return a ^ 1<<(b&63) },
	"binvi": func(a, _ uint64, imm int64) uint64 { return a ^ 1<<imm },
	"bset":  func(a, b uint64, _ int64) uint64 { return a | 1<<(b&63) },
	"bseti": func(a, _ uint64, imm int64) uint64 { return a | 1<<imm },

	"czero.eqz": func(a, b uint64, _ int64) uint64 {
		if b == 0 {
			return 0
		}
		return a
	},
	"czero.nez": func(a, b uint64, _ int64) uint64 {
		if b != 0 {
			return 0
		}
		return a
	},
}

const modelPC = 0x40_0000

func b2i(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func sx32(v uint32) uint64 { return uint64(int64(int32(v))) }

func int64big(v uint64) *big.Int  { return big.NewInt(int64(v)) }
func uint64big(v uint64) *big.Int { return new(big.Int).SetUint64(v) }
func int32big(v uint64) *big.Int  { return big.NewInt(int64(int32(v))) }
func uint32big(v uint64) *big.Int { return big.NewInt(int64(uint32(v))) }

// low64 is v modulo 2^64.
func low64(v *big.Int) uint64 {
	return new(big.Int).And(v, uint64big(math.MaxUint64)).Uint64()
}

func high(a, b *big.Int) uint64 { return low64(new(big.Int).Rsh(new(big.Int).Mul(a, b), 64)) }

func divide(a, b *big.Int) uint64 {
	if b.Sign() == 0 {
		return math.MaxUint64
	}
	return low64(new(big.Int).Quo(a, b))
}

func remainder(a, b *big.Int) uint64 {
	if b.Sign() == 0 {
		return low64(a)
	}
	return low64(new(big.Int).Rem(a, b))
}

// carryless is 64 bits from bit at on of the carry-less product.
func carryless(a, b uint64, at int) uint64 {
	p := new(big.Int)
	for n := range 64 {
		if b>>n&1 != 0 {
			p.Xor(p, new(big.Int).Lsh(uint64big(a), uint(n)))
		}
	}
	return low64(p.Rsh(p, uint(at)))
}

// modelMem is memory at modelBase: a page, and room for an access across its end.
type modelMem [4096 + 8]byte

const modelBase = 0x1_0000

func (m *modelMem) Load(_ *cpu.State, addr uint64, size int) (uint64, bool) {
	var b [8]byte
	copy(b[:size], m[addr-modelBase:])
	return binary.LittleEndian.Uint64(b[:]), true
}

func (m *modelMem) Store(_ *cpu.State, addr uint64, size int, v uint64) bool {
	copy(m[addr-modelBase:][:size], binary.LittleEndian.AppendUint64(nil, v))
	return true
}

func (m *modelMem) CompareAndSwap(s *cpu.State, addr uint64, size int, old, v uint64) (uint64, bool) {
	prev, _ := m.Load(s, addr, size)
	if prev == old {
		m.Store(s, addr, size, v)
	}
	return prev, true
}

func (m *modelMem) CompareAndSwapPair(s *cpu.State, addr uint64, old, v [2]uint64) ([2]uint64, bool) {
	lo, _ := m.Load(s, addr, 8)
	hi, _ := m.Load(s, addr+8, 8)
	if prev := [2]uint64{lo, hi}; prev != old {
		return prev, true
	}
	m.Store(s, addr, 8, v[0])
	m.Store(s, addr+8, 8, v[1])
	return old, true
}

// modelRig runs single instructions on the interpreter.
type modelRig struct {
	m   eval.Machine
	mem modelMem
	b   ir.Block
	r   *rand.Rand
}

func newRig() *modelRig {
	g := &modelRig{r: rand.New(rand.NewPCG(11, 12))}
	g.m.S = new(cpu.State)
	g.m.S.Reset()
	g.m.Mem = &g.mem
	return g
}

// step executes one instruction at modelPC.
func (g *modelRig) step(t *testing.T, raw uint32) {
	t.Helper()
	g.b.Reset(modelPC)
	Lift(&g.b, code(raw), 1)
	if err := g.b.Verify(); err != nil {
		t.Fatalf("%x: %v", raw, err)
	}
	g.m.S.PC = modelPC
	g.m.Run(&g.b)
}

// operand is a random value with a taste for edges.
func (g *modelRig) operand() uint64 {
	edges := [...]uint64{0, 1, 2, math.MaxUint64, 1 << 63, 1<<63 - 1, 1 << 31, 1<<31 - 1, 1 << 32, 0xffffffff80000000, 0xffffffff, 63, 64}
	switch g.r.IntN(4) {
	case 0:
		return edges[g.r.IntN(len(edges))]
	case 1:
		return sx32(g.r.Uint32())
	case 2:
		return g.r.Uint64() >> g.r.IntN(64)
	}
	return g.r.Uint64()
}

// row finds the row of a mnemonic.
func row(t *testing.T, name string) *isa.Row {
	t.Helper()
	rows, _ := allRows()
	for _, r := range rows {
		if isa.Name(r) == name {
			return r
		}
	}
	t.Fatalf("no row %s", name)
	return nil
}

func TestIntegerModels(t *testing.T) {
	g := newRig()
	for name, f := range intModels {
		r := row(t, name)
		for range 400 {
			raw, _ := Encode(r, g.r.Uint32())
			i, ok := Decode(raw, modelPC)
			if !ok || i.Row != r {
				continue
			}
			for n := 1; n < 32; n++ {
				g.m.S.X[n] = g.operand()
			}
			a, b := g.m.S.X[i.Rs1], g.m.S.X[i.Rs2]
			want := f(a, b, i.Imm)
			if i.Rd == 0 {
				want = 0
			}
			before := g.m.S.X
			g.step(t, raw)
			if got := g.m.S.X[i.Rd]; got != want {
				t.Errorf("%s %x: rs1 %#x rs2 %#x imm %d: %#x, want %#x", name, raw, a, b, i.Imm, got, want)
				break
			}
			before[i.Rd] = g.m.S.X[i.Rd]
			if before != g.m.S.X || g.m.S.PC != modelPC+4 {
				t.Errorf("%s %x: changes another register, or pc %#x", name, raw, g.m.S.PC)
			}
		}
	}
}

func TestBranchModels(t *testing.T) {
	g := newRig()
	for name, f := range map[string]func(a, b uint64) bool{
		"beq":  func(a, b uint64) bool { return a == b },
		"bne":  func(a, b uint64) bool { return a != b },
		"blt":  func(a, b uint64) bool { return int64(a) < int64(b) },
		"bge":  func(a, b uint64) bool { return int64(a) >= int64(b) },
		"bltu": func(a, b uint64) bool { return a < b },
		"bgeu": func(a, b uint64) bool { return a >= b },
	} {
		r := row(t, name)
		for range 300 {
			raw, _ := Encode(r, g.r.Uint32())
			i, _ := Decode(raw, modelPC)
			for n := 1; n < 32; n++ {
				g.m.S.X[n] = g.operand()
			}
			want := uint64(modelPC + 4)
			if f(g.m.S.X[i.Rs1], g.m.S.X[i.Rs2]) {
				want = modelPC + uint64(i.Imm)
			}
			if g.step(t, raw); g.m.S.PC != want {
				t.Errorf("%s %x: pc %#x, want %#x", name, raw, g.m.S.PC, want)
			}
		}
	}
}

func TestJumpModels(t *testing.T) {
	g := newRig()
	jalr := row(t, "jalr")
	for range 300 {
		raw, _ := Encode(jalr, g.r.Uint32())
		i, _ := Decode(raw, modelPC)
		for n := 1; n < 32; n++ {
			g.m.S.X[n] = g.r.Uint64()
		}
		want := (g.m.S.X[i.Rs1] + uint64(i.Imm)) &^ 1
		g.step(t, raw)
		if g.m.S.PC != want || i.Rd != 0 && g.m.S.X[i.Rd] != modelPC+4 {
			t.Errorf("%x: pc %#x, link %#x", raw, g.m.S.PC, g.m.S.X[i.Rd])
		}
	}
}

func TestMemoryModels(t *testing.T) {
	g := newRig()
	loads := map[string]func(v uint64) uint64{
		"lb": func(v uint64) uint64 { return uint64(int64(int8(v))) }, "lbu": func(v uint64) uint64 { return uint64(uint8(v)) },
		"lh": func(v uint64) uint64 { return uint64(int64(int16(v))) }, "lhu": func(v uint64) uint64 { return uint64(uint16(v)) },
		"lw": func(v uint64) uint64 { return uint64(int64(int32(v))) }, "lwu": func(v uint64) uint64 { return uint64(uint32(v)) },
		"ld": func(v uint64) uint64 { return v },
	}
	const a0, a1 = 10, 11
	for name, f := range loads {
		r := row(t, name)
		for _, imm := range []int64{0, -2048, 2047, -1, 8} {
			addr := uint64(modelBase + 2048)
			v := g.r.Uint64()
			g.mem.Store(nil, addr+uint64(imm), 8, v)
			g.m.S.X[a1] = addr
			raw, _ := Encode(r, uint32(imm)<<20|a1<<15|a0<<7)
			if g.step(t, raw); g.m.S.X[a0] != f(v) {
				t.Errorf("%s %d: %#x of %#x", name, imm, g.m.S.X[a0], v)
			}
		}
	}
	for name, size := range map[string]int{"sb": 1, "sh": 2, "sw": 4, "sd": 8} {
		r := row(t, name)
		for _, imm := range []int64{0, -2048, 2040, -1, 8} {
			addr := uint64(modelBase+2048) + uint64(imm)
			g.mem.Store(nil, addr, 8, 0)
			g.m.S.X[a1], g.m.S.X[a0] = modelBase+2048, g.r.Uint64()
			raw, _ := Encode(r, uint32(imm>>5)<<25|a0<<20|a1<<15|uint32(imm&31)<<7)
			g.step(t, raw)
			want := g.m.S.X[a0] & (1<<(8*size) - 1)
			if got, _ := g.mem.Load(nil, addr, 8); got != want {
				t.Errorf("%s %d: %#x, want %#x", name, imm, got, want)
			}
		}
	}
}

func TestAtomicModels(t *testing.T) {
	g := newRig()
	ops := map[string]func(old, v int64) int64{
		"amoswap": func(_, v int64) int64 { return v },
		"amoadd":  func(old, v int64) int64 { return old + v },
		"amoxor":  func(old, v int64) int64 { return old ^ v },
		"amoand":  func(old, v int64) int64 { return old & v },
		"amoor":   func(old, v int64) int64 { return old | v },
		"amomin":  func(old, v int64) int64 { return min(old, v) },
		"amomax":  func(old, v int64) int64 { return max(old, v) },
		"amominu": func(old, v int64) int64 { return int64(min(uint64(old), uint64(v))) },
		"amomaxu": func(old, v int64) int64 { return int64(max(uint64(old), uint64(v))) },
	}
	const a0, a1, a2, addr = 10, 11, 12, modelBase + 64
	for name, f := range ops {
		for range 100 {
			old, v := g.operand(), g.operand()
			g.m.S.X[a1], g.m.S.X[a2] = addr, v
			g.mem.Store(nil, addr, 8, old)
			raw, _ := Encode(row(t, name+".d"), a2<<20|a1<<15|a0<<7)
			g.step(t, raw)
			if got, _ := g.mem.Load(nil, addr, 8); got != uint64(f(int64(old), int64(v))) || g.m.S.X[a0] != old {
				t.Errorf("%s.d %#x %#x: memory %#x, rd %#x", name, old, v, got, g.m.S.X[a0])
			}
			// Sign extension keeps the order of unsigned 32-bit numbers too.
			g.mem.Store(nil, addr, 8, old)
			raw, _ = Encode(row(t, name+".w"), a2<<20|a1<<15|a0<<7)
			g.step(t, raw)
			want := old&^0xffffffff | uint64(uint32(f(int64(int32(old)), int64(int32(v)))))
			if got, _ := g.mem.Load(nil, addr, 8); got != want || g.m.S.X[a0] != sx32(uint32(old)) {
				t.Errorf("%s.w %#x %#x: memory %#x, want %#x, rd %#x", name, old, v, got, want, g.m.S.X[a0])
			}
		}
	}

	// Reservations: a store conditional succeeds once.
	lr, _ := Encode(row(t, "lr.d"), a1<<15|a0<<7)
	sc, _ := Encode(row(t, "sc.d"), a2<<20|a1<<15|a0<<7)
	g.mem.Store(nil, addr, 8, 5)
	g.step(t, lr)
	if g.m.S.X[a0] != 5 {
		t.Errorf("lr.d reads %d", g.m.S.X[a0])
	}
	for _, want := range []uint64{0, 1} {
		if g.step(t, sc); g.m.S.X[a0] != want {
			t.Errorf("sc.d: %d, want %d", g.m.S.X[a0], want)
		}
	}

	// Compare and swap, single and paired.
	cas, _ := Encode(row(t, "amocas.w"), a2<<20|a1<<15|a0<<7)
	for _, c := range []struct{ mem, rd, rs2, newMem, newRd uint64 }{
		{0x1_8000_0000, 0xffffffff_80000000, 7, 0x1_0000_0007, 0xffffffff_80000000},
		{0x1_8000_0000, 0x80000000, 7, 0x1_0000_0007, 0xffffffff_80000000},
		{0x1_8000_0000, 1, 7, 0x1_8000_0000, 0xffffffff_80000000},
	} {
		g.mem.Store(nil, addr, 8, c.mem)
		g.m.S.X[a0], g.m.S.X[a2] = c.rd, c.rs2
		g.step(t, cas)
		if got, _ := g.mem.Load(nil, addr, 8); got != c.newMem || g.m.S.X[a0] != c.newRd {
			t.Errorf("amocas.w %+v: memory %#x, rd %#x", c, got, g.m.S.X[a0])
		}
	}
	pair, _ := Encode(row(t, "amocas.q"), 14<<20|a1<<15|12<<7)
	g.m.S.X[12], g.m.S.X[13], g.m.S.X[14], g.m.S.X[15] = 1, 2, 3, 4
	g.mem.Store(nil, addr, 8, 1)
	g.mem.Store(nil, addr+8, 8, 2)
	g.step(t, pair)
	lo, _ := g.mem.Load(nil, addr, 8)
	hi, _ := g.mem.Load(nil, addr+8, 8)
	if lo != 3 || hi != 4 || g.m.S.X[12] != 1 || g.m.S.X[13] != 2 {
		t.Errorf("amocas.q: memory %d %d, rd %d %d", lo, hi, g.m.S.X[12], g.m.S.X[13])
	}
}

func TestFloatModels(t *testing.T) {
	g := newRig()
	const dyn = 7 << 12
	regs := uint32(13<<27 | 12<<20 | 11<<15 | 10<<7) // fa0, fa1, fa2, fa3
	for name, f := range map[string]func(a, b, c float64) float64{
		"fadd":   func(a, b, _ float64) float64 { return a + b },
		"fsub":   func(a, b, _ float64) float64 { return a - b },
		"fmul":   func(a, b, _ float64) float64 { return a * b },
		"fdiv":   func(a, b, _ float64) float64 { return a / b },
		"fsqrt":  func(a, _, _ float64) float64 { return math.Sqrt(a) },
		"fmadd":  func(a, b, c float64) float64 { return math.FMA(a, b, c) },
		"fmsub":  func(a, b, c float64) float64 { return math.FMA(a, b, -c) },
		"fnmsub": func(a, b, c float64) float64 { return math.FMA(-a, b, c) },
		"fnmadd": func(a, b, c float64) float64 { return math.FMA(-a, b, -c) },
		"fmin":   func(a, b, _ float64) float64 { return min(a, b) },
		"fmax":   func(a, b, _ float64) float64 { return max(a, b) },
		"fminm":  func(a, b, _ float64) float64 { return min(a, b) },
		"fmaxm":  func(a, b, _ float64) float64 { return max(a, b) },
		"fsgnj":  math3(math.Copysign),
		"fsgnjn": func(a, b, _ float64) float64 { return math.Copysign(a, -b) },
		"fsgnjx": func(a, b, _ float64) float64 { return math.Copysign(a, math.Copysign(1, a)*math.Copysign(1, b)) },
		"fround": func(a, _, _ float64) float64 { return math.RoundToEven(a) },
	} {
		for range 200 {
			// Small dyadic fractions: exact in single precision too, so that one model
			// does for both but for the rounding of the result. Division and square
			// root of those in double precision round innocuously to single.
			var v [3]float64
			for n := range v {
				v[n] = float64(g.r.IntN(4096)-2048) / 64
				g.m.S.V[11+n] = [2]uint64{math.Float64bits(v[n])}
			}
			want := f(v[0], v[1], v[2])
			if math.IsNaN(want) {
				want = math.Float64frombits(0x7ff8000000000000)
			}
			raw, _ := Encode(row(t, name+".d"), regs|dyn)
			g.step(t, raw)
			if got := g.m.S.V[10][0]; got != math.Float64bits(want) {
				t.Errorf("%s.d %v: %v, want %v", name, v, math.Float64frombits(got), want)
			}
			for n := range v {
				g.m.S.V[11+n] = [2]uint64{box(float32(v[n]))}
			}
			raw, _ = Encode(row(t, name+".s"), regs|dyn)
			g.step(t, raw)
			want32 := box(float32(want))
			if math.IsNaN(want) {
				want32 = 0xffffffff7fc00000
			}
			if got := g.m.S.V[10][0]; got != want32 {
				t.Errorf("%s.s %v: %#x, want %#x", name, v, got, want32)
			}
		}
	}
}

func math3(f func(a, b float64) float64) func(a, b, c float64) float64 {
	return func(a, b, _ float64) float64 { return f(a, b) }
}

// box is a single in a register: NaN-boxed.
func box(v float32) uint64 { return 0xffffffff<<32 | uint64(math.Float32bits(v)) }

func TestConversionModels(t *testing.T) {
	g := newRig()
	const dyn, a0, a1 = 7 << 12, 10, 11
	x, f := &g.m.S.X, &g.m.S.V
	for _, c := range []struct {
		name   string
		fa1    uint64
		x11    uint64
		wantX  uint64 // if the destination is an x register
		wantFP uint64
	}{
		{"fcvt.w.d", math.Float64bits(-2.5), 0, sx32(0xfffffffe), 0},
		{"fcvt.wu.d", math.Float64bits(4e9), 0, sx32(4000000000), 0},
		{"fcvt.l.d", math.Float64bits(-1e18), 0, uint64(0xf21f494c589c0000), 0},
		{"fcvt.lu.d", math.Float64bits(1e19), 0, 10000000000000000000, 0},
		{"fcvt.w.s", box(3.5), 0, 4, 0},
		{"fcvt.wu.s", box(3e9), 0, sx32(3000000000), 0},
		{"fcvt.l.s", box(-5), 0, math.MaxUint64 - 4, 0},
		{"fcvt.lu.s", box(1 << 63), 0, 1 << 63, 0},
		{"fcvt.d.w", 0, 0x1_ffffffff, 0, math.Float64bits(-1)},
		{"fcvt.d.wu", 0, 0x1_ffffffff, 0, math.Float64bits(math.MaxUint32)},
		{"fcvt.d.l", 0, math.MaxUint64, 0, math.Float64bits(-1)},
		{"fcvt.d.lu", 0, 1 << 63, 0, math.Float64bits(1 << 63)},
		{"fcvt.s.w", 0, 0x1_ffffffff, 0, box(-1)},
		{"fcvt.s.wu", 0, 0x1_80000000, 0, box(1 << 31)},
		{"fcvt.s.l", 0, math.MaxUint64, 0, box(-1)},
		{"fcvt.s.lu", 0, 1 << 63, 0, box(1 << 63)},
		{"fcvt.s.d", math.Float64bits(1.5), 0, 0, box(1.5)},
		{"fcvt.d.s", box(1.5), 0, 0, math.Float64bits(1.5)},
		{"fcvt.s.h", 0xffffffffffff3e00, 0, 0, box(1.5)},
		{"fcvt.h.s", box(1.5), 0, 0, 0xffffffffffff3e00},
		{"fcvt.d.h", 0xffffffffffff3e00, 0, 0, math.Float64bits(1.5)},
		{"fcvt.h.d", math.Float64bits(1.5), 0, 0, 0xffffffffffff3e00},
		{"fmv.x.d", 0x8000000000000001, 0, 0x8000000000000001, 0},
		{"fmv.x.w", 0x1234567880000001, 0, sx32(0x80000001), 0},
		{"fmv.x.h", 0x1234567812348001, 0, 0xffffffffffff8001, 0},
		{"fmv.d.x", 0, 0x8000000000000001, 0, 0x8000000000000001},
		{"fmv.w.x", 0, 0x1234567880000001, 0, 0xffffffff80000001},
		{"fmv.h.x", 0, 0x1234567880008001, 0, 0xffffffffffff8001},
		{"fclass.d", math.Float64bits(math.Inf(-1)), 0, 1 << 0, 0},
		{"fclass.s", box(1), 0, 1 << 6, 0},
		{"fcvtmod.w.d", math.Float64bits(1<<32 + 5), 0, 5, 0},
	} {
		f[a1], x[a1] = [2]uint64{c.fa1}, c.x11
		f[a0], x[a0] = [2]uint64{0xdead}, 0xdead
		raw, _ := Encode(row(t, c.name), dyn|a1<<15|a0<<7)
		g.step(t, raw)
		if c.wantX != 0 {
			if x[a0] != c.wantX || f[a0][0] != 0xdead {
				t.Errorf("%s %#x: x %#x, f %#x, want x %#x", c.name, c.fa1, x[a0], f[a0][0], c.wantX)
			}
		} else if f[a0][0] != c.wantFP || x[a0] != 0xdead {
			t.Errorf("%s %#x %#x: f %#x, x %#x, want f %#x", c.name, c.fa1, c.x11, f[a0][0], x[a0], c.wantFP)
		}
	}
}

func TestCompareModels(t *testing.T) {
	g := newRig()
	nan := math.NaN()
	for name, f := range map[string]func(a, b float64) bool{
		"feq": func(a, b float64) bool { return a == b }, "flt": func(a, b float64) bool { return a < b }, "fle": func(a, b float64) bool { return a <= b },
		"fltq": func(a, b float64) bool { return a < b }, "fleq": func(a, b float64) bool { return a <= b },
	} {
		for _, v := range [][2]float64{{1, 2}, {2, 1}, {1, 1}, {-1, 1}, {nan, 1}, {1, nan}, {0, math.Copysign(0, -1)}} {
			for suffix, bits := range map[string]func(float64) uint64{".d": math.Float64bits, ".s": func(v float64) uint64 { return box(float32(v)) }} {
				g.m.S.V[11], g.m.S.V[12] = [2]uint64{bits(v[0])}, [2]uint64{bits(v[1])}
				g.m.S.FoldFlags()
				g.m.S.FFlags = 0
				raw, _ := Encode(row(t, name+suffix), 12<<20|11<<15|10<<7)
				g.step(t, raw)
				if got := g.m.S.X[10]; got != b2i(f(v[0], v[1])) {
					t.Errorf("%s%s %v: %d", name, suffix, v, got)
				}
				g.m.S.FoldFlags()
				invalid := (name == "flt" || name == "fle") && (math.IsNaN(v[0]) || math.IsNaN(v[1]))
				if got := g.m.S.FFlags; got != uint32(16*b2i(invalid)) {
					t.Errorf("%s%s %v: fflags %#x", name, suffix, v, got)
				}
			}
		}
	}
}

func TestCSRModels(t *testing.T) {
	g := newRig()
	s := g.m.S
	for name, f := range map[string]func(old, v uint64) uint64{
		"csrrw": func(_, v uint64) uint64 { return v },
		"csrrs": func(old, v uint64) uint64 { return old | v },
		"csrrc": func(old, v uint64) uint64 { return old &^ v },
	} {
		for csr, width := range map[uint32]struct{ shift, mask uint64 }{1: {0, 31}, 2: {5, 7}, 3: {0, 255}} {
			for range 50 {
				fcsr, v := uint64(g.r.IntN(160)), g.r.Uint64() // frm 0-4
				s.FoldFlags()
				s.FFlags = uint32(fcsr & 31)
				s.SetFRM(uint32(fcsr >> 5))
				s.X[11] = v
				old := fcsr >> width.shift & width.mask
				want := fcsr&^(width.mask<<width.shift) | f(old, v)&width.mask<<width.shift
				raw, _ := Encode(row(t, name), csr<<20|11<<15|10<<7)
				imm := g.r.IntN(2) == 0
				if imm {
					v = uint64(g.r.IntN(31)) + 1
					want = fcsr&^(width.mask<<width.shift) | f(old, v)&width.mask<<width.shift
					raw, _ = Encode(row(t, name+"i"), csr<<20|uint32(v)<<15|10<<7)
				}
				g.step(t, raw)
				s.FoldFlags()
				if got := uint64(s.FRM<<5 | s.FFlags); got != want || s.X[10] != old {
					t.Errorf("%s csr %d, immediate %v: fcsr %#x %s %#x = %#x, want %#x; rd %#x, want %#x", name, csr, imm, fcsr, name, v, got, want, s.X[10], old)
				}
			}
		}
	}
}
