package cpu

import (
	"testing"
	"unsafe"
)

func TestOffsets(t *testing.T) {
	var s State
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"X", unsafe.Offsetof(s.X), OffX},
		{"V", unsafe.Offsetof(s.V), OffV},
		{"PC", unsafe.Offsetof(s.PC), OffPC},
		{"Pending", unsafe.Offsetof(s.Pending), OffPending},
		{"Kick", unsafe.Offsetof(s.Kick), OffKick},
		{"Exit", unsafe.Offsetof(s.Exit), OffExit},
		{"Die", unsafe.Offsetof(s.Die), OffDie},
		{"ExitArg", unsafe.Offsetof(s.ExitArg), OffExitArg},
		{"ResAddr", unsafe.Offsetof(s.ResAddr), OffResAddr},
		{"ResVal", unsafe.Offsetof(s.ResVal), OffResVal},
		{"FRM", unsafe.Offsetof(s.FRM), OffFRM},
		{"FFlags", unsafe.Offsetof(s.FFlags), OffFFlags},
		{"MXCSR", unsafe.Offsetof(s.MXCSR), OffMXCSR},
		{"HostSP", unsafe.Offsetof(s.HostSP), OffHostSP},
		{"StackLo", unsafe.Offsetof(s.StackLo), OffStackLo},
		{"StackTop", unsafe.Offsetof(s.StackTop), OffStackTop},
		{"StackSP", unsafe.Offsetof(s.StackSP), OffStackSP},
		{"Entry", unsafe.Offsetof(s.Entry), OffEntry},
		{"CodeLo", unsafe.Offsetof(s.CodeLo), OffCodeLo},
		{"CodeHi", unsafe.Offsetof(s.CodeHi), OffCodeHi},
		{"FaultRIP", unsafe.Offsetof(s.FaultRIP), OffFaultRIP},
		{"FaultAddr", unsafe.Offsetof(s.FaultAddr), OffFaultAddr},
		{"FaultCode", unsafe.Offsetof(s.FaultCode), OffFaultCode},
		{"FaultSig", unsafe.Offsetof(s.FaultSig), OffFaultSig},
		{"FaultErr", unsafe.Offsetof(s.FaultErr), OffFaultErr},
		{"Regs", unsafe.Offsetof(s.Regs), OffRegs},
		{"Eflags", unsafe.Offsetof(s.Eflags), OffEflags},
		{"SigCount", unsafe.Offsetof(s.SigCount), OffSigCount},
		{"SigNo", unsafe.Offsetof(s.SigNo), OffSigNo},
		{"SigInfo", unsafe.Offsetof(s.SigInfo), OffSigInfo},
		{"Base", unsafe.Offsetof(s.Base), OffBase},
		{"Scratch", unsafe.Offsetof(s.Scratch), OffScratch},
		{"Temps", unsafe.Offsetof(s.Temps), OffTemps},
		{"Slots", unsafe.Offsetof(s.Slots), OffSlots},
		{"TracePos", unsafe.Offsetof(s.TracePos), OffTracePos},
		{"TraceEnd", unsafe.Offsetof(s.TraceEnd), OffTraceEnd},
		{"CallID", unsafe.Offsetof(s.CallID), OffCallID},
		{"ExitBlock", unsafe.Offsetof(s.ExitBlock), OffExitBlock},
		{"CallAddr", unsafe.Offsetof(s.CallAddr), OffCallAddr},
		{"CallValue", unsafe.Offsetof(s.CallValue), OffCallValue},
		{"Sums", unsafe.Offsetof(s.Sums), OffSums},
		{"JumpCache", unsafe.Offsetof(s.JumpCache), OffJumpCache},
		{"size", unsafe.Sizeof(s), Size},
	} {
		if c.got != c.want {
			t.Errorf("%s: offset %#x, constant says %#x", c.name, c.got, c.want)
		}
	}
}

func TestFoldFlags(t *testing.T) {
	for bit, want := range []uint32{16, 0, 8, 4, 2, 1} {
		s := State{MXCSR: MXCSRDefault | 1<<bit}
		s.FoldFlags()
		if s.FFlags != want || s.MXCSR != MXCSRDefault {
			t.Errorf("MXCSR bit %d: fflags %#x mxcsr %#x, want %#x", bit, s.FFlags, s.MXCSR, want)
		}
	}
}

func TestJumpCache(t *testing.T) {
	s := new(State)
	s.Reset()
	found := func(v uint64) bool { return s.JumpCache[JumpIndex(v)][0] == v }
	for v := range uint64(4 * JumpCacheLen) {
		if found(v) {
			t.Fatalf("%#x is found in an empty jump cache", v)
		}
	}
	for _, pc := range []uint64{0, 2, 0x10000, 2*JumpCacheLen - 2} {
		s.JumpCache[JumpIndex(pc)][0] = pc
		s.ForgetJump(pc + 2*JumpCacheLen)
		if !found(pc) {
			t.Errorf("%#x was forgotten for another", pc)
		}
		s.ForgetJump(pc)
		if found(pc) || found(pc|1) {
			t.Errorf("%#x was not forgotten", pc)
		}
	}
}
