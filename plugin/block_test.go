package plugin

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
)

type fakeBlock struct{}

func (fakeBlock) Disasm(abi.Addr, []byte) string   { return "addi\ta0,a0,1" }
func (fakeBlock) Symbol(a abi.Addr) (Symbol, bool) { return Symbol{Name: "main"}, a == 0x104 }
func (fakeBlock) HostAddr(addr abi.Addr) uintptr   { return uintptr(addr) + 1 }
func newFakeBlock() *Block {
	return NewBlock([]InsnInfo{
		{PC: 0x100, Bytes: []byte{1, 2, 3, 4}, Class: ClassInt},
		{PC: 0x104, Bytes: []byte{5, 6}, Class: ClassBranch, Target: 0x100, HasTarget: true},
	}, fakeBlock{})
}

func TestBlock(t *testing.T) {
	b := newFakeBlock()
	b.Open("p")
	i := b.Insn(1)
	target, ok := i.Target()
	sym, _ := i.Symbol()
	if b.PC() != 0x100 || b.Len() != 2 || b.Size() != 6 || i.PC() != 0x104 || i.Len() != 2 || i.Index() != 1 || target != 0x100 || !ok ||
		i.Class() != ClassBranch || i.String() != "addi\ta0,a0,1" || i.Mnemonic() != "addi" || sym.Name != "main" || i.HostAddr() != 0x105 || string(i.Bytes()) != "\x05\x06" {
		t.Error("the block is not what it was made of")
	}
	if b.Insn(2) != nil || b.Insn(-1) != nil {
		t.Error("instructions outside of the block")
	}
	n := 0
	for k, in := range b.Insns {
		if in != b.Insn(k) {
			t.Error("Insns")
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d instructions", n)
	}
}

// Requests stand in the order of registration, with the plugin that made them.
func TestRequests(t *testing.T) {
	c := NewCounter(NewHost("p", newSlotSystem()))
	tr := &MemTrace{id: 3}
	b := newFakeBlock()
	done := b.Open("one")
	i := b.Insn(1)
	b.OnExec(ReadRegs, func(*VCPU) {})
	b.OnExecIf(c.GE(7), SetPC, func(*VCPU) {})
	b.Add(c, 1)
	b.Store(c, 2)
	done()
	done = b.Open("two")
	i.OnExec(NoRegs, func(*VCPU) {})
	i.OnExecIf(c.EQ(8), WriteRegs, func(*VCPU) {})
	i.Add(c, 3)
	i.Store(c, 4)
	i.OnMem(MemRead, ReadRegs, func(*VCPU, Access) {})
	i.AddOnMem(MemWrite, c, 5)
	i.StoreOnMem(MemReadWrite, c, 6)
	i.TraceMem(MemReadWrite, tr)
	done()
	want := []struct {
		plugin string
		insn   int
		kind   RequestKind
		rw     MemRW
		flags  Flags
		value  uint64
		op     CondOp
		n      uint64
	}{
		{"one", -1, RequestCall, 0, ReadRegs, 0, 0, 0},
		{"one", -1, RequestCall, 0, SetPC, 0, CondGE, 7},
		{"one", -1, RequestAdd, 0, 0, 1, 0, 0},
		{"one", -1, RequestStore, 0, 0, 2, 0, 0},
		{"two", 1, RequestCall, 0, NoRegs, 0, 0, 0},
		{"two", 1, RequestCall, 0, WriteRegs, 0, CondEQ, 8},
		{"two", 1, RequestAdd, 0, 0, 3, 0, 0},
		{"two", 1, RequestStore, 0, 0, 4, 0, 0},
		{"two", 1, RequestCall, MemRead, ReadRegs, 0, 0, 0},
		{"two", 1, RequestAdd, MemWrite, 0, 5, 0, 0},
		{"two", 1, RequestStore, MemReadWrite, 0, 6, 0, 0},
		{"two", 1, RequestTrace, MemReadWrite, 0, 0, 0, 0},
	}
	reqs := b.Requests()
	if len(reqs) != len(want) {
		t.Fatalf("%d requests, want %d", len(reqs), len(want))
	}
	for n, w := range want {
		r := reqs[n]
		op, v := r.Cond.Test()
		if r.Plugin != w.plugin || r.Insn != w.insn || r.Kind != w.kind || r.RW != w.rw || r.Flags != w.flags || r.Value != w.value || op != w.op || v != w.n {
			t.Errorf("request %d: %+v, want %+v", n, r, w)
		}
		if r.Kind == RequestCall && (r.Exec != nil) == (r.Mem != nil) {
			t.Errorf("request %d: functions %v %v", n, r.Exec != nil, r.Mem != nil)
		}
		if word := r.Kind == RequestAdd || r.Kind == RequestStore || op != 0; word && r.Counter.Offset() != c.off {
			t.Errorf("request %d: word %d", n, r.Counter.Offset())
		}
	}
}

func TestBlockMisuse(t *testing.T) {
	c := NewCounter(NewHost("p", newSlotSystem()))
	closed := newFakeBlock()
	closed.Open("p")
	in := closed.Insn(0)
	closed.Open("p")()
	b := newFakeBlock()
	b.Open("p")
	for name, f := range map[string]func(){
		"late block":   func() { closed.Len() },
		"late insn":    func() { in.Add(c, 1) },
		"late text":    func() { _ = in.String() },
		"nil exec":     func() { b.OnExec(NoRegs, nil) },
		"nil mem":      func() { b.Insn(0).OnMem(MemRead, NoRegs, nil) },
		"flags":        func() { b.OnExec(9, func(*VCPU) {}) },
		"accesses":     func() { b.Insn(0).AddOnMem(0, c, 1) },
		"all accesses": func() { b.Insn(0).AddOnMem(4, c, 1) },
		"zero counter": func() { b.Add(Counter{}, 1) },
		"nil trace":    func() { b.Insn(0).TraceMem(MemRead, nil) },
	} {
		func() {
			defer func() {
				if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "plugin: ") {
					t.Errorf("%s: %v", name, s)
				}
			}()
			f()
		}()
	}
	if n := len(b.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAccess(t *testing.T) {
	for _, size := range []int{1, 2, 4, 8, 16} {
		for bits := range 8 {
			store, signed, atomic := bits&1 != 0, bits&2 != 0, bits&4 != 0
			a := NewAccess(9, NewMemInfo(size, store, signed, atomic), 0x8899aabbccddeeff, 7)
			if a.Size() != size || a.IsStore() != store || a.IsSigned() != signed || a.IsAtomic() != atomic || a.IsBigEndian() || a.Addr != 9 {
				t.Errorf("%+v", a)
			}
			want := uint64(0x8899aabbccddeeff)
			if size < 8 {
				want &= 1<<(8*size) - 1
			}
			if lo, hi := a.Value128(); a.Value() != want || lo != want || hi != 7 {
				t.Errorf("size %d: %#x %#x", size, lo, hi)
			}
			r := MemRecord{Info: a.Info}
			if r.Size() != size || r.IsStore() != store {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestClassNames(t *testing.T) {
	for c := range NumClasses {
		if c.String() == "" || c.String() == "class?" {
			t.Errorf("class %d has no name", c)
		}
	}
	if NumClasses.String() != "class?" || Exception.String() != "exception" || AllDiscontinuities.String() != "discontinuities" {
		t.Error("names")
	}
}
