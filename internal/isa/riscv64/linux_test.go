package riscv64

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
)

func TestMcontextLayout(t *testing.T) {
	abi := linuxABI()
	if abi.McontextSize != 784 || abi.McontextOffset != 176 {
		t.Fatalf("mcontext: %d bytes at %d, the kernel's has 784 at 176", abi.McontextSize, abi.McontextOffset)
	}
	var s cpu.State
	s.Reset()
	s.PC = 0x1234
	for n := range s.X {
		s.X[n] = 100 + uint64(n)
	}
	s.X[0] = 0
	for n := range s.V {
		s.V[n][0] = 1000 + uint64(n)
	}
	s.SetFRM(3)
	s.FFlags = 1
	s.MXCSR |= 4 // a division by zero that has not been folded yet
	mc := bytes.Repeat([]byte{0xee}, 784)
	abi.SaveMcontext(&s, mc)
	le := binary.LittleEndian
	for off, want := range map[int]uint64{
		0: 0x1234, 8: 101, 16: 102, 31 * 8: 131, // pc, ra, sp, t6
		256: 1000, 256 + 31*8: 1031, // f0, f31
		512: 3<<5 | 8 | 1, // fcsr: DZ and NX
		776: 0,            // no further extension state
	} {
		if got := le.Uint64(mc[off:]); got != want {
			t.Errorf("offset %d: %d, want %d", off, got, want)
		}
	}

	var r cpu.State
	r.Reset()
	r.MXCSR |= 0x3f
	if !abi.LoadMcontext(&r, mc) {
		t.Fatal("LoadMcontext refuses what SaveMcontext wrote")
	}
	for n := range 32 {
		if r.X[n] != s.X[n] || r.V[n] != [2]uint64{1000 + uint64(n), 0} {
			t.Errorf("register %d: %d, %d", n, r.X[n], r.V[n])
		}
	}
	if r.PC != 0x1234 || r.FRM != 3 || r.FFlags != 9 || r.MXCSR&0x3f != 0 {
		t.Errorf("pc %#x frm %d fflags %d mxcsr %#x", r.PC, r.FRM, r.FFlags, r.MXCSR)
	}
	if r.X[32] != 0 {
		t.Error("slot 32 is not the guest's")
	}

	le.PutUint64(mc, 0x1235)
	if abi.LoadMcontext(&r, mc); r.PC != 0x1234 {
		t.Errorf("pc %#x: bit 0 does not exist", r.PC)
	}
	for _, off := range []int{772, 776, 780} {
		bad := bytes.Clone(mc)
		bad[off] = 1
		if abi.LoadMcontext(&r, bad) {
			t.Errorf("LoadMcontext accepts a nonzero word at %d", off)
		}
	}
}

func TestHWCap(t *testing.T) {
	if got, want := linuxABI().HWCap, uint64(1<<0|1<<2|1<<3|1<<5|1<<8|1<<12); got != want {
		t.Errorf("HWCap %#x, want %#x (A C D F I M)", got, want)
	}
}

func TestCheckELFFlags(t *testing.T) {
	for flags, ok := range map[uint32]bool{
		0x0: true, 0x1: true, 0x4: true, 0x5: true, 0x2: true, 0x15: true, // soft, RVC, double, single, TSO
		0x8: false, 0x6: false, 0x7: false,
	} {
		if err := checkELFFlags(flags); (err == nil) != ok {
			t.Errorf("e_flags %#x: %v", flags, err)
		}
	}
}

func TestSigreturnCode(t *testing.T) {
	c := linuxABI().SigreturnCode
	text, n := Disasm(c, 0)
	text2, _ := Disasm(c[n:], 0)
	if text != "li\ta7,139" || text2 != "ecall" || len(c) != 8 {
		t.Errorf("% x: %s; %s", c, text, text2)
	}
}
