//go:build linux

package linux

import "github.com/weir-emu/weir/internal/isa"

// ReadReg returns register i of the guest's list (isa.Guest.Regs); false if there
// is none. Only on the task's own thread, outside guest code.
func (t *Task) ReadReg(i int) (uint64, bool) {
	g := t.Proc.Guest
	if i < 0 || i >= len(g.Regs) {
		return 0, false
	}
	switch r := &g.Regs[i]; r.Kind {
	case isa.RegX:
		return t.St.X[r.Slot], true
	case isa.RegV:
		return t.St.V[r.Slot][0], true
	case isa.RegPC:
		return t.St.PC, true
	default:
		return g.ReadCSR(t.St, r.Slot)
	}
}

// WriteReg writes register i of the guest's list; false if there is none or it
// cannot be written. Writes to a register that is always zero are dropped.
func (t *Task) WriteReg(i int, v uint64) bool {
	g := t.Proc.Guest
	if i < 0 || i >= len(g.Regs) {
		return false
	}
	switch r := &g.Regs[i]; r.Kind {
	case isa.RegX:
		if r.Slot != 0 {
			t.St.X[r.Slot] = v
		}
	case isa.RegV:
		t.St.V[r.Slot][0] = v
	case isa.RegPC:
		t.St.PC = v
	default:
		return g.WriteCSR(t.St, r.Slot, v)
	}
	return true
}
