//go:build linux

package linux

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/isa/riscv64"
	"github.com/weir-emu/weir/internal/mem"
)

// testTask makes a task without a program, with a stack, on the calling thread.
func testTask(t testing.TB) (task *Task, stackTop uint64) {
	t.Helper()
	runtime.LockOSThread()
	g := riscv64.New()
	sp, err := mem.New(mem.Config{Window: true})
	if err != nil {
		t.Fatal(err)
	}
	eng, err := engine.New(engine.Config{Guest: g, Mem: sp})
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{Guest: g, Mem: sp, Engine: eng, Cfg: &Config{Guest: g}, Hooks: new(Hooks), PID: hostsys.Getpid(), tasks: map[int]*Task{}, table: tableOf(g)}
	p.cond.L = &p.mu
	task = &Task{Proc: p, TID: hostsys.Gettid(), epoch: hostsys.Epoch(), mask: hostsys.SigMask()}
	task.hostMask = task.mask
	if err := task.makeScratch(); err != nil {
		t.Fatal(err)
	}
	if err := task.bind(); err != nil {
		t.Fatal(err)
	}
	p.add(task)
	t.Cleanup(func() {
		task.unbind()
		sp.Close()
		runtime.UnlockOSThread()
	})
	const size = 1 << 16
	at, errno := sp.Map(0, size, mem.ProtRead|mem.ProtWrite, mapPrivate|mapAnonymous, -1, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	return task, at + size
}

// fill gives every guest register a value of its own.
func fill(st *cpu.State) {
	for i := 1; i < 32; i++ {
		st.X[i] = uint64(i) * 0x0101010101010101
	}
	for i := range 32 {
		st.V[i][0] = uint64(i) * 0x1011121314151617
	}
	st.SetFRM(3)
	st.FFlags = 0x15
	st.PC = 0x123456
}

func TestFrameRoundTrip(t *testing.T) {
	task, top := testTask(t)
	st, p := task.St, task.Proc
	p.Prog.Sigreturn = 0x777000
	fill(st)
	st.X[2] = top - 8 // not aligned to 16
	before := *st
	task.mask = 0x30
	task.alt = altStack{sp: top - 0x8000, size: 0x4000, flags: 0}
	var info sigInfo
	info.setSig(abi.SIGUSR1)
	info.setCode(siQueue)
	info[20] = 99
	act := sigAction{handler: 0x4000, flags: saSigInfo}
	if !task.pushFrame(&info, &act) {
		t.Fatal("no frame")
	}
	sp := st.X[2]
	if sp%16 != 0 || st.PC != 0x4000 || st.X[1] != 0x777000 || st.X[10] != uint64(abi.SIGUSR1) || st.X[11] != sp || st.X[12] != sp+128 {
		t.Errorf("registers at the handler: sp %#x pc %#x ra %#x a0 %#x a1 %#x a2 %#x", sp, st.PC, st.X[1], st.X[10], st.X[11], st.X[12])
	}
	frame := make([]byte, 128+176+8*32)
	if !p.Mem.Read(sp, frame) {
		t.Fatal("the frame is not readable")
	}
	le := binary.LittleEndian
	uc := frame[128:]
	for _, c := range []struct {
		name      string
		got, want uint64
	}{
		{"si_signo", uint64(le.Uint32(frame)), uint64(abi.SIGUSR1)},
		{"si_code", uint64(le.Uint32(frame[8:])), uint64(^uint32(0))},
		{"siginfo byte 20", uint64(frame[20]), 99},
		{"uc_flags", le.Uint64(uc), 0},
		{"uc_link", le.Uint64(uc[8:]), 0},
		{"ss_sp", le.Uint64(uc[16:]), top - 0x8000},
		{"ss_flags", uint64(le.Uint32(uc[24:])), 0},
		{"ss_size", le.Uint64(uc[32:]), 0x4000},
		{"uc_sigmask", le.Uint64(uc[40:]), 0x30},
		{"pc", le.Uint64(uc[176:]), 0x123456},
		{"sp", le.Uint64(uc[176+16:]), top - 8},
		{"x31", le.Uint64(uc[176+31*8:]), before.X[31]},
	} {
		if c.got != c.want {
			t.Errorf("%s = %#x, want %#x", c.name, c.got, c.want)
		}
	}

	// The handler changes everything; rt_sigreturn brings it back.
	for i := range 32 {
		if i != 2 && i != 0 {
			st.X[i] = 0
		}
		st.V[i] = [2]uint64{}
	}
	st.SetFRM(0)
	st.FFlags = 0
	task.mask = 0
	if r := task.sigreturn(); r != resHandled {
		t.Fatalf("sigreturn: %d", r)
	}
	if st.X != before.X || st.V != before.V || st.PC != before.PC || st.FRM != before.FRM || st.FFlags != before.FFlags {
		t.Error("registers differ after rt_sigreturn")
	}
	if task.mask != 0x30 || task.hostMask != 0x30&^hostsys.Unblockable {
		t.Errorf("mask %#x, on the host %#x", task.mask, task.hostMask)
	}
	task.mask = 0
	task.syncMask()
}

func TestFrameStacks(t *testing.T) {
	task, top := testTask(t)
	st := task.St
	alt := altStack{sp: top - 0x8000, size: 0x4000}
	size := frameSize(task.Proc.Guest)
	for _, tc := range []struct {
		name  string
		sp    uint64
		flags uint64
		alt   altStack
		ok    bool
		want  uint64 // of sp, 0: not checked
	}{
		{"main stack", top, 0, altStack{}, true, top - size},
		{"alternate stack not asked for", top, 0, alt, true, top - size},
		{"alternate stack", top, saOnStack, alt, true, alt.sp + alt.size - size},
		{"no alternate stack", top, saOnStack, altStack{}, true, top - size},
		{"already there", alt.sp + 0x3000, saOnStack, alt, true, alt.sp + 0x3000 - size},
		{"overflow", alt.sp + 64, saOnStack, alt, false, 0},
		{"auto-disarm", top, saOnStack, altStack{alt.sp, alt.size, ssAutoDisarm}, true, alt.sp + alt.size - size},
		{"no stack at all", 0x1000, 0, altStack{}, false, 0},
		{"wraps", 16, 0, altStack{}, false, 0},
	} {
		fill(st)
		st.X[2] = tc.sp
		task.alt = tc.alt
		var info sigInfo
		info.setSig(abi.SIGUSR2)
		if ok := task.pushFrame(&info, &sigAction{handler: 0x4000, flags: tc.flags}); ok != tc.ok {
			t.Errorf("%s: %v", tc.name, ok)
		} else if ok && st.X[2] != tc.want {
			t.Errorf("%s: sp %#x, want %#x", tc.name, st.X[2], tc.want)
		}
		if armed := task.alt.size != 0; tc.ok && armed != (tc.alt.size != 0 && tc.alt.flags&ssAutoDisarm == 0) {
			t.Errorf("%s: armed %v", tc.name, armed)
		}
	}
}

func TestSetAltStack(t *testing.T) {
	old := altStack{sp: 0x10000, size: 0x4000}
	for _, tc := range []struct {
		name  string
		have  altStack
		new   altStack
		sp    uint64
		errno abi.Errno
		want  altStack
	}{
		{"set", altStack{}, altStack{0x5000, 0x2000, 0}, 1, 0, altStack{0x5000, 0x2000, 0}},
		{"too small", altStack{}, altStack{0x5000, 2047, 0}, 1, abi.ENOMEM, altStack{}},
		{"disable", old, altStack{0x5000, 99, ssDisable}, 1, 0, altStack{0, 0, ssDisable}},
		{"bad flags", old, altStack{0x5000, 0x2000, 4}, 1, abi.EINVAL, old},
		{"in use", old, altStack{0x5000, 0x2000, 0}, 0x12000, abi.EPERM, old},
		{"just below", old, altStack{0x5000, 0x2000, 0}, 0x10000, 0, altStack{0x5000, 0x2000, 0}},
		{"at the top", old, altStack{0x5000, 0x2000, 0}, 0x14000, abi.EPERM, old},
		{"auto-disarm is never in use", altStack{0x10000, 0x4000, ssAutoDisarm}, altStack{0x5000, 0x2000, ssOnStack}, 0x12000, 0, altStack{0x5000, 0x2000, ssOnStack}},
	} {
		task := &Task{alt: tc.have}
		if e := task.setAltStack(tc.new, tc.sp); e != tc.errno || task.alt != tc.want {
			t.Errorf("%s: %v, %+v", tc.name, e, task.alt)
		}
	}
}

func TestBadFrameKills(t *testing.T) {
	task, _ := testTask(t)
	task.St.X[2] = 0x1000
	if r := task.sigreturn(); r != resHandled {
		t.Errorf("result %d", r)
	}
	if !task.gone() || !task.Proc.ended || task.Proc.sig != abi.SIGSEGV {
		t.Errorf("gone %v, ended %v by %v", task.gone(), task.Proc.ended, task.Proc.sig)
	}
}

// A signal frame is the guest's to write: whatever is in it, rt_sigreturn does not panic, no signal gets blocked that must not be, and
// a frame that is refused is a SIGSEGV.
func FuzzSigreturn(f *testing.F) {
	g := riscv64.New()
	size := int(frameSize(g))
	f.Add([]byte{}, uint16(0))
	f.Add(make([]byte, size), uint16(0))
	ones := make([]byte, size)
	for i := range ones {
		ones[i] = 0xff
	}
	f.Add(ones, uint16(0))
	f.Add(ones[:size/2], uint16(8))
	f.Add(ones, uint16(1)) // a crooked stack
	f.Fuzz(func(t *testing.T, frame []byte, off uint16) {
		task, top := testTask(t)
		g := task.Proc.Guest
		was := hostsys.SigMask()
		defer setHostMask(task, was)
		sp := top - uint64(size) - 64 - uint64(off)
		task.Proc.Mem.Write(sp, frame[:min(len(frame), size)])
		task.St.X[g.SPReg] = sp
		task.sigreturn()
		if task.mask&unblockable != 0 || task.hostMask&hostsys.Unblockable != 0 {
			t.Errorf("masks %#x and %#x", task.mask, task.hostMask)
		}
		if g.Linux.SaveMcontext != nil {
			fill(task.St) // the State can be used
		}
		if sp&7 != 0 && !task.Proc.over() {
			t.Error("a crooked frame was taken")
		}
	})
}
