package selftest

import (
	"errors"

	"github.com/weir-emu/weir/plugin"
)

// registers checks, on each new thread, that every register can be read, that what is written to a
// general or floating point register stands there afterwards, and that read-only ones, the pc among
// them, cannot be written.
func registers(h *plugin.Host, _ plugin.Args) error {
	h.OnThreadStart(func(v *plugin.VCPU) {
		seen, changed := 0, 0
		for _, r := range v.Registers() {
			old, err := v.Read(r.ID)
			if err != nil {
				h.Fail("register %s cannot be read: %v", r.Name, err)
			}
			seen++
			if byName, err := v.Reg(r.Name); err != nil || byName != old {
				h.Fail("register %s is 0x%x by name (%v), 0x%x by number", r.Name, byName, err, old)
			}
			if r.Name == "pc" {
				if pc, err := v.PC(); err != nil || pc != old {
					h.Fail("the pc is 0x%x (%v) and 0x%x as a register", pc, err, old)
				}
				if !r.ReadOnly {
					h.Fail("the pc is not called read-only")
				}
			}
			if r.ReadOnly {
				if err := v.Write(r.ID, old); !errors.Is(err, plugin.ErrReadOnly) {
					h.Fail("register %s is read-only, and writing it gives: %v", r.Name, err)
				}
				continue
			}
			if r.Bits != 64 { // control registers keep some bits only
				continue
			}
			if err := v.Write(r.ID, ^old); err != nil {
				h.Fail("register %s cannot be written: %v", r.Name, err)
			}
			got, err := v.Read(r.ID)
			if err != nil || got != ^old {
				h.Fail("register %s is 0x%x (%v), not 0x%x as written", r.Name, got, err, ^old)
			}
			if err := v.Write(r.ID, old); err != nil {
				h.Fail("register %s cannot be written again: %v", r.Name, err)
			}
			changed++
		}
		if seen == 0 || changed == 0 {
			h.Fail("%d registers, %d of them writable", seen, changed)
		}
	})
	return nil
}
