package plugintest

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Thread is a thread of a fake guest.
type Thread struct {
	g    *Guest
	vcpu *plugin.VCPU
	regs [len(regNames)]uint64
	pc   abi.Addr

	calls, depth int // of functions under way: all, and those watched for their exit
}

// regNames are the registers of the fake guest: a0-a7 and s0-s11 of riscv64.
var regNames = [...][2]string{
	{"a0", "x10"},
	{"a1", "x11"},
	{"a2", "x12"},
	{"a3", "x13"},
	{"a4", "x14"},
	{"a5", "x15"},
	{"a6", "x16"},
	{"a7", "x17"},
	{"s0", "x8"},
	{"s1", "x9"},
	{"s2", "x18"},
	{"s3", "x19"},
	{"s4", "x20"},
	{"s5", "x21"},
	{"s6", "x22"},
	{"s7", "x23"},
	{"s8", "x24"},
	{"s9", "x25"},
	{"s10", "x26"},
	{"s11", "x27"},
}

const (
	regA0 = 0
	regA7 = 7
	// memoryBase is the address of the guest's memory, which grows as it is needed.
	memoryBase = 0x10000
	textBase   = 0x1000
)

// thread makes a thread in the lowest free index.
func (g *Guest) thread() *Thread {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.threads, nil)
	if i < 0 {
		i = len(g.threads)
		g.threads = append(g.threads, nil)
	}
	t := &Thread{g: g, pc: textBase}
	t.vcpu = plugin.NewVCPU(i, g.serial, g.nextTID, t)
	g.serial++
	g.nextTID++
	g.threads[i] = t
	for len(g.slots) <= i {
		g.slots = append(g.slots, make([]uint64, slotSize/8))
	}
	return t
}

// Thread makes another guest thread; thread-start callbacks run. The main thread's
// run only if it is asked for by [Thread.Start].
func (g *Guest) Thread() *Thread {
	t := g.thread()
	t.Start()
	return t
}

// Start runs the thread-start callbacks for t.
func (t *Thread) Start() { t.event(plugin.EventThreadStart) }

// Exit ends t; thread-exit callbacks run.
func (t *Thread) Exit() {
	t.flushTraces()
	t.event(plugin.EventThreadExit)
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	if i := slices.Index(t.g.threads, t); i >= 0 {
		t.g.threads[i] = nil
	}
}

// VCPU returns t as plugins see it.
func (t *Thread) VCPU() *plugin.VCPU { return t.vcpu }

func (t *Thread) event(ev plugin.Event) {
	defer t.vcpu.SetAccess(t.vcpu.SetAccess(plugin.SetPC))
	for _, e := range t.g.table.Walk(ev) {
		if e.Live() {
			e.Func.(func(*plugin.VCPU))(t.vcpu)
		}
	}
}

// Alloc puts data in guest memory and returns its address.
func (g *Guest) Alloc(data []byte) abi.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	off := len(g.memory)
	g.memory = append(g.memory, data...)
	// An address of its own for each, and alignment for any type.
	for len(g.memory) == off || len(g.memory)%16 != 0 {
		g.memory = append(g.memory, 0)
	}
	return memoryBase + abi.Addr(off)
}

// at returns guest memory; nil if it is not there. The guest is locked.
func (g *Guest) at(addr abi.Addr, n int) []byte {
	size := uint64(len(g.memory))
	if off := addr - memoryBase; addr >= memoryBase && off <= size && uint64(n) <= size-off {
		return g.memory[off:][:n:n]
	}
	return nil
}

// word makes an argument of a value: integers as they are, strings and bytes by address.
func (g *Guest) word(v any) uint64 {
	switch x := v.(type) {
	case int:
		return uint64(x)
	case int32:
		return uint64(x)
	case int64:
		return uint64(x)
	case uint32:
		return uint64(x)
	case uint64:
		return x
	case abi.Signal:
		return uint64(x)
	case string:
		return g.Alloc(append([]byte(x), 0))
	case []byte:
		return g.Alloc(x)
	}
	panic(fmt.Sprintf("plugintest: argument of type %T: want an integer, a string or bytes", v))
}

// Registers implements plugin.CPUState.
func (t *Thread) Registers() []plugin.Reg {
	list := make([]plugin.Reg, len(regNames)+1)
	for i, n := range regNames {
		list[i] = plugin.Reg{Name: n[0], Alias: n[1], Feature: "org.gnu.gdb.riscv.cpu", Bits: 64, ID: abi.Reg(i)}
	}
	list[len(regNames)] = plugin.Reg{Name: "pc", Feature: "org.gnu.gdb.riscv.cpu", Bits: 64, ReadOnly: true, ID: abi.Reg(len(regNames))}
	return list
}

// ReadReg implements plugin.CPUState.
func (t *Thread) ReadReg(r abi.Reg) (uint64, bool) {
	switch {
	case int(r) < len(t.regs):
		return t.regs[r], true
	case int(r) == len(t.regs):
		return t.pc, true
	}
	return 0, false
}

// WriteReg implements plugin.CPUState.
func (t *Thread) WriteReg(r abi.Reg, v uint64) bool {
	if int(r) >= len(t.regs) {
		return false
	}
	t.regs[r] = v
	return true
}

// XReg implements plugin.CPUState.
func (t *Thread) XReg(n int) (abi.Reg, bool) {
	alias := "x" + strconv.Itoa(n)
	i := slices.IndexFunc(regNames[:], func(r [2]string) bool { return r[1] == alias })
	return abi.Reg(i), i >= 0
}

// FReg implements plugin.CPUState: the fake has no FP registers.
func (t *Thread) FReg(int) (abi.Reg, bool) { return 0, false }

// PC implements plugin.CPUState.
func (t *Thread) PC() abi.Addr { return t.pc }

// EndProcess implements plugin.CPUState: it is [Guest.Exit]. The rest of the block under way is not executed.
func (t *Thread) EndProcess(status int) { t.g.Exit(plugin.ExitInfo{Status: status & 0xff}) }

// SetPC implements plugin.CPUState.
func (t *Thread) SetPC(pc abi.Addr) { t.pc = pc }

// ReadMem implements plugin.CPUState.
func (t *Thread) ReadMem(addr abi.Addr, p []byte) bool {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	b := t.g.at(addr, len(p))
	copy(p, b)
	return b != nil
}

// WriteMem implements plugin.CPUState.
func (t *Thread) WriteMem(addr abi.Addr, p []byte) bool {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	b := t.g.at(addr, len(p))
	copy(b, p)
	return b != nil
}

// CString implements plugin.CPUState.
func (t *Thread) CString(addr abi.Addr, limit int) (string, abi.Errno) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	for n := range limit {
		b := t.g.at(addr, n+1)
		if b == nil {
			return "", abi.EFAULT
		}
		if b[n] == 0 {
			return string(b[:n]), 0
		}
	}
	return "", abi.ENAMETOOLONG
}
