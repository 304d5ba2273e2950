package plugin

import (
	"errors"
	"slices"
	"testing"

	"github.com/weir-emu/weir/abi"
)

// fakeCPU is a CPUState of two registers, a pc and 16 bytes of memory at 100.
type fakeCPU struct {
	ended []int
	x     [2]uint64
	pc    abi.Addr
	mem   [16]byte
}

func (f *fakeCPU) Registers() []Reg {
	return []Reg{{Name: "a0", Alias: "x10", ID: 0}, {Name: "zero", ReadOnly: true, ID: 1}}
}

func (f *fakeCPU) ReadReg(r abi.Reg) (uint64, bool) {
	if int(r) >= len(f.x) {
		return 0, false
	}
	return f.x[r], true
}

func (f *fakeCPU) WriteReg(r abi.Reg, v uint64) bool {
	if r != 0 {
		return false
	}
	f.x[r] = v
	return true
}
func (f *fakeCPU) XReg(n int) (abi.Reg, bool) { return 0, n == 10 }
func (f *fakeCPU) FReg(int) (abi.Reg, bool)   { return 0, false }

func (f *fakeCPU) PC() abi.Addr      { return f.pc }
func (f *fakeCPU) SetPC(pc abi.Addr) { f.pc = pc }
func (f *fakeCPU) EndProcess(n int)  { f.ended = append(f.ended, n) }

func (f *fakeCPU) at(addr abi.Addr, n int) []byte {
	if addr < 100 || addr+uint64(n) > 116 {
		return nil
	}
	return f.mem[addr-100:][:n]
}

func (f *fakeCPU) ReadMem(addr abi.Addr, p []byte) bool {
	return f.at(addr, len(p)) != nil && copy(p, f.at(addr, len(p))) == len(p)
}

func (f *fakeCPU) WriteMem(addr abi.Addr, p []byte) bool {
	return f.at(addr, len(p)) != nil && copy(f.at(addr, len(p)), p) == len(p)
}

func (f *fakeCPU) CString(addr abi.Addr, limit int) (string, abi.Errno) {
	for n := range limit {
		b := f.at(addr, n+1)
		if b == nil {
			return "", abi.EFAULT
		}
		if b[n] == 0 {
			return string(b[:n]), 0
		}
	}
	return "", abi.ENAMETOOLONG
}

// Each operation works from one access mode on and fails with ErrNoAccess below it.
func TestVCPUAccess(t *testing.T) {
	buf := make([]byte, 4)
	ops := []struct {
		name string
		from Flags
		do   func(v *VCPU) error
	}{
		{"Reg", ReadRegs, func(v *VCPU) error { _, err := v.Reg("a0"); return err }},
		{"Read", ReadRegs, func(v *VCPU) error { _, err := v.Read(1); return err }},
		{"PC", ReadRegs, func(v *VCPU) error { _, err := v.PC(); return err }},
		{"ReadMem", ReadRegs, func(v *VCPU) error { return v.ReadMem(100, buf) }},
		{"CString", ReadRegs, func(v *VCPU) error { _, err := v.CString(100, 9); return err }},
		{"SetReg", WriteRegs, func(v *VCPU) error { return v.SetReg("x10", 1) }},
		{"Write", WriteRegs, func(v *VCPU) error { return v.Write(0, 1) }},
		{"WriteMem", WriteRegs, func(v *VCPU) error { return v.WriteMem(100, buf) }},
		{"SetPC", SetPC, func(v *VCPU) error { return v.SetPC(4) }},
		{"Exit", SetPC, func(v *VCPU) error { return v.Exit(4) }},
	}
	for _, a := range []Flags{NoRegs, ReadRegs, WriteRegs, SetPC} {
		v := NewVCPU(0, 0, 1, new(fakeCPU))
		v.SetAccess(a)
		for _, op := range ops {
			want := error(nil)
			if a < op.from {
				want = ErrNoAccess
			}
			if err := op.do(v); err != want {
				t.Errorf("%s with access %d: %v, want %v", op.name, a, err, want)
			}
		}
	}
}

func TestVCPU(t *testing.T) {
	f := &fakeCPU{pc: 0x40}
	copy(f.mem[:], "hello\x00")
	v := NewVCPU(3, 8, 1234, f)
	if v.Index() != 3 || v.Serial() != 8 || v.TID() != 1234 {
		t.Errorf("index %d serial %d tid %d", v.Index(), v.Serial(), v.TID())
	}
	if v.SetTID(99); v.TID() != 99 {
		t.Errorf("tid %d after SetTID", v.TID())
	}
	if old := v.SetAccess(SetPC); old != NoRegs {
		t.Errorf("access was %d at first", old)
	}
	if old := v.SetAccess(SetPC); old != SetPC {
		t.Errorf("access was %d, want SetPC", old)
	}
	if len(v.Registers()) != 2 {
		t.Errorf("registers %v", v.Registers())
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(v.SetReg("x10", 7))
	must(v.Write(0, f.x[0]+1))
	if x, err := v.Reg("a0"); x != 8 || err != nil {
		t.Errorf("a0 = %d, %v", x, err)
	}
	if x, err := v.Read(0); x != 8 || err != nil {
		t.Errorf("register 0 = %d, %v", x, err)
	}
	for _, name := range []string{"a1", "", "X10"} {
		if _, err := v.Reg(name); err != ErrNoRegister {
			t.Errorf("Reg(%q): %v", name, err)
		}
		if err := v.SetReg(name, 1); err != ErrNoRegister {
			t.Errorf("SetReg(%q): %v", name, err)
		}
	}
	if _, err := v.Read(5); err != ErrNoRegister {
		t.Errorf("Read(5): %v", err)
	}
	if err := v.Write(1, 5); err != ErrReadOnly {
		t.Errorf("Write of a read-only register: %v", err)
	}
	must(v.SetPC(0x44))
	if must(v.Exit(7)); !slices.Equal(f.ended, []int{7}) {
		t.Errorf("ended with %d", f.ended)
	}
	if pc, err := v.PC(); pc != 0x44 || err != nil {
		t.Errorf("pc %#x, %v", pc, err)
	}
	if s, err := v.CString(100, 10); s != "hello" || err != nil {
		t.Errorf("string %q, %v", s, err)
	}
	if _, err := v.CString(100, 3); !errors.Is(err, abi.ENAMETOOLONG) {
		t.Errorf("string too long: %v", err)
	}
	if _, err := v.CString(5, 3); err != ErrFault {
		t.Errorf("string nowhere: %v", err)
	}
	must(v.WriteMem(104, []byte("O!")))
	b := make([]byte, 6)
	if must(v.ReadMem(100, b)); string(b) != "hellO!" {
		t.Errorf("memory %q", b)
	}
	if err := v.ReadMem(99, b); err != ErrFault {
		t.Errorf("read nowhere: %v", err)
	}
	if err := v.WriteMem(114, b); err != ErrFault {
		t.Errorf("write over the end: %v", err)
	}
}

func (*fakeCPU) Call(addr abi.Addr, args []uint64, original bool) (uint64, error) {
	if addr != 0x1234 || original {
		return 0, ErrNoCall
	}
	return args[0] + 1, nil
}

func (*fakeCPU) Callers(pcs []abi.Addr) int {
	pcs[0] = 0x1234
	return 1
}
