package symbols

import (
	"encoding/binary"
	"testing"
)

// section makes a .debug_frame or .eh_frame at address 0x1000 with one function at 0x2000, of 0x40 bytes: at 0x2004 it has made a
// frame of 32 bytes with the return address (register 1) 8 below the CFA and register 8 16 below; at 0x2030 that is undone.
func section(eh bool) []byte {
	le := binary.LittleEndian
	entry := func(out, body []byte) []byte {
		for len(body)%8 != 4 {
			body = append(body, 0) // nop
		}
		return append(le.AppendUint32(out, uint32(len(body))), body...)
	}
	var cie []byte
	if eh {
		cie = le.AppendUint32(cie, 0)
		cie = append(cie, "\x01zR\x00"...)
	} else {
		cie = le.AppendUint32(cie, 0xffffffff)
		cie = append(cie, "\x03\x00"...)
	}
	cie = append(cie, 1, 0x7c, 1) // code alignment 1, data alignment -4, return address in 1
	if eh {
		cie = append(cie, 1, 0x1b) // pcrel, sdata4
	}
	cie = append(cie, 0x0c, 2, 0) // def_cfa r2+0
	out := entry(nil, cie)
	id := len(out) + 4
	var fde []byte
	if eh {
		fde = le.AppendUint32(fde, uint32(id)) // back to the CIE
		fde = le.AppendUint32(fde, 0x2000-(0x1000+uint32(id)+4))
		fde = le.AppendUint32(fde, 0x40)
		fde = append(fde, 0) // augmentation
	} else {
		fde = le.AppendUint32(fde, 0)
		fde = le.AppendUint64(fde, 0x2000)
		fde = le.AppendUint64(fde, 0x40)
	}
	fde = append(fde, 0x44, 0x0e, 32, 0x81, 2, 0x88, 4, 0x0a) // advance 4; def_cfa_offset; offset r1, r8; remember
	fde = append(fde, 0x02, 0x2c, 0xc1, 0xc8, 0x0e, 0)        // advance1 44; restore r1, r8; def_cfa_offset 0
	fde = append(fde, 0x44, 0x0b)                             // advance 4; restore_state
	return entry(out, fde)
}

func TestUnwind(t *testing.T) {
	memory := map[uint64]uint64{0x9018: 0x5555, 0x9010: 0x8888, 0x9000: 1}
	read := func(a uint64) (uint64, bool) { v, ok := memory[a]; return v, ok }
	for _, eh := range []bool{false, true} {
		c := new(cfi)
		c.parse(section(eh), 0x1000, eh)
		f := &File{frames: func() *cfi { return c }}
		for _, tc := range []struct {
			pc, sp       uint64
			ret, cfa, fp uint64
			ok           bool
		}{
			{0x1fff, 0x9000, 0, 0, 0, false},
			{0x2000, 0x9000, 0x1111, 0x9000, 7, true},
			{0x2003, 0x9000, 0x1111, 0x9000, 7, true},
			{0x2004, 0x9000, 0x5555, 0x9020, 0x8888, true},
			{0x202f, 0x9000, 0x5555, 0x9020, 0x8888, true},
			{0x2030, 0x9020, 0x1111, 0x9020, 7, true},
			{0x2034, 0x9000, 0x5555, 0x9020, 0x8888, true},
			{0x203f, 0x9000, 0x5555, 0x9020, 0x8888, true},
			{0x2010, 0xa000, 0, 0, 0, false}, // nothing on the stack
			{0x2040, 0x9000, 0, 0, 0, false},
		} {
			var r Regs
			r.Set(1, 0x1111)
			r.Set(2, tc.sp)
			r.Set(8, 7)
			ret, ok := f.Unwind(tc.pc, &r, 2, read)
			cfa, _ := r.Get(2)
			fp, _ := r.Get(8)
			if ok != tc.ok || ok && (ret != tc.ret || cfa != tc.cfa || fp != tc.fp) {
				t.Errorf("eh %v, %#x: returns to %#x, %v; stack %#x, r8 %#x", eh, tc.pc, ret, ok, cfa, fp)
			}
		}
		// Broken tables are no tables.
		for n := range section(eh) {
			new(cfi).parse(section(eh)[:n], 0x1000, eh)
		}
	}
}
