package howvec

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/isa"
	rv "github.com/weir-emu/weir/internal/isa/riscv64"
)

// byName are the classes of the mnemonics that tell one, each a name or the beginning of names.
var byName = map[string]string{
	"load":    "lb lh lw ld lbu lhu lwu c.lw c.ld c.lwsp c.ldsp c.lbu c.lhu c.lh",
	"store":   "sb sh sw sd c.sw c.sd c.swsp c.sdsp c.sb c.sh",
	"fload":   "flw fld flh c.fld c.fldsp",
	"fstore":  "fsw fsd fsh c.fsd c.fsdsp",
	"lrsc":    "lr.* sc.*",
	"amo":     "amo*",
	"branch":  "beq bne blt bge bltu bgeu c.beqz c.bnez",
	"syscall": "ecall",
	"break":   "ebreak c.ebreak",
	"call":    "c.jalr",
	"jump":    "c.j",
	"hint":    "c.nop pause prefetch.* ntl.* c.ntl.*",
	"mov":     "lui c.mv c.li c.lui",
	"pcrel":   "auipc",
	"add":     "addiw sub addw subw c.addi c.addiw c.addi4spn c.addi16sp c.add c.sub c.subw c.addw",
	"logic":   "xori ori andi xor or and c.andi c.xor c.or c.and c.not",
	"shift":   "slli srli srai slliw srliw sraiw sll srl sra sllw srlw sraw c.slli c.srli c.srai",
	"cmp":     "slti sltiu slt sltu",
	"mul":     "mul mulh mulhsu mulhu mulw c.mul",
	"div":     "div divu rem remu divw divuw remw remuw",
	"bit": "add.uw sh1add* sh2add* sh3add* slli.uw andn orn xnor clz* ctz* cpop* max maxu min minu sext.* zext.* rol* ror* orc.b rev8 clmul* " +
		"bclr* bext* binv* bset* czero.* c.zext.* c.sext.*",
	"fma":   "fmadd.* fmsub.* fnmsub.* fnmadd.*",
	"fdiv":  "fdiv.* fsqrt.*",
	"fcmp":  "feq.* flt.* fle.* fleq.* fltq.*",
	"fcvt":  "fcvt.* fround* fcvtmod.*",
	"fmov":  "fsgnj* fclass.* fmv.* fli.*",
	"fp":    "fadd.* fsub.* fmul.* fmin* fmax*",
	"fence": "fence fence.tso fence.i",
	"cache": "cbo.*",
	"sys":   "wrs.*",
	"sreg":  "csrr*",
}

// expected is the class of an instruction by its mnemonic and operands.
func expected(i *isa.Inst) string {
	name := isa.Name(i.Row)
	link := func(r uint8) bool { return r == 1 || r == 5 }
	switch {
	case name == "addi" && i.Imm == 0 && i.Rd == 0 && i.Rs1 == 0:
		return "hint"
	case name == "addi" && (i.Imm == 0 || i.Rs1 == 0):
		return "mov"
	case name == "add" && i.Rd == 0 && i.Rs1 == 0, name == "c.add" && i.Rd == 0:
		return "hint"
	case name == "addi", name == "add":
		return "add"
	case name == "c.jr" && link(i.Rs1), name == "jalr" && i.Rd == 0 && link(i.Rs1):
		return "ret"
	case name == "jal" && link(i.Rd), name == "jalr" && link(i.Rd):
		return "call"
	case name == "jal", name == "jalr", name == "c.jr":
		return "jump"
	case name == "weir.vdso":
		return "unclass"
	}
	for c, names := range byName {
		if slices.ContainsFunc(strings.Fields(names), func(p string) bool {
			prefix, some := strings.CutSuffix(p, "*")
			return name == p || some && strings.HasPrefix(name, prefix)
		}) {
			return c
		}
	}
	return "none"
}

// Every instruction of the guest, with many operands, is in the class that its mnemonic tells; nothing of what has a
// mnemonic is unclassified.
func TestRISCV64(t *testing.T) {
	list := classes(abi.RISCV64)
	find := newClassifier(list)
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for _, s := range rv.Sets {
		for n := range s.Rows {
			row := &s.Rows[n]
			tested := 0
			for range 400 {
				raw, _ := rv.Encode(row, rng.Uint32()&rng.Uint32()) // many zeros: special registers and values
				i, ok := rv.Decode(raw, 0)
				if !ok || i.Row != row {
					continue
				}
				tested++
				want := expected(&i)
				if got := list[find.find(raw, len(list)-1)].opt; got != want {
					t.Errorf("%s %#x is in %q, want %q", isa.Name(row), raw, got, want)
					break
				}
				seen[want] = true
			}
			if tested == 0 {
				t.Errorf("%s: no encoding tried", isa.Name(row))
			}
		}
	}
	for _, c := range list {
		if !seen[c.opt] {
			t.Errorf("class %s has no instruction", c.opt)
		}
	}
	if c := find.find(0, -1); c != len(list)-1 {
		t.Errorf("0 is in class %d", c)
	}
}

func TestTable(t *testing.T) {
	opts := map[string]bool{"all": true, "individual": true}
	for _, c := range classes(abi.RISCV64) {
		if opts[c.opt] || c.name == "" {
			t.Errorf("option %q is there twice", c.opt)
		}
		opts[c.opt] = true
		for _, p := range c.patterns {
			if p.value&^p.mask != 0 {
				t.Errorf("%s: %#x is outside of %#x", c.opt, p.value, p.mask)
			}
		}
	}
	if c := classes(abi.Arch(99)); len(c) != 1 || c[0].opt != "unclass" {
		t.Errorf("classes of another guest: %v", c)
	}
}
